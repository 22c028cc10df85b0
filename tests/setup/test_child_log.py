"""A child's log: rotation, and finding the line that explains a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import child_log
from bot.child_log import ChildLog, explaining, plain


def test_a_log_is_rotated_at_each_start_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "gateway.log"
    for run in range(child_log.LOGS_KEPT + 2):
        log = ChildLog(path, pytest.fail)
        log.write(f"run {run}\n".encode())
        log.write(b"more\n")
        log.close()
    kept = {each.name: each.read_text().split("\n")[0] for each in tmp_path.iterdir()}
    assert kept == {
        "gateway.log": "run 4",
        "gateway.1.log": "run 3",
        "gateway.2.log": "run 2",
        "gateway.3.log": "run 1",
    }


def test_a_log_that_grows_too_long_is_rotated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_log, "LOG_BYTES", 100)
    log = ChildLog(tmp_path / "redis.log", pytest.fail)
    for _ in range(30):
        log.write(b"x" * 20 + b"\n")
    log.close()
    assert len(list(tmp_path.iterdir())) == 1 + child_log.LOGS_KEPT
    assert all(each.stat().st_size < 200 for each in tmp_path.iterdir())


def test_a_log_is_private(tmp_path: Path) -> None:
    log = ChildLog(tmp_path / "a.log", pytest.fail)
    log.write(b"x\n")
    log.close()
    assert log.path.stat().st_mode & 0o077 == 0


def test_lines_are_remembered_whole_however_they_arrive(tmp_path: Path) -> None:
    log = ChildLog(tmp_path / "a.log", pytest.fail)
    assert log.write(b"one\ntw") == ["one"]
    assert log.write(b"o\r\n\nthree") == ["two"]
    assert log.lines() == ["one", "two", "three"]
    log.remark("ours")
    assert log.lines() == ["one", "two", "three"]
    log.begin("started")
    assert log.lines() == []
    log.close()


def test_writing_is_taken_up_again_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_log, "RETRY_S", 0.0)
    notices: list[str] = []
    place = tmp_path / "log"
    place.write_text("in the way")
    log = ChildLog(place / "a.log", notices.append)
    log.write(b"lost\n")
    log.write(b"lost\n")
    place.unlink()
    log.write(b"kept\n")
    log.close()
    assert (place / "a.log").read_text() == "kept\n"
    assert len(notices) == 2
    assert "a.log cannot be written (File exists)" in notices[0]
    assert "a.log is written again" in notices[1]


def test_the_explaining_line_is_the_last_error_or_the_last_line() -> None:
    assert explaining(["starting", "ValueError: bad port", "bye"]) == "ValueError: bad port"
    assert explaining(["starting", "bye", ""]) == "bye"
    assert explaining([]) == ""
    assert len(explaining(["error " + "x" * 500])) == 200


def test_control_characters_never_reach_the_terminal() -> None:
    assert plain(b"\x1b[31mred\x1b[0m \x07bell \x1b]0;title\x07 caf\xc3\xa9") == (
        "red bell ]0;title café"
    )
