"""One child process: what it is told, how it is started, and that it ends with us.

Belongs here: what is true of any process that we start, kept alive or not. Does not belong here:
keeping one alive (`bot.processes`), or which there are (`bot.up`).

A child leads its own process group, so that its children are stopped with it, and on Linux the
kernel kills it when we die, however we die. Its output comes through a pipe that is always
drained: a log that cannot be written costs log lines, never the service.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot import machine
from bot.child_log import ChildLog

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class NotReady(Exception):
    """A probe's answer: it runs, but not yet (or no longer) usefully. Says why."""


#: Returns when the child does its work; raises `NotReady` or `OSError` when it does not.
Probe = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to keep alive. All times in seconds."""

    name: str
    argv: tuple[str, ...]
    #: Shown to people, without secrets.
    address: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    probe: Probe | None = None
    #: Descriptors that it inherits.
    pass_fds: tuple[int, ...] = ()
    #: Sent by the kernel when we die. SIGKILL, unless it has something to finish.
    death_signal: signal.Signals = signal.SIGKILL
    #: Restarted when its probe has failed this long after it was ready; None: never for that.
    patience: float | None = 60.0
    #: Stopped after all that have a lower number are gone.
    stop_order: int = 0
    #: How much it gives way to others (0 to 19).
    nice: int = 0
    #: Not restarted: its first death is its end.
    one_life: bool = False
    #: Started so that it takes only what others leave of the processors (`bot.machine`).
    in_background: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.name):
            raise ValueError(f"{self.name!r} cannot be the name of a process and of its log")
        if not self.argv:
            raise ValueError(f"{self.name} has no command")


async def spawn(child: Child) -> asyncio.subprocess.Process:
    """Start a child in a group of its own, with its output in a pipe.

    Must be called on the main thread: the kernel takes the *thread's* end for our death.
    """
    birth = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *child.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **child.env},
            cwd=child.cwd,
            pass_fds=child.pass_fds,
            start_new_session=True,
            preexec_fn=dies_with_parent(child.death_signal),
        )
    )
    try:
        process = await asyncio.shield(birth)
    except asyncio.CancelledError:
        # It runs already, or will in a moment, and only we know of it.
        with suppress(OSError):
            process = await birth
            signal_group(process.pid, signal.SIGKILL)
            await process.wait()
        raise
    if child.in_background:
        machine.into_background(process.pid)
    if child.nice:
        _give_way(process.pid, child.nice)
    return process


async def drain(process: asyncio.subprocess.Process, write: Callable[[bytes], object]) -> None:
    """Move the child's output to its log until the pipe is closed at the other end."""
    while process.stdout and (data := await process.stdout.read(65536)):
        write(data)


async def run_to_its_end(child: Child, log: ChildLog, tell: Callable[[str], None]) -> int:
    """Run a child that is not kept alive; its group is killed if we are cancelled meanwhile.

    Args:
        tell: called with each line that it writes.

    Returns:
        Its exit code.

    Raises:
        OSError: it cannot be started.
    """
    process = await spawn(child)
    log.begin(f"started as pid {process.pid}")
    try:
        while process.stdout and (data := await process.stdout.read(65536)):
            for line in log.write(data):
                tell(line)
        return await process.wait()
    finally:
        signal_group(process.pid, signal.SIGKILL)
        await process.wait()


def dies_with_parent(death: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `death` to the child when its parent dies (Linux only).

    What runs between fork and exec is two system calls through objects that exist already.
    """
    parent = os.getpid()

    def between_fork_and_exec() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(death), 0, 0, 0)
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return between_fork_and_exec


def _give_way(pid: int, nice: int) -> None:
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    # A session of its own is a scheduling group of its own, within which alone the above counts.
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a child and to all that it has started; fine when they are gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def ending(returncode: int | None) -> str:
    """How a process ended, in words."""
    if returncode is None or returncode == 0:
        return "it ended by itself"
    if returncode < 0:
        with suppress(ValueError):
            return f"killed by {signal.Signals(-returncode).name}"
    return f"it ended with code {returncode}"
