"""Which conversations: what an owner asks for in the studio's addresses, and as a question to the
archive.

Pure. The one table of filters (`FILTERS`); every figure names the filter that lists the
conversations behind it, so both are built here. Text that people type reaches SQLite only as a
parameter, and the search for words only as quoted phrases: nothing in it is syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.errors import DeskhandError
from bot.learning import facts
from bot.learning.periods import BadPeriod, Period, day_of
from bot.state import State

#: Longest text that a filter may have, and words in a search.
TEXT_AT_MOST: Final = 200
WORDS_AT_MOST: Final = 20
#: Not one of `facts.RESULTS`, but all beside `facts.SERVED`.
MISSED: Final = "missed"
#: For turns in which no intent was read at all.
NO_INTENT: Final = "none"


class BadFilter(DeskhandError):
    """A filter that makes no sense; says which, and what it may be."""

    code = "bad_filter"


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a WHERE clause about `conversation AS c`, and its parameters."""

    sql: str
    values: tuple[Any, ...] = ()


#: What can have been measured, and which conversations have it.
MEASURED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "first_response": "c.first_response_ms IS NOT NULL",
        "person_response": "c.person_response_ms IS NOT NULL",
        "wait": "c.wait_ms IS NOT NULL",
        "nobody_came": "c.handoffs > 0 AND c.wait_ms IS NULL",
        "handoff": "c.handoffs > 0",
        "resolution": "c.resolution_ms IS NOT NULL",
        "rating": "c.rating IS NOT NULL",
    }
)
#: Ratings that stand for several.
_RATINGS: Final = {"any": "c.rating IS NOT NULL", "low": f"c.rating <= {facts.LOW_STARS}"}


def conditions(asked: Mapping[str, str], *, zone: ZoneInfo) -> list[Condition]:
    """The conditions of all filters in `asked`; "" counts as not asked for. `from` and `to` are
    days of `zone`, in which the conversation began.

    Raises: BadFilter, BadPeriod."""
    given = {name: value.strip() for name, value in asked.items() if value.strip()}
    for name, value in given.items():
        if name not in FILTERS:
            known = ", ".join(sorted(FILTERS))
            raise BadFilter(f"There is no filter {name[:40]!r}.", hint=f"There are: {known}.")
        if len(value) > TEXT_AT_MOST:
            raise BadFilter(f"`{name}` is longer than {TEXT_AT_MOST} characters.")
    found = [build(value) for name, value in given.items() if (build := _SINGLE.get(name))]
    found += _when(given.get("from", ""), given.get("to", ""), zone)
    if "intent" in given or "turn" in given:
        found.append(_turn(given.get("intent", ""), given.get("turn", "")))
    if "weekday" in given or "hour" in given:
        found.append(_hour(given.get("weekday", ""), given.get("hour", "")))
    return found


def within(period: Period) -> dict[str, str]:
    """The filter for the conversations of a period."""
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


def match_of(query: str) -> str:
    """A search for all words of `query`, as FTS5 reads it: each as a quoted phrase of which the
    end may be missing; what stands in quotes as a phrase that is complete. "" if it has none."""
    # SQLite takes no NUL and no half of a surrogate pair in a text.
    clean = query.replace("\0", " ").encode("utf-8", "ignore").decode()
    parts = []
    for quoted, word in re.findall(r'"([^"]*)"?|([^\s"]+)', clean):
        text = quoted or word
        if any(sign.isalnum() for sign in text):
            parts.append(f'"{text}"' if quoted else f'"{text}"*')
    return " ".join(parts[:WORDS_AT_MOST])


# -------------------------------------------------------------------------------- each of them


def _words(value: str) -> Condition:
    match = match_of(value)
    if not match:
        return Condition("0")
    return Condition(
        "c.id IN (SELECT m.conversation FROM words JOIN message m ON m.id = words.rowid "
        "WHERE words MATCH ?)",
        (match,),
    )


def _reason(value: str) -> Condition:
    return Condition("c.id IN (SELECT conversation FROM handoff WHERE reason = ?)", (value,))


def _agent(value: str) -> Condition:
    return Condition("c.id IN (SELECT conversation FROM person WHERE agent = ?)", (value,))


