// The left pane: who needs a person, in the order in which to act. Draws what the desk sends and
// reports nothing but clicks on links (`#/c/<id>`); the address bar does the rest.

import { el, setText, icon, announce } from "./console.dom.js";
import * as words from "./console.words.js";

const SECTIONS = [
  ["waiting", "Waiting"],
  ["mine", "Mine"],
  ["others", "With colleagues"],
  ["snoozed", "Snoozed"],
  ["closed", "Recently closed"],
];
const FOLDED = "deskhand.folded";

export class QueuePane {
  #root;
  #me;
  #now;
  #rows = new Map();
  #sections = new Map();
  #open = null;
  #waitingBefore = null;
  #lastWords = new Map();
  #unread = new Set();
  #empty;
  order = [];
  waiting = 0;

  /** @param now () => ms by the server's clock */
  constructor(root, me, now) {
    this.#root = root;
    this.#me = me;
    this.#now = now;
    root.replaceChildren();
    this.#empty = el(
      "div",
      { class: "queue-empty", hidden: true },
      icon("inbox"),
      el("p", { class: "strong" }, "Nobody is waiting"),
      el("p", {}, "The assistant is answering. Conversations that need a person appear here by themselves."),
    );
    root.append(this.#empty);
    const folded = new Set(JSON.parse(localStorage.getItem(FOLDED) ?? '["closed"]'));
    for (const [key, title] of SECTIONS) this.#addSection(key, title, folded);
  }

  #addSection(key, title, folded) {
    const count = el("span", { class: "count" });
    const list = el("ul", { class: "rows", id: `rows-${key}` });
    const head = el(
      "button",
      { type: "button", class: "section-head", "aria-controls": list.id, "aria-expanded": String(!folded.has(key)) },
      icon("down"),
      el("span", {}, title),
      count,
    );
    list.hidden = folded.has(key);
    head.addEventListener("click", () => {
      list.hidden = !list.hidden;
      head.setAttribute("aria-expanded", String(!list.hidden));
      list.hidden ? folded.add(key) : folded.delete(key);
      localStorage.setItem(FOLDED, JSON.stringify([...folded]));
    });
    const section = el("section", { class: `queue-section ${key}`, hidden: true }, el("h2", {}, head), list);
    this.#root.append(section);
    this.#sections.set(key, { section, list, count });
  }

  /** Draw a queue as the desk sent it. Returns the cards that newly wait. */
  show(queue) {
    const mine = (card) => card.owner?.login === this.#me.login;
    const groups = {
      waiting: [...queue.waiting].sort((a, b) => a.waiting_since - b.waiting_since),
      mine: queue.human.filter(mine).sort((a, b) => b.since - a.since),
      others: queue.human.filter((card) => !mine(card)).sort((a, b) => b.since - a.since),
      snoozed: queue.snoozed,
      closed: queue.closed,
    };
    this.waiting = groups.waiting.length;
    this.order = [];
    const seen = new Set();
    this.#notice([...groups.mine, ...groups.snoozed]);
    for (const [key] of SECTIONS) {
      const { section, list, count } = this.#sections.get(key);
      section.hidden = groups[key].length === 0;
      setText(count, String(groups[key].length));
      const rows = groups[key].map((card) => this.#row(card));
      for (const { id } of groups[key]) {
        seen.add(id);
        this.order.push(id);
      }
      // Move only what has moved: a moved node loses the focus, and the finger that is about to press it.
      for (const row of [...list.children]) if (!rows.includes(row)) row.remove();
      rows.forEach((row, place) => {
        if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
      });
    }
    for (const id of [...this.#rows.keys()]) if (!seen.has(id)) this.#rows.delete(id);
    this.#empty.hidden = groups.waiting.length + queue.human.length > 0;
    return this.#news(groups.waiting);
  }

  /** New words of a customer in a conversation that is mine but not open. */
  #notice(cards) {
    for (const { id, preview } of cards) {
      if (this.#lastWords.has(id) && this.#lastWords.get(id) !== preview && id !== this.#open) this.#unread.add(id);
      this.#lastWords.set(id, preview);
    }
  }

  #news(waiting) {
    const before = this.#waitingBefore;
    this.#waitingBefore = new Set(waiting.map((card) => card.id));
    if (before === null) return [];
    const fresh = waiting.filter((card) => !before.has(card.id));
    for (const card of fresh) announce(`${words.customer(card)} is waiting: ${words.reason(card.reason)}.`);
    return fresh;
  }

  #row(card) {
    const known = this.#rows.get(card.id);
    const drawn = JSON.stringify(card);
    if (known?.drawn === drawn) {
      this.#mark(known.row, card.id);
      return known.row;
    }
    const row = known?.row ?? el("li", {}, el("a", { href: `#/c/${encodeURIComponent(card.id)}`, data: { id: card.id } }));
    this.#draw(row.firstChild, card);
    this.#rows.set(card.id, { row, drawn });
    this.#mark(row, card.id);
    return row;
  }

  /** The link itself stays when its words change. */
  #draw(link, card) {
    const waits = card.state === "waiting";
    const since = waits ? card.waiting_since ?? card.since : card.since;
    const mood = words.mood(card);
    const sub = [words.reason(card.reason)];
    if (card.state === "human" && card.owner?.login !== this.#me.login) sub.push(card.owner?.name ?? "");
    if (card.state === "snoozed") sub.splice(0, 1, words.standing(card, this.#me, this.#now()).text, card.owner?.name ?? "");
    if (card.state === "closed") sub.splice(0, 1, card.outcome ? words.outcome(card.outcome) : "Closed");
    const when = el("time", { class: "when", data: waits ? { waits: since } : { since } });
    this.#tickOne(when);
    link.className = `row ${card.state}`;
    link.replaceChildren(
      el("span", { class: "row-top" }, el("span", { class: "who" }, words.customer(card), el("span", { class: "visually-hidden new-words" }, ", new message")), waits ? el("span", { class: "visually-hidden" }, "waiting for") : null, when),
      el(
        "span",
        { class: "row-why" },
        el("span", { class: "why" }, sub.filter(Boolean).join(" · ")),
        mood ? el("span", { class: `mood ${mood.tone}` }, mood.text) : null,
        card.rating ? stars(card.rating.stars ?? card.rating) : null,
      ),
      el("span", { class: "preview" }, card.preview || "No message yet"),
    );
  }

  /** Which conversation is open beside the queue. */
  select(id) {
    this.#open = id;
    this.#unread.delete(id);
    for (const [one, { row }] of this.#rows) this.#mark(row, one);
  }

  #mark(row, id) {
    const link = row.firstChild;
    link.classList.toggle("unread", this.#unread.has(id));
    if (id === this.#open) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }

  focusRow(id) {
    const link = this.#rows.get(id)?.row.firstChild;
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "nearest" });
  }

  /** Once a second: how long everybody waits. */
  tick() {
    for (const node of this.#root.querySelectorAll("time.when")) this.#tickOne(node);
  }

  #tickOne(node) {
    const ms = this.#now() - Number(node.dataset.waits ?? node.dataset.since);
    setText(node, words.span(ms));
    if (node.dataset.waits) {
      node.classList.toggle("soon", words.urgency(ms) === "soon");
      node.classList.toggle("late", words.urgency(ms) === "late");
    }
  }
}

/** One to five stars, readable to everybody. */
export function stars(count) {
  return el("span", { class: "stars", role: "img", "aria-label": `Rated ${count} of 5` }, "★".repeat(count), el("span", { class: "off" }, "★".repeat(5 - count)));
}
