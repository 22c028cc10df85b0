"""The check of the examples over HTTP: begun once, and its latest report kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from bot.events import Agent
from bot.learning.jobs import KINDS, Jobs
from bot.web import wire
from bot.web.studio.quality import QualityPages
from tests.agent_client import error

URL = "/api/studio/lint"


async def olga(_: Request) -> Agent:
    """Who may come in is tested with the studio's guard."""
    return Agent(login="olga", name="Olga")


@pytest.fixture
async def http(jobs: Jobs) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=QualityPages(jobs).routes(olga), exception_handlers=wire.HANDLERS)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
        yield client


async def test_before_the_first_check_there_is_none(http: httpx.AsyncClient) -> None:
    found = (await http.get(URL)).json()
    assert found["job"] is None
    assert found["kinds"]["confused"] == "Two intents are confused with each other"


async def test_a_check_is_begun_once_and_its_report_stays(
    http: httpx.AsyncClient, jobs: Jobs
) -> None:
    begun = (await http.post(URL)).json()["job"]
    assert error(await http.post(URL)) == (409, "job_running")
    assert (await http.get(URL)).json()["job"]["state"] == "queued"
    taken = await jobs.take()
    assert taken is not None
    assert (taken.id, taken.by) == (begun, "olga")
    await jobs.done(begun, {"findings": [], "sentences": 5})
    found = (await http.get(URL)).json()["job"]
    assert (found["state"], found["result"]["sentences"]) == ("done", 5)


def test_the_jobs_entry_point_is_there() -> None:
    module, _, function = KINDS["lint"].entry.partition(":")
    assert (module, function) == ("bot.learning.lint_job", "run")
