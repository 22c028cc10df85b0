"""Send something back: the form (which items, why, a yes) and the step itself.

The shop makes one return per order; asking for the same one again gives the same label.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions.forms import FormTurn
from actions.item_choice import ItemForm, chosen_items, items_named_at_first, offer
from actions.order_action import ConfirmedAction, Told
from actions.reading import Heard
from actions.shop import ask_shop
from actions.shop.protocol import Order, Proof, Refusal, today
from actions.wording import about, day, listed, money_of

__all__ = ["ActionReturnItem", "ReturnForm"]

OWN_SLOTS = ("item_words", "offered_items", "return_items", "return_reason", "confirmation")

REASONS = {
    "too_small": "too small",
    "too_large": "too large",
    "not_as_expected": "not as expected",
    "changed_mind": "changed my mind",
    "faulty": "faulty",
}
"""Reasons offered as buttons; any other words do as well."""

REASON_WORDS = re.compile(
    r"\b(small|tight|short|narrow|large|big|loose|long|wide|expected|different|colou?r|looks?|"
    r"quality|mind|not like|don'?t (like|want|need)|no longer|fault\w*|broke\w*|defect\w*|"
    r"damaged|hole|torn|wrong|gift|late|twice)\b",
    re.IGNORECASE,
)
"""Words that make a message a reason, whatever else it sounds like ("I changed my mind")."""

REASON_BUTTONS = [
    {"title": words.capitalize(), "payload": "/inform" + json.dumps({"choice": key})}
    for key, words in REASONS.items()
]


class ReturnForm(ItemForm):
    """Needs the proof, the items when there are several, the reason and a yes."""

    form = "return_form"
    intents = frozenset({"return_item"})
    own_slots = OWN_SLOTS
    free_slots = ("return_items", "return_reason")
    again: ClassVar[Mapping[str, str]] = {
        "return_items": "utter_ask_for_return_items_again",
        "return_reason": "utter_ask_for_return_reason_again",
        "confirmation": "utter_confirm_return_again",
    }

    def answer(self, turn: FormTurn) -> list[str] | str | None:
        """The items, then the reason."""
        if turn.asked == "return_items":
            return chosen_items(turn) or None
        return _reason(turn.heard, self.intents)

    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Asks which items, why, and for a yes, while something can be sent back."""
        if order.can_send_back(today()) is not None:
            return turn.done()
        skus = turn.get("return_items")
        if not skus:
            skus = items_named_at_first(turn, order.items)
            if not skus:
                return offer(turn, "return_items", order.items, everything=True)
            turn.set("return_items", skus)
        if turn.get("return_reason") is None:
            return turn.ask("return_reason", "utter_ask_for_return_reason", buttons=REASON_BUTTONS)
        if turn.get("confirmation") is None:
            items = [item for item in order.items if item.sku in skus]
            values = {**about(order), "order_items": listed(items), "total": money_of(items)}
            return turn.ask("confirmation", "utter_confirm_return", **values)
        return turn.done()


def _reason(heard: Heard, intents: frozenset[str]) -> str | None:
    if heard.is_button:
        return REASONS.get(heard.last("choice") or "")
    if REASON_WORDS.search(heard.text) and not heard.text.rstrip().endswith("?"):
        return heard.plain
    return heard.free_text(intents)


class ActionReturnItem(ConfirmedAction):
    """Registers a confirmed return, or says why it cannot."""

    doing = "registering a return for {number}"
    own_slots = OWN_SLOTS
    kept = Told("utter_return_kept", "registered no return for {number}, as wished")
    family = "return"
    could_not = "register a return for {number}"
    own_trace = Refusal.ALREADY_RETURNED

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_return_item"

    def refusal(self, order: Order) -> Refusal | None:
        """What was delivered not too long ago can be sent back."""
        return order.can_send_back(today())

    async def step(self, proof: Proof, order: Order, tracker: Tracker) -> Told | None:
        """Registers the return of the items that were chosen."""
        skus = tuple(tracker.get_slot("return_items") or ())
        reason = str(tracker.get_slot("return_reason") or "")
        if not skus:
            return None
        sending = await ask_shop(lambda shop: shop.start_return(proof, skus, reason))
        values = {
            **about(order),
            "order_items": listed(sending.items),
            "total": money_of(sending.items),
            "label_url": sending.label_url,
            "send_by": day(sending.send_by),
        }
        note = f"registered a return of {listed(sending.items)} ({proof.number})"
        return Told("utter_return_registered", note, values)
