"""What agents' commands cause: who may do what to whose conversation.

Pure, one decider per command: `(conversation, command) -> events`, or with the entry that the
command speaks of as a third argument. A decider says what the command means; whether the state
allows its events at all is for `bot.conversation.MOVES` to say. Does not belong here: commands of
customers, of the assistant and of time (`bot.conversation`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot import wording
from bot.commands import (
    Assign,
    Claim,
    Close,
    DropDraft,
    DropHeld,
    Edit,
    Label,
    Note,
    Reopen,
    Reply,
    Retract,
    ReturnToBot,
    SendDraft,
    SendHeld,
    Snooze,
    Suggest,
    Transfer,
    Unclaim,
)
from bot.errors import IllegalMove, OwnedByOther
from bot.events import (
    Agent,
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Claimed,
    Closed,
    CustomerSpoke,
    DraftDropped,
    DraftWritten,
    Entry,
    Event,
    HeldDropped,
    Labelled,
    NoteWritten,
    NoticeShown,
    Reopened,
    ReplyHeld,
    ReturnedToBot,
    Snoozed,
    Transferred,
    Unclaimed,
    Woken,
)
from bot.state import Conversation, Draft, Held, State, illegal

Events = tuple[Event, ...]

#: Held replies that may wait for a decision at once. The state carries their texts.
HELD_AT_MOST = 20


# ------------------------------------------------------------------------------- who owns it


def _claim(c: Conversation, command: Claim) -> Events:
    if c.owner == command.agent:
        return (Woken(because="agent"),) if c.state is State.SNOOZED else ()
    if c.owner is not None and not command.take_over:
        raise _owned(c)
    return (Claimed(agent=command.agent),)


def _transfer(c: Conversation, command: Transfer) -> Events:
    _require_owner(c, command.agent)
    return (Transferred(agent=command.agent, skill=command.skill, to=command.to),)


def _assign(c: Conversation, command: Assign) -> Events:
    if c.state is not State.WAITING or c.epoch != command.epoch or c.assigned == command.assigned:
        return ()
    return (command.assigned, *command.notices)


def _unclaim(c: Conversation, command: Unclaim) -> Events:
    if c.owner is None or c.epoch != command.epoch:
        return ()
    text = wording.NOTICES[command.because].format(agent=c.owner.name)
    return (
        Unclaimed(agent=c.owner, because=command.because),
        NoticeShown(code=command.because, text=text),
    )


def _return_to_bot(c: Conversation, command: ReturnToBot) -> Events:
    _require_owner(c, command.agent)
    # What the customer wrote while it was on its way back is answered by neither, otherwise.
    seen = c.seq if command.seen is None else command.seen
    return (ReturnedToBot(agent=command.agent, owed=tuple(s for s in c.unanswered if s > seen)),)


def _snooze(c: Conversation, command: Snooze) -> Events:
    _require_owner(c, command.agent)
    return (Snoozed(agent=command.agent, until=command.until),)


def _close(c: Conversation, command: Close) -> Events:
    if command.agent is None:
        return () if c.state is State.CLOSED else (Closed(by="customer", outcome=command.outcome),)
    if c.state is State.BOT:
        raise illegal(c, command)
    _require_owner(c, command.agent)
    return (Closed(by="agent", outcome=command.outcome, agent=command.agent),)


def _reopen(c: Conversation, command: Reopen) -> Events:
    return (Reopened(by="agent"), Claimed(agent=command.agent))


# ------------------------------------------------------------------------------ what is said


def _reply(c: Conversation, command: Reply) -> Events:
    said = AgentSpoke(agent=command.agent, text=command.text, files=command.files)
    return _speak(c, said, command.note)


def _speak(c: Conversation, said: AgentSpoke, note: str) -> Events:
    """The words reach the customer if the conversation is the agent's or nobody's, which claims
    it. If it is somebody else's they are held."""
    noted: Events = (NoteWritten(agent=said.agent, text=note),) if note else ()
    if c.owner is not None and c.owner != said.agent:
        if len(c.held) >= HELD_AT_MOST:
            raise OwnedByOther(
                f"{len(c.held)} replies are held here already.",
                hint="Take over, discard some, or write a note.",
            )
        held = ReplyHeld(agent=said.agent, text=said.text, files=said.files, draft=said.draft)
        return (*noted, held)
    if c.state is State.WAITING:
        return (Claimed(agent=said.agent), *noted, said)
    if c.state is State.SNOOZED:
        return (Woken(because="agent"), *noted, said)
    return (*noted, said)


def _send_held(c: Conversation, command: SendHeld) -> Events:
    held = _held(c, command.held, command.agent)
    said = AgentSpoke(
        agent=held.agent, text=held.text, files=held.files, draft=held.draft, held=held.seq
    )
    settled = HeldDropped(agent=held.agent, of=held.seq)
    if c.owner == held.agent:
        return (*_speak(c, said, ""), settled)
    return (Claimed(agent=held.agent), said, settled)


