"""The policy that carries out triage, on trackers made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot
from rasa.shared.core.trackers import DialogueStateTracker

from bot.nlu.policy import closing_events, next_action

SLOTS = [AnySlot("triage", mappings=[{}]), AnySlot("requested_slot", mappings=[{}])]


def tracker(*events: Event) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("c", list(events), SLOTS)


def decided(outcome: str) -> SlotSet:
    return SlotSet("triage", {"outcome": outcome})


LISTEN, SAID = ActionExecuted("action_listen"), UserUttered("hello", {"name": "greet"})


@pytest.mark.parametrize(
    ("outcome", "action"),
    [("handoff", "action_handoff"), ("clarify", "action_clarify"), ("help", "action_help")],
)
def test_a_decision_is_carried_out_and_then_listened_after(outcome: str, action: str) -> None:
    events = [LISTEN, SAID, decided(outcome)]
    assert next_action(tracker(*events)) == action
    assert next_action(tracker(*events, ActionExecuted(action))) == "action_listen"


@pytest.mark.parametrize("value", [{"outcome": "answer"}, {}, None, "handoff", {"outcome": 3}])
def test_every_other_value_of_the_slot_is_left_to_the_other_policies(value: Any) -> None:
    assert next_action(tracker(LISTEN, SAID, SlotSet("triage", value))) is None


def test_a_decision_of_an_earlier_turn_does_not_count() -> None:
    # The action server was down in this turn, so triage did not run.
    old = [LISTEN, SAID, decided("handoff"), ActionExecuted("action_handoff"), LISTEN]
    assert next_action(tracker(*old, SAID)) is None


def test_an_action_may_ask_for_a_hand_off_during_its_turn() -> None:
    events = [LISTEN, SAID, decided("answer"), ActionExecuted("order_form"), decided("handoff")]
    assert next_action(tracker(*events)) == "action_handoff"


def test_an_empty_tracker_is_left_alone() -> None:
    assert next_action(tracker()) is None


def test_after_a_hand_off_no_form_stays_open() -> None:
    events = [LISTEN, ActiveLoop("order_form"), SAID, decided("handoff")]
    open_form = tracker(*events, ActionExecuted("action_handoff"))
    assert closing_events(open_form, "action_handoff") == []
    assert closing_events(open_form, "action_listen") == [
        ActiveLoop(None),
        SlotSet("requested_slot", None),
    ]


def test_a_clarification_leaves_a_form_open() -> None:
    events = [LISTEN, ActiveLoop("order_form"), SAID, decided("clarify")]
    assert closing_events(tracker(*events), "action_listen") == []
