"""The conversation as a state machine: states, events, commands, and the one table of moves.

Pure: no I/O, no clock, no Redis. `decide(conversation, command)` says which events a command
causes, `evolve(conversation, entry)` says what an event makes of the conversation. Whoever wants
to know what can happen to a conversation reads `MOVES`; everything else in this module is the
small print. Sentences that customers read are not here (`bot.wording`), nor is storage
(`bot.store`), nor who may see what (`bot.transcript`).

Times are milliseconds since 1970 (UTC). An entry's `seq` starts at 1 and has no gaps. `epoch`
grows by one with every change of ownership: a bot turn carries the epoch at which the customer
spoke, and its answer is dropped when the epoch has moved. So once a person has the conversation,
the bot is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

import msgspec

from bot import wording
from bot.commands import (
    Answer,
    AskForPerson,
    Claim,
    Close,
    Command,
    LetTimePass,
    Note,
    Rate,
    Reopen,
    Reply,
    ReturnToBot,
    Say,
    Snooze,
    Start,
    Stay,
    Tell,
    Transfer,
)
from bot.errors import IllegalMove, NotRated, OwnedByOther, PayloadNotOffered, UnknownConversation
from bot.events import (
    Agent,
    AgentSpoke,
    BotAnswerDropped,
    BotAnswered,
    Claimed,
    Closed,
    CustomerSpoke,
    Entry,
    Event,
    Handoff,
    HandoffRequested,
    NoteWritten,
    NoticeShown,
    Rated,
    Reading,
    Record,
    Reopened,
    ReturnedToBot,
    Snoozed,
    Started,
    Transferred,
    Utterance,
    Woken,
)

#: While nobody has picked up: after how many milliseconds of waiting the customer is told what.
WAITING_NEWS: tuple[tuple[int, str], ...] = (
    (60_000, "waiting_a_minute"),
    (300_000, "waiting_long"),
)


class State(str, Enum):
    """Who the conversation belongs to."""

    BOT = "bot"  #: the assistant answers
    WAITING = "waiting"  #: a person was asked for; nobody has come yet
    HUMAN = "human"  #: one agent owns it; the bot is silent
    SNOOZED = "snoozed"  #: the agent put it away until a time, or until the customer writes
    CLOSED = "closed"  #: over; the customer may rate it, or write again and so reopen it


_B, _W, _H, _S, _C = State.BOT, State.WAITING, State.HUMAN, State.SNOOZED, State.CLOSED
_ANY = {state: state for state in State}

#: The whole table: an event is legal in the states it has a row for, and leads where the row says.
MOVES: Mapping[type[Any], Mapping[State, State]] = MappingProxyType(
    {
        Started: {_B: _B},
        CustomerSpoke: {_B: _B, _W: _W, _H: _H},
        BotAnswered: {_B: _B},
        BotAnswerDropped: _ANY,
        HandoffRequested: {_B: _W},
        Claimed: {_B: _H, _W: _H, _H: _H, _S: _H},
        AgentSpoke: {_H: _H},
        NoteWritten: _ANY,
        Transferred: {_W: _W, _H: _W, _S: _W},
        ReturnedToBot: {_W: _B, _H: _B, _S: _B},
        Snoozed: {_H: _S},
        Woken: {_S: _H},
        Closed: {_B: _C, _W: _C, _H: _C, _S: _C},
        Reopened: {_C: _B},
        Rated: {_C: _C},
        NoticeShown: _ANY,
    }
)

#: Events that change who owns the conversation, and so end every bot turn under way.
NEW_EPOCH = (HandoffRequested, Claimed, Transferred, ReturnedToBot, Closed, Reopened)


class Conversation(Record, frozen=True):
    """What the log adds up to. Small: it is read and written at every step."""

    id: str
    state: State = State.BOT
    seq: int = 0
    epoch: int = 0
    opened_at: int = 0
    updated_at: int = 0
    owner: Agent | None = None
    #: Seqs of customer's messages that the bot still owes an answer, oldest first.
    pending: tuple[int, ...] = ()
    #: Payloads of the buttons under the bot's latest answer: the only ones a customer can send.
    offered: tuple[str, ...] = ()
    handoff: Handoff | None = None
    waiting_since: int | None = None
    snoozed_until: int | None = None
    #: Codes of the notices already shown since the last change of ownership or bot's answer.
    told: tuple[str, ...] = ()
    #: Seqs of customer's messages that nobody has answered, bot or person, oldest first.
    unanswered: tuple[int, ...] = ()
    #: Seq of the customer's message that the assistant read last; what came after it (a human
    #: stretch) it has yet to be told when `returned` is set.
    assistant_seq: int = 0
    returned: bool = False
    #: Whether a person was ever asked for: bot-only chats never reach the agents.
    escalated: bool = False
    spoke_at: int | None = None
    preview: str = ""
    reading: Reading | None = None
    rating: Rated | None = None
    outcome: str | None = None
    page: str = ""


def decide(conversation: Conversation, command: Command) -> tuple[Event, ...]:
    """The events that `command` causes now; none if it would change nothing.

    Raises:
        UnknownConversation: it was never started.
        IllegalMove: the command is not possible in this state; nothing has changed.
        PayloadNotOffered: the customer pressed a button that is not there.
    """
    if not conversation.seq and not isinstance(command, Start):
        raise UnknownConversation(f"There is no conversation {conversation.id}.")
    events = _DECIDERS[type(command)](conversation, command)
    _check(conversation, command, events)
    return events


def _check(conversation: Conversation, command: Command, events: tuple[Event, ...]) -> None:
    state = conversation.state
    for event in events:
        after = MOVES[type(event)].get(state)
        if after is None:
            raise _illegal(conversation, command)
        state = after


def _illegal(conversation: Conversation, command: Command) -> IllegalMove:
    name = type(command).__name__
    return IllegalMove(
        f"{name} is not possible while the conversation is {conversation.state.value}.",
        hint=_HINTS.get(conversation.state, ""),
    )


_HINTS = {
    State.BOT: "The assistant has it. Claim it first.",
    State.CLOSED: "It is closed. Reopen it first.",
    State.WAITING: "Nobody has claimed it yet.",
}


def _start(c: Conversation, command: Start) -> tuple[Event, ...]:
    if c.seq:
        return ()
    return (
        Started(page=command.page),
        BotAnswered(messages=(Utterance(text=command.greeting),)),
    )


def _say(c: Conversation, command: Say) -> tuple[Event, ...]:
    if command.payload is not None and command.payload not in c.offered:
        raise PayloadNotOffered("That button is no longer there.", hint="Type your answer instead.")
    spoke = CustomerSpoke(text=command.text, client_id=command.client_id, payload=command.payload)
    if c.state is State.CLOSED:
        return (Reopened(by="customer"), spoke)
    if c.state is State.SNOOZED:
        return (Woken(because="customer"), spoke)
    return (spoke,)


def _answer(c: Conversation, command: Answer) -> tuple[Event, ...]:
    if c.state is not State.BOT or c.epoch != command.epoch:
        return (
            BotAnswerDropped(
                messages=command.messages,
                in_reply_to=command.in_reply_to,
                reason=wording.DROPPED[c.state.value],
                reading=command.reading,
            ),
        )
    if command.in_reply_to not in c.pending:
        return ()  # a second worker's copy of a turn that is already answered
    # Also without a word said, for the sake of its reading.
    events: list[Event] = [
        BotAnswered(
            messages=command.messages, in_reply_to=command.in_reply_to, reading=command.reading
        )
    ]
    if command.handoff is not None:
        events.append(HandoffRequested(handoff=command.handoff, in_reply_to=command.in_reply_to))
    return tuple(events)


def _ask_for_person(c: Conversation, command: AskForPerson) -> tuple[Event, ...]:
    if command.epoch is not None and not _waits(c, command.in_reply_to, command.epoch):
        return ()
    if c.state in (State.WAITING, State.HUMAN):
        return ()
    if c.state is State.SNOOZED:
        return (Woken(because="customer"),)
    asked = (
        HandoffRequested(handoff=command.handoff, in_reply_to=command.in_reply_to),
        NoticeShown(code=command.notice, text=wording.NOTICES[command.notice]),
    )
    return (Reopened(by="customer"), *asked) if c.state is State.CLOSED else asked


def _waits(c: Conversation, seq: int | None, epoch: int) -> bool:
    """Whether message `seq` still waits for the bot's answer in the epoch of that turn."""
    return c.state is State.BOT and c.epoch == epoch and seq in c.pending


