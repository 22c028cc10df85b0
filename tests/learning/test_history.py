"""Conversations that were held elsewhere: three formats, and the log that each would have left."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import State
from bot.events import (
    AgentSpoke,
    BotAnswered,
    Claimed,
    Closed,
    CustomerSpoke,
    HandoffRequested,
    Labelled,
    Rated,
    ReturnedToBot,
    Started,
)
from bot.learning.history import (
    EARLIEST_MS,
    History,
    Line,
    NotAConversation,
    conversation_in,
    log_of,
)
from bot.store import work_after

T = 1_772_443_000_000

OURS: dict[str, Any] = {
    "id": "4711",
    "messages": [
        {
            "who": "customer",
            "text": "where is it??",
            "at": T,
            "intent": "parcel",
            "confidence": 0.4,
        },
        {"who": "bot", "text": "Which order?", "at": T + 1_000},
        {"who": "customer", "text": "a person pls", "at": "2026-03-02T09:30:00Z", "label": "human"},
        {"who": "agent", "agent": "Anna", "text": "Here I am.", "at": "2026-03-02T10:31:00+01:00"},
    ],
    "stars": 4,
}

RASA = {
    "sender_id": "jo",
    "events": [
        {"event": "action", "name": "action_session_start", "timestamp": T / 1000},
        {
            "event": "user",
            "text": "where is it??",
            "timestamp": T / 1000,
            "parse_data": {"intent": {"name": "parcel", "confidence": 0.4}},
        },
        {"event": "bot", "text": "Which order?", "timestamp": T / 1000 + 1},
        {"event": "user", "text": "/talk_to_human{}", "timestamp": T / 1000 + 2},
        {"event": "bot", "text": None, "data": {"image": "x"}, "timestamp": T / 1000 + 3},
    ],
}

CHATWOOT = {
    "id": 12,
    "messages": [
        {"message_type": 0, "content": "where is it??", "created_at": T // 1000, "sender": {}},
        {
            "message_type": 1,
            "content": "Which order?",
            "created_at": T // 1000 + 1,
            "sender_type": "AgentBot",
        },
        {"message_type": 2, "content": "Assigned to Anna", "created_at": T // 1000 + 2},
        {"message_type": 1, "content": "angry one", "private": True, "created_at": T // 1000 + 3},
        {
            "message_type": 1,
            "content": "<p>Here &amp; now.</p>",
            "created_at": T // 1000 + 4,
            "sender": {"name": "Anna Berg", "type": "user"},
        },
        {
            "message_type": 3,
            "content_type": "input_csat",
            "content": "How was it?",
            "created_at": T // 1000 + 5,
            "content_attributes": {
                "submitted_values": {"csat_survey_response": {"rating": 5}},
            },
        },
    ],
}


def test_our_own_format_has_everything() -> None:
    found = conversation_in(OURS)
    assert [(line.who, line.text) for line in found.lines] == [
        ("customer", "where is it??"),
        ("bot", "Which order?"),
        ("customer", "a person pls"),
        ("agent", "Here I am."),
    ]
    asked, answered = found.lines[2:]
    assert answered.at - asked.at == 60_000
    assert (found.lines[0].intent, found.lines[0].confidence, asked.label) == (
        "parcel",
        0.4,
        "human",
    )
    assert (found.id, found.stars, answered.agent) == ("4711", 4, "Anna")


def test_a_tracker_of_rasas_is_read_with_what_the_bot_understood() -> None:
    found = conversation_in(RASA)
    assert [line.text for line in found.lines] == ["where is it??", "Which order?", "talk to human"]
    assert (found.lines[0].intent, found.lines[0].at) == ("parcel", T)


def test_a_conversation_of_chatwoots_is_read_without_its_notes() -> None:
    for wrapped in (CHATWOOT, {"meta": {}, "payload": CHATWOOT["messages"], "id": 12}):
        found = conversation_in(wrapped)
        assert [(line.who, line.text, line.agent) for line in found.lines] == [
            ("customer", "where is it??", ""),
            ("bot", "Which order?", ""),
            ("agent", "Here & now.", "Anna Berg"),
        ]
        assert (found.id, found.stars, found.lines[0].at) == ("12", 5, T)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([1], "JSON list"),
        ({}, "missing required field `id`"),
        ({**OURS, "mesages": []}, "unknown field `mesages`"),
        ({**OURS, "stars": 6}, "stars are 1 to 5"),
        ({**OURS, "messages": []}, "no customer"),
        ({**OURS, "messages": [{"who": "me", "text": "x", "at": T}]}, "messages[0].who"),
        ({**OURS, "messages": [{"who": "bot", "text": "x", "at": T // 1000}]}, "no time in milli"),
        ({**OURS, "messages": [{"who": "bot", "text": "x", "at": "noon"}]}, "messages[0].at"),
        (
            {"sender_id": "jo", "events": [{"event": "user", "text": "x", "timestamp": "?"}]},
            "float",
        ),
        ({"sender_id": "", "events": RASA["events"]}, "an id has"),
        ({"id": 1, "messages": [{"message_type": 0, "content": "x", "created_at": "?"}]}, "iso"),
    ],
)
def test_what_is_wrong_is_named(found: object, says: str) -> None:
    with pytest.raises(NotAConversation, match="(?i)" + says.replace("[", r"\[")):
        conversation_in(found)


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (("sender_id",), "\ud83d", "half of a sign"),
        (("events", 1, "text"), "cut \ud83d", ""),
        (("events", 1, "parse_data", "intent", "name"), "\ud83d", "half of a sign"),
        (("events", 1, "parse_data", "intent", "name"), [], "an intent is a name"),
        (("events", 1, "parse_data", "intent", "name"), "x" * 81, "an intent is a name"),
        (("events", 1, "timestamp"), float("inf"), "infinity"),
        (("events", 1, "timestamp"), float("nan"), "NaN"),
        (("events", 1, "timestamp"), 1e30, "no time"),
        (("events", 1, "timestamp"), ["x"], "list"),
    ],
)
def test_what_an_attacker_put_there_is_named_or_harmless(
    at: tuple[str | int, ...], value: object, says: str
) -> None:
    """One such conversation ended the import of all."""
    tracker: Any = json.loads(json.dumps(RASA))
    place = tracker
    for step in at[:-1]:
        place = place[step]
    place[at[-1]] = value
    if says:
        with pytest.raises(NotAConversation, match=says):
            conversation_in(tracker)
    else:
        assert conversation_in(tracker).lines


@pytest.mark.parametrize("unit", ["<", "<a", "</", "<br", "&lt;"])
def test_html_without_end_keeps_nobody_waiting(unit: str) -> None:
    message = {"message_type": 0, "content": unit * 100_000, "created_at": T / 1000}
    began = time.process_time()
    assert conversation_in({"id": 1, "messages": [message]}).lines
    assert time.process_time() - began < 2


def test_the_log_is_what_would_have_been_written_here() -> None:
    after, entries = log_of(conversation_in(OURS), "c1", "old")
    assert [type(entry.event) for entry in entries] == [
        Started,
        CustomerSpoke,
        BotAnswered,
        CustomerSpoke,
        Labelled,
        HandoffRequested,
        Claimed,
        AgentSpoke,
        Closed,
        Rated,
    ]
    started, spoke, answered = (entry.event for entry in entries[:3])
    assert isinstance(started, Started)
    assert isinstance(spoke, CustomerSpoke)
    assert isinstance(answered, BotAnswered)
    assert started.source == "old"
    assert answered.in_reply_to == 2
    assert answered.reading is not None
    assert answered.reading.intent == "parcel"
    assert after.state is State.CLOSED
    assert after.seq == len(entries) == entries[-1].seq


def test_a_bot_that_speaks_after_a_person_got_the_conversation_back() -> None:
    lines = [Line(who=who, text=who, at=T) for who in ("customer", "agent", "bot", "agent")]
    _, entries = log_of(History(id="1", lines=tuple(lines)), "c1", "old")
    kinds = [type(entry.event) for entry in entries]
    assert kinds.count(ReturnedToBot) == 1
    assert kinds.count(HandoffRequested) == 2


LINES = st.builds(
    Line,
    who=st.sampled_from(["customer", "bot", "agent"]),
    text=st.text(min_size=1, max_size=20),
    at=st.integers(EARLIEST_MS, EARLIEST_MS * 2),
    agent=st.sampled_from(["", "Anna", "Ben"]),
    label=st.sampled_from([None, "refund"]),
)


@given(st.lists(LINES, max_size=12))
def test_any_order_of_lines_is_a_legal_log_that_asks_nobody_for_anything(lines: list[Line]) -> None:
    lines = [Line(who="customer", text="hi", at=EARLIEST_MS), *lines]
    after, entries = log_of(History(id="1", lines=tuple(lines)), "c1", "old")
    said = [e for e in entries if isinstance(e.event, CustomerSpoke | AgentSpoke | BotAnswered)]
    assert len(said) == len(lines)
    waiting = {name.value for name, due in work_after(after).items() if due is not None}
    assert waiting <= {"archive"}
