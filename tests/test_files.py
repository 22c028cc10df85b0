"""The store of files' bytes, in a real Redis."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot import files as module
from bot.errors import UnknownConversation
from bot.file_kinds import FileNotTaken
from bot.files import (
    BYTES,
    DUE,
    FILE,
    KEPT_MS,
    Files,
    FilesFull,
    FileTooLarge,
    TooManyFiles,
    UnknownFile,
)
from bot.router import Router
from tests.sample_files import PDF, WINDOWS_PROGRAM, png


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, router: Router) -> None:
        self.ms = router.now()

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock(router: Router) -> Clock:
    return Clock(router)


@pytest.fixture
def files(redis: Redis[bytes], clock: Clock) -> Files:
    return Files(redis, now=clock, size_at_most=50_000)


@pytest.fixture
async def chat(router: Router) -> str:
    return (await router.open()).id


async def test_a_file_comes_back_as_it_was_put_in(files: Files, chat: str) -> None:
    file = await files.put(chat, "../tent.png", png(), key="customer:1")
    assert (file.name, file.type, file.size) == ("tent.png", "image/png", len(png()))
    assert await files.get(chat, file.id) == (file, png())
    assert await files.find(chat, [file.id, file.id]) == (file, file)


async def test_an_upload_that_is_repeated_is_stored_once(
    files: Files, chat: str, redis: Redis[bytes]
) -> None:
    first = await files.put(chat, "tent.png", png(), key="customer:1")
    assert await files.put(chat, "tent.png", png(), key="customer:1") == first
    assert await redis.get(BYTES) == str(first.size).encode()
    assert await redis.zcard(DUE) == 1
    assert await files.put(chat, "tent.png", png(), key="agent:anna:1") != first


async def test_another_conversation_finds_nothing(files: Files, chat: str, router: Router) -> None:
    file = await files.put(chat, "tent.png", png(), key="customer:1")
    other = (await router.open()).id
    with pytest.raises(UnknownFile):
        await files.get(other, file.id)
    with pytest.raises(UnknownFile):
        await files.find(other, [file.id])
    with pytest.raises(UnknownFile):
        await files.find(chat, [file.id, "made-up"])


async def test_a_conversation_that_is_not_there_takes_no_files(files: Files) -> None:
    with pytest.raises(UnknownConversation):
        await files.put("nowhere", "tent.png", png(), key="customer:1")


async def test_what_is_too_large_or_of_no_kind_is_refused(files: Files, chat: str) -> None:
    with pytest.raises(FileTooLarge):
        await files.put(chat, "long.txt", b"x" * 50_001, key="customer:1")
    await files.put(chat, "long.txt", b"x" * 50_000, key="customer:2")
    with pytest.raises(FileNotTaken):
        await files.put(chat, "tent.png", WINDOWS_PROGRAM, key="customer:3")


async def test_a_conversation_holds_so_many_files_and_then_no_more(
    files: Files, chat: str, router: Router, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FILES_AT_MOST", 3)
    first = [await files.put(chat, "a.pdf", PDF, key=f"customer:{n}") for n in range(3)]
    with pytest.raises(TooManyFiles):
        await files.put(chat, "a.pdf", PDF, key="customer:4")
    assert await files.put(chat, "a.pdf", PDF, key="customer:2") == first[2]
    other = (await router.open()).id
    await files.put(other, "a.pdf", PDF, key="customer:1")


async def test_the_files_of_a_conversation_have_so_many_bytes_and_then_no_more(
    files: Files,
    chat: str,
    router: Router,
    redis: Redis[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BYTES_AT_MOST", 2 * len(PDF))
    first, second = [await files.put(chat, "a.pdf", PDF, key=f"customer:{n}") for n in range(2)]
    with pytest.raises(TooManyFiles):
        await files.put(chat, "a.txt", b"x", key="customer:3")
    assert await files.put(chat, "a.pdf", PDF, key="customer:1") == second
    await files.put((await router.open()).id, "a.pdf", PDF, key="customer:1")
    await redis.delete(FILE.format(chat, first.id))  # as its time to live does
    await files.put(chat, "a.txt", b"x", key="customer:3")


async def test_what_is_no_longer_kept_makes_room(
    files: Files,
    chat: str,
    redis: Redis[bytes],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FILES_AT_MOST", 1)
    old = await files.put(chat, "a.pdf", PDF, key="customer:1")
    await redis.delete(FILE.format(chat, old.id))  # as its time to live does
    clock.ms += KEPT_MS + 1
    again = await files.put(chat, "a.pdf", PDF, key="customer:1")
    assert again.id != old.id
    await redis.delete(FILE.format(chat, again.id))
    await files.put(chat, "b.pdf", PDF, key="customer:2")
    assert await redis.get(BYTES) == str(2 * len(PDF)).encode()


async def test_files_never_fill_redis(
    redis: Redis[bytes], chat: str, router: Router, clock: Clock
) -> None:
    small = Files(redis, now=clock, size_at_most=50_000, total=2 * len(PDF))
    await small.put(chat, "a.pdf", PDF, key="customer:1")
    await small.put(chat, "b.pdf", PDF, key="customer:2")
    with pytest.raises(FilesFull):
        await small.put(chat, "c.pdf", PDF, key="customer:3")
    clock.ms += KEPT_MS + 1
    await small.put(chat, "c.pdf", PDF, key="customer:3")
    assert await redis.get(BYTES) == str(len(PDF)).encode()


async def test_a_file_goes_by_itself(files: Files, chat: str, redis: Redis[bytes]) -> None:
    file = await files.put(chat, "a.pdf", PDF, key="customer:1")
    left = await redis.pttl(FILE.format(chat, file.id))
    assert KEPT_MS - 60_000 < left <= KEPT_MS
