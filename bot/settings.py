"""The environment, read once, as frozen dataclasses. Nothing else reads `os.environ`
(the assistant's and the action server's processes excepted: they read what `deskhand up` gives
them). A value that makes no sense raises `SettingsError` naming the variable and what it may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from bot.errors import SettingsError

T = TypeVar("T")


class Secret:
    """A string that never shows itself by accident: `repr` and `str` are masked."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')" if self._value else "Secret('')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server. `tls`: from the first byte (smtps://). `start_tls`: True when it must offer
    encryption before we log in, None when we take it if offered, False for none."""

    host: str
    port: int
    user: str | None = None
    password: Secret | None = None
    tls: bool = False
    start_tls: bool | None = None

    @property
    def address(self) -> str:
        """Without what is secret."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that can be configured. Times are in seconds unless the name says otherwise."""

    host: str = "127.0.0.1"
    port: int = 8080
    #: Origins (scheme://host[:port]) whose pages may open the widget, beside our own.
    origins: frozenset[str] = frozenset()
    #: Believe X-Forwarded-For and -Proto: only behind a proxy that sets them.
    trust_proxy: bool = False

    redis_url: Secret = field(default_factory=lambda: Secret(""))
    #: Of the embedded Redis. "everysec" answers before it writes while the disk is slow, so that a
    #: kill -9 can lose what was acknowledged; "always" costs a fsync per batch of writes.
    appendfsync: str = "always"

    #: Base of the assistant's channel, e.g. http://127.0.0.1:5005 (set by `deskhand up`).
    assistant_url: str = "http://127.0.0.1:5005"
    assistant_token: Secret = field(default_factory=lambda: Secret(""))
    #: The run of `deskhand up` that may tell where the assistant has moved to (it sets this).
    run: str = ""
    #: A turn that takes longer than this goes to a person.
    turn_deadline: float = 8.0
    #: How long an assistant that was never ready counts as "still starting".
    assistant_start_grace: float = 180.0

    #: Customers' messages a minute from one address, on average (an office shares one).
    messages_per_minute: int = 300

    #: Largest file that customers and agents may send, in MB.
    file_mb: int = 10

    #: The address by which customers and platforms reach us, e.g. https://desk.example; "" when not
    #: told.
    public_url: str = ""

    #: The Telegram desk (docs/telegram.md): token and group, or neither. By webhook with a secret
    #: and a public address; else the gateway fetches.
    telegram_bot_token: Secret = field(default_factory=lambda: Secret(""))
    telegram_group: int | None = None
    telegram_mode: str = ""
    telegram_webhook_secret: Secret = field(default_factory=lambda: Secret(""))
    #: Where the Bot API is; another address is for tests and for servers of one's own.
    telegram_api_url: str = "https://api.telegram.org"
    #: The Slack desk (docs/slack.md): the bot token with one of the others, or none of the three.
    slack_bot_token: Secret = field(default_factory=lambda: Secret(""))
    slack_app_token: Secret = field(default_factory=lambda: Secret(""))
    slack_signing_secret: Secret = field(default_factory=lambda: Secret(""))
    #: Where Slack's Web API is; another address is for tests and for gateways of companies.
    slack_api_url: str = "https://slack.com/api"

    bot_name: str = "Nordlys assistant"
    greeting: str = (
        "Hi! I'm the Nordlys assistant, a bot. I can help with orders, delivery, returns and "
        "our products, and I'll fetch a colleague whenever you like."
    )

    #: The owner's desk plan: who answers, when and where. Relative: to the project's directory.
    desk: Path = Path("data/desk.yml")

    #: The owner's help pages. Relative: to the project's directory.
    help: Path = Path("data/help")

    #: E-mail to customers who have left; without a server none is sent and none is offered.
    smtp: SmtpServer | None = None
    #: The From header of it: "Nordlys <help@nordlys.example>".
    mail_from: str = ""

    #: Whether owners find the studio here. It works on data/, models/ and var/, so of several
    #: gateways only those beside these have it.
    studio: bool = True

    #: Where config.yml, domain.yml and data/ are; `deskhand` starts its processes there.
    project: Path = Path()

    #: Root of everything that is written at run time.
    var: Path = Path("var")
    models: Path = Path("models")

    #: Models that wait for a promotion, at most; with a further one the oldest is deleted.
    candidates_kept: int = 5

    @property
    def wants_slack(self) -> bool:
        """Whether anything of that desk is configured."""
        return bool(self.slack_bot_token or self.slack_app_token or self.slack_signing_secret)

    @property
    def wants_telegram(self) -> bool:
        """Whether anything of that desk is configured."""
        return bool(
            self.telegram_bot_token
            or self.telegram_group is not None
            or self.telegram_webhook_secret
            or self.telegram_mode
        )

    @staticmethod
    def from_environment(environ: Mapping[str, str]) -> Settings:
        """Read `DESKHAND_*` and `REDIS_URL`.

        Raises:
            SettingsError: naming the variable, its value (never a secret's) and what it may be.
        """
        read = _Reader(environ)
        usual = Settings()
        settings = Settings(
            host=read("DESKHAND_HOST", str, usual.host),
            port=read("DESKHAND_PORT", _port, usual.port),
            origins=read("DESKHAND_ORIGINS", _origins, usual.origins),
            trust_proxy=read("DESKHAND_TRUST_PROXY", _flag, usual.trust_proxy),
            redis_url=read("REDIS_URL", _redis_url, usual.redis_url, secret=True),
            appendfsync=read(
                "DESKHAND_APPENDFSYNC", _one_of("always", "everysec"), usual.appendfsync
            ),
            assistant_url=read("DESKHAND_ASSISTANT_URL", _http_url, usual.assistant_url),
            assistant_token=read(
                "DESKHAND_ASSISTANT_TOKEN", Secret, usual.assistant_token, secret=True
            ),
            run=read("DESKHAND_RUN", _run, usual.run),
            turn_deadline=read("DESKHAND_TURN_DEADLINE", _seconds, usual.turn_deadline),
            assistant_start_grace=read(
                "DESKHAND_ASSISTANT_START_GRACE", _seconds, usual.assistant_start_grace
            ),
            messages_per_minute=read(
                "DESKHAND_MESSAGES_PER_MINUTE", _count, usual.messages_per_minute
            ),
            file_mb=read("DESKHAND_FILE_MB", _megabytes, usual.file_mb),
            public_url=read("DESKHAND_PUBLIC_URL", _public_url, usual.public_url),
            telegram_bot_token=read(
                "TELEGRAM_BOT_TOKEN", _telegram_token, usual.telegram_bot_token, secret=True
            ),
            telegram_group=read("TELEGRAM_GROUP_ID", _telegram_group, usual.telegram_group),
            telegram_mode=read("TELEGRAM_MODE", _one_of("polling", "webhook"), usual.telegram_mode),
            telegram_webhook_secret=read(
                "TELEGRAM_WEBHOOK_SECRET",
                _telegram_secret,
                usual.telegram_webhook_secret,
                secret=True,
            ),
            telegram_api_url=read("TELEGRAM_API_URL", _http_url, usual.telegram_api_url),
            slack_bot_token=read("SLACK_BOT_TOKEN", Secret, usual.slack_bot_token, secret=True),
            slack_app_token=read("SLACK_APP_TOKEN", Secret, usual.slack_app_token, secret=True),
            slack_signing_secret=read(
                "SLACK_SIGNING_SECRET", Secret, usual.slack_signing_secret, secret=True
            ),
            slack_api_url=read("SLACK_API_URL", _http_url, usual.slack_api_url),
            bot_name=read("DESKHAND_BOT_NAME", _line, usual.bot_name),
            greeting=read("DESKHAND_GREETING", _line, usual.greeting),
            desk=read("DESKHAND_DESK", Path, usual.desk),
            help=read("DESKHAND_HELP", Path, usual.help),
            smtp=read("DESKHAND_SMTP_URL", _smtp_url, None, secret=True),
            mail_from=read("DESKHAND_MAIL_FROM", _mail_from, usual.mail_from),
            studio=read("DESKHAND_STUDIO", _flag, usual.studio),
            var=read("DESKHAND_VAR", Path, usual.var),
            models=read("DESKHAND_MODELS", Path, usual.models),
            candidates_kept=read("DESKHAND_CANDIDATES_KEPT", _candidates, usual.candidates_kept),
        )
        _check_mail(settings)
        return settings


