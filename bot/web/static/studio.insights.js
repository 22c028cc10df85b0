// The page Insights: how the assistant and the desk did in a stretch of days, and the conversations
// behind each figure. What is counted, what it is called and what it means is the server's to say
// (docs/insights.md); here is how it is shown.

import { el, icon } from "./console.dom.js";
import { heatMap, plot, sparkline } from "./studio.charts.js";
import { empty, fill, get, hashOf, partial, queryOf, urlOf } from "./studio.parts.js";
import { called, dayInWords, periodOf, periodPicker } from "./studio.period.js";
import { change, count, counted, hour, intentOf, measured, plain, reason, resultOf, share, WEEKDAYS } from "./studio.words.js";

/** Figures that have a point for each day, by what the server calls it there. */
const TREND = {
  conversations: "conversations",
  containment: "containment",
  handoff_rate: "handoff_rate",
  first_response: "first_response_ms",
  wait: "wait_ms",
  person_response: "person_response_ms",
  resolution: "resolution_ms",
  rating: "rating",
};
/** Of these, the ones that the large plot offers. */
const PLOTTED = ["conversations", "containment", "handoff_rate", "first_response", "wait", "rating"];
/** A change between fewer conversations than this says little, so it is no good or bad news. */
const FEW = 20;
const REASONS_AT_MOST = 10;
const INTENTS_AT_MOST = 12;
const TOPICS_AT_MOST = 6;
const NARROW_PX = 420;
const NAME_AT_MOST = 20;

export function show(main, { query, signal }) {
  const head = el("div", { class: "page-head" });
  const body = el("div", { class: "insights" });
  main.append(head, body);

  const draw = (query) => {
    const period = periodOf(query);
    const compared = query.get("compare") !== "0";
    const go = (next) => (location.hash = hashOf("insights", [], next));
    const asked = queryOf({ from: period.from, to: period.to, compare: compared ? 1 : null });
    head.replaceChildren(
      el("h1", {}, "Insights"),
      el(
        "label",
        { class: "check compare" },
        el("input", { type: "checkbox", checked: compared, on: { change: () => go({ ...period.query, compare: compared ? "0" : null }) } }),
        "Compare with the time before",
      ),
      periodPicker(period, (chosen) => go({ ...chosen, compare: compared ? null : "0" })),
      el("a", { class: "button quiet", href: urlOf(`/insights.csv${asked}`), download: true }, icon("download"), el("span", {}, "CSV")),
    );
    const look = () => fill(body, () => figuresOf(asked, compared), ([now, before]) => [partial(now.archive, look), insights(now, before, signal)].flat().filter(Boolean));
    look();
  };
  draw(query);
  return (next) => draw(next.query);
}

/** The answers for the period and, to draw it behind, for the time before. */
async function figuresOf(asked, compared) {
  const now = await get(`/insights${asked}`);
  if (!compared || !now.before_first) return [now, null];
  return [now, await get(`/insights${queryOf({ from: now.before_first, to: now.before_last })}`)];
}

function insights(data, before, signal) {
  const figures = new Map(data.figures.map((figure) => [figure.name, figure]));
  if (!figures.get("conversations").value)
    return empty("No conversations in this time", "Choose a longer time, or come back when customers have written.", "chart");
  const period = called({ from: data.first, to: data.last });
  return [
    el("p", { class: "muted period-name" }, period, before ? `, compared with ${called({ from: before.first, to: before.last })}` : ""),
    el("ul", { class: "tiles" }, data.figures.map((figure) => el("li", {}, tileOf(figure, data, before)))),
    trendPlot(data, before, figures, signal),
    el(
      "div",
      { class: "plots" },
      el("div", {}, reasonsPlot(data, before, signal), intentsPlot(data, signal), labels(data)),
      el("div", {}, loadMap(data), topics(data), ratingsPlot(data, signal)),
    ),
  ];
}

const behind = (filter) => hashOf("conversations", [], filter);

// ── figures ──

function tileOf(figure, data, before) {
  const few = Math.min(figure.of, figure.before_of ?? 0) < FEW;
  const moved = change(figure.value, figure.before, figure.unit, few ? "" : figure.better);
  const series = TREND[figure.name] ? data.trend.map((day) => day[TREND[figure.name]]) : [];
  const note = moved ? null : before ? "nothing to compare" : "";
  return el(
    "div",
    { class: "tile card" },
    el("div", { class: "tile-name" }, el("a", { class: "tile-link", href: behind(figure.filter) }, figure.title), definition(figure)),
    el("p", { class: "tile-value" }, measured(figure.value, figure.unit)),
    el(
      "div",
      { class: "tile-foot" },
      el("span", { class: `change ${moved?.tone ?? "same"}` }, moved?.arrow ? icon(moved.arrow) : null, moved?.text ?? note),
      sparkline(series),
    ),
  );
}

