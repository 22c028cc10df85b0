"""The page "Answers": finding a text, changing it, seeing it as a customer would, saving it."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from playwright.async_api import Browser, Locator, expect
from redis.asyncio import Redis

from bot.learning.data_checks import Finding, Sentence
from bot.learning.jobs import Jobs
from bot.learning.lint import Report
from tests.e2e.console_seat import DESKTOP, PHONE
from tests.e2e.studio_seat import StudioSeat
from tests.e2e.test_console_look import is_fit_to_be_seen
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant
from tests.web.test_studio_answers import serve

pytest_plugins = ("tests.e2e.studio_fixtures",)

ROOT = Path(__file__).parents[2]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the page changes."""
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(ROOT / "domain.yml", root)
    for folder in ("data/rules", "data/help", "actions"):
        shutil.copytree(ROOT / folder, root / folder)
    (root / "models").mkdir()
    return root


@pytest.fixture
def gateway(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, project: Path
) -> Iterator[RunningGateway]:
    with RunningGateway(
        *(redis_url, assistant.url, assistant.token, tmp_path),
        project=project,
        help=project / "data/help",
        models=project / "models",
    ) as gateway:
        yield gateway


def preview(seat: StudioSeat) -> Locator:
    return seat.page.locator(".widget-preview .bubble")


async def test_an_answer_is_found_changed_seen_and_saved(studio: StudioSeat, project: Path) -> None:
    page = studio.page
    await studio.go("#/answers")
    rows = page.locator(".answers-rows a")
    await expect(rows.first).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("veldstraat")
    await expect(rows).to_have_count(1)
    await rows.click()
    await expect(page.get_by_role("heading", name="store location")).to_be_visible()
    await expect(page.locator(".uses")).to_contain_text("answers store_location")
    await expect(preview(studio)).to_contain_text("We're in Oslo")
    area = page.get_by_label("Text 1")
    await area.fill("Come to <b>Oslo</b>: https://nordlys.example/stores!")
    await expect(preview(studio)).to_have_text(
        "Come to <b>Oslo</b>: https://nordlys.example/stores!"
    )
    link = preview(studio).locator("a")
    await expect(link).to_have_attribute("href", "https://nordlys.example/stores")
    await expect(page.locator(".answers-rows a")).to_contain_text("store location")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".toast")).to_contain_text("Saved.")
    assert "Come to <b>Oslo</b>" in (project / "domain.yml").read_text()
    await expect(studio.button("Save")).to_be_disabled()


async def test_what_customers_must_not_get_is_told_while_typing(
    studio: StudioSeat, project: Path
) -> None:
    page = studio.page
    before = (project / "domain.yml").read_bytes()
    await studio.go("#/answers/utter_what_about_order")
    await page.get_by_label("Text 1").fill("Order {ordernumber}?")
    problem = page.locator(".problem")
    await expect(problem).to_contain_text("uses {ordernumber}, which is not filled in there")
    await expect(problem).to_contain_text("It may use {order_number}.")
    await studio.button("Save").click()
    await expect(page.locator(".trouble")).to_contain_text("{ordernumber}")
    assert (project / "domain.yml").read_bytes() == before
    await page.get_by_label("Text 1").fill("Order ?")
    await page.get_by_label("Text 1").press("ArrowLeft")
    await studio.button("{order_number}").first.click()
    await expect(page.get_by_label("Text 1")).to_have_value("Order {order_number}?")
    await expect(preview(studio)).to_have_text("Order NL-10482?")
    await expect(problem).to_be_empty()
    await expect(page.locator(".widget-preview .quick button").first).to_have_text("Where is it?")


async def test_texts_and_buttons_come_and_go(studio: StudioSeat, project: Path) -> None:
    page = studio.page
    await studio.go("#/answers/utter_goodbye")
    await studio.button("Add another text").click()
    await page.keyboard.type("See you!")
    fourth = page.locator(".variation").nth(3)
    await fourth.get_by_role("button", name="Add a button").click()
    await page.keyboard.type("One more thing")
    await fourth.get_by_label("counts as").select_option("/order_status")
    await page.locator(".variation").first.get_by_role("button", name="Remove this text").click()
    await studio.button("Save").click()
    await expect(page.locator(".toast")).to_contain_text("Saved.")
    text = (project / "domain.yml").read_text()
    assert "Goodbye, and enjoy the outdoors!" not in text
    assert (
        '    - text: "See you!"\n'
        "      buttons:\n"
        '        - title: "One more thing"\n'
        '          payload: "/order_status"\n'
    ) in text


async def test_what_was_typed_survives_a_look_elsewhere_and_can_be_discarded(
    studio: StudioSeat,
) -> None:
    page = studio.page
    await studio.go("#/answers/utter_goodbye")
    await page.get_by_label("Text 1").fill("Half a thou")
    await studio.go("#/answers/utter_thank")
    await expect(page.get_by_role("heading", name="thank")).to_be_visible()
    await expect(page.locator(".answers-rows .tag", has_text="not saved")).to_have_count(1)
    await studio.go("#/answers/utter_goodbye")
    await expect(page.get_by_label("Text 1")).to_have_value("Half a thou")
    await studio.button("Discard changes").click()
    await studio.button("Discard").click()
    await expect(page.get_by_label("Text 1")).to_have_value("Goodbye, and enjoy the outdoors!")


