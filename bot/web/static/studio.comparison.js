// How two models compare: shares, intents, sentences and logged turns. Draws a report
// (bot.learning.trial.Report); knows no server.

import { el, icon } from "./console.dom.js";
import { drop, hashOf } from "./studio.parts.js";
import { counted, intentOf, measured, resultOf, share, shortMoment } from "./studio.words.js";

const OUT_OF_SCOPE = "out_of_scope";
const ROWS_AT_MOST = 30;

const FIGURES = [
  ["accuracy", "Read rightly", "Held-out sentences that have an intent and were read as it"],
  ["out_of_scope", "Out of scope", "Held-out sentences that are none of ours and were recognised as such"],
  ["handoffs", "Handed over", "Logged turns that went to a person, and would again"],
];

const CHANGES = {
  person_lost: "A person would no longer be called",
  person_gained: "A person would be called",
  answer_gained: "It would be answered, and no longer asked back",
  answer_lost: "It would be asked back, and no longer answered",
  other_answer: "Another answer would be given",
};
const OUTCOMES = { answer: "answered", help: "answered by a help page", clarify: "asked back", handoff: "handed over" };

const named = (intent) => (intent === OUT_OF_SCOPE ? "Out of scope" : intentOf(intent || null));

/** Figures in short, now and before. */
export function shares(before, after, against) {
  return el(
    "dl",
    { class: "shares" },
    FIGURES.map(([key, title, means]) => {
      const [old, now] = [before?.[key] ?? null, after[key] ?? null];
      const moved = against !== null && old !== null && now !== null ? points(now - old) : null;
      return el("div", { title: means }, el("dt", {}, title), el("dd", {}, measured(now, "share"), moved ? el("span", { class: `change ${moved.tone}` }, moved.text) : null));
    }),
  );
}

function points(by) {
  const size = by * 100;
  if (Math.abs(size) < 0.05) return { text: "unchanged", tone: "same" };
  return { text: `${size > 0 ? "+" : "−"}${Math.abs(size).toFixed(1)} points`, tone: size > 0 ? "good" : "bad" };
}

export function comparison(report, short) {
  return [
    verdict(report, short),
    intentTable(report),
    sentenceTable(report),
    confusionTable(report),
    turnTable(report),
    findings(report),
  ].filter(Boolean);
}

// ── the gate ──

function verdict({ verdict, against, model, by, at, before, after, replay, deleted }, short) {
  const rows = [
    ["Held-out sentences read rightly", pair(before, right), right(after)],
    ["Sentences that are none of ours, recognised", pair(before, foreign), foreign(after)],
    ["Requests for a person, heard", pair(before, (one) => [one.heard, one.asked]), [after.heard, after.asked]],
    ...(replay ? [["Logged turns that went to a person, and would again", [replay.before.handed_over, replay.handoffs], [replay.after.handed_over, replay.handoffs]]] : []),
  ];
  return el(
    "section",
    { class: `card verdict ${verdict.passed ? "good" : "warn"}` },
    el("h2", {}, icon(verdict.passed ? "check" : "info"), verdict.passed ? "It passes the gate" : "It does not pass the gate"),
    verdict.passed ? null : el("ul", { class: "reasons" }, verdict.reasons.map((reason) => el("li", {}, reason))),
    el("p", { class: "muted" }, against ? `${short(model)} compared with ${short(against)}` : `${short(model)}; there was nothing to compare with`, `, ${shortMoment(at)}, for ${by}.`),
    table(["", against ? short(against) : "Before", short(model)], rows.map(([words, old, now]) => [words, of(old), of(now)]), { numbers: true }),
    [...verdict.remarks, ...(deleted.length ? [`Held-out sentences are left out, as their intents were deleted: ${deleted.join(", ")}.`] : [])].map((remark) => el("p", { class: "muted remark" }, remark)),
  );
}

const pair = (evaluation, read) => (evaluation ? read(evaluation) : null);
const sum = (evaluation, key) => evaluation.intents.filter((one) => one.intent !== OUT_OF_SCOPE).reduce((total, one) => total + one[key], 0);
const right = (evaluation) => [sum(evaluation, "right"), sum(evaluation, "sentences")];
const foreign = (evaluation) => {
  const one = evaluation.intents.find(({ intent }) => intent === OUT_OF_SCOPE);
  return one ? [one.right, one.sentences] : [0, 0];
};
const of = (counts) => (counts && counts[1] ? `${counts[0]} of ${counts[1]} (${share(counts[0] / counts[1])})` : "–");

// ── per intent ──

