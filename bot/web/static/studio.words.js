// The studio's numbers and codes in words. Touches nothing.

import { outcome, plain, reason } from "./console.words.js";

export { outcome, plain, reason };

const COUNT = new Intl.NumberFormat();
const SHARE = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const STARS = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 2 });
const SIGNED = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, signDisplay: "exceptZero" });

const MOMENT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const MOMENT_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/** "34 s", "1 min 34 s", "2 h 05 min", "3 d 4 h" */
function duration(ms) {
  const seconds = Math.round(ms / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (seconds < 60) return `${seconds} s`;
  if (minutes < 10) return `${minutes} min ${seconds % 60} s`;
  if (minutes < 60) return `${minutes} min`;
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "24 Nov, 14:30"; without the time what is of another year. */
export const shortMoment = (ms) => (new Date(ms).getFullYear() === new Date().getFullYear() ? MOMENT : MOMENT_AND_YEAR).format(ms);

/** How values of each unit are written; `null` is "–": there is nothing to measure. */
const UNITS = {
  count: COUNT.format,
  share: SHARE.format,
  ms: duration,
  stars: STARS.format,
};

export const measured = (value, unit) => (value === null || value === undefined ? "–" : UNITS[unit](value));
export const share = SHARE.format;
export const count = COUNT.format;

/** "1 conversation", "3 conversations" */
export const counted = (n, one, many = `${one}s`) => `${COUNT.format(n)} ${n === 1 ? one : many}`;

/**
 * The change against the time before: {text, tone: "good", "bad" or "same", arrow}; null when there is
 * nothing to compare. `better` is "up", "down" or "".
 */
export function change(value, before, unit, better) {
  if (value === null || before === null) return null;
  const [by, told] = CHANGES[unit];
  const size = by(value, before);
  if (!Number.isFinite(size)) return null;
  if (Math.abs(size) < 0.05) return { text: "unchanged", tone: "same", arrow: null };
  const arrow = size > 0 ? "up" : "down";
  return { text: told(size), tone: !better ? "same" : arrow === better ? "good" : "bad", arrow };
}

const relative = [(value, before) => ((value - before) / before) * 100, (size) => (size < 1_000 ? `${SIGNED.format(size)} %` : `× ${COUNT.format(Math.round(size / 100) + 1)}`)];
const CHANGES = {
  count: relative,
  ms: relative,
  share: [(value, before) => (value - before) * 100, (size) => `${SIGNED.format(size)} points`],
  stars: [(value, before) => value - before, SIGNED.format],
};

/** What Rasa calls a message for which no intent is likely enough. */
const FALLBACK = "nlu_fallback";
export const intentOf = (name) => (name === null || name === FALLBACK ? "Not understood" : plain(name));

export const STATES = [
  ["bot", "With the assistant"],
  ["waiting", "Waiting"],
  ["human", "With a person"],
  ["snoozed", "Snoozed"],
  ["closed", "Closed"],
];
export const stateOf = (code) => STATES.find(([one]) => one === code)?.[1] ?? plain(code);

/** Monday first, in the browser's language. */
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: "short", timeZone: "UTC" });
export const WEEKDAYS = Array.from({ length: 7 }, (_, day) => WEEKDAY.format(Date.UTC(2024, 0, 1 + day)));
export const hour = (n) => `${String(n).padStart(2, "0")}:00`;

/** What became of a conversation or a turn (`bot.learning.facts`). */
const RESULTS = {
  contained: "Contained",
  handed_off: "Handed over",
  left: "Left without an answer",
  labelled: "Labelled by an agent",
  dropped: "Came too late",
  passed_on: "Passed on, as wanted",
  gave_up: "Gave up",
  asked_back: "Asked back",
  escalated: "A person was needed next",
  rated_low: "Rated low",
  answered: "Answered",
  missed: "Without a good answer",
};
export const resultOf = (code) => RESULTS[code] ?? plain(code);
