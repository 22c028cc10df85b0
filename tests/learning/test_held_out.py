"""The sentences by which models are judged: those that are shipped, and what must not happen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.errors import TrainingFailed
from bot.learning.evaluate import OUT_OF_SCOPE
from bot.learning.held_out import read_data

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in {
        "domain.yml": "intents:\n  - greet\n  - hours\n",
        "data/nlu/talk.yml": nlu("greet", "hello there"),
        "data/held_out/talk.yml": nlu("greet", "good morning"),
        "data/held_out/none.yml": nlu(OUT_OF_SCOPE, "who won the match"),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def nlu(intent: str, *sentences: str) -> str:
    lines = "".join(f"      - {one}\n" for one in sentences)
    return f"version: '3.1'\nnlu:\n  - intent: {intent}\n    examples: |\n{lines}"


def test_each_shipped_intent_can_be_judged_and_nothing_is_trained_as_well() -> None:
    data = read_data(ROOT)
    counted = Counter(sentence.intent for sentence in data.sentences)
    assert set(counted) == {*data.intents, OUT_OF_SCOPE}
    assert min(counted.values()) >= 3
    assert counted[OUT_OF_SCOPE] >= 40
    assert not [one for one in data.findings if one.kind in {"leak", "conflict"}]
    assert data.deleted == ()


def test_held_out_sentences_are_read_with_those_that_are_none_of_ours(root: Path) -> None:
    data = read_data(root)
    assert {(s.text, s.intent) for s in data.sentences} == {
        ("good morning", "greet"),
        ("who won the match", OUT_OF_SCOPE),
    }


def test_a_held_out_sentence_that_is_trained_as_well_is_named_with_both_places(
    root: Path,
) -> None:
    (root / "data/held_out/talk.yml").write_text(nlu("greet", "good morning", "Hello, there!"))
    with pytest.raises(TrainingFailed) as failure:
        read_data(root)
    assert failure.value.message.startswith(
        "data/held_out/talk.yml, line 6: “Hello, there!” is held out, and stands in "
        "data/nlu/talk.yml, line 5 as well."
    )


def test_a_label_for_an_intent_that_was_deleted_is_named(root: Path) -> None:
    learned = root / "data/nlu/learned/gift_wrap.yml"
    learned.parent.mkdir()
    learned.write_text(nlu("gift_wrap", "can you wrap it"))
    with pytest.raises(
        TrainingFailed,
        match=r"^data/nlu/learned/gift_wrap\.yml, line 5: the intent gift_wrap is not in domain",
    ):
        read_data(root)


def test_held_out_sentences_of_a_deleted_intent_are_left_out_and_told(root: Path) -> None:
    (root / "data/held_out/gift_wrap.yml").write_text(nlu("gift_wrap", "as a present please"))
    data = read_data(root)
    assert data.deleted == ("gift_wrap",)
    assert len(data.sentences) == 2


def test_broken_yaml_is_named_with_line_and_column(root: Path) -> None:
    (root / "data/held_out/talk.yml").write_text("nlu:\n  - intent: greet\n   examples: x\n")
    with pytest.raises(TrainingFailed, match=r"^data/held_out/talk\.yml, line 3, column 4"):
        read_data(root)
