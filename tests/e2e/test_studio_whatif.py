"""The page What if: an owner tries thresholds, looks at what they would have changed, and saves."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Route, ViewportSize, expect

from benchmarks.studio_data import fill_store
from bot.learning.archive import ARCHIVE, Archive
from bot.store import Store
from bot.triage_policy import load_policy
from tests.e2e.console_seat import DESKTOP, PHONE
from tests.e2e.studio_seat import StudioSeat
from tests.e2e.test_console_look import is_fit_to_be_seen
from tests.gateway import RunningGateway
from tests.learning.logged_talks import DAY, Said, as_log
from tests.polling import soon
from tests.scripted_assistant import ScriptedAssistant

pytest_plugins = ("tests.e2e.studio_fixtures",)

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
#: A replay starts a process of its own, and saving reads the whole file: on a busy machine that
#: takes a while.
BUSY_MS = 60_000
SHIPPED = Path(__file__).parents[2] / "data/triage.yml"
HOSTILE = "<img src=x onerror=alert(1)> is my <b>tent</b> here?"
WANTS_ONE = Said("can I talk to a human")
TALKS: list[list[Said]] = [
    [Said("when do you open on sundays", confidence=0.47), Said("no i mean the cafe", "deny", 0.8)],
    [Said("the zip of my jacket broke after two weeks", "warranty_repair", 0.44), WANTS_ONE],
    [Said("is the ridge jacket warm enough for january", "size_advice", 0.46, stars=1)],
    [Said("do u ship to iceland??", "delivery_options", 0.43, label="delivery_cost")],
    [Said(HOSTILE, "order_status", 0.45), Said("thanks", "thank", 0.95)],
    [Said("parcel says delivered but nothing is here", "missing_parcel", 0.92, frustration=0.62)],
    [Said("this is the third time i am asking", "order_status", 0.7, frustration=0.81)],
    [Said("blorp", "nlu_fallback", 0.2), Said("gift card for my mum", "gift_card", 0.48)],
    [Said("can i pay by invoice as a club", "invoice", 0.37), WANTS_ONE],
    [Said("where is my order", "order_status", 0.93), Said("thanks", "thank", 0.95)],
]


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that is changed, not that of the project."""
    path = Path(shutil.copy(SHIPPED, tmp_path / "triage.yml"))
    monkeypatch.setenv("DESKHAND_TRIAGE", str(path))
    return path


@pytest.fixture
async def logged(store: Store) -> int:
    """How many conversations of the last days there are."""
    now = time.time_ns() // 1_000_000
    talks = [as_log(f"talk-{n}", said, now - (n + 1) * DAY) for n, said in enumerate(TALKS)]
    return await fill_store(store, talks)


@pytest.fixture
def gateway(
    redis_url: str,
    assistant: ScriptedAssistant,
    tmp_path: Path,
    policy: Path,
    logged: int,
) -> Iterator[RunningGateway]:
    with RunningGateway(redis_url, assistant.url, assistant.token, tmp_path) as gateway:
        yield gateway


@pytest.fixture
async def archived(gateway: RunningGateway, tmp_path: Path) -> None:
    archive = Archive(tmp_path / ARCHIVE)
    await soon(lambda: len(archive.versions()) == len(TALKS), what="the archive")
    archive.close()


@pytest.fixture
async def page(studio: StudioSeat, archived: None) -> StudioSeat:
    await studio.go("#/whatif")
    await expect(studio.page.locator("#number-confidence-answer")).to_have_value("0.4")
    return studio


async def replayed(seat: StudioSeat) -> None:
    """Wait for what the latest try has found."""
    await expect(seat.page.locator(".whatif-figures")).to_be_visible(timeout=BUSY_MS)
    await expect(seat.button("Try it")).to_be_enabled(timeout=BUSY_MS)