function intentTable({ before, after, new: made }) {
  const rows = after.intents
    .filter((one) => one.sentences || one.read)
    .map((now) => {
      const old = before?.intents.find((one) => one.intent === now.intent) ?? { sentences: 0, read: 0, right: 0 };
      return { now, old, moved: before !== null && (now.right !== old.right || now.read !== old.read) };
    })
    .sort((a, b) => Number(b.moved) - Number(a.moved) || recall(a.now) - recall(b.now) || a.now.intent.localeCompare(b.now.intent));
  if (!rows.length) return null;
  const line = ({ now, old }) => [
    [named(now.intent), made.includes(now.intent) ? el("span", { class: "tag" }, "new") : null],
    String(now.sentences),
    moving(before && old.sentences ? recall(old) : null, recall(now)),
    moving(before && old.read ? precision(old) : null, precision(now)),
  ];
  const head = ["Intent", "Sentences", "Found", "Right when read"];
  const moved = rows.filter((row) => row.moved);
  return el(
    "section",
    { class: "card" },
    el("h2", {}, "Intents"),
    el("p", { class: "muted" }, "Found: of the held-out sentences of an intent, those that were read as it (recall). Right when read: of those that were read as it, those that are (precision)."),
    moved.length ? table(head, moved.map(line), { numbers: true }) : el("p", {}, before ? "No intent is read better or worse." : ""),
    drop(`All ${rows.length}`, table(head, rows.map(line), { numbers: true })),
  );
}

const recall = (one) => (one.sentences ? one.right / one.sentences : NaN);
const precision = (one) => (one.read ? one.right / one.read : NaN);
const shown = (value) => (Number.isFinite(value) ? share(value) : "–");

function moving(old, now) {
  if (old === null || !Number.isFinite(now) || !Number.isFinite(old) || Math.abs(now - old) < 0.0005) return shown(now);
  return el("span", { class: now > old ? "better" : "worse" }, `${shown(old)} → ${shown(now)}`);
}

// ── sentences ──

function sentenceTable({ sentences, before }) {
  if (!before) return null;
  const lost = sentences.filter((one) => gain(one) < 0);
  const gained = sentences.filter((one) => gain(one) > 0);
  const rest = sentences.filter((one) => gain(one) === 0);
  const group = (title, list) => (list.length ? [el("h3", {}, `${title} (${list.length})`), table(["Sentence", "It is", "Before", "Now"], list.map((one) => [text(one.text), named(one.intent), named(one.before.intent), named(one.after.intent)]))] : null);
  return el(
    "section",
    { class: "card" },
    el("h2", {}, "Held-out sentences that are read otherwise"),
    sentences.length ? [group("No longer read rightly", lost), group("Read rightly now", gained), group("Wrong before and now", rest)] : el("p", { class: "muted" }, "None."),
  );
}

const gain = (one) => Number(one.after.intent === one.intent) - Number(one.before.intent === one.intent);

function confusionTable({ after }) {
  if (!after.confusions.length) return null;
  const rows = after.confusions.slice(0, ROWS_AT_MOST).map((one) => [named(one.intent), named(one.read_as), String(one.count), text(one.examples[0])]);
  return el("section", { class: "card" }, el("h2", {}, "Taken for each other"), table(["It is", "Read as", "Times", "For example"], rows));
}

// ── logged turns ──

function turnTable({ replay, days }) {
  if (!replay) return null;
  const total = Object.values(replay.changes).reduce((sum, n) => sum + n, 0);
  return el(
    "section",
    { class: "card" },
    el("h2", {}, "Logged messages that would go another way"),
    el("p", { class: "muted" }, `Both models have read ${counted(replay.turns, "message")} in ${counted(replay.conversations, "conversation")} of the last ${days} days. ${total ? `${counted(total, "message")} would go another way.` : "All would go the same way."}`),
    Object.entries(replay.changes).map(([kind, n]) => {
      const list = replay.changed.filter((one) => one.kind === kind);
      return el(
        "details",
        { class: "drop" },
        el("summary", {}, `${CHANGES[kind]}: ${n}`),
        table(["Message", "Before", "Now", "What happened"], list.map((one) => [el("a", { href: hashOf("conversations", [one.conversation]) }, text(one.text)), decided(one.before), decided(one.after), [resultOf(one.result), one.label ? `, should be ${named(one.label)}` : ""]])),
      );
    }),
  );
}

const decided = (one) => el("span", { title: one.reasons.join("; ") || null }, `${named(one.intent)}, ${OUTCOMES[one.outcome] ?? one.outcome}`);

function findings({ findings }) {
  if (!findings.length) return null;
  return el("section", { class: "card" }, el("h2", {}, "What is odd about the examples"), el("ul", { class: "findings" }, findings.map((one) => el("li", {}, one.words, " ", el("span", { class: "muted" }, one.advice)))));
}

// ── parts ──

const text = (words) => el("span", { class: "said", dir: "auto" }, words);

function table(head, rows, { numbers = false } = {}) {
  const aligned = (at) => (numbers && at ? "number" : null);
  return el(
    "div",
    { class: "table-scroll", tabindex: "0", role: "group", "aria-label": head.filter(Boolean).join(", ") },
    el(
      "table",
      { class: "table" },
      el("thead", {}, el("tr", {}, head.map((title, at) => el("th", { scope: "col", class: aligned(at) }, title)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, at) => el(at ? "td" : "th", at ? { class: aligned(at) } : { scope: "row" }, cell))))),
    ),
  );
}
