"""Whether two messages say the same: letters, numbers, shared words, fingerprints."""

from __future__ import annotations

import pytest

from bot.said_again import likeness, matter, says_the_same

ALIKE = "0" * 64
HALF = "f" * 16 + "0" * 48
"""A quarter of the bits differ: a cosine of 0.71."""


def test_the_words_of_the_matter_are_left_when_the_others_are_taken_away() -> None:
    assert matter("where is my delivery please") == matter("well, what about the deliveries?")
    assert matter("can you tell me how long it takes") == frozenset()


def test_a_shared_word_of_the_matter_lets_less_likeness_do() -> None:
    assert likeness(ALIKE, HALF) == pytest.approx(0.707, abs=0.001)
    one, other = "the pipe of the stove", "which diameter has the stove"
    assert says_the_same(one, ALIKE, other, HALF, 0.75)
    assert not says_the_same(one, ALIKE, "what about the lamp", HALF, 0.75)
    assert not says_the_same(one, ALIKE, other, HALF, 0.85)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("the label of 10482 is empty", "that label is EMPTY", True),
        ("the label of 10482 is empty", "10482, the label is empty, size 38", True),
        ("the label of 10482 is empty", "the label of 10455 is empty", False),
        ("is size 42 in stock", "is size 43 in stock", False),
    ],
)
def test_other_numbers_are_another_matter_but_a_number_left_out_is_none(
    one: str, other: str, same: bool
) -> None:
    assert says_the_same(one, ALIKE, other, ALIKE, 0.6) is same


def test_without_fingerprints_only_the_letters_count() -> None:
    assert says_the_same("where is my order", "", "where is my order!", "", 0.6)
    assert not says_the_same("where is my order", "", "my order, where is it", "", 0.6)
