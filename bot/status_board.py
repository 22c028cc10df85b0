"""The terminal of `deskhand up`: one line per process, kept up to date, and lines that stay.

Belongs here: how things look. What happens is told by `bot.up` and `bot.processes`. On a terminal
the board is redrawn in place; elsewhere (a log, a pipe) each change becomes one plain line.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from bot.processes import State, Status

_COLOURS = {
    State.READY: "32",
    State.STARTING: "36",
    State.WAITING: "2",
    State.STOPPED: "2",
    State.SILENT: "33",
    State.RESTARTING: "33",
    State.FAILED: "31",
}
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class StatusBoard:
    """Shows statuses on `out`.

    Args:
        live: redraw in place; by default when `out` is a terminal that can.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        out: TextIO,
        environ: Mapping[str, str],
        *,
        live: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._clock = clock
        self._live = live if live is not None else out.isatty() and environ.get("TERM") != "dumb"
        self._colour = self._live and not environ.get("NO_COLOR")
        self._board: dict[str, tuple[Status, float]] = {}
        self._drawn = 0
        self._broken = False

    def report(self, status: Status) -> None:
        """Show a process's new status."""
        before = self._board.get(status.name)
        changed = before is None or before[0].state is not status.state
        if before is not None and before[0] == status:
            return
        since = self._clock() if before is None or changed else before[1]
        self._board[status.name] = (status, since)
        if self._live:
            self.redraw()
        elif status.state is not State.WAITING and (
            changed or status.state in {State.RESTARTING, State.FAILED}
        ):
            self._write(_plain_line(status) + "\n")

    def drop(self, name: str) -> None:
        """Show a process no longer."""
        if self._board.pop(name, None) is not None:
            self.redraw()

    def say(self, line: str = "") -> None:
        """Print a line that stays."""
        if self._live:
            self._write(self._erased() + line + "\n" + self._drawing())
        else:
            self._write(line + "\n")

    def redraw(self) -> None:
        """Bring the elapsed times up to date; call about twice a second."""
        if self._live:
            self._write(self._erased() + self._drawing())

    def _erased(self) -> str:
        text = f"\x1b[{self._drawn}A\x1b[J" if self._drawn else ""
        self._drawn = 0
        return text

    def _drawing(self) -> str:
        width = shutil.get_terminal_size().columns or 80  # some terminals do not know theirs
        now = self._clock()
        lines = [self._line(status, now - since, width) for status, since in self._board.values()]
        self._drawn = len(lines)
        return "".join(line + "\n" for line in lines)

    def _line(self, status: Status, elapsed: float, width: int) -> str:
        names = max(len(name) for name in self._board)
        addresses = max(len(shown.address) for shown, _ in self._board.values())
        busy = status.state is State.STARTING
        sign = _SPINNER[int(elapsed * 8) % len(_SPINNER)] if busy else _sign(status.state)
        state = f"{status.state.value} {elapsed:.0f} s" if busy else status.state.value
        if status.detail:
            state += f", {status.detail}" if busy else f" {status.detail}"
        head = f" {sign} {status.name:<{names}}  {status.address:<{addresses}}  "
        line = (head + state)[: max(20, width - 1)]
        if not self._colour:
            return line
        return f"{line[: len(head)]}\x1b[{_COLOURS[status.state]}m{line[len(head) :]}\x1b[0m"

    def _write(self, text: str) -> None:
        if self._broken:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError):
            # The terminal is gone (closed window, broken pipe). The service is not.
            self._broken = True


def _sign(state: State) -> str:
    return {State.READY: "●", State.FAILED: "✗", State.STOPPED: "○", State.WAITING: "○"}.get(
        state, "!"
    )


def _plain_line(status: Status) -> str:
    parts = [f"{status.name}: {status.state.value}"]
    if status.address and status.state in {State.STARTING, State.READY}:
        parts.append(status.address)
    if status.detail:
        parts.append(status.detail)
    return "  ".join(parts)
