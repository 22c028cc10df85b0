"""The platforms as benchmarks and tests of faults need them: an emulator with an agent in it, a
stopwatch, and trouble on demand.

An emulator runs in a thread of this process, so one clock times everything. The moment that counts
is when the emulator has accepted a message, for Deskhand's and for a bare SDK's alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import anyio
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from telegram import Bot

from bot.desks.telegram_text import unliteral
from tests.desks.slack import seed as slack_seed
from tests.desks.slack.faults import Cut, Hang, Status, TooMany
from tests.desks.slack.faults import Fault as SlackFault
from tests.desks.slack.front import Front
from tests.desks.slack.people import Person as SlackPerson
from tests.desks.slack.people import words_of
from tests.desks.telegram import telegram_driver
from tests.desks.telegram.server import TOKEN, FakeTelegram, Fault

T = TypeVar("T")
Json = dict[str, Any]
WITHIN_S = 60.0
#: What a customer writes who is to be handed over.
PERSON = "I want a person"


class Rig(Protocol):
    """One platform with an agent in it. Times are `time.perf_counter()`."""

    name: str

    @property
    def environment(self) -> Mapping[str, str]:
        """What the gateway needs to find the platform."""
        ...

    @property
    def agent(self) -> str:
        """How the agent, Anna, is known there: a part of her entry in the desk plan."""
        ...

    async def card(self, id: str) -> float:
        """When the card of the conversation was accepted; waits for it."""
        ...

    async def claim(self, id: str) -> None: ...

    async def reply(self, id: str, text: str) -> None:
        """The agent writes `text` in the conversation's thread."""
        ...

    async def bare(self, text: str) -> float:
        """Send one message with the platform's SDK alone; when it was accepted."""
        ...

    def cards(self) -> list[str]:
        """The conversation of each card that was ever posted."""
        ...

    def said(self, id: str, text: str) -> int:
        """How often `text` was posted in the conversation's thread, by us."""
        ...

    def when_accepted(self, then: Callable[[], None]) -> None:
        """The platform takes the next message; then `then` is called, and no answer is given."""
        ...

    def make_trouble(self) -> None:
        """Some calls are refused: too many, an error, a connection that breaks."""
        ...


class Accepted(list[Json]):
    """The emulator's record of what it answered; `told` hears of each entry at once."""

    def __init__(self, told: Callable[[Json], None]) -> None:
        super().__init__()
        self._told = told

    def append(self, line: Json) -> None:
        self._told(line)
        super().append(line)


class TelegramRig:
    """A group with topics, and updates by polling. The agent is Anna."""

    name = "telegram"

    def __init__(self) -> None:
        self._telegram = FakeTelegram()
        self._cards: dict[str, tuple[float, Json]] = {}
        self._bare: dict[str, float] = {}
        self._sent: list[Json] = []

    def __enter__(self) -> TelegramRig:
        self._telegram.__enter__()
        self._telegram.record = Accepted(self._accepted)
        self._anna = self._telegram.person("Anna Berg", telegram_driver.ACCOUNTS["anna"], "anna")
        self._bot = Bot(TOKEN, base_url=f"{self._telegram.url}/bot")
        return self

    def __exit__(self, *_: object) -> None:
        self._telegram.__exit__()

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_GROUP_ID": str(self._telegram.group.id),
            "TELEGRAM_API_URL": self._telegram.url,
        }

    @property
    def agent(self) -> str:
        return f"telegram: {telegram_driver.ACCOUNTS['anna']}"

    async def card(self, id: str) -> float:
        at, _ = await _soon(lambda: self._cards.get(id), f"a card of {id}")
        return at

    async def claim(self, id: str) -> None:
        query = self._anna.press(self._cards[id][1]["message_id"], "Claim")
        await _soon(lambda: query in self._telegram.world.answers or None, "an answer")

    async def reply(self, id: str, text: str) -> None:
        self._anna.write(text, self._cards[id][1]["message_thread_id"])

    async def bare(self, text: str) -> float:
        await self._bot.send_message(self._telegram.group.id, text)
        return self._bare.pop(text)

    def cards(self) -> list[str]:
        return [mark["id"] for one in self._sent for mark in _card_marks(one)]

    def said(self, id: str, text: str) -> int:
        topic = self._cards[id][1]["message_thread_id"]
        return sum(
            text in unliteral(one["text"])
            for one in self._sent
            if one.get("message_thread_id") == topic and not _card_marks(one)
        )

    def when_accepted(self, then: Callable[[], None]) -> None:
        self._telegram.fail(Fault("sendMessage", before=False, hang=True, then=then))

    def make_trouble(self) -> None:
        for fault in (
            Fault("sendMessage", times=2, status=429, retry_after=1),
            Fault("createForumTopic", times=2),
            Fault("sendMessage", before=False, cut=True),
            Fault("sendMessage", cut=True),
        ):
            self._telegram.fail(fault)

    def _accepted(self, line: Json) -> None:
        now, result = time.perf_counter(), line.get("result")
        if line["method"] != "sendMessage" or not isinstance(result, dict):
            return
        self._sent.append(result)
        for mark in _card_marks(result):
            self._cards.setdefault(mark["id"], (now, result))
        self._bare[str(result["text"])] = now


