// Small building blocks of the page: elements, icons, menus, dialogs, toasts. Knows nothing of
// conversations. Text only ever becomes a text node; no HTML is parsed anywhere in the console.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  back: "M15 5l-7 7 7 7",
  info: "M12 11v6M12 7.5v.1M12 21a9 9 0 100-18 9 9 0 000 18z",
  send: "M5 12h13M12 5l7 7-7 7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  down: "M6 9l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  bot: "M12 4v3M6 7h12a2 2 0 012 2v8a2 2 0 01-2 2H6a2 2 0 01-2-2V9a2 2 0 012-2zM9 12v1.5M15 12v1.5",
  note: "M6 4h12v11l-5 5H6zM13 20v-5h5",
  clock: "M12 7v5l3.5 2M12 21a9 9 0 100-18 9 9 0 000 18z",
  check: "M5 12.5l4.5 4.5L19 7",
  person: "M12 12a4 4 0 100-8 4 4 0 000 8zM4.5 20.5a7.5 7.5 0 0115 0",
  inbox: "M4 13l2.5-8h11L20 13v6H4zM4 13h4.5l1.5 2.5h4l1.5-2.5H20",
  hand: "M5 12h14M13 6l6 6-6 6",
  file: "M7 4h7l4 4v12H7zM13.5 4v4.5H18",
  clip: "M19 11l-7.5 7.5a4.2 4.2 0 01-6-6L13 5a2.8 2.8 0 014 4l-7.5 7.5a1.4 1.4 0 01-2-2L14 8",
  text: "M5 7h14M5 12h14M5 17h8",
  hold: "M9 6v12M15 6v12",
  pass: "M4 8h13M13 4l4 4-4 4M20 16H7M11 12l-4 4 4 4",
  chart: "M5 20V10M12 20V4M19 20v-7",
  chats: "M4 5h12v9H9l-4 3v-3H4zM9 17v1h7l4 3v-3h1V9h-2",
  pen: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  layers: "M12 4l9 5-9 5-9-5zM4 13.5l8 4.5 8-4.5",
  dial: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4",
  search: "M10.5 17a6.5 6.5 0 100-13 6.5 6.5 0 000 13zM15.5 15.5L20 20",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  undo: "M9 6L4.5 10.5 9 15M5 10.5h9a5 5 0 010 10h-3",
  up: "M6 15l6-6 6 6",
  star: "M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7l5.6-.7z",
};

/**
 * An element. Props: `class`, `data` (dataset), `on` (listeners), DOM properties, and everything
 * else as an attribute (false and null leave it out). Children: nodes, strings, null.
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, given] of Object.entries(props)) {
    if (given === null || given === undefined || given === false) continue;
    if (name === "class") node.className = given;
    else if (name === "data") Object.assign(node.dataset, given);
    else if (name === "on") for (const [type, f] of Object.entries(given)) node.addEventListener(type, f);
    else node.setAttribute(name, given === true ? "" : given);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, given] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", class: `icon icon-${name}` })) {
    svg.setAttribute(key, given);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export const byId = (id) => document.getElementById(id);

/** Set text only when it differs, so that a ticking clock costs nothing and disturbs nobody. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A button. `look` is "primary", "quiet", "plain" or "danger". */
export function button(label, { look = "quiet", iconName = null, title = null, keys = null, act, ...rest } = {}) {
  return el(
    "button",
    { type: "button", class: `button ${look}`, title, "aria-keyshortcuts": keys, on: { click: act }, ...rest },
    iconName ? icon(iconName) : null,
    el("span", {}, label),
  );
}

/**
 * A button that opens a menu. Items: [label, act] or [label, act, {checked}].
 * Arrow keys move, Escape and a click elsewhere close, focus returns to the button.
 */
export function menuButton(label, items, { look = "quiet", iconName = null, name = null, align = "end", data = {} } = {}) {
  const list = el("div", { class: `menu ${align}`, role: "menu", hidden: true });
  const opener = el(
    "button",
    { type: "button", class: `button ${look}`, "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": name, title: name, data },
    iconName ? icon(iconName) : null,
    label ? el("span", {}, label) : null,
    label ? icon("down") : null,
  );
  const root = el("div", { class: "menu-root" }, opener, list);
  const entries = () => [...list.querySelectorAll('[role^="menuitem"]')];

  const close = (refocus) => {
    if (list.hidden) return;
    list.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (refocus) opener.focus();
  };
  const outside = (event) => {
    if (!root.contains(event.target)) close(false);
  };
  const open = () => {
    list.replaceChildren(
      ...items().map(([text, act, { checked } = {}]) =>
        el(
          "button",
          {
            type: "button",
            role: checked === undefined ? "menuitem" : "menuitemcheckbox",
            "aria-checked": checked === undefined ? null : String(checked),
            tabindex: "-1",
            on: {
              click: () => {
                close(true);
                act();
              },
            },
          },
          el("span", {}, text),
          checked ? icon("check") : null,
        ),
      ),
    );
    list.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    entries()[0]?.focus();
  };
  opener.addEventListener("click", () => (list.hidden ? open() : close(true)));
  root.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const all = entries();
    const at = all.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    if (event.key === "Escape") close(true);
    else if (event.key === "Tab") return close(false);
    else if (event.key in moves) all[(moves[event.key] + all.length) % all.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  root.open = open;
  return root;
}

/** Ask yes or no in a modal dialog; resolves to true or false. */
export async function confirm(title, text, yes) {
  return (await ask(title, el("p", {}, text), yes)) !== null;
}

/**
 * Ask something in a modal dialog; resolves to the form's data as an object, or null for no.
 * Whatever `content` has with the attribute `autofocus` is where one begins.
 */
export function ask(title, content, yes) {
  return new Promise((resolve) => {
    const answer = (given) => {
      dialog.close();
      dialog.remove();
      resolve(given);
    };
    const ok = el("button", { type: "submit", class: "button primary" }, el("span", {}, yes));
    const form = el("form", { method: "dialog" }, content, el("div", { class: "dialog-actions" }, button("Cancel", { act: () => answer(null) }), ok));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(Object.fromEntries(new FormData(form)));
    });
    const heading = el("h2", { id: `ask-${(asked += 1)}` }, title);
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": heading.id, on: { cancel: () => answer(null) } }, heading, form);
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector("[autofocus]") ?? ok).focus();
  });
}
let asked = 0;

/** A line at the bottom of the window; `tone` is "plain" or "bad". */
export function toast(text, tone = "plain") {
  const node = el("div", { class: `toast ${tone}` }, el("span", {}, text));
  const gone = () => node.remove();
  node.append(el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", on: { click: gone } }, icon("close")));
  byId("toasts").append(node);
  setTimeout(gone, tone === "bad" ? 10_000 : 5_000);
}

/** Tell screen readers, silently for everybody else. */
export function announce(text) {
  byId("announcer").textContent = text;
}

/** What is wrong with the line to the server, above everything else; "" when nothing is. */
export function showLine(text) {
  const line = byId("line");
  line.hidden = !text;
  setText(line, text);
}

/** "Anna Berg" as "AB". */
export function initials(name) {
  return name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0]).join("").toUpperCase();
}
