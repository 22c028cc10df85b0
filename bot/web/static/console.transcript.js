// The middle pane's upper part: one conversation's log, entry by entry, as an agent sees it. Draws
// entries and what is still in the outbox, and offers what can be done to each; decides nothing and
// sends nothing.

import { el, icon, button, menuButton } from "./console.dom.js";
import { DRAW, percent, readingTable, SETTLES } from "./console.entries.js";
import { fileList } from "./console.files.js";
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
  #rows = new Map();
  #before = null;
  #talk;
  #acts;
  #explain;
  #pendingDrawn = "[]";
  #typingTimer = 0;
  #allReadings = false;
  #atEnd = true;

  /**
   * @param talk the conversation's id
   * @param acts {edit(seq, text), retract(seq), label(seq, text)}: what an entry's menu does; without
   *   it there is none
   * @param explain (event) => nodes: what stands beneath each turn of the assistant's, in the place of
   *   what it read beneath the customer's message
   */
  constructor(root, { me, now, talk, acts = null, explain = null }) {
    this.#talk = talk;
    this.#acts = acts;
    this.#explain = explain;
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
      this.#atEnd = this.#nearEnd();
      if (this.#atEnd) this.#newer.hidden = true;
    };
    // Whoever reads the end stays there, also when a picture arrives or the box below grows.
    const grown = new ResizeObserver(() => this.#atEnd && this.toEnd());
    for (const node of [root, this.#list, this.#pendingBox]) grown.observe(node);
  }

  /** The whole log, silently. */
  load(events) {
    this.#root.setAttribute("aria-live", "off");
    this.#list.replaceChildren();
    this.#rows.clear();
    this.#before = null;
    this.#last = null;
    for (const event of events) this.#append(event);
    this.toEnd();
    requestAnimationFrame(() => this.#root.setAttribute("aria-live", "polite"));
  }

  add(event) {
    const follow = this.#atEnd;
    if (event.kind === "customer_spoke") this.#hideTyping();
    this.#append(event);
    if (follow) this.toEnd();
    else if (event.kind === "customer_spoke" || event.kind === "note_written") this.#newer.hidden = false;
  }

  /** Texts on their way, below the log. */
  showPending(items, { edit, discard, retry }) {
    // Redrawn only when it changes: a button that is about to be pressed must stay where it is.
    const drawn = JSON.stringify(items);
    if (drawn === this.#pendingDrawn) return;
    this.#pendingDrawn = drawn;
    const follow = this.#atEnd;
    this.#pendingBox.replaceChildren(
      ...items.map((item) => {
        const note = item.command === "note";
        const state = {
          sending: item.command === "edit" ? "Changing…" : "Sending…",
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
          item.text ? el("div", { class: "bubble" }, item.text) : null,
          fileList(item.conversation, item.files),
          el("div", { class: "meta", role: item.status === "refused" ? "alert" : null }, el("span", {}, state), acts),
        );
      }),
    );
    if (follow) this.toEnd();
  }

  customerTypes() {
    const follow = this.#atEnd;
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
    this.#atEnd = true;
    this.#newer.hidden = true;
  }

  #nearEnd() {
    return this.#root.scrollHeight - this.#root.scrollTop - this.#root.clientHeight < NEAR_END_PX;
  }

  /** Show or hide what the assistant read in every message. */
  toggleReadings() {
    this.#allReadings = !this.#allReadings;
    for (const { toggle } of this.#rows.values()) toggle?.(this.#allReadings);
  }

  /** Drafts and held replies that are no longer open without a word on it: overtaken by events. */
  showOpen(open) {
    for (const [seq, row] of this.#rows) {
      if (row.event.kind !== "draft_written" || row.settled || open.has(seq)) continue;
      this.#settle({ of: seq, look: "settled", meta: "No longer needed" });
    }
  }

  /** How the agent's own last message reads, for who wants to change it: {seq, text}, or null. */
  lastOwn() {
    const own = [...this.#rows.values()].filter((row) => this.#mayChange(row));
    const row = own.at(-1);
    return row ? { seq: row.event.seq, text: row.text } : null;
  }

  #mayChange({ event, settled }) {
    return event.kind === "agent_spoke" && event.agent.login === this.#me.login && settled !== "gone";
  }

  // ── drawing ──

  #append(event) {
    const turn = event.reading && event.in_reply_to;
    if (turn && !this.#explain) this.#attachReading(event.in_reply_to, event.reading);
    const change = SETTLES[event.kind]?.(event, this.#me, this.#before);
    if (change) this.#settle(change);
    this.#before = event;
    const drawn = DRAW[event.kind]?.(event, { me: this.#me, now: this.#now(), talk: this.#talk });
    if (!drawn) return turn && this.#below(event);
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
      const row = { event, item, text: event.text, toggle: null, settled: null };
      item.append(el("div", { class: "name" }, drawn.iconName ? icon(drawn.iconName) : null, el("span", {}, drawn.name), when));
      item.append(el("div", { class: "said" }, el("div", { class: "bubbles" }, drawn.bubbles), this.#menu(row)));
      if (drawn.meta) item.append(el("div", { class: "meta" }, drawn.meta));
      this.#rows.set(event.seq, row);
    }
    this.#list.append(item);
    this.#last = { at: event.at, speaker: drawn.speaker };
    if (turn) this.#below(event);
  }

  #below(event) {
    if (this.#explain) this.#list.append(el("li", { class: "below" }, this.#explain(event)));
  }

  /** What can be done to an entry; null for most. */
  #menu(row) {
    const { event } = row;
    const items = {
      customer_spoke: () => [["The bot should have answered this…", () => this.#acts.label(event.seq, event.text)]],
      agent_spoke: () => [
        ...(row.text ? [["Change message", () => this.#acts.edit(event.seq, row.text)]] : []),
        ["Delete message", () => this.#acts.retract(event.seq)],
      ],
    }[event.kind];
    if (!items || !this.#acts || (event.kind === "agent_spoke" && !this.#mayChange(row))) return null;
    const about = (event.text || event.files?.[0]?.name || "").slice(0, 40);
    return menuButton("", items, { look: "plain entry-more", iconName: "more", name: `Message “${about}”: actions`, align: event.kind === "agent_spoke" ? "start" : "end" });
  }

  /** An earlier entry has changed: its words, its look, or what is said beneath it. */
  #settle({ of, text, look, meta }) {
    const row = this.#rows.get(of);
    if (!row) return;
    const { item } = row;
    if (text !== undefined) {
      row.text = text;
      const shown = item.querySelector(".bubble") ?? item.querySelector(".bubbles").insertBefore(el("div", { class: "bubble" }), item.querySelector(".files"));
      shown.title ||= `Before: ${shown.textContent}`;
      shown.textContent = text;
    }
    if (look) {
      row.settled = look;
      item.classList.add(look);
      if (look === "gone") item.querySelector(".menu-root")?.remove();
    }
    const note = item.querySelector(":scope > .meta") ?? item.insertBefore(el("div", { class: "meta" }), item.querySelector(".said").nextSibling);
    note.textContent = meta;
  }

  #attachReading(seq, reading) {
    const row = this.#rows.get(seq);
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
