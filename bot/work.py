"""Handing out the work that follows an append: leases on conversations, in Redis.

A follower (the assistant, the clock, a desk) is handed conversations, not messages: its work set
holds each conversation that has something for it, scored by when. `take` leases one, so that a
conversation is with one worker at a time in however many gateways; `finish` ends the lease and puts
the conversation back if its log has grown meanwhile. A worker that was killed just lets its lease
run out. What there is to do is always read from the log and the state, so nothing can be lost
between the two.

Belongs here: leases. Does not belong here: which follower has work after an append, and when
(`bot.store.work_after`), or the loop that does it (`bot.following`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from bot.store import LEASED, STATE, WAKE_WORK, WORK, Follower, reachable

#: A lease that ends further ahead than this was taken before the clock jumped back.
LEASE_AT_MOST_MS: Final = 5_000
#: Likewise a due time of a follower that never plans further ahead (the clock does: a snooze).
HORIZON_MS: Final = {
    Follower.ASSISTANT: 6_000,
    Follower.CLOCK: None,
    Follower.MAIL: None,
    Follower.SLACK: 120_000,
    Follower.TELEGRAM: 120_000,
    Follower.SUGGESTIONS: 6_000,
    Follower.ARCHIVE: 60_000,
}
_TAKE: Final = """
local work, leased = KEYS[1], KEYS[2]
local now, until_, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local lease_at_most = tonumber(ARGV[4])
local function back(low, high)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', leased, low, high, 'LIMIT', 0, 20)) do
    redis.call('ZREM', leased, id)
    redis.call('ZADD', work, now, id)
  end
end
back('-inf', now)
back('(' .. (now + lease_at_most), '+inf')
local id = redis.call('ZRANGEBYSCORE', work, '-inf', now, 'LIMIT', 0, 1)[1]
if not id and horizon ~= '' then
  id = redis.call('ZRANGEBYSCORE', work, '(' .. (now + tonumber(horizon)), '+inf', 'LIMIT', 0, 1)[1]
end
if not id then return false end
redis.call('ZREM', work, id)
redis.call('ZADD', leased, until_, id)
return id
"""

_RENEW: Final = """
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '-1') ~= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
"""

_FINISH: Final = """
local work, leased, state = KEYS[1], KEYS[2], KEYS[3]
local id, lease, seen, now, due = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
if tonumber(redis.call('ZSCORE', leased, id) or '-1') ~= lease then return 0 end
redis.call('ZREM', leased, id)
if seen ~= '' and (redis.call('HGET', state, 'seq') or '0') ~= seen then due = now end
if due ~= '' then
  redis.call('ZADD', work, due, id)
  redis.call('PUBLISH', ARGV[6], '')
end
return 1
"""

_NUDGE: Final = """
for i = 3, #ARGV do
  local leased = redis.call('ZSCORE', KEYS[2], ARGV[i])
  if not leased then redis.call('ZADD', KEYS[1], ARGV[1], ARGV[i]) end
end
redis.call('PUBLISH', ARGV[2], '')
return 1
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """A conversation in the hands of one worker of `follower`, until `until` (ms)."""

    follower: Follower
    conversation: str
    until: int


class Work:
    """Of all followers. Safe to share between tasks."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._renew = redis.register_script(_RENEW)
        self._finish = redis.register_script(_FINISH)
        self._nudge = redis.register_script(_NUDGE)

    async def take(self, follower: Follower, *, now: int, lease_ms: int) -> Lease | None:
        """Lease the conversation whose work has been due longest; None if nothing is due."""
        horizon = HORIZON_MS[follower]
        async with reachable():
            id = await self._take(
                keys=[WORK + follower.value, LEASED + follower.value],
                args=[now, now + lease_ms, "" if horizon is None else horizon, LEASE_AT_MOST_MS],
            )
        return Lease(follower, id.decode(), now + lease_ms) if id else None

    async def next_due(self, follower: Follower) -> int | None:
        """When the next work is due (ms), as far as that is planned."""
        async with reachable():
            found = await self._redis.zrange(WORK + follower.value, 0, 0, withscores=True)
        return int(found[0][1]) if found else None

    async def nudge(self, follower: Follower, ids: Sequence[str], *, now: int) -> None:
        """Have conversations looked at at once, because of what is not in their logs. Those that
        are being looked at just now are left alone."""
        if ids:
            async with reachable():
                await self._nudge(
                    keys=[WORK + follower.value, LEASED + follower.value],
                    args=[now, WAKE_WORK + follower.value, *ids],
                )

    async def renew(self, lease: Lease, *, now: int, lease_ms: int) -> Lease | None:
        """The lease prolonged, or None when it was lost."""
        async with reachable():
            kept = await self._renew(
                keys=[LEASED + lease.follower.value],
                args=[lease.conversation, lease.until, now + lease_ms],
            )
        return Lease(lease.follower, lease.conversation, now + lease_ms) if kept else None

    async def finish(
        self, lease: Lease, *, now: int, seen: int | None = None, due: int | None = None
    ) -> None:
        """End the lease. With `due`, the conversation comes up again then; with `seen`, it comes
        up at once if its log has grown beyond that seq."""
        async with reachable():
            await self._finish(
                keys=[
                    WORK + lease.follower.value,
                    LEASED + lease.follower.value,
                    STATE.format(lease.conversation),
                ],
                args=[
                    lease.conversation,
                    lease.until,
                    "" if seen is None else seen,
                    now,
                    "" if due is None else due,
                    WAKE_WORK + lease.follower.value,
                ],
            )
