"""How it goes: the figures of a period, each with the filter that lists what is behind it.

Pure. Belongs here: what is counted and how (the same definitions, for owners, are in
docs/insights.md), and the shapes in which the API gives it out. Does not belong here: what became
of one conversation (`bot.learning.facts`), days and time zones (`bot.learning.periods`), asking the
archive (`bot.learning.measuring`).

All figures are of the conversations that *began* in the period (with the customer's first message)
and were held here; imported ones are left out, since how long somebody waited elsewhere is not in
them. Durations in ms. A figure of nothing is None, not 0.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from bot.events import Record
from bot.learning import facts
from bot.learning.periods import Period, local

Filter = dict[str, str]


class Figure(Record, frozen=True):
    """One number. `of`: how many conversations (or turns) it is taken from; `high`: of durations,
    the ninth tenth. `unit`: share (0 to 1), ms, stars or count. `better`: "up", "down" or "", what
    an owner would wish. `before`, `before_of`: the same of the period before. `filter`: as
    parameters of the list of conversations."""

    name: str
    title: str
    unit: str
    better: str
    means: str
    value: float | None
    of: int
    filter: Filter
    high: float | None = None
    before: float | None = None
    before_of: int | None = None


class Reason(Record, frozen=True):
    """How many conversations were handed over for `reason`, and which share of all they are."""

    reason: str
    words: str
    conversations: int
    share: float
    filter: Filter
    before: float | None = None


class IntentFigures(Record, frozen=True):
    """How a question that the assistant knows fares: turns by what became of them. `success`: the
    share of `facts.SERVED`: answered for good, or passed on as it should be."""

    intent: str | None
    turns: int
    conversations: int
    success: float
    results: dict[str, int]
    filter: Filter
    before_turns: int | None = None
    before_success: float | None = None


class Example(Record, frozen=True):
    conversation: str
    seq: int
    at: int
    text: str


class Topic(Record, frozen=True):
    """Messages without a good answer, by what they were taken for; None: for nothing."""

    intent: str | None
    turns: int
    conversations: int
    results: dict[str, int]
    examples: tuple[Example, ...]
    filter: Filter


class Label(Record, frozen=True):
    """What agents say that messages should have been understood as."""

    intent: str
    new: bool
    labels: int
    filter: Filter


class Day(Record, frozen=True):
    """One day's point of the trend lines; durations are medians."""

    day: str
    conversations: int
    containment: float | None
    handoff_rate: float | None
    first_response_ms: float | None
    person_response_ms: float | None
    wait_ms: float | None
    resolution_ms: float | None
    rating: float | None
    ratings: int
    filter: Filter


class Stars(Record, frozen=True):
    stars: int
    conversations: int
    filter: Filter


class Insights(Record, frozen=True):
    """All of a period. `load[weekday][hour]`: customers' messages, Monday first, local hours."""

    first: str
    last: str
    days: int
    zone: str
    before_first: str | None
    before_last: str | None
    figures: tuple[Figure, ...]
    reasons: tuple[Reason, ...]
    intents: tuple[IntentFigures, ...]
    unanswered: tuple[Topic, ...]
    labels: tuple[Label, ...]
    ratings: tuple[Stars, ...]
    load: tuple[tuple[int, ...], ...]
    trend: tuple[Day, ...]


class Held(NamedTuple):
    """A conversation as far as figures need it: the archive's columns."""

    started_at: int
    result: str
    handoffs: int
    customer_messages: int
    rating: int | None
    first_response_ms: int | None
    person_response_ms: int | None
    wait_ms: int | None
    resolution_ms: int | None


# --------------------------------------------------------------------------- what is measured

