// The editors of the page "Answers": for a response and for a help page, each with a preview in the
// widget's own looks, and what to do when somebody else was quicker. Texts become text nodes, in the
// preview, too. Which of them is open is studio.answers.js's.

import { ask, button, confirm, el, icon, toast } from "./console.dom.js";
import { Preview } from "./studio.answers.preview.js";
import { get, hashOf, post } from "./studio.parts.js";

const PREVIEW_AFTER_MS = 250;
const NEW_PAGE = "---\ntopic: Other\nasked:\n  - how a customer would ask\n---\n# Title of the page\n\nThe answer first.\n\n## A question as customers ask it\n\nIts answer, in short paragraphs.\n";

/** What was typed and not saved: "answer <name>" or "page <slug>" -> {variations | text, version}. */
export const drafts = new Map();

/** "utter_refund_policy" -> "refund policy" */
export const plain = (name) => name.replace(/^utter_/, "").replaceAll("_", " ");

/** Go there, and wait until that has happened: what is said before that is swept away. */
const gone = (path) =>
  new Promise((resolve) => {
    addEventListener("hashchange", resolve, { once: true });
    location.hash = hashOf("answers", path);
  });

/** The editor of a help page that is not there yet. */
export const newPage = (place, data, changed) => new PageEditor(place, { page: "", title: "A new help page", text: NEW_PAGE, version: "", problem: "" }, data, changed);

/** What both editors have: a draft, a preview that follows the typing, saving, and who was quicker. */
class Editor {
  #timer = 0;
  #turn = 0;

