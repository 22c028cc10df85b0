"""The assistant moves to another address, and no message notices."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
import redis as sync_redis
from redis.asyncio import Redis

from bot.app import connect
from bot.whereabouts import AT, WAKE_ASSISTANT, Whereabouts, tell
from tests.customer import Customer, answered
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant, until

RUN = "this-run"


def move(redis_url: str, url: str, run: str = RUN) -> None:
    async def go() -> None:
        redis = connect(redis_url)
        await tell(redis, run, url)
        await redis.close(close_connection_pool=True)

    asyncio.run(go())


def move_unheard(redis_url: str, url: str) -> None:
    """The address changes, and the wake-up is lost."""
    with sync_redis.Redis.from_url(redis_url) as redis:
        redis.set(AT.format(RUN), url)


@contextmanager
def talking(redis_url: str, url: str, var: Path) -> Iterator[Customer]:
    with (
        RunningGateway(
            redis_url, url, ScriptedAssistant.token, var, run=RUN, turn_deadline=8.0
        ) as gateway,
        closing((customer := Customer(gateway)).http),
    ):
        yield customer


@pytest.fixture
def new() -> Iterator[ScriptedAssistant]:
    with ScriptedAssistant() as assistant:
        yield assistant


@pytest.mark.parametrize("heard", [True, False], ids=["woken", "wake-up lost"])
def test_the_next_turn_goes_to_the_new_address(
    redis_url: str,
    tmp_path: Path,
    assistant: ScriptedAssistant,
    new: ScriptedAssistant,
    heard: bool,
) -> None:
    with talking(redis_url, assistant.url, tmp_path) as customer:
        customer.say("one")
        customer.log(answered(1))
        (move if heard else move_unheard)(redis_url, new.url)
        until(lambda: new.asked_for_health > 0, what="looking at the new one's health")
        customer.say("two")
        customer.log(answered(2))
    assert [turn["text"] for turn in assistant.turns] == ["one"]
    assert [turn["text"] for turn in new.turns] == ["two"]


def test_a_turn_in_flight_finishes_where_it_began(
    redis_url: str, tmp_path: Path, assistant: ScriptedAssistant, new: ScriptedAssistant
) -> None:
    with talking(redis_url, assistant.url, tmp_path) as customer:
        assistant.hold()
        customer.say("one")
        until(lambda: assistant.waiting == 1, what="the turn")
        move(redis_url, new.url)
        until(lambda: new.asked_for_health > 0, what="looking at the new one's health")
        customer.say("two")
        assistant.release()
        log = customer.log(answered(2))
    assert [turn["text"] for turn in assistant.turns] == ["one"]
    assert [turn["text"] for turn in new.turns] == ["two"]
    said = [e["messages"][0]["text"] for e in log if e["kind"] == "bot_answered"]
    assert said[1:] == ["echo: one", "echo: two"]


def test_a_turn_whose_assistant_dies_after_the_move_is_answered_by_the_new_one(
    redis_url: str, tmp_path: Path, new: ScriptedAssistant
) -> None:
    with ScriptedAssistant() as old, talking(redis_url, old.url, tmp_path) as customer:
        old.hold()
        customer.say("one")
        until(lambda: old.waiting == 1, what="the turn")
        move_unheard(redis_url, new.url)
        old.die()
        log = customer.log(answered(1))
        assert [turn["text"] for turn in new.turns] == ["one"]
        assert not [e for e in log if e["kind"] in ("notice", "handoff_requested")]
        health = httpx.get(str(customer.http.base_url).replace("/api/chat/", "/healthz"))
        assert health.json()["assistant"] == "ready"


async def test_the_word_of_another_run_is_not_believed(redis: Redis[bytes]) -> None:
    await tell(redis, "another-run", "http://127.0.0.1:5006")
    here = Whereabouts("http://127.0.0.1:5005", redis, RUN)
    await here.read()
    assert here.url == "http://127.0.0.1:5005"


@pytest.mark.parametrize(
    "away",
    ["http://192.0.2.7:5005", "https://127.0.0.1:5005", "http://127.0.0.1:5005@evil.example", "x"],
)
async def test_an_address_that_leads_away_from_this_machine_is_not_believed(
    redis: Redis[bytes], away: str
) -> None:
    await redis.set(AT.format(RUN), away)
    here = Whereabouts("http://127.0.0.1:5005", redis, RUN)
    await here.read()
    assert here.url == "http://127.0.0.1:5005"


async def test_while_redis_is_away_what_is_known_stays() -> None:
    nowhere = connect("redis://127.0.0.1:1/0")
    here = Whereabouts("http://127.0.0.1:5005", nowhere, RUN)
    await here.read()
    assert here.url == "http://127.0.0.1:5005"
    await nowhere.close(close_connection_pool=True)


async def test_who_was_told_nothing_goes_by_the_setting(redis: Redis[bytes]) -> None:
    await tell(redis, RUN, "http://127.0.0.1:5006")
    for here in (Whereabouts("http://rasa:5005"), Whereabouts("http://rasa:5005", redis, "")):
        await here.read()
        assert here.url == "http://rasa:5005"


async def test_a_wake_up_is_published_and_the_address_does_not_stay_for_ever(
    redis: Redis[bytes],
) -> None:
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(WAKE_ASSISTANT)
        await pubsub.get_message(timeout=1.0)
        await tell(redis, RUN, "http://127.0.0.1:5006")
        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1.0)
    assert message is not None
    assert 0 < await redis.ttl(AT.format(RUN)) <= 86_400
