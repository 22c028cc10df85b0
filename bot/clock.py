"""When time itself is the news: nobody has come for a while, a snooze is over.

What is due when, and what then happens, is decided in `bot.conversation` (`next_due`,
`LetTimePass`); this follower only brings the time.
"""

from __future__ import annotations

from bot.commands import LetTimePass
from bot.conversation import next_due
from bot.errors import UnknownConversation
from bot.following import Rest
from bot.router import Router


class Clock:
    def __init__(self, router: Router) -> None:
        self._router = router

    async def act(self, id: str) -> Rest:
        try:
            outcome = await self._router.execute(id, LetTimePass(now=self._router.now()))
        except UnknownConversation:
            return Rest()  # it is no longer kept
        return Rest(seen=outcome.conversation.seq, due=next_due(outcome.conversation))
