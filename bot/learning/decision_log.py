"""The owners' decisions in Redis: one stream, only ever added to.

Belongs here: the key, and adding with a number that must be the next one, so that of two owners who
decided on the same state one is refused by Redis itself. Does not belong here: what decisions mean
(`bot.learning.decisions`).
"""

from __future__ import annotations

from typing import Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bot.learning.decisions import Entry, Ledger
from bot.store import PREFIX, reachable

#: All decisions (stream, ids `<number>-0`). Kept for ever: an inbox that is prepared anew must not
#: bring back what was decided. It holds no customer's words.
DECISIONS: Final = PREFIX + "learning:decisions"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


class DecisionLog:
    """Reads on where it stopped the last time; one per process, not shared between threads."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis
        self._ledger = Ledger()

    async def ledger(self) -> Ledger:
        """What all decisions so far add up to. Belongs to this object: do not change it."""
        async with reachable():
            rows = await self._redis.xrange(DECISIONS, f"({self._ledger.last}-0")
            if not rows and self._ledger.last and not await self._redis.exists(DECISIONS):
                self._ledger = Ledger()  # another Redis, or an emptied one
        for id, fields in rows:
            number = int(id.split(b"-")[0])
            if number == self._ledger.last + 1:  # else another task has read on meanwhile
                self._ledger.add(number, _decode(fields[b"d"]))
        return self._ledger

    async def add(self, number: int, entry: Entry) -> bool:
        """Write it as decision `number`; False when somebody else has written one meanwhile."""
        async with reachable():
            try:
                await self._redis.xadd(DECISIONS, {"d": _encode(entry)}, id=f"{number}-0")
            except ResponseError as why:
                if "equal or smaller" in str(why):
                    return False
                raise
        await self.ledger()
        return True
