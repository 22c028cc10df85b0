"""The intent model alone: learning, reading, keeping."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.intents import IntentModel, read_background, simplify

EXAMPLES = {
    "status": "where is my order|where's my parcel|has my order shipped|order status please|"
    "when does my order come|track my order|is my parcel on its way|what about my order NL-10482",
    "return": "i want to return this|how do i send it back|return my jacket|can i return shoes|"
    "send back the tent|start a return|returning an item|it does not fit, i want to return it",
    "hours": "when are you open|opening hours|are you open on sunday|what time do you close|"
    "opening times of the shop|is the store open today|until when are you open|do you open early",
}
TEXTS = [text for texts in EXAMPLES.values() for text in texts.split("|")]
LABELS = [label for label, texts in EXAMPLES.items() for _ in texts.split("|")]
MODEL = IntentModel.fit(TEXTS, LABELS, read_background())


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("where is my ordr", "status"),
        ("WHERE IS MY ORDER!!", "status"),
        ("whens the shop open", "hours"),
        ("id like to retrun a jacket", "return"),
    ],
)
def test_typos_and_capitals_are_read(text: str, intent: str) -> None:
    assert MODEL.read(text).ranking[0][0] == intent


@given(st.text(max_size=200))
def test_confidences_of_any_text_add_up_to_one(text: str) -> None:
    reading = MODEL.read(text)
    confidences = [confidence for _, confidence in reading.ranking]
    assert abs(sum(confidences) - 1) < 1e-6
    assert confidences == sorted(confidences, reverse=True)
    assert {name for name, _ in reading.ranking} == set(EXAMPLES)
    assert 0 <= reading.out_of_scope <= 1


def test_strange_messages_are_further_out_of_scope_than_known_ones() -> None:
    known = [MODEL.read(text).out_of_scope for text in TEXTS]
    strange = [
        MODEL.read(text).out_of_scope
        for text in ("bake a chocolate cake", "who won the cricket", "zxcv bnm")
    ]
    assert max(known) < min(strange)


def test_a_saved_model_reads_the_same(tmp_path: Path) -> None:
    MODEL.save(tmp_path)
    again = IntentModel.load(tmp_path)
    for text in ("where is my order", "something else", "", "retrun"):
        before, after = MODEL.read(text), again.read(text)
        assert [name for name, _ in after.ranking] == [name for name, _ in before.ranking]
        assert after.ranking[0][1] == pytest.approx(before.ranking[0][1], abs=1e-4)
        assert after.out_of_scope == pytest.approx(before.out_of_scope, abs=1e-4)


def test_training_twice_gives_the_same_model() -> None:
    again = IntentModel.fit(TEXTS, LABELS, read_background())
    assert again.read("where is it") == MODEL.read("where is it")


def test_one_intent_is_no_training_data() -> None:
    with pytest.raises(ValueError, match="at least two intents"):
        IntentModel.fit(["a", "b"], ["x", "x"])


def test_two_intents_and_few_examples_are_enough() -> None:
    model = IntentModel.fit(["yes please", "no thanks"], ["yes", "no"])
    assert model.read("yes").ranking[0][0] == "yes"


def test_details_are_replaced_by_their_kind() -> None:
    assert simplify("Order NL-10482, mail Anna@x.no, soooo 3 times") == (
        "order ordernum , mail mailaddr , soo 0 times"
    )


def test_the_background_has_no_shop_in_it() -> None:
    sentences = read_background()
    assert len(sentences) > 150
    assert len(set(sentences)) == len(sentences)
    words = " ".join(sentences).split()
    assert not {"order", "parcel", "refund", "delivery", "jacket", "return"} & set(words)
