// What the review inbox asks in dialogs: another intent, a new one with its answer, a help page, what to
// merge, and what was decided lately. Each resolves to the answer, or null for no; those that send
// what was entered stay open until the server has taken it, so that nothing typed is lost.

import { inWords } from "./console.api.js";
import { ask, button, el } from "./console.dom.js";
import { failure, get, loading } from "./studio.parts.js";
import { counted, intentOf, shortMoment } from "./studio.words.js";

/** Lines that hold the words, best first: those that begin with them. */
function filtered(input, list, textOf) {
  const apply = () => {
    const words = input.value.trim().toLowerCase();
    const rows = [...list.children];
    for (const row of rows) row.hidden = !textOf(row).includes(words);
    const first = rows.find((row) => !row.hidden && textOf(row).startsWith(words)) ?? rows.find((row) => !row.hidden);
    const box = list.querySelector("input[type=radio]:checked")?.closest("li");
    if (first && (!box || box.hidden)) first.querySelector("input[type=radio]")?.click();
  };
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    [...list.children].find((row) => !row.hidden)?.querySelector("input")?.focus();
  });
  apply();
}

export async function otherIntent(intents, suggestions) {
  const likely = suggestions.filter(({ known }) => known).map(({ intent }) => intent);
  const all = [...new Set([...likely, ...intents])];
  const input = el("input", { type: "search", autofocus: true, "aria-label": "Search intents", placeholder: "Search", autocomplete: "off" });
  const list = el("ul", { class: "review-choices" }, ...all.map((intent) => el("li", { data: { text: `${intentOf(intent)} ${intent}`.toLowerCase() } }, el("label", { class: "choice" }, el("input", { type: "radio", name: "intent", value: intent, required: true }), el("span", {}, intentOf(intent)), el("span", { class: "muted mono" }, intent)))));
  filtered(input, list, (row) => row.dataset.text);
  const given = await ask("Which intent is it?", el("div", {}, input, list), "Accept as this");
  const shown = given && [...list.children].find((row) => row.dataset.text && row.querySelector("input").value === given.intent);
  return shown && !shown.hidden ? given.intent : null;
}

/** Ask until `send` has taken it, or nobody wants any more. */
async function until(title, draw, yes, send, given) {
  let error = null;
  for (;;) {
    const problem = error ? el("p", { class: "review-problem", role: "alert" }, inWords(error)) : null;
    given = await ask(title, el("div", { class: "review-form" }, problem, ...draw(given)), yes);
    if (given === null) return null;
    try {
      return await send(given);
    } catch (why) {
      error = why;
    }
  }
}

export function newIntent(name, texts, send) {
  const draw = ({ intent, answer }) => [
    el("label", { for: "intent-name" }, "Name"),
    filled(el("input", { id: "intent-name", name: "intent", required: true, maxlength: "80", pattern: "[a-z][a-z0-9_]*", title: "Small letters, digits and _, beginning with a letter", autocomplete: "off", autofocus: !intent }), intent),
    el("p", { class: "muted" }, "Small letters and _, such as gift_wrapping."),
    el("label", { for: "intent-answer" }, "What the assistant answers"),
    filled(el("textarea", { id: "intent-answer", name: "answer", required: true, maxlength: "4000", rows: "4", autofocus: Boolean(intent) }), answer),
    el("p", { class: "muted" }, "Its first examples:"),
    el("ul", { class: "review-texts" }, ...texts.slice(0, 5).map((text) => el("li", {}, el("q", { dir: "auto" }, text)))),
  ];
  return until("A new intent", draw, "Make it and accept", ({ intent, answer }) => send({ intent: intent.trim(), answer: answer.trim() }), { intent: name, answer: "" });
}

export function addPage(texts, send) {
  const draw = ({ title, page, text, asked }) => [
    el("label", { for: "page-title" }, "Title"),
    filled(el("input", { id: "page-title", name: "title", required: true, maxlength: "120", autocomplete: "off", autofocus: true, on: { input: (event) => address(event.target) } }), title),
    el("label", { for: "page-name" }, "Address: /help/…"),
    filled(el("input", { id: "page-name", name: "page", required: true, maxlength: "60", pattern: "[a-z0-9][a-z0-9-]*", title: "Small letters, digits and -", autocomplete: "off" }), page),
    el("label", { for: "page-text" }, "Text"),
    filled(el("textarea", { id: "page-text", name: "text", required: true, maxlength: "20000", rows: "8" }), text),
    el("p", { class: "muted" }, "A paragraph answers one question; a line that begins with ## is a heading."),
    el("label", { for: "page-asked" }, "How customers ask for it, one a line"),
    filled(el("textarea", { id: "page-asked", name: "asked", rows: "4" }), asked),
  ];
  const given = { title: "", page: "", text: "", asked: texts.join("\n") };
  return until("A help page", draw, "Add it", ({ asked, ...rest }) => send({ ...rest, asked: asked.split("\n").map((line) => line.trim()).filter(Boolean) }), given);
}

const filled = (field, value) => ((field.value = value), field);

/** The address follows the title until somebody changes it. */
function address(title) {
  const field = title.form.elements.page;
  if (field.dataset.own) return;
  field.value = title.value.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  field.addEventListener("input", () => (field.dataset.own = "yes"), { once: true });
}

export async function mergeInto(cluster, others) {
  const input = el("input", { type: "search", autofocus: true, "aria-label": "Search clusters", placeholder: "Search", autocomplete: "off" });
  const list = el("ul", { class: "review-choices" }, ...others.map(({ id, title, customers }) => el("li", { data: { text: title.toLowerCase() } }, el("label", { class: "choice" }, el("input", { type: "checkbox", value: id }), el("q", { dir: "auto" }, title), el("span", { class: "muted" }, counted(customers, "customer"))))));
  filtered(input, list, (row) => row.dataset.text);
  const given = await ask("Merge with which?", el("div", {}, el("p", {}, "They become part of ", el("q", { dir: "auto" }, cluster.title), "."), input, list), "Merge");
  return given && [...list.querySelectorAll("input:checked")].map((box) => box.value);
}

/** What was decided lately, by anybody; each can be taken back. */
export function decisionsTaken(undo) {
  const list = el("ul", { class: "review-decisions" });
  let before = null;
  const more = button("Earlier ones", { act: () => load() });
  const load = async () => {
    more.hidden = true;
    const word = loading();
    list.append(word);
    try {
      const { decisions, next } = await get(`/review/decisions${before ? `?before=${before}` : ""}`);
      before = next;
      list.append(...decisions.map(row));
      if (!list.querySelector(".review-decision")) list.append(el("li", { class: "muted" }, "Nothing has been decided yet."));
      more.hidden = !next;
    } catch (error) {
      list.append(failure(error, null));
    }
    word.remove();
  };
  const row = (one) =>
    el(
      "li",
      { class: "review-decision" },
      el("div", {}, el("p", {}, el("q", { dir: "auto" }, one.title), ` ${one.what}`), el("p", { class: "muted" }, `${one.by}, ${shortMoment(one.at)}${one.undone ? ", taken back" : ""}`)),
      one.undone
        ? null
        : button("Undo", { act: () => (close(), undo(one)) }),
    );
  const close = () => (dialog.close(), dialog.remove());
  const heading = el("h2", { id: "decisions-title" }, "What was decided");
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": heading.id, on: { cancel: close } }, heading, list, more, el("div", { class: "dialog-actions" }, button("Close", { look: "primary", act: close, autofocus: true })));
  document.body.append(dialog);
  dialog.showModal();
  load();
}
