"""How a desk is: how fast each of its places may be written to, whether it can be reached, and what
it owes. In Redis, shared by all gateways.

Belongs here: counting and remembering. Does not belong here: what follows from it
(`bot.delivery`). Times are Redis' own, so that the gateways' clocks need not agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from redis.asyncio import Redis

from bot.errors import DeskBusy
from bot.events import Record
from bot.store import PREFIX, WAKE_QUEUE, reachable

# ------------------------------------------------------------------------------ keys and times

#: Per desk and place (sorted set): when the latest messages went there, for as long as they count.
PACE: Final = PREFIX + "desk:{}:pace:{}"
#: Per desk and place (string, for as long as it lasts): the platform told us to wait.
PAUSE: Final = PREFIX + "desk:{}:pause:{}"
#: Per desk (string, for as long as it lasts): it failed, and is not tried until then.
REST: Final = PREFIX + "desk:{}:rest"
#: Per desk (counter): tries in a row that failed. Forgotten after a quiet hour, when nobody wanted
#: anything of the desk.
FAILURES: Final = PREFIX + "desk:{}:failures"
#: Per desk (JSON): there while it counts as down. Renewed by each try that fails; when nobody tries
#: for so long, nobody knows.
DOWN: Final = PREFIX + "desk:{}:down"
FORGET_MS: Final = 3_600_000
#: Per desk (hash: conversation -> JSON): what it owes since it is down, until it has it.
DEAD: Final = PREFIX + "desk:{}:dead"
#: Per desk (list of JSON, newest first): what it will never take. Enough to see what is wrong.
REFUSED: Final = PREFIX + "desk:{}:refused"
REFUSED_AT_MOST: Final = 200
#: Per desk and subject (string, for its time): an alert that was given, not to be repeated.
ALERTED: Final = PREFIX + "desk:{}:alerted:{}"
#: Seconds after which a thread is looked at again in which somebody else was sending.
ELSEWHERE_S: Final = 1.0


class SentElsewhere(DeskBusy):
    """Not the platform is busy, but the thread: somebody else is sending to it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `count` messages to one place within any `per_ms`."""

    count: int
    per_ms: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What is noted of a message that is about to be sent: `field` of the hash `thread` becomes
    `value`, unless the field `unless` shows that it has been sent."""

    thread: str
    field: str
    value: str
    unless: str


class Down(Record, frozen=True):
    """A desk that cannot be reached: since when (ms) and why, in words."""

    since: int
    why: str


class Dead(Record, frozen=True):
    """What a desk did not get of a conversation: what, since when (ms), and why."""

    conversation: str
    what: str
    since: int
    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """`wait_ms`: until the next try. `went_down`: this was the try that makes the desk count as
    down, and no other gateway heard the same."""

    wait_ms: int
    went_down: bool


#: A message is marked in the same step, unless it stands there already, or somebody else is sending
#: to that thread just now: a worker whose lease has run out without its noticing.
_SPEND: Final = """
if KEYS[3] then
  if redis.call('HEXISTS', KEYS[3], ARGV[5]) == 1 then return -2 end
  if redis.call('HEXISTS', KEYS[3], ARGV[3]) == 1 then return -1 end
end
local wait = redis.call('PTTL', KEYS[2])
if wait > 0 then return wait end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local count, per = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - per)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. (now + per), '+inf')
if redis.call('ZCARD', KEYS[1]) < count then
  redis.call('ZADD', KEYS[1], now, t[1] .. ':' .. t[2])
  redis.call('PEXPIRE', KEYS[1], per)
  if KEYS[3] then redis.call('HSET', KEYS[3], ARGV[3], ARGV[4]) end
  return 0
end
return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] + per - now
"""

_FAIL: Final = """
local rest, failures, down = KEYS[1], KEYS[2], KEYS[3]
local base, longest, enough, keep = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local left = redis.call('PTTL', rest)
if left > 0 then return {left, 0} end
local n = redis.call('INCR', failures)
redis.call('PEXPIRE', failures, keep)
local wait = math.floor(math.min(longest, base * 2 ^ (n - 1)))
redis.call('SET', rest, '', 'PX', wait)
local went_down = 0
if n >= enough then
  if redis.call('EXISTS', down) == 1 then redis.call('PEXPIRE', down, keep)
  else
    redis.call('SET', down, ARGV[5], 'PX', keep)
    redis.call('PUBLISH', ARGV[6], '')
    went_down = 1
  end
end
return {wait, went_down}
"""

_SUCCEED: Final = """
redis.call('HDEL', KEYS[4], ARGV[2])
if redis.call('DEL', KEYS[2]) == 0 then return 0 end
redis.call('DEL', KEYS[1])
local was_down = redis.call('DEL', KEYS[3])
if was_down == 1 then redis.call('PUBLISH', ARGV[1], '') end
return was_down
"""


