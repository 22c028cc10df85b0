"""The state machine: every move of the table, and every move that is not in it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from bot import commands as do
from bot.conversation import (
    MOVES,
    NEW_EPOCH,
    Conversation,
    State,
    decide,
    evolve,
    next_due,
    record,
)
from bot.errors import IllegalMove, OwnedByOther, PayloadNotOffered, UnknownConversation
from bot.events import (
    Assigned,
    BotAnswerDropped,
    BotAnswered,
    Button,
    DraftWritten,
    Entry,
    Event,
    File,
    Handoff,
    HandoffRequested,
    NoteWritten,
    NoticeShown,
    Rated,
    Reading,
    Seen,
    Utterance,
    Woken,
)
from tests.every_state import ANNA, ASK, BEN, EXAMPLES, HELLO, IN, SAY, WHY, after, begun


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
    moved = evolve(before, entry)
    assert moved.state is MOVES[kind][state]
    assert moved.seq == before.seq + 1
    assert moved.epoch == before.epoch + (kind in NEW_EPOCH)


@pytest.mark.parametrize("seq", [0, -1, 1])
def test_a_log_with_a_gap_or_a_repetition_is_refused(seq: int) -> None:
    before = IN[State.BOT]
    entry = Entry(
        seq=before.seq + 1 + (seq or 5), at=1, epoch=0, key="", event=EXAMPLES[NoteWritten]
    )
    with pytest.raises(IllegalMove, match="cannot follow"):
        evolve(before, entry)


def test_nothing_is_possible_before_the_start_and_the_start_only_once() -> None:
    with pytest.raises(UnknownConversation, match="no conversation"):
        decide(Conversation(id="c"), SAY)
    assert decide(begun(), do.Start(greeting="again")) == ()


def test_the_bot_says_at_the_start_that_it_is_one() -> None:
    _, greeting = decide(Conversation(id="c"), do.Start(greeting="Hi, I am a bot."))
    assert greeting == BotAnswered(messages=(Utterance(text="Hi, I am a bot."),))


def test_files_without_a_word_are_previewed_by_their_names() -> None:
    photo = File(id="f-1", name="tent.jpg", type="image/jpeg", size=9)
    say = do.Say(text="", client_id="c-9", files=(photo, photo))
    assert after(begun(), say).preview == "tent.jpg, tent.jpg"


def test_an_answer_is_given_once_and_only_to_a_message_that_is_owed_one() -> None:
    asked = begun(SAY)
    answer = do.Answer(in_reply_to=asked.pending[0], epoch=asked.epoch, messages=HELLO)
    answered, _ = record(asked, decide(asked, answer), at=2_000, key="")
    assert answered.pending == ()
    assert decide(answered, answer) == ()


def test_an_answer_with_a_hand_off_is_one_step() -> None:
    asked = begun(SAY)
    answer = do.Answer(in_reply_to=asked.pending[0], epoch=asked.epoch, messages=HELLO, handoff=WHY)
    waiting, entries = record(asked, decide(asked, answer), at=2_000, key="")
    assert [type(e.event) for e in entries] == [BotAnswered, HandoffRequested]
    assert (waiting.state, waiting.waiting_since, waiting.handoff) == (State.WAITING, 2_000, WHY)


def test_what_the_bot_may_not_say_by_itself_waits_as_a_draft_in_the_same_step() -> None:
    asked = begun(SAY)
    sensitive = Handoff(reason="sensitive", draft="We are sorry to hear that.")
    answer = do.Answer(
        in_reply_to=asked.pending[0],
        epoch=asked.epoch,
        messages=HELLO,
        reading=Reading(intent="injury", confidence=0.8),
        handoff=sensitive,
    )
    waiting, entries = record(asked, decide(asked, answer), at=2_000, key="")
    assert [type(e.event) for e in entries] == [BotAnswered, HandoffRequested, DraftWritten]
    (draft,) = waiting.drafts
    assert (draft.text, draft.origin, draft.intent) == (sensitive.draft, "assistant", "injury")


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


def test_what_an_agent_had_not_seen_is_still_owed_an_answer_when_they_return_it() -> None:
    c = begun(SAY)
    for command in (do.Claim(agent=ANNA), do.Reply(agent=ANNA, text="Anna here"), SAY):
        c, _ = record(c, decide(c, command), at=1, key="")
    seen = c.seq
    c, _ = record(c, decide(c, SAY), at=2, key="")
    back, _ = record(c, decide(c, do.ReturnToBot(agent=ANNA, seen=seen)), at=3, key="")
    assert back.pending == back.unanswered == (seen + 1,)
    assert back.unanswered_since is not None
    all_seen, _ = record(c, decide(c, do.ReturnToBot(agent=ANNA, seen=c.seq)), at=3, key="")
    assert all_seen.pending == all_seen.unanswered == ()
    assert all_seen.unanswered_since is None


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


def due(c: Conversation) -> int | None:
    return next_due(c, owner_check_ms=500)


def test_a_snooze_ends_when_its_time_comes() -> None:
    snoozed = IN[State.SNOOZED]
    assert due(snoozed) == 9_000
    assert decide(snoozed, do.LetTimePass(now=8_999)) == ()
    assert decide(snoozed, do.LetTimePass(now=9_000)) == (Woken(because="time"),)


def test_who_waits_is_due_at_once_and_then_whenever_the_step_says() -> None:
    waiting = IN[State.WAITING]
    assert due(waiting) == waiting.waiting_since
    for agents, rung, expected in [
        ((BEN,), "first", 70_000),
        ((), "first", 2_000),  # nobody could be asked: the clock keeps looking
        ((), "closed", 70_000),
    ]:
        assigned = Assigned(step=0, rung=rung, desk="slack", agents=agents, due=70_000)
        asked = after(waiting, do.Assign(assigned=assigned, epoch=waiting.epoch), at=2_000)
        assert due(asked) == expected


def test_a_test_conversation_is_nobodys_business_as_time_goes_by() -> None:
    test = after(Conversation(id="c"), do.Start(greeting="Hi", test=True), SAY, ASK)
    assert test.test
    assert test.state is State.WAITING
    assert due(test) is None


def test_a_step_and_what_the_customer_is_told_of_it_are_one() -> None:
    waiting = IN[State.WAITING]
    notice = NoticeShown(code="queue", text="You are number 2 in the queue.")
    assigned = Assigned(step=0, rung="first", desk="slack", agents=(BEN,), due=9)
    assign = do.Assign(assigned=assigned, epoch=waiting.epoch, notices=(notice,))
    assert decide(waiting, assign) == (assigned, notice)


def test_an_owner_is_looked_for_when_the_customer_has_waited_for_the_answer() -> None:
    human = after(IN[State.HUMAN], do.Reply(agent=ANNA, text="Hi"), at=3_000)
    assert due(human) is None
    assert due(after(human, SAY, at=4_000)) == 4_500
    # What was asked before they came counts from when they came.
    taken = after(IN[State.WAITING], do.Claim(agent=ANNA), at=50_000)
    assert due(taken) == 50_500


def test_what_the_customer_wanted_lately_is_remembered_without_repetitions() -> None:
    c = begun()
    for intent in ["a", "b", "a", None, "c", "d", "e", "f"]:
        c = after(c, do.Say(text="x", client_id="x"))
        reading = Reading(intent=intent)
        answer = do.Answer(in_reply_to=c.pending[0], epoch=0, messages=HELLO, reading=reading)
        c = after(c, answer)
    assert c.intents == ("a", "c", "d", "e", "f")


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
        decide(IN[State.HUMAN], do.ReturnToBot(agent=BEN))


def test_entries_and_state_survive_the_way_through_json() -> None:
    for conversation in IN.values():
        raw = msgspec.json.encode(conversation)
        assert msgspec.json.decode(raw, type=Conversation) == conversation
    for event in EXAMPLES.values():
        entry = Entry(seq=1, at=1, epoch=0, key="k", event=event)
        assert msgspec.json.decode(msgspec.json.encode(entry), type=Entry) == entry


def test_the_state_keeps_what_was_read_and_leaves_what_triage_saw_to_the_log() -> None:
    reading = Reading(intent="greet", confidence=0.9, turn=Seen(cues={"person": 0.1}))
    asked = begun(SAY)
    answer = do.Answer(in_reply_to=asked.pending[0], epoch=0, messages=HELLO, reading=reading)
    c = after(asked, answer)
    assert c.reading == Reading(intent="greet", confidence=0.9)


def test_a_log_from_before_triage_was_kept_can_be_read() -> None:
    old = b'{"kind":"bot_answered","messages":[],"in_reply_to":3,"reading":{"intent":"greet"}}'
    event = msgspec.json.decode(old, type=BotAnswered)
    assert event.reading == Reading(intent="greet", turn=None)
