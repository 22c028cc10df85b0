"""The Slack desk at work: the real desk, delivery and Redis on the Slack of `front`, without the
web around them. Customers write through the router; agents act in Slack (`people`).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette

from benchmarks.stack import ROOT
from bot import commands as do
from bot.app import DOMAIN, connect
from bot.conversation import Conversation
from bot.delivery import Delivery, Station
from bot.desk_health import DeskHealth
from bot.desk_plan import Plan, load_plan
from bot.desks.settings import SlackTokens
from bot.desks.slack import PACE, SlackDesk
from bot.desks.slack_api import SlackApi
from bot.desks.slack_parts import Needs, Parts
from bot.desks.slack_versions import Versions
from bot.events import Agent, AgentSpoke, Assigned, Handoff, Reading, Utterance
from bot.files import Files
from bot.following import follow
from bot.known_intents import KnownIntents
from bot.people import People
from bot.presence import Presence
from bot.processes import free_ports
from bot.router import Router
from bot.settings import Secret
from bot.store import Follower, Store
from bot.threads import Threads
from bot.wakes import Wakes
from bot.work import Work
from tests.desks.slack import seed
from tests.desks.slack.front import Front
from tests.desks.slack.people import Person
from tests.polling import soon

T = TypeVar("T")
Json = dict[str, Any]

ANNA = Agent(login="anna", name="Anna Berg")
BEN = Agent(login="ben", name="Ben Otieno")
AGENTS = """
agents:
  - {login: anna, name: Anna Berg, email: Anna@shop.example, role: owner, skills: [orders]}
  - {login: ben, name: Ben Otieno, email: ben@shop.example}
"""


def plan_with(agents: str = AGENTS, channel: str = "#support") -> Plan:
    """The shop's plan with people in it; conversations about orders go to #orders."""
    text = (Path(__file__).parents[3] / "data" / "desk.yml").read_text()
    text = text.replace("agents: []", agents.strip()).replace('"#support"', f'"{channel}"')
    return load_plan(text.replace("    slack:\n", '    slack: "#orders"\n', 1))


