"""`deskhand promote` and `deskhand rollback`: another model into service, from the command line.

Belongs here: finding the model that is meant, asking the `deskhand up` that runs and showing how it
goes, or writing down what the next start begins with when none runs. Does not belong here: what is
refused (`bot.learning.promotion`), or the swap (`bot.model_swap`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from bot.errors import PromotionFailed, StoreUnavailable
from bot.instance import Running, only_one, running
from bot.learning.model_commands import full_name
from bot.learning.promotion import Promotion, Promotions, Stage, check, happened, previous
from bot.learning.registry import Registered
from bot.learning.train import Project

Say = Callable[[str], None]

#: How often we look how it goes, in seconds.
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """`model`: its file name, or a beginning of it that no other has; None for the one that served
    before. `by`: who wants it."""

    model: str | None
    by: str
    because: str = ""


async def run(project: Project, var: Path, wanted: Wanted, say: Say) -> None:
    """Let that model serve.

    Raises:
        DeskhandError: it does not serve; says why, and what does.
    """
    registry = project.registry
    rollback = wanted.model is None
    if wanted.model is None:
        model = previous(registry)
    else:
        model = registry.get(full_name(registry, wanted.model))
    here = running(var)
    if here is None:
        write_down(project, var, model, wanted)
        say(f"Deskhand does not run here. The next start begins with {model.model}.")
        return
    redis: Redis[bytes] = Redis.from_url(
        here.redis_url, socket_connect_timeout=2.0, socket_timeout=4.0
    )
    try:
        promotions = Promotions(redis)
        wish = await promotions.ask(
            model,
            serving=here.model,
            run=here.run,
            by=wanted.by,
            because=wanted.because,
            rollback=rollback,
        )
        await _follow(promotions, wish, here, var, say)
    finally:
        await redis.close(close_connection_pool=True)


def write_down(project: Project, var: Path, model: Registered, wanted: Wanted) -> None:
    """Without a running Deskhand: what the next start begins with.

    Raises:
        PromotionRefused: as when it runs.
        PromotionFailed: the disk does not take it.
        ProcessFailed: it has begun to run meanwhile.
    """
    with only_one(var):
        registry = project.registry
        before = registry.current()
        serving = before.model if before else None
        overridden = check(model, serving, wanted.because)
        wish = Promotion(
            id="",
            model=model.model,
            run="",
            by=wanted.by,
            asked=0,
            because=wanted.because.strip(),
            overridden=overridden,
            rollback=wanted.model is None,
        )
        try:
            registry.make_current(model.as_model())
            project.put_aside(model.model)
            registry.record(happened(wish, serving))
        except OSError as why:
            raise PromotionFailed(
                f"{why.filename or registry.models_dir} cannot be written: {why.strerror}."
            ) from None


async def _follow(
    promotions: Promotions, wish: Promotion, here: Running, var: Path, say: Say
) -> None:
    """Say how it goes until it has ended. Who stops watching stops nothing."""
    shown = ""
    while True:
        now: Promotion | None = None
        with suppress(StoreUnavailable):
            now = await promotions.latest()
        if now is not None and now.id == wish.id:
            if now.stage is Stage.DONE:
                say(f"{now.model} serves now.")
                return
            if now.stage is Stage.FAILED:
                raise PromotionFailed(now.error, hint=now.hint)
            if now.progress and now.progress != shown:
                shown = now.progress
                say(f"{shown} ...")
        if (still := running(var)) is None or still.run != here.run:
            raise PromotionFailed(
                "Deskhand was stopped before it was done.",
                hint="The model that it starts with next time is in models/current.json.",
            )
        await asyncio.sleep(LOOK_S)