def _label(value: str) -> Condition:
    return Condition("c.id IN (SELECT conversation FROM label WHERE intent = ?)", (value,))


def _source(value: str) -> Condition:
    return Condition("c.source = ?", ("" if value == "here" else value,))


def _rating(value: str) -> Condition:
    if value in _RATINGS:
        return Condition(_RATINGS[value])
    return Condition("c.rating = ?", (_number("rating", value, 1, 5, "any, low or "),))


def _one_of(name: str, column: str, *allowed: str) -> Callable[[str], Condition]:
    def build(value: str) -> Condition:
        if value not in allowed:
            raise BadFilter(
                f"`{name}` is {value[:40]!r}, which is none.",
                hint=f"It may be: {', '.join(allowed)}.",
            )
        return Condition(f"{column} = ?", (value,))

    return build


def _measured(value: str) -> Condition:
    if value not in MEASURED:
        raise BadFilter(
            f"`measured` is {value[:40]!r}, which is none.",
            hint=f"It may be: {', '.join(MEASURED)}.",
        )
    return Condition(MEASURED[value])


_SINGLE: Final[Mapping[str, Callable[[str], Condition]]] = MappingProxyType(
    {
        "q": _words,
        "reason": _reason,
        "agent": _agent,
        "label": _label,
        "source": _source,
        "rating": _rating,
        "measured": _measured,
        "state": _one_of("state", "c.state", *(state.value for state in State)),
        "result": _one_of("result", "c.result", facts.CONTAINED, facts.HANDED_OFF, facts.LEFT),
    }
)
#: All that can be asked for.
FILTERS: Final = frozenset({*_SINGLE, "intent", "turn", "weekday", "hour", "from", "to"})


def _when(first: str, last: str, zone: ZoneInfo) -> list[Condition]:
    start = day_of("from", first) if first else None
    end = day_of("to", last) if last else None
    if start and end and start > end:
        raise BadPeriod(
            f"The period begins on {start} and ends on {end}, which is earlier.",
            hint="Change places: from the earlier day to the later.",
        )
    found = []
    if start:
        found.append(Condition("c.started_at >= ?", (Period(start, start, zone).start,)))
    if end:
        found.append(Condition("c.started_at < ?", (Period(end, end, zone).end,)))
    return found


def _turn(intent: str, result: str) -> Condition:
    """Both in the same turn: this intent, with that result."""
    parts, values = ["payload = ''"], list[Any]()
    if intent:
        parts.append("intent IS ?")
        values.append(None if intent == NO_INTENT else intent)
    if result == MISSED:
        parts.append(f"result NOT IN {facts.SERVED}")
    elif result:
        if result not in facts.RESULTS:
            allowed = ", ".join((*facts.RESULTS, MISSED))
            raise BadFilter(
                f"`turn` is {result[:40]!r}, which is none.", hint=f"It may be: {allowed}."
            )
        parts.append("result = ?")
        values.append(result)
    where = " AND ".join(parts)
    return Condition(
        f"c.id IN (SELECT conversation FROM turn WHERE {where})",  # noqa: S608 (our own words)
        tuple(values),
    )


def _hour(weekday: str, hour: str) -> Condition:
    """Some message of the customer's in that hour of that weekday (functions of the archive's)."""
    parts, values = ["who = 'customer'"], []
    if weekday:
        parts.append("local_weekday(at) = ?")
        values.append(_number("weekday", weekday, 0, 6))
    if hour:
        parts.append("local_hour(at) = ?")
        values.append(_number("hour", hour, 0, 23))
    where = " AND ".join(parts)
    return Condition(
        f"c.id IN (SELECT conversation FROM message WHERE {where})",  # noqa: S608 (our own words)
        tuple(values),
    )


def _number(name: str, value: str, low: int, high: int, others: str = "") -> int:
    if not re.fullmatch(r"[0-9]{1,2}", value) or not low <= int(value) <= high:
        raise BadFilter(
            f"`{name}` is {value[:40]!r}.", hint=f"It may be {others}a number from {low} to {high}."
        )
    return int(value)
