"""The agents' HTTP API under /api/desk, and the page /console that uses it.

Belongs here: turning requests into calls of the router and the store. Does not belong here: who
asks (`bot.web.guard`), what can be ordered (`bot.web.orders`) and what that means
(`bot.conversation`), what an agent gets to see of a conversation (`bot.transcript`), what only
owners may do (`bot.web.studio`).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import anyio
import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from bot import transcript
from bot.desk_health import Down
from bot.errors import StoreUnavailable
from bot.events import Agent, Entry
from bot.presence import Presence
from bot.router import Router
from bot.store import SHELVES, WAKE_CONVERSATION, WAKE_QUEUE, Store
from bot.transcript_text import as_text
from bot.wakes import Wakes
from bot.web import wire
from bot.web.accounts import Role
from bot.web.choices import Choices
from bot.web.files import FileExchange
from bot.web.guard import (
    COOKIE,
    NO_STORE,
    PAGE_HEADERS,
    Guard,
    give_cookie,
    private,
    same_origin,
    take_cookie,
)
from bot.web.limits import sender_of
from bot.web.logins import Logins, NotLoggedIn, Session
from bot.web.orders import NewCommand, order_of

HERE = Path(__file__).parent

#: Conversations per shelf of the queue. More than anybody scrolls through; a bound all the same.
SHELF_AT_MOST = 200
CLOSED_AT_MOST = 20
#: Changes of the queue this close together are sent as one.
QUEUE_PAUSE_S = 0.1
#: How often a running stream makes sure that its agent is still logged in.
RECHECK_S = 15.0


class Login(msgspec.Struct, frozen=True):
    login: Annotated[str, msgspec.Meta(max_length=200)]
    password: Annotated[str, msgspec.Meta(max_length=1_000)]

    def __repr__(self) -> str:
        return f"Login(login={self.login!r})"


class NewPresence(msgspec.Struct, frozen=True):
    away: bool


class Console:
    """The routes, with what they need."""

    def __init__(
        self,
        *,
        store: Store,
        router: Router,
        wakes: Wakes,
        files: FileExchange,
        logins: Logins,
        guard: Guard,
        down: Callable[[], Awaitable[Mapping[str, Down]]],
        presence: Presence,
        choices: Choices,
        studio: bool,
    ) -> None:
        """`down` tells which of the other desks cannot be reached; `studio`, whether owners find
        the studio beside the console."""
        self._store = store
        self._router = router
        self._wakes = wakes
        self._files = files
        self._logins = logins
        self._guard = guard
        self._down = down
        self._presence = presence
        self._choices = choices
        self._studio = studio
        self._templates = Jinja2Templates(HERE / "templates")

    def routes(self) -> list[Route]:
        get, post = ["GET"], ["POST"]
        conversation = "/api/desk/conversations/{id}"
        return [
            Route("/console", self.page, methods=get),
            Route("/api/desk/login", self.log_in, methods=post),
            Route("/api/desk/logout", self.log_out, methods=post),
            Route("/api/desk/me", self.me, methods=get),
            Route("/api/desk/me/presence", self.presence, methods=["GET", "POST"]),
            Route("/api/desk/intents", self.intents, methods=get),
            Route("/api/desk/skills", self.skills, methods=get),
            Route("/api/desk/queue", self.queue, methods=get),
            Route("/api/desk/events", self.queue_events, methods=get),
            Route(conversation, self.conversation, methods=get),
            Route(conversation + "/events", self.conversation_events, methods=get),
            Route(conversation + "/transcript", self.transcript, methods=get),
            Route(conversation + "/canned", self.canned, methods=get),
            Route(conversation + "/files", self.send_file, methods=post),
            Route(conversation + "/files/{file}", self.file, methods=get),
            Route(conversation + "/commands", self.command, methods=post),
        ]

    async def page(self, request: Request) -> Response:
        """The console; it shows its own login form, so the page itself is the same for all."""
        return self._templates.TemplateResponse(
            request, "console.html", {"name": "Deskhand"}, headers=PAGE_HEADERS
        )

    # ── who ──

    async def log_in(self, request: Request) -> Response:
        same_origin(request)
        new = await wire.body(request, Login)
        session = await self._logins.log_in(new.login, new.password, address=sender_of(request))
        if before := request.cookies.get(COOKIE):
            await self._logins.log_out(before)
        response = private(self._me(session))
        give_cookie(response, session, request)
        return response

    async def log_out(self, request: Request) -> Response:
        session = await self._guard.session(request)
        await self._logins.log_out(session.token)
        response = private({})
        take_cookie(response, request)
        return response

    async def me(self, request: Request) -> Response:
        return private(self._me(await self._guard.session(request)))

    def _me(self, session: Session) -> dict[str, Any]:
        account = session.account
        agent = {"login": account.login, "name": account.name, "role": account.role.value}
        return {
            "agent": agent,
            "csrf": session.csrf,
            "file_mb": self._files.mb_at_most,
            "studio": self._studio and account.role is Role.OWNER,
        }

    async def presence(self, request: Request) -> Response:
        """Whether the agent is there to be asked; a POST changes it. And who else is."""
        session = await self._guard.session(request)
        login = session.account.login
        if request.method == "POST":
            wish = await wire.body(request, NewPresence)
            await (self._presence.go_away if wish.away else self._presence.come_back)(login)
        away = await self._presence.absence(login) is not None
        return private({"away": away, "team": await self._choices.team()})

    async def intents(self, request: Request) -> Response:
        """As what a message can be labelled."""
        await self._guard.session(request)
        return private({"intents": await self._choices.intents()})

    async def skills(self, request: Request) -> Response:
        """Where a conversation can be passed on to, besides colleagues."""
        await self._guard.session(request)
        return private({"skills": self._choices.skills()})

    # ── the queue ──

    async def queue(self, request: Request) -> Response:
        await self._guard.session(request)
        return private(await self._queue())

    async def _queue(self) -> dict[str, Any]:
        ids: list[str] = []
        for shelf in ("waiting", "human", "snoozed"):
            ids += await self._store.shelf(shelf, SHELF_AT_MOST)
        ids += await self._store.shelf("closed", CLOSED_AT_MOST, newest=True)
        # One that changed shelves meanwhile is found on both, and stands where it is now.
        queue: dict[str, Any] = {name: [] for name in SHELVES}
        for one in await self._store.load_many(list(dict.fromkeys(ids))):
            if one.state.value in queue:
                queue[one.state.value].append(transcript.card(one))
        down = {desk: msgspec.to_builtins(one) for desk, one in (await self._down()).items()}
        return {**queue, "down": down, "now": self._router.now()}

    async def queue_events(self, request: Request) -> Response:
        return wire.stream(self._queue_stream(await self._guard.session(request)))

    async def _queue_stream(self, session: Session) -> AsyncIterator[bytes]:
        shown: dict[str, Any] = {}
        with self._wakes.listen(WAKE_QUEUE) as woken:
            watch = _Watch(self._logins, session)
            while not self._wakes.closed and await watch.holds():
                try:
                    queue = await self._queue()
                except StoreUnavailable:
                    yield wire.KEEPALIVE
                    await anyio.sleep(1.0)
                    continue
                if {**queue, "now": 0} != shown:
                    shown = {**queue, "now": 0}
                    yield wire.event("queue", queue)
                if await woken.wait(wire.KEEPALIVE_S):
                    await anyio.sleep(QUEUE_PAUSE_S)
                else:
                    yield wire.KEEPALIVE

    # ── one conversation ──

    async def conversation(self, request: Request) -> Response:
        session = await self._guard.session(request)
        await self._presence.seen(session.account.login)  # who opens one to read it is there
        news = await self._store.news(request.path_params["id"], 0, "customer")
        # The state is read after the log: what it has seen beyond, the stream brings.
        return private(
            {
                "conversation": transcript.details(news.conversation),
                "events": [_entry(entry) for entry in news.entries],
            }
        )

    async def transcript(self, request: Request) -> Response:
        """The conversation as a text file."""
        await self._guard.session(request)
        id = request.path_params["id"]
        news = await self._store.news(id, 0, "customer")
        return PlainTextResponse(
            as_text(news.entries, news.conversation),
            headers={
                **NO_STORE,
                "Content-Disposition": f'attachment; filename="conversation-{id}.txt"',
            },
        )

    async def conversation_events(self, request: Request) -> Response:
        session = await self._guard.session(request)
        id = request.path_params["id"]
        after = wire.after_of(request)
        await self._store.load(id)
        return wire.stream(self._conversation_stream(session, id, after))

    async def _conversation_stream(
        self, session: Session, id: str, after: int
    ) -> AsyncIterator[bytes]:
        told: dict[str, Any] = {}
        with self._wakes.listen(WAKE_CONVERSATION.format(id)) as woken:
            watch = _Watch(self._logins, session)
            while not self._wakes.closed and await watch.holds():
                try:
                    news = await self._store.news(id, after, "customer")
                except StoreUnavailable:
                    yield wire.KEEPALIVE
                    await anyio.sleep(1.0)
                    continue
                for entry in news.entries:
                    after = entry.seq
                    yield wire.event("log", _entry(entry), id=entry.seq)
                if (state := transcript.details(news.conversation)) != told:
                    told = state
                    yield wire.event("state", state)
                # Woken by a new entry, it is an old sign: who has just spoken is not typing.
                if news.typing and not news.entries:
                    yield wire.event("typing", {"who": "customer"})
                if not await woken.wait(wire.KEEPALIVE_S):
                    yield wire.KEEPALIVE

    async def canned(self, request: Request) -> Response:
        """The owner's ready-made texts, filled in for this conversation."""
        session = await self._guard.session(request)
        conversation = await self._store.load(request.path_params["id"])
        agent = Agent(login=session.account.login, name=session.account.name)
        return private({"canned": self._choices.canned(conversation, agent)})

    async def send_file(self, request: Request) -> Response:
        """Keep a file for the reply that will carry it."""
        session = await self._guard.session(request)
        by = f"agent:{session.account.login}"
        return await self._files.take(request, request.path_params["id"], by)

    async def file(self, request: Request) -> Response:
        await self._guard.session(request)
        return await self._files.give(request.path_params["id"], request.path_params["file"])

    async def command(self, request: Request) -> Response:
        session = await self._guard.session(request)
        new = await wire.body(request, NewCommand)
        id = request.path_params["id"]
        agent = Agent(login=session.account.login, name=session.account.name)
        conversation = await self._store.load(id)
        if new.command == "typing":
            # Only the one who answers is worth announcing to the customer.
            if conversation.owner == agent:
                await self._store.show_typing(id, "agent", agent.name)
            await self._presence.seen(agent.login)
            return private({"seq": conversation.seq}, status=202)
        order = await order_of(
            agent,
            new,
            files=await self._files.find(id, new.files),
            colleague=self._choices.colleague,
            now=self._router.now(),
        )
        outcome = await self._router.from_agent(id, order, client_id=new.client_id)
        return private({"seq": outcome.seq}, status=202)


@dataclass(slots=True)
class _Watch:
    """A stream outlives its first request: somebody who was logged out must not go on reading."""

    logins: Logins
    session: Session
    checked_at: float = -RECHECK_S

    async def holds(self) -> bool:
        if time.monotonic() - self.checked_at < RECHECK_S:
            return True
        try:
            # Watching is not using: a forgotten tab must not keep a session alive.
            await self.logins.session(self.session.token, in_use=False)
        except NotLoggedIn:
            return False
        except StoreUnavailable:
            return True  # nothing can be read now anyway; asked again at the next turn
        self.checked_at = time.monotonic()
        return True


def _entry(entry: Entry) -> dict[str, Any]:
    """An entry for the console; `client_id` tells a page which of its own texts this is."""
    by, _, client_id = entry.key.partition(":")
    view = transcript.for_agent(entry)
    return {**view, "client_id": client_id} if by == "agent" else view
