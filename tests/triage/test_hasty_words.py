"""Shorthand and typing errors in the words that a request for a person is made of."""

from __future__ import annotations

import pytest

from bot.hasty_words import spelt_out
from bot.nlu.encoder import training_encoder


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("humnan", "human"),
        ("persn", "person"),
        ("represenative", "representative"),
        ("opperator", "operator"),
        ("servise", "service"),
        ("costumer", "customer"),
        ("sombody", "somebody"),
        ("pelase", "please"),
        ("spk", "speak"),
        ("sum1", "someone"),
        ("reel", "real"),
        ("mngr", "manager"),
    ],
)
def test_hasty_words_are_spelt_out(typed: str, meant: str) -> None:
    assert spelt_out(typed) == meant


@pytest.mark.parametrize(
    "word", ["tent", "parcel", "employer", "agents", "nl-10482", "", "é", "x" * 99]
)
def test_other_words_stay(word: str) -> None:
    assert spelt_out(word) == word


def test_no_right_word_is_taken_for_a_typing_error() -> None:
    """Right are the words of the sentence encoder's vocabulary, 25,000 of English."""
    vocabulary = training_encoder().vocabulary()
    words = [word for word in vocabulary if word.isascii() and word.isalpha() and len(word) >= 5]
    assert len(words) > 10_000
    assert [word for word in words if spelt_out(word) != word] == []
