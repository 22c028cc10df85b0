// The page Conversations: search and filters, all of them in the address, and the results. One
// conversation is read in studio.conversation.js.

import { button, el, icon } from "./console.dom.js";
import * as time from "./console.words.js";
import { readConversation } from "./studio.conversation.js";
import { bringIn } from "./studio.import.js";
import { empty, failure, fill, get, hashOf, keys, partial, queryOf } from "./studio.parts.js";
import { called, periodOf, periodPicker } from "./studio.period.js";
import { counted, hour, intentOf, outcome, plain, reason, resultOf, shortMoment, stateOf, STATES, WEEKDAYS } from "./studio.words.js";

/** Fields of the form, as they are called in the address and by the server. */
const FIELDS = ["q", "intent", "reason", "agent", "rating", "state"];
/** What a link from a figure narrows the list by: how it reads. */
const LINKED = {
  result: resultOf,
  turn: (value) => `A message: ${resultOf(value).toLowerCase()}`,
  label: (value) => `Labelled “${plain(value)}”`,
  measured: (value) => `With: ${plain(value).toLowerCase()}`,
  source: (value) => (value === "here" ? "Held here, not imported" : `Imported from ${value}`),
  weekday: (value) => WEEKDAYS[value] ?? value,
  hour: (value) => `${hour(value)} to ${hour(Number(value) + 1)}`,
};
const FILTERS = [...FIELDS, ...Object.keys(LINKED)];
const RATINGS = [
  ["any", "Rated"],
  ["low", "1 or 2 stars"],
  ...[5, 4, 3, 2, 1].map((stars) => [String(stars), counted(stars, "star")]),
];
const TYPING_MS = 350;

export function show(main, { path, query, signal, me }) {
  if (path[0] === "import") return bringIn(main, signal);
  if (path[0]) return readConversation(main, { id: path[0], seq: path[1], query, signal, me });
  const list = new List(main, signal);
  list.show(query);
  return (next) => (next.path[0] ? false : list.show(next.query));
}

class List {
  #signal;
  #query = null;
  #form;
  #period;
  #chips;
  #results;
  #timer = 0;

