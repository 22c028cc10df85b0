"""What the actions about one proven order share: the proof, the shop, its refusals and failures.

Here belongs the way from the slots that a form has filled to one response and the note for the
summary. What is looked up or done, and the words for it, are in the actions that build on this.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.order_form import proof_in, shop_failed
from actions.shop import ask_shop
from actions.shop.protocol import NotAllowed, Order, Proof, Refusal, ShopError
from actions.wording import about

__all__ = ["ConfirmedAction", "OrderAction", "Told"]


@dataclass(frozen=True)
class Told:
    """How an action ends: a response of the domain, and its note for the hand-off summary."""

    response: str
    progress: str
    values: Mapping[str, Any] = field(default_factory=dict)


class OrderAction(Action, ABC):
    """Does something with the order that a form has proven; without a proof it does nothing.

    A subclass gives its `name`, says what it is `doing`, and looks up or acts in `act`. Errors of
    the shop may pass through `act`: a person takes over.
    """

    doing: ClassVar[str]
    """For the log and the agent, after "while": "cancelling order {number}"."""
    own_slots: ClassVar[tuple[str, ...]] = ()
    """The answers of the form, forgotten once they have been acted on."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Acts, utters what came of it and forgets the answers."""
        proof = proof_in(tracker)
        if proof is None:
            return []
        forget = [SlotSet(slot, None) for slot in self.own_slots]
        try:
            told = await self.act(proof, tracker)
        except ShopError as error:
            return [*forget, *shop_failed(error, self.doing.format(number=proof.number))]
        dispatcher.utter_message(response=told.response, **told.values)
        return [*forget, SlotSet("progress", told.progress)]

    @abstractmethod
    async def act(self, proof: Proof, tracker: Tracker) -> Told:
        """Asks the shop. Raises ShopError when the shop fails."""


class ConfirmedAction(OrderAction):
    """Does what the customer has said yes to, or says why the order does not allow it.

    A subclass says when the order forbids it (`refusal`), does it (`step`), and names its responses
    and notes. `step` is called only after a yes.
    """

    kept: ClassVar[Told]
    """The answer to a no; `{number}` in its note is the order's."""
    family: ClassVar[str]
    """The responses that explain a refusal are `utter_<family>_<refusal>`."""
    could_not: ClassVar[str]
    """The note about a refusal, after "could not": "cancel order {number}"."""
    own_trace: ClassVar[Refusal | None] = None
    """The refusal that the step itself brings about. Such an order is put to the shop all the same:
    a step that was done already has the same result again, so that a repeated turn tells no lie."""

    async def act(self, proof: Proof, tracker: Tracker) -> Told:
        """A no leaves everything as it is; a yes is carried out; neither is explained."""
        number, confirmed = proof.number, tracker.get_slot("confirmation")
        if confirmed is False:
            note = self.kept.progress.format(number=number)
            return Told(self.kept.response, note, {"order_number": number})
        order = await ask_shop(lambda shop: shop.order(proof))
        refusal = self.refusal(order)
        if confirmed and refusal in (None, self.own_trace):
            try:
                told = await self.step(proof, order, tracker)
            except NotAllowed as error:
                refusal = error.refusal
            else:
                if told is not None:
                    return told
        return self.refused(order, refusal, tracker)

    @abstractmethod
    def refusal(self, order: Order) -> Refusal | None:
        """Why the order does not allow the step; None when it does."""

    @abstractmethod
    async def step(self, proof: Proof, order: Order, tracker: Tracker) -> Told | None:
        """Carries it out; None when the form had not asked everything, because it saw no use in it.

        Raises NotAllowed when the shop refuses, other ShopErrors when it fails.
        """

    def refused(self, order: Order, refusal: Refusal | None, tracker: Tracker) -> Told:
        """Why it was not done. `refusal` is None when nothing forbade it, yet it was not done."""
        refusal = refusal or Refusal.OTHER
        what = self.could_not.format(number=order.number)
        note = f"could not {what}: {refusal.value.replace('_', ' ')}"
        return Told(f"utter_{self.family}_{refusal.value}", note, about(order))