def _stay(c: Conversation, command: Stay) -> tuple[Event, ...]:
    if c.state is State.BOT:
        return ()
    if c.state is not State.WAITING:
        raise _illegal(c, command)
    return (ReturnedToBot(),)


def _claim(c: Conversation, command: Claim) -> tuple[Event, ...]:
    if c.owner == command.agent:
        return (Woken(because="agent"),) if c.state is State.SNOOZED else ()
    if c.owner is not None and not command.take_over:
        raise _owned(c)
    return (Claimed(agent=command.agent),)


def _reply(c: Conversation, command: Reply) -> tuple[Event, ...]:
    said: tuple[Event, ...] = (AgentSpoke(agent=command.agent, text=command.text),)
    if command.note:
        said = (NoteWritten(agent=command.agent, text=command.note), *said)
    if c.state is State.WAITING:
        return (Claimed(agent=command.agent), *said)
    _require_owner(c, command.agent)
    return (Woken(because="agent"), *said) if c.state is State.SNOOZED else said


def _note(c: Conversation, command: Note) -> tuple[Event, ...]:
    return (NoteWritten(agent=command.agent, text=command.text),)


def _transfer(c: Conversation, command: Transfer) -> tuple[Event, ...]:
    _require_owner(c, command.agent)
    return (Transferred(agent=command.agent, skill=command.skill),)


