// Between transcript and reply box: what waits for this agent's decision. Drafts on sensitive topics,
// suggested replies, and replies of one's own that were held. Draws; a click is told to the pane.

import { announce, button, el, icon } from "./console.dom.js";
import { fileList } from "./console.files.js";
import * as words from "./console.words.js";

export class Decisions {
  #acts;
  #drawn = "";
  #told = new Set();

  /** @param acts {decide(command, seq, more?), change(mode, seq, text)} */
  constructor(acts) {
    this.#acts = acts;
    this.root = el("div", { class: "decisions", hidden: true });
  }

  clear() {
    this.#drawn = "";
    this.#told.clear();
    this.root.hidden = true;
    this.root.replaceChildren();
  }

  focus() {
    this.root.querySelector("button")?.focus();
  }

  show(c, me) {
    const mine = !c.owner || c.owner.login === me.login;
    const held = c.held.filter(({ agent }) => agent.login === me.login);
    // A colleague's drafts and suggestions are that colleague's to decide on.
    const drafts = mine && c.state !== "closed" && c.state !== "bot" ? c.drafts : [];
    const cards = [
      ...held.map((one) => ({ ...one, is: "held", owner: c.owner?.name ?? "" })),
      ...drafts.map((one) => ({ ...one, is: one.origin === "assistant" ? "draft" : "suggestion", waits: c.state === "waiting" })),
    ];
    // Redrawn only when it changes: a button that is about to be pressed must stay where it is.
    const drawn = JSON.stringify(cards);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focused = this.root.contains(document.activeElement);
    this.root.hidden = !cards.length;
    this.root.replaceChildren(...cards.map((one) => DRAW[one.is](one, this.#acts, c.id)));
    for (const one of cards) {
      if (!this.#told.has(one.seq)) announce(TOLD[one.is](one));
      this.#told.add(one.seq);
    }
    if (focused) (this.root.querySelector("button") ?? document.getElementById("composer-text"))?.focus();
  }
}

const TOLD = {
  held: ({ owner, text }) => `Your reply was held, since ${owner} has this conversation: ${text}`,
  draft: () => "There is a draft by the assistant, which waits for your approval.",
  suggestion: ({ text }) => `Suggested reply: ${text}`,
};

function card(is, title, iconName, text, files, buttons) {
  const id = `${is}-title`;
  return el(
    "section",
    { class: `decision ${is}`, "aria-labelledby": id },
    el("h3", { id }, icon(iconName), el("span", {}, title)),
    text ? el("p", { class: "decision-text", tabindex: "0" }, text) : null,
    files,
    el("div", { class: "decision-acts" }, buttons),
  );
}

const DRAW = {
  held: ({ seq, text, files, owner }, acts, talk) =>
    card("held", owner ? `Not sent: ${owner} has this conversation` : "Not sent", "hold", text, fileList(talk, files), [
      button(owner ? "Take over and send" : "Send", { look: "primary", act: () => acts.decide("send_held", seq) }),
      button("Discard", { act: () => acts.decide("drop_held", seq) }),
    ]),
  draft: ({ seq, text, waits }, acts) =>
    card("draft", "Draft: the assistant may not send this by itself", "bot", text, null, [
      button(waits ? "Approve, claim and send" : "Approve and send", { look: "primary", act: () => acts.decide("send_draft", seq) }),
      button("Edit first", { act: () => acts.change("draft", seq, text) }),
      button("Discard", { act: () => acts.decide("drop_draft", seq) }),
    ]),
  suggestion: ({ seq, text, intent, confidence, waits }, acts) =>
    card("suggestion", `Suggested reply · ${intent ? words.plain(intent) : "help page"}, ${Math.round(confidence * 100)} %`, "star", text, null, [
      button(waits ? "Claim and send" : "Send", { look: "quiet", act: () => acts.decide("send_draft", seq) }),
      button("Edit first", { look: "quiet", act: () => acts.change("suggestion", seq, text) }),
      button("Dismiss", { look: "plain", act: () => acts.decide("drop_draft", seq) }),
    ]),
};
