"""E-mail to customers who have left: the follower that sends agents' answers after them.

Belongs here: when an answer is owed by e-mail, handing a message to the mail server, and what its
refusals mean. Does not belong here: the message (`bot.mail_message`), or asking for an address
(`bot.routing`, `bot.web.chat`).

An answer is owed when the customer has left an address, has not seen it, and has been gone for a
while. Which answers go into one message is noted before it is sent, so that after a kill the same
message goes out again, under the same Message-ID, instead of another one with the same words. SMTP
has no exactly-once: between the server's yes and our note of it, a kill repeats the message; mail
programs that know the Message-ID show one.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final
from zoneinfo import ZoneInfo

import aiosmtplib
import msgspec
from redis.asyncio import Redis

from bot import commands
from bot.attention import Attention
from bot.conversation import Conversation
from bot.errors import DeskhandError
from bot.events import AgentSpoke, ContactLeft, CustomerSpoke
from bot.following import Rest
from bot.mail_message import BadAddress, Said, Sender, answers, compose
from bot.router import Router
from bot.settings import SmtpServer
from bot.store import PREFIX, Store, owes_mail, reachable

log = logging.getLogger(__name__)

# ------------------------------------------------------------------------------ keys and times

#: The message that is being sent, as JSON (`_Sending`). Longer than it is ever tried.
SENDING: Final = PREFIX + "c:{}:mail"
SENDING_S: Final = 7 * 24 * 3600

#: A stream may look open while its line is dead: an answer that nobody has seen for so long is
#: sent all the same, in ms.
UNSEEN_MS: Final = 10 * 60 * 1000
#: How often it is looked whether a customer has gone, in ms.
LOOK_MS: Final = 20_000
#: After a failure it is tried again after so long (ms), the last one again and again. Servers that
#: turn strangers away at first ("greylisting") want a few minutes.
RETRY_MS: Final = (30_000, 120_000, 300_000, 900_000, 1_800_000, 3_600_000)
#: After so long it is given up, in ms.
GIVE_UP_MS: Final = 24 * 3600 * 1000
#: For one message, connecting included, in seconds.
TIMEOUT_S: Final = 20.0

#: How a server says that our login is wrong: nothing that the address can be blamed for.
LOGIN_CODES: Final = frozenset({530, 534, 535, 538})


class MailError(DeskhandError):
    """The message was not taken."""

    code = "mail"


class MailLater(MailError):
    """Not now: the server is away, busy, or wants us to come again."""


class MailRefused(MailError):
    """Never: the server does not want this message or this address."""


class AddressRefused(MailRefused):
    """Never, and not because of the message: nobody gets mail at that address."""


class Mailer:
    """Hands messages to the mail server of the settings."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        context: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT_S,
    ) -> None:
        """`context`: whom to believe (the system's authorities, if None)."""
        self._server = server
        self._context = context
        self._timeout = timeout

    async def send(self, message: EmailMessage) -> None:
        """Returns when the server has taken the message over.

        Raises: MailLater, MailRefused, AddressRefused."""
        async with self._connected() as client:
            await client.send_message(message)

    async def check(self) -> None:
        """Whether the server can be reached and takes our login; sends nothing.

        Raises: MailLater."""
        async with self._connected() as client:
            await client.noop()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A client that has logged in; errors within become ours."""
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password.reveal() if server.password else None,
            use_tls=server.tls,
            start_tls=server.start_tls,
            tls_context=self._context,
            timeout=self._timeout,
        )
        try:
            async with client:
                yield client
        except aiosmtplib.SMTPRecipientsRefused as why:
            one = why.recipients[0]
            raise self._refusal(one.code, one.message, never=AddressRefused) from why
        except aiosmtplib.SMTPResponseException as why:
            raise self._refusal(why.code, why.message) from why
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as why:
            words = " ".join(str(why).split())[:200] or type(why).__name__
            raise MailLater(f"The mail server {server.address} failed: {words}") from why

    def _refusal(self, code: int, words: str, never: type[MailRefused] = MailRefused) -> MailError:
        said = (
            f"The mail server {self._server.address} said: {code} {' '.join(words.split())[:200]}"
        )
        for_good = 500 <= code < 600 and code not in LOGIN_CODES
        return never(said) if for_good else MailLater(said)


class _Sending(msgspec.Struct, frozen=True):
    """`up_to`: the last answer in the message. `since`: when it was first tried, `again`: when it
    may be tried next (ms)."""

    up_to: int
    since: int
    again: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """The address that opens a conversation, and until when it does (ms)."""

    url: str
    expires: int


class MailFollower:
    """Sends what is owed; one message at a time and conversation."""

    def __init__(
        self,
        store: Store,
        router: Router,
        redis: Redis[bytes],
        mailer: Mailer,
        *,
        sender: Sender,
        link: Callable[[str], Awaitable[Link]],
        after: int,
        zone: ZoneInfo,
    ) -> None:
        """`link` makes the link into a conversation. `after`: an answer waits so long (ms) for the
        next one and for the customer. `zone`: of the times in the message."""
        self._store = store
        self._router = router
        self._redis = redis
        self._attention = Attention(redis)
        self._mailer = mailer
        self._sender = sender
        self._link = link
        self._after = after
        self._zone = zone

    async def act(self, id: str) -> Rest:
        c = (await self._store.find(id)).conversation
        if not owes_mail(c):
            return Rest(seen=c.seq)
        now = self._router.now()
        here, shown = await self._attention.find(id)
        entries = await self._store.log(id, after=c.mailed)
        # Who does something has read what was there.
        did = [e.seq for e in entries if isinstance(e.event, CustomerSpoke | ContactLeft)]
        seen = max(shown, c.mailed, *did)
        sending = await self._read(id)
        if sending is None or sending.up_to <= seen:
            unseen = [e for e in entries if isinstance(e.event, AgentSpoke) and e.seq > seen]
            if not unseen:
                return Rest(seen=c.seq)
            due = unseen[-1].at + self._after
            if here:
                due = max(due, min(now + LOOK_MS, unseen[0].at + UNSEEN_MS))
            if due > now:
                return Rest(due=due)
            sending = _Sending(up_to=unseen[-1].seq, since=now)
            await self._keep(id, sending)
        if sending.again > now:
            return Rest(due=sending.again)
        said = answers(entries, after=seen, up_to=sending.up_to)
        return await self._send(c, said, sending, now)

    async def _send(self, c: Conversation, said: list[Said], sending: _Sending, now: int) -> Rest:
        problem, dead = "", ""
        try:
            if said:  # else all of it was taken back
                await self._mailer.send(await self._message(c, said, sending.up_to))
        except MailLater as why:
            if now - sending.since < GIVE_UP_MS:
                log.warning("conversation %s: %s Trying again.", c.id, why.message)
                again = now + RETRY_MS[min(sending.tries, len(RETRY_MS) - 1)]
                waits = msgspec.structs.replace(sending, again=again, tries=sending.tries + 1)
                await self._keep(c.id, waits)
                return Rest(due=again)
            problem = f"{why.message} It was tried for a day."
        except (AddressRefused, BadAddress) as why:
            problem, dead = why.message, c.contact or ""
        except MailRefused as why:
            problem = why.message
        if problem:
            log.error("conversation %s: no e-mail could be sent: %s", c.id, problem)
        note = commands.NoteMail(up_to=sending.up_to, problem=problem, dead=dead)
        after = (await self._router.execute(c.id, note)).conversation
        async with reachable():
            await self._redis.delete(SENDING.format(c.id))
        return Rest(due=now) if owes_mail(after) else Rest(seen=after.seq)

    async def _message(self, c: Conversation, said: list[Said], up_to: int) -> EmailMessage:
        link = await self._link(c.id)
        return compose(
            c.id,
            said,
            up_to=up_to,
            before=c.mailed,
            to=c.contact or "",
            sender=self._sender,
            link=link.url,
            expires=link.expires,
            zone=self._zone,
        )

    async def _read(self, id: str) -> _Sending | None:
        async with reachable():
            raw = await self._redis.get(SENDING.format(id))
        return msgspec.json.decode(raw, type=_Sending) if raw else None

    async def _keep(self, id: str, sending: _Sending) -> None:
        async with reachable():
            await self._redis.set(SENDING.format(id), msgspec.json.encode(sending), ex=SENDING_S)
