"""Cancel my order: the form, the confirmation and the step itself.

Nothing is cancelled without a yes to the question that names the order. Saying it twice does no
harm: a cancelled order stays cancelled and the customer hears so.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import FormTurn
from actions.order_form import OrderForm, proof_in, shop_failed
from actions.reading import yes_or_no
from actions.shop import ask_shop
from actions.shop.protocol import NotAllowed, Order, Proof, Refusal, ShopError
from actions.wording import about

__all__ = ["ActionCancelOrder", "CancelOrderForm"]


class CancelOrderForm(OrderForm):
    """Needs the proof and, if the order can still be cancelled, a yes or no."""

    form = "cancel_order_form"
    intents = frozenset({"cancel_order"})
    own_slots = ("confirmation",)

    async def understands_more(self, turn: FormTurn) -> bool:
        """Yes or no to the confirmation."""
        answer = yes_or_no(turn.heard)
        turn.set("confirmation", answer)
        return answer is not None

    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Asks for the confirmation; an order that is past cancelling needs none."""
        if order.can_change() is None and turn.get("confirmation") is None:
            return turn.ask("confirmation", "utter_confirm_cancel", **about(order))
        return turn.done()

    def ask_more_again(self, turn: FormTurn) -> list[EventType]:
        """Asks for a plain yes or no."""
        number = turn.get("order_number")
        return turn.ask("confirmation", "utter_confirm_cancel_again", order_number=number)


class ActionCancelOrder(Action):
    """Cancels a proven, confirmed order, or says why it cannot."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_cancel_order"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Acts on the confirmation and forgets it."""
        proof = proof_in(tracker)
        confirmed = tracker.get_slot("confirmation")
        if proof is None:
            return []
        forget = SlotSet("confirmation", None)
        if confirmed is False:
            dispatcher.utter_message(response="utter_cancel_kept", order_number=proof.number)
            return [forget, SlotSet("progress", f"left order {proof.number} as it is, as wished")]
        try:
            order = await ask_shop(lambda shop: shop.order(proof))
            refusal = order.can_change()
            if confirmed and refusal is None:
                order = await ask_shop(lambda shop: shop.cancel(proof))
                dispatcher.utter_message(response="utter_cancelled", **about(order))
                return [forget, SlotSet("progress", f"cancelled order {proof.number}")]
        except NotAllowed as error:
            refusal = error.refusal
        except ShopError as error:
            return [forget, *shop_failed(error, f"cancelling order {proof.number}")]
        refusal = refusal or Refusal.OTHER
        dispatcher.utter_message(response=f"utter_cancel_{refusal.value}", **about(order))
        words = f"could not cancel order {proof.number}: {refusal.value.replace('_', ' ')}"
        return [forget, SlotSet("progress", words)]
