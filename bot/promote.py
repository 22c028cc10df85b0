"""`deskhand promote` and `deskhand rollback`: another model into service, from the command line.

Belongs here: finding the model that is meant, and writing down what the next start begins with when
no Deskhand runs. Does not belong here: asking the one that runs (`bot.learning.into_service`), what
is refused (`bot.learning.promotion`), or the swap (`bot.model_swap`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from bot.errors import PromotionFailed
from bot.instance import only_one, running
from bot.learning.into_service import put_into_service
from bot.learning.model_commands import full_name
from bot.learning.project import Project
from bot.learning.promotion import Promotion, Promotions, check, happened, previous
from bot.learning.registry import Registered

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`model`: its file name, or a beginning of it that no other has; None for the one that served
    before. `by`: who wants it. `overriding`: as `bot.learning.promotion.check` has it."""

    model: str | None
    by: str
    because: str = ""
    overriding: bool = True


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

    async def told(progress: str) -> None:
        say(f"{progress} ...")

    try:
        await put_into_service(
            Promotions(redis),
            here,
            var,
            model,
            by=wanted.by,
            because=wanted.because,
            overriding=wanted.overriding,
            rollback=rollback,
            told=told,
        )
        say(f"{model.model} serves now.")
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
        overridden = check(model, serving, wanted.because, overriding=wanted.overriding)
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
            with registry.using(model.model):
                registry.make_current(model.as_model())
                project.put_aside(model.model)
                registry.record(happened(wish, serving))
        except OSError as why:
            raise PromotionFailed(
                f"{why.filename or registry.models_dir} cannot be written: {why.strerror}."
            ) from None
