"""The learner: takes jobs and runs each in a process of its own.

Belongs here: that process from its start to its end, whatever ends it. Does not belong here: the
jobs' keys (`bot.learning.jobs`), or what a job does (its entry point, called by
`bot.learning.run_job`). The learner imports nothing heavy: it is one of the processes of `deskhand
up`, and may be killed at any moment. The kernel ends its jobs with it, and they count as failed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Final

from bot.child_log import ChildLog, explaining
from bot.children import Child, drain, ending, signal_group, spawn
from bot.errors import StoreUnavailable
from bot.learning.jobs import NICE, Job, Jobs

log = logging.getLogger(__name__)

#: Seconds between two looks for a job, and between two renewals of one at work.
LOOK_EVERY_S: Final = 0.5
#: Jobs at work at the same time; of different kinds, since there is one of a kind.
AT_ONCE: Final = 2


class Learner:
    """Runs jobs until it is cancelled.

    Args:
        root: of the project.
        logs: where each kind's `job-<kind>.log` is written.
    """

    def __init__(self, jobs: Jobs, root: Path, logs: Path) -> None:
        self._jobs = jobs
        self._root = root
        self._logs = logs
        self._at_work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """A Redis that is away for a while costs nothing but that while. There is one learner at a
        time, so what is at work when it begins was at work in one that is gone."""
        away, abandoned = False, False
        try:
            while True:
                try:
                    if not abandoned:
                        await self._jobs.abandon()
                        abandoned = True
                    await self._look()
                    away = False
                except StoreUnavailable as why:
                    if not away:
                        log.warning("no jobs are taken: %s", why.message)
                    away = True
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for task in self._at_work:
                task.cancel()
            await asyncio.gather(*self._at_work, return_exceptions=True)

    async def _look(self) -> None:
        while len(self._at_work) < AT_ONCE and (job := await self._jobs.take()) is not None:
            task = asyncio.create_task(self._do(job), name=job.id)
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)

    async def _do(self, job: Job) -> None:
        log.info("job %s begins, for %s", job.id, job.by)
        output = ChildLog(self._logs / f"job-{job.kind}.log", log.warning)
        child = Child(
            name=f"job-{job.kind}",
            argv=(
                *(sys.executable, "-m", "bot.learning.run_job"),
                *(job.id, self._jobs.kinds[job.kind].entry, str(self._root)),
            ),
            cwd=self._root,
            nice=NICE,
        )
        try:
            why = await self._life(job, child, output)
        except OSError as error:
            why = f"It cannot be started: {error.strerror or error}."
        finally:
            output.close()
        # A job that ended by itself has said how; then this changes nothing.
        await self._say(job, why, hint=f"Its log is {output.path}.")
        log.info("job %s has ended", job.id)

    async def _life(self, job: Job, child: Child, output: ChildLog) -> str | None:
        """Returns why it failed if it has not said so itself; None when it was cancelled."""
        process = await spawn(child)
        output.begin(f"job {job.id} started as pid {process.pid}")
        draining = asyncio.create_task(drain(process, output.write))
        gone = asyncio.create_task(process.wait())
        stopped = ""
        try:
            while not (await asyncio.wait({gone}, timeout=LOOK_EVERY_S))[0]:
                try:
                    stopped = await self._jobs.renew(job.id)
                except StoreUnavailable:
                    continue  # it goes on; who settles it meanwhile is obeyed afterwards
                if stopped:
                    break
        finally:
            signal_group(process.pid, signal.SIGKILL)
            await process.wait()
            await asyncio.wait({draining}, timeout=0.5)
            draining.cancel()
        if stopped == "cancel":
            return None
        said = explaining(output.lines())
        return f"Its process {_past(ending(process.returncode))}" + (
            f"; it said: {said}" if said else "."
        )

    async def _say(self, job: Job, why: str | None, hint: str) -> None:
        """Redis may be away just now, and must hear it all the same."""
        while True:
            try:
                if why is None:
                    await self._jobs.cancelled(job.id)
                else:
                    await self._jobs.failed(job.id, why, hint)
            except StoreUnavailable:
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return


def _past(words: str) -> str:
    """ "killed by SIGKILL" -> "was killed by SIGKILL"; "it ended ..." -> "ended ..."."""
    return words.removeprefix("it ") if words.startswith("it ") else f"was {words}"
