"""`deskhand doctor`: a real gateway, a real Redis, and what is missing is named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as sync_redis

from bot.app import connect
from bot.people import SEEN, SERVED, WAITS
from bot.settings import Secret
from bot.store import ALL, SHELF
from bot.web.accounts import Accounts, Role
from tests.agent_client import PASSWORD
from tests.desks.slack import seed
from tests.desks.slack.faults import Refusal
from tests.desks.slack.front import Front
from tests.desks.telegram.server import FakeTelegram
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant
from tests.setup.test_cli import ROOT, deskhand
from tests.smtp_world import mail_server
from tests.web.conftest import CHEAP

pytest_plugins = ("tests.desks.slack.fixtures",)


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as telegram:
        yield telegram


def with_telegram(telegram: FakeTelegram) -> dict[str, Any]:
    return {
        "telegram_bot_token": Secret(telegram.token),
        "telegram_group": telegram.group.id,
        "telegram_api_url": telegram.url,
    }


def for_telegram(telegram: FakeTelegram) -> dict[str, object]:
    """The same, as the command's environment."""
    return {
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_GROUP_ID": telegram.group.id,
        "TELEGRAM_API_URL": telegram.url,
    }


@pytest.fixture
def owned_redis(redis_url: str) -> str:
    """A Redis with somebody to ask."""

    async def add() -> None:
        redis = connect(redis_url)
        await Accounts(redis, hasher=CHEAP).add("olga", "Olga", Role.OWNER, PASSWORD)
        await redis.close(close_connection_pool=True)

    asyncio.run(add())
    return redis_url


def examined(redis_url: str, url: str, **environ: Any) -> tuple[bool, str]:
    """Whether all is well, and what the doctor says."""
    done = deskhand("doctor", "--url", url, REDIS_URL=redis_url, **environ)
    assert done.returncode in (0, 1)
    assert done.stderr == ""
    return done.returncode == 0, done.stdout


def complaints(text: str) -> list[str]:
    return [line.strip().removeprefix("NO").strip() for line in text.splitlines() if "NO " in line]


