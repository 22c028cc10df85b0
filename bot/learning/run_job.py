"""One job's process: `python -m bot.learning.run_job ID ENTRY ROOT`, started by the learner.

Belongs here: what every job gets (`Context`), and telling Redis how it goes and ends. Does not
belong here: what a job does. An entry point is `async def run(job, context, progress) -> dict`;
what it returns is the job's result, a `DeskhandError` that it raises is shown to who asked, and
anything else is a mistake of ours: what and where it was is shown, and stands in the job's log. Not
what it says: that may quote what a customer wrote.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis

from bot.app import connect
from bot.errors import DeskhandError
from bot.learning.jobs import Job, Jobs
from bot.settings import Settings

#: Tells how far the job is: words, and what share of it is done (0 to 1).
Progress = Callable[[str, float], Awaitable[None]]

#: Tells which part of a job that has several begins.
Step = Callable[[str], Awaitable[None]]

#: Seconds between two reports of progress; what is said in between is left out.
REPORT_EVERY_S: Final = 0.2


async def _untold(name: str) -> None:
    """For work that nobody watches step by step."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a job works with. `root` is the project's, `var` what is written at run time."""

    settings: Settings
    root: Path
    redis: Redis[bytes]
    step: Step = _untold

    @property
    def var(self) -> Path:
        return (self.root / self.settings.var).resolve()


Entry = Callable[[Job, Context, Progress], Awaitable[Mapping[str, Any]]]


async def run(id: str, entry: str, root: Path, environ: Mapping[str, str]) -> None:
    """Run one job that was taken, and note its end."""
    settings = Settings.from_environment(environ)
    redis = connect(settings.redis_url.reveal())
    jobs = Jobs(redis)
    try:
        job = await jobs.get(id)
        try:
            context = Context(settings, root, redis, partial(jobs.step, id))
            result = await _function(entry)(job, context, _reporting(jobs, id))
        except DeskhandError as why:
            await jobs.failed(id, why.message, why.hint)
        except Exception as why:
            # The outermost edge of the job: whatever ended it, it must not be taken for at work.
            # The error's words may hold a customer's; where it was is enough to find the mistake.
            place = _place(why)
            traceback.print_tb(why.__traceback__)
            sys.stderr.write(f"{type(why).__name__}, {place}\n")
            await jobs.failed(
                id,
                f"A mistake of ours: {type(why).__name__}, {place}.",
                f"Where it happened is in var/log/job-{job.kind}.log.",
            )
        else:
            await jobs.done(id, result)
    finally:
        await redis.close(close_connection_pool=True)


def _place(why: BaseException) -> str:
    """Where it was raised: "wordings.py, line 12"."""
    frame = traceback.extract_tb(why.__traceback__)[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}"


def _function(entry: str) -> Entry:
    module, _, name = entry.partition(":")
    found: Entry = getattr(importlib.import_module(module), name)
    return found


def _reporting(jobs: Jobs, id: str) -> Progress:
    last = ("", 0.0, 0.0)

    async def progress(words: str, fraction: float) -> None:
        nonlocal last
        now = time.monotonic()
        if words == last[0] and now - last[2] < REPORT_EVERY_S:
            return
        last = (words, fraction, now)
        await jobs.progress(id, words, fraction)

    return progress


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), os.environ))
