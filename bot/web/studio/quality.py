"""How good the examples are that the assistant learns from, for the page `#/answers/quality`.

GET  /api/studio/lint    {job: the latest check as `bot.learning.jobs.Job`, or null; `result` is
                          `bot.learning.lint.Report` and `seconds`,
                          kinds: {kind of finding: what it means}}
POST /api/studio/lint    202 {job: id}; 409 job_running

Does not belong here: judging (`bot.learning.lint`), which takes a classifier and is a job.
"""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.learning.data_checks import KINDS
from bot.learning.jobs import RECENT_AT_MOST, Jobs
from bot.web.guard import OwnerOf, private

LINT: Final = "lint"


class QualityPages:
    """The routes."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def routes(self, owner: OwnerOf) -> list[Route]:
        async def latest(request: Request) -> Response:
            await owner(request)
            recent = await self._jobs.recent(RECENT_AT_MOST)
            found = next((job for job in recent if job.kind == LINT), None)
            return private({"job": msgspec.to_builtins(found), "kinds": dict(KINDS)})

        async def begin(request: Request) -> Response:
            by = await owner(request)
            job = await self._jobs.submit(LINT, {}, by.login)
            return private({"job": job.id}, 202)

        return [
            Route("/api/studio/lint", latest, methods=["GET"]),
            Route("/api/studio/lint", begin, methods=["POST"]),
        ]
