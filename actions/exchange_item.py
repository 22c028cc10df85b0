"""Swap something for another size: the form (which item, which size, a yes) and the step itself."""

from __future__ import annotations

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
from actions.shop.protocol import Item, NotAllowed, Order, Proof, ShopError, today
from actions.wording import about, day

__all__ = ["ActionExchangeItem", "ExchangeForm", "size_in"]

OWN_SLOTS = ("item_words", "offered_items", "exchange_item", "new_size", "confirmation")

SIZE = re.compile(
    r"(?<![\w'-])(xxs|xs|s|m|l|xl|xxl|3xl|[34]\d(?:-[34]\d)?|small|medium|large|extra large)"
    r"(?![\w-])",
    re.IGNORECASE,
)
LETTERS = {"SMALL": "S", "MEDIUM": "M", "LARGE": "L", "EXTRA LARGE": "XL"}


def size_in(heard: Heard) -> str | None:
    """The size that the message asks for ("L", "43"); the last one, as in "not M but L"."""
    value = heard.last("size")
    found = SIZE.findall(value or ("" if heard.is_button else heard.rest))
    if not found:
        return None
    size = str(found[-1]).upper()
    return LETTERS.get(size, size)


class ExchangeForm(OrderForm):
    """Needs the proof, the item when several have sizes, the new size and a yes."""

    form = "exchange_form"
    intents = frozenset({"exchange_item"})
    own_slots = OWN_SLOTS
    free_slots = ("exchange_item", "new_size")

    def read_details(self, turn: FormTurn) -> bool:
        """Takes the size too when the first message names it ("swap my boots for a 44")."""
        note_words(turn)
        if turn.begins and not turn.heard.is_button:
            turn.set("new_size", turn.heard.last("size") and size_in(turn.heard))
        return super().read_details(turn)

    async def understands_more(self, turn: FormTurn) -> bool:
        """The item, the size, then yes or no."""
        if turn.asked == "exchange_item":
            chosen = chosen_items(turn)
            turn.set("exchange_item", chosen[0] if len(chosen) == 1 else None)
            return turn.get("exchange_item") is not None
        if turn.asked == "new_size":
            turn.set("new_size", size_in(turn.heard))
            return turn.get("new_size") is not None
        turn.set("confirmation", yes_or_no(turn.heard))
        return turn.get("confirmation") is not None

    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Asks which item, which size, and for a yes, while something can be swapped."""
        sized = [item for item in order.items if item.size]
        if order.can_send_back(today()) is not None or not sized:
            return turn.done()
        item = self._item(turn, sized)
        if item is None:
            return offer(turn, "exchange_item", sized, everything=False)
        turn.set("exchange_item", item.sku)
        size = turn.get("new_size")
        if size is not None and size == item.size:
            # In a first message, "my M is too small" names the size that they have.
            turn.set("new_size", None)
            again = "utter_ask_for_new_size" if turn.begins else "utter_exchange_same_size"
            return turn.ask("new_size", again, item=item.title)
        if size is None:
            return turn.ask("new_size", "utter_ask_for_new_size", item=item.title)
        if turn.get("confirmation") is None:
            values = {**about(order), "item": item.title, "size": size}
            return turn.ask("confirmation", "utter_confirm_exchange", **values)
        return turn.done()

    def ask_more_again(self, turn: FormTurn) -> list[EventType]:
        """Asks again for the size or for a plain yes or no."""
        if turn.asked == "exchange_item":
            return turn.ask("exchange_item", "utter_ask_for_exchange_item_again")
        if turn.asked == "new_size":
            return turn.ask("new_size", "utter_ask_for_new_size_again")
        return turn.ask("confirmation", "utter_confirm_exchange_again")

    def _item(self, turn: FormTurn, sized: list[Item]) -> Item | None:
        by_sku = {item.sku: item for item in sized}
        if turn.get("exchange_item") in by_sku:
            return by_sku[turn.get("exchange_item")]
        chosen = items_named_at_first(turn, sized)
        return by_sku[chosen[0]] if len(chosen) == 1 else None


class ActionExchangeItem(Action):
    """Registers a confirmed exchange, or says why it cannot."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_exchange_item"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Acts on the answers and forgets them."""
        proof = proof_in(tracker)
        if proof is None:
            return []
        sku, size = tracker.get_slot("exchange_item"), tracker.get_slot("new_size")
        confirmed = tracker.get_slot("confirmation")
        forget = [SlotSet(slot, None) for slot in OWN_SLOTS]
        if confirmed is False:
            dispatcher.utter_message(response="utter_exchange_kept")
            return [
                *forget,
                SlotSet("progress", f"registered no exchange for {proof.number}, as wished"),
            ]
        values: dict[str, Any] = {"size": size}
        try:
            order = await ask_shop(lambda shop: shop.order(proof))
            values |= about(order)
            refusal = order.can_send_back(today())
            if confirmed and sku and size:
                sending = await ask_shop(lambda shop: shop.start_exchange(proof, sku, size))
                values |= {
                    "item": sending.items[0].title,
                    "label_url": sending.label_url,
                    "send_by": day(sending.send_by),
                }
                dispatcher.utter_message(response="utter_exchange_registered", **values)
                words = f"registered an exchange for size {size} ({proof.number})"
                return [*forget, SlotSet("progress", words)]
        except NotAllowed as error:
            refusal = error.refusal
        except ShopError as error:
            return [*forget, *shop_failed(error, f"registering an exchange for {proof.number}")]
        if refusal is None:
            response = "utter_exchange_no_sizes"
            words = f"could not exchange from {proof.number}: nothing in it has a size"
        else:
            response = f"utter_exchange_{refusal.value}"
            words = f"could not exchange from {proof.number}: {refusal.value.replace('_', ' ')}"
        dispatcher.utter_message(response=response, **values)
        return [*forget, SlotSet("progress", words)]
