"""The agents' API over real HTTP: who gets in, what they can do, and what comes back."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import argon2
import httpx
import pytest
from redis.asyncio import Redis

from bot.router import Router
from bot.web import desk
from bot.web.accounts import TRIES_PER_LOGIN, Accounts, NotLoggedIn, Role
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant, hands_off

PASSWORD = "correct horse battery"
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NASTY = "<img src=x onerror=alert(1)><script>alert('1')</script> & \u202eשלום 🧗"

POSTS = ["/api/desk/logout", "/api/desk/conversations/x/commands"]
GETS = [
    "/api/desk/me",
    "/api/desk/queue",
    "/api/desk/events",
    "/api/desk/conversations/x",
    "/api/desk/conversations/x/events",
]


def new_id() -> str:
    return str(uuid.uuid4())


class AgentClient:
    """An agent's browser: cookie jar, CSRF token, and the calls the console makes."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.origin = gateway.url
        self.http = httpx.AsyncClient(
            base_url=gateway.url, headers={"Origin": gateway.url}, trust_env=False, timeout=10
        )

    async def log_in(self, login: str, password: str = PASSWORD) -> httpx.Response:
        response = await self.http.post(
            "/api/desk/login", json={"login": login, "password": password}
        )
        if response.status_code == 200:
            self.http.headers["X-CSRF-Token"] = response.json()["csrf"]
        return response

    async def order(
        self, conversation: str, command: str, client_id: str | None = None, **more: Any
    ) -> httpx.Response:
        return await self.http.post(
            f"/api/desk/conversations/{conversation}/commands",
            json={"client_id": client_id or new_id(), "command": command, **more},
        )

    async def do(self, conversation: str, command: str, **more: Any) -> int:
        response = await self.order(conversation, command, **more)
        assert response.status_code == 202, response.text
        return int(response.json()["seq"])

    async def look(self, conversation: str) -> dict[str, Any]:
        response = await self.http.get(f"/api/desk/conversations/{conversation}")
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def kinds(self, conversation: str) -> list[str]:
        return [event["kind"] for event in (await self.look(conversation))["events"]]

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        async with self.http.stream("GET", path) as response:
            assert response.status_code == 200
            yield events_of(response)


