"""A fake Telegram for each test, and one judge of all that it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.desks.telegram.oracle import Oracle, the_oracle
from tests.desks.telegram.server import FakeTelegram


@pytest.fixture
def oracle() -> Oracle:
    return the_oracle()


@pytest.fixture
def telegram(oracle: Oracle) -> Iterator[FakeTelegram]:
    """A group with topics; at the end aiogram must believe all that was said in it."""
    with FakeTelegram() as telegram:
        yield telegram
        assert oracle.objections(telegram.recorded()) == []
