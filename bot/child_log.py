"""What a child process wrote: its log file, and its last lines in memory.

Belongs here: files under `var/log/`, and finding the line that explains a failure. Does not belong
here: our own logging, or who the children are (`bot.children`).
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

#: How long a file may get before it is rotated, and how many old ones stay.
LOG_BYTES = 10_000_000
LOGS_KEPT = 3
#: The tail of its output that explains a death.
REMEMBERED_LINES = 40
#: Between two attempts to write a file that could not be written.
RETRY_S = 1.0

_BAD = re.compile(
    r"error|exception|cannot|can't|could not|failed|fatal|refused|not found", re.IGNORECASE
)


class ChildLog:
    """One child's log file.

    Rotated when opened and when it grows too long. When it cannot be written (disk full, no such
    directory), lines are dropped, that is said once, and writing is tried again later.

    Args:
        notice: called with a line for people.
    """

    def __init__(self, path: Path, notice: Callable[[str], None]) -> None:
        self.path = path
        self._notice = notice
        self._descriptor: int | None = None
        self._size = 0
        self._rotate = True
        self._retry_at = 0.0
        self._dropping = False
        self._lines: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._part = b""

    def begin(self, text: str) -> None:
        """A new life of the child: what an earlier one said explains nothing any more."""
        self._lines.clear()
        self._part = b""
        self.remark(text)

    def remark(self, text: str) -> None:
        """A line of ours between the child's."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        self._append(f"--- {stamp} deskhand: {text}\n".encode())

    def write(self, data: bytes) -> list[str]:
        """Append output as it came. Never raises for a file that cannot be written.

        Returns:
            The lines that it completed, plain.
        """
        *raw, self._part = re.split(rb"[\r\n]+", self._part + data)
        self._part = self._part[-4096:]
        lines = [tidy for line in raw if (tidy := plain(line))]
        self._lines.extend(lines)
        self._append(data)
        return lines

    def lines(self) -> list[str]:
        """The last lines that the child wrote, plain, the unfinished one included."""
        return [*self._lines, *filter(None, [plain(self._part)])]

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, data: bytes) -> None:
        if time.monotonic() < self._retry_at:
            return
        try:
            os.write(self._open(), data)
        except OSError as why:
            self.close()
            self._retry_at = time.monotonic() + RETRY_S
            if not self._dropping:
                self._dropping = True
                self._notice(
                    f"{self.path} cannot be written ({why.strerror}); its lines are dropped "
                    "until it can. The service goes on."
                )
            return
        self._size += len(data)
        if self._dropping:
            self._dropping = False
            self._notice(f"{self.path} is written again.")

    def _open(self) -> int:
        if self._descriptor is not None and self._size <= LOG_BYTES:
            return self._descriptor
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if (self._rotate or self._size > LOG_BYTES) and self.path.is_file():
            self._make_room()
        self._rotate = False
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size
        return self._descriptor

    def _make_room(self) -> None:
        """name.log -> name.1.log -> name.2.log -> ... -> gone."""
        names = [self.path, *(self.path.with_suffix(f".{n}.log") for n in range(1, LOGS_KEPT + 1))]
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            if newer.exists():
                newer.replace(older)


def explaining(lines: Iterable[str]) -> str:
    """The line that says what went wrong: the last that looks like an error, else the last."""
    said = [line.strip() for line in lines if line.strip()]
    line = next((line for line in reversed(said) if _BAD.search(line)), said[-1] if said else "")
    return line if len(line) <= 200 else line[:199] + "…"


def plain(raw: bytes) -> str:
    """Without colours and control characters: it may be shown on somebody's terminal."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw.decode("utf-8", "replace"))
    return "".join(char for char in text if char.isprintable()).strip()