async def events_of(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


async def until_event(events: AsyncIterator[tuple[str, Any]], wanted: str) -> Any:
    with anyio.fail_after(10):
        async for name, data in events:
            if name == wanted:
                return data
    raise AssertionError(f"the stream ended before {wanted!r}")


async def escalate(router: Router, text: str) -> str:
    """A customer asks for a person, then says what it is about (so the bot has no turn)."""
    id = (await router.open("https://shop.example/tents")).id
    await router.ask_for_person(id, client_id=new_id(), reason="asked_for_human")
    await router.from_customer(id, text, client_id=new_id())
    return id


def error(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert set(body["error"]) == {"code", "message", "hint"}
    return response.status_code, body["error"]["code"]


@pytest.fixture
async def accounts(redis: Redis[bytes]) -> Accounts:
    accounts = Accounts(redis, hasher=CHEAP)
    await accounts.add("anna", "Anna Berg", Role.AGENT, PASSWORD)
    await accounts.add("ben", "Ben Otieno", Role.AGENT, PASSWORD)
    return accounts


@pytest.fixture
async def stranger(gateway: RunningGateway) -> AsyncIterator[AgentClient]:
    client = AgentClient(gateway)
    async with client.http:
        yield client


@pytest.fixture
async def anna(gateway: RunningGateway, accounts: Accounts) -> AsyncIterator[AgentClient]:
    client = AgentClient(gateway)
    async with client.http:
        assert (await client.log_in("anna")).status_code == 200
        yield client


@pytest.fixture
async def ben(gateway: RunningGateway, accounts: Accounts) -> AsyncIterator[AgentClient]:
    client = AgentClient(gateway)
    async with client.http:
        assert (await client.log_in("ben")).status_code == 200
        yield client


@pytest.fixture
async def waiting(router: Router) -> str:
    """A conversation that waits for a person."""
    return await escalate(router, "Is the tent waterproof?")


# ── the page ──


async def test_the_page_allows_no_script_but_its_own_files(stranger: AgentClient) -> None:
    response = await stranger.http.get("/console")
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["x-content-type-options"] == "nosniff"
    for inline in ("<style", "style=", "onclick", "onload", "javascript:"):
        assert inline not in response.text
    assert response.text.count("<script") == response.text.count('<script type="module" src=')


async def test_every_file_of_the_page_is_there(stranger: AgentClient) -> None:
    page = (await stranger.http.get("/console")).text
    files = {part.split('"')[0] for part in page.split('="') if part.startswith("/static/")}
    modules = {"api", "context", "conversation", "dom", "queue", "transcript", "words"}
    for path in files | {f"/static/console.{name}.js" for name in modules}:
        response = await stranger.http.get(path)
        assert response.status_code == 200, path
        if path.endswith(".js"):
            assert response.headers["content-type"].startswith("text/javascript")


# ── who gets in ──


@pytest.mark.parametrize("path", GETS)
async def test_nothing_can_be_read_without_a_login(stranger: AgentClient, path: str) -> None:
    assert error(await stranger.http.get(path)) == (401, "not_logged_in")


@pytest.mark.parametrize("path", POSTS)
async def test_nothing_can_be_done_without_a_login(stranger: AgentClient, path: str) -> None:
    assert error(await stranger.http.post(path, json={})) == (401, "not_logged_in")


@pytest.mark.parametrize("forged", ["x", "a" * 43, "'; DROP TABLE", "%00", "A" * 4_000])
async def test_a_forged_session_opens_nothing(
    stranger: AgentClient, accounts: Accounts, forged: str
) -> None:
    stranger.http.headers["Cookie"] = f"{desk.COOKIE}={forged}"
    for path in GETS:
        assert error(await stranger.http.get(path)) == (401, "not_logged_in")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    stranger: AgentClient, accounts: Accounts
) -> None:
    response = await stranger.log_in("anna")
    assert response.json()["agent"] == {"login": "anna", "name": "Anna Berg", "role": "agent"}
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie, "over plain http a secure cookie would never come back"


async def test_logging_in_again_ends_the_session_before(
    stranger: AgentClient, accounts: Accounts
) -> None:
    await stranger.log_in("anna")
    before = stranger.http.cookies[desk.COOKIE]
    await stranger.log_in("ben")
    assert (await stranger.http.get("/api/desk/me")).json()["agent"]["login"] == "ben"
    with pytest.raises(NotLoggedIn, match="not logged in"):
        await accounts.session(before)


@pytest.mark.parametrize("trusted", [True, False])
async def test_behind_a_proxy_that_we_trust_over_https_the_cookie_is_secure(
    redis_url: str,
    assistant: ScriptedAssistant,
    accounts: Accounts,
    tmp_path: Path,
    trusted: bool,
) -> None:
    with RunningGateway(
        redis_url, assistant.url, assistant.token, tmp_path, trust_proxy=trusted
    ) as gateway:
        client = AgentClient(gateway)
        async with client.http:
            client.http.headers["X-Forwarded-Proto"] = "https"
            cookie = (await client.log_in("anna")).headers["set-cookie"]
            assert ("Secure" in cookie) is trusted


async def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(
    stranger: AgentClient, accounts: Accounts
) -> None:
    answers = [
        await stranger.log_in("anna", "wrong password"),
        await stranger.log_in("nobody", "wrong password"),
    ]
    assert [error(one) for one in answers] == [(401, "login_failed")] * 2
    assert answers[0].text == answers[1].text
    assert "set-cookie" not in answers[0].headers


async def test_guessing_passwords_is_braked(stranger: AgentClient, accounts: Accounts) -> None:
    for _ in range(TRIES_PER_LOGIN):
        assert error(await stranger.log_in("anna", "wrong password")) == (401, "login_failed")
    braked = await stranger.log_in("anna")
    assert error(braked) == (429, "too_many")
    assert int(braked.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"login": 1, "password": 2}',
        b"\xff\xfe",
        b'{"login":"a","password":null}',
    ],
)
async def test_a_login_that_makes_no_sense_is_refused(stranger: AgentClient, body: bytes) -> None:
    assert error(await stranger.http.post("/api/desk/login", content=body)) == (400, "bad_request")


async def test_after_logging_out_the_cookie_is_worth_nothing(anna: AgentClient) -> None:
    cookie = anna.http.cookies[desk.COOKIE]
    assert (await anna.http.get("/api/desk/me")).status_code == 200
    assert (await anna.http.post("/api/desk/logout", json={})).status_code == 200
    assert desk.COOKIE not in anna.http.cookies
    anna.http.headers["Cookie"] = f"{desk.COOKIE}={cookie}"
    assert error(await anna.http.get("/api/desk/me")) == (401, "not_logged_in")


