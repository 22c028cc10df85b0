"""`deskhand up` as a process, with scripted assistants behind it: for promotions, and for killing
any of its processes at any point of one.

Run as a program, it is `deskhand up` itself, but for the command that is Rasa.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil

from benchmarks.stack import clean_environment
from bot.assistants import CHANNEL
from bot.instance import Running, running
from bot.learning.project import project_of
from bot.learning.registry import Model, Registry
from bot.processes import free_ports
from bot.settings import Settings
from bot.up import Service
from tests.customer import Customer, Log, events
from tests.scripted_assistant import until
from tests.scripted_process import Behaviour

ROOT = Path(__file__).parents[1]
#: By a word of the command line; models are told apart by their files.
COMMANDS = {"redis": "-server", "gateway": "gateway", "actions": "rasa_sdk"}

#: Where a scripted assistant can be held (`Behaviour`).
GATES = ("loading", "smoke", "turns")
#: A customer's pause between two messages, in seconds; who writes faster is told to slow down.
PAUSE_S = 0.2


def file_of(name: str) -> str:
    return f"deskhand-{name}.tar.gz"


def name_of(file: str) -> str:
    return file.removeprefix("deskhand-").removesuffix(".tar.gz")


class SwapWorld:
    """One `var/`, one directory of models, and a `deskhand up` that can be started and killed."""

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        self.var, self.models, self.gates = folder / "var", folder / "models", folder / "gates"
        for path in (self.models, self.gates):
            path.mkdir()
        self.environment = {
            **clean_environment(),
            "DESKHAND_VAR": str(self.var),
            "DESKHAND_MODELS": str(self.models),
            "DESKHAND_PORT": str(port),
            "DESKHAND_MESSAGES_PER_MINUTE": "1000000",
            # An assistant that was killed may take long to come back on a busy machine.
            "DESKHAND_TURN_DEADLINE": "120",
            "PYTHONPATH": str(ROOT),
        }
        self.registry = Registry(self.models)
        self._settings = Settings.from_environment(self.environment)
        self.said = folder / "said"
        self.up: subprocess.Popen[bytes] | None = None

    # ── models ──

    def model(self, name: str, *, held: str = "", **behaviour: Any) -> str:
        """Make one, held at that gate."""
        for gate in GATES:
            behaviour[gate] = str(self._gate(name, gate))
            if gate != held:
                self.release(name, gate)
        file = file_of(name)
        made = msgspec.json.encode(Behaviour(name=name, **behaviour))
        (self.models / file).write_bytes(made)
        return file

    def hold(self, name: str, gate: str) -> None:
        self._gate(name, gate).unlink()

    def release(self, name: str, gate: str) -> None:
        self._gate(name, gate).touch()

    def _gate(self, name: str, gate: str) -> Path:
        return self.gates / f"{name}-{gate}"

    def make_current(self, file: str) -> None:
        fingerprint = project_of(self._settings, ROOT).fingerprint()
        model = Model(model=file, fingerprint=fingerprint, trained_at=1, seconds=1.0)
        self.registry.make_current(model)

    @property
    def current(self) -> str:
        """What the next start begins with."""
        found = self.registry.current()
        return found.model if found else ""

    def serves(self, name: str) -> bool:
        """Whether this model alone does, and is what the next start begins with."""
        there = self.assistants()
        return (
            self.current == self.running.model == file_of(name)
            and len(there) == 1
            and file_of(name) in " ".join(there[0].cmdline())
        )

    # ── processes ──

    def start(self) -> None:
        with self.said.open("ab") as out:
            self.up = subprocess.Popen(
                [sys.executable, "-m", "tests.swap_world"],
                env=self.environment,
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        until(self.ready, within=180, what="the start")

    def ready(self) -> bool:
        assert self.up is not None
        assert self.up.poll() is None, self.said.read_text()
        with suppress(httpx.HTTPError, ValueError):
            health = httpx.get(f"{self.url}/healthz", trust_env=False, timeout=2).json()
            return running(self.var) is not None and bool(health["assistant"] == "ready")
        return False

    @property
    def running(self) -> Running:
        found = running(self.var)
        assert found is not None
        return found

    def process(self, name: str) -> psutil.Process | None:
        """A process by its role, or by its model's file; None while there is none."""
        assert self.up is not None
        if name == "up":
            return psutil.Process(self.up.pid)
        word = COMMANDS.get(name, name)
        for child in psutil.Process(self.up.pid).children():
            with suppress(psutil.Error):
                if any(word in part for part in child.cmdline()):
                    return child
        return None

    def assistants(self) -> list[psutil.Process]:
        assert self.up is not None
        found = []
        for child in psutil.Process(self.up.pid).children():
            with suppress(psutil.Error):
                if "tests.scripted_process" in child.cmdline():
                    found.append(child)
        return found

    def kill(self, name: str) -> None:
        """kill -9 of a process, by its role or by its model's file."""
        until(lambda: self.process(name) is not None, what=f"{name}'s being there")
        process = self.process(name)
        assert process is not None
        process.send_signal(signal.SIGKILL)
        if name == "up" and self.up is not None:
            self.up.wait(60)
            self.up = None
        else:
            process.wait(60)

    def turns_under_way(self) -> int:
        """How many turns the assistant that serves is at."""
        here = self.running
        answer = httpx.get(
            f"{here.assistant_url}{CHANNEL}",
            headers={"Authorization": f"Bearer {here.assistant_token}"},
            trust_env=False,
            timeout=5,
        )
        return int(answer.json()["turns"])

    def stop(self) -> None:
        if self.up is not None:
            self.up.terminate()
            self.up.wait(60)
            self.up = None

    def stop_and_read(self) -> str:
        """Stop it; returns what it said meanwhile."""
        before = len(self.said.read_text())
        self.stop()
        return self.said.read_text()[before:]

    # ── promotions ──

    def command(self, *words: str) -> Command:
        """Run `deskhand ...` beside it."""
        return Command(self, words)


