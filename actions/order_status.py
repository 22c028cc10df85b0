"""Where is my order, where is my parcel: the form and the answer.

Each state of an order has its own response, `utter_order_<state>`.
"""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions.forms import FormTurn
from actions.order_action import OrderAction, Told
from actions.order_form import OrderForm
from actions.shop import ask_shop
from actions.shop.protocol import Order, OrderState, Proof
from actions.wording import about

__all__ = ["ActionOrderStatus", "OrderStatusForm"]


class OrderStatusForm(OrderForm):
    """Needs only the proof."""

    form = "order_status_form"
    intents = frozenset({"order_status", "track_parcel"})

    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Nothing more to ask."""
        return turn.done()


class ActionOrderStatus(OrderAction):
    """Tells where a proven order stands, with tracking when it is on its way."""

    doing = "looking up the order"

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_order_status"

    async def act(self, proof: Proof, tracker: Tracker) -> Told:
        """Looks the order up and tells its state."""
        order = await ask_shop(lambda shop: shop.order(proof))
        return Told(f"utter_order_{order.state.value}", _progress(order), about(order))


def _progress(order: Order) -> str:
    words = f"told that order {order.number} is {order.state.value}"
    if order.state is OrderState.SHIPPED and order.parcel:
        words += f" with {order.parcel.carrier} ({order.parcel.tracking_number})"
    return words
