"""Fixtures of the widget's tests: one customer's browser, its tabs, and the shop behind them.

Loaded as a pytest plugin, beside `console_fixtures` for the browser itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.async_api import Browser, BrowserContext

from bot.router import Router
from bot.store import Store
from tests.e2e.widget_visit import DESKTOP, Shop, StrictSite, Visit
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant


@pytest.fixture
def shop(router: Router, store: Store) -> Shop:
    return Shop(router, store)


@pytest.fixture
async def browser_of_one_customer(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(viewport=DESKTOP, locale="en-GB")
    yield context
    await context.close()


@pytest.fixture
async def new_tab(
    browser_of_one_customer: BrowserContext, gateway: RunningGateway
) -> AsyncIterator[Callable[[], Awaitable[Visit]]]:
    """Opens a tab of that browser. A tab behind another one is slow, as in life."""
    visits: list[Visit] = []

    async def open_tab() -> Visit:
        visits.append(Visit(await browser_of_one_customer.new_page(), gateway.url))
        return visits[-1]

    yield open_tab
    await browser_of_one_customer.close()  # ends its stream, for which the gateway would wait
    assert [visit.mistakes for visit in visits] == [[]] * len(visits)


@pytest.fixture
async def visit(new_tab: Callable[[], Awaitable[Visit]]) -> Visit:
    return await new_tab()


@pytest.fixture
def strict_site(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path
) -> Iterator[StrictSite]:
    with StrictSite() as site:
        Thread(target=site.serve_forever, args=(0.02,), daemon=True).start()
        origins = frozenset({site.url})
        with RunningGateway(
            redis_url, assistant.url, assistant.token, tmp_path, origins=origins
        ) as gateway:
            site.gateway = gateway.url
            yield site
        site.shutdown()


@pytest.fixture
async def plain_http_browser(chromium: Browser) -> AsyncIterator[Browser]:
    """A browser that finds shop.test on this machine."""
    browser = await chromium.browser_type.launch(
        executable_path="/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None,
        args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP shop.test 127.0.0.1"],
    )
    yield browser
    await browser.close()
