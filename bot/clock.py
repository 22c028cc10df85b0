"""When time itself is the news: nobody comes to who waits, an owner has gone, a snooze is over.

What is due when is decided in `bot.conversation` (`next_due`), whom to ask and what to tell in
`bot.routing`; this follower brings the two together with the situation of the moment.
"""

from __future__ import annotations

from typing import Literal

from bot.commands import Assign, LetTimePass, Unclaim
from bot.conversation import Conversation, State, next_due
from bot.following import Rest
from bot.people import People
from bot.router import Router
from bot.routing import is_asked, next_turn, somebody_now
from bot.store import Store

#: While nobody could be asked: how often it is looked for somebody, in ms.
LOOK_MS = 10_000


class Clock:
    def __init__(self, store: Store, router: Router, people: People) -> None:
        self._store = store
        self._router = router
        self._people = people

    async def act(self, id: str) -> Rest:
        c = (await self._store.find(id)).conversation
        if not c.seq:
            return Rest()  # it is no longer kept
        now = self._router.now()
        if c.state is State.WAITING:
            return await self._bring_somebody(c, now)
        if c.state is State.HUMAN and c.unanswered_since is not None:
            return await self._watch_owner(c, now)
        outcome = await self._router.execute(id, LetTimePass(now=now))
        return self._rest(outcome.conversation)

    async def _bring_somebody(self, c: Conversation, now: int) -> Rest:
        plan, s = self._people.plan, await self._people.situation(c, now)
        due = c.assigned.due if c.assigned else c.waiting_since
        turn = somebody_now(c, plan, s, now)
        if due is not None and due <= now:
            turn = next_turn(c, plan, s, now)
        if turn is not None:
            assign = Assign(assigned=turn.assigned, epoch=c.epoch, notices=turn.notices)
            c = (await self._router.execute(c.id, assign)).conversation
        due = c.assigned.due if c.assigned else None
        if plan.hours.is_open(now) and not is_asked(c, s):
            due = min(due or now + LOOK_MS, now + LOOK_MS)
        return Rest(seen=c.seq, due=due)

    async def _watch_owner(self, c: Conversation, now: int) -> Rest:
        """The customer waits for the owner's answer. An owner who is away hands over at once; one
        who has not given a sign of life for long enough has vanished."""
        if c.owner is None:
            raise ValueError(f"conversation {c.id} has no owner")
        due = next_due(c, owner_check_ms=self._store.owner_check_ms)
        if due is not None and due > now:
            return Rest(seen=c.seq, due=due)
        absence = await self._people.absence(c.owner.login)
        if absence is None:
            seen_at = await self._people.last_seen(c.owner.login)
            last_sign = max(c.unanswered_since or 0, c.owned_since or 0, seen_at)
            vanishes = last_sign + self._people.plan.vanish_after
            if vanishes > now:
                return Rest(seen=c.seq, due=min(vanishes, now + self._store.owner_check_ms))
            await self._people.leave(c.owner.login, "vanished")
        because: Literal["away", "vanished"] = "away" if absence == "self" else "vanished"
        unclaim = Unclaim(because=because, epoch=c.epoch)
        return self._rest((await self._router.execute(c.id, unclaim)).conversation)

    def _rest(self, c: Conversation) -> Rest:
        return Rest(seen=c.seq, due=next_due(c, owner_check_ms=self._store.owner_check_ms))