def test_a_healthy_deskhand_is_told_so_and_the_test_leaves_no_trace_in_what_counts(
    owned_redis: str, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    with RunningGateway(owned_redis, assistant.url, assistant.token, tmp_path) as gateway:
        well, text = examined(owned_redis, gateway.url)
    assert well, text
    assert text.endswith("All is well.\n")
    for said in ("nobody is listed, open now", "answers in", "the assistant is ready", "reached"):
        assert said in text
    with sync_redis.Redis.from_url(owned_redis) as redis:
        assert redis.keys(f"{SHELF}*") == []
        assert [redis.exists(key) for key in (ALL, SEEN, SERVED, WAITS)] == [0, 0, 0, 0]
        (state,) = redis.keys("deskhand:c:*:state")
        assert 0 < redis.ttl(state) <= 86_400
        assert {redis.ttl(key) > 0 for key in redis.keys(state.rpartition(b":")[0] + b":*")} == {
            True
        }


def test_each_desk_is_checked_and_gets_a_card_that_says_that_it_is_a_test(
    owned_redis: str, assistant: ScriptedAssistant, tmp_path: Path, telegram: FakeTelegram
) -> None:
    with RunningGateway(
        owned_redis, assistant.url, assistant.token, tmp_path, **with_telegram(telegram)
    ) as gateway:
        _, text = examined(owned_redis, gateway.url, **for_telegram(telegram))
    assert "ok  telegram has the card" in text
    assert "ok  the conversation was closed everywhere" in text
    said = "\n".join(str(call) for call in telegram.called("sendMessage"))
    assert "test by deskhand doctor" in said
    # It names what the desk itself finds missing.
    assert "data/desk.yml names the Telegram accounts of 0 people" in complaints(text)


def test_what_a_desk_misses_is_named_with_what_to_do(
    owned_redis: str, assistant: ScriptedAssistant, tmp_path: Path, telegram: FakeTelegram
) -> None:
    with RunningGateway(
        owned_redis, assistant.url, assistant.token, tmp_path, **with_telegram(telegram)
    ) as gateway:
        telegram.revoked = True
        well, text = examined(owned_redis, gateway.url, **for_telegram(telegram))
    assert not well
    section = text.split("Telegram\n")[1].split("\nA test")[0]
    assert "NO " in section
    assert "TELEGRAM_BOT_TOKEN" in section


def test_the_round_trip_goes_through_slack_whose_gaps_are_named(
    owned_redis: str, assistant: ScriptedAssistant, tmp_path: Path, front: Front
) -> None:
    settings: dict[str, Any] = {
        "slack_bot_token": Secret(seed.BOT_TOKEN),
        "slack_app_token": Secret(seed.APP_TOKEN),
        "slack_api_url": front.url.rstrip("/"),
    }
    environment = {name.upper(): str(value) for name, value in settings.items()}
    environment |= {"SLACK_BOT_TOKEN": seed.BOT_TOKEN, "SLACK_APP_TOKEN": seed.APP_TOKEN}
    with RunningGateway(
        owned_redis, assistant.url, assistant.token, tmp_path, **settings
    ) as gateway:
        _, text = examined(owned_redis, gateway.url, **environment)
        assert "ok  slack has the card" in text
        assert "ok  all 11 scopes are there" in text
        assert "Unclosed" not in text
        front.fail("apps.connections.open", Refusal("invalid_auth"))
        well, text = examined(owned_redis, gateway.url, **environment)
    assert not well
    assert complaints(text) == [
        "SLACK_APP_TOKEN: Slack refused apps.connections.open: invalid_auth.",
        "data/desk.yml names nobody by whom Slack could know them",
    ]


def test_an_assistant_that_does_not_answer_is_named_and_the_rest_is_still_tried(
    owned_redis: str, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    assistant.status = 500
    with RunningGateway(
        owned_redis, assistant.url, assistant.token, tmp_path, turn_deadline=0.3
    ) as gateway:
        well, text = examined(owned_redis, gateway.url, DESKHAND_TURN_DEADLINE=0.3)
    assert not well
    assert complaints(text) == ["the assistant did not answer a message"]
    assert "ok  an agent's reply reached the customer" in text


def test_a_mail_server_is_asked_and_its_answer_told(
    owned_redis: str, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    with (
        mail_server() as mailbox,
        RunningGateway(owned_redis, assistant.url, assistant.token, tmp_path) as gateway,
    ):
        mail = {
            "DESKHAND_MAIL_FROM": "Nordlys <help@nordlys.example>",
            "DESKHAND_PUBLIC_URL": "https://desk.example",
        }
        server = f"smtp://127.0.0.1:{mailbox.port}"
        well, text = examined(owned_redis, gateway.url, DESKHAND_SMTP_URL=server, **mail)
        assert well, text
        assert f"127.0.0.1:{mailbox.port} takes mail from help@nordlys.example" in text
        gone = "smtp://127.0.0.1:1"
        well, text = examined(owned_redis, gateway.url, DESKHAND_SMTP_URL=gone, **mail)
    assert not well
    assert complaints(text)[0].startswith("The mail server 127.0.0.1:1 failed")


def test_nobody_to_ask_and_a_loose_redis_are_named(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    with sync_redis.Redis.from_url(redis_url) as redis:
        before = redis.config_get("maxmemory-policy")["maxmemory-policy"]
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            with RunningGateway(redis_url, assistant.url, assistant.token, tmp_path) as gateway:
                well, text = examined(redis_url, gateway.url)
        finally:
            redis.config_set("maxmemory-policy", before)
    assert not well
    assert complaints(text) == [
        "maxmemory-policy is allkeys-lru",
        "0 can be asked",
        "there is an owner to ask when nobody comes",
    ]
    assert "deskhand agents add" in text


def test_a_gateway_that_is_away_is_named_and_nothing_is_guessed(redis_url: str) -> None:
    well, text = examined(redis_url, "http://127.0.0.1:1")
    assert not well
    assert complaints(text)[0] == "http://127.0.0.1:1 does not answer"
    assert "a chat could not be opened" in complaints(text)


def test_a_redis_that_is_away_ends_the_examination() -> None:
    well, text = examined("redis://127.0.0.1:1/0", "http://127.0.0.1:1")
    assert not well
    assert complaints(text) == ["it does not answer"]
    assert "REDIS_URL" in text


@pytest.mark.parametrize(
    ("text", "says"), [("", "desk.yml cannot be read"), ("Oslo", "hours.timezone is 'Oslo'")]
)
def test_a_wrong_plan_and_a_missing_one_are_errors_like_at_the_start(
    redis_url: str, tmp_path: Path, text: str, says: str
) -> None:
    plan = tmp_path / "desk.yml"
    if text:
        right = (ROOT / "data/desk.yml").read_text()
        plan.write_text(right.replace("timezone: Europe/Oslo", f"timezone: {text}"))
    told = deskhand("doctor", "--url", "http://x", REDIS_URL=redis_url, DESKHAND_DESK=plan)
    assert told.returncode == 1
    assert says in told.stderr


def test_when_nothing_runs_it_says_what_to_do(tmp_path: Path) -> None:
    told = deskhand("doctor", DESKHAND_VAR=tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith("deskhand: No Deskhand runs here.")
    assert "deskhand up" in told.stderr
