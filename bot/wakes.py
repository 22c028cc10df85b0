"""Waking readers when something was appended. A wake-up carries nothing: whoever is woken reads
the log from where they were, so a lost or doubled wake-up loses and doubles nothing.

One Redis subscription serves a whole gateway, however many customers are connected.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.store import WAKE

log = logging.getLogger(__name__)

#: Longest pause between two tries to subscribe again, in seconds.
RETRY_AT_MOST_S = 2.0


class Listener:
    """Set when any of its channels was published since the last `wait`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        self._event.set()

    async def wait(self, within_s: float) -> bool:
        """True when woken, False after `within_s` seconds. Wakes between two waits are kept."""
        # Not asyncio.wait_for: Python 3.10's loses a cancellation that comes with the wake-up.
        with anyio.move_on_after(within_s):
            await self._event.wait()
        woken = self._event.is_set()
        self._event.clear()
        return woken


class Wakes:
    """The gateway's one subscription. `run` it as a task."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        #: Set when the gateway stops: streams end instead of being cut.
        self.closed = False

    @contextmanager
    def listen(self, *channels: str) -> Iterator[Listener]:
        listener = Listener()
        for channel in channels:
            self._listeners[channel].add(listener)
        try:
            yield listener
        finally:
            for channel in channels:
                self._listeners[channel].discard(listener)
                if not self._listeners[channel]:
                    del self._listeners[channel]

    async def run(self) -> None:
        """Relay wake-ups for ever. While Redis is away, try again; once back, wake everybody,
        since nobody knows what was missed."""
        pause = 0.1
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.psubscribe(WAKE + "*")
                    self._wake_all()
                    pause = 0.1
                    async for message in pubsub.listen():
                        if message["type"] == "pmessage":
                            self.wake_locally(message["channel"].decode())
            except (RedisError, OSError) as why:
                log.warning("wake-ups are interrupted (%s); trying again", type(why).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_AT_MOST_S)

    def wake_locally(self, channel: str) -> None:
        """Wake this gateway's listeners only."""
        for listener in self._listeners.get(channel, ()):
            listener.wake()

    def close(self) -> None:
        """Let every reader come to its end."""
        self.closed = True
        self._wake_all()

    def _wake_all(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.wake()
