"""Who is behind a request to the desk or the studio: cookie, origin, CSRF token, role.

Belongs here: what every route behind a login asks first, and what its answers have in common.
Does not belong here: accounts and logins (`bot.web.accounts`, `bot.web.logins`), or any route.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import DeskhandError, OriginNotAllowed
from bot.events import Agent
from bot.web import wire
from bot.web.accounts import Role
from bot.web.logins import SESSION_LIFE_MS, Logins, NotLoggedIn, Session

COOKIE = "deskhand_desk"
CSRF_HEADER = "x-csrf-token"

#: No script, style or frame but our own files; nothing inline, nothing from elsewhere.
PAGE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
    }
)
#: What one agent gets is for nobody's cache.
NO_STORE = {"Cache-Control": "no-store"}

#: Gives the owner behind a request, or raises; each route of the studio begins with it.
OwnerOf = Callable[[Request], Awaitable[Agent]]


class CsrfFailed(DeskhandError):
    code = "csrf_failed"


class OwnersOnly(DeskhandError):
    """Logged in, and not as an owner."""

    code = "owners_only"


class Guard:
    """Tells who asks."""

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    async def session(self, request: Request) -> Session:
        """The agent behind the request. A request that changes something must also prove that it
        comes from our own page: by its origin, and by the token that only that page can know.

        Raises: NotLoggedIn, OriginNotAllowed, CsrfFailed."""
        token = request.cookies.get(COOKIE)
        if not token:
            raise NotLoggedIn("You are not logged in.", hint="Log in first.")
        changing = request.method not in ("GET", "HEAD")
        if changing:
            same_origin(request)
        session = await self._logins.session(token)
        if changing and not session.csrf_matches(request.headers.get(CSRF_HEADER, "")):
            raise CsrfFailed(
                "The request does not carry this session's token.", hint="Reload the page."
            )
        return session

    async def owner(self, request: Request) -> Agent:
        """The owner behind the request, with the proofs that `session` asks for.

        Raises: OwnersOnly, and what `session` raises."""
        account = (await self.session(request)).account
        if account.role is not Role.OWNER:
            raise OwnersOnly(
                "The studio is for owners.",
                hint="Ask an owner, or log in with an account of that role.",
            )
        return Agent(login=account.login, name=account.name)


def same_origin(request: Request) -> None:
    """Browsers name the page's origin with every POST; other clients send none and have no cookie
    that somebody could misuse.

    Raises: OriginNotAllowed."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    same = origin is None or wire.netloc_of(origin) == request.url.netloc.lower()
    if not same or site not in ("same-origin", "none"):
        raise OriginNotAllowed(
            "The desk takes orders from its own page only.",
            hint="Open /console at the address that this server is known by.",
        )


def give_cookie(response: Response, session: Session, request: Request) -> None:
    """Let the browser keep the session, out of reach of scripts and of other sites."""
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=SESSION_LIFE_MS // 1000,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def take_cookie(response: Response, request: Request) -> None:
    response.delete_cookie(
        COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def private(content: Any, status: int = 200) -> JSONResponse:
    """JSON that no cache keeps."""
    return JSONResponse(content, status, NO_STORE)
