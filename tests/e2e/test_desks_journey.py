"""The main job at the desks outside: a customer in a browser, agents in Slack and in Telegram, from
the first message to the rating."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from playwright.async_api import Browser, expect
from redis.asyncio import Redis
from ruamel.yaml import YAML

from bot.conversation import State
from bot.router import Router
from bot.store import Store
from tests.desks.contract.driver import ANNA, BEN, Workplace, gateway_of
from tests.desks.slack import slack_driver
from tests.desks.slack.front import Front
from tests.desks.telegram import telegram_driver
from tests.desks.telegram.oracle import the_oracle
from tests.desks.telegram.server import FakeTelegram
from tests.e2e.widget_visit import DESKTOP, Visit
from tests.scripted_assistant import ScriptedAssistant, hands_off

pytest_plugins = ("tests.e2e.console_fixtures",)

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc00000030101"
    "00c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture
def place(
    redis_url: str,
    redis: Redis[bytes],
    store: Store,
    router: Router,
    assistant: ScriptedAssistant,
    tmp_path: Path,
) -> Workplace:
    return Workplace(redis_url, redis, store, router, assistant, tmp_path)


async def test_from_the_first_message_to_the_rating_with_agents_in_slack(
    chromium: Browser, place: Workplace
) -> None:
    place.assistant.on("I want a person", hands_off("I'm getting a colleague."))
    context = await chromium.new_context(viewport=DESKTOP, locale="en-GB")
    async with slack_driver.by_socket(place) as slack:
        visit = Visit(await context.new_page(), slack.gateway.url)
        await visit.open()
        await visit.talk("where is my parcel")
        await visit.say("I want a person")
        await expect(visit.panel).to_contain_text("Waiting for a person")
        id = await visit.conversation()

        # Anna sees why, takes it, and answers; the customer sees who it is.
        await slack.sees_card(id, "asked for a person", "order number")
        await slack.sees(id, "where is my parcel")
        assert await slack.claim(ANNA, id) == ""
        await expect(visit.panel.locator("header")).to_contain_text("Anna Berg")
        await slack.reply(ANNA, id, "Hi, Anna here.\n// regular customer")
        await expect(visit.said("Hi, Anna here.")).to_be_visible()
        await visit.say("it is the green one & it is <late>")
        await slack.sees(id, "it is the green one & it is <late>")

        # A file, second thoughts, and a colleague who is held back.
        await slack.send_file(ANNA, id, "label.png", PNG)
        file = visit.log.get_by_role("button", name=re.compile(r"label\.png"))
        await expect(file.first).to_be_visible()
        await slack.reply(ANNA, id, "It comes tomorow")
        await slack.edit(ANNA, id, "It comes tomorow", "It comes tomorrow")
        await expect(visit.log.get_by_text("It comes tomorrow")).to_be_visible()
        await slack.reply(BEN, id, "No, today!")
        await slack.sees_held(BEN, id, "No, today!")
        await slack.discard(BEN, id, "No, today!")

        # The end, the stars, and what never left the desk.
        await slack.close(ANNA, id, "solved")
        await visit.panel.locator("form.rating label").last.click()
        await visit.button("Send rating").click()
        await slack.sees_card(id, "★★★★★")
        shown = await visit.log.inner_text()
        assert "regular customer" not in shown
        assert "No, today!" not in shown
        assert (await place.store.load(id)).state is State.CLOSED
        assert visit.mistakes == []
        await context.close()


@asynccontextmanager
async def both_desks(
    place: Workplace,
) -> AsyncIterator[tuple[slack_driver.SlackDriver, telegram_driver.TelegramDriver]]:
    """One gateway. Anna works in Slack, Ben in Telegram; neither has an account at the other."""
    front = Front()
    await anyio.to_thread.run_sync(front.start)
    try:
        with FakeTelegram() as telegram:
            settings = slack_driver.settings_for(front, place)
            settings |= telegram_driver.settings_for(telegram, place)
            plan = YAML()
            shown = plan.load(settings["desk"])
            anna, ben = shown["agents"]
            del anna["telegram"], ben["email"]
            shown["desks"]["order"] = ["slack", "telegram", "console"]
            plan.dump(shown, settings["desk"])
            async with gateway_of(place, **settings) as gateway:
                yield (
                    slack_driver.SlackDriver(gateway, front),
                    telegram_driver.TelegramDriver(telegram, gateway),
                )
            assert the_oracle().objections(telegram.recorded()) == []
    finally:
        await anyio.to_thread.run_sync(front.stop)


async def test_from_slack_it_is_passed_on_to_somebody_in_telegram_up_to_the_rating(
    chromium: Browser, place: Workplace
) -> None:
    place.assistant.on("I want a person", hands_off("I'm getting a colleague."))
    context = await chromium.new_context(viewport=DESKTOP, locale="en-GB")
    async with both_desks(place) as (slack, telegram):
        visit = Visit(await context.new_page(), slack.gateway.url)
        await visit.open()
        await visit.talk("my tent has a hole")
        await visit.say("I want a person")
        id = await visit.conversation()

        # In Slack: taken, answered, and passed on to a colleague who works elsewhere.
        await slack.sees_card(id, "asked for a person")
        assert await slack.claim(ANNA, id) == ""
        await slack.reply(ANNA, id, "Hi, Anna here. Ben repairs tents, one moment.")
        await expect(visit.said("Hi, Anna here. Ben repairs tents, one moment.")).to_be_visible()
        assert await telegram.shown() == set()
        await slack.pass_to(ANNA, id, BEN)

        # In Telegram: the card with all that was said, and Ben is rung.
        await telegram.sees_card(id, "Passed on to Ben Otieno", "my tent has a hole", "Anna here")
        assert await telegram.claim(BEN, id) == ""
        await expect(visit.panel.locator("header")).to_contain_text("Ben Otieno")
        await telegram.reply(BEN, id, "Where is the hole?\n// looks like warranty")
        await expect(visit.said("Where is the hole?")).to_be_visible()
        await visit.say("in the <floor> & it is small")
        await telegram.sees(id, "in the <floor> & it is small")
        await slack.sees(id, "in the <floor> & it is small")

        # A file, a slip of the pen, and something that should not have been said.
        await telegram.send_file(BEN, id, "patch.png", PNG)
        file = visit.log.get_by_role("button", name=re.compile(r"patch\.png"))
        await expect(file.first).to_be_visible()
        await telegram.reply(BEN, id, "We send you a path")
        await telegram.edit(BEN, id, "We send you a path", "We send you a patch")
        await expect(visit.log.get_by_text("We send you a patch")).to_be_visible()
        await telegram.reply(BEN, id, "Mrs Olsen has the same")
        await expect(visit.log.get_by_text("Mrs Olsen")).to_be_visible()
        await telegram.retract(BEN, id, "Mrs Olsen has the same")
        await expect(visit.log.get_by_text("Mrs Olsen")).to_have_count(0)
        # Anna is held back: it is Ben's now.
        await slack.reply(ANNA, id, "Or a new tent?")
        await slack.sees_held(ANNA, id, "Or a new tent?")
        await slack.discard(ANNA, id, "Or a new tent?")

        # The end, the stars at both desks, and what never left them.
        await telegram.close(BEN, id, "solved")
        await visit.panel.locator("form.rating label").last.click()
        await visit.button("Send rating").click()
        await telegram.sees_card(id, "★★★★★")
        await slack.sees_card(id, "★★★★★")
        shown = await visit.log.inner_text()
        for inside in ("looks like warranty", "Or a new tent?", "Mrs Olsen"):
            assert inside not in shown
        assert (await place.store.load(id)).state is State.CLOSED
        assert visit.mistakes == []
        await context.close()
