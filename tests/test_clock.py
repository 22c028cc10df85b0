"""The clock: the ladder of who is asked, an owner who goes, a snooze; with a real Redis."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.conversation import State
from bot.desk_plan import Rung, Step
from bot.events import Unclaimed
from bot.opening_hours import Hours, Span
from bot.store import Follower
from tests.desk_world import ANNA, BEN, NOON, OLGA, World, with_plan

MINUTE = 60_000
SAY = do.Say(text="still there?", client_id="c-1")


@pytest.fixture
def world(redis: Redis[bytes]) -> World:
    return World(redis)


async def test_the_ladder_is_climbed_at_its_times_and_no_earlier(world: World) -> None:
    id = await world.waiting()
    assert [await world.asked(id), world.rests.get(id)] == [[], None]
    c = await world.tick(id)
    assert await world.asked(id) == ["anna"]
    for step, later in ((1, 45_000), (2, 45_000), (3, 60_000), (4, 90_000), (5, 120_000)):
        before = c
        c = await world.tick(id, later=later - 1)
        assert c == before
        c = await world.tick(id, later=1)
        assert c.assigned is not None
        assert c.assigned.step == step
    assert c.assigned is not None
    assert c.assigned.rung == "email"
    assert world.rests[id].due is None
    assert await world.told(id) == [
        "asked_again",
        "asked_next",
        "asked_owner",
        "come_back",
    ]


async def test_looking_twice_at_the_same_time_asks_once(world: World) -> None:
    id = await world.waiting()
    first = await world.tick(id)
    assert await world.tick(id) == first
    assert world.rests[id].due == world.now + 45_000


async def test_hand_offs_are_spread_over_those_who_are_there(world: World) -> None:
    ids = [await world.waiting(at=1) for _ in range(6)]
    for id in ids:
        await world.tick(id, later=1)
    asked = [(await world.asked(id))[0] for id in ids]
    assert asked == ["anna", "ben", "olga"] * 2


async def test_nobody_gets_more_than_they_can_take_and_the_rest_follow_when_they_can(
    redis: Redis[bytes],
) -> None:
    world = World(redis, plan=with_plan(capacity=1))
    ids = [await world.waiting(at=1) for _ in range(5)]
    for id in ids:
        await world.tick(id, later=1)
    asked = [await world.asked(id) for id in ids]
    assert sorted(map(tuple, asked)) == [(), (), ("anna",), ("ben",), ("olga",)]
    assert asked[3:] == [[], []]
    assert await world.told(ids[3]) == ["all_busy"]
    assert world.rests[ids[3]].due == world.now - 1 + 10_000  # it is looked again

    await world.does(ids[0], do.Close(outcome="ended_by_customer"))
    await world.tick(ids[4])
    assert await world.asked(ids[4]) == []  # who waits longer goes first
    await world.tick(ids[3])
    assert await world.asked(ids[3]) == asked[0]
    assert await world.told(ids[3]) == ["all_busy"]


async def test_a_message_meanwhile_does_not_stop_the_search(world: World) -> None:
    for login in ("anna", "ben", "olga"):
        await world.people.leave(login, "self")
    id = await world.waiting()
    await world.tick(id)
    c = await world.does(id, SAY, later=400 * 1000)
    lease = await world.work.take(Follower.CLOCK, now=world.now, lease_ms=3_000)
    assert lease is not None
    assert lease.conversation == c.id


async def test_outside_of_the_hours_nobody_is_asked_until_it_opens(redis: Redis[bytes]) -> None:
    oslo = Hours(ZoneInfo("Europe/Oslo"), ((Span(540, 1020),),) * 7)
    world = World(redis, plan=with_plan(hours=oslo), mail=True)  # NOON is at 17:00 in Oslo
    id = await world.waiting()
    await world.tick(id)
    assert await world.asked(id) == []
    assert await world.told(id) == ["closed", "leave_email"]
    opens = world.rests[id].due
    assert opens == NOON + 16 * 60 * MINUTE
    assert await world.tick(id, later=8 * 60 * MINUTE) == await world.store.load(id)
    await world.tick(id, later=8 * 60 * MINUTE)
    assert await world.asked(id) == ["anna"]
    assert (await world.told(id))[-1] == "open_again"


async def test_a_desk_that_goes_down_is_left_at_the_next_step(redis: Redis[bytes]) -> None:
    world = World(redis, desks=("slack", "telegram"))
    id = await world.waiting()
    assert (await world.tick(id)).desks == ("slack",)
    await world.goes_down("slack")
    assert (await world.tick(id, later=45_000)).desks == ("slack", "telegram")


async def test_claiming_ends_the_ladder(world: World) -> None:
    id = await world.waiting()
    await world.tick(id)
    await world.does(id, do.Reply(agent=BEN, text="Hi"))
    after = await world.tick(id, later=MINUTE)
    assert (after.state, world.rests[id].due) == (State.HUMAN, None)
    assert await world.told(id) == []


# ----------------------------------------------------------------------- an owner who goes


async def owned(world: World) -> str:
    """Anna has answered; the customer has just written again."""
    id = await world.waiting()
    await world.tick(id)
    await world.does(id, do.Reply(agent=ANNA, text="Hi, Anna here"), later=1)
    await world.does(id, SAY, later=1_000)
    return id


async def test_an_owner_without_a_sign_of_life_loses_the_conversation_with_all_that_was_said(
    world: World,
) -> None:
    id = await owned(world)
    c = await world.tick(id, later=299_000)
    assert c.state is State.HUMAN
    c = await world.tick(id, later=1_000)
    assert (c.state, c.owner, c.waiting_since) == (State.WAITING, None, world.now)
    assert await world.told(id) == ["vanished"]
    assert isinstance((await world.store.log(id))[-2].event, Unclaimed)
    await world.tick(id)
    assert await world.asked(id) == ["ben"]  # not the one who has vanished
    await world.does(id, do.Reply(agent=BEN, text="Ben here, I have read it all."))


async def test_a_sign_of_life_anywhere_buys_time(world: World) -> None:
    id = await owned(world)
    other = await world.waiting()
    await world.does(other, do.Note(agent=ANNA, text="hm"), later=200_000)
    assert (await world.tick(id, later=150_000)).state is State.HUMAN
    assert world.rests[id].due == world.now + 20_000
    assert (await world.tick(id, later=150_000)).state is State.WAITING


async def test_an_owner_who_is_away_loses_it_as_soon_as_the_customer_waits(world: World) -> None:
    id = await owned(world)
    await world.people.leave("anna", "self")
    assert (await world.tick(id, later=19_000)).state is State.HUMAN
    assert (await world.tick(id, later=1_000)).state is State.WAITING
    assert await world.told(id) == ["away"]


async def test_an_owner_whose_customer_waits_for_nothing_may_be_as_silent_as_they_like(
    world: World,
) -> None:
    id = await world.waiting()
    await world.does(id, do.Reply(agent=ANNA, text="Hi, Anna here"))
    await world.people.leave("anna", "self")
    c = await world.tick(id, later=24 * 60 * MINUTE)
    assert (c.state, world.rests[id].due) == (State.HUMAN, None)


async def test_who_has_just_taken_over_has_the_time_of_a_newcomer(world: World) -> None:
    id = await owned(world)
    await world.does(id, do.Claim(agent=OLGA, take_over=True), later=290_000)
    assert (await world.tick(id, later=100_000)).state is State.HUMAN
    assert (await world.tick(id, later=200_000)).state is State.WAITING


async def test_a_snooze_ends_at_its_time(world: World) -> None:
    id = await world.waiting()
    await world.does(id, do.Claim(agent=ANNA))
    await world.does(id, do.Snooze(agent=ANNA, until=world.now + MINUTE))
    assert (await world.tick(id, later=MINUTE - 1)).state is State.SNOOZED
    assert (await world.tick(id, later=1)).state is State.HUMAN


async def test_a_conversation_that_is_no_longer_kept_is_nobodys_business(world: World) -> None:
    assert (await world.clock.act("gone")).due is None


async def test_a_nudge_has_conversations_looked_at_at_once_but_not_twice(world: World) -> None:
    id = await world.waiting()
    lease = await world.work.take(Follower.CLOCK, now=world.now, lease_ms=3_000)
    assert lease is not None
    await world.work.nudge(Follower.CLOCK, [id], now=world.now)
    assert await world.work.take(Follower.CLOCK, now=world.now, lease_ms=3_000) is None
    await world.work.finish(lease, now=world.now, due=world.now + MINUTE)
    await world.work.nudge(Follower.CLOCK, [id], now=world.now)
    assert await world.work.take(Follower.CLOCK, now=world.now, lease_ms=3_000) is not None


async def test_a_ladder_of_the_owners_own_is_climbed_as_written(redis: Redis[bytes]) -> None:
    ladder = (Step(Rung.OWNER, 1_000), Step(Rung.EMAIL, 3_000))
    world = World(redis, plan=with_plan(ladder=ladder), mail=True)
    id = await world.waiting()
    for later, codes in (
        (0, []),
        (1_000, ["asked_owner"]),
        (2_000, ["asked_owner", "leave_email"]),
    ):
        await world.tick(id, later=later)
        assert await world.told(id) == codes
