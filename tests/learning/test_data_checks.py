"""What is odd about examples, by their texts alone."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.learning.data_checks import (
    ALIKE,
    FEW,
    KINDS,
    SHOWN_AT_MOST,
    Finding,
    _jaccard,
    alike,
    check,
    in_order,
    letters_of,
    shortened,
)
from bot.learning.nlu_files import Example, Placed

BY_HAND = Path("data/nlu/orders.yml")
HELD_OUT = Path("data/held_out/orders.yml")


def placed(*texts: str, intent: str = "order_status", path: Path = BY_HAND) -> list[Placed]:
    return [Placed(Example(text=text, intent=intent), path, n) for n, text in enumerate(texts, 1)]


def varied(count: int, intent: str) -> list[Placed]:
    """Sentences that have no letters in common."""
    words = ("".join(triple) for triple in itertools.permutations("abcdefghijkl", 8))
    offset = sum(map(ord, intent)) * 50
    found = itertools.islice(words, offset, offset + count * 997, 997)
    return placed(*found, intent=intent)


def kinds(examples: list[Placed]) -> list[str]:
    return [one.kind for one in check(examples) if one.kind not in {"starving", "swallowing"}]


def test_the_same_sentence_under_two_intents_is_a_conflict() -> None:
    (found,) = [
        one
        for one in check(
            placed("Where is my parcel?") + placed("where is my parcel", intent="track_parcel")
        )
        if one.kind == "conflict"
    ]
    assert found.intents == ("order_status", "track_parcel")
    assert "order_status and track_parcel" in found.words
    assert [one.where for one in found.sentences] == [f"{BY_HAND}, line 1"] * 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("where is my order please", "please where is my order"),
        ("the parcel with my new order never came", "the parcel with my new oder never came"),
        ("where is my order please", "WHERE is my order, please??"),
        ("has the tent been sent already", "has teh tent been sent already"),
    ],
)
def test_spelling_and_order_of_words_make_no_difference(one: str, other: str) -> None:
    assert kinds(placed(one, other)) == ["repetition"]
    assert "likeness" in kinds(placed(one) + placed(other, intent="b")) or "conflict" in kinds(
        placed(one) + placed(other, intent="b")
    )
    assert kinds(placed(one) + placed(other, path=HELD_OUT)) == ["leak"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("where is my order", "where is my refund"),
        ("cancel my order", "change my order"),
        ("hi", "his"),
        ("yes", "yess"),
        ("do you ship to norway", "do you ship to denmark"),
        ("I want to subscribe", "I want to unsubscribe"),
    ],
)
def test_other_words_are_something_else(one: str, other: str) -> None:
    assert kinds(placed(one, other)) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("abc ", min_size=3, max_size=14), max_size=25))
def test_the_quick_search_finds_what_comparing_all_finds(texts: list[str]) -> None:
    sets = [letters_of(text) for text in texts]
    wanted = {
        (a, b)
        for a, b in itertools.combinations(range(len(texts)), 2)
        if min(len(sets[a]), len(sets[b])) >= 5 and _jaccard(sets[a], sets[b]) >= ALIKE
    }
    assert set(alike(texts)) == wanted


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        (1, "starving"),
        (FEW - 1, "starving"),
        (FEW, None),
        (30, None),
        (100, None),
        (101, "swallowing"),
    ],
)
def test_sizes_are_compared_with_the_median(size: int, kind: str | None) -> None:
    others = [one for name in ("aa", "bb", "cc") for one in varied(20, name)]
    found = [one for one in check(others + varied(size, "zz")) if one.intents == ("zz",)]
    assert [one.kind for one in found] == ([kind] if kind else [])


def test_an_intent_starves_beside_large_ones_even_with_some_sentences() -> None:
    others = [one for name in ("aa", "bb", "cc") for one in varied(100, name)]
    (found,) = [one for one in check(others + varied(12, "zz")) if one.kind == "starving"]
    assert found.words == "zz has 12 sentences; half of all intents have 100 or more."


def test_a_small_project_has_no_swallower() -> None:
    examples = varied(40, "aa") + [one for name in ("bb", "cc", "dd") for one in varied(8, name)]
    assert check(examples) == []
    assert check([]) == []


def test_held_out_sentences_make_no_intent_larger() -> None:
    held_out = [Placed(one.example, HELD_OUT, one.line) for one in varied(30, "zz")]
    others = [one for name in ("aa", "bb") for one in varied(20, name)]
    found = check(others + held_out + varied(3, "zzz"))
    assert [(one.kind, one.intents) for one in found] == [("starving", ("zzz",))]


def test_much_of_a_kind_is_counted_instead() -> None:
    many = [Finding(kind="conflict", words=str(n), advice="") for n in range(SHOWN_AT_MOST + 7)]
    kept = shortened(many)
    assert len(kept) == SHOWN_AT_MOST + 1
    assert kept[-1].words == "7 more: the same sentence has two intents."


def test_the_most_urgent_comes_first() -> None:
    found = [Finding(kind=kind, words="", advice="") for kind in reversed(KINDS)]
    assert [one.kind for one in in_order(found)] == list(KINDS)


def test_thousands_of_sentences_take_a_moment() -> None:
    words = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]
    texts = [" ".join(words[(n * k) % len(words)] for k in (1, 7, 11, 13)) for n in range(6_000)]
    assert len(list(alike(texts))) > 0
