// The page What if: the thresholds of data/triage.yml, what other ones would have changed in the last
// days, and saving them. The numbers being tried stand in the address, so that they can be shown to
// somebody else. Nothing is changed before "Save".

import { ask, button, el, icon, toast } from "./console.dom.js";
import { inWords, Refused } from "./console.api.js";
import { plain, reason } from "./console.words.js";
import { empty, failure, fill, get, hashOf, keys, loading, partial, post, queryOf } from "./studio.parts.js";

const PERIODS = [7, 14, 28, 90, 365];
/** A little more than the server gives a replay (bot/learning/whatif_run.py). */
const PATIENCE_MS = 100_000;
/** From one look at how far a replay is to the next; short ones end before the first. */
const LOOK_MS = 800;
const OPEN_AT_FIRST = ["Understanding"];
const OUTCOMES = { answer: "answers", help: "answers from a help page", clarify: "asks back", handoff: "calls a person" };

const COUNT = new Intl.NumberFormat();
const SIGNED = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, signDisplay: "exceptZero" });
const SHARE = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const WHEN = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const counted = (n, one, many = `${one}s`) => `${COUNT.format(n)} ${n === 1 ? one : many}`;
/** As a person would write it: no digits that come from the machine. */
const written = (value) => String(Math.round(value * 10_000) / 10_000);

export function show(main, { query, signal }) {
  const body = el("div", {});
  main.append(
    el("div", { class: "page-head" }, el("h1", {}, "What if")),
    el("p", { class: "lead muted" }, "Move a threshold, and see what the last weeks would have been like with it. Customers notice nothing until you save."),
    body,
  );
  // The form that is drawn in place of this one has the keys to itself.
  const shown = new AbortController();
  signal.addEventListener("abort", () => shown.abort(), { signal: shown.signal });
  const reload = () => {
    shown.abort();
    main.replaceChildren();
    show(main, { query: wished(), signal });
  };
  fill(body, () => get("/whatif"), (state) => new WhatIf(state, query, shown.signal, reload).node);
}

/** The numbers in the address. */
const wished = () => new URLSearchParams(location.hash.split("?")[1] ?? "");

class WhatIf {
  #numbers;
  #mark;
  #reload;
  #signal;
  #fields = new Map(); // key -> {number, row, slider, input}
  #days;
  #results = el("section", { class: "whatif-results", "aria-label": "What would have changed", "aria-live": "polite" });
  #wait = el("div", { class: "card job whatif-wait", hidden: true });
  #try;
  #save;
  #reset;
  #tried = null; // the address of what the results are of
  #running = false;

