"""What an agent does and sees at a desk, from outside: the contract that all desks keep.

A desk's tests write a *driver*: it acts as people at that desk act (buttons, typed messages,
commands, clicks), with the platform's real client in between, and sees what they see. The suite in
this folder then runs against it, word for word the same for every desk.

Every act comes back when the desk has answered, and every `sees...` waits until it is there; what
never comes is an error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import anyio
from redis.asyncio import Redis

from bot.events import Agent
from bot.router import Router
from bot.store import Store
from tests.gateway import RunningGateway
from tests.polling import PATIENCE_S
from tests.scripted_assistant import ScriptedAssistant

#: The desk's people. Each driver makes them known at its desk, and to the console.
ANNA = Agent(login="anna", name="Anna Berg")
BEN = Agent(login="ben", name="Ben Otieno")
EMAILS = {"anna": "anna@shop.example", "ben": "ben@shop.example"}
#: A skill that both have; at desks with a place for each skill it has one of its own.
SKILL = "sales"
#: A canned reply: its name, and what it says.
CANNED = ("hours", "We are here from nine to five.")


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a driver builds its gateway on."""

    redis_url: str
    redis: Redis[bytes]
    store: Store
    router: Router
    assistant: ScriptedAssistant
    folder: Path


class DeskDriver(Protocol):
    """One desk with its people, at a running gateway. Conversations are named by their `id`,
    messages by what they say."""

    @property
    def gateway(self) -> RunningGateway: ...

    # What they see.

    async def sees_card(self, id: str, *words: str) -> None:
        """The conversation's card is there, and `words` are on it by now."""
        ...

    async def shown(self) -> set[str]:
        """The conversations that have a card there now."""
        ...

    async def sees(self, id: str, text: str) -> None:
        """Whoever looks at the conversation there reads `text`."""
        ...

    async def sees_held(self, who: Agent, id: str, text: str) -> None:
        """`who` is told that `text` was not sent, and may take over or discard it."""
        ...

    async def sees_rating(self, id: str, stars: int, comment: str) -> None: ...

    async def file(self, who: Agent, id: str, name: str) -> bytes:
        """A file of the customer's, as `who` gets it."""
        ...

    async def transcript(self, who: Agent, id: str) -> str:
        """The transcript as a text file."""
        ...

    # What they do.

    async def claim(self, who: Agent, id: str) -> str:
        """What `who` is told when somebody else was quicker, else nothing."""
        ...

    async def reply(self, who: Agent, id: str, text: str) -> None: ...

    async def note(self, who: Agent, id: str, text: str) -> None: ...

    async def take_over(self, who: Agent, id: str, text: str) -> None:
        """Take over, and so send what was held."""
        ...

    async def discard(self, who: Agent, id: str, text: str) -> None:
        """Discard what was held."""
        ...

    async def send_file(self, who: Agent, id: str, name: str, content: bytes) -> None: ...

    async def edit(self, who: Agent, id: str, old: str, new: str) -> None: ...

    async def retract(self, who: Agent, id: str, text: str) -> None:
        """Delete the message or, where nobody hears of that, take it back."""
        ...

    async def send_draft(self, who: Agent, id: str, text: str, *, changed: str = "") -> None:
        """Send a draft or suggestion that says `text`, as it is or `changed` first."""
        ...

    async def discard_draft(self, who: Agent, id: str, text: str) -> None: ...

    async def send_canned(self, who: Agent, id: str, name: str) -> None: ...

    async def pass_to(self, who: Agent, id: str, colleague: Agent) -> None: ...

    async def pass_to_skill(self, who: Agent, id: str, skill: str) -> None: ...

    async def snooze(self, who: Agent, id: str) -> None:
        """Until some time that the desk offers."""
        ...

    async def return_to_bot(self, who: Agent, id: str) -> None: ...

    async def close(self, who: Agent, id: str, outcome: str) -> None: ...

    async def reopen(self, who: Agent, id: str) -> None: ...

    async def label(
        self, who: Agent, id: str, text: str, intent: str, *, new: bool = False
    ) -> None:
        """The bot should have answered the customer's `text`: as `intent`."""
        ...


#: Builds a desk at a workplace, runs it, and takes it down again.
Running = Callable[[Workplace], AbstractAsyncContextManager[DeskDriver]]


async def until_true(check: Callable[[], bool], what: str, within: float = PATIENCE_S) -> None:
    """Poll `check`; fail with `what` after `within` seconds."""
    with anyio.move_on_after(within):
        while not check():
            await anyio.sleep(0.02)
        return
    raise AssertionError(f"{what} did not happen within {within:g} s")


@asynccontextmanager
async def gateway_of(place: Workplace, **settings: Any) -> AsyncIterator[RunningGateway]:
    """A gateway at the workplace. It starts and stops in a thread of its own, so a platform that
    runs in the test's loop goes on meanwhile."""
    gateway = RunningGateway(
        place.redis_url, place.assistant.url, place.assistant.token, place.folder, **settings
    )
    await anyio.to_thread.run_sync(gateway.start)
    try:
        yield gateway
    finally:
        await anyio.to_thread.run_sync(gateway.stop)
