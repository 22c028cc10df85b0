"""A small support team for tests: a plan with short texts, and conversations that wait for it.

Here belongs what tests of people, clock and e-mail share; times are set by the test, never waited
for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bot import commands as do
from bot.clock import Clock
from bot.conversation import Conversation
from bot.desk_health import DeskHealth, Pace
from bot.desk_plan import Plan, load_plan
from bot.events import Agent, Handoff, NoticeShown
from bot.following import Rest
from bot.people import People
from bot.router import Router
from bot.store import Store
from bot.work import Work

SHIPPED = load_plan(Path("data/desk.yml").read_text(encoding="utf-8"))
ACCOUNTS = [("anna", "Anna Berg", False), ("ben", "Ben Otieno", False), ("olga", "Olga", True)]
ANNA, BEN, OLGA = (Agent(login=login, name=name) for login, name, _ in ACCOUNTS)
NOON = 1_764_000_000_000


async def accounts() -> list[tuple[str, str, bool]]:
    return ACCOUNTS


@dataclass
class World:
    """One gateway's people and clock, at a time of the test's choosing (`now`, ms)."""

    redis: Redis[bytes]
    plan: Plan = SHIPPED
    desks: tuple[str, ...] = ()
    mail: bool = False
    now: int = NOON
    rests: dict[str, Rest] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = Store(self.redis, owner_check_ms=20_000)
        self.work = Work(self.redis)
        self.people = People(
            self.redis,
            self.store,
            self.plan,
            accounts=accounts,
            desks=lambda: self.desks,
            mail=self.mail,
        )
        self.router = Router(
            self.store, greeting="Hi", now=lambda: self.now, observer=self.people.note
        )
        self.clock = Clock(self.store, self.router, self.people)

    async def waiting(self, skill: str | None = None, at: int = 0) -> str:
        """A customer who asked for a person, `at` ms from now on."""
        self.now += at
        id = (await self.router.open()).id
        ask = do.AskForPerson(handoff=Handoff(reason="asked_for_human", skill=skill))
        await self.router.execute(id, ask)
        return id

    async def tick(self, id: str, later: int = 0) -> Conversation:
        """The clock looks at the conversation, `later` ms from now on."""
        self.now += later
        self.rests[id] = await self.clock.act(id)
        return await self.store.load(id)

    async def does(self, id: str, command: do.Command, later: int = 0) -> Conversation:
        self.now += later
        return (await self.router.execute(id, command)).conversation

    async def goes_down(self, desk: str) -> None:
        """Delivery has given up on that desk for now."""
        health = DeskHealth(self.redis, desk, Pace(1, 1))
        await health.failed("no answer", now=self.now, base_ms=1, longest_ms=1, enough=1)

    async def told(self, id: str) -> list[str]:
        """Codes of the notices so far, less the first word of the hand-off."""
        events = [entry.event for entry in await self.store.log(id)]
        codes = [event.code for event in events if isinstance(event, NoticeShown)]
        return [code for code in codes if code != "handoff"]

    async def asked(self, id: str) -> list[str]:
        c = await self.store.load(id)
        return [agent.login for agent in c.assigned.agents] if c.assigned else []


def with_plan(**changes: Any) -> Plan:
    return replace(SHIPPED, **changes)
