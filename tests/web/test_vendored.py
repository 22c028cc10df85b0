"""What others wrote is served as they published it, and says what it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

VENDOR = Path("bot/web/static/vendor")
FOLDERS = sorted(path for path in VENDOR.iterdir() if path.is_dir())


def test_there_is_a_charting_library() -> None:
    assert [folder.name for folder in FOLDERS] == ["chart.js"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_file_is_the_one_that_its_makers_published(folder: Path) -> None:
    noted = json.loads((folder / "vendored.json").read_text())
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "vendored.json"
    }
    assert digests == noted["files"]
    assert noted["license"] == "MIT"
    assert "Permission is hereby granted" in (folder / "LICENSE.md").read_text()


def test_the_version_is_the_one_that_the_file_names() -> None:
    noted = json.loads((VENDOR / "chart.js" / "vendored.json").read_text())
    head = (VENDOR / "chart.js" / "chart.umd.min.js").read_text()[:200]
    assert f"Chart.js v{noted['version']}" in head
