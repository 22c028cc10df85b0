"""Every command in every state: the events that it causes, or the error that it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import pytest

from bot import commands as do
from bot.conversation import Conversation, State, decide, record
from bot.errors import DeskhandError, IllegalMove, NotRated, OwnedByOther
from bot.events import (
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    BotAnswerDropped,
    Claimed,
    Closed,
    ContactLeft,
    CustomerSpoke,
    DraftDropped,
    DraftWritten,
    Entry,
    HandoffRequested,
    HeldDropped,
    Labelled,
    MailFailed,
    MailSent,
    NoteWritten,
    NoticeShown,
    Rated,
    Reopened,
    ReplyHeld,
    ReturnedToBot,
    Snoozed,
    Transferred,
    Unclaimed,
    Woken,
)
from bot.state import Draft, Held
from tests.every_state import ANNA, ASK, BEN, HELLO, IN, SAY

#: What is open in each conversation of these tests: a reply of Ben's that is held, a draft, and
#: messages to speak of. Anna owns what is owned.
HELD = Held(seq=90, agent=BEN, text="Ben here")
DRAFT = Draft(seq=91, text="It comes today.", in_reply_to=3, origin="assistant")
SPOKEN = Entry(seq=4, at=1, epoch=1, key="", event=AgentSpoke(agent=ANNA, text="Hello"))
ASKED = Entry(seq=3, at=1, epoch=0, key="", event=CustomerSpoke(text="where?", client_id="c-1"))

Expected = Sequence[type[Any]] | type[DeskhandError]


def each(
    bot: Expected, waiting: Expected, human: Expected, snoozed: Expected, closed: Expected
) -> dict[State, Expected]:
    return dict(zip(State, (bot, waiting, human, snoozed, closed), strict=True))


def always(*events: type[Any]) -> dict[State, Expected]:
    return {state: list(events) for state in State}


NO, HIS = IllegalMove, OwnedByOther
NEVER: dict[State, Expected] = dict.fromkeys(State, NO)

#: Command, the entry that it speaks of, and what comes of it in each state.
DECISIONS: list[tuple[do.Command, Entry | None, dict[State, Expected]]] = [
    # The customer.
    (
        SAY,
        None,
        each(
            [CustomerSpoke],
            [CustomerSpoke],
            [CustomerSpoke],
            [Woken, CustomerSpoke],
            [Reopened, CustomerSpoke],
        ),
    ),
    (
        ASK,
        None,
        each(
            [HandoffRequested, NoticeShown],
            [],
            [],
            [Woken],
            [Reopened, HandoffRequested, NoticeShown],
        ),
    ),
    (do.Stay(), None, each([], [ReturnedToBot], NO, NO, NO)),
    (
        do.Close(outcome="ended_by_customer"),
        None,
        each([Closed], [Closed], [Closed], [Closed], []),
    ),
    (do.Rate(stars=4), None, each(NotRated, NotRated, NotRated, NotRated, [Rated])),
    (do.LeaveContact(email="jo@example.com"), None, always(ContactLeft)),
    # The assistant and the clock.
    (do.Answer(in_reply_to=3, epoch=99, messages=HELLO), None, always(BotAnswerDropped)),
    (do.Tell(code="assistant_loading", in_reply_to=99, epoch=0), None, always()),
    (do.LetTimePass(now=2_000), None, always()),
    (do.LetTimePass(now=1_000_000_000), None, each([], [], [], [Woken], [])),
    (do.NoteMail(up_to=4), None, always(MailSent)),
    (do.NoteMail(up_to=4, problem="no such mailbox"), None, always(MailFailed)),
    (do.NoteMail(up_to=0), None, always()),
    # Who has it.
    (do.Claim(agent=ANNA), None, each([Claimed], [Claimed], [], [Woken], NO)),
    (do.Claim(agent=BEN), None, each([Claimed], [Claimed], HIS, HIS, NO)),
    (
        do.Claim(agent=BEN, take_over=True),
        None,
        each([Claimed], [Claimed], [Claimed], [Claimed], NO),
    ),
    (
        do.Transfer(agent=ANNA, skill="sales"),
        None,
        each(NO, [Transferred], [Transferred], [Transferred], NO),
    ),
    (
        do.Transfer(agent=ANNA, to=BEN),
        None,
        each(NO, [Transferred], [Transferred], [Transferred], NO),
    ),
    (do.Transfer(agent=BEN, to=BEN), None, each(NO, [Transferred], HIS, HIS, NO)),
    (
        do.Assign(assigned=Assigned(step=1, rung="first", desk="slack"), epoch=1),
        None,
        each([], [Assigned], [], [], []),
    ),
    (do.Assign(assigned=Assigned(step=1, rung="first", desk="slack"), epoch=0), None, always()),
    (
        do.Unclaim(because="vanished", epoch=2),
        None,
        each([], [], [Unclaimed, NoticeShown], [Unclaimed, NoticeShown], []),
    ),
    (do.Unclaim(because="away", epoch=1), None, always()),
    (
        do.ReturnToBot(agent=ANNA),
        None,
        each(NO, [ReturnedToBot], [ReturnedToBot], [ReturnedToBot], NO),
    ),
    (do.ReturnToBot(agent=BEN), None, each(NO, [ReturnedToBot], HIS, HIS, NO)),
    (do.Snooze(agent=ANNA, until=9_000), None, each(NO, NO, [Snoozed], NO, NO)),
    (do.Snooze(agent=BEN, until=9_000), None, each(NO, NO, HIS, HIS, NO)),
    (do.Close(agent=ANNA, outcome="solved"), None, each(NO, [Closed], [Closed], [Closed], NO)),
    (do.Close(agent=BEN, outcome="solved"), None, each(NO, [Closed], HIS, HIS, NO)),
    (do.Reopen(agent=BEN), None, each(NO, NO, NO, NO, [Reopened, Claimed])),
    # What agents say.
    (
        do.Reply(agent=ANNA, text="hi"),
        None,
        each(NO, [Claimed, AgentSpoke], [AgentSpoke], [Woken, AgentSpoke], NO),
    ),
    (
        do.Reply(agent=BEN, text="hi"),
        None,
        each(NO, [Claimed, AgentSpoke], [ReplyHeld], [ReplyHeld], NO),
    ),
    (
        do.Reply(agent=BEN, text="hi", note="he is angry"),
        None,
        each(
            NO,
            [Claimed, NoteWritten, AgentSpoke],
            [NoteWritten, ReplyHeld],
            [NoteWritten, ReplyHeld],
            NO,
        ),
    ),
    (
        do.SendHeld(agent=BEN, held=90),
        None,
        {**always(Claimed, AgentSpoke, HeldDropped), State.CLOSED: NO},
    ),
    (do.SendHeld(agent=ANNA, held=90), None, NEVER),
    (do.SendHeld(agent=BEN, held=89), None, NEVER),
    (do.DropHeld(agent=BEN, held=90), None, always(HeldDropped)),
    (do.DropHeld(agent=ANNA, held=90), None, NEVER),
    (do.Note(agent=BEN, text="hm"), None, always(NoteWritten)),
    (do.Edit(agent=ANNA, of=4, text="Hullo"), SPOKEN, always(AgentEdited)),
    (do.Edit(agent=ANNA, of=4, text="x", note="n"), SPOKEN, always(NoteWritten, AgentEdited)),
    (do.Edit(agent=BEN, of=4, text="Hullo"), SPOKEN, NEVER),
    (do.Edit(agent=ANNA, of=3, text="Hullo"), ASKED, NEVER),
    (do.Edit(agent=ANNA, of=99, text="Hullo"), None, NEVER),
    (do.Retract(agent=ANNA, of=4), SPOKEN, always(AgentRetracted)),
    (do.Retract(agent=BEN, of=4), SPOKEN, NEVER),
    (do.Retract(agent=ANNA, of=99), None, NEVER),
    # Drafts.
    (
        do.Suggest(text="It comes today.", in_reply_to=3),
        None,
        each([], [DraftWritten], [DraftWritten], [], []),
    ),
    (do.Suggest(text="It comes today.", in_reply_to=2), None, always()),
    (
        do.SendDraft(agent=ANNA, draft=91),
        None,
        each(NO, [Claimed, AgentSpoke], [AgentSpoke], [Woken, AgentSpoke], NO),
    ),
    (
        do.SendDraft(agent=BEN, draft=91, text="It comes tomorrow."),
        None,
        each(NO, [Claimed, AgentSpoke], [ReplyHeld], [ReplyHeld], NO),
    ),
    (do.SendDraft(agent=ANNA, draft=92), None, NEVER),
    (
        do.DropDraft(agent=ANNA, draft=91),
        None,
        each(NO, [DraftDropped], [DraftDropped], [DraftDropped], NO),
    ),
    (do.DropDraft(agent=BEN, draft=91), None, each(NO, [DraftDropped], HIS, HIS, NO)),
    (do.DropDraft(agent=ANNA, draft=92), None, NEVER),
    # Labels.
    (do.Label(agent=BEN, of=3, intent="order_status"), ASKED, always(Labelled)),
    (do.Label(agent=BEN, of=4, intent="order_status"), SPOKEN, NEVER),
    (do.Label(agent=BEN, of=99, intent="order_status"), None, NEVER),
]


def busy(state: State) -> Conversation:
    """In `state`, with something held, something drafted and something unanswered."""
    return msgspec.structs.replace(IN[state], held=(HELD,), drafts=(DRAFT,), unanswered=(3,))


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
@pytest.mark.parametrize(
    ("command", "about", "expected"), DECISIONS, ids=[type(c).__name__ for c, _, _ in DECISIONS]
)
def test_a_command_causes_just_these_events(
    command: do.Command, about: Entry | None, expected: dict[State, Expected], state: State
) -> None:
    before, wanted = busy(state), expected[state]
    if isinstance(wanted, type):
        with pytest.raises(wanted) as error:
            decide(before, command, about)
        assert type(error.value) is wanted
        assert error.value.message
        return
    events = decide(before, command, about)
    assert [type(event) for event in events] == wanted
    record(before, events, at=2_000, key="")  # and they can be appended in that order


def test_every_command_is_in_the_table_of_decisions() -> None:
    listed = {type(command) for command, _, _ in DECISIONS}
    assert listed == set(get_args(do.Command)) - {do.Start}
