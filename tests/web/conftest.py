"""Two agents at the desk, and a conversation that waits for them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import argon2
import pytest
from redis.asyncio import Redis

from bot.router import Router
from bot.store import Store
from bot.web.accounts import Accounts, Role
from tests.agent_client import PASSWORD, AgentClient, escalate, until
from tests.gateway import RunningGateway

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


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
