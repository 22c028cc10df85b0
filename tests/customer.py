"""A customer for tests: what the widget does, less the browser."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import httpx

from tests.polling import PATIENCE_S

Log = list[dict[str, Any]]


class Gateway(Protocol):
    """Whatever listens at `url`."""

    @property
    def url(self) -> str: ...


class Customer:
    """One chat session against a running gateway."""

    def __init__(self, gateway: Gateway, **headers: str) -> None:
        self.http = httpx.Client(
            base_url=f"{gateway.url}/api/chat", headers=headers, timeout=PATIENCE_S, trust_env=False
        )
        self.session = self.http.post("/session", json={}).json()
        self.http.headers["Authorization"] = f"Bearer {self.session['token']}"

    def post(self, path: str, **body: Any) -> httpx.Response:
        body.setdefault("client_id", str(uuid.uuid4()))
        return self.http.post(path, json=body)

    def say(self, text: str, **more: Any) -> int:
        response = self.post("/messages", text=text, **more)
        assert response.status_code == 202, response.text
        return int(response.json()["seq"])

    @contextmanager
    def listening(self, after: int = 0) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
        with self.http.stream("GET", f"/events?after={after}") as response:
            assert response.status_code == 200
            yield events(response)

    def log(self, enough: Callable[[Log], bool], after: int = 0) -> Log:
        """Read the log from `after` until `enough(entries)`."""
        entries: Log = []
        with self.listening(after) as events:
            for name, data in events:
                if name == "log":
                    entries.append(data)
                    if enough(entries):
                        break
        return entries


def shown(kind: str) -> Callable[[Log], bool]:
    """Enough when the latest entry is of `kind`."""
    return lambda log: bool(log[-1]["kind"] == kind)


def events(response: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """What comes on a stream of events: each with its name."""
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def answered(times: int) -> Callable[[Log], bool]:
    """Enough when the bot has answered so often (the greeting not counted)."""
    return lambda log: sum(e["kind"] == "bot_answered" for e in log) == times + 1
