"""The figures as they are given out: the records of the API, which the command and the table for
spreadsheets read, too.

Pure. Does not belong here: what they mean and how they are counted (`bot.learning.insights`), or
asking the archive for them (`bot.learning.measuring`). A value of None: nothing was there to
measure.
"""

from __future__ import annotations

from bot.events import Record
from bot.learning.archive_extent import Extent

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
    """All of a period. `load[weekday][hour]`: customers' messages, Monday first, local hours.
    `archive`: of how many of the logs this is known."""

    archive: Extent
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
