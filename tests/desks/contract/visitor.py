"""A customer for the desks' tests: what the widget does, less the browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from tests.agent_client import events_of, new_id
from tests.desks.contract.driver import until_true
from tests.polling import PATIENCE_S

Entry = dict[str, Any]


class Visitor:
    """One chat, with all that the customer has seen of it so far in `log` and `state`."""

    def __init__(self, http: httpx.AsyncClient, id: str) -> None:
        self._http = http
        self.id = id
        self.log: list[Entry] = []
        self.state: dict[str, Any] = {}

    async def post(self, path: str, **body: Any) -> int:
        response = await self._http.post(path, json={"client_id": new_id(), **body})
        assert response.status_code == 202, response.text
        return int(response.json()["seq"])

    async def say(self, text: str, **more: Any) -> int:
        return await self.post("/messages", text=text, **more)

    async def ask_for_person(self) -> None:
        await self.post("/handoff")

    async def send_file(self, name: str, content: bytes) -> None:
        response = await self._http.post(
            "/files", params={"name": name, "client_id": new_id()}, content=content
        )
        assert response.status_code == 201, response.text
        await self.say("", files=[response.json()["id"]])

    async def file(self, id: str) -> bytes:
        return (await self._http.get(f"/files/{id}")).raise_for_status().content

    async def rate(self, stars: int, comment: str) -> None:
        await self.post("/rating", stars=stars, comment=comment)

    # ------------------------------------------------------------------------- what they see

    def texts(self) -> list[str]:
        """What agents said, as it reads now; "" for what was taken back."""
        said: dict[int, str] = {}
        for entry in self.log:
            if entry["kind"] == "agent_spoke":
                said[entry["seq"]] = entry["text"]
            elif entry["kind"] == "agent_edited":
                said[entry["of"]] = entry["text"]
            elif entry["kind"] == "agent_retracted":
                said[entry["of"]] = ""
        return list(said.values())

    async def reads(self, *texts: str) -> None:
        """Agents have said just `texts` by now."""
        await until_true(
            lambda: self.texts() == list(texts), f"that {texts} are read, not {self.texts()},"
        )

    async def sees(self, what: str, check: Callable[[Entry], bool]) -> Entry:
        await until_true(lambda: any(map(check, self.log)), what)
        return next(entry for entry in self.log if check(entry))

    async def is_in(self, state: str) -> None:
        await until_true(lambda: self.state.get("state") == state, f"the state {state!r}")

    def everything(self) -> str:
        return str(self.log)

    async def _follow(self) -> None:
        after = 0
        while True:
            try:
                async with self._http.stream("GET", f"/events?after={after}") as response:
                    async for name, data in events_of(response):
                        if name == "log":
                            self.log.append(data)
                            after = data["seq"]
                        elif name == "state":
                            self.state = data
            except httpx.HTTPError:
                await asyncio.sleep(0.1)  # the gateway was killed; it comes back


@asynccontextmanager
async def visiting(url: str) -> AsyncIterator[Visitor]:
    """Somebody opens the chat, and follows it."""
    async with httpx.AsyncClient(
        base_url=f"{url}/api/chat", trust_env=False, timeout=httpx.Timeout(PATIENCE_S, read=60)
    ) as http:
        session = (await http.post("/session", json={})).json()
        http.headers["Authorization"] = f"Bearer {session['token']}"
        visitor = Visitor(http, session["conversation"])
        following = asyncio.create_task(visitor._follow())
        try:
            yield visitor
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