async def test_a_removed_agent_is_out_in_the_middle_of_a_stream(
    anna: AgentClient, accounts: Accounts, router: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "RECHECK_S", 0.0)
    async with anna.stream("/api/desk/events") as events:
        await until_event(events, "queue")
        await accounts.remove("anna")
        await escalate(router, "Anybody there?")
        assert [data async for _, data in events] == []


# ── requests from elsewhere ──


@pytest.mark.parametrize("token", [None, "", "x", "%C3%BC"])
async def test_an_order_without_the_sessions_token_is_refused(
    anna: AgentClient, waiting: str, token: str | None
) -> None:
    del anna.http.headers["X-CSRF-Token"]
    if token is not None:
        anna.http.headers["X-CSRF-Token"] = token
    assert error(await anna.order(waiting, "claim")) == (403, "csrf_failed")
    assert error(await anna.http.post("/api/desk/logout", json={})) == (403, "csrf_failed")


async def test_another_agents_token_is_no_token(
    anna: AgentClient, ben: AgentClient, waiting: str
) -> None:
    anna.http.headers["X-CSRF-Token"] = ben.http.headers["X-CSRF-Token"]
    assert error(await anna.order(waiting, "claim")) == (403, "csrf_failed")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_other_sites_can_neither_order_nor_log_in(
    anna: AgentClient, waiting: str, headers: dict[str, str]
) -> None:
    anna.http.headers.update(headers)
    assert error(await anna.order(waiting, "claim")) == (403, "origin_not_allowed")
    assert error(await anna.log_in("ben")) == (403, "origin_not_allowed")


# ── a conversation from waiting to closed ──


async def test_an_agent_claims_answers_and_closes(
    anna: AgentClient, waiting: str, gateway: RunningGateway
) -> None:
    await anna.do(waiting, "claim")
    await anna.do(waiting, "reply", text="Yes, the seams are taped.")
    await anna.do(waiting, "note", text="asks about the Trollvegg")
    await anna.do(waiting, "close", outcome="solved")
    found = await anna.look(waiting)
    assert found["conversation"]["state"] == "closed"
    assert found["conversation"]["outcome"] == "solved"
    assert [event["seq"] for event in found["events"]] == list(range(1, len(found["events"]) + 1))
    kinds = [event["kind"] for event in found["events"]]
    assert kinds[-4:] == ["claimed", "agent_spoke", "note_written", "closed"]


async def test_the_customer_reads_the_reply_and_never_the_note(
    anna: AgentClient, gateway: RunningGateway, assistant: ScriptedAssistant
) -> None:
    assistant.on("a person please", hands_off())
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as customer:
        session = (await customer.post("/api/chat/session", json={})).json()
        customer.headers["Authorization"] = f"Bearer {session['token']}"
        await customer.post(
            "/api/chat/messages", json={"client_id": new_id(), "text": "a person please"}
        )
        id = session["conversation"]
        async with anna.stream(f"/api/desk/conversations/{id}/events?after=0") as events:
            while (await until_event(events, "state"))["state"] != "waiting":
                pass
        await anna.do(id, "claim")
        await anna.do(id, "note", text="SECRET one")
        await anna.do(id, "reply", text="// SECRET two")
        await anna.do(id, "reply", text="Here I am.")
        async with customer.stream("GET", "/api/chat/events?after=0") as response:
            seen = []
            async for name, data in events_of(response):
                seen.append(data)
                if name == "log" and data["kind"] == "agent_spoke":
                    break
    assert data["text"] == "Here I am."
    assert data["agent"] == {"name": "Anna Berg"}, "customers see the name, not the login"
    assert "SECRET" not in json.dumps(seen)
    assert (await anna.kinds(id)).count("note_written") == 2


async def test_of_two_claims_at_once_one_wins_and_the_other_hears_who(
    anna: AgentClient, ben: AgentClient, waiting: str
) -> None:
    answers = await asyncio.gather(anna.order(waiting, "claim"), ben.order(waiting, "claim"))
    assert sorted(one.status_code for one in answers) == [202, 409]
    (lost,) = [one for one in answers if one.status_code == 409]
    owner = (await anna.look(waiting))["conversation"]["owner"]["name"]
    assert lost.json()["error"]["code"] == "owned_by_other"
    assert owner in lost.json()["error"]["message"]
    assert (await anna.kinds(waiting)).count("claimed") == 1


