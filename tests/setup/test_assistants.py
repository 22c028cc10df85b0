"""What stops a swap before anything has changed. The swap itself is in tests/e2e/test_swap.py."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import assistants as module
from bot import machine
from bot.assistant import HEALTH_S, HEALTH_WITHIN_S
from bot.assistants import CANDIDATE, SETTLING_S, Assistants, Step, Surroundings
from bot.errors import PromotionFailed
from bot.processes import Supervisor
from bot.smoke import Try
from bot.status_board import StatusBoard
from tests.setup.test_processes import until

MB = 1024**2
TRIES = (Try("hi there", "answer"),)


class Swap:
    """Assistants whose candidate never listens, and what was told."""

    def __init__(self, folder: Path, program: str = "import time; time.sleep(60)") -> None:
        self.out = io.StringIO()
        board = StatusBoard(self.out, {})
        self.supervisor = Supervisor(logs=folder, report=board.report, notice=board.say)
        self.assistants = Assistants(
            self.supervisor,
            board,
            Surroundings(cwd=folder, token="t", env={}, command=(sys.executable, "-c", program)),
            port=1,
            moved=self._moved,
            deadline=1.0,
        )
        self.steps: list[Step] = []
        self.addresses: list[str] = []

    async def _moved(self, url: str) -> None:
        self.addresses.append(url)

    async def _step(self, step: Step) -> None:
        self.steps.append(step)

    async def replace(self) -> None:
        await self.assistants.replace(
            Path("new.tar.gz"), TRIES, step=self._step, served=lambda: pytest.fail("it served")
        )


@asynccontextmanager
async def swapping(folder: Path) -> AsyncIterator[Swap]:
    swap = Swap(folder)
    try:
        yield swap
    finally:
        await swap.supervisor.stop()
    assert swap.addresses == []


async def test_with_too_little_memory_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "memory_available", lambda: 210 * MB)
    async with swapping(tmp_path) as swap:
        with pytest.raises(PromotionFailed) as failed:
            await swap.replace()
        assert "it takes about 770 MB, and 210 MB are left" in failed.value.message
        assert "stop Deskhand, promote" in failed.value.hint
        assert swap.steps == []
        assert swap.supervisor.pid(CANDIDATE) is None


async def test_what_the_one_that_serves_takes_is_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "memory_available", lambda: 210 * MB)
    monkeypatch.setattr(machine, "memory_of", lambda pid: 200 * MB)
    async with swapping(tmp_path) as swap:
        swap.assistants.start(Path("old.tar.gz"))
        await until(lambda: swap.supervisor.pid("assistant"))
        with pytest.raises(PromotionFailed, match="about 220 MB"):
            await swap.replace()


@pytest.mark.parametrize("available", [None, 64_000 * MB])
async def test_one_that_does_not_come_up_in_time_is_given_up_and_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, available: int | None
) -> None:
    monkeypatch.setattr(machine, "memory_available", lambda: available)
    monkeypatch.setattr(module, "LOADING_S", 0.3)
    async with swapping(tmp_path) as swap:
        with pytest.raises(PromotionFailed, match=r"not loaded within 0\.3 s"):
            await swap.replace()
        assert swap.steps == [Step.LOADING]
        assert swap.supervisor.pid(CANDIDATE) is None
        assert "candidate" not in swap.assistants._board._board


#: How many threads each of numpy's libraries would use.
COUNT_THREADS = """
import numpy, threadpoolctl
print("threads:", *(pool["num_threads"] for pool in threadpoolctl.threadpool_info()), flush=True)
"""


async def test_the_numerics_of_an_assistant_stay_in_one_thread(tmp_path: Path) -> None:
    swap = Swap(tmp_path, COUNT_THREADS)
    log = tmp_path / "assistant.log"

    def counted() -> re.Match[str] | None:
        """The whole line; it may come in pieces."""
        return re.search(r"^threads:(.*)\n", log.read_text(), re.MULTILINE)

    try:
        swap.assistants.start(Path("old.tar.gz"))
        await until(lambda: log.exists() and counted(), within=60)
    finally:
        await swap.supervisor.stop()
    found = counted()
    assert found
    assert set(found[1].split()) == {"1"}


def test_the_one_that_leaves_stays_until_every_gateway_must_have_looked() -> None:
    assert HEALTH_S + HEALTH_WITHIN_S < SETTLING_S
