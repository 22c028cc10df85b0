"""The figures of a period as a table for spreadsheets: one line for each number.

Pure. Does not belong here: the figures (`bot.learning.insights`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from bot.learning.facts import RESULTS
from bot.learning.insights_shapes import Insights
from bot.opening_hours import WEEKDAYS

HEAD: Final = ("section", "name", "detail", "value", "unit", "of", "before", "from", "to")
#: A cell that begins like this is a formula to some spreadsheet, whoever wrote it: also behind a
#: line break or tab, and in the full width of East Asian keyboards.
_FORMULAS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")

Cell = str | int | float | None
Line = tuple[str, str, str, Cell, str, Cell, Cell]


def as_csv(insights: Insights) -> str:
    """RFC 4180, with a line of names. Shares are 0 to 1, durations ms; empty: nothing to measure.
    Names that people made up cannot act as formulas."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for section, name, detail, value, unit, of, before in _lines(insights):
        cells = (section, _harmless(name), _harmless(detail), _cell(value), unit, _cell(of))
        writer.writerow((*cells, _cell(before), insights.first, insights.last))
    return out.getvalue()


def _lines(insights: Insights) -> Iterator[Line]:
    for figure in insights.figures:
        typical = "median" if figure.unit == "ms" else ""
        yield "figure", figure.name, typical, figure.value, figure.unit, figure.of, figure.before
        if figure.unit == "ms":
            yield "figure", figure.name, "ninth tenth", figure.high, "ms", figure.of, None
    for reason in insights.reasons:
        name, count = reason.reason, reason.conversations
        yield "handoff_reason", name, reason.words, reason.share, "share", count, reason.before
    for intent in insights.intents:
        name = intent.intent or ""
        yield "intent", name, "turns", intent.turns, "count", None, intent.before_turns
        of, before = intent.turns, intent.before_success
        yield "intent", name, "success", intent.success, "share", of, before
        for result in RESULTS:
            yield "intent", name, result, intent.results.get(result, 0), "count", of, None
    for topic in insights.unanswered:
        count = topic.conversations
        yield "unanswered", topic.intent or "", "conversations", count, "count", None, None
    for label in insights.labels:
        kind = "new" if label.new else "known"
        yield "label", label.intent, kind, label.labels, "count", None, None
    for stars in insights.ratings:
        yield "rating", str(stars.stars), "", stars.conversations, "count", None, None
    for weekday, hours in zip(WEEKDAYS, insights.load, strict=True):
        for hour, count in enumerate(hours):
            yield "load", weekday, f"{hour:02}:00", count, "count", None, None
    for day in insights.trend:
        of = day.conversations
        yield "day", "conversations", day.day, of, "count", None, None
        yield "day", "containment", day.day, day.containment, "share", of, None
        yield "day", "handoff_rate", day.day, day.handoff_rate, "share", of, None
        yield "day", "first_response", day.day, day.first_response_ms, "ms", of, None
        yield "day", "wait", day.day, day.wait_ms, "ms", of, None
        yield "day", "person_response", day.day, day.person_response_ms, "ms", of, None
        yield "day", "resolution", day.day, day.resolution_ms, "ms", of, None
        yield "day", "rating", day.day, day.rating, "stars", day.ratings, None
    known = insights.archive
    yield "archive", "conversations", "read", known.read, "count", known.of, None


def _cell(value: Cell) -> str:
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1_000 else f"{value:.0f}"
    return "" if value is None else str(value)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULAS) else text
