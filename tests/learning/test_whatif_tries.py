"""Who tries what at the moment: one replay at a time, and of each owner only the newest."""

from __future__ import annotations

import asyncio

import pytest

from bot.learning import whatif_tries
from bot.learning.whatif import Comparison, compare
from bot.learning.whatif_run import Question, Told
from bot.learning.whatif_tries import Progress, Replaced, Tries
from tests.learning.logged_talks import SHIPPED
from tests.learning.test_whatif import Talks
from tests.polling import soon


class Replays:
    """Replays that end when they are let. `began`, `ended`: what each was asked."""

    def __init__(self) -> None:
        self.began: list[Question] = []
        self.ended: list[Question] = []
        self.given: list[bytes] = []
        self.told: Told = lambda done, of: None
        self.let = asyncio.Event()

    async def __call__(
        self, question: Question, known: bytes, told: Told
    ) -> tuple[Comparison, bytes]:
        self.began.append(question)
        self.given.append(known)
        self.told = told
        await self.let.wait()
        self.ended.append(question)
        return nothing(question.until), question.proposed.encode()


def nothing(until: int) -> Comparison:
    return compare(Talks(), SHIPPED, SHIPPED, since=0, until=until, known={})


def question(proposed: str, current: str = "now") -> Question:
    return Question(archive="a.db", current=current, proposed=proposed, since=0, until=1)


@pytest.fixture
def replays() -> Replays:
    return Replays()


@pytest.fixture
def tries(replays: Replays) -> Tries:
    return Tries(replays)


async def test_the_newest_of_an_owner_is_worked_on_and_the_one_before_is_told(
    tries: Tries, replays: Replays
) -> None:
    first = asyncio.ensure_future(tries.compare("olga", question("one")))
    await soon(lambda: len(replays.began) == 1, what="the replay")
    second = asyncio.ensure_future(tries.compare("olga", question("two")))
    with pytest.raises(Replaced, match="you have asked for others since"):
        await first
    await soon(lambda: len(replays.began) == 2, what="the replay")
    replays.let.set()
    assert await second == nothing(1)
    assert [one.proposed for one in replays.ended] == ["two"]
    assert tries.progress("olga") is None


async def test_however_many_are_asked_for_only_one_waits(tries: Tries, replays: Replays) -> None:
    held = asyncio.ensure_future(tries.compare("ben", question("held")))
    await soon(lambda: len(replays.began) == 1, what="the replay")
    asked = [asyncio.ensure_future(tries.compare("olga", question(f"{n}"))) for n in range(20)]
    await soon(lambda: sum(one.done() for one in asked) == 19, what="the replay")
    replays.let.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in found] == [Replaced] * 19 + [Comparison]
    assert await held == nothing(1)
    assert [one.proposed for one in replays.began] == ["held", "19"]


async def test_owners_do_not_replace_each_other_and_see_how_far_theirs_is(
    tries: Tries, replays: Replays
) -> None:
    both = [asyncio.ensure_future(tries.compare(who, question(who))) for who in ("ben", "olga")]
    await soon(lambda: len(replays.began) == 1, what="the replay")
    replays.told(30, 90)
    assert tries.progress("ben") == Progress(30, 90)
    assert tries.progress("olga") == Progress(0, 0)
    assert tries.progress("anna") is None
    replays.let.set()
    assert await asyncio.gather(*both) == [nothing(1), nothing(1)]
    assert [one.proposed for one in replays.ended] == ["ben", "olga"]


async def test_what_was_found_out_is_given_to_the_next_under_the_same_policy(
    tries: Tries, replays: Replays, monkeypatch: pytest.MonkeyPatch
) -> None:
    replays.let.set()
    for asked in (question("one"), question("two"), question("three", "later")):
        await tries.compare("olga", asked)
    assert replays.given == [b"", b"one", b""]
    monkeypatch.setattr(whatif_tries, "KEPT_AT_MOST", 3)
    await tries.compare("olga", question("much", "later"))
    await tries.compare("olga", question("more", "later"))
    assert replays.given[3:] == [b"three", b""]


async def test_a_request_that_is_given_up_takes_its_replay_with_it(
    tries: Tries, replays: Replays
) -> None:
    asked = asyncio.ensure_future(tries.compare("olga", question("one")))
    await soon(lambda: len(replays.began) == 1, what="the replay")
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert tries.progress("olga") is None
    replays.let.set()
    assert await tries.compare("olga", question("two")) == nothing(1)
    assert [one.proposed for one in replays.ended] == ["two"]
