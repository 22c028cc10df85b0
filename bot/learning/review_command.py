"""`deskhand review` and `deskhand label`: the inbox in the terminal, and for scripts.

Belongs here: what the commands print. With `--json`, each line is one JSON object, with the shapes
of `bot.learning.review_shapes`. Does not belong here: what a decision means (`bot.learning.inbox`).
"""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import msgspec
from redis.asyncio import Redis

from bot import commands
from bot.errors import DeskhandError
from bot.events import Agent
from bot.known_intents import intents_of
from bot.learning.domain_edits import UnknownIntent
from bot.learning.inbox import Inbox
from bot.learning.jobs import Job, Jobs, JobState
from bot.learning.review_shapes import Cluster, Decided, Shown
from bot.router import Router
from bot.settings import Settings
from bot.store import Store

#: Seconds between two looks at a job.
LOOK_EVERY_S = 0.3

Lines = AsyncIterator[tuple[str, Any]]
"""Each line as people read it, and what it says as an object."""


class RefreshFailed(DeskhandError):
    code = "refresh_failed"


async def run(
    arguments: argparse.Namespace,
    redis: Redis[bytes],
    root: Path,
    settings: Settings,
    *,
    learner: bool,
    out: Callable[[str], None] = print,
) -> None:
    """Do what `arguments.review` says.

    Args:
        learner: whether `deskhand up` runs here, and takes jobs.

    Raises: what `Inbox` raises; RefreshFailed.
    """
    inbox = Inbox(redis, root, root / settings.var, help=root / settings.help)
    by = Agent(login=arguments.by, name=arguments.by)
    if arguments.review == "refresh":
        lines = _refresh(redis, root, settings, arguments.by, learner=learner)
    else:
        lines = COMMANDS[arguments.review](inbox, by, arguments)
    async for text, about in lines:
        out(msgspec.json.encode(about).decode() if arguments.json else text)


async def label(
    arguments: argparse.Namespace, redis: Redis[bytes], root: Path, settings: Settings
) -> tuple[str, dict[str, Any]]:
    """Say what a logged message should have been understood as, as agents do at their desks.

    Raises: UnknownIntent, UnknownConversation, IllegalMove."""
    known = intents_of((root / "domain.yml").read_text(encoding="utf-8"))
    if arguments.intent not in known and not arguments.new:
        raise UnknownIntent(
            f"There is no intent {arguments.intent}.",
            hint="With --new, it is proposed as a new one.",
        )
    store = Store(redis)
    await store.load(arguments.conversation)
    order = commands.Label(
        agent=Agent(login=arguments.by, name=arguments.by),
        of=arguments.seq,
        intent=arguments.intent,
        new=arguments.intent not in known,
    )
    done = await Router(store, greeting=settings.greeting).from_agent(
        arguments.conversation, order, client_id=f"cli-{secrets.token_hex(8)}"
    )
    told = {"conversation": arguments.conversation, "of": arguments.seq, "seq": done.seq}
    return f"Message {arguments.seq} of {arguments.conversation}: {arguments.intent}.", told


# ----------------------------------------------------------------------------------- what there is


async def _list(inbox: Inbox, by: Agent, arguments: argparse.Namespace) -> Lines:
    page = await inbox.page(by, count=arguments.count)
    if page.refreshed_at is None:
        yield "The inbox was never prepared: deskhand review refresh", {"refreshed_at": None}
        return
    head = f"{page.clusters} clusters, {page.messages} messages of {page.customers} customers"
    if not arguments.json:
        yield head, None
    for cluster in page.open:
        yield _line(cluster), cluster


def _line(cluster: Cluster) -> str:
    guess = cluster.suggestions[0] if cluster.suggestions else None
    like = f"{guess.intent} {guess.confidence:.2f}" if guess else "nothing known"
    flag = "*" if cluster.labelled else " "
    return f"{cluster.id:<14}{flag}{cluster.customers:>5} customers  {like:<28} {cluster.title}"


async def _show(inbox: Inbox, by: Agent, arguments: argparse.Namespace) -> Lines:
    after: int | None = 0
    first = True
    while after is not None:
        cluster, wordings, after = await inbox.cluster(arguments.cluster, after)
        if first:
            first = False
            yield _line(cluster), cluster
            for count in (*cluster.reasons, *cluster.afterwards):
                if not arguments.json:
                    yield f"  {count.messages:>5}  {count.words}", None
        for one in wordings:
            yield _wording(one), one


