"""The figures of a period: from conversations written line by line, through the archive."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from benchmarks.studio_data import END, ZONE, fill_archive, history
from benchmarks.talks import Talk
from bot import commands as do
from bot.events import Agent, Handoff, Reading
from bot.learning.archive import Archive
from bot.learning.filters import conditions
from bot.learning.insights import median, ninth_tenth
from bot.learning.insights_shapes import Figure, Insights
from bot.learning.insights_table import HEAD, as_csv
from bot.learning.measuring import insights
from bot.learning.periods import period_of

OSLO = ZoneInfo("Europe/Oslo")
ANNA = Agent(login="anna", name="Anna")
ORDER = Reading(intent="order_status", confidence=0.9)
LOST = Reading(intent="nlu_fallback", confidence=0.3, outcome="clarify")
MIN = 60_000


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive(tmp_path / "archive.db", write=True, zone=OSLO)
    yield archive
    archive.close()


def at(day: int, hour: int = 12, minute: int = 0) -> int:
    return int(datetime(2026, 10, day, hour, minute, tzinfo=OSLO).timestamp() * 1000)


class Shop:
    """Conversations of October, one after another."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.talks: list[Talk] = []

    def talk(self, when: int, *, source: str = "") -> Talk:
        talk = Talk(f"c{len(self.talks)}", when, source=source)
        self.talks.append(talk)
        return talk

    def contained(self, when: int, reading: Reading = ORDER, *, after: int = 500) -> Talk:
        talk = self.talk(when)
        talk.say("where is my order?")
        talk.answer("There.", reading, after=after)
        return talk

    def handed_off(
        self, when: int, reason: str = "asked_for_human", *, wait: int | None = MIN
    ) -> Talk:
        talk = self.talk(when)
        talk.say("a person")
        talk.answer("Yes.", ORDER, after=500, handoff=Handoff(reason=reason))
        if wait is not None:
            talk.claim(ANNA, after=wait)
            talk.reply(ANNA, "Hello", after=MIN)
            talk.close(ANNA, "resolved", after=MIN)
        return talk

    def figures(
        self, first: str = "2026-10-01", last: str = "2026-10-31", *, compare: bool = False
    ) -> Insights:
        fill_archive(self.archive, self.talks)
        period = period_of(first, last, zone=OSLO, now=at(31))
        return insights(self.archive, period, compare=compare)

    def listed(self, filter: dict[str, str]) -> list[str]:
        """The conversations that a filter lists."""
        found = conditions(filter, zone=OSLO)
        where = " AND ".join(one.sql for one in found) or "1"
        values = [value for one in found for value in one.values]
        with self.archive.reading() as connection:
            query = f"SELECT c.id FROM conversation c WHERE {where} ORDER BY c.id"  # noqa: S608
            return [row[0] for row in connection.execute(query, values)]


@pytest.fixture
def shop(archive: Archive) -> Shop:
    return Shop(archive)


def figure(found: Insights, name: str) -> Figure:
    return next(one for one in found.figures if one.name == name)


def test_of_nothing_there_are_no_figures_but_no_zeros_either(shop: Shop) -> None:
    found = shop.figures(compare=True)
    assert figure(found, "conversations").value == 0
    for name in ("containment", "handoff_rate", "first_response", "wait", "rating", "nobody_came"):
        one = figure(found, name)
        assert (one.value, one.of, one.before) == (None, 0, None)
    assert not any((found.reasons, found.intents, found.unanswered, found.labels))
    assert len(found.trend) == 31
    assert {day.containment for day in found.trend} == {None}


def test_contained_handed_over_and_left_make_up_the_whole(shop: Shop) -> None:
    for day in (1, 2, 3, 4, 5):
        shop.contained(at(day))
    shop.handed_off(at(6))
    shop.handed_off(at(7), "frustrated")
    shop.contained(at(8), LOST)
    found = shop.figures()
    shares = [figure(found, name).value for name in ("containment", "handoff_rate", "left")]
    assert shares == [5 / 8, 2 / 8, 1 / 8]
    assert figure(found, "conversations").value == 8
    assert {one.reason: (one.conversations, one.share) for one in found.reasons} == {
        "asked_for_human": (1, 1 / 8),
        "frustrated": (1, 1 / 8),
    }


