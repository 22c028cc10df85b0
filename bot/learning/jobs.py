"""Heavy work for the studio: what was asked for, by whom, how far it is, how it ended. In Redis.

Belongs here: the jobs' keys, the table of kinds, and their moves (queued, running, done, failed,
cancelled), each of which is one atomic step. Does not belong here: running them
(`bot.learning.learner`) or what they do (the entry points in `KINDS`). The gateway imports this
module, so it is light.

**At most one of a kind** is queued or at work; who asks for a second one is told who was first. A
job at work has a key that its learner renews. When that key is gone, so is the learner: the job has
failed, whoever notices first, and a new one may begin. Times are Redis' own.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from bot.errors import DeskhandError, JobRunning
from bot.events import Record
from bot.store import PREFIX, reachable

# ------------------------------------------------------------------------------ keys and times

#: A job (hash). Kept as long as somebody may want to know how it went.
JOB: Final = PREFIX + "learning:job:{}"
KEPT_S: Final = 30 * 86_400
#: There while a learner has the job in hand (string). It survives a Redis that restarts; a learner
#: that was killed is noticed after so long.
ALIVE: Final = PREFIX + "learning:job:{}:alive"
ALIVE_MS: Final = 15_000
#: Per kind (string): the job that is queued or at work.
AT_WORK: Final = PREFIX + "learning:at-work:{}"
#: Jobs that nobody has taken (list), and the latest jobs by when they were asked for (sorted set).
QUEUE: Final = PREFIX + "learning:queue"
RECENT: Final = PREFIX + "learning:jobs"
RECENT_AT_MOST: Final = 100
#: What a job's id looks like. It is a part of keys and of patterns in the scripts, so nothing else
#: gets there.
ID: Final = re.compile(r"[a-z]{1,20}-[0-9a-f]{12}")

#: How much all work for the studio gives way to others (see `Child.nice`): the assistant that
#: serves customers goes first.
NICE: Final = 10

LOST: Final = "The process that did it was stopped, and with it the job. Start it again."


@dataclass(frozen=True, slots=True)
class Kind:
    """`entry`: "module:function", an `async def run(job, context, progress) -> dict`. `words`: the
    job, as in "... is at work already"."""

    entry: str
    words: str


#: What can be asked for: a line for each, beginning with its name.
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "review": Kind("bot.learning.review_job:run", "Preparing the review inbox"),
        "train": Kind("bot.learning.train_job:run", "A training"),
        "compare": Kind("bot.learning.train_job:run_compare", "A comparison"),
        "lint": Kind("bot.learning.lint_job:run", "A check of the examples"),
        "import": Kind("bot.learning.import_job:run", "An import"),
    }
)


class JobState(str, Enum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Job(Record, frozen=True):
    """One job. `by` is a login. `step`: the part that is at work, or was, of a job with several.
    `progress` are words, `fraction` (0 to 1) how much is done, as far as that is known. `result` is
    what a job that is done gives; `error` and `hint` say why one failed. Times in ms since the
    epoch."""

    id: str
    kind: str
    by: str
    asked: int
    args: dict[str, Any] = msgspec.field(default_factory=dict)
    state: JobState = JobState.QUEUED
    step: str = ""
    progress: str = ""
    fraction: float = 0.0
    began: int | None = None
    ended: int | None = None
    result: dict[str, Any] = msgspec.field(default_factory=dict)
    error: str = ""
    hint: str = ""


class UnknownJob(DeskhandError):
    code = "unknown_job"


#: Parts of the scripts below. `finish` ends a job that has not ended.
_NOW: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function key(pattern, value) return (string.gsub(pattern, '{}', value)) end
local function finish(id, state, result, why, hint)
  local job = key(ARGV[1], id)
  local before = redis.call('HGET', job, 'state')
  if before ~= 'queued' and before ~= 'running' then return 0 end
  redis.call('HSET', job, 'state', state, 'ended', now, 'result', result, 'error', why,
    'hint', hint)
  if state == 'done' then redis.call('HSET', job, 'fraction', 1) end
  redis.call('DEL', key(ARGV[2], id))
  local at_work = key(ARGV[3], redis.call('HGET', job, 'kind'))
  if redis.call('GET', at_work) == id then redis.call('DEL', at_work) end
  return 1
end
local function settle(id)
  local state = redis.call('HGET', key(ARGV[1], id), 'state')
  if state == 'running' and redis.call('EXISTS', key(ARGV[2], id)) == 0 then
    finish(id, 'failed', '{}', ARGV[4], '')
  elseif not state then
    return 0
  end
  return 1
end
"""

