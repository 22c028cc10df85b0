"""Swap something for another size: the form (which item, which size, a yes) and the step itself."""

from __future__ import annotations

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
from actions.shop.protocol import Item, Order, Proof, Refusal, today
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


class ExchangeForm(ItemForm):
    """Needs the proof, the item when several have sizes, the new size and a yes."""

    form = "exchange_form"
    intents = frozenset({"exchange_item"})
    own_slots = OWN_SLOTS
    free_slots = ("exchange_item", "new_size")
    again: ClassVar[Mapping[str, str]] = {
        "exchange_item": "utter_ask_for_exchange_item_again",
        "new_size": "utter_ask_for_new_size_again",
        "confirmation": "utter_confirm_exchange_again",
    }

    def read_details(self, turn: FormTurn) -> bool:
        """Takes the size too when the first message names it ("swap my boots for a 44")."""
        if turn.begins and not turn.heard.is_button:
            turn.set("new_size", turn.heard.last("size") and size_in(turn.heard))
        return super().read_details(turn)

    def answer(self, turn: FormTurn) -> str | None:
        """The item, then the size."""
        if turn.asked == "new_size":
            return size_in(turn.heard)
        chosen = chosen_items(turn)
        return chosen[0] if len(chosen) == 1 else None

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

    def _item(self, turn: FormTurn, sized: list[Item]) -> Item | None:
        by_sku = {item.sku: item for item in sized}
        if turn.get("exchange_item") in by_sku:
            return by_sku[turn.get("exchange_item")]
        chosen = items_named_at_first(turn, sized)
        return by_sku[chosen[0]] if len(chosen) == 1 else None


class ActionExchangeItem(ConfirmedAction):
    """Registers a confirmed exchange, or says why it cannot."""

    doing = "registering an exchange for {number}"
    own_slots = OWN_SLOTS
    kept = Told("utter_exchange_kept", "registered no exchange for {number}, as wished")
    family = "exchange"
    could_not = "exchange from {number}"
    own_trace = Refusal.ALREADY_RETURNED

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_exchange_item"

    def refusal(self, order: Order) -> Refusal | None:
        """What was delivered not too long ago can be swapped."""
        return order.can_send_back(today())

    async def step(self, proof: Proof, order: Order, tracker: Tracker) -> Told | None:
        """Registers the exchange of the item that was chosen."""
        sku, size = tracker.get_slot("exchange_item"), tracker.get_slot("new_size")
        if not (sku and size):
            return None
        sending = await ask_shop(lambda shop: shop.start_exchange(proof, sku, size))
        values = {
            **about(order),
            "size": size,
            "item": sending.items[0].title,
            "label_url": sending.label_url,
            "send_by": day(sending.send_by),
        }
        note = f"registered an exchange for size {size} ({proof.number})"
        return Told("utter_exchange_registered", note, values)

    def refused(self, order: Order, refusal: Refusal | None, tracker: Tracker) -> Told:
        """Where nothing forbids it and yet no item could be asked for, nothing has a size."""
        values = {**about(order), "size": tracker.get_slot("new_size")}
        if refusal is None:
            note = f"could not exchange from {order.number}: nothing in it has a size"
            return Told("utter_exchange_no_sizes", note, values)
        told = super().refused(order, refusal, tracker)
        return Told(told.response, told.progress, values)
