"""The main job at the desks outside: a customer in a browser, agents in Slack, from the first
message to the rating."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from redis.asyncio import Redis

from bot.conversation import State
from bot.router import Router
from bot.store import Store
from tests.desks.contract.driver import ANNA, BEN, Workplace
from tests.desks.slack import slack_driver
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
    context.set_default_timeout(15_000)
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
