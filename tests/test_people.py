"""What is known of people and desks right now, in a real Redis."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.desk_health import DeskHealth, Pace
from bot.opening_hours import Hours, Span
from bot.people import AWAY, SEEN, WAITS, WAITS_AT_MOST, People
from bot.routing import Person
from tests.desk_world import ANNA, BEN, NOON, World, accounts, with_plan

MINUTE = 60_000


@pytest.fixture
def world(redis: Redis[bytes]) -> World:
    return World(redis)


async def person(world: World, id: str, login: str) -> Person:
    s = await world.people.situation(await world.store.load(id), world.now)
    return next(one for one in s.people if one.member.login == login)


async def test_without_a_list_the_team_is_everybody_who_can_log_in(world: World) -> None:
    assert [one.login for one in await world.people.team()] == ["anna", "ben", "olga"]
    assert [one.is_owner for one in await world.people.team()] == [False, False, True]


async def test_what_an_agent_does_is_a_sign_of_life_and_claiming_is_serving(world: World) -> None:
    id = await world.waiting()
    await world.does(id, do.Note(agent=ANNA, text="hm"), later=5)
    assert await world.people.last_seen("anna") == NOON + 5
    await world.does(id, do.Claim(agent=BEN), later=7)
    ben = await person(world, await world.waiting(), "ben")
    assert (ben.seen_at, ben.served_at, ben.load) == (NOON + 12, NOON + 12, 1)
    assert await world.people.last_seen("olga") == 0


async def test_signs_of_life_never_go_back(world: World) -> None:
    await world.people.seen("anna", NOON)
    await world.people.seen("anna", NOON - 1)
    assert await world.people.last_seen("anna") == NOON


async def test_losing_a_conversation_is_no_sign_of_life(world: World) -> None:
    id = await world.waiting()
    c = await world.does(id, do.Claim(agent=ANNA))
    await world.does(id, do.Unclaim(because="vanished", epoch=c.epoch), later=5)
    assert await world.people.last_seen("anna") == NOON


async def test_who_is_asked_counts_as_served_and_as_having_one_more(world: World) -> None:
    first, second = await world.waiting(), await world.waiting()
    await world.tick(first, later=3)
    anna = await person(world, second, "anna")
    assert (await world.asked(first), anna.load, anna.served_at) == (["anna"], 1, NOON + 3)
    assert (await person(world, first, "anna")).load == 0  # itself does not count


async def test_an_owners_conversations_are_a_load_until_they_end(world: World) -> None:
    ids = [await world.waiting() for _ in range(3)]
    for id in ids:
        await world.does(id, do.Claim(agent=BEN))
    other = await world.waiting()
    assert (await person(world, other, "ben")).load == 3
    await world.does(ids[0], do.Close(agent=BEN, outcome="solved"))
    await world.does(ids[1], do.ReturnToBot(agent=BEN))
    assert (await person(world, other, "ben")).load == 1


async def test_away_lasts_until_back_whatever_they_do(world: World) -> None:
    await world.people.leave("anna", "self")
    await world.people.seen("anna", NOON)
    assert await world.people.absence("anna") == "self"
    assert (await person(world, await world.waiting(), "anna")).away
    await world.people.come_back("anna", NOON + 9)
    assert await world.people.absence("anna") is None
    assert await world.people.last_seen("anna") == NOON + 9


async def test_who_had_vanished_is_back_with_the_first_sign_of_life(world: World) -> None:
    id = await world.waiting()
    for act in (world.people.seen("anna", NOON), world.does(id, do.Note(agent=ANNA, text="hm"))):
        await world.people.leave("anna", "vanished")
        await act
        assert await world.people.absence("anna") is None


async def test_the_roll_call_says_who_is_there_with_how_much(world: World) -> None:
    id = await world.waiting()
    await world.does(id, do.Claim(agent=BEN))
    await world.people.leave("olga", "self")
    called = {one.member.login: (one.absence, one.load) for one in await world.people.roll_call()}
    assert called == {"anna": (None, 0), "ben": (None, 1), "olga": ("self", 0)}


async def wait_of(world: World, waited: int, skill: str | None = None) -> None:
    id = await world.waiting(skill)
    await world.does(id, do.Claim(agent=BEN), later=waited)
    await world.does(id, do.Close(agent=BEN, outcome="solved"))


async def test_waits_are_kept_by_skill_and_only_those_of_late(world: World) -> None:
    await wait_of(world, 2 * MINUTE)
    await wait_of(world, 3 * MINUTE, "sales")
    for skill, expected in ((None, (2 * MINUTE,)), ("sales", (3 * MINUTE,)), ("orders", ())):
        c = await world.store.load(await world.waiting(skill))
        assert (await world.people.situation(c, world.now)).waits == expected
    c = await world.store.load(await world.waiting())
    assert (await world.people.situation(c, world.now + 25 * 60 * MINUTE)).waits == ()


async def test_only_so_many_waits_are_kept_and_not_for_ever(world: World) -> None:
    for _ in range(WAITS_AT_MOST + 3):
        await wait_of(world, MINUTE)
    assert await world.redis.llen(WAITS) == WAITS_AT_MOST
    assert 0 < await world.redis.pttl(WAITS) <= 24 * 60 * MINUTE


async def test_a_night_is_no_wait(redis: Redis[bytes]) -> None:
    oslo = Hours(ZoneInfo("Europe/Oslo"), ((Span(540, 1020),),) * 7)
    world = World(redis, plan=with_plan(hours=oslo))  # NOON is at 17:00 in Oslo
    world.now -= 30 * MINUTE
    await wait_of(world, 10 * MINUTE)
    await wait_of(world, 17 * 60 * MINUTE)
    assert await redis.llen(WAITS) == 1


async def test_claiming_what_the_bot_has_is_no_wait(world: World) -> None:
    id = (await world.router.open()).id
    await world.does(id, do.Claim(agent=BEN), later=MINUTE)
    assert await world.redis.llen(WAITS) == 0


async def test_the_place_in_the_queue_is_by_who_has_waited_longest(world: World) -> None:
    ids = [await world.waiting(at=1) for _ in range(3)]
    await world.does(ids[0], do.Claim(agent=BEN))
    places = []
    for id in ids[1:]:
        c = await world.store.load(id)
        places.append((await world.people.situation(c, world.now)).position)
    assert places == [1, 2]


async def test_all_that_is_open_is_read_at_one_moment_who_waits_longest_first(
    world: World,
) -> None:
    ids = [await world.waiting(at=1) for _ in range(4)]
    await world.does(ids[1], do.Claim(agent=BEN))
    await world.does(ids[2], do.Close(outcome="ended_by_customer"))
    assert [c.id for c in await world.people.open_conversations()] == [ids[0], ids[3], ids[1]]
    waiting = await world.store.on_shelves(["waiting"], 1)
    assert waiting == [await world.store.load(ids[0])]


async def test_those_ahead_count_only_while_nobody_is_asked_and_somebody_has_room(
    world: World,
) -> None:
    first, second = await world.waiting(), await world.waiting(at=1)

    async def ahead() -> int:
        c = await world.store.load(second)
        return (await world.people.situation(c, world.now)).ahead

    assert await ahead() == 1
    for login in ("anna", "ben", "olga"):
        await world.people.leave(login, "self")
    assert await ahead() == 0
    await world.people.come_back("anna", world.now)
    await world.tick(first)
    assert (await world.asked(first), await ahead()) == (["anna"], 0)


async def test_a_desk_that_is_down_is_not_used_until_it_is_up(redis: Redis[bytes]) -> None:
    world = World(redis, desks=("slack", "telegram"))
    assert await world.people.usable_desks() == {"slack", "telegram", "console"}
    await world.goes_down("slack")
    assert await world.people.usable_desks() == {"telegram", "console"}
    await DeskHealth(redis, "slack", Pace(1, 1)).succeeded("c-1")
    assert await world.people.usable_desks() == {"slack", "telegram", "console"}


async def test_two_gateways_know_the_same(world: World, redis: Redis[bytes]) -> None:
    other = People(redis, world.store, world.plan, accounts=accounts)
    await world.people.leave("anna", "self")
    await world.people.seen("ben", NOON)
    assert await other.absence("anna") == "self"
    assert await other.last_seen("ben") == NOON


async def test_what_does_not_expire_is_no_more_than_the_people(world: World) -> None:
    for n in range(5):
        await world.people.seen("anna", NOON + n)
        await world.people.leave("anna", "self")
    assert (await world.redis.zcard(SEEN), await world.redis.hlen(AWAY)) == (1, 1)