class DeskHealth:
    """Of one desk."""

    def __init__(self, redis: Redis[bytes], desk: str, pace: Pace) -> None:
        self.desk = desk
        self._redis = redis
        self._pace = pace
        self._spend = redis.register_script(_SPEND)
        self._fail = redis.register_script(_FAIL)
        self._succeed = redis.register_script(_SUCCEED)

    # --------------------------------------------------------------------------------- pacing

    async def spend(self, place: str, mark: Mark | None = None) -> bool:
        """Count one message to `place`, and set `mark` in the same step. False when the message has
        been sent meanwhile, by somebody else: nothing is counted then.

        Raises: DeskBusy, when the place has had its share or is paused (SentElsewhere: somebody
            else is sending to that thread); nothing is set then."""
        key = (mark.thread,) if mark else ()
        fields = (mark.field, mark.value, mark.unless) if mark else ()
        async with reachable():
            wait = await self._spend(
                keys=[PACE.format(self.desk, place), PAUSE.format(self.desk, place), *key],
                args=[self._pace.count, self._pace.per_ms, *fields],
            )
        if int(wait) == -1:
            raise SentElsewhere("Somebody else is sending there.", after_s=ELSEWHERE_S)
        if int(wait) > 0:
            raise DeskBusy(f"{self.desk} takes nothing more there now.", after_s=int(wait) / 1000)
        return int(wait) == 0

    async def pause(self, place: str, after_s: float) -> None:
        """The platform wants nothing at `place` for so long."""
        async with reachable():
            await self._redis.set(
                PAUSE.format(self.desk, place), b"", px=max(1, round(after_s * 1000))
            )

    # ----------------------------------------------------------------------------------- down

    async def rest(self) -> tuple[int, Down | None]:
        """For how many ms the desk is not to be tried (0: try), and whether it counts as down."""
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.pttl(REST.format(self.desk))
            pipe.get(DOWN.format(self.desk))
            left, down = await pipe.execute()
        return max(0, left), msgspec.json.decode(down, type=Down) if down else None

    async def failed(
        self, why: str, *, now: int, base_ms: int, longest_ms: int, enough: int
    ) -> Failed:
        """A try failed: rest for `base_ms`, doubled with each failure in a row up to `longest_ms`;
        with `enough` of them the desk counts as down. Failures of tries that began before the rest
        count as one."""
        async with reachable():
            wait, went_down = await self._fail(
                keys=self._keys(),
                args=[
                    base_ms,
                    longest_ms,
                    enough,
                    FORGET_MS,
                    msgspec.json.encode(Down(since=now, why=why)),
                    WAKE_QUEUE,
                ],
            )
        return Failed(wait_ms=int(wait), went_down=bool(went_down))

    async def succeeded(self, conversation: str) -> bool:
        """The desk is up to date with the conversation, so it is well and owes nothing there. True
        for the one who hears first that the desk was down."""
        async with reachable():
            was_down = await self._succeed(
                keys=[*self._keys(), DEAD.format(self.desk)], args=[WAKE_QUEUE, conversation]
            )
        return bool(was_down)

    def _keys(self) -> list[str]:
        return [key.format(self.desk) for key in (REST, FAILURES, DOWN)]

    # --------------------------------------------------------------------------- dead letters

    async def owe(self, dead: Dead) -> None:
        """Remember what the desk, being down, owes. An older debt of the conversation stays."""
        async with reachable():
            await self._redis.hsetnx(
                DEAD.format(self.desk), dead.conversation, msgspec.json.encode(dead)
            )

    async def refused(self, conversation: str, what: str, why: str) -> None:
        """Remember what the desk will never take, for the owners."""
        async with reachable():
            (seconds, _) = await self._redis.time()
            dead = Dead(conversation=conversation, what=what, since=seconds * 1000, why=why)
            pipe = self._redis.pipeline(transaction=True)
            pipe.lpush(REFUSED.format(self.desk), msgspec.json.encode(dead))
            pipe.ltrim(REFUSED.format(self.desk), 0, REFUSED_AT_MOST - 1)
            await pipe.execute()

    async def dead_letters(self) -> tuple[list[Dead], list[Dead]]:
        """What it owes since it is down, oldest first, and what it refused, newest first."""
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.hvals(DEAD.format(self.desk))
            pipe.lrange(REFUSED.format(self.desk), 0, -1)
            owed, refused = await pipe.execute()
        decode = msgspec.json.Decoder(Dead).decode
        return sorted(map(decode, owed), key=lambda dead: dead.since), list(map(decode, refused))

    async def first_alert(self, subject: str, within_s: int) -> bool:
        """Whether nobody has alerted of `subject` in the last `within_s` seconds."""
        async with reachable():
            return bool(
                await self._redis.set(ALERTED.format(self.desk, subject), b"", nx=True, ex=within_s)
            )


async def downs(redis: Redis[bytes], desks: Sequence[str]) -> dict[str, Down]:
    """Those of `desks` that count as down."""
    if not desks:
        return {}
    async with reachable():
        found = await redis.mget([DOWN.format(desk) for desk in desks])
    return {
        desk: msgspec.json.decode(raw, type=Down)
        for desk, raw in zip(desks, found, strict=True)
        if raw
    }