class Command:
    """A command line that runs beside `up`. `output` is what it has said so far."""

    def __init__(self, world: SwapWorld, words: tuple[str, ...]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", *words],
            env={**world.environment, "PYTHONUNBUFFERED": "1"},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output += line

    def says(self, words: str, within: float = 120) -> None:
        def said() -> bool:
            assert self._process.poll() in (None, 0) or words in self.output, self.output
            return words in self.output

        until(said, within=within, what=f"its saying {words!r}")

    @property
    def done(self) -> bool:
        return self._process.poll() is not None

    def code(self, within: float = 180) -> int:
        code = self._process.wait(within)
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code


class Writer(threading.Thread):
    """A customer who writes one message after another, each when the last one was answered, as long
    as the test lets them. Like the widget it repeats what the gateway could not take, and comes
    back when its stream breaks."""

    def __init__(self, world: SwapWorld, name: str) -> None:
        super().__init__(daemon=True)
        self.customer = Customer(world)
        self._name = name
        self._done, self._gone = threading.Event(), threading.Event()
        self.sent: list[str] = []
        self.log: Log = []
        threading.Thread(target=self._read, daemon=True).start()

    def run(self) -> None:
        while not self._done.is_set():
            self.write()
            until(lambda: len(self.answered()) == len(self.sent), within=120, what="the answer")
            self._done.wait(PAUSE_S)

    def write(self) -> None:
        """One message; returns when it is stored."""
        self.sent.append(f"{self._name} {len(self.sent)}")
        say(self.customer, self.sent[-1])

    def _read(self) -> None:
        while not self._gone.is_set():
            after = self.log[-1]["seq"] if self.log else 0
            with suppress(httpx.HTTPError):
                with self.customer.http.stream("GET", f"/events?after={after}") as response:
                    if response.status_code == 200:
                        self._note(response)
                self._gone.wait(0.1)

    def _note(self, response: httpx.Response) -> None:
        for name, data in events(response):
            if name == "log":
                self.log.append(data)
            if self._gone.is_set():
                return

    def answered(self) -> list[str]:
        """What the bot has said to the messages, in order."""
        return [
            entry["messages"][0]["text"]
            for entry in list(self.log)
            if entry["kind"] == "bot_answered" and entry["in_reply_to"]
        ]

    def wait_for(self, count: int) -> None:
        until(lambda: len(self.answered()) >= count, within=120, what="the answer")

    def wait_for_one_more(self) -> None:
        self.wait_for(len(self.answered()) + 1)

    @property
    def conversation(self) -> str:
        return str(self.customer.session["conversation"])

    def finish(self) -> list[str]:
        """Stop writing. Nothing must be lost, doubled or out of order, and nobody be told that the
        assistant is away; returns which models answered, in order."""
        self._done.set()
        if self.ident is not None:
            self.join(150)
        self.wait_for(len(self.sent))
        assert self.close() == self.sent
        log = list(self.log)
        said = self.answered()
        assert [text.partition(": ")[2] for text in said] == self.sent
        odd = [e for e in log if e["kind"] not in ("started", "customer_spoke", "bot_answered")]
        assert not odd
        return [text.partition(": ")[0] for text in said]

    def close(self) -> list[str]:
        """Read no longer; returns what the log has of the customer's."""
        self._gone.set()
        self.customer.http.close()
        return [e["text"] for e in list(self.log) if e["kind"] == "customer_spoke"]


def say(customer: Customer, text: str) -> None:
    body = {"client_id": f"{time.monotonic_ns():020}", "text": text}

    def accepted() -> bool:
        with suppress(httpx.HTTPError):
            answer = customer.http.post("/messages", json=body)
            assert answer.status_code in (202, 429, 503), answer.text
            return answer.status_code == 202
        return False

    until(accepted, within=60, every=0.05, what="the message's acceptance")


@contextmanager
def swap_world(folder: Path) -> Iterator[SwapWorld]:
    """A world in which the model "old" serves."""
    world = SwapWorld(folder)
    world.make_current(world.model("old"))
    try:
        world.start()
        yield world
    finally:
        world.stop()


def main() -> None:
    settings = Settings.from_environment(os.environ)
    scripted = (sys.executable, "-m", "tests.scripted_process")
    asyncio.run(Service(settings, ROOT, os.environ, sys.stdout, assistant=scripted).run())


if __name__ == "__main__":
    main()
