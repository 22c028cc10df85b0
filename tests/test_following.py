"""The followers' loop: whatever goes wrong in one conversation, the others are served."""

from __future__ import annotations

from functools import partial

import anyio
from redis.asyncio import Redis

from bot.errors import StoreUnavailable
from bot.following import LEASE_MS, Rest, follow
from bot.router import Router
from bot.store import Follower, Store
from bot.wakes import Wakes
from bot.work import Work


async def test_a_follower_outlives_errors_and_a_redis_that_comes_and_goes(
    store: Store, work: Work, router: Router, redis: Redis[bytes]
) -> None:
    good, bad, away = [(await router.open()).id for _ in range(3)]
    served: list[str] = []

    async def act(id: str) -> Rest:
        served.append(id)
        if id == bad:
            raise ValueError("a bug")
        if id == away and served.count(away) == 1:
            raise StoreUnavailable("gone")
        return Rest(seen=(await store.load(id)).seq)

    for id in (bad, away, good):
        await router.from_customer(id, "hi", client_id=f"client-{id[:8]}")
    wakes = Wakes(redis)
    async with anyio.create_task_group() as tasks:
        # Not by `task.cancel()`, which redis-py 4.6 swallows now and then: anyio insists.
        tasks.start_soon(
            partial(follow, work=work, wakes=wakes, now=router.now, at_once=1),
            Follower.ASSISTANT,
            act,
        )
        # The one that failed for want of Redis comes up again when its lease has run out.
        with anyio.fail_after(LEASE_MS / 1000 + 5):
            while served.count(away) < 2 or good not in served:
                await anyio.sleep(0.02)
        tasks.cancel_scope.cancel()
