"""The desks that keep the contract, and what its tests begin with: a running desk, a customer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.router import Router
from bot.store import Store
from tests.desks.contract import console_driver
from tests.desks.contract.driver import DeskDriver, Running, Workplace
from tests.desks.contract.truth import Truth
from tests.desks.contract.visitor import Visitor, visiting
from tests.desks.slack import slack_driver
from tests.desks.telegram import telegram_driver
from tests.scripted_assistant import ScriptedAssistant

#: Every test of this folder runs once for each of these.
DESKS: Mapping[str, Running] = MappingProxyType(
    {
        "console": console_driver.running,
        "slack-socket": slack_driver.by_socket,
        "slack-http": slack_driver.by_http,
        "telegram-polling": telegram_driver.by_polling,
        "telegram-webhook": telegram_driver.by_webhook,
        "telegram-without-topics": telegram_driver.in_chains,
    }
)


@pytest.fixture(params=DESKS)
async def desk(
    request: pytest.FixtureRequest,
    redis_url: str,
    redis: Redis[bytes],
    store: Store,
    router: Router,
    assistant: ScriptedAssistant,
    tmp_path: Path,
) -> AsyncIterator[DeskDriver]:
    place = Workplace(redis_url, redis, store, router, assistant, tmp_path)
    async with DESKS[request.param](place) as driver:
        yield driver


@pytest.fixture
async def customer(desk: DeskDriver) -> AsyncIterator[Visitor]:
    async with visiting(desk.gateway.url) as visitor:
        yield visitor


@pytest.fixture
async def waiting(desk: DeskDriver, customer: Visitor) -> Visitor:
    """A customer who waits for a person, and whose card is at the desk."""
    await customer.ask_for_person()
    await customer.say("Is the tent waterproof?")
    await desk.sees_card(customer.id)
    await desk.sees(customer.id, "Is the tent waterproof?")
    return customer


@pytest.fixture
def truth(store: Store) -> Truth:
    return Truth(store)
