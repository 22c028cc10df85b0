"""Words of questions and of passages: stems, rare words, misspelt words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.help.words import WordMatch, stem, words_of

TEXTS = [
    [("Washing a down jacket", 2.0), ("Gentle programme, special detergent.", 1.0)],
    [("Gift cards", 2.0), ("Enter the code at checkout. A jacket is a nice gift.", 1.0)],
    [("Sleeping bag care", 2.0), ("Wash it seldom.", 1.0)],
]
MATCH = WordMatch(TEXTS)


def nobody_knows(word: str) -> bool:
    return False


@pytest.mark.parametrize(
    "words",
    [
        ["wash", "washes", "washed", "washing"],
        ["repair", "repairs", "repaired", "repairing"],
        ["size", "sizes", "sizing"],
        ["zip", "zips", "zipped"],
        ["boot", "boots"],
    ],
)
def test_forms_of_a_word_have_one_stem(words: list[str]) -> None:
    assert len({stem(word) for word in words}) == 1


def test_short_words_and_numbers_stay_as_they_are() -> None:
    assert [stem(word) for word in ("bus", "42", "gas", "30s")] == ["bus", "42", "gas", "30s"]


def test_words_that_say_nothing_are_left_out() -> None:
    assert words_of("How do I wash my DOWN jacket, please?") == ["wash", "down", "jacket"]
    assert words_of("Don't you?") == []


def test_the_text_with_the_rare_words_wins() -> None:
    assert MATCH.scores("how do i wash down").argmax() == 0
    assert MATCH.scores("gift for my dad").argmax() == 1


def test_a_word_in_a_heading_counts_for_more() -> None:
    pair = WordMatch([[("care", 2.0), ("a b c", 1.0)], [("x", 2.0), ("care b c", 1.0)]])
    first, second = pair.scores("care")
    assert first > second > 0


def test_a_compound_counts_as_its_halves() -> None:
    assert MATCH.scores("my sleepingbag").argmax() == 2


def test_unknown_words_match_nothing() -> None:
    assert not MATCH.scores("kubernetes upgrade").any()
    assert not MATCH.scores("").any()


def test_no_texts_have_no_scores() -> None:
    assert WordMatch([]).scores("anything").shape == (0,)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("jaket", "jacket"),
        ("jackte", "jacket"),
        ("jackett", "jacket"),
        ("Detergant", "detergent"),
        ("chekcuot", "checkout"),
    ],
)
def test_a_misspelt_word_stands_for_the_nearest(wrong: str, right: str) -> None:
    assert MATCH.meant(wrong, nobody_knows) == right


@pytest.mark.parametrize("word", ["jacket", "please", "gft", "racket", "kubernetes", "x" * 500])
def test_right_short_and_strange_words_stand_for_themselves(word: str) -> None:
    assert MATCH.meant(word, nobody_knows) is None


def test_a_word_that_the_encoder_knows_is_not_misspelt() -> None:
    assert MATCH.meant("gists", nobody_knows) is None
    assert MATCH.meant("jackets", lambda word: word == "jackets") is None


def test_long_nonsense_takes_no_time() -> None:
    began = time.process_time()
    MATCH.meant("a" * 4_000, nobody_knows)
    MATCH.scores("ab" * 2_000)
    assert time.process_time() - began < 0.5


@given(st.text(max_size=200))
def test_any_question_has_scores_that_are_not_negative(question: str) -> None:
    assert (MATCH.scores(question) >= 0).all()
