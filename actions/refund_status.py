"""Where is my money: the form and the answer."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions.forms import FormTurn
from actions.order_action import OrderAction, Told
from actions.order_form import OrderForm
from actions.shop import ask_shop
from actions.shop.protocol import Order, Proof, Refund, ShopBackend, euros
from actions.wording import about, day

__all__ = ["ActionRefundStatus", "RefundForm"]


class RefundForm(OrderForm):
    """Needs only the proof."""

    form = "refund_form"
    intents = frozenset({"refund_status"})

    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Nothing more to ask."""
        return turn.done()


class ActionRefundStatus(OrderAction):
    """Tells where the refund of a proven order stands."""

    doing = "looking up the refund"

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_refund_status"

    async def act(self, proof: Proof, tracker: Tracker) -> Told:
        """Looks order and refund up and tells the refund's state."""

        def both(shop: ShopBackend) -> tuple[Order, Refund | None]:
            return shop.order(proof), shop.refund(proof)

        order, refund = await ask_shop(both)
        if refund is None:
            note = f"told that order {order.number} has no refund"
            return Told("utter_refund_none", note, about(order))
        values = {
            **about(order),
            "amount": euros(refund.amount_cents),
            "method": refund.method,
            "sent_on": day(refund.sent_on),
            "expected_on": day(refund.expected_on),
        }
        note = f"told that the refund of {order.number} is {refund.state.value.replace('_', ' ')}"
        return Told(f"utter_refund_{refund.state.value}", note, values)
