"""The policy in force follows the file, and survives a file that is wrong."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from bot.triage_file import TriageFile, mark_of, policy_path
from bot.triage_policy import PolicyError

SHIPPED = (Path(__file__).parents[2] / "data/triage.yml").read_text(encoding="utf-8")
BOLDER = SHIPPED.replace("answer: 0.4", "answer: 0.3", 1)


@pytest.fixture
def file(tmp_path: Path) -> TriageFile:
    (tmp_path / "triage.yml").write_text(SHIPPED, encoding="utf-8")
    return TriageFile(tmp_path / "triage.yml")


def replace(file: TriageFile, text: str) -> None:
    new = file.path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file.path)


def test_the_policy_is_read_once_as_long_as_nobody_changes_the_file(file: TriageFile) -> None:
    first = file.read()
    assert file.read() is first
    assert first.mark == mark_of(SHIPPED)


def test_a_change_counts_with_the_next_message(file: TriageFile) -> None:
    assert file.read().policy.answer_confidence == 0.4
    replace(file, BOLDER)
    assert file.read().policy.answer_confidence == 0.3
    assert file.read().mark == mark_of(BOLDER)


@pytest.mark.parametrize(
    "wrong", ["confidence: [", SHIPPED.replace("answer: 0.4", "answer: 4"), "\udcff"]
)
def test_a_change_that_is_wrong_is_left_out_and_said_once(
    file: TriageFile, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = file.read()
    file.path.write_bytes(wrong.encode("utf-8", "surrogateescape"))
    with caplog.at_level(logging.ERROR):
        assert file.read() is before
        assert file.read() is before
    assert len(caplog.records) == 1
    assert str(file.path) in caplog.text
    replace(file, BOLDER)
    assert file.read().policy.answer_confidence == 0.3


def test_a_file_that_goes_away_and_comes_back(
    file: TriageFile, caplog: pytest.LogCaptureFixture
) -> None:
    before = file.read()
    file.path.unlink()
    assert file.read() is before
    assert file.read() is before
    assert len(caplog.records) == 1
    replace(file, BOLDER)
    assert file.read().policy.answer_confidence == 0.3


def test_a_file_that_was_never_right_is_an_error_each_time(tmp_path: Path) -> None:
    file = TriageFile(tmp_path / "triage.yml")
    with pytest.raises(FileNotFoundError):
        file.read()
    file.path.write_text("confidence: 4", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(PolicyError):
            file.read()
    replace(file, SHIPPED)
    assert file.read().policy.answer_confidence == 0.4


def test_the_environment_may_name_another_file(tmp_path: Path) -> None:
    assert policy_path(tmp_path, {}) == tmp_path / "data" / "triage.yml"
    assert policy_path(tmp_path, {"DESKHAND_TRIAGE": "/etc/t.yml"}) == Path("/etc/t.yml")
