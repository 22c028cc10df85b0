"""Send something back: the form (which items, why, a yes) and the step itself.

The shop makes one return per order; asking for the same one again gives the same label.
"""

from __future__ import annotations

import json
import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import FormTurn
from actions.item_choice import chosen_items, items_named_at_first, note_words, offer
from actions.order_form import OrderForm, proof_in, shop_failed
from actions.reading import Heard, yes_or_no
from actions.shop import ask_shop
from actions.shop.protocol import NotAllowed, Order, Proof, Refusal, ShopError, today
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


class ReturnForm(OrderForm):
    """Needs the proof, the items when there are several, the reason and a yes."""

    form = "return_form"
    intents = frozenset({"return_item"})
    own_slots = OWN_SLOTS
    free_slots = ("return_items", "return_reason")

    def read_details(self, turn: FormTurn) -> bool:
        """Notes what the first message calls the things."""
        note_words(turn)
        return super().read_details(turn)

    async def understands_more(self, turn: FormTurn) -> bool:
        """The items, the reason, then yes or no."""
        if turn.asked == "return_items":
            turn.set("return_items", chosen_items(turn) or None)
            return turn.get("return_items") is not None
        if turn.asked == "return_reason":
            turn.set("return_reason", _reason(turn.heard, self.intents))
            return turn.get("return_reason") is not None
        turn.set("confirmation", yes_or_no(turn.heard))
        return turn.get("confirmation") is not None

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

    def ask_more_again(self, turn: FormTurn) -> list[EventType]:
        """Asks again for the reason or for a plain yes or no."""
        if turn.asked == "return_items":
            return turn.ask("return_items", "utter_ask_for_return_items_again")
        if turn.asked == "return_reason":
            return turn.ask("return_reason", "utter_ask_for_return_reason_again")
        return turn.ask("confirmation", "utter_confirm_return_again")


def _reason(heard: Heard, intents: frozenset[str]) -> str | None:
    if heard.is_button:
        return REASONS.get(heard.last("choice") or "")
    if REASON_WORDS.search(heard.text) and not heard.text.rstrip().endswith("?"):
        return heard.plain
    return heard.free_text(intents)


class ActionReturnItem(Action):
    """Registers a confirmed return, or says why it cannot."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_return_item"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Acts on the answers and forgets them."""
        proof = proof_in(tracker)
        if proof is None:
            return []
        skus = tuple(tracker.get_slot("return_items") or ())
        reason = str(tracker.get_slot("return_reason") or "")
        confirmed = tracker.get_slot("confirmation")
        forget = [SlotSet(slot, None) for slot in OWN_SLOTS]
        if confirmed is False:
            dispatcher.utter_message(response="utter_return_kept")
            return [
                *forget,
                SlotSet("progress", f"registered no return for {proof.number}, as wished"),
            ]
        try:
            order = await ask_shop(lambda shop: shop.order(proof))
            refusal = order.can_send_back(today())
            if confirmed and skus:
                sending = await ask_shop(lambda shop: shop.start_return(proof, skus, reason))
                values = {
                    **about(order),
                    "order_items": listed(sending.items),
                    "total": money_of(sending.items),
                    "label_url": sending.label_url,
                    "send_by": day(sending.send_by),
                }
                dispatcher.utter_message(response="utter_return_registered", **values)
                words = f"registered a return of {listed(sending.items)} ({proof.number})"
                return [*forget, SlotSet("progress", words)]
        except NotAllowed as error:
            refusal = error.refusal
        except ShopError as error:
            return [*forget, *shop_failed(error, f"registering a return for {proof.number}")]
        refusal = refusal or Refusal.OTHER
        dispatcher.utter_message(response=f"utter_return_{refusal.value}", **about(order))
        words = f"could not register a return for {proof.number}: {refusal.value.replace('_', ' ')}"
        return [*forget, SlotSet("progress", words)]
