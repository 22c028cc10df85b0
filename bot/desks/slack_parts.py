"""What the shells of the Slack desk share: who is at the other end, and a word to them alone.

Belongs here: members of the workspace as agents, hints, addresses of threads. What they do is in
`bot.desks.slack_messages` (what they write) and `bot.desks.slack_actions` (what they press).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.desk_plan import Plan
from bot.desks.slack_api import SlackApi
from bot.desks.slack_blocks import Message
from bot.desks.slack_text import mentioned
from bot.errors import DeskhandError
from bot.events import Agent
from bot.files import Files
from bot.known_intents import KnownIntents
from bot.people import People
from bot.presence import Presence
from bot.router import Router
from bot.store import Store
from bot.threads import Threads

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody in Slack who does something. `agent` is None for who is none of the plan's."""

    user: str
    agent: Agent | None


@dataclass(frozen=True, slots=True)
class Needs:
    """What the desk needs of the rest of the gateway."""

    redis: Redis[bytes]
    store: Store
    router: Router
    people: People
    presence: Presence
    files: Files
    intents: KnownIntents


class Parts:
    """All that the desk works with."""

    def __init__(self, needs: Needs, api: SlackApi, threads: Threads) -> None:
        self.api = api
        self.threads = threads
        self.store = needs.store
        self.router = needs.router
        self.people = needs.people
        self.presence = needs.presence
        self.files = needs.files
        self.intents = needs.intents
        self.plan: Plan = needs.people.plan
        self.now = needs.router.now
        self._slack_ids: dict[str, str] = {}

    async def who(self, user: str) -> Who:
        """The agent behind a member of the workspace: by member id, else by e-mail."""
        found = self.plan.by_slack(user)
        if found is None:
            member = await self.api.member(user)
            found = self.plan.by_slack(user, member.email)
        if found is None:
            return Who(user, None)
        await self.presence.seen(found.login)
        return Who(user, found.agent)

    async def slack_ids(self, agents: tuple[Agent, ...]) -> Mapping[str, str]:
        """Member ids of those of `agents` whom the workspace knows, by login."""
        members = {one.login: one for one in self.plan.members}
        for agent in agents:
            member = members.get(agent.login)
            if member is None or agent.login in self._slack_ids:
                continue
            found = member.slack
            if found is None and member.email:
                found = await self.api.member_by_email(member.email)
            if found is not None:
                self._slack_ids[agent.login] = found
        return self._slack_ids

    async def names_in(self, text: str) -> Mapping[str, str]:
        """Names of the members that a message speaks of, by id."""
        return {id: (await self.api.member(id)).name for id in mentioned(text)}

    async def whisper(self, user: str, channel: str, thread: str, message: Message) -> None:
        """A message in a thread that only `user` sees."""
        arguments = message.arguments
        for name in ("unfurl_links", "unfurl_media"):
            del arguments[name]
        if thread:
            arguments["thread_ts"] = thread
        await self.api.call("chat.postEphemeral", channel=channel, user=user, **arguments)

    async def link(self, conversation: str) -> str:
        """The address of its thread; empty when it has none here."""
        thread = await self.threads.load(conversation)
        if thread.place is None or thread.root is None:
            return ""
        return await self.api.permalink(thread.place, thread.root)


def unknown(user: str) -> str:
    return (
        "Deskhand does not know you, so nothing was done and nothing was sent. An owner can add "
        f"you to data/desk.yml: with your e-mail address, or with `slack: {user}`."
    )


def refusal(why: DeskhandError, *, what: str = "That did not work") -> str:
    return " ".join(part for part in (f"{what}: {why.message}", why.hint) if part)