  constructor(main, signal) {
    this.#signal = signal;
    this.#form = this.#fields();
    this.#period = el("div");
    this.#chips = el("div", { class: "chips", hidden: true });
    this.#results = el("section", { class: "results", "aria-label": "Results" });
    main.append(el("div", { class: "page-head" }, el("h1", {}, "Conversations"), el("a", { class: "button plain", href: hashOf("conversations", ["import"]) }, "Bring in history"), this.#period), this.#form, this.#chips, this.#results);
    keys(signal, [
      ["/", "Search", () => this.#field("q").focus()],
      ["j", "Next conversation", () => this.#step(1)],
      ["k", "Previous conversation", () => this.#step(-1)],
    ]);
    this.#offer();
  }

  show(query) {
    this.#query = query;
    for (const name of FIELDS) {
      const field = this.#field(name);
      // What somebody is typing is newer than the address that it made.
      if (field !== document.activeElement) this.#choose(field, query.get(name) ?? "");
    }
    const period = periodOf(query, { open: true });
    this.#period.replaceChildren(periodPicker(period, (chosen) => this.#go({ days: null, from: null, to: null, ...chosen })));
    const linked = Object.keys(LINKED).filter((name) => query.has(name));
    const narrowed = linked.map((name) => [name, LINKED[name](query.get(name))]);
    if (period.from || period.to) narrowed.push(["period", called(period)]);
    this.#chips.hidden = !narrowed.length;
    this.#chips.replaceChildren(...narrowed.map(([name, text]) => this.#chip(name, text)));
    const asked = { ...this.#filters(), from: period.from, to: period.to };
    const look = () => fill(this.#results, () => get(`/conversations${queryOf(asked)}`), (page) => [partial(page.archive, look), this.#page(page, asked)].flat().filter(Boolean));
    look();
  }

  #filters() {
    return Object.fromEntries(FILTERS.map((name) => [name, this.#query.get(name)]).filter(([, value]) => value));
  }

  #go(changes, replace = false) {
    const hash = hashOf("conversations", [], { ...Object.fromEntries(this.#query), ...changes });
    if (!replace) location.hash = hash;
    else {
      history.replaceState(null, "", hash);
      dispatchEvent(new HashChangeEvent("hashchange"));
    }
  }

  // ── what narrows the list ──

  #field(name) {
    return this.#form.elements.namedItem(name);
  }

  #fields() {
    const select = (name, label, any, options) =>
      el("label", { class: "field" }, label, el("select", { name, on: { change: (event) => this.#go({ [name]: event.target.value }) } }, el("option", { value: "" }, any), options.map(optionOf)));
    const search = el("input", { type: "search", name: "q", placeholder: "Words in messages", maxlength: "200", autocomplete: "off", on: { input: () => this.#typed(), change: () => this.#typed(0) } });
    return el(
      "form",
      { class: "filters card", role: "search", on: { submit: (event) => (event.preventDefault(), this.#typed(0)) } },
      el("label", { class: "field search" }, "Search", search),
      button("Filters", { look: "quiet fold", "aria-expanded": "false", "aria-controls": "filters-folded", act: unfold }),
      el(
        "div",
        { class: "folded", id: "filters-folded" },
        select("intent", "Intent", "Any intent", []),
        select("reason", "Hand-off", "Any reason", []),
        select("agent", "Agent", "Anybody", []),
        select("rating", "Rating", "Any rating", RATINGS),
        select("state", "State", "Any state", STATES),
      ),
    );
  }

  /** What there is to choose from, as the server knows it. */
  async #offer() {
    try {
      const choices = await get("/conversations/choices");
      for (const [name, options] of [
        ["intent", choices.intents.map((one) => [one, intentOf(one)])],
        ["reason", choices.reasons.map((one) => [one.reason, reason(one.reason)])],
        ["agent", choices.people.map((one) => [one.login, one.name])],
      ]) {
        const field = this.#field(name);
        const known = field.value || this.#query.get(name) || "";
        field.replaceChildren(field.options[0], ...options.map(optionOf));
        this.#choose(field, known);
      }
    } catch {
      // The list below says what is wrong; the filters stay as they are.
    }
  }

  /** Also a value that is not offered: one that a link brought, or an intent that is gone. */
  #choose(field, value) {
    if (field.tagName === "SELECT" && value && ![...field.options].some((one) => one.value === value)) field.append(optionOf([value, plain(value)]));
    field.value = value;
  }

  #typed(ms = TYPING_MS) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const q = this.#field("q").value.trim();
      if (!this.#signal.aborted && q !== (this.#query.get("q") ?? "")) this.#go({ q }, Boolean(this.#query.get("q") && q));
    }, ms);
  }

  #chip(name, text) {
    const without = name === "period" ? { days: null, from: null, to: null } : { [name]: null };
    return el("span", { class: "chip" }, text, el("button", { type: "button", class: "icon-button", "aria-label": `Without: ${text}`, on: { click: () => this.#go(without) } }, icon("close")));
  }

  // ── what was found ──

  #page(page, asked) {
    if (!page.conversations.length) {
      const narrowed = Object.values(asked).some(Boolean);
      return narrowed
        ? empty("Nothing found", "No conversation fits all of this.", "search", button("Show all", { act: () => (location.hash = hashOf("conversations")) }))
        : empty("No conversations yet", "As soon as customers have written, they are found here.", "chats");
    }
    const list = el("ol", { class: "found" }, page.conversations.map((one) => this.#row(one)));
    const more = el("div", { class: "more" });
    this.#more(list, more, page, asked);
    return [el("p", { class: "muted total", role: "status" }, page.total === null ? "" : counted(page.total, "conversation")), list, more];
  }

  #more(list, place, { next }, asked) {
    if (!next) return place.replaceChildren();
    const show = async (event) => {
      event.currentTarget.disabled = true;
      try {
        const page = await get(`/conversations${queryOf({ ...asked, cursor: next })}`);
        const rows = page.conversations.map((one) => this.#row(one));
        list.append(...rows);
        this.#more(list, place, page, asked);
        rows[0]?.querySelector("a").focus();
      } catch (error) {
        place.replaceChildren(failure(error, () => this.#more(list, place, { next }, asked)));
      }
    };
    place.replaceChildren(button("Show more", { act: show }));
  }

  #row(one) {
    const href = hashOf("conversations", [one.id], Object.fromEntries(this.#query));
    const facts = [
      one.state === "closed" && one.outcome ? `Closed: ${outcome(one.outcome).toLowerCase()}` : stateOf(one.state),
      resultOf(one.result),
      ...one.reasons.map((given) => reason(given.reason)),
      ...one.people.map((person) => person.name),
      one.rating ? "★".repeat(one.rating) : null,
      one.labels.length ? `labelled ${one.labels.map(plain).join(", ")}` : null,
      one.source ? `from ${one.source}` : null,
    ].filter(Boolean);
    const text = one.found ? one.found.parts.map((part) => (part.hit ? el("mark", {}, part.text) : part.text)) : one.first || "(no words)";
    return el(
      "li",
      {},
      el(
        "a",
        { class: "found-row", href },
        el("span", { class: "found-top" }, el("span", { class: "found-text" }, text), el("time", { class: "when", title: time.full(one.started_at), datetime: new Date(one.started_at).toISOString() }, shortMoment(one.started_at))),
        el("span", { class: "found-facts muted" }, facts.map((fact) => el("span", {}, fact))),
      ),
    );
  }

  #step(by) {
    const rows = [...this.#results.querySelectorAll(".found-row")];
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
  }
}

/** On a phone the filters are folded away beneath the search. */
function unfold({ currentTarget: fold }) {
  fold.setAttribute("aria-expanded", String(fold.getAttribute("aria-expanded") === "false"));
}

const optionOf = ([value, text]) => el("option", { value }, text);
