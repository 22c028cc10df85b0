"""The conversation as a state machine: states, events, commands, and the one table of moves.

Pure: no I/O, no clock, no Redis. `decide(conversation, command)` says which events a command
causes, `evolve(conversation, entry)` says what an event makes of the conversation. Whoever wants
to know what can happen to a conversation reads `MOVES`; everything else in this module is the
small print. What commands mean is in modules of their own (`bot.chat_commands`: the customer's, the
assistant's and the clock's; `bot.agent_commands`), and so is what a conversation is at one moment
(`bot.state`). Sentences that customers read are not here
(`bot.wording`), nor is storage (`bot.store`), nor who may see what (`bot.transcript`).

Times are milliseconds since 1970 (UTC). An entry's `seq` starts at 1 and has no gaps. `epoch`
grows by one with every change of ownership: a bot turn carries the epoch at which the customer
spoke, and its answer is dropped when the epoch has moved. So once a person has the conversation,
the bot is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from bot import agent_commands, chat_commands
from bot.commands import (
    ABOUT_AN_ENTRY,
    Command,
    Start,
)
from bot.errors import IllegalMove, UnknownConversation
from bot.events import (
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    BotAnswerDropped,
    BotAnswered,
    Claimed,
    Closed,
    ContactLeft,
    CustomerSpoke,
    DraftDropped,
    DraftWritten,
    Entry,
    Event,
    Handoff,
    HandoffRequested,
    HeldDropped,
    Labelled,
    MailFailed,
    MailSent,
    NoteWritten,
    NoticeShown,
    Rated,
    Reading,
    Reopened,
    ReplyHeld,
    ReturnedToBot,
    Rung,
    Snoozed,
    Started,
    Transferred,
    Unclaimed,
    Woken,
)
from bot.state import Conversation, Draft, Held, State, illegal

__all__ = ["MOVES", "NEW_EPOCH", "Conversation", "State", "decide", "evolve", "next_due", "record"]

#: Intents that the state remembers, for the skill that a person needs.
INTENTS_AT_MOST = 5

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
        AgentEdited: _ANY,
        AgentRetracted: _ANY,
        ReplyHeld: {_H: _H, _S: _S},
        HeldDropped: _ANY,
        DraftWritten: {_W: _W, _H: _H},
        DraftDropped: {_W: _W, _H: _H, _S: _S},
        NoteWritten: _ANY,
        Transferred: {_W: _W, _H: _W, _S: _W},
        Unclaimed: {_H: _W, _S: _W},
        Assigned: {_W: _W},
        ReturnedToBot: {_W: _B, _H: _B, _S: _B},
        Snoozed: {_H: _S},
        Woken: {_S: _H},
        Closed: {_B: _C, _W: _C, _H: _C, _S: _C},
        Reopened: {_C: _B},
        Rated: {_C: _C},
        Labelled: _ANY,
        ContactLeft: _ANY,
        MailSent: _ANY,
        MailFailed: _ANY,
        NoticeShown: _ANY,
    }
)

#: Events that change who owns the conversation, and so end every bot turn under way.
NEW_EPOCH = (
    HandoffRequested,
    Claimed,
    Transferred,
    Unclaimed,
    ReturnedToBot,
    Closed,
    Reopened,
)


def decide(
    conversation: Conversation, command: Command, about: Entry | None = None
) -> tuple[Event, ...]:
    """The events that `command` causes now; none if it would change nothing. A command that speaks
    of an earlier entry (`ABOUT_AN_ENTRY`) needs that entry as `about`; None says that there is
    none.

    Raises:
        UnknownConversation: it was never started.
        IllegalMove: the command is not possible in this state; nothing has changed.
        PayloadNotOffered: the customer pressed a button that is not there.
    """
    if not conversation.seq and not isinstance(command, Start):
        raise UnknownConversation(f"There is no conversation {conversation.id}.")
    decider = _DECIDERS[type(command)]
    if isinstance(command, ABOUT_AN_ENTRY):
        events = decider(conversation, command, about)
    else:
        events = decider(conversation, command)
    _check(conversation, command, events)
    return events


def _check(conversation: Conversation, command: Command, events: tuple[Event, ...]) -> None:
    state = conversation.state
    for event in events:
        after = MOVES[type(event)].get(state)
        if after is None:
            raise illegal(conversation, command)
        state = after


def _step_due(c: Conversation) -> int | None:
    if c.assigned is None:
        return c.waiting_since
    if c.assigned.agents or c.assigned.rung == Rung.CLOSED:
        return c.assigned.due
    return c.updated_at  # nobody could be asked yet: the clock looks again and again


def next_due(c: Conversation, *, owner_check_ms: int) -> int | None:
    """When time alone will be news for this conversation (ms), or None: the snooze is over; who
    waits is due for the next step (at once, if nobody could be asked yet); the customer has waited
    so long (`owner_check_ms`) for the owner's answer that it is seen whether the owner is there."""
    if c.test:
        return None
    if c.state is State.SNOOZED:
        return c.snoozed_until
    if c.state is State.WAITING:
        return _step_due(c)
    if c.state is State.HUMAN and c.unanswered_since is not None:
        return max(c.unanswered_since, c.owned_since or 0) + owner_check_ms
    return None


