"""What agents at the console can choose from: intents, skills, canned texts, colleagues.

Belongs here: collecting it from the owner's plan, the domain and the accounts. Does not belong
here: routes (`bot.web.desk`), or what becomes of a choice (`bot.web.orders`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot import transcript
from bot.conversation import Conversation
from bot.desk_plan import Plan
from bot.events import Agent
from bot.known_intents import KnownIntents
from bot.presence import Presence
from bot.web.accounts import Accounts


@dataclass(frozen=True, slots=True)
class Choices:
    plan: Plan
    presence: Presence
    accounts: Accounts
    known_intents: KnownIntents

    async def intents(self) -> list[str]:
        """All that the assistant knows."""
        return list(await self.known_intents.names())

    def skills(self) -> list[dict[str, str]]:
        """Where a conversation can be passed on to, as {name, words}."""
        return [{"name": skill.name, "words": skill.words} for skill in self.plan.skills]

    def canned(self, c: Conversation, agent: Agent) -> list[dict[str, str]]:
        """The owner's ready-made texts as {name, text}, with the names of this chat filled in."""
        customer = str(transcript.card(c)["customer"].get("name") or "")
        return [
            {"name": one.name, "text": one.filled(customer=customer, agent=agent.name)}
            for one in self.plan.canned
        ]

    async def team(self) -> list[dict[str, Any]]:
        """Everybody who is asked, and how they stand."""
        return [
            {
                "login": one.member.login,
                "name": one.member.name,
                "away": one.absence is not None,
                "conversations": one.load,
                "capacity": one.member.capacity,
            }
            for one in await self.presence.everybody()
        ]

    async def colleague(self, login: str) -> Agent:
        """Whoever answers customers under that login, at whatever desk.

        Raises: UnknownAccount."""
        for standing in await self.presence.everybody():
            if standing.member.login == login:
                return standing.member.agent
        account = await self.accounts.get(login)
        return Agent(login=account.login, name=account.name)