def test_a_conversation_counts_once_for_each_of_its_reasons(shop: Shop) -> None:
    talk = shop.handed_off(at(1), wait=None)
    for reason in ("frustrated", "asked_for_human"):
        talk.do(do.Stay())
        talk.say("and?")
        talk.answer("", ORDER, handoff=Handoff(reason=reason))
    found = shop.figures()
    assert [(one.reason, one.conversations) for one in found.reasons] == [
        ("asked_for_human", 1),
        ("frustrated", 1),
    ]


def test_durations_are_medians_with_their_ninth_tenth(shop: Shop) -> None:
    for minutes in (1, 2, 3, 4, 5, 6, 7, 8, 9, 60):
        shop.handed_off(at(3), wait=minutes * MIN)
    shop.handed_off(at(3), wait=None)
    wait = figure(shop.figures(), "wait")
    assert (wait.value, wait.high, wait.of) == (5.5 * MIN, 9 * MIN, 10)
    assert figure(shop.figures(), "nobody_came").value == 1 / 11
    assert figure(shop.figures(), "person_response").value == 6.5 * MIN
    assert figure(shop.figures(), "resolution").value == 7.5 * MIN + 500


@pytest.mark.parametrize(
    ("values", "middle", "high"),
    [
        ([], None, None),
        ([4], 4, 4),
        ([1, 3], 2, 3),
        (range(1, 11), 5.5, 9),
        (range(1, 21), 10.5, 18),
    ],
)
def test_median_and_ninth_tenth(
    values: Sequence[int], middle: float | None, high: float | None
) -> None:
    assert median(values) == middle
    assert ninth_tenth(values) == high


def test_only_conversations_that_began_in_the_period_count(shop: Shop) -> None:
    shop.contained(at(9, 23, 59))
    inside = shop.contained(at(10, 0, 0))
    inside.say("and then?", after=40 * 24 * 60 * MIN)
    shop.contained(at(11, 23, 59))
    shop.contained(at(12, 0, 0))
    found = shop.figures("2026-10-10", "2026-10-11")
    assert figure(found, "conversations").value == 2
    assert figure(found, "messages").value == 3
    assert [day.conversations for day in found.trend] == [1, 1]


def test_the_period_before_stands_beside_it(shop: Shop) -> None:
    shop.contained(at(8))
    shop.handed_off(at(9), "repeated")
    shop.contained(at(10))
    found = shop.figures("2026-10-10", "2026-10-11", compare=True)
    one = figure(found, "containment")
    assert (one.value, one.before, one.before_of) == (1.0, 0.5, 2)
    assert (found.before_first, found.before_last) == ("2026-10-08", "2026-10-09")
    (intent,) = found.intents
    assert (intent.turns, intent.before_turns, intent.before_success) == (1, 2, 0.5)


def test_imported_conversations_are_left_out(shop: Shop) -> None:
    shop.talk(at(3), source="chatwoot").say("hello")
    shop.contained(at(3))
    found = shop.figures()
    assert figure(found, "conversations").value == 1
    assert sum(map(sum, found.load)) == 1


def test_each_intent_has_its_volume_and_its_success(shop: Shop) -> None:
    talk = shop.contained(at(3))
    talk.say("no, a person!")
    talk.answer("", Reading(intent="talk_to_human"), handoff=Handoff(reason="asked_for_human"))
    shop.contained(at(4))
    shop.contained(at(5), Reading(intent=None))
    found = {one.intent: one for one in shop.figures().intents}
    order = found["order_status"]
    assert (order.turns, order.conversations, order.success) == (2, 2, 0.5)
    assert order.results == {"escalated": 1, "answered": 1}
    assert shop.listed(order.filter) == ["c0", "c1"]
    assert shop.listed(found[None].filter) == ["c2"]


def test_unanswered_topics_come_with_the_latest_examples_and_what_agents_called_them(
    shop: Shop,
) -> None:
    for day in range(1, 6):
        shop.contained(at(day), LOST)
    talk = shop.contained(at(9))
    talk.do(do.Label(agent=ANNA, of=3, intent="gift_wrapping", new=True))
    found = shop.figures()
    lost, order = found.unanswered
    assert (lost.intent, lost.turns, lost.conversations) == ("nlu_fallback", 5, 5)
    assert lost.results == {"asked_back": 5}
    assert [one.conversation for one in lost.examples] == ["c4", "c3", "c2"]
    assert (order.intent, order.results) == ("order_status", {"labelled": 1})
    (label,) = found.labels
    assert (label.intent, label.new, label.labels) == ("gift_wrapping", True, 1)
    assert shop.listed(label.filter) == ["c5"]


