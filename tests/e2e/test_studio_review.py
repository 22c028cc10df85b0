"""The page Review: an owner decides what the assistant learns, with the keyboard or a finger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, ViewportSize, expect
from redis.asyncio import Redis

from bot.learning.decisions import replay
from bot.learning.inbox_store import INBOX, InboxStore, Prepared
from bot.learning.jobs import Jobs
from bot.learning.review_shapes import Suggestion
from bot.learning.wordings import key_of
from bot.store import STATE
from tests.e2e.console_seat import DESKTOP, PHONE
from tests.e2e.studio_seat import StudioSeat
from tests.e2e.test_console_look import is_fit_to_be_seen
from tests.gateway import RunningGateway
from tests.learning.inbox_world import ANNA, inbox_of, row, taught, write_project
from tests.scripted_assistant import ScriptedAssistant

pytest_plugins = ("tests.e2e.studio_fixtures",)

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NOW = time.time_ns() // 1_000_000
HOSTILE = "<img src=x onerror=alert(1)> can i <b>pick it up</b>"
GIFTS = [
    "can you wrap it as a gift",
    "gift wrapping please",
    "do you gift wrap",
    "wrap it nicely?",
    "its for my mum can u put paper around",
    "how much is gift paper",
    "where is my invoice though",
]
PICK_UP = [HOSTILE, "pick up at the warehouse?"]
BILL = ["need the bill for my tax", "bill pls", "can i get a bill"]


def shown(id: str, texts: list[str], *suggestions: Suggestion) -> Prepared:
    return Prepared(id, [(key_of(text), text) for text in texts], suggestions)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path)


@pytest.fixture
async def inbox(redis: Redis[bytes], project: Path) -> None:
    """Three clusters: gifts, bills, picking up."""
    rows = [
        row(
            text,
            f"g{n}",
            at=NOW,
            reasons=("not_placed", "answered_by_person"),
            afterwards="person_answered",
            reply="Yes, just write so in the notes.",
            replied_by="Anna Berg",
        )
        for n, text in enumerate(GIFTS)
    ]
    rows += [row(GIFTS[0], "g9", at=NOW)]
    rows += [
        row(text, f"b{n}", at=NOW, reasons=("unsure",), intent="invoice", confidence=0.41)
        for n, text in enumerate(BILL)
    ]
    rows += [row(text, f"p{n}", at=NOW) for n, text in enumerate(PICK_UP)]
    for one in rows:
        await redis.hset(STATE.format(one.conversation), "seq", 2)
    InboxStore(project / "var" / INBOX).replace(
        [
            shown(
                "gift",
                GIFTS,
                Suggestion(intent="delivery_time", confidence=0.41, why="like “when is it here”"),
                Suggestion(intent="invoice", confidence=0.2),
            ),
            shown("bill", BILL, Suggestion(intent="invoice", confidence=0.72)),
            shown("pick", PICK_UP, Suggestion(intent="pick_up", confidence=0.9, known=False)),
        ],
        rows,
        replay([]),
        now=NOW,
    )


@pytest.fixture
def gateway(
    redis_url: str, assistant: ScriptedAssistant, project: Path
) -> Iterator[RunningGateway]:
    (project / "data" / "help").mkdir()
    with RunningGateway(
        redis_url,
        assistant.url,
        assistant.token,
        project / "var",
        project=project,
        help=project / "data" / "help",
    ) as gateway:
        yield gateway


@pytest.fixture
async def seat(studio: StudioSeat, inbox: None) -> StudioSeat:
    await studio.go("#/review")
    await expect(studio.page.locator(".review-cluster h2")).to_have_text(GIFTS[0])
    return studio


async def test_a_cluster_tells_what_customers_wrote_and_what_became_of_it(
    seat: StudioSeat,
) -> None:
    page = seat.page
    await expect(page.locator(".review-row")).to_have_count(3)
    await expect(page.get_by_text("13 customers in 3 clusters")).to_be_visible()
    cluster = page.locator(".review-cluster")
    await expect(cluster).to_contain_text("8 customers, 8 messages in 7 wordings")
    await expect(cluster).to_contain_text("The assistant did not understand it8")
    await expect(cluster).to_contain_text("A person answered7")
    await expect(cluster).to_contain_text("Anna Berg: Yes, just write so in the notes.")
    await expect(cluster.locator(".review-suggestion").first).to_contain_text("Delivery time")
    await expect(cluster.locator(".review-suggestion").first).to_contain_text("41 %")
    await expect(cluster.locator(".review-messages li")).to_have_count(5)
    await page.keyboard.press("e")
    await expect(cluster.locator(".review-messages li")).to_have_count(7)
    link = cluster.get_by_role("link", name="Open the conversation of “gift wrapping please”")
    await expect(link).to_have_attribute("href", "#/conversations/g1/2")


async def test_with_the_keyboard_alone(seat: StudioSeat, project: Path) -> None:
    page = seat.page
    await page.keyboard.press("j")
    await expect(page.locator(".review-cluster h2")).to_have_text(BILL[0])
    await page.keyboard.press("k")
    await expect(page.locator(".review-cluster h2")).to_have_text(GIFTS[0])
    await page.keyboard.press("2")
    done = page.locator(".review-done")
    await expect(done).to_contain_text("7 wordings accepted as invoice")
    await expect(page.locator(".review-cluster h2")).to_have_text(BILL[0])
    assert set(taught(project).values()) == {"invoice"}
    await page.keyboard.press("u")
    await expect(done).to_contain_text("Taken back: 7 wordings accepted as invoice")
    await expect(page.locator(".review-cluster h2")).to_have_text(GIFTS[0])
    assert taught(project) == {}
    await page.keyboard.press("i")
    await expect(done).to_contain_text("7 wordings ignored")
    await expect(page.locator(".review-cluster h2")).to_have_text(BILL[0])
    await page.keyboard.press("a")
    await expect(done).to_contain_text("3 wordings accepted as invoice")
    await expect(page.locator(".review-row")).to_have_count(1)
    await expect(page.locator(".review-cluster h2")).to_have_text(HOSTILE)
    await page.keyboard.press("i")
    await expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    await page.keyboard.press("?")
    keyboard = page.get_by_role("dialog")
    await expect(keyboard).to_contain_text("Split off what is selected")
    await expect(keyboard).to_contain_text("accept that suggestion")


async def test_some_messages_are_split_off_and_merged_with_others(seat: StudioSeat) -> None:
    page = seat.page
    await expect(seat.button("Split off")).to_be_disabled()
    await page.keyboard.press("s")
    await expect(page.get_by_role("alert")).to_contain_text("Select the messages")
    await page.keyboard.press("e")
    await page.get_by_label(GIFTS[6], exact=True).check()
    await expect(page.get_by_text("1 message selected")).to_be_visible()
    await page.keyboard.press("s")
    await expect(page.locator(".review-done")).to_contain_text("1 wording split off")
    await expect(page.locator(".review-cluster h2")).to_have_text(GIFTS[6])
    await expect(page.locator(".review-row")).to_have_count(4)
    await page.locator(".review-row", has_text=BILL[0]).click()
    await expect(page.locator(".review-cluster h2")).to_have_text(BILL[0])
    await page.keyboard.press("m")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Search clusters").fill("invoice")
    await dialog.get_by_label(GIFTS[6]).check()
    await dialog.get_by_role("button", name="Merge").click()
    await expect(page.locator(".review-done")).to_contain_text("2 clusters merged")
    await expect(page.locator(".review-cluster")).to_contain_text("4 customers")
    await seat.button("Decisions").click()
    await expect(page.locator(".review-decision")).to_have_count(2)
    await page.locator(".review-decision").first.get_by_role("button", name="Undo").click()
    await expect(page.locator(".review-row")).to_have_count(4)


async def test_a_decision_may_be_about_some_messages_only(seat: StudioSeat, project: Path) -> None:
    page = seat.page
    await page.get_by_label(GIFTS[1], exact=True).check()
    await page.get_by_label(GIFTS[2], exact=True).check()
    await page.keyboard.press("2")
    await expect(page.locator(".review-done")).to_contain_text("2 wordings accepted as invoice")
    await expect(page.locator(".review-cluster")).to_contain_text("5 wordings")
    assert taught(project) == dict.fromkeys(GIFTS[1:3], "invoice")


async def test_another_intent_is_found_by_typing(seat: StudioSeat, project: Path) -> None:
    page = seat.page
    await page.keyboard.press("j")
    await page.keyboard.press("o")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Search intents").fill("deliv")
    await expect(dialog.locator(".choice:visible")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator(".review-done")).to_contain_text("accepted as delivery_time")
    assert set(taught(project).values()) == {"delivery_time"}


async def test_a_new_intent_comes_with_its_answer(seat: StudioSeat, project: Path) -> None:
    page = seat.page
    await page.locator(".review-row", has_text="can i").last.click()
    await expect(page.locator(".review-cluster h2")).to_have_text(HOSTILE)
    await page.keyboard.press("1")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Name")).to_have_value("pick_up")
    await dialog.get_by_label("Name").fill("invoice")
    await dialog.get_by_label("What the assistant answers").fill("Yes, from ten to six.")
    await dialog.get_by_role("button", name="Make it and accept").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("invoice")
    await expect(dialog.get_by_label("What the assistant answers")).to_have_value(
        "Yes, from ten to six."
    )
    await dialog.get_by_label("Name").fill("pick_up")
    await dialog.get_by_role("button", name="Make it and accept").click()
    await expect(page.locator(".review-done")).to_contain_text("accepted as the new pick_up")
    assert "Yes, from ten to six." in (project / "domain.yml").read_text()


async def test_a_help_page_answers_a_cluster(seat: StudioSeat, project: Path) -> None:
    page = seat.page
    await page.keyboard.press("h")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Title").fill("Gift wrapping & cards")
    await expect(dialog.get_by_label("Address")).to_have_value("gift-wrapping-cards")
    await expect(dialog.get_by_label("How customers ask")).to_have_value("\n".join(GIFTS[:5]))
    await dialog.get_by_label("Text").fill("We wrap everything in paper, for free.")
    await dialog.get_by_role("button", name="Add it").click()
    await expect(page.locator(".review-done")).to_contain_text("the help page gift-wrapping-cards")
    await expect(page.locator(".review-row")).to_have_count(2)
    written = (project / "data/help/gift-wrapping-cards.md").read_text()
    assert "# Gift wrapping & cards" in written
    assert '  - "do you gift wrap"' in written


async def test_who_comes_second_reads_who_was_quicker(
    seat: StudioSeat, redis: Redis[bytes], project: Path
) -> None:
    page = seat.page
    inbox = inbox_of(redis, project)
    gift = (await inbox.page(ANNA)).open[0]
    await inbox.ignore(ANNA, "gift", seen=gift.seen)
    await page.keyboard.press("a")
    await expect(page.get_by_role("alert")).to_contain_text("Anna Berg was quicker")
    await seat.button("On to the next").click()
    await expect(page.locator(".review-cluster h2")).to_have_text(BILL[0])
    await expect(page.locator(".review-row")).to_have_count(2)
    bill = (await inbox.page(ANNA)).open[0]
    await inbox.ignore(ANNA, "bill", wordings=[bill.examples[0].id])
    await page.keyboard.press("a")
    await seat.button("Show it as it is now").click()
    await expect(page.locator(".review-cluster")).to_contain_text("2 wordings")
    assert taught(project) == {}


async def test_refreshing_shows_how_far_it_is(seat: StudioSeat, redis: Redis[bytes]) -> None:
    page, jobs = seat.page, Jobs(redis)
    await seat.button("Refresh").click()
    await expect(page.locator(".review-job")).to_contain_text("Waits for its turn")
    await expect(seat.button("Refresh")).to_be_disabled()
    job = await jobs.take()
    assert job is not None
    await jobs.progress(job.id, "Clustering 1,200 wordings", 0.4)
    await expect(page.locator(".review-job")).to_contain_text("Clustering 1,200 wordings 40 %")
    await jobs.failed(job.id, "The disk is full.", "Make room.")
    await expect(page.get_by_role("alert")).to_contain_text("The disk is full. Make room.")
    await expect(seat.button("Refresh")).to_be_enabled()


async def test_before_it_was_ever_prepared_it_says_so(studio: StudioSeat) -> None:
    await studio.go("#/review")
    await expect(studio.page.get_by_text("has not been prepared yet")).to_be_visible()
    await studio.button("Prepare it").click()
    await expect(studio.page.locator(".review-job")).to_contain_text("Waits for its turn")


async def test_what_customers_wrote_is_shown_as_text(seat: StudioSeat) -> None:
    page = seat.page
    await page.locator(".review-row", has_text="can i").last.click()
    await expect(page.locator(".review-cluster h2")).to_contain_text(HOSTILE)
    await expect(page.locator(".review-messages label").first).to_have_text(HOSTILE)
    await page.keyboard.press("n")
    await expect(page.get_by_role("dialog").locator("q").first).to_have_text(HOSTILE)
    await expect(page.locator("#main img, #main b, dialog img, dialog b")).to_have_count(0)


async def test_on_a_phone_list_and_cluster_take_turns(
    chromium: Browser, gateway: RunningGateway, owner: None, inbox: None
) -> None:
    context = await chromium.new_context(
        viewport=PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    seat = StudioSeat(await context.new_page(), gateway.url)
    page = seat.page
    await seat.log_in(at="/studio#/review")
    await expect(page.locator(".review-row")).to_have_count(3)
    await expect(page.locator(".review-cluster")).to_have_count(0)
    await page.locator(".review-row", has_text=BILL[0]).tap()
    await expect(page.locator(".review-cluster h2")).to_have_text(BILL[0])
    await expect(page.locator(".review-list")).to_be_hidden()
    await page.go_back()
    await expect(page.locator(".review-list")).to_be_visible()
    await page.locator(".review-row", has_text=BILL[0]).tap()
    await page.locator(".review-suggestion").first.tap()
    await expect(page.locator(".review-done")).to_contain_text("accepted as invoice")
    assert seat.mistakes == []
    await context.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_page_is_fit_to_be_seen(
    chromium: Browser, gateway: RunningGateway, owner: None, inbox: None, size: ViewportSize
) -> None:
    for scheme in SCHEMES:
        context = await chromium.new_context(
            viewport=size, color_scheme=scheme, reduced_motion="reduce"
        )
        seat = StudioSeat(await context.new_page(), gateway.url)
        await seat.log_in(at="/studio#/review")
        await expect(seat.page.locator(".review-row")).to_have_count(3)
        await is_fit_to_be_seen(seat.page)
        await seat.go("#/review/gift")
        await seat.page.get_by_label(GIFTS[1], exact=True).check()
        await is_fit_to_be_seen(seat.page)
        await seat.page.keyboard.press("n")
        await expect(seat.page.get_by_role("dialog")).to_be_visible()
        await is_fit_to_be_seen(seat.page)
        assert seat.mistakes == []
        await context.close()
