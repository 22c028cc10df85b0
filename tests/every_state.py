"""A conversation in each of its states, an example of each event, and who takes part."""

from __future__ import annotations

from typing import Any

from bot import commands as do
from bot.conversation import Conversation, State, decide, record
from bot.events import (
    Agent,
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
    File,
    Handoff,
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
    Started,
    Transferred,
    Unclaimed,
    Utterance,
    Woken,
)

ANNA = Agent(login="anna", name="Anna")
BEN = Agent(login="ben", name="Ben")
WHY = Handoff(reason="asked_for_human", reasons=("asked for a person",))
HELLO = (Utterance(text="Hello"),)
PHOTO = File(id="f1", name="tent.jpg", type="image/jpeg", size=48_211)

EXAMPLES: dict[type[Any], Any] = {
    Started: Started(),
    CustomerSpoke: CustomerSpoke(text="hi", client_id="c-1"),
    BotAnswered: BotAnswered(messages=HELLO, in_reply_to=3),
    BotAnswerDropped: BotAnswerDropped(messages=HELLO, in_reply_to=3, reason="late"),
    HandoffRequested: HandoffRequested(handoff=WHY),
    Claimed: Claimed(agent=ANNA),
    AgentSpoke: AgentSpoke(agent=ANNA, text="Hi, Anna here"),
    AgentEdited: AgentEdited(agent=ANNA, of=6, text="Hello, Anna here"),
    AgentRetracted: AgentRetracted(agent=ANNA, of=6),
    ReplyHeld: ReplyHeld(agent=BEN, text="Ben here", files=(PHOTO,)),
    HeldDropped: HeldDropped(agent=BEN, of=6),
    DraftWritten: DraftWritten(text="It comes today.", in_reply_to=3, origin="suggestion"),
    DraftDropped: DraftDropped(agent=ANNA, of=6),
    NoteWritten: NoteWritten(agent=ANNA, text="nice person"),
    Transferred: Transferred(agent=ANNA, skill="sales"),
    Unclaimed: Unclaimed(agent=ANNA, because="vanished"),
    Assigned: Assigned(step=1, rung="first", desk="slack", agents=(BEN,), due=7_000),
    ReturnedToBot: ReturnedToBot(agent=ANNA),
    Snoozed: Snoozed(agent=ANNA, until=9_000),
    Woken: Woken(because="time"),
    Closed: Closed(by="agent", outcome="solved", agent=ANNA),
    Reopened: Reopened(by="customer"),
    Rated: Rated(stars=5),
    Labelled: Labelled(agent=ANNA, of=3, intent="order_status"),
    ContactLeft: ContactLeft(email="jo@example.com"),
    MailSent: MailSent(up_to=6),
    MailFailed: MailFailed(up_to=6, problem="no such mailbox"),
    NoticeShown: NoticeShown(code="handoff", text="One moment."),
}


def begun(*moves: do.Command, at: int = 1_000) -> Conversation:
    """A started conversation after `moves`."""
    return after(Conversation(id="c"), do.Start(greeting="Hi, I am a bot."), *moves, at=at)


def after(c: Conversation, *moves: do.Command, at: int = 1_000) -> Conversation:
    """The conversation after `moves`, which speak of no earlier entry."""
    for move in moves:
        c, _ = record(c, decide(c, move), at=at, key="")
    return c


SAY = do.Say(text="where is my order", client_id="c-1")
ASK = do.AskForPerson(handoff=WHY)
IN = {
    State.BOT: begun(),
    State.WAITING: begun(SAY, ASK),
    State.HUMAN: begun(SAY, ASK, do.Claim(agent=ANNA)),
    State.SNOOZED: begun(SAY, ASK, do.Claim(agent=ANNA), do.Snooze(agent=ANNA, until=9_000)),
    State.CLOSED: begun(SAY, ASK, do.Claim(agent=ANNA), do.Close(agent=ANNA, outcome="solved")),
}
