"""Who may sit at the desk: accounts, their passwords, login sessions and the brake on guessing.
All of it lives in Redis. HTTP does not belong here (`bot.web.desk` has the cookies and headers),
nor does anything about customers, who have no accounts.

What is stored can't be turned back into what opens the door: of a password only its argon2 hash
is kept, of a session only the SHA-256 of its token.
"""

from __future__ import annotations

import asyncio
import enum
import hashlib
import hmac
import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import argon2
import msgspec
from redis.asyncio import Redis

from bot.errors import DeskhandError
from bot.store import PREFIX, reachable

T = TypeVar("T")

# ── Keys and lifetimes ────────────────────────────────────────────────────────────────────────

#: Hash: login -> account as JSON. One hash, because a business has tens of agents, not thousands,
#: and because "is there any account at all?" must be one atomic question. No lifetime.
ACCOUNTS = PREFIX + "desk:accounts"
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

#: Each check takes 64 MiB for about a tenth of a second. Two at a time, or a burst of logins
#: could ask for more memory than the machine has.
PARALLEL_HASHES = 2

PASSWORD_MIN = 12
#: Longer than any passphrase; without a limit, hashing a megabyte would be a cheap attack.
PASSWORD_MAX = 256
NAME_MAX = 60
LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
#: Letters and digits that can't be mistaken for one another when read aloud or copied by hand.
READABLE = "23456789abcdefghjkmnpqrstuvwxyz"

