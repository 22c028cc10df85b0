"""What can happen in a conversation: events, the parts they are made of, and log entries.

Pure records (msgspec structs: immutable, checked when decoded, tagged by `kind` in JSON). What
events do to a conversation is not here but in `bot.conversation`.
"""

from __future__ import annotations

import enum
import re
from typing import Any, Final, Literal, Union

import msgspec

#: Longest name of an intent, in characters.
INTENT_AT_MOST: Final = 80
#: An address that a mail server may take: one @, and nothing that could begin another header. Its
#: longest is that of RFC 5321's path.
EMAIL: Final = re.compile(
    r"[^\s@<>,;:\x00-\x20\x7f]+@[^\s@<>,;:\x00-\x20\x7f]+\.[^\s@<>,;:\x00-\x20\x7f]+"
)
EMAIL_AT_MOST: Final = 254


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all that is stored or sent: immutable, checked when decoded."""


class Agent(Record, frozen=True):
    """Somebody who works here. Known by `login`: two are the same person whatever they are called,
    since plan, console and an older log may name them differently."""

    login: str
    name: str

    def __eq__(self, other: object) -> bool:
        return self.login == other.login if isinstance(other, Agent) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.login)


class Button(Record, frozen=True):
    """A quick reply. `payload` is what the assistant gets, e.g. `/affirm`."""

    title: str
    payload: str


class Rung(str, enum.Enum):
    """The steps that are taken while nobody comes."""

    CLOSED = "closed"  #: outside of the opening hours: nobody is asked
    FIRST = "first"  #: somebody is asked, at once
    AGAIN = "again"  #: the same person, again
    NEXT_AGENT = "next_agent"  #: somebody else, also without the skill
    OTHER_DESK = "other_desk"  #: another desk gets it as well
    OWNER = "owner"  #: the owners
    EMAIL = "email"  #: the customer may leave an address


class File(Record, frozen=True):
    """A file that somebody sent. `type` is its media type, `size` in bytes; the bytes are not in
    the log: `id` is how their store knows them."""

    id: str
    name: str
    type: str
    size: int


class Utterance(Record, frozen=True):
    """One bubble of the bot's."""

    text: str
    buttons: tuple[Button, ...] = ()
    image: str | None = None


class Seen(Record, frozen=True):
    """What triage saw of a message beside its `Reading`, and what it made of it by itself.

    With the text, and the messages before it in the same log, triage can decide again what it
    decided then. `help` and `cues` are probabilities (0 to 1). `fresh`: it remembered nothing of
    earlier messages. `payload` was read instead of the text. `outcome` and `reason` are triage's
    own; an action may have asked for a person afterwards. `policy` marks the text of
    data/triage.yml that was in force.
    """

    help: float = 0.0
    help_page: str | None = None
    form: str | None = None
    requested_slot: str | None = None
    fills_form: bool = False
    cues: dict[str, float] = {}
    fingerprint: str = ""
    signals: tuple[str, ...] = ()
    fresh: bool = False
    payload: str | None = None
    outcome: str = "answer"
    reason: str | None = None
    policy: str = ""


class Reading(Record, frozen=True):
    """What the assistant read in a customer's message, and what triage made of it. `turn` is None
    in logs older than it, and where there was no triage."""

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
    turn: Seen | None = None


class Handoff(Record, frozen=True):
    """Why a person is needed. `reason` is a code (see `wording.REASONS`), `reasons` are words.
    `draft` is what the assistant would have said on a sensitive topic: an agent approves it."""

    reason: str
    reasons: tuple[str, ...] = ()
    skill: str | None = None
    summary: str = ""
    draft: str = ""


class _Event(Record, frozen=True, tag_field="kind"):
    """Something that happened. Named in the past tense; stored for ever as it is."""


class Started(_Event, frozen=True, tag="started"):
    """`test`: made by `deskhand doctor`. Nobody is asked to come, and it counts nowhere. `source`:
    where it was held, if not here (`deskhand import`)."""

    page: str = ""
    test: bool = False
    source: str = ""


class CustomerSpoke(_Event, frozen=True, tag="customer_spoke"):
    """`text` may be empty when there are files."""

    text: str
    client_id: str
    payload: str | None = None
    files: tuple[File, ...] = ()


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
    """`draft` is the seq of the `DraftWritten` that the agent approved, as it was or changed;
    `held` that of the `ReplyHeld` as which it waited."""

    agent: Agent
    text: str
    files: tuple[File, ...] = ()
    draft: int | None = None
    held: int | None = None


