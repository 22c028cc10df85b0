// The console's beginning and its glue: logging in, the address bar, the clock, the line to the
// server, keyboard shortcuts. The panes live in console.queue.js and console.conversation.js.

import { follow, post, Refused } from "./console.api.js";
import { ConversationPane } from "./console.conversation.js";
import { byId, confirm, icon, initials, menuButton, showLine, toast } from "./console.dom.js";
import { Login } from "./console.login.js";
import { Notices } from "./console.notices.js";
import { Outbox } from "./console.outbox.js";
import { QueuePane } from "./console.queue.js";
import * as words from "./console.words.js";

// A short break is nobody's business; only one that lasts is worth a line.
const QUIET_BREAK_MS = 1_500;

// A glance at another tab costs nothing; one that was left rests after this long.
const UNSEEN_MS = 30_000;

let desk = null;

// ── logging in ──

const login = new Login(({ agent, file_mb: fileMb, studio }) => showDesk(agent, fileMb, studio));

function showLogin(message) {
  byId("desk").hidden = true;
  login.show(message);
}

// ── the line to the server ──

class Line {
  #down = new Map();
  #timer = 0;

  constructor(retry) {
    this.retry = retry;
  }

  report(up, name) {
    if (up) this.#down.delete(name);
    else if (!this.#down.has(name)) this.#down.set(name, Date.now());
    clearTimeout(this.#timer);
    if (this.#down.size === 0) return showLine("");
    const since = Math.min(...this.#down.values());
    this.#timer = setTimeout(() => showLine("Connection lost. What you write is kept and sent when it is back."), since + QUIET_BREAK_MS - Date.now());
  }

  stop() {
    clearTimeout(this.#timer);
    showLine("");
  }
}

// ── the desk ──

function showDesk(me, fileMb, studio) {
  byId("desk").hidden = false;
  desk?.stop();
  desk = new Desk(me, fileMb, studio);
}

class Desk {
  #offset = 0;
  #line;
  #queue;
  #pane;
  #stream;
  #timer;
  #audio = null;
  #notices;

  constructor(me, fileMb, studio) {
    this.me = me;
    this.fileMb = fileMb;
    this.studio = studio;
    this.now = () => Date.now() + this.#offset;
    this.outbox = new Outbox(me.login, {
      changed: (id) => id === this.#pane?.id && this.#pane.showOutbox(),
      loggedOut: () => this.loggedOut(),
    });
    this.#line = new Line();
    this.#queue = new QueuePane(byId("queue"), me, this.now);
    this.#pane = new ConversationPane(byId("conversation-pane"), byId("context"), this);
    this.#stream = follow(() => "/events", {
      event: (name, data) => name === "queue" && this.#show(data),
      up: () => this.line(true, "queue"),
      down: () => this.line(false, "queue"),
      refused: (error) => (error.status === 401 ? this.loggedOut() : showLine(error.message)),
    });
    this.#timer = setInterval(() => {
      this.#queue.tick();
      this.#pane.tick();
    }, 1_000);
    byId("agent-menu").replaceChildren(this.#menu());
    this.#notices = new Notices(byId("notices"), this.now, () => this.#showPresence());
    this.route();
  }

  stop() {
    clearInterval(this.#timer);
    this.#stream.stop();
    this.outbox.stop();
    this.#line.stop();
    // Hidden is not gone: whoever is not logged in must not find customers in the page.
    this.#pane.showNothing();
    byId("queue").replaceChildren();
    byId("notices").replaceChildren();
    byId("announcer").textContent = "";
    byId("toasts").replaceChildren();
  }

  /** The session is over; what is still in the outbox waits for the same agent to be back. */
  loggedOut() {
    if (desk !== this) return;
    this.stop();
    desk = null;
    showLogin("You were logged out. Log in again; what you wrote is kept.");
  }

  line(up, name) {
    this.#line.report(up, name);
  }

  /** Nobody looks: the queue goes on (it counts in the title), the open conversation rests. */
  rest() {
    this.#pane.pause();
  }

  comeBack() {
    this.#stream.retry();
    this.#pane.resume();
    this.#notices.look();
    this.outbox.retryNow();
  }

  #menu() {
    const toggles = () => [
      ["I’m away", () => this.#notices.setAway(!this.#notices.away), { checked: this.#notices.away }],
      ["Sound when somebody waits", () => this.#setAlert("sound"), { checked: wanted("sound") }],
      ["Desktop notifications", () => this.#setAlert("notify"), { checked: wanted("notify") }],
      ["Keyboard shortcuts", () => byId("help").showModal()],
      ...(this.studio ? [["Open the studio", () => location.assign("/studio")]] : []),
      [`Log out ${this.me.name}`, () => this.#logOut()],
    ];
    const menu = menuButton("", toggles, { look: "plain avatar", name: `${this.me.name}: menu` });
    menu.firstChild.append(initials(this.me.name));
    return menu;
  }

  #showPresence() {
    byId("agent-menu").classList.toggle("away", this.#notices.away);
    byId("agent-menu").querySelector("button").setAttribute("aria-label", `${this.me.name}${this.#notices.away ? ", away" : ""}: menu`);
  }

  async #setAlert(kind) {
    const on = !wanted(kind);
    if (on && kind === "notify" && (await Notification.requestPermission()) !== "granted") return;
    localStorage.setItem(`deskhand.${kind}`, on ? "yes" : "no");
    if (on && kind === "sound") this.#chime();
  }

  async #logOut() {
    const unsent = this.outbox.waiting;
    if (unsent && !(await confirm("Log out?", `${unsent === 1 ? "One message has" : `${unsent} messages have`} not been sent yet and would be lost.`, "Log out"))) return;
    try {
      await post("/logout");
    } catch (error) {
      if (!(error instanceof Refused && error.status === 401)) {
        toast("You are still logged in: the server could not be reached. Try again.", "bad");
        return;
      }
    }
    this.stop();
    this.outbox.forget();
    // Somebody else may sit here next.
    for (const key of Object.keys(sessionStorage)) if (key.startsWith("deskhand.")) sessionStorage.removeItem(key);
    desk = null;
    history.replaceState(null, "", "#/");
    byId("login-name").value = "";
    showLogin();
  }

  #show(queue) {
    this.#offset = queue.now - Date.now();
    const fresh = this.#queue.show(queue);
    this.#notices.showDown(queue.down);
    document.title = `${this.#queue.waiting ? `(${this.#queue.waiting}) ` : ""}Deskhand`;
    if (fresh.length) this.#alert(fresh);
  }

  #alert(cards) {
    if (wanted("sound")) this.#chime();
    if (!wanted("notify") || document.visibilityState === "visible" || Notification.permission !== "granted") return;
    for (const card of cards) {
      const note = new Notification(`${words.customer(card)} is waiting`, { body: words.reason(card.reason), tag: card.id });
      note.onclick = () => {
        window.focus();
        location.hash = `#/c/${encodeURIComponent(card.id)}`;
        note.close();
      };
    }
  }

  #chime() {
    this.#audio ??= new AudioContext();
    const { currentTime: t } = this.#audio;
    [660, 880].forEach((hertz, i) => {
      const tone = this.#audio.createOscillator();
      const volume = this.#audio.createGain();
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0.0001, t + i * 0.14);
      volume.gain.exponentialRampToValueAtTime(0.12, t + i * 0.14 + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, t + i * 0.14 + 0.3);
      tone.connect(volume).connect(this.#audio.destination);
      tone.start(t + i * 0.14);
      tone.stop(t + i * 0.14 + 0.32);
    });
  }

  // ── the address bar says what is open ──

  route() {
    const id = /^#\/c\/([^/?]+)$/.exec(location.hash)?.[1];
    closeContext();
    byId("toasts").replaceChildren();
    byId("desk").dataset.pane = id ? "conversation" : "queue";
    this.#queue.select(id ? decodeURIComponent(id) : null);
    if (!id) return this.#pane.showNothing();
    this.#pane.open(decodeURIComponent(id)).then(() => {
      if (matchMedia("(max-width: 720px)").matches) this.#pane.focusTitle();
    });
  }

  showContext() {
    byId("context-pane").classList.add("open");
    byId("scrim").hidden = false;
    byId("context-close").focus();
  }

  press(key) {
    const { order } = this.#queue;
    const step = { j: 1, k: -1 }[key];
    if (step && order.length) {
      const at = order.indexOf(this.#pane.id);
      const next = at < 0 ? (step > 0 ? 0 : order.length - 1) : Math.min(Math.max(at + step, 0), order.length - 1);
      location.hash = `#/c/${encodeURIComponent(order[next])}`;
      this.#queue.focusRow(order[next]);
    } else if (key === "c") this.#pane.claim();
    else if (key === "r") this.#pane.write("reply");
    else if (key === "n") this.#pane.write("note");
    else if (key === "t") this.#pane.transfer();
    else if (key === "s") this.#pane.approve();
    else if (key === "i") this.#pane.toggleReadings();
    else if (key === "?") byId("help").showModal();
    else return false;
    return true;
  }
}

const wanted = (kind) => localStorage.getItem(`deskhand.${kind}`) === "yes";

function closeContext() {
  const pane = byId("context-pane");
  if (!pane.classList.contains("open")) return false;
  pane.classList.remove("open");
  byId("scrim").hidden = true;
  document.querySelector(".context-open")?.focus();
  return true;
}

// ── keys, breaks, the rest of the page ──

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && closeContext()) return;
  const writing = event.target.closest?.("input, textarea, select, dialog, [role=menu]");
  if (!desk || writing || event.ctrlKey || event.metaKey || event.altKey || wanted("noshortcuts")) return;
  if (desk.press(event.key)) event.preventDefault();
});

addEventListener("hashchange", () => desk?.route());
addEventListener("online", () => desk?.comeBack());
let unseen = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(unseen);
  if (document.visibilityState === "visible") desk?.comeBack();
  else unseen = setTimeout(() => desk?.rest(), UNSEEN_MS);
});

// Not by its address: that one says which conversation is open.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  (byId("composer-text") ?? byId("queue")).focus();
});
byId("scrim").addEventListener("click", closeContext);
byId("context-close").append(icon("close"));
byId("context-close").addEventListener("click", closeContext);
byId("help-close").addEventListener("click", () => byId("help").close());
byId("shortcuts-on").checked = !wanted("noshortcuts");
byId("shortcuts-on").addEventListener("change", (event) => localStorage.setItem("deskhand.noshortcuts", event.target.checked ? "no" : "yes"));

login.start();
