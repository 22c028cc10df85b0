"""Bringing in history from the studio: a file is sent, looked into, and imported; on a desk and on
a phone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect
from redis.asyncio import Redis

from bot.learning import import_job
from bot.learning.jobs import Jobs
from bot.learning.run_job import Context
from bot.store import ALL
from tests.e2e.studio_seat import StudioSeat
from tests.e2e.test_console_look import is_fit_to_be_seen
from tests.gateway import RunningGateway
from tests.learning.test_history import CHATWOOT, OURS

pytest_plugins = ("tests.e2e.studio_fixtures",)

LINES = "\n".join([json.dumps(OURS), json.dumps(CHATWOOT), '{"id": "3", "messages": []}', "{"])


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    path = tmp_path / "old-chats.jsonl"
    path.write_text(LINES)
    return path


class Learner:
    """Does the jobs when a test says so."""

    def __init__(self, redis: Redis[bytes], gateway: RunningGateway) -> None:
        self.jobs = Jobs(redis)
        self._context = Context(gateway.settings, gateway.settings.project, redis)

    async def work(self) -> None:
        job = await self.jobs.take()
        assert job is not None

        async def progress(words: str, fraction: float) -> None:
            await self.jobs.progress(job.id, words, fraction)

        await self.jobs.done(job.id, await import_job.run(job, self._context, progress))


@pytest.fixture
def learner(redis: Redis[bytes], gateway: RunningGateway) -> Learner:
    return Learner(redis, gateway)


def preview(seat: StudioSeat) -> Locator:
    return seat.page.get_by_role("region", name="What is in the file")


async def sent(seat: StudioSeat, path: Path, name: str = "chatwoot") -> None:
    """Choose the file and send it; the look into it waits."""
    await seat.page.get_by_label("File").set_input_files(path)
    await seat.page.get_by_label("Where it comes from").fill(name)
    await seat.page.get_by_role("button", name="Look into it").click()
    await expect(seat.page.locator(".job")).to_contain_text("It begins in a moment")


async def test_history_is_looked_into_and_then_imported(
    studio: StudioSeat, learner: Learner, redis: Redis[bytes], chats: Path
) -> None:
    page = studio.page
    await studio.go("#/conversations")
    await page.get_by_role("link", name="Bring in history").click()
    await sent(studio, chats)
    await learner.work()
    await expect(preview(studio)).to_contain_text("old-chats.jsonl can be imported")
    await expect(preview(studio)).to_contain_text("English 2")
    await expect(preview(studio)).to_contain_text("2 conversations are left out")
    await expect(preview(studio).locator("li").last).to_contain_text("line 4: It is no JSON")
    assert await redis.zcard(ALL) == 0
    await page.reload()  # it is the server that knows
    await preview(studio).get_by_role("button", name="Import 2 conversations").click()
    await expect(page.locator(".job")).to_contain_text("It begins in a moment")
    await learner.work()
    await expect(page.locator(".job")).to_contain_text("2 conversations imported")
    assert await redis.zcard(ALL) == 2
    await page.get_by_role("link", name="See them").click()
    await expect(page.locator(".chips")).to_contain_text("Imported from chatwoot")
    # The same file again: nothing is new.
    await studio.go("#/conversations/import")
    await sent(studio, chats)
    await learner.work()
    await expect(preview(studio)).to_contain_text("There is nothing new in old-chats.jsonl")
    await preview(studio).get_by_role("button", name="Discard the file").click()
    await expect(page.get_by_role("button", name="Look into it")).to_be_visible()


async def test_an_import_that_was_stopped_goes_on(
    studio: StudioSeat, learner: Learner, redis: Redis[bytes], chats: Path
) -> None:
    page = studio.page
    await studio.go("#/conversations/import")
    await sent(studio, chats)
    await learner.work()
    await preview(studio).get_by_role("button", name="Import 2 conversations").click()
    await expect(page.locator(".job")).to_contain_text("It begins in a moment")
    assert await learner.jobs.take() is not None
    await learner.jobs.abandon()  # as after a learner that was killed
    await expect(page.locator(".job")).to_contain_text("could not be imported")
    await expect(page.locator(".job")).to_contain_text("is not imported twice")
    await page.get_by_role("button", name="Go on with it").click()
    await expect(page.locator(".job")).to_contain_text("It begins in a moment")
    await learner.work()
    await expect(page.locator(".job")).to_contain_text("2 conversations imported")
    assert await redis.zcard(ALL) == 2


async def test_a_file_that_is_too_large_is_not_sent(studio: StudioSeat, tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(65 * 1024**2)
    await studio.go("#/conversations/import")
    await studio.page.get_by_label("File").set_input_files(path)
    await studio.page.get_by_role("button", name="Look into it").click()
    await expect(studio.page.locator(".problem")).to_contain_text("larger than 64 MB")
    await expect(studio.page.locator(".problem")).to_contain_text("deskhand import")


async def test_importing_is_fit_to_be_seen(
    everywhere: StudioSeat, learner: Learner, chats: Path, tmp_path: Path
) -> None:
    seat = everywhere
    await seat.go("#/conversations/import")
    await expect(seat.page.get_by_role("button", name="Look into it")).to_be_visible()
    await is_fit_to_be_seen(seat.page)
    await seat.page.screenshot(path=tmp_path / "form.png", full_page=True)
    await sent(seat, chats)
    await is_fit_to_be_seen(seat.page)
    await learner.work()
    await expect(preview(seat)).to_be_visible()
    await is_fit_to_be_seen(seat.page)
    await seat.page.screenshot(path=tmp_path / "preview.png", full_page=True)
    await preview(seat).get_by_role("button", name="Import 2 conversations").click()
    await expect(seat.page.locator(".job")).to_contain_text("It begins in a moment")
    await learner.work()
    await expect(seat.page.locator(".job")).to_contain_text("2 conversations imported")
    await is_fit_to_be_seen(seat.page)
    await seat.page.screenshot(path=tmp_path / "done.png", full_page=True)
