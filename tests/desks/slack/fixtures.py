"""Fixtures of Slack's tests, as a pytest plugin: the workspace, people in it, the desk at work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from tests.desks.slack.front import Front
from tests.desks.slack.office import Office, plan_with
from tests.desks.slack.people import Person


@pytest.fixture(scope="session")
def slack_front() -> Iterator[Front]:
    front = Front()
    front.start()
    yield front
    front.stop()


@pytest.fixture
def front(slack_front: Front) -> Iterator[Front]:
    """A workspace as `seed` describes it, with nothing in it yet."""
    slack_front.reset()
    yield slack_front
    slack_front.mend()


@pytest.fixture
def anna(front: Front) -> Person:
    return Person(front, "anna")


@pytest.fixture
def ben(front: Front) -> Person:
    return Person(front, "ben")


@pytest.fixture
def stranger(front: Front) -> Person:
    """Somebody who is no agent."""
    return Person(front, "stranger")


@pytest.fixture
async def office(
    front: Front, redis: Redis[bytes], redis_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[Office]:
    """The desk in Socket Mode; with `indirect` and "http", over HTTP."""
    http = getattr(request, "param", "socket") == "http"
    async with Office(redis, front, plan_with(), http=http).open(redis_url) as office:
        yield office