def _return_to_bot(c: Conversation, command: ReturnToBot) -> tuple[Event, ...]:
    _require_owner(c, command.agent)
    return (ReturnedToBot(agent=command.agent),)


def _snooze(c: Conversation, command: Snooze) -> tuple[Event, ...]:
    _require_owner(c, command.agent)
    return (Snoozed(agent=command.agent, until=command.until),)


def _close(c: Conversation, command: Close) -> tuple[Event, ...]:
    if command.agent is None:
        return () if c.state is State.CLOSED else (Closed(by="customer", outcome=command.outcome),)
    if c.state is State.BOT:
        raise _illegal(c, command)
    _require_owner(c, command.agent)
    return (Closed(by="agent", outcome=command.outcome, agent=command.agent),)


def _reopen(c: Conversation, command: Reopen) -> tuple[Event, ...]:
    return (Reopened(by="agent"), Claimed(agent=command.agent))


def _rate(c: Conversation, command: Rate) -> tuple[Event, ...]:
    if c.state is not State.CLOSED:
        raise NotRated("The conversation is still open.", hint="Rate it when it is closed.")
    rated = Rated(stars=command.stars, comment=command.comment)
    return () if rated == c.rating else (rated,)


def _tell(c: Conversation, command: Tell) -> tuple[Event, ...]:
    if command.code in c.told or not _waits(c, command.in_reply_to, command.epoch):
        return ()
    return (NoticeShown(code=command.code, text=wording.NOTICES[command.code]),)


def _let_time_pass(c: Conversation, command: LetTimePass) -> tuple[Event, ...]:
    due = next_due(c)
    if due is None or due > command.now:
        return ()
    if c.state is State.SNOOZED:
        return (Woken(because="time"),)
    waited = command.now - (c.waiting_since or command.now)
    code = [code for after, code in WAITING_NEWS if after <= waited][-1]
    return (NoticeShown(code=code, text=wording.NOTICES[code]),)


def next_due(c: Conversation) -> int | None:
    """When time alone will be news for this conversation (ms), or None."""
    if c.state is State.SNOOZED:
        return c.snoozed_until
    if c.state is State.WAITING and c.waiting_since is not None:
        told = [n for n, (_, code) in enumerate(WAITING_NEWS) if code in c.told]
        ahead = WAITING_NEWS[max(told, default=-1) + 1 :]
        return c.waiting_since + ahead[0][0] if ahead else None
    return None


def _require_owner(c: Conversation, agent: Agent) -> None:
    """An owned conversation takes orders from its owner only; whether the state allows the order
    at all is for `MOVES` to say."""
    if c.owner is not None and c.owner != agent:
        raise _owned(c)


def _owned(c: Conversation) -> OwnedByOther:
    name = c.owner.name if c.owner else "nobody"
    return OwnedByOther(
        f"{name} has this conversation.", hint=f"Take it over from {name}, or write a note."
    )


