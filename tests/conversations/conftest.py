"""The really trained assistant with its action server, for the dialogues.

Overrides the scripted `assistant` of tests/conftest.py. The model is trained once per test run;
`DESKHAND_TEST_MODEL` names one that has been trained already.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.learning.train import Project, train
from bot.processes import free_ports
from bot.redis_server import RedisServer

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0


class RealAssistant:
    """Rasa and its action server on loopback; `turn` speaks the gateway's protocol."""

    def __init__(self, model: Path, redis_url: str, folder: Path) -> None:
        port, actions_port = free_ports(2)
        self._url = f"http://127.0.0.1:{port}/webhooks/deskhand"
        self._token = secrets.token_hex(16)
        self._folder = folder
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SHOP_", "DESKHAND_"))},
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "SANIC_HOST": "127.0.0.1",
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": redis_url,
            "DESKHAND_ASSISTANT_TOKEN": self._token,
            "DESKHAND_ACTIONS_URL": f"http://127.0.0.1:{actions_port}/webhook",
            "DESKHAND_SHOP_DB": str(folder / "shop.db"),
        }
        sdk = ["-m", "rasa_sdk", "--actions", "actions", "--port", str(actions_port)]
        rasa = ["-m", "rasa", "run", "--model", str(model), "-i", "127.0.0.1"]
        rasa += ["-p", str(port), "--endpoints", "endpoints.yml"]
        rasa += ["--credentials", "credentials.yml"]
        self._processes = [
            self._start("actions", sdk, env),
            self._start("assistant", rasa, env),
        ]
        self._wait(f"http://127.0.0.1:{actions_port}/health", "actions")
        self._wait(f"{self._url}/", "assistant")

    def _start(self, name: str, argv: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *argv], cwd=ROOT, env=env, stdout=log, stderr=log
            )

    def _wait(self, url: str, name: str) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if any(process.poll() is not None for process in self._processes):
                break
            try:
                if httpx.get(url, headers=headers, timeout=2, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        log = (self._folder / f"{name}.log").read_text(errors="replace")
        self.stop()
        raise AssertionError(f"the {name} did not start:\n{log[-3000:]}")

    async def turn(
        self, conversation: str, seq: int, text: str, payload: str | None = None
    ) -> dict[str, Any]:
        """One turn; raises httpx.HTTPStatusError when the assistant has no answer."""
        body = {"conversation": conversation, "seq": seq, "epoch": 0, "text": text}
        # A client for each turn: every test has an event loop of its own.
        async with httpx.AsyncClient(timeout=30.0, trust_env=False) as client:
            response = await client.post(
                f"{self._url}/turn",
                json={**body, "payload": payload},
                headers={"Authorization": f"Bearer {self._token}"},
            )
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def stop(self) -> None:
        """Ends both processes."""
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def trained_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of this working tree."""
    given = os.environ.get("DESKHAND_TEST_MODEL")
    if given:
        return Path(given).resolve()
    folder = tmp_path_factory.mktemp("training")
    project = Project(
        root=ROOT, models=folder / "models", logs=folder / "log", cache=folder / "cache"
    )
    project.logs.mkdir()
    model = asyncio.run(train(project, lambda words: None))
    return project.models / model.model


@pytest.fixture(scope="session")
def real_assistant(
    trained_model: Path, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealAssistant]:
    """One assistant for all dialogues."""
    assistant = RealAssistant(trained_model, redis_server.url, tmp_path_factory.mktemp("assistant"))
    yield assistant
    assistant.stop()


@pytest.fixture
def assistant(real_assistant: RealAssistant) -> RealAssistant:
    return real_assistant
