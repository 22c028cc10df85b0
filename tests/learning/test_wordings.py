"""When two messages are the same, word for word."""

from __future__ import annotations

import pytest

from bot.learning.missed import Missed
from bot.learning.wordings import KEY_LENGTH, Wording, key_of, together


def message(text: str, conversation: str = "c", at: int = 1) -> Missed:
    return Missed(conversation, 1, at, text, ("not_placed",))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Do you gift wrap?", "do you gift wrap"),
        ("do  you gift-wrap", "do you gift wrap!!"),
        ("pleeease now", "please now"),
        ("it’s late", "it's late"),
        ("where is [order number]?", "Where is [order number]"),
    ],
)
def test_the_same_but_for_looks(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("gift wrap", "gift wraps"), ("[name]", "name"), ("?", "!"), ("10 days", "100 days")],
)
def test_different(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


def test_a_key_stays_for_ever_and_holds_no_words() -> None:
    assert key_of("do you gift wrap") == "d5ed6cebef9b7de6f361"
    assert len(key_of("x")) == KEY_LENGTH


def test_wordings_hold_their_messages_the_latest_first() -> None:
    old, new = message("Gift wrap?", "a", 1), message("gift wrap", "b", 2)
    other = message("invoice pls")
    wordings = together([old, other, new])
    assert [(w.text, w.messages) for w in wordings] == [
        ("gift wrap", (new, old)),
        ("invoice pls", (other,)),
    ]


def test_a_wording_that_nobody_used_is_none() -> None:
    with pytest.raises(ValueError, match="nobody"):
        Wording("k", "text", ())
