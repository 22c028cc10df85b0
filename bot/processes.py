"""Keeping child processes alive: start, watch, restart, stop, without leaving one behind.

Belongs here: a child's lives, its log, its status, its readiness. Does not belong here: how a
process is started (`bot.children`), which processes Deskhand has (`bot.up`) or how a status looks
on a terminal (`bot.status_board`).

"""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from bot.child_log import ChildLog, explaining
from bot.children import Child, NotReady, drain, ending, signal_group, spawn
from bot.errors import ProcessFailed
from bot.loopback import NotHttp, ask

#: The first and the last of the ports that Linux hands out by itself.
PORTS_HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")
#: Below are those that well-known programs use, and some that browsers refuse.
FIRST_PORT = 20_000


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


@dataclass(slots=True, eq=False)
class _Running:
    """One life of a child. `ready_at` is on the monotonic clock; None: not ready so far."""

    process: asyncio.subprocess.Process
    drain: asyncio.Task[None]
    ready_at: float | None = None


@dataclass(slots=True, eq=False)
class _Kept:
    """A child and what is known of it. Its name, and so its log, may change while it lives."""

    child: Child
    log: ChildLog
    #: Done when it was ready for the first time, or has failed to be.
    first: asyncio.Future[None]
    keeper: asyncio.Task[None] | None = None
    running: _Running | None = None
    status: Status | None = None

    def write(self, data: bytes) -> None:
        """Into the log that it has at this moment."""
        self.log.write(data)


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
        self._kept: dict[str, _Kept] = {}
        self._stopping = False

    def start(self, child: Child) -> None:
        """Start keeping `child` alive; returns at once."""
        if child.name in self._kept:
            raise ValueError(f"{child.name} is kept already")
        if self._stopping:
            raise ProcessFailed(f"{child.name} cannot be started: we are stopping.")
        log = ChildLog(self._logs / f"{child.name}.log", self._notice)
        kept = _Kept(child, log, asyncio.get_running_loop().create_future())
        self._kept[child.name] = kept
        kept.keeper = asyncio.create_task(self._keep(kept), name=child.name)

    async def ready(self, name: str) -> None:
        """Wait until a child has been ready for the first time.

        Raises:
            ProcessFailed: it died `Pace.failures` times in a row before that (a child that has one
                life only: once), and why.
        """
        await asyncio.shield(self._kept[name].first)

    def pid(self, name: str) -> int | None:
        """Of the running process; None while there is none."""
        kept = self._kept.get(name)
        return kept.running.process.pid if kept and kept.running else None

    async def death(self, name: str) -> str:
        """Wait for the end of a child that has one life; returns why it died."""
        kept = self._kept[name]
        if kept.keeper is not None:
            await asyncio.shield(kept.keeper)
        return kept.status.detail if kept.status else ""

    def succeed(self, name: str, by: str, leaving: str) -> None:
        """From now on the child that was kept as `by` is `name`, restarted like any other, and the
        one that was `name` is `leaving`. Neither process notices; both go on with `name`'s log.

        Raises:
            ProcessFailed: `by` is not alive and ready.
        """
        heir, former = self._kept[by], self._kept[name]
        if heir.running is None or heir.running.ready_at is None:
            raise ProcessFailed(f"{by} is no longer there.", hint=f"Its log is {heir.log.path}.")
        if leaving in self._kept and leaving != by:
            raise ValueError(f"{leaving} is kept already")
        heir.log.remark(f"goes on in {former.log.path.name}")
        heir.child = replace(heir.child, name=name, one_life=False)
        former.child = replace(former.child, name=leaving)
        heir.log = former.log
        heir.log.remark(f"pid {heir.running.process.pid} is {name} now")
        del self._kept[by]
        self._kept[name], self._kept[leaving] = heir, former
        for kept in (heir, former):
            if kept.status is not None:
                self._tell(kept, kept.status.state, kept.status.detail)

    async def retire(self, name: str) -> None:
        """Stop one child and its children, as `stop` does, and forget it. Fine if there is none."""
        kept = self._kept.get(name)
        if kept is None or kept.keeper is None:
            return
        kept.keeper.cancel()
        await asyncio.gather(kept.keeper, return_exceptions=True)
        await self._end(kept)
        kept.log.close()
        self._kept.pop(kept.child.name, None)

    async def stop(self) -> None:
        """Stop all children and their children: TERM, a grace, KILL; by ascending stop order."""
        self._stopping = True
        keepers = [kept.keeper for kept in self._kept.values() if kept.keeper]
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        for order in sorted({kept.child.stop_order for kept in self._kept.values()}):
            ours = [kept for kept in self._kept.values() if kept.child.stop_order == order]
            await asyncio.gather(*(self._end(kept) for kept in ours))
        for kept in self._kept.values():
            self._tell(kept, State.STOPPED)

    def kill(self) -> None:
        """KILL everything now and wait for nothing: for the second Ctrl-C."""
        for kept in self._kept.values():
            if kept.running:
                signal_group(kept.running.process.pid, signal.SIGKILL)

    # ---- one child

    def _tell(self, kept: _Kept, state: State, detail: str = "") -> None:
        kept.status = Status(kept.child.name, state, kept.child.address, detail)
        self._report(kept.status)

    async def _keep(self, kept: _Kept) -> None:
        deaths = 0
        while True:
            self._tell(kept, State.STARTING)
            reason, ready_s = await self._one_life(kept)
            deaths = 1 if ready_s >= self._pace.stable else deaths + 1
            delay = self._pace.delay(deaths)
            state = State.RESTARTING
            if kept.child.one_life or (not ready_s and deaths >= self._pace.failures):
                state = State.FAILED
                if not kept.first.done():
                    kept.first.set_exception(
                        ProcessFailed(
                            f"{kept.child.name} does not start: {reason}",
                            hint=f"Its log is {kept.log.path}.",
                        )
                    )
                    kept.first.exception()  # perhaps nobody waits for it: not worth a warning
            if kept.child.one_life:
                kept.log.remark(reason)
                self._tell(kept, state, reason)
                return
            kept.log.remark(f"{reason} (again in {delay:.1f} s)")
            self._tell(kept, state, f"in {delay:.0f} s: {reason}")
            await asyncio.sleep(delay)

    async def _one_life(self, kept: _Kept) -> tuple[str, float]:
        """From start to death: why it ended, and how long it had been ready (0: never)."""
        try:
            process = await spawn(kept.child)
        except OSError as why:
            return f"cannot run {kept.child.argv[0]}: {why.strerror or why}", 0.0
        kept.log.begin(f"started as pid {process.pid}")
        draining = asyncio.create_task(drain(process, kept.write))
        run = kept.running = _Running(process, draining)
        gone = asyncio.create_task(process.wait())
        watch = asyncio.create_task(self._watch(kept, run))
        try:
            await asyncio.wait({gone, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # When `stop` cancels us here, the process stays in `running` for it to end.
            watch.cancel()
            gone.cancel()
        reason = watch.result() if watch.done() and not watch.cancelled() else ""
        await self._end(kept)
        if not reason:
            said = explaining(kept.log.lines())
            reason = ending(process.returncode) + (f"; it said: {said}" if said else "")
        return reason, time.monotonic() - run.ready_at if run.ready_at else 0.0

    async def _watch(self, kept: _Kept, run: _Running) -> str:
        """Report readiness as it comes and goes; returns why the child must be restarted."""
        failing_since, silent = 0.0, False
        probe, patience = kept.child.probe, kept.child.patience
        while True:
            try:
                if probe:
                    await asyncio.wait_for(probe(), self._pace.probe_timeout)
            except Exception as why:  # whatever the probe stumbled over: no sign of life
                now = time.monotonic()
                # One that says "not now" is alive; a restart would not help it.
                failing_since = 0.0 if isinstance(why, NotReady) else failing_since or now
                for_s = now - failing_since if failing_since else 0.0
                if run.ready_at and patience is not None and for_s > patience:
                    return f"it did not answer for {for_s:.0f} s"
                if run.ready_at and not silent:
                    silent = True
                    self._tell(kept, State.SILENT, str(why))
            else:
                failing_since = 0.0
                if run.ready_at is None or silent:
                    run.ready_at = run.ready_at or time.monotonic()
                    silent = False
                    self._tell(kept, State.READY)
                    if not kept.first.done():
                        kept.first.set_result(None)
            pace = self._pace
            await asyncio.sleep(pace.probe_ready if run.ready_at else pace.probe_starting)

    async def _end(self, kept: _Kept) -> None:
        """End the child's whole group, and its drain; fine when it is dead already."""
        run = kept.running
        if run is None:
            return
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
        kept.running = None


# ---------------------------------------------------------------------------------------- ports


def free_ports(count: int) -> list[int]:
    """So many different free ports on the loopback interface. None of those, if it can be helped,
    that the system hands out to whoever does not care, so that they stay free until used."""
    found: list[int] = []
    with ExitStack() as taken:
        while len(found) < count:
            one = taken.enter_context(socket.socket())
            with suppress(OSError):  # this one is in use
                one.bind(("127.0.0.1", secrets.choice(_unclaimed())))
                found.append(one.getsockname()[1])
    return found


def _unclaimed() -> Sequence[int]:
    """Ports that the system does not hand out by itself; (0,), any of its choice, if unknown."""
    try:
        handed_out = int(PORTS_HANDED_OUT.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return (0,)
    return range(FIRST_PORT, handed_out) if handed_out > FIRST_PORT + 1_000 else (0,)


async def http_answers(port: int, path: str, *, host: str = "127.0.0.1", token: str = "") -> None:
    """A probe: GET `path` there gives 200.

    Raises:
        NotReady: another answer, or none that is HTTP.
        OSError: nothing listens there.
    """
    try:
        answer = await ask(port, path, host=host, token=token)
    except NotHttp:
        raise NotReady("it answers nothing") from None
    if answer.status != 200:
        raise NotReady(f"it answers {answer.status}")
