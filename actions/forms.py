"""The frame of every form: one turn of asking, reading, leaving and finishing.

Here belongs what all forms share. Rasa runs `validate_<form>` once a turn while the form is open;
`Form.run` decides what the message does to the form and tells Rasa with events:

- another question follows: `requested_slot` is set, and the question has been uttered here;
- the form is done: `requested_slot` is None; a rule runs the action that uses the answers;
- the customer chats: the form is rejected for this turn; a rule answers and the form asks again;
- the customer leaves or has another question: the form is closed and rejected, so that the rules
  see the same message with no form in the way, and the new question gets its answer;
- it goes wrong too often: the `triage` slot asks for a hand-off.

What a form asks for, and in which order, is in the forms themselves. No shop here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecutionRejected, ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.reading import Heard, Turn

__all__ = ["Form", "FormTurn", "handoff_slot"]

FAILURES_ALLOWED = 3
"""So many unusable answers in a row to one form bring a person."""

FORM_INTENTS = frozenset(
    {
        "order_status",
        "track_parcel",
        "cancel_order",
        "change_order",
        "change_address",
        "return_item",
        "exchange_item",
        "refund_status",
        "business_enquiry",
    }
)
"""Intents that open a form. Going from one form to another needs no "let's leave that"."""


def handoff_slot(reason: str, words: str, skill: str | None = None) -> EventType:
    """Asks for a hand-off after this action: the `triage` slot as `bot.triage` would set it."""
    return SlotSet(
        "triage",
        {
            "outcome": "handoff",
            "reason": reason,
            "reasons": [words],
            "skill": skill,
            "candidates": [],
            "clarifications": 0,
        },
    )


class FormTurn:
    """One turn of one form: what was heard, what is known, and what has been decided so far."""

    def __init__(self, form: Form, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.heard = Heard.from_parse(tracker.latest_message)
        self.asked: str | None = tracker.get_slot("requested_slot")
        self._form = form
        self._dispatcher = dispatcher
        self._known: Mapping[str, Any] = dict(tracker.slots)
        self._new: dict[str, Any] = {}
        self._interrupted = _acted_since_the_customer_spoke(tracker, form.form)

    @property
    def begins(self) -> bool:
        """The form opens with this message."""
        return self.asked is None

    @property
    def resumes(self) -> bool:
        """Another action answered this message already; the form only asks again."""
        return self.asked is not None and self._interrupted

    def get(self, slot: str) -> Any:
        """The value of a slot, changes of this turn included."""
        return self._new.get(slot, self._known.get(slot))

    def set(self, slot: str, value: Any) -> None:
        """Sets a slot."""
        self._new[slot] = value

    def say(self, response: str, **values: Any) -> None:
        """Utters a response of the domain."""
        self._dispatcher.utter_message(response=response, **values)

    def ask(self, slot: str, response: str, **values: Any) -> list[EventType]:
        """Asks for `slot` and ends the turn."""
        self.say(response, **values)
        return [*self._slots(), SlotSet("requested_slot", slot)]

    def done(self) -> list[EventType]:
        """Closes the form; the rule after it runs."""
        self.set("form_failures", 0)
        return [*self._slots(), SlotSet("requested_slot", None), ActiveLoop(None)]

    def let_others_answer(self) -> list[EventType]:
        """The rules answer this message, then the form asks again."""
        return [*self._slots(), ActionExecutionRejected(self._form.form)]

    def leave(self, *, may_resume: bool) -> list[EventType]:
        """Closes the form and lets the rules answer this message."""
        if not may_resume:
            self.forget()
        self.set("form_failures", 0)
        self.set("paused_form", self._form.form if may_resume else None)
        if may_resume and self.heard.intent not in FORM_INTENTS:
            self.say(self._form.put_aside)
        return [
            *self._slots(),
            SlotSet("requested_slot", None),
            ActiveLoop(None),
            ActionExecutionRejected(self._form.form),
        ]

    def hand_off(self, reason: str, words: str) -> list[EventType]:
        """Closes the form and asks for a person. `words` are for the agent."""
        self.forget()
        return [
            *self._slots(),
            handoff_slot(reason, words),
            SlotSet("requested_slot", None),
            ActiveLoop(None),
        ]

    def forget(self) -> None:
        """Empties the slots that only this form uses, and the count of unusable answers."""
        self.set("form_failures", 0)
        for slot in self._form.own_slots:
            self.set(slot, None)

    def _slots(self) -> list[EventType]:
        # Rasa takes a turn in which no slot was set for one in which the form failed.
        self._new.setdefault("form_failures", self.get("form_failures") or 0)
        return [SlotSet(slot, value) for slot, value in self._new.items()]


class Form(Action, ABC):
    """A form; subclasses say what it needs."""

    form: ClassVar[str]
    """Its name in the domain."""
    intents: ClassVar[frozenset[str]]
    """The intents that open it."""
    put_aside: ClassVar[str]
    """The response that says that the form can wait while another question is answered."""
    free_slots: ClassVar[tuple[str, ...]] = ()
    """Slots answered in free words, in which no other detail is looked for."""
    own_slots: ClassVar[tuple[str, ...]] = ()
    """Slots that are emptied when the form opens or is stopped."""
    keeps_answers: ClassVar[bool] = False
    """When the form was put aside and is taken up again, its answers still count."""

    def name(self) -> str:
        """The name under which Rasa calls it."""
        return f"validate_{self.form}"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """One turn of the form; see the module's first paragraph."""
        turn = FormTurn(self, dispatcher, tracker)
        if turn.begins:
            if not (self.keeps_answers and turn.get("paused_form") == self.form):
                turn.forget()
            turn.set("paused_form", None)
            self.read_details(turn)
        elif not turn.resumes:
            if turn.asked not in self.free_slots and self.leaves_despite_detail(turn):
                return self._leave(turn)
            if await self.understands(turn):
                turn.set("form_failures", 0)
            else:
                return await self._not_understood(turn)
        return await self.next(turn)

    @abstractmethod
    def read_details(self, turn: FormTurn) -> bool:
        """Takes the details that the message holds. True when there was one."""

    @abstractmethod
    async def understands(self, turn: FormTurn) -> bool:
        """Takes the answer to what was asked. False when the message holds none."""

    @abstractmethod
    async def next(self, turn: FormTurn) -> list[EventType]:
        """Asks the next question, or closes the form."""

    @abstractmethod
    def ask_again(self, turn: FormTurn) -> list[EventType]:
        """Says that the answer could not be used, and asks again with more help."""

    def leaves_despite_detail(self, turn: FormTurn) -> bool:
        """The message is about something else although it holds a detail."""
        return turn.heard.turns_despite_detail(self.intents, "order_number", "email")

    def _leave(self, turn: FormTurn) -> list[EventType]:
        leaves = turn.heard.turn(self.intents) is Turn.LEAVE
        return turn.leave(may_resume=not leaves)

    async def _not_understood(self, turn: FormTurn) -> list[EventType]:
        kind = turn.heard.turn(self.intents)
        if kind in (Turn.LEAVE, Turn.NEW_SUBJECT):
            return self._leave(turn)
        if kind is Turn.CHAT:
            return turn.let_others_answer()
        failures = int(turn.get("form_failures") or 0) + 1
        turn.set("form_failures", failures)
        if failures >= FAILURES_ALLOWED:
            asked = (turn.asked or "").replace("_", " ")
            return turn.hand_off(
                "form_failed", f"{failures} answers about the {asked} could not be used"
            )
        return self.ask_again(turn)


def _acted_since_the_customer_spoke(tracker: Tracker, form: str) -> bool:
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action" and event.get("name") != form:
            return True
    return False
