"""Rate limits: token buckets in memory, one per session or address.

Per gateway on purpose: they protect a process from floods, cost no round trip, and work while
Redis is away.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.requests import Request

from bot.errors import DeskhandError

#: Buckets kept at the most; the ones least recently used are forgotten, which only forgives.
BUCKETS = 20_000


#: Bits of an IPv6 address that name a network: a home gets all addresses of one, and who has a
#: server takes another one for each request.
NETWORK_BITS: Final = 64
#: Of what a proxy says in place of an address.
NAME_AT_MOST: Final = 64


class TooMany(DeskhandError):
    """`retry_after` in whole seconds."""

    code = "too_many"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message, hint=f"Try again in {retry_after} s.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_second` on average."""

    burst: float
    per_second: float

    def __post_init__(self) -> None:
        if self.burst < 1 or self.per_second <= 0:
            raise ValueError(f"not a rate: {self}")


class Limits:
    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, who: str, rate: Rate) -> None:
        """Take one token from the bucket of `who`.

        Raises: TooMany."""
        now = self._monotonic()
        tokens, then = self._buckets.pop(who, (rate.burst, now))
        tokens = min(rate.burst, tokens + (now - then) * rate.per_second)
        allowed = tokens >= 1
        self._buckets[who] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > BUCKETS:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = int((1 - tokens) / rate.per_second) + 1
            raise TooMany("That was a lot at once.", retry_after=wait)


def sender_of(request: Request) -> str:
    """Who counts as one sender, for limits: an IPv4 address, or an IPv6 network."""
    return network_of(request.client.host) if request.client else "unknown"


def network_of(host: str) -> str:
    """`host` as limits know it. An IPv4 address is the same however it arrived; what is no address
    (a proxy said so) stands for itself."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:NAME_AT_MOST]
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), NETWORK_BITS), strict=False))
