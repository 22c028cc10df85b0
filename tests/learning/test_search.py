"""Finding conversations: words, filters, pages; nothing that people type is syntax."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.studio_data import fill_archive, history
from benchmarks.talks import Talk
from bot import commands as do
from bot.events import Agent, Handoff, Reading
from bot.learning.archive import Archive
from bot.learning.filters import BadFilter, match_of
from bot.learning.periods import BadPeriod
from bot.learning.search import PAGE, Page, Part, choices, search

OSLO = ZoneInfo("Europe/Oslo")
ANNA, BEN = Agent(login="anna", name="Anna Berg"), Agent(login="ben", name="Ben Solli")
LOST = Reading(intent="nlu_fallback", confidence=0.3, outcome="clarify")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Four conversations of October: shoes, a tent, gifts, and an imported one."""
    archive = Archive(tmp_path_factory.mktemp("search") / "a.db", write=True, zone=OSLO)
    shoes = Talk("shoes", at(1))
    shoes.say('where are my blåbær shoes from order NL-10482, the "big" ones?')
    shoes.answer("They are on their way.", Reading(intent="order_status", language="no"))
    tent = Talk("tent", at(2))
    tent.say("the tent is torn")
    tent.answer("", Reading(intent="complaint"), handoff=Handoff(reason="complaint"))
    tent.claim(ANNA, after=60_000)
    tent.reply(ANNA, "I'll send you a new pole")
    tent.do(do.Note(agent=ANNA, text="third torn seam this week"))
    tent.close(ANNA, "resolved")
    tent.rate(2)
    gift = Talk("gift", at(3))
    seq = gift.say("can you wrap the shoes as a present")
    gift.answer("What do you mean?", LOST)
    gift.do(do.AskForPerson(handoff=Handoff(reason="asked_for_human")))
    gift.claim(BEN)
    gift.claim(BEN)
    gift.do(do.Label(agent=BEN, of=seq, intent="gift_wrapping", new=True))
    old = Talk("old", at(4), source="chatwoot")
    old.say("hello shoes")
    fill_archive(archive, [shoes, tent, gift, old])
    yield archive
    archive.close()


def at(day: int) -> int:
    return int(datetime(2026, 10, day, 12, tzinfo=OSLO).timestamp() * 1000)


def ids(page: Page) -> list[str]:
    return [line.id for line in page.conversations]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["old", "gift", "tent", "shoes"]),
        ({"q": "shoes"}, ["old", "gift", "shoes"]),
        ({"q": "sho"}, ["old", "gift", "shoes"]),
        ({"q": "SHOES wrap"}, ["gift"]),
        ({"q": "blabær"}, ["shoes"]),
        ({"q": "blåbær"}, ["shoes"]),
        ({"q": "BLABAER"}, []),
        ({"q": "NL-10482"}, ["shoes"]),
        ({"q": "10482"}, ["shoes"]),
        ({"q": '"new pole"'}, ["tent"]),
        ({"q": '"pole new"'}, []),
        ({"q": "seam"}, ["tent"]),
        ({"q": "way"}, ["shoes"]),
        ({"q": '"big'}, ["shoes"]),
        ({"q": "?!"}, []),
        ({"intent": "order_status"}, ["shoes"]),
        ({"intent": "order"}, []),
        ({"intent": "nlu_fallback", "turn": "labelled"}, ["gift"]),
        ({"intent": "nlu_fallback", "turn": "answered"}, []),
        ({"turn": "missed"}, ["gift"]),
        ({"turn": "passed_on"}, ["tent"]),
        ({"reason": "complaint"}, ["tent"]),
        ({"agent": "anna"}, ["tent"]),
        ({"agent": "ben", "q": "wrap"}, ["gift"]),
        ({"rating": "2"}, ["tent"]),
        ({"rating": "low"}, ["tent"]),
        ({"rating": "5"}, []),
        ({"state": "closed"}, ["tent"]),
        ({"state": "human"}, ["gift"]),
        ({"result": "contained"}, ["shoes"]),
        ({"result": "left"}, ["old"]),
        ({"label": "gift_wrapping"}, ["gift"]),
        ({"measured": "wait"}, ["gift", "tent"]),
        ({"source": "chatwoot"}, ["old"]),
        ({"source": "here", "q": "shoes"}, ["gift", "shoes"]),
        ({"from": "2026-10-02", "to": "2026-10-03"}, ["gift", "tent"]),
        ({"weekday": "4", "hour": "12"}, ["tent"]),
        ({"weekday": "4", "hour": "13"}, []),
        ({"q": "", "intent": " "}, ["old", "gift", "tent", "shoes"]),
    ],
)
def test_filters(asked: dict[str, str], found: list[str], archive: Archive) -> None:
    page = search(archive, asked)
    assert ids(page) == found
    assert (page.total, page.next) == (len(found), "")


