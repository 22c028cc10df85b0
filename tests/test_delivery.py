"""The delivery against a scripted desk and a real Redis: once, in order, whatever happens."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial

import anyio
import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.app import connect
from bot.conversation import State
from bot.delivery import DOWN_AFTER, Delivery, Station
from bot.desk_health import DeskHealth, Pace, downs
from bot.errors import DeskBusy, DeskDown, DeskRefused, ThreadGone
from bot.events import Agent, Assigned
from bot.following import Rest, follow
from bot.router import Router
from bot.store import SHELF, Follower, News, Store
from bot.threads import Threads
from bot.wakes import Wakes
from bot.work import Work
from tests.agent_client import new_id
from tests.desks.scripted_desk import Killed, Platform, ScriptedDesk
from tests.polling import PATIENCE_S

ANNA = Agent(login="anna", name="Anna")
FAST = Pace(1_000, 1_000)


def station(
    redis: Redis[bytes],
    platform: Platform,
    router: Router,
    *,
    name: str = "slack",
    pace: Pace = FAST,
) -> Station:
    desk = ScriptedDesk(platform, "telegram" if name == "telegram" else "slack")
    health = DeskHealth(redis, desk.name, pace)
    return Station(desk, Threads(redis, health, now=router.now), health)


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def slack(redis: Redis[bytes], platform: Platform, router: Router) -> Station:
    return station(redis, platform, router)


@pytest.fixture
def delivery(slack: Station, store: Store, router: Router) -> Delivery:
    return Delivery(slack, others=[], store=store, router=router)


async def hand_off(router: Router, *texts: str, desk: str = "slack") -> str:
    """A customer asks for a person, `desk` is asked, and the customer writes."""
    id = (await router.open()).id
    asked = await router.ask_for_person(id, client_id=new_id(), reason="asked_for_human")
    assigned = Assigned(step=1, rung="first", desk=desk)
    await router.execute(id, do.Assign(assigned=assigned, epoch=asked.conversation.epoch))
    for text in texts:
        await router.from_customer(id, text, client_id=new_id())
    return id


@asynccontextmanager
async def running(url: str, platform: Platform, *, pace: Pace = FAST) -> AsyncIterator[Station]:
    """A gateway of its own, as far as delivery goes: connections, follower, desk."""
    redis, waiting = connect(url), connect(url, patient=True)
    store, wakes = Store(redis), Wakes(waiting)
    router = Router(store, greeting="hi")
    one = station(redis, platform, router, pace=pace)
    act = Delivery(one, others=[], store=store, router=router).act
    run = partial(follow, work=Work(redis), wakes=wakes, now=router.now, at_once=16)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wakes.run)
        tasks.start_soon(run, Follower.SLACK, act)
        yield one
        tasks.cancel_scope.cancel()
    await redis.close(close_connection_pool=True)
    await waiting.close(close_connection_pool=True)


async def until(check: Callable[[], bool], within: float = PATIENCE_S) -> None:
    with anyio.fail_after(within):
        while not check():
            await anyio.sleep(0.02)


# ── in order, once ──


async def test_a_desk_is_shown_a_card_and_then_every_word_in_order(
    delivery: Delivery, platform: Platform, router: Router
) -> None:
    id = await hand_off(router, "one", "two")
    await delivery.act(id)
    await router.from_agent(id, do.Reply(agent=ANNA, text="three"), client_id="slack:1")
    await delivery.act(id)
    await delivery.act(id)
    assert platform.texts(id) == ["card", "one", "two", "three"]
    assert {one.root for one in platform.messages[1:]} == {platform.messages[0].native}


async def test_a_desk_that_was_never_asked_is_shown_nothing(
    delivery: Delivery, platform: Platform, router: Router
) -> None:
    rest = await delivery.act(await hand_off(router, "one", desk="console"))
    assert (platform.calls, rest.due) == (0, None)


async def test_who_writes_into_a_thread_speaks_to_its_conversation(
    delivery: Delivery, slack: Station, platform: Platform, router: Router
) -> None:
    id = await hand_off(router, "one")
    await delivery.act(id)
    card, said = platform.messages
    spot = await slack.threads.find("#support", card.native)
    assert spot is not None
    assert (spot.conversation, spot.key) == (id, "root")
    spot = await slack.threads.find("#support", said.native)
    assert spot is not None
    assert (spot.conversation, spot.key) == (id, said.keys[0])
    assert await slack.threads.find("#other", card.native) is None


@pytest.mark.parametrize("text", ["card", "one", "three"])
async def test_a_process_that_dies_after_the_platforms_accept_loses_and_doubles_nothing(
    redis: Redis[bytes],
    delivery: Delivery,
    platform: Platform,
    store: Store,
    router: Router,
    text: str,
) -> None:
    id = await hand_off(router, "one", "two", "three")
    platform.dies_after = {text}
    with pytest.raises(Killed):
        await delivery.act(id)
    await router.from_customer(id, "four", client_id=new_id())
    next_process = Delivery(station(redis, platform, router), others=[], store=store, router=router)
    await next_process.act(id)
    assert platform.texts(id) == ["card", "one", "two", "three", "four"]


async def test_a_process_that_dies_before_the_platforms_accept_sends_it_again(
    redis: Redis[bytes], delivery: Delivery, platform: Platform, store: Store, router: Router
) -> None:
    id = await hand_off(router, "one")
    platform.answers = [DeskDown("cut off")]
    await delivery.act(id)
    platform.messages.clear()
    await redis.delete("deskhand:desk:slack:rest")
    await delivery.act(id)
    assert platform.texts(id) == ["card", "one"]


async def test_what_piled_up_goes_as_one_message_and_stays_one_after_a_death(
    redis: Redis[bytes], slack: Station, delivery: Delivery, platform: Platform, router: Router
) -> None:
    assert isinstance(slack.desk, ScriptedDesk)
    slack.desk.joining = True
    id = await hand_off(router, "one", "two")
    platform.dies_after = {"one + two"}
    with pytest.raises(Killed):
        await delivery.act(id)
    await router.from_customer(id, "three", client_id=new_id())
    await delivery.act(id)
    assert platform.texts(id) == ["card", "one + two", "three"]


async def test_two_workers_on_one_conversation_post_everything_once(
    redis: Redis[bytes], platform: Platform, store: Store, router: Router
) -> None:
    """As when the lease of one has run out while its machine stood still."""
    platform.delay_s = 0.01
    id = await hand_off(router, *(f"n{n}" for n in range(8)))
    both = [
        Delivery(station(redis, platform, router), others=[], store=store, router=router)
        for _ in range(2)
    ]
    with anyio.fail_after(PATIENCE_S):
        while len(platform.messages) < 9:
            await asyncio.gather(*(delivery.act(id) for delivery in both))
    await both[0].act(id)
    assert platform.texts(id) == ["card", *(f"n{n}" for n in range(8))]


# ── what a desk does not take ──


async def test_a_busy_place_is_left_alone_for_as_long_as_it_said(
    delivery: Delivery, platform: Platform, router: Router
) -> None:
    id, other = await hand_off(router, "one"), await hand_off(router, "two")
    platform.answers = [DeskBusy("slow down", after_s=30.0)]
    due = (await delivery.act(id)).due
    assert due is not None
    assert 29_000 < due - router.now() < 31_000
    calls = platform.calls
    due = (await delivery.act(other)).due
    assert due is not None
    assert 28_000 < due - router.now() < 31_000
    assert (platform.calls, platform.messages) == (calls, [])


async def test_a_place_is_not_written_to_faster_than_its_pace(
    redis: Redis[bytes], platform: Platform, store: Store, router: Router
) -> None:
    slow = station(redis, platform, router, pace=Pace(3, 60_000))
    delivery = Delivery(slow, others=[], store=store, router=router)
    id = await hand_off(router, "one", "two", "three", "four")
    due = (await delivery.act(id)).due
    assert due is not None
    assert 55_000 < due - router.now() < 61_000
    assert platform.texts(id) == ["card", "one", "two"]


async def test_what_is_refused_for_ever_is_noted_and_the_rest_goes_on(
    delivery: Delivery, slack: Station, platform: Platform, router: Router
) -> None:
    id = await hand_off(router, "one")
    await delivery.act(id)
    await router.from_customer(id, "bad", client_id=new_id())
    await router.from_customer(id, "good", client_id=new_id())
    platform.answers = [DeskRefused("invalid_blocks")]
    rest = await delivery.act(id)
    assert rest.due is None
    assert platform.texts(id) == ["card", "one", "good"]
    _, (refused,) = await slack.health.dead_letters()
    assert (refused.conversation, refused.why) == (id, "invalid_blocks")


async def test_a_thread_that_is_gone_is_opened_again_with_all_that_was_said(
    delivery: Delivery, platform: Platform, router: Router
) -> None:
    id = await hand_off(router, "one")
    await delivery.act(id)
    platform.gone = {platform.messages[0].native}
    await router.from_customer(id, "two", client_id=new_id())
    rest = await delivery.act(id)
    assert rest.due is None
    assert platform.texts(id) == ["card", "one", "card", "one", "two"]


async def test_a_desk_where_every_thread_is_gone_is_down_and_not_asked_for_ever_at_once(
    delivery: Delivery, platform: Platform, router: Router
) -> None:
    id = await hand_off(router, "one")
    platform.always = ThreadGone("archived")
    rest = await delivery.act(id)
    assert rest.due is not None
    assert platform.calls == 2


async def test_a_failing_desk_rests_longer_each_time_and_one_round_counts_once(
    redis: Redis[bytes], delivery: Delivery, platform: Platform, router: Router
) -> None:
    ids = [await hand_off(router, "one") for _ in range(5)]
    platform.always = DeskDown("no route to host")
    waits = []
    for _ in range(4):
        for id in ids:
            await delivery.act(id)
        waits.append(await redis.pttl("deskhand:desk:slack:rest"))
        await redis.delete("deskhand:desk:slack:rest")
    assert platform.calls == 4, "while it rests, it is not tried"
    assert [round(wait / 1000) for wait in waits] == [1, 2, 4, 8]


async def fail_until_down(redis: Redis[bytes], delivery: Delivery, id: str, name: str) -> None:
    for _ in range(DOWN_AFTER):
        await redis.delete(f"deskhand:desk:{name}:rest")
        await delivery.act(id)


async def test_a_desk_that_is_down_is_told_of_elsewhere_and_who_waits_is_shown_there(
    redis: Redis[bytes], platform: Platform, store: Store, router: Router
) -> None:
    elsewhere = Platform()
    slack = station(redis, platform, router)
    telegram = station(redis, elsewhere, router, name="telegram")
    delivery = Delivery(slack, others=[telegram], store=store, router=router)
    shown, waits = await hand_off(router, "shown"), await hand_off(router, "waits")
    taken = await hand_off(router, "taken")
    for id in (shown, taken):
        await delivery.act(id)
    await router.execute(taken, do.Claim(agent=ANNA))
    platform.always = DeskDown("token revoked")
    await fail_until_down(redis, delivery, waits, "slack")
    assert {desk: one.why for desk, one in (await downs(redis, ["slack", "telegram"])).items()} == {
        "slack": "token revoked"
    }
    (alert,) = elsewhere.alerts
    assert "Slack cannot be reached: token revoked" in alert
    for id in (shown, waits):
        assert (await store.load(id)).desks == ("slack", "telegram")
    assert (await store.load(taken)).desks == ("slack",)
    (owed,), _ = await slack.health.dead_letters()
    assert owed.conversation == waits
    # Later ones are passed on at once, without a try.
    calls, late = platform.calls, await hand_off(router, "late")
    await delivery.act(late)
    assert (await store.load(late)).desks == ("slack", "telegram")
    assert platform.calls == calls


async def test_a_desk_that_is_back_gets_all_that_it_is_owed_and_everybody_hears_of_it(
    redis: Redis[bytes], platform: Platform, store: Store, router: Router
) -> None:
    elsewhere = Platform()
    slack = station(redis, platform, router)
    telegram = station(redis, elsewhere, router, name="telegram")
    delivery = Delivery(slack, others=[telegram], store=store, router=router)
    ids = [await hand_off(router, f"n{n}") for n in range(3)]
    platform.always = DeskDown("no route to host")
    await fail_until_down(redis, delivery, ids[0], "slack")
    for id in ids:
        await delivery.act(id)
    platform.always = None
    await redis.delete("deskhand:desk:slack:rest")
    for id in ids:
        await delivery.act(id)
    assert [platform.texts(id) for id in ids] == [["card", f"n{n}"] for n in range(3)]
    assert await slack.health.dead_letters() == ([], [])
    assert await downs(redis, ["slack"]) == {}
    assert "can be reached again" in elsewhere.alerts[-1]
    assert len(platform.alerts) == 1


async def test_with_no_other_desk_who_waits_is_shown_in_the_console(
    redis: Redis[bytes], delivery: Delivery, platform: Platform, store: Store, router: Router
) -> None:
    id = await hand_off(router, "one")
    platform.always = DeskDown("no route to host")
    await fail_until_down(redis, delivery, id, "slack")
    c = await store.load(id)
    assert c.desks == ("slack", "console")
    assert c.assigned is not None
    assert (c.assigned.rung, c.state) == ("first", State.WAITING)


async def test_an_alert_that_cannot_be_given_stops_nothing(
    redis: Redis[bytes], platform: Platform, store: Store, router: Router
) -> None:
    both_down = Platform(always=DeskDown("no network"))
    telegram = station(redis, both_down, router, name="telegram")
    slack = station(redis, platform, router)
    delivery = Delivery(slack, others=[telegram], store=store, router=router)
    id = await hand_off(router, "one")
    platform.always = DeskDown("no network")
    await fail_until_down(redis, delivery, id, "slack")
    platform.always = None
    await redis.delete("deskhand:desk:slack:rest")
    await delivery.act(id)
    assert platform.texts(id) == ["card", "one"]


async def test_a_desk_that_hangs_counts_as_failed(
    monkeypatch: pytest.MonkeyPatch, delivery: Delivery, platform: Platform, router: Router
) -> None:
    monkeypatch.setattr("bot.delivery.SHOW_WITHIN_S", 0.05)
    id = await hand_off(router, "one")
    platform.delay_s = 5.0
    rest = await delivery.act(id)
    assert rest.due is not None
    assert platform.messages == []


async def test_what_is_appended_while_it_is_looked_is_not_passed_over(
    delivery: Delivery, store: Store, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries and state are read one after the other: the state may be ahead."""
    id = await hand_off(router, "one")
    seen = (await delivery.act(id)).seen
    await router.from_customer(id, "two", client_id=new_id())
    news = await store.news(id, seen or 0, "agent")

    async def late(*_: object) -> News:
        return replace(news, entries=[])

    monkeypatch.setattr(store, "news", late)
    assert await delivery.act(id) == Rest(seen=seen)
    assert news.conversation.seq == (seen or 0) + 1


