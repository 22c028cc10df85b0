"""Keeps the review inbox fresh: has it prepared anew now and then, and forgets what was erased.

Belongs here: when. Does not belong here: the job itself (`bot.learning.review_job`, which the
learner runs), what is shown (`bot.learning.inbox`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import anyio

from bot.errors import JobRunning, StoreUnavailable
from bot.learning.inbox import Inbox
from bot.learning.jobs import Jobs
from bot.store import Store

log = logging.getLogger(__name__)

#: Seconds between two looks. The first comes after as many: a start has enough to do.
LOOK_EVERY_S: Final = 600.0
#: The inbox is prepared anew when it is older than this (ms) and somebody has written since. The
#: owner looks in the morning; what is newer comes with the page's own button.
FRESH_MS: Final = 3 * 3_600_000
#: Who asks for it.
BY: Final = "deskhand"


class Reviewing:
    """Watches over the inbox, for one gateway or several."""

    def __init__(self, inbox: Inbox, jobs: Jobs, store: Store, *, now: Callable[[], int]) -> None:
        self._inbox = inbox
        self._jobs = jobs
        self._store = store
        self._now = now

    async def watch(self) -> None:
        """Look again and again, for ever."""
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except StoreUnavailable as why:
                log.warning("the review inbox stays as it is: %s", why.message)

    async def look(self) -> bool:
        """Forget erased conversations, and have the inbox prepared if that is due; whether it was.

        Raises: StoreUnavailable."""
        await self._inbox.forget_erased()
        prepared = await self._inbox.refreshed_at() or 0
        changed = max((await self._store.conversations()).values(), default=0)
        if self._now() - prepared < FRESH_MS or changed <= prepared:
            return False
        try:
            await self._jobs.submit("review", {}, BY)
        except JobRunning:
            return False
        return True