async def test_taking_over_is_a_decision_of_its_own(
    anna: AgentClient, ben: AgentClient, waiting: str
) -> None:
    await anna.do(waiting, "claim")
    assert error(await ben.order(waiting, "reply", text="Hi")) == (409, "owned_by_other")
    assert error(await ben.order(waiting, "close")) == (409, "owned_by_other")
    await ben.do(waiting, "take_over")
    await ben.do(waiting, "reply", text="Hi")
    assert error(await anna.order(waiting, "reply", text="Hi")) == (409, "owned_by_other")
    await anna.do(waiting, "note", text="Fine with me.")


async def test_a_reply_after_the_close_is_refused_and_after_reopening_it_is_not(
    anna: AgentClient, waiting: str
) -> None:
    await anna.do(waiting, "claim")
    await anna.do(waiting, "close", outcome="unsolved")
    before = await anna.kinds(waiting)
    assert error(await anna.order(waiting, "reply", text="One more thing")) == (409, "illegal_move")
    assert await anna.kinds(waiting) == before
    await anna.do(waiting, "reopen")
    await anna.do(waiting, "reply", text="One more thing")


async def test_an_order_repeated_with_its_id_is_done_once(anna: AgentClient, waiting: str) -> None:
    await anna.do(waiting, "claim")
    id = new_id()
    answers = [await anna.order(waiting, "reply", id, text="Hello") for _ in range(3)]
    assert {one.json()["seq"] for one in answers} == {answers[0].json()["seq"]}
    (said,) = [e for e in (await anna.look(waiting))["events"] if e["kind"] == "agent_spoke"]
    assert said["client_id"] == id, "the console knows its own text by this"


async def test_snoozed_and_returned_conversations_leave_the_desk(
    anna: AgentClient, waiting: str, router: Router
) -> None:
    await anna.do(waiting, "claim")
    await anna.do(waiting, "snooze", until=router.now() + 3_600_000)
    queue = (await anna.http.get("/api/desk/queue")).json()
    assert [card["id"] for card in queue["snoozed"]] == [waiting]
    await anna.do(waiting, "claim")
    await anna.do(waiting, "return_to_bot")
    queue = (await anna.http.get("/api/desk/queue")).json()
    assert not any(queue[shelf] for shelf in ("waiting", "human", "snoozed", "closed"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "bad_request")),
        (b"\x00\xff", (400, "bad_request")),
        (b"[1]", (400, "bad_request")),
        ({"client_id": "12345678", "command": "explode"}, (400, "bad_request")),
        ({"client_id": "short", "command": "claim"}, (400, "bad_request")),
        ({"client_id": "1234 678", "command": "claim"}, (400, "bad_request")),
        ({"client_id": "12345678", "command": "close", "outcome": "gone"}, (400, "bad_request")),
        ({"client_id": "12345678", "command": "snooze", "until": 5}, (400, "bad_request")),
        ({"client_id": "12345678", "command": "snooze", "until": 2**62}, (400, "bad_request")),
        ({"client_id": "12345678", "command": "reply", "text": ""}, (422, "text_empty")),
        ({"client_id": "12345678", "command": "reply", "text": " \x00\n"}, (422, "text_empty")),
        ({"client_id": "12345678", "command": "note"}, (422, "text_empty")),
        ({"client_id": "12345678", "command": "reply", "text": "x" * 4001}, (413, "text_too_long")),
        (
            {"client_id": "12345678", "command": "reply", "text": "x" * 100_000},
            (413, "text_too_long"),
        ),
    ],
)
async def test_an_order_that_makes_no_sense_changes_nothing(
    anna: AgentClient, waiting: str, body: Any, expected: tuple[int, str]
) -> None:
    before = await anna.kinds(waiting)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await anna.http.post(f"/api/desk/conversations/{waiting}/commands", content=content)
    assert error(response) == expected
    assert await anna.kinds(waiting) == before


