// The buttons in a conversation's header, by its state, and the questions that some of them ask.
// What is chosen is told to the pane.

import { transcriptUrl } from "./console.api.js";
import { ask, button, el, menuButton } from "./console.dom.js";
import * as words from "./console.words.js";

const HOUR = 3_600_000;

/**
 * @param acts {order(command, more?), claim(), lastSeq() of what is shown, colleagues() => promise of [{login, name, away, ...}],
 *   skills() => promise of [{name, words}], intents() => promise of [name]}
 */
export function actionsOf(c, mine, now, acts) {
  const { order } = acts;
  const more = (items) => menuButton("", () => [...items(), ["Download transcript", () => download(c.id)]], { look: "plain", iconName: "more", name: "More actions", data: { menu: "more" } });
  if (c.state === "closed") return [button("Reopen", { act: () => order("reopen") }), more(() => [])];
  if (c.state === "bot") return [button("Step in", { look: "primary", keys: "c", act: acts.claim }), more(() => [])];
  const pass = ["Transfer…", () => transfer(c, acts)];
  if (c.state === "waiting") {
    return [button("Claim", { look: "primary", keys: "c", act: acts.claim }), more(() => [pass, back(acts), ...closesOf(order)])];
  }
  if (!mine) return [button("Take over", { keys: "c", act: acts.claim }), more(() => [])];
  const snoozed = c.state === "snoozed";
  // What there is no room for is in the menu.
  const roomy = (node) => el("span", { class: "roomy" }, node);
  const passing = roomy(button("Transfer", { iconName: "pass", keys: "t", act: pass[1] }));
  const snoozing = roomy(menuButton("Snooze", () => snoozes(now(), order), { iconName: "clock", data: { menu: "snooze" } }));
  const hidden = () => [
    ...(passing.offsetParent ? [] : [pass]),
    ...(snoozed || snoozing.offsetParent ? [] : snoozes(now(), order).map(([label, act]) => [`Snooze: ${label.toLowerCase()}`, act])),
  ];
  return [
    snoozed ? button("Wake up", { look: "primary", act: () => order("claim") }) : null,
    passing,
    snoozed ? null : snoozing,
    menuButton("Close", () => closes(order), { iconName: "check", data: { menu: "close" } }),
    more(() => [back(acts), ...hidden()]),
  ].filter(Boolean);
}

/** What the customer writes from now on, while the menu is open, has not been seen: the assistant answers it. */
function back({ order, lastSeq }) {
  const seen = lastSeq();
  return ["Return to assistant", () => order("return_to_bot", { seen })];
}

const closes = (order) => words.OUTCOMES.map(([outcome, label]) => [label, () => order("close", { outcome })]);
const closesOf = (order) => closes(order).map(([label, act]) => [`Close: ${label.toLowerCase()}`, act]);

function snoozes(now, order) {
  const until = (label, ms) => [label, () => order("snooze", { until: ms })];
  return [
    until("For 1 hour", now + HOUR),
    until("For 3 hours", now + 3 * HOUR),
    until(`Until tomorrow, ${words.time(words.morning(now))}`, words.morning(now)),
    ["Until…", () => snoozeUntil(now, order)],
  ];
}

async function snoozeUntil(now, order) {
  const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const box = el("input", { type: "datetime-local", name: "until", required: true, min: local(now + 60_000), max: local(now + 30 * 24 * HOUR - 60_000), autofocus: true, id: "snooze-until" });
  box.value = local(words.morning(now));
  const content = [el("label", { for: "snooze-until" }, "It comes back then, or when the customer writes"), box];
  const given = await ask("Snooze until", content, "Snooze");
  if (given) order("snooze", { until: new Date(given.until).getTime() });
}

/** Pass it on: to a colleague, or to whoever has a skill. */
export async function transfer(c, { order, colleagues, skills, me }) {
  const [team, able] = await Promise.all([colleagues(), skills()]);
  const people = team.filter(({ login }) => login !== me.login && login !== c.owner?.login);
  const choice = (value, title, about, off = false) =>
    el("label", { class: `choice${off ? " off-duty" : ""}` }, el("input", { type: "radio", name: "to", value, required: true }), el("span", {}, title), el("span", { class: "choice-about" }, about));
  const load = (one) => (one.away ? "away" : one.conversations ? `has ${one.conversations} of ${one.capacity}` : "free");
  const content = [
    people.length ? el("fieldset", { class: "choices" }, el("legend", {}, "A colleague"), people.map((one) => choice(`to:${one.login}`, one.name, load(one), one.away))) : null,
    able.length ? el("fieldset", { class: "choices" }, el("legend", {}, "Whoever knows about"), able.map((one) => choice(`skill:${one.name}`, words.plain(one.words), ""))) : null,
    people.length || able.length ? el("p", { class: "muted" }, "The customer is told that they are passed on, and waits in the queue.") : el("p", {}, "There is nobody else to pass it on to."),
  ];
  const given = await ask("Transfer this conversation", content, "Transfer");
  if (!given?.to) return;
  const [kind, name] = [given.to.slice(0, given.to.indexOf(":")), given.to.slice(given.to.indexOf(":") + 1)];
  order("transfer", { [kind]: name });
}

/** "The bot should have answered this": as an intent that it knows, or as a new one. */
export async function label(seq, text, likely, { order, intents }) {
  const known = await intents();
  const first = likely.filter((name) => known.includes(name));
  const names = [...first, ...known.filter((name) => !first.includes(name)).sort()];
  const list = el("select", { name: "intent", id: "label-intent", autofocus: true }, el("option", { value: "" }, "Choose…"), names.map((name) => el("option", { value: name }, words.plain(name))));
  const fresh = el("input", { name: "fresh", id: "label-new", maxlength: "80", autocomplete: "off", placeholder: "for example: gift wrapping" });
  list.required = true;
  // One of the two: what is typed as new makes the list optional.
  fresh.addEventListener("input", () => {
    list.required = !fresh.value.trim();
    if (fresh.value.trim()) list.value = "";
  });
  list.addEventListener("change", () => (fresh.value = ""));
  const content = [
    el("blockquote", { class: "quoted" }, text),
    el("label", { for: "label-intent" }, "It is about"),
    list,
    el("label", { for: "label-new" }, "Or something that it does not know yet"),
    fresh,
    el("p", { class: "muted" }, "The owner sees it when the assistant is taught. The customer sees nothing of it."),
  ];
  const given = await ask("The bot should have answered this", content, "Save");
  if (!given) return;
  const added = given.fresh.trim();
  order("label", { of: seq, intent: added || given.intent, new: Boolean(added) });
}

function download(id) {
  el("a", { href: transcriptUrl(id), download: "" }).click();
}