async def test_an_owner_tries_a_threshold_and_sees_whom_it_concerns(
    page: StudioSeat, policy: Path
) -> None:
    browser = page.page
    await expect(page.button("Save…")).to_be_disabled()
    answer = browser.locator('[data-key="confidence.answer"]')
    await expect(answer).to_contain_text("From this confidence on, the best intent is answered")
    await answer.get_by_role("spinbutton").fill("0.5")
    await expect(answer.get_by_role("slider")).to_have_value("0.5")
    await expect(answer.get_by_role("button", name="now 0.4")).to_be_visible()
    await page.button("Try it").click()
    await replayed(page)
    avoided = browser.locator('[data-code="wrong_avoided"]')
    await expect(avoided).to_contain_text("the zip of my jacket broke")
    await expect(avoided).to_contain_text("A person was asked for right after it")
    await expect(avoided).to_contain_text("An agent says that it was delivery_cost")
    await expect(avoided).to_contain_text("Today it answers → then it asks back")
    link = avoided.get_by_role("link", name="the zip of my jacket broke")
    await expect(link).to_have_attribute("href", "#/conversations/talk-1/3")
    await expect(browser.locator(".whatif-basis")).to_contain_text("in 10 conversations")
    await expect(browser.locator(".whatif-basis")).to_contain_text("All are decided today as")
    await expect(browser).to_have_url(re.compile(r"confidence\.answer=0\.5"))
    assert policy.read_bytes() == SHIPPED.read_bytes()


async def test_a_replay_that_takes_long_says_how_far_it_is(page: StudioSeat) -> None:
    browser, held = page.page, asyncio.Event()
    states = iter([None, {"done": 0, "of": 0}])

    async def slow(route: Route) -> None:
        await held.wait()
        await route.continue_()

    async def far(route: Route) -> None:
        await route.fulfill(json=next(states, {"done": 1200, "of": 4800}))

    await browser.route("**/api/studio/whatif", slow)
    await browser.route("**/api/studio/whatif/progress", far)
    await browser.locator("#number-confidence-answer").fill("0.5")
    await page.button("Try it").click()
    wait = browser.locator(".whatif-wait")
    await expect(wait).to_contain_text("1,200 of 4,800 conversations decided again")
    await expect(wait.get_by_role("progressbar")).to_have_attribute("value", "1200")
    await is_fit_to_be_seen(browser)
    held.set()
    await replayed(page)
    await expect(wait).to_be_hidden()


async def test_who_comes_by_a_link_sees_the_same(studio: StudioSeat, archived: None) -> None:
    await studio.go("#/whatif?mood.anger=0.6&days=7")
    await replayed(studio)
    gained = studio.page.locator('[data-code="gained"]')
    await expect(gained).to_contain_text("parcel says delivered but nothing is here")
    await expect(gained).to_contain_text("then it calls a person (frustration 0.62)")
    await expect(studio.page.locator('[data-key="mood.anger"]')).to_be_visible()
    await expect(studio.page.get_by_label("Period")).to_have_value("7")


async def test_what_was_changed_since_is_said_and_can_be_taken_back(page: StudioSeat) -> None:
    browser = page.page
    await browser.locator("#number-confidence-answer").fill("0.5")
    await browser.keyboard.press("Enter")
    await replayed(page)
    await expect(browser.locator(".whatif-stale")).to_be_hidden()
    await browser.locator("#number-confidence-answer").fill("0.45")
    await expect(browser.locator(".whatif-stale")).to_be_visible()
    await page.button("Reset").click()
    await expect(browser.locator("#number-confidence-answer")).to_have_value("0.4")
    await expect(browser.locator(".whatif-figures")).to_have_count(0)
    await expect(browser.get_by_text("Which threshold do you doubt?")).to_be_visible()


async def test_numbers_are_saved_after_a_question_and_the_rest_of_the_file_stays(
    page: StudioSeat, policy: Path
) -> None:
    browser = page.page
    await browser.locator("#number-confidence-answer").fill("0.5")
    await browser.get_by_role("heading", name="What if").click()
    await browser.keyboard.press("s")
    dialog = browser.get_by_role("dialog")
    await expect(dialog).to_contain_text("confidence.answer")
    await expect(dialog).to_contain_text("0.4 → 0.5")
    await expect(dialog).to_contain_text("You have not tried these numbers yet.")
    await dialog.get_by_role("button", name="Cancel").click()
    assert policy.read_bytes() == SHIPPED.read_bytes()
    await page.button("Save…").click()
    await dialog.get_by_role("button", name="Save").click()
    toast = browser.locator(".toast")
    await expect(toast).to_contain_text("It counts from the next message on", timeout=BUSY_MS)
    await expect(browser.locator("#number-confidence-answer")).to_have_value("0.5")
    await expect(page.button("Save…")).to_be_disabled(timeout=BUSY_MS)
    shipped = SHIPPED.read_text(encoding="utf-8")
    assert policy.read_text(encoding="utf-8") == shipped.replace("answer: 0.4", "answer: 0.5", 1)


