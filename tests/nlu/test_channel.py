"""The assistant's door over real HTTP: token, checks, and JSON whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Sanic

from bot.nlu.channel import BadRequest, GatewayChannel, model_name, read_stretch, read_turn
from bot.nlu.suggest import FILE
from bot.triage_file import TriageFile
from tests.nlu.conftest import Actions

TOKEN = "a-token-of-the-tests"
TURN = {"conversation": "c-1", "seq": 1, "epoch": 0, "text": "hello", "payload": None}


async def _ignored(message: UserMessage) -> None:
    raise AssertionError("rasa's own handler must not be used")


@pytest.fixture
async def door(agent: Agent) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the token, in front of the channel and the tiny assistant."""
    channel = GatewayChannel.from_credentials({"token": TOKEN})
    Sanic.test_mode = True
    app = Sanic(f"door_{id(agent)}", configure_logging=False)
    app.blueprint(channel.blueprint(_ignored), url_prefix="/webhooks/deskhand")
    app.ctx.agent = agent
    server: Any = await app.create_server(
        host="127.0.0.1", port=0, return_asyncio_server=True, access_log=False
    )
    await server.startup()
    port = server.server.sockets[0].getsockname()[1]
    client = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}/webhooks/deskhand",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )
    async with client:
        yield client
    server.close()
    await server.wait_closed()


async def test_health_names_the_model(door: httpx.AsyncClient) -> None:
    answer = await door.get("/")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "model": "tiny", "turns": 0}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bärer"])
@pytest.mark.parametrize("path", ["/", "/turn", "/returned", "/suggest"])
async def test_without_the_token_nothing_is_answered(
    door: httpx.AsyncClient, header: str, path: str, actions: Actions
) -> None:
    headers = {b"Authorization": header.encode()}
    method = "GET" if path == "/" else "POST"
    answer = await door.request(method, path, json=TURN, headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"error": "the token is missing or wrong"}
    assert actions.calls == []


async def test_a_turn_and_its_repetition_give_the_same_answer(door: httpx.AsyncClient) -> None:
    first = await door.post("/turn", json=TURN)
    assert first.status_code == 200
    assert set(first.json()) == {"messages", "parse", "slots", "triage", "handoff"}
    assert set(first.json()["parse"]) == {
        "intent",
        "confidence",
        "ranking",
        "entities",
        "sentiment",
        "frustration",
        "out_of_scope",
        "language",
    }
    assert (await door.post("/turn", json=TURN)).json() == first.json()


async def test_a_return_is_acknowledged(door: httpx.AsyncClient) -> None:
    line = {"seq": 8, "who": "agent", "text": "Hello"}
    body = {"conversation": "c-1", "seq": 9, "lines": [line]}
    answer = await door.post("/returned", json=body)
    assert answer.status_code == 200
    assert answer.json() == {}


async def test_a_suggestion_says_what_the_assistant_would_and_leaves_no_trace(
    door: httpx.AsyncClient, actions: Actions
) -> None:
    answer = await door.post("/suggest", json={"text": "when do you open"})
    found = answer.json()
    assert (found["text"], found["intent"]) == ("From nine to five.", "opening_hours")
    assert found["confidence"] >= 0.6
    assert actions.calls == []
    assert (await door.post("/suggest", json={"text": "/opening_hours"})).status_code == 200
    assert (await door.post("/suggest", json={"text": "I want a person"})).json() == {}
    assert (await door.post("/suggest", json={"text": 7})).status_code == 400


async def test_nothing_is_suggested_where_the_owner_does_not_want_it(
    door: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    quiet = FILE.path.read_text("utf-8").replace("suggestions: true", "suggestions: false")
    (tmp_path / "triage.yml").write_text(quiet, encoding="utf-8")
    monkeypatch.setattr("bot.nlu.suggest.FILE", TriageFile(tmp_path / "triage.yml"))
    assert (await door.post("/suggest", json={"text": "when do you open"})).json() == {}


async def test_a_failure_within_is_json(door: httpx.AsyncClient, actions: Actions) -> None:
    actions.broken = True
    answer = await door.post("/turn", json=TURN)
    assert answer.status_code == 500
    assert "action_triage did not run" in answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe"])
async def test_a_body_that_is_no_object_is_refused(door: httpx.AsyncClient, body: bytes) -> None:
    answer = await door.post("/turn", content=body)
    assert answer.status_code == 400
    assert "body" in answer.json()["error"]


async def test_typed_text_of_any_kind_gets_an_answer(door: httpx.AsyncClient) -> None:
    strange = [
        "",
        "/restart",
        "👍",
        "مرحبا كيف حالك",
        "<script>alert(1)</script>",
        "x" * 5000,
        "\x00",
    ]
    for seq, text in enumerate(strange, start=10):
        answer = await door.post("/turn", json={**TURN, "seq": seq, "text": text})
        assert answer.status_code == 200, (text, answer.text)
        assert answer.json()["messages"] or answer.json()["handoff"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conversation": None}, "conversation is 'None'; it must be a JSON string"),
        ({"conversation": ""}, "conversation is empty"),
        ({"seq": "1"}, "seq is '1'; it must be a JSON integer"),
        ({"seq": True}, "seq is 'True'; it must be a JSON integer"),
        ({"text": 7}, "text is '7'; it must be a JSON string"),
        ({"payload": "affirm"}, "a payload starts with /"),
        ({"deadline": "soon"}, "could not convert string to float"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_turn({**TURN, **change})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "lines", [None, "x", [1], [{"who": "bot", "text": "x"}], [{"who": "agent"}]]
)
def test_a_wrong_stretch_is_refused(lines: Any) -> None:
    with pytest.raises(BadRequest):
        read_stretch({"conversation": "c", "seq": 1, "lines": lines})


@pytest.mark.parametrize("credentials", [None, {}, {"token": ""}, {"token": "${DESKHAND_X}"}])
def test_without_a_token_the_channel_does_not_start(credentials: dict[str, Any] | None) -> None:
    with pytest.raises(RasaException, match="DESKHAND_ASSISTANT_TOKEN"):
        GatewayChannel.from_credentials(credentials)


def test_the_model_is_named_without_its_endings() -> None:
    assert model_name("models/20261122-1432.tar.gz") == "20261122-1432"
