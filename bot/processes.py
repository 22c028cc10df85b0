"""Keeping child processes alive: start, watch, restart, stop, without leaving one behind.

Belongs here: what is true of any child process (its group, its log, its restarts, its status).
Does not belong here: which processes Deskhand has (`bot.up`) or how a status looks on a terminal
(`bot.status_board`).

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
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from bot.child_log import ChildLog, explaining
from bot.errors import ProcessFailed

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class NotReady(Exception):
    """A probe's answer: it runs, but not yet (or no longer) usefully. Says why."""


#: Returns when the child does its work; raises `NotReady` or `OSError` when it does not.
Probe = Callable[[], Awaitable[None]]


class State(str, Enum):
    WAITING = "waiting"  #: for something that comes first
    STARTING = "starting"
    READY = "ready"
    SILENT = "not answering"  #: it runs, but its probe fails
    RESTARTING = "restarting"
    FAILED = "failed"  #: dies again and again, or could not be started; still retried
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of one process. `detail` is one line for people."""

    name: str
    state: State
    address: str = ""
    detail: str = ""


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

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.name):
            raise ValueError(f"{self.name!r} cannot be the name of a process and of its log")
        if not self.argv:
            raise ValueError(f"{self.name} has no command")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patiently children are restarted, probed and stopped. In seconds."""

    first: float = 1.0
    ceiling: float = 30.0
    #: A child that was ready this long starts again with `first`.
    stable: float = 60.0
    probe_starting: float = 0.2
    probe_ready: float = 5.0
    probe_timeout: float = 4.0
    #: Per stop order: TERM, then this long, then KILL.
    grace: float = 2.0
    #: So many deaths in a row without being ready are called a failure.
    failures: int = 4

    def delay(self, deaths: int) -> float:
        """Before the restart after `deaths` deaths in a row (1, 2, ...)."""
        return float(min(self.ceiling, self.first * 2 ** min(deaths - 1, 30)))


# ------------------------------------------------------------------------------------- children


@dataclass(slots=True)
class _Running:
    """One life of a child. `ready_at` is on the monotonic clock; None: not ready so far."""

    child: Child
    process: asyncio.subprocess.Process
    drain: asyncio.Task[None]
    ready_at: float | None = None


