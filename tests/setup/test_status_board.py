"""The terminal of `deskhand up`."""

from __future__ import annotations

import io
import re

from bot.processes import State, Status
from bot.status_board import StatusBoard

READY = Status("gateway", State.READY, "http://127.0.0.1:8080")


def test_elsewhere_than_on_a_terminal_each_change_is_one_plain_line() -> None:
    out = io.StringIO()
    board = StatusBoard(out, {"TERM": "xterm"})
    board.report(Status("gateway", State.WAITING))
    board.report(Status("gateway", State.STARTING, "http://127.0.0.1:8080"))
    board.report(READY)
    board.report(READY)
    board.redraw()
    board.say("  Demo shop")
    assert out.getvalue().splitlines() == [
        "gateway: starting  http://127.0.0.1:8080",
        "gateway: ready  http://127.0.0.1:8080",
        "  Demo shop",
    ]


def test_progress_is_no_wall_of_lines() -> None:
    out = io.StringIO()
    board = StatusBoard(out, {})
    for step in range(100):
        board.report(Status("assistant", State.STARTING, "here", f"model: step {step}"))
    assert len(out.getvalue().splitlines()) == 1


def test_on_a_terminal_the_board_is_redrawn_in_place() -> None:
    out = io.StringIO()
    now = 100.0
    board = StatusBoard(out, {"NO_COLOR": "1"}, live=True, clock=lambda: now)
    board.report(Status("redis", State.READY, "127.0.0.1:5"))
    board.report(Status("assistant", State.STARTING, "127.0.0.1:6", "model: training Reader"))
    now = 134.4
    board.redraw()
    screen = shown(out.getvalue())
    assert [re.sub(r"\s+", " ", line[3:]) for line in screen] == [
        "redis 127.0.0.1:5 ready",
        "assistant 127.0.0.1:6 starting 34 s, model: training Reader",
    ]
    board.say("a line that stays")
    assert shown(out.getvalue())[0] == "a line that stays"
    assert len(shown(out.getvalue())) == 3


def test_a_long_reason_never_wraps_the_board(monkeypatch: object) -> None:
    out = io.StringIO()
    board = StatusBoard(out, {}, live=True)
    board.report(Status("redis", State.FAILED, "127.0.0.1:5", "x" * 500))
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", out.getvalue())
    assert all(len(line) < 80 for line in plain.splitlines())


def test_a_terminal_that_went_away_does_not_stop_the_service() -> None:
    out = io.StringIO()
    board = StatusBoard(out, {})
    out.close()
    board.say("to nobody")
    board.report(READY)


def shown(text: str) -> list[str]:
    """What a terminal would show: `ESC[nA` goes up n lines, `ESC[J` clears from there on."""
    lines: list[str] = []
    for part in re.split(r"(\x1b\[\d+A\x1b\[J)", text):
        if match := re.fullmatch(r"\x1b\[(\d+)A\x1b\[J", part):
            del lines[len(lines) - int(match[1]) :]
        else:
            lines += part.splitlines()
    return lines
