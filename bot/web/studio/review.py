"""The review inbox for the page `#/review`: what is waiting, and what owners decide.

Shapes in capitals are the records of `bot.learning.review_shapes`; `wordings` are ids of `Shown`.

GET  /api/studio/review?cursor=&count=30
     `InboxPage`, and beside it {intents: [name],
     job: null | {id, state, progress, fraction, began}}
GET  /api/studio/review/decisions?before=     {decisions: [Decided], next}, newest first
GET  /api/studio/review/{cluster}?after=0     {cluster: Cluster, wordings: [Shown], next}
POST /api/studio/review/{cluster}/accept      {intent, seen | wordings, answer?}
     -> {decision: Decided, trained, held_out, skipped: [{text, why}]}
POST /api/studio/review/{cluster}/ignore      {seen | wordings} -> {decision}
POST /api/studio/review/{cluster}/page        {seen, page, title, text, asked: [..]} -> {decision}
POST /api/studio/review/{cluster}/split       {wordings} -> {decision, cluster}
POST /api/studio/review/{cluster}/merge       {with: [cluster]} -> {decision, cluster}
POST /api/studio/review/undo                  {decision?} -> {decision}
POST /api/studio/review/refresh               -> {job: {id}}, 202

docs/review-inbox.md has the errors. Belongs here: requests and answers. Does not belong here: what
a decision means (`bot.learning.inbox`).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.events import INTENT_AT_MOST
from bot.learning.inbox import Inbox
from bot.learning.jobs import Jobs
from bot.learning.wordings import KEY_LENGTH
from bot.web import wire
from bot.web.guard import OwnerOf, private

#: The kind of job that prepares the inbox.
REVIEW = "review"

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Key = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{KEY_LENGTH}}}$")]
#: Wordings in one order: what a request of 64 kB holds.
Keys = Annotated[tuple[Key, ...], msgspec.Meta(min_length=1, max_length=2_500)]

Question = Annotated[str, msgspec.Meta(min_length=1, max_length=400, pattern=r"^[^\r\n]+$")]


class _About(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision is about: the whole cluster as it was `seen`, or some of its wordings."""

    seen: Id | None = None
    wordings: Keys | None = None

    def __post_init__(self) -> None:
        if (self.seen is None) == (self.wordings is None):
            raise ValueError("either `seen` (of the whole cluster) or `wordings` is needed")


class _Accept(_About, frozen=True, kw_only=True):
    intent: Annotated[str, msgspec.Meta(min_length=1, max_length=INTENT_AT_MOST)]
    answer: Annotated[str, msgspec.Meta(max_length=4_000)] | None = None


class _Page(msgspec.Struct, frozen=True):
    """A new help page: its name in addresses, and what is on it. `asked`: questions that it
    answers, as customers ask them."""

    seen: Id
    page: Id
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\r\n]+$")]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=50_000)]
    asked: Annotated[tuple[Question, ...], msgspec.Meta(max_length=50)] = ()

    def as_file(self) -> str:
        """The page's Markdown."""
        asked = "".join(f"  - {json.dumps(one, ensure_ascii=False)}\n" for one in self.asked)
        head = f"---\nasked:\n{asked}---\n\n" if asked else ""
        return f"{head}# {self.title.strip()}\n\n{self.text.strip()}\n"


class _Split(msgspec.Struct, frozen=True):
    wordings: Keys


class _Merge(msgspec.Struct, frozen=True):
    others: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=50)] = msgspec.field(
        name="with"
    )


class _Undo(msgspec.Struct, frozen=True):
    decision: int | None = None