def _drop_held(c: Conversation, command: DropHeld) -> Events:
    held = _held(c, command.held, command.agent)
    return (HeldDropped(agent=command.agent, of=held.seq),)


def _held(c: Conversation, seq: int, agent: Agent) -> Held:
    for held in c.held:
        if held.seq == seq and held.agent == agent:
            return held
    raise IllegalMove(
        "That reply is no longer held.", hint="It was sent or discarded, or is not yours."
    )


def _note(c: Conversation, command: Note) -> Events:
    return (NoteWritten(agent=command.agent, text=command.text),)


def _edit(c: Conversation, command: Edit, about: Entry | None) -> Events:
    own = _own_words(command.agent, about)
    if isinstance(own.event, ReplyHeld):
        raise IllegalMove("It has not been sent.", hint="Discard it, and write what you mean.")
    if own.seq in c.retracted:
        raise IllegalMove("That message was taken back.", hint="Write a new one.")
    edited = AgentEdited(agent=command.agent, of=own.seq, text=command.text)
    if command.note:
        return (NoteWritten(agent=command.agent, text=command.note), edited)
    return (edited,)


def _retract(c: Conversation, command: Retract, about: Entry | None) -> Events:
    own = _own_words(command.agent, about)
    if isinstance(own.event, ReplyHeld):
        return _drop_held(c, DropHeld(agent=command.agent, held=own.seq))
    if own.seq in c.retracted:
        return ()
    return (AgentRetracted(agent=command.agent, of=own.seq),)


def _own_words(agent: Agent, about: Entry | None) -> Entry:
    match about:
        case Entry(event=AgentSpoke(agent=author) | ReplyHeld(agent=author)) if author == agent:
            return about
    raise IllegalMove(
        "That is no message of yours to the customer.",
        hint="Only your own messages can be changed or taken back.",
    )


# ------------------------------------------------------------------------------------ drafts


def _suggest(c: Conversation, command: Suggest) -> Events:
    known = [draft for draft in c.drafts if draft.origin == "suggestion"]
    if (
        c.state not in (State.WAITING, State.HUMAN)
        or command.in_reply_to not in c.unanswered
        or any(draft.in_reply_to >= command.in_reply_to for draft in known)
    ):
        return ()
    return (
        DraftWritten(
            text=command.text,
            in_reply_to=command.in_reply_to,
            origin="suggestion",
            intent=command.intent,
            confidence=command.confidence,
        ),
    )


def _send_draft(c: Conversation, command: SendDraft) -> Events:
    draft = _draft(c, command.draft)
    text = draft.text if command.text is None else command.text
    return _speak(c, AgentSpoke(agent=command.agent, text=text, draft=draft.seq), command.note)


def _drop_draft(c: Conversation, command: DropDraft) -> Events:
    draft = _draft(c, command.draft)
    _require_owner(c, command.agent)
    return (DraftDropped(agent=command.agent, of=draft.seq),)


def _draft(c: Conversation, seq: int) -> Draft:
    for draft in c.drafts:
        if draft.seq == seq:
            return draft
    raise IllegalMove(
        "That draft is no longer open.", hint="It was sent or discarded, or a newer one is there."
    )


# ------------------------------------------------------------------------------------ labels


def _label(c: Conversation, command: Label, about: Entry | None) -> Events:
    if about is None or not isinstance(about.event, CustomerSpoke):
        raise IllegalMove(
            "That is no message of the customer's.", hint="Label what the customer wrote."
        )
    return (Labelled(agent=command.agent, of=command.of, intent=command.intent, new=command.new),)


# ------------------------------------------------------------------------------------- whose


def _require_owner(c: Conversation, agent: Agent) -> None:
    """An owned conversation takes orders from its owner only."""
    if c.owner is not None and c.owner != agent:
        raise _owned(c)


def _owned(c: Conversation) -> OwnedByOther:
    name = c.owner.name if c.owner else "nobody"
    return OwnedByOther(
        f"{name} has this conversation.", hint=f"Take it over from {name}, or write a note."
    )


DECIDERS: Mapping[type[Any], Callable[..., Events]] = MappingProxyType(
    {
        Claim: _claim,
        Transfer: _transfer,
        Assign: _assign,
        Unclaim: _unclaim,
        ReturnToBot: _return_to_bot,
        Snooze: _snooze,
        Close: _close,
        Reopen: _reopen,
        Reply: _reply,
        SendHeld: _send_held,
        DropHeld: _drop_held,
        Note: _note,
        Edit: _edit,
        Retract: _retract,
        Suggest: _suggest,
        SendDraft: _send_draft,
        DropDraft: _drop_draft,
        Label: _label,
    }
)
