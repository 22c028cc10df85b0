"""Fixtures of the widget's tests: one customer's browser, its tabs, and the shop behind them.

Loaded as a pytest plugin, beside `console_fixtures` for the browser itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext

from bot.router import Router
from bot.store import Store
from tests.e2e.widget_visit import DESKTOP, Shop, Visit
from tests.gateway import RunningGateway


@pytest.fixture
def shop(router: Router, store: Store) -> Shop:
    return Shop(router, store)


@pytest.fixture
async def browser_of_one_customer(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(viewport=DESKTOP, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context
    await context.close()


@pytest.fixture
async def visit(
    browser_of_one_customer: BrowserContext, gateway: RunningGateway
) -> AsyncIterator[Visit]:
    visit = Visit(await browser_of_one_customer.new_page(), gateway.url)
    yield visit
    await visit.page.close()  # ends its stream, for which the gateway would wait
    assert visit.mistakes == []


@pytest.fixture
async def second_tab(
    browser_of_one_customer: BrowserContext, gateway: RunningGateway
) -> AsyncIterator[Visit]:
    """Another tab of the same browser."""
    visit = Visit(await browser_of_one_customer.new_page(), gateway.url)
    yield visit
    await visit.page.close()  # ends its stream, for which the gateway would wait
    assert visit.mistakes == []