class ReviewPages:
    """The routes. `intents` gives the names of all that the assistant knows."""

    def __init__(
        self,
        inbox: Inbox,
        jobs: Jobs,
        *,
        intents: Callable[[], Awaitable[tuple[str, ...]]],
    ) -> None:
        self._inbox = inbox
        self._jobs = jobs
        self._intents = intents

    def routes(self, owner: OwnerOf) -> list[Route]:
        self._owner = owner
        base, get, post = "/api/studio/review", ["GET"], ["POST"]
        return [
            Route(base, self.page, methods=get),
            Route(base + "/decisions", self.decisions, methods=get),
            Route(base + "/undo", self.undo, methods=post),
            Route(base + "/refresh", self.refresh, methods=post),
            Route(base + "/{cluster}", self.cluster, methods=get),
            Route(base + "/{cluster}/accept", self.accept, methods=post),
            Route(base + "/{cluster}/ignore", self.ignore, methods=post),
            Route(base + "/{cluster}/page", self.add_page, methods=post),
            Route(base + "/{cluster}/split", self.split, methods=post),
            Route(base + "/{cluster}/merge", self.merge, methods=post),
        ]

    async def page(self, request: Request) -> Response:
        by = await self._owner(request)
        cursor = request.query_params.get("cursor") or None
        page = await self._inbox.page(by, cursor, _number(request, "count", 30))
        found: dict[str, Any] = msgspec.to_builtins(page)
        return private({**found, "intents": await self._intents(), "job": await self._at_work()})

    async def _at_work(self) -> dict[str, Any] | None:
        for job in await self._jobs.recent():
            if job.kind == REVIEW and not job.state.ended:
                return {
                    "id": job.id,
                    "state": job.state.value,
                    "progress": job.progress,
                    "fraction": job.fraction,
                    "began": job.began,
                }
        return None

    async def cluster(self, request: Request) -> Response:
        await self._owner(request)
        id = request.path_params["cluster"]
        cluster, wordings, more = await self._inbox.cluster(id, _number(request, "after", 0))
        return private(
            msgspec.to_builtins({"cluster": cluster, "wordings": wordings, "next": more})
        )

    async def decisions(self, request: Request) -> Response:
        await self._owner(request)
        before = _number(request, "before", 0) or None
        decisions, more = await self._inbox.decisions(before)
        return private(msgspec.to_builtins({"decisions": decisions, "next": more}))

    async def accept(self, request: Request) -> Response:
        by = await self._owner(request)
        order = await wire.body(request, _Accept)
        done = await self._inbox.accept(
            by,
            request.path_params["cluster"],
            order.intent,
            seen=order.seen,
            wordings=order.wordings,
            answer=order.answer,
        )
        return private(
            {
                "decision": msgspec.to_builtins(done.decision),
                "trained": len(done.added.trained),
                "held_out": len(done.added.held_out),
                "skipped": [
                    {"text": one.example.text, "why": one.reason} for one in done.added.skipped
                ],
            }
        )

    async def ignore(self, request: Request) -> Response:
        by = await self._owner(request)
        order = await wire.body(request, _About)
        decided = await self._inbox.ignore(
            by, request.path_params["cluster"], seen=order.seen, wordings=order.wordings
        )
        return private({"decision": msgspec.to_builtins(decided)})

    async def add_page(self, request: Request) -> Response:
        by = await self._owner(request)
        order = await wire.body(request, _Page)
        decided = await self._inbox.answered_by_page(
            by,
            request.path_params["cluster"],
            order.page,
            text=order.as_file(),
            seen=order.seen,
        )
        return private({"decision": msgspec.to_builtins(decided)})

    async def split(self, request: Request) -> Response:
        by = await self._owner(request)
        order = await wire.body(request, _Split)
        cluster = request.path_params["cluster"]
        decided, into = await self._inbox.split(by, cluster, order.wordings)
        return private({"decision": msgspec.to_builtins(decided), "cluster": into})

    async def merge(self, request: Request) -> Response:
        by = await self._owner(request)
        order = await wire.body(request, _Merge)
        cluster = request.path_params["cluster"]
        decided, into = await self._inbox.merge(by, cluster, order.others)
        return private({"decision": msgspec.to_builtins(decided), "cluster": into})

    async def undo(self, request: Request) -> Response:
        by = await self._owner(request)
        order = await wire.body(request, _Undo)
        decided = await self._inbox.undo(by, order.decision)
        return private({"decision": msgspec.to_builtins(decided)})

    async def refresh(self, request: Request) -> Response:
        by = await self._owner(request)
        job = await self._jobs.submit(REVIEW, {}, by.login)
        return private({"job": {"id": job.id}}, 202)


def _number(request: Request, name: str, default: int) -> int:
    raw = request.query_params.get(name) or str(default)
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise wire.BadRequest(f"`{name}` is a whole number.")
    return int(raw)
