"""The store against a real Redis: the atomic append, what is kept, and a clock that jumps."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.conversation import State, decide, record
from bot.errors import StoreUnavailable, UnknownConversation
from bot.events import Agent, Handoff
from bot.router import Router
from bot.store import (
    KEYS,
    LOG,
    STATE,
    UNSPOKEN_S,
    WAKE,
    WAKE_CONVERSATION,
    WAKE_WORK,
    Follower,
    Store,
)

ANNA = Agent(login="anna", name="Anna")
ASK = do.AskForPerson(handoff=Handoff(reason="asked_for_human"))


async def test_a_conversation_that_nobody_started_is_unknown(store: Store) -> None:
    with pytest.raises(UnknownConversation, match="no conversation nope"):
        await store.load("nope")


async def test_what_was_appended_is_read_back_and_adds_up_to_the_state(
    store: Store, router: Router
) -> None:
    opened = await router.open("https://shop.example/tents")
    outcome = await router.from_customer(opened.id, "hi", client_id="client-1")
    entries = await store.log(opened.id)
    assert [entry.seq for entry in entries] == [1, 2, 3] == [*range(1, outcome.seq + 1)]
    assert await store.load(opened.id) == outcome.conversation
    assert await store.log(opened.id, after=2) == entries[2:]


async def test_of_two_writers_who_saw_the_same_state_one_wins(store: Store, router: Router) -> None:
    before = await router.open()
    say = do.Say(text="hi", client_id="client-1")
    after, entries = record(before, decide(before, say), at=1, key="a")
    results = [await store.append(before, after, entries, key) for key in ("a", "b")]
    assert [result.stored for result in results] == [True, False]
    assert len(await store.log(before.id)) == 3


async def test_the_same_key_is_stored_once_even_when_two_send_it_at_once(
    store: Store, router: Router
) -> None:
    opened = await router.open()
    outcomes = await asyncio.gather(
        *(router.from_customer(opened.id, "hi", client_id="client-1") for _ in range(10))
    )
    assert sum(outcome.changed for outcome in outcomes) == 1
    assert {outcome.seq for outcome in outcomes} == {3}
    assert len(await store.log(opened.id)) == 3


async def test_a_repeated_command_is_a_duplicate_even_if_it_would_be_illegal_by_now(
    router: Router,
) -> None:
    opened = await router.open()
    await router.execute(opened.id, ASK)
    reply = do.Reply(agent=ANNA, text="hello")
    first = await router.from_agent(opened.id, reply, client_id="client-1")
    await router.from_agent(opened.id, do.Close(agent=ANNA, outcome="solved"), client_id="client-2")
    again = await router.from_agent(opened.id, reply, client_id="client-1")
    assert (again.seq, again.duplicate) == (first.seq, True)


async def test_many_writers_at_once_all_get_in_without_a_gap(store: Store, router: Router) -> None:
    opened = await router.open()
    await asyncio.gather(
        *(router.from_customer(opened.id, f"m{n}", client_id=f"client-{n}") for n in range(30))
    )
    assert [entry.seq for entry in await store.log(opened.id)] == [*range(1, 33)]


async def test_only_who_has_something_to_do_at_once_is_woken(
    store: Store, router: Router, redis: Redis[bytes]
) -> None:
    opened = await router.open()
    woken = []
    async with redis.pubsub() as pubsub:
        await pubsub.psubscribe(WAKE + "*")
        await router.from_customer(opened.id, "hi", client_id="client-1")
        async for message in pubsub.listen():
            if message["type"] == "pmessage":
                woken.append(message["channel"].decode())
            if WAKE_CONVERSATION.format(opened.id) in woken:  # it is the last
                break
    assert WAKE_WORK + Follower.ASSISTANT.value in woken
    # The archive comes a second later, and looks by itself as often.
    assert WAKE_WORK + Follower.ARCHIVE.value not in woken


async def test_escalated_conversations_stand_on_the_shelf_of_their_state(
    store: Store, router: Router
) -> None:
    quiet, loud = await router.open(), await router.open()
    await router.from_customer(quiet.id, "hi", client_id="client-1")
    await router.execute(loud.id, ASK)
    assert await store.shelf("waiting") == [loud.id]
    assert (await store.news(loud.id, 0, "agent")).position == 1
    await router.execute(loud.id, do.Claim(agent=ANNA))
    assert (await store.shelf("waiting"), await store.shelf("human")) == ([], [loud.id])
    await router.execute(loud.id, do.ReturnToBot(agent=ANNA))
    assert [await store.shelf(s) for s in ("waiting", "human", "closed")] == [[], [], []]
    await router.execute(quiet.id, do.Close(outcome="ended_by_customer"))
    assert await store.shelf("closed") == []


async def test_a_widget_that_was_only_opened_is_forgotten_and_a_spoken_word_is_not(
    router: Router, redis: Redis[bytes]
) -> None:
    opened = await router.open()
    names = [key.format(opened.id) for key in (STATE, LOG)]
    assert all([0 < await redis.ttl(name) <= UNSPOKEN_S for name in names])
    await router.from_customer(opened.id, "hi", client_id="client-1")
    assert [await redis.ttl(name) for name in [*names, KEYS.format(opened.id)]] == [-1, -1, -1]


async def test_who_asks_for_a_person_without_a_word_is_kept_too(
    router: Router, redis: Redis[bytes]
) -> None:
    opened = await router.open()
    await router.ask_for_person(opened.id, client_id="client-1", reason="asked_for_human")
    names = [key.format(opened.id) for key in (STATE, LOG, KEYS)]
    assert [await redis.ttl(name) for name in names] == [-1, -1, -1]


@pytest.mark.parametrize(("setting", "value"), [("maxmemory", "1"), ("min-replicas-to-write", "1")])
async def test_a_redis_that_takes_no_writes_is_an_honest_error(
    store: Store, router: Router, redis: Redis[bytes], setting: str, value: str
) -> None:
    opened = await router.open()
    await redis.config_set(setting, value)
    try:
        with pytest.raises(StoreUnavailable, match="does not take anything"):
            await router.from_customer(opened.id, "hi", client_id="client-1")
        with pytest.raises(StoreUnavailable, match="does not take anything"):
            await store.show_typing(opened.id, "agent", "Anna")
    finally:
        await redis.config_set(setting, "0")
    await router.from_customer(opened.id, "hi", client_id="client-1")


async def test_a_clock_that_jumps_does_not_break_the_log(store: Store) -> None:
    times = iter([5_000, 9_999_999, 1_000, 2_000, 3_000])
    router = Router(store, greeting="hi", now=lambda: next(times))
    opened = await router.open()
    for n in range(3):
        await router.from_customer(opened.id, f"m{n}", client_id=f"client-{n}")
    assert [entry.seq for entry in await store.log(opened.id)] == [1, 2, 3, 4, 5]
    assert (await store.load(opened.id)).state is State.BOT


async def test_an_unreachable_redis_is_an_error_that_says_so() -> None:
    away: Redis[bytes] = Redis(host="127.0.0.1", port=1)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await Store(away).load("c")
    await away.close(close_connection_pool=True)
