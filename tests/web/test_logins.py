"""Sessions, logging in and the brake on guessing, against a real Redis."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator

import argon2
import pytest
from redis.asyncio import Redis

from bot.errors import StoreUnavailable
from bot.redis_server import RedisServer
from bot.web.accounts import ACCOUNTS, Account, Accounts, LoginRefused, Role
from bot.web.logins import (
    SESSION_IDLE_MS,
    SESSION_LIFE_MS,
    TRIES_PER_ADDRESS,
    TRIES_PER_LOGIN,
    TRIES_WINDOW_MS,
    Logins,
    NotLoggedIn,
    Session,
    TooManyAttempts,
)

PASSWORD = "correct horse battery"
#: As cheap as argon2 gets: these tests are about logins, not about argon2.
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Clock:
    """The wall clock, held in a hand."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(redis: Redis[bytes]) -> Accounts:
    return Accounts(redis, hasher=CHEAP)


@pytest.fixture
def logins(redis: Redis[bytes], accounts: Accounts, clock: Clock) -> Logins:
    return Logins(redis, accounts, now=clock)


@pytest.fixture
async def anna(accounts: Accounts) -> Account:
    return await accounts.add("anna", "Anna Berg", Role.AGENT, PASSWORD)


async def log_in(logins: Logins, login: str = "anna", password: str = PASSWORD) -> Session:
    return await logins.log_in(login, password, address="192.0.2.1")


async def everything(redis: Redis[bytes]) -> str:
    """All keys and values, as whoever reads the database sees them."""
    seen = []
    async for key in redis.scan_iter():
        in_hash = key == ACCOUNTS.encode()
        seen.append((key, await redis.hgetall(key) if in_hash else await redis.get(key)))
    return repr(seen)


# ── sessions ──


async def test_a_session_is_found_by_its_token_and_by_nothing_else(
    logins: Logins, anna: Account
) -> None:
    session = await log_in(logins)
    assert (await logins.session(session.token)).account == anna
    for forged in ("", "x", session.token[:-1], session.token + "x", session.csrf):
        with pytest.raises(NotLoggedIn, match="not logged in"):
            await logins.session(forged)


async def test_neither_password_nor_token_can_be_read_from_redis_or_a_repr(
    redis: Redis[bytes], logins: Logins, anna: Account
) -> None:
    session = await log_in(logins)
    stored = await everything(redis)
    shown = repr(session) + repr(anna)
    assert "argon2id" in stored
    for secret in (PASSWORD, session.token):
        assert secret not in stored
    for secret in (PASSWORD, session.token, session.csrf, anna.password_hash, anna.stamp):
        assert secret not in shown


async def test_use_puts_off_the_end_of_a_session_and_watching_does_not(
    redis: Redis[bytes], logins: Logins, anna: Account
) -> None:
    session = await log_in(logins)
    (key,) = [key async for key in redis.scan_iter("*session*")]
    await redis.pexpire(key, 60_000)
    await logins.session(session.token, in_use=False)
    assert await redis.pttl(key) <= 60_000
    await logins.session(session.token)
    assert await redis.pttl(key) > SESSION_IDLE_MS - 60_000


async def test_no_session_outlives_its_seven_days_however_much_it_is_used(
    redis: Redis[bytes], logins: Logins, anna: Account, clock: Clock
) -> None:
    session = await log_in(logins)
    clock.ms += SESSION_LIFE_MS - 60_000
    await logins.session(session.token)
    (key,) = [key async for key in redis.scan_iter("*session*")]
    assert await redis.pttl(key) <= 60_000
    clock.ms += 60_000
    with pytest.raises(NotLoggedIn, match="not logged in"):
        await logins.session(session.token)


async def test_logging_out_ends_this_session_only(logins: Logins, anna: Account) -> None:
    first, second = await log_in(logins), await log_in(logins)
    assert first.token != second.token
    await logins.log_out(first.token)
    await logins.log_out(first.token)
    with pytest.raises(NotLoggedIn, match="not logged in"):
        await logins.session(first.token)
    await logins.session(second.token)


async def test_a_new_password_ends_every_session_and_the_old_password(
    accounts: Accounts, logins: Logins, anna: Account
) -> None:
    sessions = [await log_in(logins) for _ in range(2)]
    await accounts.set_password("anna", "another long password")
    for session in sessions:
        with pytest.raises(NotLoggedIn, match="not logged in"):
            await logins.session(session.token)
    with pytest.raises(LoginRefused, match="wrong"):
        await log_in(logins)
    await log_in(logins, password="another long password")


async def test_a_removed_account_is_out_at_once_even_if_it_is_made_again(
    accounts: Accounts, logins: Logins, anna: Account
) -> None:
    session = await log_in(logins)
    await accounts.remove("anna")
    await accounts.add("anna", "A new Anna", Role.AGENT, PASSWORD)
    with pytest.raises(NotLoggedIn, match="not logged in"):
        await logins.session(session.token)


