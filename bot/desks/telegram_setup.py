"""Builds the Telegram desk from the settings, or says why it cannot be.

Belongs here: joining the desk's parts. Which settings belong together is said by
`bot.desks.settings`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.desk_health import DeskHealth
from bot.desks.settings import telegram_group, webhook_of
from bot.desks.telegram import PACE, TelegramDesk
from bot.desks.telegram_buttons import Seal
from bot.desks.telegram_client import Telegram
from bot.desks.telegram_office import Office
from bot.desks.telegram_places import Places
from bot.desks.telegram_search import Search
from bot.desks.telegram_talk import Talk
from bot.desks.telegram_topic import Topics
from bot.files import Files
from bot.known_intents import KnownIntents
from bot.people import People
from bot.presence import Presence
from bot.router import Router
from bot.settings import Secret, Settings
from bot.store import Store
from bot.threads import Threads


@dataclass(frozen=True, slots=True)
class Parts:
    """What the desk needs of the rest of the gateway."""

    redis: Redis[bytes]
    store: Store
    router: Router
    people: People
    presence: Presence
    files: Files
    intents: KnownIntents


def health_of(redis: Redis[bytes]) -> DeskHealth:
    return DeskHealth(redis, "telegram", PACE)


def set_up(settings: Settings, parts: Parts, threads: Threads) -> TelegramDesk:
    """Raises: SettingsError, naming what is missing."""
    group, webhook = telegram_group(settings), webhook_of(settings)
    seal = Seal(_key(settings.telegram_bot_token))
    telegram = Telegram(settings.telegram_bot_token, seal, settings.telegram_api_url)
    places, talk = Places(parts.redis), Talk(telegram)
    office = Office(
        telegram=telegram,
        seal=seal,
        talk=talk,
        places=places,
        threads=threads,
        store=parts.store,
        router=parts.router,
        people=parts.people,
        presence=parts.presence,
        files=parts.files,
        intents=parts.intents,
    )
    topics = Topics(
        telegram,
        seal,
        plan=parts.people.plan,
        store=parts.store,
        files=parts.files,
        places=places,
        talk=talk,
        group=group,
    )
    search = Search(telegram, seal, places=places, threads=threads)
    return TelegramDesk(office, topics, search, group=group, webhook=webhook)


def _key(token: Secret) -> str:
    """The key of our seal: known to all gateways that have the token, and to nobody else."""
    return hashlib.sha256(b"deskhand seal " + token.reveal().encode()).hexdigest()
