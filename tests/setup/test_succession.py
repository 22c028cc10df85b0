"""One child takes another's place under the supervisor, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from bot.children import NotReady
from bot.errors import ProcessFailed
from bot.processes import State
from tests.polling import PATIENCE_S
from tests.setup.test_processes import alive, shell, supervising, until

LINES = "echo from $$; trap 'exit 0' TERM; while :; do sleep 0.01; done"


async def never() -> None:
    raise NotReady("loading")


async def test_the_heir_has_the_name_the_log_and_the_restarts_of_who_leaves(tmp_path: Path) -> None:
    async with supervising(tmp_path, shell(LINES, "assistant")) as (supervisor, told):
        await supervisor.ready("assistant")
        former = supervisor.pid("assistant")
        supervisor.start(shell(LINES, "candidate", one_life=True))
        await supervisor.ready("candidate")
        heir = supervisor.pid("candidate")
        assert former
        assert heir
        # Only what it says before it inherits belongs there; to be ready it need not have spoken.
        await until(lambda: f"from {heir}" in (tmp_path / "candidate.log").read_text())

        supervisor.succeed("assistant", "candidate", "leaving")
        assert (supervisor.pid("assistant"), supervisor.pid("leaving")) == (heir, former)
        assert supervisor.pid("candidate") is None
        assert [s.name for s in told.statuses[-2:]] == ["assistant", "leaving"]

        await supervisor.retire("leaving")
        assert supervisor.pid("leaving") is None
        assert not alive(former)
        assert alive(heir)

        os.kill(heir, signal.SIGKILL)
        await until(lambda: State.RESTARTING in told.states("assistant"))
        await until(lambda: told.states("assistant")[-1] is State.READY)
        assert State.RESTARTING not in told.states("candidate")
    log = (tmp_path / "assistant.log").read_text()
    assert f"from {former}" in log
    assert f"pid {heir} is assistant now" in log
    assert f"from {heir}" not in log, "what the heir said before is in the candidate's log"
    assert "goes on in assistant.log" in (tmp_path / "candidate.log").read_text()


async def test_a_succession_can_be_taken_back(tmp_path: Path) -> None:
    async with supervising(tmp_path, shell(LINES, "assistant")) as (supervisor, _):
        await supervisor.ready("assistant")
        former = supervisor.pid("assistant")
        supervisor.start(shell(LINES, "candidate", one_life=True))
        await supervisor.ready("candidate")
        supervisor.succeed("assistant", "candidate", "leaving")
        supervisor.succeed("assistant", "leaving", "candidate")
        assert supervisor.pid("assistant") == former
        await supervisor.retire("candidate")
        assert supervisor.pid("assistant") == former


async def test_one_that_has_one_life_is_not_restarted_and_says_why_it_died(tmp_path: Path) -> None:
    child = shell("echo 'Error: no such model'; exit 3", "candidate", probe=never, one_life=True)
    async with supervising(tmp_path, child) as (supervisor, told):
        with pytest.raises(ProcessFailed, match="no such model"):
            await supervisor.ready("candidate")
        assert "code 3" in await supervisor.death("candidate")
        assert told.states("candidate") == [State.STARTING, State.FAILED]


async def test_the_death_of_one_that_was_ready_is_told_too(tmp_path: Path) -> None:
    async with supervising(tmp_path, shell(LINES, "candidate", one_life=True)) as (supervisor, _):
        await supervisor.ready("candidate")
        dying = asyncio.create_task(supervisor.death("candidate"))
        os.kill(supervisor.pid("candidate") or 0, signal.SIGKILL)
        assert "SIGKILL" in await asyncio.wait_for(dying, PATIENCE_S)


async def test_nobody_who_is_not_ready_or_dead_succeeds(tmp_path: Path) -> None:
    async with supervising(tmp_path, shell(LINES, "assistant")) as (supervisor, _):
        await supervisor.ready("assistant")
        serving = supervisor.pid("assistant")
        supervisor.start(shell(LINES, "candidate", probe=never, one_life=True))
        await until(lambda: supervisor.pid("candidate"))
        with pytest.raises(ProcessFailed, match="candidate is no longer there"):
            supervisor.succeed("assistant", "candidate", "leaving")
        os.kill(supervisor.pid("candidate") or 0, signal.SIGKILL)
        await supervisor.death("candidate")
        with pytest.raises(ProcessFailed, match="candidate is no longer there"):
            supervisor.succeed("assistant", "candidate", "leaving")
        assert supervisor.pid("assistant") == serving


async def test_who_is_retired_may_start_again_and_who_is_unknown_needs_no_retiring(
    tmp_path: Path,
) -> None:
    async with supervising(tmp_path) as (supervisor, _):
        await supervisor.retire("candidate")
        for _ in range(2):
            supervisor.start(shell(LINES, "candidate", one_life=True))
            await supervisor.ready("candidate")
            await supervisor.retire("candidate")
        supervisor.start(shell(LINES, "candidate"))
        await supervisor.retire("candidate")  # perhaps before it was even started
        assert supervisor.pid("candidate") is None


async def test_the_status_of_who_dies_while_leaving_is_told_under_its_new_name(
    tmp_path: Path,
) -> None:
    async with supervising(tmp_path, shell(LINES, "assistant")) as (supervisor, told):
        await supervisor.ready("assistant")
        supervisor.start(shell(LINES, "candidate", one_life=True))
        await supervisor.ready("candidate")
        supervisor.succeed("assistant", "candidate", "leaving")
        os.kill(supervisor.pid("leaving") or 0, signal.SIGKILL)
        await until(lambda: State.RESTARTING in told.states("leaving"))
        assert told.states("assistant")[-1] is State.READY
