"""Asking the archive for the figures of a period.

Belongs here: the queries, and the lists that they make. Does not belong here: what the figures mean
(`bot.learning.insights`) and their shapes (`bot.learning.insights_shapes`).
"""

# ruff: noqa: S608 (queries are put together from this module's own words; values are parameters)

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot import wording
from bot.learning import facts
from bot.learning.archive import Archive
from bot.learning.archive_extent import extent
from bot.learning.filters import MISSED, NO_INTENT, within
from bot.learning.insights import COLUMNS, Tally, by_day, figures, ratings, trend
from bot.learning.insights_shapes import (
    Example,
    Filter,
    Insights,
    IntentFigures,
    Label,
    Reason,
    Topic,
)
from bot.learning.periods import QUARTER_MS, Period, local

#: Lines of a list that people still read.
TOPICS_AT_MOST: Final = 20
EXAMPLES: Final = 3


def insights(archive: Archive, period: Period, *, compare: bool = False) -> Insights:
    """The figures of a period; with `compare`, beside those of as many days before it."""
    before = period.before() if compare else None
    base = {**within(period), "source": "here"}
    with archive.reading() as connection:
        days = by_day(_held(connection, period), period.zone)
        tally = Tally.together(days.values())
        earlier = None if before is None else Tally.of(_held(connection, before))
        turns = _by_intent(connection, period)
        return Insights(
            archive=extent(connection),
            first=period.first.isoformat(),
            last=period.last.isoformat(),
            days=period.days,
            zone=period.zone.key,
            before_first=before.first.isoformat() if before else None,
            before_last=before.last.isoformat() if before else None,
            figures=figures(tally, earlier, base),
            reasons=_reasons(connection, period, before, base, tally.conversations, earlier),
            intents=_intents(turns, _by_intent(connection, before) if before else None, base),
            unanswered=_unanswered(connection, period, turns, base),
            labels=_labels(connection, period, base),
            ratings=ratings(tally, base),
            load=_load(connection, period),
            trend=trend(days, period, base),
        )


#: Conversations of a period that were held here; parameters: start, end.
_WITHIN: Final = "c.started_at >= ? AND c.started_at < ? AND c.source = ''"


def _held(connection: sqlite3.Connection, period: Period) -> list[tuple[Any, ...]]:
    """Rows with `COLUMNS`, in the order in which the conversations began."""
    columns = ", ".join(f"c.{name}" for name in COLUMNS)
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: there are many
    return cursor.execute(
        f"SELECT {columns} FROM conversation c WHERE {_WITHIN} ORDER BY c.started_at",
        (period.start, period.end),
    ).fetchall()


def _reasons(
    connection: sqlite3.Connection,
    period: Period,
    before: Period | None,
    base: Filter,
    of: int,
    earlier: Tally | None,
) -> tuple[Reason, ...]:
    now = _by_reason(connection, period)
    then = _by_reason(connection, before) if before else {}
    of_before = earlier.conversations if earlier else 0
    return tuple(
        Reason(
            reason=reason,
            words=wording.REASONS.get(reason, reason),
            conversations=count,
            share=count / of,
            filter={**base, "reason": reason},
            before=then.get(reason, 0) / of_before if of_before else None,
        )
        for reason, count in now.items()
    )


def _by_reason(connection: sqlite3.Connection, period: Period) -> dict[str, int]:
    rows = connection.execute(
        "SELECT h.reason, count(DISTINCT c.id) AS n FROM handoff h "
        f"JOIN conversation c ON c.id = h.conversation WHERE {_WITHIN} "
        "GROUP BY h.reason ORDER BY n DESC, h.reason",
        (period.start, period.end),
    )
    return dict(map(tuple, rows))


@dataclass(frozen=True, slots=True)
class _Turns:
    """Turns of one intent whose message was typed (what a button stands for needs no
    understanding): what became of them, and in how many conversations they are; `missed_in` counts
    those with a turn that did not serve."""

    results: Mapping[str, int]
    conversations: int
    missed_in: int

    @property
    def turns(self) -> int:
        return sum(self.results.values())

    @property
    def success(self) -> float:
        return sum(self.results.get(result, 0) for result in facts.SERVED) / self.turns

    @property
    def missed(self) -> dict[str, int]:
        return {name: n for name, n in self.results.items() if name not in facts.SERVED}


