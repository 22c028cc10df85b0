"""The platforms as benchmarks and tests of faults need them: an emulator with an agent in it, a
stopwatch, and trouble on demand.

An emulator runs in a thread of this process, so one clock times everything. The moment that counts
is when the emulator has accepted a message, for Deskhand's and for a bare SDK's alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import anyio
from telegram import Bot

from bot.desks.telegram_text import unliteral
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
    def plan(self) -> str:
        """The owner's desk plan, with the agent in it."""
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
    def plan(self) -> str:
        return telegram_driver.desk_plan(telegram_driver.SALES)

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


def _card_marks(message: Json) -> list[dict[str, str]]:
    return [one for one in telegram_driver.marks(message) if one["arg"].startswith("card")]


async def _soon(look: Callable[[], T | None], what: str) -> T:
    until = time.perf_counter() + WITHIN_S
    while (found := look()) is None:
        if time.perf_counter() > until:
            raise SystemExit(f"{what} did not come within {WITHIN_S:g} s")
        await anyio.sleep(0.001)
    return found


RIGS: Mapping[str, Callable[[], AbstractContextManager[Rig]]] = {"telegram": TelegramRig}
