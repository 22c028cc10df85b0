"""The page Insights: figures of a period, the conversations behind them, and how it looks."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from bot.learning.archive import ARCHIVE, Archive
from tests.e2e.console_seat import DESKTOP, PHONE
from tests.e2e.studio_past import Past
from tests.e2e.studio_seat import StudioSeat
from tests.e2e.test_console_look import is_fit_to_be_seen
from tests.gateway import RunningGateway

pytest_plugins = ("tests.e2e.studio_fixtures",)

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
#: Whether anything is drawn on each canvas of the page.
DRAWN = """() => [...document.querySelectorAll("canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value !== 0);
})"""
#: The first plot's drawing alone, without what is behind it.
DRAWING = """() => document.querySelector("canvas").toDataURL()"""


async def figures(page: Page) -> dict[str, str]:
    """Each tile's value by its name."""
    await expect(page.locator(".tile").first).to_be_visible()
    tiles = await page.locator(".tile").all()
    return {
        await tile.locator(".tile-link").inner_text(): await tile.locator(
            ".tile-value"
        ).inner_text()
        for tile in tiles
    }


async def _breaks(route: Route) -> None:
    await route.abort()


async def test_an_owner_sees_how_the_last_weeks_went_and_what_is_behind(
    past: Past, studio: StudioSeat
) -> None:
    page = studio.page
    await studio.sees_the_past(past)
    shown = await figures(page)
    assert shown["Conversations"] == "3"
    assert shown["Contained"] == "33.3%"
    assert shown["Handed over"] == "66.7%"
    assert shown["Rating"] == "3.5"
    await expect(page.get_by_role("button", name="28 days")).to_have_attribute(
        "aria-pressed", "true"
    )
    await page.get_by_role("link", name="Handed over", exact=True).click()
    await expect(page.locator(".found-row")).to_have_count(2)
    await page.go_back()
    reasons = page.locator(".plot", has_text="Why conversations were handed over")
    await reasons.get_by_text("As a table").click()
    await expect(reasons.get_by_role("row")).to_have_count(3)
    await reasons.get_by_role("link", name="Not understood, twice").click()
    await expect(page.locator(".found-row")).to_have_count(1)
    await expect(page.locator(".found-row")).to_contain_text("<b>gas</b>")


async def test_a_period_is_part_of_the_address(past: Past, studio: StudioSeat) -> None:
    page = studio.page
    await studio.sees_the_past(past)
    await page.get_by_role("button", name="7 days").click()
    await expect(page.get_by_role("button", name="7 days")).to_have_attribute(
        "aria-pressed", "true"
    )
    await expect(page).to_have_url(re.compile(r"#/insights\?days=7$"))
    await page.get_by_label("Compare with the time before").uncheck()
    await expect(page.locator(".period-name")).not_to_contain_text("compared")
    await page.get_by_role("button", name="Custom").click()
    await page.get_by_label("First day").fill("2019-01-01")
    await page.get_by_label("Last day").fill("2019-01-31")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.locator(".state")).to_contain_text("No conversations in this time")
    await page.go_back()
    await page.go_back()
    await expect(page.locator(".period-name")).to_contain_text("compared")
    await page.reload()
    await expect(page.get_by_role("button", name="7 days")).to_have_attribute(
        "aria-pressed", "true"
    )


async def test_each_figure_says_what_it_means(past: Past, studio: StudioSeat) -> None:
    page = studio.page
    await studio.sees_the_past(past)
    await expect(page.locator(".tile").first).to_be_visible()
    marks = await page.locator(".means").all()
    assert len(marks) == await page.locator(".tile").count()
    for mark in marks:
        await mark.locator("a").focus()
        await expect(mark.get_by_role("tooltip")).to_be_visible()
        assert len(await mark.get_by_role("tooltip").inner_text()) > 20
        href = await mark.locator("a").get_attribute("href")
        assert href is not None
        document = await page.context.request.get(studio.url + href)
        assert f'id="{href.partition("#")[2]}"' in await document.text(), href


