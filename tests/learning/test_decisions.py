"""What decisions add up to. Pure."""

from __future__ import annotations

import pytest

from bot.events import Agent
from bot.learning.decisions import (
    Accepted,
    AlreadyDecided,
    Entry,
    Ignored,
    Ledger,
    Merged,
    NotUndoable,
    Paged,
    Split,
    Undone,
    replay,
)

ANNA, BEN = Agent(login="anna", name="Anna Berg"), Agent(login="ben", name="Ben Solli")


def accepted(*keys: str, at: int = 1, by: Agent = ANNA, made: bool = False) -> Accepted:
    return Accepted(at=at, by=by, cluster="c1", title="Gift?", keys=keys, intent="gift", made=made)


def ignored(*keys: str, at: int = 1, by: Agent = ANNA) -> Ignored:
    return Ignored(at=at, by=by, cluster="c1", title="Gift?", keys=keys)


def split(*keys: str) -> Split:
    return Split(at=1, by=ANNA, cluster="c1", title="Gift?", keys=keys, into="s1")


def merged(**parts: tuple[str, ...]) -> Merged:
    keys = tuple(key for part in parts.values() for key in part)
    return Merged(at=1, by=ANNA, cluster="c1", title="Gift?", keys=keys, parts=parts)


def undone(of: int, by: Agent = ANNA) -> Undone:
    return Undone(at=2, by=by, of=of)


@pytest.mark.parametrize("made", [accepted("a", "b"), ignored("a", "b")])
def test_what_was_decided_is_out_of_the_inbox(made: Entry) -> None:
    ledger = replay([made])
    assert ledger.settled_by("a") == 1
    assert ledger.settled_by("c") is None


def test_an_undone_decision_does_not_count() -> None:
    ledger = replay([accepted("a"), undone(1)])
    assert ledger.settled_by("a") is None
    assert ledger.shown(1).undone


def test_a_decision_can_be_taken_again_after_it_was_undone() -> None:
    assert replay([ignored("a"), undone(1), accepted("a")]).settled_by("a") == 3


def test_a_label_that_comes_later_brings_a_wording_back() -> None:
    ledger = replay([ignored("a", at=100)])
    assert ledger.settled_by("a", labelled_at=101) is None
    assert ledger.settled_by("a", labelled_at=100) == 1
    ledger.check_open(["a"], {"a": 101})


def test_who_comes_second_is_told_who_was_first_what_and_when() -> None:
    ledger = replay([accepted("a", "b", at=1_764_115_200_000)])
    with pytest.raises(AlreadyDecided) as refused:
        ledger.check_open(["x", "b"], {})
    assert refused.value.message == (
        "Anna Berg was quicker: 2 wordings accepted as gift, 2025-11-26 00:00 UTC."
    )


def test_split_and_merged_wordings_are_where_they_were_moved_last() -> None:
    ledger = replay([split("a", "b"), merged(c1=("c",), s1=("b",))])
    assert ledger.pinned() == {"a": "s1", "b": "c1", "c": "c1"}
    ledger.add(3, undone(2))
    assert ledger.pinned() == {"a": "s1", "b": "s1"}


def test_the_log_has_no_gap() -> None:
    ledger = Ledger()
    with pytest.raises(ValueError, match="does not follow"):
        ledger.add(2, ignored("a"))


# ------------------------------------------------------------------------------------------ undo


def test_undo_takes_ones_own_latest() -> None:
    ledger = replay([ignored("a"), ignored("b"), ignored("c", by=BEN)])
    assert ledger.to_undo(ANNA)[0] == 2
    assert ledger.to_undo(BEN)[0] == 3
    assert ledger.latest_of(BEN) == ledger.shown(3)
    ledger.add(4, undone(2))
    assert ledger.to_undo(ANNA)[0] == 1


def test_any_owner_may_undo_a_decision_by_its_number() -> None:
    number, entry = replay([accepted("a")]).to_undo(BEN, 1)
    assert (number, entry.by) == (1, ANNA)


@pytest.mark.parametrize(
    ("entries", "number", "why"),
    [
        ([], None, "no decision of yours"),
        ([ignored("a", by=BEN)], None, "no decision of yours"),
        ([ignored("a")], 7, "no decision 7"),
        ([ignored("a"), undone(1, BEN)], 1, "Ben Solli has undone it already, 1970-01-01"),
        ([split("a", "b"), accepted("a")], 1, "later decision builds on it: Anna Berg, 1 wording"),
        ([undone(1)], 1, "no decision 1"),
    ],
)
def test_what_cannot_be_undone(entries: list[Entry], number: int | None, why: str) -> None:
    with pytest.raises(NotUndoable, match=why):
        replay(entries).to_undo(ANNA, number)


def test_once_the_later_one_is_undone_the_earlier_one_can_be() -> None:
    ledger = replay([split("a", "b"), accepted("a"), undone(2)])
    assert ledger.to_undo(ANNA, 1)[0] == 1


@pytest.mark.parametrize(
    ("made", "kind", "words"),
    [
        (accepted("a"), "accepted", "1 wording accepted as gift"),
        (accepted("a", "b", made=True), "accepted", "2 wordings accepted as the new gift"),
        (ignored("a"), "ignored", "1 wording ignored"),
        (split("a", "b"), "split", "2 wordings split off"),
        (merged(c1=("a",), c2=("b",)), "merged", "2 clusters merged"),
        (
            Paged(at=1, by=ANNA, cluster="c", title="t", keys=("a",), page="gift-wrap"),
            "paged",
            "1 wording answered by the help page gift-wrap",
        ),
    ],
)
def test_a_decision_in_words(made: Entry, kind: str, words: str) -> None:
    shown = replay([made]).shown(1)
    assert (shown.kind, shown.what, shown.by, shown.undone) == (kind, words, "Anna Berg", False)