def _check_mail(settings: Settings) -> None:
    """E-mail needs a sender, and an address that its link can lead back to.

    Raises: SettingsError."""
    needed = {"DESKHAND_MAIL_FROM": settings.mail_from, "DESKHAND_PUBLIC_URL": settings.public_url}
    for name, value in needed.items():
        if settings.smtp and not value:
            raise SettingsError(
                f"{name} is not set, and DESKHAND_SMTP_URL is.",
                hint=f"Set {name} as well, or unset DESKHAND_SMTP_URL: no e-mail is offered then.",
            )


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __call__(
        self, name: str, parse: Callable[[str], T], default: T, *, secret: bool = False
    ) -> T:
        raw = self._environ.get(name, "").strip()
        if not raw:
            return default
        try:
            return parse(raw)
        except ValueError as why:
            shown = "its value (not shown)" if secret else repr(raw)
            raise SettingsError(
                f"{name}: {shown} {why}",
                hint=f"Correct {name} in the environment, or unset it.",
            ) from None


def _port(raw: str) -> int:
    if not raw.isdigit() or not 0 < int(raw) < 65536:
        raise ValueError("is not a port number (1 to 65535)")
    return int(raw)


def _count(raw: str) -> int:
    if not raw.isdigit() or not 0 < int(raw) <= 1_000_000:
        raise ValueError("is not a whole number from 1 to 1000000")
    return int(raw)


