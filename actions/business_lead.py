"""A business enquiry: the form (company, need, size, contact), its score, and off to sales."""

from __future__ import annotations

import json
import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import Form, FormTurn, handoff_slot
from actions.lead_score import Lead, pieces, score
from actions.reading import Heard

__all__ = ["SALES", "ActionBusinessLead", "BusinessForm"]

SALES = "sales"
"""The desk skill that takes business leads."""

OWN_SLOTS = ("lead_company", "lead_need", "lead_size", "lead_contact")

TELLING_WORDS = 8
"""A first message of so many words is taken for the need itself."""

SIZE_BUTTONS = [
    {"title": words, "payload": "/inform" + json.dumps({"choice": words})}
    for words in ("Under 20", "20 to 100", "More than 100")
]

PHONE = re.compile(r"\+?\d[\d\s()/.-]{6,}\d")


class BusinessForm(Form):
    """Asks the four things that sales needs, in the customer's own words."""

    form = "business_form"
    intents = frozenset({"business_enquiry"})
    put_aside = "utter_put_business_aside"
    own_slots = OWN_SLOTS
    keeps_answers = True
    free_slots = OWN_SLOTS

    def read_details(self, turn: FormTurn) -> bool:
        """Takes a contact; a first message of some length says what is needed."""
        contact = _contact(turn.heard)
        if (
            turn.begins
            and not turn.heard.is_button
            and len(turn.heard.text.split()) >= TELLING_WORDS
        ):
            turn.set("lead_need", turn.heard.plain)
        if contact:
            turn.set("lead_contact", contact)
        return contact is not None

    async def understands(self, turn: FormTurn) -> bool:
        """Takes the answer to the question that was asked, and a contact wherever it stands."""
        heard, asked = turn.heard, turn.asked or ""
        if asked == "lead_size":
            chosen = heard.last("choice")
            text = chosen or heard.free_text(self.intents)
            turn.set(asked, text if text and pieces(text) is not None else None)
        elif asked == "lead_contact":
            self.read_details(turn)
        else:
            text = heard.free_text(self.intents)
            turn.set(asked, text)
            if text:
                self.read_details(turn)
        return turn.get(asked) is not None

    async def next(self, turn: FormTurn) -> list[EventType]:
        """Asks for the first of the four that is missing."""
        for slot in OWN_SLOTS:
            if turn.get(slot) is None:
                buttons = SIZE_BUTTONS if slot == "lead_size" else []
                return turn.ask(slot, f"utter_ask_for_{slot}", buttons=buttons)
        return turn.done()

    def ask_again(self, turn: FormTurn) -> list[EventType]:
        """Asks the same again, with an example."""
        return turn.ask(turn.asked or OWN_SLOTS[0], f"utter_ask_for_{turn.asked}_again")


class ActionBusinessLead(Action):
    """Scores the lead and asks for a hand-off to sales."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_business_lead"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """The lead stays in its slots: the summary of the hand-off shows it."""
        values = [str(tracker.get_slot(slot) or "") for slot in OWN_SLOTS]
        try:
            result = score(Lead(*values))
        except ValueError:
            return []
        return [
            handoff_slot("business_lead", str(result), SALES),
            SlotSet("progress", f"took down a business enquiry: {result}"),
        ]


def _contact(heard: Heard) -> str | None:
    email = heard.email()
    if email:
        return email
    value = heard.last("phone")
    if value is None and not heard.is_button:
        found = PHONE.search(heard.text)
        value = found.group(0) if found else None
    return value
