"""Leases on conversations, and what a clock does to them that jumps."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.conversation import Conversation, decide, record
from bot.events import Agent, Handoff
from bot.router import Router
from bot.store import (
    KEYS,
    LOG,
    STATE,
    Follower,
    Store,
)
from bot.work import Work

ANNA = Agent(login="anna", name="Anna")
ASK = do.AskForPerson(handoff=Handoff(reason="asked_for_human"))


async def test_an_append_is_all_or_nothing(store: Store, redis: Redis[bytes], work: Work) -> None:
    """A refused append leaves no trace: no entry, no key, no work."""
    blank = Conversation(id="c")
    after, entries = record(blank, decide(blank, do.Start(greeting="hi")), at=1, key="k")
    lost = await store.append(Conversation(id="c", seq=5), after, entries, "k")
    assert not lost.stored
    assert not await redis.exists(STATE.format("c"), LOG.format("c"), KEYS.format("c"))
    assert await work.take(Follower.ASSISTANT, now=10, lease_ms=1) is None


async def test_work_is_leased_to_one_and_comes_back_when_the_lease_runs_out(
    router: Router, work: Work
) -> None:
    opened = await router.open()
    spoken = await router.from_customer(opened.id, "hi", client_id="client-1")
    now = spoken.conversation.updated_at
    lease = await work.take(Follower.ASSISTANT, now=now, lease_ms=100)
    assert lease is not None
    assert lease.conversation == opened.id
    assert await work.take(Follower.ASSISTANT, now=now + 99, lease_ms=100) is None
    again = await work.take(Follower.ASSISTANT, now=now + 100, lease_ms=100)
    assert again is not None
    await work.finish(lease, now=now + 101)  # the first worker wakes up late: no effect
    assert await work.renew(lease, now=now + 101, lease_ms=100) is None
    assert await work.renew(again, now=now + 101, lease_ms=100) is not None


async def test_what_is_written_under_a_lease_waits_for_its_end_and_is_not_forgotten(
    router: Router, work: Work
) -> None:
    opened = await router.open()
    first = (await router.from_customer(opened.id, "one", client_id="client-1")).conversation
    now = first.updated_at + 10
    lease = await work.take(Follower.ASSISTANT, now=now, lease_ms=5_000)
    assert lease is not None
    await router.from_customer(opened.id, "two", client_id="client-2")
    assert await work.take(Follower.ASSISTANT, now=now + 9, lease_ms=100) is None
    await work.finish(lease, now=now + 10, seen=first.seq)
    assert await work.take(Follower.ASSISTANT, now=now + 10, lease_ms=100) is not None


async def test_finished_work_is_gone_and_postponed_work_comes_when_due(
    router: Router, work: Work
) -> None:
    opened = await router.open()
    spoken = (await router.from_customer(opened.id, "one", client_id="client-1")).conversation
    now = spoken.updated_at
    lease = await work.take(Follower.ASSISTANT, now=now, lease_ms=100)
    assert lease is not None
    await work.finish(lease, now=now, seen=spoken.seq, due=now + 500)
    assert await work.take(Follower.ASSISTANT, now=now + 499, lease_ms=100) is None
    lease = await work.take(Follower.ASSISTANT, now=now + 500, lease_ms=100)
    assert lease is not None
    await work.finish(lease, now=now + 500, seen=spoken.seq)
    assert await work.take(Follower.ASSISTANT, now=now + 10_000, lease_ms=100) is None


@pytest.mark.parametrize("back_s", [8, 30, 59, 3_600, 100_000])
async def test_a_clock_that_jumps_back_does_not_hold_up_answers(
    router: Router, back_s: int, work: Work
) -> None:
    """Due times and leases from before the jump lie ahead: nobody may wait for them."""
    opened = await router.open()
    spoken = await router.from_customer(opened.id, "one", client_id="client-1")
    earlier = spoken.conversation.updated_at - back_s * 1000
    assert await work.take(Follower.ASSISTANT, now=earlier, lease_ms=3_000) is not None
    assert await work.take(Follower.ASSISTANT, now=earlier - back_s * 1000, lease_ms=3_000)


async def test_a_clock_that_jumps_back_does_not_leave_the_clocks_own_lease_behind(
    router: Router, work: Work
) -> None:
    opened = await router.open()
    await router.execute(opened.id, ASK)
    now = router.now() + 61_000
    assert await work.take(Follower.CLOCK, now=now, lease_ms=3_000) is not None
    assert await work.take(Follower.CLOCK, now=now - 600_000, lease_ms=3_000) is not None


async def test_a_small_jump_back_costs_at_most_the_horizon(router: Router, work: Work) -> None:
    opened = await router.open()
    spoken = await router.from_customer(opened.id, "one", client_id="client-1")
    now = spoken.conversation.updated_at
    assert await work.take(Follower.ASSISTANT, now=now - 5_000, lease_ms=3_000) is None
    assert await work.take(Follower.ASSISTANT, now=now, lease_ms=3_000) is not None


async def test_snoozed_conversations_come_due_for_the_clock(router: Router, work: Work) -> None:
    opened = await router.open()
    for command in (ASK, do.Claim(agent=ANNA), do.Snooze(agent=ANNA, until=router.now() + 90_000)):
        await router.execute(opened.id, command)
    now = router.now()
    assert await work.take(Follower.CLOCK, now=now + 80_000, lease_ms=100) is None
    assert await work.take(Follower.CLOCK, now=now + 90_000, lease_ms=100) is not None
