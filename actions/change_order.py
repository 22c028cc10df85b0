"""Change the address or the items of my order: two forms, one way to do it.

The shop takes the wish down as the customer worded it, while the order is not packed; the
warehouse carries it out and confirms by e-mail. Later than that a person may still help.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions.forms import FormTurn
from actions.order_action import ConfirmedAction, Told
from actions.order_form import ConfirmedForm
from actions.shop import ask_shop
from actions.shop.protocol import ChangeKind, Order, Proof, Refusal
from actions.wording import about

__all__ = ["ActionChangeAddress", "ActionChangeOrder", "ChangeAddressForm", "ChangeOrderForm"]


class _ChangeForm(ConfirmedForm, ABC):
    own_slots = ("change_details", "confirmation")
    free_slots = ("change_details",)

    @property
    @abstractmethod
    def kind(self) -> ChangeKind:
        """What is changed."""

    def answer(self, turn: FormTurn) -> str | None:
        """The wish in the customer's words."""
        return turn.heard.free_text(self.intents, digits=self.kind is ChangeKind.ADDRESS)

    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Asks what to change and for a yes, while the order can be changed."""
        if order.can_change() is not None:
            return turn.done()
        details = turn.get("change_details")
        if details is None:
            return turn.ask("change_details", f"utter_ask_for_{self.kind.value}", **about(order))
        if turn.get("confirmation") is None:
            response = f"utter_confirm_{self.kind.value}"
            return turn.ask("confirmation", response, wish=details, **about(order))
        return turn.done()


class ChangeAddressForm(_ChangeForm):
    """Needs the proof, the new address and a yes."""

    form = "change_address_form"
    intents = frozenset({"change_address"})
    kind = ChangeKind.ADDRESS
    again: ClassVar[Mapping[str, str]] = {
        "change_details": "utter_ask_for_address_again",
        "confirmation": "utter_confirm_change_again",
    }


class ChangeOrderForm(_ChangeForm):
    """Needs the proof, the change in the customer's words and a yes."""

    form = "change_order_form"
    intents = frozenset({"change_order"})
    kind = ChangeKind.ITEMS
    again: ClassVar[Mapping[str, str]] = {
        "change_details": "utter_ask_for_items_again",
        "confirmation": "utter_confirm_change_again",
    }


class _ActionChange(ConfirmedAction, ABC):
    doing = "changing order {number}"
    own_slots = _ChangeForm.own_slots
    kept = Told("utter_change_kept", "left order {number} as it is, as wished")
    family = "change"
    could_not = "change order {number}"

    @property
    @abstractmethod
    def kind(self) -> ChangeKind:
        """What is changed."""

    def refusal(self, order: Order) -> Refusal | None:
        """Only what is not packed can be changed."""
        return order.can_change()

    async def step(self, proof: Proof, order: Order, tracker: Tracker) -> Told | None:
        """Hands the wish to the shop."""
        details = tracker.get_slot("change_details")
        if not details:
            return None
        order = await ask_shop(lambda shop: shop.change(proof, self.kind, details))
        note = f"put a change of {self.kind.value} on order {proof.number}"
        values = {"wish": details, **about(order)}
        return Told(f"utter_changed_{self.kind.value}", note, values)


class ActionChangeAddress(_ActionChange):
    """Puts a new address on a proven order."""

    kind = ChangeKind.ADDRESS

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_change_address"


class ActionChangeOrder(_ActionChange):
    """Puts a change of items on a proven order."""

    kind = ChangeKind.ITEMS

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_change_order"
