"""Jobs on a real Redis, done by a real learner in processes of their own, which are killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis

from bot.errors import JobRunning
from bot.learning.jobs import ALIVE, KINDS, LOST, NICE, Job, Jobs, JobState, Kind, UnknownJob
from bot.learning.learner import Learner
from bot.learning.run_job import _function
from tests.polling import soon

ROOT = Path(__file__).parents[2]

TESTED = {
    name: Kind(f"tests.learning.odd_jobs:{name}", words)
    for name, words in (
        ("add", "An addition"),
        ("hang", "A hanging"),
        ("refuse", "A refusal"),
        ("stumble", "A stumbling"),
        ("die", "A death"),
    )
}


@pytest.fixture
def jobs(redis: Redis[bytes]) -> Jobs:
    return Jobs(redis, TESTED)


@pytest.fixture
async def learner(
    jobs: Jobs, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[asyncio.Task[None]]:
    monkeypatch.setenv("REDIS_URL", redis_url)
    task = asyncio.create_task(Learner(jobs, ROOT, tmp_path).run())
    yield task
    # Again and again: one cancellation is lost when the client of Redis runs into its own timeout
    # at that moment, as it does on a machine that is very busy.
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)


async def ended(jobs: Jobs, id: str) -> Job:
    async def over() -> bool:
        return (await jobs.get(id)).state.ended

    await soon(over, within=150, what="the end of the job")
    return await jobs.get(id)


async def at_work(jobs: Jobs, job: Job, pids: Path) -> list[int]:
    async def hanging() -> bool:
        return (await jobs.get(job.id)).progress == "hanging"

    await soon(hanging, within=150, what="the beginning of the job")
    return [int(pid) for pid in pids.read_text().split()]


def gone(*pids: int) -> bool:
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return False
    return True


# ------------------------------------------------------------------------------------- moves


async def test_a_job_waits_until_it_is_taken_and_is_taken_once(jobs: Jobs) -> None:
    job = await jobs.submit("add", {"numbers": [1, 2]}, "anna")
    assert (job.state, job.by, job.args) == (JobState.QUEUED, "anna", {"numbers": [1, 2]})
    assert job.asked > 0
    taken = await jobs.take()
    assert taken is not None
    assert (taken.id, taken.state) == (job.id, JobState.RUNNING)
    assert await jobs.take() is None
    await jobs.progress(job.id, "half way", 7.0)
    assert (await jobs.get(job.id)).fraction == 1.0
    await jobs.done(job.id, {"sum": 3})
    done = await jobs.get(job.id)
    assert (done.state, done.result, done.error) == (JobState.DONE, {"sum": 3}, "")
    assert done.ended is not None
    assert done.began is not None
    assert job.asked <= done.began <= done.ended


async def test_a_second_one_of_a_kind_is_refused_and_told_who_was_first(jobs: Jobs) -> None:
    first = await jobs.submit("add", {"numbers": []}, "anna")
    with pytest.raises(JobRunning, match=r"An addition is at work already, for anna since \d\d:"):
        await jobs.submit("add", {"numbers": []}, "ben")
    await jobs.submit("hang", {}, "ben")  # another kind is another matter
    await jobs.take()
    with pytest.raises(JobRunning):
        await jobs.submit("add", {"numbers": []}, "ben")
    await jobs.failed(first.id, "no")
    assert (await jobs.submit("add", {"numbers": []}, "ben")).by == "ben"


async def test_of_many_who_ask_at_once_one_gets_it(jobs: Jobs) -> None:
    asked = [jobs.submit("add", {"numbers": []}, f"owner{n}") for n in range(20)]
    got = await asyncio.gather(*asked, return_exceptions=True)
    assert len([one for one in got if isinstance(one, Job)]) == 1
    assert len([one for one in got if isinstance(one, JobRunning)]) == 19


async def test_only_the_first_end_counts(jobs: Jobs) -> None:
    job = await jobs.submit("add", {}, "anna")
    await jobs.take()
    await jobs.done(job.id, {"sum": 1})
    await jobs.failed(job.id, "too late")
    await jobs.cancel(job.id)
    await jobs.progress(job.id, "too late", 0.1)
    found = await jobs.get(job.id)
    assert (found.state, found.error, found.fraction) == (JobState.DONE, "", 1.0)


async def test_a_queued_job_can_be_taken_back(jobs: Jobs) -> None:
    job = await jobs.submit("add", {}, "anna")
    assert (await jobs.cancel(job.id)).state is JobState.CANCELLED
    assert await jobs.take() is None
    await jobs.submit("add", {}, "ben")


async def test_a_job_whose_learner_is_gone_has_failed(jobs: Jobs, redis: Redis[bytes]) -> None:
    job = await jobs.submit("add", {}, "anna")
    await jobs.take()
    assert (await jobs.get(job.id)).state is JobState.RUNNING
    await redis.delete(ALIVE.format(job.id))  # as its time to live would
    again = await jobs.submit("add", {}, "ben")
    found = await jobs.get(job.id)
    assert (found.state, found.error) == (JobState.FAILED, LOST)
    assert again.state is JobState.QUEUED
    assert await jobs.renew(job.id) == "over"


async def test_the_latest_come_first(jobs: Jobs) -> None:
    for number in range(3):
        job = await jobs.submit("add", {"numbers": [number]}, "anna")
        await jobs.take()
        await jobs.done(job.id, {})
    assert [job.args["numbers"] for job in await jobs.recent(2)] == [[2], [1]]


async def test_what_never_was_is_unknown(jobs: Jobs) -> None:
    for ask in (jobs.get, jobs.cancel):
        with pytest.raises(UnknownJob, match="There is no job add-0"):
            await ask("add-0")
    with pytest.raises(KeyError, match="paint"):
        await jobs.submit("paint", {}, "anna")


@pytest.mark.parametrize("id", ["%2", "%", "..", "", "add-000000000000\n", "add-00000000000%1"])
async def test_an_id_that_no_job_can_have_gets_into_no_script(jobs: Jobs, id: str) -> None:
    """`%` means something where Lua replaces text, and made of it an error of ours."""
    for ask in (jobs.get, jobs.cancel):
        with pytest.raises(UnknownJob):
            await ask(id)


async def test_the_keys_beside_a_job_are_no_jobs(jobs: Jobs) -> None:
    job = await jobs.submit("add", {}, "anna")
    await jobs.take()
    for ask in (jobs.get, jobs.cancel):
        with pytest.raises(UnknownJob):
            await ask(f"{job.id}:alive")


def test_every_kind_has_an_entry_point() -> None:
    for kind in KINDS.values():
        assert asyncio.iscoroutinefunction(_function(kind.entry)), kind.entry


# ----------------------------------------------------------------------------------- processes


async def test_a_job_is_done_in_a_process_that_gives_way(
    jobs: Jobs, learner: asyncio.Task[None]
) -> None:
    job = await ended(jobs, (await jobs.submit("add", {"numbers": [1, 2]}, "anna")).id)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert job.result == {"sum": 3, "nice": NICE, "root": str(ROOT)}


@pytest.mark.parametrize(
    ("kind", "error", "hint"),
    [
        ("refuse", "domain.yml, line 2: it is broken.", "Mend it."),
        ("stumble", "A mistake of ours: KeyError, odd_jobs.py, line 39.", "job-stumble.log"),
        ("die", "Its process ended with code 3; it said: cannot allocate memory", "job-die.log"),
    ],
)
async def test_a_job_that_fails_says_why(
    jobs: Jobs, learner: asyncio.Task[None], kind: str, error: str, hint: str
) -> None:
    job = await ended(jobs, (await jobs.submit(kind, {}, "anna")).id)
    assert (job.state, job.error) == (JobState.FAILED, error)
    assert hint in job.hint
    await jobs.submit(kind, {}, "anna")


async def test_what_a_customer_wrote_is_not_told_by_a_mistake_of_ours(
    jobs: Jobs, learner: asyncio.Task[None], tmp_path: Path
) -> None:
    """An exception may quote what it stumbled over."""
    job = await ended(jobs, (await jobs.submit("stumble", {}, "anna")).id)
    log = (tmp_path / "job-stumble.log").read_text()
    assert "in stumble" in log
    assert "KeyError" in log
    for told in (job.error, job.hint, log):
        assert "my number is" not in told


async def test_a_killed_process_is_a_failed_job_and_the_learner_goes_on(
    jobs: Jobs, learner: asyncio.Task[None], tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    job = await jobs.submit("hang", {"pids": str(pids)}, "anna")
    own, child = await at_work(jobs, job, pids)
    os.kill(own, signal.SIGKILL)
    job = await ended(jobs, job.id)
    assert job.state is JobState.FAILED
    assert job.error.startswith("Its process was killed by SIGKILL")
    await soon(lambda: gone(own, child), within=150, what="the end of its children")
    added = await ended(jobs, (await jobs.submit("add", {"numbers": [5]}, "anna")).id)
    assert added.result["sum"] == 5


async def test_a_cancelled_job_is_stopped_with_its_children(
    jobs: Jobs, learner: asyncio.Task[None], tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    job = await jobs.submit("hang", {"pids": str(pids)}, "anna")
    processes = await at_work(jobs, job, pids)
    await jobs.cancel(job.id)
    assert (await ended(jobs, job.id)).state is JobState.CANCELLED
    assert gone(*processes)


@pytest.fixture
def another_learner(redis_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A learner in a process of its own, to be killed."""
    program = (
        "import asyncio, pathlib, sys; from bot.app import connect; "
        "from bot.learning.jobs import Jobs; from bot.learning.learner import Learner; "
        "from tests.learning.test_jobs import ROOT, TESTED; "
        "asyncio.run(Learner(Jobs(connect(sys.argv[1]), TESTED), ROOT, "
        "pathlib.Path(sys.argv[2])).run())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, redis_url, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "REDIS_URL": redis_url},
    )
    yield process
    process.kill()
    process.wait()


async def test_kill_9_of_the_learner_ends_its_jobs_and_the_next_one_says_so(
    jobs: Jobs,
    another_learner: subprocess.Popen[bytes],
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pids = tmp_path / "pids"
    job = await jobs.submit("hang", {"pids": str(pids)}, "anna")
    own, child = await at_work(jobs, job, pids)
    waiting = await jobs.submit("add", {"numbers": [4]}, "anna")
    await ended(jobs, waiting.id)
    another_learner.kill()
    another_learner.wait()
    await soon(lambda: gone(own), within=150, what="the end of the job's process")
    queued = await jobs.submit("add", {"numbers": [8]}, "anna")

    monkeypatch.setenv("REDIS_URL", redis_url)
    task = asyncio.create_task(Learner(jobs, ROOT, tmp_path).run())
    try:
        lost = await ended(jobs, job.id)
        assert (lost.state, lost.error) == (JobState.FAILED, LOST)
        assert (await ended(jobs, queued.id)).result["sum"] == 8, "what waited is done"
    finally:
        task.cancel()
        os.kill(child, signal.SIGKILL)
        with suppress(asyncio.CancelledError):
            await task
