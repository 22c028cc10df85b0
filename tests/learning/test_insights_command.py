"""`deskhand insights` in the terminal."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.studio_data import ZONE, fill_archive, history
from bot.learning.archive import ARCHIVE, Archive
from bot.learning.insights_command import duration

ROOT = Path(__file__).parent.parent.parent


def insights(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "insights", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "DESKHAND_VAR": str(var)},
    )


@pytest.fixture
def var(tmp_path: Path) -> Path:
    archive = Archive(tmp_path / ARCHIVE, write=True, zone=ZONE)
    fill_archive(archive, history(400, days=30))
    archive.close()
    return tmp_path


def test_figures_for_people_and_for_spreadsheets(var: Path) -> None:
    said = insights(var, "--from", "2026-11-01", "--to", "2026-11-15")
    assert said.returncode == 0, said.stderr
    first, _, *lines = said.stdout.splitlines()
    assert first == "2026-11-01 to 2026-11-15 (Europe/Oslo), beside the 15 days before"
    assert [line for line in lines if line.startswith("Contained")]
    assert "clarifications_failed" not in said.stdout
    assert "could not be understood, twice in a row" in said.stdout
    table = insights(var, "--csv", "--from", "2026-11-01", "--to", "2026-11-15")
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert {row["from"] for row in rows} == {"2026-11-01"}
    assert {"figure", "intent", "handoff_reason", "day", "load"} <= {row["section"] for row in rows}


def test_what_makes_no_sense_is_one_line_and_a_hint(var: Path, tmp_path: Path) -> None:
    said = insights(var, "--from", "2026-11-31")
    assert said.returncode == 1
    assert said.stdout == ""
    assert said.stderr.splitlines() == [
        "deskhand: `from` is '2026-11-31', which is no date.",
        "          Write it like 2026-10-31.",
    ]
    said = insights(tmp_path / "elsewhere")
    assert said.returncode == 1
    assert "There is no archive" in said.stderr
    assert "deskhand up" in said.stderr


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0.0 s"),
        (3_240, "3.2 s"),
        (60_000, "1 min"),
        (3_600_000, "60 min"),
        (9_000_000, "2.5 h"),
        (259_200_000, "3.0 d"),
    ],
)
def test_durations_are_in_the_unit_that_people_would_use(ms: int, words: str) -> None:
    assert duration(ms) == words
