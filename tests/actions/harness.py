"""Speaks with one form and its action as Rasa would, without Rasa.

Here belongs just enough of Rasa's form loop to test forms and actions fast: slots, the requested
slot, what was uttered. Whether rules and policies agree is tested with the trained model.
"""

from __future__ import annotations

import asyncio
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import Form


def parse(
    text: str, intent: str = "inform", confidence: float = 0.9, **entities: str
) -> dict[str, Any]:
    """A parsed message; each entity must stand in the text, or has no place in it."""
    found = []
    for kind, value in entities.items():
        start = text.find(value)
        place = {"start": start, "end": start + len(value)} if start >= 0 else {}
        found.append({"entity": kind, "value": value, **place})
    return {
        "text": text,
        "intent": {"name": intent, "confidence": confidence},
        "intent_ranking": [{"name": intent, "confidence": confidence}],
        "entities": found,
    }


class Talk:
    """A conversation with one form; `says` runs a turn and returns the names of the responses."""

    def __init__(self, form: Form, action: Action | None = None, **slots: Any) -> None:
        self.form = form
        self.action = action
        self.slots: dict[str, Any] = dict(slots)
        self.events: list[dict[str, Any]] = []
        self.open = False
        self.rejected = False
        self.messages: list[dict[str, Any]] = []

    def says(
        self, text: str, intent: str = "inform", confidence: float = 0.9, **entities: str
    ) -> list[str]:
        """The customer says something to the form."""
        message = parse(text, intent, confidence, **entities)
        self.events.append({"event": "user", "parse_data": message, "message_id": text})
        self._run(self.form, message)
        if self.rejected or self.open or self.slots.get("triage") or self.action is None:
            return self.responses
        before = self.messages
        self._run(self.action, message)
        self.messages = before + self.messages
        return self.responses

    def presses(self, payload: str, intent: str, **entities: str) -> list[str]:
        """The customer presses a button."""
        return self.says(payload, intent, 1.0, **entities)

    @property
    def responses(self) -> list[str]:
        """The names of the responses of the last turn."""
        return [message["response"] for message in self.messages if message["response"]]

    @property
    def handoff(self) -> str | None:
        """The reason of the hand-off that was asked for."""
        triage = self.slots.get("triage") or {}
        return triage.get("reason") if triage.get("outcome") == "handoff" else None

    def _run(self, action: Action, message: dict[str, Any]) -> None:
        tracker = Tracker(
            "c1",
            dict(self.slots),
            message,
            list(self.events),
            False,
            None,
            {"name": self.form.form} if self.open else {},
            "action_listen",
        )
        dispatcher = CollectingDispatcher()
        events = asyncio.run(action.run(dispatcher, tracker, {}))
        self.messages = dispatcher.messages
        if action is self.form:
            self.open = True
        self.rejected = False
        for event in events:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            elif event["event"] == "active_loop":
                self.open = event["name"] is not None
            elif event["event"] == "action_execution_rejected":
                self.rejected = True
        self.events.append({"event": "action", "name": action.name()})