  constructor(place, key, { save, preview, draw, changed, discard }) {
    Object.assign(this, { place, key, doSave: save, doPreview: preview, drawPreview: draw, changed, discard });
    this.problem = el("p", { class: "problem", role: "status" });
    this.saving = button("Save", { look: "primary", keys: "Control+Enter", act: () => this.save() });
    this.undo = button("Discard changes", { act: () => this.forget() });
    this.trouble = el("div", { class: "trouble" });
    place.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.save();
      }
    });
  }

  /** Something was typed; `draft` is all of it, or null when it is as saved. */
  typed(draft) {
    if (draft) drafts.set(this.key, draft);
    else drafts.delete(this.key);
    this.saving.disabled = this.undo.disabled = !draft;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.preview(), PREVIEW_AFTER_MS);
  }

  /** Of two that are under way the later counts: an older text must not come back. */
  async preview() {
    const turn = (this.#turn += 1);
    try {
      const found = await this.doPreview();
      if (turn !== this.#turn) return;
      this.drawPreview(found);
      this.problem.textContent = [found.problem, found.hint].filter(Boolean).join(" ");
    } catch (error) {
      if (turn === this.#turn) this.problem.textContent = error.message;
    }
  }

  async save() {
    if (this.saving.disabled) return;
    this.saving.disabled = true;
    this.trouble.replaceChildren();
    try {
      const saved = await this.doSave();
      drafts.delete(this.key);
      this.undo.disabled = true;
      toast(saved);
      this.changed();
    } catch (error) {
      this.saving.disabled = false;
      const again = error.code === "changed_meanwhile" ? button("Show what is saved now", { act: () => this.compare() }) : null;
      this.trouble.replaceChildren(el("div", { class: "card bad", role: "alert" }, el("p", { class: "strong" }, error.message), error.hint ? el("p", {}, error.hint) : null, again));
    }
  }

  async forget() {
    if (!(await confirm("Discard your changes?", "What you wrote here and did not save is lost.", "Discard"))) return;
    drafts.delete(this.key);
    this.discard();
  }

  /** Somebody else was quicker: their text in a dialog, and the choice to write over it knowingly. */
  async compare() {
    let current;
    try {
      current = await this.latest();
    } catch (error) {
      toast(error.message, "bad");
      return;
    }
    const theirs = el("div", { class: "theirs" }, current.texts.map((text) => el("pre", {}, text)));
    const answer = await ask("Saved meanwhile", el("div", {}, el("p", {}, "This is how it reads now. You can keep editing your own text, and save it over this one."), theirs), "Keep editing mine");
    if (answer === null) return;
    this.version = current.version;
    this.saving.disabled = false;
    this.trouble.replaceChildren(el("p", { class: "muted" }, "Saving now replaces the text that was saved meanwhile."));
  }
}

export class AnswerEditor extends Editor {
  constructor(place, response, data, changed) {
    super(place, `answer ${response.name}`, {
      changed,
      discard: () => new AnswerEditor(place, this.saved, data, changed),
      save: async () => {
        this.saved = { ...response, ...(await post(`/answers/${response.name}`, { variations: this.variations, version: this.version })) };
        this.version = this.saved.version;
        return data.waiting.model ? "Saved. Customers get it when it is published." : "Saved.";
      },
      preview: () => post("/answers/preview", { name: response.name, variations: this.variations }),
      draw: ({ messages }) => this.shown.show(messages),
    });
    const draft = drafts.get(this.key);
    this.saved = response;
    this.data = data;
    this.version = draft?.version ?? response.version;
    this.variations = structuredClone(draft?.variations ?? response.variations);
    this.shown = new Preview(data.widget);
    this.texts = el("ol", { class: "variations" });
    const uses = response.uses.map(({ words, where, intent }) => el("li", {}, words, intent ? "" : ` (${where})`));
    const add = button("Add another text", { iconName: "text", act: () => this.#add() });
    add.disabled = Boolean(response.fixed);
    place.replaceChildren(
      el("h2", {}, plain(response.name)),
      el("p", { class: "muted" }, el("code", {}, response.name), " · several texts are variations, one of which is picked each time."),
      uses.length ? el("ul", { class: "uses muted", "aria-label": "Where it is used" }, uses) : el("p", { class: "muted" }, "No rule, form or action says it."),
      response.fixed ? el("p", { class: "card bad" }, response.fixed) : "",
      el("div", { class: "editor-columns" }, el("div", {}, this.texts, add, this.problem, el("div", { class: "editor-actions" }, this.saving, this.undo), this.trouble), this.shown.element),
    );
    this.saving.disabled = this.undo.disabled = !draft;
    this.#draw();
    this.preview();
  }

  async latest() {
    const { responses } = await get("/answers");
    const found = responses.find((one) => one.name === this.saved.name);
    if (!found) throw new Error("The answer was removed.");
    return { version: found.version, texts: found.variations.map(({ text }) => text) };
  }

  #typed() {
    const same = JSON.stringify(this.variations) === JSON.stringify(this.saved.variations);
    this.typed(same ? null : { variations: structuredClone(this.variations), version: this.version });
  }

  #add() {
    this.variations.push({ text: "", buttons: structuredClone(this.variations[0]?.buttons ?? []) });
    this.#draw();
    this.#typed();
    this.texts.lastChild.querySelector("textarea").focus();
  }

  #draw() {
    this.texts.replaceChildren(...this.variations.map((one, at) => this.#variation(one, at)));
  }

  #variation(one, at) {
    const fixed = Boolean(this.saved.fixed);
    const { text: most } = this.data.limits;
    const count = el("span", { class: "muted left" });
    const area = el("textarea", { rows: 3, dir: "auto", disabled: fixed });
    area.value = one.text;
    const told = () => {
      const left = most - [...area.value].length;
      count.textContent = left < 300 ? `${left} left` : "";
    };
    area.addEventListener("input", () => {
      one.text = area.value;
      told();
      this.#typed();
    });
    told();
    const words = (this.saved.words ?? []).map((word) =>
      button(`{${word}}`, { look: "plain word", title: `Insert ${word}`, act: () => insert(area, `{${word}}`) }),
    );
    const remove = button("Remove this text", { look: "plain", act: () => (this.variations.splice(at, 1), this.#draw(), this.#typed()) });
    remove.disabled = fixed || this.variations.length < 2;
    return el(
      "li",
      { class: "card variation" },
      el("label", { class: "field" }, this.variations.length > 1 ? `Text ${at + 1}` : "Text", area),
      el("div", { class: "under" }, words, count),
      this.#buttons(one, at, fixed),
      this.variations.length > 1 ? remove : "",
    );
  }

  #buttons(one, at, fixed) {
    const changed = () => this.#typed();
    const rows = (one.buttons ?? []).map((given, place) => {
      const title = el("input", { value: given.title, maxlength: this.data.limits.title, disabled: fixed });
      const meant = el("select", { disabled: fixed }, this.#payloads(given.payload).map(([payload, words]) => el("option", { value: payload, selected: payload === given.payload }, words)));
      title.addEventListener("input", () => ((given.title = title.value), changed()));
      meant.addEventListener("change", () => ((given.payload = meant.value), changed()));
      const remove = el("button", { type: "button", class: "icon-button", "aria-label": `Remove the button ${given.title}`, disabled: fixed }, icon("close"));
      remove.addEventListener("click", () => (one.buttons.splice(place, 1), this.#draw(), changed()));
      return el("div", { class: "button-row" }, el("label", { class: "field" }, "Button", title), el("label", { class: "field" }, "counts as", meant), remove);
    });
    const add = button("Add a button", {
      look: "plain",
      act: () => {
        one.buttons = [...(one.buttons ?? []), { title: "", payload: `/${this.data.intents[0]}` }];
        this.#draw();
        changed();
        this.texts.children[at].querySelector(".button-row:last-of-type input").focus();
      },
    });
    add.disabled = fixed || (one.buttons ?? []).length >= this.data.limits.buttons;
    return el("div", { class: "buttons" }, rows, add);
  }

  #payloads(current) {
    const known = this.data.intents.map((intent) => [`/${intent}`, intent.replaceAll("_", " ")]);
    return known.some(([payload]) => payload === current) ? known : [[current, current], ...known];
  }
}

export class PageEditor extends Editor {
  constructor(place, saved, data, changed) {
    const fresh = !saved.version;
    super(place, `page ${saved.page}`, {
      changed,
      discard: () => new PageEditor(place, this.saved, data, changed),
      save: async () => {
        const slug = fresh ? this.name.value.trim() : saved.page;
        const now = await post(`/help/${encodeURIComponent(slug || "-")}`, { text: this.area.value, version: this.version });
        this.saved = now;
        this.version = now.version;
        if (fresh) await gone(["help", now.page]);
        return "Saved. The assistant answers from it within seconds.";
      },
      preview: () => post("/help/preview", { page: fresh ? this.name.value.trim() || "page" : saved.page, text: this.area.value }),
      draw: (found) => this.#showSections(found),
    });
    const draft = drafts.get(this.key);
    this.saved = saved;
    this.version = draft?.version ?? saved.version;
    this.shown = new Preview(data.widget);
    this.area = el("textarea", { rows: 22, class: "markdown", spellcheck: "true", dir: "auto", "aria-label": "Text of the page" });
    this.area.value = draft?.text ?? saved.text;
    this.name = el("input", { placeholder: "washing-a-jacket", autocapitalize: "off", spellcheck: "false" });
    this.name.value = draft?.name ?? "";
    this.part = el("select");
    this.part.addEventListener("change", () => this.#showPart());
    const typed = () => {
      const same = !fresh && this.area.value === saved.text;
      this.typed(same ? null : { text: this.area.value, name: this.name.value, version: this.version });
    };
    this.area.addEventListener("input", typed);
    this.name.addEventListener("input", typed);
    place.replaceChildren(
      el("h2", {}, saved.title),
      fresh
        ? el("label", { class: "field" }, "Address of the page: small letters, digits and hyphens", this.name)
        : el("p", { class: "muted" }, el("a", { href: `/help/${saved.page}`, target: "_blank", rel: "noopener" }, `/help/${saved.page}`), " · Markdown; saving publishes."),
      el(
        "div",
        { class: "editor-columns" },
        el("div", {}, this.area, this.problem, el("div", { class: "editor-actions" }, this.saving, this.undo), this.trouble),
        el("div", {}, el("label", { class: "field" }, "What the assistant tells of", this.part), this.shown.element),
      ),
    );
    this.saving.disabled = !draft && !fresh;
    this.undo.disabled = !draft;
    this.preview();
  }

  async latest() {
    const found = await get(`/help/${encodeURIComponent(this.saved.page || this.name.value.trim())}`);
    return { version: found.version, texts: [found.text] };
  }

  #showSections({ sections, messages, problem }) {
    if (problem) return;
    const before = this.part.value;
    this.messages = messages;
    this.part.replaceChildren(...sections.map(({ heading }, at) => el("option", { value: String(at) }, heading)));
    if (Number(before) < sections.length) this.part.value = before || "0";
    this.#showPart();
  }

  #showPart() {
    const message = this.messages?.[Number(this.part.value)];
    this.shown.show(message ? [message] : []);
  }
}

function insert(area, text) {
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input"));
  area.focus();
}
