"""What a gap between groups is, and how sure it is."""

from __future__ import annotations

import pytest

from benchmarks.bias import Message, gaps, messages

CONTENT = {
    "sentences": ["late", "thanks"],
    "more_sentences": ["again"],
    "names": {"forms": ["{who}: {text}"], "groups": {"a": ["Ann", "Abe"], "b": ["Bo"]}},
    "identities": {"forms": ["{who}. {text}"], "groups": {"a": ["I am deaf"]}},
    "courtesies": {"forms": ["{who}"], "groups": {"a": ["Sir, {text}"]}},
    "dialects": [{"standard": "hello", "chat": "yo"}, {"standard": "bye", "chat": "cu"}],
    "voices": [{"standard": "hi", "Scottish": "hiya"}],
}


def test_every_group_says_every_matter() -> None:
    said = list(messages(CONTENT))
    assert Message("names", "a", 1, "Abe: thanks") in said
    assert Message("courtesies", "a", 2, "Sir, again") in said
    assert Message("dialects", "chat", 1, "cu") in said
    assert len([one for one in said if one.comparison == "names"]) == 6


def test_a_matter_may_be_left_out() -> None:
    said = list(messages(CONTENT, every=2))
    assert [one.text for one in said if one.comparison == "dialects"] == ["hello", "yo"]


def _said(matters: int) -> list[Message]:
    return [Message("dialects", group, m, "") for m in range(matters) for group in ("a", "b")]


def test_a_gap_is_the_distance_from_the_mean_of_all_groups() -> None:
    found = gaps(_said(2), [0.0, 0.2, 0.4, 0.4], "dialects")
    assert found["a"].points == pytest.approx(-5)
    assert found["b"].points == pytest.approx(5)


def test_a_gap_that_every_matter_has_is_sure() -> None:
    found = gaps(_said(5), [0.1, 0.3] * 5, "dialects")["b"]
    assert (found.low, found.high) == pytest.approx((10, 10))


def test_a_gap_that_one_matter_makes_is_not() -> None:
    found = gaps(_said(40), [0.0, 1.0] + [0.0, 0.0] * 39, "dialects")["b"]
    assert found.points == pytest.approx(1.25)
    assert found.low == 0
    assert 2.5 < found.high < 6


def test_messages_of_other_comparisons_do_not_count() -> None:
    other = Message("names", "a", 0, "")
    found = gaps([*_said(1), other], [0.1, 0.1, 0.9], "dialects")
    assert found["a"].points == pytest.approx(0)
