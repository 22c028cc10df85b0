// Plots: a figure with a title, a drawing by Chart.js (vendored, loaded when the first plot is shown)
// and the same numbers as a table, for screen readers and for who would rather read. Knows nothing of
// what is plotted.

import { el } from "./console.dom.js";
import { drop } from "./studio.parts.js";

const LIBRARY = "./vendor/chart.js/chart.umd.min.js";
const SVG = "http://www.w3.org/2000/svg";
const DARK = matchMedia("(prefers-color-scheme: dark)");

/** The colours of the scheme that holds now, by role. */
function palette() {
  const css = getComputedStyle(document.documentElement);
  const of = (name) => css.getPropertyValue(`--${name}`).trim();
  return {
    series: [1, 2, 3, 4].map((n) => of(`plot-${n}`)),
    before: of("plot-before"),
    grid: of("plot-grid"),
    text: of("text"),
    muted: of("muted"),
    surface: of("surface"),
    line: of("line"),
  };
}

async function library() {
  await import(LIBRARY);
  const { Chart } = globalThis;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  return Chart;
}

/**
 * A plot. `configure(colours)` gives Chart.js' configuration for the colours of a scheme, `table` the
 * same as {head: [..], rows: [[..]]} of strings and nodes; `hrefs`, by data index, is where a click on
 * the drawing leads. `height` is in px.
 */
export function plot({ title, about = null, summary, table, configure, hrefs = null, height = 260, signal, tools = null }) {
  const canvas = el("canvas", { role: "img", "aria-label": `${title}. ${summary} The numbers are in the table below.` });
  const frame = el("div", { class: "plot-frame" }, canvas);
  frame.style.height = `${height}px`;
  const figure = el(
    "figure",
    { class: "plot card" },
    el("figcaption", { class: "plot-head" }, el("h2", {}, title), about, tools),
    frame,
    drop("As a table", tableOf(table)),
  );
  draw(canvas, configure, hrefs, signal).catch(() => frame.replaceChildren(el("p", { class: "muted" }, "The drawing could not be loaded. The numbers are below.")));
  return figure;
}

async function draw(canvas, configure, hrefs, signal) {
  const Chart = await library();
  let chart = null;
  const redraw = () => {
    chart?.destroy();
    const config = styled(Chart, configure(palette()), palette());
    if (hrefs) {
      config.options.onClick = (_, [hit]) => hit && hrefs[hit.index] && (location.hash = hrefs[hit.index]);
      config.options.onHover = (event, [hit]) => (canvas.style.cursor = hit && hrefs[hit.index] ? "pointer" : "");
    }
    chart = new Chart(canvas, config);
  };
  if (signal.aborted) return;
  redraw();
  DARK.addEventListener("change", redraw, { signal });
  signal.addEventListener("abort", () => chart.destroy());
}

/** The legend's labels as plain squares, also those of dashed lines. */
const labels = (Chart, chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart).map((one) => ({ ...one, lineDash: [], lineWidth: 0 }));

/** What all plots have in common, around what each says itself. */
function styled(Chart, config, colours) {
  const options = config.options ?? {};
  const axis = (given = {}) => ({
    ...given,
    border: { display: false, ...given.border },
    grid: { color: colours.grid, ...given.grid },
    ticks: { color: colours.muted, maxRotation: 0, autoSkipPadding: 16, ...given.ticks },
  });
  const scales = Object.fromEntries(["x", "y"].map((name) => [name, axis(options.scales?.[name])]));
  const { legend, tooltip, ...plugins } = options.plugins ?? {};
  return {
    ...config,
    options: {
      ...options,
      interaction: { mode: "index", intersect: false, ...options.interaction },
      scales,
      plugins: {
        ...plugins,
        legend: { align: "start", labels: { color: colours.text, boxWidth: 12, boxHeight: 12, useBorderRadius: true, borderRadius: 3, generateLabels: (chart) => labels(Chart, chart) }, ...legend },
        tooltip: {
          backgroundColor: colours.surface,
          titleColor: colours.text,
          bodyColor: colours.text,
          borderColor: colours.line,
          borderWidth: 1,
          padding: 10,
          boxPadding: 4,
          ...tooltip,
        },
      },
    },
  };
}

/** A table of strings and nodes; cells after the first are numbers, to the right. */
export function tableOf({ head, rows }, caption = null) {
  const cell = (tag, content, at, more = {}) => el(tag, { class: at ? "number" : null, ...more }, content);
  return el(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": caption ?? head.join(", ") },
    el(
      "table",
      { class: "table" },
      caption ? el("caption", { class: "visually-hidden" }, caption) : null,
      el("thead", {}, el("tr", {}, head.map((text, at) => cell("th", text, at, { scope: "col" })))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((content, at) => (at ? cell("td", content, at) : cell("th", content, at, { scope: "row" })))))),
    ),
  );
}

/**
 * A heat map: a table whose cells are the darker the more they hold. `values[row][column]` are numbers,
 * `words(value, row, column)` says one aloud, `href(row, column)` is where it leads. One stop for the
 * keyboard: arrow keys move from cell to cell.
 */
export function heatMap({ caption, rows, columns, shown, values, words, href }) {
  const most = Math.max(1, ...values.flat());
  const cells = (row) =>
    values[row].map((value, column) => {
      const said = words(value, row, column);
      const link = el("a", { class: value ? "heat" : "heat none", href: value ? href(row, column) : null, title: said, "aria-label": said, tabindex: "-1", role: value ? null : "img" });
      link.style.setProperty("--share", String(value / most));
      return el("td", {}, link);
    });
  const map = el(
    "div",
    { class: "table-scroll", role: "region", "aria-label": caption },
    el(
      "table",
      { class: "heat-map", on: { keydown: moveBetween } },
      el("caption", { class: "visually-hidden" }, caption),
      el("thead", {}, el("tr", {}, el("td"), columns.map((name, at) => el("th", { scope: "col", "aria-label": name }, shown(at) ? name : "")))),
      el("tbody", {}, rows.map((name, row) => el("tr", {}, el("th", { scope: "row" }, name), cells(row)))),
    ),
  );
  (map.querySelector("a[href]") ?? map.querySelector("a")).tabIndex = 0;
  return map;
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** An arrow key goes to the neighbouring cell, which is then where the keyboard comes back to. */
function moveBetween(event) {
  const cell = event.target.closest("td");
  const [down, right] = STEPS[event.key] ?? [];
  if (!cell || down === undefined) return;
  event.preventDefault();
  const row = event.currentTarget.tBodies[0].rows[cell.parentElement.sectionRowIndex + down];
  const next = row?.cells[cell.cellIndex + right]?.querySelector("a");
  if (!next) return;
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

/** The run of a figure, small and without numbers; null where there was nothing. For eyes only. */
export function sparkline(values) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const points = values
    .map((value, at) => [(at / (values.length - 1)) * 96 + 2, value === null ? null : high === low ? 14 : 26 - ((value - low) / (high - low)) * 24])
    .filter(([, y]) => y !== null)
    .map((point) => point.map((n) => n.toFixed(1)).join(","));
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 100 28", class: "sparkline", preserveAspectRatio: "none", "aria-hidden": "true" })) svg.setAttribute(name, value);
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("points", points.join(" "));
  svg.append(line);
  return svg;
}
