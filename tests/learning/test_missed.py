"""Which messages belong in the inbox, why, and what happened next. Pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.learning.missed import (
    DAY_MS,
    HALF_LIFE_DAYS,
    LONGEST,
    WEIGHTS,
    Label,
    Missed,
    Said,
    Story,
    Turn,
    helped,
    missed,
)
from bot.learning.review_shapes import AFTERWARDS, REASONS

READ = Turn("invoice", 0.9, 0.1, (("invoice", 0.9), ("delivery_time", 0.1)), "answered")
ASKED_BACK = replace(READ, intent="nlu_fallback", confidence=0.3, result="asked_back")


def customer(seq: int, text: str = "can you wrap it as a gift", turn: Turn | None = None) -> Said:
    return Said(seq, seq * 1000, "customer", text, turn=turn)


def bot(seq: int, text: str = "I am not sure what you mean.") -> Said:
    return Said(seq, seq * 1000, "bot", text)


def anna(seq: int, text: str = "Sure, that is 3 euros.") -> Said:
    return Said(seq, seq * 1000, "agent", text, agent="anna")


def only(story: Story) -> Missed:
    (one,) = missed(story)
    return one


def test_a_message_that_was_answered_is_not_missed() -> None:
    assert missed(Story("c", [customer(1, turn=READ), bot(2)])) == []


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        (ASKED_BACK, "not_placed"),
        (replace(ASKED_BACK, intent=None), "not_placed"),
        (replace(READ, result="asked_back", out_of_scope=0.8), "not_placed"),
        (replace(READ, result="asked_back"), "unsure"),
        (replace(READ, result="handed_off", handoff="clarifications_failed"), "not_placed"),
        (replace(READ, result="rated_low"), "rated_badly"),
        (replace(READ, result="escalated"), "escalated"),
    ],
)
def test_the_reason_follows_from_what_became_of_the_turn(turn: Turn, reason: str) -> None:
    assert only(Story("c", [customer(1, turn=turn), bot(2)])).reasons == (reason,)


@pytest.mark.parametrize("why", ["asked_for_human", "frustrated", "sensitive", "complaint"])
def test_who_asks_for_a_person_was_understood(why: str) -> None:
    turn = replace(READ, result="handed_off", handoff=why)
    assert missed(Story("c", [customer(1, turn=turn)])) == []


def test_the_score_from_which_a_message_is_strange_is_the_owners() -> None:
    turn = replace(READ, result="asked_back", out_of_scope=0.6)
    story = Story("c", [customer(1, turn=turn)])
    assert [one.reasons for one in missed(story, strange=0.7)] == [("unsure",)]
    assert [one.reasons for one in missed(story, strange=0.5)] == [("not_placed",)]


def test_an_agents_label_comes_first_and_brings_in_what_was_answered() -> None:
    label = Label(1, 9000, "gift_wrapping", True, "anna")
    one = only(Story("c", [customer(1, turn=READ), bot(2)], [label]))
    assert one.reasons == ("labelled",)
    assert one.label == label
    assert one.weight == 1.0
    one = only(Story("c", [customer(1, turn=ASKED_BACK), bot(2)], [label]))
    assert one.reasons == ("labelled", "not_placed")


def test_the_latest_label_of_a_message_counts() -> None:
    labels = [Label(1, at, intent, False, "anna") for at, intent in ((5, "a"), (6, "b"))]
    found = only(Story("c", [customer(1)], labels)).label
    assert found is not None
    assert found.intent == "b"


def test_what_a_person_answered_could_be_learned() -> None:
    one = only(Story("c", [customer(1), anna(2)]))
    assert one.reasons == ("answered_by_person",)
    assert (one.afterwards, one.reply, one.replied_by) == (
        "person_answered",
        "Sure, that is 3 euros.",
        "anna",
    )


@pytest.mark.parametrize(
    "said",
    [
        [customer(1, "yes please"), anna(2)],  # an answer to the person
        [customer(1)],  # nobody has answered yet
        [customer(1), customer(2, "yes"), anna(3)],  # the second was answered
        [customer(1), bot(2)],  # written by another bot; nothing is known of it
    ],
)
def test_other_talk_with_people_stays_out(said: list[Said]) -> None:
    assert missed(Story("c", said)) == []


@pytest.mark.parametrize("text", ["", "???", "10482", "👍", "a" * (LONGEST + 1)])
def test_what_is_no_example_stays_out(text: str) -> None:
    assert missed(Story("c", [customer(1, text, ASKED_BACK)])) == []


@pytest.mark.parametrize("turn", [{"pressed": True}, {"fills_form": True}])
def test_buttons_and_what_a_form_asked_for_stay_out(turn: dict[str, bool]) -> None:
    pressed = replace(ASKED_BACK, **turn)  # type: ignore[arg-type]
    assert missed(Story("c", [customer(1, turn=pressed)])) == []


@pytest.mark.parametrize(
    ("after", "asked", "afterwards"),
    [
        ([], [], "left"),
        ([bot(2)], [], "left"),
        ([bot(2), customer(3, "gift wrap!", READ)], [], "asked_again"),
        ([bot(2)], [3], "person_asked"),
        ([bot(2), customer(3, "person!", READ)], [5], "person_asked"),
        ([bot(2), anna(4)], [3], "person_answered"),
        ([anna(2)], [], "person_answered"),
        ([Said(2, 2000, "notice", "Somebody comes."), anna(3)], [2], "person_answered"),
        (
            [bot(2), customer(3, "hello", READ), bot(4), customer(5, "a person", READ), anna(9)],
            [8],
            "asked_again",
        ),
    ],
)
def test_what_happened_next(after: list[Said], asked: list[int], afterwards: str) -> None:
    story = Story("c", [customer(1, turn=ASKED_BACK), *after], asked_for_person=asked)
    assert missed(story)[0].afterwards == afterwards


def test_who_was_content_with_an_answer_that_an_agent_finds_wrong() -> None:
    label = Label(1, 9, "invoice", False, "anna")
    said = [customer(1, turn=READ), bot(2, "Here."), customer(3, "ok", READ)]
    assert only(Story("c", said, [label])).afterwards == "settled"


def test_every_code_has_words_and_a_weight() -> None:
    assert set(WEIGHTS) == set(REASONS)
    assert set(AFTERWARDS) >= {"left", "settled", "asked_again", "person_asked", "person_answered"}


# ------------------------------------------------------------------------------- customers helped

NOW = 100 * DAY_MS


def test_a_customer_counts_once_with_the_most() -> None:
    assert helped([("a", NOW, 0.6), ("a", NOW, 1.0), ("b", NOW, 1.0)], NOW) == pytest.approx(2.0)


def test_older_customers_count_less() -> None:
    half = NOW - int(HALF_LIFE_DAYS * DAY_MS)
    assert helped([("a", half, 1.0)], NOW) == pytest.approx(0.5)
    assert helped([("a", 0, 1.0)], NOW) < 0.11


def test_a_clock_that_was_set_back_makes_nobody_count_more() -> None:
    assert helped([("a", NOW + DAY_MS, 1.0)], NOW) == pytest.approx(1.0)


def test_nobody_asked() -> None:
    assert helped([], NOW) == 0.0
