"""Who may poll: one gateway at a time, and who no longer may stops at once."""

from __future__ import annotations

import asyncio
from typing import cast

from redis.asyncio import Redis

from bot.desks.telegram import TelegramDesk
from bot.desks.telegram_places import OTHERS, OTHERS_MS, Places


class OneTurn:
    """May poll at first, and then another gateway does."""

    def __init__(self) -> None:
        self.asked = 0

    async def may_poll(self) -> bool:
        self.asked += 1
        return self.asked < 2


class Stubborn(TelegramDesk):
    """Receives with a client that swallows a cancellation, as redis-py 4.6 does now and then."""

    def __init__(self) -> None:
        self.went_on = False
        self._places = cast(Places, OneTurn())
        self._webhook = None

    async def _receive(self) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(5)
            self.went_on = True


async def test_polling_ends_though_a_client_swallows_the_cancellation() -> None:
    desk = Stubborn()
    await desk._poll()
    assert not desk.went_on


async def test_topics_of_others_are_forgotten_a_year_after_the_last_one(
    redis: Redis[bytes],
) -> None:
    places = Places(redis)
    await places.leave_alone(-100, 7)
    await redis.persist(OTHERS.format(-100))
    await places.leave_alone(-100, 8)
    assert await places.is_others(-100, 7)
    assert 0 < await redis.pttl(OTHERS.format(-100)) <= OTHERS_MS
