"""The supervisor, with real processes: small shell scripts instead of Redis and Rasa."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.children import Child, NotReady
from bot.errors import ProcessFailed
from bot.processes import (
    FIRST_PORT,
    PORTS_HANDED_OUT,
    Pace,
    State,
    Status,
    Supervisor,
    free_ports,
    http_answers,
)
from tests.polling import PATIENCE_S

QUICK = Pace(
    first=0.02,
    ceiling=0.05,
    stable=30,
    probe_starting=0.01,
    probe_ready=0.02,
    probe_timeout=1,
    grace=0.3,
    failures=3,
)


def shell(script: str, name: str = "stub", **more: object) -> Child:
    return Child(name=name, argv=("/bin/sh", "-c", script), **more)  # type: ignore[arg-type]


class Told:
    """What the supervisor said."""

    def __init__(self) -> None:
        self.statuses: list[Status] = []
        self.notices: list[str] = []

    def states(self, name: str = "stub") -> list[State]:
        return [status.state for status in self.statuses if status.name == name]

    def last(self, state: State) -> Status:
        return [status for status in self.statuses if status.state is state][-1]


@asynccontextmanager
async def supervising(
    logs: Path, *children: Child, pace: Pace = QUICK
) -> AsyncIterator[tuple[Supervisor, Told]]:
    told = Told()
    supervisor = Supervisor(
        logs=logs, report=told.statuses.append, notice=told.notices.append, pace=pace
    )
    for child in children:
        supervisor.start(child)
    try:
        yield supervisor, told
    finally:
        await supervisor.stop()


async def until(true: Callable[[], object], within: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)


def test_a_free_port_is_none_that_the_system_gives_to_anybody() -> None:
    ports = free_ports(200)
    assert len(set(ports)) == 200
    first = int(PORTS_HANDED_OUT.read_text().split()[0]) if PORTS_HANDED_OUT.exists() else 0
    assert first <= FIRST_PORT + 1_000 or all(FIRST_PORT <= port < first for port in ports)


def alive(pid: int) -> bool:
    """Running, and not merely waiting to be reaped by somebody else."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def written(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def test_a_child_that_dies_is_restarted_and_the_status_says_why(tmp_path: Path) -> None:
    child = shell("echo starting; echo 'Error: no such model' >&2; echo bye; exit 3")
    async with supervising(tmp_path, child) as (_, told):
        await until(lambda: told.states().count(State.STARTING) >= 2)
        detail = told.last(State.RESTARTING).detail
        assert "code 3" in detail
        assert "Error: no such model" in detail
    assert told.states()[-1] is State.STOPPED


async def test_a_killed_child_is_restarted_and_ready_again(tmp_path: Path) -> None:
    async with supervising(tmp_path, shell("exec sleep 60")) as (supervisor, told):
        await supervisor.ready("stub")
        pid = supervisor.pid("stub")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: told.states().count(State.READY) == 2)
        assert "SIGKILL" in told.last(State.RESTARTING).detail
        assert supervisor.pid("stub") != pid