Measure = Callable[[Sequence[Held]], tuple[float | None, int, float | None]]


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure: what it is called, and how it is measured: (value, of, high)."""

    title: str
    unit: str
    better: str
    means: str
    measure: Measure
    filter: Filter


def _share(test: Callable[[Held], bool], of: Callable[[Held], bool] = lambda _: True) -> Measure:
    def measure(held: Sequence[Held]) -> tuple[float | None, int, float | None]:
        all_of = [one for one in held if of(one)]
        hits = sum(test(one) for one in all_of)
        return (hits / len(all_of) if all_of else None), len(all_of), None

    return measure


def _times(field: str, of: Callable[[Held], bool] = lambda _: True) -> Measure:
    def measure(held: Sequence[Held]) -> tuple[float | None, int, float | None]:
        known = sorted(ms for one in held if of(one) and (ms := getattr(one, field)) is not None)
        return median(known), len(known), ninth_tenth(known)

    return measure


def _mean_stars(held: Sequence[Held]) -> tuple[float | None, int, float | None]:
    stars = [one.rating for one in held if one.rating is not None]
    return (statistics.fmean(stars) if stars else None), len(stars), None


def _count(held: Sequence[Held]) -> tuple[float | None, int, float | None]:
    return float(len(held)), len(held), None


def _messages(held: Sequence[Held]) -> tuple[float | None, int, float | None]:
    return float(sum(one.customer_messages for one in held)), len(held), None


def median(values: Sequence[float]) -> float | None:
    """The middle one; of an even number, the mean of the two in the middle."""
    return float(statistics.median(values)) if values else None


def ninth_tenth(ordered: Sequence[float]) -> float | None:
    """The smallest value (of some in order) that nine tenths of them do not exceed."""
    return float(ordered[-(-len(ordered) * 9 // 10) - 1]) if ordered else None


def _handed_off(one: Held) -> bool:
    return one.result == facts.HANDED_OFF


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
        _share(lambda one: one.result == facts.CONTAINED),
        {"result": facts.CONTAINED},
    ),
    "handoff_rate": Definition(
        "Handed over",
        "share",
        "down",
        "Share in which a person was asked for, or came by themselves.",
        _share(_handed_off),
        {"result": facts.HANDED_OFF},
    ),
    "left": Definition(
        "Left without an answer",
        "share",
        "down",
        "Share in which nobody was asked to come and the last message got no answer.",
        _share(lambda one: one.result == facts.LEFT),
        {"result": facts.LEFT},
    ),
    "first_response": Definition(
        "First response",
        "ms",
        "down",
        "From the customer's first message to the first answer, the assistant's or a person's.",
        _times("first_response_ms"),
        {"measured": "first_response"},
    ),
    "wait": Definition(
        "Wait for a person",
        "ms",
        "down",
        "From the first hand-off until somebody took the conversation.",
        _times("wait_ms"),
        {"measured": "wait"},
    ),
    "person_response": Definition(
        "A person's first answer",
        "ms",
        "down",
        "From the first hand-off to a person's first words to the customer.",
        _times("person_response_ms"),
        {"measured": "person_response"},
    ),
    "nobody_came": Definition(
        "Nobody came",
        "share",
        "down",
        "Share of those that were handed over for which nobody came after the first hand-off.",
        _share(lambda one: one.wait_ms is None, of=lambda one: one.handoffs > 0),
        {"measured": "nobody_came"},
    ),
    "resolution": Definition(
        "Resolved by people",
        "ms",
        "down",
        "From the customer's first message to the last closing, with a person in it.",
        _times("resolution_ms", of=_handed_off),
        {"measured": "resolution", "result": facts.HANDED_OFF},
    ),
    "resolution_alone": Definition(
        "Resolved by the assistant",
        "ms",
        "down",
        "From the customer's first message to the closing or the assistant's last answer.",
        _times("resolution_ms", of=lambda one: one.result == facts.CONTAINED),
        {"measured": "resolution", "result": facts.CONTAINED},
    ),
    "rating": Definition(
        "Rating", "stars", "up", "Mean of customers' ratings, 1 to 5 stars.", _mean_stars,
        {"rating": "any"},
    ),
}  # fmt: skip


# -------------------------------------------------------------------------------- all of them


def figures(
    held: Sequence[Held], earlier: Sequence[Held] | None, base: Filter
) -> tuple[Figure, ...]:
    """All of `DEFINITIONS`, and the same of `earlier` ones."""
    found = []
    for name, definition in DEFINITIONS.items():
        value, of, high = definition.measure(held)
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


def trend(held: Sequence[Held], period: Period, base: Filter) -> tuple[Day, ...]:
    """A point for every day, also for those on which nobody wrote."""
    by_day: defaultdict[date, list[Held]] = defaultdict(list)
    for one in held:
        by_day[local(one.started_at, period.zone)[0]].append(one)
    points = []
    for day in period.each():
        of = by_day.get(day, [])
        values = {name: DEFINITIONS[name].measure(of)[0] for name in _IN_TREND}
        points.append(
            Day(
                day=day.isoformat(),
                conversations=len(of),
                containment=values["containment"],
                handoff_rate=values["handoff_rate"],
                first_response_ms=values["first_response"],
                person_response_ms=values["person_response"],
                wait_ms=values["wait"],
                resolution_ms=values["resolution"],
                rating=values["rating"],
                ratings=sum(one.rating is not None for one in of),
                filter={**base, "from": day.isoformat(), "to": day.isoformat()},
            )
        )
    return tuple(points)


_IN_TREND: Final = (
    "containment",
    "handoff_rate",
    "first_response",
    "person_response",
    "wait",
    "resolution",
    "rating",
)


def ratings(held: Sequence[Held], base: Filter) -> tuple[Stars, ...]:
    """How often each number of stars was given, 5 first."""
    given = Counter(one.rating for one in held)
    return tuple(
        Stars(stars=stars, conversations=given[stars], filter={**base, "rating": str(stars)})
        for stars in (5, 4, 3, 2, 1)
    )
