"""The follower that keeps the archive as the logs are, for insights, the review inbox and search.

Belongs here: reading a log that has changed and putting its rows in place; finding, at the start,
now and then, and when the archive had to be made anew, what is missing in it and what is in it no
longer rightly (a conversation that was erased or has expired); forgetting at once what somebody is
about to be shown and was erased. Does not belong here: what the rows say (`bot.learning.facts`), or
the archive's file (`bot.learning.archive`).
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Final

import anyio
import anyio.to_thread

from bot.errors import StoreUnavailable
from bot.following import Rest
from bot.learning.archive import Archive, ArchiveUnusable
from bot.learning.facts import facts_of
from bot.store import Follower, Store
from bot.work import Work

log = logging.getLogger(__name__)

#: Seconds between two looks at whether the archive has all, and no more.
COMPARE_S: Final = 600.0
#: Seconds between two looks at whether the archive's file is there and sound.
LOOK_S: Final = 2.0
#: A conversation that changed within so many ms is on its way into the archive, and not missing.
ON_ITS_WAY_MS: Final = 10_000
#: Pause before a conversation that could not be written comes up again, in ms: a full disk stays
#: full for a while.
AFTER_REFUSAL_MS: Final = 30_000
#: Conversations that are put on the list at once when many are missing.
AT_ONCE: Final = 500

#: Forgets those of some conversations that were erased; returns whether there were any.
ForgetErased = Callable[[Collection[str]], Awaitable[bool]]


async def forget_erased(store: Store, archive: Archive, ids: Collection[str]) -> bool:
    """Take out of the archive whichever of these conversations were erased from the logs; returns
    whether any were. Whoever shows something of conversations asks first, and then anew.

    Raises: StoreUnavailable, ArchiveUnusable."""
    gone = await store.gone(list(dict.fromkeys(ids)))
    if gone:
        try:
            await anyio.to_thread.run_sync(archive.remove, gone)
        except sqlite3.OperationalError as why:
            raise ArchiveUnusable(
                f"The archive holds what was erased, and takes no change ({why}).",
                hint="Free some space on the disk.",
            ) from why
    return bool(gone)


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
        except (sqlite3.OperationalError, ArchiveUnusable) as why:
            log.warning("the archive takes nothing (%s); conversation %s waits", why, id)
            return Rest(due=self._now() + AFTER_REFUSAL_MS)
        return Rest(seen=entries[-1].seq if entries else None)

    async def watch(self) -> None:
        """Look after the archive for ever: compare it with the logs now and then, and when its file
        had to be made anew."""
        due, renewals = 0.0, 0
        while True:
            try:
                await anyio.to_thread.run_sync(self._archive.look)
                if self._archive.renewals != renewals or time.monotonic() >= due:
                    renewals = self._archive.renewals
                    found = await self.compare()
                    due = time.monotonic() + COMPARE_S
                    if found:
                        log.info("the archive lags behind in %d conversations; catching up", found)
            except StoreUnavailable:
                due = 0.0
            except (sqlite3.OperationalError, ArchiveUnusable) as why:
                due = 0.0
                log.warning("the archive cannot be looked after: %s", why)
            await anyio.sleep(LOOK_S)

    async def compare(self) -> int:
        """Have every conversation looked at that is not in the archive as it is in the logs, or is
        in the archive only; returns how many."""
        now = self._now()
        logged = await self._store.conversations()
        archived = await anyio.to_thread.run_sync(self._archive.versions)
        differing = {id: at for id, at in logged.items() if archived.get(id, (0, -1))[1] != at}
        missing = {id: at for id, at in differing.items() if at < now - ON_ITS_WAY_MS}
        await anyio.to_thread.run_sync(partial(self._archive.await_logs, missing, now=now))
        ids = [*differing, *(id for id in archived if id not in logged)]
        for start in range(0, len(ids), AT_ONCE):
            await self._work.nudge(Follower.ARCHIVE, ids[start : start + AT_ONCE], now=self._now())
        return len(ids)
