"""What a log says for the archive: verdicts and durations, line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.talks import Talk
from bot import commands as do
from bot.events import Agent, File, Handoff, Reading
from bot.learning.facts import Facts, facts_of

ANNA = Agent(login="anna", name="Anna")
BEN = Agent(login="ben", name="Ben")
ORDER = Reading(intent="order_status", confidence=0.9)
UNSURE = Reading(intent="nlu_fallback", confidence=0.4, out_of_scope=0.8, outcome="clarify")
ASKED = Handoff(reason="asked_for_human", reasons=("asked for a person",))
MIN = 60_000


@pytest.fixture
def talk() -> Talk:
    return Talk("t1", 1_000_000)


def facts(talk: Talk) -> Facts:
    found = facts_of(talk.state.id, talk.entries)
    assert found is not None
    return found


def of(talk: Talk, *names: str) -> tuple[Any, ...]:
    row = facts(talk).conversation
    return tuple(row[name] for name in names)


def results(talk: Talk) -> list[str]:
    return [turn["result"] for turn in facts(talk).turns]


def test_an_open_widget_counts_nowhere(talk: Talk) -> None:
    assert facts_of("t1", talk.entries) is None
    assert facts_of("t1", []) is None


def test_a_test_counts_nowhere() -> None:
    talk = Talk("t2", 1_000, test=True)
    talk.say("hello")
    assert facts_of("t2", talk.entries) is None


def test_it_begins_with_the_first_message_and_not_with_the_widget(talk: Talk) -> None:
    talk.say("hello", after=MIN)
    assert of(talk, "started_at") == (1_000_000 + MIN,)


def test_what_the_bot_answered_alone_is_contained(talk: Talk) -> None:
    talk.say("where is my order?")
    talk.answer("On its way.", ORDER, after=300)
    assert of(talk, "result", "contained", "handoffs") == ("contained", 1, 0)
    assert results(talk) == ["answered"]


@pytest.mark.parametrize("last", ["silence", "asking back", "nothing said"])
def test_a_customer_whose_last_message_got_no_answer_was_not_served(last: str, talk: Talk) -> None:
    talk.say("where is my order?")
    talk.answer("On its way.", ORDER)
    talk.say("and what about the moon?")
    if last == "asking back":
        talk.answer("What do you mean?", UNSURE)
    elif last == "nothing said":
        talk.answer("", ORDER)
    assert of(talk, "result", "contained") == ("left", 0)


def test_a_hand_off_is_not_contained_even_when_the_customer_goes_back(talk: Talk) -> None:
    talk.say("a person please")
    talk.answer("I'll fetch one.", ORDER, handoff=ASKED)
    talk.do(do.Stay())
    talk.say("where is my order?")
    talk.answer("On its way.", ORDER)
    assert of(talk, "result", "first_reason") == ("handed_off", "asked_for_human")


def test_an_agent_who_comes_by_themselves_is_a_person_too(talk: Talk) -> None:
    talk.say("where is my order?")
    talk.claim(ANNA)
    assert of(talk, "result", "handoffs", "agent", "wait_ms") == ("handed_off", 0, "anna", None)


def test_waiting_ends_with_the_claim_and_the_first_word_is_another_figure(talk: Talk) -> None:
    talk.say("a person please")
    talk.answer("I'll fetch one.", ORDER, handoff=ASKED, after=200)
    talk.claim(ANNA, after=2 * MIN)
    talk.reply(ANNA, "Hello!", after=MIN)
    assert of(talk, "wait_ms", "person_response_ms") == (2 * MIN, 3 * MIN)
    (handoff,) = facts(talk).handoffs
    assert (handoff["claimed_by"], handoff["wait_ms"]) == ("anna", 2 * MIN)
    assert handoff["answered_at"] == talk.at


def test_nobody_came(talk: Talk) -> None:
    talk.say("a person please")
    talk.answer("I'll fetch one.", ORDER, handoff=ASKED)
    talk.close(None, "left", after=9 * MIN)
    assert of(talk, "wait_ms", "person_response_ms", "closed_at") == (None, None, talk.at)


def test_who_came_after_the_customer_had_gone_back_does_not_end_that_wait(talk: Talk) -> None:
    talk.say("a person please")
    talk.answer("I'll fetch one.", ORDER, handoff=ASKED)
    talk.do(do.Stay())
    talk.say("hm")
    talk.answer("", ORDER, handoff=Handoff(reason="repeated"), after=5 * MIN)
    talk.claim(BEN, after=MIN)
    first, second = facts(talk).handoffs
    assert (first["claimed_at"], first["wait_ms"]) == (None, None)
    assert (second["reason"], second["claimed_by"], second["wait_ms"]) == ("repeated", "ben", MIN)


def test_the_first_response_is_whoevers_comes_first_but_not_the_greeting(talk: Talk) -> None:
    talk.say("hello")
    talk.answer("Hi!", ORDER, after=250)
    assert of(talk, "first_response_ms") == (250,)


def test_resolution_runs_to_the_last_closing_and_not_while_it_is_open_again(talk: Talk) -> None:
    talk.say("help")
    talk.answer("", ORDER, handoff=ASKED)
    talk.claim(ANNA, after=MIN)
    talk.close(ANNA, "resolved", after=MIN)
    assert of(talk, "resolution_ms", "outcome") == (2 * MIN, "resolved")
    talk.say("it broke again", after=MIN)
    assert of(talk, "resolution_ms", "outcome", "closed_at") == (None, "", None)
    talk.claim(ANNA)
    talk.close(ANNA, "refunded", after=MIN)
    assert of(talk, "resolution_ms", "outcome") == (4 * MIN, "refunded")


def test_without_a_closing_what_the_bot_solved_ended_with_its_last_answer(talk: Talk) -> None:
    talk.say("where is it?")
    talk.answer("On its way.", ORDER, after=500)
    assert of(talk, "resolution_ms", "closed_at") == (500, None)


def test_a_clock_that_was_set_back_makes_no_negative_duration(talk: Talk) -> None:
    talk.say("a person please")
    talk.answer("I'll fetch one.", ORDER, handoff=ASKED, after=-5 * MIN)
    talk.claim(ANNA, after=-5 * MIN)
    talk.reply(ANNA, "Hello", after=-5 * MIN)
    talk.close(ANNA, "resolved", after=-MIN)
    names = ("first_response_ms", "wait_ms", "person_response_ms", "resolution_ms")
    assert of(talk, *names) == (0, 0, 0, 0)
    assert facts(talk).handoffs[0]["wait_ms"] == 0


# ------------------------------------------------------------------------ what became of a turn


def test_a_turn_that_asked_back_or_gave_up_did_not_serve(talk: Talk) -> None:
    talk.say("the moon")
    talk.answer("What do you mean?", UNSURE)
    talk.say("THE MOON")
    talk.answer("I'll fetch someone.", UNSURE, handoff=Handoff(reason="clarifications_failed"))
    assert results(talk) == ["asked_back", "gave_up"]


def test_an_answer_after_which_the_customer_wants_a_person_did_not_serve(talk: Talk) -> None:
    talk.say("where is my order?")
    talk.answer("On its way.", ORDER)
    talk.say("no, a person!")
    talk.answer("", ORDER, handoff=ASKED)
    assert results(talk) == ["escalated", "passed_on"]


def test_so_with_the_button_beside_it_but_not_with_one_much_later(talk: Talk) -> None:
    talk.say("where is my order?")
    talk.answer("On its way.", ORDER)
    talk.say("how long are you open?")
    talk.answer("Till five.", ORDER)
    talk.do(do.AskForPerson(handoff=ASKED))
    assert results(talk) == ["escalated", "escalated"]
    later = Talk("t2", 0)
    for text in ("one", "two", "three"):
        later.say(text)
        later.answer("Yes.", ORDER)
    later.do(do.AskForPerson(handoff=ASKED))
    assert results(later) == ["answered", "escalated", "escalated"]


def test_a_label_says_more_than_all_else(talk: Talk) -> None:
    seq = talk.say("where is my order?")
    talk.answer("On its way.", ORDER)
    talk.do(do.Label(agent=ANNA, of=seq, intent="refund_status"))
    assert results(talk) == ["labelled"]
    assert facts(talk).turns[0]["label"] == "refund_status"
    (label,) = facts(talk).labels
    assert (label["of"], label["intent"], label["new"], label["agent"]) == (
        seq, "refund_status", 0, "anna",
    )  # fmt: skip


def test_the_last_answer_before_a_low_rating_did_not_serve(talk: Talk) -> None:
    talk.say("where is my order?")
    talk.answer("On its way.", ORDER)
    talk.say("and the other?")
    talk.answer("On its way.", ORDER)
    talk.close(None, "left")
    talk.rate(1)
    assert results(talk) == ["answered", "rated_low"]
    assert of(talk, "rating") == (1,)
    talk.rate(5)
    assert of(talk, "rating") == (5,)


def test_an_answer_that_came_too_late_is_one_turn_and_what_was_said_last_of_it(talk: Talk) -> None:
    seq = talk.say("where is my order?")
    before = talk.state.epoch
    talk.do(do.AskForPerson(handoff=ASKED))
    talk.answer("On its way.", ORDER, to=seq, epoch=before)
    assert results(talk) == ["dropped"]
    talk.do(do.Stay())
    talk.answer("On its way.", ORDER, to=seq)
    (turn,) = facts(talk).turns
    assert (turn["seq"], turn["dropped"], turn["answer"]) == (seq, 0, "On its way.")


def test_a_turn_keeps_what_was_read_and_the_button_that_was_pressed(talk: Talk) -> None:
    ranked = Reading(
        intent="order_status",
        confidence=0.9,
        ranking=({"name": "order_status", "confidence": 0.9},),
        reasons=("sure enough",),
        slots={"order_number": "NL-10482"},
        language="no",
    )
    talk.say("hvor er pakken")
    talk.answer("Her.", ranked)
    (turn,) = facts(talk).turns
    assert json.loads(turn["ranking"]) == [{"name": "order_status", "confidence": 0.9}]
    assert json.loads(turn["reasons"]) == ["sure enough"]
    assert json.loads(turn["reading"])["slots"] == {"order_number": "NL-10482"}
    assert (turn["payload"], of(talk, "language")) == ("", ("no",))


# ---------------------------------------------------------------------------------- messages


def test_messages_read_as_they_do_now(talk: Talk) -> None:
    talk.do(do.Say(text="", client_id="c", files=(_file("bill.pdf"),)))
    talk.do(do.AskForPerson(handoff=ASKED))
    kept = talk.reply(ANNA, "Helo")
    gone = talk.reply(ANNA, "my password is rosebud")
    talk.do(do.Note(agent=BEN, text="be nice"))
    talk.do(do.Edit(agent=ANNA, of=kept, text="Hello"))
    talk.do(do.Retract(agent=ANNA, of=gone))
    said = [(m["who"], m["agent"], m["text"]) for m in facts(talk).messages]
    assert said[0] == ("bot", "", "Hello, I am a bot.")
    assert said[1] == ("customer", "", "bill.pdf")
    assert said[2][0] == "notice"
    assert said[3:] == [
        ("agent", "anna", "Hello"),
        ("agent", "anna", ""),
        ("note", "ben", "be nice"),
    ]
    assert [(p["agent"], p["name"]) for p in facts(talk).people] == [("anna", "Anna")]


def _file(name: str) -> File:
    return File(id="f1", name=name, type="application/pdf", size=1)


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        ("asked_for_human", "passed_on"),
        ("complaint", "passed_on"),
        ("sensitive", "passed_on"),
        ("business_lead", "passed_on"),
        ("frustrated", "gave_up"),
        ("repeated", "gave_up"),
        ("form_failed", "gave_up"),
        ("assistant_unavailable", "gave_up"),
    ],
)
def test_a_hand_off_that_the_owner_wants_is_no_failure(
    reason: str, result: str, talk: Talk
) -> None:
    talk.say("where is my order?")
    talk.answer("", ORDER, handoff=Handoff(reason=reason))
    assert results(talk) == [result]


def test_a_rating_that_was_changed_counts_as_it_is_now(talk: Talk) -> None:
    talk.say("where is my order?")
    talk.answer("On its way.", ORDER)
    talk.close(None, "left")
    talk.rate(1)
    assert results(talk) == ["rated_low"]
    talk.rate(4)
    assert results(talk) == ["answered"]


def test_a_low_rating_after_a_persons_words_is_not_the_bots(talk: Talk) -> None:
    talk.say("where is my order?")
    talk.answer("On its way.", ORDER)
    talk.claim(ANNA)
    talk.reply(ANNA, "No, it is lost.")
    talk.close(ANNA, "resolved")
    talk.rate(1)
    assert results(talk) == ["answered"]