_DECIDERS: Mapping[type[Any], Callable[..., tuple[Event, ...]]] = MappingProxyType(
    {**chat_commands.DECIDERS, **agent_commands.DECIDERS}
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
        changes |= {"assigned": None, "passed_to": None}
    if after is not State.WAITING:
        changes["waiting_since"] = None
    if after in (State.BOT, State.WAITING, State.CLOSED):
        changes |= {"owner": None, "owned_since": None}
    if after in (State.BOT, State.CLOSED):
        changes["drafts"] = ()
    if after is not State.SNOOZED:
        changes["snoozed_until"] = None
    match event:
        case Started(page=page, test=test):
            changes |= {"opened_at": entry.at, "page": page, "test": test}
        case CustomerSpoke(text=text, files=files):
            words = text or ", ".join(file.name for file in files)
            changes |= {"preview": words[:200], "spoke_at": entry.at, "offered": ()}
            changes["unanswered"] = (*c.unanswered, entry.seq)
            changes["unanswered_since"] = c.unanswered_since or entry.at
            if c.state is State.BOT:
                changes["pending"] = (*c.pending, entry.seq)
        case BotAnswered(in_reply_to=seq, messages=messages, reading=reading):
            changes |= {
                "pending": tuple(s for s in c.pending if s != seq),
                "unanswered": tuple(s for s in c.unanswered if s != seq),
                "offered": tuple(b.payload for m in messages for b in m.buttons),
                "told": (),
                "reading": _shown(reading) or c.reading,
                "intents": _intents(c, reading),
                "assistant_seq": seq or c.assistant_seq,
                "returned": c.returned and seq is None,
            }
        case HandoffRequested(handoff=handoff):
            changes |= {"handoff": handoff, "waiting_since": entry.at, "escalated": True}
        case Claimed(agent=agent):
            changes |= {"owner": agent, "owned_since": entry.at, "escalated": True}
        case AgentSpoke(draft=used):
            changes |= {"unanswered": (), "answered": entry.seq}
            changes["drafts"] = tuple(
                d for d in c.drafts if d.origin != "suggestion" and d.seq != used
            )
        case AgentRetracted(of=of):
            changes["retracted"] = (*c.retracted, of)
        case ReplyHeld():
            changes["held"] = (*c.held, Held(seq=entry.seq, **msgspec.structs.asdict(event)))
        case HeldDropped(of=of):
            changes["held"] = tuple(h for h in c.held if h.seq != of)
        case DraftWritten():
            draft = Draft(seq=entry.seq, **msgspec.structs.asdict(event))
            changes["drafts"] = (*(d for d in c.drafts if d.origin != "suggestion"), draft)
        case DraftDropped(of=of):
            changes["drafts"] = tuple(d for d in c.drafts if d.seq != of)
        case Transferred(skill=skill, to=to):
            handoff = c.handoff or Handoff(reason="transferred")
            if skill is not None:
                handoff = msgspec.structs.replace(handoff, skill=skill)
            changes |= {"waiting_since": entry.at, "handoff": handoff, "passed_to": to}
        case Unclaimed():
            handoff = c.handoff or Handoff(reason="unclaimed")
            changes |= {"waiting_since": entry.at, "handoff": handoff}
        case Assigned(desk=desk):
            changes["assigned"] = event
            if desk not in c.desks:
                changes["desks"] = (*c.desks, desk)
        case ReturnedToBot(agent=agent, owed=unseen):
            # Who stays with the bot of their own accord gets the answer that they still wait for;
            # what an agent has seen and left without an answer needs none.
            owed = c.unanswered if agent is None else unseen
            changes |= {"returned": True, "handoff": None, "pending": owed, "unanswered": owed}
        case Snoozed(until=until):
            changes["snoozed_until"] = until
        case Closed(outcome=outcome):
            changes |= {"outcome": outcome, "unanswered": ()}
        case Reopened():
            changes |= {"outcome": None, "rating": None, "handoff": None, "returned": True}
        case Rated():
            changes["rating"] = event
        case ContactLeft(email=email):
            changes["contact"] = email
        case MailSent(up_to=up_to):
            changes["mailed"] = up_to
        case MailFailed(up_to=up_to, dead=dead):
            # What they promised no notice may promise again; another address may be there by now.
            changes |= {"mailed": up_to, "contact": None if c.contact == dead else c.contact}
        case NoticeShown(code=code):
            changes["told"] = (*c.told, code)
        case _:
            pass
    if changes.get("unanswered") == ():
        changes["unanswered_since"] = None
    return msgspec.structs.replace(c, **changes)


def _shown(reading: Reading | None) -> Reading | None:
    """What the state keeps of a reading: people look at it there. What triage saw is in the log."""
    return reading and msgspec.structs.replace(reading, turn=None)


def _intents(c: Conversation, reading: Reading | None) -> tuple[str, ...]:
    if reading is None or reading.intent is None:
        return c.intents
    others = (intent for intent in c.intents if intent != reading.intent)
    return (*others, reading.intent)[-INTENTS_AT_MOST:]


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
