"""A fake Telegram for each test, one judge of all that it says, and a gateway with people at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.desks import telegram_client
from bot.router import Router
from bot.store import Store
from tests.desks.contract.driver import Workplace, gateway_of
from tests.desks.contract.truth import Truth
from tests.desks.contract.visitor import Visitor, visiting
from tests.desks.telegram.group import Group
from tests.desks.telegram.oracle import Oracle, the_oracle
from tests.desks.telegram.server import FakeTelegram
from tests.desks.telegram.telegram_driver import SALES, TelegramDriver, settings_for
from tests.scripted_assistant import ScriptedAssistant


@pytest.fixture
def oracle() -> Oracle:
    return the_oracle()


@pytest.fixture
def kind() -> str:
    """Of the group: `forum`, `supergroup` or `group`; tests may ask for another."""
    return "forum"


@pytest.fixture
def telegram(oracle: Oracle, kind: str) -> Iterator[FakeTelegram]:
    """At the end aiogram must believe all that was said."""
    id = -4_000_000_001 if kind == "group" else Group().id
    with FakeTelegram(Group(kind=kind, id=id)) as telegram:
        telegram.world.add(Group(kind=kind, id=SALES, title="Sales"))
        yield telegram
        assert oracle.objections(telegram.recorded()) == []


@pytest.fixture
def place(
    redis_url: str,
    redis: Redis[bytes],
    store: Store,
    router: Router,
    assistant: ScriptedAssistant,
    tmp_path: Path,
) -> Workplace:
    return Workplace(redis_url, redis, store, router, assistant, tmp_path)


@pytest.fixture
async def desk(
    place: Workplace, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TelegramDriver]:
    """A running gateway that does not wait long for Telegram."""
    monkeypatch.setattr(telegram_client, "PATIENCE_S", 1.0)
    async with gateway_of(place, **settings_for(telegram, place)) as gateway:
        yield TelegramDriver(telegram, gateway)


@pytest.fixture
async def customer(desk: TelegramDriver) -> AsyncIterator[Visitor]:
    async with visiting(desk.gateway.url) as visitor:
        yield visitor


@pytest.fixture
async def waiting(desk: TelegramDriver, customer: Visitor) -> Visitor:
    """A customer who waits for a person, and whose card is in the group."""
    await customer.ask_for_person()
    await customer.say("Is the tent waterproof?")
    await desk.sees(customer.id, "Is the tent waterproof?")
    return customer


@pytest.fixture
def truth(store: Store) -> Truth:
    return Truth(store)
