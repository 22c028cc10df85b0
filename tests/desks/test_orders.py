"""Orders in words: times, outcomes, people."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.desk_plan import Member, Skill
from bot.desks.orders import SNOOZES, UnclearOrder, outcome_of, passed_to, until
from bot.events import Agent

OSLO = ZoneInfo("Europe/Oslo")
#: A Wednesday, a quarter past two.
NOW = datetime(2026, 11, 25, 14, 15, tzinfo=OSLO)
ANNA = Agent(login="anna", name="Anna Berg")


def moment(words: str) -> str:
    ms = until(words, now=int(NOW.timestamp() * 1000), zone=OSLO)
    return f"{datetime.fromtimestamp(ms / 1000, OSLO):%a %d %H:%M}"


@pytest.mark.parametrize(
    ("words", "when"),
    [
        ("30m", "Wed 25 14:45"),
        ("2 hours", "Wed 25 16:15"),
        ("for 3d", "Sat 28 14:15"),
        ("18:00", "Wed 25 18:00"),
        ("9:30", "Thu 26 09:30"),
        ("tomorrow", "Thu 26 09:00"),
        ("Tomorrow 14:00", "Thu 26 14:00"),
        ("monday", "Mon 30 09:00"),
        ("until fri 8:15", "Fri 27 08:15"),
        ("wednesday", "Wed 02 09:00"),
        ("2026-12-01", "Tue 01 09:00"),
        ("2026-12-01 10:05", "Tue 01 10:05"),
    ],
)
def test_a_time_is_read_as_people_write_it(words: str, when: str) -> None:
    assert moment(words) == when


@pytest.mark.parametrize("choice", SNOOZES)
def test_every_offered_snooze_is_understood(choice: str) -> None:
    assert moment(choice)


@pytest.mark.parametrize(
    "words",
    ["", "soon", "25:00", "2026-02-30", "tomorrow noon", "0m", "2026-11-24", "31d", "14:99"],
)
def test_what_is_no_time_ahead_is_refused_with_a_hint(words: str) -> None:
    with pytest.raises(UnclearOrder, match=r"no time|Until when|not within") as refused:
        moment(words)
    assert refused.value.hint


def test_an_hour_that_the_clock_skips_is_still_a_time_ahead() -> None:
    night = int(datetime(2026, 3, 29, 1, 30, tzinfo=OSLO).timestamp() * 1000)
    assert until("2:30", now=night, zone=OSLO) > night


def test_outcomes_are_named_as_in_the_log_or_in_words() -> None:
    assert outcome_of("") == "solved"
    assert outcome_of(" Not solved ") == "unsolved"
    assert outcome_of("SPAM") == "spam"
    with pytest.raises(UnclearOrder, match="no outcome") as refused:
        outcome_of("great")
    assert "duplicate" in refused.value.hint


def test_a_transfer_goes_to_a_skill_or_a_colleague_by_any_of_their_names() -> None:
    skills = [Skill("orders", "orders and delivery", frozenset(), None, None)]
    team = [Member(login="ben", name="Ben Otieno")]
    named = {
        words: passed_to(words, ANNA, skills=skills, team=team)
        for words in ("orders", "Orders and delivery", "@ben", "ben otieno")
    }
    assert [t.skill for t in named.values()] == ["orders", "orders", None, None]
    assert named["@ben"].to == Agent(login="ben", name="Ben Otieno")
    with pytest.raises(UnclearOrder, match="neither a skill nor a colleague") as refused:
        passed_to("chloe", ANNA, skills=skills, team=team)
    assert refused.value.hint == "Say one of: orders, ben."
