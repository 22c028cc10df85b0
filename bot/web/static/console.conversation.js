// The middle pane: one open conversation with its header, transcript and reply box, kept live from
// the first fetch on. What to do with a click is sent to the desk; what became of it comes back
// through the stream like everybody else's doing.

import { follow, get, newId, post, Refused, Unreachable } from "./console.api.js";
import { button, confirm, el, icon, menuButton, setText, toast } from "./console.dom.js";
import { showContext } from "./console.context.js";
import { Transcript } from "./console.transcript.js";
import * as words from "./console.words.js";

const TYPING_EVERY_MS = 3_000;
const COMMAND_TRIES = 3;
const HOUR = 3_600_000;

export class ConversationPane {
  #root;
  #contextRoot;
  #desk;
  #id = null;
  #conversation = null;
  #events = [];
  #stream = null;
  #transcript;
  #generation = 0;
  #mode = "reply";
  #typedAt = 0;
  #busy = false;

  /**
   * @param desk {me, now(), outbox, line(up, name), loggedOut(), showContext(), isOpen(id)}
   */
  constructor(root, contextRoot, desk) {
    this.#root = root;
    this.#contextRoot = contextRoot;
    this.#desk = desk;
    this.showNothing();
  }

  get id() {
    return this.#id;
  }

