"""The frame of the forms about one order: the customer proves that it is theirs.

Here belongs the identity: order number and e-mail are asked when missing, taken from any message
that holds them, corrected when wrong, and remembered for the order once they matched. Here belongs
too the yes or no before anything is done. What is done with the order is in the forms that build on
these, and in their actions (`order_action.py`).

The rules of proof, all kept in slots that no form ever resets:

- `proven_orders` maps order numbers to the e-mail that matched, for this conversation;
- `identity_attempts` counts pairs that did not match; after `ATTEMPTS_ALLOWED` of them only orders
  already proven are talked about, everything else goes to a person;
- `refused_pair` is the last pair that did not match, so that it is not tried (and counted) again
  just because a form opened.

It is never said which of the two was wrong, nor whether an order number exists.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions.forms import Form, FormTurn, handoff_slot
from actions.reading import yes_or_no
from actions.shop import ask_shop, guesses
from actions.shop.protocol import Order, OrderNotFound, Proof, ShopUnavailable

__all__ = ["ATTEMPTS_ALLOWED", "ConfirmedForm", "OrderForm", "proof_in", "shop_failed"]

logger = logging.getLogger(__name__)

ATTEMPTS_ALLOWED = 3
"""Pairs of number and e-mail that may fail in one conversation."""


class OrderForm(Form):
    """A form that needs a proven order before anything else."""

    put_aside: ClassVar[str] = "utter_put_order_aside"

    def read_details(self, turn: FormTurn) -> bool:
        """Takes order number and e-mail from the message; True when it held one."""
        number, email = turn.heard.order_number(), turn.heard.email()
        if turn.begins and turn.get("refused_pair") and bool(number) != bool(email):
            # A new beginning: half of a pair that was refused must not spoil the next one.
            turn.set("order_number", None)
            turn.set("email", None)
        if number:
            turn.set("order_number", number)
        if email:
            turn.set("email", email)
        if number or email:
            # Said again is tried again, also when it is the pair that was refused.
            turn.set("refused_pair", None)
        return bool(number or email)

    async def understands(self, turn: FormTurn) -> bool:
        """A number or an e-mail is an answer to every question about identity."""
        if turn.asked in self.free_slots:
            # A postcode in an address is no order number.
            return await self.understands_more(turn)
        before = turn.get("order_number")
        details = self.read_details(turn)
        if turn.get("order_number") != before:
            # What was said about one order must not be done to another.
            turn.forget()
            return True
        if turn.asked in ("order_number", "email", "identity"):
            return details
        return await self.understands_more(turn) or details

    async def next(self, turn: FormTurn) -> list[EventType]:
        """Asks for what is missing of the proof, then goes on with the order."""
        number, email = turn.get("order_number"), turn.get("email")
        proven = dict(turn.get("proven_orders") or {})
        attempts = int(turn.get("identity_attempts") or 0)
        if number in proven:
            email = proven[number]
        elif attempts >= ATTEMPTS_ALLOWED:
            return turn.hand_off("identity_not_proven", _tries(attempts))
        elif not number:
            return turn.ask("order_number", "utter_ask_for_order_number")
        elif not email:
            return turn.ask("email", "utter_ask_for_email", order_number=number)
        elif _pair(number, email) == turn.get("refused_pair"):
            return turn.ask("identity", "utter_ask_for_both")
        if number not in proven and guesses().too_many(number, email):
            return turn.hand_off("identity_not_proven", "guessed at in several conversations")
        try:
            proof = Proof(number, email)
            order = await ask_shop(lambda shop: shop.order(proof))
        except (OrderNotFound, ValueError):
            guesses().failed(number, email)
            return self._no_match(turn, number, email, attempts + 1)
        except ShopUnavailable as error:
            return shop_failed_in(turn, error)
        turn.set("order_facts", order.facts())
        if number not in proven:
            turn.set("proven_orders", {**proven, number: proof.email})
        return await self.next_about(turn, proof, order)

    def ask_again(self, turn: FormTurn) -> list[EventType]:
        """Asks again for number or e-mail, and says where to find them."""
        if turn.asked == "order_number":
            return turn.ask("order_number", "utter_ask_for_order_number_again")
        if turn.asked == "email":
            return turn.ask("email", "utter_ask_for_email_again")
        if turn.asked == "identity":
            return turn.ask("identity", "utter_ask_for_both")
        return self.ask_more_again(turn)

    async def understands_more(self, turn: FormTurn) -> bool:
        """Takes the answer to a question of the form's own."""
        return False

    @abstractmethod
    async def next_about(self, turn: FormTurn, proof: Proof, order: Order) -> list[EventType]:
        """Asks the form's own questions about the proven order, or closes the form."""

    def ask_more_again(self, turn: FormTurn) -> list[EventType]:
        """Asks again for a detail of the form's own."""
        raise NotImplementedError(f"{self.form} asks for {turn.asked} but does not read it")

    def _no_match(self, turn: FormTurn, number: str, email: str, attempts: int) -> list[EventType]:
        turn.set("identity_attempts", attempts)
        turn.set("refused_pair", _pair(number, email))
        if attempts >= ATTEMPTS_ALLOWED:
            return turn.hand_off("identity_not_proven", _tries(attempts))
        return turn.ask("identity", "utter_no_such_order")


class ConfirmedForm(OrderForm):
    """An order form that ends with a yes or no to what is about to be done.

    A subclass asks for its `free_slots`, then for `confirmation`, in `next_about`; it reads the
    answers to the former in `answer`.
    """

    own_slots: ClassVar[tuple[str, ...]] = ("confirmation",)
    again: ClassVar[Mapping[str, str]]
    """For each slot that it asks for, the response that asks again."""

    async def understands_more(self, turn: FormTurn) -> bool:
        """The answer to a question of the form's own, else yes or no."""
        free = turn.asked in self.free_slots
        value = self.answer(turn) if free else yes_or_no(turn.heard)
        turn.set(self._own_question(turn), value)
        return value is not None

    def answer(self, turn: FormTurn) -> Any:
        """The value for the free slot that was asked for; None when the message holds none."""
        raise NotImplementedError(f"{self.form} asks for {turn.asked} but does not read it")

    def ask_more_again(self, turn: FormTurn) -> list[EventType]:
        """Asks again, with more help; for a plain yes or no at the end."""
        slot = self._own_question(turn)
        return turn.ask(slot, self.again[slot], order_number=turn.get("order_number"))

    def _own_question(self, turn: FormTurn) -> str:
        return turn.asked if turn.asked in self.free_slots else "confirmation"


def proof_in(tracker: Tracker) -> Proof | None:
    """The proof of the order that a form has just finished with; None when there is none."""
    number = tracker.get_slot("order_number")
    email = (tracker.get_slot("proven_orders") or {}).get(number)
    return Proof(number, email) if number and email else None


def shop_failed(error: Exception, doing: str) -> list[EventType]:
    """The events of an action that the shop did not carry out: a person takes over."""
    logger.warning("The shop failed while the assistant was %s: %s", doing, error)
    return [handoff_slot("action_failed", f"the shop did not answer while {doing}")]


def shop_failed_in(turn: FormTurn, error: Exception) -> list[EventType]:
    """The same within a form."""
    logger.warning("The shop failed while the assistant was looking up an order: %s", error)
    return turn.hand_off("action_failed", "the shop did not answer while looking up the order")


def _pair(number: str, email: str) -> str:
    return f"{number} {email}"


def _tries(attempts: int) -> str:
    return f"order number and e-mail did not match in {attempts} tries"
