"""The check of the examples with the assistant's own encoder and classifier."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.learning.examples import LearnedExamples
from bot.learning.jobs import Job
from bot.learning.lint import Report, lint
from bot.learning.lint_job import printed, read_unseen, run
from bot.learning.nlu_files import Placed
from bot.learning.usage import Project

ROOT = Path(__file__).parents[2]
FILES = ("account", "payments")


class Context:
    """What the job needs of its context."""

    def __init__(self, root: Path) -> None:
        self.root = root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with two of the shipped files."""
    (tmp_path / "data/nlu").mkdir(parents=True)
    for name in FILES:
        shutil.copy(ROOT / f"data/nlu/{name}.yml", tmp_path / "data/nlu")
    shutil.copytree(ROOT / "data/rules", tmp_path / "data/rules")
    shutil.copytree(ROOT / "actions", tmp_path / "actions")
    shutil.copy(ROOT / "domain.yml", tmp_path)
    return tmp_path


async def test_planted_mistakes_are_found_among_shipped_examples(root: Path) -> None:
    examples = LearnedExamples(root).everything()
    planted = {}
    for row in range(5, len(examples), 25):
        right = examples[row].example
        wrong = examples[(row + len(examples) // 2) % len(examples)].example.intent
        planted[right.text] = right.intent
        moved = msgspec.structs.replace(right, intent=wrong)
        examples[row] = Placed(moved, examples[row].path, examples[row].line)
    report = lint(examples, Project.read(root), read_unseen)
    found = {
        one.sentences[0].text: one.intents[1]
        for one in report.findings
        if one.kind == "mislabelled"
    }
    again = {text for text, intent in found.items() if planted.get(text) == intent}
    assert len(planted) > 20
    assert len(again) >= 0.5 * len(planted)  # two in three to four in five, wherever one begins
    assert len(found) - len(again) <= 0.01 * len(examples)
    assert report.accuracy
    assert report.accuracy > 0.85


async def test_the_job_gives_a_report_that_can_be_kept(root: Path) -> None:
    told: list[tuple[str, float]] = []

    async def progress(words: str, fraction: float) -> None:
        told.append((words, fraction))

    context: Any = Context(root)
    result = await run(Job(id="lint-1", kind="lint", by="olga", asked=0), context, progress)
    assert set(msgspec.json.decode(msgspec.json.encode(result))) == set(result)
    assert result["sentences"] > 500
    assert told
    unused = {one["intents"][0] for one in result["findings"] if one["kind"] == "unused_intent"}
    assert "order_status" in unused  # its file was not copied
    assert "gift_card" not in unused
    assert "sentences of" in printed(msgspec.convert(result, Report))
