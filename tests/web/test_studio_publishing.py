"""Publishing over HTTP: one wish at a time, how far it is, what waits, and for owners only."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from bot.learning.jobs import Jobs
from bot.learning.project import Project
from bot.learning.promotion import Promotions, Stage
from bot.learning.sources import note_studio_write
from bot.learning.train import train_candidate
from bot.web.logins import Logins
from bot.web.studio.publishing import PublishPages
from tests.agent_client import error
from tests.learning.projects import quiet, serving_project, teach
from tests.web.conftest import at_studio


@pytest.fixture
async def project(tmp_path: Path) -> Project:
    return await serving_project(tmp_path / "project")


@pytest.fixture
def pages(project: Project, redis: Redis[bytes], jobs: Jobs) -> PublishPages:
    return PublishPages(project, jobs, Promotions(redis))


@pytest.fixture
async def owner(logins: Logins, pages: PublishPages) -> httpx.AsyncClient:
    return await at_studio("olga", logins, pages)


async def test_nothing_was_published_and_nothing_waits(
    owner: httpx.AsyncClient, project: Project
) -> None:
    current = project.current()
    assert current is not None
    assert (await owner.get("/publish")).json() == {
        "publishing": None,
        "waiting": [],
        "changed": False,
        "serves": current.model,
    }


async def test_what_waits_is_named_with_the_candidate_that_has_it(
    owner: httpx.AsyncClient, project: Project
) -> None:
    note_studio_write(project.root, Path("data/nlu/talk.yml"))
    teach(project, "good morning")
    found = (await owner.get("/publish")).json()
    assert found["changed"] is True
    assert found["waiting"] == [{"path": "data/nlu/talk.yml", "candidate": ""}]
    made = await train_candidate(project, quiet, by="anna")
    found = (await owner.get("/publish")).json()
    assert found["waiting"] == [{"path": "data/nlu/talk.yml", "candidate": made.model}]


async def test_the_wish_is_a_job_on_the_server_and_there_is_one_at_a_time(
    owner: httpx.AsyncClient, jobs: Jobs, redis: Redis[bytes], project: Project
) -> None:
    answer = await owner.post("/publish", json={"why": " better goodbyes "})
    assert answer.status_code == 202
    job = await jobs.get(answer.json()["job"])
    assert (job.kind, job.by) == ("train", "olga")
    assert job.args == {"why": "better goodbyes", "publish": True}
    assert error(await owner.post("/publish", json={})) == (409, "job_running")
    await jobs.take()
    await jobs.step(job.id, "compare")
    await jobs.progress(job.id, "reading 12 messages", 0.7)
    shown = (await owner.get("/publish")).json()["publishing"]
    assert (shown["state"], shown["step"], shown["progress"], shown["fraction"]) == (
        "working",
        "compare",
        "reading 12 messages",
        0.7,
    )
    current = project.registry.models()[0]
    await jobs.done(job.id, {"model": current.model, "passed": False, "reasons": ["worse."]})
    shown = (await owner.get("/publish")).json()["publishing"]
    assert (shown["state"], shown["reasons"]) == ("refused", ["worse."])
    wish = await Promotions(redis).ask(current, serving=None, run="r", by="ben")
    await Promotions(redis).say(wish.id, Stage.WORKING, progress="loading")
    shown = (await owner.get("/publish")).json()["publishing"]
    assert (shown["state"], shown["step"], shown["progress"]) == ("working", "promote", "loading")


async def test_a_training_that_nobody_wanted_published_is_not_told(
    owner: httpx.AsyncClient, jobs: Jobs
) -> None:
    await jobs.submit("train", {"why": "", "force": False}, "olga")
    assert (await owner.get("/publish")).json()["publishing"] is None
    refused = await owner.post("/publish", json={})
    assert error(refused) == (409, "job_running")


async def test_a_wish_is_text_and_no_novel(owner: httpx.AsyncClient) -> None:
    for body in ({"why": "x" * 501}, {"why": 7}, {"because": "x"}):
        assert error(await owner.post("/publish", json=body)) == (400, "bad_request")


@pytest.mark.parametrize(
    ("login", "expected"), [(None, (401, "not_logged_in")), ("anna", (403, "owners_only"))]
)
async def test_only_owners_get_any_of_it(
    logins: Logins,
    pages: PublishPages,
    jobs: Jobs,
    login: str | None,
    expected: tuple[int, str],
) -> None:
    http = await at_studio(login, logins, pages)
    assert error(await http.get("/publish")) == expected
    assert error(await http.post("/publish", json={})) == expected
    assert await jobs.recent() == []
