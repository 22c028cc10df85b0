"""The customer's HTTP API, under /api/chat: what the widget and the terminal chat talk to.

Belongs here: checking a widget session, its origin and its rate, and turning requests into calls of
the router. Does not belong here: anything about what a message means, or agents (`bot.web.desk`).
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Annotated

import anyio
import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import commands
from bot.attention import RENEW_S, Attention
from bot.conversation import State
from bot.errors import DeskhandError, OriginNotAllowed, StoreUnavailable, UnknownConversation
from bot.events import AgentSpoke
from bot.files import UnknownFile
from bot.mail_message import clean_address
from bot.router import Outcome, Router, tidy
from bot.store import WAKE_CONVERSATION, WAKE_QUEUE, News, Store
from bot.transcript import for_customer
from bot.wakes import Wakes
from bot.web import wire
from bot.web.files import FileExchange, FileIds
from bot.web.limits import Limits, Rate, sender_of
from bot.web.sessions import (
    VALID_S,
    Session,
    SessionExpired,
    SessionInvalid,
    Sessions,
)

#: Channel on which a gateway wakes its own streams when the assistant's health changes.
WAKE_HEALTH = "local:health"

PER_SESSION = Rate(burst=20, per_second=1.0)
TYPING = Rate(burst=5, per_second=1.0)
#: Streams that one chat may open (its tabs, its reconnects), and one address.
STREAMS = Rate(burst=20, per_second=0.5)
STREAMS_PER_ADDRESS = Rate(burst=300, per_second=10.0)
#: Files that customers of one address may send, in however many chats: with the largest ones it
#: takes hours to fill what is kept in all, and an office seldom sends so many.
UPLOADS_PER_ADDRESS = Rate(burst=60, per_second=1 / 60)
DOWNLOADS = Rate(burst=100, per_second=2.0)

#: Entries of one chat's log: a few thousand messages. It is read as a whole whenever it changes, so
#: one that grew for hours would slow down everybody's; its customer gets a new one.
ENTRIES_AT_MOST = 5_000

_ClientId = Annotated[str, msgspec.Meta(min_length=8, max_length=64, pattern=wire.CLIENT_ID)]


class NewSession(msgspec.Struct, frozen=True):
    """`token`: of an earlier session. `link`: from an e-mail, which only our own page may use."""

    token: str | None = None
    page: str = ""
    link: str | None = None


class NewMessage(msgspec.Struct, frozen=True):
    """`files`: ids of uploads; with one there need be no text."""

    client_id: _ClientId
    text: str
    payload: str | None = None
    files: FileIds = ()


class Wish(msgspec.Struct, frozen=True):
    """A wish without words: a person, the bot again, the end."""

    client_id: _ClientId


class NewRating(msgspec.Struct, frozen=True):
    client_id: _ClientId
    stars: Annotated[int, msgspec.Meta(ge=1, le=5)]
    comment: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


class NewContact(msgspec.Struct, frozen=True):
    client_id: _ClientId
    email: Annotated[str, msgspec.Meta(max_length=1_000)]


class Seen(msgspec.Struct, frozen=True):
    """The customer has the log up to `seq` before their eyes."""

    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class NoMail(DeskhandError):
    code = "no_mail"


class Chat:
    """The routes, with what they need."""

    def __init__(
        self,
        *,
        store: Store,
        router: Router,
        wakes: Wakes,
        files: FileExchange,
        sessions: Sessions,
        limits: Limits,
        health: Callable[[], str],
        origins: frozenset[str],
        new_sessions: Rate,
        per_address: Rate,
        bot_name: str,
        attention: Attention,
        mail: bool,
    ) -> None:
        """`health` tells the assistant's: ready, loading or down. `origins`: other sites whose
        pages may open the widget. `new_sessions` and `per_address` (messages) bound one address,
        behind which a whole office may sit. `mail`: whether answers can be sent by e-mail."""
        self._store = store
        self._router = router
        self._wakes = wakes
        self._files = files
        self._sessions = sessions
        self._limits = limits
        self._health = health
        self._origins = origins
        self._new_sessions = new_sessions
        self._per_address = per_address
        self._bot_name = bot_name
        self._attention = attention
        self._mail = mail

    def routes(self) -> list[Route]:
        post = ["POST"]
        return [
            Route("/session", self.session, methods=post),
            Route("/messages", self.message, methods=post),
            Route("/files", self.send_file, methods=post),
            Route("/files/{id}", self.file, methods=["GET"]),
            Route("/handoff", self.handoff, methods=post),
            Route("/stay", self.stay, methods=post),
            Route("/end", self.end, methods=post),
            Route("/rating", self.rate, methods=post),
            Route("/contact", self.contact, methods=post),
            Route("/seen", self.seen, methods=post),
            Route("/typing", self.typing, methods=post),
            Route("/events", self.events, methods=["GET"]),
        ]

    async def session(self, request: Request) -> Response:
        """A token for a new conversation, or a fresh one for that of an old token or a link."""
        wish = await wire.body(request, NewSession)
        origin = self._origin(request) or ""
        conversation = None
        if wish.link is not None:
            conversation = await self._follow(wish.link, request)
        elif wish.token:
            try:
                conversation = (
                    await self._sessions.verify(wish.token, origin, renew=True)
                ).conversation
                await self._check_room(conversation)
            except (SessionInvalid, SessionExpired, OriginNotAllowed, UnknownConversation):
                conversation = None  # forged, too old, forgotten or full: begin anew
        if conversation is None:
            self._limits.spend(f"new:{sender_of(request)}", self._new_sessions)
            conversation = (await self._router.open(wish.page)).id
        return JSONResponse(
            {
                "token": await self._sessions.issue(conversation, origin),
                "conversation": conversation,
                "expires_at": self._router.now() + VALID_S * 1000,
                "bot": {"name": self._bot_name},
                "file_mb": self._files.mb_at_most,
            }
        )

    async def message(self, request: Request) -> Response:
        session = await self._session(request)
        self._spend(request, session)
        new = await wire.body(request, NewMessage)
        with _forgotten():
            await self._check_room(session.conversation)
            outcome = await self._router.from_customer(
                session.conversation,
                new.text,
                client_id=new.client_id,
                payload=new.payload,
                files=await self._files.find(session.conversation, new.files),
            )
        return _accepted(outcome)

    async def send_file(self, request: Request) -> Response:
        """Keep a file for the message that will carry it."""
        session = await self._session(request)
        self._limits.spend(f"uploads:{sender_of(request)}", UPLOADS_PER_ADDRESS)
        with _forgotten():
            return await self._files.take(request, session.conversation, "customer")

    async def file(self, request: Request) -> Response:
        """A file of this chat's, whoever sent it, unless an agent has taken it back."""
        session = await self._session(request)
        self._limits.spend(f"download:{session.conversation}", DOWNLOADS)
        id = request.path_params["id"]
        with _forgotten():
            conversation = await self._store.load(session.conversation)
        for seq in conversation.retracted:
            for entry in await self._store.log(conversation.id, after=seq - 1, count=1):
                if isinstance(entry.event, AgentSpoke) and id in {f.id for f in entry.event.files}:
                    raise UnknownFile("That file was taken back.")
        return await self._files.give(conversation.id, id)

    async def handoff(self, request: Request) -> Response:
        session, wish = await self._wish(request, Wish)
        with _forgotten():
            await self._check_room(session.conversation)
            outcome = await self._router.ask_for_person(
                session.conversation, client_id=wish.client_id, reason="asked_for_human"
            )
        return _accepted(outcome)

    async def stay(self, request: Request) -> Response:
        session, wish = await self._wish(request, Wish)
        return await self._execute(session, commands.Stay(), f"stay:{wish.client_id}")

    async def end(self, request: Request) -> Response:
        session, wish = await self._wish(request, Wish)
        close = commands.Close(outcome="ended_by_customer")
        return await self._execute(session, close, f"end:{wish.client_id}")

    async def rate(self, request: Request) -> Response:
        session, rating = await self._wish(request, NewRating)
        rate = commands.Rate(stars=rating.stars, comment=tidy(rating.comment))
        return await self._execute(session, rate, f"rate:{rating.client_id}")

    async def contact(self, request: Request) -> Response:
        """Where answers shall go when the customer has left."""
        session, contact = await self._wish(request, NewContact)
        if not self._mail:
            raise NoMail("No e-mail can be sent from here.", hint="Come back to this chat instead.")
        leave = commands.LeaveContact(email=clean_address(contact.email))
        return await self._execute(session, leave, f"contact:{contact.client_id}")

    async def seen(self, request: Request) -> Response:
        session = await self._session(request)
        self._limits.spend(f"seen:{session.conversation}", TYPING)
        await self._attention.shown(session.conversation, (await wire.body(request, Seen)).seq)
        return Response(status_code=204)

    async def typing(self, request: Request) -> Response:
        session = await self._session(request)
        self._limits.spend(f"typing:{session.conversation}", TYPING)
        await self._store.show_typing(session.conversation, "customer", "customer")
        return Response(status_code=204)

    async def events(self, request: Request) -> Response:
        """The log from `after` on, as it grows."""
        session = await self._session(request)
        after = wire.after_of(request)
        self._limits.spend(f"streams:{sender_of(request)}", STREAMS_PER_ADDRESS)
        self._limits.spend(f"stream:{session.conversation}", STREAMS)
        with _forgotten():
            await self._store.load(session.conversation)
        return wire.stream(self._stream(session.conversation, after))

    async def _stream(self, id: str, after: int) -> AsyncIterator[bytes]:
        told: dict[str, object] = {}
        waiting = False
        noted_at = -math.inf
        while not self._wakes.closed:
            # The place in the queue changes with other conversations: listen while it matters.
            channels = [WAKE_CONVERSATION.format(id), WAKE_HEALTH, *([WAKE_QUEUE] * waiting)]
            with self._wakes.listen(*channels) as woken:
                while not self._wakes.closed:
                    try:
                        news = await self._store.news(id, after, "agent")
                    except StoreUnavailable:
                        yield wire.KEEPALIVE
                        await anyio.sleep(1.0)
                        continue
                    if news.conversation.contact and time.monotonic() > noted_at + RENEW_S:
                        noted_at = time.monotonic()
                        with suppress(StoreUnavailable):
                            await self._attention.here(id)
                    for entry in news.entries:
                        after = entry.seq
                        if (view := for_customer(entry, news.conversation)) is not None:
                            yield wire.event("log", view, id=entry.seq)
                    if (state := self._state(news)) != told:
                        told = state
                        yield wire.event("state", state)
                    if news.typing:
                        yield wire.event("typing", {"who": "agent", "name": news.typing})
                    if waiting is not (news.conversation.state is State.WAITING):
                        waiting = not waiting
                        break
                    if not await woken.wait(wire.KEEPALIVE_S):
                        yield wire.KEEPALIVE

    def _state(self, news: News) -> dict[str, object]:
        owner = news.conversation.owner
        return {
            "state": news.conversation.state.value,
            "agent": {"name": owner.name} if owner else None,
            "position": news.position,
            "assistant": self._health(),
        }

    async def _follow(self, link: str, request: Request) -> str:
        """The conversation of a link from an e-mail. Its page is ours: no other site may find out
        whose conversation its visitor can open."""
        origin = request.headers.get("origin")
        if origin is not None and wire.netloc_of(origin) != request.url.netloc.lower():
            raise OriginNotAllowed("Links from e-mails open on our own page only.")
        self._limits.spend(f"new:{sender_of(request)}", self._new_sessions)
        with _forgotten():
            return (await self._store.load(await self._sessions.follow(link))).id

    async def _wish(self, request: Request, shape: type[wire.T]) -> tuple[Session, wire.T]:
        session = await self._session(request)
        self._spend(request, session)
        return session, await wire.body(request, shape)

    async def _execute(self, session: Session, command: commands.Command, key: str) -> Response:
        with _forgotten():
            await self._check_room(session.conversation)
            return _accepted(await self._router.execute(session.conversation, command, key=key))

    async def _check_room(self, conversation: str) -> None:
        """Raises: SessionExpired, with which a widget begins a new chat; UnknownConversation."""
        if (await self._store.load(conversation)).seq >= ENTRIES_AT_MOST:
            raise SessionExpired("This chat is as long as one can be.", hint="Start a new one.")

    async def _session(self, request: Request) -> Session:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise SessionInvalid("There is no session.", hint="POST /api/chat/session first.")
        return await self._sessions.verify(token, self._origin(request))

    def _origin(self, request: Request) -> str | None:
        """The page's origin, if the browser says; only allowed ones get any further."""
        origin = request.headers.get("origin")
        if origin is None:
            return None
        origin = origin.lower()
        if origin not in self._origins and wire.netloc_of(origin) != request.url.netloc.lower():
            raise OriginNotAllowed(
                f"Pages of {origin} may not use this chat.",
                hint="The operator adds the site's origin to DESKHAND_ORIGINS.",
            )
        return origin

    def _spend(self, request: Request, session: Session) -> None:
        self._limits.spend(f"address:{sender_of(request)}", self._per_address)
        self._limits.spend(f"session:{session.conversation}", PER_SESSION)


@contextmanager
def _forgotten() -> Iterator[None]:
    """A conversation that is no longer kept (nobody ever wrote in it) ends its session."""
    try:
        yield
    except UnknownConversation:
        raise SessionExpired("This chat is no longer kept.", hint="Start a new one.") from None


def _accepted(outcome: Outcome) -> Response:
    return JSONResponse({"seq": outcome.seq, "duplicate": outcome.duplicate}, 202)
