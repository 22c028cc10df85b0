"""Change the address or the items of my order: two forms, one way to do it.

The shop takes the wish down as the customer worded it, while the order is not packed; the
warehouse carries it out and confirms by e-mail. Later than that a person may still help.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import FormTurn
from actions.order_form import OrderForm, proof_in, shop_failed
from actions.reading import yes_or_no
from actions.shop import ask_shop
from actions.shop.protocol import ChangeKind, NotAllowed, Order, Proof, Refusal, ShopError
from actions.wording import about

__all__ = ["ActionChangeAddress", "ActionChangeOrder", "ChangeAddressForm", "ChangeOrderForm"]


class _ChangeForm(OrderForm, ABC):
    own_slots = ("change_details", "confirmation")
    free_slots = ("change_details",)

    @property
    @abstractmethod
    def kind(self) -> ChangeKind:
        """What is changed."""

    async def understands_more(self, turn: FormTurn) -> bool:
        """The wish in the customer's words, then yes or no."""
        if turn.asked == "change_details":
            digits = self.kind is ChangeKind.ADDRESS
            turn.set("change_details", turn.heard.free_text(self.intents, digits=digits))
            return turn.get("change_details") is not None
        turn.set("confirmation", yes_or_no(turn.heard))
        return turn.get("confirmation") is not None

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

    def ask_more_again(self, turn: FormTurn) -> list[EventType]:
        """Asks again for the wish or for a plain yes or no."""
        if turn.asked == "change_details":
            return turn.ask("change_details", f"utter_ask_for_{self.kind.value}_again")
        return turn.ask("confirmation", "utter_confirm_change_again")


class ChangeAddressForm(_ChangeForm):
    """Needs the proof, the new address and a yes."""

    form = "change_address_form"
    intents = frozenset({"change_address"})
    kind = ChangeKind.ADDRESS


class ChangeOrderForm(_ChangeForm):
    """Needs the proof, the change in the customer's words and a yes."""

    form = "change_order_form"
    intents = frozenset({"change_order"})
    kind = ChangeKind.ITEMS


class _ActionChange(Action, ABC):
    @property
    @abstractmethod
    def kind(self) -> ChangeKind:
        """What is changed."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Hands the wish to the shop, or says why it is too late."""
        proof = proof_in(tracker)
        if proof is None:
            return []
        details, confirmed = tracker.get_slot("change_details"), tracker.get_slot("confirmation")
        forget = [SlotSet("change_details", None), SlotSet("confirmation", None)]
        if confirmed is False:
            dispatcher.utter_message(response="utter_change_kept", order_number=proof.number)
            return [*forget, SlotSet("progress", f"left order {proof.number} as it is, as wished")]
        try:
            order = await ask_shop(lambda shop: shop.order(proof))
            refusal = order.can_change()
            if confirmed and details and refusal is None:
                order = await ask_shop(lambda shop: shop.change(proof, self.kind, details))
                response = f"utter_changed_{self.kind.value}"
                dispatcher.utter_message(response=response, wish=details, **about(order))
                words = f"put a change of {self.kind.value} on order {proof.number}"
                return [*forget, SlotSet("progress", words)]
        except NotAllowed as error:
            refusal = error.refusal
        except ShopError as error:
            return [*forget, *shop_failed(error, f"changing order {proof.number}")]
        refusal = refusal or Refusal.OTHER
        dispatcher.utter_message(response=f"utter_change_{refusal.value}", **about(order))
        words = f"could not change order {proof.number}: {refusal.value.replace('_', ' ')}"
        return [*forget, SlotSet("progress", words)]


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