# Increment and, for the first one, start the window, in one step: a counter that lost its
# lifetime between two commands would lock somebody out for ever.
_COUNT = """
local tries = redis.call('INCR', KEYS[1])
if tries == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {tries, redis.call('PTTL', KEYS[1])}
"""
# Two gateways may start at the same moment; one of them makes the owner.
_ADD_IF_NONE = """
if redis.call('HLEN', KEYS[1]) > 0 then return 0 end
return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
"""
# Replace only what we have read: ARGV[2] is the old value, '' in ARGV[3] removes.
_REPLACE = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == '' then return redis.call('HDEL', KEYS[1], ARGV[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""


# ── What can go wrong ─────────────────────────────────────────────────────────────────────────


class AccountError(DeskhandError):
    """An account can't be made or changed like this."""

    code = "account"


class UnknownAccount(AccountError):
    code = "unknown_account"


class LoginRefused(DeskhandError):
    """Login or password is wrong. Which of the two is not said, nor is it measurable."""

    code = "login_failed"


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


# ── Accounts ──────────────────────────────────────────────────────────────────────────────────


class Role(str, enum.Enum):
    #: Answers customers.
    AGENT = "agent"
    #: Answers customers, and may teach the assistant and see the figures.
    OWNER = "owner"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One person at the desk. `created_at` is in ms since the epoch."""

    login: str
    name: str
    role: Role
    password_hash: str
    created_at: int
    #: Changes with the password. A session remembers the one that it was opened with, so a new
    #: password (or a removed account) ends every older session at once, without a list of them.
    stamp: str

    def __repr__(self) -> str:
        return f"Account(login={self.login!r}, name={self.name!r}, role={self.role.value!r})"


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


class Accounts:
    """The accounts and sessions in one Redis.

    Args:
        redis: with or without `decode_responses`; both work.
        now: the wall clock in ms since the epoch.
        hasher: argon2's parameters. The default is RFC 9106's second choice (64 MiB).
    """

    def __init__(
        self,
        redis: Redis[bytes],
        *,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        hasher: argon2.PasswordHasher | None = None,
    ) -> None:
        self._redis = redis
        self._now = now
        self._hasher = hasher or argon2.PasswordHasher()
        self._slots = asyncio.Semaphore(PARALLEL_HASHES)
        self._decoy: str | None = None
        self._count_try = redis.register_script(_COUNT)
        self._add_if_none = redis.register_script(_ADD_IF_NONE)
        self._replace_same = redis.register_script(_REPLACE)

    # ── for the CLI ──

    async def add(self, login: str, name: str, role: Role, password: str) -> Account:
        """Make an account.

        Raises:
            AccountError: the login is taken or malformed, the name or password unfit.
        """
        account = await self._new(login, name, role, password)
        if not await self._redis.hsetnx(ACCOUNTS, account.login, msgspec.json.encode(account)):
            raise AccountError(
                f"There is already an account {account.login!r}.",
                hint="Choose another login, or give that one a new password.",
            )
        return account

    async def ensure_owner(self) -> str | None:
        """See the function of that name."""
        if await self._redis.hlen(ACCOUNTS):
            return None
        password = generate_password()
        owner = await self._new("owner", "Owner", Role.OWNER, password)
        row = msgspec.json.encode(owner)
        added = await self._add_if_none(keys=[ACCOUNTS], args=[owner.login, row])
        return password if added else None

    async def list(self) -> list[Account]:
        """All accounts, owners first, then by login."""
        rows = await self._redis.hvals(ACCOUNTS)
        accounts = [msgspec.json.decode(row, type=Account) for row in rows]
        return sorted(accounts, key=lambda one: (one.role is not Role.OWNER, one.login))

    async def set_password(self, login: str, password: str) -> None:
        """Give a new password; every session of that account ends.

        Raises:
            UnknownAccount: there is no such login.
            AccountError: the password is unfit.
        """
        _check_password(password)
        hashed = await self._hash(password)
        while True:
            raw, account = await self._read(login)
            changed = msgspec.structs.replace(
                account, password_hash=hashed, stamp=secrets.token_hex(8)
            )
            if await self._replace(account.login, raw, msgspec.json.encode(changed)):
                return

    async def remove(self, login: str) -> None:
        """Remove an account; its sessions end. The last owner stays.

        Raises:
            UnknownAccount: there is no such login.
            AccountError: it is the last owner.
        """
        while True:
            raw, account = await self._read(login)
            owners = [one for one in await self.list() if one.role is Role.OWNER]
            if [one.login for one in owners] == [account.login]:
                raise AccountError(
                    f"{account.login!r} is the last owner and can't be removed.",
                    hint="Add another owner first.",
                )
            if await self._replace(account.login, raw, b""):
                return

    # ── for the web ──

    async def log_in(self, login: str, password: str, *, address: str) -> Session:
        """Open a session.

        Args:
            address: of the client, for the brake on guessing.

        Raises:
            TooManyAttempts: from this address or for this login; the password was not looked at.
            LoginRefused: wrong login or password.
        """
        async with reachable():
            return await self._log_in(_tidy(login), password, address)

    async def _log_in(self, login: str, password: str, address: str) -> Session:
        # What can be no login shares one counter, however it is spelt.
        known = login if LOGIN.fullmatch(login) else "?"
        tries_key = TRIES_BY_LOGIN.format(digest=_digest(known))
        await self._brake(TRIES_BY_ADDRESS.format(digest=_digest(address)), TRIES_PER_ADDRESS)
        await self._brake(tries_key, TRIES_PER_LOGIN)
        try:
            raw, account = await self._read(login)
        except UnknownAccount:
            # The same work as for a known login, or the time taken would tell which logins exist.
            await self._verify(await self._decoy_hash(), password)
            raise _refused() from None
        if not await self._verify(account.password_hash, password):
            raise _refused()
        await self._redis.delete(tries_key)
        if self._hasher.check_needs_rehash(account.password_hash):
            # Lost to a simultaneous change: then that change stands, and so it should.
            stronger = msgspec.structs.replace(account, password_hash=await self._hash(password))
            await self._replace(account.login, raw, msgspec.json.encode(stronger))
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
            _, account = await self._read(stored.login)
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

    async def _new(self, login: str, name: str, role: Role, password: str) -> Account:
        login = _tidy(login)
        if not LOGIN.fullmatch(login):
            raise AccountError(
                f"{login!r} can't be a login.",
                hint="Use up to 32 letters, digits, dots, dashes and underscores.",
            )
        name = " ".join(name.split())
        if not 0 < len(name) <= NAME_MAX or not name.isprintable():
            raise AccountError(
                "The name is empty or too long.",
                hint=f"Customers see it. Use 1 to {NAME_MAX} characters.",
            )
        _check_password(password)
        return Account(
            login=login,
            name=name,
            role=role,
            password_hash=await self._hash(password),
            created_at=self._now(),
            stamp=secrets.token_hex(8),
        )

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

    async def _read(self, login: str) -> tuple[bytes, Account]:
        login = _tidy(login)
        known = LOGIN.fullmatch(login)
        raw: bytes | str | None = await self._redis.hget(ACCOUNTS, login) if known else None
        if raw is None:
            raise UnknownAccount(f"There is no account {login!r}.")
        raw = raw.encode() if isinstance(raw, str) else raw
        return raw, msgspec.json.decode(raw, type=Account)

    async def _replace(self, login: str, old: bytes, new: bytes) -> bool:
        return bool(await self._replace_same(keys=[ACCOUNTS], args=[login, old, new]))

    async def _brake(self, key: str, allowed: int) -> None:
        """Count an attempt; refuse it when there were too many in the window."""
        tries, left_ms = await self._count_try(keys=[key], args=[TRIES_WINDOW_MS])
        if tries > allowed:
            raise TooManyAttempts(retry_after=max(1, -(-left_ms // 1000)))

    async def _hash(self, password: str) -> str:
        return await self._in_thread(lambda: self._hasher.hash(_normal(password)))

    async def _verify(self, hashed: str, password: str) -> bool:
        def check() -> bool:
            try:
                return self._hasher.verify(hashed, _normal(password))
            except argon2.exceptions.VerifyMismatchError:
                return False

        return await self._in_thread(check)

    async def _decoy_hash(self) -> str:
        if self._decoy is None:
            self._decoy = await self._hash(secrets.token_hex(16))
        return self._decoy

    async def _in_thread(self, work: Callable[[], T]) -> T:
        async with self._slots:
            return await asyncio.to_thread(work)


async def ensure_owner(redis: Redis[bytes]) -> str | None:
    """Make the account "owner" if there is no account at all.

    Returns:
        Its generated password, to be shown once and stored nowhere; None when accounts exist.
    """
    return await Accounts(redis).ensure_owner()


def generate_password() -> str:
    """Five groups of four readable characters, 99 bits: "k7qm-x2ra-p9dh-t4we-m3nc"."""
    groups = ("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(5))
    return "-".join(groups)


def _check_password(password: str) -> None:
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise AccountError(
            f"The password has {len(password)} characters.",
            hint=f"Use {PASSWORD_MIN} to {PASSWORD_MAX}; a few random words are fine.",
        )


def _tidy(login: str) -> str:
    return login.strip().lower()


def _normal(password: str) -> bytes:
    """One spelling of a password whichever keyboard typed its accents (RFC 8265)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _refused() -> LoginRefused:
    return LoginRefused(
        "Login or password is wrong.",
        hint="Check both, or ask an owner for a new password.",
    )


def _not_logged_in() -> NotLoggedIn:
    return NotLoggedIn("You are not logged in, or no longer.", hint="Log in again.")


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    if seconds <= 90:
        return f"{seconds} seconds"
    return f"{minutes} minutes"
