// The middle pane's upper part: one conversation's log, entry by entry, as an agent sees it. Draws
// entries and what is still in the outbox; decides nothing and sends nothing.

import { el, icon, button } from "./console.dom.js";
import { stars } from "./console.queue.js";
import * as words from "./console.words.js";

// Bubbles of one speaker this close together stand under one name.
const GROUP_MS = 3 * 60_000;
const NEAR_END_PX = 80;

export class Transcript {
  #root;
  #list;
  #pendingBox;
  #typing;
  #newer;
  #me;
  #now;
  #last = null;
  #byCustomerSeq = new Map();
  #typingTimer = 0;
  #allReadings = false;

  constructor(root, me, now) {
    this.#root = root;
    this.#me = me;
    this.#now = now;
    this.#list = el("ol", { class: "log" });
    this.#pendingBox = el("ol", { class: "log pending" });
    this.#typing = el("p", { class: "typing", hidden: true }, el("span", { class: "dots" }, el("i"), el("i"), el("i")), "The customer is writing");
    this.#newer = button("New messages", { look: "primary newer", iconName: "down", act: () => this.toEnd() });
    this.#newer.hidden = true;
    root.replaceChildren(this.#list, this.#pendingBox, this.#typing, this.#newer);
    root.onscroll = () => {
      if (this.#nearEnd()) this.#newer.hidden = true;
    };
  }

  /** The whole log, silently. */
  load(events) {
    this.#root.setAttribute("aria-live", "off");
    this.#list.replaceChildren();
    this.#byCustomerSeq.clear();
    this.#last = null;
    for (const event of events) this.#append(event);
    this.toEnd();
    requestAnimationFrame(() => this.#root.setAttribute("aria-live", "polite"));
  }

  add(event) {
    const follow = this.#nearEnd();
    if (event.kind === "customer_spoke") this.#hideTyping();
    this.#append(event);
    if (follow) this.toEnd();
    else if (event.kind === "customer_spoke" || event.kind === "note_written") this.#newer.hidden = false;
  }

  /** Texts on their way, below the log. */
  showPending(items, { edit, discard, retry }) {
    const follow = this.#nearEnd();
    this.#pendingBox.replaceChildren(
      ...items.map((item) => {
        const note = item.command === "note";
        const state = {
          sending: "Sending…",
          retrying: "Not sent yet, trying again",
          accepted: "Sent",
          refused: item.error ?? "Not sent.",
        }[item.status];
        const acts = [];
        if (item.status === "retrying") acts.push(button("Try now", { look: "link", act: retry }));
        if (item.status === "refused") {
          acts.push(button("Edit", { look: "link", act: () => edit(item) }), button("Discard", { look: "link", act: () => discard(item) }));
        }
        return el(
          "li",
          { class: `entry ${note ? "note" : "agent"} ${item.status}`, data: { clientId: item.clientId } },
          el("div", { class: "bubble" }, item.text),
          el("div", { class: "meta", role: item.status === "refused" ? "alert" : null }, el("span", {}, state), acts),
        );
      }),
    );
    if (follow) this.toEnd();
  }

  customerTypes() {
    const follow = this.#nearEnd();
    this.#typing.hidden = false;
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#hideTyping(), 5_000);
    if (follow) this.toEnd();
  }

  #hideTyping() {
    clearTimeout(this.#typingTimer);
    this.#typing.hidden = true;
  }

  toEnd() {
    this.#root.scrollTop = this.#root.scrollHeight;
    this.#newer.hidden = true;
  }

  #nearEnd() {
    return this.#root.scrollHeight - this.#root.scrollTop - this.#root.clientHeight < NEAR_END_PX;
  }

  /** Show or hide what the assistant read in every message. */
  toggleReadings() {
    this.#allReadings = !this.#allReadings;
    for (const { toggle } of this.#byCustomerSeq.values()) toggle?.(this.#allReadings);
  }

  // ── drawing ──

  #append(event) {
    if (event.reading && event.in_reply_to) this.#attachReading(event.in_reply_to, event.reading);
    const draw = DRAW[event.kind];
    const drawn = draw?.(event, this.#me, this.#now());
    if (!drawn) return;
    if (!this.#last || words.dayKey(this.#last.at) !== words.dayKey(event.at)) {
      this.#list.append(el("li", { class: "day" }, el("span", {}, words.day(event.at, this.#now()))));
      this.#last = null;
    }
    const near = this.#last && this.#last.speaker && this.#last.speaker === drawn.speaker && event.at - this.#last.at < GROUP_MS;
    const when = el("time", { title: words.full(event.at), datetime: new Date(event.at).toISOString() }, words.time(event.at));
    const item = el("li", { class: `entry ${drawn.look}${near ? " near" : ""}`, data: { seq: event.seq, kind: event.kind } });
    if (drawn.line) {
      item.append(el("div", { class: "line" }, drawn.iconName ? icon(drawn.iconName) : null, drawn.line, when), ...(drawn.below ?? []));
    } else {
      item.append(el("div", { class: "name" }, drawn.iconName ? icon(drawn.iconName) : null, el("span", {}, drawn.name), when));
      item.append(...drawn.bubbles);
    }
    this.#list.append(item);
    this.#last = { at: event.at, speaker: drawn.speaker };
    if (event.kind === "customer_spoke") this.#byCustomerSeq.set(event.seq, { item, toggle: null });
  }

  #attachReading(seq, reading) {
    const row = this.#byCustomerSeq.get(seq);
    if (!row || row.toggle) return;
    const id = `reading-${seq}`;
    const panel = el("div", { class: "reading", id, hidden: true }, readingTable(reading));
    const label = reading.intent ? `${words.plain(reading.intent)} · ${percent(reading.confidence)}` : "Not understood";
    const opener = el("button", { type: "button", class: "reading-toggle", "aria-expanded": "false", "aria-controls": id }, "What the assistant read");
    row.toggle = (show = panel.hidden) => {
      panel.hidden = !show;
      opener.textContent = show ? label : "What the assistant read";
      opener.setAttribute("aria-expanded", String(show));
    };
    opener.addEventListener("click", () => row.toggle());
    row.item.append(opener, panel);
    if (this.#allReadings) row.toggle(true);
  }
}

const percent = (share) => `${Math.round((share ?? 0) * 100)} %`;
const bubble = (text) => el("div", { class: "bubble" }, text);

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
// is not here is not shown.
const DRAW = {
  started: (e) => ({ look: "system", line: e.page ? `Chat opened on ${e.page}` : "Chat opened" }),
  customer_spoke: (e) => ({ look: "customer", speaker: "customer", name: "Customer", bubbles: [bubble(e.text)] }),
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
  agent_spoke: (e, me) => ({ look: "agent", speaker: `agent:${e.agent.login}`, name: e.agent.login === me.login ? "You" : e.agent.name, bubbles: [bubble(e.text)] }),
  agent_edited: (e, me) => ({ look: "agent", speaker: `edit:${e.of}`, name: `${name(e.agent, me)} changed a message`, bubbles: [bubble(e.text)] }),
  agent_retracted: (e, me) => ({ look: "system", line: `${name(e.agent, me)} took a message back` }),
  reply_held: (e, me) => ({
    look: "note",
    speaker: `held:${e.agent.login}`,
    name: `Held, not sent · ${e.agent.login === me.login ? "yours" : e.agent.name}`,
    bubbles: [bubble(e.text)],
  }),
  note_written: (e, me) => ({
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
  claimed: (e, me) => ({ look: "system", line: `${name(e.agent, me)} took the conversation` }),
  transferred: (e, me) => ({ look: "system", line: `${name(e.agent, me)} passed it on to ${e.to ? name(e.to, me) : words.plain(e.skill).toLowerCase()}` }),
  unclaimed: (e, me) => ({ look: "system", line: `${name(e.agent, me)} is not there any more; others are asked` }),
  mail_sent: () => ({ look: "system", line: "The answers were sent by e-mail" }),
  mail_failed: (e) => ({ look: "system", line: `The answers could not be sent by e-mail: ${e.problem}` }),
  returned_to_bot: (e, me) => ({
    look: "system",
    iconName: "bot",
    line: e.agent ? `${name(e.agent, me)} returned it to the assistant` : "The customer carried on with the assistant",
  }),
  snoozed: (e, me, now) => ({ look: "system", iconName: "clock", line: `${name(e.agent, me)} snoozed it until ${words.moment(e.until, now)}` }),
  woken: (e) => ({
    look: "system",
    iconName: "clock",
    line: { customer: "Back: the customer wrote", time: "Back: the snooze is over", agent: "Back from snooze" }[e.because] ?? "Back from snooze",
  }),
  closed: (e, me) => ({
    look: "system",
    iconName: "check",
    line: e.agent ? `${name(e.agent, me)} closed it: ${words.outcome(e.outcome).toLowerCase()}` : "The customer ended the chat",
  }),
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

function readingTable(reading) {
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