class AgentEdited(_Event, frozen=True, tag="agent_edited"):
    """The agent's message `of` (a seq) now reads `text`."""

    agent: Agent
    of: int
    text: str


class AgentRetracted(_Event, frozen=True, tag="agent_retracted"):
    """The agent took message `of` back: the customer sees that there was one, and no more."""

    agent: Agent
    of: int


class ReplyHeld(_Event, frozen=True, tag="reply_held"):
    """What somebody else than the owner wrote to the customer, who has not seen it. `draft` as in
    `AgentSpoke`."""

    agent: Agent
    text: str
    files: tuple[File, ...] = ()
    draft: int | None = None


class HeldDropped(_Event, frozen=True, tag="held_dropped"):
    """The held reply `of` is settled: discarded, or sent by an `AgentSpoke` in the same step."""

    agent: Agent
    of: int


class DraftWritten(_Event, frozen=True, tag="draft_written"):
    """An answer that waits for an agent's yes. `origin` is "assistant" on a sensitive topic (the
    answer that it was not allowed to give), or "suggestion": help for who answers anyway."""

    text: str
    in_reply_to: int
    origin: Literal["assistant", "suggestion"]
    intent: str | None = None
    confidence: float = 0.0


class DraftDropped(_Event, frozen=True, tag="draft_dropped"):
    agent: Agent
    of: int


class NoteWritten(_Event, frozen=True, tag="note_written"):
    """Between agents; never shown to the customer."""

    agent: Agent
    text: str


class Transferred(_Event, frozen=True, tag="transferred"):
    """Passed on: to whoever has the skill, or to one colleague."""

    agent: Agent
    skill: str | None = None
    to: Agent | None = None

    def __post_init__(self) -> None:
        if (self.skill is None) == (self.to is None):
            raise ValueError("a transfer goes to a skill or to an agent")


class Unclaimed(_Event, frozen=True, tag="unclaimed"):
    """The owner is not there: "vanished" in the middle of the chat, or gone "away"."""

    agent: Agent
    because: Literal["vanished", "away"]


class Assigned(_Event, frozen=True, tag="assigned"):
    """Who is asked to come now. `step` counts the rungs climbed since the customer began to wait
    (`rung`: a `Rung`'s value); `agents` are asked by name, and nobody by name: everybody at
    the desk is. `due`: when the next step is (ms), if there is one."""

    step: int
    rung: str
    desk: str
    agents: tuple[Agent, ...] = ()
    skill: str | None = None
    due: int | None = None


class ReturnedToBot(_Event, frozen=True, tag="returned_to_bot"):
    """`agent` is None when the customer chose to carry on with the bot. `owed`: seqs of messages
    that the agent had not seen, and nobody has answered."""

    agent: Agent | None = None
    owed: tuple[int, ...] = ()


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


class Labelled(_Event, frozen=True, tag="labelled"):
    """An agent says that the bot should have answered message `of`: as `intent`, which is one that
    it knows or a `new` one."""

    agent: Agent
    of: int
    intent: str
    new: bool = False

    def __post_init__(self) -> None:
        if not self.intent.strip() or len(self.intent) > INTENT_AT_MOST:
            raise ValueError(f"an intent has a name of 1 to {INTENT_AT_MOST} characters")


class ContactLeft(_Event, frozen=True, tag="contact_left"):
    """Where the customer wants answers to go that come when they have left."""

    email: str

    def __post_init__(self) -> None:
        if not EMAIL.fullmatch(self.email) or len(self.email) > EMAIL_AT_MOST:
            raise ValueError("that is no e-mail address")


class MailSent(_Event, frozen=True, tag="mail_sent"):
    """Agents' answers up to seq `up_to` went out by e-mail."""

    up_to: int


class MailFailed(_Event, frozen=True, tag="mail_failed"):
    """Agents' answers up to seq `up_to` could not be sent by e-mail, and are not tried again.
    `dead`: the address, if nobody gets mail there; it is no longer the customer's contact."""

    up_to: int
    problem: str
    dead: str = ""


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
    AgentEdited,
    AgentRetracted,
    ReplyHeld,
    HeldDropped,
    DraftWritten,
    DraftDropped,
    NoteWritten,
    Transferred,
    Unclaimed,
    Assigned,
    ReturnedToBot,
    Snoozed,
    Woken,
    Closed,
    Reopened,
    Rated,
    Labelled,
    ContactLeft,
    MailSent,
    MailFailed,
    NoticeShown,
]


class Entry(Record, frozen=True):
    """An event in its place in the log. `key` is the idempotency key of the command behind it."""

    seq: int
    at: int
    epoch: int
    key: str
    event: Event
