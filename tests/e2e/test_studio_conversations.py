"""The page Conversations: finding one, and reading why the assistant said what it said."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.e2e.console_seat import DESKTOP, PHONE
from tests.e2e.studio_past import HOSTILE, Past
from tests.e2e.studio_seat import StudioSeat
from tests.e2e.test_console_look import is_fit_to_be_seen
from tests.gateway import RunningGateway

pytest_plugins = ("tests.e2e.studio_fixtures",)


SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
#: More than one page of the list.
MANY = 60


@pytest.fixture
async def many(past: Past) -> Past:
    """A shop that sells lamps, before the gateway starts."""
    for n in range(MANY):
        id = await past.begins(f"lamp {n}", days_ago=5 + n / 100)
        await past.turn(id, f"is lamp {n} in stock?", "It is.", ranking=[("stock", 0.9)])
    return past


async def test_an_owner_searches_filters_and_goes_back(past: Past, studio: StudioSeat) -> None:
    page = studio.page
    await studio.sees_the_past(past)
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await expect(page.locator(".page-link[aria-current]")).to_have_text("Conversations")
    rows = page.locator(".found-row")
    await expect(rows).to_have_count(3)
    await page.keyboard.press("/")
    await page.keyboard.type("jacket")
    await expect(rows).to_have_count(1)
    await expect(page.locator("mark")).to_have_text("jacket")
    await expect(page).to_have_url(re.compile("q=jacket"))
    await page.get_by_label("Search").fill("")
    await expect(rows).to_have_count(3)
    await page.get_by_label("Hand-off").select_option("asked_for_human")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("torn tent")
    await page.get_by_label("Rating").select_option("1")
    await expect(page.locator(".state")).to_contain_text("Nothing found")
    await page.go_back()
    await expect(rows).to_have_count(1)
    await expect(page.get_by_label("Rating")).to_have_value("")
    await page.reload()
    await expect(page.get_by_label("Hand-off")).to_have_value("asked_for_human")
    await expect(rows).to_have_count(1)
    await page.get_by_label("Hand-off").select_option("")
    await page.get_by_label("Agent").select_option("maya")
    await expect(rows).to_have_count(2)
    await page.get_by_label("Intent").select_option("product_question")
    await expect(rows).to_have_count(1)


async def test_an_owner_reads_why_the_assistant_said_that(past: Past, studio: StudioSeat) -> None:
    page = studio.page
    await studio.sees_the_past(past)
    await studio.go("#/conversations?q=gas")
    await page.locator(".found-row").click()
    await expect(page.locator(".entry.customer .bubble").first).to_have_text(HOSTILE)
    assert await page.locator(".entry img, .entry b, .entry i").count() == 0
    await expect(page.locator(".entry.agent .bubble")).to_have_text("We do, in the shop only.")
    await expect(page.locator(".entry.handoff")).to_contain_text("not understood, twice")
    await expect(page.locator(".entry.customer .meta")).to_contain_text("“Stock question”")
    await page.get_by_role("button", name="labelled by an agent. Why?").click()
    why = page.locator(".because:visible")
    await expect(why).to_contain_text("not understood twice")
    await expect(why).to_contain_text("Product question")
    await expect(why).to_contain_text("44 %")
    await expect(why).to_contain_text("NL-10482")
    await expect(why).to_contain_text("Out of scope")
    await page.reload()
    await expect(page.locator(".because:visible")).to_contain_text("not understood twice")
    await page.keyboard.press("Escape")
    await expect(page.locator(".found-row")).to_have_count(1)
    await expect(page.get_by_label("Search")).to_have_value("gas")


async def test_hostile_words_are_words_in_the_list_too(past: Past, studio: StudioSeat) -> None:
    page = studio.page
    await studio.sees_the_past(past)
    await studio.go("#/conversations?q=gas")
    await expect(page.locator(".found-row")).to_contain_text("<b>gas</b>")
    assert await page.locator(".found-row img, .found-row b").count() == 0
    await studio.go(f"#/conversations?q={'%22%20OR%20NEAR(*'}")
    await expect(page.locator(".results")).to_contain_text("Nothing found")


async def test_a_conversation_that_is_gone_is_told(past: Past, studio: StudioSeat) -> None:
    await studio.go("#/conversations/no-such-conversation")
    await expect(studio.page.get_by_role("alert")).to_be_visible()
    await studio.page.get_by_role("link", name="Back to the list").click()
    await expect(studio.page.locator(".filters")).to_be_visible()


async def test_a_long_list_comes_in_pages(many: Past, studio: StudioSeat) -> None:
    page = studio.page
    await studio.sees_the_past(many)
    await studio.go("#/conversations?q=lamp")
    await expect(page.locator(".total")).to_have_text(f"{MANY} conversations")
    rows = page.locator(".found-row")
    first = await rows.count()
    assert 10 < first < MANY
    while await page.get_by_role("button", name="Show more").count():
        shown = await rows.count()
        await page.get_by_role("button", name="Show more").click()
        await expect(rows).not_to_have_count(shown)
    await expect(rows).to_have_count(MANY)
    texts = await page.locator(".found-text").all_inner_texts()
    assert len(set(texts)) == MANY


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_conversations_are_fit_to_be_seen(
    past: Past, owner: None, chromium: Browser, gateway: RunningGateway, size: ViewportSize
) -> None:
    context = await chromium.new_context(
        viewport=size, reduced_motion="reduce", is_mobile=size is PHONE
    )
    seat = StudioSeat(await context.new_page(), gateway.url)
    page = seat.page
    await seat.log_in()
    await seat.sees_the_past(past)
    await seat.go("#/conversations?q=gas&days=7")
    await expect(page.locator(".found-row")).to_have_count(1)
    await is_fit_in_both_schemes(page)
    if size is PHONE:
        await page.get_by_role("button", name="Filters").click()
        await is_fit_in_both_schemes(page)
    await page.locator(".found-row").click()
    await page.get_by_role("button", name="labelled by an agent. Why?").click()
    await expect(page.locator(".because:visible")).to_contain_text("not understood")
    await is_fit_in_both_schemes(page)
    await context.close()
    assert seat.mistakes == []


async def is_fit_in_both_schemes(page: Page) -> None:
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        await is_fit_to_be_seen(page)
