"""`deskhand up` as a person sees it: on a terminal, with every real process, stopped by Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from bot.instance import running
from bot.processes import free_ports
from tests.polling import PATIENCE_S

#: The assistant may have to be trained first, on a busy machine.
pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]


class Terminal:
    """A terminal in which `deskhand up` runs. `text` is all that was written, without colours."""

    def __init__(self, var: Path) -> None:
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.text = ""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DESKHAND_", "REDIS_"))}
        self.environ = clean | {
            "DESKHAND_VAR": str(var),
            "DESKHAND_PORT": str(self.port),
            "TERM": "xterm",
        }
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            argv = [sys.executable, "-m", "bot", "up"]
            os.execve(sys.executable, argv, self.environ)  # noqa: S606
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))

    def read_until(self, pattern: str, within: float) -> re.Match[str]:
        until = time.monotonic() + within
        while not (match := re.search(pattern, self.text)):
            assert time.monotonic() < until, f"no {pattern!r} in:\n{self.text[-3000:]}"
            self._read()
        return match

    def press_ctrl_c(self) -> tuple[int, float]:
        """Returns the exit code and how many seconds it took."""
        began = time.monotonic()
        os.write(self._descriptor, b"\x03")
        while (ended := os.waitpid(self.pid, os.WNOHANG))[0] == 0:
            assert time.monotonic() - began < 90, f"it does not stop:\n{self.text[-3000:]}"
            self._read()
        self.pid = 0
        return os.waitstatus_to_exitcode(ended[1]), time.monotonic() - began

    def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def close(self) -> None:
        self.kill()
        os.close(self._descriptor)

    def _read(self) -> None:
        if select.select([self._descriptor], [], [], 0.1)[0]:
            try:
                raw = os.read(self._descriptor, 65536).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                return
            self.text += re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", raw).replace("\r", "")


@contextmanager
def up(var: Path) -> Iterator[Terminal]:
    terminal = Terminal(var)
    try:
        yield terminal
    finally:
        terminal.close()


def eventually(true: Callable[[], object], within: float = PATIENCE_S) -> None:
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.05)


def children(terminal: Terminal) -> list[psutil.Process]:
    return psutil.Process(terminal.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_from_one_command_to_an_answered_customer_and_back_to_nothing(tmp_path: Path) -> None:
    with up(tmp_path) as terminal:
        # The way in is there within seconds, whatever the assistant still has to learn or load.
        match = terminal.read_until(r"owner, with the password (\S+)", within=90)
        password = match[1]
        terminal.read_until(rf"gateway +{terminal.url} +ready", within=30)
        assert f"Demo shop  {terminal.url}/" in terminal.text
        assert f"Console    {terminal.url}/console" in terminal.text
        assert f"Studio     {terminal.url}/studio" in terminal.text
        for page in ("/", "/console", "/widget.js", "/healthz"):
            assert httpx.get(terminal.url + page, trust_env=False).status_code == 200, page
        login = {"login": "owner", "password": password}
        answer = httpx.post(f"{terminal.url}/api/desk/login", json=login, trust_env=False)
        assert answer.json()["agent"]["role"] == "owner"

        terminal.read_until("Everything is ready", within=400)
        assert "Traceback" not in terminal.text
        told = subprocess.run(
            [sys.executable, "-m", "bot", "chat", "--json"],
            env=terminal.environ,
            cwd=ROOT,
            input="what are your opening hours?\n",
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        kinds = [json.loads(line)["data"].get("kind") for line in told.stdout.splitlines()]
        assert kinds.count("bot_answered") == 2, "the greeting and an answer"

        family = children(terminal)
        gateway = next(p for p in family if "gateway" in p.cmdline())
        gateway.kill()
        terminal.read_until(r"gateway .* restarting in 1 s: killed by SIGKILL", within=60)
        # Nobody is refused meanwhile: the connection waits for the next gateway.
        assert httpx.get(f"{terminal.url}/healthz", trust_env=False, timeout=60).is_success

        family += children(terminal)
        code, seconds = terminal.press_ctrl_c()
        assert code == 0
        assert seconds < 5
        eventually(lambda: not alive(family))
        assert running(tmp_path) is None
        for name in ("redis", "gateway", "actions", "assistant", "learner"):
            assert (tmp_path / "log" / f"{name}.log").stat().st_size > 0


def test_kill_9_leaves_no_process_and_the_next_start_needs_no_repair(tmp_path: Path) -> None:
    with up(tmp_path) as terminal:
        terminal.read_until("shown only this once", within=90)
        family = children(terminal)
        assert len(family) >= 3
        terminal.kill()
        eventually(lambda: not alive(family))
    with up(tmp_path) as terminal:
        terminal.read_until(r"gateway +\S+ +ready", within=90)
        assert "with the password" not in terminal.text, "there is an owner already"
        code, seconds = terminal.press_ctrl_c()
        assert code == 0
        assert seconds < 5
