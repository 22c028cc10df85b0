// #/answers/quality: what is odd about the examples. The check is a job; its latest report is shown,
// grouped by what is odd, most urgent first.

import { button, el, icon } from "./console.dom.js";
import { empty, failure, fill, get, post } from "./studio.parts.js";

const JOB_EVERY_MS = 1_000;
const SENTENCES_SHOWN = 10;

export function quality(place, signal) {
  const report = el("div", { class: "quality" });
  const start = button("Check the examples", { look: "primary", act: () => begin() });
  const state = el("p", { class: "muted", role: "status" });
  place.replaceChildren(
    el("h2", {}, "Quality of the examples"),
    el("p", { class: "muted" }, "Every example is read as if it were new. What looks odd is listed; nothing is changed. It takes up to a minute."),
    el("div", { class: "editor-actions standing" }, start, state),
    report,
  );

  async function begin() {
    start.disabled = true;
    try {
      await post("/lint");
      await follow();
    } catch (error) {
      state.replaceChildren(failure(error));
    }
    start.disabled = false;
  }

  /** Until the job that is at work has ended. */
  async function follow() {
    while (!signal.aborted && place.contains(report)) {
      const { job, kinds } = await get("/lint");
      if (!job || !["queued", "running"].includes(job.state)) {
        state.textContent = "";
        report.replaceChildren(...[drawn(job, kinds)].flat());
        return;
      }
      state.textContent = job.state === "queued" ? "Waiting for its turn…" : `${job.progress}…`;
      await new Promise((resolve) => setTimeout(resolve, JOB_EVERY_MS));
    }
  }

  fill(report, () => get("/lint"), ({ job, kinds }) => {
    if (["queued", "running"].includes(job?.state)) {
      start.disabled = true;
      follow()
        .catch((error) => report.replaceChildren(failure(error)))
        .finally(() => (start.disabled = false));
      return [];
    }
    return drawn(job, kinds);
  });
}

function drawn(job, kinds) {
  if (!job) return empty("Not checked yet", "The first check shows what could be better.", "search");
  if (job.state !== "done") return failure({ message: job.error || "The check was cancelled.", hint: job.hint });
  const { findings, sentences, intents, accuracy } = job.result;
  const when = new Date(job.ended).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const share = accuracy === null ? "" : ` ${(accuracy * 100).toFixed(1)}% are read rightly by machines that have not seen them.`;
  const groups = Map.groupBy ? Map.groupBy(findings, ({ kind }) => kind) : grouped(findings);
  return [
    el("p", { class: "strong" }, `${sentences} examples of ${intents} intents.${share}`),
    el("p", { class: "muted" }, `Checked ${when} by ${job.by}.`),
    findings.length ? "" : el("p", {}, icon("check"), " Nothing is odd about them."),
    ...[...groups].map(([kind, found]) => group(kinds[kind] ?? kind, found)),
  ];
}

function grouped(findings) {
  const groups = new Map();
  for (const one of findings) groups.set(one.kind, [...(groups.get(one.kind) ?? []), one]);
  return groups;
}

function group(title, found) {
  return el(
    "details",
    { class: "card findings", open: found.length <= SENTENCES_SHOWN },
    el("summary", {}, el("span", { class: "strong" }, title), el("span", { class: "tag" }, String(found.length))),
    el("p", { class: "muted" }, found[0].advice),
    el(
      "ul",
      {},
      found.map(({ words, sentences }) =>
        el(
          "li",
          {},
          words,
          sentences.length
            ? el("ul", { class: "muted" }, sentences.slice(0, SENTENCES_SHOWN).map(({ text, intent, where }) => el("li", {}, sentences.length > 1 ? `“${text}” · ${intent} · ${where}` : where)))
            : "",
        ),
      ),
    ),
  );
}
