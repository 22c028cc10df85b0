"""What `deskhand up` does when somebody wants another model to serve.

Belongs here: looking for the wish, carrying it out with the processes, the registry and
`current.json`, and saying how it goes. Does not belong here: the wish itself
(`bot.learning.promotion`), the steps between two processes (`bot.assistants`).

`current.json` is written after the switch, and only then: whoever is killed before leaves the old
model to start with. Everything that is told on the way is a courtesy. While Redis is away the swap
goes on, and how it ended is told when Redis is back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from redis.asyncio import Redis

from bot import smoke, whereabouts
from bot.assistants import Assistants, Step
from bot.errors import DeskhandError, PromotionFailed, StoreUnavailable
from bot.learning.project import Project
from bot.learning.promotion import (
    LOST,
    Promotion,
    Promotions,
    Stage,
    happened,
    still_allowed,
)
from bot.learning.registry import Model, Promoted, Registered, RolledBack

log = logging.getLogger(__name__)

#: How often we look for a wish, in seconds; and how often we say that we are alive, and where the
#: assistant is.
LOOK_S = 0.5
BEAT_S = 3.0
#: What a new model must get right, in the project's directory.
SMOKE = Path("data/smoke.yml")


class ModelSwap:
    """Carries out the wishes of one run of `deskhand up`.

    Args:
        run: of `deskhand up`; wishes to others are theirs.
        say: called with a line for whoever watches.
    """

    def __init__(
        self,
        redis: Redis[bytes],
        run: str,
        assistants: Assistants,
        project: Project,
        say: Callable[[str], None],
    ) -> None:
        self._redis = redis
        self._run = run
        self._assistants = assistants
        self._project = project
        self._say = say
        self._promotions = Promotions(redis)
        self._telling = asyncio.Lock()
        #: What is at work, and how far it is.
        self._doing: tuple[Promotion, str] | None = None

    async def run(self, after: str = "") -> None:
        """For ever. `after`: the run before this one, if that was killed; what it had in hand has
        failed."""
        with suppress(StoreUnavailable):  # then it is found out within seconds all the same
            left = await self._promotions.latest()
            if left is not None and not left.stage.ended and left.run == after:
                await self._promotions.say(left.id, Stage.FAILED, error=LOST, progress="")
        await asyncio.gather(self._for_ever(self._beat), self._for_ever(self._look))

    async def _for_ever(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception as why:
                # The outermost edge: whatever a promotion stumbles over, Deskhand goes on, and the
                # next one is possible.
                log.exception("promotions stopped; beginning again")
                self._say(f"! A promotion stumbled: {type(why).__name__}: {why}")
                await asyncio.sleep(BEAT_S)

    async def _beat(self) -> None:
        while True:
            with suppress(StoreUnavailable):
                await whereabouts.tell(self._redis, self._run, self._assistants.url)
                async with self._telling:
                    if self._doing is not None:
                        wish, words = self._doing
                        await self._promotions.say(wish.id, Stage.WORKING, progress=words)
            await asyncio.sleep(BEAT_S)

    async def _look(self) -> None:
        while True:
            with suppress(StoreUnavailable):
                wish = await self._promotions.latest()
                if wish is not None and wish.stage is Stage.ASKED and wish.run == self._run:
                    await self._do(wish)
            await asyncio.sleep(LOOK_S)

    # ------------------------------------------------------------------------------- one wish

    async def _do(self, wish: Promotion) -> None:
        error = hint = ""
        try:
            await self._tell(wish, "beginning")
            await self._swap(wish)
        except DeskhandError as why:
            error, hint = why.message, why.hint
        except OSError as why:
            error = f"{why.filename or 'The new assistant'}: {why.strerror or why}."
        except asyncio.CancelledError:
            with suppress(StoreUnavailable):  # else it is found out soon enough
                await self._promotions.say(wish.id, Stage.FAILED, error=LOST, progress="")
            raise
        finally:
            self._doing = None
        if error:
            self._say(f"! {wish.model} was not brought into service: {error} {hint}".rstrip())
            await self._end(wish, Stage.FAILED, error, hint)
        else:
            self._say(f"{wish.model} serves now, as {wish.by} wished.")
            await self._end(wish, Stage.DONE)

    async def _swap(self, wish: Promotion) -> None:
        if self._assistants.model is None:
            raise PromotionFailed(
                "The model to start with is still being trained.",
                hint="Try again when the assistant has started.",
            )
        registry = self._project.registry
        before, model = registry.current(), registry.get(wish.model)
        still_allowed(wish, model, self._assistants.model)
        tries = smoke.load_smoke((self._project.root / SMOKE).read_text(encoding="utf-8"))
        with registry.using(model.model):
            await self._replace(wish, before, model, tries)

    async def _replace(
        self, wish: Promotion, before: Model | None, model: Registered, tries: Sequence[smoke.Try]
    ) -> None:
        await self._forget_smoke()
        try:
            await self._assistants.replace(
                self._project.models / model.model,
                tries,
                step=partial(self._step, wish),
                served=partial(self._served, wish, model, self._assistants.model),
            )
        except (DeskhandError, OSError) as why:
            self._still(before, wish, str(why))
            raise
        finally:
            await self._forget_smoke()

    async def _forget_smoke(self) -> None:
        with suppress(StoreUnavailable):  # it is also done before the next ones
            await smoke.forget(self._redis)

    def _served(self, wish: Promotion, model: Registered, before: str | None) -> None:
        """The new one serves: it is what the next start begins with. Raises: OSError."""
        self._project.registry.make_current(model.as_model())
        self._project.put_aside(model.model)
        self._note(happened(wish, before))

    def _still(self, before: Model | None, wish: Promotion, why: str) -> None:
        """After a failure: if the old one has its place back, `current.json` must say so, too."""
        registry = self._project.registry
        current = registry.current()
        served = current is not None and current.model == wish.model
        if before is None or not served or self._assistants.model == wish.model:
            return
        try:
            registry.make_current(before)
        except OSError as error:
            self._say(f"! models/current.json cannot be written: {error.strerror}.")
            return
        event = RolledBack(
            model=before.model, at=_now(), by="deskhand up", why=why, before=wish.model
        )
        self._note(event)

    def _note(self, event: Promoted | RolledBack) -> None:
        try:
            self._project.registry.record(event)
        except OSError as why:
            self._say(f"! The registry of models cannot be written: {why.strerror}.")

    # ------------------------------------------------------------------------------- how it goes

    async def _step(self, wish: Promotion, step: Step) -> None:
        await self._tell(wish, step.value)

    async def _tell(self, wish: Promotion, words: str) -> None:
        async with self._telling:
            self._doing = (wish, words)
            with suppress(StoreUnavailable):
                await self._promotions.say(wish.id, Stage.WORKING, progress=words)

    async def _end(self, wish: Promotion, stage: Stage, error: str = "", hint: str = "") -> None:
        async with self._telling:
            self._doing = None
            while True:
                try:
                    await self._promotions.say(wish.id, stage, error=error, hint=hint, progress="")
                    return
                except StoreUnavailable:
                    await asyncio.sleep(LOOK_S)


def _now() -> int:
    return time.time_ns() // 1_000_000
