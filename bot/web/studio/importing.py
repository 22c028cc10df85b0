"""Bringing in history from the studio, `#/conversations/import`: a file is sent, looked into, and
imported when the owner has seen what is in it. What is done in jobs of the kind "import"; how far
one is, and cancelling it, as for all jobs (`bot.web.studio.models`).

GET  /api/studio/imports              {job: the latest, or null; there: whether its file still is;
                                      bytes_at_most}
POST /api/studio/imports?file=&name=  the file itself as the body; `name` says where it comes from,
                                      in a word. 202: {job}: the look into it
POST /api/studio/imports/{upload}/import    202: {job}
POST /api/studio/imports/{upload}/discard   {discarded}

Refused: 413 file_too_large, 507 not_written (the disk), 409 job_running, 404 unknown_file. Belongs
here: these routes. Does not belong here: what a conversation is (`bot.learning.imports`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.learning.jobs import Job, Jobs, at_work_already
from bot.learning.uploads import SIZE_AT_MOST, Uploads, too_large
from bot.web import wire
from bot.web.guard import OwnerOf, private
from bot.web.limits import TooMany

log = logging.getLogger(__name__)

KIND: Final = "import"
#: Seconds within which a file must have arrived, and within which something of it must.
WITHIN_S: Final = 900.0
SILENT_S: Final = 30.0
#: Files that are received at the same time.
AT_ONCE: Final = 2
#: What a word for a source may be; it stands beside each conversation.
_NAME: Final = re.compile(r"[\w.() -]{1,40}")


class ImportPages:
    """The routes."""

    def __init__(self, uploads: Uploads, jobs: Jobs) -> None:
        self._uploads = uploads
        self._jobs = jobs
        self._under_way = 0

    def routes(self, owner: OwnerOf) -> list[Route]:
        self._owner = owner
        base, post = "/api/studio/imports", ["POST"]
        return [
            Route(base, self.state, methods=["GET"]),
            Route(base, self.upload, methods=post),
            Route(base + "/{upload}/import", self.bring_in, methods=post),
            Route(base + "/{upload}/discard", self.discard, methods=post),
        ]

    async def state(self, request: Request) -> Response:
        await self._owner(request)
        job = await self._latest()
        there = job is not None and self._uploads.has(str(job.args.get("upload")))
        return private(
            {
                "job": None if job is None else msgspec.to_builtins(job),
                "there": there,
                "bytes_at_most": SIZE_AT_MOST,
            }
        )

    async def upload(self, request: Request) -> Response:
        by = await self._owner(request)
        file, name = (request.query_params.get(key, "").strip() for key in ("file", "name"))
        if not file or len(file) > 200:
            raise wire.BadRequest("`file` is the file's name: 1 to 200 characters.")
        if not _NAME.fullmatch(name):
            raise wire.BadRequest(
                "A word for where it comes from has 1 to 40 letters, digits, spaces and . - ( ).",
                hint="For example: chatwoot",
            )
        before = await self._latest()
        if before is not None and not before.state.ended:
            raise at_work_already(self._jobs.kinds[KIND].words, before, before.asked)
        if self._under_way >= AT_ONCE:
            raise TooMany("Another file is being sent right now.", retry_after=5)
        self._under_way += 1
        try:
            id = await self._uploads.take(_chunks(request))
        finally:
            self._under_way -= 1
        try:
            args = {"upload": id, "name": name, "file": file, "preview": True}
            job = await self._jobs.submit(KIND, args, by.login)
        except BaseException:
            self._uploads.forget(id)
            raise
        # Of the one before nobody can ask for anything any more.
        if before is not None:
            self._uploads.forget(str(before.args.get("upload")))
        log.info("%s has sent a file to import", by.login)
        return private({"job": msgspec.to_builtins(job)}, 202)

    async def bring_in(self, request: Request) -> Response:
        by = await self._owner(request)
        id = request.path_params["upload"]
        self._uploads.path(id)
        before = await self._of(id)
        total = sum(int(before.result.get(key) or 0) for key in ("conversations", "known"))
        args = {
            **{key: before.args[key] for key in ("upload", "name", "file")},
            "total": total or before.args.get("total") or 0,
        }
        job = await self._jobs.submit(KIND, args, by.login)
        log.info("%s imports", by.login)
        return private({"job": msgspec.to_builtins(job)}, 202)

    async def discard(self, request: Request) -> Response:
        await self._owner(request)
        id = request.path_params["upload"]
        await anyio.to_thread.run_sync(self._uploads.forget, id)
        return private({"discarded": id})

    async def _latest(self) -> Job | None:
        return next((one for one in await self._jobs.recent(100) if one.kind == KIND), None)

    async def _of(self, upload: str) -> Job:
        """The latest job with that file. Raises: BadRequest."""
        for one in await self._jobs.recent(100):
            if one.kind == KIND and one.args.get("upload") == upload:
                return one
        raise wire.BadRequest("Nobody has looked into that file.", hint="Send it again.")


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body, as it comes. Raises: UploadTooLarge, when it says so itself; BadRequest, when it
    comes too slowly."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > SIZE_AT_MOST:
        raise too_large()
    deadline = anyio.current_time() + WITHIN_S
    stream = request.stream().__aiter__()
    while True:
        with anyio.move_on_after(min(SILENT_S, deadline - anyio.current_time())) as patience:
            chunk: Any = await anext_of(stream)
        if patience.cancelled_caught:
            raise wire.BadRequest("The file did not arrive in time.", hint="Send it again.")
        if chunk is None:
            return
        yield chunk


async def anext_of(stream: AsyncIterator[bytes]) -> bytes | None:
    """The next part; None at the end."""
    try:
        return await stream.__anext__()
    except StopAsyncIteration:
        return None
