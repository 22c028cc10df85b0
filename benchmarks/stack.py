"""The whole of Deskhand for a benchmark or a test: `deskhand up` with data of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.instance import Running, running
from bot.learning.registry import CURRENT, Registry
from bot.processes import free_ports
from bot.settings import Settings

ROOT = Path(__file__).parent.parent


def clean_environment() -> dict[str, str]:
    """Ours, less whatever would lead to somebody's real Redis or shop."""
    ours = ("DESKHAND_", "REDIS_", "SHOP_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@dataclass(frozen=True, slots=True)
class Stack:
    """`began`: when `deskhand up` was started (monotonic seconds). `models`: of this run alone."""

    url: str
    pid: int
    began: float
    var: Path
    models: Path
    environment: Mapping[str, str]

    @property
    def running(self) -> Running:
        """As it is now: another model's assistant has another address."""
        found = running(self.var)
        if found is None:
            raise SystemExit(f"deskhand up has stopped; see {self.var}/log")
        return found

    def wait_until_ready(self, within: float = 600.0) -> None:
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
        var, models = Path(folder), Path(folder) / "models"
        copy_current_model(models)
        environment = {
            **clean_environment(),
            "DESKHAND_VAR": folder,
            "DESKHAND_MODELS": str(models),
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
            url = f"http://127.0.0.1:{port}"
            stack = Stack(url, up.pid, began, var, models, environment)
            _wait_for_gateway(up, stack)
            yield stack
        finally:
            up.terminate()
            up.wait(60)


def copy_current_model(models: Path) -> None:
    """Make a directory of models that has the project's current one, what is known of it, and the
    vectors of the help pages; what happens to it there is nobody else's business."""
    models.mkdir()
    ours = ROOT / Settings().models
    current = Registry(ours).current()
    if current is None:
        return  # it is trained, there
    stem = current.model.removesuffix(".tar.gz")
    for name in (CURRENT, current.model, f"{stem}.sources.json", "help.npz"):
        if (ours / name).is_file():
            shutil.copyfile(ours / name, models / name)


def _wait_for_gateway(up: subprocess.Popen[bytes], stack: Stack) -> None:
    while up.poll() is None and time.monotonic() - stack.began < 60:
        if running(stack.var) is not None and stack.health():
            return
        time.sleep(0.02)
    raise SystemExit("deskhand up did not start; run it by hand to see why")