def test_the_delay_doubles_up_to_its_ceiling() -> None:
    pace = Pace(first=1, ceiling=30)
    assert [pace.delay(deaths) for deaths in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert pace.delay(10_000) == 30


async def test_the_delay_starts_anew_after_a_stable_time(tmp_path: Path) -> None:
    pace = Pace(first=0.01, ceiling=60, stable=0, probe_starting=0.01, grace=0.3)
    async with supervising(tmp_path, shell("exit 1"), pace=pace) as (_, told):
        # Without a new start, the fifteenth death alone would cost more than a minute.
        await until(lambda: told.states().count(State.STARTING) >= 15)


async def test_a_child_that_never_gets_ready_is_called_failed_and_still_retried(
    tmp_path: Path,
) -> None:
    async def probe() -> None:
        raise NotReady("never")

    child = shell("echo out of memory; exit 1", probe=probe)
    async with supervising(tmp_path, child) as (supervisor, told):
        with pytest.raises(ProcessFailed, match="out of memory") as failure:
            await supervisor.ready("stub")
        assert "stub.log" in failure.value.hint
        before = told.states().count(State.STARTING)
        await until(lambda: told.states().count(State.STARTING) > before)
        assert State.FAILED in told.states()


async def test_a_missing_program_is_named(tmp_path: Path) -> None:
    child = Child(name="stub", argv=("/nowhere/redis-server",))
    async with supervising(tmp_path, child) as (supervisor, _):
        with pytest.raises(ProcessFailed, match="/nowhere/redis-server"):
            await supervisor.ready("stub")


async def test_a_child_is_ready_when_its_probe_says_so(tmp_path: Path) -> None:
    answers = asyncio.Event()

    async def probe() -> None:
        if not answers.is_set():
            raise NotReady("loading")

    async with supervising(tmp_path, shell("exec sleep 60", probe=probe)) as (supervisor, told):
        await until(lambda: told.states() == [State.STARTING])
        answers.set()
        await supervisor.ready("stub")
        assert told.states() == [State.STARTING, State.READY]
        answers.clear()
        await until(lambda: told.states()[-1] is State.SILENT)
        assert told.last(State.SILENT).detail == "loading"
        answers.set()
        await until(lambda: told.states()[-1] is State.READY)


async def test_a_child_that_hangs_is_restarted_when_patience_ends(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    hung = False

    async def probe() -> None:
        if hung:
            await http_answers(port, "/")  # nobody listens there

    child = shell("exec sleep 60", probe=probe, patience=0.1)
    async with supervising(tmp_path, child) as (supervisor, told):
        await supervisor.ready("stub")
        hung = True
        await until(lambda: State.RESTARTING in told.states())
        assert "did not answer" in told.last(State.RESTARTING).detail


async def test_one_that_says_not_now_is_not_restarted(tmp_path: Path) -> None:
    refusals = 0

    async def probe() -> None:
        nonlocal refusals
        if supervisor.pid("stub") and State.READY in told.states():
            refusals += 1
            raise NotReady("it answers 503")

    child = shell("exec sleep 60", probe=probe, patience=0.05)
    async with supervising(tmp_path, child) as (supervisor, told):
        await until(lambda: refusals > 20)
        assert State.RESTARTING not in told.states()


async def test_stopping_ends_stubborn_children_and_grandchildren_in_time(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 61 & echo $$ $! > {pids}; while :; do sleep 62; done"
    async with supervising(tmp_path, shell(script)) as (supervisor, _):
        await until(lambda: len(written(pids).split()) == 2)
        began = time.monotonic()
        await supervisor.stop()
        assert time.monotonic() - began < 30, "a minute, had it waited for them"
    await until(lambda: not [pid for pid in map(int, written(pids).split()) if alive(pid)])


async def test_a_stopped_process_is_ended_too(tmp_path: Path) -> None:
    async with supervising(tmp_path, shell("exec sleep 60")) as (supervisor, _):
        await supervisor.ready("stub")
        pid = supervisor.pid("stub")
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        await supervisor.stop()
        assert not alive(pid)


async def test_what_a_dead_child_left_behind_is_gone_before_the_next_one(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    async with supervising(tmp_path, shell(f"sleep 63 & echo $! >> {pids}; exit 1")):
        await until(lambda: len(written(pids).split()) >= 3)
        first, second, *_ = map(int, written(pids).split())
        await until(lambda: not alive(first) and not alive(second))


async def test_the_last_to_stop_sees_the_others_gone(tmp_path: Path) -> None:
    ends = tmp_path / "ends"

    def child(name: str, order: int) -> Child:
        # Readiness is the trap being set, or TERM could come before it.
        async def trapped() -> None:
            if not (tmp_path / name).exists():
                raise NotReady("no trap yet")

        script = (
            f"trap 'echo {name} >> {ends}; exit 0' TERM; touch {tmp_path / name}; "
            "while :; do sleep 0.01; done"
        )
        return shell(script, name=name, stop_order=order, probe=trapped)

    async with supervising(tmp_path, child("base", 1), child("user", 0)) as (supervisor, _):
        await supervisor.ready("base")
        await supervisor.ready("user")
    assert written(ends).split() == ["user", "base"]


def test_kill_9_of_the_supervisor_leaves_no_child(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = f"""
import asyncio, pathlib
from bot.children import Child
from bot.processes import Supervisor

async def main():
    supervisor = Supervisor(
        logs=pathlib.Path({str(tmp_path)!r}), report=lambda _: None, notice=lambda _: None
    )
    for name in ("one", "two"):
        script = "trap '' TERM; echo $$ >> {pids}; while :; do sleep 0.05; done"
        supervisor.start(Child(name=name, argv=("/bin/sh", "-c", script)))
    await asyncio.sleep(60)

asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program])
    try:
        _wait(lambda: len(written(pids).split()) == 2)
    finally:
        parent.kill()
        parent.wait()
    children = [int(pid) for pid in written(pids).split()]
    _wait(lambda: not [pid for pid in children if alive(pid)])


def _wait(true: Callable[[], bool], within: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


async def test_a_full_disk_costs_log_lines_and_not_the_service(tmp_path: Path) -> None:
    (tmp_path / "stub.log").symlink_to("/dev/full")
    count = tmp_path / "count"
    script = f"head -c 1000000 /dev/zero; while :; do echo line; echo x >> {count}; done"
    async with supervising(tmp_path, shell(script)) as (supervisor, told):
        await supervisor.ready("stub")
        pid = supervisor.pid("stub")
        await until(lambda: told.notices)
        # Far more than fits into a pipe that nobody drains.
        await until(lambda: written(count).count("x") >= 200)
        assert supervisor.pid("stub") == pid
    assert len(told.notices) == 1
    assert "stub.log cannot be written" in told.notices[0]
    assert "No space left" in told.notices[0]


async def test_a_log_directory_that_cannot_be_made_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where the directory should be")
    child = shell("echo 'Error: boom'; exit 1")
    async with supervising(tmp_path / "log", child) as (_, told):
        await until(lambda: told.states().count(State.STARTING) >= 3)
    assert len(told.notices) == 1
    assert "Error: boom" in told.last(State.RESTARTING).detail


async def test_a_http_probe_wants_200(tmp_path: Path) -> None:
    status = "200 OK"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head.decode())
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    seen: list[str] = []
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        await http_answers(port, "/health", token="t0ken")
        assert "GET /health " in seen[0]
        assert "Bearer t0ken" in seen[0]
        status = "503 Busy"
        with pytest.raises(NotReady, match="503"):
            await http_answers(port, "/health")


def test_a_child_needs_a_name_that_can_name_its_log() -> None:
    with pytest.raises(ValueError, match="name of a process"):
        Child(name="../etc", argv=("true",))
