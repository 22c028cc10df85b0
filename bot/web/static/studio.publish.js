// Publishing, on every page where something is changed: what waits, one button, and how far it is,
// from the training to the model in service. The wish and how far it is are the server's
// (bot.learning.publishing); whoever leaves the page stops nothing.

import { ask, button, confirm, el, icon } from "./console.dom.js";
import { attempt, get, hashOf, post } from "./studio.parts.js";
import { shortMoment } from "./studio.words.js";

const WORKING_MS = 1_000;
const RESTING_MS = 15_000;
/** How long one is told that it went well. */
const NEWS_MS = 3_600_000;

/** [step, its name, what was going on when it stopped there] */
const STEPS = [
  ["train", "Train", "while the new model was trained"],
  ["compare", "Compare", "while it was compared with the one that serves"],
  ["promote", "Put into service", "while it was put into service"],
];
const OFFER = "Publishing trains a new model, compares it with the one that serves, and puts it into service when it is no worse. That takes some minutes; customers notice nothing.";

/** "deskhand-1f0c3a9be2d4.tar.gz" -> "1f0c3a9be2d4" */
export const short = (name) => name.replace(/^deskhand-/, "").replace(/\.tar\.gz$/, "");

export class Publish {
  #seen = "";
  #state = null;
  #timer = 0;
  #looks = 0;

