"""The platforms behind `benchmarks.desk`: the emulators of the tests, with a stopwatch in each.

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

from tests.desks.telegram import telegram_driver
from tests.desks.telegram.server import TOKEN, FakeTelegram

T = TypeVar("T")
Json = dict[str, Any]
WITHIN_S = 30.0


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

    def _accepted(self, line: Json) -> None:
        now, result = time.perf_counter(), line.get("result")
        if line["method"] != "sendMessage" or not isinstance(result, dict):
            return
        for mark in telegram_driver.marks(result):
            if mark["arg"].startswith("card"):
                self._cards.setdefault(mark["id"], (now, result))
        self._bare[str(result["text"])] = now


async def _soon(look: Callable[[], T | None], what: str) -> T:
    until = time.perf_counter() + WITHIN_S
    while (found := look()) is None:
        if time.perf_counter() > until:
            raise SystemExit(f"{what} did not come within {WITHIN_S:g} s")
        await anyio.sleep(0.001)
    return found


RIGS: Mapping[str, Callable[[], AbstractContextManager[Rig]]] = {"telegram": TelegramRig}
