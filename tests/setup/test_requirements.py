"""The locks: everything pinned and hashed, no addresses, one set of versions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
LOCKS = ["runtime.lock", "dev.lock", "oracle.lock", "uv.lock"]


def pinned(lock: str) -> dict[str, str]:
    text = (REQUIREMENTS / lock).read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    text = (REQUIREMENTS / lock).read_text()
    lines = text.replace("\\\n", " ").splitlines()
    requirements = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert len(requirements) == len(pinned(lock)) > 0
    assert all("--hash=sha256:" in each for each in requirements)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_holds_an_address(lock: str) -> None:
    text = (REQUIREMENTS / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^--?[a-z]", text, re.MULTILINE), "an option, like an index"


def test_the_developers_environment_is_the_runtimes_and_more() -> None:
    runtime, dev = pinned("runtime.lock"), pinned("dev.lock")
    assert runtime.items() <= dev.items()
