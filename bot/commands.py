"""What somebody can ask of a conversation: commands, in the imperative.

Pure records. Whether a command is possible, and what it causes, is decided in
`bot.conversation`.
"""

from __future__ import annotations

from typing import Literal, Union

from bot.events import Agent, Assigned, File, Handoff, NoticeShown, Reading, Record, Utterance


class Start(Record, frozen=True):
    greeting: str
    page: str = ""
    test: bool = False


class Say(Record, frozen=True):
    """The customer writes, or presses a button (then with its payload)."""

    text: str
    client_id: str
    payload: str | None = None
    files: tuple[File, ...] = ()


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
    """`note` is for colleagues only and goes with the reply in one step. A reply to a conversation
    that somebody else has is held: the agent takes over, or drops it."""

    agent: Agent
    text: str
    note: str = ""
    files: tuple[File, ...] = ()


class SendHeld(Record, frozen=True):
    """Take over, and send the held reply of seq `held` after all."""

    agent: Agent
    held: int


class DropHeld(Record, frozen=True):
    agent: Agent
    held: int


class Edit(Record, frozen=True):
    """Change the own message of seq `of`: what was sent, also if it was held at first."""

    agent: Agent
    of: int
    text: str
    note: str = ""


class Retract(Record, frozen=True):
    """Take back the own message of seq `of`; one that is held is discarded."""

    agent: Agent
    of: int


class Suggest(Record, frozen=True):
    """Offer agents an answer to message `in_reply_to`. Void when it is answered already."""

    text: str
    in_reply_to: int
    intent: str | None = None
    confidence: float = 0.0


class SendDraft(Record, frozen=True):
    """Say what the draft of seq `draft` says, or `text` instead; otherwise as `Reply`."""

    agent: Agent
    draft: int
    text: str | None = None
    note: str = ""


class DropDraft(Record, frozen=True):
    agent: Agent
    draft: int


class Note(Record, frozen=True):
    agent: Agent
    text: str


class Transfer(Record, frozen=True):
    """Pass it on: to a skill, or to one colleague."""

    agent: Agent
    skill: str | None = None
    to: Agent | None = None


class Assign(Record, frozen=True):
    """Say who is asked now, and tell the customer. Void when nobody waits any more, or the epoch
    has moved."""

    assigned: Assigned
    epoch: int
    notices: tuple[NoticeShown, ...] = ()


class Unclaim(Record, frozen=True):
    """The owner is not there: others shall come. Void when the epoch has moved."""

    because: Literal["vanished", "away"]
    epoch: int


class ReturnToBot(Record, frozen=True):
    """`seen`: up to which seq of the log the agent had it before them; None: nobody knows."""

    agent: Agent
    seen: int | None = None


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


class Label(Record, frozen=True):
    """The bot should have answered message `of`: as `intent`."""

    agent: Agent
    of: int
    intent: str
    new: bool = False


class LeaveContact(Record, frozen=True):
    """The customer says where later answers shall go."""

    email: str


class NoteMail(Record, frozen=True):
    """Agents' answers up to seq `up_to` have gone out by e-mail; with a `problem`, they never
    will. `dead`: the address at which nobody gets any."""

    up_to: int
    problem: str = ""
    dead: str = ""


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
    SendHeld,
    DropHeld,
    Edit,
    Retract,
    Suggest,
    SendDraft,
    DropDraft,
    Note,
    Transfer,
    Assign,
    Unclaim,
    ReturnToBot,
    Snooze,
    Close,
    Reopen,
    Rate,
    Label,
    LeaveContact,
    NoteMail,
    Tell,
    LetTimePass,
]

#: Commands that speak of an earlier entry of the log, which `decide` then has to see.
ABOUT_AN_ENTRY = (Edit, Retract, Label)