def _by_intent(connection: sqlite3.Connection, period: Period) -> dict[str | None, _Turns]:
    results: defaultdict[str | None, dict[str, int]] = defaultdict(dict)
    conversations: Counter[str | None] = Counter()
    missed_in: Counter[str | None] = Counter()
    rows = connection.execute(
        "SELECT intent, result, count(*), sum(first_of_intent), sum(first_missed) FROM turn "
        "WHERE payload = '' AND source = '' AND began_at >= ? AND began_at < ? "
        "GROUP BY intent, result",
        (period.start, period.end),
    )
    for intent, result, count, first, missed in rows:
        results[intent][result] = count
        conversations[intent] += first
        missed_in[intent] += missed
    return {
        intent: _Turns(of, conversations[intent], missed_in[intent])
        for intent, of in results.items()
    }


def _intents(
    now: Mapping[str | None, _Turns], then: Mapping[str | None, _Turns] | None, base: Filter
) -> tuple[IntentFigures, ...]:
    found = []
    for intent, of in now.items():
        earlier = then.get(intent) if then is not None else None
        found.append(
            IntentFigures(
                intent=intent,
                turns=of.turns,
                conversations=of.conversations,
                success=of.success,
                results=dict(of.results),
                filter={**base, "intent": intent or NO_INTENT},
                before_turns=None if then is None else earlier.turns if earlier else 0,
                before_success=earlier.success if earlier else None,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.turns, one.intent or "")))


def _unanswered(
    connection: sqlite3.Connection,
    period: Period,
    turns: Mapping[str | None, _Turns],
    base: Filter,
) -> tuple[Topic, ...]:
    missed = [(intent, of) for intent, of in turns.items() if of.missed_in]
    missed.sort(key=lambda one: (-one[1].missed_in, one[0] or ""))
    return tuple(
        Topic(
            intent=intent,
            turns=sum(of.missed.values()),
            conversations=of.missed_in,
            results=of.missed,
            examples=_examples(connection, period, intent),
            filter={**base, "turn": MISSED, "intent": intent or NO_INTENT},
        )
        for intent, of in missed[:TOPICS_AT_MOST]
    )


def _examples(
    connection: sqlite3.Connection, period: Period, intent: str | None
) -> tuple[Example, ...]:
    """The latest messages of an intent that were not answered well."""
    rows = connection.execute(
        "SELECT conversation, seq, at, text FROM turn "
        f"WHERE result NOT IN {facts.SERVED} AND payload = '' AND source = '' AND intent IS ? "
        "AND began_at >= ? AND began_at < ? ORDER BY began_at DESC, seq DESC LIMIT ?",
        (intent, period.start, period.end, EXAMPLES),
    )
    return tuple(Example(conversation=id, seq=seq, at=at, text=text) for id, seq, at, text in rows)


def _labels(connection: sqlite3.Connection, period: Period, base: Filter) -> tuple[Label, ...]:
    rows = connection.execute(
        "SELECT l.intent, max(l.new), count(*) AS n FROM label l "
        f"JOIN conversation c ON c.id = l.conversation WHERE {_WITHIN} "
        "GROUP BY l.intent ORDER BY n DESC, l.intent",
        (period.start, period.end),
    )
    return tuple(
        Label(intent=intent, new=bool(new), labels=n, filter={**base, "label": intent})
        for intent, new, n in rows
    )


def _load(connection: sqlite3.Connection, period: Period) -> tuple[tuple[int, ...], ...]:
    """Customers' messages by local weekday and hour. Counted by quarters of an hour first, so that
    few moments have to be looked up in the time zone."""
    counts = [[0] * 24 for _ in range(7)]
    rows = connection.execute(
        f"SELECT at / {QUARTER_MS}, count(*) FROM message WHERE who = 'customer' "
        "AND source = '' AND began_at >= ? AND began_at < ? GROUP BY 1",
        (period.start, period.end),
    )
    for quarter, count in rows:
        _, weekday, hour = local(quarter * QUARTER_MS, period.zone)
        counts[weekday][hour] += count
    return tuple(map(tuple, counts))