async def test_two_owners_see_each_others_text_before_they_write_over_it(
    studio: StudioSeat, project: Path
) -> None:
    page = studio.page
    await studio.go("#/answers/utter_goodbye")
    await page.get_by_label("Text 1").fill("Mine")
    domain = project / "domain.yml"
    text = domain.read_text()
    domain.write_text(text.replace("Goodbye, and enjoy the outdoors!", "Theirs"))
    await studio.button("Save").click()
    await expect(page.locator(".trouble")).to_contain_text("Somebody else has changed")
    assert "Mine" not in domain.read_text()
    await studio.button("Show what is saved now").click()
    await expect(page.locator(".theirs pre").first).to_have_text("Theirs")
    await studio.button("Keep editing mine").click()
    await expect(page.get_by_label("Text 1")).to_have_value("Mine")
    await studio.button("Save").click()
    await expect(page.locator(".toast")).to_contain_text("Saved.")
    assert "Theirs" not in domain.read_text()
    assert "Mine" in domain.read_text()


async def test_a_help_page_is_made_corrected_and_read_by_customers(
    studio: StudioSeat, project: Path
) -> None:
    page = studio.page
    await studio.go("#/answers")
    await studio.button("New help page").click()
    await page.get_by_label(re.compile("Address of the page")).fill("knots")
    area = page.get_by_label("Text of the page")
    await area.fill("# Knots\n\n<b>No</b>\n")
    await expect(page.locator(".problem")).to_contain_text("line 3: this is HTML")
    await studio.button("Save").click()
    await expect(page.locator(".trouble")).to_contain_text("line 3")
    assert not (project / "data/help/knots.md").exists()
    await area.fill("# Knots\n\nAll of them.\n\n## The bowline\n\nUp the hole, round the tree.\n")
    await expect(preview(studio)).to_contain_text("All of them.")
    await page.get_by_label("What the assistant tells of").select_option(label="The bowline")
    await expect(preview(studio)).to_contain_text("Up the hole, round the tree.")
    await studio.button("Save").click()
    await expect(page.locator(".toast")).to_contain_text("answers from it within seconds")
    await expect(page).to_have_url(re.compile(r"#/answers/help/knots$"))
    await page.goto(studio.url + "/help/knots")
    await expect(page.get_by_role("heading", name="The bowline")).to_be_visible()


async def test_a_domain_that_somebody_broke_by_hand_is_told_with_its_line(
    studio: StudioSeat, project: Path
) -> None:
    page = studio.page
    text = (project / "domain.yml").read_text()
    (project / "domain.yml").write_text(text + "responses: [\n")
    await studio.go("#/answers")
    await expect(page.locator(".state.bad")).to_contain_text(re.compile(r"domain\.yml, line \d+"))
    (project / "domain.yml").write_text(text)
    await studio.button("Try again").click()
    await expect(page.locator(".answers-rows a").first).to_be_visible()


async def test_examples_are_checked_and_what_is_odd_is_shown(
    studio: StudioSeat, redis: Redis[bytes]
) -> None:
    page, jobs = studio.page, Jobs(redis)
    await studio.go("#/answers")
    await studio.button("Check the examples").first.click()
    await expect(page.locator(".quality")).to_contain_text("Not checked yet")
    await page.locator(".answers-editor").get_by_role("button", name="Check the examples").click()
    await expect(page.locator(".editor-actions")).to_contain_text("Waiting for its turn")
    job = await jobs.take()
    assert job is not None
    finding = Finding(
        kind="confused",
        words="a <b> and c are confused.",
        advice="Say where one ends.",
        sentences=(Sentence(text="hi", intent="a", where="data/nlu/talk.yml, line 3"),),
    )
    report = Report(findings=(finding,), sentences=40, intents=2, accuracy=0.9)
    await jobs.done(job.id, msgspec.to_builtins(report))
    await expect(page.locator(".findings")).to_contain_text("a <b> and c are confused.")
    await expect(page.locator(".findings")).to_contain_text("data/nlu/talk.yml, line 3")
    await expect(page.locator(".quality")).to_contain_text("90.0% are read rightly")
    await is_fit_to_be_seen(page)


async def test_a_changed_answer_is_published_from_here(
    studio: StudioSeat, project: Path, redis: Redis[bytes]
) -> None:
    page, jobs = studio.page, Jobs(redis)
    serve(project, {})
    await studio.go("#/answers")
    card = page.get_by_role("region", name="Publishing")
    await expect(card).to_contain_text("changed answers are not with customers yet")
    await expect(card).to_contain_text("puts it into service when it is no worse")
    await card.get_by_role("button", name="Publish").click()
    await expect(card).to_contain_text("It begins in a moment")
    job = await jobs.take()
    assert job is not None
    assert (job.kind, job.by, job.args["publish"]) == ("train", "olga", True)
    assert str(job.args["why"]).startswith("answers: ")
    await jobs.step(job.id, "train")
    await jobs.progress(job.id, "training IntentReader", 0.4)
    await expect(card).to_contain_text("40 % · training IntentReader")


async def test_it_is_fit_to_be_seen(
    chromium: Browser, gateway: RunningGateway, owner: None, tmp_path: Path
) -> None:
    shown = {"list": "#/answers", "answer": "#/answers/utter_what_about_order"}
    for size, scheme in itertools.product((DESKTOP, PHONE), SCHEMES):
        context = await chromium.new_context(viewport=size, color_scheme=scheme)
        seat = StudioSeat(await context.new_page(), gateway.url)
        await seat.log_in()
        for name, address in {**shown, "page": "#/answers/help/gift-cards"}.items():
            await seat.go(address)
            settled = seat.page.locator(".answers-rows a" if name == "list" else ".widget-preview")
            await expect(settled.first).to_be_visible()
            if name != "list":
                await expect(preview(seat)).to_be_visible()
            await is_fit_to_be_seen(seat.page)
            await seat.page.screenshot(path=tmp_path / f"{name}-{size['width']}-{scheme}.png")
        await context.close()
        assert seat.mistakes == []
