"""What the customer's, the assistant's and the clock's commands cause.

Pure, one decider per command: `(conversation, command) -> events`. A decider says what the command
means; whether the state allows its events at all is for `bot.conversation.MOVES` to say. Does not
belong here: agents' commands (`bot.agent_commands`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot import wording
from bot.commands import (
    Answer,
    AskForPerson,
    LeaveContact,
    LetTimePass,
    NoteMail,
    Rate,
    Say,
    Start,
    Stay,
    Tell,
)
from bot.errors import NotRated, PayloadNotOffered
from bot.events import (
    BotAnswerDropped,
    BotAnswered,
    ContactLeft,
    CustomerSpoke,
    DraftWritten,
    Event,
    Handoff,
    HandoffRequested,
    MailFailed,
    MailSent,
    NoticeShown,
    Rated,
    Reopened,
    ReturnedToBot,
    Started,
    Utterance,
    Woken,
)
from bot.state import Conversation, State, illegal

Events = tuple[Event, ...]


def _start(c: Conversation, command: Start) -> Events:
    if c.seq:
        return ()
    return (
        Started(page=command.page, test=command.test),
        BotAnswered(messages=(Utterance(text=command.greeting),)),
    )


def _say(c: Conversation, command: Say) -> Events:
    if command.payload is not None and command.payload not in c.offered:
        raise PayloadNotOffered("That button is no longer there.", hint="Type your answer instead.")
    spoke = CustomerSpoke(
        text=command.text,
        client_id=command.client_id,
        payload=command.payload,
        files=command.files,
    )
    if c.state is State.CLOSED:
        return (Reopened(by="customer"), spoke)
    if c.state is State.SNOOZED:
        return (Woken(because="customer"), spoke)
    return (spoke,)


def _answer(c: Conversation, command: Answer) -> Events:
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
        events += _draft_of(command, command.handoff)
    return tuple(events)


def _draft_of(command: Answer, handoff: Handoff) -> list[Event]:
    """What the assistant would have said, for an agent to approve."""
    if not handoff.draft:
        return []
    reading = command.reading
    return [
        DraftWritten(
            text=handoff.draft,
            in_reply_to=command.in_reply_to,
            origin="assistant",
            intent=reading.intent if reading else None,
            confidence=reading.confidence if reading else 0.0,
        )
    ]


def _ask_for_person(c: Conversation, command: AskForPerson) -> Events:
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


def _stay(c: Conversation, command: Stay) -> Events:
    if c.state is State.BOT:
        return ()
    if c.state is not State.WAITING:
        raise illegal(c, command)
    return (ReturnedToBot(),)


def _rate(c: Conversation, command: Rate) -> Events:
    if c.state is not State.CLOSED:
        raise NotRated("The conversation is still open.", hint="Rate it when it is closed.")
    rated = Rated(stars=command.stars, comment=command.comment)
    return () if rated == c.rating else (rated,)


def _leave_contact(c: Conversation, command: LeaveContact) -> Events:
    return () if command.email == c.contact else (ContactLeft(email=command.email),)


def _note_mail(c: Conversation, command: NoteMail) -> Events:
    if command.up_to <= c.mailed:
        return ()
    if command.problem:
        return (MailFailed(up_to=command.up_to, problem=command.problem, dead=command.dead),)
    return (MailSent(up_to=command.up_to),)


def _tell(c: Conversation, command: Tell) -> Events:
    if command.code in c.told or not _waits(c, command.in_reply_to, command.epoch):
        return ()
    return (NoticeShown(code=command.code, text=wording.NOTICES[command.code]),)


def _let_time_pass(c: Conversation, command: LetTimePass) -> Events:
    over = c.snoozed_until is not None and c.snoozed_until <= command.now
    return (Woken(because="time"),) if over else ()


DECIDERS: Mapping[type[Any], Callable[..., Events]] = MappingProxyType(
    {
        Start: _start,
        Say: _say,
        Answer: _answer,
        AskForPerson: _ask_for_person,
        Stay: _stay,
        Rate: _rate,
        LeaveContact: _leave_contact,
        NoteMail: _note_mail,
        Tell: _tell,
        LetTimePass: _let_time_pass,
    }
)
