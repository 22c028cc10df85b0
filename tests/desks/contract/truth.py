"""What is stored: what an act at a desk has really done."""

from __future__ import annotations

from typing import TypeVar

import anyio

from bot.conversation import Conversation, State
from bot.store import Store
from tests.polling import PATIENCE_S

E = TypeVar("E")


class Truth:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def now(self, id: str) -> Conversation:
        return await self._store.load(id)

    async def events(self, id: str, kind: type[E]) -> list[E]:
        return [e.event for e in await self._store.log(id) if isinstance(e.event, kind)]

    async def becomes(self, id: str, state: State) -> Conversation:
        with anyio.move_on_after(PATIENCE_S):
            while (await self.now(id)).state is not state:
                await anyio.sleep(0.02)
            return await self.now(id)
        raise AssertionError(f"the conversation is {(await self.now(id)).state}, not {state}")

    async def gets(self, id: str, kind: type[E], times: int = 1) -> list[E]:
        """Its events of `kind`, as soon as there are `times` of them."""
        with anyio.move_on_after(PATIENCE_S):
            while len(await self.events(id, kind)) < times:
                await anyio.sleep(0.02)
        found = await self.events(id, kind)
        assert len(found) == times, f"{len(found)} of {kind.__name__}, not {times}"
        return found
