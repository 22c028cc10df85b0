"""Builds the Slack desk from the settings, or says why it cannot be.

Belongs here: joining the desk's parts. Which settings belong together is said by
`bot.desks.settings`.
"""

from __future__ import annotations

from redis.asyncio import Redis

from bot.desk_health import DeskHealth
from bot.desks.settings import slack_tokens
from bot.desks.slack import PACE, SlackDesk
from bot.desks.slack_api import SlackApi
from bot.desks.slack_parts import Needs, Parts
from bot.desks.slack_versions import Versions
from bot.settings import Settings
from bot.threads import Threads


def health_of(redis: Redis[bytes]) -> DeskHealth:
    return DeskHealth(redis, "slack", PACE)


def set_up(settings: Settings, needs: Needs, threads: Threads) -> SlackDesk:
    """Raises: SettingsError, naming what is missing."""
    tokens = slack_tokens(settings)
    api = SlackApi(tokens.bot.reveal(), url=settings.slack_api_url)
    return SlackDesk(tokens, Parts(needs, api, threads), Versions(needs.redis))
