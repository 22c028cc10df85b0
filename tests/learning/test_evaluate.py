"""What a model makes of held-out sentences, counted by hand."""

from __future__ import annotations

import pytest

from bot.learning.evaluate import (
    OUT_OF_SCOPE,
    Confusion,
    IntentFigures,
    ReadAs,
    Sentence,
    changes,
    evaluate,
    read_as,
)
from tests.learning.logged_talks import SHIPPED


def sentences(*pairs: str) -> list[Sentence]:
    """ "text=intent" each."""
    return [Sentence(text=t, intent=i) for t, i in (pair.split("=") for pair in pairs)]


def read(*intents: str, person: str = "talk_to_human") -> list[ReadAs]:
    return [ReadAs(intent=i, confidence=0.9, person=i == person) for i in intents]


TRUTH = sentences("a=x", "b=x", "c=x", "d=y", "e=y", f"f={OUT_OF_SCOPE}", "g=talk_to_human")


def test_precision_recall_and_confusions_are_those_counted_by_hand() -> None:
    found = evaluate(
        TRUTH,
        read("x", "x", "y", "y", OUT_OF_SCOPE, "y", "talk_to_human"),
        {"talk_to_human"},
    )
    x, y, none = found.of("x"), found.of("y"), found.of(OUT_OF_SCOPE)
    assert x.precision == 1.0
    assert x.recall == pytest.approx(2 / 3)
    assert (y.sentences, y.read, y.right) == (2, 3, 1)
    assert y.precision == pytest.approx(1 / 3)
    assert (none.recall, none.precision) == (0.0, 0.0)
    assert (found.right, found.sentences) == (4, 6)
    assert found.accuracy == pytest.approx(4 / 6)
    assert (found.heard, found.asked) == (1, 1)
    assert found.confusions == (
        Confusion(intent=OUT_OF_SCOPE, read_as="y", count=1, examples=("f",)),
        Confusion(intent="x", read_as="y", count=1, examples=("c",)),
        Confusion(intent="y", read_as=OUT_OF_SCOPE, count=1, examples=("e",)),
    )


def test_what_is_not_there_has_no_share() -> None:
    found = evaluate([], [], set())
    assert found.accuracy is None
    nothing = found.of("x")
    assert nothing == IntentFigures(intent="x", sentences=0, read=0, right=0)
    assert (nothing.precision, nothing.recall) == (None, None)
    with pytest.raises(ValueError, match="zip"):
        evaluate(TRUTH, read("x"), set())


def test_what_got_worse_comes_first() -> None:
    old = read("x", "x", "y", "y", "x", "y", "talk_to_human")
    new = read("x", "y", "x", "y", "z", "y", "talk_to_human")
    found = changes(TRUTH, old, new)
    assert [(c.text, c.gained) for c in found] == [("b", -1), ("c", 1), ("e", 0)]


@pytest.mark.parametrize(
    ("parse", "intent"),
    [
        ({"intent": {"name": "order_status", "confidence": 0.9}}, "order_status"),
        ({"intent": {"name": "order_status", "confidence": 0.2}}, OUT_OF_SCOPE),
        ({"intent": {"name": "nlu_fallback", "confidence": 0.9}}, OUT_OF_SCOPE),
        ({"intent": {"name": "order_status", "confidence": 0.9}, "out_of_scope": 0.99}, None),
        ({}, OUT_OF_SCOPE),
    ],
)
def test_a_message_is_read_as_what_triage_would_trust(
    parse: dict[str, object], intent: str | None
) -> None:
    found = read_as({"text": "where is it", **parse}, SHIPPED)
    assert found.intent == (intent or OUT_OF_SCOPE)
    assert not found.person


def test_a_request_for_a_person_is_heard_by_triage() -> None:
    parse = {"text": "xyz", "intent": {"name": "talk_to_human", "confidence": 0.95}}
    assert read_as(parse, SHIPPED).person
