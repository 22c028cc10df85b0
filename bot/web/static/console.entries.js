// How each kind of event looks in the transcript. Draws; knows no state and sends nothing.

import { fileList } from "./console.files.js";
import { el } from "./console.dom.js";
import { stars } from "./console.queue.js";
import * as words from "./console.words.js";

export const percent = (share) => `${Math.round((share ?? 0) * 100)} %`;
export const bubble = (text) => el("div", { class: "bubble" }, text);

function botBubbles(messages) {
  return messages.map((one) =>
    el(
      "div",
      { class: "bubble" },
      one.text,
      // A link, not a picture: an agent's browser fetches nothing from elsewhere by itself.
      one.image ? el("a", { href: safeLink(one.image), rel: "noreferrer noopener", target: "_blank" }, "Picture") : null,
      one.buttons?.length ? el("span", { class: "offered" }, one.buttons.map((b) => el("span", {}, b.title))) : null,
    ),
  );
}

function safeLink(url) {
  return /^https?:\/\//i.test(url) ? url : "#";
}

function why(handoff) {
  const reasons = words.details(handoff?.reason, handoff?.reasons);
  return reasons.length ? el("ul", { class: "why-list" }, reasons.map((text) => el("li", {}, text))) : null;
}

// How each kind of event looks: {look, speaker, name, bubbles} or {look, line, below}. A kind that
// is not here is not shown by itself: what became of a message, a draft or a held reply is told
// beside it (`SETTLES`).
export const DRAW = {
  started: (e) => ({ look: "system", line: e.page ? `Chat opened on ${e.page}` : "Chat opened" }),
  customer_spoke: (e, { talk }) => ({ look: "customer", speaker: "customer", name: "Customer", bubbles: said(e, talk) }),
  bot_answered: (e) =>
    e.messages.length ? { look: "bot", speaker: "bot", name: "Assistant", iconName: "bot", bubbles: botBubbles(e.messages) } : null,
  bot_answer_dropped: (e) => ({
    look: "bot dropped",
    name: "Assistant",
    iconName: "bot",
    bubbles: [
      ...(e.messages.length ? botBubbles(e.messages) : [bubble("(no words)")]),
      el("div", { class: "meta" }, `Not sent: ${e.reason || "it came too late"}`),
    ],
  }),
  agent_spoke: (e, { me, talk }) => ({
    look: "agent",
    speaker: `agent:${e.agent.login}`,
    name: e.agent.login === me.login ? "You" : e.agent.name,
    bubbles: said(e, talk),
    meta: e.draft ? "From the assistant’s words" : null,
  }),
  reply_held: (e, { me, talk }) => ({
    look: "note held",
    name: `Held, not sent · ${e.agent.login === me.login ? "yours" : e.agent.name}`,
    iconName: "hold",
    bubbles: said(e, talk),
  }),
  // A suggestion is help for the moment; a draft is a decision that somebody took.
  draft_written: (e) =>
    e.origin === "assistant" ? { look: "draft", name: "Draft by the assistant", iconName: "bot", bubbles: [el("details", {}, el("summary", {}, "What it wrote"), bubble(e.text))], meta: "Not sent: waits for approval" } : null,
  note_written: (e, { me }) => ({
    look: "note",
    speaker: `note:${e.agent.login}`,
    name: `Internal note · ${e.agent.login === me.login ? "you" : e.agent.name}`,
    iconName: "note",
    bubbles: [bubble(e.text)],
  }),
  notice: (e) => ({ look: "system notice", line: `Told the customer: “${e.text}”` }),
  handoff_requested: (e) => ({
    look: "system handoff",
    iconName: "person",
    line: `Handed to a person: ${words.reason(e.handoff?.reason).toLowerCase()}`,
    below: [why(e.handoff)].filter(Boolean),
  }),
  claimed: (e, { me }) => ({ look: "system", line: `${name(e.agent, me)} took the conversation` }),
  transferred: (e, { me }) => ({ look: "system", line: `${name(e.agent, me)} passed it on to ${e.to ? name(e.to, me) : words.plain(e.skill).toLowerCase()}` }),
  unclaimed: (e, { me }) => ({ look: "system", line: `${name(e.agent, me)} is not there any more; others are asked` }),
  returned_to_bot: (e, { me }) => ({
    look: "system",
    iconName: "bot",
    line: e.agent ? `${name(e.agent, me)} returned it to the assistant` : "The customer carried on with the assistant",
  }),
  snoozed: (e, { me, now }) => ({ look: "system", iconName: "clock", line: `${name(e.agent, me)} snoozed it until ${words.moment(e.until, now)}` }),
  woken: (e) => ({
    look: "system",
    iconName: "clock",
    line: { customer: "Back: the customer wrote", time: "Back: the snooze is over", agent: "Back from snooze" }[e.because] ?? "Back from snooze",
  }),
  closed: (e, { me }) => ({
    look: "system",
    iconName: "check",
    line: e.agent ? `${name(e.agent, me)} closed it: ${words.outcome(e.outcome).toLowerCase()}` : "The customer ended the chat",
  }),
  assigned: (e) => ({ look: "system", line: words.asked(e) }),
  contact_left: (e) => ({ look: "system", line: `The customer left an address for later answers: ${e.email}` }),
  mail_sent: () => ({ look: "system", line: "The answers were sent by e-mail" }),
  mail_failed: (e) => ({ look: "system", line: `The answers could not be sent by e-mail: ${e.problem}` }),
  reopened: (e) => ({ look: "system", line: e.by === "customer" ? "Opened again by the customer" : "Opened again" }),
  rated: (e) => ({
    look: "system rated",
    line: el("span", {}, "The customer rated ", stars(e.stars)),
    below: e.comment ? [el("p", { class: "comment" }, `“${e.comment}”`)] : [],
  }),
};

