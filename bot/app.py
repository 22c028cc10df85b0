"""The composition root: the only place where objects are built and joined.

`build` makes the gateway: a Starlette application whose lifespan runs the followers. It imports
neither rasa nor tensorflow, so it starts in about a second and works while they do not.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import httpx
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError, TimeoutError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount, Route

from bot import __version__
from bot.archiving import Archiving, forget_erased
from bot.assistant import Assistant, AssistantFollower
from bot.attention import Attention
from bot.clock import Clock
from bot.delivery import Delivery, Station
from bot.desk_health import downs
from bot.desk_plan import Plan, load_plan
from bot.errors import SettingsError
from bot.files import Files
from bot.following import follow
from bot.known_intents import KnownIntents
from bot.learning.archive import ARCHIVE, Archive
from bot.learning.inbox import Inbox
from bot.learning.jobs import Jobs
from bot.learning.project import project_of
from bot.learning.promotion import Promotions
from bot.learning.uploads import Uploads
from bot.mail import Link, Mailer, MailFollower
from bot.mail_message import Sender
from bot.people import People
from bot.presence import Presence
from bot.reviewing import Reviewing
from bot.router import Router
from bot.settings import Settings
from bot.store import OWNER_CHECK_MS, Follower, Store
from bot.suggesting import SuggestionFollower
from bot.threads import Threads
from bot.triage_file import TriageFile
from bot.wakes import Wakes
from bot.web import help_pages, pages, wire
from bot.web.accounts import Accounts
from bot.web.chat import WAKE_HEALTH, Chat
from bot.web.choices import Choices
from bot.web.desk import Console
from bot.web.files import FileExchange
from bot.web.guard import Guard
from bot.web.limits import Limits, Rate
from bot.web.logins import Logins
from bot.web.openapi import describe
from bot.web.sessions import LINK_VALID_S, Sessions
from bot.web.studio import Part, Studio
from bot.web.studio.answers import AnswerPages
from bot.web.studio.conversations import ConversationPages
from bot.web.studio.figures import FiguresPage
from bot.web.studio.importing import ImportPages
from bot.web.studio.insights import InsightPages
from bot.web.studio.models import ModelPages
from bot.web.studio.promotion import PromotionPages
from bot.web.studio.publishing import PublishPages
from bot.web.studio.quality import QualityPages
from bot.web.studio.review import ReviewPages
from bot.web.studio.whatif import WhatIf
from bot.whereabouts import Whereabouts
from bot.work import Work

log = logging.getLogger(__name__)

#: Conversations for which the assistant is asked at once; Rasa is one process, more only queue.
TURNS_AT_ONCE = 64
#: Fewer for suggestions: a customer who waits for the assistant goes first.
SUGGESTIONS_AT_ONCE = 2
#: Messages that are handed to the mail server at once; servers count connections.
MAILS_AT_ONCE = 4
#: Conversations that are archived at once: SQLite has one writer, reading the next log goes on.
ARCHIVED_AT_ONCE = 2
#: What the assistant is trained on; in the project's directory.
DOMAIN = Path("domain.yml")
#: Conversations that one desk is shown at once: most of that is waiting for the platform.
SHOWN_AT_ONCE = 16


def build(settings: Settings) -> Starlette:
    """The gateway.

    Raises: SettingsError, when what it cannot do without is not configured."""
    if not settings.redis_url:
        raise SettingsError("REDIS_URL is not set.", hint="`deskhand up` starts a Redis itself.")
    if not settings.assistant_token:
        raise SettingsError(
            "DESKHAND_ASSISTANT_TOKEN is not set.", hint="`deskhand up` makes one itself."
        )
    redis = connect(settings.redis_url.reveal())
    waiting = connect(settings.redis_url.reveal(), patient=True)
    plan = read_plan(settings)
    store = Store(redis, owner_check_ms=min(OWNER_CHECK_MS, plan.vanish_after))
    work = Work(redis)
    wakes = Wakes(waiting)
    accounts = Accounts(redis)
    stations: list[Station] = []  # filled below: they need the router, which tells `people`
    people = People(
        redis,
        store,
        plan,
        accounts=accounts.people,
        desks=lambda: [station.desk.name for station in stations],
        mail=settings.smtp is not None,
    )
    router = Router(store, greeting=settings.greeting, observer=people.note)
    presence = Presence(work, router, people)
    limits = Limits()
    kept = Files(redis, now=router.now, size_at_most=settings.file_mb * 1024**2)
    files = FileExchange(kept, limits)
    sessions = Sessions(partial(store.secret, "widget"))
    mail = set_up_mail(settings, plan, redis=redis, store=store, router=router, sessions=sessions)
    http = httpx.AsyncClient(
        headers={"Authorization": f"Bearer {settings.assistant_token.reveal()}"},
        trust_env=False,
    )
    assistant = Assistant(
        http,
        Whereabouts(settings.assistant_url, redis, settings.run),
        deadline=settings.turn_deadline,
        grace=settings.assistant_start_grace,
    )
    a_second = settings.messages_per_minute / 60
    chat = Chat(
        store=store,
        router=router,
        wakes=wakes,
        files=files,
        sessions=sessions,
        limits=limits,
        health=lambda: assistant.health.value,
        origins=settings.origins,
        new_sessions=Rate(max(30.0, a_second * 6), a_second / 10),
        per_address=Rate(max(60.0, a_second * 12), a_second),
        bot_name=settings.bot_name,
        attention=Attention(redis),
        mail=mail is not None,
    )
    logins = Logins(redis, accounts)
    known = KnownIntents(settings.project / DOMAIN)
    guard = Guard(logins)
    stations += set_up_desks(
        settings,
        redis,
        store=store,
        router=router,
        people=people,
        presence=presence,
        files=kept,
        intents=known,
    )
    console = Console(
        store=store,
        router=router,
        wakes=wakes,
        files=files,
        logins=logins,
        guard=guard,
        down=partial(downs, redis, [station.desk.name for station in stations]),
        presence=presence,
        choices=Choices(plan, presence, accounts, known),
        studio=settings.studio,
    )
    archive, reviewing, studio = None, None, list[Route]()
    if settings.studio:
        archive = Archive(settings.var / ARCHIVE, write=True, zone=plan.hours.zone)
        forgetting = partial(forget_erased, store, archive)
        jobs = Jobs(redis)
        inbox = Inbox(redis, settings.project, settings.var, help=settings.help, now=router.now)
        reviewing = Reviewing(inbox, jobs, store, now=router.now)
        project, promotions = project_of(settings, settings.project), Promotions(redis)
        parts: list[Part] = [
            InsightPages(archive, forgetting, now=router.now),
            ConversationPages(archive, store, forgetting),
            ReviewPages(inbox, jobs, intents=known.names),
            FiguresPage(),
            ModelPages(project, jobs),
            PromotionPages(promotions, settings.models, run=settings.run, var=settings.var),
            PublishPages(project, jobs, promotions),
            AnswerPages(
                root=settings.project,
                help=settings.help,
                models=settings.models,
                bot=settings.bot_name,
            ),
            QualityPages(jobs),
            ImportPages(Uploads(settings.var), jobs),
            WhatIf(TriageFile.in_project().path, settings.var / ARCHIVE, forgetting),
        ]
        studio = Studio(guard, parts).routes()

    async def health() -> dict[str, str]:
        await store.ping()
        return {"gateway": "ready", "assistant": assistant.health.value, "version": __version__}

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        run = partial(follow, work=work, wakes=wakes, now=router.now)
        turns = AssistantFollower(store, router, assistant)
        clock = Clock(store, router, people)
        suggestions = SuggestionFollower(store, router, assistant)
        async with anyio.create_task_group() as tasks:
            for station in stations:
                others = [one for one in stations if one is not station]
                delivery = Delivery(station, others=others, store=store, router=router)
                follower = Follower(station.desk.name)
                show = partial(run, follower, delivery.act, at_once=SHOWN_AT_ONCE)
                tasks.start_soon(_kept_up, show)
                tasks.start_soon(_kept_up, station.desk.run, f"receiving from {station.desk.name}")
            if mail is not None:
                tasks.start_soon(
                    _kept_up, partial(run, Follower.MAIL, mail.act, at_once=MAILS_AT_ONCE)
                )
            if archive is not None:
                archiving = Archiving(store, archive, work, now=router.now)
                keep = partial(run, Follower.ARCHIVE, archiving.act, at_once=ARCHIVED_AT_ONCE)
                tasks.start_soon(_kept_up, keep)
                tasks.start_soon(_kept_up, archiving.watch)
            if reviewing is not None:
                tasks.start_soon(_kept_up, reviewing.watch)
            for task in (
                wakes.run,
                partial(assistant.watch, wakes, partial(wakes.wake_locally, WAKE_HEALTH)),
                partial(run, Follower.ASSISTANT, turns.act, at_once=TURNS_AT_ONCE),
                # One at a time: whom it asks next depends on whom it has just asked.
                partial(run, Follower.CLOCK, clock.act, at_once=1),
                partial(run, Follower.SUGGESTIONS, suggestions.act, at_once=SUGGESTIONS_AT_ONCE),
            ):
                tasks.start_soon(_kept_up, task)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()
        if archive is not None:
            archive.close()
        await http.aclose()
        await redis.close(close_connection_pool=True)
        await waiting.close(close_connection_pool=True)

    cors = Middleware(
        CORSMiddleware,
        allow_origins=sorted(settings.origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        expose_headers=["Retry-After"],
        max_age=3600,
    )
    gateway = Starlette(
        routes=[
            Mount("/api/chat", routes=chat.routes(), middleware=[cors]),
            *console.routes(),
            *studio,
            *(route for station in stations for route in station.desk.routes()),
            *help_pages.routes(settings.help),
            *pages.routes(
                demo={"bot_name": settings.bot_name}, health=health, description=describe()
            ),
        ],
        middleware=[Middleware(wire.SafeHeaders)],
        exception_handlers=wire.HANDLERS,
        lifespan=lifespan,
    )
    gateway.router.redirect_slashes = False  # it would redirect to whatever host was asked for
    gateway.state.wakes = wakes
    return gateway


def set_up_desks(
    settings: Settings,
    redis: Redis[bytes],
    *,
    store: Store,
    router: Router,
    people: People,
    presence: Presence,
    files: Files,
    intents: KnownIntents,
) -> list[Station]:
    """The desks that are configured, beside the console. Their SDKs take a while to import, so that
    is done only for those.

    Raises: SettingsError, when one of them is configured by half."""
    stations = []
    if settings.wants_slack:
        from bot.desks import slack_parts, slack_setup

        health = slack_setup.health_of(redis)
        threads = Threads(redis, health, now=router.now)
        needs = slack_parts.Needs(redis, store, router, people, presence, files, intents)
        slack = slack_setup.set_up(settings, needs, threads)
        stations.append(Station(slack, threads, health))
    if settings.wants_telegram:
        from bot.desks import telegram_setup

        health = telegram_setup.health_of(redis)
        threads = Threads(redis, health, now=router.now)
        parts = telegram_setup.Parts(redis, store, router, people, presence, files, intents)
        telegram = telegram_setup.set_up(settings, parts, threads)
        stations.append(Station(telegram, threads, health))
    return stations


def set_up_mail(
    settings: Settings,
    plan: Plan,
    *,
    redis: Redis[bytes],
    store: Store,
    router: Router,
    sessions: Sessions,
) -> MailFollower | None:
    """The e-mail to customers who have left; None when no server is configured.

    Raises: SettingsError."""
    if settings.smtp is None:
        return None
    try:
        sender = Sender.parse(settings.mail_from)
    except ValueError as why:
        raise SettingsError(
            f"DESKHAND_MAIL_FROM: {settings.mail_from!r} {why}",
            hint='It looks like "Nordlys <help@nordlys.example>".',
        ) from None

    async def link(conversation: str) -> Link:
        url = f"{settings.public_url}/chat#resume={await sessions.link(conversation)}"
        return Link(url, expires=router.now() + LINK_VALID_S * 1000)

    return MailFollower(
        store,
        router,
        redis,
        Mailer(settings.smtp),
        sender=sender,
        link=link,
        after=plan.mail_after,
        zone=plan.hours.zone,
    )


def read_plan(settings: Settings) -> Plan:
    """The owner's desk plan.

    Raises: SettingsError (it cannot be read), PolicyError (it is wrong)."""
    try:
        return load_plan(settings.desk.read_text(encoding="utf-8"))
    except OSError as why:
        raise SettingsError(
            f"The desk plan {settings.desk} cannot be read: {why.strerror}.",
            hint="DESKHAND_DESK says where it is.",
        ) from None


async def _kept_up(work: Callable[[], Awaitable[None]], what: str = "background work") -> None:
    """Until `work` says that it is done; most of it never does."""
    while True:
        try:
            await work()
            return
        except Exception:
            # The outermost edge of each task: a gateway that serves pages but answers nobody would
            # be worse than none, so whatever goes wrong is noted, and the work begins again.
            log.exception("%s stopped; beginning again", what)
            await anyio.sleep(1.0)


def connect(url: str, *, patient: bool = False) -> Redis[bytes]:
    """A Redis client. `patient`: for subscriptions, which wait without end for the next message."""
    return Redis.from_url(
        url,
        socket_connect_timeout=2.0,
        socket_timeout=None if patient else 4.0,
        socket_keepalive=True,
        # Once: what was cut off by a restart goes through, and a Redis that hangs is soon an error.
        retry=Retry(ExponentialBackoff(cap=0.4, base=0.05), 1),
        retry_on_error=[ConnectionError, TimeoutError],
    )
