"""Who may see what of a log."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from bot import wording
from bot.conversation import Conversation
from bot.events import (
    Agent,
    AgentSpoke,
    BotAnswered,
    Claimed,
    CustomerSpoke,
    Entry,
    Event,
    Handoff,
    HandoffRequested,
    NoteWritten,
    Reading,
    Snoozed,
    Utterance,
)
from bot.transcript import CUSTOMER_SEES, card, for_agent, for_assistant, for_customer, why

ANNA = Agent(login="anna@work", name="Anna")


def entry(seq: int, event: Event) -> Entry:
    return Entry(seq=seq, at=1_000 + seq, epoch=2, key="say:c-1", event=event)


@pytest.mark.parametrize(
    "event",
    [NoteWritten(agent=ANNA, text="psst"), Snoozed(agent=ANNA, until=5)],
)
def test_internal_events_never_reach_the_customer(event: Event) -> None:
    assert for_customer(entry(1, event)) is None


def test_what_a_new_kind_of_event_shows_to_customers_is_nothing_until_somebody_decides() -> None:
    assert set(CUSTOMER_SEES) < set(get_args(Event))


def test_a_customer_sees_an_agents_name_and_not_the_login() -> None:
    for event in (Claimed(agent=ANNA), AgentSpoke(agent=ANNA, text="Hi")):
        view = for_customer(entry(4, event))
        assert view is not None
        assert view["agent"] == {"name": "Anna"}
        assert (view["seq"], view["at"]) == (4, 1_004)


def test_a_customer_sees_the_bots_words_and_not_its_reading() -> None:
    answered = BotAnswered(
        messages=(Utterance(text="Hello"),), in_reply_to=3, reading=Reading(intent="greet")
    )
    view = for_customer(entry(5, answered))
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