def _wording(one: Shown) -> str:
    said = f'  labelled "{one.label}" by {one.labelled_by}' if one.label else ""
    return f"  {one.id}  {one.messages:>4}  {one.text}{said}"


# ---------------------------------------------------------------------------------- what is decided


async def _accept(inbox: Inbox, by: Agent, arguments: argparse.Namespace) -> Lines:
    done = await inbox.accept(
        by,
        arguments.cluster,
        arguments.intent,
        wordings=arguments.only or None,
        answer=arguments.answer,
    )
    added = done.added
    yield (
        (
            f"{_said(done.decision)}; {len(added.trained)} to learn from, "
            f"{len(added.held_out)} held out to test with"
        ),
        {
            "decision": done.decision,
            "trained": len(added.trained),
            "held_out": len(added.held_out),
            "skipped": [{"text": o.example.text, "why": o.reason} for o in added.skipped],
        },
    )
    if not arguments.json:
        for one in added.skipped:
            yield f"  left out: {one.example.text} ({one.reason})", None


async def _ignore(inbox: Inbox, by: Agent, arguments: argparse.Namespace) -> Lines:
    done = await inbox.ignore(by, arguments.cluster, wordings=arguments.only or None)
    yield _said(done), {"decision": done}


async def _split(inbox: Inbox, by: Agent, arguments: argparse.Namespace) -> Lines:
    done, into = await inbox.split(by, arguments.cluster, arguments.wordings)
    yield f"{_said(done)}: {into}", {"decision": done, "cluster": into}


async def _merge(inbox: Inbox, by: Agent, arguments: argparse.Namespace) -> Lines:
    done, into = await inbox.merge(by, arguments.cluster, arguments.others)
    yield f"{_said(done)}: {into}", {"decision": done, "cluster": into}


async def _undo(inbox: Inbox, by: Agent, arguments: argparse.Namespace) -> Lines:
    done = await inbox.undo(by, arguments.decision)
    left = f". {done.left}" if done.left else ""
    yield f"Undone: {_said(done)}{left}", {"decision": done}


async def _decisions(inbox: Inbox, by: Agent, arguments: argparse.Namespace) -> Lines:
    decisions, _ = await inbox.decisions()
    for one in decisions:
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.at / 1000))
        undone = " (undone)" if one.undone else ""
        yield f"{_said(one)}  {day}  {one.by}{undone}  {one.title}", one


def _said(one: Decided) -> str:
    return f"{one.id}: {one.what}"


COMMANDS: Mapping[str, Callable[[Inbox, Agent, argparse.Namespace], Lines]] = {
    "list": _list,
    "show": _show,
    "accept": _accept,
    "ignore": _ignore,
    "split": _split,
    "merge": _merge,
    "undo": _undo,
    "decisions": _decisions,
}


# -------------------------------------------------------------------------------------- refreshing


async def _refresh(
    redis: Redis[bytes], root: Path, settings: Settings, by: str, *, learner: bool
) -> Lines:
    """By the learner if one runs, so that pages see it, too; else here."""
    if not learner:
        from bot.learning import review_job
        from bot.learning.run_job import Context

        async def quietly(words: str, fraction: float) -> None:
            pass

        job = Job(id="review-here", kind="review", by=by, asked=time.time_ns() // 1_000_000)
        result = await review_job.run(job, Context(settings, root, redis), quietly)
        yield _prepared(result), result
        return
    jobs = Jobs(redis)
    job = await jobs.submit("review", {}, by)
    told = ""
    while not job.state.ended:
        if job.progress and job.progress != told:
            told = job.progress
            yield f"{job.fraction:>4.0%}  {told}", {"progress": told, "fraction": job.fraction}
        await anyio.sleep(LOOK_EVERY_S)
        job = await jobs.get(job.id)
    if job.state is not JobState.DONE:
        raise RefreshFailed(job.error or "The job was cancelled.", hint=job.hint)
    yield _prepared(job.result), job.result


def _prepared(result: Mapping[str, Any]) -> str:
    left = f"; {result['left_out']} could not be redacted" if result["left_out"] else ""
    return (
        f"{result['messages']} messages, {result['wordings']} different ones, in "
        f"{result['clusters']} clusters{left}"
    )
