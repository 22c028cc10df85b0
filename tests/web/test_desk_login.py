"""Who gets in to the desk over real HTTP: the page, the login, and requests from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.router import Router
from bot.web import desk, guard
from bot.web.accounts import Accounts
from bot.web.logins import TRIES_PER_LOGIN, Logins, NotLoggedIn
from tests.agent_client import AgentClient, error, escalate, until_event
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant

POSTS = ["/api/desk/logout", "/api/desk/conversations/x/commands"]
GETS = [
    "/api/desk/me",
    "/api/desk/queue",
    "/api/desk/events",
    "/api/desk/conversations/x",
    "/api/desk/conversations/x/events",
]


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
    stranger.http.headers["Cookie"] = f"{guard.COOKIE}={forged}"
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
    stranger: AgentClient, accounts: Accounts, redis: Redis[bytes]
) -> None:
    await stranger.log_in("anna")
    before = stranger.http.cookies[guard.COOKIE]
    await stranger.log_in("ben")
    assert (await stranger.http.get("/api/desk/me")).json()["agent"]["login"] == "ben"
    with pytest.raises(NotLoggedIn, match="not logged in"):
        await Logins(redis, accounts).session(before)


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
    cookie = anna.http.cookies[guard.COOKIE]
    assert (await anna.http.get("/api/desk/me")).status_code == 200
    assert (await anna.http.post("/api/desk/logout", json={})).status_code == 200
    assert guard.COOKIE not in anna.http.cookies
    anna.http.headers["Cookie"] = f"{guard.COOKIE}={cookie}"
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
