"""The API of the page Models: what it gives, what it starts, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bot.learning.jobs import Jobs
from bot.learning.project import Project
from bot.learning.registry import Registry
from bot.learning.sources import note_studio_write
from bot.learning.trial import Place
from bot.web.guard import Guard
from bot.web.logins import Logins
from bot.web.studio.models import ModelPages
from tests.agent_client import error
from tests.learning.projects import small_project
from tests.learning.test_trial import NEW, OLD, place, script, tried
from tests.web.conftest import at_studio

__all__ = ["place"]


@pytest.fixture
def project(place: Place) -> Project:
    """With two models, the older of which serves."""
    project = small_project(place.root)
    registry = Registry(project.models)
    registry.make_current(registry.get(OLD).as_model())
    return project


@pytest.fixture
def pages(project: Project, jobs: Jobs) -> ModelPages:
    return ModelPages(project, jobs)


@pytest.fixture
async def owner(logins: Logins, pages: ModelPages) -> httpx.AsyncClient:
    return await at_studio("olga", logins, pages)


async def test_models_come_with_their_story_and_what_waits(
    owner: httpx.AsyncClient, place: Place, project: Project
) -> None:
    await tried(place, script(new={"heya": "hours", "good day": "hours"}))
    note_studio_write(project.root, Path("data/nlu/talk.yml"))
    found = (await owner.get("/models")).json()
    new, old = sorted(found["models"], key=lambda one: one["current"])
    assert (new["model"], new["candidate"], new["evaluated"]["passed"]) == (NEW, True, False)
    assert (old["model"], old["current"], old["evaluated"]) == (OLD, True, None)
    assert [event["what"] for event in new["story"]] == ["trained", "evaluated"]
    assert found["waiting"] == [{"path": "data/nlu/talk.yml", "candidate": ""}]
    assert (found["untrained"], found["unreadable"], found["jobs"]) == (True, 0, [])


async def test_a_training_is_a_job_and_there_is_one_at_a_time(
    owner: httpx.AsyncClient, jobs: Jobs
) -> None:
    asked = await owner.post("/models/train", json={"why": " gift cards "})
    assert asked.status_code == 202
    job = await jobs.get(asked.json()["id"])
    assert (job.kind, job.by, job.args) == ("train", "olga", {"why": "gift cards", "force": False})
    again = await owner.post("/models/train", json={})
    assert error(again) == (409, "job_running")
    assert "for olga since" in again.json()["error"]["message"]

    taken = await jobs.take()
    assert taken is not None
    await jobs.progress(taken.id, "training IntentReader", 0.4)
    (shown,) = (await owner.get("/models")).json()["jobs"]
    assert (shown["state"], shown["progress"], shown["fraction"]) == (
        "running",
        "training IntentReader",
        0.4,
    )
    await jobs.failed(taken.id, "domain.yml, line 2: it is broken.", "Mend it.")
    (shown,) = (await owner.get("/models")).json()["jobs"]
    assert (shown["state"], shown["error"]) == ("failed", "domain.yml, line 2: it is broken.")


async def test_a_job_can_be_looked_at_and_cancelled(owner: httpx.AsyncClient) -> None:
    id = (await owner.post("/models/train", json={})).json()["id"]
    assert (await owner.get(f"/jobs/{id}")).json()["state"] == "queued"
    assert [job["id"] for job in (await owner.get("/jobs")).json()["jobs"]] == [id]
    assert (await owner.post(f"/jobs/{id}/cancel", json={})).json()["state"] == "cancelled"
    assert error(await owner.get("/jobs/train-0")) == (404, "unknown_job")
    assert error(await owner.post("/jobs/train-0/cancel", json={})) == (404, "unknown_job")


async def test_a_report_is_there_once_two_were_compared(
    owner: httpx.AsyncClient, place: Place
) -> None:
    asked = {"a": NEW, "b": OLD}
    assert error(await owner.get("/models/compare", params=asked)) == (404, "not_compared")
    assert error(await owner.get(f"/models/{NEW}/report")) == (404, "not_compared")
    report = await tried(place, script(old={"heya": "hours"}))
    found = (await owner.get("/models/compare", params=asked)).json()
    assert found["verdict"]["passed"] is True
    assert found["after"]["intents"][0]["intent"] == report.after.intents[0].intent
    assert (await owner.get(f"/models/{NEW}/report")).json() == found


async def test_comparing_two_models_is_a_job(owner: httpx.AsyncClient, jobs: Jobs) -> None:
    asked = await owner.post("/models/compare", json={"model": OLD, "against": NEW})
    assert asked.status_code == 202
    assert (await jobs.get(asked.json()["id"])).args == {"model": OLD, "against": NEW}
    same = await owner.post("/models/compare", json={"model": OLD, "against": OLD})
    assert error(same) == (400, "bad_request")
    gone = await owner.post("/models/compare", json={"model": OLD, "against": "deskhand-x"})
    assert error(gone) == (404, "unknown_model")


async def test_a_model_can_be_taken_home(owner: httpx.AsyncClient, project: Project) -> None:
    answer = await owner.get(f"/models/{OLD}/download")
    assert answer.content == (project.models / OLD).read_bytes()
    assert f'filename="{OLD}"' in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_candidate_is_deleted_and_what_serves_is_not(
    owner: httpx.AsyncClient, project: Project
) -> None:
    refused = await owner.post(f"/models/{OLD}/delete", json={})
    assert error(refused) == (409, "model_in_use")
    with project.registry.using(NEW):
        refused = await owner.post(f"/models/{NEW}/delete", json={})
        assert error(refused) == (409, "model_in_use")
    assert (await owner.post(f"/models/{NEW}/delete", json={})).json() == {"deleted": NEW}
    assert [one["model"] for one in (await owner.get("/models")).json()["models"]] == [OLD]
    event = project.registry.events()[-1]
    assert (event.model, event.by, type(event).__name__) == (NEW, "olga", "Deleted")
    assert error(await owner.post(f"/models/{NEW}/delete", json={})) == (404, "unknown_model")


@pytest.mark.parametrize(
    "name",
    [
        "deskhand-x.tar.gz",
        "registry.jsonl",
        "..%2Fsecret.tar.gz",
        "deskhand-..%2F..%2Fx.tar.gz",
        "current.json",
    ],
)
async def test_nothing_but_a_model_is_given_out(owner: httpx.AsyncClient, name: str) -> None:
    for what in ("download", "report"):
        answer = await owner.get(f"/models/{name}/{what}")
        assert answer.status_code == 404
    answer = await owner.get("/models/compare", params={"a": name, "b": OLD})
    assert answer.status_code == 404


async def test_only_owners_get_any_of_it(logins: Logins, pages: ModelPages) -> None:
    routes = pages.routes(Guard(logins).owner)
    for login, expected in ((None, (401, "not_logged_in")), ("anna", (403, "owners_only"))):
        client = await at_studio(login, logins, pages)
        for route in routes:
            path = route.path.removeprefix("/api/studio").format(name=OLD, id="x")
            for method in sorted((route.methods or set()) - {"HEAD"}):
                answer = await client.request(method, path, json={})
                assert error(answer) == expected, route.path
