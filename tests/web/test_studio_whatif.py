"""The API of the page What-if: what it gives, what it refuses, and what it writes."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.learning.archive import ARCHIVE, Archive
from bot.triage_policy import load_policy
from bot.web.logins import Logins
from bot.web.studio.whatif import WhatIf
from tests.agent_client import error
from tests.web.conftest import at_studio

SHIPPED = Path(__file__).parents[2] / "data/triage.yml"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return Path(shutil.copy(SHIPPED, tmp_path / "triage.yml"))


async def nothing_erased(_: Collection[str]) -> bool:
    """Erased ones are looked for in the logs, of which there are none here."""
    return False


class Owner:
    """An owner with a session, as our page would be."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self) -> httpx.Response:
        return await self.http.get("/whatif")

    async def post(self, path: str = "", /, **body: object) -> httpx.Response:
        return await self.http.post(f"/whatif{path}", json=body)


async def seat(login: str, logins: Logins, policy: Path, archive: Path) -> Owner:
    return Owner(await at_studio(login, logins, WhatIf(policy, archive, nothing_erased)))


@pytest.fixture
async def owner(logins: Logins, policy: Path, tmp_path: Path) -> Owner:
    archive = tmp_path / ARCHIVE
    Archive(archive, write=True).close()
    return await seat("olga", logins, policy, archive)


async def test_the_numbers_come_with_their_comments(owner: Owner) -> None:
    state = (await owner.get()).json()
    first = state["numbers"][0]
    assert (first["key"], first["value"]) == ("confidence.answer", 0.4)
    assert (first["section"], first["least"], first["most"]) == ("Understanding", 0, 1)
    assert first["about"].startswith("From this confidence on")


async def test_a_replay_changes_nothing(owner: Owner, policy: Path) -> None:
    before = policy.read_bytes()
    answer = await owner.post(values={"confidence.answer": 0.5}, days=7)
    assert answer.status_code == 200
    assert (answer.json()["turns"], answer.json()["hours"]) == (0, 0)
    assert [group["code"] for group in answer.json()["groups"]][:2] == ["gained", "lost"]
    assert policy.read_bytes() == before


async def test_saving_writes_the_numbers_and_says_when_they_count(
    owner: Owner, policy: Path
) -> None:
    mark = (await owner.get()).json()["mark"]
    saved = await owner.post("/save", values={"confidence.answer": 0.5}, mark=mark)
    assert "next message" in saved.json()["active"]
    assert load_policy(policy.read_text(encoding="utf-8")).answer_confidence == 0.5
    again = await owner.post("/save", values={"confidence.answer": 0.55}, mark=mark)
    assert error(again) == (409, "policy_changed")
    assert load_policy(policy.read_text(encoding="utf-8")).answer_confidence == 0.5
    later = await owner.post("/save", values={"margin": 1}, mark=saved.json()["mark"])
    assert error(later) == (400, "unknown_number")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"values": {"confidence.answer": 0.9}}, "policy"),
        ({"values": {"confidence.answer": "much"}}, "bad_request"),
        ({"values": {"confidence.nothing": 0.5}}, "unknown_number"),
        ({"values": {}, "days": 0}, "bad_request"),
        ({"values": {}, "days": 1000}, "bad_request"),
        ({"numbers": {}}, "bad_request"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    owner: Owner, body: dict[str, Any], code: str
) -> None:
    answer = await owner.post(**body)
    assert error(answer) == (400, code)


async def test_a_broken_file_is_named_with_its_line(owner: Owner, policy: Path) -> None:
    policy.write_text("confidence: [", encoding="utf-8")
    answer = await owner.get()
    assert error(answer) == (400, "policy")
    assert "line 1" in answer.json()["error"]["message"]
    policy.unlink()
    assert error(await owner.get()) == (400, "file_unusable")


async def test_without_an_archive_it_says_so(logins: Logins, policy: Path, tmp_path: Path) -> None:
    owner = await seat("olga", logins, policy, tmp_path / "nothing.db")
    answer = await owner.post(values={})
    assert error(answer) == (400, "archive_missing")


async def test_agents_get_nothing(logins: Logins, policy: Path, tmp_path: Path) -> None:
    anna = await seat("anna", logins, policy, tmp_path / ARCHIVE)
    answers = [await anna.get(), await anna.post(values={}), await anna.post("/save", values={})]
    assert [error(a) for a in answers] == [(403, "owners_only")] * 3
    anna.http.headers["Cookie"] = ""
    assert (await anna.get()).status_code == 401
