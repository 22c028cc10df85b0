"""What is put together, in which order, and which intents are suggested. Vectors by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bot.learning.clusters import Vectors
from bot.learning.missed import DAY_MS, Label, Missed
from bot.learning.preparing import Group, Known, prepare, worth_showing
from bot.learning.wordings import Wording, key_of

NOW = 100 * DAY_MS
WIDTH = 8


def wording(text: str, *customers: str, **about: object) -> Wording:
    """One that these customers used, now."""
    fields: dict[str, object] = {"at": NOW, "reasons": ("not_placed",), **about}
    messages = tuple(
        Missed(conversation=customer, seq=1, text=text, **fields)  # type: ignore[arg-type]
        for customer in customers
    )
    return Wording(key_of(text), text, messages)


def towards(*directions: int) -> Vectors:
    return np.eye(WIDTH, dtype=np.float32)[list(directions)]


NOTHING = Known(towards(), [], {"invoice"})


def ids(groups: list[Group]) -> list[str]:
    return [" ".join(one.text for one in group.wordings) for group in groups]


def test_groups_come_by_customers_helped() -> None:
    few, many = wording("parking?", "a"), wording("gift?", "b", "c")
    groups = prepare([few, many], towards(0, 1), NOTHING, now=NOW)
    assert ids(groups) == ["gift?", "parking?"]
    assert [group.score for group in groups] == [2.0, 1.0]


def test_what_agents_labelled_comes_before_everything() -> None:
    label = Label(1, NOW, "parking", True, "anna")
    few, many = wording("parking?", "a", label=label), wording("gift?", "b", "c")
    groups = prepare([many, few], towards(0, 1), NOTHING, now=NOW)
    assert ids(groups) == ["parking?", "gift?"]
    assert groups[0].labelled == 1


def test_what_is_alike_is_one_group_and_the_old_name_stays() -> None:
    wordings = [wording("gift?", "a"), wording("a gift", "b"), wording("parking?", "c")]
    before = {wordings[1].key: "old"}
    groups = prepare(wordings, towards(0, 0, 1), NOTHING, now=NOW, before=before)
    assert groups[0].id == "old"
    assert len(groups[0].wordings) == 2


def test_moved_wordings_are_where_an_owner_put_them() -> None:
    wordings = [wording(text, text) for text in ("one", "two", "three")]
    pinned = {wordings[0].key: "s1", wordings[2].key: "s1"}
    groups = prepare(wordings, towards(0, 0, 1), NOTHING, now=NOW, pinned=pinned)
    assert {group.id: len(group.wordings) for group in groups}["s1"] == 2
    assert len(groups) == 2


def test_an_inbox_without_messages() -> None:
    assert prepare([], towards(), NOTHING, now=NOW) == []


# ----------------------------------------------------------------------------------- suggestions

KNOWN = Known(
    towards(0, 0, 1, 1), ["invoice", "invoice", "parking", "parking"], {"invoice", "parking"}
)


def suggested(group: Group) -> list[str]:
    return [one.intent for one in group.suggestions]


def test_the_intent_of_the_nearest_examples_is_suggested() -> None:
    (group,) = prepare([wording("where to park", "a")], towards(1), KNOWN, now=NOW)
    assert suggested(group)[0] == "parking"
    assert group.suggestions[0].confidence > 0.3


def test_what_is_like_nothing_gets_no_suggestion() -> None:
    (group,) = prepare([wording("sing a song", "a")], towards(5), NOTHING, now=NOW)
    assert group.suggestions == ()


def test_what_the_assistant_had_thought_of_counts_too() -> None:
    ranking = (("nlu_fallback", 0.5), ("invoice", 0.4), ("deleted", 0.3))
    (group,) = prepare([wording("sing a bill", "a", ranking=ranking)], towards(5), NOTHING, now=NOW)
    assert [(one.intent, one.confidence) for one in group.suggestions] == [("invoice", 0.2)]
    assert group.suggestions[0].why == "the assistant thought of it"


@pytest.mark.parametrize(("intent", "known"), [("invoice", True), ("deleted", False)])
def test_an_agents_label_is_the_first_suggestion_also_for_an_intent_that_is_gone(
    intent: str, known: bool
) -> None:
    label = Label(1, NOW, intent, False, "anna")
    (group,) = prepare([wording("park", "a", label=label)], towards(1), KNOWN, now=NOW)
    first = group.suggestions[0]
    assert (first.intent, first.known, first.confidence) == (intent, known, 1.0)
    assert suggested(group).count(intent) == 1


def test_examples_and_their_vectors_belong_together() -> None:
    with pytest.raises(ValueError, match="2 examples have 1 vectors"):
        Known(towards(0), ["a", "b"], {"a", "b"})


# -------------------------------------------------------------------------------- worth showing


@pytest.mark.parametrize(
    ("customers", "reasons", "like", "shown"),
    [
        (["a"], ("answered_by_person",), 5, False),  # chat between two
        (["a", "b"], ("answered_by_person",), 5, True),
        (["a"], ("answered_by_person",), 1, True),  # the assistant could have answered
        (["a"], ("not_placed",), 5, True),
        (["a"], ("labelled", "answered_by_person"), 5, True),
    ],
)
def test_chat_with_people_is_left_out(
    customers: list[str], reasons: tuple[str, ...], like: int, shown: bool
) -> None:
    one = wording("do you think so too", *customers, reasons=reasons)
    (group,) = prepare([one], towards(like), KNOWN, now=NOW)
    assert worth_showing(group) is shown
