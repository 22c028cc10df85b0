"""The state machine: every move of the table, and every move that is not in it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from bot import commands as do
from bot import wording
from bot.conversation import (
    MOVES,
    NEW_EPOCH,
    WAITING_NEWS,
    Conversation,
    State,
    decide,
    evolve,
    next_due,
    record,
)
from bot.errors import IllegalMove, NotRated, OwnedByOther, PayloadNotOffered, UnknownConversation
from bot.events import (
    Agent,
    AgentSpoke,
    BotAnswerDropped,
    BotAnswered,
    Button,
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
    Reopened,
    ReturnedToBot,
    Snoozed,
    Started,
    Transferred,
    Utterance,
    Woken,
)

ANNA = Agent(login="anna", name="Anna")
BEN = Agent(login="ben", name="Ben")
WHY = Handoff(reason="asked_for_human", reasons=("asked for a person",))
HELLO = (Utterance(text="Hello"),)

EXAMPLES: dict[type[Any], Any] = {
    Started: Started(),
    CustomerSpoke: CustomerSpoke(text="hi", client_id="c-1"),
    BotAnswered: BotAnswered(messages=HELLO, in_reply_to=3),
    BotAnswerDropped: BotAnswerDropped(messages=HELLO, in_reply_to=3, reason="late"),
    HandoffRequested: HandoffRequested(handoff=WHY),
    Claimed: Claimed(agent=ANNA),
    AgentSpoke: AgentSpoke(agent=ANNA, text="Hi, Anna here"),
    NoteWritten: NoteWritten(agent=ANNA, text="nice person"),
    Transferred: Transferred(agent=ANNA, skill="sales"),
    ReturnedToBot: ReturnedToBot(agent=ANNA),
    Snoozed: Snoozed(agent=ANNA, until=9_000),
    Woken: Woken(because="time"),
    Closed: Closed(by="agent", outcome="solved", agent=ANNA),
    Reopened: Reopened(by="customer"),
    Rated: Rated(stars=5),
    NoticeShown: NoticeShown(code="handoff", text="One moment."),
}


def begun(*moves: do.Command, at: int = 1_000) -> Conversation:
    """A started conversation after `moves`."""
    conversation = Conversation(id="c")
    for move in (do.Start(greeting="Hi, I am a bot."), *moves):
        conversation, _ = record(conversation, decide(conversation, move), at=at, key="")
    return conversation


SAY = do.Say(text="where is my order", client_id="c-1")
ASK = do.AskForPerson(handoff=WHY)
IN = {
    State.BOT: begun(),
    State.WAITING: begun(SAY, ASK),
    State.HUMAN: begun(SAY, ASK, do.Claim(agent=ANNA)),
    State.SNOOZED: begun(SAY, ASK, do.Claim(agent=ANNA), do.Snooze(agent=ANNA, until=9_000)),
    State.CLOSED: begun(SAY, ASK, do.Claim(agent=ANNA), do.Close(agent=ANNA, outcome="solved")),
}


def test_every_event_has_a_row_in_the_table_and_an_example() -> None:
    assert set(MOVES) == set(EXAMPLES) == set(get_args(Event))
    assert {state: c.state for state, c in IN.items()} == {state: state for state in State}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", MOVES, ids=lambda kind: kind.__name__)
def test_an_event_moves_exactly_as_the_table_says(kind: type[Any], state: State) -> None:
    before = IN[state]
    entry = Entry(seq=before.seq + 1, at=2_000, epoch=before.epoch, key="", event=EXAMPLES[kind])
    if state not in MOVES[kind]:
        with pytest.raises(IllegalMove, match="cannot follow"):
            evolve(before, entry)
        return
    after = evolve(before, entry)
    assert after.state is MOVES[kind][state]
    assert after.seq == before.seq + 1
    assert after.epoch == before.epoch + (kind in NEW_EPOCH)


@pytest.mark.parametrize("seq", [0, -1, 1])
def test_a_log_with_a_gap_or_a_repetition_is_refused(seq: int) -> None:
    before = IN[State.BOT]
    entry = Entry(
        seq=before.seq + 1 + (seq or 5), at=1, epoch=0, key="", event=EXAMPLES[NoteWritten]
    )
    with pytest.raises(IllegalMove, match="cannot follow"):
        evolve(before, entry)


#: Which events a command causes in each state; a string is the error that it raises instead.
DECISIONS: list[tuple[do.Command, dict[State, Any]]] = [
    (
        SAY,
        {
            State.BOT: [CustomerSpoke],
            State.WAITING: [CustomerSpoke],
            State.HUMAN: [CustomerSpoke],
            State.SNOOZED: [Woken, CustomerSpoke],
            State.CLOSED: [Reopened, CustomerSpoke],
        },
    ),
    (
        do.Answer(in_reply_to=3, epoch=99, messages=HELLO),
        {key: [BotAnswerDropped] for key in State},
    ),
    (
        ASK,
        {
            State.BOT: [HandoffRequested, NoticeShown],
            State.WAITING: [],
            State.HUMAN: [],
            State.SNOOZED: [Woken],
            State.CLOSED: [Reopened, HandoffRequested, NoticeShown],
        },
    ),
    (
        do.Stay(),
        {
            State.BOT: [],
            State.WAITING: [ReturnedToBot],
            State.HUMAN: IllegalMove,
            State.SNOOZED: IllegalMove,
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.Claim(agent=ANNA),
        {
            State.BOT: [Claimed],
            State.WAITING: [Claimed],
            State.HUMAN: [],
            State.SNOOZED: [Woken],
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.Claim(agent=BEN),
        {
            State.BOT: [Claimed],
            State.WAITING: [Claimed],
            State.HUMAN: OwnedByOther,
            State.SNOOZED: OwnedByOther,
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.Claim(agent=BEN, take_over=True),
        {
            State.BOT: [Claimed],
            State.WAITING: [Claimed],
            State.HUMAN: [Claimed],
            State.SNOOZED: [Claimed],
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.Reply(agent=ANNA, text="hi"),
        {
            State.BOT: IllegalMove,
            State.WAITING: [Claimed, AgentSpoke],
            State.HUMAN: [AgentSpoke],
            State.SNOOZED: [Woken, AgentSpoke],
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.Reply(agent=BEN, text="hi"),
        {
            State.BOT: IllegalMove,
            State.WAITING: [Claimed, AgentSpoke],
            State.HUMAN: OwnedByOther,
            State.SNOOZED: OwnedByOther,
            State.CLOSED: IllegalMove,
        },
    ),
    (do.Note(agent=BEN, text="hm"), {key: [NoteWritten] for key in State}),
    (
        do.Transfer(agent=ANNA, skill="sales"),
        {
            State.BOT: IllegalMove,
            State.WAITING: [Transferred],
            State.HUMAN: [Transferred],
            State.SNOOZED: [Transferred],
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.ReturnToBot(agent=ANNA),
        {
            State.BOT: IllegalMove,
            State.WAITING: [ReturnedToBot],
            State.HUMAN: [ReturnedToBot],
            State.SNOOZED: [ReturnedToBot],
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.ReturnToBot(agent=BEN),
        {
            State.BOT: IllegalMove,
            State.WAITING: [ReturnedToBot],
            State.HUMAN: OwnedByOther,
            State.SNOOZED: OwnedByOther,
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.Snooze(agent=ANNA, until=9_000),
        {
            State.BOT: IllegalMove,
            State.WAITING: IllegalMove,
            State.HUMAN: [Snoozed],
            State.SNOOZED: IllegalMove,
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.Close(agent=ANNA, outcome="solved"),
        {
            State.BOT: IllegalMove,
            State.WAITING: [Closed],
            State.HUMAN: [Closed],
            State.SNOOZED: [Closed],
            State.CLOSED: IllegalMove,
        },
    ),
    (
        do.Close(outcome="ended_by_customer"),
        {
            State.BOT: [Closed],
            State.WAITING: [Closed],
            State.HUMAN: [Closed],
            State.SNOOZED: [Closed],
            State.CLOSED: [],
        },
    ),
    (
        do.Reopen(agent=BEN),
        {
            State.BOT: IllegalMove,
            State.WAITING: IllegalMove,
            State.HUMAN: IllegalMove,
            State.SNOOZED: IllegalMove,
            State.CLOSED: [Reopened, Claimed],
        },
    ),
    (
        do.Rate(stars=4),
        {
            State.BOT: NotRated,
            State.WAITING: NotRated,
            State.HUMAN: NotRated,
            State.SNOOZED: NotRated,
            State.CLOSED: [Rated],
        },
    ),
    (
        do.Tell(code="assistant_loading", in_reply_to=99, epoch=0),
        {key: [] for key in State},
    ),
    (
        do.LetTimePass(now=2_000),
        {key: [] for key in State},
    ),
    (
        do.LetTimePass(now=1_000_000_000),
        {
            State.BOT: [],
            State.WAITING: [NoticeShown],
            State.HUMAN: [],
            State.SNOOZED: [Woken],
            State.CLOSED: [],
        },
    ),
]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(
    ("command", "expected"), DECISIONS, ids=[type(c).__name__ for c, _ in DECISIONS]
)
def test_a_command_causes_just_these_events(
    command: do.Command, expected: dict[State, Any], state: State
) -> None:
    before = IN[state]
    if isinstance(expected[state], list):
        assert [type(e) for e in decide(before, command)] == expected[state]
    else:
        with pytest.raises(expected[state]) as error:  # noqa: PT012
            decide(before, command)
            record(before, decide(before, command), at=0, key="")
        assert error.value.message


def test_every_command_is_in_the_table_of_decisions() -> None:
    listed = {type(command) for command, _ in DECISIONS}
    assert listed == set(get_args(do.Command)) - {do.Start}


def test_nothing_is_possible_before_the_start_and_the_start_only_once() -> None:
    with pytest.raises(UnknownConversation, match="no conversation"):
        decide(Conversation(id="c"), SAY)
    assert decide(begun(), do.Start(greeting="again")) == ()


def test_the_bot_says_at_the_start_that_it_is_one() -> None:
    _, greeting = decide(Conversation(id="c"), do.Start(greeting="Hi, I am a bot."))
    assert greeting == BotAnswered(messages=(Utterance(text="Hi, I am a bot."),))


def test_an_answer_is_given_once_and_only_to_a_message_that_is_owed_one() -> None:
    asked = begun(SAY)
    answer = do.Answer(in_reply_to=asked.pending[0], epoch=asked.epoch, messages=HELLO)
    answered, _ = record(asked, decide(asked, answer), at=2_000, key="")
    assert answered.pending == ()
    assert decide(answered, answer) == ()


def test_an_answer_with_a_hand_off_is_one_step() -> None:
    asked = begun(SAY)
    answer = do.Answer(in_reply_to=asked.pending[0], epoch=asked.epoch, messages=HELLO, handoff=WHY)
    after, entries = record(asked, decide(asked, answer), at=2_000, key="")
    assert [type(e.event) for e in entries] == [BotAnswered, HandoffRequested]
    assert (after.state, after.waiting_since, after.handoff) == (State.WAITING, 2_000, WHY)


@pytest.mark.parametrize(
    "meanwhile",
    [
        [ASK],
        [do.Claim(agent=ANNA)],
        [do.Claim(agent=ANNA), do.ReturnToBot(agent=ANNA)],
        [do.Close(outcome="ended_by_customer")],
        [do.Close(outcome="ended_by_customer"), SAY],
        [ASK, do.Stay()],
    ],
    ids=["asked for a person", "claimed", "claimed and returned", "closed", "reopened", "stayed"],
)
def test_a_late_answer_is_dropped_where_agents_can_see_it(meanwhile: list[do.Command]) -> None:
    asked = begun(SAY)
    late = do.Answer(in_reply_to=asked.pending[0], epoch=asked.epoch, messages=HELLO)
    now = asked
    for move in meanwhile:
        now, _ = record(now, decide(now, move), at=2_000, key="")
    (dropped,) = decide(now, late)
    assert isinstance(dropped, BotAnswerDropped)
    assert dropped.messages == HELLO
    assert "meanwhile" in dropped.reason


def test_a_failed_turn_asks_for_a_person_only_if_the_turn_still_counts() -> None:
    asked = begun(SAY)
    give_up = do.AskForPerson(
        handoff=WHY, in_reply_to=asked.pending[0], epoch=asked.epoch, notice="assistant_unavailable"
    )
    assert [type(e) for e in decide(asked, give_up)] == [HandoffRequested, NoticeShown]
    claimed, _ = record(asked, decide(asked, do.Claim(agent=ANNA)), at=1, key="")
    back, _ = record(claimed, decide(claimed, do.ReturnToBot(agent=ANNA)), at=1, key="")
    assert decide(claimed, give_up) == ()
    assert decide(back, give_up) == ()


def test_who_stays_with_the_bot_gets_the_answer_that_they_still_wait_for() -> None:
    asked = begun(SAY)
    lost = do.AskForPerson(handoff=WHY, in_reply_to=asked.pending[0], epoch=asked.epoch)
    waiting, _ = record(asked, decide(asked, lost), at=1, key="")
    wrote, _ = record(waiting, decide(waiting, SAY), at=1, key="")
    stayed, _ = record(wrote, decide(wrote, do.Stay()), at=1, key="")
    assert stayed.pending == (asked.pending[0], wrote.seq)
    by_agent, _ = record(wrote, decide(wrote, do.ReturnToBot(agent=ANNA)), at=1, key="")
    assert by_agent.pending == ()


def test_a_note_goes_with_its_reply_or_not_at_all() -> None:
    reply = do.Reply(agent=ANNA, text="Hello", note="he is angry")
    assert [type(e) for e in decide(IN[State.WAITING], reply)] == [Claimed, NoteWritten, AgentSpoke]
    for state in (State.BOT, State.CLOSED):
        with pytest.raises(IllegalMove, match="not possible"):
            decide(IN[state], reply)


def test_the_assistant_is_loading_is_said_once_and_never_after_a_person_came() -> None:
    asked = begun(SAY)
    tell = do.Tell(code="assistant_loading", in_reply_to=asked.pending[0], epoch=asked.epoch)
    told, entries = record(asked, decide(asked, tell), at=1, key="")
    assert [type(entry.event) for entry in entries] == [NoticeShown]
    assert decide(told, tell) == ()
    claimed, _ = record(asked, decide(asked, do.Claim(agent=ANNA)), at=1, key="")
    assert decide(claimed, tell) == ()


def test_only_buttons_on_offer_can_be_pressed_and_only_until_the_next_message() -> None:
    asked = begun(SAY)
    offer = (Utterance(text="Sure?", buttons=(Button(title="Yes", payload="/affirm"),)),)
    offered, _ = record(
        asked,
        decide(asked, do.Answer(in_reply_to=asked.pending[0], epoch=0, messages=offer)),
        at=1,
        key="",
    )
    press = do.Say(text="Yes", client_id="c-2", payload="/affirm")
    pressed, _ = record(offered, decide(offered, press), at=1, key="")
    for conversation, payload in [(offered, "/restart"), (pressed, "/affirm"), (asked, "/affirm")]:
        with pytest.raises(PayloadNotOffered, match="no longer there"):
            decide(conversation, do.Say(text="Yes", client_id="c-3", payload=payload))


def test_who_waits_is_told_the_truth_step_by_step_and_each_only_once() -> None:
    waiting, told = IN[State.WAITING], []
    while (due := next_due(waiting)) is not None:
        assert decide(waiting, do.LetTimePass(now=due - 1)) == ()
        waiting, entries = record(waiting, decide(waiting, do.LetTimePass(now=due)), at=due, key="")
        told += [entry.event.code for entry in entries if isinstance(entry.event, NoticeShown)]
    assert told == [code for _, code in WAITING_NEWS]


def test_after_a_long_pause_only_the_latest_truth_is_told() -> None:
    waiting = IN[State.WAITING]
    (notice,) = decide(waiting, do.LetTimePass(now=10_000_000))
    assert notice == NoticeShown(code="waiting_long", text=wording.NOTICES["waiting_long"])


def test_a_snooze_ends_when_its_time_comes() -> None:
    snoozed = IN[State.SNOOZED]
    assert next_due(snoozed) == 9_000
    assert decide(snoozed, do.LetTimePass(now=8_999)) == ()
    assert decide(snoozed, do.LetTimePass(now=9_000)) == (Woken(because="time"),)


def test_a_transfer_keeps_why_the_customer_came() -> None:
    human = IN[State.HUMAN]
    passed, _ = record(human, decide(human, do.Transfer(agent=ANNA, skill="sales")), at=7, key="")
    assert passed.handoff == msgspec.structs.replace(WHY, skill="sales")
    assert (passed.state, passed.owner, passed.waiting_since) == (State.WAITING, None, 7)


def test_a_rating_is_one_to_five_stars() -> None:
    for stars in (0, 6):
        with pytest.raises(ValueError, match="1 to 5"):
            decide(IN[State.CLOSED], do.Rate(stars=stars))


def test_rating_the_same_again_changes_nothing_and_another_rating_replaces_it() -> None:
    closed = IN[State.CLOSED]
    rated, _ = record(closed, decide(closed, do.Rate(stars=2)), at=1, key="")
    assert decide(rated, do.Rate(stars=2)) == ()
    assert decide(rated, do.Rate(stars=5)) == (Rated(stars=5),)


def test_an_illegal_move_says_what_is_the_matter_and_what_to_do() -> None:
    with pytest.raises(IllegalMove, match=r"Reply is not possible .* closed") as error:
        decide(IN[State.CLOSED], do.Reply(agent=ANNA, text="late"))
    assert "Reopen it first" in error.value.hint
    with pytest.raises(OwnedByOther, match="Anna has this conversation"):
        decide(IN[State.HUMAN], do.Reply(agent=BEN, text="hi"))


def test_entries_and_state_survive_the_way_through_json() -> None:
    for conversation in IN.values():
        raw = msgspec.json.encode(conversation)
        assert msgspec.json.decode(raw, type=Conversation) == conversation
    for event in EXAMPLES.values():
        entry = Entry(seq=1, at=1, epoch=0, key="k", event=event)
        assert msgspec.json.decode(msgspec.json.encode(entry), type=Entry) == entry
