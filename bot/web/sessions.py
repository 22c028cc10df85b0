"""Widget sessions: signed tokens that name a conversation and the origin they were made for.

A token is no account: whoever holds it can read and continue that one conversation, from that one
origin, for a day. An expired one (up to a month) can only be exchanged for a new one. Nothing is
stored on our side but the signing secret.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from bot.errors import DeskhandError, OriginNotAllowed

VALID_S = 24 * 3600
RENEWABLE_S = 30 * 24 * 3600
#: For how long the link in an e-mail leads back into its conversation.
LINK_VALID_S = 14 * 24 * 3600


#: A token signed for one purpose is worth nothing for the other.
_SESSION, _LINK = "deskhand-widget", "deskhand-link"


class SessionInvalid(DeskhandError):
    code = "session_invalid"


class SessionExpired(DeskhandError):
    code = "session_expired"


@dataclass(frozen=True, slots=True)
class Session:
    """`origin` is empty when the client is no browser (the terminal chat)."""

    conversation: str
    origin: str


class Sessions:
    def __init__(self, secret: Callable[[], Awaitable[str]]) -> None:
        """`secret` fetches the signing secret that all gateways share; it is asked once."""
        self._secret = secret
        self._known: str | None = None

    async def issue(self, conversation: str, origin: str) -> str:
        return (await self._signer()).dumps([conversation, origin])

    async def verify(self, token: str, origin: str | None, *, renew: bool = False) -> Session:
        """The session of a token that arrived from `origin` (None: the browser did not say).

        Raises:
            SessionInvalid: forged or garbled.
            SessionExpired: too old (`renew`: even to be exchanged).
            OriginNotAllowed: made for another site.
        """
        try:
            signer = await self._signer()
            conversation, bound = signer.loads(token, max_age=RENEWABLE_S if renew else VALID_S)
        except SignatureExpired:
            raise SessionExpired("The session has expired.", hint="Start a new one.") from None
        except (BadSignature, ValueError, TypeError):
            raise SessionInvalid("The session is not valid.", hint="Start a new one.") from None
        if origin is not None and origin != bound:
            raise OriginNotAllowed("This session belongs to another site.")
        return Session(conversation, bound)

    async def link(self, conversation: str) -> str:
        """A token for the link in an e-mail: it opens this conversation, and nothing else."""
        return (await self._signer(_LINK)).dumps(conversation)

    async def follow(self, token: str) -> str:
        """The conversation that a link's token opens.

        Raises:
            SessionInvalid: forged or garbled.
            SessionExpired: too old.
        """
        again = "You can start a new chat here."
        try:
            return str((await self._signer(_LINK)).loads(token, max_age=LINK_VALID_S))
        except SignatureExpired:
            raise SessionExpired("This link is too old.", hint=again) from None
        except BadSignature:
            raise SessionInvalid("This link is not complete.", hint=again) from None

    async def _signer(self, purpose: str = _SESSION) -> URLSafeTimedSerializer:
        if self._known is None:
            self._known = await self._secret()
            if len(self._known) < 32:
                raise ValueError("the signing secret is too short")
        return URLSafeTimedSerializer(self._known, salt=purpose)