function name(agent, me) {
  return agent.login === me.login ? "You" : agent.name;
}

export function readingTable(reading) {
  const ranking = reading.ranking?.length ? reading.ranking : reading.intent ? [{ name: reading.intent, confidence: reading.confidence }] : [];
  const facts = [
    ["Mood", `${signed(reading.sentiment)} (frustration ${percent(reading.frustration)})`],
    ["Out of scope", percent(reading.out_of_scope)],
    ["Found", reading.entities?.map((one) => `${words.plain(one.entity).toLowerCase()} “${words.value(one.value)}”`).join(", ")],
    ["Decision", [{ answer: "answer", clarify: "ask back", handoff: "hand over" }[reading.outcome] ?? reading.outcome, ...(reading.reasons ?? [])].filter(Boolean).join("; ")],
  ];
  return [
    el(
      "ol",
      { class: "ranking" },
      ranking.slice(0, 5).map((one) => {
        const bar = el("meter", { min: "0", max: "1", value: String(one.confidence), "aria-hidden": "true" });
        return el("li", {}, el("span", { class: "intent" }, words.plain(one.name)), bar, el("span", { class: "score" }, percent(one.confidence)));
      }),
    ),
    el("dl", {}, facts.filter(([, given]) => given).map(([key, given]) => [el("dt", {}, key), el("dd", {}, given)])),
  ];
}

function signed(number = 0) {
  if (number <= -0.3) return "unhappy";
  return number >= 0.3 ? "friendly" : "neutral";
}

/** What somebody said: words, files, or both. */
function said({ text, files }, conversation) {
  return [text ? bubble(text) : null, fileList(conversation, files)].filter(Boolean);
}

// What an event makes of an earlier entry `of`: {of, meta, look?, text?}.
export const SETTLES = {
  agent_edited: (e) => ({ of: e.of, text: e.text, meta: `Changed ${words.time(e.at)}` }),
  agent_retracted: (e) => ({ of: e.of, look: "gone", meta: `Deleted ${words.time(e.at)}. The customer sees that a message was removed` }),
  labelled: (e, me) => ({ of: e.of, meta: `${name(e.agent, me)}: should have been answered as “${words.plain(e.intent)}”${e.new ? " (new)" : ""}` }),
  draft_dropped: (e, me) => ({ of: e.of, look: "settled", meta: `Discarded by ${name(e.agent, me).replace("You", "you")}` }),
  agent_spoke: (e, me) => (e.draft ? { of: e.draft, look: "settled", meta: `Approved by ${name(e.agent, me).replace("You", "you")}` } : null),
  held_dropped: (e, me, before) => {
    const sent = before?.kind === "agent_spoke" && before.at === e.at;
    return { of: e.of, look: sent ? "sent" : "settled", meta: sent ? "Sent after taking over" : "Discarded" };
  },
};