_DECIDERS: Mapping[type[Any], Callable[[Conversation, Any], tuple[Event, ...]]] = MappingProxyType(
    {
        Start: _start,
        Say: _say,
        Answer: _answer,
        AskForPerson: _ask_for_person,
        Stay: _stay,
        Claim: _claim,
        Reply: _reply,
        Note: _note,
        Transfer: _transfer,
        ReturnToBot: _return_to_bot,
        Snooze: _snooze,
        Close: _close,
        Reopen: _reopen,
        Rate: _rate,
        Tell: _tell,
        LetTimePass: _let_time_pass,
    }
)


# ------------------------------------------------------------------------------------- evolve


def evolve(conversation: Conversation, entry: Entry) -> Conversation:
    """The conversation after `entry`. Only legal entries, in order without a gap, come here."""
    event, c = entry.event, conversation
    after = MOVES[type(event)].get(c.state)
    if after is None or entry.seq != c.seq + 1:
        raise IllegalMove(
            f"log entry {entry.seq} ({type(event).__name__}) cannot follow {c.seq} ({c.state})"
        )
    changes: dict[str, Any] = {"state": after, "seq": entry.seq, "updated_at": entry.at}
    if isinstance(event, NEW_EPOCH):
        changes |= {"epoch": c.epoch + 1, "pending": (), "told": (), "offered": ()}
    if after is not State.WAITING:
        changes["waiting_since"] = None
    if after in (State.BOT, State.WAITING, State.CLOSED):
        changes["owner"] = None
    if after is not State.SNOOZED:
        changes["snoozed_until"] = None
    match event:
        case Started(page=page):
            changes |= {"opened_at": entry.at, "page": page}
        case CustomerSpoke(text=text):
            changes |= {"preview": text[:200], "spoke_at": entry.at, "offered": ()}
            changes["unanswered"] = (*c.unanswered, entry.seq)
            if c.state is State.BOT:
                changes["pending"] = (*c.pending, entry.seq)
        case BotAnswered(in_reply_to=seq, messages=messages, reading=reading):
            changes |= {
                "pending": tuple(s for s in c.pending if s != seq),
                "unanswered": tuple(s for s in c.unanswered if s != seq),
                "offered": tuple(b.payload for m in messages for b in m.buttons),
                "told": (),
                "reading": reading or c.reading,
                "assistant_seq": seq or c.assistant_seq,
                "returned": c.returned and seq is None,
            }
        case HandoffRequested(handoff=handoff):
            changes |= {"handoff": handoff, "waiting_since": entry.at, "escalated": True}
        case Claimed(agent=agent):
            changes |= {"owner": agent, "escalated": True}
        case AgentSpoke():
            changes["unanswered"] = ()
        case Transferred(skill=skill):
            handoff = c.handoff or Handoff(reason="transferred")
            changes |= {
                "waiting_since": entry.at,
                "handoff": msgspec.structs.replace(handoff, skill=skill),
            }
        case ReturnedToBot(agent=agent):
            # Who stays with the bot of their own accord gets the answer that they still wait for.
            owed = c.unanswered if agent is None else ()
            changes |= {"returned": True, "handoff": None, "pending": owed, "unanswered": owed}
        case Snoozed(until=until):
            changes["snoozed_until"] = until
        case Closed(outcome=outcome):
            changes |= {"outcome": outcome, "unanswered": ()}
        case Reopened():
            changes |= {"outcome": None, "rating": None, "handoff": None, "returned": True}
        case Rated():
            changes["rating"] = event
        case NoticeShown(code=code):
            changes["told"] = (*c.told, code)
        case _:
            pass
    return msgspec.structs.replace(c, **changes)


def record(
    conversation: Conversation, events: tuple[Event, ...], *, at: int, key: str
) -> tuple[Conversation, tuple[Entry, ...]]:
    """Number `events` as the next entries of the log; return the state after them, and them."""
    entries = []
    for event in events:
        entry = Entry(
            seq=conversation.seq + 1, at=at, epoch=conversation.epoch, key=key, event=event
        )
        conversation = evolve(conversation, entry)
        entries.append(entry)
    return conversation, tuple(entries)
