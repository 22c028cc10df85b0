"""The customer's API over a real socket, against a real Redis."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx
import pytest
import redis as sync_redis

from bot.store import TYPING
from bot.web import chat
from tests.customer import Customer, answered
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant, hands_off, says, until


def test_a_customer_is_greeted_by_a_bot_that_says_so_and_is_answered(customer: Customer) -> None:
    customer.say("where is my order?")
    log = customer.log(answered(1))
    assert [e["kind"] for e in log] == [
        "started",
        "bot_answered",
        "customer_spoke",
        "bot_answered",
    ]
    assert "bot" in log[1]["messages"][0]["text"]
    assert log[3]["messages"][0]["text"] == "echo: where is my order?"
    assert log[3]["in_reply_to"] == log[2]["seq"]


def test_a_message_sent_twice_is_stored_once(customer: Customer) -> None:
    first = customer.post("/messages", text="hi", client_id="client-id-1").json()
    again = customer.post("/messages", text="hi", client_id="client-id-1").json()
    assert first == {"seq": first["seq"], "duplicate": False}
    assert again == {"seq": first["seq"], "duplicate": True}
    log = customer.log(answered(1))
    assert sum(e["kind"] == "customer_spoke" for e in log) == 1


def test_a_stream_resumes_without_gap_or_double(customer: Customer) -> None:
    for n in range(5):
        customer.say(f"message {n}")
    whole = customer.log(answered(5))
    end = whole[-1]["seq"]
    for cut in range(len(whole) - 1):
        rest = customer.log(lambda log: log[-1]["seq"] == end, after=whole[cut]["seq"])
        assert whole[: cut + 1] + rest == whole


def test_messages_are_answered_in_the_order_in_which_they_were_written(
    customer: Customer, assistant: ScriptedAssistant
) -> None:
    assistant.delay = 0.05
    for n in range(6):
        customer.say(f"message {n}")
    log = customer.log(answered(6))
    texts = [e["messages"][0]["text"] for e in log if e["kind"] == "bot_answered"][1:]
    assert texts == [f"echo: message {n}" for n in range(6)]
    assert [turn["text"] for turn in assistant.turns] == [f"message {n}" for n in range(6)]


def test_a_hand_off_brings_the_customer_into_the_queue_and_stay_takes_them_out(
    customer: Customer, assistant: ScriptedAssistant
) -> None:
    assistant.on("human", hands_off())
    customer.say("human")
    with customer.listening() as events:
        states = (data for name, data in events if name == "state")
        waiting = next(s for s in states if s["state"] == "waiting")
        assert waiting["position"] == 1
        assert customer.post("/stay").status_code == 202
        assert next(s for s in states if s["state"] == "bot")["position"] is None
    customer.say("hello again")
    kinds = [e["kind"] for e in customer.log(answered(2))]
    # The customer may have been told how things stand meanwhile.
    assert [kind for kind in kinds if kind != "notice"][-4:] == [
        "handoff_requested",
        "returned_to_bot",
        "customer_spoke",
        "bot_answered",
    ]


def test_asking_for_a_person_from_the_menu_works_without_the_assistant(
    customer: Customer, assistant: ScriptedAssistant
) -> None:
    assistant.hold()
    customer.say("hm")
    assert customer.post("/handoff").status_code == 202
    log = customer.log(lambda log: log[-1]["kind"] == "notice")
    kinds = [e["kind"] for e in log]
    assert kinds[kinds.index("handoff_requested") + 1] == "notice"
    assistant.release()


def test_the_reason_the_reading_and_notes_are_not_for_customers(
    customer: Customer, assistant: ScriptedAssistant
) -> None:
    assistant.on("human", hands_off())
    customer.say("human")
    raw = json.dumps(customer.log(lambda log: log[-1]["kind"] == "handoff_requested"))
    for secret in ("reason", "confidence", "frustration", "summary", "epoch"):
        assert secret not in raw


def test_buttons_are_offered_and_only_offered_ones_are_taken(
    customer: Customer, assistant: ScriptedAssistant
) -> None:
    assistant.on("cancel", says("Sure?", buttons=[("Yes", "/affirm"), ("No", "/deny")]))
    customer.say("cancel")
    log = customer.log(answered(1))
    assert log[-1]["messages"][0]["buttons"][0] == {"title": "Yes", "payload": "/affirm"}
    refused = customer.post("/messages", text="x", payload="/restart")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "payload_not_offered")
    customer.say("Yes", payload="/affirm")
    customer.log(answered(2))
    assert assistant.turns[-1]["payload"] == "/affirm"


def test_a_closed_chat_can_be_rated_and_writing_again_opens_it(customer: Customer) -> None:
    customer.say("hi")
    customer.log(answered(1))
    early = customer.post("/rating", stars=5)
    assert (early.status_code, early.json()["error"]["code"]) == (409, "not_closed")
    assert customer.post("/end").status_code == 202
    assert customer.post("/rating", stars=4, comment=" fine ").status_code == 202
    assert customer.post("/rating", stars=9).status_code == 400
    customer.say("one more thing")
    log = customer.log(answered(2))
    assert [e["kind"] for e in log][-5:] == [
        "closed",
        "rated",
        "reopened",
        "customer_spoke",
        "bot_answered",
    ]
    assert (log[-4]["stars"], log[-4]["comment"]) == (4, "fine")


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("", 422, "text_empty"),
        ("  \n\t ", 422, "text_empty"),
        ("\x00\x01\x02", 422, "text_empty"),
        ("x" * 4_001, 413, "text_too_long"),
        ("x" * 100_000, 413, "text_too_long"),
        (17, 400, "bad_request"),
    ],
    ids=["empty", "blank", "only control characters", "too long", "100 kB", "no text"],
)
def test_a_bad_message_is_refused_with_words_that_help(
    customer: Customer, text: Any, status: int, code: str
) -> None:
    response = customer.post("/messages", text=text)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["message"].endswith(".")


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00binary", b"not json", b"[]", b"{}", b""])
def test_a_body_that_is_no_message_is_refused(customer: Customer, raw: bytes) -> None:
    response = customer.http.post("/messages", content=raw)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "\u202eright to left\u202c \u0645\u0631\u062d\u0628\u0627",
        "\U0001f469\u200d\U0001f680\U0001fae8 emoji",
        "{{7*7}} ${x} %s \\ \" '",
        "data: x\n\nevent: log\nid: 99",
    ],
    ids=["script", "rtl", "emoji", "templates", "stream syntax"],
)
def test_odd_text_arrives_as_it_was_written(
    customer: Customer, assistant: ScriptedAssistant, text: str
) -> None:
    customer.say(text)
    log = customer.log(answered(1))
    assert log[-2]["text"] == text
    assert assistant.turns[-1]["text"] == text


def test_control_characters_are_taken_out_and_line_ends_are_evened(customer: Customer) -> None:
    customer.say(" a\x00b\x1b[31m\r\nc ")
    assert customer.log(answered(1))[-2]["text"] == "ab[31m\nc"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer forged", "Basic abc", "Bearer a.b.c"])
def test_a_missing_or_forged_session_is_refused(customer: Customer, header: str) -> None:
    customer.http.headers["Authorization"] = header
    for response in (
        customer.post("/messages", text="hi"),
        customer.http.get("/events"),
        customer.post("/handoff"),
        customer.post("/typing"),
    ):
        assert (response.status_code, response.json()["error"]["code"]) == (401, "session_invalid")


def test_a_session_is_for_its_own_conversation_and_origin_only(gateway: RunningGateway) -> None:
    with closing(Customer(gateway, Origin=gateway.url).http) as shop:
        shop.headers["Origin"] = "https://evil.example"
        elsewhere = shop.post("/messages", json={"client_id": "client-id-1", "text": "hi"})
    assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (403, "origin_not_allowed")
    assert "DESKHAND_ORIGINS" in elsewhere.json()["error"]["hint"]


def test_an_old_token_continues_the_same_conversation(
    customer: Customer, gateway: RunningGateway
) -> None:
    again = customer.http.post("/session", json={"token": customer.session["token"]}).json()
    assert again["conversation"] == customer.session["conversation"]
    forged = customer.http.post("/session", json={"token": "forged"}).json()
    assert forged["conversation"] != customer.session["conversation"]


def test_a_site_that_the_operator_allows_gets_cors_headers_and_no_other(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Any
) -> None:
    shop = "https://shop.example"
    with RunningGateway(
        redis_url, assistant.url, assistant.token, tmp_path, origins=frozenset({shop})
    ) as gateway:
        for origin, allowed in ((shop, True), ("https://evil.example", False)):
            answer = httpx.post(
                f"{gateway.url}/api/chat/session",
                json={},
                headers={"Origin": origin},
                trust_env=False,
            )
            assert (answer.status_code == 200) is allowed
            assert (answer.headers.get("access-control-allow-origin") == origin) is allowed


def test_a_flood_is_slowed_down_with_the_time_to_wait(
    redis_url: str,
    assistant: ScriptedAssistant,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A slow machine, too, says them faster than it may.
    monkeypatch.setattr(chat, "PER_SESSION", replace(chat.PER_SESSION, per_second=0.001))
    with RunningGateway(
        redis_url, assistant.url, assistant.token, tmp_path, messages_per_minute=60
    ) as gateway:
        customer = Customer(gateway)
        answers = [customer.post("/messages", text="hi") for _ in range(40)]
        customer.http.close()
        assert {a.status_code for a in answers} == {202, 429}
        assert int(answers[-1].headers["Retry-After"]) >= 1


def test_who_has_spoken_is_not_shown_as_typing_any_more(
    customer: Customer, gateway: RunningGateway, redis_url: str
) -> None:
    conversation = customer.session["conversation"]
    assert customer.post("/typing").status_code == 204
    with sync_redis.Redis.from_url(redis_url) as client:
        key = TYPING.format(conversation, "customer")
        assert client.exists(key)
        customer.say("hi")
        assert not client.exists(key)


def test_unknown_paths_answer_in_the_same_shape_as_everything(gateway: RunningGateway) -> None:
    response = httpx.get(f"{gateway.url}/nowhere", trust_env=False)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "http_404")


def test_health_names_the_parts(gateway: RunningGateway) -> None:
    def ready() -> bool:
        health = httpx.get(f"{gateway.url}/healthz", trust_env=False).json()
        return bool(health["gateway"] == health["assistant"] == "ready")

    until(ready, what="the assistant's being ready")
