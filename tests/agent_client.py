"""An agent's browser without the browser: the calls that the console makes, and their answers.

Here belongs what several test modules need to speak to the desk over HTTP.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx

from bot.router import Router
from tests.gateway import RunningGateway
from tests.polling import PATIENCE_S

PASSWORD = "correct horse battery"


def new_id() -> str:
    return str(uuid.uuid4())


class AgentClient:
    """An agent's browser: cookie jar, CSRF token, and the calls the console makes."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.origin = gateway.url
        self.http = httpx.AsyncClient(
            base_url=gateway.url,
            headers={"Origin": gateway.url},
            trust_env=False,
            timeout=PATIENCE_S,
        )

    async def log_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        response = await self.http.post(
            "/api/desk/login", json={"login": login, "password": password}
        )
        if response.status_code == 200:
            self.http.headers["X-CSRF-Token"] = response.json()["csrf"]
        return response

    async def order(
        self, conversation: str, command: str, client_id: str | None = None, **more: Any
    ) -> httpx.Response:
        return await self.http.post(
            f"/api/desk/conversations/{conversation}/commands",
            json={"client_id": client_id or new_id(), "command": command, **more},
        )

    async def do(self, conversation: str, command: str, **more: Any) -> int:
        response = await self.order(conversation, command, **more)
        assert response.status_code == 202, response.text
        return int(response.json()["seq"])

    async def look(self, conversation: str) -> dict[str, Any]:
        response = await self.http.get(f"/api/desk/conversations/{conversation}")
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def kinds(self, conversation: str) -> list[str]:
        return [event["kind"] for event in (await self.look(conversation))["events"]]

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        async with self.http.stream("GET", path) as response:
            assert response.status_code == 200
            yield events_of(response)


async def events_of(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


async def until_event(events: AsyncIterator[tuple[str, Any]], wanted: str) -> Any:
    with anyio.fail_after(PATIENCE_S):
        async for name, data in events:
            if name == wanted:
                return data
    raise AssertionError(f"the stream ended before {wanted!r}")


async def until(
    check: Callable[[], Awaitable[bool]], what: str, within: float = PATIENCE_S
) -> None:
    """Ask `check` until it is true; fail with `what` after `within` seconds."""
    with anyio.move_on_after(within):
        while not await check():
            await anyio.sleep(0.01)
        return
    raise AssertionError(f"{what} did not happen within {within:g} s")


async def escalate(router: Router, text: str) -> str:
    """A customer asks for a person, then says what it is about (so the bot has no turn)."""
    id = (await router.open("https://shop.example/tents")).id
    await router.ask_for_person(id, client_id=new_id(), reason="asked_for_human")
    await router.from_customer(id, text, client_id=new_id())
    return id


def error(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert set(body["error"]) == {"code", "message", "hint"}
    return response.status_code, body["error"]["code"]
