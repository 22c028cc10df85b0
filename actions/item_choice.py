"""Which items of an order the customer means, for the forms about returns and exchanges.

Here belong the start of those forms, the offer of items and the reading of the choice. Customers
name things before they prove the order ("swap my boots for a 44"), so the words of the
first message are kept in the slot `item_words`; what was offered later is in `offered_items`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from rasa_sdk.events import EventType

from actions.forms import FormTurn
from actions.order_form import ConfirmedForm
from actions.reading import matching_items
from actions.shop.protocol import Item

__all__ = ["ItemForm", "choices", "chosen_items", "items_named_at_first", "offer"]


def choices(items: Sequence[Item], *, everything: bool) -> list[dict[str, str]]:
    """A button for each item, and one for all of them."""
    buttons = [
        {"title": item.title, "payload": "/inform" + json.dumps({"choice": item.sku})}
        for item in items
    ]
    if everything:
        buttons.append({"title": "Everything", "payload": '/inform{"choice": "all"}'})
    return buttons


class ItemForm(ConfirmedForm):
    """A form about some items of the order.

    A subclass lists `item_words` and `offered_items` among its own slots.
    """

    def read_details(self, turn: FormTurn) -> bool:
        """Remembers too how the first message names things, for when the order is known."""
        if turn.begins and not turn.heard.is_button:
            products = " ".join(turn.heard.entities.get("product", ()))
            turn.set("item_words", f"{turn.heard.rest} {products}")
        return super().read_details(turn)


def chosen_items(turn: FormTurn) -> list[str]:
    """The items that the answer to `offer` means: a button, or words."""
    offered: dict[str, str] = turn.get("offered_items") or {}
    choice = turn.heard.last("choice")
    if choice is not None:
        return [sku for sku in offered if choice in (sku, "all")]
    return [] if turn.heard.is_button else list(matching_items(turn.heard.text, offered))


def items_named_at_first(turn: FormTurn, items: Sequence[Item]) -> list[str]:
    """The only item, or those that the first message named."""
    if len(items) == 1:
        return [items[0].sku]
    names = {item.sku: item.name for item in items}
    return list(matching_items(turn.get("item_words") or "", names))


def offer(turn: FormTurn, slot: str, items: Sequence[Item], *, everything: bool) -> list[EventType]:
    """Asks which of the items is meant, with a button for each."""
    turn.set("offered_items", {item.sku: item.name for item in items})
    buttons = choices(items, everything=everything)
    return turn.ask(slot, f"utter_ask_for_{slot}", buttons=buttons)