async def test_what_does_not_exist_is_not_made_by_asking_for_it(
    anna: AgentClient, redis: Redis[bytes]
) -> None:
    path = "/api/desk/conversations/nowhere"
    assert error(await anna.http.get(path)) == (404, "unknown_conversation")
    assert error(await anna.http.get(path + "/events")) == (404, "unknown_conversation")
    assert error(await anna.order("nowhere", "note", text="x")) == (404, "unknown_conversation")
    assert not await redis.keys("*nowhere*")


async def test_hostile_text_comes_back_as_the_text_it_was(
    anna: AgentClient, router: Router
) -> None:
    id = await escalate(router, NASTY)
    await anna.do(id, "claim")
    await anna.do(id, "reply", text=NASTY)
    response = await anna.http.get(f"/api/desk/conversations/{id}")
    assert response.headers["content-type"] == "application/json"
    texts = [event.get("text") for event in response.json()["events"]]
    assert texts.count(NASTY) == 2
    (card,) = (await anna.http.get("/api/desk/queue")).json()["human"]
    assert card["preview"] == NASTY


# ── live ──


async def test_the_queue_tells_every_change_without_being_asked(
    anna: AgentClient, ben: AgentClient, router: Router
) -> None:
    async with anna.stream("/api/desk/events") as events:
        queue = await until_event(events, "queue")
        assert [len(queue[shelf]) for shelf in ("waiting", "human", "snoozed", "closed")] == [0] * 4
        assert abs(queue["now"] - router.now()) < 10_000
        id = await escalate(router, "hello?")
        while not ((waiting := queue["waiting"]) and waiting[0]["preview"]):
            queue = await until_event(events, "queue")
        (card,) = waiting
        assert (card["id"], card["reason"], card["preview"]) == (id, "asked_for_human", "hello?")
        await ben.do(id, "claim")
        queue = await until_event(events, "queue")
        assert [card["owner"]["name"] for card in queue["human"]] == ["Ben Otieno"]


async def test_conversations_with_the_assistant_only_are_not_in_the_queue(
    anna: AgentClient, router: Router
) -> None:
    await router.from_customer((await router.open()).id, "opening hours?", client_id=new_id())
    queue = (await anna.http.get("/api/desk/queue")).json()
    assert not any(queue[shelf] for shelf in ("waiting", "human", "snoozed", "closed"))


async def test_a_stream_goes_on_where_the_last_one_broke(anna: AgentClient, waiting: str) -> None:
    path = f"/api/desk/conversations/{waiting}/events"
    whole = (await anna.look(waiting))["events"]
    async with anna.stream(f"{path}?after=0") as events:
        first = [await until_event(events, "log") for _ in whole]
    assert first == whole
    await anna.do(waiting, "claim")
    await anna.do(waiting, "reply", text="Hello")
    async with anna.stream(f"{path}?after={whole[-1]['seq']}") as events:
        rest = [await until_event(events, "log") for _ in range(2)]
        state = await until_event(events, "state")
    assert [event["kind"] for event in rest] == ["claimed", "agent_spoke"]
    assert [event["seq"] for event in first + rest] == list(range(1, len(first) + 3))
    assert state["owner"] == {"login": "anna", "name": "Anna Berg"}


@pytest.mark.parametrize("after", ["-1", "x", "1e3", "9" * 30])
async def test_a_stream_from_nowhere_is_refused(
    anna: AgentClient, waiting: str, after: str
) -> None:
    path = f"/api/desk/conversations/{waiting}/events?after={after}"
    assert error(await anna.http.get(path)) == (400, "bad_request")


async def test_the_desk_sees_the_customer_typing(
    anna: AgentClient, gateway: RunningGateway
) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as customer:
        session = (await customer.post("/api/chat/session", json={})).json()
        customer.headers["Authorization"] = f"Bearer {session['token']}"
        id = session["conversation"]
        async with anna.stream(f"/api/desk/conversations/{id}/events") as events:
            await until_event(events, "state")
            await customer.post("/api/chat/typing", json={})
            assert await until_event(events, "typing") == {"who": "customer"}


async def test_only_the_owners_typing_is_announced(
    anna: AgentClient, ben: AgentClient, waiting: str, redis: Redis[bytes]
) -> None:
    await anna.do(waiting, "claim")
    before = await anna.kinds(waiting)
    await ben.do(waiting, "typing")
    assert not await redis.keys("*typing*")
    await anna.do(waiting, "typing")
    assert len(await redis.keys("*typing*")) == 1
    assert await anna.kinds(waiting) == before, "typing is not worth remembering"
