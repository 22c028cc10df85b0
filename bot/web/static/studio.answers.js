// The page "Answers": the responses and help pages, each with an editor and a preview in the widget's
// own looks. #/answers lists them; #/answers/<name> opens a response, #/answers/help/<page> a help
// page, #/answers/new-page a page that is not there yet, #/answers/quality a check of the examples.
//
// What is typed stays in `drafts` while the page is left and come back to; it is lost with the window,
// which asks first. The editors are in studio.answers.editors.js.

import { button, el, icon, toast } from "./console.dom.js";
import { AnswerEditor, drafts, newPage, PageEditor, plain } from "./studio.answers.editors.js";
import { quality } from "./studio.answers.quality.js";
import { failure, fill, get, hashOf, keys, loading } from "./studio.parts.js";
import { Publish } from "./studio.publish.js";

const lower = (text) => text.toLowerCase();

export function show(main, params) {
  const list = el("div", { class: "answers-list" });
  const editor = el("section", { class: "answers-editor", "aria-label": "Editor" });
  const bar = el("div", { class: "publish-place" });
  const view = el("div", { class: "answers" }, list, editor);
  main.append(el("div", { class: "page-head" }, el("h1", {}, "Answers"), button("Check the examples", { iconName: "search", act: () => go("quality") }), button("New help page", { iconName: "file", act: () => go("new-page") })), bar, view);

  const page = new Answers({ list, editor, bar, view, signal: params.signal });
  keys(params.signal, [["/", "Search the answers", () => list.querySelector("input")?.focus()]]);
  addEventListener("beforeunload", (event) => drafts.size && event.preventDefault(), { signal: params.signal });
  page.open(params);
  return (next) => page.open(next);
}

const go = (path) => {
  location.hash = hashOf("answers", [path]);
};

class Answers {
  #data = null;
  #asked = false;
  #opened = null;
  #filter = { text: "", kind: "answers" };
  #publish = null;

  constructor(places) {
    Object.assign(this, places);
  }

  open({ path }) {
    this.view.classList.toggle("opened", path.length > 0);
    this.#opened = path;
    if (path[0] === "help" || path[0] === "new-page") this.#filter.kind = "pages";
    else if (path[0]?.startsWith("utter_")) this.#filter.kind = "answers";
    if (this.#data) this.#draw();
    else if (!this.#asked) this.#load();
  }

  #load() {
    this.#asked = true;
    fill(this.list, () => get("/answers"), (data) => {
      this.#data = data;
      queueMicrotask(() => this.#draw());
      return [];
    });
  }

  #draw() {
    this.#drawBar();
    this.#drawList();
    this.#drawEditor();
  }

  /** After a save: everything anew, the editor stays. */
  async #refresh() {
    try {
      this.#data = await get("/answers");
    } catch (error) {
      toast(error.message, "bad");
      return;
    }
    this.#drawBar();
    this.#drawList();
  }

  // ── what waits ──

  #drawBar() {
    if (this.#publish) return this.#publish.draw();
    this.#publish = new Publish(this.bar, {
      signal: this.signal,
      waits: () => {
        const { length } = this.#data.waiting.responses;
        if (!length || !this.#data.waiting.model) return "";
        return length === 1 ? "1 changed answer is not with customers yet" : `${length} changed answers are not with customers yet`;
      },
      why: () => `answers: ${this.#data.waiting.responses.slice(0, 5).map(plain).join(", ")}`,
      moved: () => this.#refresh(),
    });
    this.#publish.look();
  }

  // ── the list ──

  #drawList() {
    const { text, kind } = this.#filter;
    const search = el("input", { type: "search", placeholder: kind === "pages" ? "Search help pages" : "Search answers", "aria-label": "Search", value: text });
    search.addEventListener("input", () => {
      this.#filter.text = search.value;
      rows.replaceChildren(...this.#rows());
    });
    const segment = (name, label) =>
      el("button", { type: "button", "aria-pressed": String(kind === name), on: { click: () => ((this.#filter.kind = name), this.#drawList()) } }, label);
    const rows = el("ul", { class: "answers-rows" }, this.#rows());
    this.list.replaceChildren(el("div", { class: "segments", role: "group", "aria-label": "What to show" }, segment("answers", "Answers"), segment("pages", "Help pages")), search, rows);
  }

  #rows() {
    const wanted = lower(this.#filter.text.trim());
    const rows = this.#filter.kind === "pages" ? this.#pages(wanted) : this.#responses(wanted);
    return rows.length ? rows : [el("li", { class: "muted nothing-found" }, wanted ? "Nothing has these words." : "There is none yet.")];
  }

  #responses(wanted) {
    return this.#data.responses
      .filter(({ name, variations, uses }) => !wanted || lower([name, plain(name), ...variations.map((v) => v.text), ...uses.map((u) => u.intent)].join(" ")).includes(wanted))
      .map(({ name, variations, uses, waiting }) =>
        this.#row([name], plain(name), variations[0]?.text ?? "", [
          drafts.has(`answer ${name}`) && ["not saved", "warn"],
          waiting && ["waits", "warn"],
          !uses.length && ["never said", ""],
        ]),
      );
  }

  #pages(wanted) {
    return this.#data.pages
      .filter(({ page, title, topic }) => !wanted || lower(`${page} ${title} ${topic}`).includes(wanted))
      .map(({ page, title, topic, problem }) =>
        this.#row(["help", page], title, problem || topic, [drafts.has(`page ${page}`) && ["not saved", "warn"], problem && ["not shown", "bad"]]),
      );
  }

  #row(path, title, text, tags) {
    const here = this.#opened.join("/") === path.join("/");
    return el(
      "li",
      {},
      el(
        "a",
        { href: hashOf("answers", path), "aria-current": here ? "true" : null },
        el("span", { class: "row-title" }, title),
        tags.filter(Boolean).map(([word, tone]) => el("span", { class: `tag ${tone}` }, word)),
        el("span", { class: "row-text muted" }, text),
      ),
    );
  }

  // ── the editor ──

  async #drawEditor() {
    const [name, page] = this.#opened;
    this.editor.scrollTop = 0;
    if (!name) {
      this.editor.replaceChildren(el("div", { class: "state" }, icon("pen"), el("p", { class: "strong" }, "Choose what to change"), el("p", {}, "Answers are what the assistant says itself. Help pages are what it quotes from.")));
      return;
    }
    const back = el("a", { class: "button plain back", href: hashOf("answers") }, icon("back"), el("span", {}, "All answers"));
    const place = el("div", {});
    this.editor.replaceChildren(back, place);
    const changed = () => this.#refresh();
    if (name === "quality") {
      quality(place, this.signal);
    } else if (name === "new-page") {
      newPage(place, this.#data, changed);
    } else if (name === "help") {
      place.append(loading());
      const opened = this.#opened;
      try {
        const found = await get(`/help/${encodeURIComponent(page ?? "")}`);
        if (opened === this.#opened) new PageEditor(place, found, this.#data, changed);
      } catch (error) {
        if (opened === this.#opened) place.replaceChildren(failure(error, () => this.#drawEditor()));
      }
    } else {
      const response = this.#data.responses.find((one) => one.name === name);
      if (response) new AnswerEditor(place, response, this.#data, changed);
      else place.append(failure(new Error(`There is no answer ${name}.`)));
    }
  }
}

