"""How long it may take: an honest range from recent waits, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.waits import ENOUGH, MINUTE_MS, Expected, expected_wait


def minutes(*values: float) -> list[int]:
    return [int(value * MINUTE_MS) for value in values]


@pytest.mark.parametrize(
    ("waits", "waited", "words"),
    [
        (minutes(0.2, 0.3, 0.4, 0.5, 0.8), 0, "less than a minute"),
        (minutes(0.5, 1, 2, 3, 4), 0, "1 to 5 minutes"),
        (minutes(0.1, 0.2, 2, 3, 4), 0, "up to 5 minutes"),
        (minutes(6, 7, 8, 12, 14), 0, "5 to 15 minutes"),
        (minutes(6, 7, 8, 12, 14), 5, "2 to 10 minutes"),
        (minutes(70, 80, 90, 100, 200), 0, "more than an hour"),
        (minutes(20, 25, 50, 90, 90), 0, "20 minutes or much more"),
        (minutes(1, 1, 1, 1, 1), 0, "about a minute"),
    ],
)
def test_a_range_is_rounded_outwards_and_said_in_words(
    waits: list[int], waited: int, words: str
) -> None:
    expected = expected_wait(waits, int(waited * MINUTE_MS))
    assert expected is not None
    assert expected.words() == words


@pytest.mark.parametrize(
    ("waits", "waited"),
    [
        ([], 0),
        (minutes(1, 2, 3, 4), 0),  # too few to say anything
        (minutes(1, 2, 3, 4, 5), 1.5),  # too few have waited longer than this one
    ],
)
def test_too_little_history_says_nothing(waits: list[int], waited: float) -> None:
    assert expected_wait(waits, int(waited * MINUTE_MS)) is None


@given(waits=st.lists(st.integers(0, 7_200_000), min_size=ENOUGH), waited=st.integers(0, 600_000))
def test_most_of_those_who_waited_longer_were_within_what_is_said(
    waits: list[int], waited: int
) -> None:
    expected = expected_wait(waits, waited)
    ahead = [wait - waited for wait in waits if wait > waited]
    if expected is None:
        assert len(ahead) < ENOUGH
        return
    high = float("inf") if expected.high is None else expected.high * MINUTE_MS
    within = [one for one in ahead if expected.low * MINUTE_MS <= one <= high]
    assert len(within) >= 0.6 * len(ahead)


def test_words_of_every_range_can_follow_in() -> None:
    for low in (0, 1, 5, 60):
        for high in (1, 5, 60, None):
            words = Expected(low, high).words()
            assert words[0].isdigit() or words.startswith(
                ("about", "less than", "up to", "more than")
            )
