"""The loop that every follower of the log runs: lease a conversation, act on it, end the lease.

Used by the assistant's worker, the clock and the desks, in one or many gateways at once. Acting
must be repeatable: after a kill -9 the lease runs out and somebody else acts on the conversation.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from bot.errors import StoreUnavailable
from bot.store import WAKE_WORK, Follower, Lease, Store
from bot.wakes import Wakes

log = logging.getLogger(__name__)

#: How long a killed worker holds up the others. A living one renews its lease at a third of it.
LEASE_MS = 3_000
#: Without any wake-up, how often a follower looks for work by itself, in seconds.
LOOK_S = 1.0
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
    store: Store,
    wakes: Wakes,
    now: Callable[[], int],
    at_once: int,
) -> None:
    """Act on conversations for ever, at most `at_once` at a time, each in one place at a time."""
    slots = anyio.Semaphore(at_once)

    async def serve(lease: Lease) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_keep, lease_box := [lease], store, now)
                rest = await _act(act, lease, now)
                group.cancel_scope.cancel()
            await store.finish(lease_box[0], now=now(), seen=rest.seen, due=rest.due)
        except StoreUnavailable:
            pass  # the lease runs out by itself, and the work is still there
        finally:
            slots.release()

    async with anyio.create_task_group() as group:
        with wakes.listen(WAKE_WORK + follower.value) as woken:
            while True:
                await slots.acquire()
                lease = None
                try:
                    lease = await store.take(follower, now=now(), lease_ms=LEASE_MS)
                except StoreUnavailable:
                    await anyio.sleep(LOOK_S)
                if lease is not None:
                    group.start_soon(serve, lease)
                    continue
                slots.release()
                await woken.wait(LOOK_S)


async def _act(act: Callable[[str], Awaitable[Rest]], lease: Lease, now: Callable[[], int]) -> Rest:
    """A mistake in one conversation must not stop the others: log it, and come back later."""
    try:
        return await act(lease.conversation)
    except StoreUnavailable:
        raise
    except Exception:
        log.exception("%s failed on conversation %s", lease.follower.value, lease.conversation)
        return Rest(due=now() + AFTER_ERROR_MS)


async def _keep(box: list[Lease], store: Store, now: Callable[[], int]) -> None:
    """Renew the lease in `box` until cancelled; a lost lease is left alone."""
    while True:
        await anyio.sleep(LEASE_MS / 3_000)
        try:
            renewed = await store.renew(box[0], now=now(), lease_ms=LEASE_MS)
        except StoreUnavailable:
            continue
        if renewed is None:
            return
        box[0] = renewed
