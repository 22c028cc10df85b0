"""The synthetic history: the same every time, of the size asked for, and as real logs."""

from __future__ import annotations

from redis.asyncio import Redis

from benchmarks.studio_data import DAY_MS, END, fill_store, history
from bot.events import CustomerSpoke
from bot.learning.facts import facts_of
from bot.state import State
from bot.store import WORK, Follower, Store


def test_it_is_the_same_every_time_and_of_the_size_asked_for() -> None:
    first, second = list(history(1_000)), list(history(1_000))
    assert [talk.entries for talk in first] == [talk.entries for talk in second]
    said = sum(isinstance(e.event, CustomerSpoke) for talk in first for e in talk.entries)
    assert 850 < said < 1_150
    assert len({talk.state.id for talk in first}) == len(first)
    assert all(talk.entries[1].at >= END - 90 * DAY_MS for talk in first[1:])


def test_it_has_all_that_the_studio_shows() -> None:
    found = [facts_of(talk.state.id, talk.entries) for talk in history(3_000)]
    rows = [facts.conversation for facts in found if facts is not None]
    assert {row["result"] for row in rows} == {"contained", "handed_off", "left"}
    assert len({row["first_reason"] for row in rows}) > 6
    assert {row["rating"] for row in rows} == {None, 1, 2, 3, 4, 5}
    assert {row["language"] for row in rows} == {"en", "no"}
    assert any(facts is not None and facts.labels for facts in found)


async def test_as_real_logs_it_leaves_nobody_to_be_answered(
    store: Store, redis: Redis[bytes]
) -> None:
    talks = list(history(60))
    assert await fill_store(store, talks) == len(talks)
    assert len(await store.conversations()) == len(talks)
    assert await store.log(talks[0].state.id) == talks[0].entries
    assert all(talk.state.state in (State.BOT, State.CLOSED) for talk in talks)
    assert not await redis.exists(WORK + Follower.ASSISTANT.value, WORK + Follower.CLOCK.value)
