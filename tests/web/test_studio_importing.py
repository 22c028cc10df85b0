"""Importing over HTTP: a file that is streamed to the disk, the look into it, and its end."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from bot.learning import import_job, uploads
from bot.learning.jobs import Job, Jobs
from bot.learning.run_job import Context
from bot.learning.uploads import FOLDER, Uploads
from bot.settings import Settings
from bot.store import ALL
from bot.web.logins import Logins
from bot.web.studio.importing import ImportPages
from tests.agent_client import error
from tests.learning.test_history import CHATWOOT, OURS
from tests.web.conftest import at_studio

TWO = "\n".join([json.dumps(OURS), json.dumps(CHATWOOT), "{"]).encode()
ABOUT = {"file": "chats.jsonl", "name": "chatwoot"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / FOLDER


@pytest.fixture
async def owner(logins: Logins, jobs: Jobs, tmp_path: Path) -> httpx.AsyncClient:
    return await at_studio("olga", logins, ImportPages(Uploads(tmp_path), jobs))


async def send(owner: httpx.AsyncClient, content: Any = TWO, **about: str) -> httpx.Response:
    return await owner.post("/imports", params={**ABOUT, **about}, content=content)


async def worked(jobs: Jobs, redis: Redis[bytes], var: Path) -> Job:
    """What the learner does with the job that waits."""
    job = await jobs.take()
    assert job is not None

    async def progress(words: str, fraction: float) -> None:
        await jobs.progress(job.id, words, fraction)

    context = Context(Settings(var=var), var, redis)
    await jobs.done(job.id, await import_job.run(job, context, progress))
    return await jobs.get(job.id)


async def test_a_file_is_sent_looked_into_and_imported(
    owner: httpx.AsyncClient, jobs: Jobs, redis: Redis[bytes], tmp_path: Path, folder: Path
) -> None:
    assert (await owner.get("/imports")).json()["job"] is None
    sent = await send(owner)
    assert sent.status_code == 202, sent.text
    assert (await owner.get("/imports")).json()["there"] is True
    look = (await worked(jobs, redis, tmp_path)).result
    assert (look["conversations"], look["known"], look["left_out_count"]) == (2, 0, 1)
    assert look["left_out"] == ["chats.jsonl, line 3: It is no JSON, column 2."]
    assert sum(n for _, n in look["languages"]) == 2
    assert look["first"] < look["last"]
    assert await redis.zcard(ALL) == 0
    upload = sent.json()["job"]["args"]["upload"]
    asked = await owner.post(f"/imports/{upload}/import", json={})
    assert asked.status_code == 202, asked.text
    assert asked.json()["job"]["args"]["total"] == 2
    done = (await worked(jobs, redis, tmp_path)).result
    assert (done["conversations"], done["messages"]) == (2, look["messages"])
    assert await redis.zcard(ALL) == 2
    assert list(folder.iterdir()) == []
    assert (await owner.get("/imports")).json()["there"] is False
    again = await owner.post(f"/imports/{upload}/import", json={})
    assert error(again) == (404, "unknown_file")


async def test_what_is_discarded_is_gone_and_another_file_takes_its_place(
    owner: httpx.AsyncClient, jobs: Jobs, redis: Redis[bytes], tmp_path: Path, folder: Path
) -> None:
    await send(owner)
    await worked(jobs, redis, tmp_path)
    (first,) = folder.iterdir()
    assert first.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    await send(owner, file="more.jsonl")
    await worked(jobs, redis, tmp_path)
    (second,) = folder.iterdir()
    assert second != first
    assert (await owner.post(f"/imports/{second.name}/discard", json={})).status_code == 200
    assert list(folder.iterdir()) == []


async def test_a_file_that_is_too_large_is_refused_before_and_while_it_comes(
    owner: httpx.AsyncClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SIZE_AT_MOST", 1_000)
    monkeypatch.setattr("bot.web.studio.importing.SIZE_AT_MOST", 1_000)
    told = await send(owner, b"x" * 1_001)
    assert error(told) == (413, "file_too_large")
    came = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal came
        while True:
            came += 1
            yield b"x" * 100

    assert error(await send(owner, endless())) == (413, "file_too_large")
    assert came <= 12
    assert not folder.exists() or list(folder.iterdir()) == []


async def test_a_full_disk_leaves_nothing(
    owner: httpx.AsyncClient, folder: Path, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("bot.learning.uploads.os.write", full)
    refused = await send(owner)
    assert error(refused) == (507, "not_written")
    assert "No space left" in refused.json()["error"]["message"]
    assert list(folder.iterdir()) == []
    assert await jobs.recent() == []


async def test_a_sender_who_is_cut_off_leaves_nothing(
    owner: httpx.AsyncClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.studio.importing.SILENT_S", 0.05)

    async def silent() -> AsyncIterator[bytes]:
        import anyio

        yield b"{"
        await anyio.sleep_forever()

    refused = await send(owner, silent())
    assert error(refused) == (400, "bad_request")
    assert list(folder.iterdir()) == []


async def test_there_is_one_import_at_a_time(
    owner: httpx.AsyncClient, jobs: Jobs, folder: Path
) -> None:
    await send(owner)
    refused = await send(owner, file="more.jsonl")
    assert error(refused) == (409, "job_running")
    assert "for olga since" in refused.json()["error"]["message"]
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    "about",
    [{"name": ""}, {"name": "x" * 41}, {"name": "<b>"}, {"file": ""}, {"file": "x" * 201}],
)
async def test_what_it_is_called_is_checked(
    owner: httpx.AsyncClient, about: dict[str, str], folder: Path
) -> None:
    assert error(await send(owner, **about)) == (400, "bad_request")
    assert not folder.exists()


@pytest.mark.parametrize("upload", ["x", "..%2Fsecrets", "0" * 32, "0" * 31 + "/"])
async def test_no_name_leads_out_of_the_folder(
    owner: httpx.AsyncClient, upload: str, tmp_path: Path
) -> None:
    (tmp_path / "secrets").write_text("{}")
    for what in ("import", "discard"):
        answer = await owner.post(f"/imports/{upload}/{what}", json={})
        assert answer.status_code in (404, 200)
    assert (tmp_path / "secrets").exists()


async def test_what_nobody_comes_back_for_goes_after_a_day(
    owner: httpx.AsyncClient, folder: Path
) -> None:
    folder.mkdir()
    for name, age in (("a" * 32, 90_000), (f"{'b' * 32}.part", 90_000), ("c" * 32, 80_000)):
        (folder / name).write_text("{}")
        os.utime(folder / name, (time.time() - age,) * 2)
    await send(owner)
    left = {path.name for path in folder.iterdir()}
    assert "c" * 32 in left
    assert len(left) == 2


async def test_what_is_left_out_is_told_in_bounds(
    owner: httpx.AsyncClient, jobs: Jobs, redis: Redis[bytes], tmp_path: Path
) -> None:
    await send(owner, b"{\n" * 500)
    look = (await worked(jobs, redis, tmp_path)).result
    assert (look["left_out_count"], len(look["left_out"])) == (500, 100)
    assert (look["conversations"], look["languages"], look["first"]) == (0, [], None)


async def test_only_owners_with_the_pages_token_get_in(
    logins: Logins, jobs: Jobs, tmp_path: Path, folder: Path
) -> None:
    pages = ImportPages(Uploads(tmp_path), jobs)
    for login, more, expected in (
        (None, {}, (401, "not_logged_in")),
        ("anna", {}, (403, "owners_only")),
        ("olga", {"X-CSRF-Token": "another"}, (403, "csrf_failed")),
        ("olga", {"Origin": "https://evil.example"}, (403, "origin_not_allowed")),
    ):
        http = await at_studio(login, logins, pages, **more)
        assert error(await send(http)) == expected
        for what in ("import", "discard"):
            assert error(await http.post(f"/imports/{'0' * 32}/{what}", json={})) == expected
    assert not folder.exists()
    http = await at_studio("anna", logins, pages)
    assert error(await http.get("/imports")) == (403, "owners_only")
