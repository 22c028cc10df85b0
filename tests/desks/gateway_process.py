"""A gateway in a process of its own, to be killed; with all that it needs around it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.stack import clean_environment
from bot.processes import free_ports
from bot.redis_server import running
from tests.desks.rigs import PERSON, Rig
from tests.scripted_assistant import ScriptedAssistant, hands_off

ROOT = Path(__file__).parents[2]


@dataclass
class GatewayProcess:
    """`unhurried`: no desk has a pace to keep to, so that tests of many messages take seconds."""

    environment: Mapping[str, str]
    unhurried: bool = False
    url: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        if not self.url:
            (port,) = free_ports(1)
            self.url = f"http://127.0.0.1:{port}"
        command = ["benchmarks.desk", "--gateway"] if self.unhurried else ["bot", "gateway"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**self.environment, "DESKHAND_PORT": self.url.rpartition(":")[2]},
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.url}/openapi.json", trust_env=False, timeout=1)
                return
            except httpx.HTTPError:
                assert self._process.poll() is None, "the gateway does not start"
                time.sleep(0.05)
        raise AssertionError(f"no gateway answers at {self.url} within 30 s")

    def kill(self) -> None:
        """kill -9, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None


@contextmanager
def gateways(
    rig: Rig, folder: Path, count: int = 1, *, unhurried: bool = False
) -> Iterator[list[GatewayProcess]]:
    """So many on one Redis, with the platform of `rig` and an assistant that hands over whoever
    wants a person."""
    with ExitStack() as stack:
        redis = stack.enter_context(running(folder / "redis"))
        assistant = stack.enter_context(ScriptedAssistant())
        assistant.on(PERSON, hands_off())
        plan = folder / "desk.yml"
        plan.write_text(desk_plan(rig))
        environment = {
            **clean_environment(),
            **rig.environment,
            "REDIS_URL": redis.url,
            "DESKHAND_VAR": str(folder),
            "DESKHAND_DESK": str(plan),
            "DESKHAND_ASSISTANT_URL": assistant.url,
            "DESKHAND_ASSISTANT_TOKEN": assistant.token,
            "DESKHAND_MESSAGES_PER_MINUTE": "1000000",
        }
        started = [GatewayProcess(environment, unhurried) for _ in range(count)]
        for one in started:
            stack.callback(one.stop)
            one.start()
        yield started


def desk_plan(rig: Rig) -> str:
    """The shop's own, with Anna in it, and with the rig's desk before others."""
    text = (ROOT / "data" / "desk.yml").read_text(encoding="utf-8")
    anna = f"{{login: anna, name: Anna Berg, capacity: 100, {rig.agent}}}"
    changed = text.replace("agents: []", f"agents: [{anna}]")
    order = f"order: [{rig.name}, console]"
    return changed.replace("order: [slack, telegram, console]", order)
