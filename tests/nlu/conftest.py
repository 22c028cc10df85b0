"""What the NLU tests share: rasa imported quietly, one tiny trained model, an action server."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.nlu.quiet import quietly  # isort: skip  (first: it imports rasa)

import rasa.model_training
from aiohttp import web
from rasa.core.agent import Agent
from rasa.core.lock_store import InMemoryLockStore
from rasa.utils.endpoints import EndpointConfig

from bot.nlu.tracker_store import RedisTrackerStore
from bot.triage import Turn, decide, load_policy

TINY = Path(__file__).with_name("tiny")
"""A three-intent assistant: enough for rules, a form, a hand-off and a clarification."""


@pytest.fixture
def unused_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained tiny assistant; a few seconds, once a session."""
    home = tmp_path_factory.mktemp("tiny")
    shutil.copytree(TINY, home, dirs_exist_ok=True)
    before = Path.cwd()
    os.chdir(home)  # rasa keeps its cache in the working directory
    try:
        with quietly():
            result = rasa.model_training.train(
                "domain.yml", "config.yml", "data.yml", "models", fixed_model_name="tiny"
            )
    finally:
        os.chdir(before)
    assert result.model is not None
    return home / str(result.model)


class Actions:
    """An action server of a few lines. `calls` are the names of the actions that were run."""

    url: str

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._called: dict[str, asyncio.Event] = {}
        self.broken = False
        self.gate: asyncio.Event | None = None
        self._policy = load_policy(Path("data/triage.yml").read_text(encoding="utf-8"))

    async def called(self, name: str) -> None:
        """Waits until the action has been called."""
        await asyncio.wait_for(self._called.setdefault(name, asyncio.Event()).wait(), 20)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        name, tracker = body["next_action"], body["tracker"]
        self.calls.append(name)
        self._called.setdefault(name, asyncio.Event()).set()
        if self.gate is not None and name != "action_triage":
            await self.gate.wait()
        if self.broken:
            return web.json_response({"error": "broken"}, status=500)
        return web.json_response(self._run(name, tracker))

    def _run(self, name: str, tracker: Mapping[str, Any]) -> dict[str, Any]:
        triage = tracker["slots"].get("triage") or {}
        if name == "action_triage":
            users = [e for e in tracker["events"] if e["event"] == "user"]
            message = users[-1]["message_id"]
            if triage.get("message") == message:  # a form that opens makes Rasa ask again
                again = {"event": "slot", "name": "triage", "value": triage}
                return {"events": [again], "responses": []}
            turn = Turn.from_parse(
                tracker["latest_message"],
                previous=triage,
                form=tracker["active_loop"].get("name"),
                requested_slot=tracker["slots"].get("requested_slot"),
            )
            decision = decide(turn, self._policy)
            seen = {**turn.as_seen(), **decision.as_seen()}
            slot = {**decision.as_slot(), "message": message, "turn": seen}
            return {"events": [{"event": "slot", "name": "triage", "value": slot}], "responses": []}
        if name == "action_handoff":
            handoff = {k: triage.get(k) for k in ("reason", "reasons", "skill")}
            said = [{"text": "I'm getting a colleague."}, {"custom": {"handoff": handoff}}]
            return {"events": [], "responses": said}
        assert name == "action_clarify", name
        buttons = [{"title": c, "payload": f"/{c}"} for c in triage["candidates"]]
        return {"events": [], "responses": [{"text": "What do you mean?", "buttons": buttons}]}


@pytest.fixture
async def actions() -> AsyncIterator[Actions]:
    """The actions, with `url` of the server that runs them."""
    served = Actions()
    app = web.Application()
    app.router.add_post("/webhook", served.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    served.url = f"http://127.0.0.1:{port}/webhook"
    yield served
    if served.gate is not None:
        served.gate.set()
    await runner.cleanup()


@pytest.fixture
async def agent(tiny_model: Path, redis_url: str, actions: Actions) -> AsyncIterator[Agent]:
    """The tiny assistant on a real Redis, with the real tracker store."""
    store = RedisTrackerStore(host=redis_url)
    endpoint = EndpointConfig(url=actions.url)
    agent = Agent(tracker_store=store, lock_store=InMemoryLockStore(), action_endpoint=endpoint)
    with quietly():
        agent.load_model(tiny_model)
    yield agent
    await store.close()
