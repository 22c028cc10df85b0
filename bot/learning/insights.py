"""How it goes: the figures of a period, each with the filter that lists what is behind it.

Pure. Belongs here: what is counted and how (the same definitions, for owners, are in
docs/insights.md). Does not belong here: the shapes in which it is given out
(`bot.learning.insights_shapes`), what became of one conversation (`bot.learning.facts`), days and
time zones (`bot.learning.periods`), asking the archive (`bot.learning.measuring`).

All figures are of the conversations that *began* in the period (with the customer's first message)
and were held here; imported ones are left out, since how long somebody waited elsewhere is not in
them. Durations in ms. A figure of nothing is None, not 0.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.learning import facts
from bot.learning.insights_shapes import Day, Figure, Filter, Stars
from bot.learning.periods import Period, local

#: The columns of the archive's conversations that `Tally` counts, and in which order.
COLUMNS: Final = (
    "started_at",
    "result",
    "handoffs",
    "customer_messages",
    "rating",
    "first_response_ms",
    "person_response_ms",
    "wait_ms",
    "resolution_ms",
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Conversations, counted: all that figures need of them. `handed`: those with a hand-off;
    durations in ms, in no order. Made by columns, which a whole year needs."""

    conversations: int
    messages: int
    results: Counter[str]
    stars: Counter[int]
    handed: int
    first_responses: list[int]
    person_responses: list[int]
    waits: list[int]
    resolutions: Mapping[str, list[int]]

    @staticmethod
    def of(rows: Sequence[tuple[Any, ...]]) -> Tally:
        """Of rows with `COLUMNS`."""
        columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
        _, results, handoffs, messages, rating, first, person, wait, resolution = columns
        resolved = list(zip(results, resolution, strict=True))
        return Tally(
            conversations=len(rows),
            messages=sum(messages),
            results=Counter(results),
            stars=Counter(_known(rating)),
            handed=len(handoffs) - handoffs.count(0),
            first_responses=_known(first),
            person_responses=_known(person),
            waits=_known(wait),
            resolutions={
                of: [ms for result, ms in resolved if ms is not None and result == of]
                for of in (facts.HANDED_OFF, facts.CONTAINED)
            },
        )

    @staticmethod
    def together(tallies: Collection[Tally]) -> Tally:
        """As one."""
        return Tally(
            conversations=sum(one.conversations for one in tallies),
            messages=sum(one.messages for one in tallies),
            results=sum((one.results for one in tallies), Counter[str]()),
            stars=sum((one.stars for one in tallies), Counter[int]()),
            handed=sum(one.handed for one in tallies),
            first_responses=_all(one.first_responses for one in tallies),
            person_responses=_all(one.person_responses for one in tallies),
            waits=_all(one.waits for one in tallies),
            resolutions={
                of: _all(one.resolutions[of] for one in tallies)
                for of in (facts.HANDED_OFF, facts.CONTAINED)
            },
        )


def by_day(rows: Sequence[tuple[Any, ...]], zone: ZoneInfo) -> dict[date, Tally]:
    """The tally of each local day on which a conversation began. `rows`: in the order in which they
    began."""
    days = groupby(rows, key=lambda row: local(row[0], zone)[0])
    return {day: Tally.of(list(of)) for day, of in days}


