"""Bringing a model into service while customers write: who wants it and why, how far it is, and how
it ended. In Redis, so that the command line and the studio ask, and `deskhand up` does.

Belongs here: the promotion's keys, its moves, each of which is one atomic step, and what is refused
from the start. Does not belong here: doing it (`bot.model_swap`, `bot.assistants`), or what became
of the models (`bot.learning.registry`). The gateway imports this module, so it is light.

**One at a time.** Who asks for a second one is told who was first, and since when. Whoever does it
keeps a key alive; when that is gone, so is `deskhand up`: the promotion has failed, whoever notices
first. Times are Redis' own.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from bot.errors import PromotionRefused, PromotionRunning
from bot.events import Record
from bot.learning.redaction import redact
from bot.learning.registry import Promoted, Registered, Registry, RolledBack
from bot.store import PREFIX, reachable

# ------------------------------------------------------------------------------ keys and times

#: The latest promotion (hash). There is only one; what earlier ones led to is in the registry.
PROMOTION: Final = PREFIX + "learning:promotion"
#: There while `deskhand up` has it in hand. It survives a Redis that restarts; an `up` that was
#: killed is noticed after so long.
ALIVE: Final = PREFIX + "learning:promotion:alive"
ALIVE_MS: Final = 20_000

LOST: Final = (
    "Deskhand was stopped before it was done. The model that it started again with serves."
)
#: Why a model goes into service is kept for ever, so it is a line or two.
BECAUSE_AT_MOST: Final = 1_000


class Stage(str, Enum):
    """`asked` until `deskhand up` has seen it."""

    ASKED = "asked"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self in (Stage.DONE, Stage.FAILED)


class Promotion(Record, frozen=True):
    """`model`: the file name of the model that is to serve. `run`: the run of `deskhand up` that
    shall do it. `by`: a login, or who typed the command. `because`: the reason in their words,
    needed where something speaks against it; `overridden`: what that was. `progress`: what is being
    done, in words. Times in ms since the epoch."""

    id: str
    model: str
    run: str
    by: str
    asked: int
    because: str = ""
    overridden: tuple[str, ...] = ()
    rollback: bool = False
    stage: Stage = Stage.ASKED
    progress: str = ""
    ended: int | None = None
    error: str = ""
    hint: str = ""


#: Parts of the scripts below. `settle` tells whether one is under way; one whose `deskhand up` is
#: gone has failed.
_COMMON: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function ended(stage) return stage == 'done' or stage == 'failed' end
local function settle()
  local stage = redis.call('HGET', KEYS[1], 'stage')
  if not stage or ended(stage) then return false end
  if redis.call('EXISTS', KEYS[2]) == 1 then return true end
  redis.call('HSET', KEYS[1], 'stage', 'failed', 'ended', now, 'error', ARGV[1])
  return false
end
"""

_ASK: Final = (
    _COMMON
    + """
if settle() then return {0, redis.call('HGETALL', KEYS[1])} end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'asked', now, unpack(ARGV, 3))
redis.call('SET', KEYS[2], '', 'PX', ARGV[2])
return {1, redis.call('HGETALL', KEYS[1])}
"""
)

_LATEST: Final = (
    _COMMON
    + """
settle()
return redis.call('HGETALL', KEYS[1])
"""
)

# Unless another one has begun meanwhile. It is at work from here on, or has ended.
_SAY: Final = (
    _COMMON
    + """
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[3] then return 0 end
redis.call('HDEL', KEYS[1], 'ended', 'error')
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
if ended(redis.call('HGET', KEYS[1], 'stage')) then
  redis.call('HSET', KEYS[1], 'ended', now)
  redis.call('DEL', KEYS[2])
else
  redis.call('SET', KEYS[2], '', 'PX', ARGV[2])
end
return 1
"""
)


