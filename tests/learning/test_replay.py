"""Logged turns under two models: made-up readings of real decisions."""

from __future__ import annotations

from typing import Any

import pytest

from bot.learning.logged import LoggedConversation
from bot.learning.replay import Replay, replay, texts_of
from bot.triage_turn import readable
from tests.learning.logged_talks import DAY, SHIPPED, Said, talk

HOURS = Said("when are you open")
STORE = Said("where is the shop", intent="store_location")
VAGUE = Said("the thing about sunday", confidence=0.3)
WANTS_ONE = Said("someone real maybe", intent="talk_to_human", confidence=0.95)
BUTTON = Said("/affirm", intent="affirm")


def parse(said: Said, **instead: Any) -> dict[str, Any]:
    """What a model reads: what was logged, or something instead."""
    intent = instead.get("intent", said.intent)
    confidence = instead.get("confidence", said.confidence)
    return {
        "text": readable(said.text),
        "intent": {"name": intent, "confidence": confidence},
        "intent_ranking": [{"name": intent, "confidence": confidence}],
        "out_of_scope": said.out_of_scope,
        "frustration": said.frustration,
        "language": said.language,
        "fingerprint": said.fingerprint,
    }


def models(
    *said: Said, after: dict[str, dict[str, Any]] | None = None
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    before = {readable(one.text): parse(one) for one in said}
    changed = {
        readable(one.text): parse(one, **after[one.text])
        for one in said
        if after and one.text in after
    }
    return before, {**before, **changed}


def replayed(
    *talks: LoggedConversation, said: tuple[Said, ...], after: dict[str, dict[str, Any]]
) -> Replay:
    before, new = models(*said, after=after)
    return replay(talks, before, new, SHIPPED, since=0)


def test_two_models_that_read_the_same_change_nothing() -> None:
    logged = talk("c", HOURS, STORE, WANTS_ONE)
    found = replayed(logged, said=(HOURS, STORE, WANTS_ONE), after={})
    assert (found.conversations, found.turns, found.handoffs) == (1, 3, 1)
    assert found.before == found.after
    assert found.before.handed_over == 1
    assert found.changes == {}


@pytest.mark.parametrize(
    ("said", "instead", "kind"),
    [
        (HOURS, {"intent": "store_location"}, "other_answer"),
        (HOURS, {"confidence": 0.28}, "answer_lost"),
        (VAGUE, {"confidence": 0.95}, "answer_gained"),
        (HOURS, {"intent": "talk_to_human", "confidence": 0.97}, "person_gained"),
        (WANTS_ONE, {"intent": "opening_hours"}, "person_lost"),
    ],
)
def test_each_way_in_which_a_turn_can_change(
    said: Said, instead: dict[str, Any], kind: str
) -> None:
    found = replayed(talk("c", said), said=(said,), after={said.text: instead})
    assert found.changes == {kind: 1}
    (change,) = found.changed
    assert (change.conversation, change.text, change.kind) == ("c", said.text, kind)
    assert change.before.intent == said.intent
    assert change.after.intent == instead.get("intent", said.intent)


def test_a_model_that_misses_a_hand_off_has_handed_over_one_less() -> None:
    talks = [talk("c1", HOURS, WANTS_ONE), talk("c2", WANTS_ONE)]
    found = replayed(
        *talks,
        said=(HOURS, WANTS_ONE),
        after={WANTS_ONE.text: {"intent": "opening_hours"}},
    )
    assert (found.handoffs, found.before.handed_over, found.after.handed_over) == (2, 2, 0)


def test_a_person_who_was_called_earlier_was_called() -> None:
    found = replayed(
        talk("c", HOURS, STORE, WANTS_ONE),
        said=(HOURS, STORE, WANTS_ONE),
        after={STORE.text: {"intent": "talk_to_human", "confidence": 0.97}},
    )
    assert (found.after.handed_over, found.handoffs) == (1, 1)
    assert found.turns == 2, "what would have come afterwards is not known"


def test_buttons_are_no_matter_of_reading() -> None:
    logged = talk("c", HOURS, BUTTON)
    assert texts_of([logged]) == [HOURS.text]
    found = replayed(logged, said=(HOURS,), after={})
    assert found.turns == 2


def test_turns_that_cannot_be_replayed_are_counted_and_left_out() -> None:
    found = replayed(talk("c", HOURS), talk("d", STORE), said=(HOURS,), after={})
    assert (found.conversations, found.left_out) == (1, 1)


def test_what_is_older_than_asked_for_is_followed_and_not_counted() -> None:
    logged = talk("c", HOURS, HOURS, began=10 * DAY)
    before, after = models(HOURS, after={HOURS.text: {"intent": "store_location"}})
    found = replay([logged], before, after, SHIPPED, since=10 * DAY + 1)
    assert found.turns == 1
    assert sum(found.changes.values()) == 1


def test_the_newest_changes_come_first() -> None:
    talks = [talk(f"c{n}", HOURS, began=n * DAY) for n in (1, 3, 2)]
    found = replayed(*talks, said=(HOURS,), after={HOURS.text: {"intent": "store_location"}})
    assert [change.conversation for change in found.changed] == ["c3", "c2", "c1"]
