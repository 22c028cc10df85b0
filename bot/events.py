"""What can happen in a conversation: events, the parts they are made of, and log entries.

Pure records (msgspec structs: immutable, checked when decoded, tagged by `kind` in JSON). What
events do to a conversation is not here but in `bot.conversation`.
"""

from __future__ import annotations

from typing import Any, Union

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all that is stored or sent: immutable, checked when decoded."""


class Agent(Record, frozen=True):
    login: str
    name: str


class Button(Record, frozen=True):
    """A quick reply. `payload` is what the assistant gets, e.g. `/affirm`."""

    title: str
    payload: str


class Utterance(Record, frozen=True):
    """One bubble of the bot's."""

    text: str
    buttons: tuple[Button, ...] = ()
    image: str | None = None


class Reading(Record, frozen=True):
    """What the assistant read in a customer's message, and what triage made of it."""

    intent: str | None = None
    confidence: float = 0.0
    ranking: tuple[dict[str, Any], ...] = ()
    entities: tuple[dict[str, Any], ...] = ()
    sentiment: float = 0.0
    frustration: float = 0.0
    out_of_scope: float = 0.0
    language: str = "en"
    outcome: str = "answer"
    reasons: tuple[str, ...] = ()
    slots: dict[str, Any] = {}


class Handoff(Record, frozen=True):
    """Why a person is needed. `reason` is a code (see `wording.REASONS`), `reasons` are words."""

    reason: str
    reasons: tuple[str, ...] = ()
    skill: str | None = None
    summary: str = ""


class _Event(Record, frozen=True, tag_field="kind"):
    """Something that happened. Named in the past tense; stored for ever as it is."""


class Started(_Event, frozen=True, tag="started"):
    page: str = ""


class CustomerSpoke(_Event, frozen=True, tag="customer_spoke"):
    text: str
    client_id: str
    payload: str | None = None


class BotAnswered(_Event, frozen=True, tag="bot_answered"):
    """One whole turn of the bot. `in_reply_to` is the customer's seq (None: the greeting)."""

    messages: tuple[Utterance, ...]
    in_reply_to: int | None = None
    reading: Reading | None = None


class BotAnswerDropped(_Event, frozen=True, tag="bot_answer_dropped"):
    """A late answer that the customer never saw; agents see it."""

    messages: tuple[Utterance, ...]
    in_reply_to: int
    reason: str
    reading: Reading | None = None


class HandoffRequested(_Event, frozen=True, tag="handoff_requested"):
    handoff: Handoff
    in_reply_to: int | None = None


class Claimed(_Event, frozen=True, tag="claimed"):
    agent: Agent


class AgentSpoke(_Event, frozen=True, tag="agent_spoke"):
    agent: Agent
    text: str


class NoteWritten(_Event, frozen=True, tag="note_written"):
    """Between agents; never shown to the customer."""

    agent: Agent
    text: str


class Transferred(_Event, frozen=True, tag="transferred"):
    agent: Agent
    skill: str


class ReturnedToBot(_Event, frozen=True, tag="returned_to_bot"):
    """`agent` is None when the customer chose to carry on with the bot."""

    agent: Agent | None = None


class Snoozed(_Event, frozen=True, tag="snoozed"):
    agent: Agent
    until: int


class Woken(_Event, frozen=True, tag="woken"):
    because: str


class Closed(_Event, frozen=True, tag="closed"):
    by: str
    outcome: str
    agent: Agent | None = None


class Reopened(_Event, frozen=True, tag="reopened"):
    by: str


class Rated(_Event, frozen=True, tag="rated"):
    stars: int
    comment: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.stars <= 5:
            raise ValueError(f"stars are 1 to 5, not {self.stars}")


class NoticeShown(_Event, frozen=True, tag="notice"):
    """A true word from the system to the customer."""

    code: str
    text: str


Event = Union[  # noqa: UP007 (msgspec wants the classes, and the list reads better)
    Started,
    CustomerSpoke,
    BotAnswered,
    BotAnswerDropped,
    HandoffRequested,
    Claimed,
    AgentSpoke,
    NoteWritten,
    Transferred,
    ReturnedToBot,
    Snoozed,
    Woken,
    Closed,
    Reopened,
    Rated,
    NoticeShown,
]


class Entry(Record, frozen=True):
    """An event in its place in the log. `key` is the idempotency key of the command behind it."""

    seq: int
    at: int
    epoch: int
    key: str
    event: Event
