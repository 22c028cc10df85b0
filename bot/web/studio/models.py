"""The studio's page Models: what there is and how good it is; training, comparing; and all jobs.

GET  /api/studio/models
    {models: [bot.learning.registry.Registered, newest first], unreadable: lines of the registry,
     waiting: [{path, candidate}: bot.learning.publishing.Waiting],
     untrained: whether a candidate trained now would differ from the current model,
     jobs: [of training and comparing: at work, else the latest]}
POST /api/studio/models/train {why, force}          202: a job
POST /api/studio/models/compare {model, against}    202: a job
GET  /api/studio/models/compare?a=NEW&b=OLD         bot.learning.trial.Report, or 404 not_compared
GET  /api/studio/models/{name}/report               the report of its latest comparison, likewise
GET  /api/studio/models/{name}/download             the archive
POST /api/studio/models/{name}/delete               {deleted}; 409 model_in_use: it serves, a
                                                    rollback goes back to it, or it is at work

GET  /api/studio/jobs                               {jobs: [bot.learning.jobs.Job, newest first]}
GET  /api/studio/jobs/{id}
POST /api/studio/jobs/{id}/cancel

Belongs here: these routes. Does not belong here: putting a model into service
(`bot.web.studio.promotion`). Nothing is trained or read in this process: that is a job.
"""

from __future__ import annotations

import logging
import time
from typing import Annotated, Any, Final

import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from bot.errors import DeskhandError
from bot.learning.jobs import Job, Jobs
from bot.learning.project import Project
from bot.learning.publishing import waiting_in
from bot.learning.registry import NAME, Registered, Registry, UnknownModel
from bot.learning.trial import Report, kept_report, latest_report
from bot.web import wire
from bot.web.guard import NO_STORE, OwnerOf, private

log = logging.getLogger(__name__)

TRAIN: Final = "train"
COMPARE: Final = "compare"

Name = Annotated[str, msgspec.Meta(max_length=130)]


class NotCompared(DeskhandError):
    code = "not_compared"


class Train(msgspec.Struct, forbid_unknown_fields=True):
    """`why`: a note for the registry. `force`: even if nothing has changed."""

    why: Annotated[str, msgspec.Meta(max_length=500)] = ""
    force: bool = False


class Compare(msgspec.Struct, forbid_unknown_fields=True):
    """Two files in models/."""

    model: Name
    against: Name


class ModelPages:
    """The routes."""

    def __init__(self, project: Project, jobs: Jobs) -> None:
        self._project = project
        self._registry = Registry(project.models)
        self._jobs = jobs

    def routes(self, owner: OwnerOf) -> list[Route]:
        self._owner = owner
        models, jobs, get, post = "/api/studio/models", "/api/studio/jobs", ["GET"], ["POST"]
        return [
            Route(models, self.models, methods=get),
            Route(models + "/train", self.train, methods=post),
            Route(models + "/compare", self.compare, methods=post),
            Route(models + "/compare", self.compared, methods=get),
            Route(models + "/{name}/report", self.report, methods=get),
            Route(models + "/{name}/download", self.download, methods=get),
            Route(models + "/{name}/delete", self.delete, methods=post),
            Route(jobs, self.jobs, methods=get),
            Route(jobs + "/{id}", self.job, methods=get),
            Route(jobs + "/{id}/cancel", self.cancel, methods=post),
        ]

    # ------------------------------------------------------------------------------------ models

    async def models(self, request: Request) -> Response:
        await self._owner(request)
        found = await anyio.to_thread.run_sync(self._state)
        return private({**found, "jobs": [_told(job) for job in await self._at_work()]})

    def _state(self) -> dict[str, Any]:
        current = self._registry.current()
        changed = current is None or current.fingerprint != self._project.fingerprint()
        return {
            "models": [_shown(one) for one in self._registry.models()],
            "unreadable": self._registry.unreadable(),
            "waiting": msgspec.to_builtins(waiting_in(self._project)) if changed else [],
            "untrained": changed,
        }

    async def _at_work(self) -> list[Job]:
        """Those at work; with none, the latest, so that one sees how it ended."""
        ours = [job for job in await self._jobs.recent() if job.kind in (TRAIN, COMPARE)]
        return [job for job in ours if not job.state.ended] or ours[:1]

    async def train(self, request: Request) -> Response:
        by = await self._owner(request)
        asked = await wire.body(request, Train)
        args = {"why": asked.why.strip(), "force": asked.force}
        job = await self._jobs.submit(TRAIN, args, by.login)
        log.info("%s asked for a candidate", by.login)
        return private(_told(job), 202)

    async def compare(self, request: Request) -> Response:
        by = await self._owner(request)
        asked = await wire.body(request, Compare)
        for name in (asked.model, asked.against):
            await anyio.to_thread.run_sync(self._registry.get, name)
        if asked.model == asked.against:
            raise wire.BadRequest("These are one and the same model.", hint="Choose two.")
        args = {"model": asked.model, "against": asked.against}
        return private(_told(await self._jobs.submit(COMPARE, args, by.login)), 202)

    async def compared(self, request: Request) -> Response:
        await self._owner(request)
        model, against = (request.query_params.get(name, "") for name in ("a", "b"))
        for name in (model, against):
            _named(name)

        def read() -> Report | None:
            return kept_report(self._registry.models_dir, model, against)

        return private(_report(await anyio.to_thread.run_sync(read)))

    async def report(self, request: Request) -> Response:
        await self._owner(request)
        name = _named(request.path_params["name"])

        def read() -> Report | None:
            return latest_report(self._registry.models_dir, self._registry.get(name))

        return private(_report(await anyio.to_thread.run_sync(read)))

    async def download(self, request: Request) -> Response:
        await self._owner(request)
        name = _named(request.path_params["name"])
        await anyio.to_thread.run_sync(self._registry.get, name)
        path = self._registry.models_dir / name
        return FileResponse(path, media_type="application/gzip", filename=name, headers=NO_STORE)

    async def delete(self, request: Request) -> Response:
        by = await self._owner(request)
        name = _named(request.path_params["name"])

        def delete() -> None:
            now = time.time_ns() // 1_000_000
            self._registry.delete(name, at=now, by=by.login)

        await anyio.to_thread.run_sync(delete)
        log.info("%s deleted %s", by.login, name)
        return private({"deleted": name})

    # -------------------------------------------------------------------------------------- jobs

    async def jobs(self, request: Request) -> Response:
        await self._owner(request)
        return private({"jobs": [_told(job) for job in await self._jobs.recent()]})

    async def job(self, request: Request) -> Response:
        await self._owner(request)
        return private(_told(await self._jobs.get(request.path_params["id"])))

    async def cancel(self, request: Request) -> Response:
        by = await self._owner(request)
        job = await self._jobs.cancel(request.path_params["id"])
        log.info("%s cancelled job %s", by.login, job.id)
        return private(_told(job))


def _named(name: str) -> str:
    """Raises: UnknownModel, for what cannot be a model's name: it never becomes a path."""
    if not NAME.fullmatch(name):
        raise UnknownModel(f"There is no model {name[:80]}.")
    return name


def _shown(one: Registered) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    judged = one.evaluated
    return {**found, "evaluated": msgspec.to_builtins(judged) if judged else None}


def _told(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(job)
    return found


def _report(report: Report | None) -> dict[str, Any]:
    """Raises: NotCompared."""
    if report is None:
        raise NotCompared("These have not been compared yet.", hint="Compare them first.")
    found: dict[str, Any] = msgspec.to_builtins(report)
    return found
