"""What an attacker tried once and must not try with success again."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.web import chat
from bot.web.chat import UPLOADS_PER_ADDRESS
from bot.web.files import UPLOADS, UPLOADS_AT_ONCE_PER_ADDRESS
from tests.customer import Customer, answered
from tests.gateway import RunningGateway
from tests.polling import soon
from tests.scripted_assistant import ScriptedAssistant


def test_an_endless_header_is_cut_off_and_others_are_served(gateway: RunningGateway) -> None:
    with closing(socket.create_connection(("127.0.0.1", gateway.port), timeout=10)) as attacker:
        attacker.sendall(b"GET / HTTP/1.1\r\nX: ")
        with pytest.raises(OSError):  # noqa: PT012 (reset or broken pipe, after a few sends)
            for _ in range(2_000):
                attacker.sendall(b"a" * 65_536)
    assert httpx.get(f"{gateway.url}/healthz", trust_env=False).status_code == 200


def test_line_ends_of_unicode_do_not_break_a_stream(customer: Customer) -> None:
    text = "pasted:\u2028second\u2029third\x85line"
    customer.say(text)
    assert customer.log(answered(1))[-2]["text"] == text.replace("\x85", "")


@pytest.mark.parametrize("text", ["\u200b", "\u202e", "\ufeff\u2060", "\u00a0\u3000"])
def test_a_message_that_nobody_can_see_is_empty(customer: Customer, text: str) -> None:
    answer = customer.post("/messages", text=text)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "text_empty")


@pytest.mark.parametrize("path", ["/api/chat/session", "/api/desk/login"])
@pytest.mark.parametrize("origin", ["http://[", "null", "http://evil.example", "x"])
def test_an_origin_that_is_not_ours_is_refused_in_words(
    gateway: RunningGateway, path: str, origin: str
) -> None:
    answer = httpx.post(
        gateway.url + path,
        json={"login": "a", "password": "b"},
        headers={"Origin": origin},
        trust_env=False,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")


def test_deeply_nested_json_is_a_bad_request(gateway: RunningGateway) -> None:
    body = b'{"token":' + b"[" * 60_000
    answer = httpx.post(f"{gateway.url}/api/chat/session", content=body, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    "client_id", ["short", "with blank 1", "caf\u00e9-1234", "trailing-1\n", "x" * 65]
)
def test_a_clients_own_ids_are_plain(customer: Customer, client_id: str) -> None:
    answer = customer.post("/messages", text="hi", client_id=client_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_one_chat_cannot_open_streams_without_end(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A slow machine, too, opens them faster than they come back.
    monkeypatch.setattr(chat, "STREAMS", replace(chat.STREAMS, per_second=0.001))
    statuses = []
    for _ in range(40):
        with customer.http.stream("GET", "/events") as response:
            statuses.append(response.status_code)
    assert statuses.count(200) >= 10
    assert statuses[-1] == 429


def test_every_answer_forbids_guessing_its_type(gateway: RunningGateway) -> None:
    for path in ("/", "/widget.js", "/console", "/healthz", "/nowhere"):
        answer = httpx.get(gateway.url + path, trust_env=False)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer", path


def test_no_path_redirects_to_a_host_of_the_visitors_choice(gateway: RunningGateway) -> None:
    answer = httpx.get(f"{gateway.url}/console/", headers={"Host": "evil.example"}, trust_env=False)
    assert answer.status_code == 404


@pytest.mark.parametrize("turn_deadline", [1.5])
def test_hostile_text_does_not_stop_the_gateway(
    customer: Customer, gateway: RunningGateway, assistant: ScriptedAssistant
) -> None:
    assistant.status = 500  # then the gateway itself looks for the wish for a person
    customer.say("human support agent " * 30 + "x")
    assert httpx.get(f"{gateway.url}/healthz", trust_env=False, timeout=5).status_code == 200
    customer.log(lambda log: log[-1]["kind"] == "notice")


async def test_who_sends_files_slowly_does_not_take_all_places(customer: Customer) -> None:
    """Each says how much will come, and sends nothing."""
    head = (
        "POST /api/chat/files?name=a.txt&client_id=slow-file-{} HTTP/1.1\r\nHost: {}\r\n"
        "Authorization: {}\r\nContent-Length: 100\r\n\r\n"
    )
    url, token = customer.http.base_url, customer.http.headers["Authorization"]
    with ExitStack() as slow:
        for number in range(UPLOADS_AT_ONCE_PER_ADDRESS):
            one = slow.enter_context(closing(socket.create_connection((url.host, url.port or 80))))
            one.sendall(head.format(number, url.netloc.decode(), token).encode())
        params = {"name": "a.txt", "client_id": "one-too-many"}
        await soon(
            lambda: customer.http.post("/files", params=params, content=b"x").status_code == 429
        )


def test_one_address_cannot_fill_the_room_for_files(gateway: RunningGateway) -> None:
    """Each chat may send a dozen at once; many chats of one address may not go on like that."""
    answers = []
    for _ in range(round(UPLOADS_PER_ADDRESS.burst / UPLOADS.burst) + 1):
        one = Customer(gateway)
        for number in range(round(UPLOADS.burst)):
            params = {"name": "a.txt", "client_id": f"file-number-{number}"}
            answers.append(one.http.post("/files", params=params, content=b"words").status_code)
        one.http.close()
    assert answers.count(201) == UPLOADS_PER_ADDRESS.burst
    assert answers[-1] == 429


def test_one_ipv6_network_cannot_open_chats_without_end(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    more = {"trust_proxy": True, "messages_per_minute": 60}
    with RunningGateway(redis_url, assistant.url, assistant.token, tmp_path, **more) as gateway:

        def status(address: str) -> int:
            headers = {"X-Forwarded-For": address}
            url = f"{gateway.url}/api/chat/session"
            return httpx.post(url, json={}, headers=headers, trust_env=False).status_code

        answers = [status(f"2001:db8:1:2::{number:x}") for number in range(40)]
        assert answers.count(200) >= 30
        assert answers[-1] == 429
        assert status("2001:db8:1:3::1") == 200


def test_one_chat_does_not_grow_without_end(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its whole log is read after each message; the widget goes on in a new one by itself."""
    monkeypatch.setattr("bot.web.chat.ENTRIES_AT_MOST", 4)
    while (answer := customer.post("/messages", text="more")).status_code == 202:
        assert answer.json()["seq"] <= 4
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "session_expired")
    for path in ("/handoff", "/stay", "/end"):
        assert customer.post(path).status_code == 401, path
    customer.log(answered(1))  # it can still be read
    again = customer.http.post("/session", json={"token": customer.session["token"]}).json()
    assert again["conversation"] != customer.session["conversation"]
    customer.http.headers["Authorization"] = f"Bearer {again['token']}"
    customer.say("and here it goes on")