# ── many ──


async def test_two_gateways_on_one_redis_show_every_hand_off_once(
    redis_url: str, platform: Platform, router: Router
) -> None:
    platform.delay_s = 0.002
    async with running(redis_url, platform), running(redis_url, platform):
        ids = [await hand_off(router, "one", "two") for _ in range(30)]
        await until(lambda: len(platform.messages) >= 90)
        for id in ids:
            await router.from_customer(id, "three", client_id=new_id())
        await until(lambda: len(platform.messages) >= 120)
    assert [platform.texts(id) for id in ids] == [["card", "one", "two", "three"]] * 30


async def test_two_hundred_hand_offs_at_once_arrive_once_each_though_the_platform_objects(
    redis_url: str, platform: Platform, router: Router
) -> None:
    platform.answers = [
        error
        for n in range(4)
        for error in (DeskBusy("slow down", after_s=0.05), DeskDown(f"500, the {n}th"))
    ]
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(running(redis_url, platform))
        ids = await asyncio.gather(*(hand_off(router, f"n{n}") for n in range(200)))
        await until(lambda: len(platform.messages) >= 400, within=120)
    assert Counter(platform.cards()) == Counter(ids)
    assert [platform.texts(id) for id in ids] == [["card", f"n{n}"] for n in range(200)]


async def test_agents_hear_of_a_flood_once(
    redis: Redis[bytes], platform: Platform, store: Store, router: Router
) -> None:
    slow = station(redis, platform, router, pace=Pace(2, 60_000))
    delivery = Delivery(slow, others=[], store=store, router=router)
    ids = [await hand_off(router, "one") for _ in range(22)]
    await redis.zadd(SHELF + State.WAITING.value, {f"another-{n}": n for n in range(300)})
    for id in ids:
        await delivery.act(id)
    (told,) = platform.alerts
    assert "322 customers are waiting" in told
