"""An agent goes away or comes back: what follows for those who wait for them.

Used by every desk: the console's button, `/desk away` and `/desk back`. Does not belong here: who
is away (`bot.people`), or what then happens to a conversation (`bot.clock`, which is nudged).
"""

from __future__ import annotations

from collections.abc import Callable

from bot.conversation import Conversation, State
from bot.people import Absence, People, Standing
from bot.router import Router
from bot.store import Follower
from bot.work import Work


class Presence:
    def __init__(self, work: Work, router: Router, people: People) -> None:
        self._work = work
        self._router = router
        self._people = people

    async def go_away(self, login: str) -> None:
        """Not to be asked any more. For whoever waits for this agent now, somebody else is asked:
        at once where they are only asked for, and as soon as the customer has waited a moment for
        an answer (`owner_check_ms`) where the conversation is theirs."""
        await self._people.leave(login, "self")
        await self._look_again(lambda c: _concerns(c, login))

    async def come_back(self, login: str) -> None:
        """To be asked again; whoever waits without anybody being asked may now get them."""
        await self._people.come_back(login, self._router.now())
        await self._look_again(lambda c: c.state is State.WAITING)

    async def absence(self, login: str) -> Absence | None:
        return await self._people.absence(login)

    async def everybody(self) -> list[Standing]:
        return await self._people.roll_call()

    async def seen(self, login: str) -> None:
        """The agent did something that leaves no entry in a log."""
        await self._people.seen(login, self._router.now())

    async def _look_again(self, concerns: Callable[[Conversation], bool]) -> None:
        ids = [c.id for c in await self._people.open_conversations() if concerns(c)]
        await self._work.nudge(Follower.CLOCK, ids, now=self._router.now())


def _concerns(c: Conversation, login: str) -> bool:
    asked = c.assigned.agents if c.assigned else ()
    return any(agent.login == login for agent in (*asked, *([c.owner] if c.owner else ())))
