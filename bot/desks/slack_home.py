"""An agent's own place in Slack: the App Home, and what `/desk` answers.

Belongs here: gathering what these two show, and the orders of `/desk`. What the App Home looks like
is in `bot.desks.slack_views`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from bot import commands
from bot.conversation import Conversation, State
from bot.desks import orders
from bot.desks.orders import UnclearOrder
from bot.desks.slack_blocks import customer_of
from bot.desks.slack_parts import Parts, refusal, unknown
from bot.desks.slack_text import date, escape, one_line, plain_text
from bot.desks.slack_views import Figures, home
from bot.errors import BadMessage, IllegalMove
from bot.events import Agent

Json = dict[str, Any]

#: Conversations that are looked at for the queue, and closed ones for today's figures.
QUEUE_AT_MOST: Final = 200
CLOSED_AT_MOST: Final = 500
#: Lines of `/desk queue` and `/desk mine`, and rows of the App Home that link to their threads.
LINES_AT_MOST: Final = 15
LINKS_AT_MOST: Final = 60


class SlackHome:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def refresh(self, user: str, said: str = "") -> None:
        """Bring somebody's App Home up to date. `said`: a word about what they just did."""
        who = await self._parts.who(user)
        if who.agent is None:
            block = {"type": "section", "text": plain_text(unknown(user))}
            view: Json = {"type": "home", "blocks": [block]}
        else:
            view = await self._view(who.agent, said)
        await self._parts.api.call("views.publish", user_id=user, view=view)

    async def _view(self, agent: Agent, said: str) -> Json:
        found, closed = await self._open(), await self._closed()
        links = {c.id: await self._parts.link(c.id) for c in found[:LINKS_AT_MOST]}
        return home(
            agent,
            found,
            Figures.of([*found, *closed], self._midnight()),
            away=await self._parts.presence.absence(agent.login) is not None,
            links={id: link for id, link in links.items() if link},
            said=said,
        )

    async def _open(self) -> list[Conversation]:
        store, ids = self._parts.store, list[str]()
        for state in (State.WAITING, State.HUMAN, State.SNOOZED):
            ids += await store.shelf(state.value, QUEUE_AT_MOST)
        found = await store.load_many(list(dict.fromkeys(ids)))
        return [c for c in found if c.state in (State.WAITING, State.HUMAN, State.SNOOZED)]

    async def _closed(self) -> list[Conversation]:
        ids = await self._parts.store.shelf(State.CLOSED.value, CLOSED_AT_MOST, newest=True)
        return await self._parts.store.load_many(ids)

    def _midnight(self) -> int:
        zone = self._parts.plan.hours.zone
        now = datetime.fromtimestamp(self._parts.now() / 1000, zone)
        return int(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)

    # --------------------------------------------------------------------------------- /desk

    async def on_command(self, agent: Agent, text: str, id: str) -> str:
        """`/desk text`; the answer in mrkdwn, for the one who asked.

        Raises: StoreUnavailable, and what calls of Slack raise."""
        verb, _, rest = text.strip().partition(" ")
        answer = VERBS.get(verb.casefold() or "queue")
        try:
            if answer is None:
                raise UnclearOrder(f"/desk knows no {verb!r}.", hint=USAGE)
            return await answer(self, agent, rest.strip(), id)
        except (IllegalMove, BadMessage, UnclearOrder) as why:
            return escape(refusal(why))

    async def queue(self, agent: Agent, rest: str, id: str) -> str:
        waiting = [c for c in await self._open() if c.state is State.WAITING]
        return await self._lines(waiting, "Nobody is waiting.")

    async def mine(self, agent: Agent, rest: str, id: str) -> str:
        return await self._lines(await self._owned(agent), "You have no conversation.")

    async def _owned(self, agent: Agent) -> list[Conversation]:
        return [c for c in await self._open() if c.owner and c.owner.login == agent.login]

    async def _lines(self, found: Sequence[Conversation], none: str) -> str:
        lines = []
        for number, c in enumerate(found[:LINES_AT_MOST], 1):
            who, said = escape(customer_of(c)), escape(one_line(c.preview, 80))
            link = await self._parts.link(c.id)
            name = f"<{link}|{who}>" if link else who
            lines.append(
                f"{number}. {name}, {date(c.waiting_since or c.updated_at, '{ago}')}: {said}"
            )
        if len(found) > LINES_AT_MOST:
            lines.append(f"and {len(found) - LINES_AT_MOST} more")
        return "\n".join(lines) or none

    async def away(self, agent: Agent, rest: str, id: str) -> str:
        await self._parts.presence.go_away(agent.login)
        return "You are away: you are not asked until you say `/desk back`."

    async def back(self, agent: Agent, rest: str, id: str) -> str:
        await self._parts.presence.come_back(agent.login)
        return "Welcome back."

    async def close(self, agent: Agent, rest: str, id: str) -> str:
        c, rest = await self._meant(agent, rest)
        command = commands.Close(agent=agent, outcome=orders.outcome_of(rest))
        return await self._order(c, command, id, "Closed")

    async def return_to_bot(self, agent: Agent, rest: str, id: str) -> str:
        c, _ = await self._meant(agent, rest)
        seen = await self._parts.threads.seen(c.id)
        command = commands.ReturnToBot(agent=agent, seen=seen)
        return await self._order(c, command, id, "Back with the assistant")

    async def snooze(self, agent: Agent, rest: str, id: str) -> str:
        c, rest = await self._meant(agent, rest)
        zone = self._parts.plan.hours.zone
        until = orders.until(rest, now=self._parts.now(), zone=zone)
        return await self._order(c, commands.Snooze(agent=agent, until=until), id, "Put away")

    async def transfer(self, agent: Agent, rest: str, id: str) -> str:
        c, rest = await self._meant(agent, rest)
        team = await self._parts.people.team()
        command = orders.passed_to(rest, agent, skills=self._parts.plan.skills, team=team)
        return await self._order(c, command, id, "Passed on")

    async def _order(self, c: Conversation, command: commands.Command, id: str, done: str) -> str:
        await self._parts.router.from_agent(c.id, command, client_id=id)
        return f"{done}: {escape(customer_of(c))}."

    async def _meant(self, agent: Agent, rest: str) -> tuple[Conversation, str]:
        """The conversation of theirs that is meant: the only one, or by its number in `/desk mine`,
        as in `close 2 solved`; and the words that are left.

        Raises: UnclearOrder."""
        owned = await self._owned(agent)
        number, _, left = rest.partition(" ")
        if number.isdigit() and len(number) < 3:
            if not 0 < int(number) <= len(owned):
                raise UnclearOrder(f"You have no number {number}.", hint="See `/desk mine`.")
            return owned[int(number) - 1], left
        if not owned:
            raise UnclearOrder("You have no conversation.", hint="Claim one first.")
        if len(owned) > 1:
            raise UnclearOrder(
                f"You have {len(owned)} conversations.",
                hint="Say which, by its number in `/desk mine`: `/desk close 2 solved`.",
            )
        return owned[0], rest


#: What `/desk` knows, by its first word.
VERBS: Final[Mapping[str, Callable[[SlackHome, Agent, str, str], Awaitable[str]]]] = (
    MappingProxyType(
        {
            "queue": SlackHome.queue,
            "mine": SlackHome.mine,
            "away": SlackHome.away,
            "back": SlackHome.back,
            "close": SlackHome.close,
            "return": SlackHome.return_to_bot,
            "snooze": SlackHome.snooze,
            "transfer": SlackHome.transfer,
        }
    )
)
USAGE: Final = (
    "Try queue, mine, away, back, close [solved], return, snooze 2h, or transfer orders; with more "
    "than one conversation also its number in mine: close 2 solved."
)
