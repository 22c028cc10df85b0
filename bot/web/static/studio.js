// The studio's beginning and its glue: logging in, the address bar, the navigation, the keyboard.
//
// Each page is a module of its own, `studio.<name>.js`, loaded when it is first opened, with a row in
// PAGES. It exports `show(main, params)`, which fills the empty element `main`; params are
//   path    the parts of the address behind the page's name: #/conversations/abc -> ["abc"]
//   query   what stands behind the ?, as URLSearchParams
//   signal  an AbortSignal: the page was left; listeners and timers end with it
//   me      who is logged in: {login, name}
// A page that keeps its elements while only path and query change returns a function, which is called
// with the new params then. If it returns false, or there is none, `show` is called anew with a new
// `main`. What pages have in common (calls, states, keys, addresses) is in studio.parts.js.

import { post, Refused } from "./console.api.js";
import { announce, byId, el, icon, initials, menuButton, toast } from "./console.dom.js";
import { Login } from "./console.login.js";
import { failure, LEFT, loading, pressed, shortcuts } from "./studio.parts.js";

/** In the order of the navigation; {name, title, icon (of console.dom.js)}. The first is the start. */
const PAGES = [
  { name: "insights", title: "Insights", icon: "chart" },
  { name: "review", title: "Review", icon: "inbox" },
  { name: "conversations", title: "Conversations", icon: "chats" },
  { name: "answers", title: "Answers", icon: "pen" },
  { name: "models", title: "Models", icon: "layers" },
  { name: "whatif", title: "What if", icon: "dial" },
];

let studio = null;

const login = new Login(({ agent, studio: allowed }) => {
  if (allowed) {
    byId("studio").hidden = false;
    studio = new Studio(agent);
  } else {
    byId("owners-only-text").textContent = `You are logged in as ${agent.name}, who answers customers. An owner can open it, and can make you one.`;
    byId("owners-only").hidden = false;
    document.title = "Studio · Deskhand";
  }
});

function showLogin(message) {
  studio?.stop();
  studio = null;
  byId("studio").hidden = true;
  byId("owners-only").hidden = true;
  login.show(message);
}

async function logOut() {
  try {
    await post("/logout");
  } catch (error) {
    if (!(error instanceof Refused && error.status === 401)) {
      toast("You are still logged in: the server could not be reached. Try again.", "bad");
      return;
    }
  }
  byId("login-name").value = "";
  showLogin();
}

class Studio {
  #open = null; // {page, abort, update}

  constructor(me) {
    this.me = me;
    byId("pages").replaceChildren(
      ...PAGES.map(({ name, title, icon: iconName }) =>
        el("li", {}, el("a", { href: `#/${name}`, class: "page-link", data: { page: name } }, icon(iconName), el("span", {}, title))),
      ),
    );
    const items = () => [
      ["Open the console", () => location.assign("/console")],
      ["Keyboard shortcuts", showKeys],
      [`Log out ${me.name}`, logOut],
    ];
    const menu = menuButton("", items, { look: "plain avatar", name: `${me.name}: menu` });
    menu.firstChild.append(initials(me.name));
    byId("agent-menu").replaceChildren(menu);
    this.route();
  }

  /** Hidden is not gone: whoever is not logged in must not find customers in the page. */
  stop() {
    this.#open?.abort.abort();
    this.#open = null;
    byId("main").replaceChildren();
    byId("toasts").replaceChildren();
    byId("announcer").textContent = "";
  }

  /** The address bar says what is open. */
  route() {
    const [, name, ...path] = location.hash.replace(/^#/, "").split("?", 1)[0].split("/").map(decoded);
    const query = new URLSearchParams(location.hash.split("?").slice(1).join("?"));
    const page = PAGES.find((one) => one.name === name) ?? PAGES[0];
    if (!page) return;
    if (page.name !== name) return history.replaceState(null, "", `#/${page.name}`), this.route();
    const { update, abort } = this.#open?.page === page ? this.#open : {};
    if (update && update({ path, query, signal: abort.signal, me: this.me }) !== false) return;
    this.#show(page, path, query);
  }

  async #show(page, path, query) {
    const moved = this.#open?.page !== page;
    this.#open?.abort.abort();
    const open = (this.#open = { page, abort: new AbortController(), update: null });
    if (moved) {
      for (const link of byId("pages").querySelectorAll("a")) {
        if (link.dataset.page === page.name) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      document.title = `${page.title} · Studio`;
      byId("pages").querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    const main = el("div", { class: `page page-${page.name}` }, loading());
    byId("main").replaceChildren(main);
    if (moved) byId("main").scrollTop = 0;
    try {
      const { show } = await import(`./studio.${page.name}.js`);
      if (open !== this.#open) return;
      main.replaceChildren();
      const update = show(main, { path, query, signal: open.abort.signal, me: this.me });
      if (typeof update === "function") open.update = update;
      if (moved) announce(page.title);
    } catch (error) {
      if (open !== this.#open) return;
      main.replaceChildren(failure(error, () => this.#show(page, path, query)));
    }
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// ── keys and the rest of the page ──

function showKeys() {
  const rows = [...shortcuts(), ...PAGES.map(({ name, title }) => [`${GO} ${name[0]}`, title]), ["?", "This list"]];
  byId("help-keys").replaceChildren(...rows.flatMap(([typed, label]) => [el("dt", {}, typed.split(" ").map((key) => el("kbd", {}, key))), el("dd", {}, label)]));
  byId("help").showModal();
}

/** "g", then the first letter of a page: two keys, so that none of them is lost to the pages. */
const GO = "g";
const GO_WITHIN_MS = 2_000;
let wentAt = -Infinity;

const off = () => localStorage.getItem("deskhand.noshortcuts") === "yes";

document.addEventListener("keydown", (event) => {
  const writing = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [role=menu], [contenteditable]");
  if (!studio || writing || event.ctrlKey || event.metaKey || event.altKey || off()) return;
  // After "go", the first letter of a page; a page's own keys otherwise.
  const page = event.timeStamp - wentAt < GO_WITHIN_MS && PAGES.find(({ name }) => name[0] === event.key);
  wentAt = -Infinity;
  if (page) location.hash = `#/${page.name}`;
  else if (event.key === GO) wentAt = event.timeStamp;
  else if (event.key === "?") showKeys();
  else if (!pressed(event.key, event)) return;
  event.preventDefault();
});

addEventListener("hashchange", () => studio?.route());
addEventListener(LEFT, () => studio && showLogin("You were logged out. Log in again to go on."));

// Not by its address: that one says which page is open.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
byId("owners-only-leave").addEventListener("click", logOut);
byId("help-close").addEventListener("click", () => byId("help").close());
byId("shortcuts-on").checked = !off();
byId("shortcuts-on").addEventListener("change", (event) => localStorage.setItem("deskhand.noshortcuts", event.target.checked ? "no" : "yes"));

login.start();
