// Ready-made texts: a list above the reply box, opened by its button or by a `/` at the beginning,
// narrowed by what follows. The box keeps the focus (a combobox, as ARIA calls it).

import { el } from "./console.dom.js";

export class CannedPicker {
  #fetch;
  #choose;
  #box = null;
  #texts = [];
  #shown = [];
  #at = 0;
  #asked = 0;

  /** @param fetch () => promise of [{name, text}]; @param choose (text) */
  constructor(fetch, choose) {
    this.#fetch = fetch;
    this.#choose = choose;
    this.root = el("ul", { class: "canned", id: "canned", role: "listbox", "aria-label": "Ready-made texts", hidden: true });
    // Before the box loses the focus, which would close the list.
    this.root.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const row = event.target.closest("[data-at]");
      if (row) this.#pick(Number(row.dataset.at));
    });
  }

  /** The text box that the list belongs to. */
  serve(box) {
    this.#box = box;
    box.setAttribute("aria-controls", "canned");
    box.setAttribute("aria-autocomplete", "list");
  }

  toggle() {
    if (!this.root.hidden) return this.close();
    this.#box.focus();
    this.#open("");
  }

  /** What is in the box: `/he` narrows the list to what has "he" in it. */
  typed(text) {
    const found = /^\/([^/\n]{0,40})$/.exec(text);
    if (found) this.#open(found[1]);
    else this.close();
  }

  close() {
    this.#asked += 1;
    this.root.hidden = true;
    this.#box?.removeAttribute("aria-activedescendant");
    this.#box?.setAttribute("aria-expanded", "false");
  }

  /** @returns whether the key was for the list */
  key({ key }) {
    if (this.root.hidden) return false;
    const count = this.#shown.length;
    if (key === "ArrowDown") this.#move((this.#at + 1) % count);
    else if (key === "ArrowUp") this.#move((this.#at - 1 + count) % count);
    else if ((key === "Enter" || key === "Tab") && count) this.#pick(this.#at);
    else if (key === "Escape") this.close();
    else return false;
    return true;
  }

  async #open(part) {
    const asked = (this.#asked += 1);
    // Asked anew each time it opens: they have this customer's name in them.
    if (this.root.hidden) this.#texts = await this.#fetch();
    if (asked !== this.#asked) return;
    const wanted = part.toLowerCase();
    const named = ({ name }) => Number(name.toLowerCase().startsWith(wanted));
    this.#shown = this.#texts.filter(({ name, text }) => `${name} ${text}`.toLowerCase().includes(wanted)).sort((a, b) => named(b) - named(a));
    this.root.hidden = false;
    this.#box.setAttribute("aria-expanded", "true");
    this.root.replaceChildren(
      ...this.#shown.map(({ name, text }, at) =>
        el("li", { role: "option", id: `canned-${at}`, "aria-selected": "false", data: { at } }, el("span", { class: "canned-name" }, name), el("span", { class: "canned-text" }, text)),
      ),
    );
    if (!this.#shown.length) this.root.append(el("li", { class: "muted" }, this.#texts.length ? "No text fits." : "There are no ready-made texts."));
    this.#move(0);
  }

  #move(at) {
    this.#at = at;
    for (const row of this.root.querySelectorAll("[data-at]")) {
      const here = Number(row.dataset.at) === at;
      row.setAttribute("aria-selected", String(here));
      if (!here) continue;
      this.#box.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    }
  }

  #pick(at) {
    const { text } = this.#shown[at];
    this.close();
    const { value } = this.#box;
    const before = value.startsWith("/") && !value.startsWith("//") ? "" : value;
    this.#choose([before.trimEnd(), text].filter(Boolean).join("\n"));
  }
}