def test_a_line_says_what_there_is_to_know(archive: Archive) -> None:
    (line,) = search(archive, {"q": "pole"}).conversations
    assert line.first == "the tent is torn"
    assert line.intents == ("complaint",)
    assert [(one.reason, one.words) for one in line.reasons] == [("complaint", "complains")]
    assert [(one.login, one.name) for one in line.people] == [("anna", "Anna Berg")]
    assert (line.state, line.result, line.outcome) == ("closed", "handed_off", "resolved")
    assert (line.rating, line.wait_ms, line.messages) == (2, 60_000, 2)
    assert line.found is not None
    assert (line.found.who, line.found.parts[-2:]) == (
        "agent",
        (Part(text="I'll send you a new "), Part(text="pole", hit=True)),
    )


def test_what_the_filters_can_be_set_to(archive: Archive) -> None:
    found = choices(archive)
    assert found.intents == ("complaint", "nlu_fallback", "order_status")
    assert [one.reason for one in found.reasons] == ["asked_for_human", "complaint"]
    assert [one.login for one in found.people] == ["anna", "ben"]
    assert (found.labels, found.sources) == (("gift_wrapping",), ("chatwoot",))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"colour": "red"}, "no filter 'colour'"),
        ({"rating": "6"}, "`rating` is '6'"),
        ({"rating": "x"}, "`rating` is 'x'"),
        ({"rating": "-1"}, "`rating` is '-1'"),
        ({"state": "open"}, "`state` is 'open'"),
        ({"result": "answered"}, "`result` is 'answered'"),
        ({"turn": "fine"}, "`turn` is 'fine'"),
        ({"measured": "c.id"}, "`measured` is 'c.id'"),
        ({"weekday": "7"}, "`weekday` is '7'"),
        ({"hour": "24"}, "`hour` is '24'"),
        ({"hour": "٣"}, "`hour`"),
        ({"q": "x" * 201}, "`q` is longer"),
    ],
)
def test_filters_that_make_no_sense_are_named(
    asked: dict[str, str], says: str, archive: Archive
) -> None:
    with pytest.raises(BadFilter) as error:
        search(archive, asked)
    assert says in error.value.message


def test_days_that_make_no_sense_are_named(archive: Archive) -> None:
    with pytest.raises(BadPeriod, match="no date"):
        search(archive, {"from": "tomorrow"})
    with pytest.raises(BadPeriod, match="earlier"):
        search(archive, {"from": "2026-10-02", "to": "2026-10-01"})


@pytest.mark.parametrize("cursor", ["x", "12", "1.", "1.a b", "99999999999999999.a", "1.a'--"])
def test_a_cursor_of_somebody_elses_is_refused(cursor: str, archive: Archive) -> None:
    with pytest.raises(BadFilter, match="none of ours"):
        search(archive, {}, cursor)


SYNTAX = st.text(
    alphabet=st.sampled_from("\"*^:(){}+-,.'\\;%_ aåNOTANDORNEAR#\x00\ud800\u200d"), max_size=40
)


@settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(SYNTAX | st.text(max_size=60))
def test_no_text_breaks_the_search(archive: Archive, text: str) -> None:
    page = search(archive, {"q": text[:200]})
    assert page.total == len(page.conversations)


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("two words", '"two"* "words"*'),
        ('"two words" more', '"two words" "more"*'),
        ('say "unfinished', '"say"* "unfinished"'),
        ("title:shoes NOT x", '"title:shoes"* "NOT"* "x"*'),
        ("* - ()", ""),
        ("a\0b", '"a"* "b"*'),
        (
            " ".join("abcdefghijklmnopqrstuvwxyz"),
            " ".join(f'"{c}"*' for c in "abcdefghijklmnopqrst"),
        ),
    ],
)
def test_a_query_becomes_quoted_phrases(query: str, match: str) -> None:
    assert match_of(query) == match


def test_pages_have_every_conversation_once_also_when_new_ones_come(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a.db", write=True, zone=OSLO)
    talks = list(history(300))
    fill_archive(archive, talks)
    expected = [t.state.id for t in sorted(talks, key=lambda t: (started(t), t.state.id))][::-1]
    seen: list[str] = []
    page = search(archive, {})
    assert page.total == len(talks)
    while True:
        assert 0 < len(page.conversations) <= PAGE
        seen += ids(page)
        newer = Talk(f"newer-{len(seen)}", at(28) + 90 * 86_400_000)
        newer.say("hello")
        fill_archive(archive, [newer])
        if not page.next:
            break
        page = search(archive, {}, page.next)
        assert page.total is None
    assert seen == expected
    archive.close()


def started(talk: Talk) -> int:
    return next(e.at for e in talk.entries if e.seq == 3)


def test_those_that_began_at_the_same_moment_are_not_lost_between_pages(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "a.db", write=True)
    talks = [Talk(f"t{number:03}", 1_000) for number in range(PAGE * 2 + 1)]
    for talk in talks:
        talk.say("hello")
    fill_archive(archive, talks)
    page = search(archive, {"q": "hello"})
    seen = ids(page)
    while page.next:
        page = search(archive, {"q": "hello"}, page.next)
        seen += ids(page)
    assert seen == sorted((talk.state.id for talk in talks), reverse=True)
    archive.close()
