// Stretches of days: which one an address means, how it is called, and the control that chooses one.
// Days are written as 2026-11-25, first and last included; whose days they are (the shop's time zone)
// is the server's business.

import { el } from "./console.dom.js";

const PRESETS = [7, 28, 90];
const USUAL = 28;
const DAY_MS = 86_400_000;
const SHORT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const LONG = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text ?? "") && !Number.isNaN(Date.parse(text));
const written = (ms) => new Date(ms).toISOString().slice(0, 10);

/** The browser's today. */
export function today() {
  const now = new Date();
  return written(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()));
}

export const daysFrom = (day, days) => written(Date.parse(day) + days * DAY_MS);

/**
 * The period in an address: `days=7`, or `from` and `to`; else the usual one, unless `open` allows none.
 *
 * @returns {from, to, days (null for one of one's own), query (as it stands in an address)}; from and
 *   to are "" for an open one
 */
export function periodOf(query, { open = false } = {}) {
  const [from, to] = [query.get("from"), query.get("to")].map((day) => (isDay(day) ? day : ""));
  if (from || to) {
    const [first, last] = from && to && from > to ? [to, from] : [from, to];
    if (open || (first && last)) return { from: first, to: last, days: null, query: { from: first, to: last } };
  }
  const asked = Number(query.get("days"));
  const days = PRESETS.includes(asked) ? asked : open ? 0 : USUAL;
  if (!days) return { from: "", to: "", days: null, query: {} };
  return { from: daysFrom(today(), 1 - days), to: today(), days, query: { days } };
}

/** "3 – 30 Nov 2026" */
export function called({ from, to }) {
  if (!from && !to) return "All time";
  if (!to) return `Since ${LONG.format(Date.parse(from))}`;
  if (!from) return `Until ${LONG.format(Date.parse(to))}`;
  if (from === to) return LONG.format(Date.parse(from));
  return `${SHORT.format(Date.parse(from))} – ${LONG.format(Date.parse(to))}`;
}

export const dayInWords = (day) => SHORT.format(Date.parse(day));

/** The control; `choose` gets the query of the new period. */
export function periodPicker(period, choose) {
  const own = period.days === null && Boolean(period.from || period.to);
  const input = (label, value) => el("input", { type: "date", "aria-label": label, value, max: today() });
  const [from, to] = [input("First day", period.from), input("Last day", period.to)];
  const dates = el(
    "form",
    {
      class: "period-dates",
      hidden: !own,
      on: {
        submit: (event) => {
          event.preventDefault();
          if (from.value && to.value) choose({ from: from.value, to: to.value });
        },
      },
    },
    el("span", { class: "field" }, from),
    el("span", { "aria-hidden": "true" }, "–"),
    el("span", { class: "field" }, to),
    el("button", { type: "submit", class: "button quiet" }, el("span", {}, "Show")),
  );
  const preset = (days) => el("button", { type: "button", "aria-pressed": String(days === period.days), on: { click: () => choose({ days }) } }, `${days} days`);
  const custom = el(
    "button",
    {
      type: "button",
      "aria-pressed": String(own),
      on: {
        click: () => {
          dates.hidden = false;
          from.focus();
        },
      },
    },
    "Custom",
  );
  return el("div", { class: "period", role: "group", "aria-label": "Period" }, el("div", { class: "segments" }, PRESETS.map(preset), custom), dates);
}
