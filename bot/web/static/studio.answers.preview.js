// A text as a customer sees it: the widget's own style sheet (the server takes it out of widget.js) on
// the elements that the widget makes, in a shadow root, so that the studio's styles stay outside.
// Whatever stands in a text is text; only addresses become links, as in the widget.

import { el, icon } from "./console.dom.js";

const ACCENT = "#1f5f4f";
const LINKS = /\bhttps?:\/\/[^\s<>"]+|\/help\/[a-z0-9-]+(#[a-z0-9-]+)?(?![\w/])/gi;
/** The widget floats over a page; here it stands in one. */
const STANDING = `
  .panel { position: static; width: 100%; height: auto; min-height: 220px; max-height: 560px; border: 1px solid var(--line); box-shadow: none; }
  .scroll { min-height: 120px; }
`;

export class Preview {
  constructor({ styles, bot }) {
    this.host = el("div", { class: "widget-preview" });
    this.host.style.setProperty("--accent", ACCENT);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    this.host.dataset.theme = dark.matches ? "dark" : "light";
    const root = this.host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styles, STANDING].map((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      return sheet;
    });
    this.bot = bot;
    this.log = el("div", { role: "log", "aria-live": "off", "aria-label": "Preview of the conversation" });
    this.quick = el("div", { class: "quick", role: "group", "aria-label": "Buttons" });
    root.append(
      el(
        "section",
        { class: "panel" },
        el("header", {}, el("div", { class: "who" }, el("div", {}, this.#face(), el("div", {}, el("h2", {}, "Chat with us"), el("p", {}, `${bot} · bot`))))),
        el("div", { class: "scroll", tabindex: "0" }, this.log, this.quick),
      ),
    );
    this.choice = el("div", { class: "segments", role: "group", "aria-label": "Which text to show" });
    this.element = el("aside", { class: "preview", "aria-label": "Preview" }, el("p", { class: "muted preview-title" }, "As a customer sees it"), this.choice, this.host);
    this.at = 0;
  }

  /** Messages are alternatives: {text, buttons: [titles]}; one of them is shown at a time. */
  show(messages) {
    this.messages = messages;
    this.at = Math.max(0, Math.min(this.at, messages.length - 1));
    this.#draw();
  }

  #draw() {
    const one = this.messages[this.at];
    this.choice.hidden = this.messages.length < 2;
    this.choice.replaceChildren(
      ...this.messages.map((_, at) =>
        el("button", { type: "button", "aria-pressed": String(at === this.at), on: { click: () => ((this.at = at), this.#draw()) } }, String(at + 1)),
      ),
    );
    this.log.replaceChildren(
      ...(one
        ? [
            el(
              "div",
              { class: "row bot" },
              el("div", { class: "head" }, this.#face(), el("b", { dir: "auto" }, this.bot), " · bot"),
              one.text ? el("div", { class: "bubble", dir: "auto" }, rich(one.text)) : "",
            ),
          ]
        : []),
    );
    this.quick.hidden = !one?.buttons.length;
    this.quick.replaceChildren(...(one?.buttons ?? []).map((title) => el("button", { type: "button", class: "plain" }, title)));
  }

  #face() {
    return el("span", { class: "face bot", "aria-hidden": "true" }, icon("bot"));
  }
}

/** Text with its addresses as links; the rest stays text. */
function rich(text) {
  const parts = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(LINKS)) {
    const shown = found.replace(/[.,;:!?'*)]+$/, "");
    if (shown[0] === "/" && /[\w/.:]/.test(text[index - 1] ?? "")) continue; // a part of something else
    parts.push(text.slice(from, index), el("a", { href: shown, target: "_blank", rel: "noopener nofollow" }, shown));
    from = index + shown.length;
  }
  return [...parts, text.slice(from)];
}
