"""Which of two readings of a message the intent classifier goes by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.components import EVEN_TEXT, MATTER_TEXT, MATTER_VIEWS, SENTENCE_VIEWS, IntentReader
from bot.nlu.intents import Reading, Sentences

VIEWS = np.zeros((2, 384), dtype=np.float32)


class Classifier:
    """Knows some texts; counts how many it was asked for."""

    def __init__(self, answers: Mapping[str, tuple[str, float]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def read_all(self, sentences: Sentences) -> list[Reading]:
        self.asked += sentences.texts
        return [
            Reading((self._answers[text], ("other", 0.01)), 1 - self._answers[text][1])
            for text in sentences.texts
        ]


def message(text: str, matter: str | None) -> Message:
    data = {"text": text, EVEN_TEXT: text, SENTENCE_VIEWS: VIEWS}
    if matter is not None:
        data |= {MATTER_TEXT: matter, MATTER_VIEWS: VIEWS}
    return Message(data=data)


@pytest.mark.parametrize(
    ("whole", "matter", "wins"),
    [
        (("complaint", 0.6), ("order_status", 0.9), "order_status"),
        (("goodbye", 0.9), ("affirm", 0.6), "goodbye"),
    ],
)
def test_the_surer_reading_counts(
    tmp_path: Path, whole: tuple[str, float], matter: tuple[str, float], wins: str
) -> None:
    classifier = Classifier({"Dear Sirs, where is it": whole, "where is it": matter})
    reader = IntentReader(LocalModelStorage(tmp_path), Resource("x"), classifier)
    read = reader.process([message("Dear Sirs, where is it", "where is it")])[0]
    assert read.get("intent")["name"] == wins
    assert read.get("intent_ranking")[0]["name"] == wins
    assert read.get("out_of_scope") == pytest.approx(1 - max(whole[1], matter[1]))


@pytest.mark.parametrize(
    ("whole", "matter", "wins"),
    [
        (("complaint", 0.9), ("order_status", 0.6), "order_status"),
        (("complaint", 0.9), ("complaint", 0.6), "complaint"),
        (("order_status", 0.6), ("complaint", 0.9), "complaint"),
        (("goodbye", 0.9), ("complaint", 0.6), "goodbye"),
    ],
)
def test_a_complaint_is_one_by_its_matter(
    tmp_path: Path, whole: tuple[str, float], matter: tuple[str, float], wins: str
) -> None:
    classifier = Classifier({"Dear Sirs, where is it": whole, "where is it": matter})
    reader = IntentReader(LocalModelStorage(tmp_path), Resource("x"), classifier, ["complaint"])
    read = reader.process([message("Dear Sirs, where is it", "where is it")])[0]
    assert read.get("intent")["name"] == wins


@pytest.mark.parametrize("matter", [None, "", "where is it"])
def test_a_message_without_another_matter_is_read_once(tmp_path: Path, matter: str | None) -> None:
    classifier = Classifier({"where is it": ("order_status", 0.9)})
    reader = IntentReader(LocalModelStorage(tmp_path), Resource("x"), classifier)
    reader.process([message("where is it", matter)])
    assert classifier.asked == ["where is it"]
