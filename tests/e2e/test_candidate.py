"""A comparison with the real reader: the model of this run, and the same under another name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.stack import Stack
from bot.learning.evaluate import OUT_OF_SCOPE
from bot.learning.registry import Registry
from bot.learning.trial import Place, compare
from bot.settings import Settings
from bot.triage_policy import load_policy

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(stack: Stack, tmp_path: Path) -> Place:
    """With the trained model twice, in a directory of its own."""
    current = Registry(ROOT / Settings().models).current()
    assert current is not None
    for name in ("deskhand-old.tar.gz", "deskhand-new.tar.gz"):
        shutil.copyfile(ROOT / Settings().models / current.model, tmp_path / name)
    return Place(
        root=ROOT,
        models=tmp_path,
        help=ROOT / "data/help",
        archive=tmp_path / "none.db",
        policy=load_policy((ROOT / "data/triage.yml").read_text()),
    )


async def test_a_model_reads_the_held_out_sentences_and_equals_itself(place: Place) -> None:
    async def progress(words: str, fraction: float) -> None:
        assert 0 <= fraction < 1, words

    report = await compare(
        place, "deskhand-new.tar.gz", "deskhand-old.tar.gz", by="test", progress=progress
    )
    assert report.verdict.passed
    assert report.before == report.after
    assert report.sentences == ()
    accuracy, recall = report.after.accuracy, report.after.of(OUT_OF_SCOPE).recall
    assert accuracy is not None
    assert accuracy >= 0.9
    assert recall is not None
    assert recall >= 0.9
    assert report.after.heard == report.after.asked >= 4
