"""What the machine has to spare: real processes, and control groups written by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import machine
from tests.scripted_assistant import until

GB = 1024**3

#: Three threads that work for ever, and know each other's ids only from the kernel.
BUSY = """
import threading, time
for _ in range(2):
    threading.Thread(target=lambda: [time.sleep(0.001) for _ in iter(int, 1)], daemon=True).start()
print("busy", flush=True)
time.sleep(60)
"""


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process
        process.kill()


def policies(pid: int) -> set[int]:
    return {os.sched_getscheduler(int(thread)) for thread in os.listdir(f"/proc/{pid}/task")}


def autogroup(pid: int) -> str | None:
    """The nice value of its session; None where the kernel makes no groups of sessions."""
    path = Path(f"/proc/{pid}/autogroup")
    return path.read_text().split()[-1] if path.exists() else None


def test_who_goes_into_the_background_comes_back_with_all_threads(
    busy: subprocess.Popen[str],
) -> None:
    machine.into_background(busy.pid)
    assert busy.stdout
    assert busy.stdout.readline() == "busy\n"
    until(
        lambda: len(os.listdir(f"/proc/{busy.pid}/task")) == 3,
        within=120,
        what="the threads' start",
    )
    privileged = machine.may_come_back()  # in a container perhaps not
    assert policies(busy.pid) == {os.SCHED_IDLE if privileged else os.SCHED_OTHER}
    assert autogroup(busy.pid) in (None, "19"), "else it would weigh as much as any session"
    machine.into_foreground(busy.pid)
    assert policies(busy.pid) == {os.SCHED_OTHER}
    assert autogroup(busy.pid) in (None, "0")


def test_without_the_right_to_come_back_nothing_is_done_that_cannot_be_undone(
    busy: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "may_come_back", lambda: False)
    machine.into_background(busy.pid)
    assert policies(busy.pid) == {os.SCHED_OTHER}
    assert os.getpriority(os.PRIO_PROCESS, busy.pid) == os.getpriority(os.PRIO_PROCESS, 0)
    machine.into_foreground(busy.pid)
    assert autogroup(busy.pid) in (None, "0")


def test_a_process_that_is_gone_is_no_error() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    machine.into_background(gone.pid)
    machine.into_foreground(gone.pid)
    assert machine.memory_of(gone.pid) is None


def test_memory_is_what_the_kernel_says() -> None:
    available, ours = machine.memory_available(), machine.memory_of(os.getpid())
    assert available is not None
    assert ours is not None
    assert 5_000_000 < ours < 4 * GB
    assert available > 1_000_000


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("limit", "expected"), [(2 * GB, GB + 512), (64 * GB, 8 * GB)])
def test_a_container_s_limit_counts_when_it_is_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, limit: int, expected: int
) -> None:
    proc, cgroup = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable: {8 * GB // 1024} kB\n")
    if version == 2:
        group = cgroup / "desk"
        (proc / "self/cgroup").write_text("0::/desk\n")
        names = ("memory.max", "memory.current", "file")
    else:
        group = cgroup / "memory" / "desk"
        (proc / "self/cgroup").write_text("5:cpu,cpuacct:/desk\n4:memory:/desk\n0::/desk\n")
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache")
    group.mkdir(parents=True)
    (group / names[0]).write_text(f"{limit}\n")
    (group / names[1]).write_text(f"{GB}\n")
    (group / "memory.stat").write_text(f"anon 7\n{names[2]} 512\n")
    monkeypatch.setattr(machine, "PROC", proc)
    monkeypatch.setattr(machine, "CGROUP", cgroup)
    assert machine.memory_available() == expected


def test_where_nothing_is_known_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "PROC", tmp_path)
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert machine.memory_available() is None
    assert machine.memory_of(os.getpid()) is None
