"""The studio's door: who gets in, and the way from the console."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.e2e.console_seat import DESKTOP, PHONE, Seat
from tests.e2e.studio_seat import StudioSeat
from tests.e2e.test_console_look import is_fit_to_be_seen
from tests.gateway import RunningGateway

pytest_plugins = ("tests.e2e.studio_fixtures",)


async def test_an_owner_comes_from_the_console_without_logging_in_again(
    seat: Seat, owner: None
) -> None:
    page = seat.page
    await seat.log_in("olga")
    await seat.button("Olga Dahl: menu").click()
    await page.get_by_role("menuitem", name="Open the studio").click()
    await expect(page.locator("#studio")).to_be_visible()
    await expect(page).to_have_url(re.compile(f"^{re.escape(seat.url)}/studio"))
    await seat.button("Olga Dahl: menu").click()
    await page.get_by_role("menuitem", name="Open the console").click()
    await expect(page.locator("#desk")).to_be_visible()


async def test_an_agent_reads_that_the_studio_is_for_owners(seat: Seat) -> None:
    page = seat.page
    await seat.log_in("anna")
    await seat.button("Anna Berg: menu").click()
    await expect(page.get_by_role("menuitem", name="Keyboard shortcuts")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="Open the studio")).to_have_count(0)
    await page.goto(seat.url + "/studio")
    await expect(page.get_by_role("heading", name="The studio is for owners")).to_be_visible()
    await expect(page.locator("#owners-only-text")).to_contain_text("Anna Berg")
    await expect(page.locator("#studio")).to_be_hidden()
    await is_fit_to_be_seen(page)
    await seat.button("Log in as somebody else").click()
    await expect(page.locator("#login-form")).to_be_visible()


async def test_who_logs_out_leaves_nothing_behind(studio: StudioSeat) -> None:
    page = studio.page
    await studio.button("Olga Dahl: menu").click()
    await page.get_by_role("menuitem", name="Log out Olga Dahl").click()
    await expect(page.locator("#login-form")).to_be_visible()
    await expect(page.locator("#main")).to_be_empty()
    await page.fill("#login-name", "olga")
    await page.fill("#login-password", "not the password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text(re.compile("wrong"))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_login_is_fit_to_be_seen(
    chromium: Browser, gateway: RunningGateway, size: ViewportSize
) -> None:
    context = await chromium.new_context(viewport=size)
    page = await context.new_page()
    await page.goto(gateway.url + "/studio")
    await expect(page.locator("#login-form")).to_be_visible()
    await is_fit_to_be_seen(page)
    await page.emulate_media(color_scheme="dark")
    await is_fit_to_be_seen(page)
    await context.close()
