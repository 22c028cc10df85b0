"""Another client's opinion of what our fake Telegram says, and of what we ask of it.

aiogram 3 knows the Bot API from its own reading of the documentation. Rasa pins an older aiogram
and pydantic, so the judge (`judge.py`) runs in an environment of its own (`make .venv/.oracle`), as
one process for all tests: it takes seconds to start.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

PYTHON = Path(sys.prefix) / "oracle" / "bin" / "python"


@cache
def the_oracle() -> Oracle:
    """The one of this run; it ends with it."""
    oracle = Oracle()
    atexit.register(oracle.end)
    return oracle


class Oracle:
    """It starts at once, and answers when it is ready."""

    def __init__(self) -> None:
        assert PYTHON.exists(), "the judge is not installed: `make .venv/.oracle`"
        self._judge = subprocess.Popen(
            [PYTHON, Path(__file__).with_name("judge.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def end(self) -> None:
        assert self._judge.stdin is not None
        assert self._judge.stdout is not None
        self._judge.stdin.close()
        self._judge.stdout.close()
        self._judge.wait(30)

    def objections(self, lines: Iterable[dict[str, Any]]) -> list[str]:
        """What aiogram's models have against `lines` (see `FakeTelegram.recorded`)."""
        recorded = list(lines)
        assert self._judge.stdin is not None
        assert self._judge.stdout is not None
        self._judge.stdin.write("".join(f"{json.dumps(line)}\n" for line in recorded) + "\n")
        self._judge.stdin.flush()
        answer = json.loads(self._judge.stdout.readline())
        assert answer["judged"] == len(recorded)
        found: list[str] = answer["objections"]
        return found
