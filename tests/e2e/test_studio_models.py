"""The page Models: the list, a training as it goes, a comparison, and the override of the gate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from bot.learning.archive import Archive
from bot.learning.facts import facts_of
from bot.learning.jobs import Jobs
from bot.learning.registry import Registry
from bot.learning.sources import note_studio_write
from bot.learning.trial import Place
from tests.e2e.studio_seat import StudioSeat
from tests.e2e.test_console_look import is_fit_to_be_seen
from tests.gateway import RunningGateway
from tests.learning.logged_talks import DAY, Said, as_log
from tests.learning.test_trial import NEW, OLD, place, script, tried
from tests.learning.test_whatif_history import NOW
from tests.polling import soon
from tests.scripted_assistant import ScriptedAssistant

pytest_plugins = ("tests.e2e.studio_fixtures",)

__all__ = ["place"]

WORSE = {"heya": "hours", "good day": "hours", "who won": "greet"}


@pytest.fixture
def registry(place: Place) -> Registry:
    """The older of two models serves; a logged message would be read otherwise by the other."""
    registry = Registry(place.models)
    registry.make_current(registry.get(OLD).as_model())
    log = as_log("c1", [Said("heya", intent="greet")], began=NOW - DAY)
    facts = facts_of("c1", log.entries)
    assert facts is not None
    archive = Archive(place.archive, write=True)
    archive.replace([facts])
    archive.close()
    return registry


@pytest.fixture
def gateway(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, place: Place, registry: Registry
) -> Iterator[RunningGateway]:
    """Of a small project of its own."""
    with RunningGateway(
        redis_url,
        assistant.url,
        assistant.token,
        tmp_path / "var",
        models=place.models,
        project=place.root,
    ) as gateway:
        yield gateway


@pytest.fixture
async def seat(studio: StudioSeat) -> StudioSeat:
    await studio.go("#/models")
    await expect(studio.page.locator("article.model")).to_have_count(2)
    return studio


def card(seat: StudioSeat, name: str) -> Any:
    return seat.page.get_by_role("article", name=f"Model {name}")


async def test_models_are_listed_with_their_roles_and_stories(
    place: Place, studio: StudioSeat
) -> None:
    await tried(place, script(new=WORSE))
    note_studio_write(place.root, Path("data/nlu/talk.yml"))
    await studio.go("#/models")
    new, old = card(studio, "new"), card(studio, "old")
    await expect(old.locator(".model-tags")).to_have_text("Serves")
    await expect(new.locator(".model-tags")).to_contain_text("Not good enough")
    await expect(new.locator(".reasons")).to_contain_text("greet: 1 of 3 held-out sentences")
    await expect(new).to_contain_text("66.7%")
    await new.get_by_text("What happened").click()
    await expect(new.locator(".story")).to_contain_text("compared with old by ben: did not pass")
    await expect(studio.page.locator(".note-card")).to_contain_text("data/nlu/talk.yml")
    async with studio.page.expect_download() as waiting:
        await new.get_by_role("link", name="Download").click()
    assert (await waiting.value).suggested_filename == NEW


async def test_a_training_is_watched_and_ends_with_the_gates_word(
    seat: StudioSeat, place: Place, jobs: Jobs
) -> None:
    page = seat.page
    await page.get_by_role("button", name="Train a candidate").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("What is it for?").fill("gift cards")
    await dialog.get_by_role("button", name="Train").click()
    await expect(page.get_by_role("button", name="Train a candidate")).to_be_disabled()
    job = await jobs.take()
    assert job is not None
    assert job.args["why"] == "gift cards"
    await jobs.progress(job.id, "training IntentReader", 0.4)
    await expect(page.locator(".job")).to_contain_text("40 % · training IntentReader")
    await expect(page.get_by_role("progressbar")).to_have_attribute("value", "0.4")
    await tried(place, script(new=WORSE))
    reasons = ["greet: 1 of 3"]
    await jobs.done(job.id, {"model": NEW, "against": OLD, "passed": False, "reasons": reasons})
    await expect(page.locator(".job")).to_contain_text("new is not good enough")
    await page.get_by_role("link", name="See the comparison").first.click()
    await expect(page.locator(".verdict")).to_contain_text("It does not pass the gate")


async def test_a_training_can_be_cancelled_and_says_why_it_failed(
    seat: StudioSeat, jobs: Jobs
) -> None:
    page = seat.page
    for end in ("cancelled", "failed"):
        await page.get_by_role("button", name="Train a candidate").click()
        await page.get_by_role("dialog").get_by_role("button", name="Train").click()
        await expect(page.locator(".job")).to_contain_text("It begins in a moment")
        if end == "cancelled":
            await page.get_by_role("button", name="Cancel").click()
            await expect(page.locator(".job")).to_contain_text("was cancelled")
        else:
            job = await jobs.take()
            assert job is not None
            await jobs.failed(job.id, "data/nlu/learned/x.yml, line 4, column 2: no.", "Mend it.")
            await expect(page.locator(".job.bad")).to_contain_text("x.yml, line 4, column 2")
            await expect(page.locator(".job.bad")).to_contain_text("Mend it.")


async def test_two_models_are_compared_line_by_line(
    seat: StudioSeat, place: Place, jobs: Jobs
) -> None:
    page = seat.page
    await page.get_by_role("button", name="Compare", exact=True).click()
    await expect(page.locator(".state")).to_contain_text("Not compared yet")
    await page.get_by_role("button", name="Compare them").click()
    await expect(page.locator(".job")).to_contain_text("Comparing two models")
    job = await jobs.take()
    assert job is not None
    assert job.args == {"model": NEW, "against": OLD}
    await tried(place, script(new=WORSE))
    await jobs.done(job.id, {"model": NEW, "against": OLD, "passed": False, "reasons": []})
    await expect(page.locator(".verdict")).to_contain_text("Held-out sentences read rightly")
    await expect(page.locator(".verdict")).to_contain_text("6 of 6 (100%)")
    intents = page.locator("section", has=page.get_by_role("heading", name="Intents"))
    await expect(intents.get_by_role("row", name="Greet").first).to_contain_text("100% → 33.3%")
    lost = page.locator("section", has_text="Held-out sentences that are read otherwise")
    await expect(lost).to_contain_text("No longer read rightly (3)")
    await expect(lost.get_by_role("row", name="good day")).to_contain_text("Hours")
    turns = page.locator("section", has_text="Logged messages that would go another way")
    await turns.get_by_text("Another answer would be given: 1").click()
    link = turns.get_by_role("link", name="heya")
    await expect(link).to_have_attribute("href", "#/conversations/c1")


async def test_a_candidate_is_deleted_and_what_serves_cannot_be(
    seat: StudioSeat, registry: Registry
) -> None:
    page = seat.page
    await expect(card(seat, "old").get_by_role("button", name="Delete")).to_have_count(0)
    await card(seat, "new").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("stays in the registry")
    with registry.using(NEW):  # it is being compared
        await dialog.get_by_role("button", name="Delete").click()
        await expect(page.locator(".toast")).to_contain_text("compared or put into service")
    await card(seat, "new").get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(card(seat, "new")).to_have_count(0)
    assert [one.model for one in registry.models()] == [OLD]


async def test_the_gate_is_overridden_with_a_reason_only(
    seat: StudioSeat, place: Place, studio: StudioSeat
) -> None:
    page = seat.page
    await tried(place, script(new=WORSE))
    await page.reload()
    asked: list[Any] = []

    async def promotion(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "{}"))
        await route.fulfill(json={})

    await page.route(f"**/api/studio/models/{NEW}/promote", promotion)
    await card(seat, "new").get_by_role("button", name="Put into service").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("It was not proven better")
    await expect(dialog).to_contain_text("greet: 1 of 3")
    await dialog.get_by_role("button", name="Override the gate").click()
    await expect(dialog).to_be_visible()
    assert asked == []
    await dialog.get_by_label("Why all the same?").fill("We no longer greet.")
    await dialog.get_by_role("button", name="Override the gate").click()
    await expect(dialog).to_have_count(0)
    await soon(lambda: asked == [{"because": "We no longer greet."}], what="the promotion")


async def test_models_are_fit_to_be_seen(
    place: Place, jobs: Jobs, everywhere: StudioSeat, tmp_path: Path
) -> None:
    await tried(place, script(new=WORSE))
    note_studio_write(place.root, Path("data/nlu/talk.yml"))
    await jobs.submit("train", {}, "olga")
    job = await jobs.take()
    assert job is not None
    await jobs.progress(job.id, "training bot.nlu.components.IntentReader", 0.6)
    seat = everywhere
    await seat.go("#/models")
    await expect(seat.page.locator("article.model")).to_have_count(2)
    await seat.page.screenshot(path=tmp_path / "models.png", full_page=True)
    for fold in await seat.page.get_by_text("What happened").all():
        await fold.click()
    await is_fit_to_be_seen(seat.page)
    await card(seat, "new").get_by_role("button", name="Put into service").click()
    await is_fit_to_be_seen(seat.page)
    await seat.page.screenshot(path=tmp_path / "override.png", full_page=True)
    await seat.page.keyboard.press("Escape")
    await seat.go(f"#/models/{NEW}")
    await expect(seat.page.locator(".verdict")).to_be_visible()
    await seat.page.screenshot(path=tmp_path / "comparison.png", full_page=True)
    for fold in await seat.page.locator("details > summary").all():
        await fold.click()
    await is_fit_to_be_seen(seat.page)
