"""Accounts and their passwords, against a real Redis."""

from __future__ import annotations

import asyncio
import re

import argon2
import pytest
from redis.asyncio import Redis

from bot.web import accounts as module
from bot.web.accounts import (
    Account,
    AccountError,
    Accounts,
    Role,
    UnknownAccount,
    ensure_owner,
    generate_password,
)

PASSWORD = "correct horse battery"
#: As cheap as argon2 gets: these tests are about accounts, not about argon2.
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def accounts(redis: Redis[bytes]) -> Accounts:
    return Accounts(redis, hasher=CHEAP)


@pytest.fixture
async def anna(accounts: Accounts) -> Account:
    return await accounts.add("anna", "Anna Berg", Role.AGENT, PASSWORD)


# ── the first start ──


async def test_the_first_start_makes_an_owner_whose_password_works(redis: Redis[bytes]) -> None:
    password = await ensure_owner(redis)
    assert password is not None
    owner = await Accounts(redis).check("owner", password)
    assert owner.role is Role.OWNER


async def test_later_starts_make_no_owner_even_when_the_login_was_changed(
    redis: Redis[bytes], accounts: Accounts
) -> None:
    await accounts.add("maja", "Maja", Role.OWNER, PASSWORD)
    assert await ensure_owner(redis) is None
    assert [one.login for one in await accounts.list()] == ["maja"]


async def test_of_two_gateways_starting_at_once_one_makes_the_owner(redis: Redis[bytes]) -> None:
    passwords = await asyncio.gather(*(ensure_owner(redis) for _ in range(3)))
    (password,) = [one for one in passwords if one]
    await Accounts(redis).check("owner", password)


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
