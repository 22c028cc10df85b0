"""What tests share: a real Redis, a gateway on a real socket, an assistant that follows a script.

The scripted assistant speaks the channel's protocol over HTTP; the really trained one is in
`tests/conversations` and `tests/e2e`, where what it says matters.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis as sync_redis
from hypothesis import HealthCheck, settings
from redis.asyncio import Redis

from benchmarks.stack import Stack, clean_environment, deskhand_up
from bot.app import connect
from bot.learning.jobs import Jobs
from bot.redis_server import RedisServer, running
from bot.router import Router
from bot.store import Store
from bot.work import Work
from tests.customer import Customer
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant

ROOT = Path(__file__).parent.parent
GREETING = "Hello, I am a bot."

# What a property says must not depend on how long it takes, nor a failure on luck: every run tries
# the same examples. `--hypothesis-profile=explore` tries others.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deskhand", settings.get_profile("explore"), derandomize=True)
settings.load_profile("deskhand")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests stay together when several processes share the work (`--dist loadgroup`): those
    on the one trained stack, those of the language room, which share what they have learned, and
    else the tests of a file."""
    for item in items:
        if "stack" in getattr(item, "fixturenames", ()):
            group = "stack"
        elif item.path.is_relative_to(ROOT / "tests" / "nlu"):
            group = "nlu"
        else:
            group = str(item.path.relative_to(ROOT))
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis."""
    with sync_redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis[bytes]]:
    client = connect(redis_url)
    yield client
    await client.close(close_connection_pool=True)


@pytest.fixture
def store(redis: Redis[bytes]) -> Store:
    return Store(redis)


@pytest.fixture
def work(redis: Redis[bytes]) -> Work:
    return Work(redis)


@pytest.fixture
def jobs(redis: Redis[bytes]) -> Jobs:
    return Jobs(redis)


@pytest.fixture
def router(store: Store) -> Router:
    return Router(store, greeting=GREETING)


@pytest.fixture
def assistant() -> Iterator[ScriptedAssistant]:
    with ScriptedAssistant() as assistant:
        yield assistant


@pytest.fixture
def turn_deadline() -> float:
    """Seconds; short ones are for the tests in which it passes."""
    return 30.0


@pytest.fixture
def gateway(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, turn_deadline: float
) -> Iterator[RunningGateway]:
    """The gateway on a loopback port, with the scripted assistant behind it."""
    with RunningGateway(
        redis_url, assistant.url, assistant.token, tmp_path, turn_deadline=turn_deadline
    ) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """All of Deskhand as `deskhand up` runs it, with a really trained model: one for the whole run.

    The model is trained once, and only if its data has changed since the last run. Tests that break
    something wait until it is whole again.
    """
    subprocess.run(
        [sys.executable, "-m", "bot", "train"], cwd=ROOT, check=True, env=clean_environment()
    )
    with deskhand_up() as stack:
        stack.wait_until_ready()
        yield stack


@pytest.fixture
def customer(gateway: RunningGateway) -> Iterator[Customer]:
    customer = Customer(gateway)
    yield customer
    customer.http.close()
