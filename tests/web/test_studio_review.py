"""The review inbox over HTTP: two owners at the same inbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from bot.help.pages import parse_page
from bot.known_intents import KnownIntents
from bot.learning.jobs import Jobs
from bot.web.accounts import Accounts, Role
from bot.web.logins import Logins
from bot.web.studio.review import ReviewPages
from tests.agent_client import PASSWORD, error
from tests.learning.inbox_world import GIFT, inbox_of, prepare_inbox, taught, write_project
from tests.web.conftest import at_studio

PAGE = {
    "page": "gift-wrapping",
    "title": "Gift wrapping",
    "text": "We wrap it for 3 euros. Say so in the basket.",
    "asked": ['do you wrap gifts: "nicely"?', "wrap it # please"],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path)


class Owner:
    """A browser in which somebody is logged in."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str = "") -> Any:
        response = await self._client.get("/review" + path)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, order: Any = None) -> httpx.Response:
        return await self._client.post("/review" + path, json=order or {})

    async def answers_gift(self) -> httpx.Response:
        """Write the help page PAGE for the first cluster as it is now."""
        seen = (await self.get())["open"][0]["seen"]
        return await self.post("/gift/page", {**PAGE, "seen": seen})


@pytest.fixture
async def owners(
    redis: Redis[bytes], project: Path, accounts: Accounts, logins: Logins
) -> tuple[Owner, Owner]:
    await prepare_inbox(redis, project)
    await accounts.add("per", "Per Lund", Role.OWNER, PASSWORD)
    pages = ReviewPages(
        inbox_of(redis, project), Jobs(redis), intents=KnownIntents(project / "domain.yml").names
    )
    olga, per = [Owner(await at_studio(login, logins, pages)) for login in ("olga", "per")]
    return olga, per


async def test_the_first_page(owners: tuple[Owner, Owner]) -> None:
    olga, _ = owners
    page = await olga.get("?count=1")
    assert [cluster["id"] for cluster in page["open"]] == ["gift"]
    assert page["open"][0]["examples"][0]["text"] == GIFT[0]
    assert (page["clusters"], page["messages"], page["customers"]) == (2, 6, 6)
    assert (page["intents"], page["job"]) == (["invoice", "delivery_time"], None)
    assert [c["id"] for c in (await olga.get(f"?cursor={page['next']}"))["open"]] == ["pick"]


async def test_a_cluster_with_all_its_wordings(owners: tuple[Owner, Owner]) -> None:
    found = await owners[0].get("/gift")
    assert [shown["text"] for shown in found["wordings"]] == GIFT
    assert found["cluster"]["id"] == "gift"
    assert found["next"] is None


async def test_from_the_inbox_to_the_files_and_back(
    owners: tuple[Owner, Owner], project: Path
) -> None:
    olga, per = owners
    gift = (await olga.get())["open"][0]
    order = {"intent": "gift_wrapping", "seen": gift["seen"], "answer": "For 3 euros."}
    done = await olga.post("/gift/accept", order)
    assert done.status_code == 200, done.text
    assert done.json()["trained"] + done.json()["held_out"] == 4
    assert done.json()["skipped"] == []
    assert set(taught(project)) == set(GIFT)
    page = await olga.get()
    assert page["last"] == done.json()["decision"]
    assert "gift_wrapping" in page["intents"]
    assert (await per.get())["last"] is None
    undone = await olga.post("/undo")
    assert undone.json()["decision"]["undone"] is True
    assert taught(project) == {}
    assert (await olga.get())["open"][0] == gift
    (decision,) = (await per.get("/decisions"))["decisions"]
    assert (decision["by"], decision["kind"]) == ("Olga Dahl", "accepted")


async def test_the_second_owner_reads_who_was_first(owners: tuple[Owner, Owner]) -> None:
    olga, per = owners
    seen = (await per.get())["open"][0]["seen"]
    assert (await olga.post("/gift/ignore", {"seen": seen})).status_code == 200
    refused = await per.post("/gift/accept", {"intent": "invoice", "seen": seen})
    assert error(refused) == (409, "already_decided")
    assert refused.json()["error"]["message"].startswith("Olga Dahl was quicker: 4 wordings ign")


@pytest.fixture
def page(project: Path) -> Path:
    """Where PAGE is written."""
    (project / "data" / "help").mkdir()
    return project / "data/help/gift-wrapping.md"


async def test_a_help_page_answers_a_cluster(owners: tuple[Owner, Owner], page: Path) -> None:
    olga, _ = owners
    done = await olga.answers_gift()
    assert done.json()["decision"]["what"] == "4 wordings answered by the help page gift-wrapping"
    written = parse_page(Path(page.name), page.read_text())
    assert (written.title, list(written.asked)) == (PAGE["title"], PAGE["asked"])
    assert [cluster["id"] for cluster in (await olga.get())["open"]] == ["pick"]
    seen = (await olga.get())["open"][0]["seen"]
    refused = await olga.post("/pick/page", {**PAGE, "seen": seen})
    assert error(refused) == (409, "changed_meanwhile")


