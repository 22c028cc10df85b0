"""Who is logged in at the desk: sessions, their CSRF tokens and the brake on guessing, in Redis.
What an account is and whether a password is right belongs to `bot.web.accounts`, cookies and
headers to `bot.web.guard`.

Of a session only the SHA-256 of its token is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from redis.asyncio import Redis

from bot.errors import DeskhandError
from bot.store import PREFIX, reachable
from bot.web.accounts import Account, Accounts, UnknownAccount, canonical

# ── Keys and lifetimes ────────────────────────────────────────────────────────────────────────

#: String per session, named by the SHA-256 of its token: who reads Redis can't log in with it.
SESSION = PREFIX + "desk:session:{digest}"
#: Counters of login attempts. An address is hashed, so that no list of addresses lies around.
TRIES_BY_ADDRESS = PREFIX + "desk:tries:address:{digest}"
TRIES_BY_LOGIN = PREFIX + "desk:tries:login:{digest}"

#: A session ends after this long without use: a working day with a long lunch.
SESSION_IDLE_MS = 12 * 3600 * 1000
#: And after this long in any case, so that a stolen cookie is not for ever.
SESSION_LIFE_MS = 7 * 24 * 3600 * 1000
#: The window in which attempts are counted. Short, because the brake on a login also brakes its
#: rightful owner; 8 guesses in 5 minutes are 2,300 a day, nothing against a decent password.
TRIES_WINDOW_MS = 5 * 60 * 1000
TRIES_PER_LOGIN = 8
#: More than per login: a whole office sits behind one address.
TRIES_PER_ADDRESS = 40

# Increment and, for the first one, start the window, in one step: a counter that lost its
# lifetime between two commands would lock somebody out for ever.
_COUNT = """
local tries = redis.call('INCR', KEYS[1])
if tries == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {tries, redis.call('PTTL', KEYS[1])}
"""


# ── What can go wrong ─────────────────────────────────────────────────────────────────────────


class NotLoggedIn(DeskhandError):
    """No session, an unknown one, or one that has ended."""

    code = "not_logged_in"


class TooManyAttempts(DeskhandError):
    """The brake on guessing. `retry_after` is in whole seconds, at least 1."""

    code = "too_many"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "Too many attempts to log in.", hint=f"Try again in {_in_words(retry_after)}."
        )
        self.retry_after = retry_after


# ── Sessions ──────────────────────────────────────────────────────────────────────────────────


class _Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it is stored. Times in ms since the epoch."""

    login: str
    stamp: str
    csrf: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A logged-in agent. `token` goes into the cookie, `csrf` into the page, neither into a log."""

    account: Account
    token: str = field(repr=False)
    csrf: str = field(repr=False)
    #: When it ends at the latest, ms since the epoch.
    ends_at: int

    def csrf_matches(self, given: str) -> bool:
        """Whether `given` is this session's CSRF token; the time taken does not tell how nearly."""
        return hmac.compare_digest(self.csrf.encode(), given.encode())


class Logins:
    """The sessions in one Redis.

    Args:
        redis: with or without `decode_responses`; both work.
        accounts: who may log in.
        now: the wall clock in ms since the epoch.
    """

    def __init__(
        self,
        redis: Redis[bytes],
        accounts: Accounts,
        *,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._redis = redis
        self._accounts = accounts
        self._now = now
        self._count_try = redis.register_script(_COUNT)

    async def log_in(self, login: str, password: str, *, address: str) -> Session:
        """Open a session.

        Args:
            address: of the client, for the brake on guessing.

        Raises:
            TooManyAttempts: from this address or for this login; the password was not looked at.
            LoginRefused: wrong login or password.
        """
        async with reachable():
            # What can be no login shares one counter, however it is spelt.
            tries_key = TRIES_BY_LOGIN.format(digest=_digest(canonical(login) or "?"))
            await self._brake(TRIES_BY_ADDRESS.format(digest=_digest(address)), TRIES_PER_ADDRESS)
            await self._brake(tries_key, TRIES_PER_LOGIN)
            account = await self._accounts.check(login, password)
            await self._redis.delete(tries_key)
            return await self._open(account)

    async def session(self, token: str, *, in_use: bool = True) -> Session:
        """The session of a cookie's token. Being used (`in_use`) puts off its end.

        Raises:
            NotLoggedIn: unknown, ended, or its account was removed or got a new password.
        """
        async with reachable():
            return await self._session(token, in_use)

    async def _session(self, token: str, in_use: bool) -> Session:
        key = SESSION.format(digest=_digest(token))
        raw = await self._redis.get(key)
        if raw is None:
            raise _not_logged_in()
        stored = msgspec.json.decode(raw, type=_Session)
        try:
            account = await self._accounts.get(stored.login)
        except UnknownAccount:
            raise _not_logged_in() from None
        ends_at = stored.created_at + SESSION_LIFE_MS
        left = ends_at - self._now()
        if left <= 0 or not hmac.compare_digest(account.stamp, stored.stamp):
            await self._redis.delete(key)
            raise _not_logged_in()
        if in_use:
            await self._redis.pexpire(key, min(left, SESSION_IDLE_MS))
        return Session(account=account, token=token, csrf=stored.csrf, ends_at=ends_at)

    async def log_out(self, token: str) -> None:
        """End a session; ending one that has ended is fine."""
        async with reachable():
            await self._redis.delete(SESSION.format(digest=_digest(token)))

    # ── inside ──

    async def _open(self, account: Account) -> Session:
        token = secrets.token_urlsafe(32)
        stored = _Session(
            login=account.login,
            stamp=account.stamp,
            csrf=secrets.token_urlsafe(32),
            created_at=self._now(),
        )
        key = SESSION.format(digest=_digest(token))
        await self._redis.set(key, msgspec.json.encode(stored), px=SESSION_IDLE_MS)
        return Session(
            account=account,
            token=token,
            csrf=stored.csrf,
            ends_at=stored.created_at + SESSION_LIFE_MS,
        )

    async def _brake(self, key: str, allowed: int) -> None:
        """Count an attempt; refuse it when there were too many in the window."""
        tries, left_ms = await self._count_try(keys=[key], args=[TRIES_WINDOW_MS])
        if tries > allowed:
            raise TooManyAttempts(retry_after=max(1, -(-left_ms // 1000)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _not_logged_in() -> NotLoggedIn:
    return NotLoggedIn("You are not logged in, or no longer.", hint="Log in again.")


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    if seconds <= 90:
        return f"{seconds} seconds"
    return f"{minutes} minutes"
