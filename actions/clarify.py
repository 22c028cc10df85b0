"""Asks what the customer meant: the best guesses as buttons, and a person.

`bot.triage` counts the clarifications in the `triage` slot, so this action only talks.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.titles import title

__all__ = ["ActionClarify"]

GUESSES = 2


class ActionClarify(Action):
    """Offers the two best intents and "Talk to a person"."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_clarify"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Utters the question that fits: guesses, no guess, asked before, another language."""
        triage = tracker.get_slot("triage") or {}
        candidates = list(triage.get("candidates") or ())[:GUESSES]
        again = int(triage.get("clarifications") or 0) > 1
        foreign = (tracker.latest_message.get("language") or "en") != "en"
        if foreign:
            response = "utter_clarify_language"
        elif candidates:
            response = "utter_clarify_again" if again else "utter_clarify"
        else:
            response = "utter_clarify_rephrase_again" if again else "utter_clarify_rephrase"
        offered = [*candidates, "talk_to_human"]
        buttons = [{"title": title(intent), "payload": f"/{intent}"} for intent in offered]
        dispatcher.utter_message(response=response, buttons=buttons)
        return []
