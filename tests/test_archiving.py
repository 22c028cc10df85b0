"""The follower that archives: on a real gateway, and by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.archiving import AFTER_REFUSAL_MS, ON_ITS_WAY_MS, Archiving, forget_erased
from bot.events import Agent
from bot.learning.archive import ARCHIVE, Archive, ArchiveMissing, ArchiveUnusable
from bot.learning.archive_extent import Extent, extent
from bot.router import Router
from bot.store import ALL, KEYS, LOG, STATE, WORK, Follower, Store
from bot.work import Work
from tests.agent_client import new_id
from tests.gateway import RunningGateway
from tests.polling import soon

ANNA = Agent(login="anna", name="Anna")
NOW = 5_000_000


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    archive = Archive(tmp_path / "archive.db", write=True)
    yield archive
    archive.close()


@pytest.fixture
def archiving(store: Store, archive: Archive, work: Work) -> Archiving:
    return Archiving(store, archive, work, now=lambda: NOW)


def how_much(archive: Archive) -> Extent:
    with archive.reading() as connection:
        return extent(connection)


async def forget(redis: Redis[bytes], id: str) -> None:
    await redis.delete(LOG.format(id), STATE.format(id), KEYS.format(id))
    await redis.zrem(ALL, id)


async def test_a_gateway_archives_what_is_said_in_it(
    gateway: RunningGateway, router: Router, tmp_path: Path
) -> None:
    id = (await router.open()).id
    opened = (await router.open()).id
    await router.from_customer(id, "where is my parcel?", client_id=new_id())
    await router.from_agent(id, do.Claim(agent=ANNA), client_id=new_id())
    reply = await router.from_agent(id, do.Reply(agent=ANNA, text="Here."), client_id=new_id())
    reader = Archive(tmp_path / ARCHIVE)

    def archived() -> bool:
        return reader.versions().get(id, (0, 0))[0] >= reply.seq

    await soon(archived, what="the archive")
    with reader.reading() as connection:
        (row,) = connection.execute("SELECT * FROM conversation").fetchall()
    assert (row["id"], row["agent"], row["result"]) == (id, "anna", "handed_off")
    assert opened not in reader.versions()
    reader.close()


async def test_what_is_missing_at_the_start_is_made_up_for(
    redis_url: str, redis: Redis[bytes], router: Router, tmp_path: Path
) -> None:
    ids = []
    for text in ("one", "two", "three"):
        ids.append((await router.open()).id)
        await router.from_customer(ids[-1], text, client_id=new_id())
    # As if a gateway without a studio had run: nobody is waiting to be archived.
    await redis.delete(WORK + Follower.ARCHIVE.value)
    gone = Archive(tmp_path / ARCHIVE, write=True)
    gone.close()
    with RunningGateway(redis_url, "http://127.0.0.1:9", "t", tmp_path):
        reader = Archive(tmp_path / ARCHIVE)
        await soon(lambda: set(reader.versions()) == set(ids), what="the archive")
        reader.close()


async def test_without_a_studio_there_is_no_archive(redis_url: str, tmp_path: Path) -> None:
    with RunningGateway(redis_url, "http://127.0.0.1:9", "t", tmp_path, studio=False):
        assert not (tmp_path / ARCHIVE).exists()


async def test_an_erased_conversation_vanishes(
    archiving: Archiving, archive: Archive, router: Router, redis: Redis[bytes], work: Work
) -> None:
    kept, erased = (await router.open()).id, (await router.open()).id
    for id in (kept, erased):
        await router.from_customer(id, "hello", client_id=new_id())
        await archiving.act(id)
    assert set(archive.versions()) == {kept, erased}
    await forget(redis, erased)
    await redis.delete(WORK + Follower.ARCHIVE.value)
    assert await archiving.compare() == 1
    lease = await work.take(Follower.ARCHIVE, now=NOW, lease_ms=1_000)
    assert lease is not None
    assert lease.conversation == erased
    await archiving.act(erased)
    assert set(archive.versions()) == {kept}
    assert await archiving.compare() == 0


async def test_an_archive_on_a_full_disk_loses_nothing(
    archiving: Archiving, archive: Archive, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = (await router.open()).id
    await router.from_customer(id, "hello", client_id=new_id())

    def full(_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(archive, "replace", full)
        rest = await archiving.act(id)
    assert rest.due == NOW + AFTER_REFUSAL_MS
    assert archive.versions() == {}
    assert (await archiving.act(id)).seen == 3
    assert set(archive.versions()) == {id}


# --- what is shown ------------------------------------------------------------------------------


async def test_an_erased_conversation_is_shown_to_nobody_from_then_on(
    store: Store, archiving: Archiving, archive: Archive, router: Router, redis: Redis[bytes]
) -> None:
    kept, erased = (await router.open()).id, (await router.open()).id
    for id in (kept, erased):
        await router.from_customer(id, "hello", client_id=new_id())
        await archiving.act(id)
    assert not await forget_erased(store, archive, [kept, erased])
    await forget(redis, erased)
    assert await forget_erased(store, archive, [kept, erased, erased])
    assert set(archive.versions()) == {kept}
    assert not await forget_erased(store, archive, [kept])
    assert not await forget_erased(store, archive, [])


async def test_what_was_erased_and_cannot_be_forgotten_is_not_shown(
    store: Store, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(archive, "remove", full)
    with pytest.raises(ArchiveUnusable, match="holds what was erased"):
        await forget_erased(store, archive, ["never-there"])


async def test_it_says_what_is_still_to_be_read(
    store: Store, archive: Archive, work: Work, router: Router
) -> None:
    ids = [(await router.open()).id for _ in range(3)]
    for id in ids:
        await router.from_customer(id, "hello", client_id=new_id())
    later = max((await store.conversations()).values()) + ON_ITS_WAY_MS + 1
    late = Archiving(store, archive, work, now=lambda: later)
    assert await late.compare() == 3
    assert how_much(archive) == Extent(read=0, of=3)
    await late.act(ids[0])
    assert how_much(archive) == Extent(read=1, of=3)
    for id in ids[1:]:
        await late.act(id)
    assert how_much(archive) == Extent(read=3, of=3)


async def test_one_that_is_on_its_way_is_not_called_missing(
    archiving: Archiving, archive: Archive, router: Router
) -> None:
    await router.from_customer((await router.open()).id, "hello", client_id=new_id())
    assert await archiving.compare() == 1
    assert how_much(archive) == Extent(read=0, of=0)


@pytest.mark.parametrize("how", ["deleted", "broken"])
async def test_a_gateway_makes_a_lost_archive_anew_by_itself(
    gateway: RunningGateway, router: Router, tmp_path: Path, how: str
) -> None:
    id = (await router.open()).id
    await router.from_customer(id, "where is my parcel?", client_id=new_id())
    path = tmp_path / ARCHIVE

    def archived() -> bool:
        try:
            reader = Archive(path)
        except ArchiveMissing:
            return False
        try:
            return id in reader.versions()
        except (ArchiveUnusable, sqlite3.OperationalError):
            return False
        finally:
            reader.close()

    await soon(archived, what="the archive")
    if how == "deleted":
        path.unlink()
    else:
        path.write_bytes(b"no database " * 4_000)
        # The next look into it is somebody's message.
        await router.from_customer((await router.open()).id, "hello", client_id=new_id())
    await soon(archived, within=30, what="the archive, made anew")
