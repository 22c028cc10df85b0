"""Where is my money: the form and the answer."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import FormTurn
from actions.order_form import OrderForm, proof_in, shop_failed
from actions.shop import ask_shop
from actions.shop.protocol import Order, Proof, Refund, ShopBackend, ShopError, euros
from actions.wording import about, day

__all__ = ["ActionRefundStatus", "RefundForm"]


class RefundForm(OrderForm):
    """Needs only the proof."""

    form = "refund_form"
    intents = frozenset({"refund_status"})

    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Nothing more to ask."""
        return turn.done()


class ActionRefundStatus(Action):
    """Tells where the refund of a proven order stands."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_refund_status"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Looks order and refund up and utters the refund's state."""
        proof = proof_in(tracker)
        if proof is None:
            return []

        def both(shop: ShopBackend) -> tuple[Order, Refund | None]:
            return shop.order(proof), shop.refund(proof)

        try:
            order, refund = await ask_shop(both)
        except ShopError as error:
            return shop_failed(error, "looking up the refund")
        if refund is None:
            dispatcher.utter_message(response="utter_refund_none", **about(order))
            words = f"told that order {order.number} has no refund"
            return [SlotSet("progress", words)]
        values = {
            **about(order),
            "amount": euros(refund.amount_cents),
            "method": refund.method,
            "sent_on": day(refund.sent_on),
            "expected_on": day(refund.expected_on),
        }
        dispatcher.utter_message(response=f"utter_refund_{refund.state.value}", **values)
        words = f"told that the refund of {order.number} is {refund.state.value.replace('_', ' ')}"
        return [SlotSet("progress", words)]
