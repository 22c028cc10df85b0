"""Sets the `triage` slot on every turn: answer, clarify or hand off.

Here belongs only the way from Rasa's tracker to the pure `bot.triage` and back. The policy file is
read at the first turn, from `DESKHAND_TRIAGE` or data/triage.yml.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.triage import Policy, Turn, decide, load_policy

__all__ = ["ActionTriage", "policy"]

POLICY_FILE = Path(__file__).resolve().parent.parent / "data" / "triage.yml"


@functools.lru_cache(maxsize=1)
def policy() -> Policy:
    """The owner's policy. Raises PolicyError when the file is wrong, OSError when it is missing."""
    path = Path(os.environ.get("DESKHAND_TRIAGE") or POLICY_FILE)
    return load_policy(path.read_text(encoding="utf-8"))


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
        decision = decide(turn, policy())
        return [SlotSet("triage", {**decision.as_slot(), "message": message})]


def message_key(tracker: Tracker) -> str:
    """What tells the latest customer message from every other one of the conversation."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return str(event.get("message_id") or event.get("timestamp"))
    return ""
