// The right pane: what an agent wants to know before the first word. Draws the conversation's card;
// sends nothing.

import { transcriptUrl } from "./console.api.js";
import { el } from "./console.dom.js";
import { stars } from "./console.queue.js";
import * as words from "./console.words.js";

/** Fill `root` with what is known of `conversation`. */
export function showContext(root, conversation, events, now) {
  const { customer = {}, slots = {} } = conversation;
  const mood = words.mood(conversation);
  const started = events.find((event) => event.kind === "started");
  const why = words.details(conversation.reason, conversation.reasons);
  const known = Object.entries(slots).filter(([name, given]) => given !== null && given !== "" && !["name", "email", "order_facts"].includes(name));
  root.replaceChildren(
    ...[
      block("Customer", facts([
        ["Name", customer.name],
        ["E-mail", customer.email],
        ["Mood", mood ? el("span", { class: `mood ${mood.tone}` }, mood.text) : null],
        ["Since", started ? words.moment(started.at, now) : null],
        ["Page", started?.page],
        ["Answers to", conversation.contact],
      ]), customer.name || customer.email ? null : el("p", { class: "muted" }, "Has not given a name or an e-mail address.")),
      conversation.reason || conversation.reasons?.length
        ? block(
            "Why a person is needed",
            el("p", { class: "strong" }, words.reason(conversation.reason)),
            why.length ? el("ul", { class: "why-list" }, why.map((text) => el("li", {}, text))) : null,
            conversation.skill ? el("p", { class: "muted" }, `Team: ${words.plain(conversation.skill).toLowerCase()}`) : null,
          )
        : null,
      conversation.state === "waiting" && conversation.asked ? block("Asked to come", el("p", {}, words.asked(conversation.asked))) : null,
      conversation.summary ? block("In short", el("p", { class: "summary" }, conversation.summary)) : null,
      slots.order_facts
        ? block("Order", facts(Object.entries(slots.order_facts).map(([name, given]) => [words.plain(name), String(given)])))
        : null,
      known.length ? block("What the assistant knows", facts(known.map(([name, given]) => [words.slot(name), words.value(given)]))) : null,
      conversation.rating
        ? block("Rating", stars(conversation.rating.stars), conversation.rating.comment ? el("p", { class: "comment" }, `“${conversation.rating.comment}”`) : null)
        : null,
      block("Reference", el("p", { class: "muted mono" }, conversation.id), el("p", {}, el("a", { href: transcriptUrl(conversation.id), download: "" }, "Download the transcript"))),
    ].filter(Boolean),
  );
}

function block(title, ...content) {
  return el("section", { class: "block" }, el("h3", {}, title), content);
}

function facts(pairs) {
  const given = pairs.filter(([, one]) => one);
  return given.length ? el("dl", { class: "facts" }, given.map(([key, one]) => [el("dt", {}, key), el("dd", {}, one)])) : null;
}
