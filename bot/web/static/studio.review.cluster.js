// One cluster of the review inbox: its messages, why they are here, what happened next, what they may
// mean, and the buttons. Decides nothing: each button calls one of `acts`.

import { button, el, icon } from "./console.dom.js";
import { failure, get, hashOf } from "./studio.parts.js";
import { counted, intentOf, plain, shortMoment } from "./studio.words.js";

const percent = (share) => `${Math.round(share * 100)} %`;

export class ClusterView {
  #acts;
  #messages = el("ul", { class: "review-messages" });
  #more;
  #problem = el("div", { class: "review-problem", role: "alert", hidden: true });
  #selection = el("p", { class: "review-selection", role: "status", hidden: true });
  #split;
  #picked = new Map(); // id of a wording -> its text
  #wordings; // what is on the screen

  constructor(cluster, acts) {
    this.cluster = cluster;
    this.#acts = acts;
    this.#wordings = [...cluster.examples];
    this.#more = button("", { look: "link", keys: "e", act: () => this.more() });
    this.#split = button("Split off", { keys: "s", act: () => acts.split(this) });
    this.node = el(
      "article",
      { class: "review-cluster" },
      el("h2", {}, el("q", { dir: "auto" }, cluster.title)),
      el("p", { class: "muted review-sum" }, sum(cluster)),
      this.#problem,
      this.#suggestions(),
      el(
        "div",
        { class: "review-do" },
        button("Other intent…", { keys: "o", act: () => acts.other(this) }),
        button("New intent…", { keys: "n", act: () => acts.make(this) }),
        button("Help page…", { keys: "h", act: () => acts.page(this) }),
        button("Ignore", { keys: "i", act: () => acts.ignore(this) }),
        this.#split,
        button("Merge…", { keys: "m", act: () => acts.merge(this) }),
      ),
      el("div", { class: "review-facts" }, counts("Why it is here", cluster.reasons, cluster.messages), counts("What happened next", cluster.afterwards, cluster.messages)),
      el("h3", {}, "Messages"),
      this.#selection,
      this.#messages,
      this.#more,
    );
    this.#draw();
  }

  /** Whether a decision is about some of the wordings only. */
  get partial() {
    return this.selected.length > 0 && this.selected.length < this.cluster.wordings;
  }

  get selected() {
    return [...this.#picked.keys()];
  }

  /** What a decision is about, as the server wants it. */
  about() {
    return this.selected.length ? { wordings: this.selected } : { seen: this.cluster.seen };
  }

  chosenTexts() {
    return this.#picked.size ? [...this.#picked.values()] : this.cluster.examples.map(({ text }) => text);
  }

  // ── what may fit ──

  #suggestions() {
    const rows = this.cluster.suggestions.map((one, at) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", class: `review-suggestion${at ? "" : " first"}`, "aria-keyshortcuts": at ? String(at + 1) : "a 1", on: { click: () => this.#acts.accept(this, at) } },
          el("kbd", { "aria-hidden": "true" }, String(at + 1)),
          el("span", { class: "review-intent" }, el("strong", {}, intentOf(one.intent)), one.known ? null : el("span", { class: "tag warn" }, "new"), one.why ? el("span", { class: "muted" }, one.why) : null),
          el("span", { class: "review-sure muted", title: "How sure the suggestion is" }, percent(one.confidence)),
        ),
      ),
    );
    return rows.length ? el("ol", { class: "review-suggestions", "aria-label": "Suggested intents" }, ...rows) : el("p", { class: "muted review-sum" }, "Nothing that the assistant knows is like these messages.");
  }

  // ── the messages ──

  #draw() {
    this.#messages.replaceChildren(...this.#wordings.map((one) => this.#message(one)));
    const rest = this.cluster.wordings - this.#wordings.length;
    this.#more.hidden = rest <= 0;
    this.#more.lastChild.textContent = `Show ${counted(rest, "more wording", "more wordings")}`;
    this.#choose();
  }

  #message(one) {
    const box = el("input", { type: "checkbox", id: `wording-${one.id}` });
    box.checked = this.#picked.has(one.id);
    box.addEventListener("change", () => {
      if (box.checked) this.#picked.set(one.id, one.text);
      else this.#picked.delete(one.id);
      this.#choose();
    });
    return el(
      "li",
      {},
      box,
      el(
        "div",
        {},
        el("label", { for: box.id, dir: "auto" }, one.text),
        el("p", { class: "muted" }, read(one), " · ", el("a", { href: hashOf("conversations", [one.conversation, String(one.seq)]), "aria-label": `Open the conversation of “${one.text}”` }, shortMoment(one.at))),
        one.reply ? el("p", { class: "review-reply" }, el("span", { class: "muted" }, `${answeredBy(one)}: `), el("q", { dir: "auto" }, one.reply)) : null,
      ),
      one.customers > 1 ? el("span", { class: "review-count", title: counted(one.customers, "customer") }, String(one.customers)) : null,
    );
  }

  #choose() {
    const count = this.#picked.size;
    this.#selection.hidden = !count;
    this.#selection.replaceChildren(el("span", {}, `${counted(count, "message")} selected: what you decide is about ${count === 1 ? "it" : "them"} only.`), button("Clear", { look: "link", act: () => (this.#picked.clear(), this.#draw()) }));
    this.#split.disabled = !this.partial;
    this.#split.title = this.partial ? "" : "Select the messages that do not belong";
  }

  /** All wordings; they come by the hundred. */
  async more() {
    if (this.#more.hidden || this.#more.disabled) return;
    this.#more.disabled = true;
    const all = [];
    try {
      for (let after = 0; after !== null; ) {
        const { wordings, next } = await get(`/review/${encodeURIComponent(this.cluster.id)}?after=${after}`);
        all.push(...wordings);
        after = next;
      }
      this.#wordings = all;
      this.#draw();
    } catch (error) {
      this.problem(error);
    } finally {
      this.#more.disabled = false;
    }
  }

  // ── what comes of it ──

  wait(busy) {
    this.node.setAttribute("aria-busy", String(busy));
    if (busy) this.#problem.hidden = true;
  }

  problem(error, ...ways) {
    this.#problem.replaceChildren(el("p", {}, el("strong", {}, error.message), error.hint ? ` ${error.hint}` : ""), ...ways);
    this.#problem.hidden = false;
    this.#problem.scrollIntoView({ block: "nearest" });
  }

  say(text) {
    this.problem({ message: text });
  }
}

function sum({ customers, messages, wordings, first_at: first, last_at: last }) {
  const when = first === last ? shortMoment(last) : `${shortMoment(first)} to ${shortMoment(last)}`;
  return `${counted(customers, "customer")}, ${counted(messages, "message")} in ${counted(wordings, "wording")}, ${when}`;
}

function counts(title, rows, all) {
  if (!rows.length) return null;
  return el(
    "section",
    {},
    el("h3", {}, title),
    el("ul", {}, ...rows.map(({ words, messages }) => el("li", {}, el("span", {}, words), el("meter", { min: "0", max: String(all), value: String(messages), "aria-hidden": "true" }), el("span", { class: "review-number" }, String(messages))))),
  );
}

function read({ intent, confidence, label, labelled_by: by }) {
  const taken = intent && intent !== "nlu_fallback" ? `taken for ${plain(intent).toLowerCase()} (${percent(confidence)})` : "not understood";
  return label ? `${by || "An agent"} says: ${plain(label).toLowerCase()}; ${taken}` : taken.charAt(0).toUpperCase() + taken.slice(1);
}

const answeredBy = ({ afterwards, replied_by: by }) => by || (afterwards === "person_answered" ? "A person" : "The assistant");
