"""Publishing in the studio: one act from a correction to the model in service, told step by step on
every page, and plainly where it stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Locator, expect
from redis.asyncio import Redis

from bot.instance import Running, announce, only_one
from bot.learning.jobs import Job, Jobs
from bot.learning.project import project_of
from bot.learning.promotion import Promotions, Stage, happened
from bot.learning.registry import Registry
from bot.learning.sources import note_studio_write
from bot.learning.trial import Place
from tests.agent_client import until
from tests.e2e.studio_seat import StudioSeat
from tests.e2e.test_console_look import is_fit_to_be_seen
from tests.gateway import RunningGateway
from tests.learning.test_trial import NEW, OLD, place, script, tried
from tests.scripted_assistant import ScriptedAssistant

pytest_plugins = ("tests.e2e.studio_fixtures",)

__all__ = ["place"]

RUN = "a-run"
WORSE = {"heya": "hours", "good day": "hours", "who won": "greet"}
TALK = Path("data/nlu/talk.yml")


@pytest.fixture
def registry(place: Place) -> Registry:
    """The older of two models serves, and something was taught since."""
    registry = Registry(place.models)
    registry.make_current(registry.get(OLD).as_model())
    note_studio_write(place.root, TALK)
    return registry


@pytest.fixture
def gateway(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, place: Place, registry: Registry
) -> Iterator[RunningGateway]:
    """Of a small project of its own, and of a `deskhand up` that is played by the tests."""
    with RunningGateway(
        redis_url,
        assistant.url,
        assistant.token,
        tmp_path / "var",
        models=place.models,
        project=place.root,
        run=RUN,
    ) as gateway:
        yield gateway


@contextmanager
def up(gateway: RunningGateway) -> Iterator[None]:
    """As if `deskhand up` ran."""
    var = gateway.settings.var
    with only_one(var):
        announce(var, Running(pid=os.getpid(), url="", redis_url="", run=RUN, model=OLD))
        yield


@pytest.fixture
def promotions(redis: Redis[bytes]) -> Promotions:
    return Promotions(redis)


def card(seat: StudioSeat) -> Locator:
    return seat.page.get_by_role("region", name="Publishing")


async def published(seat: StudioSeat, jobs: Jobs) -> Job:
    """Press the button; the job that it makes, at work."""
    await card(seat).get_by_role("button", name="Publish").click()
    await expect(card(seat)).to_contain_text("It begins in a moment")
    job = await jobs.take()
    assert job is not None
    return job


async def serves_now(registry: Registry, promotions: Promotions) -> None:
    """What `deskhand up` does in the end."""
    wish = await promotions.latest()
    assert wish is not None
    registry.make_current(registry.get(wish.model).as_model())
    registry.record(happened(wish, OLD))
    await promotions.say(wish.id, Stage.DONE, progress="")


async def test_one_click_leads_to_the_model_in_service(
    studio: StudioSeat, jobs: Jobs, promotions: Promotions, registry: Registry, place: Place
) -> None:
    await studio.go("#/models")
    await expect(card(studio)).to_contain_text("What was taught is not in service yet")
    job = await published(studio, jobs)
    await jobs.step(job.id, "train")
    await jobs.progress(job.id, "training IntentReader", 0.3)
    await expect(card(studio)).to_contain_text("30 % · training IntentReader")
    await jobs.step(job.id, "compare")
    await jobs.progress(job.id, "reading 12 messages", 0.7)
    await expect(card(studio).locator("li[aria-current=step]")).to_have_text("2Compare")
    # Nothing of it depends on this page.
    await studio.page.reload()
    await expect(card(studio)).to_contain_text("70 % · reading 12 messages")
    await tried(place, script(old={"heya": "hours"}))
    await jobs.step(job.id, "promote")
    await promotions.ask(registry.get(NEW), serving=OLD, run=RUN, by="olga")
    await expect(card(studio).locator("li[aria-current=step]")).to_have_text("3Put into service")
    await expect(card(studio).get_by_role("button", name="Cancel")).to_have_count(0)
    await serves_now(registry, promotions)
    result = {"model": NEW, "against": OLD, "passed": True, "reasons": [], "published": True}
    await jobs.done(job.id, result)
    await expect(card(studio)).to_contain_text("Published")
    await expect(card(studio)).to_contain_text("new serves")
    model = studio.page.get_by_role("article", name="Model new")
    await expect(model.locator(".model-tags")).to_have_text("Serves")


async def test_the_gate_stops_it_and_an_owner_may_override_it_in_writing(
    studio: StudioSeat,
    jobs: Jobs,
    promotions: Promotions,
    registry: Registry,
    place: Place,
    gateway: RunningGateway,
) -> None:
    await studio.go("#/models")
    job = await published(studio, jobs)
    report = await tried(place, script(new=WORSE))
    reasons = list(report.verdict.reasons)
    await jobs.done(job.id, {"model": NEW, "against": OLD, "passed": False, "reasons": reasons})
    await expect(card(studio)).to_contain_text("Not published: the new model is not good enough")
    await expect(card(studio).locator(".reasons li").first).to_contain_text("greet: 1 of 3")
    await card(studio).get_by_role("button", name="Publish all the same").click()
    dialog = studio.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("greet: 1 of 3")
    await dialog.get_by_role("button", name="Override the gate").click()
    await expect(dialog).to_be_visible()
    assert await promotions.latest() is None
    await dialog.get_by_label("Why all the same?").fill("We no longer greet.")
    with up(gateway):
        await dialog.get_by_role("button", name="Override the gate").click()
        await expect(dialog).to_have_count(0)
        await expect(card(studio).locator("li[aria-current=step]")).to_have_text(
            "3Put into service"
        )
        wish = await promotions.latest()
        assert wish is not None
        assert (wish.because, wish.overridden) == ("We no longer greet.", tuple(reasons))
        await serves_now(registry, promotions)
        await expect(card(studio)).to_contain_text("Published")


@pytest.mark.parametrize(
    ("at", "where"),
    [
        ("train", "while the new model was trained"),
        ("compare", "while it was compared with the one that serves"),
        ("promote", "while it was put into service"),
    ],
)
async def test_who_is_killed_on_the_way_leaves_word_where(
    studio: StudioSeat, jobs: Jobs, at: str, where: str
) -> None:
    await studio.go("#/models")
    job = await published(studio, jobs)
    await jobs.step(job.id, at)
    await jobs.abandon()  # as the learner does that begins after one that was killed
    await expect(card(studio)).to_contain_text(f"Publishing stopped {where}")
    await expect(card(studio)).to_contain_text("The process that did it was stopped")
    await expect(card(studio)).to_contain_text("Customers keep the model old. Nothing")
    await card(studio).get_by_role("button", name="Publish again").click()
    await expect(card(studio)).to_contain_text("It begins in a moment")


async def test_it_is_cancelled_while_it_can_be(studio: StudioSeat, jobs: Jobs) -> None:
    await studio.go("#/models")
    job = await published(studio, jobs)
    await card(studio).get_by_role("button", name="Cancel").click()
    await studio.page.get_by_role("dialog").get_by_role("button", name="Stop it").click()
    await expect(studio.page.get_by_role("dialog")).to_have_count(0)

    async def wanted() -> bool:
        return await jobs.renew(job.id) == "cancel"

    await until(wanted, "the wish to stop")
    await jobs.cancelled(job.id)
    await expect(card(studio)).to_contain_text("It was cancelled.")


async def test_after_the_review_it_is_published_there(
    studio: StudioSeat, jobs: Jobs, registry: Registry
) -> None:
    await studio.go("#/review")
    await expect(card(studio)).to_contain_text("What was taught is not with customers yet")
    job = await published(studio, jobs)
    assert job.args == {"why": "taught in the review", "publish": True}
    # And is watched on any other page.
    await studio.go("#/models")
    await expect(card(studio)).to_contain_text("It begins in a moment")


async def test_somebody_elses_training_is_not_disturbed(studio: StudioSeat, jobs: Jobs) -> None:
    await studio.go("#/models")
    await jobs.submit("train", {"why": "", "force": False}, "ben")
    await card(studio).get_by_role("button", name="Publish").click()
    await expect(studio.page.locator(".toast")).to_contain_text("A training is at work already")
    await expect(studio.page.locator(".toast")).to_contain_text("for ben since")


async def test_what_a_candidate_holds_does_not_wait_for_a_training(
    studio: StudioSeat, place: Place, gateway: RunningGateway
) -> None:
    await tried(place, script(old={"heya": "hours"}))
    project = project_of(gateway.settings, gateway.settings.project)
    project.sources_of(NEW).write_bytes(msgspec.json.encode(project.made_of()))
    await studio.go("#/models")
    note = studio.page.locator(".note-card")
    await expect(note).to_contain_text("In candidate new, not in service yet.")
    await expect(note).to_contain_text("It passed the gate")
    await expect(note).to_contain_text(TALK.as_posix())
    # What is taught after it waits anew.
    (place.root / TALK).write_text((place.root / TALK).read_text() + "      - good evening\n")
    await studio.page.reload()
    await expect(note).to_contain_text("In no model yet.")


async def test_publishing_is_fit_to_be_seen(
    place: Place, jobs: Jobs, everywhere: StudioSeat, tmp_path: Path
) -> None:
    seat = everywhere
    await seat.go("#/models")
    await expect(card(seat).get_by_role("button", name="Publish")).to_be_visible()
    await seat.page.screenshot(path=tmp_path / "waiting.png", full_page=True)
    await is_fit_to_be_seen(seat.page)
    job = await published(seat, jobs)
    await jobs.step(job.id, "compare")
    await jobs.progress(job.id, "reading 1,204 messages with deskhand-1f0c3a9be2d4", 0.66)
    await expect(card(seat)).to_contain_text("66 %")
    await is_fit_to_be_seen(seat.page)
    await seat.page.screenshot(path=tmp_path / "working.png", full_page=True)
    report = await tried(place, script(new=WORSE))
    reasons = list(report.verdict.reasons)
    await jobs.done(job.id, {"model": NEW, "against": OLD, "passed": False, "reasons": reasons})
    await expect(card(seat)).to_contain_text("Not published")
    await is_fit_to_be_seen(seat.page)
    await seat.page.screenshot(path=tmp_path / "refused.png", full_page=True)
    await card(seat).get_by_role("button", name="Publish again").click()
    await expect(card(seat)).to_contain_text("It begins in a moment")
    assert await jobs.take() is not None
    await jobs.abandon()
    await expect(card(seat)).to_contain_text("Publishing stopped")
    await is_fit_to_be_seen(seat.page)
    await seat.page.screenshot(path=tmp_path / "stopped.png", full_page=True)