class Promotions:
    """All reading and writing of the promotion. Every method raises StoreUnavailable while Redis is
    away."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._keys = [PROMOTION, ALIVE]
        self._redis = redis
        self._ask = redis.register_script(_ASK)
        self._latest = redis.register_script(_LATEST)
        self._say = redis.register_script(_SAY)

    async def ask(
        self,
        model: Registered,
        *,
        serving: str | None,
        run: str,
        by: str,
        because: str = "",
        overriding: bool = True,
        rollback: bool = False,
    ) -> Promotion:
        """Ask the `deskhand up` of this run to let `model` serve.

        Args:
            serving: the file name of the model that serves.
            overriding: as `check` has it.

        Raises:
            PromotionRefused: it serves already, or the gate is against it and no reason is given.
            PromotionRunning: another one is under way; says whose, and since when.
        """
        overridden = check(model, serving, because, overriding=overriding)
        id = secrets.token_hex(8)
        wish = {
            "id": id,
            "model": model.model,
            "run": run,
            "by": by,
            "because": redact(because.strip()).text,
            "overridden": msgspec.json.encode(overridden),
            "rollback": "yes" if rollback else "",
            "stage": Stage.ASKED.value,
        }
        async with reachable():
            asked, flat = await self._ask(keys=self._keys, args=[LOST, ALIVE_MS, *_flat(wish)])
        known = _promotion(flat)
        if not asked:
            raise already_running(known)
        return known

    async def latest(self) -> Promotion | None:
        """The one that is under way, or the last that was; None when there was none."""
        async with reachable():
            flat = await self._latest(keys=self._keys, args=[LOST])
        return _promotion(flat) if flat else None

    async def say(self, id: str, stage: Stage, **news: str) -> None:
        """What has become of a promotion: progress, error, hint."""
        said = _flat({"stage": stage.value, **news})
        async with reachable():
            await self._say(keys=self._keys, args=[LOST, ALIVE_MS, id, *said])


def objections(model: Registered, serving: str | None) -> tuple[str, ...]:
    """What speaks against letting a model serve in place of `serving`, in words. Nothing speaks
    against one that has served before."""
    if not model.candidate:
        return ()
    judged = model.evaluated
    if judged is None:
        return ("It was never compared with the model that serves.",)
    if judged.against is not None and judged.against != serving:
        return (f"It was compared with {judged.against}, which does not serve now.",)
    if judged.passed:
        return ()
    return judged.reasons or ("It did not pass the gate.",)


def check(
    model: Registered, serving: str | None, because: str, *, overriding: bool = True
) -> tuple[str, ...]:
    """Whether a model may serve in place of `serving`.

    Args:
        overriding: `because` was written by somebody who knows what speaks against it. When false
            it is a note, and sets nothing aside.

    Returns:
        What the reason sets aside.

    Raises:
        PromotionRefused: it serves already, or much speaks against it and no reason is given.
    """
    if model.model == serving:
        raise PromotionRefused(f"{model.model} is the model that serves already.")
    if len(because) > BECAUSE_AT_MOST:
        raise PromotionRefused(f"The reason is longer than {BECAUSE_AT_MOST} characters.")
    overridden = objections(model, serving)
    if overridden and not (overriding and because.strip()):
        raise PromotionRefused(
            f"{model.model} was not proven better. {' '.join(overridden)}",
            hint="To let it serve all the same, give a reason in writing; it is kept.",
        )
    return overridden


def still_allowed(wish: Promotion, model: Registered, serving: str) -> None:
    """`check` once more, by whoever does it: while this wish was on its way, another may have been
    fulfilled, or the model compared again. Only one is fulfilled at a time, so what is found now
    holds until it is done.

    Raises:
        PromotionRefused: something speaks against it that the reason did not set aside.
    """
    if model.model == serving:
        raise PromotionRefused(f"{model.model} is the model that serves already.")
    new = [one for one in objections(model, serving) if one not in wish.overridden]
    if new:
        raise PromotionRefused(
            f"Since it was asked for, things have changed. {' '.join(new)}",
            hint="Look at it again, and decide anew.",
        )


def happened(wish: Promotion, before: str | None) -> Promoted | RolledBack:
    """For the registry: `wish` has come true, and `before` serves no longer."""
    at = time.time_ns() // 1_000_000
    if wish.rollback:
        return RolledBack(model=wish.model, at=at, by=wish.by, why=wish.because, before=before)
    return Promoted(
        model=wish.model,
        at=at,
        by=wish.by,
        why=wish.because,
        before=before,
        overridden=wish.overridden,
    )


def previous(registry: Registry) -> Registered:
    """What a rollback goes back to. Raises: PromotionRefused, when there is nothing."""
    found = registry.previous()
    if found is None:
        raise PromotionRefused(
            "There is no earlier model to go back to.",
            hint="`deskhand promote MODEL` lets any of those in models/ serve.",
        )
    return found


def already_running(first: Promotion) -> PromotionRunning:
    """The error for who comes second."""
    clock = time.strftime("%H:%M", time.localtime(first.asked / 1000))
    what = f"The {'rollback' if first.rollback else 'promotion'} of {first.model}"
    doing = f": {first.progress}" if first.progress else ""
    return PromotionRunning(
        f"{what} is under way, for {first.by} since {clock}{doing}.",
        hint="Wait until it is done.",
    )


def _flat(fields: Mapping[str, Any]) -> list[Any]:
    return [part for field in fields.items() for part in field]


def _promotion(flat: Sequence[bytes]) -> Promotion:
    """From the hash, name and value in turn; numbers and the list are text there."""
    texts = [part.decode() for part in flat]
    fields = dict(zip(texts[::2], texts[1::2], strict=True))
    return msgspec.convert(
        {
            **fields,
            "overridden": msgspec.json.decode(fields["overridden"]),
            "rollback": bool(fields["rollback"]),
        },
        Promotion,
        strict=False,
    )