  showNothing() {
    this.#leave();
    this.#contextRoot.replaceChildren();
    this.#root.replaceChildren(
      el(
        "div",
        { class: "nothing" },
        icon("inbox"),
        el("p", { class: "strong" }, "No conversation is open"),
        el("p", {}, "Choose one from the queue. Those who wait longest are on top."),
        el("p", { class: "hint" }, "Press ", el("kbd", {}, "?"), " for keyboard shortcuts."),
      ),
    );
  }

  /** Stop following, keep what is typed. */
  #leave() {
    this.#stream?.stop();
    this.#stream = null;
    this.#generation += 1;
    this.#id = null;
    this.#conversation = null;
    this.#desk.line(true, "conversation");
  }

  async open(id) {
    if (id === this.#id) return;
    this.#leave();
    this.#id = id;
    this.#mode = "reply";
    const generation = this.#generation;
    this.#root.replaceChildren(el("div", { class: "nothing loading", role: "status" }, "Loading the conversation…"));
    this.#contextRoot.replaceChildren();
    await this.#load(generation);
  }

  async #load(generation) {
    const id = this.#id;
    this.pause();
    let found;
    for (;;) {
      try {
        found = await get(`/conversations/${encodeURIComponent(id)}`);
        break;
      } catch (error) {
        if (generation !== this.#generation) return;
        if (error instanceof Refused && error.status === 401) return this.#desk.loggedOut();
        if (error instanceof Refused && !error.passing) return this.#showMissing(error);
        this.#desk.line(false, "conversation");
        await new Promise((resolve) => setTimeout(resolve, 2_000));
      }
      if (generation !== this.#generation) return;
    }
    if (generation !== this.#generation) return;
    this.#desk.line(true, "conversation");
    this.#conversation = found.conversation;
    this.#events = found.events;
    this.#build();
    this.#transcript.load(this.#events);
    this.#refresh();
    this.showOutbox();
    this.#desk.outbox.shown(id, this.#lastSeq());
    this.#follow(generation);
  }

  #showMissing(error) {
    this.#root.replaceChildren(
      el(
        "div",
        { class: "nothing" },
        el("p", { class: "strong" }, error.status === 404 ? "There is no such conversation" : "The conversation can’t be shown"),
        el("p", {}, error.status === 404 ? "The link may be wrong, or the conversation was deleted." : error.message),
        el("p", {}, el("a", { class: "button quiet", href: "#/" }, "Back to the queue")),
      ),
    );
  }

  #lastSeq() {
    return this.#events.at(-1)?.seq ?? 0;
  }

  #follow(generation) {
    const id = encodeURIComponent(this.#id);
    const mine = () => generation === this.#generation;
    this.#stream = follow(() => `/conversations/${id}/events?after=${this.#lastSeq()}`, {
      event: (name, data) => {
        if (!mine()) return;
        if (name === "log") this.#take(data, generation);
        else if (name === "state") {
          this.#conversation = data;
          this.#refresh();
        } else if (name === "typing" && data.who === "customer") this.#transcript.customerTypes();
      },
      up: () => mine() && this.#desk.line(true, "conversation"),
      down: (ms) => mine() && this.#desk.line(false, "conversation", ms),
      refused: (error) => mine() && (error.status === 401 ? this.#desk.loggedOut() : this.#showMissing(error)),
    });
  }

  /** One entry of the log: each exactly once, in order, whatever the line did meanwhile. */
  #take(event, generation) {
    const last = this.#lastSeq();
    if (event.seq <= last) return;
    if (event.seq > last + 1) {
      // An agent's log has no holes; one here means that this page and the desk disagree.
      this.#load(generation);
      return;
    }
    this.#events.push(event);
    if (event.client_id) this.#desk.outbox.drop(event.client_id);
    this.#transcript.add(event);
    this.#desk.outbox.shown(this.#id, event.seq);
    if (event.kind === "claimed") this.#tellTakenOver(event);
    if (event.kind === "reply_held" && event.agent.login === this.#desk.me.login) this.#askAboutHeld(event);
  }

  /** A colleague was quicker: what we wrote was not sent, and may yet be. */
  async #askAboutHeld({ seq, text }) {
    const owner = this.#conversation.owner?.name ?? "A colleague";
    const yes = await confirm(
      `${owner} has this conversation`,
      `Your reply was not sent: “${text}”. If you take over, it is sent, and ${owner} will see that you did.`,
      "Take over and send",
    );
    if (yes) await this.command("send_held", { of: seq });
  }

  #tellTakenOver(event) {
    const { me } = this.#desk;
    if (this.#conversation.owner?.login === me.login && event.agent.login !== me.login) {
      toast(`${event.agent.name} has taken over this conversation.`);
    }
  }

  /** Not looked at for a while: a browser has six connections for all its tabs. */
  pause() {
    this.#stream?.stop();
    this.#stream = null;
  }

  /** Looked at again, or the network is back: go on where the log was left. */
  resume() {
    if (this.#stream) this.#stream.retry();
    else if (this.#conversation) this.#follow(this.#generation);
  }

  // ── drawing ──

  #part(name) {
    return this.#root.querySelector(`[data-part="${name}"]`);
  }

  #build() {
    const log = el("div", { class: "transcript scroll", role: "log", "aria-label": "Transcript", tabindex: "0", data: { part: "log" } });
    this.#root.replaceChildren(
      el(
        "header",
        { class: "pane-head conversation-head" },
        el("a", { class: "icon-button back", href: "#/", "aria-label": "Back to the queue" }, icon("back")),
        el(
          "div",
          { class: "title" },
          el("h2", { tabindex: "-1", data: { part: "title" } }),
          el("p", { class: "standing" }, el("span", { class: "pill", data: { part: "pill" } }), el("time", { class: "when", data: { part: "since" } })),
        ),
        el("div", { class: "actions", data: { part: "actions" } }),
        el("button", { type: "button", class: "icon-button context-open", "aria-label": "Show details", on: { click: () => this.#desk.showContext() } }, icon("info")),
      ),
      log,
      this.#composer(),
    );
    this.#transcript = new Transcript(log, this.#desk.me, this.#desk.now);
  }

  /** Everything that depends on the state: header, actions, reply box, context. */
  #refresh() {
    const { me } = this.#desk;
    const c = this.#conversation;
    setText(this.#part("title"), words.customer(c));
    const standing = words.standing(c, me, this.#desk.now());
    const pill = this.#part("pill");
    pill.className = `pill ${standing.tone}`;
    setText(pill, standing.text);
    this.tick();
    this.#showComposer();
    this.#showActions();
    showContext(this.#contextRoot, c, this.#events, this.#desk.now());
  }

  tick() {
    const c = this.#conversation;
    const node = c && this.#part("since");
    if (!node) return;
    const ms = c.state === "waiting" ? this.#desk.now() - c.waiting_since : 0;
    setText(node, c.state === "waiting" ? words.span(ms) : "");
    node.className = `when ${c.state === "waiting" ? words.urgency(ms) : ""}`;
  }

  get #mine() {
    return this.#conversation?.owner?.login === this.#desk.me.login;
  }

  #showActions() {
    const c = this.#conversation;
    const now = this.#desk.now();
    const actions = [];
    if (c.state === "waiting" || c.state === "bot") {
      actions.push(button(c.state === "waiting" ? "Claim" : "Step in", { look: "primary", keys: "c", act: () => this.claim() }));
    } else if (c.state === "closed") {
      actions.push(button("Reopen", { act: () => this.command("reopen") }));
    } else if (!this.#mine) {
      actions.push(button("Take over", { keys: "c", act: () => this.claim() }));
    } else {
      if (c.state === "snoozed") actions.push(button("Wake up", { look: "primary", act: () => this.command("claim") }));
      const snooze = (label, until) => [label, () => this.command("snooze", { until })];
      const snoozes = () => [
        snooze("For 1 hour", this.#desk.now() + HOUR),
        snooze("For 3 hours", this.#desk.now() + 3 * HOUR),
        snooze(`Until tomorrow, ${words.time(words.tomorrowAtNine(now))}`, words.tomorrowAtNine(this.#desk.now())),
      ];
      const closes = () => words.OUTCOMES.map(([code, label]) => [label, () => this.command("close", { outcome: code })]);
      const back = () => this.command("return_to_bot");
      actions.push(
        el("span", { class: "wide-only" }, button("Return to assistant", { iconName: "bot", act: back })),
        ...(c.state === "human" ? [el("span", { class: "wide-only" }, menuButton("Snooze", snoozes, { iconName: "clock", data: { menu: "snooze" } }))] : []),
        menuButton("Close", closes, { iconName: "check", data: { menu: "close" } }),
        el("span", { class: "narrow-only" }, menuButton("", () => [["Return to assistant", back], ...(c.state === "human" ? snoozes().map(([l, a]) => [`Snooze: ${l.toLowerCase()}`, a]) : [])], { look: "plain", iconName: "more", name: "More actions", data: { menu: "more" } })),
      );
    }
    // Redrawn only when the choice changes, so that an open menu stays open while texts arrive.
    const drawn = `${c.state}|${c.owner?.login}`;
    const box = this.#part("actions");
    if (box.dataset.drawn !== drawn) {
      const focused = box.contains(document.activeElement);
      box.dataset.drawn = drawn;
      box.replaceChildren(...actions);
      // The button that was pressed is gone; what one does next is to write, or to look elsewhere.
      if (focused) this.#part(this.#mine ? "text" : "title").focus();
    }
  }

  // ── the reply box ──

  #composer() {
    const text = el("textarea", {
      id: "composer-text",
      rows: "1",
      maxlength: "4000",
      enterkeyhint: "send",
      data: { part: "text" },
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event) },
    });
    const tab = (mode, label, iconName) =>
      el("button", { type: "button", class: "mode", "aria-pressed": "false", data: { mode }, on: { click: () => this.write(mode) } }, iconName ? icon(iconName) : null, el("span", {}, label));
    return el(
      "form",
      {
        class: "composer",
        data: { part: "composer" },
        on: {
          submit: (event) => {
            event.preventDefault();
            this.#submit();
          },
        },
      },
      el("div", { class: "modes", role: "group", "aria-label": "What you write" }, tab("reply", "Reply"), tab("note", "Internal note", "note"), el("span", { class: "composer-hint", data: { part: "hint" } })),
      el("div", { class: "box" }, text, el("button", { type: "submit", class: "button primary send", data: { part: "send" } }, el("span", {}, "Send"), icon("send"))),
    );
  }

  #showComposer() {
    const c = this.#conversation;
    const text = this.#part("text");
    const owned = c.owner && !this.#mine;
    const blocked = owned
      ? `${c.owner.name} has this conversation`
      : { bot: "The assistant answers. Step in to reply.", closed: "Closed. Reopen to reply." }[c.state];
    const note = this.#mode === "note" || text.value.trimStart().startsWith("//");
    const box = this.#part("composer");
    box.classList.toggle("noting", note);
    box.classList.toggle("blocked", Boolean(blocked) && !note);
    for (const one of box.querySelectorAll("[data-mode]")) {
      one.setAttribute("aria-pressed", String(one.dataset.mode === (note ? "note" : "reply")));
    }
    text.placeholder = note ? "Write a note for colleagues…" : blocked ?? (c.state === "waiting" ? "Reply, and so claim it…" : "Write a reply…");
    text.setAttribute("aria-label", note ? "Internal note" : blocked ?? "Reply to the customer");
    setText(this.#part("hint"), note ? "Colleagues only" : "");
    const stored = this.#draft();
    if (!text.value && stored) {
      text.value = stored;
    }
    text.readOnly = Boolean(blocked) && !note;
    const send = this.#part("send");
    send.disabled = (Boolean(blocked) && !note) || !text.value.trim();
    setText(send.firstChild, note ? "Add note" : c.state === "waiting" ? "Claim and send" : "Send");
    this.#grow();
  }

  #grow() {
    const text = this.#part("text");
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight + 2, 220)}px`;
  }

  #draft(given) {
    const key = `deskhand.draft.${this.#id}`;
    if (given === undefined) return sessionStorage.getItem(key) ?? "";
    if (given) sessionStorage.setItem(key, given);
    else sessionStorage.removeItem(key);
    return given;
  }

  #typed() {
    const text = this.#part("text").value;
    this.#draft(text);
    this.#showComposer();
    const noting = this.#mode === "note" || text.trimStart().startsWith("//");
    if (!this.#mine || noting || !text.trim() || Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = Date.now();
    // Nobody misses a lost one: no repeat, no message.
    post(this.#path(), { client_id: newId(), command: "typing" }).catch(() => {});
  }

  #key(event) {
    if (event.key === "Escape") event.target.blur();
    // A finger has no Shift key: there Enter makes a new line and the button sends.
    const touch = matchMedia("(pointer: coarse)").matches;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch) return;
    event.preventDefault();
    this.#submit();
  }

  /** Into the reply box, for a reply or a note. */
  write(mode) {
    if (!this.#conversation) return;
    this.#mode = mode;
    const text = this.#part("text");
    if (mode === "reply" && text.value.trimStart().startsWith("//")) {
      text.value = text.value.trimStart().replace(/^\/+\s?/, "");
      this.#draft(text.value);
    }
    this.#showComposer();
    text.focus();
  }

  #submit() {
    const box = this.#part("text");
    const { outbox } = this.#desk;
    if (this.#part("send").disabled) return;
    const { note, reply } = this.#mode === "note" ? { note: box.value.trim(), reply: "" } : words.splitNote(box.value);
    if (note) outbox.send(this.#id, "note", note);
    if (reply) outbox.send(this.#id, "reply", reply);
    // It is in the outbox now, which shows it and keeps it until the desk has it.
    box.value = "";
    this.#draft("");
    this.#mode = "reply";
    this.#typedAt = 0;
    this.#showComposer();
    this.#transcript.toEnd();
  }

  showOutbox() {
    if (!this.#conversation) return;
    const { outbox } = this.#desk;
    this.#transcript.showPending(outbox.of(this.#id), {
      retry: () => outbox.retryNow(),
      discard: (item) => outbox.drop(item.clientId),
      edit: (item) => {
        const box = this.#part("text");
        box.value = [item.text, box.value].filter(Boolean).join("\n");
        this.#draft(box.value);
        outbox.drop(item.clientId);
        this.write(item.command === "note" ? "note" : "reply");
      },
    });
  }

  // ── commands ──

  #path() {
    return `/conversations/${encodeURIComponent(this.#id)}/commands`;
  }

  async claim() {
    const c = this.#conversation;
    if (!c || this.#mine || c.state === "closed") return;
    if (!c.owner) return this.command("claim");
    const yes = await confirm(
      `Take over from ${c.owner.name}?`,
      `${c.owner.name} has this conversation now. After you take over only you can reply, and ${c.owner.name} will see that you did.`,
      "Take over",
    );
    if (yes) await this.command("take_over");
  }

  /** Send a command; a lost answer is asked for again with the same id, so it happens once. */
  async command(command, more = {}) {
    if (this.#busy) return;
    this.#busy = true;
    const body = { client_id: newId(), command, ...more };
    const path = this.#path();
    try {
      for (let tries = 1; ; tries += 1) {
        try {
          await post(path, body);
          return;
        } catch (error) {
          const passing = error instanceof Unreachable || (error instanceof Refused && error.passing);
          if (!passing || tries === COMMAND_TRIES) throw error;
          await new Promise((resolve) => setTimeout(resolve, 700 * tries));
        }
      }
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.#desk.loggedOut();
      else toast([error.message, error.hint, error instanceof Unreachable ? "Nothing has changed; try again." : ""].filter(Boolean).join(" "), "bad");
    } finally {
      this.#busy = false;
    }
  }

  toggleReadings() {
    this.#transcript?.toggleReadings();
  }

  focusTitle() {
    this.#part("title")?.focus({ preventScroll: true });
  }
}
