"""The loop that every follower of the log runs: lease a conversation, act on it, end the lease.

Used by the assistant's worker, the clock and the desks, in one or many gateways at once. Acting
must be repeatable: after a kill -9 the lease runs out and somebody else acts on the conversation.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import anyio

from bot.errors import StoreUnavailable
from bot.store import LOOK_MS, WAKE_WORK, Follower
from bot.wakes import Wakes
from bot.work import Lease, Work

log = logging.getLogger(__name__)

#: How long a killed worker holds up the others. A living one renews its lease at a third of it.
LEASE_MS = 3_000
#: Without any wake-up, how often a follower looks for work by itself, in seconds.
LOOK_S = LOOK_MS / 1_000
#: Pause after an unforeseen error before the same conversation comes up again, in milliseconds.
AFTER_ERROR_MS = 5_000


@dataclass(frozen=True, slots=True)
class Rest:
    """What remains after acting: look again at `due` (ms), or at once if the log has grown beyond
    `seen`, or (both None) not at all."""

    seen: int | None = None
    due: int | None = None


async def follow(
    follower: Follower,
    act: Callable[[str], Awaitable[Rest]],
    *,
    work: Work,
    wakes: Wakes,
    now: Callable[[], int],
    at_once: int,
) -> None:
    """Act on conversations for ever, at most `at_once` at a time, each in one place at a time."""
    slots = anyio.Semaphore(at_once)

    async def serve(lease: Lease) -> None:
        held, done = _Held(lease), asyncio.Event()
        keeping = asyncio.create_task(_keep(held, done, work, now))
        try:
            rest = await act(lease.conversation)
        except StoreUnavailable:
            return  # the lease runs out by itself, and the work is still there
        except Exception:
            # A mistake in one conversation must not stop the others: note it, come back later.
            log.exception("%s failed on conversation %s", follower.value, lease.conversation)
            rest = Rest(due=now() + AFTER_ERROR_MS)
        finally:
            # Not cancelled: a renewal under way would leave us with a lease that is not ours.
            done.set()
            await asyncio.shield(keeping)
            slots.release()
        with suppress(StoreUnavailable):
            await work.finish(held.lease, now=now(), seen=rest.seen, due=rest.due)

    async with anyio.create_task_group() as group:
        with wakes.listen(WAKE_WORK + follower.value) as woken:
            while True:
                await slots.acquire()
                lease = None
                try:
                    lease = await work.take(follower, now=now(), lease_ms=LEASE_MS)
                except StoreUnavailable:
                    await anyio.sleep(LOOK_S)
                if lease is not None:
                    group.start_soon(serve, lease)
                    continue
                slots.release()
                await woken.wait(await _pause(follower, work, now))


async def _pause(follower: Follower, work: Work, now: Callable[[], int]) -> float:
    """For how many seconds there is nothing to do, unless somebody wakes us."""
    with suppress(StoreUnavailable):
        due = await work.next_due(follower)
        if due is not None:
            return min(LOOK_S, max(0.001, (due - now()) / 1000))
    return LOOK_S


@dataclass(slots=True)
class _Held:
    """The lease as it stands after its latest renewal."""

    lease: Lease


async def _keep(held: _Held, done: asyncio.Event, work: Work, now: Callable[[], int]) -> None:
    """Renew the lease until done; a lost one is left alone."""
    while True:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(done.wait(), LEASE_MS / 3_000)
            return
        with suppress(StoreUnavailable):
            renewed = await work.renew(held.lease, now=now(), lease_ms=LEASE_MS)
            if renewed is None:
                return
            held.lease = renewed
