"""`deskhand agents`: accounts from the command line. What an account is belongs to
`bot.web.accounts`; here is only finding the Redis that holds them, and printing.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import StoreUnavailable
from bot.instance import redis_in_use
from bot.settings import Settings
from bot.web.accounts import Accounts, Role, generate_password


async def run(arguments: argparse.Namespace, settings: Settings, var: Path) -> None:
    """Do what `arguments.agents` says: list, add, passwd, remove.

    Raises:
        AccountError: it cannot be done; says why.
        StoreUnavailable: Redis does not answer.
    """
    with redis_in_use(settings, var) as url:
        redis: Redis[bytes] = Redis.from_url(url, socket_connect_timeout=3, socket_timeout=5)
        try:
            await _do(arguments, Accounts(redis))
        except (RedisError, OSError) as why:
            raise StoreUnavailable(
                f"Redis does not answer: {why}", hint="Is REDIS_URL right, and is Redis running?"
            ) from why
        finally:
            await redis.close()


async def _do(arguments: argparse.Namespace, accounts: Accounts) -> None:
    if arguments.agents == "list":
        for account in await accounts.list():
            print(f"{account.login:<20} {account.role.value:<6} {account.name}")
    elif arguments.agents == "remove":
        await accounts.remove(arguments.login)
        print(f"{arguments.login} can no longer log in.")
    else:
        password = await asyncio.to_thread(_ask) if arguments.ask else generate_password()
        if arguments.agents == "add":
            name = arguments.name or arguments.login
            account = await accounts.add(arguments.login, name, Role(arguments.role), password)
            print(f"{account.login} can log in now.")
        else:
            await accounts.set_password(arguments.login, password)
            print(f"{arguments.login} has a new password.")
        if not arguments.ask:
            print(f"The password is {password} (shown only this once).")


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    while True:
        password = getpass.getpass("New password: ")
        if password == getpass.getpass("Again: "):
            return password
        print("They differ. Once more:")
