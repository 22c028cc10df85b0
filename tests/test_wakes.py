"""Waiting for a wake-up: it is kept, it ends in time, and whoever is to stop stops."""

from __future__ import annotations

import asyncio

import pytest

from bot.wakes import Listener


async def test_a_wake_up_between_two_waits_is_kept_and_used_up() -> None:
    listener = Listener()
    listener.wake()
    assert [await listener.wait(0.01), await listener.wait(0.01)] == [True, False]


async def test_a_cancellation_that_comes_with_the_wake_up_is_not_lost() -> None:
    """asyncio.wait_for of Python 3.10 would return here, and its caller go on for ever."""
    listener = Listener()
    waiting = asyncio.create_task(listener.wait(60.0))
    for _ in range(2):  # until it waits
        await asyncio.sleep(0)
    listener.wake()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
