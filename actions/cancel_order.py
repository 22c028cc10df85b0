"""Cancel my order: the form, the confirmation and the step itself.

Nothing is cancelled without a yes to the question that names the order. Saying it twice does no
harm: a cancelled order stays cancelled and the customer hears so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions.forms import FormTurn
from actions.order_action import ConfirmedAction, Told
from actions.order_form import ConfirmedForm
from actions.shop import ask_shop
from actions.shop.protocol import Order, Proof, Refusal
from actions.wording import about

__all__ = ["ActionCancelOrder", "CancelOrderForm"]


class CancelOrderForm(ConfirmedForm):
    """Needs the proof and, if the order can still be cancelled, a yes or no."""

    form = "cancel_order_form"
    intents = frozenset({"cancel_order"})
    again: ClassVar[Mapping[str, str]] = {"confirmation": "utter_confirm_cancel_again"}

    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Asks for the confirmation; an order that is past cancelling needs none."""
        if order.can_change() is None and turn.get("confirmation") is None:
            return turn.ask("confirmation", "utter_confirm_cancel", **about(order))
        return turn.done()


class ActionCancelOrder(ConfirmedAction):
    """Cancels a proven, confirmed order, or says why it cannot."""

    doing = "cancelling order {number}"
    own_slots = CancelOrderForm.own_slots
    kept = Told("utter_cancel_kept", "left order {number} as it is, as wished")
    family = "cancel"
    could_not = "cancel order {number}"
    own_trace = Refusal.ALREADY_CANCELLED

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_cancel_order"

    def refusal(self, order: Order) -> Refusal | None:
        """Only what is not packed can be cancelled."""
        return order.can_change()

    async def step(self, proof: Proof, order: Order, tracker: Tracker) -> Told:
        """Cancels it; the shop returns an order that is cancelled already as it is."""
        order = await ask_shop(lambda shop: shop.cancel(proof))
        return Told("utter_cancelled", f"cancelled order {proof.number}", about(order))