async def test_a_change_of_somebody_else_is_not_overwritten(page: StudioSeat, policy: Path) -> None:
    browser = page.page
    await browser.locator("#number-confidence-answer").fill("0.5")
    theirs = policy.read_text(encoding="utf-8").replace("margin: 0.08", "margin: 0.1")
    policy.write_text(theirs, encoding="utf-8")
    await page.button("Save…").click()
    await browser.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    toast = browser.locator(".toast.bad")
    await expect(toast).to_contain_text("has been changed since", timeout=BUSY_MS)
    assert policy.read_text(encoding="utf-8") == theirs
    await page.button("Show those in force").click()
    await expect(browser.locator("#number-confidence-margin")).to_have_value("0.1")
    await expect(browser.locator("#number-confidence-answer")).to_have_value("0.5")
    await page.button("Save…").click()
    await browser.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    await expect(browser.locator("#number-confidence-answer")).to_have_value("0.5")
    await expect(page.button("Save…")).to_be_disabled(timeout=BUSY_MS)
    both = load_policy(policy.read_text(encoding="utf-8"))
    assert (both.answer_confidence, both.margin) == (0.5, 0.1)


async def test_numbers_that_make_no_sense_are_refused_in_words(page: StudioSeat) -> None:
    browser = page.page
    await browser.locator("#number-confidence-answer").fill("7")
    await page.button("Try it").click()
    await expect(browser.locator("#number-confidence-answer")).to_be_focused()
    await expect(browser.locator("#number-confidence-answer")).to_have_attribute(
        "aria-invalid", "true"
    )
    await browser.locator("#number-confidence-answer").fill("0.9")
    await page.button("Try it").click()
    await expect(browser.get_by_role("alert")).to_contain_text("confidence.sure is 0.6")


async def test_a_policy_file_that_is_broken_is_named_with_its_line(
    studio: StudioSeat, archived: None, policy: Path
) -> None:
    policy.write_text("confidence:\n  answer: [", encoding="utf-8")
    await studio.go("#/whatif")
    await studio.page.reload()
    await expect(studio.page.get_by_role("alert")).to_contain_text("line 2")
    policy.write_bytes(SHIPPED.read_bytes())
    await studio.button("Try again").click()
    await expect(studio.page.locator("#number-confidence-answer")).to_have_value("0.4")


async def test_what_customers_wrote_is_shown_as_text(page: StudioSeat) -> None:
    browser = page.page
    await browser.locator("#number-confidence-answer").fill("0.5")
    await page.button("Try it").click()
    await replayed(page)
    lost = browser.locator('[data-code="right_lost"]')
    await expect(lost.get_by_text(HOSTILE)).to_be_visible()
    await expect(browser.locator("#main img, #main b")).to_have_count(0)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_page_is_fit_to_be_seen(
    chromium: Browser, gateway: RunningGateway, owner: None, archived: None, size: ViewportSize
) -> None:
    for scheme in SCHEMES:
        context = await chromium.new_context(
            viewport=size, color_scheme=scheme, reduced_motion="reduce"
        )
        seat = StudioSeat(await context.new_page(), gateway.url)
        await seat.log_in(at="/studio#/whatif?confidence.answer=0.5&mood.anger=0.6")
        await replayed(seat)
        await is_fit_to_be_seen(seat.page)
        await seat.button("Save…").click()
        await expect(seat.page.get_by_role("dialog")).to_have_text(re.compile("0.75 → 0.6"))
        await is_fit_to_be_seen(seat.page)
        assert seat.mistakes == []
        await context.close()
