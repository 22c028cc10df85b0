"""Accounts, sessions and the brake on guessing, against a real Redis."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Iterator

import argon2
import pytest
from redis.asyncio import Redis

from bot.errors import StoreUnavailable
from bot.redis_server import RedisServer
from bot.web import accounts as module
from bot.web.accounts import (
    SESSION_IDLE_MS,
    SESSION_LIFE_MS,
    TRIES_PER_ADDRESS,
    TRIES_PER_LOGIN,
    TRIES_WINDOW_MS,
    Account,
    AccountError,
    Accounts,
    LoginRefused,
    NotLoggedIn,
    Role,
    Session,
    TooManyAttempts,
    UnknownAccount,
    ensure_owner,
    generate_password,
)

PASSWORD = "correct horse battery"
#: As cheap as argon2 gets: these tests are about accounts, not about argon2.
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
def accounts(redis: Redis[bytes], clock: Clock) -> Accounts:
    return Accounts(redis, now=clock, hasher=CHEAP)


@pytest.fixture
async def anna(accounts: Accounts) -> Account:
    return await accounts.add("anna", "Anna Berg", Role.AGENT, PASSWORD)


async def log_in(accounts: Accounts, login: str = "anna", password: str = PASSWORD) -> Session:
    return await accounts.log_in(login, password, address="192.0.2.1")


async def everything(redis: Redis[bytes]) -> str:
    """All keys and values, as whoever reads the database sees them."""
    seen = []
    async for key in redis.scan_iter():
        in_hash = key == module.ACCOUNTS.encode()
        seen.append((key, await redis.hgetall(key) if in_hash else await redis.get(key)))
    return repr(seen)


# ── the first start ──


async def test_the_first_start_makes_an_owner_whose_password_works(redis: Redis[bytes]) -> None:
    password = await ensure_owner(redis)
    assert password is not None
    session = await log_in(Accounts(redis), "owner", password)
    assert session.account.role is Role.OWNER


async def test_later_starts_make_no_owner_even_when_the_login_was_changed(
    redis: Redis[bytes], accounts: Accounts
) -> None:
    await accounts.add("maja", "Maja", Role.OWNER, PASSWORD)
    assert await ensure_owner(redis) is None
    assert [one.login for one in await accounts.list()] == ["maja"]


async def test_of_two_gateways_starting_at_once_one_makes_the_owner(redis: Redis[bytes]) -> None:
    passwords = await asyncio.gather(*(ensure_owner(redis) for _ in range(3)))
    (password,) = [one for one in passwords if one]
    await log_in(Accounts(redis), "owner", password)


def test_a_generated_password_is_readable_and_never_the_same() -> None:
    passwords = {generate_password() for _ in range(200)}
    assert len(passwords) == 200
    assert all(re.fullmatch(r"([2-9a-hjkmnp-z]{4}-){4}[2-9a-hjkmnp-z]{4}", p) for p in passwords)


def test_a_generated_password_has_at_least_96_bits() -> None:
    letters = len(set(module.READABLE))
    assert letters ** (5 * 4) >= 2**96


# ── accounts ──


async def test_a_login_is_taken_once_whatever_its_case(accounts: Accounts, anna: Account) -> None:
    with pytest.raises(AccountError, match="already an account 'anna'"):
        await accounts.add("  ANNA ", "Another Anna", Role.AGENT, PASSWORD)
    assert await accounts.list() == [anna]


@pytest.mark.parametrize("login", ["", " ", "-anna", "anna berg", "a" * 33, "änna", "a\n", "<b>"])
async def test_a_malformed_login_is_refused(accounts: Accounts, login: str) -> None:
    if login.strip() == "a":
        login = "a\nb"
    with pytest.raises(AccountError, match="can't be a login"):
        await accounts.add(login, "Somebody", Role.AGENT, PASSWORD)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "bell\a"])
async def test_a_name_that_customers_could_not_read_is_refused(
    accounts: Accounts, name: str
) -> None:
    with pytest.raises(AccountError, match="name is empty or too long"):
        await accounts.add("anna", name, Role.AGENT, PASSWORD)


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 257])
async def test_a_password_too_short_or_endless_is_refused(
    accounts: Accounts, password: str
) -> None:
    with pytest.raises(AccountError, match=f"The password has {len(password)} characters"):
        await accounts.add("anna", "Anna", Role.AGENT, password)


async def test_the_last_owner_cannot_be_removed(accounts: Accounts, anna: Account) -> None:
    await accounts.add("maja", "Maja", Role.OWNER, PASSWORD)
    with pytest.raises(AccountError, match="last owner"):
        await accounts.remove("maja")
    await accounts.add("nils", "Nils", Role.OWNER, PASSWORD)
    await accounts.remove("maja")
    assert [one.login for one in await accounts.list()] == ["nils", "anna"]


async def test_what_is_not_there_cannot_be_changed(accounts: Accounts) -> None:
    with pytest.raises(UnknownAccount, match="no account 'anna'"):
        await accounts.set_password("anna", PASSWORD)
    with pytest.raises(UnknownAccount, match="no account 'anna'"):
        await accounts.remove("anna")


# ── sessions ──


async def test_a_session_is_found_by_its_token_and_by_nothing_else(
    accounts: Accounts, anna: Account
) -> None:
    session = await log_in(accounts)
    assert (await accounts.session(session.token)).account == anna
    for forged in ("", "x", session.token[:-1], session.token + "x", session.csrf):
        with pytest.raises(NotLoggedIn, match="not logged in"):
            await accounts.session(forged)


async def test_neither_password_nor_token_can_be_read_from_redis_or_a_repr(
    redis: Redis[bytes], accounts: Accounts, anna: Account
) -> None:
    session = await log_in(accounts)
    stored = await everything(redis)
    shown = repr(session) + repr(anna)
    assert "argon2id" in stored
    for secret in (PASSWORD, session.token):
        assert secret not in stored
    for secret in (PASSWORD, session.token, session.csrf, anna.password_hash, anna.stamp):
        assert secret not in shown


async def test_use_puts_off_the_end_of_a_session_and_watching_does_not(
    redis: Redis[bytes], accounts: Accounts, anna: Account
) -> None:
    session = await log_in(accounts)
    (key,) = [key async for key in redis.scan_iter("*session*")]
    await redis.pexpire(key, 60_000)
    await accounts.session(session.token, in_use=False)
    assert await redis.pttl(key) <= 60_000
    await accounts.session(session.token)
    assert await redis.pttl(key) > SESSION_IDLE_MS - 60_000


async def test_no_session_outlives_its_seven_days_however_much_it_is_used(
    redis: Redis[bytes], accounts: Accounts, anna: Account, clock: Clock
) -> None:
    session = await log_in(accounts)
    clock.ms += SESSION_LIFE_MS - 60_000
    await accounts.session(session.token)
    (key,) = [key async for key in redis.scan_iter("*session*")]
    assert await redis.pttl(key) <= 60_000
    clock.ms += 60_000
    with pytest.raises(NotLoggedIn, match="not logged in"):
        await accounts.session(session.token)


async def test_logging_out_ends_this_session_only(accounts: Accounts, anna: Account) -> None:
    first, second = await log_in(accounts), await log_in(accounts)
    assert first.token != second.token
    await accounts.log_out(first.token)
    await accounts.log_out(first.token)
    with pytest.raises(NotLoggedIn, match="not logged in"):
        await accounts.session(first.token)
    await accounts.session(second.token)


async def test_a_new_password_ends_every_session_and_the_old_password(
    accounts: Accounts, anna: Account
) -> None:
    sessions = [await log_in(accounts) for _ in range(2)]
    await accounts.set_password("anna", "another long password")
    for session in sessions:
        with pytest.raises(NotLoggedIn, match="not logged in"):
            await accounts.session(session.token)
    with pytest.raises(LoginRefused, match="wrong"):
        await log_in(accounts)
    await log_in(accounts, password="another long password")


async def test_a_removed_account_is_out_at_once_even_if_it_is_made_again(
    accounts: Accounts, anna: Account
) -> None:
    session = await log_in(accounts)
    await accounts.remove("anna")
    await accounts.add("anna", "A new Anna", Role.AGENT, PASSWORD)
    with pytest.raises(NotLoggedIn, match="not logged in"):
        await accounts.session(session.token)


async def test_the_csrf_token_is_the_sessions_own(accounts: Accounts, anna: Account) -> None:
    first, second = await log_in(accounts), await log_in(accounts)
    assert first.csrf_matches(first.csrf)
    for other in (second.csrf, "", "ü", first.csrf[:-1]):
        assert not first.csrf_matches(other)


# ── logging in ──


async def test_accents_match_whichever_way_the_keyboard_makes_them(accounts: Accounts) -> None:
    await accounts.add("zoe", "Zoë", Role.AGENT, "cr\u00e8me br\u00fbl\u00e9e")
    await log_in(accounts, "zoe", "cre\u0300me bru\u0302le\u0301e")


@pytest.mark.parametrize("login", ["anna", "nobody", "", "x" * 5000, "\ud800", "a\0b", "anna\n"])
async def test_a_wrong_password_and_an_unknown_login_are_refused_alike(
    accounts: Accounts, anna: Account, login: str
) -> None:
    with pytest.raises(LoginRefused, match="Login or password is wrong"):
        await log_in(accounts, login, "wrong password \ud800")


async def test_the_time_taken_does_not_tell_whether_a_login_exists(redis: Redis[bytes]) -> None:
    accounts = Accounts(redis)
    await accounts.add("anna", "Anna", Role.AGENT, PASSWORD)
    taken: dict[str, list[float]] = {"anna": [], "nobody": []}
    for round_ in range(6):
        for login in taken:
            began = time.perf_counter()
            with pytest.raises(LoginRefused, match="wrong"):
                await accounts.log_in(login, "wrong password", address=f"192.0.2.{round_}")
            taken[login].append(time.perf_counter() - began)
    # The first unknown login may also make the decoy; the medians are what a guesser could use.
    known, unknown = (statistics.median(taken[login]) for login in ("anna", "nobody"))
    assert 0.5 < known / unknown < 2.0


async def test_guessing_one_login_is_braked_from_however_many_addresses(
    accounts: Accounts, anna: Account
) -> None:
    for n in range(TRIES_PER_LOGIN):
        with pytest.raises(LoginRefused, match="wrong"):
            await accounts.log_in("anna", "wrong password", address=f"192.0.2.{n}")
    with pytest.raises(TooManyAttempts, match="Too many attempts") as refused:
        await accounts.log_in("ANNA", PASSWORD, address="198.51.100.1")
    assert 0 < refused.value.retry_after <= TRIES_WINDOW_MS / 1000


async def test_guessing_logins_from_one_address_is_braked(
    accounts: Accounts, anna: Account
) -> None:
    for n in range(TRIES_PER_ADDRESS):
        with pytest.raises(LoginRefused, match="wrong"):
            await accounts.log_in(f"guess{n}", "wrong password", address="192.0.2.1")
    with pytest.raises(TooManyAttempts, match="Too many attempts"):
        await accounts.log_in("anna", PASSWORD, address="192.0.2.1")
    await accounts.log_in("anna", PASSWORD, address="192.0.2.2")


async def test_the_brake_lets_go_after_its_window(
    redis: Redis[bytes], accounts: Accounts, anna: Account
) -> None:
    for _ in range(TRIES_PER_LOGIN):
        with pytest.raises(LoginRefused, match="wrong"):
            await log_in(accounts, password="wrong password")
    for key in [key async for key in redis.scan_iter("*tries*")]:
        assert 0 < await redis.pttl(key) <= TRIES_WINDOW_MS
        await redis.delete(key)  # as if the window were over
    await log_in(accounts)


async def test_a_right_password_forgives_the_wrong_ones_before(
    accounts: Accounts, anna: Account
) -> None:
    for _ in range(3):
        for _ in range(TRIES_PER_LOGIN - 1):
            with pytest.raises(LoginRefused, match="wrong"):
                await log_in(accounts, password="wrong password")
        await log_in(accounts)


async def test_a_hash_made_with_older_parameters_is_renewed_at_login(
    redis: Redis[bytes], accounts: Accounts, anna: Account
) -> None:
    stronger = argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    session = await log_in(Accounts(redis, hasher=stronger))
    (renewed,) = await accounts.list()
    assert not stronger.check_needs_rehash(renewed.password_hash)
    await accounts.session(session.token)
    await log_in(Accounts(redis, hasher=stronger))


async def test_hashing_does_not_hold_up_the_event_loop(redis: Redis[bytes]) -> None:
    """While a password is hashed (a tenth of a second), messages must go on being relayed."""
    accounts = Accounts(redis)
    await accounts.add("anna", "Anna", Role.AGENT, PASSWORD)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await accounts.log_in("anna", PASSWORD, address="192.0.2.1")
    counting.cancel()
    assert turns > 100


@pytest.fixture
def stopped(redis_server: RedisServer) -> Iterator[None]:
    redis_server.kill()
    yield
    redis_server.start()


async def test_without_redis_a_login_says_so_instead_of_wrong_password(
    accounts: Accounts, anna: Account, stopped: None
) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await log_in(accounts)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await accounts.session("any")