  constructor({ numbers, mark, days, days_at_most: most }, query, signal, reload) {
    this.#numbers = numbers;
    this.#mark = mark;
    this.#reload = reload;
    this.#signal = signal;
    const wanted = Number(query.get("days")) || days;
    this.#days = el(
      "select",
      { "aria-label": "Period", on: { change: () => this.#changed() } },
      ...PERIODS.filter((one) => one <= most).map((one) => el("option", { value: String(one), selected: one === wanted }, one === 365 ? "Last year" : `Last ${one} days`)),
    );
    this.#try = button("Try it", { look: "primary", keys: "t", act: () => this.#run() });
    this.#save = button("Save…", { keys: "s", act: () => this.#keep() });
    this.#reset = button("Reset", { look: "plain", iconName: "undo", act: () => this.#back() });
    const given = new Map(numbers.map((number) => [number.key, query.has(number.key) && query.get(number.key) !== "" ? Number(query.get(number.key)) : NaN]));
    this.node = el(
      "div",
      { class: "whatif" },
      el(
        "form",
        { class: "card whatif-form", "aria-label": "Thresholds", novalidate: true, on: { submit: (event) => (event.preventDefault(), this.#run()) } },
        ...this.#sections(given),
        el("div", { class: "whatif-do" }, this.#days, this.#try, this.#save, this.#reset, el("button", { type: "submit", hidden: true })),
      ),
      el("div", { class: "whatif-found" }, this.#wait, this.#results),
    );
    keys(signal, [
      ["t", "Try the numbers", () => this.#run()],
      ["s", "Save the numbers", () => this.#keep()],
    ]);
    this.#changed();
    if (this.#changes().length) this.#run();
    else this.#results.append(this.#invitation());
  }

  // ── the fields ──

  #sections(given) {
    const titles = [...new Set(this.#numbers.map(({ section }) => section))];
    return titles.map((title) => {
      const mine = this.#numbers.filter(({ section }) => section === title);
      const open = OPEN_AT_FIRST.includes(title) || mine.some(({ key, value }) => !Number.isNaN(given.get(key)) && given.get(key) !== value);
      const rows = mine.map((number) => this.#field(number, given.get(number.key)));
      return el("details", { class: "whatif-section", open }, el("summary", {}, el("h2", {}, title), el("span", { class: "whatif-count tag", hidden: true })), ...rows);
    });
  }

  #field(number, given) {
    const { key, value, about, least, most, whole } = number;
    const id = `number-${key.replaceAll(".", "-")}`;
    const step = whole ? 1 : most > 1 ? 0.05 : 0.01;
    const at = { min: least, max: most, step };
    const start = written(Number.isNaN(given) ? value : given);
    const slider = el("input", { type: "range", ...at, value: start, "aria-label": `${name(key)}, by slider` });
    const input = el("input", { id, type: "number", ...at, step: whole ? 1 : "any", inputmode: "decimal", required: true, "aria-describedby": `${id}-about` });
    slider.value = start;
    input.value = start;
    slider.addEventListener("input", () => ((input.value = written(slider.valueAsNumber)), this.#changed()));
    input.addEventListener("input", () => ((slider.value = input.value), this.#changed()));
    const was = el("button", { type: "button", class: "button link whatif-was", title: "Back to what is in force", on: { click: () => this.#set(key, value) } }, `now ${written(value)}`);
    const row = el(
      "div",
      { class: "whatif-number", data: { key } },
      el("div", { class: "whatif-name" }, el("label", { for: id }, name(key)), was),
      el("div", { class: "whatif-value" }, slider, input),
      el("p", { id: `${id}-about`, class: "muted whatif-about" }, about),
    );
    this.#fields.set(key, { number, row, slider, input, was });
    return row;
  }

  #set(key, value) {
    const { slider, input } = this.#fields.get(key);
    slider.value = String(value);
    input.value = written(value);
    this.#changed();
  }

  #back() {
    for (const { key, value } of this.#numbers) this.#set(key, value);
    this.#tried = null;
    this.#address();
    this.#results.replaceChildren(this.#invitation());
  }

  /** [key, value] of what differs from the policy in force. */
  #changes() {
    return [...this.#fields].filter(([, { number, input }]) => input.value !== "" && Number(input.value) !== number.value).map(([key, { input }]) => [key, Number(input.value)]);
  }

  #wrong() {
    return [...this.#fields.values()].find(({ input }) => !input.checkValidity());
  }

  #changed() {
    for (const { number, row, input, was } of this.#fields.values()) {
      const differs = input.value === "" || Number(input.value) !== number.value;
      row.classList.toggle("changed", differs);
      was.hidden = !differs;
      input.setAttribute("aria-invalid", String(!input.checkValidity()));
    }
    for (const section of this.node?.querySelectorAll(".whatif-section") ?? []) {
      const changed = section.querySelectorAll(".changed").length;
      const tag = section.querySelector(".whatif-count");
      tag.hidden = !changed;
      tag.textContent = `${changed} changed`;
    }
    const any = this.#changes().length > 0;
    this.#save.disabled = !any;
    this.#reset.hidden = !any;
    const stale = this.#tried !== null && this.#tried !== this.#asked();
    this.#results.classList.toggle("stale", stale);
    this.#results.querySelector(".whatif-stale")?.toggleAttribute("hidden", !stale);
  }

  #asked() {
    return queryOf({ ...Object.fromEntries(this.#changes()), days: this.#days.value });
  }

  #address() {
    history.replaceState(null, "", hashOf("whatif") + (this.#changes().length ? this.#asked() : ""));
  }

  // ── trying ──

  #invitation() {
    return empty("Which threshold do you doubt?", "Move one, and press “Try it”: the logged conversations are decided again, and you see which of them would have gone to a person, and which answers would not have been given.", "dial");
  }

  async #run() {
    if (this.#running) return;
    const wrong = this.#wrong();
    if (wrong) return this.#complain(wrong);
    if (!this.#changes().length) return void this.#results.replaceChildren(this.#invitation());
    this.#running = true;
    this.#try.disabled = true;
    this.#try.lastChild.textContent = "Trying…";
    const asked = this.#asked();
    this.#address();
    const values = Object.fromEntries(this.#changes());
    const days = Number(this.#days.value);
    this.#results.setAttribute("aria-busy", "true");
    if (!this.#results.querySelector(".whatif-figures")) this.#results.replaceChildren(loading("Deciding the logged conversations again…"));
    this.#follow();
    try {
      const found = await post("/whatif", { values, days }, PATIENCE_MS);
      if (this.#signal.aborted) return;
      this.#tried = asked;
      this.#results.replaceChildren(...results(found, days));
      // Below each other, on a narrow screen, they would come unseen.
      if (this.#results.getBoundingClientRect().top > innerHeight * 0.8) this.#results.scrollIntoView({ block: "start" });
    } catch (error) {
      this.#tried = null;
      this.#results.replaceChildren(failure(error, () => this.#run()));
    } finally {
      this.#running = false;
      this.#wait.hidden = true;
      this.#try.disabled = false;
      this.#try.lastChild.textContent = "Try it";
      this.#results.removeAttribute("aria-busy");
      this.#changed();
    }
  }

  /** How far it is, as long as it takes. What goes wrong is told by the replay itself. */
  async #follow() {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const state = this.#running && !this.#signal.aborted ? await get("/whatif/progress").catch(() => null) : null;
      if (!this.#running || this.#signal.aborted) return;
      if (!state) continue;
      const begun = state.of > 0;
      const words = begun ? `${COUNT.format(state.done)} of ${counted(state.of, "conversation")} decided again` : "It begins as soon as another replay is done.";
      this.#wait.replaceChildren(el("progress", { "aria-label": "Deciding the logged conversations again", ...(begun ? { max: String(state.of), value: String(state.done) } : {}) }), el("p", { class: "muted" }, words));
      this.#wait.hidden = false;
    }
  }

  #complain({ row, input }) {
    row.closest("details").open = true;
    input.focus();
    input.reportValidity();
  }

  // ── saving ──

  async #keep() {
    const changes = this.#changes();
    if (!changes.length) return;
    const wrong = this.#wrong();
    if (wrong) return this.#complain(wrong);
    const untried = this.#tried !== this.#asked();
    const content = el(
      "div",
      { class: "whatif-confirm" },
      el("p", {}, "These numbers go to data/triage.yml; everything else in it stays as it is. They count from the next message of a customer’s on."),
      el("ul", {}, ...changes.map(([key, value]) => el("li", {}, el("span", {}, name(key)), " ", el("span", { class: "mono" }, key), el("strong", {}, `${written(this.#fields.get(key).number.value)} → ${written(value)}`)))),
      untried ? el("p", { class: "whatif-warn" }, icon("info"), el("span", {}, "You have not tried these numbers yet.")) : null,
    );
    if ((await ask("Save these thresholds?", content, "Save")) === null) return;
    try {
      const { active } = await post("/whatif/save", { values: Object.fromEntries(changes), mark: this.#mark });
      toast(`Saved. ${active}`);
      history.replaceState(null, "", hashOf("whatif"));
      this.#reload();
    } catch (error) {
      const reload = error instanceof Refused && error.code === "policy_changed";
      toast(inWords(error), "bad");
      if (reload) this.#results.prepend(el("p", { class: "whatif-stale" }, el("span", {}, "Somebody else has changed the thresholds."), button("Show those in force", { act: () => (this.#address(), this.#reload()) })));
    }
  }
}

/** What the numbers are called here; another one by its key: "strain.kept" as "Kept". */
const NAMES = {
  "confidence.answer": "Answer from",
  "confidence.sure": "Sure from",
  "confidence.margin": "Lead over the second",
  "confidence.out_of_scope": "Something else from",
  "confidence.human": "Wants a person from",
  "confidence.candidate": "Worth offering from",
  "help.answer": "Answer from a page from",
  "cues.person": "Hints at a person from",
  "cues.unhelped": "Did not help from",
  "mood.anger": "Angry from",
  "mood.annoyance": "Annoyed from",
  "strain.limit": "Too much from",
  "strain.kept": "Kept for the next message",
  "strain.unhelped": "Answer did not help",
  "strain.repeated": "Said again",
  "strain.likeness": "Alike from",
  "strain.unplaced": "Not understood",
  "limits.clarifications": "Questions back",
  "limits.foreign_clarifications": "In another language",
  "limits.repeated_messages": "Same message",
  "limits.candidates": "Guesses offered",
};
const name = (key) => NAMES[key] ?? plain(key.split(".").slice(1).join(" "));

// ── what would have changed ──

function results(found, days) {
  if (!found.turns) {
    const old = found.left_out ? `${counted(found.left_out, "conversation")} of the last ${days} days cannot be decided again: they were logged before that was possible, or imported.` : `No customer wrote in the last ${days} days.`;
    return [partial(found.archive), empty("Nothing to try it on", old, "chats")].filter(Boolean);
  }
  const of = (code) => found.groups.find((group) => group.code === code);
  const { before, after } = found;
  const people = after.handoffs - before.handoffs;
  const nothing = found.groups.every(({ count }) => !count) && before.asked_back === after.asked_back;
  return [
    partial(found.archive),
    el("p", { class: "whatif-stale", hidden: true }, "You have changed something since. Try it again."),
    el(
      "ul",
      { class: "whatif-figures" },
      figure("Hand-offs", COUNT.format(after.handoffs), people, "", `today ${COUNT.format(before.handoffs)}`),
      figure("Agents’ hours", SIGNED.format(found.hours), 0, "", hoursNote(found)),
      figure("Wrong answers avoided", COUNT.format(of("wrong_avoided").count), 0, of("wrong_avoided").count ? "good" : "", `of ${COUNT.format(before.wrong)} that are known`),
      figure("Good answers lost", COUNT.format(of("right_lost").count), 0, of("right_lost").count ? "bad" : "", "nobody had complained"),
      figure("Asked back", COUNT.format(after.asked_back), after.asked_back - before.asked_back, "", `today ${COUNT.format(before.asked_back)}`),
    ),
    nothing ? empty("Nothing would have changed", "No message of these days lies between the old numbers and the new ones.", "check") : null,
    ...found.groups.filter(({ count }) => count).map(group),
    byReason(before.by_reason, after.by_reason),
    el("p", { class: "muted whatif-basis" }, basis(found)),
  ].filter(Boolean);
}

function figure(title, value, change, tone, note) {
  return el(
    "li",
    { class: "card whatif-figure" },
    el("p", { class: "muted" }, title),
    el("p", { class: `whatif-big ${tone}` }, value, change ? el("span", { class: "whatif-change" }, ` ${SIGNED.format(change)}`) : null),
    el("p", { class: "muted whatif-note" }, note),
  );
}

function hoursNote({ median_ms: median, timed }) {
  const minutes = counted(Math.max(1, Math.round(median / 60_000)), "minute");
  return timed ? `${minutes} a conversation, as agents needed` : `${minutes} a conversation, an assumption: no agent has answered yet`;
}

function group({ code, words, count, examples }) {
  return el(
    "details",
    { class: "card whatif-group", data: { code }, open: true },
    el("summary", {}, el("h2", {}, words), el("span", { class: "tag" }, COUNT.format(count))),
    el("ul", {}, ...examples.map(example)),
    count > examples.length ? el("p", { class: "muted" }, `The latest ${examples.length} of ${COUNT.format(count)}.`) : null,
  );
}

function example({ conversation, seq, at, text, before, before_reasons: were, after, after_reasons: would, why }) {
  return el(
    "li",
    {},
    el("a", { class: "whatif-said", href: hashOf("conversations", [conversation, String(seq)]) }, el("q", { dir: "auto" }, text || "…")),
    el("p", {}, step("Today", before, were), el("span", { class: "muted", "aria-hidden": "true" }, " → "), step("then", after, would)),
    el("p", { class: "muted" }, [why && capital(why), WHEN.format(at)].filter(Boolean).join(" · ")),
  );
}

const step = (when, outcome, reasons) => el("span", {}, el("span", { class: "muted" }, `${when} it `), OUTCOMES[outcome] ?? outcome, reasons.length ? el("span", { class: "muted" }, ` (${reasons.join("; ")})`) : null);
const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

function byReason(before, after) {
  const codes = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort((a, b) => (after[b] ?? 0) - (after[a] ?? 0));
  if (!codes.length) return null;
  const row = (code) => {
    const [was, would] = [before[code] ?? 0, after[code] ?? 0];
    return el("tr", {}, el("th", { scope: "row" }, reason(code)), ...[COUNT.format(was), COUNT.format(would), SIGNED.format(would - was)].map((text) => el("td", { class: "number" }, text)));
  };
  return el(
    "details",
    { class: "card whatif-group" },
    el("summary", {}, el("h2", {}, "Hand-offs by reason")),
    el("div", { class: "table-scroll" }, el("table", { class: "table" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Reason"), ...["Today", "Then", "Change"].map((text) => el("th", { scope: "col", class: "number" }, text)))), el("tbody", {}, ...codes.map(row)))),
  );
}

function basis({ turns, conversations, reproduced, left_out: left }) {
  const same = reproduced === turns ? "All are decided today as they were then" : `${SHARE.format(reproduced / turns)} are decided today as they were then, the rest under other rules or by another model`;
  const out = left ? ` ${counted(left, "conversation")} could not be decided again.` : "";
  return `${counted(turns, "message")} in ${counted(conversations, "conversation")}. ${same}.${out} Where a person would have been called and was not, or the other way round, a conversation is followed no further: what the customer would have written next is not known. Where it would only have asked back, the customer is taken to go on with the same words.`;
}
