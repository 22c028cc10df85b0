"""Putting a model into service from the studio's page Models, and back.

POST /api/studio/models/{name}/promote {because}    202: {promotion}
POST /api/studio/models/rollback {because}          202: {promotion}
GET  /api/studio/models/promotion                   {promotion: bot.learning.promotion.Promotion, or
                                                     null; the latest}

Refused with 409: a candidate that was not proven better, without a reason; the model that serves;
while another promotion is under way. Belongs here: these routes. Does not belong here: the swap,
which `deskhand up` does (`bot.model_swap`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import PromotionRefused
from bot.instance import Running, running
from bot.learning.promotion import BECAUSE_AT_MOST, Promotion, Promotions, previous
from bot.learning.registry import Registered, Registry
from bot.web import wire
from bot.web.guard import OwnerOf, private


class Because(msgspec.Struct, forbid_unknown_fields=True):
    """The owner's reason."""

    because: Annotated[str, msgspec.Meta(max_length=BECAUSE_AT_MOST)] = ""


class PromotionPages:
    """The routes.

    Args:
        run: the run of `deskhand up` that this gateway belongs to.
        var: where that run says what serves.
    """

    def __init__(self, promotions: Promotions, models: Path, *, run: str, var: Path) -> None:
        self._promotions = promotions
        self._registry = Registry(models)
        self._run = run
        self._var = var

    def routes(self, owner: OwnerOf) -> list[Route]:
        self._owner = owner
        models, post = "/api/studio/models", ["POST"]
        return [
            Route(models + "/{name}/promote", self.promote, methods=post),
            Route(models + "/rollback", self.rollback, methods=post),
            Route(models + "/promotion", self.promotion, methods=["GET"]),
        ]

    async def promote(self, request: Request) -> Response:
        name = request.path_params["name"]
        return await self._ask(request, lambda: self._registry.get(name), rollback=False)

    async def rollback(self, request: Request) -> Response:
        return await self._ask(request, lambda: previous(self._registry), rollback=True)

    async def promotion(self, request: Request) -> Response:
        await self._owner(request)
        return private(_shown(await self._promotions.latest()))

    async def _ask(
        self, request: Request, find: Callable[[], Registered], *, rollback: bool
    ) -> Response:
        agent = await self._owner(request)
        wish = await wire.body(request, Because)
        model = await anyio.to_thread.run_sync(find)
        promotion = await self._promotions.ask(
            model,
            serving=self._serving().model,
            run=self._run,
            by=agent.login,
            because=wish.because,
            rollback=rollback,
        )
        return private(_shown(promotion), 202)

    def _serving(self) -> Running:
        here = running(self._var)
        if here is None or not self._run or here.run != self._run:
            raise PromotionRefused(
                "This gateway was not started by the `deskhand up` that runs the assistant.",
                hint="Use `deskhand promote` on the machine where that runs.",
            )
        return here


def _shown(promotion: Promotion | None) -> dict[str, object]:
    return {"promotion": None if promotion is None else msgspec.to_builtins(promotion)}
