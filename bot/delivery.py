"""Brings every desk up to date, and deals with desks that do not take what they are given.

Belongs here: when a desk is shown what, the one retry policy, and what happens when a desk is down.
Does not belong here: what a desk makes of it (`bot.desks`), the records (`bot.threads`,
`bot.desk_health`), or who is asked to come (`bot.routing`).

A desk follows the log like everybody else: its follower leases a conversation, shows the desk what
is new in it, and notes how far it got. What the desk says when it does not take something decides
what happens next:

- `DeskBusy` (not now, not there): that place waits as long as it was told, and what piles up
  meanwhile goes as one;
- `DeskDown` (not reached, or it failed): the desk rests, longer with each failure in a row; after
  some it counts as down;
- `DeskRefused` (never as it is): noted for the owners, and on with the next;
- `ThreadGone` (deleted, archived): a new thread, with all of the transcript.

A desk that counts as down is tried for ever. Meanwhile the owners hear of it at the other desks and
in the console, and who waits at it is shown at another desk, too. When it is back it gets all that
it is owed; nothing has to be switched on again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import anyio
import msgspec

from bot import commands
from bot.conversation import Conversation, State
from bot.desk_health import Dead, DeskHealth, Down, SentElsewhere
from bot.desks import Desk
from bot.errors import DeskBusy, DeskDown, DeskError, DeskRefused, ThreadGone, UnknownConversation
from bot.events import Entry
from bot.following import Rest
from bot.router import Router
from bot.store import News, Store
from bot.threads import Thread, Threads

log = logging.getLogger(__name__)

#: The retry policy. A failed desk rests for a second, then two, four, ... up to a minute; each with
#: a failure that came after the rest before it. With the fifth in a row, after 15 s, it is down.
REST_MS: Final = 1_000
REST_AT_MOST_MS: Final = 60_000
DOWN_AFTER: Final = 5
#: The longest that a desk may take over one conversation. Its client's own timeouts are shorter.
SHOW_WITHIN_S: Final = 60.0
#: Threads that may vanish in a row before that counts as a failure of the desk.
THREADS_AT_MOST: Final = 2
#: So many new conversations are too many for the pace of a place: agents are told once in a while.
FLOOD: Final = 20
FLOOD_TOLD_S: Final = 300
#: So many of those who wait are passed on when a desk goes down; the ladder has the rest.
WAITING_AT_MOST: Final = 1_000
#: Where everybody can look when no desk can be reached.
CONSOLE: Final = "console"


@dataclass(frozen=True, slots=True)
class Station:
    """A desk with what is kept of it."""

    desk: Desk
    threads: Threads
    health: DeskHealth


class Delivery:
    """The follower of one station's desk. `others`: the stations beside it, for alerts and for who
    waits when it is down."""

    def __init__(
        self, station: Station, *, others: Sequence[Station], store: Store, router: Router
    ) -> None:
        self._desk = station.desk
        self._threads = station.threads
        self._health = station.health
        self._others = others
        self._store = store
        self._router = router

    async def act(self, id: str) -> Rest:
        """Show the desk what it has not seen of the conversation."""
        rest_ms, down = await self._health.rest()
        thread = await self._threads.load(id)
        try:
            news = await self._store.news(id, thread.seen, "agent")
        except UnknownConversation:
            return Rest()  # it is no longer kept
        c = news.conversation
        if self._desk.name not in c.desks:
            return Rest(seen=c.seq)
        if not news.entries:
            return Rest(seen=thread.seen)  # not c.seq: `c` may be a little ahead of the entries
        if down is not None:
            await self._owe(c, thread, down)
        if rest_ms:
            return Rest(due=self._router.now() + rest_ms + _turn(news))
        try:
            with anyio.fail_after(SHOW_WITHIN_S):
                await self._show(c, news.entries, thread)
        except DeskBusy as why:
            await self._busy(why, thread)
            return Rest(due=self._router.now() + round(why.after_s * 1000) + 1 + _turn(news))
        except (DeskDown, TimeoutError) as why:
            return Rest(due=self._router.now() + await self._failed(c, thread, why) + _turn(news))
        if await self._health.succeeded(c.id):
            await self._alert(
                [self._desk, *(other.desk for other in self._others)],
                f"{self._desk.name.title()} can be reached again, and gets what it missed.",
            )
        return Rest(seen=thread.seen)

    async def _show(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        for _ in range(THREADS_AT_MOST):
            try:
                if thread.sending is not None:
                    await thread.adopt(await self._desk.find(c, thread))
                await self._desk.show(c, news, thread)
            except ThreadGone as why:
                log.warning("%s, conversation %s: %s", self._desk.name, c.id, why)
                await thread.forget()
                news = await self._store.log(c.id)
                continue
            except DeskRefused as why:
                what = f"what came after entry {thread.seen}"
                await self._health.refused(c.id, what, why.message)
            await thread.reached(news[-1].seq)
            return
        raise DeskDown(f"{self._desk.name.title()} loses every thread at once.")

    # -------------------------------------------------------------------------- not now

    async def _busy(self, why: DeskBusy, thread: Thread) -> None:
        """The whole place waits, not only what met the limit."""
        if isinstance(why, SentElsewhere):
            return
        if thread.place is not None:
            await self._health.pause(thread.place, why.after_s)
        if thread.root is None:
            await self._tell_of_flood()

    async def _tell_of_flood(self) -> None:
        """New conversations come faster than the desk may show them: say how many, once in a
        while, rather than let agents believe that this is all."""
        waiting = await self._store.how_many(State.WAITING.value)
        if waiting >= FLOOD and await self._health.first_alert("flood", FLOOD_TOLD_S):
            await self._alert(
                [self._desk],
                f"{waiting} customers are waiting. They are shown here one after the other, as "
                f"fast as {self._desk.name.title()} allows; all of them are in the console.",
            )

    # ------------------------------------------------------------------------- down, and back

    async def _failed(self, c: Conversation, thread: Thread, why: Exception) -> int:
        """For how many ms to wait."""
        words = str(why) or f"{self._desk.name} takes too long."
        now = self._router.now()
        failed = await self._health.failed(
            words, now=now, base_ms=REST_MS, longest_ms=REST_AT_MOST_MS, enough=DOWN_AFTER
        )
        log.warning("%s on conversation %s: %s", self._desk.name, c.id, words)
        if failed.went_down:
            down = Down(since=now, why=words)
            await self._owe(c, thread, down)
            waiting = await self._store.shelf(State.WAITING.value, WAITING_AT_MOST)
            for one in await self._store.load_many(waiting):
                await self._ask_elsewhere(one)
            await self._alert(
                [other.desk for other in self._others],
                f"{self._desk.name.title()} cannot be reached: {words} Who waits there is shown "
                "here. Nothing is lost: it gets everything when it is back.",
            )
        return failed.wait_ms

    async def _owe(self, c: Conversation, thread: Thread, down: Down) -> None:
        """A dead letter: noted, alerted of, and tried again when the desk is back."""
        dead = Dead(
            conversation=c.id,
            what=f"what came after entry {thread.seen}",
            since=self._router.now(),
            why=down.why,
        )
        await self._health.owe(dead)
        await self._ask_elsewhere(c)

    async def _ask_elsewhere(self, c: Conversation) -> None:
        """Who waits at this desk is shown at another, too. Who is asked and what comes next stay:
        at night that is the ladder from its beginning."""
        if c.state is not State.WAITING or c.assigned is None or c.assigned.desk != self._desk.name:
            return
        asked = msgspec.structs.replace(c.assigned, desk=await self._other_desk())
        await self._router.execute(c.id, commands.Assign(assigned=asked, epoch=c.epoch))

    async def _other_desk(self) -> str:
        for other in self._others:
            _, down = await other.health.rest()
            if down is None:
                return other.desk.name
        return CONSOLE

    async def _alert(self, desks: Sequence[Desk], text: str) -> None:
        """Whoever can be told; the console shows by itself which desk is down."""
        for desk in desks:
            try:
                with anyio.fail_after(SHOW_WITHIN_S):
                    await desk.alert(text)
            except (DeskError, TimeoutError) as why:
                log.warning("%s could not be alerted: %s", desk.name, why)


def _turn(news: News) -> int:
    """Milliseconds by which those behind in the queue come later, when many wait for the same
    moment: who waits longest is shown first."""
    return min(news.position or 0, 999)