/** What a figure means, when one points at it or comes to it with the keyboard. */
function definition(figure) {
  const id = `means-${figure.name}`;
  const more = [
    figure.unit === "count" ? null : `From ${counted(figure.of, "conversation")}.`,
    figure.unit === "ms" && figure.value !== null ? `The middle value; nine of ten are within ${measured(figure.high, "ms")}.` : null,
  ];
  return el(
    "span",
    { class: "means" },
    el("a", { class: "means-mark", href: `/studio/figures#${figure.title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`, target: "_blank", "aria-label": `${figure.title}: what it means`, "aria-describedby": id }, icon("info")),
    el("span", { class: "means-text", role: "tooltip", id }, [figure.means, ...more].filter(Boolean).join(" ")),
  );
}

// ── plots ──

function trendPlot(data, before, figures, signal) {
  const holder = el("div", { class: "plot-wide" });
  const choose = (name) => {
    const { title, unit } = figures.get(name);
    const [now, then] = [data, before].map((one) => one?.trend.map((day) => day[TREND[name]]));
    const written = (value) => measured(value, unit);
    const segment = (one) =>
      el("button", { type: "button", "aria-pressed": String(one === name), data: { figure: one }, on: { click: () => (choose(one), holder.querySelector(`[data-figure="${one}"]`).focus()) } }, figures.get(one).title);
    holder.replaceChildren(
      plot({
        title: "Day by day",
        tools: el("div", { class: "segments", role: "group", "aria-label": "Figure" }, PLOTTED.map(segment)),
        signal,
        height: 280,
        summary: `${title} on each day.`,
        hrefs: data.trend.map((day) => behind({ ...day.filter, ...figures.get(name).filter, from: day.day, to: day.day })),
        table: {
          head: ["Day", title, ...(then ? ["The time before"] : [])],
          rows: data.trend.map(({ day, filter }, at) => [el("a", { href: behind(filter) }, dayInWords(day)), written(now[at]), ...(then ? [written(then[at])] : [])]),
        },
        configure: (colours) => ({
          type: "line",
          data: {
            labels: data.trend.map(({ day }) => dayInWords(day)),
            datasets: [
              lineOf(title, now, colours.series[0]),
              ...(then ? [{ ...lineOf("The time before", then, colours.before), borderDash: [5, 4], borderWidth: 1.5, pointRadius: 0 }] : []),
            ],
          },
          options: {
            scales: { y: { ...RANGES[unit], ticks: { callback: written, maxTicksLimit: 6, ...(unit === "count" ? { precision: 0 } : {}) } }, x: { grid: { display: false } } },
            plugins: { legend: { display: Boolean(then) }, tooltip: { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${written(raw)}` } } },
          },
        }),
      }),
    );
  };
  choose(PLOTTED[0]);
  return holder;
}

const RANGES = { count: { beginAtZero: true }, ms: { beginAtZero: true }, share: { min: 0, max: 1 }, stars: { min: 1, max: 5 } };

const lineOf = (label, values, colour) => ({
  label,
  data: values,
  borderColor: colour,
  backgroundColor: colour,
  borderWidth: 2,
  pointRadius: values.length > 40 ? 0 : 2.5,
  pointHoverRadius: 5,
  tension: 0.25,
  cubicInterpolationMode: "monotone",
  spanGaps: true,
});

function reasonsPlot(data, before, signal) {
  const title = "Why conversations were handed over";
  const rows = data.reasons.slice(0, REASONS_AT_MOST);
  if (!rows.length) return words(title, "None was.");
  const hrefs = rows.map(({ filter }) => behind(filter));
  return plot({
    title,
    about: el("span", { class: "muted" }, "Share of all"),
    signal,
    height: barsHeight(rows.length, before),
    hrefs,
    summary: `Most often: ${reason(rows[0].reason)}.`,
    table: {
      head: ["Reason", "Conversations", "Share of all", ...(before ? ["Before"] : [])],
      rows: data.reasons.map((row) => [el("a", { href: behind(row.filter) }, reason(row.reason)), count(row.conversations), share(row.share), ...(before ? [measured(row.before, "share")] : [])]),
    },
    configure: (colours) =>
      bars(
        rows.map((row) => reason(row.reason)),
        [
          { label: "Share of conversations", data: rows.map((row) => row.share), backgroundColor: colours.series[0] },
          ...(before ? [{ label: "The time before", data: rows.map((row) => row.before), backgroundColor: colours.before }] : []),
        ],
        { written: share },
      ),
  });
}

function intentsPlot(data, signal) {
  const title = "What customers wanted";
  const rows = data.intents.slice(0, INTENTS_AT_MOST);
  if (!rows.length) return words(title, "Nothing was read in their messages.");
  const well = (row) => Math.round(row.success * row.turns);
  const hrefs = rows.map(({ filter }) => behind(filter));
  return plot({
    title,
    about: el("span", { class: "muted" }, "Messages"),
    signal,
    height: barsHeight(rows.length, false),
    hrefs,
    summary: `Most often: ${intentOf(rows[0].intent)}.`,
    table: {
      head: ["Intent", "Messages", "Conversations", "As it should be"],
      rows: data.intents.map((row) => [el("a", { href: behind(row.filter) }, intentOf(row.intent)), count(row.turns), count(row.conversations), share(row.success)]),
    },
    configure: (colours) =>
      bars(
        rows.map((row) => intentOf(row.intent)),
        [
          { label: "As it should be", data: rows.map(well), backgroundColor: colours.series[0] },
          { label: "Not", data: rows.map((row) => row.turns - well(row)), backgroundColor: colours.series[1] },
        ],
        { stacked: true },
      ),
  });
}

function ratingsPlot(data, signal) {
  const rows = data.ratings;
  if (!rows.some((row) => row.conversations)) return words("Ratings", "Nobody has rated a conversation.");
  const named = (row) => counted(row.stars, "star");
  return plot({
    title: "Ratings",
    signal,
    height: barsHeight(rows.length, false),
    hrefs: rows.map(({ filter }) => behind(filter)),
    summary: rows.map((row) => `${named(row)}: ${row.conversations}.`).join(" "),
    table: { head: ["Rating", "Conversations"], rows: rows.map((row) => [el("a", { href: behind(row.filter) }, named(row)), count(row.conversations)]) },
    configure: (colours) => bars(rows.map(named), [{ label: "Conversations", data: rows.map((row) => row.conversations), backgroundColor: colours.series[0] }]),
  });
}

const barsHeight = (rows, paired) => 60 + rows * (paired ? 38 : 28);

/** A name beside its bar, cut where the drawing is narrow; the table has all of it. */
function fitting(at) {
  const name = this.getLabelForValue(at);
  return this.chart.width < NARROW_PX && name.length > NAME_AT_MOST ? `${name.slice(0, NAME_AT_MOST - 1)}…` : name;
}

function bars(labels, datasets, { stacked = false, written = count } = {}) {
  return {
    type: "bar",
    data: { labels, datasets: datasets.map((one) => ({ borderRadius: 3, maxBarThickness: 20, categoryPercentage: 0.75, ...one })) },
    options: {
      indexAxis: "y",
      interaction: { axis: "y" },
      scales: {
        x: { stacked, beginAtZero: true, ticks: { callback: written, maxTicksLimit: 5, ...(written === count ? { precision: 0 } : {}) } },
        y: { stacked, grid: { display: false }, ticks: { autoSkip: false, callback: fitting } },
      },
      plugins: { legend: { display: datasets.length > 1 }, tooltip: { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${written(raw)}` } } },
    },
  };
}

function loadMap(data) {
  const base = { from: data.first, to: data.last, source: "here" };
  return card(
    "When customers write",
    el("span", { class: "muted" }, data.zone),
    heatMap({
      caption: "Customers’ messages by weekday and hour",
      rows: WEEKDAYS,
      columns: Array.from({ length: 24 }, (_, at) => hour(at)),
      shown: (at) => at % 6 === 0,
      values: data.load,
      words: (value, day, at) => `${WEEKDAYS[day]} ${hour(at)}: ${counted(value, "message")}`,
      href: (day, at) => behind({ ...base, weekday: String(day), hour: String(at) }),
    }),
  );
}

// ── what was missed ──

function topics(data) {
  const title = "Without a good answer";
  if (!data.unanswered.length) return words(title, "The assistant had an answer to everything.");
  const rows = data.unanswered.slice(0, TOPICS_AT_MOST).map((topic) =>
    el(
      "li",
      {},
      el("div", { class: "topic-head" }, el("a", { href: behind(topic.filter) }, intentOf(topic.intent)), el("span", { class: "muted" }, counted(topic.conversations, "conversation"))),
      el("p", { class: "muted" }, Object.entries(topic.results).map(([name, n]) => `${resultOf(name)} ${count(n)}`).join(" · ")),
      el("ul", { class: "examples" }, topic.examples.slice(0, 2).map((one) => el("li", {}, el("a", { href: hashOf("conversations", [one.conversation, String(one.seq)]) }, one.text || "(no words)")))),
    ),
  );
  return card(title, el("span", { class: "muted" }, "By what it was taken for"), el("ol", { class: "topics" }, rows));
}

function labels(data) {
  const title = "Labelled by agents";
  if (!data.labels.length) return words(title, "No agent has said that a message should have been understood otherwise.");
  return card(
    title,
    null,
    el("ol", { class: "topics" }, data.labels.slice(0, TOPICS_AT_MOST).map((one) => el("li", {}, el("div", { class: "topic-head" }, el("a", { href: behind(one.filter) }, plain(one.intent), one.new ? " (new)" : ""), el("span", { class: "muted" }, counted(one.labels, "message")))))),
  );
}

const card = (title, aside, ...content) => el("section", { class: "plot card" }, el("div", { class: "plot-head" }, el("h2", {}, title), aside), ...content);
const words = (title, text) => card(title, null, el("p", { class: "muted" }, text));