def _known(values: Sequence[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _all(lists: Iterable[list[int]]) -> list[int]:
    return list(chain.from_iterable(lists))


# --------------------------------------------------------------------------- what is measured

#: Of a tally: (value, of how many, ninth tenth).
Measured = tuple[float | None, int, float | None]
Measure = Callable[[Tally], Measured]


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure: what it is called, and how it is measured."""

    title: str
    unit: str
    better: str
    means: str
    measure: Measure
    filter: Filter


def _share(hits: int, of: int) -> Measured:
    return (hits / of if of else None), of, None


def _result(result: str) -> Measure:
    return lambda tally: _share(tally.results[result], tally.conversations)


def _nobody_came(tally: Tally) -> Measured:
    return _share(tally.handed - len(tally.waits), tally.handed)


def _times(values: Sequence[int]) -> Measured:
    ordered = sorted(values)
    return median(ordered), len(ordered), ninth_tenth(ordered)


def _mean_stars(tally: Tally) -> Measured:
    given = tally.stars.total()
    return (sum(s * n for s, n in tally.stars.items()) / given if given else None), given, None


def _count(tally: Tally) -> Measured:
    return float(tally.conversations), tally.conversations, None


def _messages(tally: Tally) -> Measured:
    return float(tally.messages), tally.conversations, None


def median(values: Sequence[float]) -> float | None:
    """The middle one; of an even number, the mean of the two in the middle."""
    return float(statistics.median(values)) if values else None


def ninth_tenth(ordered: Sequence[float]) -> float | None:
    """The smallest value (of some in order) that nine tenths of them do not exceed."""
    return float(ordered[-(-len(ordered) * 9 // 10) - 1]) if ordered else None


#: Every figure, in the order in which it is shown. What it means, in one sentence; the whole of it
#: is in docs/insights.md.
DEFINITIONS: Final[Mapping[str, Definition]] = {
    "conversations": Definition(
        "Conversations", "count", "", "Conversations in which a customer wrote.", _count, {}
    ),
    "messages": Definition("Messages", "count", "", "Customers' messages in them.", _messages, {}),
    "containment": Definition(
        "Contained",
        "share",
        "up",
        "Share in which nobody was asked to come and the assistant answered the last message.",
        _result(facts.CONTAINED),
        {"result": facts.CONTAINED},
    ),
    "handoff_rate": Definition(
        "Handed over",
        "share",
        "down",
        "Share in which a person was asked for, or came by themselves.",
        _result(facts.HANDED_OFF),
        {"result": facts.HANDED_OFF},
    ),
    "left": Definition(
        "Left without an answer",
        "share",
        "down",
        "Share in which nobody was asked to come and the last message got no answer.",
        _result(facts.LEFT),
        {"result": facts.LEFT},
    ),
    "first_response": Definition(
        "First response",
        "ms",
        "down",
        "From the customer's first message to the first answer, the assistant's or a person's.",
        lambda tally: _times(tally.first_responses),
        {"measured": "first_response"},
    ),
    "wait": Definition(
        "Wait for a person",
        "ms",
        "down",
        "From the first hand-off until somebody took the conversation.",
        lambda tally: _times(tally.waits),
        {"measured": "wait"},
    ),
    "person_response": Definition(
        "A person's first answer",
        "ms",
        "down",
        "From the first hand-off to a person's first words to the customer.",
        lambda tally: _times(tally.person_responses),
        {"measured": "person_response"},
    ),
    "nobody_came": Definition(
        "Nobody came",
        "share",
        "down",
        "Share of those that were handed over for which nobody came after the first hand-off.",
        _nobody_came,
        {"measured": "nobody_came"},
    ),
    "resolution": Definition(
        "Resolved by people",
        "ms",
        "down",
        "From the customer's first message to the last closing, with a person in it.",
        lambda tally: _times(tally.resolutions[facts.HANDED_OFF]),
        {"measured": "resolution", "result": facts.HANDED_OFF},
    ),
    "resolution_alone": Definition(
        "Resolved by the assistant",
        "ms",
        "down",
        "From the customer's first message to the closing or the assistant's last answer.",
        lambda tally: _times(tally.resolutions[facts.CONTAINED]),
        {"measured": "resolution", "result": facts.CONTAINED},
    ),
    "rating": Definition(
        "Rating", "stars", "up", "Mean of customers' ratings, 1 to 5 stars.", _mean_stars,
        {"rating": "any"},
    ),
}  # fmt: skip


# -------------------------------------------------------------------------------- all of them


def figures(tally: Tally, earlier: Tally | None, base: Filter) -> tuple[Figure, ...]:
    """All of `DEFINITIONS`, and the same of the period before."""
    found = []
    for name, definition in DEFINITIONS.items():
        value, of, high = definition.measure(tally)
        then = definition.measure(earlier) if earlier is not None else (None, None, None)
        found.append(
            Figure(
                name=name,
                title=definition.title,
                unit=definition.unit,
                better=definition.better,
                means=definition.means,
                value=value,
                of=of,
                high=high,
                filter={**base, **definition.filter},
                before=then[0],
                before_of=then[1],
            )
        )
    return tuple(found)


def trend(days: Mapping[date, Tally], period: Period, base: Filter) -> tuple[Day, ...]:
    """A point for every day, also for those on which nobody wrote."""
    return tuple(_day(day, days.get(day, _NOTHING), base) for day in period.each())


_NOTHING: Final = Tally.of([])


def _day(day: date, tally: Tally, base: Filter) -> Day:
    def value(name: str) -> float | None:
        return DEFINITIONS[name].measure(tally)[0]

    return Day(
        day=day.isoformat(),
        conversations=tally.conversations,
        containment=value("containment"),
        handoff_rate=value("handoff_rate"),
        first_response_ms=value("first_response"),
        person_response_ms=value("person_response"),
        wait_ms=value("wait"),
        resolution_ms=value("resolution"),
        rating=value("rating"),
        ratings=tally.stars.total(),
        filter={**base, "from": day.isoformat(), "to": day.isoformat()},
    )


def ratings(tally: Tally, base: Filter) -> tuple[Stars, ...]:
    """How often each number of stars was given, 5 first."""
    return tuple(
        Stars(stars=stars, conversations=tally.stars[stars], filter={**base, "rating": str(stars)})
        for stars in (5, 4, 3, 2, 1)
    )
