"""Asking the `deskhand up` that runs to let a model serve, and waiting until it does.

Belongs here: what `deskhand promote` and the studio's "Publish" have in common. Does not belong
here: what is refused (`bot.learning.promotion`), or the swap, which `deskhand up` does
(`bot.model_swap`). Who stops waiting stops nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.errors import PromotionFailed, StoreUnavailable
from bot.instance import Running, running
from bot.learning.promotion import Promotion, Promotions, Stage
from bot.learning.registry import Registered

#: How often we look how it goes, in seconds.
LOOK_S: Final = 0.2

#: Called with what is being done, in words.
Told = Callable[[str], Awaitable[None]]


async def put_into_service(
    promotions: Promotions,
    here: Running,
    var: Path,
    model: Registered,
    *,
    by: str,
    because: str = "",
    overriding: bool = True,
    rollback: bool = False,
    told: Told,
) -> None:
    """Let `model` serve; returns when it does.

    Args:
        here: the Deskhand that runs in `var`.
        overriding: as `bot.learning.promotion.check` has it.

    Raises:
        PromotionRefused, PromotionRunning: it was not begun.
        PromotionFailed: another model serves; says which, and why.
        StoreUnavailable: it was not begun.
    """
    wish = await promotions.ask(
        model,
        serving=here.model,
        run=here.run,
        by=by,
        because=because,
        overriding=overriding,
        rollback=rollback,
    )
    await _ended(promotions, wish, here, var, told)


async def _ended(
    promotions: Promotions, wish: Promotion, here: Running, var: Path, told: Told
) -> None:
    shown = ""
    while True:
        now: Promotion | None = None
        with suppress(StoreUnavailable):
            now = await promotions.latest()
        if now is not None and now.id != wish.id:
            raise PromotionFailed(
                "Another promotion has begun since; how this one ended is in the registry.",
                hint="`deskhand models` tells what happened to each model.",
            )
        if now is not None:
            if now.stage is Stage.DONE:
                return
            if now.stage is Stage.FAILED:
                raise PromotionFailed(now.error, hint=now.hint)
            if now.progress and now.progress != shown:
                shown = now.progress
                await told(shown)
        if (still := running(var)) is None or still.run != here.run:
            raise PromotionFailed(
                "Deskhand was stopped before it was done.",
                hint="The model that it starts with next time is in models/current.json.",
            )
        await asyncio.sleep(LOOK_S)
