"""A desk that follows a script, and the platform behind it, for tests of the delivery.

The platform keeps every message that it accepts, as a real one would, also when the desk's process
dies before it hears so. The script says what the platform answers: an error for the next call, or
for all of them; or death right after it has accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

import anyio
from starlette.routing import BaseRoute

from bot.conversation import Conversation
from bot.desks import Finding
from bot.errors import ThreadGone
from bot.events import AgentSpoke, CustomerSpoke, Entry, NoteWritten
from bot.threads import Thread


class Killed(BaseException):
    """As if by kill -9: nothing of ours runs any more."""


@dataclass(frozen=True)
class Message:
    native: str
    place: str
    root: str | None
    conversation: str
    keys: tuple[str, ...]
    text: str


@dataclass
class Platform:
    """What has arrived. `answers` are errors for the next calls, one each; `always` is one for all
    of them while it is set. `dies_after`: texts after whose acceptance the caller dies, once."""

    messages: list[Message] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    alerts: list[str] = field(default_factory=list)
    answers: list[Exception] = field(default_factory=list)
    always: Exception | None = None
    dies_after: set[str] = field(default_factory=set)
    delay_s: float = 0.0
    calls: int = 0
    _ids: count[int] = field(default_factory=lambda: count(1))

    async def accept(
        self, place: str, root: str | None, conversation: str, keys: tuple[str, ...], text: str
    ) -> str:
        await self.answer()
        if root in self.gone:
            raise ThreadGone("That thread is deleted.")
        native = f"m{next(self._ids)}"
        self.messages.append(Message(native, place, root, conversation, keys, text))
        if text in self.dies_after:
            self.dies_after.remove(text)
            raise Killed
        return native

    async def answer(self) -> None:
        self.calls += 1
        if self.delay_s:
            await anyio.sleep(self.delay_s)
        if self.always is not None:
            raise self.always
        if self.answers:
            raise self.answers.pop(0)

    def texts(self, conversation: str) -> list[str]:
        return [one.text for one in self.messages if one.conversation == conversation]

    def cards(self) -> list[str]:
        return [one.conversation for one in self.messages if one.keys == ("card",)]


class ScriptedDesk:
    """Shows a card and the words of customers and agents, one message each; those that piled up
    while it was `joining` go as one."""

    def __init__(self, platform: Platform, name: Literal["slack", "telegram"] = "slack") -> None:
        self.platform = platform
        self.name: Literal["slack", "telegram"] = name
        self.joining = False

    async def run(self) -> None:
        return

    def routes(self) -> list[BaseRoute]:
        return []

    async def show(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        if thread.root is None:
            await self._open(c, thread)
        spoken = [entry for entry in thread.unsent(news) if _text(entry)]
        groups = [spoken] if self.joining and spoken else [[entry] for entry in spoken]
        for group in groups:
            keys = [entry.seq for entry in group]
            await self._post(c, thread, keys, " + ".join(_text(entry) for entry in group))

    async def _open(self, c: Conversation, thread: Thread) -> None:
        async def send() -> str:
            return await self.platform.accept("#support", None, c.id, ("card",), "card")

        await thread.post("card", send, place="#support", opens=True)

    async def _post(self, c: Conversation, thread: Thread, keys: list[int], text: str) -> None:
        async def send() -> str:
            names = tuple(str(key) for key in keys)
            return await self.platform.accept("#support", thread.root, c.id, names, text)

        await thread.post(keys, send)

    async def find(self, c: Conversation, thread: Thread) -> str | None:
        await self.platform.answer()
        sending = thread.sending
        for one in self.platform.messages:
            here = (one.conversation, one.root) == (c.id, thread.root)
            if here and sending and one.keys == sending.keys:
                return one.native
        return None

    async def alert(self, text: str) -> None:
        await self.platform.answer()
        self.platform.alerts.append(text)

    async def check(self) -> list[Finding]:
        return []


def _text(entry: Entry) -> str:
    match entry.event:
        case CustomerSpoke(text=text) | AgentSpoke(text=text) | NoteWritten(text=text):
            return text
        case _:
            return ""
