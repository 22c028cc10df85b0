"""Sets the `triage` slot on every turn: answer, clarify or hand off.

Here belongs only the way from Rasa's tracker to the pure `bot.triage` and back. The policy is
that of `bot.triage_file`, which notices when an owner changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.triage import Policy, Turn, decide
from bot.triage_file import TriageFile

__all__ = ["ActionTriage", "policy"]

FILE = TriageFile.in_project()


def policy() -> Policy:
    """The owner's policy in force. Raises as `TriageFile.read`."""
    return FILE.read().policy


class ActionTriage(Action):
    """The custom mapping of the slot `triage`."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_triage"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Decides about the latest message, once: a form that opens makes Rasa ask again."""
        previous = tracker.get_slot("triage")
        message = message_key(tracker)
        if isinstance(previous, Mapping) and previous.get("message") == message:
            return [SlotSet("triage", previous)]
        turn = Turn.from_parse(
            tracker.latest_message,
            previous=previous,
            form=tracker.active_loop_name,
            requested_slot=tracker.get_slot("requested_slot"),
        )
        rules = FILE.read()
        decision = decide(turn, rules.policy)
        seen = {**turn.as_seen(), **decision.as_seen(), "policy": rules.mark}
        return [SlotSet("triage", {**decision.as_slot(), "message": message, "turn": seen})]


def message_key(tracker: Tracker) -> str:
    """What tells the latest customer message from every other one of the conversation."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return str(event.get("message_id") or event.get("timestamp"))
    return ""
