"""The console as a desk of the contract: an agent's browser, less the browser.

It calls what the console's page calls. That the page has a button for everything is shown in
`tests/e2e/test_console*`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import argon2
import yaml

from bot.events import Agent
from bot.web.accounts import Accounts, Role
from tests.agent_client import PASSWORD, AgentClient, new_id
from tests.desks.contract.driver import ANNA, BEN, CANNED, DeskDriver, Workplace, gateway_of
from tests.gateway import RunningGateway
from tests.polling import PATIENCE_S

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class ConsoleDriver:
    def __init__(
        self, gateway: RunningGateway, place: Workplace, agents: dict[str, AgentClient]
    ) -> None:
        self.gateway = gateway
        self._place = place
        self._agents = agents

    # ------------------------------------------------------------------------- what they see

    async def sees_card(self, id: str, *words: str) -> None:
        await self._wait(f"a card with {words}", lambda queue: _on_a_card(queue, id, words))

    async def shown(self) -> set[str]:
        return {card["id"] for card in _cards(await self._queue())}

    async def sees(self, id: str, text: str) -> None:
        with anyio.fail_after(PATIENCE_S):
            while text not in json.dumps((await self._look(id))["events"], ensure_ascii=False):
                await anyio.sleep(0.02)

    async def sees_held(self, who: Agent, id: str, text: str) -> None:
        with anyio.fail_after(PATIENCE_S):
            while not _with_text((await self._look(id))["conversation"]["held"], text):
                await anyio.sleep(0.02)

    async def sees_rating(self, id: str, stars: int, comment: str) -> None:
        rating = {"stars": stars, "comment": comment}
        with anyio.fail_after(PATIENCE_S):
            while (await self._look(id))["conversation"]["rating"] != rating:
                await anyio.sleep(0.02)

    async def file(self, who: Agent, id: str, name: str) -> bytes:
        await self.sees(id, name)
        files = [
            file
            for event in (await self._look(id))["events"]
            for file in event.get("files", ())
            if file["name"] == name
        ]
        response = await self._agents[who.login].http.get(
            f"/api/desk/conversations/{id}/files/{files[-1]['id']}"
        )
        return response.raise_for_status().content

    async def transcript(self, who: Agent, id: str) -> str:
        response = await self._agents[who.login].http.get(
            f"/api/desk/conversations/{id}/transcript"
        )
        return response.raise_for_status().text

    # --------------------------------------------------------------------------- what they do

    async def claim(self, who: Agent, id: str) -> str:
        response = await self._agents[who.login].order(id, "claim")
        return "" if response.is_success else str(response.json()["error"]["message"])

    async def reply(self, who: Agent, id: str, text: str) -> None:
        await self._do(who, id, "reply", text=text)

    async def note(self, who: Agent, id: str, text: str) -> None:
        await self._do(who, id, "note", text=text)

    async def take_over(self, who: Agent, id: str, text: str) -> None:
        await self._do(who, id, "send_held", of=await self._open(id, "held", text))

    async def discard(self, who: Agent, id: str, text: str) -> None:
        await self._do(who, id, "drop_held", of=await self._open(id, "held", text))

    async def send_file(self, who: Agent, id: str, name: str, content: bytes) -> None:
        response = await self._agents[who.login].http.post(
            f"/api/desk/conversations/{id}/files",
            params={"name": name, "client_id": new_id()},
            content=content,
        )
        assert response.status_code == 201, response.text
        await self._do(who, id, "reply", files=[response.json()["id"]])

    async def edit(self, who: Agent, id: str, old: str, new: str) -> None:
        await self._do(who, id, "edit", of=await self._said(id, "agent_spoke", old), text=new)

    async def retract(self, who: Agent, id: str, text: str) -> None:
        await self._do(who, id, "retract", of=await self._said(id, "agent_spoke", text))

    async def send_draft(self, who: Agent, id: str, text: str, *, changed: str = "") -> None:
        draft = await self._open(id, "drafts", text)
        await self._do(who, id, "send_draft", of=draft, text=changed)

    async def discard_draft(self, who: Agent, id: str, text: str) -> None:
        await self._do(who, id, "drop_draft", of=await self._open(id, "drafts", text))

    async def send_canned(self, who: Agent, id: str, name: str) -> None:
        response = await self._agents[who.login].http.get(f"/api/desk/conversations/{id}/canned")
        canned = response.raise_for_status().json()["canned"]
        (text,) = [one["text"] for one in canned if one["name"] == name]
        await self.reply(who, id, text)

    async def pass_to(self, who: Agent, id: str, colleague: Agent) -> None:
        await self._do(who, id, "transfer", to=colleague.login)

    async def pass_to_skill(self, who: Agent, id: str, skill: str) -> None:
        await self._do(who, id, "transfer", skill=skill)

    async def snooze(self, who: Agent, id: str) -> None:
        await self._do(who, id, "snooze", until=self._place.router.now() + 3_600_000)

    async def return_to_bot(self, who: Agent, id: str) -> None:
        await self._do(who, id, "return_to_bot")

    async def close(self, who: Agent, id: str, outcome: str) -> None:
        await self._do(who, id, "close", outcome=outcome)

    async def reopen(self, who: Agent, id: str) -> None:
        await self._do(who, id, "reopen")

    async def label(
        self, who: Agent, id: str, text: str, intent: str, *, new: bool = False
    ) -> None:
        of = await self._said(id, "customer_spoke", text)
        await self._do(who, id, "label", of=of, intent=intent, new=new)

    # ------------------------------------------------------------------------------- the page

    async def _do(self, who: Agent, id: str, command: str, **more: Any) -> None:
        await self._agents[who.login].do(id, command, **more)

    async def _look(self, id: str) -> dict[str, Any]:
        return await self._agents["anna"].look(id)

    async def _open(self, id: str, what: str, text: str) -> int:
        """Seq of the held reply or draft that says `text`."""
        found = _with_text((await self._look(id))["conversation"][what], text)
        return int(found[-1]["seq"])

    async def _said(self, id: str, kind: str, text: str) -> int:
        events = [event for event in (await self._look(id))["events"] if event["kind"] == kind]
        return int(_with_text(events, text)[-1]["seq"])

    async def _queue(self) -> dict[str, Any]:
        queue: dict[str, Any] = (await self._agents["anna"].http.get("/api/desk/queue")).json()
        return queue

    async def _wait(self, what: str, check: Any) -> None:
        with anyio.move_on_after(PATIENCE_S):
            while not check(await self._queue()):
                await anyio.sleep(0.02)
            return
        raise AssertionError(f"{what} did not come within {PATIENCE_S:g} s")


def _cards(queue: dict[str, Any]) -> list[dict[str, Any]]:
    return [card for shelf in queue.values() if isinstance(shelf, list) for card in shelf]


def _on_a_card(queue: dict[str, Any], id: str, words: tuple[str, ...]) -> bool:
    shown = json.dumps([c for c in _cards(queue) if c["id"] == id], ensure_ascii=False)
    return id in shown and all(word in shown for word in words)


def _with_text(entries: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    return [entry for entry in entries if entry.get("text") == text]


@asynccontextmanager
async def running(place: Workplace) -> AsyncIterator[DeskDriver]:
    """See `driver.Running`."""
    accounts = Accounts(place.redis, hasher=CHEAP)
    async with AsyncExitStack() as stack:
        plan = place.folder / "desk.yml"
        plan.write_text(desk_plan(), encoding="utf-8")
        gateway = await stack.enter_async_context(gateway_of(place, desk=plan))
        clients = {}
        for agent in (ANNA, BEN):
            await accounts.add(agent.login, agent.name, Role.AGENT, PASSWORD)
            clients[agent.login] = AgentClient(gateway)
            await stack.enter_async_context(clients[agent.login].http)
            assert (await clients[agent.login].log_in(agent.login)).status_code == 200
        yield ConsoleDriver(gateway, place, clients)


def desk_plan() -> str:
    """The shop's own, with a canned reply that the tests know."""
    shipped = (Path(__file__).parents[3] / "data" / "desk.yml").read_text(encoding="utf-8")
    plan = yaml.safe_load(shipped)
    plan["canned"] = [{"name": CANNED[0], "text": CANNED[1]}]
    return str(yaml.safe_dump(plan))