async def test_the_csrf_token_is_the_sessions_own(logins: Logins, anna: Account) -> None:
    first, second = await log_in(logins), await log_in(logins)
    assert first.csrf_matches(first.csrf)
    for other in (second.csrf, "", "ü", first.csrf[:-1]):
        assert not first.csrf_matches(other)


# ── logging in ──


async def test_accents_match_whichever_way_the_keyboard_makes_them(
    accounts: Accounts, logins: Logins
) -> None:
    await accounts.add("zoe", "Zoë", Role.AGENT, "cr\u00e8me br\u00fbl\u00e9e")
    await log_in(logins, "zoe", "cre\u0300me bru\u0302le\u0301e")


@pytest.mark.parametrize("login", ["anna", "nobody", "", "x" * 5000, "\ud800", "a\0b", "anna\n"])
async def test_a_wrong_password_and_an_unknown_login_are_refused_alike(
    logins: Logins, anna: Account, login: str
) -> None:
    with pytest.raises(LoginRefused, match="Login or password is wrong"):
        await log_in(logins, login, "wrong password \ud800")


async def test_the_time_taken_does_not_tell_whether_a_login_exists(redis: Redis[bytes]) -> None:
    accounts = Accounts(redis)
    logins = Logins(redis, accounts)
    await accounts.add("anna", "Anna", Role.AGENT, PASSWORD)
    taken: dict[str, list[float]] = {"anna": [], "nobody": []}
    for round_ in range(6):
        for login in taken:
            began = time.process_time()  # other work on the machine is no login's
            with pytest.raises(LoginRefused, match="wrong"):
                await logins.log_in(login, "wrong password", address=f"192.0.2.{round_}")
            taken[login].append(time.process_time() - began)
    # The first unknown login may also make the decoy; the medians are what a guesser could use.
    known, unknown = (statistics.median(taken[login]) for login in ("anna", "nobody"))
    assert 0.5 < known / unknown < 2.0


async def test_guessing_one_login_is_braked_from_however_many_addresses(
    logins: Logins, anna: Account
) -> None:
    for n in range(TRIES_PER_LOGIN):
        with pytest.raises(LoginRefused, match="wrong"):
            await logins.log_in("anna", "wrong password", address=f"192.0.2.{n}")
    with pytest.raises(TooManyAttempts, match="Too many attempts") as refused:
        await logins.log_in("ANNA", PASSWORD, address="198.51.100.1")
    assert 0 < refused.value.retry_after <= TRIES_WINDOW_MS / 1000


async def test_guessing_logins_from_one_address_is_braked(logins: Logins, anna: Account) -> None:
    for n in range(TRIES_PER_ADDRESS):
        with pytest.raises(LoginRefused, match="wrong"):
            await logins.log_in(f"guess{n}", "wrong password", address="192.0.2.1")
    with pytest.raises(TooManyAttempts, match="Too many attempts"):
        await logins.log_in("anna", PASSWORD, address="192.0.2.1")
    await logins.log_in("anna", PASSWORD, address="192.0.2.2")


async def test_the_brake_lets_go_after_its_window(
    redis: Redis[bytes], logins: Logins, anna: Account
) -> None:
    for _ in range(TRIES_PER_LOGIN):
        with pytest.raises(LoginRefused, match="wrong"):
            await log_in(logins, password="wrong password")
    for key in [key async for key in redis.scan_iter("*tries*")]:
        assert 0 < await redis.pttl(key) <= TRIES_WINDOW_MS
        await redis.delete(key)  # as if the window were over
    await log_in(logins)


async def test_a_right_password_forgives_the_wrong_ones_before(
    logins: Logins, anna: Account
) -> None:
    for _ in range(3):
        for _ in range(TRIES_PER_LOGIN - 1):
            with pytest.raises(LoginRefused, match="wrong"):
                await log_in(logins, password="wrong password")
        await log_in(logins)


async def test_a_hash_made_with_older_parameters_is_renewed_at_login(
    redis: Redis[bytes], accounts: Accounts, logins: Logins, anna: Account
) -> None:
    stronger = argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    session = await log_in(Logins(redis, Accounts(redis, hasher=stronger)))
    (renewed,) = await accounts.list()
    assert not stronger.check_needs_rehash(renewed.password_hash)
    await logins.session(session.token)
    await log_in(Logins(redis, Accounts(redis, hasher=stronger)))


async def test_hashing_does_not_hold_up_the_event_loop(redis: Redis[bytes]) -> None:
    """While a password is hashed (a tenth of a second), messages must go on being relayed."""
    accounts = Accounts(redis)
    logins = Logins(redis, accounts)
    await accounts.add("anna", "Anna", Role.AGENT, PASSWORD)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await logins.log_in("anna", PASSWORD, address="192.0.2.1")
    counting.cancel()
    assert turns > 100


@pytest.fixture
def stopped(redis_server: RedisServer) -> Iterator[None]:
    redis_server.kill()
    yield
    redis_server.start()


async def test_without_redis_a_login_says_so_instead_of_wrong_password(
    logins: Logins, anna: Account, stopped: None
) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await log_in(logins)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await logins.session("any")