class Supervisor:
    """Keeps children alive until `stop`.

    Args:
        logs: directory for `<name>.log`; created when possible.
        report: called with each change of a child's status.
        notice: called with a line for people that belongs to no status.
    """

    def __init__(
        self,
        *,
        logs: Path,
        report: Callable[[Status], None],
        notice: Callable[[str], None],
        pace: Pace | None = None,
    ) -> None:
        self._logs = logs
        self._report = report
        self._notice = notice
        self._pace = pace or Pace()
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._children: dict[str, Child] = {}
        self._first: dict[str, asyncio.Future[None]] = {}
        self._running: dict[str, _Running] = {}
        self._stopping = False

    def start(self, child: Child) -> None:
        """Start keeping `child` alive; returns at once."""
        if child.name in self._keepers:
            raise ValueError(f"{child.name} is kept already")
        if self._stopping:
            raise ProcessFailed(f"{child.name} cannot be started: we are stopping.")
        self._children[child.name] = child
        self._first[child.name] = asyncio.get_running_loop().create_future()
        self._keepers[child.name] = asyncio.create_task(self._keep(child), name=child.name)

    async def ready(self, name: str) -> None:
        """Wait until a child has been ready for the first time.

        Raises:
            ProcessFailed: it died `Pace.failures` times in a row before that, and why.
        """
        await asyncio.shield(self._first[name])

    def pid(self, name: str) -> int | None:
        """Of the running process; None while there is none."""
        running = self._running.get(name)
        return running.process.pid if running else None

    async def stop(self) -> None:
        """Stop all children and their children: TERM, a grace, KILL; by ascending stop order."""
        self._stopping = True
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        for order in sorted({child.stop_order for child in self._children.values()}):
            ours = [run for run in self._running.values() if run.child.stop_order == order]
            await asyncio.gather(*(self._end(run) for run in ours))
        for child in self._children.values():
            self._report(Status(child.name, State.STOPPED, child.address))

    def kill(self) -> None:
        """KILL everything now and wait for nothing: for the second Ctrl-C."""
        for run in self._running.values():
            signal_group(run.process.pid, signal.SIGKILL)

    # ---- one child

    async def _keep(self, child: Child) -> None:
        first = self._first[child.name]
        log = ChildLog(self._logs / f"{child.name}.log", self._notice)
        deaths = 0
        while True:
            self._report(Status(child.name, State.STARTING, child.address))
            reason, ready_s = await self._one_life(child, log)
            deaths = 1 if ready_s >= self._pace.stable else deaths + 1
            delay = self._pace.delay(deaths)
            state = State.RESTARTING
            if not ready_s and deaths >= self._pace.failures:
                state = State.FAILED
                if not first.done():
                    first.set_exception(
                        ProcessFailed(
                            f"{child.name} does not start: {reason}",
                            hint=f"Its log is {log.path}.",
                        )
                    )
                    first.exception()  # perhaps nobody waits for it: not worth a warning
            log.remark(f"{reason} (again in {delay:.1f} s)")
            detail = f"in {delay:.0f} s: {reason}"
            self._report(Status(child.name, state, child.address, detail))
            await asyncio.sleep(delay)

    async def _one_life(self, child: Child, log: ChildLog) -> tuple[str, float]:
        """From start to death: why it ended, and how long it had been ready (0: never)."""
        try:
            process = await spawn(child)
        except OSError as why:
            return f"cannot run {child.argv[0]}: {why.strerror or why}", 0.0
        log.begin(f"started as pid {process.pid}")
        run = _Running(child, process, asyncio.create_task(drain(process, log)))
        self._running[child.name] = run
        gone = asyncio.create_task(process.wait())
        watch = asyncio.create_task(self._watch(run))
        try:
            await asyncio.wait({gone, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # When `stop` cancels us here, the process stays in `_running` for it to end.
            watch.cancel()
            gone.cancel()
        reason = watch.result() if watch.done() and not watch.cancelled() else ""
        await self._end(run)
        if not reason:
            said = explaining(log.lines())
            reason = ending(process.returncode) + (f"; it said: {said}" if said else "")
        return reason, time.monotonic() - run.ready_at if run.ready_at else 0.0

    async def _watch(self, run: _Running) -> str:
        """Report readiness as it comes and goes; returns why the child must be restarted."""
        child, failing_since, silent = run.child, 0.0, False
        while True:
            try:
                if child.probe:
                    await asyncio.wait_for(child.probe(), self._pace.probe_timeout)
            except Exception as why:  # whatever the probe stumbled over: no sign of life
                now = time.monotonic()
                # One that says "not now" is alive; a restart would not help it.
                failing_since = 0.0 if isinstance(why, NotReady) else failing_since or now
                for_s = now - failing_since if failing_since else 0.0
                if run.ready_at and child.patience is not None and for_s > child.patience:
                    return f"it did not answer for {for_s:.0f} s"
                if run.ready_at and not silent:
                    silent = True
                    self._report(Status(child.name, State.SILENT, child.address, str(why)))
            else:
                failing_since = 0.0
                if run.ready_at is None or silent:
                    run.ready_at = run.ready_at or time.monotonic()
                    silent = False
                    self._report(Status(child.name, State.READY, child.address))
                    if not (first := self._first[child.name]).done():
                        first.set_result(None)
            pace = self._pace
            await asyncio.sleep(pace.probe_ready if run.ready_at else pace.probe_starting)

    async def _end(self, run: _Running) -> None:
        """End the child's whole group, and its drain; fine when it is dead already."""
        process = run.process
        if process.returncode is None:
            signal_group(process.pid, signal.SIGTERM)
            signal_group(process.pid, signal.SIGCONT)  # a stopped one could not heed it
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), self._pace.grace)
        # Whoever is left of the group, its own children included.
        signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        await asyncio.wait({run.drain}, timeout=0.5)
        run.drain.cancel()
        self._running.pop(run.child.name, None)


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
    if child.nice:
        _give_way(process.pid, child.nice)
    return process


async def drain(process: asyncio.subprocess.Process, log: ChildLog) -> None:
    """Move the child's output to its log until the pipe is closed at the other end."""
    while process.stdout and (data := await process.stdout.read(65536)):
        log.write(data)


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


# ---------------------------------------------------------------------------------------- ports


def free_ports(count: int) -> list[int]:
    """So many different free ports on the loopback interface."""
    with ExitStack() as taken:
        sockets = [taken.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


async def http_answers(port: int, path: str, *, host: str = "127.0.0.1", token: str = "") -> None:
    """A probe: GET `path` there gives 200.

    By hand, because the supervisor lives as long as the service and should weigh little.

    Raises:
        NotReady: another answer, or none that is HTTP.
        OSError: nothing listens there.
    """
    reader, writer = await asyncio.open_connection(host, port)
    try:
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{bearer}Connection: close\r\n\r\n".encode()
        )
        await writer.drain()
        status = (await reader.readline()).decode("latin-1").split()
        if len(status) < 2 or status[1] != "200":
            raise NotReady(f"it answers {status[1] if len(status) > 1 else 'nothing'}")
    finally:
        writer.close()
