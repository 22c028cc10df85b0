"""A synthetic conversation through a running Deskhand, from the customer's first word to the end:
over HTTP as the widget does it, past the assistant, to each desk that is set up, and back.

It is marked as a test: nobody is asked to come, no queue and no figure counts it, and it is
forgotten after a day. At a desk its card says what it is. Does not belong here: what is set up
wrong (`bot.doctor`); this only sees what does not arrive.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import anyio
import httpx

from bot import commands
from bot.delivery import Station
from bot.desks import Finding
from bot.errors import DeskhandError
from bot.events import Agent, Assigned, Handoff, Rung
from bot.router import Router
from bot.store import Store
from bot.web.sessions import Sessions

T = TypeVar("T")

#: Who answers in the test, for all to see.
TESTER = Agent(login="deskhand-doctor", name="Deskhand doctor (test)")
#: A message of everybody's: the assistant needs no order for it.
HELLO = "Hello, what can you help with?"
#: How long each step may take, in seconds; the assistant's deadline comes on top of its own.
STEP_S = 10.0
#: Platforms are slower, and the pace of a busy channel is kept.
DESK_S = 45.0


class RoundTrip:
    """One test conversation.

    Args:
        url: of the gateway. `store`, `router` and `sessions` work on its Redis.
        stations: the desks that are set up.
        turn: seconds that the assistant may take.
    """

    def __init__(
        self,
        url: str,
        *,
        store: Store,
        router: Router,
        sessions: Sessions,
        stations: Sequence[Station],
        turn: float,
    ) -> None:
        self._http = httpx.AsyncClient(base_url=f"{url}/api/chat", trust_env=False, timeout=STEP_S)
        self._store = store
        self._router = router
        self._sessions = sessions
        self._stations = stations
        self._turn = turn
        self._events: list[dict[str, Any]] = []
        self._grown = asyncio.Event()

    async def run(self) -> list[Finding]:
        """Each step needs those before it: the first that fails is the last that is told."""
        findings: list[Finding] = []
        try:
            async with self._http:
                await self._go(findings)
        except _Stopped as why:
            findings.append(why.finding)
        return findings

    async def _go(self, findings: list[Finding]) -> None:
        def note(what: str, began: float) -> None:
            findings.append(Finding(True, f"{what} ({(time.monotonic() - began) * 1000:.0f} ms)"))

        began = time.monotonic()
        id = await self._step(self._open(), "a chat could not be opened")
        note("a chat was opened", began)
        listening = asyncio.create_task(self._listen())
        try:
            began = time.monotonic()
            await self._step(self._say(), "a message was not accepted")
            answered = await self._heard("bot_answered", self._turn + STEP_S, after=1)
            if answered is None:
                # People can be had without it, so the rest is worth a look.
                fix = "Look at the line “assistant” of `deskhand up`, and at var/log/assistant.log."
                findings.append(Finding(False, "the assistant did not answer a message", fix))
            else:
                note("the assistant answered", began)
            began = time.monotonic()
            await self._step(self._ask(id), "the hand-off was not stored")
            await self._must_hear("handoff_requested", "the hand-off")
            note("a person was asked for", began)
            for station in self._stations:
                began = time.monotonic()
                await self._show(id, station)
                note(f"{station.desk.name} has the card", began)
            began = time.monotonic()
            seq = await self._step(self._reply(id), "an agent's reply was not stored")
            await self._must_hear("agent_spoke", "the agent's reply")
            note("an agent's reply reached the customer", began)
            await self._all_desks_have(id, seq, "the reply")
            seq = await self._step(self._close(id), "the conversation could not be closed")
            await self._must_hear("closed", "the end")
            await self._all_desks_have(id, seq, "the end")
            findings.append(Finding(True, "the conversation was closed everywhere"))
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, httpx.HTTPError):
                await listening

    # ------------------------------------------------------------------------------- the customer

    async def _open(self) -> str:
        """The conversation is made here, since nobody else may mark it as a test; the widget's
        session is then had over HTTP, as the widget renews one."""
        conversation = await self._router.open("deskhand doctor", test=True)
        token = await self._sessions.issue(conversation.id, "")
        answer = (await self._post("session", token=token)).json()
        if answer["conversation"] != conversation.id:
            raise _stop(
                "the gateway does not know its own session", "Is it another gateway's Redis?"
            )
        self._http.headers["Authorization"] = f"Bearer {answer['token']}"
        return conversation.id

    async def _say(self) -> None:
        await self._post("messages", text=HELLO, client_id="deskhand-doctor")

    async def _post(self, path: str, **body: Any) -> httpx.Response:
        response = await self._http.post(f"/{path}", json=body)
        response.raise_for_status()
        return response

    async def _listen(self) -> None:
        async with self._http.stream("GET", "/events", timeout=None) as response:
            name = ""
            async for line in response.aiter_lines():
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data" and name == "log":
                    self._events.append(json.loads(value))
                    self._grown.set()

    async def _heard(self, kind: str, within: float, after: int = 0) -> dict[str, Any] | None:
        """The customer's next event of `kind`, the first `after` of them passed over."""
        with anyio.move_on_after(within):
            while True:
                found = [event for event in self._events if event["kind"] == kind]
                if len(found) > after:
                    return found[after]
                self._grown.clear()
                await self._grown.wait()
        return None

    async def _must_hear(self, kind: str, what: str) -> None:
        if await self._heard(kind, STEP_S) is None:
            fix = "Event streams may be held back: see “Behind a reverse proxy” in docs/running.md."
            raise _stop(f"{what} did not reach the customer within {STEP_S:.0f} s", fix)

    # ---------------------------------------------------------------------------------- the agents

    async def _ask(self, id: str) -> None:
        handoff = Handoff(reason="test", summary="A test by deskhand doctor.\nPlease ignore it.")
        await self._router.execute(id, commands.AskForPerson(handoff=handoff))

    async def _show(self, id: str, station: Station) -> None:
        c = await self._store.load(id)
        assigned = Assigned(step=0, rung=Rung.FIRST.value, desk=station.desk.name)
        assign = commands.Assign(assigned=assigned, epoch=c.epoch)
        seq = (await self._router.execute(id, assign)).seq
        await self._desk_has(id, station, seq, "the card")

    async def _reply(self, id: str) -> int:
        reply = commands.Reply(agent=TESTER, text="This is a test.")
        return (await self._router.from_agent(id, reply, client_id="deskhand-doctor-reply")).seq

    async def _close(self, id: str) -> int:
        close = commands.Close(agent=TESTER, outcome="solved")
        return (await self._router.from_agent(id, close, client_id="deskhand-doctor-close")).seq

    async def _all_desks_have(self, id: str, seq: int, what: str) -> None:
        for station in self._stations:
            await self._desk_has(id, station, seq, what)

    async def _desk_has(self, id: str, station: Station, seq: int, what: str) -> None:
        name = station.desk.name
        with anyio.move_on_after(DESK_S):
            while True:
                if (await station.threads.load(id)).seen >= seq:
                    return
                await anyio.sleep(0.05)
        _, down = await station.health.rest()
        _, refused = await station.health.dead_letters()
        why = [one.why for one in refused if one.conversation == id]
        fix = down.why if down else "".join(why[:1]) or "Look at var/log/gateway.log."
        raise _stop(f"{name} did not get {what} within {DESK_S:.0f} s", fix)

    async def _step(self, work: Awaitable[T], failure: str) -> T:
        try:
            return await work
        except httpx.HTTPStatusError as why:
            raise _stop(failure, f"The gateway answered {why.response.text[:300]}") from None
        except httpx.HTTPError as why:
            raise _stop(failure, f"The gateway does not answer: {why!r}") from None
        except DeskhandError as why:
            raise _stop(failure, f"{why.message} {why.hint}".strip()) from None


class _Stopped(Exception):
    def __init__(self, finding: Finding) -> None:
        self.finding = finding


def _stop(what: str, fix: str) -> _Stopped:
    return _Stopped(Finding(False, what, fix))
