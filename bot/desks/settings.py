"""Which settings of the desks belong together. A desk that is configured by half does not start:
agents would believe that they get everything.

Belongs here: checking that, without the desks' SDKs, so that `deskhand up` can do it before it
starts anything. Does not belong here: reading the environment (`bot.settings`), building the desks.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import SettingsError
from bot.settings import Secret, Settings


def check(settings: Settings) -> None:
    """Raises: SettingsError, naming what is missing of a desk."""
    if settings.wants_slack:
        slack_tokens(settings)
    if settings.wants_telegram:
        telegram_group(settings)
        webhook_of(settings)


@dataclass(frozen=True, slots=True)
class SlackTokens:
    """What is needed to be Slack's app: the bot token, and either the app token (Socket Mode) or
    the signing secret (HTTP). With both, Socket Mode is used.

    Raises: SettingsError, when that is not what there is."""

    bot: Secret
    app: Secret
    signing: Secret

    def __post_init__(self) -> None:
        if not self.bot:
            raise SettingsError(
                "SLACK_BOT_TOKEN is not set, but SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is.",
                hint="Set it (it begins with xoxb-), or unset the others: docs/slack.md.",
            )
        if not self.bot.reveal().startswith("xoxb-"):
            raise SettingsError(
                "SLACK_BOT_TOKEN is not a bot token.", hint="It begins with xoxb-: docs/slack.md."
            )
        if not self.app and not self.signing:
            raise SettingsError(
                "SLACK_BOT_TOKEN is set, but neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET.",
                hint=(
                    "Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP: "
                    "without it nobody could tell Slack's requests from forged ones."
                ),
            )
        if self.app and not self.app.reveal().startswith("xapp-"):
            raise SettingsError(
                "SLACK_APP_TOKEN is not an app-level token.",
                hint="It begins with xapp-: docs/slack.md.",
            )


def slack_tokens(settings: Settings) -> SlackTokens:
    """Raises: SettingsError."""
    return SlackTokens(
        bot=settings.slack_bot_token,
        app=settings.slack_app_token,
        signing=settings.slack_signing_secret,
    )


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram reaches us (https), and the secret by which we know that it is Telegram."""

    url: str
    secret: Secret


def telegram_group(settings: Settings) -> int:
    """The agents' group, for a bot with a token.

    Raises: SettingsError."""
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
    return settings.telegram_group


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
