"""The follower that keeps the archive as the logs are, for insights, the review inbox and search.

Belongs here: reading a log that has changed and putting its rows in place; finding, at the start
and every hour, what is missing in the archive and what is in it no longer rightly (a conversation
that was erased or has expired). Does not belong here: what the rows say (`bot.learning.facts`).
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import Final

import anyio
import anyio.to_thread

from bot.errors import StoreUnavailable
from bot.following import Rest
from bot.learning.archive import Archive
from bot.learning.facts import facts_of
from bot.store import Follower, Store
from bot.work import Work

log = logging.getLogger(__name__)

#: Seconds between two looks at whether the archive has all, and no more.
COMPARE_S: Final = 3_600.0
#: Pause before a conversation that could not be written comes up again, in ms: a full disk stays
#: full for a while.
AFTER_REFUSAL_MS: Final = 30_000
#: Conversations that are put on the list at once when many are missing.
AT_ONCE: Final = 500


class Archiving:
    """Keeps `archive` as the logs in `store` are."""

    def __init__(
        self, store: Store, archive: Archive, work: Work, *, now: Callable[[], int]
    ) -> None:
        self._store = store
        self._archive = archive
        self._work = work
        self._now = now

    async def act(self, id: str) -> Rest:
        entries = await self._store.log(id)
        facts = facts_of(id, entries)
        try:
            if facts is None:
                await anyio.to_thread.run_sync(self._archive.remove, [id])
            else:
                await anyio.to_thread.run_sync(self._archive.replace, [facts])
        except sqlite3.OperationalError as why:
            log.warning("the archive takes nothing (%s); conversation %s waits", why, id)
            return Rest(due=self._now() + AFTER_REFUSAL_MS)
        return Rest(seen=entries[-1].seq if entries else None)

    async def watch(self) -> None:
        """Compare archive and logs, now and every hour, for ever."""
        while True:
            try:
                found = await self.compare()
            except StoreUnavailable:
                await anyio.sleep(1.0)
                continue
            if found:
                log.info("the archive lags behind in %d conversations; catching up", found)
            await anyio.sleep(COMPARE_S)

    async def compare(self) -> int:
        """Have every conversation looked at that is not in the archive as it is in the logs, or is
        in the archive only; returns how many."""
        logged = await self._store.conversations()
        archived = await anyio.to_thread.run_sync(self._archive.versions)
        differing = [id for id, at in logged.items() if archived.get(id, (0, -1))[1] != at]
        gone = [id for id in archived if id not in logged]
        ids = differing + gone
        for start in range(0, len(ids), AT_ONCE):
            await self._work.nudge(Follower.ARCHIVE, ids[start : start + AT_ONCE], now=self._now())
        return len(ids)
