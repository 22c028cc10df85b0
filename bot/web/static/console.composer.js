// The reply box: what an agent writes, and as what it goes out: a reply, a note, a changed message,
// or a draft that was changed first. Keeps what is typed per conversation; sends nothing itself.

import { button, el, icon, setText } from "./console.dom.js";
import { CannedPicker } from "./console.canned.js";
import { Tray } from "./console.files.js";
import * as words from "./console.words.js";

const TEXT_AT_MOST = 4_000;

// What the box says of a mode that changes something: title, and the send button's words.
const CHANGES = {
  edit: ["Changing your message", "Save"],
  draft: ["Changing the draft before it is sent", "Approve and send"],
  suggestion: ["Changing the suggestion before it is sent", "Send"],
};

export class Composer {
  #acts;
  #text;
  #send;
  #hint;
  #change;
  #changeTitle;
  #tray;
  #canned;
  #attach;
  #ready;
  #id = null;
  #conversation = null;
  #mine = false;
  #mode = "reply";
  #of = null;
  #kept = "";

  /**
   * @param limit megabytes of one file
   * @param acts {send(command, text, {of, files}), typing(), lastOwn() => {seq, text}|null, canned()}
   */
  constructor(limit, acts) {
    this.#acts = acts;
    this.#tray = new Tray(limit, () => this.#refresh());
    this.#canned = new CannedPicker(acts.canned, (text) => this.#put(text));
    const text = el("textarea", {
      id: "composer-text",
      rows: "1",
      maxlength: String(TEXT_AT_MOST),
      enterkeyhint: "send",
      on: {
        input: () => this.#typed(),
        keydown: (event) => this.#key(event),
        paste: (event) => this.#carried(event, event.clipboardData),
        blur: () => this.#canned.close(),
      },
    });
    this.#text = text;
    this.#canned.serve(text);
    const tab = (mode, label, iconName) =>
      el("button", { type: "button", class: "mode", "aria-pressed": "false", data: { mode }, on: { click: () => this.write(mode) } }, iconName ? icon(iconName) : null, el("span", {}, label));
    const chosen = el("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
    chosen.addEventListener("change", () => {
      this.#tray.add(chosen.files);
      chosen.value = ""; // the same file may be chosen again
    });
    this.#attach = el("button", { type: "button", class: "icon-button", "aria-label": "Attach a file", title: "Attach a file", on: { click: () => chosen.click() } }, icon("clip"));
    this.#ready = el("button", { type: "button", class: "mode", title: "Ready-made texts (/)", on: { click: () => this.#canned.toggle() } }, icon("text"), el("span", {}, "Canned"));
    this.#ready.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
    this.#hint = el("span", { class: "composer-hint", role: "status" });
    this.#changeTitle = el("span", {});
    this.#change = el("p", { class: "changing", hidden: true }, this.#changeTitle, button("Cancel", { look: "link", act: () => this.cancel() }));
    this.#send = el("button", { type: "submit", class: "button primary send" }, el("span", {}, "Send"), icon("send"));
    this.root = el(
      "form",
      { class: "composer" },
      el("div", { class: "modes", role: "group", "aria-label": "What you write" }, tab("reply", "Reply"), tab("note", "Internal note", "note"), this.#ready, this.#hint),
      this.#canned.root,
      this.#change,
      this.#tray.root,
      el("div", { class: "box" }, this.#attach, chosen, text, this.#send),
    );
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Files that were dropped anywhere on the conversation. */
  drop(transfer) {
    if (this.#blocked) return;
    this.#tray.add(transfer.files);
    this.#text.focus();
  }

  /** The box of another conversation. */
  open(id) {
    this.#conversation = null;
    this.#mode = "reply";
    this.#of = null;
    this.#id = id;
    this.#text.value = sessionStorage.getItem(this.#place) ?? "";
    this.#tray.open(id);
    this.#canned.close();
  }

  get #place() {
    return `deskhand.draft.${this.#id}`;
  }

  show(conversation, mine) {
    this.#conversation = conversation;
    this.#mine = mine;
    // What is being changed may be settled by now, by a colleague or by the customer's going.
    const open = conversation.drafts.some(({ seq }) => seq === this.#of);
    if ((this.#mode === "draft" || this.#mode === "suggestion") && !open) this.#leaveChange({ keep: true });
    this.#refresh();
  }

  focus() {
    this.#text.focus();
  }

  /** Into the box, for a reply or a note. */
  write(mode) {
    if (this.#of !== null) this.cancel();
    this.#mode = mode;
    const { value } = this.#text;
    if (mode === "reply" && value.trimStart().startsWith("//")) this.#put(value.trimStart().replace(/^\/+\s?/, ""));
    this.#refresh();
    this.#text.focus();
  }

  /** Change something that is there: a message of one's own (`edit`), a draft or a suggestion. */
  change(mode, seq, text) {
    if (this.#of === null) this.#kept = this.#text.value;
    this.#mode = mode;
    this.#of = seq;
    this.#text.value = text;
    this.#refresh();
    this.#text.focus();
  }

  cancel() {
    this.#leaveChange({ keep: false });
    this.#refresh();
    this.#text.focus();
  }

  #leaveChange({ keep }) {
    if (this.#of === null) return;
    this.#mode = "reply";
    this.#of = null;
    // Words that were changed already are not thrown away with what they were for.
    this.#put(keep ? [this.#kept, this.#text.value].filter(Boolean).join("\n") : this.#kept);
  }

  /** Words and files that were not sent are back in the box. */
  restore({ command, text, files, of }) {
    if (command === "edit") return this.change("edit", of, text);
    this.#put([text, this.#text.value].filter(Boolean).join("\n"));
    this.#tray.restore(files);
    this.write(command === "note" ? "note" : "reply");
  }

  #put(text) {
    this.#text.value = text;
    if (this.#of === null) {
      if (text) sessionStorage.setItem(this.#place, text);
      else sessionStorage.removeItem(this.#place);
    }
    this.#refresh();
  }

  get #noting() {
    const mark = this.#text.value.trimStart().startsWith("//");
    return this.#mode === "note" || (this.#mode === "reply" && mark);
  }

  /** Why nothing can be said to the customer now, or nothing. */
  get #blocked() {
    if (this.#mode === "edit") return "";
    return { bot: "The assistant answers. Step in to reply.", closed: "Closed. Reopen to reply." }[this.#conversation?.state] ?? "";
  }

  #refresh() {
    const c = this.#conversation;
    if (!c) return;
    const [note, blocked] = [this.#noting, this.#blocked];
    const colleague = c.owner && !this.#mine ? c.owner.name : "";
    const change = CHANGES[this.#mode];
    this.root.classList.toggle("noting", note);
    this.root.classList.toggle("blocked", Boolean(blocked) && !note);
    this.#change.hidden = !change;
    if (change) setText(this.#changeTitle, change[0]);
    for (const one of this.root.querySelectorAll("[data-mode]")) {
      one.setAttribute("aria-pressed", String(one.dataset.mode === (note ? "note" : "reply")));
    }
    const about = note
      ? "Write a note for colleagues…"
      : blocked || (colleague ? `${colleague} has this conversation…` : c.state === "waiting" ? "Reply, and so claim it…" : "Write a reply…");
    this.#text.placeholder = about;
    this.#text.setAttribute("aria-label", note ? "Internal note" : change ? change[0] : blocked || "Reply to the customer");
    this.#text.readOnly = Boolean(blocked) && !note;
    this.#ready.hidden = Boolean(blocked) && !note;
    this.#attach.disabled = note || Boolean(blocked) || this.#of !== null;
    const held = colleague && !note && !blocked && !change;
    setText(this.#hint, note ? "Colleagues only" : held ? `Held until you take over from ${colleague}` : "");
    const some = this.#text.value.trim() || (!note && !change && this.#tray.files.length);
    this.#send.disabled = (Boolean(blocked) && !note) || !some || (!note && this.#tray.busy);
    setText(this.#send.firstChild, note ? "Add note" : change ? change[1] : held ? "Hold reply" : c.state === "waiting" ? "Claim and send" : "Send");
    this.#grow();
  }

  #grow() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight + 2, 220)}px`;
  }

  #typed() {
    this.#put(this.#text.value);
    if (this.#of === null) this.#canned.typed(this.#text.value);
    if (this.#mine && !this.#noting && this.#mode !== "edit" && this.#text.value.trim()) this.#acts.typing();
  }

  #carried(event, { files }) {
    if (!files.length || this.#noting || this.#blocked || this.#of !== null) return;
    event.preventDefault();
    this.#tray.add(files);
  }

  #key(event) {
    if (this.#canned.key(event)) return event.preventDefault();
    if (event.key === "Escape" && this.#of !== null) return this.cancel();
    if (event.key === "Escape") event.target.blur();
    if (event.key === "ArrowUp" && !this.#text.value && this.#of === null) {
      const last = this.#acts.lastOwn();
      if (last) {
        event.preventDefault();
        this.change("edit", last.seq, last.text);
      }
    }
    // A finger has no Shift key: there Enter makes a new line and the button sends.
    const touch = matchMedia("(pointer: coarse)").matches;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    if (this.#send.disabled) return;
    const text = this.#text.value;
    const of = this.#of;
    if (of !== null) {
      const command = this.#mode === "edit" ? "edit" : "send_draft";
      this.#leaveChange({ keep: false });
      this.#acts.send(command, text.trim(), { of });
    } else {
      const { note, reply } = this.#mode === "note" ? { note: text.trim(), reply: "" } : words.splitNote(text);
      const files = this.#noting ? [] : this.#tray.take();
      if (note) this.#acts.send("note", note);
      if (reply || files.length) this.#acts.send("reply", reply, { files });
      this.#mode = "reply";
      this.#put("");
    }
    this.#refresh();
  }
}