class Office:
    """One gateway's share of the desk. `http`: Slack sends requests, instead of Socket Mode."""

    def __init__(self, redis: Redis[bytes], front: Front, plan: Plan, *, http: bool) -> None:
        self.front = front
        self.plan = plan
        self.http = http
        self.store = Store(redis)
        self.router = Router(self.store, greeting="Hello, I am a bot.")
        self.health = DeskHealth(redis, "slack", PACE)
        self.threads = Threads(redis, self.health, now=self.router.now)
        self.files = Files(redis, now=self.router.now, size_at_most=1_000_000)
        self.people = People(redis, self.store, plan, accounts=_nobody, desks=lambda: ["slack"])
        self.api = SlackApi(seed.BOT_TOKEN, url=front.url)
        self.work = Work(redis)
        presence = Presence(self.work, self.router, self.people)
        needs = Needs(
            redis,
            self.store,
            self.router,
            self.people,
            presence,
            self.files,
            KnownIntents(ROOT / DOMAIN),
        )
        parts = Parts(needs, self.api, self.threads)
        tokens = SlackTokens(
            bot=Secret(seed.BOT_TOKEN),
            app=Secret("" if http else seed.APP_TOKEN),
            signing=Secret(seed.SIGNING_SECRET if http else ""),
        )
        self.desk = SlackDesk(tokens, parts, Versions(redis))
        station = Station(self.desk, self.threads, self.health)
        self.delivery = Delivery(station, others=[], store=self.store, router=self.router)

    @asynccontextmanager
    async def open(self, redis_url: str) -> AsyncIterator[Office]:
        """At work until the end of the `async with`."""
        subscription = connect(redis_url, patient=True)
        wakes = Wakes(subscription)
        showing = follow(
            Follower.SLACK,
            self.delivery.act,
            work=self.work,
            wakes=wakes,
            now=self.router.now,
            at_once=8,
        )
        tasks = [asyncio.create_task(one) for one in (showing, wakes.run(), self.desk.run())]
        server: Server | None = None
        if self.http:
            server = Server(self.desk)
            await server.start()
            self.front.deliveries.request_url = f"{server.url}/slack/events"
        else:
            before = self.front.deliveries.connections
            await soon(lambda: self.front.deliveries.connections > before, what="a connection")
        yield self
        for task in tasks:
            while not task.done():
                task.cancel()  # again and again: asyncio.wait_for may swallow one
                await asyncio.wait([task], timeout=0.1)
        if server is not None:
            await server.stop()
        await subscription.close(close_connection_pool=True)

    # ------------------------------------------------------------------------- the customer

    async def hand_over(
        self,
        text: str = "Where is my order?",
        *,
        asked: tuple[Agent, ...] = (),
        skill: str | None = None,
        draft: str = "",
    ) -> str:
        """A customer writes, the bot gives up, and Slack is asked; the conversation's id."""
        id = (await self.router.open("https://shop.example/tents")).id
        await self.say(id, text)
        await self.give_up(id, skill=skill, draft=draft)
        await self.ask(id, asked, skill=skill)
        return id

    async def say(self, id: str, text: str, **more: Any) -> None:
        await self.router.from_customer(id, text, client_id=uuid.uuid4().hex, **more)

    async def give_up(self, id: str, *, skill: str | None = None, draft: str = "") -> None:
        c = await self.store.load(id)
        handoff = Handoff(
            reason="frustrated",
            reasons=("is angry",),
            summary="Asked twice about the order.\nNothing helped.",
            skill=skill,
            draft=draft,
        )
        turn = do.Answer(
            in_reply_to=c.pending[-1],
            epoch=c.epoch,
            messages=(Utterance(text="I am getting a colleague."),),
            reading=Reading(intent="order_status", confidence=0.8, slots={"name": "Mia Lund"}),
            handoff=handoff,
        )
        await self.router.execute(id, turn)

    async def ask(
        self, id: str, agents: tuple[Agent, ...] = (), *, rung: str = "first", **more: Any
    ) -> None:
        epoch = (await self.store.load(id)).epoch
        assigned = Assigned(step=1, rung=rung, desk="slack", agents=agents, **more)
        await self.router.execute(id, do.Assign(assigned=assigned, epoch=epoch))

    # ---------------------------------------------------------------------- what is stored

    async def load(self, id: str) -> Conversation:
        return await self.store.load(id)

    async def events(self, id: str, kind: type[T]) -> list[T]:
        return [e.event for e in await self.store.log(id) if isinstance(e.event, kind)]

    async def said(self, id: str) -> list[str]:
        """What agents told the customer, as it was first sent."""
        return [event.text for event in await self.events(id, AgentSpoke)]

    async def said_so(self, id: str, text: str) -> bool:
        return text in await self.said(id)

    async def is_owned(self, id: str) -> bool:
        return (await self.load(id)).owner is not None

    async def place_is(self, id: str, channel: str) -> bool:
        return (await self.threads.load(id)).place == channel

    async def root_is_not(self, id: str, ts: str) -> bool:
        return (await self.threads.load(id)).root not in (None, ts)

    async def failed_lately(self) -> bool:
        rest_ms, _ = await self.health.rest()
        return rest_ms > 0

    async def is_up_to_date(self, id: str) -> bool:
        """Whether Slack has been shown all of it."""
        return (await self.threads.load(id)).seen == (await self.store.load(id)).seq

    # ------------------------------------------------------------------------ what is shown

    async def card(self, id: str) -> Json:
        """The conversation's card, once Slack is up to date."""
        return (await self.thread(id))[0]

    async def thread(self, id: str) -> list[Json]:
        """The card and all below it, once Slack is up to date."""
        await soon(lambda: self.is_up_to_date(id), within=20, what="Slack's being up to date")
        record = await self.threads.load(id)
        assert record.place is not None
        assert record.root is not None
        anna = Person(self.front, "anna")
        return await anna.thread(record.place, record.root)


class Server:
    """Where Slack finds the desk in HTTP mode."""

    def __init__(self, desk: SlackDesk) -> None:
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        app = Starlette(routes=desk.routes())
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve())
        await soon(lambda: self._server.started, what="a server")

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._task


async def _nobody() -> list[tuple[str, str, bool]]:
    return []