async def test_the_load_by_hour_is_one_stop_for_the_keyboard(
    past: Past, studio: StudioSeat
) -> None:
    page = studio.page
    await studio.sees_the_past(past)
    cells = page.locator(".heat")
    await expect(cells).to_have_count(7 * 24)
    await expect(page.locator(".heat[tabindex='0']")).to_have_count(1)
    await page.locator(".heat[tabindex='0']").focus()
    before = await cells.evaluate_all("cells => cells.indexOf(document.activeElement)")
    key, by = ("ArrowDown", 24) if before < 6 * 24 else ("ArrowUp", -24)
    await page.keyboard.press(key)
    after = await cells.evaluate_all("cells => cells.indexOf(document.activeElement)")
    assert after == before + by
    await expect(page.locator(".heat[tabindex='0']")).to_have_count(1)
    await page.keyboard.press("ArrowUp" if by > 0 else "ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".found-row").first).to_be_visible()


async def test_the_figures_are_taken_home_as_csv(
    past: Past, studio: StudioSeat, tmp_path: Path
) -> None:
    page = studio.page
    await studio.sees_the_past(past)
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="CSV").click()
    download = await waiting.value
    await download.save_as(tmp_path / "insights.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "insights.csv").read_text())))
    assert len(rows) > 5


async def test_a_failing_server_is_told_in_its_words_and_tried_again(
    past: Past, studio: StudioSeat
) -> None:
    page = studio.page
    await studio.sees_the_past(past)
    # What is still on its way would break too, and the next answer would take its words away.
    await expect(page.locator(".tile").first).to_be_visible()
    await page.route("**/api/studio/insights?*", _breaks)
    await page.get_by_role("button", name="90 days").click()
    await expect(page.get_by_role("alert")).to_contain_text("no connection")
    await page.unroute("**/api/studio/insights?*")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".tile").first).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_while_the_archive_is_made_anew_figures_and_lists_say_so(
    past: Past, studio: StudioSeat, tmp_path: Path, size: ViewportSize
) -> None:
    page = studio.page
    await page.set_viewport_size(size)
    await studio.sees_the_past(past)
    await expect(page.locator(".partial")).to_have_count(0)
    archive = Archive(tmp_path / ARCHIVE, write=True)
    there = len(archive.versions())
    archive.await_logs({"not-read-yet": 1}, now=2)
    await page.reload()
    said = f"{there} of {there + 1} conversations read: this is not complete yet."
    await expect(page.locator(".partial")).to_contain_text(said)
    await expect(page.locator(".tile").first).to_be_visible()
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        await is_fit_to_be_seen(page)
    await studio.go("#/conversations")
    await expect(page.locator(".partial")).to_contain_text(said)
    await is_fit_to_be_seen(page)
    archive.await_logs({}, now=3)
    archive.close()
    await studio.button("Look again").click()
    await expect(page.locator(".partial")).to_have_count(0)
    await expect(page.locator(".found-row").first).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_insights_are_fit_to_be_seen(
    past: Past, owner: None, chromium: Browser, gateway: RunningGateway, size: ViewportSize
) -> None:
    context = await chromium.new_context(
        viewport=size, reduced_motion="reduce", is_mobile=size is PHONE
    )
    seat = StudioSeat(await context.new_page(), gateway.url)
    page = seat.page
    await seat.log_in()
    await seat.sees_the_past(past)
    await expect(page.locator("canvas")).to_have_count(4)
    await page.wait_for_function(f"({DRAWN})().every(Boolean)")
    drawing = await page.evaluate(DRAWING)
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        await is_fit_to_be_seen(page)
    # Plots take the colours of the scheme that holds now.
    await page.wait_for_function(f"before => ({DRAWING})() !== before", arg=drawing)
    for fold in await page.get_by_text("As a table").all():
        await fold.click()
    await is_fit_to_be_seen(page)
    await context.close()
    assert seat.mistakes == []
