"""Who may see what of a log."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from bot import wording
from bot.conversation import Conversation
from bot.events import (
    Agent,
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    BotAnswered,
    Claimed,
    CustomerSpoke,
    DraftDropped,
    DraftWritten,
    Entry,
    Event,
    Handoff,
    HandoffRequested,
    HeldDropped,
    Labelled,
    NoteWritten,
    Reading,
    ReplyHeld,
    Snoozed,
    Utterance,
)
from bot.transcript import (
    CUSTOMER_SEES,
    card,
    details,
    for_agent,
    for_assistant,
    for_customer,
    why,
)
from bot.transcript_text import as_text
from tests.every_state import EXAMPLES, IN, PHOTO

ANNA = Agent(login="anna@work", name="Anna")
HERE = Conversation(id="c")


def entry(seq: int, event: Event) -> Entry:
    return Entry(seq=seq, at=1_000 + seq, epoch=2, key="say:c-1", event=event)


@pytest.mark.parametrize(
    "event",
    [
        NoteWritten(agent=ANNA, text="psst"),
        Snoozed(agent=ANNA, until=5),
        ReplyHeld(agent=ANNA, text="psst"),
        DraftWritten(text="psst", in_reply_to=3, origin="assistant"),
        Assigned(step=1, rung="first", desk="slack", agents=(ANNA,)),
        Labelled(agent=ANNA, of=3, intent="hours"),
    ],
)
def test_internal_events_never_reach_the_customer(event: Event) -> None:
    assert for_customer(entry(1, event), HERE) is None


def test_what_a_new_kind_of_event_shows_to_customers_is_nothing_until_somebody_decides() -> None:
    assert set(CUSTOMER_SEES) < set(get_args(Event))


def test_a_customer_sees_an_agents_name_and_not_the_login() -> None:
    for event in (Claimed(agent=ANNA), AgentSpoke(agent=ANNA, text="Hi")):
        view = for_customer(entry(4, event), HERE)
        assert view is not None
        assert view["agent"] == {"name": "Anna"}
        assert (view["seq"], view["at"]) == (4, 1_004)


def test_a_customer_sees_the_bots_words_and_not_its_reading() -> None:
    answered = BotAnswered(
        messages=(Utterance(text="Hello"),), in_reply_to=3, reading=Reading(intent="greet")
    )
    view = for_customer(entry(5, answered), HERE)
    assert view == {
        "seq": 5,
        "at": 1_005,
        "kind": "bot_answered",
        "messages": ({"text": "Hello", "buttons": (), "image": None},),
        "in_reply_to": 3,
    }


def test_an_agent_sees_everything() -> None:
    handoff = Handoff(reason="frustrated", reasons=("frustration 0.91, rising",))
    view = for_agent(entry(6, HandoffRequested(handoff=handoff, in_reply_to=3)))
    assert view["kind"] == "handoff_requested"
    assert view["handoff"]["reasons"] == ("frustration 0.91, rising",)
    assert (view["epoch"], view["in_reply_to"]) == (2, 3)


@pytest.mark.parametrize("reason", wording.REASONS)
def test_every_reason_for_a_hand_off_has_words(reason: str) -> None:
    assert why(Conversation(id="c", handoff=Handoff(reason=reason))) == [wording.REASONS[reason]]


def test_a_card_says_why_who_and_how_the_customer_feels() -> None:
    shown: dict[str, Any] = card(
        Conversation(
            id="c",
            owner=ANNA,
            preview="where is it??",
            handoff=Handoff(reason="frustrated", reasons=("frustration 0.91",), skill="returns"),
            reading=Reading(frustration=0.91, sentiment=-0.6, slots={"email": "jo@example.com"}),
        )
    )
    assert shown["reasons"] == ["frustration 0.91"]
    assert shown["customer"] == {"email": "jo@example.com"}
    assert (shown["frustration"], shown["sentiment"], shown["skill"]) == (0.91, -0.6, "returns")
    assert shown["owner"] == {"login": "anna@work", "name": "Anna"}


def test_the_assistant_is_told_the_human_stretch_less_what_it_is_about_to_answer() -> None:
    log = [
        entry(1, CustomerSpoke(text="before", client_id="c-1")),
        entry(2, AgentSpoke(agent=ANNA, text="Hi")),
        entry(3, NoteWritten(agent=ANNA, text="psst")),
        entry(4, CustomerSpoke(text="thanks", client_id="c-2")),
        entry(5, CustomerSpoke(text="next question", client_id="c-3")),
    ]
    assert for_assistant(log, after=1, pending=[5]) == [
        {"seq": 2, "who": "agent", "text": "Hi"},
        {"seq": 4, "who": "customer", "text": "thanks"},
    ]


def test_a_file_without_a_word_is_told_to_the_assistant_by_its_name() -> None:
    log = [
        entry(2, CustomerSpoke(text="", client_id="c-1", files=(PHOTO,))),
        entry(3, AgentSpoke(agent=ANNA, text="", files=(PHOTO, PHOTO))),
    ]
    texts = [line["text"] for line in for_assistant(log, after=1, pending=[])]
    assert texts == ["[file: tent.jpg]", "[file: tent.jpg], [file: tent.jpg]"]


def test_of_a_message_that_was_taken_back_no_wording_reaches_the_customer() -> None:
    said = entry(4, AgentSpoke(agent=ANNA, text="SECRET one", files=(PHOTO,)))
    edited = entry(5, AgentEdited(agent=ANNA, of=4, text="SECRET two"))
    gone = entry(6, AgentRetracted(agent=ANNA, of=4))
    now = Conversation(id="c", retracted=(4,))
    views = [for_customer(one, now) for one in (said, edited, gone)]
    assert "SECRET" not in str(views)
    assert "tent.jpg" not in str(views)
    assert [view and view.get("gone") for view in views] == [True, None, None]
    before = for_customer(said, HERE)
    assert before is not None
    assert before["files"][0]["name"] == "tent.jpg"


def test_a_desks_card_has_scores_intents_slots_and_order() -> None:
    ranking = tuple({"name": f"i{n}", "confidence": 0.5 - n / 10} for n in range(5))
    reading = Reading(
        intent="i0",
        confidence=0.5,
        ranking=ranking,
        out_of_scope=0.4,
        slots={"order_number": "NL-10482"},
    )
    shown = details(Conversation(id="c", reading=reading))
    assert shown["scores"]["out_of_scope"] == 0.4
    assert [one["name"] for one in shown["top_intents"]] == ["i0", "i1", "i2"]
    assert shown["order"] == "NL-10482"
    blank = details(HERE)
    assert (blank["scores"], blank["top_intents"], blank["order"]) == ({}, [], None)


def test_the_assistant_is_told_what_agents_say_now_and_not_what_they_took_back() -> None:
    log = [
        entry(1, AgentSpoke(agent=ANNA, text="It is blue")),
        entry(2, AgentSpoke(agent=ANNA, text="or was it")),
        entry(3, AgentEdited(agent=ANNA, of=1, text="It is green")),
        entry(4, AgentRetracted(agent=ANNA, of=2)),
    ]
    assert for_assistant(log, after=0, pending=[]) == [
        {"seq": 1, "who": "agent", "text": "It is green"}
    ]


def test_the_transcript_as_text_says_who_why_and_what_was_said_line_by_line() -> None:
    c = Conversation(
        id="c-17",
        opened_at=1_700_000_000_000,
        handoff=Handoff(reason="frustrated", reasons=("frustration 0.91",)),
        reading=Reading(slots={"name": "Jo", "order_number": "NL-10482"}),
    )
    log = [
        entry(1, CustomerSpoke(text="where\nis it", client_id="c-1", files=(PHOTO,))),
        entry(2, AgentSpoke(agent=ANNA, text="In Oslo")),
        entry(3, NoteWritten(agent=ANNA, text="angry")),
        entry(4, AgentEdited(agent=ANNA, of=2, text="In Bergen")),
    ]
    assert as_text(log, c).splitlines() == [
        "Conversation: c-17",
        "Opened: 2023-11-14 22:13:20 UTC",
        "Customer: Jo",
        "Order: NL-10482",
        "Why a person: frustration 0.91",
        "",
        "-- 1970-01-01 --",
        "00:00:01  Customer: where",
        "          is it",
        "          [file: tent.jpg, 48,211 bytes]",
        "00:00:01  Anna (edited): In Bergen",
        "00:00:01  Anna (note): angry",
    ]


@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: kind.__name__)
def test_every_kind_of_event_has_a_line_of_text_or_shows_where_it_belongs(kind: type[Any]) -> None:
    quiet = {AgentEdited, AgentRetracted, HeldDropped, DraftDropped}
    text = as_text([entry(7, EXAMPLES[kind])], next(iter(IN.values())))
    assert ("\n00:00:01" in text) == (kind not in quiet)
