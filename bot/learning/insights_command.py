"""`deskhand insights`: the figures of a period in the terminal, or as a file for spreadsheets.

Belongs here: what the command prints. Does not belong here: the figures (`bot.learning.insights`),
the file (`bot.learning.insights_table`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from bot.learning.archive import ARCHIVE, Archive
from bot.learning.insights_shapes import Figure, Insights
from bot.learning.insights_table import as_csv
from bot.learning.measuring import insights
from bot.learning.periods import period_of

#: Lines of each list; the file has all of them.
SHOWN: Final = 8


def run(arguments: argparse.Namespace, var: Path, *, zone: ZoneInfo, now: int) -> str:
    """What to print, with its last newline.

    Raises: BadPeriod, ArchiveMissing."""
    period = period_of(arguments.first, arguments.last, zone=zone, now=now)
    archive = Archive(var / ARCHIVE, zone=zone)
    try:
        found = insights(archive, period, compare=True)
    finally:
        archive.close()
    if arguments.csv:
        return as_csv(found)
    return "\n".join(told(found)) + "\n"


def told(found: Insights) -> Iterator[str]:
    """The figures in lines of text."""
    yield f"{found.first} to {found.last} ({found.zone}), beside the {found.days} days before"
    if partial := found.archive.told():
        yield partial
    yield ""
    for figure in found.figures:
        before = "" if figure.before is None else f"before: {_value(figure, figure.before)}"
        high = "" if figure.high is None else f"nine of ten within {duration(figure.high)}"
        more = "; ".join(filter(None, (high, before)))
        yield f"{figure.title:26} {_value(figure, figure.value):>10}   {more}".rstrip()
    if found.reasons:
        yield ""
        yield "Handed over because the customer or the matter ..."
        for reason in found.reasons[:SHOWN]:
            yield f"  {reason.words:46} {reason.conversations:6}  {reason.share:6.1%}"
    if found.unanswered:
        yield ""
        yield "Messages without a good answer, by what they were taken for"
        for topic in found.unanswered[:SHOWN]:
            yield f"  {topic.intent or 'nothing':30} {topic.turns:6}"
    if found.intents:
        yield ""
        yield "What customers ask, and how often the answer served"
        for intent in found.intents[:SHOWN]:
            yield f"  {intent.intent or 'nothing':30} {intent.turns:6}  {intent.success:6.1%}"


def _value(figure: Figure, value: float | None) -> str:
    return "-" if value is None else _UNITS[figure.unit](value)


def duration(ms: float) -> str:
    """In the unit that people would use: "3.2 s", "14 min", "2.5 h", "3.0 d"."""
    seconds = ms / 1000
    for limit, divisor, shown in (
        (60, 1, "{:.1f} s"),
        (90 * 60, 60, "{:.0f} min"),
        (48 * 3600, 3600, "{:.1f} h"),
    ):
        if seconds < limit:
            return shown.format(seconds / divisor)
    return f"{seconds / 86_400:.1f} d"


_UNITS: Final[Mapping[str, Callable[[float], str]]] = MappingProxyType(
    {
        "share": lambda value: f"{value:.1%}",
        "ms": duration,
        "stars": lambda value: f"{value:.2f}",
        "count": lambda value: f"{value:.0f}",
    }
)