class SlackRig:
    """A channel, with Socket Mode. The agent is Anna."""

    name = "slack"

    def __init__(self) -> None:
        self._front = _TimedFront(self._accepted)
        self._cards: dict[str, tuple[float, Json]] = {}
        self._bare: dict[str, float] = {}
        self._sent: list[Json] = []

    def __enter__(self) -> SlackRig:
        self._front.start()
        self._anna = SlackPerson(self._front, "anna")
        self._client = AsyncWebClient(slack_seed.BOT_TOKEN, base_url=self._front.url)
        return self

    def __exit__(self, *_: object) -> None:
        self._front.stop()

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "SLACK_BOT_TOKEN": slack_seed.BOT_TOKEN,
            "SLACK_APP_TOKEN": slack_seed.APP_TOKEN,
            "SLACK_API_URL": self._front.url,
        }

    @property
    def agent(self) -> str:
        return f"slack: {self._anna.id}"

    async def card(self, id: str) -> float:
        at, _ = await _soon(lambda: self._cards.get(id), f"a card of {id}")
        return at

    async def claim(self, id: str) -> None:
        await self._anna.press(self._cards[id][1], "Claim")

    async def reply(self, id: str, text: str) -> None:
        card = self._cards[id][1]
        await self._anna.say(card["channel"], text, card["ts"])

    async def bare(self, text: str) -> float:
        await self._client.chat_postMessage(channel=self._anna.channel("support"), text=text)
        return self._bare.pop(text)

    def cards(self) -> list[str]:
        return [_conversation_of(one) for one in self._sent if "thread_ts" not in one]

    def said(self, id: str, text: str) -> int:
        root = self._cards[id][1]["ts"]
        return sum(
            text in words_of(one["blocks"]) for one in self._sent if one.get("thread_ts") == root
        )

    def when_accepted(self, then: Callable[[], None]) -> None:
        self._front.fail("chat.postMessage", Then(then))

    def make_trouble(self) -> None:
        self._front.fail("chat.postMessage", TooMany(), times=2)
        self._front.fail("chat.postMessage", Status(500), times=2)
        self._front.fail("chat.postMessage", Cut())
        self._front.fail("chat.postMessage", Cut(accepted=True))

    def _accepted(self, body: Json, answer: Json) -> None:
        now = time.perf_counter()
        if "metadata" not in body:
            self._bare[str(body.get("text"))] = now
            return
        message = {**body, "ts": answer["ts"]}
        self._sent.append(message)
        if "thread_ts" not in message:
            self._cards.setdefault(_conversation_of(message), (now, message))


class _TimedFront(Front):
    """Tells of each message of the app's as soon as it is accepted."""

    def __init__(self, told: Callable[[Json, Json], None]) -> None:
        super().__init__()
        self._told = told

    async def answer(self, method: str, body: Json, token: str) -> Json:
        answer = await super().answer(method, body, token)
        if method == "chat.postMessage" and token == slack_seed.BOT_TOKEN and answer["ok"]:
            self._told(body, answer)
        return answer


@dataclass(frozen=True)
class Then(SlackFault):
    """Slack takes it; then `then` is called, and no answer is given."""

    then: Callable[[], None]
    accepted: bool = True

    async def happen(self, request: web.Request) -> web.StreamResponse:
        self.then()
        return await Hang().happen(request)


def _conversation_of(message: Json) -> str:
    return str(message["metadata"]["event_payload"]["conversation"])


def _card_marks(message: Json) -> list[dict[str, str]]:
    return [one for one in telegram_driver.marks(message) if one["arg"].startswith("card")]


async def _soon(look: Callable[[], T | None], what: str) -> T:
    until = time.perf_counter() + WITHIN_S
    while (found := look()) is None:
        if time.perf_counter() > until:
            raise SystemExit(f"{what} did not come within {WITHIN_S:g} s")
        await anyio.sleep(0.001)
    return found


RIGS: Mapping[str, Callable[[], AbstractContextManager[Rig]]] = {
    "slack": SlackRig,
    "telegram": TelegramRig,
}
