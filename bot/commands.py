"""What somebody can ask of a conversation: commands, in the imperative.

Pure records. Whether a command is possible, and what it causes, is decided in
`bot.conversation`.
"""

from __future__ import annotations

from typing import Union

from bot.events import Agent, Handoff, Reading, Record, Utterance


class Start(Record, frozen=True):
    greeting: str
    page: str = ""


class Say(Record, frozen=True):
    """The customer writes, or presses a button (then with its payload)."""

    text: str
    client_id: str
    payload: str | None = None


class Answer(Record, frozen=True):
    """The assistant's turn is done: what it said to message `in_reply_to`, spoken at `epoch`."""

    in_reply_to: int
    epoch: int
    messages: tuple[Utterance, ...]
    reading: Reading | None = None
    handoff: Handoff | None = None


class AskForPerson(Record, frozen=True):
    """Hand off without the assistant: the customer's menu, or the assistant is not there.

    With `in_reply_to` and `epoch` it stands for a failed turn and is void if the turn is."""

    handoff: Handoff
    in_reply_to: int | None = None
    epoch: int | None = None
    notice: str = "handoff"


class Stay(Record, frozen=True):
    """The waiting customer would rather carry on with the assistant."""


class Claim(Record, frozen=True):
    agent: Agent
    take_over: bool = False


class Reply(Record, frozen=True):
    """`note` is for colleagues only and goes with the reply in one step."""

    agent: Agent
    text: str
    note: str = ""


class Note(Record, frozen=True):
    agent: Agent
    text: str


class Transfer(Record, frozen=True):
    agent: Agent
    skill: str


class ReturnToBot(Record, frozen=True):
    agent: Agent


class Snooze(Record, frozen=True):
    agent: Agent
    until: int


class Close(Record, frozen=True):
    """`agent` is None when the customer ends the chat."""

    outcome: str
    agent: Agent | None = None


class Reopen(Record, frozen=True):
    agent: Agent


class Rate(Record, frozen=True):
    stars: int
    comment: str = ""


class Tell(Record, frozen=True):
    """Show a notice about a message that waits for its answer, once per stretch. Void when the
    message no longer waits for the bot, or the epoch has moved."""

    code: str
    in_reply_to: int
    epoch: int


class LetTimePass(Record, frozen=True):
    now: int


Command = Union[  # noqa: UP007
    Start,
    Say,
    Answer,
    AskForPerson,
    Stay,
    Claim,
    Reply,
    Note,
    Transfer,
    ReturnToBot,
    Snooze,
    Close,
    Reopen,
    Rate,
    Tell,
    LetTimePass,
]
