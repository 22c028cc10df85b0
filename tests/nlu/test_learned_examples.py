"""Rasa's own reader and validator on what the studio writes."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
from rasa.core.nlg.interpolator import interpolate
from rasa.shared.core.constants import DEFAULT_INTENTS
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.validator import Validator

from bot.events import Button
from bot.learning.domain_edits import RESERVED, NewIntent
from bot.learning.examples import LearnedExamples
from bot.learning.nlu_files import Example
from bot.learning.responses import Variation, check_variations

ROOT = Path(__file__).parents[2]

#: What customers write, and YAML or Rasa could take for something else.
HOSTILE = [
    "- where is it",
    "-",
    "status: late",
    "order # 40117 # urgent",
    'my "parka" isn\'t here',
    "C:\\tent\\n",
    "[Oslo](city) and [a]{b} and [c][d]",
    "[order number] where",
    "{order_number} ??",
    "| folded > text",
    "& anchor * alias",
    "? what",
    "% no, @ no, ` no",
    "yes",
    "null",
    "3.10",
    "2026-11-26",
    "!!python/object:os.system",
    "${HOME} and ${NOWHERE}",
    "/restart",
    "👍🏽 great 👩‍👧",
    "first line\nsecond line",
    "tab\there",
    "مرحبا اين طلبي",
    "  blanks around  ",
    "---",
    "so long " * 120,
]


#: Rasa's reader of schemas is not ours to mend.
SCHEMAS = pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("domain.yml", "config.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for folder in ("data/nlu", "data/rules"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def read(path: Path) -> list[Any]:
    return list(RasaYAMLReader().read(path).training_examples)


@SCHEMAS
def test_rasa_reads_just_what_was_learned(root: Path) -> None:
    shutil.rmtree(root / "data/nlu")  # a "yes" there is an affirm
    (root / "data/nlu").mkdir()
    learned = LearnedExamples(root)
    added = learned.add(
        [Example(text=text, intent="small_talk", sources=("c1#4",), by="anna") for text in HOSTILE]
    )
    assert not added.skipped
    found = read(root / "data/nlu/learned/small_talk.yml")
    assert [one.get("text") for one in found] == [one.text for one in added.trained]
    held_out = read(root / "data/held_out/small_talk.yml")
    assert [one.get("text") for one in held_out] == [one.text for one in added.held_out]
    for one in (*found, *held_out):
        assert one.get("intent") == "small_talk"
        assert not one.get("entities")
        assert one.get("metadata")["example"]["from"] == ["c1#4"]


@SCHEMAS
def test_a_project_with_learned_intents_is_valid(root: Path) -> None:
    texts = [f"can you mend my {thing}" for thing in ("zip", "tent", "sole", "stove", "pole")]
    LearnedExamples(root).add(
        [Example(text=text, intent="mending_things") for text in texts],
        NewIntent(name="mending_things", answer="We mend: zips, soles & more gently."),
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        validator = Validator.from_importer(
            TrainingDataImporter.load_from_config(
                str(root / "config.yml"),
                str(root / "domain.yml"),
                [str(root / "data/nlu"), str(root / "data/rules")],
            )
        )
        assert "mending_things" in validator.domain.intents
        assert validator.verify_domain_validity()
        assert validator.verify_intents()
        assert validator.verify_utterances_in_stories()
        assert validator.verify_example_repetition_in_intents(ignore_warnings=False)
        assert validator.verify_story_structure()
    assert not [one for one in told if "mending" in str(one.message)]


def test_no_new_intent_has_a_name_that_rasa_has_taken() -> None:
    assert set(DEFAULT_INTENTS) <= RESERVED


@pytest.mark.parametrize("payload", ["/greet", '/greet{"a": "b c"}', '/greet{"a":1, "b": "é"}'])
def test_a_payload_that_an_owner_may_write_reaches_the_customer_as_it_is(payload: str) -> None:
    buttons = (Button(title="Hi: {name}", payload=payload),)
    check_variations([Variation(text="x", buttons=buttons)], "utter_x", {"name"}, {"greet"})
    sent = interpolate([{"title": "Hi: {name}", "payload": payload}], {"name": "Anna"})
    assert sent == [{"title": "Hi: Anna", "payload": payload}]
