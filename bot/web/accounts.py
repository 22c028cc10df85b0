"""Who may sit at the desk: accounts and their passwords. All of it lives in Redis. Who is logged in
does not belong here (`bot.web.logins`), nor does HTTP, nor anything about customers, who have no
accounts.

What is stored can't be turned back into what opens the door: of a password only its argon2 hash
is kept.
"""

from __future__ import annotations

import asyncio
import enum
import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from typing import TypeVar

import argon2
import msgspec
from redis.asyncio import Redis

from bot.errors import DeskhandError
from bot.store import PREFIX

T = TypeVar("T")

# ── What is stored, and its limits ────────────────────────────────────────────────────────────

#: Hash: login -> account as JSON. One hash, because a business has tens of agents, not thousands,
#: and because "is there any account at all?" must be one atomic question. No lifetime.
ACCOUNTS = PREFIX + "desk:accounts"

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


class Accounts:
    """The accounts in one Redis.

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
        self._add_if_none = redis.register_script(_ADD_IF_NONE)
        self._replace_same = redis.register_script(_REPLACE)

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

    async def people(self) -> list[tuple[str, str, bool]]:
        """All accounts as (login, name, whether an owner)."""
        return [(one.login, one.name, one.role is Role.OWNER) for one in await self.list()]

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

    async def get(self, login: str) -> Account:
        """The account of a login.

        Raises:
            UnknownAccount: there is no such login.
        """
        _, account = await self._read(login)
        return account

    async def check(self, login: str, password: str) -> Account:
        """The account that login and password open; counting the attempts is not done here.

        Raises:
            LoginRefused: wrong login or password.
        """
        try:
            raw, account = await self._read(login)
        except UnknownAccount:
            # The same work as for a known login, or the time taken would tell which logins exist.
            await self._verify(await self._decoy_hash(), password)
            raise _refused() from None
        if not await self._verify(account.password_hash, password):
            raise _refused()
        if self._hasher.check_needs_rehash(account.password_hash):
            # Lost to a simultaneous change: then that change stands, and so it should.
            stronger = msgspec.structs.replace(account, password_hash=await self._hash(password))
            await self._replace(account.login, raw, msgspec.json.encode(stronger))
        return account

    # ── inside ──

    async def _new(self, login: str, name: str, role: Role, password: str) -> Account:
        spelling = canonical(login)
        if spelling is None:
            raise AccountError(
                f"{_tidy(login)!r} can't be a login.",
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
            login=spelling,
            name=name,
            role=role,
            password_hash=await self._hash(password),
            created_at=self._now(),
            stamp=secrets.token_hex(8),
        )

    async def _read(self, login: str) -> tuple[bytes, Account]:
        known = canonical(login)
        raw: bytes | str | None = await self._redis.hget(ACCOUNTS, known) if known else None
        if raw is None:
            raise UnknownAccount(f"There is no account {_tidy(login)!r}.")
        raw = raw.encode() if isinstance(raw, str) else raw
        return raw, msgspec.json.decode(raw, type=Account)

    async def _replace(self, login: str, old: bytes, new: bytes) -> bool:
        return bool(await self._replace_same(keys=[ACCOUNTS], args=[login, old, new]))

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


def canonical(login: str) -> str | None:
    """The one spelling of a login, whatever its case; None for what can be none."""
    login = _tidy(login)
    return login if LOGIN.fullmatch(login) else None


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


def _refused() -> LoginRefused:
    return LoginRefused(
        "Login or password is wrong.",
        hint="Check both, or ask an owner for a new password.",
    )
