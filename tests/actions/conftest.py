"""The demo shop in a temporary file, as the shop of the actions."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import actions.shop
from actions.shop.protocol import ShopBackend, today
from actions.shop.sqlite import SqliteShop


class Calendar:
    """A day that tests can change."""

    def __init__(self, day: datetime.date) -> None:
        self.day = day

    def __call__(self) -> datetime.date:
        return self.day


@pytest.fixture(autouse=True)
def _nobody_has_guessed() -> None:
    actions.shop.guesses.cache_clear()


@pytest.fixture(autouse=True)
def _a_busy_disk_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo shop waits for its file to be written; the deadline has a test of its own."""
    monkeypatch.setattr(actions.shop, "DEADLINE_SECONDS", 60.0)


@pytest.fixture
def calendar() -> Calendar:
    return Calendar(today())


@pytest.fixture
def demo(tmp_path: Path, calendar: Calendar) -> SqliteShop:
    """A freshly seeded demo shop."""
    return SqliteShop(tmp_path / "shop.db", calendar)


@pytest.fixture
def shop(demo: SqliteShop, monkeypatch: pytest.MonkeyPatch) -> SqliteShop:
    """The demo shop, asked by the actions."""
    use(monkeypatch, demo)
    return demo


def use(monkeypatch: pytest.MonkeyPatch, backend: ShopBackend) -> None:
    """Makes `backend` the shop of the actions."""
    monkeypatch.setattr(actions.shop, "shop", lambda: backend)