def _megabytes(raw: str) -> int:
    # Telegram's bots can fetch no more than 20 MB, and each upload is held in memory.
    if not raw.isdigit() or not 0 < int(raw) <= 20:
        raise ValueError("is not a whole number of megabytes from 1 to 20")
    return int(raw)


def _flag(raw: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if raw.lower() not in words:
        raise ValueError("is neither yes nor no")
    return words[raw.lower()]


def _seconds(raw: str) -> float:
    try:
        value = float(raw)
    except ValueError:
        raise ValueError("is not a number of seconds") from None
    if not 0 < value <= 86_400:
        raise ValueError("is not between 0 and 86400 seconds")
    return value


def _candidates(raw: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,2}", raw):
        raise ValueError("is not a number from 1 to 999")
    return int(raw)


def _line(raw: str) -> str:
    if len(raw) > 500 or "\n" in raw:
        raise ValueError("is not one line of at most 500 characters")
    return raw


def _run(raw: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", raw):
        raise ValueError("is no name of a run, which `deskhand up` makes")
    return raw


def _http_url(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an http(s) address")
    return raw.rstrip("/")


def _public_url(raw: str) -> str:
    url = _http_url(raw)
    if url != "{0.scheme}://{0.netloc}".format(urlsplit(url)) or "@" in url:
        raise ValueError("is more than an origin like https://desk.example")
    return url


def _telegram_token(raw: str) -> Secret:
    if not re.fullmatch(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,80}", raw):
        raise ValueError("is no token like 123456789:AAF..., as @BotFather gives it")
    return Secret(raw)


def _telegram_group(raw: str) -> int | None:
    if not re.fullmatch(r"-[1-9][0-9]{2,18}", raw):
        raise ValueError("is no group's id like -1001234567890")
    return int(raw)


def _telegram_secret(raw: str) -> Secret:
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", raw):
        raise ValueError("is not 16 to 256 letters, digits, _ and -")
    return Secret(raw)


def _mail_from(raw: str) -> str:
    _, address = parseaddr(_line(raw))
    if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@.]+", address):
        raise ValueError("is not like Nordlys <help@nordlys.example>")
    return raw


def _smtp_url(raw: str) -> SmtpServer:
    parts = urlsplit(raw)
    try:
        port = parts.port
    except ValueError:
        raise ValueError("has no port from 1 to 65535") from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError("is not like smtp://user:password@host:587 or smtps://...:465")
    user, password, tls = parts.username, parts.password, parts.scheme == "smtps"
    if bool(user) != bool(password):
        raise ValueError("has a user without a password, or the other way round")
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if tls else 587 if user else 25),
        user=unquote(user) if user else None,
        password=Secret(unquote(password)) if password else None,
        tls=tls,
        # A password never goes over a network in the clear; within this machine it may.
        start_tls=False if tls or here else True if user else None,
    )


def _redis_url(raw: str) -> Secret:
    if not re.match(r"(rediss?|unix)://", raw):
        raise ValueError("does not begin with redis://, rediss:// or unix://")
    return Secret(raw)


def _origins(raw: str) -> frozenset[str]:
    origins = frozenset(part.strip().rstrip("/").lower() for part in raw.split(",") if part.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://[^/\s*]+", origin):
            raise ValueError(
                f"has {origin!r}, which is no origin like https://shop.example (no path, no *)"
            )
    return origins


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"is none of: {', '.join(allowed)}")
        return raw

    return parse
