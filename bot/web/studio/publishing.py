"""Publishing from the studio: one act from what was changed to a model in service.

GET  /api/studio/publish    {publishing: bot.learning.publishing.Publishing, or null,
                             waiting: [{path, candidate}]: what customers do not have yet,
                             changed: whether a candidate trained now would differ from what serves,
                             serves: the model, or null}
POST /api/studio/publish {why}      202: {job}; 409 job_running while anything is trained

The job is cancelled like any other (`bot.web.studio.models`). After a refusal by the gate, an owner
promotes the candidate with a reason (`bot.web.studio.promotion`); that counts as the publishing's
last step.

Belongs here: these routes. Does not belong here: what happens (`bot.learning.train_job`).
"""

from __future__ import annotations

import logging
from typing import Annotated, Any

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.learning.jobs import Job, Jobs
from bot.learning.project import Project
from bot.learning.promotion import Promotions
from bot.learning.publishing import KIND, PUBLISH, publishing_of, waiting_in
from bot.web import wire
from bot.web.guard import OwnerOf, private

log = logging.getLogger(__name__)


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """`why`: a note for the registry."""

    why: Annotated[str, msgspec.Meta(max_length=500)] = ""


class PublishPages:
    """The routes."""

    def __init__(self, project: Project, jobs: Jobs, promotions: Promotions) -> None:
        self._project = project
        self._jobs = jobs
        self._promotions = promotions

    def routes(self, owner: OwnerOf) -> list[Route]:
        self._owner = owner
        path = "/api/studio/publish"
        return [
            Route(path, self.state, methods=["GET"]),
            Route(path, self.publish, methods=["POST"]),
        ]

    async def state(self, request: Request) -> Response:
        await self._owner(request)
        files = await anyio.to_thread.run_sync(self._files)
        found = publishing_of(await self._latest(), await self._promotions.latest())
        return private({"publishing": msgspec.to_builtins(found), **files})

    async def publish(self, request: Request) -> Response:
        by = await self._owner(request)
        asked = await wire.body(request, Wish)
        job = await self._jobs.submit(KIND, {"why": asked.why.strip(), PUBLISH: True}, by.login)
        log.info("%s publishes", by.login)
        return private({"job": job.id}, 202)

    async def _latest(self) -> Job | None:
        recent = await self._jobs.recent()
        return next((one for one in recent if one.kind == KIND and one.args.get(PUBLISH)), None)

    def _files(self) -> dict[str, Any]:
        current = self._project.current()
        changed = current is None or current.fingerprint != self._project.fingerprint()
        return {
            "waiting": msgspec.to_builtins(waiting_in(self._project)) if changed else [],
            "changed": changed,
            "serves": current.model if current else None,
        }