_SUBMIT: Final = (
    _NOW
    + """
local id, kind = ARGV[5], ARGV[6]
local at_work = key(ARGV[3], kind)
local other = redis.call('GET', at_work)
if other then
  settle(other)
  local state = redis.call('HGET', key(ARGV[1], other), 'state')
  if state == 'queued' or state == 'running' then return other end
end
local job = key(ARGV[1], id)
redis.call('HSET', job, 'id', id, 'kind', kind, 'by', ARGV[7], 'args', ARGV[8], 'asked', now,
  'state', 'queued')
redis.call('EXPIRE', job, ARGV[9])
redis.call('SET', at_work, id)
redis.call('RPUSH', KEYS[1], id)
-- By microseconds: two may share a millisecond.
redis.call('ZADD', KEYS[2], t[1] * 1000000 + t[2], id)
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - ARGV[10])
return ''
"""
)

_TAKE: Final = (
    _NOW
    + """
while true do
  local id = redis.call('LPOP', KEYS[1])
  if not id then return false end
  local job = key(ARGV[1], id)
  if redis.call('HGET', job, 'state') == 'queued' then
    redis.call('HSET', job, 'state', 'running', 'began', now)
    redis.call('SET', key(ARGV[2], id), '', 'PX', ARGV[5])
    return id
  end
end
"""
)

_RENEW: Final = (
    _NOW
    + """
local job = key(ARGV[1], ARGV[5])
if redis.call('HGET', job, 'state') ~= 'running' then return 'over' end
redis.call('SET', key(ARGV[2], ARGV[5]), '', 'PX', ARGV[6])
if redis.call('HEXISTS', job, 'cancel') == 1 then return 'cancel' end
return ''
"""
)

_CANCEL: Final = (
    _NOW
    + """
local job = key(ARGV[1], ARGV[5])
local state = redis.call('HGET', job, 'state')
if not state then return 0 end
settle(ARGV[5])
if state == 'queued' then finish(ARGV[5], 'cancelled', '{}', '', '')
else redis.call('HSET', job, 'cancel', '1') end
return 1
"""
)

_PROGRESS: Final = (
    _NOW
    + """
local job = key(ARGV[1], ARGV[5])
if redis.call('HGET', job, 'state') ~= 'running' then return 0 end
redis.call('HSET', job, unpack(ARGV, 6))
return 1
"""
)

_ABANDON: Final = (
    _NOW
    + """
for _, at_work in ipairs(KEYS) do
  local id = redis.call('GET', at_work)
  if id and redis.call('HGET', key(ARGV[1], id), 'state') == 'running' then
    finish(id, 'failed', '{}', ARGV[4], '')
  end
end
return 1
"""
)

_FINISH: Final = _NOW + "return finish(ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9])"
_SETTLE: Final = _NOW + "for _, id in ipairs(KEYS) do settle(id) end return 1"


