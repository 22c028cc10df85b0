"""Where is my order, where is my parcel: the form and the answer.

Each state of an order has its own response, `utter_order_<state>`.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import FormTurn
from actions.order_form import OrderForm, proof_in, shop_failed
from actions.shop import ask_shop
from actions.shop.protocol import Order, OrderState, Proof, ShopError
from actions.wording import about

__all__ = ["ActionOrderStatus", "OrderStatusForm"]


class OrderStatusForm(OrderForm):
    """Needs only the proof."""

    form = "order_status_form"
    intents = frozenset({"order_status", "track_parcel"})

    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Nothing more to ask."""
        return turn.done()


class ActionOrderStatus(Action):
    """Tells where a proven order stands, with tracking when it is on its way."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_order_status"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Looks the order up and utters its state."""
        proof = proof_in(tracker)
        if proof is None:
            return []
        try:
            order = await ask_shop(lambda shop: shop.order(proof))
        except ShopError as error:
            return shop_failed(error, "looking up the order")
        dispatcher.utter_message(response=f"utter_order_{order.state.value}", **about(order))
        return [SlotSet("progress", _progress(order))]


def _progress(order: Order) -> str:
    words = f"told that order {order.number} is {order.state.value}"
    if order.state is OrderState.SHIPPED and order.parcel:
        words += f" with {order.parcel.carrier} ({order.parcel.tracking_number})"
    return words
