// The middle pane: one open conversation with its header, transcript and reply box, kept live from
// the first fetch on. What to do with a click is sent to the desk; what became of it comes back
// through the stream like everybody else's doing.

import { actionsOf, label, transfer } from "./console.actions.js";
import { follow, get, inWords, newId, post, Refused } from "./console.api.js";
import { Composer } from "./console.composer.js";
import { showContext } from "./console.context.js";
import { Decisions } from "./console.decisions.js";
import { confirm, el, icon, setText, toast } from "./console.dom.js";
import { commandsOf, Orders } from "./console.orders.js";
import { Transcript } from "./console.transcript.js";
import * as words from "./console.words.js";

const TYPING_EVERY_MS = 3_000;

export class ConversationPane {
  #root;
  #contextRoot;
  #desk;
  #id = null;
  #conversation = null;
  #events = [];
  #stream = null;
  #transcript;
  #composer;
  #decisions;
  #generation = 0;
  #typedAt = 0;
  #orders;

  /**
   * @param desk {me, fileMb, now(), outbox, line(up, name), loggedOut(), showContext()}
   */
  constructor(root, contextRoot, desk) {
    this.#root = root;
    this.#contextRoot = contextRoot;
    this.#desk = desk;
    this.#composer = new Composer(desk.fileMb, {
      send: (command, text, more) => this.#send(command, text, more),
      typing: () => this.#tellTyping(),
      lastOwn: () => this.#transcript.lastOwn(),
      canned: async () => (await this.#ask(`/conversations/${encodeURIComponent(this.#id)}/canned`))?.canned ?? [],
    });
    this.#orders = new Orders(() => desk.loggedOut());
    this.#decisions = new Decisions({
      decide: (command, of) => this.command(command, { of }),
      change: (mode, seq, text) => this.#composer.change(mode, seq, text),
    });
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
    this.#typedAt = 0;
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
    this.#composer.open(id);
    this.#transcript.load(this.#events);
    this.#refresh();
    // What the log shows is not on its way any more, whether or not we have been told so.
    for (const { client_id: clientId } of this.#events) if (clientId) this.#desk.outbox.drop(clientId);
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
    this.#decisions.clear();
    this.#root.replaceChildren(
      el(
        "header",
        { class: "pane-head conversation-head" },
        el("a", { class: "icon-button back", href: "#/", "aria-label": "Back to the queue" }, icon("back")),
        el(
          "div",
          { class: "title" },
          el("h2", { tabindex: "-1", data: { part: "title" } }),
          el("p", { class: "standing" }, el("span", { class: "pill", data: { part: "pill" } }), el("time", { class: "when", data: { part: "since" } }), el("span", { class: "asked", data: { part: "asked" } })),
        ),
        el("div", { class: "actions", data: { part: "actions" } }),
        el("button", { type: "button", class: "icon-button context-open", "aria-label": "Show details", on: { click: () => this.#desk.showContext() } }, icon("info")),
      ),
      log,
      this.#decisions.root,
      this.#composer.root,
    );
    this.#root.ondragover = (event) => this.#drag(event);
    this.#root.ondragleave = (event) => this.#drag(event);
    this.#root.ondrop = (event) => {
      if (this.#drag(event)) this.#composer.drop(event.dataTransfer);
    };
    this.#transcript = new Transcript(log, {
      me: this.#desk.me,
      now: this.#desk.now,
      talk: this.#id,
      acts: {
        edit: (seq, text) => this.#composer.change("edit", seq, text),
        retract: (seq) => this.#retract(seq),
        label: (seq, text) => label(seq, text, this.#likely(seq), this.#acts),
      },
    });
  }

  /** Everything that depends on the state: header, actions, decisions, reply box, context. */
  #refresh() {
    const { me } = this.#desk;
    const c = this.#conversation;
    setText(this.#part("title"), words.customer(c));
    const standing = words.standing(c, me, this.#desk.now());
    const pill = this.#part("pill");
    pill.className = `pill ${standing.tone}`;
    setText(pill, standing.text);
    setText(this.#part("asked"), c.state === "waiting" && c.asked ? words.asked(c.asked) : "");
    this.tick();
    this.#decisions.show(c, me);
    this.#composer.show(c, this.#mine);
    this.#transcript.showOpen(new Set(c.drafts.map(({ seq }) => seq)));
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

  /** What the header's buttons and the dialogs behind them do. */
  get #acts() {
    return {
      me: this.#desk.me,
      order: (command, more) => this.command(command, more),
      claim: () => this.claim(),
      lastSeq: () => this.#lastSeq(),
      colleagues: async () => (await this.#ask("/me/presence"))?.team ?? [],
      skills: async () => (await this.#ask("/skills"))?.skills ?? [],
      intents: async () => (await this.#ask("/intents"))?.intents ?? [],
    };
  }

  #showActions() {
    const c = this.#conversation;
    // Redrawn only when the choice changes, so that an open menu stays open while texts arrive.
    const drawn = `${c.state}|${c.owner?.login}`;
    const box = this.#part("actions");
    if (box.dataset.drawn === drawn) return;
    const focused = box.contains(document.activeElement);
    box.dataset.drawn = drawn;
    box.replaceChildren(...actionsOf(c, this.#mine, this.#desk.now, this.#acts));
    // The button that was pressed is gone; what one does next is to write, or to look elsewhere.
    if (focused) (this.#mine ? this.#composer : this.#part("title")).focus();
  }

  /** As what the assistant took the message, likeliest first. */
  #likely(seq) {
    const reading = this.#events.find((event) => event.in_reply_to === seq && event.reading)?.reading;
    return (reading?.ranking ?? []).map(({ name }) => name);
  }

  /** Shows that files can be dropped here. @returns whether there are any */
  #drag(event) {
    const files = event.dataTransfer.types.includes("Files");
    this.#root.classList.toggle("drop", files && event.type === "dragover");
    if (files) event.preventDefault();
    return files;
  }

  // ── what is written ──

  /** Into the reply box, for a reply or a note. */
  write(mode) {
    if (this.#conversation) this.#composer.write(mode);
  }

  #send(command, text, more) {
    // It is in the outbox now, which shows it and keeps it until the desk has it.
    this.#desk.outbox.send(this.#id, command, text, more);
    this.#typedAt = 0;
    this.#transcript.toEnd();
  }

  #tellTyping() {
    if (Date.now() - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = Date.now();
    // Nobody misses a lost one: no repeat, no message.
    post(commandsOf(this.#id), { client_id: newId(), command: "typing" }).catch(() => {});
  }

  showOutbox() {
    if (!this.#conversation) return;
    const { outbox } = this.#desk;
    this.#transcript.showPending(outbox.of(this.#id), {
      retry: () => outbox.retryNow(),
      discard: (item) => outbox.drop(item.clientId),
      edit: (item) => {
        outbox.drop(item.clientId);
        this.#composer.restore(item);
      },
    });
  }

  async #retract(seq) {
    const yes = await confirm("Delete this message?", "The customer sees that a message was removed, but not what it said. Files that came with it can no longer be opened.", "Delete");
    if (yes) await this.command("retract", { of: seq });
  }

  // ── commands ──

  /** What the desk knows; null, with a word to the agent, when it cannot be asked. */
  async #ask(path) {
    try {
      return await get(path);
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.#desk.loggedOut();
      else toast(inWords(error), "bad");
      return null;
    }
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

  command(command, more) {
    return this.#orders.send(this.#id, command, more);
  }

  /** Pass it on, if that is possible now. */
  transfer() {
    const c = this.#conversation;
    if (c?.state === "waiting" || (c?.owner && this.#mine)) transfer(c, this.#acts);
  }

  /** Into the first decision that is open: pressing it is another key. */
  approve() {
    this.#decisions.focus();
  }

  toggleReadings() {
    this.#transcript?.toggleReadings();
  }

  focusTitle() {
    this.#part("title")?.focus({ preventScroll: true });
  }
}
