// Codes into words, times into spans: every sentence of the console that depends on data, and
// nothing that touches the page.

// The same codes as in bot/wording.py, which is the source; here as short labels for a card.
const REASONS = {
  asked_for_human: "Asked for a person",
  clarifications_failed: "Not understood, twice",
  frustrated: "Lost patience",
  repeated: "Keeps asking the same",
  complaint: "Complaint",
  sensitive: "Sensitive topic",
  business_lead: "Business enquiry",
  form_failed: "Details missing",
  identity_not_proven: "Order and e-mail don't match",
  action_failed: "Shop system did not answer",
  assistant_unavailable: "Assistant not available",
  no_answer: "Assistant had no answer",
  transferred: "Passed on",
  unclaimed: "Colleague left",
};

export const OUTCOMES = [
  ["solved", "Solved"],
  ["unsolved", "Not solved"],
  ["spam", "Spam"],
  ["duplicate", "Duplicate"],
];

export const DESKS = { slack: "Slack", telegram: "Telegram", console: "the console" };

const SLOTS = {
  order_number: "Order",
  email: "E-mail",
  phone: "Phone",
  name: "Name",
  postcode: "Postcode",
  iban: "IBAN",
};

export const reason = (code) => (code ? REASONS[code] ?? plain(code) : "Needs a person");
/** The reasons in words that say more than the code's own words do. */
export const details = (code, reasons) =>
  (reasons ?? []).filter((text) => text && text.toLowerCase() !== reason(code).toLowerCase());
export const outcome = (code) => OUTCOMES.find(([one]) => one === code)?.[1] ?? plain(code ?? "");
export const slot = (name) => SLOTS[name] ?? plain(name);

/** "order_status" as "Order status". */
export function plain(code) {
  const words = String(code).replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A slot's value as one line; objects as "key: value" pairs. */
export function value(given) {
  if (given === true) return "yes";
  if (given === false) return "no";
  if (Array.isArray(given)) return given.map(value).join(", ");
  if (given !== null && typeof given === "object") {
    return Object.entries(given)
      .map(([name, one]) => `${plain(name).toLowerCase()}: ${value(one)}`)
      .join(", ");
  }
  return String(given);
}

export function customer(card) {
  return card.customer?.name || card.customer?.email || `Guest ${card.id.replace(/[^a-z0-9]/gi, "").slice(-4).toUpperCase()}`;
}

/** What the agent should know of the mood, or null while there is nothing to know. */
export function mood({ sentiment = 0, frustration = 0 }) {
  if (frustration >= 0.6) return { tone: "bad", text: "Very unhappy" };
  if (frustration >= 0.35 || sentiment <= -0.4) return { tone: "low", text: "Unhappy" };
  if (sentiment >= 0.5) return { tone: "good", text: "Friendly" };
  return null;
}

/** A span of time for a narrow place: "12 s", "4 min", "2 h 05", "3 d". */
export function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
  return `${Math.floor(hours / 24)} d`;
}

/** How urgent a wait is. */
export function urgency(ms) {
  if (ms >= 300_000) return "late";
  return ms >= 60_000 ? "soon" : "fresh";
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const time = (ms) => TIME.format(ms);
export const full = (ms) => FULL.format(ms);
export const dayKey = (ms) => new Date(ms).toDateString();

export function day(ms, now) {
  if (dayKey(ms) === dayKey(now)) return "Today";
  if (dayKey(ms) === dayKey(now - 86_400_000)) return "Yesterday";
  return DAY.format(ms);
}

/** "14:30", or "Tuesday 14:30" when it is not today. */
export function moment(ms, now) {
  const name = day(ms, now);
  return name === "Today" ? time(ms) : `${name} ${time(ms)}`;
}

/** Nine o'clock, so many days ahead. */
export function morning(now, days = 1) {
  const then = new Date(now);
  then.setDate(then.getDate() + days);
  then.setHours(9, 0, 0, 0);
  return then.getTime();
}

/** Who has the conversation, for the pill beside the customer's name. */
export function standing(card, me, now) {
  const owner = card.owner;
  const mine = owner?.login === me.login;
  switch (card.state) {
    case "bot":
      return { tone: "bot", text: "With the assistant" };
    case "waiting":
      return { tone: "waiting", text: "Waiting" };
    case "human":
      return mine ? { tone: "mine", text: "With you" } : { tone: "other", text: `With ${owner?.name ?? "an agent"}` };
    case "snoozed":
      return { tone: "snoozed", text: `Snoozed until ${card.snoozed_until ? moment(card.snoozed_until, now) : "later"}` };
    default:
      return { tone: "closed", text: card.outcome ? `Closed · ${outcome(card.outcome).toLowerCase()}` : "Closed" };
  }
}

/** Who is asked to come, as a sentence. */
export function asked({ desk, agents, skill }) {
  const place = DESKS[desk] ?? plain(desk);
  if (agents?.length) return `Asked in ${place}: ${agents.map(({ name }) => name).join(", ")}`;
  return `Asked in ${place}: everybody${skill ? ` for ${plain(skill).toLowerCase()}` : ""}`;
}

/** Lines that begin with `//` are for colleagues only. Returns {note, reply}, each maybe "". */
export function splitNote(text) {
  const lines = text.split("\n");
  const isNote = (line) => line.trimStart().startsWith("//");
  return {
    note: lines.filter(isNote).map((line) => line.trimStart().slice(2).trim()).join("\n").trim(),
    reply: lines.filter((line) => !isNote(line)).join("\n").trim(),
  };
}
