"""What a conversation is at one moment: whose it is, and what its log adds up to.

Pure records, and the one error of a command that does not fit. What leads from one state to the
next is in `bot.conversation`.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from bot.errors import IllegalMove
from bot.events import Agent, Assigned, File, Handoff, Rated, Reading, Record


class State(str, Enum):
    """Who the conversation belongs to."""

    BOT = "bot"  #: the assistant answers
    WAITING = "waiting"  #: a person was asked for; nobody has come yet
    HUMAN = "human"  #: one agent owns it; the bot is silent
    SNOOZED = "snoozed"  #: the agent put it away until a time, or until the customer writes
    CLOSED = "closed"  #: over; the customer may rate it, or write again and so reopen it


class Held(Record, frozen=True):
    """A reply by somebody else than the owner, which waits for that agent's decision; the fields
    are those of `ReplyHeld`."""

    seq: int
    agent: Agent
    text: str
    files: tuple[File, ...] = ()
    draft: int | None = None


class Draft(Record, frozen=True):
    """An answer that waits for an agent's yes; the fields are those of `DraftWritten`."""

    seq: int
    text: str
    in_reply_to: int
    origin: Literal["assistant", "suggestion"]
    intent: str | None = None
    confidence: float = 0.0


class Conversation(Record, frozen=True):
    """What the log adds up to. Small: it is read and written at every step."""

    id: str
    state: State = State.BOT
    seq: int = 0
    epoch: int = 0
    opened_at: int = 0
    updated_at: int = 0
    owner: Agent | None = None
    #: Since when the owner has had it, a snooze included.
    owned_since: int | None = None
    #: Seqs of customer's messages that the bot still owes an answer, oldest first.
    pending: tuple[int, ...] = ()
    #: Payloads of the buttons under the bot's latest answer: the only ones a customer can send.
    offered: tuple[str, ...] = ()
    handoff: Handoff | None = None
    waiting_since: int | None = None
    snoozed_until: int | None = None
    #: While waiting: who is asked now, and the colleague to whom it was passed on, if to one.
    assigned: Assigned | None = None
    passed_to: Agent | None = None
    #: Every desk that was ever asked. They keep getting the news.
    desks: tuple[str, ...] = ()
    #: Codes of the notices already shown since the last change of ownership or bot's answer.
    told: tuple[str, ...] = ()
    #: Seqs of customer's messages that nobody has answered, bot or person, oldest first; and since
    #: when one has been without an answer.
    unanswered: tuple[int, ...] = ()
    unanswered_since: int | None = None
    #: Replies by others than the owner, and answers to approve: those not yet decided on.
    held: tuple[Held, ...] = ()
    drafts: tuple[Draft, ...] = ()
    #: Seqs of agents' messages that were taken back.
    retracted: tuple[int, ...] = ()
    #: Seq of the customer's message that the assistant read last; what came after it (a human
    #: stretch) it has yet to be told when `returned` is set.
    assistant_seq: int = 0
    returned: bool = False
    #: Whether a person was ever asked for: bot-only chats never reach the agents.
    escalated: bool = False
    spoke_at: int | None = None
    preview: str = ""
    reading: Reading | None = None
    #: What the customer wanted lately, newest last: intents as the assistant read them.
    intents: tuple[str, ...] = ()
    rating: Rated | None = None
    outcome: str | None = None
    page: str = ""
    #: Made by `deskhand doctor`: nobody is asked to come, and it counts nowhere.
    test: bool = False
    #: Where answers go when the customer has left, and up to which seq they have gone there.
    contact: str | None = None
    mailed: int = 0
    #: Seq of the latest that an agent said to the customer.
    answered: int = 0


_HINTS = {
    State.BOT: "The assistant has it. Claim it first.",
    State.CLOSED: "It is closed. Reopen it first.",
    State.WAITING: "Nobody has claimed it yet.",
}


def illegal(c: Conversation, command: object) -> IllegalMove:
    """The error of a command that is not possible in the conversation's state."""
    return IllegalMove(
        f"{type(command).__name__} is not possible while the conversation is {c.state.value}.",
        hint=_HINTS.get(c.state, ""),
    )
