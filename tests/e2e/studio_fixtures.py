"""Fixtures of the studio's tests, as a pytest plugin; what they give is in `studio_seat`.

A test module says `pytest_plugins = ("tests.e2e.studio_fixtures",)` and asks for `studio`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
from playwright.async_api import Browser, ViewportSize
from redis.asyncio import Redis

from bot.store import Store
from bot.web.accounts import Accounts, Role
from tests.e2e.console_seat import CHEAP, DESKTOP, PASSWORD, PHONE
from tests.e2e.studio_past import Past, tell
from tests.e2e.studio_seat import StudioSeat
from tests.gateway import RunningGateway

pytest_plugins = ("tests.e2e.console_fixtures",)


@pytest.fixture
async def owner(redis: Redis[bytes]) -> None:
    await Accounts(redis, hasher=CHEAP).add("olga", "Olga Dahl", Role.OWNER, PASSWORD)


@pytest.fixture
async def past(store: Store) -> Past:
    """A small week of conversations. Ask for it before `studio`: the gateway finds it then."""
    past = Past(store)
    await tell(past)
    return past


@pytest.fixture
async def studio(
    chromium: Browser, gateway: RunningGateway, owner: None
) -> AsyncIterator[StudioSeat]:
    """The owner Olga, logged in at the studio's first page; nothing may go wrong in the page."""
    context = await chromium.new_context(viewport=DESKTOP, reduced_motion="reduce")
    seat = StudioSeat(await context.new_page(), gateway.url)
    await seat.log_in()
    yield seat
    await context.close()
    assert seat.mistakes == []


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def size(request: pytest.FixtureRequest) -> ViewportSize:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def everywhere(
    chromium: Browser,
    gateway: RunningGateway,
    owner: None,
    size: ViewportSize,
    scheme: Literal["light", "dark"],
) -> AsyncIterator[StudioSeat]:
    """As `studio`, once each on a large screen and on a phone, light and dark."""
    context = await chromium.new_context(
        viewport=size, color_scheme=scheme, reduced_motion="reduce", is_mobile=size is PHONE
    )
    seat = StudioSeat(await context.new_page(), gateway.url)
    await seat.log_in()
    yield seat
    await context.close()
    assert seat.mistakes == []
