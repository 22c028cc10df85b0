"""Builds the Telegram desk from the settings, or says why it cannot be.

Belongs here: which settings belong together, and joining the desk's parts. A desk that is
configured by half does not start: agents would believe that they get everything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.desk_health import DeskHealth
from bot.desks.telegram import PACE, TelegramDesk, Webhook
from bot.desks.telegram_buttons import Seal
from bot.desks.telegram_client import Telegram
from bot.desks.telegram_office import Office
from bot.desks.telegram_places import Places
from bot.desks.telegram_search import Search
from bot.desks.telegram_talk import Talk
from bot.desks.telegram_topic import Topics
from bot.errors import SettingsError
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
    if not settings.telegram_bot_token:
        raise SettingsError(
            "TELEGRAM_BOT_TOKEN is not set, but other TELEGRAM_ settings are.",
            hint="Set it to the token that @BotFather gave you (docs/telegram.md), or unset them.",
        )
    if settings.telegram_group is None:
        raise SettingsError(
            "TELEGRAM_GROUP_ID is not set, and TELEGRAM_BOT_TOKEN is.",
            hint="Set it to the id of your agents' group, like -1001234567890 (docs/telegram.md).",
        )
    webhook = webhook_of(settings)
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
        group=settings.telegram_group,
    )
    search = Search(telegram, seal, places=places, threads=threads)
    return TelegramDesk(office, topics, search, group=settings.telegram_group, webhook=webhook)


def webhook_of(settings: Settings) -> Webhook | None:
    """How updates come: None for polling.

    Raises: SettingsError: a webhook without a secret would believe anybody."""
    secret, url = settings.telegram_webhook_secret, settings.public_url
    if settings.telegram_mode == "polling" or not (settings.telegram_mode or secret):
        return None
    if not secret:
        raise SettingsError(
            "TELEGRAM_WEBHOOK_SECRET is not set, and TELEGRAM_MODE is webhook.",
            hint="Set it to a long random text: without it, anybody could pretend to be Telegram.",
        )
    if not url:
        raise SettingsError(
            "DESKHAND_PUBLIC_URL is not set, and Telegram is to call us by webhook.",
            hint="Set it to the https address under which Telegram reaches this gateway, or set "
            "TELEGRAM_MODE to polling.",
        )
    return Webhook(url, secret)


def _key(token: Secret) -> str:
    """The key of our seal: known to all gateways that have the token, and to nobody else."""
    return hashlib.sha256(b"deskhand seal " + token.reveal().encode()).hexdigest()