def test_the_load_is_by_the_owners_clock(shop: Shop) -> None:
    shop.contained(at(24, 23, 30))  # a Saturday; in UTC it is 21:30
    shop.contained(at(25, 2, 30))  # the hour that there is twice
    found = shop.figures()
    assert found.load[5][23] == 1
    assert found.load[6][2] == 1
    assert sum(map(sum, found.load)) == 2
    cell = {"from": found.first, "to": found.last, "source": "here", "weekday": "5", "hour": "23"}
    assert shop.listed(cell) == ["c0"]


def test_the_trend_has_each_day(shop: Shop) -> None:
    shop.contained(at(2))
    rated = shop.handed_off(at(2), wait=3 * MIN)
    rated.rate(2)
    found = shop.figures("2026-10-01", "2026-10-03")
    empty, busy, _ = found.trend
    assert (empty.day, empty.conversations, empty.wait_ms) == ("2026-10-01", 0, None)
    assert (busy.conversations, busy.containment, busy.wait_ms) == (2, 0.5, 3 * MIN)
    assert (busy.rating, busy.ratings) == (2.0, 1)
    assert shop.listed(busy.filter) == ["c0", "c1"]


def test_every_figure_lists_as_many_conversations_as_it_counts(archive: Archive) -> None:
    """On a whole history: what a figure is taken from is what its filter finds."""
    shop = Shop(archive)
    fill_archive(archive, history(2_500, days=20))
    found = insights(archive, period_of("2026-11-04", "2026-11-20", zone=ZONE, now=END))
    hits = {
        "containment": lambda f: round(f.value * f.of),
        "handoff_rate": lambda f: round(f.value * f.of),
        "left": lambda f: round(f.value * f.of),
        "nobody_came": lambda f: round(f.value * f.of),
    }
    for one in found.figures:
        expected = hits.get(one.name, lambda f: f.of)(one)
        assert len(shop.listed(one.filter)) == expected > 0, one.name
    for reason in found.reasons:
        assert len(shop.listed(reason.filter)) == reason.conversations
    for intent in found.intents:
        assert len(shop.listed(intent.filter)) == intent.conversations
    for topic in found.unanswered:
        assert len(shop.listed(topic.filter)) == topic.conversations
    for day in found.trend:
        assert len(shop.listed(day.filter)) == day.conversations
    for stars in found.ratings:
        assert len(shop.listed(stars.filter)) == stars.conversations
    assert sum(map(sum, found.load)) == figure(found, "messages").value


# --------------------------------------------------------------------------------- as a table


def test_the_table_is_csv_with_a_number_in_each_line(shop: Shop) -> None:
    shop.contained(at(2))
    shop.handed_off(at(2)).rate(4)
    found = shop.figures(compare=True)
    rows = list(csv.reader(io.StringIO(as_csv(found))))
    assert tuple(rows[0]) == HEAD
    assert {len(row) for row in rows} == {len(HEAD)}
    values = {tuple(row[:3]): row[3] for row in rows[1:]}
    assert values["figure", "containment", ""] == "0.5"
    assert values["figure", "wait", "median"] == "60000"
    assert values["intent", "order_status", "turns"] == "2"
    assert values["load", "Friday", "12:00"] == "2"
    assert values["day", "rating", "2026-10-02"] == "4"
    assert values["day", "rating", "2026-10-03"] == ""
    assert rows[1][-2:] == ["2026-10-01", "2026-10-31"]


@pytest.mark.parametrize(
    "name",
    ["=cmd()", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1"]
    + [f"{chr(ord(sign) + 0xFEE0)}1" for sign in "=+-@"],  # in full width
)
def test_names_that_agents_made_up_are_no_formulas(name: str, shop: Shop) -> None:
    talk = shop.contained(at(2))
    talk.do(do.Label(agent=ANNA, of=3, intent=name, new=True))
    rows = list(csv.reader(io.StringIO(as_csv(shop.figures()))))
    assert [row[1] for row in rows if row[0] == "label"] == [f"'{name}"]
