"""Fixtures of the console's tests, as a pytest plugin; what they give is in `console_seat`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect
from redis.asyncio import Redis

from bot.router import Router
from bot.store import Store
from bot.web.accounts import Accounts, Role
from tests.e2e.console_seat import CHEAP, DESKTOP, PASSWORD, Guest, Seat, arrive
from tests.gateway import RunningGateway

#: How long a page may take to show what is expected: a busy machine must not fail a test.
PATIENCE_MS = 30_000


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync"],
        )
        yield browser
        await browser.close()


@pytest.fixture
async def agents(redis: Redis[bytes]) -> None:
    accounts = Accounts(redis, hasher=CHEAP)
    await accounts.add("anna", "Anna Berg", Role.AGENT, PASSWORD)
    await accounts.add("ben", "Ben Otieno", Role.AGENT, PASSWORD)


@pytest.fixture
async def seat(chromium: Browser, gateway: RunningGateway, agents: None) -> AsyncIterator[Seat]:
    context = await chromium.new_context(viewport=DESKTOP)
    seat = Seat(await context.new_page(), gateway.url)
    yield seat
    await context.close()
    assert seat.mistakes == []


@pytest.fixture
async def other(chromium: Browser, gateway: RunningGateway, agents: None) -> AsyncIterator[Seat]:
    context = await chromium.new_context(viewport=DESKTOP)
    seat = Seat(await context.new_page(), gateway.url)
    yield seat
    await context.close()
    assert seat.mistakes == []


@pytest.fixture
async def guest(router: Router, store: Store) -> Guest:
    """One who waits for a person."""
    guest = await arrive(router, store)
    await guest.ask_for_person()
    await guest.say("Is the tent waterproof?")
    return guest
