"""What `deskhand doctor` hears of the Telegram desk, and which settings it does not start with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from benchmarks.stack import ROOT
from bot.app import DOMAIN
from bot.desk_plan import load_plan
from bot.desks import telegram_setup
from bot.desks.telegram import TelegramDesk
from bot.errors import SettingsError
from bot.files import Files
from bot.known_intents import KnownIntents
from bot.people import People
from bot.presence import Presence
from bot.router import Router
from bot.settings import Secret, Settings
from bot.store import Store
from bot.threads import Threads
from bot.work import Work
from tests.desks.telegram.server import TOKEN, FakeTelegram
from tests.desks.telegram.telegram_driver import SALES, desk_plan

Build = Callable[..., TelegramDesk]
SECRET = "x" * 16


async def nobody() -> list[tuple[str, str, bool]]:
    return []


@pytest.fixture
async def build(
    redis: Redis[bytes], store: Store, router: Router, telegram: FakeTelegram
) -> AsyncIterator[Build]:
    built: list[TelegramDesk] = []

    def build(plan: str = "", **settings: Any) -> TelegramDesk:
        people = People(redis, store, load_plan(plan or desk_plan(SALES)), accounts=nobody)
        files = Files(redis, now=router.now, size_at_most=1_000_000)
        parts = telegram_setup.Parts(
            redis,
            store,
            router,
            people,
            Presence(Work(redis), router, people),
            files,
            KnownIntents(ROOT / DOMAIN),
        )
        threads = Threads(redis, telegram_setup.health_of(redis), now=router.now)
        usual: dict[str, Any] = {
            "telegram_bot_token": Secret(TOKEN),
            "telegram_group": telegram.group.id,
            "telegram_api_url": telegram.url,
        }
        built.append(telegram_setup.set_up(Settings(**(usual | settings)), parts, threads))
        return built[-1]

    yield build
    for desk in built:
        await desk._telegram.close()


async def wrong(desk: TelegramDesk) -> str:
    """What is not as it should be, with what to do."""
    findings = await desk.check()
    assert findings
    return "\n".join(f"{one.what}: {one.fix}" for one in findings if not one.ok)


async def test_all_is_well_with_topics_rights_and_accounts(
    build: Build, telegram: FakeTelegram
) -> None:
    assert await wrong(build()) == ""
    # The test message of the round trip is gone again.
    assert [m for m in telegram.group.messages.values() if "test of Deskhand" in str(m)] == []


async def test_each_missing_right_is_named(build: Build, telegram: FakeTelegram) -> None:
    telegram.group.can_manage_topics = False
    assert "may manage topics" in await wrong(build())
    telegram.group.can_delete_messages = False
    assert "“Delete messages”" in await wrong(build())
    telegram.group.bot_is_admin = False
    assert "privacy mode" in await wrong(build())
    telegram.world.reads_all = True
    assert "privacy mode" not in await wrong(build())
    telegram.group.kind = "supergroup"
    assert "Turn on Topics" in await wrong(build())


async def test_a_wrong_token_and_a_wrong_group_are_named(
    build: Build, telegram: FakeTelegram
) -> None:
    assert "chat not found" in (await wrong(build(telegram_group=-100999))).lower()
    telegram.revoked = True
    assert "TELEGRAM_BOT_TOKEN" in await wrong(build())


async def test_a_clock_that_is_wrong_is_named(build: Build, telegram: FakeTelegram) -> None:
    usual = telegram.world.now
    telegram.world.now = lambda: usual() + 90
    assert "the clock differs from Telegram's by -" in await wrong(build())


async def test_another_services_webhook_is_named(build: Build, telegram: FakeTelegram) -> None:
    telegram.api.webhook.url = "https://elsewhere.example"
    assert "Another service" in await wrong(build())


async def test_a_webhook_that_telegram_cannot_call_is_named(
    build: Build, telegram: FakeTelegram
) -> None:
    desk = build(telegram_webhook_secret=Secret(SECRET), public_url="https://desk.example")
    assert "Start Deskhand" in await wrong(desk)
    telegram.api.webhook.url = "https://desk.example/desks/telegram"
    assert await wrong(desk) == ""
    telegram.api.webhook.last_error = "Connection refused"
    telegram.api.webhook.last_error_at = int(telegram.world.now())
    assert "Telegram says: Connection refused" in await wrong(desk)


async def test_a_plan_without_accounts_is_named(build: Build) -> None:
    assert "Telegram accounts of 0 people" in await wrong(build(desk_plan(SALES, {})))


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"telegram_bot_token": Secret("")}, "TELEGRAM_BOT_TOKEN"),
        ({"telegram_group": None}, "TELEGRAM_GROUP_ID"),
        ({"telegram_mode": "webhook"}, "TELEGRAM_WEBHOOK_SECRET"),
        (
            {"telegram_mode": "webhook", "public_url": "https://desk.example"},
            "TELEGRAM_WEBHOOK_SECRET",
        ),
        ({"telegram_webhook_secret": Secret(SECRET)}, "DESKHAND_PUBLIC_URL"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_desk_that_is_configured_by_half_does_not_start(
    build: Build, settings: dict[str, Any], missing: str
) -> None:
    with pytest.raises(SettingsError, match=missing) as error:
        build(**settings)
    assert error.value.hint


async def test_polling_can_be_asked_for_although_a_secret_is_set(build: Build) -> None:
    desk = build(telegram_webhook_secret=Secret(SECRET), telegram_mode="polling")
    assert desk.routes() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_BOT_TOKEN", "my bot"),
        ("TELEGRAM_GROUP_ID", "1001234567890"),
        ("TELEGRAM_GROUP_ID", "@support"),
        ("TELEGRAM_MODE", "push"),
        ("TELEGRAM_WEBHOOK_SECRET", "short"),
        ("TELEGRAM_WEBHOOK_SECRET", "has a blank in it, alas"),
        ("TELEGRAM_API_URL", "api.telegram.org"),
        ("DESKHAND_PUBLIC_URL", "https://desk.example/path"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as error:
        Settings.from_environment({name: value})
    if "TOKEN" in name or "SECRET" in name:
        assert value not in error.value.message


def test_settings_are_read_from_the_environment() -> None:
    settings = Settings.from_environment(
        {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_GROUP_ID": "-1001234567890",
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
            "DESKHAND_PUBLIC_URL": "https://desk.example/",
            "TELEGRAM_API_URL": "http://127.0.0.1:8081/",
        }
    )
    assert settings.wants_telegram
    assert settings.telegram_group == -1001234567890
    assert settings.public_url == "https://desk.example"
    assert settings.telegram_api_url == "http://127.0.0.1:8081"
    assert TOKEN not in repr(settings)
    assert not Settings().wants_telegram
