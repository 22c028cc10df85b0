"""Connections to the gateway: how many one sender may have open, and how long one may stay silent.

Belongs here: what is decided before there is a request. Does not belong here: how often somebody
may ask (`bot.web.limits`), how long a request's body may take (`bot.web.wire`).

uvicorn waits for ever for the first request of a connection, and counts connections of all senders
together: without this, one sender with as many silent connections as there are places would keep
everybody out, with a few bytes and for as long as it likes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.web.limits import network_of

#: Seconds within which the head of a request must have arrived, counted from the connection's
#: beginning or from the first byte after the request before.
HEAD_WITHIN_S: Final = 15.0
#: Of one sender: an office of two hundred people with a few pages each, and a fifth of all places.
PER_SENDER: Final = 1_000


class Places:
    """How many connections each sender has open. `at_most`: None where all come from a proxy."""

    def __init__(self, at_most: int | None = PER_SENDER) -> None:
        self._at_most = at_most
        self._taken: Counter[str] = Counter()

    def take(self, sender: str) -> bool:
        """A place for one more; False when the sender has all that it may have."""
        if self._at_most is not None and self._taken[sender] >= self._at_most:
            return False
        self._taken[sender] += 1
        return True

    def leave(self, sender: str) -> None:
        """Give back what `take` gave."""
        self._taken[sender] -= 1
        if not self._taken[sender]:
            del self._taken[sender]


class Connection(H11Protocol):
    """One of them. `places` is the server's; see `connections`."""

    places: Places
    head_within: float = HEAD_WITHIN_S

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._sender: str | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        sender = network_of(self.client[0]) if self.client else "unknown"
        if not self.places.take(sender):
            transport.close()
            return
        self._sender = sender
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Idle: what has come so far is no whole head.
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._patience is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._sender is not None:
            self.places.leave(self._sender)
            self._sender = None
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._patience = self.loop.call_later(self.head_within, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def connections(places: Places, head_within: float = HEAD_WITHIN_S) -> type[Connection]:
    """The class that a server makes its connections of."""
    return type("Connection", (Connection,), {"places": places, "head_within": head_within})
