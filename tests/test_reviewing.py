"""The review inbox is prepared by itself when it is old and somebody has written since."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.learning.decisions import replay
from bot.learning.inbox import Inbox
from bot.learning.inbox_store import INBOX, InboxStore
from bot.learning.jobs import Jobs
from bot.reviewing import FRESH_MS, Reviewing
from bot.router import Router
from bot.store import Store
from tests.learning.inbox_world import GIFT, cluster, row, write_project


class World:
    def __init__(self, redis: Redis[bytes], store: Store, root: Path) -> None:
        self.jobs = Jobs(redis)
        self.store = InboxStore(root / "var" / INBOX)
        self.now = 0
        inbox = Inbox(redis, write_project(root), root / "var")
        self.reviewing = Reviewing(inbox, self.jobs, store, now=lambda: self.now)

    async def asked_for(self) -> list[tuple[str, str]]:
        return [(job.kind, job.by) for job in await self.jobs.recent()]


@pytest.fixture
def world(redis: Redis[bytes], store: Store, tmp_path: Path) -> World:
    return World(redis, store, tmp_path)


@pytest.fixture
async def written_at(router: Router) -> int:
    opened = await router.open()
    outcome = await router.from_customer(opened.id, "do you gift wrap", client_id="client-1")
    return outcome.conversation.updated_at


async def test_an_inbox_that_was_never_prepared_is(world: World, written_at: int) -> None:
    world.now = written_at + 1
    assert await world.reviewing.look()
    assert await world.asked_for() == [("review", "deskhand")]


async def test_without_conversations_there_is_nothing_to_prepare(world: World) -> None:
    world.now = FRESH_MS * 2
    assert not await world.reviewing.look()
    assert await world.asked_for() == []


async def test_one_at_a_time(world: World, written_at: int) -> None:
    world.now = written_at + 1
    await world.reviewing.look()
    assert not await world.reviewing.look()
    assert len(await world.asked_for()) == 1


@pytest.mark.parametrize(
    ("prepared", "looked", "due"),
    [
        (-1, FRESH_MS, True),
        (-1, FRESH_MS - 2, False),  # fresh enough
        (1, FRESH_MS * 9, False),  # nobody has written since
    ],
)
async def test_it_is_prepared_when_it_is_old_and_somebody_has_written(
    world: World, written_at: int, prepared: int, looked: int, due: bool
) -> None:
    """Times are relative to the message's."""
    world.store.replace([], [], replay([]), now=written_at + prepared)
    world.now = written_at + looked
    assert await world.reviewing.look() is due


async def test_what_was_erased_is_forgotten(world: World) -> None:
    rows = [row(text, f"erased-{n}") for n, text in enumerate(GIFT)]
    world.store.replace([cluster("gift", GIFT)], rows, replay([]), now=1)
    await world.reviewing.look()
    assert world.store.conversations() == []
    assert world.store.totals().clusters == 0