class Jobs:
    """All jobs. Safe to share between tasks.

    Args:
        kinds: what can be asked for.
    """

    def __init__(self, redis: Redis[bytes], kinds: Mapping[str, Kind] = KINDS) -> None:
        self._redis = redis
        self.kinds = kinds
        self._scripts = {
            name: redis.register_script(text)
            for name, text in (
                ("submit", _SUBMIT),
                ("take", _TAKE),
                ("renew", _RENEW),
                ("cancel", _CANCEL),
                ("progress", _PROGRESS),
                ("abandon", _ABANDON),
                ("finish", _FINISH),
                ("settle", _SETTLE),
            )
        }

    # ---------------------------------------------------------------------- who wants something

    async def submit(self, kind: str, args: Mapping[str, Any], by: str) -> Job:
        """Ask for a job; it begins as soon as a learner is free.

        Raises:
            JobRunning: one of that kind is queued or at work; says who asked for it, and when.
            KeyError: there is no such kind.
        """
        words = self.kinds[kind].words
        id = f"{kind}-{secrets.token_hex(6)}"
        raw = msgspec.json.encode(dict(args))
        other = await self._call(
            "submit", [QUEUE, RECENT], id, kind, by, raw, KEPT_S, RECENT_AT_MOST
        )
        if other:
            raise at_work_already(words, first := await self.get(other.decode()), first.asked)
        return await self.get(id)

    async def get(self, id: str) -> Job:
        """Raises: UnknownJob."""
        _check(id)
        await self._call("settle", [id])
        async with reachable():
            found = await self._redis.hgetall(JOB.format(id))
        if not found:
            raise _unknown(id)
        return _job(found)

    async def recent(self, count: int = 20) -> list[Job]:
        """The latest jobs, newest first."""
        async with reachable():
            ids = await self._redis.zrevrange(RECENT, 0, count - 1)
        if not ids:
            return []
        await self._call("settle", ids)
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for id in ids:
                pipe.hgetall(JOB.format(id.decode()))
            return [_job(found) for found in await pipe.execute() if found]

    async def cancel(self, id: str) -> Job:
        """Take a queued job back, or have one at work stopped (within a second or two).

        Raises: UnknownJob."""
        _check(id)
        if not await self._call("cancel", [], id):
            raise _unknown(id)
        return await self.get(id)

    # ------------------------------------------------------------------------- who does something

    async def abandon(self) -> None:
        """Count as failed what was at work: the caller is the only learner, and has just begun."""
        await self._call("abandon", [AT_WORK.format(kind) for kind in self.kinds])

    async def take(self) -> Job | None:
        """The job that has waited longest, now at work in the caller's hands; None if none waits.
        The caller renews it more often than every `ALIVE_MS`."""
        id = await self._call("take", [QUEUE], ALIVE_MS)
        return await self.get(id.decode()) if id else None

    async def renew(self, id: str) -> str:
        """Keep it in hand. Returns "", or why it is to be stopped: "cancel" (somebody wants that)
        or "over" (it has ended; it was taken for lost)."""
        found: bytes = await self._call("renew", [], id, ALIVE_MS)
        return found.decode()

    async def progress(self, id: str, words: str, fraction: float) -> None:
        """Tell how far it is; `fraction` is brought into 0 to 1. One that has ended stays so."""
        share = min(1.0, max(0.0, fraction))
        await self._call("progress", [], id, "progress", words[:300], "fraction", share)

    async def step(self, id: str, name: str) -> None:
        """Tell which of its parts begins. It stays known when the job has ended: who asks where it
        stopped is told."""
        await self._call("progress", [], id, "step", name)

    async def done(self, id: str, result: Mapping[str, Any]) -> None:
        """It has ended well. Only the first end of a job counts, here and below."""
        await self._end(id, JobState.DONE, msgspec.json.encode(dict(result)))

    async def failed(self, id: str, why: str, hint: str = "") -> None:
        await self._end(id, JobState.FAILED, b"{}", why, hint)

    async def cancelled(self, id: str) -> None:
        await self._end(id, JobState.CANCELLED, b"{}")

    async def _end(
        self, id: str, state: JobState, result: bytes, why: str = "", hint: str = ""
    ) -> None:
        await self._call("finish", [], id, state.value, result, why, hint)

    async def _call(self, script: str, keys: list[Any], *args: str | bytes | float) -> Any:
        async with reachable():
            return await self._scripts[script](keys=keys, args=[JOB, ALIVE, AT_WORK, LOST, *args])


def at_work_already(words: str, who: Job | str, since: int) -> JobRunning:
    """The error for who comes second: who was first, and since when (ms)."""
    by = who.by if isinstance(who, Job) else who
    minutes = max(0, time.time_ns() // 1_000_000 - since) // 60_000
    ago = "just now" if not minutes else f"{minutes} minute{'s' if minutes > 1 else ''} ago"
    clock = time.strftime("%H:%M", time.localtime(since / 1000))
    return JobRunning(
        f"{words} is at work already, for {by} since {clock} ({ago}).",
        hint="Wait until it is done, or cancel it.",
    )


def _check(id: str) -> None:
    """Raises: UnknownJob, for what can be no id."""
    if not ID.fullmatch(id):
        raise _unknown(id)


def _unknown(id: str) -> UnknownJob:
    return UnknownJob(f"There is no job {id[:60]}.", hint="It may be too long ago.")


def _job(found: Mapping[bytes, bytes]) -> Job:
    """From the hash; numbers and JSON are text there."""
    raw = {name.decode(): value for name, value in found.items() if name != b"cancel"}
    return msgspec.convert(
        {
            name: msgspec.json.decode(value) if name in ("args", "result") else value.decode()
            for name, value in raw.items()
        },
        Job,
        strict=False,
    )
