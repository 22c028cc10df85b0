// What the studio's pages have in common: calls to its API, the states a page can be in, addresses,
// keys. Knows no page.

import { apiAt, inWords, Refused } from "./console.api.js";
import { button, el, icon, toast } from "./console.dom.js";

const BASE = "/api/studio";
/** The event that the window gets when a call finds that nobody is logged in any more. */
export const LEFT = "deskhand:logged-out";
/** A page that comes within this needs no word about its being fetched. */
const QUIET_MS = 150;

// ── calls ──

const api = apiAt(BASE);

async function watched(call) {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) dispatchEvent(new Event(LEFT));
    throw error;
  }
}

/** Both take a path below /api/studio, and throw Refused or Unreachable (console.api.js). */
export const get = (path) => watched(api.get(path));
export const post = (path, body = {}, patience) => watched(api.post(path, body, patience));
/** Do what was ordered; a refusal is told. */
export async function attempt(call) {
  try {
    await call();
  } catch (error) {
    toast(inWords(error), "bad");
  }
}

/** For a link that downloads. */
export const urlOf = (path) => BASE + path;

const COUNT = new Intl.NumberFormat();

// ── addresses ──

/** "?a=1&b=2" of what has a value; "" when nothing has. */
export function queryOf(values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

/** The address of a page of the studio: hashOf("conversations", ["abc"], {q: "tent"}). */
export const hashOf = (page, path = [], query = {}) => `#/${[page, ...path.map(encodeURIComponent)].join("/")}${queryOf(query)}`;

// ── states ──

export const loading = (text = "Loading…") => el("p", { class: "state muted loading", role: "status" }, text);

/** Nothing to show, and why; `more` may be a link or button that leads on. */
export const empty = (title, text, iconName = "inbox", ...more) =>
  el("div", { class: "state" }, icon(iconName), el("p", { class: "strong" }, title), text ? el("p", {}, text) : null, ...more);

/** What went wrong, in the server's words, and a way to try again. */
export function failure(error, retry = null) {
  return el(
    "div",
    { class: "state bad", role: "alert" },
    icon("info"),
    el("p", { class: "strong" }, error.message),
    error.hint ? el("p", {}, error.hint) : null,
    retry ? button("Try again", { act: retry }) : null,
  );
}

/**
 * That what is shown is of a part of the conversations only, while the archive is made anew; null when
 * it is of all. `again` looks once more, after a while.
 */
export function partial({ read, of }, again = null) {
  if (read === of) return null;
  const far = of === null ? "Reading the conversations" : `${COUNT.format(read)} of ${COUNT.format(of)} conversations read`;
  return el("p", { class: "partial", role: "status" }, icon("info"), el("span", {}, `${far}: this is not complete yet.`), again ? button("Look again", { look: "plain", act: again }) : null);
}

/** Something that unfolds. */
export const drop = (title, ...content) => el("details", { class: "drop" }, el("summary", {}, title), ...content);

const latest = new WeakMap();

/**
 * Fill `place` with what `draw` makes of the answer of `ask`; meanwhile what was there stays, faint,
 * and the first time a word that it is loading. Of two calls for one place the later counts.
 */
export async function fill(place, ask, draw) {
  const turn = {};
  latest.set(place, turn);
  const timer = setTimeout(() => {
    if (latest.get(place) !== turn) return;
    if (place.childElementCount) place.setAttribute("aria-busy", "true");
    else place.append(loading());
  }, QUIET_MS);
  let content;
  try {
    content = draw(await ask());
  } catch (error) {
    content = failure(error, () => fill(place, ask, draw));
  } finally {
    clearTimeout(timer);
  }
  if (latest.get(place) !== turn) return;
  place.removeAttribute("aria-busy");
  place.replaceChildren(...[content].flat());
}

// ── keys ──

const tables = new Set();

/**
 * Single keys of the page that is open, until `signal` says that it was left. They rest while somebody
 * writes, and stand in the list that ? shows. "g" (go to a page) and "?" are the studio's own.
 *
 * @param rows [key (as in KeyboardEvent.key), what it does (null: not for the list), act(event)]
 */
export function keys(signal, rows) {
  if (signal.aborted) return;
  tables.add(rows);
  signal.addEventListener("abort", () => tables.delete(rows));
}

export const shortcuts = () => [...tables].flat().filter(([, label]) => label).map(([key, label]) => [key, label]);

export function pressed(key, event) {
  const row = [...tables].flat().find(([one]) => one === key);
  row?.[2](event);
  return Boolean(row);
}
