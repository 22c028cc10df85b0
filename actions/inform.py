"""A detail that nobody asked for: "NL-10482" out of the blue.

If a form was put aside, the detail takes it up again; an order number right after an answer asks
the same about that order. Otherwise the customer is asked what it is
about; the number is kept, so that the answer needs no second asking.
"""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.reading import Heard

__all__ = ["ActionInform"]


FORM_OF = {
    "action_order_status": "order_status_form",
    "action_refund_status": "refund_form",
    "action_cancel_order": "cancel_order_form",
    "action_return_item": "return_form",
    "action_exchange_item": "exchange_form",
}
"""The form before each answer: "and NL-10433?" asks the same about another order."""


MEANT = (
    (re.compile(r"\bcancel", re.IGNORECASE), "cancel_order_form"),
    (re.compile(r"\b(exchange|swap)", re.IGNORECASE), "exchange_form"),
    (re.compile(r"\b(refund|money)", re.IGNORECASE), "refund_form"),
    (re.compile(r"\b(return|send back)", re.IGNORECASE), "return_form"),
    (re.compile(r"\b(where|status|track)", re.IGNORECASE), "order_status_form"),
)
"""A number and an e-mail make any message look like a bare detail; these words say what for."""


class ActionInform(Action):
    """Makes the best of a bare detail."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_inform"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Goes on with the form that was put aside, or asks what to do with the detail."""
        heard = Heard.from_parse(tracker.latest_message)
        number, email = heard.order_number(), heard.email()
        kept = [
            SlotSet(slot, value)
            for slot, value in (("order_number", number), ("email", email))
            if value
        ]
        form = tracker.get_slot("paused_form")
        if number:
            form = _form_meant(heard.rest) or form or _form_just_finished(tracker)
        if form and kept:
            return [*kept, FollowupAction(form)]
        if number:
            dispatcher.utter_message(response="utter_what_about_order", order_number=number)
        else:
            dispatcher.utter_message(response="utter_what_about_detail")
        return kept


def _form_meant(text: str) -> str | None:
    return next((form for pattern, form in MEANT if pattern.search(text)), None)


def _form_just_finished(tracker: Tracker) -> str | None:
    """The form whose answer was the bot's last turn; None when it was something else."""
    spoken = 0
    for event in reversed(tracker.events):
        spoken += event.get("event") == "user"
        if spoken > 1:
            return None
        if spoken == 1 and event.get("event") == "action" and event.get("name") in FORM_OF:
            return FORM_OF[event["name"]]
    return None