async def test_undoing_a_help_page_takes_it_away(owners: tuple[Owner, Owner], page: Path) -> None:
    olga, _ = owners
    await olga.answers_gift()
    undone = (await olga.post("/undo")).json()["decision"]
    assert (undone["undone"], undone["left"]) == (True, "")
    assert not page.exists()
    assert [cluster["id"] for cluster in (await olga.get())["open"]] == ["gift", "pick"]


async def test_a_help_page_that_was_changed_since_stays_and_that_is_said(
    owners: tuple[Owner, Owner], page: Path
) -> None:
    olga, per = owners
    await olga.answers_gift()
    page.write_text(page.read_text() + "\nOr for 4.\n")
    undone = (await per.post("/undo", {"decision": 1})).json()["decision"]
    assert undone["undone"] is True
    assert undone["left"] == "The help page gift-wrapping was changed since, and stays."
    assert page.read_text().endswith("Or for 4.\n")


async def test_a_help_page_that_somebody_deleted_by_hand_is_no_obstacle(
    owners: tuple[Owner, Owner], page: Path
) -> None:
    olga, _ = owners
    await olga.answers_gift()
    page.unlink()
    undone = (await olga.post("/undo")).json()["decision"]
    assert (undone["undone"], undone["left"]) == (True, "")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"page": "../../domain"}, 404, "unknown_page"),
        ({"title": "two\nlines"}, 400, "bad_request"),
        ({"text": "<script>alert(1)</script>"}, 422, "help_page"),
        ({"asked": ["one\ntwo"]}, 400, "bad_request"),
    ],
)
async def test_pages_that_are_refused(
    owners: tuple[Owner, Owner], page: Path, change: dict[str, Any], status: int, code: str
) -> None:
    olga, _ = owners
    seen = (await olga.get())["open"][0]["seen"]
    refused = await olga.post("/gift/page", {**PAGE, "seen": seen, **change})
    assert error(refused) == (status, code)
    assert not page.exists()
    assert len((await olga.get())["open"]) == 2


async def test_split_and_merge(owners: tuple[Owner, Owner]) -> None:
    olga, _ = owners
    wording = (await olga.get("/gift"))["wordings"][0]["id"]
    split = (await olga.post("/gift/split", {"wordings": [wording]})).json()
    assert (await olga.get(f"/{split['cluster']}"))["cluster"]["title"] == GIFT[0]
    merged = await olga.post("/gift/merge", {"with": [split["cluster"], "pick"]})
    assert merged.json()["cluster"] == "gift"
    (one,) = (await olga.get())["open"]
    assert one["wordings"] == 6


@pytest.mark.parametrize(
    ("path", "order", "status", "code"),
    [
        ("/nope/ignore", {"seen": "x"}, 404, "unknown_cluster"),
        ("/gift/ignore", {"seen": "x"}, 409, "cluster_changed"),
        ("/gift/ignore", {}, 400, "bad_request"),
        ("/gift/ignore", {"seen": "x", "wordings": ["0" * 20]}, 400, "bad_request"),
        ("/gift/ignore", {"wordings": []}, 400, "bad_request"),
        ("/gift/ignore", {"wordings": ["' OR 1"]}, 400, "bad_request"),
        ("/gift/split", {"wordings": ["0" * 20]}, 409, "cluster_changed"),
        ("/gift/merge", {"with": ["gift"]}, 409, "cluster_changed"),
        ("/gift/merge", {"with": ["nope"]}, 404, "unknown_cluster"),
        ("/gift/accept", {"seen": "x", "intent": ""}, 400, "bad_request"),
        ("/undo", {}, 409, "not_undoable"),
        ("/undo", {"decision": 9}, 409, "not_undoable"),
    ],
)
async def test_what_is_refused(
    owners: tuple[Owner, Owner], path: str, order: dict[str, Any], status: int, code: str
) -> None:
    assert error(await owners[0].post(path, order)) == (status, code)


@pytest.mark.parametrize(
    ("intent", "answer", "code"),
    [
        ("gift", None, "unknown_intent"),
        ("invoice", "Here.", "intent_exists"),
        ("Gift wrapping!", "For 3 euros.", "bad_intent_name"),
        ("gift", "  ", "bad_answer"),
    ],
)
async def test_intents_that_cannot_be_taught(
    owners: tuple[Owner, Owner], project: Path, intent: str, answer: str | None, code: str
) -> None:
    olga, _ = owners
    seen = (await olga.get())["open"][0]["seen"]
    order = {"intent": intent, "seen": seen} | ({"answer": answer} if answer else {})
    refused = await olga.post("/gift/accept", order)
    assert error(refused)[1] == code
    assert taught(project) == {}


async def test_refreshing_is_a_job_and_only_one(owners: tuple[Owner, Owner]) -> None:
    olga, per = owners
    begun = await olga.post("/refresh")
    assert begun.status_code == 202
    refused = await per.post("/refresh")
    assert error(refused) == (409, "job_running")
    job = (await per.get())["job"]
    assert (job["id"], job["state"]) == (begun.json()["job"]["id"], "queued")
