"""Two agents at the desk, and a conversation that waits for them; an owner before the studio."""

from __future__ import annotations

from collections.abc import AsyncIterator

import argon2
import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette

from bot.router import Router
from bot.store import Store
from bot.web import wire
from bot.web.accounts import Accounts, Role
from bot.web.guard import Guard
from bot.web.logins import Logins
from bot.web.studio import Part, Studio
from tests.agent_client import PASSWORD, AgentClient, escalate, until
from tests.gateway import RunningGateway

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
STUDIO = "http://studio.test"


@pytest.fixture
async def accounts(redis: Redis[bytes]) -> Accounts:
    accounts = Accounts(redis, hasher=CHEAP)
    await accounts.add("anna", "Anna Berg", Role.AGENT, PASSWORD)
    await accounts.add("ben", "Ben Otieno", Role.AGENT, PASSWORD)
    return accounts


@pytest.fixture
async def stranger(gateway: RunningGateway) -> AsyncIterator[AgentClient]:
    client = AgentClient(gateway)
    async with client.http:
        yield client


@pytest.fixture
async def anna(gateway: RunningGateway, accounts: Accounts) -> AsyncIterator[AgentClient]:
    client = AgentClient(gateway)
    async with client.http:
        assert (await client.log_in("anna")).status_code == 200
        yield client


@pytest.fixture
async def ben(gateway: RunningGateway, accounts: Accounts) -> AsyncIterator[AgentClient]:
    client = AgentClient(gateway)
    async with client.http:
        assert (await client.log_in("ben")).status_code == 200
        yield client


@pytest.fixture
async def waiting(gateway: RunningGateway, router: Router, store: Store) -> str:
    """A conversation that waits for a person; the clock has asked somebody."""
    id = await escalate(router, "Is the tent waterproof?")

    async def asked() -> bool:
        return (await store.load(id)).assigned is not None

    await until(asked, "the first step")
    return id


@pytest.fixture
async def logins(redis: Redis[bytes], accounts: Accounts) -> Logins:
    """Olga may log in, too, who is an owner."""
    await accounts.add("olga", "Olga Dahl", Role.OWNER, PASSWORD)
    return Logins(redis, accounts)


async def at_studio(
    login: str | None, logins: Logins, part: Part, **headers: str
) -> httpx.AsyncClient:
    """The studio's page as `login` has it, or somebody without a login: its calls go to `part`,
    with the proofs that it sends. `headers` come instead of these or with them."""
    app = Starlette(routes=Studio(Guard(logins), [part]).routes(), exception_handlers=wire.HANDLERS)
    proofs = {"Origin": STUDIO}
    if login is not None:
        session = await logins.log_in(login, PASSWORD, address="127.0.0.1")
        proofs |= {"Cookie": f"deskhand_desk={session.token}", "X-CSRF-Token": session.csrf}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url=f"{STUDIO}/api/studio",
        headers={**proofs, **headers},
    )
