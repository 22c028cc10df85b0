"""The studio's figures over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from benchmarks.studio_data import END, ZONE, fill_archive, history
from bot.events import Agent
from bot.learning.archive import Archive
from bot.web import wire
from bot.web.studio.insights import InsightPages
from tests.agent_client import error

URL = "/api/studio/insights"


async def olga(_: Request) -> Agent:
    """Who may come in is tested with the studio's guard."""
    return Agent(login="olga", name="Olga")


async def nothing_erased(_: Collection[str]) -> bool:
    """Erased ones are looked for in the logs, of which there are none here."""
    return False


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    archive = Archive(tmp_path / "archive.db", write=True, zone=ZONE)
    fill_archive(archive, history(600, days=40))
    routes = InsightPages(archive, nothing_erased, now=lambda: END).routes(olga)
    app = Starlette(routes=routes, exception_handlers=wire.HANDLERS)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
        yield client
    archive.close()


async def test_without_a_word_it_is_the_last_thirty_days(http: httpx.AsyncClient) -> None:
    answer = await http.get(URL)
    found = answer.json()
    assert (found["first"], found["last"], found["days"]) == ("2026-10-24", "2026-11-22", 30)
    assert found["before_first"] is None
    assert found["zone"] == "Europe/Oslo"
    assert answer.headers["cache-control"] == "no-store"
    figures = {one["name"]: one for one in found["figures"]}
    assert 0 < figures["containment"]["value"] < 1
    assert figures["containment"]["filter"] == {
        "from": "2026-10-24",
        "to": "2026-11-22",
        "source": "here",
        "result": "contained",
    }
    assert len(found["load"]) == 7
    assert {len(day) for day in found["load"]} == {24}
    assert len(found["trend"]) == 30
    results = {name for intent in found["intents"] for name in intent["results"]}
    assert results <= set(found["words"])


async def test_a_period_and_the_one_before_it(http: httpx.AsyncClient) -> None:
    asked = {"from": "2026-11-09", "to": "2026-11-15", "compare": "1"}
    found = (await http.get(URL, params=asked)).json()
    assert (found["before_first"], found["before_last"]) == ("2026-11-02", "2026-11-08")
    figures = {one["name"]: one for one in found["figures"]}
    assert figures["conversations"]["before"] > 0


async def test_the_same_as_a_file_for_spreadsheets(http: httpx.AsyncClient) -> None:
    asked = {"from": "2026-11-09", "to": "2026-11-15"}
    answer = await http.get(URL + ".csv", params=asked)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    name = 'filename="deskhand-2026-11-09-2026-11-15.csv"'
    assert name in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.reader(io.StringIO(answer.text)))
    figures = {one["name"]: one for one in (await http.get(URL, params=asked)).json()["figures"]}
    assert int(rows[1][3]) == figures["conversations"]["value"]


@pytest.mark.parametrize("path", [URL, URL + ".csv"])
async def test_dates_that_make_no_sense_are_named(path: str, http: httpx.AsyncClient) -> None:
    answer = await http.get(path, params={"from": "2026-02-30"})
    assert error(answer) == (400, "bad_period")
    assert "2026-02-30" in answer.json()["error"]["message"]
    answer = await http.get(path, params={"from": "2026-11-02", "to": "2026-11-01"})
    assert error(answer) == (400, "bad_period")
