"""The whole of Deskhand for a benchmark or a test: `deskhand up` with data of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.instance import Running, running
from bot.processes import free_ports

ROOT = Path(__file__).parent.parent


def clean_environment() -> dict[str, str]:
    """Ours, less whatever would lead to somebody's real Redis or shop."""
    ours = ("DESKHAND_", "REDIS_", "SHOP_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@dataclass(frozen=True, slots=True)
class Stack:
    """`began`: when `deskhand up` was started (monotonic seconds)."""

    url: str
    running: Running
    pid: int
    began: float
    var: Path

    def wait_until_ready(self, within: float = 300.0) -> None:
        """Until the assistant answers too."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            if self.health().get("assistant") == "ready":
                return
            time.sleep(0.05)
        raise SystemExit(f"the assistant was not ready within {within:g} s; see {self.var}/log")

    def health(self) -> dict[str, str]:
        try:
            return dict(httpx.get(f"{self.url}/healthz", trust_env=False, timeout=2).json())
        except (httpx.HTTPError, ValueError):
            return {}


@contextmanager
def deskhand_up() -> Iterator[Stack]:
    """Run `deskhand up` for the time of the `with`; its gateway answers when this is entered."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder)
        environment = {
            **clean_environment(),
            "DESKHAND_VAR": folder,
            "DESKHAND_PORT": str(port),
            "DESKHAND_MESSAGES_PER_MINUTE": "1000000",
        }
        began = time.monotonic()
        up = subprocess.Popen(
            [sys.executable, "-m", "bot", "up"],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        try:
            yield _started(up, f"http://127.0.0.1:{port}", var, began)
        finally:
            up.terminate()
            up.wait(15)


def _started(up: subprocess.Popen[bytes], url: str, var: Path, began: float) -> Stack:
    while up.poll() is None and time.monotonic() - began < 60:
        known = running(var)
        if known is not None:
            stack = Stack(url, known, up.pid, began, var)
            if stack.health():
                return stack
        time.sleep(0.02)
    raise SystemExit("deskhand up did not start; run it by hand to see why")
