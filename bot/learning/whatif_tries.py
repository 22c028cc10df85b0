"""What is being tried out in the studio at this moment.

Belongs here: that replays, which keep a processor busy, come one after another; that of each owner
only the newest is worked on; how far it is; and what the next one need not find out again. Does not
belong here: the replay itself (`bot.learning.whatif_run`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import anyio

from bot.errors import DeskhandError
from bot.learning.whatif import Comparison
from bot.learning.whatif_run import Question, Told, ask

AT_ONCE: Final = 1
"""Replays that run at once; each owner has at most one that waits."""

KEPT_AT_MOST: Final = 16_000_000
"""Bytes kept from one replay to the next: about 150,000 messages. Without them it takes longer."""

Ask = Callable[[Question, bytes, Told], Awaitable[tuple[Comparison, bytes]]]


class Replaced(DeskhandError):
    """The same owner has asked for another replay meanwhile."""

    code = "replaced"


@dataclass(frozen=True, slots=True)
class Progress:
    """How many conversations are decided, of how many; `of` is 0 as long as it has not begun."""

    done: int
    of: int


@dataclass(slots=True)
class _Try:
    task: asyncio.Task[Comparison] | None = None
    replaced: bool = False
    progress: Progress = field(default_factory=lambda: Progress(0, 0))


class Tries:
    """Of all owners. `run`: carries one out."""

    def __init__(self, run: Ask = ask) -> None:
        self._run = run
        self._limit = anyio.Semaphore(AT_ONCE)
        self._at_work: dict[str, _Try] = {}
        self._current = ""
        self._known = b""

    async def compare(self, owner: str, question: Question) -> Comparison:
        """The comparison; what this owner asked for before is given up.

        Raises: Replaced, ArchiveMissing, PolicyError, ReplayFailed."""
        before = self._at_work.get(owner)
        if before is not None and before.task is not None:
            before.replaced = True
            before.task.cancel()
        mine = self._at_work[owner] = _Try()
        mine.task = asyncio.ensure_future(self._compare(mine, question))
        try:
            return await mine.task
        except asyncio.CancelledError:
            if not mine.replaced:
                raise
            raise Replaced(
                "These numbers were not tried to the end: you have asked for others since.",
                hint="In another window, perhaps. Try them again if you want to see them.",
            ) from None
        finally:
            mine.task.cancel()
            if self._at_work.get(owner) is mine:
                del self._at_work[owner]

    def progress(self, owner: str) -> Progress | None:
        """How far what this owner asked for is; None if nothing is at work."""
        mine = self._at_work.get(owner)
        return None if mine is None else mine.progress

    async def _compare(self, mine: _Try, question: Question) -> Comparison:
        def told(done: int, of: int) -> None:
            mine.progress = Progress(done, of)

        async with self._limit:
            known = self._known if self._current == question.current else b""
            found, kept = await self._run(question, known, told)
            fits = len(kept) <= KEPT_AT_MOST
            self._current, self._known = question.current, kept if fits else b""
        return found
