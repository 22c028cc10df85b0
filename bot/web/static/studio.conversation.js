// One conversation, read in the studio: its log as the console shows it, and beneath each turn of the
// assistant's why it said that. The list is in studio.conversations.js.

import { el, icon } from "./console.dom.js";
import { percent } from "./console.entries.js";
import { Transcript } from "./console.transcript.js";
import * as words from "./console.words.js";
import { fill, get, hashOf, keys } from "./studio.parts.js";
import { intentOf, measured, plain, reason, resultOf, stateOf } from "./studio.words.js";

const RANKED_AT_MOST = 6;

/** Fill `main`; `seq` is the turn that is open at once, `query` the list that one came from. */
export function readConversation(main, { id, seq, query, signal, me }) {
  const back = hashOf("conversations", [], Object.fromEntries(query));
  const body = el("div");
  main.replaceChildren(
    el(
      "div",
      { class: "page-head" },
      el("a", { class: "button quiet", href: back }, icon("back"), el("span", {}, "Back to the list")),
      el("h1", { class: "visually-hidden" }, "Conversation"),
      el("a", { class: "button quiet", href: `/console#/c/${encodeURIComponent(id)}` }, el("span", {}, "Open in console")),
    ),
    body,
  );
  keys(signal, [["Escape", "Back to the list", () => (location.hash = back)]]);
  const turnHash = (turn) => hashOf("conversations", turn ? [id, String(turn)] : [id], Object.fromEntries(query));
  fill(body, () => get(`/conversations/${encodeURIComponent(id)}`), (found) => conversation(found, { id, open: Number(seq), turnHash, me }));
}

function conversation(found, { id, open, turnHash, me }) {
  const turns = new Map(found.turns.map((turn) => [turn.answer_seq, turn]));
  const log = el("div", { class: "reader-transcript" });
  const explain = (event) => (turns.has(event.seq) ? whyTurn(id, turns.get(event.seq), { open, turnHash }) : null);
  new Transcript(log, { me, now: Date.now, talk: id, explain }).load(found.events);
  return el("div", { class: "reader" }, el("section", { class: "card", "aria-label": "What was said" }, log), aside(found));
}

function aside({ conversation: about, events, facts, handoffs }) {
  const spans = facts ?? {};
  const rows = [
    ["State", stateOf(about.state)],
    ["How it went", facts ? resultOf(facts.result) : null],
    ["Outcome", about.outcome ? words.outcome(about.outcome) : null],
    ["Begun", words.full(spans.started_at ?? about.opened_at)],
    ["Agent", events.findLast((one) => one.kind === "claimed")?.agent.name],
    ["Handed over", handoffs.map((one) => reason(one.reason)).join(", ")],
    ["Waited", spans.wait_ms === null ? null : measured(spans.wait_ms, "ms")],
    ["First response", spans.first_response_ms === null ? null : measured(spans.first_response_ms, "ms")],
    ["Resolved after", spans.resolution_ms === null ? null : measured(spans.resolution_ms, "ms")],
    ["Rating", about.rating ? `${about.rating.stars} of 5${about.rating.comment ? `: “${about.rating.comment}”` : ""}` : null],
    ["Page", about.page],
    ["Imported from", spans.source],
    ["Reference", about.id],
  ];
  return el("aside", { class: "card reader-about", "aria-label": "About this conversation" }, pairs(rows.filter(([, value]) => value && value !== "–")));
}

// ── why did it say that ──

function whyTurn(id, turn, { open, turnHash }) {
  const shown = turn.seq === open;
  const panel = el("div", { class: "because card", hidden: !shown, id: `because-${turn.seq}` });
  const understood = turn.intent ? `${intentOf(turn.intent)}, ${percent(turn.confidence)}` : "Not understood";
  const opener = el(
    "button",
    { type: "button", class: "reading-toggle", "aria-expanded": String(shown), "aria-controls": panel.id, data: { turn: turn.seq } },
    `${understood} · ${resultOf(turn.result).toLowerCase()}. Why?`,
  );
  const unfold = () => fill(panel, () => get(`/conversations/${encodeURIComponent(id)}/turns/${turn.seq}`), why);
  opener.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    opener.setAttribute("aria-expanded", String(!panel.hidden));
    // Which turn is open belongs to the address, and is no step of its own for "back".
    history.replaceState(null, "", turnHash(panel.hidden ? null : turn.seq));
    if (!panel.hidden && !panel.childElementCount) unfold();
  });
  if (shown) unfold();
  return [opener, panel];
}

function why(turn) {
  const scores = [
    ["Out of scope", percent(turn.scores.out_of_scope)],
    ["Frustration", percent(turn.scores.frustration)],
    ["Sentiment", turn.scores.sentiment.toFixed(2)],
    ["Language", turn.language],
    ["Took", measured(turn.answer.took_ms, "ms")],
  ];
  return [
    part("Step by step", el("ol", { class: "steps" }, turn.steps.map((step) => el("li", {}, el("span", { class: "strong" }, step.what), step.why ? el("span", { class: "muted" }, step.why) : null)))),
    part("What it was taken for", turn.ranking.length ? ranked(turn.ranking) : nothing("For nothing.")),
    part("Scores", pairs(scores)),
    part("Triage", turn.reasons.length ? el("ul", { class: "why-list" }, turn.reasons.map((text) => el("li", {}, text))) : nothing("Nothing spoke against an answer."), turn.cues.length ? ranked(turn.cues) : null),
    part("Found in the message", turn.entities.length ? pairs(turn.entities.map((one) => [plain(one.entity), words.value(one.value)])) : nothing("No details.")),
    part("What it knew (slots)", turn.slots.length ? pairs(turn.slots.map(({ name, value }) => [words.slot(name), words.value(value)])) : nothing("Nothing.")),
    turn.label ? part("An agent says", el("p", {}, `It should have been understood as “${plain(turn.label)}”.`)) : null,
  ].filter(Boolean);
}

const part = (title, ...content) => el("section", {}, el("h3", {}, title), ...content);
const pairs = (rows) => el("dl", { class: "facts" }, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
const nothing = (text) => el("p", { class: "muted" }, text);

function ranked(ranking) {
  const row = (one) => el("li", {}, el("span", { class: "intent" }, intentOf(one.intent)), el("meter", { min: "0", max: "1", value: String(one.confidence), "aria-hidden": "true" }), el("span", { class: "score" }, percent(one.confidence)));
  return el("ol", { class: "ranking" }, ranking.slice(0, RANKED_AT_MOST).map(row));
}
