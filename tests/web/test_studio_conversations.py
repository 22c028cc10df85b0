"""Conversations in the studio, over HTTP: found in the archive, read from the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request

from benchmarks.studio_data import ZONE, fill_archive, fill_store, history
from benchmarks.talks import Talk
from bot.archiving import forget_erased
from bot.events import Agent, Handoff, Reading
from bot.learning.archive import Archive
from bot.store import LOG, STATE, Store
from bot.web import wire
from bot.web.studio.conversations import ConversationPages
from tests.agent_client import error

URL = "/api/studio/conversations"
ANNA = Agent(login="anna", name="Anna Berg")


async def olga(_: Request) -> Agent:
    """Who may come in is tested with the studio's guard."""
    return Agent(login="olga", name="Olga")


@pytest.fixture
def torn() -> Talk:
    talk = Talk("torn", 1_790_000_000_000)
    talk.say("the tent is torn")
    reading = Reading(intent="complaint", confidence=0.8, reasons=("complains",), outcome="handoff")
    talk.answer("I'll fetch somebody.", reading, handoff=Handoff(reason="complaint"), after=300)
    talk.claim(ANNA, after=5_000)
    talk.reply(ANNA, "I'll send you a new pole", after=1_000)
    return talk


@pytest.fixture
async def http(tmp_path: Path, store: Store, torn: Talk) -> AsyncIterator[httpx.AsyncClient]:
    archive = Archive(tmp_path / "archive.db", write=True, zone=ZONE)
    talks = [*history(200), torn]
    fill_archive(archive, talks)
    await fill_store(store, talks)
    pages = ConversationPages(archive, store, partial(forget_erased, store, archive))
    app = Starlette(routes=pages.routes(olga), exception_handlers=wire.HANDLERS)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
        yield client
    archive.close()


async def found(http: httpx.AsyncClient, path: str = "", **asked: str) -> Any:
    answer = await http.get(URL + path, params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def test_a_list_goes_on_where_it_ended(http: httpx.AsyncClient) -> None:
    first = await found(http)
    second = await found(http, cursor=first["next"])
    assert first["total"] > len(first["conversations"])
    assert second["total"] is None
    both = {one["id"] for page in (first, second) for one in page["conversations"]}
    assert len(both) == len(first["conversations"]) + len(second["conversations"])


async def test_words_are_found_and_shown_where_they_stand(http: httpx.AsyncClient) -> None:
    page = await found(http, q="new pole")
    (line,) = page["conversations"]
    assert line["id"] == "torn"
    assert [part["text"] for part in line["found"]["parts"] if part["hit"]] == ["new", "pole"]
    assert line["found"]["who"] == "agent"


async def test_the_filters_offer_what_there_is(http: httpx.AsyncClient) -> None:
    page = await found(http, "/choices")
    assert "complaint" in page["intents"]
    assert {"login": "anna", "name": "Anna Berg"} in page["people"]
    assert page["words"]["contained"] == "the assistant alone"


async def test_one_is_read_with_all_that_was_noted(http: httpx.AsyncClient, torn: Talk) -> None:
    page = await found(http, "/torn")
    assert page["conversation"]["id"] == "torn"
    assert [event["kind"] for event in page["events"]] == [
        "started", "bot_answered", "customer_spoke", "bot_answered", "handoff_requested",
        "claimed", "agent_spoke",
    ]  # fmt: skip
    assert page["facts"]["wait_ms"] == 5_000
    (turn,) = page["turns"]
    assert (turn["seq"], turn["intent"], turn["result"]) == (3, "complaint", "passed_on")
    (handoff,) = page["handoffs"]
    assert (handoff["words"], handoff["claimed_by"]) == ("complains", "anna")


async def test_a_turn_says_why(http: httpx.AsyncClient) -> None:
    turn = await found(http, "/torn/turns/3")
    assert turn["text"] == "the tent is torn"
    assert turn["handoff"]["reason"] == "complaint"
    assert turn["steps"][0] == {"what": "Understood as complaint", "why": "complaint 0.80"}


@pytest.mark.parametrize("seq", ["1", "6", "99", "x", "-3", "9" * 30, "٣"])
async def test_what_is_no_turn_has_no_reasons(seq: str, http: httpx.AsyncClient) -> None:
    assert error(await http.get(f"{URL}/torn/turns/{seq}")) == (404, "unknown_turn")


async def test_what_was_erased_cannot_be_read_even_if_the_archive_lags_behind(
    http: httpx.AsyncClient, redis: Redis[bytes]
) -> None:
    await redis.delete(LOG.format("torn"), STATE.format("torn"))
    for path in ("/torn", "/torn/turns/3", "/nobody", "/nobody/turns/3"):
        assert error(await http.get(URL + path)) == (404, "unknown_conversation")


async def test_filters_that_make_no_sense_are_named(http: httpx.AsyncClient) -> None:
    assert error(await http.get(URL, params={"rating": "9"})) == (400, "bad_filter")
    assert error(await http.get(URL, params={"from": "x"})) == (400, "bad_period")
    assert error(await http.get(URL, params={"cursor": "x"})) == (400, "bad_filter")
    answer = await http.get(URL, params={"color": "red"})
    assert "color" in answer.json()["error"]["message"]


async def test_syntax_is_only_text(http: httpx.AsyncClient) -> None:
    for text in ('"', "NEAR(a b)", "a OR", "col:x", "'; DROP TABLE message; --", "*", "\x00"):
        page = await found(http, q=text)
        assert page["total"] == len(page["conversations"])


async def test_an_erased_conversation_is_in_no_list_from_then_on(
    http: httpx.AsyncClient, redis: Redis[bytes]
) -> None:
    before = await found(http, q="tent is torn")
    assert [one["id"] for one in before["conversations"]] == ["torn"]
    await redis.delete(LOG.format("torn"), STATE.format("torn"))
    after = await found(http, q="tent is torn")
    assert (after["conversations"], after["total"]) == ([], before["total"] - 1)
    assert "torn" not in {one["id"] for one in (await found(http))["conversations"]}


async def test_the_list_says_of_how_many_logs_it_is(http: httpx.AsyncClient) -> None:
    known = (await found(http))["archive"]
    assert known["read"] > 30
    assert known["of"] is None  # nobody has compared it with the logs
