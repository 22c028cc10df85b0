"""Who may speak as Slack, what a half-configured desk does, and what the doctor finds."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from slack_sdk.errors import SlackApiError

from bot.desks import slack
from bot.desks.settings import SlackTokens
from bot.desks.slack_api import SlackApi, meaning, proxy_for
from bot.desks.slack_check import SCOPES
from bot.errors import DeskBusy, DeskDown, DeskRefused, SettingsError, ThreadGone
from bot.settings import Secret
from tests.desks.slack import seed
from tests.desks.slack.faults import Refusal
from tests.desks.slack.front import Front
from tests.desks.slack.office import Office
from tests.desks.slack.people import Person

pytest_plugins = ("tests.desks.slack.fixtures",)
over_http = pytest.mark.parametrize("office", ["http"], indirect=True)

BOT, APP, SIGNING = Secret("xoxb-1"), Secret("xapp-1"), Secret("s3cret")
NONE = Secret("")


# ------------------------------------------------------------------------------ configuration


@pytest.mark.parametrize(
    ("bot", "app", "signing", "names"),
    [
        (NONE, APP, NONE, "SLACK_BOT_TOKEN is not set"),
        (NONE, NONE, SIGNING, "SLACK_BOT_TOKEN is not set"),
        (BOT, NONE, NONE, "neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET"),
        (Secret("xoxp-1"), APP, NONE, "SLACK_BOT_TOKEN is not a bot token"),
        (BOT, Secret("xoxb-2"), NONE, "SLACK_APP_TOKEN is not an app-level token"),
    ],
)
def test_a_half_configured_desk_refuses_to_start_and_says_why(
    bot: Secret, app: Secret, signing: Secret, names: str
) -> None:
    with pytest.raises(SettingsError, match=names) as refused:
        SlackTokens(bot, app, signing)
    assert refused.value.hint
    for secret in (bot, app, signing):
        assert not secret or secret.reveal() not in refused.value.message


def test_either_way_of_being_reached_is_enough() -> None:
    SlackTokens(BOT, APP, NONE)
    SlackTokens(BOT, NONE, SIGNING)
    SlackTokens(BOT, APP, SIGNING)


# ------------------------------------------------------------------------------ forged requests


async def post(front: Front, body: str, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(
            str(front.deliveries.request_url),
            content=body,
            headers={"Content-Type": "application/json", **headers},
        )


def claim_by_reaction(card: dict[str, Any], user: str) -> str:
    return json.dumps(
        {
            "type": "event_callback",
            "event_id": "Ev1",
            "team_id": seed.TEAM,
            "api_app_id": seed.APP_ID,
            "event": {
                "type": "reaction_added",
                "user": user,
                "reaction": "eyes",
                "item": {"type": "message", "channel": card["channel"], "ts": card["ts"]},
            },
        }
    )


@over_http
async def test_only_requests_that_slack_has_signed_lately_are_believed(
    front: Front, office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    body = claim_by_reaction(await office.card(id), anna.id)
    sign = front.deliveries.sign
    forged = {
        "unsigned": {},
        "signed by somebody else": {
            **sign(body),
            "X-Slack-Signature": "v0=" + "0" * 64,
        },
        "signed for other words": sign(body + " "),
        "kept from ten minutes ago": sign(body, at=time.time() - 600),
    }
    for what, headers in forged.items():
        assert (await post(front, body, headers)).status_code == 401, what
    assert (await office.load(id)).owner is None
    assert (await post(front, body, sign(body))).status_code == 200
    owner = (await office.load(id)).owner
    assert owner is not None
    assert owner.login == "anna"


@over_http
async def test_slack_can_make_sure_of_the_address_and_large_requests_are_not_read(
    front: Front, office: Office
) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc", "token": "unused"})
    answer = await post(front, body, front.deliveries.sign(body))
    assert (answer.status_code, answer.json()) == (200, {"challenge": "abc"})
    large = urlencode({"payload": "x" * 1_100_000})
    assert (await post(front, large, front.deliveries.sign(large))).status_code == 413


@over_http
async def test_a_request_that_nobody_can_have_signed_is_neither_waited_for_nor_read(
    front: Front, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack, "BODY_WITHIN_S", 0.1)
    url = urlsplit(str(front.deliveries.request_url))
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 100\r\n\r\n"
    writer.write(head.encode() + b"half of it")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(str(front.deliveries.request_url), content=b"\xff\xfe")
    assert answer.status_code == 400


async def test_in_socket_mode_nothing_listens_for_requests(office: Office) -> None:
    assert office.desk.routes() == []


# --------------------------------------------------------------------------------- the doctor


async def test_the_doctor_is_content_with_the_manifest_as_it_is(office: Office) -> None:
    findings = await office.desk.check()
    assert [one for one in findings if not one.ok] == []
    assert set(SCOPES) == set(seed.SCOPES)


async def test_the_doctor_names_what_is_missing(
    front: Front, office: Office, monkeypatch: pytest.MonkeyPatch, anna: Person
) -> None:
    monkeypatch.setattr(
        seed, "SCOPES", [one for one in seed.SCOPES if one not in ("files:write", "commands")]
    )
    bot = front.workspace.users[seed.BOT]
    kick = {"channel": anna.channel("orders"), "user": bot}
    await front.run(front.answer("conversations.kick", kick, seed.ADMIN_TOKEN))
    front.fail("apps.connections.open", Refusal("invalid_auth"))
    front.fail("users.lookupByEmail", Refusal("users_not_found"))
    office.api.forget_channels()
    findings = await office.desk.check()
    wrong = {one.what: one.fix for one in findings if not one.ok}
    assert any("the scope files:write is missing" in what for what in wrong)
    assert any("the scope commands is missing" in what for what in wrong)
    assert any("SLACK_APP_TOKEN" in what for what in wrong)
    assert "/invite @Deskhand" in wrong["the app is not in #orders"]
    assert any("Anna Berg is not known there" in what for what in wrong)
    assert all(wrong.values())


async def test_the_doctor_says_when_the_token_is_worth_nothing(
    front: Front, office: Office
) -> None:
    front.fail("auth.test", Refusal("token_revoked"))
    (finding,) = await office.desk.check()
    assert not finding.ok
    assert "SLACK_BOT_TOKEN" in finding.fix


# ------------------------------------------------------------------------- what errors mean


class Answer(dict[str, Any]):
    def __init__(self, status: int, data: Any, **headers: str) -> None:
        super().__init__(data if isinstance(data, dict) else {})
        self.status_code, self.data, self.headers = status, data, headers


def error(status: int, data: Any, **headers: str) -> Exception:
    answer = Answer(status, data, **headers)
    return meaning("chat.postMessage", SlackApiError("no", answer))  # type: ignore[no-untyped-call]


def test_slacks_errors_say_what_to_do() -> None:
    busy = error(429, {"error": "ratelimited"}, **{"Retry-After": "30"})
    assert isinstance(busy, DeskBusy)
    assert busy.after_s == 30
    assert isinstance(error(500, "<html>"), DeskDown)
    assert isinstance(error(200, {"error": "internal_error"}), DeskDown)
    missing = error(200, {"error": "missing_scope", "needed": "files:write"})
    assert isinstance(missing, DeskDown)
    assert "files:write" in missing.message
    assert isinstance(error(200, {"error": "is_archived"}), ThreadGone)
    refused = error(
        200, {"error": "invalid_blocks", "response_metadata": {"messages": ["[ERROR] too long"]}}
    )
    assert isinstance(refused, DeskRefused)
    assert "too long" in refused.message


def test_no_proxy_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    assert proxy_for("https://slack.com/api/") == "http://proxy.example:3128"
    assert proxy_for("http://127.0.0.1:8080/api/") is None


# ------------------------------------------------------------------------------ guests


@pytest.mark.parametrize(
    "guest",
    [
        {"team_id": "T0ELSEWHERE"},
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"deleted": True},
        {"is_bot": True},
    ],
)
async def test_the_address_of_a_guest_proves_nothing(
    office: Office, front: Front, monkeypatch: pytest.MonkeyPatch, guest: dict[str, Any]
) -> None:
    """In a shared channel, another organisation says what the address of its people is."""
    id = Person(front, "ben").id
    email = (await office.api.member(id)).email
    assert email
    assert await office.api.member_by_email(email) == id
    read = SlackApi(seed.BOT_TOKEN, url=office.api.url)

    async def as_guest(method: str, **arguments: Any) -> Any:
        answer = await office.api.read(method, **arguments)
        return {**answer, "user": {**answer["user"], **guest}}

    monkeypatch.setattr(read, "identity", office.api.identity)
    monkeypatch.setattr(read, "read", as_guest)
    assert (await read.member(id)).email is None
    assert await read.member_by_email(email) is None
