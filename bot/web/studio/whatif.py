"""The studio's page What-if: other thresholds tried out on the last days, and saved.

Belongs here: what such a request may ask, and its answer. Does not belong here: the replay
(`bot.learning.whatif`), or the file (`bot.learning.triage_edit`).
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.archiving import ForgetErased
from bot.errors import DeskhandError
from bot.learning.triage_edit import numbers, save, with_numbers
from bot.learning.whatif import DAY_MS
from bot.learning.whatif_run import ACTIVE, DAYS, DAYS_AT_MOST, Question
from bot.learning.whatif_tries import Tries
from bot.triage_file import mark_of, text_of
from bot.web import wire
from bot.web.guard import OwnerOf, private

log = logging.getLogger(__name__)


class FileUnusable(DeskhandError):
    """data/triage.yml cannot be read or written."""

    code = "file_unusable"


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """Values by key, for the last `days`."""

    values: Annotated[dict[str, float], Meta(max_length=64)]
    days: Annotated[int, Meta(ge=1, le=DAYS_AT_MOST)] = DAYS


class Save(msgspec.Struct, forbid_unknown_fields=True):
    """Values by key, instead of those in the text that `mark` stands for."""

    values: Annotated[dict[str, float], Meta(min_length=1, max_length=64)]
    mark: Annotated[str, Meta(max_length=64)]


class WhatIf:
    """`policy` is the triage policy's file, `archive` the archive's."""

    def __init__(self, policy: Path, archive: Path, forget_erased: ForgetErased) -> None:
        self._policy = policy
        self._archive = archive
        self._forget_erased = forget_erased
        self._tries = Tries()

    def routes(self, owner: OwnerOf) -> list[Route]:
        async def state(request: Request) -> Response:
            await owner(request)
            return private(await self._state())

        async def replay(request: Request) -> Response:
            who = await owner(request)
            asked = await wire.body(request, Ask)
            return private(await self._replay(asked, who.login))

        async def progress(request: Request) -> Response:
            who = await owner(request)
            found = self._tries.progress(who.login)
            return private({"done": found.done, "of": found.of} if found else None)

        async def keep(request: Request) -> Response:
            who = await owner(request)
            asked = await wire.body(request, Save)
            return private(await self._save(asked, who.login))

        return [
            Route("/api/studio/whatif", state, methods=["GET"]),
            Route("/api/studio/whatif", replay, methods=["POST"]),
            Route("/api/studio/whatif/progress", progress, methods=["GET"]),
            Route("/api/studio/whatif/save", keep, methods=["POST"]),
        ]

    async def _state(self) -> dict[str, Any]:
        text = await self._text()
        found = await anyio.to_thread.run_sync(numbers, text)
        return {
            "mark": mark_of(text),
            "numbers": msgspec.to_builtins(found),
            "days": DAYS,
            "days_at_most": DAYS_AT_MOST,
        }

    async def _replay(self, asked: Ask, by: str) -> dict[str, Any]:
        current = await self._text()
        proposed = await anyio.to_thread.run_sync(with_numbers, current, asked.values)
        now = time.time_ns() // 1_000_000
        question = Question(
            archive=str(self._archive.resolve()),
            current=current,
            proposed=proposed,
            since=now - asked.days * DAY_MS,
            until=now,
        )
        while True:
            found = await self._tries.compare(by, question)
            shown = [e.conversation for group in found.groups for e in group.examples]
            if not await self._forget_erased(shown):
                break
        return {**msgspec.to_builtins(found), "mark": mark_of(current)}

    async def _save(self, asked: Save, by: str) -> dict[str, Any]:
        try:
            mark = await anyio.to_thread.run_sync(save, self._policy, asked.values, asked.mark)
        except OSError as why:
            raise _unusable(self._policy, why) from None
        said = ", ".join(f"{key} = {value:g}" for key, value in asked.values.items())
        log.info("%s changed the triage policy: %s", by, said)
        return {"mark": mark, "active": ACTIVE}

    async def _text(self) -> str:
        try:
            return await anyio.to_thread.run_sync(text_of, self._policy)
        except OSError as why:
            raise _unusable(self._policy, why) from None


def _unusable(path: Path, why: OSError) -> FileUnusable:
    return FileUnusable(
        f"{path} cannot be used: {why.strerror}.", hint="Nothing has been changed in it."
    )
