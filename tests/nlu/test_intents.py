"""The intent model alone: learning, reading, keeping; and what a shop's data may look like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.encoder import shared_encoder
from bot.nlu.intents import IntentModel, Reading, Sentences
from bot.nlu.scope import read_background

EXAMPLES = {
    "status": "where is my order|where's my parcel|has my order shipped|order status please|"
    "when does my order come|track my order|is my parcel on its way|what about my order NL-10482",
    "return": "i want to return this|how do i send it back|return my jacket|can i return shoes|"
    "send back the tent|start a return|returning an item|it does not fit, i want to return it",
    "hours": "when are you open|opening hours|are you open on sunday|what time do you close|"
    "opening times of the shop|is the store open today|until when are you open|do you open early",
    "gift": "do you sell gift cards|can i pay with a voucher|gift card please|how long is a gift "
    "card valid|i got a voucher for christmas|is there a gift card for 50 euro|buy a voucher",
}
TEXTS = [text for texts in EXAMPLES.values() for text in texts.split("|")]
LABELS = [label for label, texts in EXAMPLES.items() for _ in texts.split("|")]


def sentences(texts: Sequence[str]) -> Sentences:
    return Sentences(texts, shared_encoder().views(texts))


def fit(texts: Sequence[str], labels: Sequence[str], background: Sequence[str] = ()) -> IntentModel:
    return IntentModel.fit(sentences(texts), labels, sentences(background))


def read(model: IntentModel, text: str) -> Reading:
    return model.read(text, shared_encoder().views([text])[0])


BACKGROUND = read_background()[::6]
MODEL = fit(TEXTS, LABELS, BACKGROUND)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("where is my ordr", "status"),
        ("WHERE IS MY ORDER!!", "status"),
        ("whens the shop open", "hours"),
        ("id like to retrun a jacket", "return"),
        ("has the package left yet", "status"),  # no word of it is in the examples of `status`
        ("i changed my mind about the boots and will post them to you", "return"),
    ],
)
def test_typos_capitals_and_other_words_are_read(text: str, intent: str) -> None:
    assert read(MODEL, text).ranking[0][0] == intent


@given(st.text(max_size=200))
def test_confidences_of_any_text_add_up_to_one(text: str) -> None:
    reading = read(MODEL, text)
    confidences = [confidence for _, confidence in reading.ranking]
    assert abs(sum(confidences) - 1) < 1e-6
    assert confidences == sorted(confidences, reverse=True)
    assert {name for name, _ in reading.ranking} == set(EXAMPLES)
    assert 0 <= reading.out_of_scope <= 1


def test_strange_messages_are_further_out_of_scope_than_known_ones() -> None:
    known = [read(MODEL, text).out_of_scope for text in TEXTS]
    strange = [
        read(MODEL, text).out_of_scope
        for text in ("bake a chocolate cake", "who won the cricket", "zxcv bnm")
    ]
    assert max(known) < min(strange)
    assert min(strange) > 0.5


def test_most_known_messages_stay_below_the_half_that_means_out_of_scope() -> None:
    scores = [read(MODEL, text).out_of_scope for text in TEXTS]
    assert np.mean(np.array(scores) < 0.5) > 0.85


def test_many_at_once_are_read_as_each_alone() -> None:
    texts = ["where is my ordr", "", "gift", "who are you"]
    for alone, among in zip(
        [read(MODEL, text) for text in texts], MODEL.read_all(sentences(texts)), strict=True
    ):
        assert [name for name, _ in alone.ranking] == [name for name, _ in among.ranking]
        assert alone.out_of_scope == pytest.approx(among.out_of_scope, abs=1e-4)
    assert MODEL.read_all(sentences([])) == []


def test_a_saved_model_reads_the_same(tmp_path: Path) -> None:
    MODEL.save(tmp_path)
    again = IntentModel.load(tmp_path)
    assert again.labels == MODEL.labels
    for text in ("where is my order", "something else", "", "retrun"):
        before, after = read(MODEL, text), read(again, text)
        assert [name for name, _ in after.ranking] == [name for name, _ in before.ranking]
        assert after.ranking[0][1] == pytest.approx(before.ranking[0][1], abs=0.01)
        assert after.out_of_scope == pytest.approx(before.out_of_scope, abs=0.01)


def test_nothing_in_a_saved_model_is_a_pickle(tmp_path: Path) -> None:
    MODEL.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".npz"}
    for path in tmp_path.glob("*.npz"):
        with np.load(path, allow_pickle=False) as stored:
            assert all(stored[name].dtype != object for name in stored.files)


def test_training_twice_gives_the_same_model() -> None:
    again = fit(TEXTS, LABELS, BACKGROUND)
    assert read(again, "where is it") == read(MODEL, "where is it")


# --------------------------------------------------------------------------- what data look like


def test_one_intent_is_no_training_data() -> None:
    with pytest.raises(ValueError, match="at least two intents"):
        fit(["a", "b"], ["x", "x"])


def test_two_intents_with_one_example_each_are_enough() -> None:
    model = fit(["yes please", "no thanks"], ["yes", "no"])
    assert read(model, "yes").ranking[0][0] == "yes"
    assert read(model, "no").ranking[0][0] == "no"


def test_an_intent_with_a_single_example_is_found_among_many() -> None:
    model = fit([*TEXTS, "my tent pole snapped"], [*LABELS, "broken"], BACKGROUND)
    assert read(model, "the pole of the tent has snapped").ranking[0][0] == "broken"
    assert read(model, "where is my parcel").ranking[0][0] == "status"


def test_a_rare_intent_holds_its_own_against_a_frequent_one() -> None:
    many = [f"where is my order {n} from {n % 28 + 1} may" for n in range(120)]
    rare = ["do you sell gift cards", "can i pay with a voucher"]
    model = fit([*many, *rare], ["status"] * 120 + ["gift"] * 2)
    assert read(model, "is there a gift voucher").ranking[0][0] == "gift"


def test_the_same_sentence_many_times_does_not_break_the_training() -> None:
    model = fit(["hello"] * 30 + ["bye"] * 30, ["greet"] * 30 + ["leave"] * 30)
    assert read(model, "hello").ranking[0][0] == "greet"


def test_one_sentence_under_two_intents_is_half_of_each() -> None:
    texts = ["it is broken", "my order came broken"]
    model = fit([*TEXTS, *texts, *texts], [*LABELS, "a", "a", "b", "b"])
    confidences = dict(read(model, "it is broken").ranking)
    assert confidences["a"] == pytest.approx(confidences["b"], abs=0.1)


def test_texts_without_words_and_in_other_scripts_are_data_too() -> None:
    texts = ["??", "!!!", "👍", "👍👍", "где мой заказ", "где посылка", "我的订单在哪里", "订单"]
    model = fit(texts, ["what", "what", "ok", "ok", "ru", "ru", "zh", "zh"], BACKGROUND)
    assert read(model, "где мой заказ?").ranking[0][0] == "ru"


def test_views_must_belong_to_the_texts() -> None:
    with pytest.raises(ValueError, match="2 texts have 1 views"):
        Sentences(["a", "b"], shared_encoder().views(["a"]))