  /**
   * @param place    where it stands; it stays empty while there is nothing to say
   * @param signal   ends with the page
   * @param waits    what waits, in words, given what the server says ({waiting, changed}); "" when nothing does
   * @param why      the note for the registry
   * @param moved    called when it has begun or ended
   */
  constructor(place, { signal, waits, why, moved = () => {} }) {
    Object.assign(this, { place, signal, waits, why, moved });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  get working() {
    return this.#state?.publishing?.state === "working";
  }

  /** The promotion that this shows already; "" when there is none. */
  get promotion() {
    return this.#state?.publishing?.promotion ?? "";
  }

  /** Look, draw if that is news, and look again. */
  async look() {
    clearTimeout(this.#timer);
    const turn = (this.#looks += 1);
    try {
      const state = await get("/publish");
      if (this.signal.aborted || turn !== this.#looks) return;
      const before = this.working;
      const first = this.#state === null;
      this.#state = state;
      this.draw();
      if (!first && before !== this.working) this.moved();
    } catch (error) {
      if (this.signal.aborted || turn !== this.#looks) return;
      // The page says itself when the server cannot be reached; what was shown here was true.
    }
    this.#timer = setTimeout(() => this.look(), this.working ? WORKING_MS : RESTING_MS);
  }

  /** Again, when what waits for the page has changed. */
  draw() {
    if (!this.#state) return;
    const { publishing } = this.#state;
    const waits = this.waits(this.#state);
    const seen = JSON.stringify([publishing, waits, this.#state.serves]);
    if (seen === this.#seen) return;
    this.#seen = seen;
    const focus = document.activeElement?.closest(".publish [data-act]")?.dataset.act;
    this.place.replaceChildren(...[this.#card(publishing, waits)].filter(Boolean));
    if (focus) this.place.querySelector(`[data-act="${focus}"]`)?.focus();
  }

  #card(publishing, waits) {
    if (publishing?.state === "working") return this.#working(publishing);
    // What ended is told while it matters: as long as something waits, or for an hour.
    const told = publishing && (waits || Date.now() - publishing.ended < NEWS_MS) ? publishing : null;
    if (told?.state === "refused" && told.against === this.#state.serves) return this.#refused(told);
    if (told?.state === "stopped") return this.#stopped(told);
    const served = told?.state === "served" && told.model === this.#state.serves ? told : null;
    if (waits) return this.#waiting(waits, served);
    return served && this.#served(served);
  }

  /** `served`: what was published before, if that is worth a word. */
  #waiting(waits, served) {
    const before = served && Date.now() - served.ended < NEWS_MS ? el("p", {}, `Published ${shortMoment(served.ended)}: ${short(served.model)} serves. What is meant here came after it.`) : null;
    return card("", null, el("h2", {}, waits), [before, el("p", { class: "muted" }, OFFER)], this.#again("Publish"));
  }

  #working(one) {
    const at = STEPS.findIndex(([step]) => step === one.step);
    const share = Math.round(one.fraction * 100);
    const steps = STEPS.map(([, name], i) =>
      el("li", { class: i < at ? "done" : i === at ? "now" : "", "aria-current": i === at ? "step" : null }, i < at ? icon("check") : el("span", { class: "step-number", "aria-hidden": "true" }, String(i + 1)), el("span", {}, name)),
    );
    const title = "Publishing";
    return card(
      "",
      null,
      [el("h2", {}, title), el("span", { class: "muted" }, `for ${one.by}, since ${shortMoment(one.asked)}`)],
      [
        el("ol", { class: "publish-steps", "aria-label": "Steps" }, steps),
        el("progress", { max: 1, value: one.step === "promote" ? null : one.fraction, "aria-label": title }),
        el("p", { class: "muted" }, one.progress ? `${one.step === "promote" ? "" : `${share} % · `}${one.progress}` : "It begins in a moment."),
        el("p", { class: "muted" }, "You may leave this page; it goes on without it."),
      ],
      // Once it is being put into service, there is nothing left to stop.
      one.step === "promote" ? null : act("cancel", button("Cancel", { act: () => this.#cancel(one) })),
    );
  }

  #refused(one) {
    return card(
      "warn",
      "info",
      el("h2", {}, "Not published: the new model is not good enough"),
      [
        el("ul", { class: "reasons" }, one.reasons.map((reason) => el("li", {}, reason))),
        el("p", { class: "muted" }, `Customers keep the model that they had, and ${short(one.model)} is kept. Look at what it does worse; then change the examples and publish again, or put it into service all the same.`),
      ],
      compareLink(one),
      act("override", button("Publish all the same…", { act: () => this.#override(one) })),
      this.#again("Publish again"),
    );
  }

  #stopped(one) {
    const where = STEPS.find(([step]) => step === one.step)?.[2];
    return card(
      "bad",
      "info",
      el("h2", {}, `Publishing stopped ${where}`),
      [
        el("p", {}, one.error || "It is not known why."),
        one.hint ? el("p", { class: "muted" }, one.hint) : null,
        el("p", { class: "muted" }, `${this.#state.serves ? `Customers keep the model ${short(this.#state.serves)}. ` : ""}${one.step === "promote" && one.model ? `${short(one.model)} is kept. ` : ""}Nothing of what you changed is lost.`),
      ],
      one.against && one.model ? compareLink(one) : null,
      this.#again("Publish again"),
    );
  }

  #served(one) {
    return card("good", "check", el("h2", {}, "Published"), [el("p", {}, `Customers have it since ${shortMoment(one.ended)}: ${short(one.model)} serves.`)], compareLink(one), el("a", { class: "button plain", href: hashOf("models") }, "All models"));
  }

  #again(words) {
    return act("publish", button(words, { look: "primary", act: () => this.#publish() }));
  }

  async #publish() {
    const pressed = this.place.querySelector("[data-act=publish]");
    if (pressed) pressed.disabled = true;
    await this.#order(() => post("/publish", { why: this.why().slice(0, 500) }));
    if (pressed?.isConnected) pressed.disabled = false;
  }

  async #cancel(one) {
    if (await confirm("Stop publishing?", "What you changed stays, and customers keep the model that they have.", "Stop it")) await this.#order(() => post(`/jobs/${encodeURIComponent(one.job)}/cancel`));
  }

  async #override(one) {
    const content = el(
      "div",
      { class: "promoting" },
      el("p", {}, "Conversations go on, and no message is lost or delayed. But it was not proven better:"),
      el("ul", { class: "reasons" }, one.reasons.map((reason) => el("li", {}, reason))),
      el("label", { for: "publish-because" }, "Why all the same? (needed, and kept for ever)"),
      el("textarea", { id: "publish-because", name: "because", rows: 3, maxlength: 1000, required: true, autofocus: true }),
    );
    const given = await ask(`Put into service: ${short(one.model)}`, content, "Override the gate");
    if (given) await this.#order(() => post(`/models/${encodeURIComponent(one.model)}/promote`, { because: given.because.trim() }));
  }

  async #order(call) {
    await attempt(call);
    await this.look();
  }
}

const act = (name, node) => {
  node.dataset.act = name;
  return node;
};

const compareLink = ({ model, against }) => el("a", { class: "button quiet", href: against ? hashOf("models", ["compare"], { a: model, b: against }) : hashOf("models", [model]) }, "See the comparison");

function card(tone, iconName, head, body, ...acts) {
  const shown = acts.filter(Boolean);
  return el(
    "section",
    { class: `card publish ${tone}`, "aria-label": "Publishing" },
    el("div", { class: "publish-head" }, iconName ? icon(iconName) : null, head),
    el("div", { class: "publish-body", role: "status" }, body),
    shown.length ? el("div", { class: "publish-acts" }, shown) : null,
  );
}
