"""One Deskhand per `var/`: its lock, and what the other commands may know of the one that runs.

Belongs here: `var/lock`, `var/running.json`, and where the Redis in use is. Does not belong here:
starting Deskhand.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from bot import redis_server
from bot.errors import ProcessFailed
from bot.redis_server import write_private
from bot.settings import Settings


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """What `var/running.json` (mode 0600) tells the other commands while Deskhand runs."""

    pid: int
    #: Where customers and agents find it, e.g. "http://127.0.0.1:8080".
    url: str
    redis_url: str
    #: The loopback addresses behind it, and the assistant's token: for benchmarks and diagnosis.
    actions_url: str = ""
    assistant_url: str = ""
    assistant_token: str = ""
    #: This run, for wishes that only it shall fulfil; and the file name of the model that serves,
    #: "" as long as there is none.
    run: str = ""
    model: str = ""


def running(var: Path) -> Running | None:
    """The Deskhand that runs in this `var/`, or None."""
    with suppress(OSError, msgspec.DecodeError):
        found = msgspec.json.decode((var / "running.json").read_bytes(), type=Running)
        with (var / "lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return found
    return None


def left_behind(var: Path) -> Running | None:
    """What one that was killed had announced; for who holds `var/` now, and has not announced
    itself yet."""
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((var / "running.json").read_bytes(), type=Running)
    return None


def announce(var: Path, running: Running) -> None:
    """Tell the other commands. They are a convenience: a full disk does not stop the service."""
    with suppress(OSError):
        write_private(var / "running.json", msgspec.json.encode(running).decode() + "\n")


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold `var/` for this process. The kernel lets go of it however we end.

    Raises:
        ProcessFailed: another Deskhand runs here; says its pid.
    """
    try:
        var.mkdir(parents=True, exist_ok=True)
        lock = (var / "lock").open("a+")
    except OSError as why:
        raise ProcessFailed(
            f"{var} cannot be written: {why.strerror}.",
            hint="Free some space or correct its owner, or set DESKHAND_VAR to another directory.",
        ) from why
    with lock:
        for attempt in range(10):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt < 9:  # it may be another command that only looks (`running`)
                    time.sleep(0.02)
                    continue
                lock.seek(0)
                raise ProcessFailed(
                    f"Deskhand is already running here, pid {lock.read().strip() or 'unknown'}.",
                    hint="Stop it first, or set DESKHAND_VAR and DESKHAND_PORT for a second one.",
                ) from None
        with suppress(OSError):  # a full disk costs the number, not the lock
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
        try:
            yield
        finally:
            with suppress(FileNotFoundError):
                (var / "running.json").unlink()


@contextmanager
def redis_in_use(settings: Settings, var: Path) -> Iterator[str]:
    """The address of the Redis in use; the embedded one is started for a while if nothing runs."""
    if settings.redis_url:
        yield settings.redis_url.reveal()
    elif here := running(var):
        yield here.redis_url
    else:
        with (
            only_one(var),
            redis_server.running(
                var / "redis",
                password=redis_server.kept_password(var / "secrets" / "redis"),
                appendfsync="always",
            ) as server,
        ):
            yield server.url
