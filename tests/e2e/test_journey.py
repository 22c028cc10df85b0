"""The main job, in two browsers on the whole of Deskhand with its real model: a customer is
answered, gets annoyed, is handed to a person, and later is back with the bot; one transcript
through all of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import argon2
import pytest
from playwright.async_api import Browser, expect
from redis.asyncio import Redis

from benchmarks.stack import Stack
from bot.app import connect
from bot.store import Store
from bot.transcript import kind_of
from bot.web.accounts import Accounts, Role
from tests.e2e.console_seat import DESKTOP, PASSWORD, Seat
from tests.e2e.widget_visit import PHONE, Visit

pytest_plugins = ("tests.e2e.console_fixtures",)
#: Training and starting everything may take a while on a slow machine.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
async def redis_of_stack(stack: Stack) -> AsyncIterator[Redis[bytes]]:
    redis = connect(stack.running.redis_url)
    yield redis
    await redis.close(close_connection_pool=True)


async def test_a_customer_is_answered_handed_to_a_person_and_back(
    chromium: Browser, stack: Stack, redis_of_stack: Redis[bytes]
) -> None:
    redis = redis_of_stack
    await Accounts(redis, hasher=argon2.PasswordHasher(time_cost=1)).add(
        "jonas", "Jonas Lind", Role.AGENT, PASSWORD
    )
    phone = await chromium.new_context(viewport=PHONE)
    desk = await chromium.new_context(viewport=DESKTOP)
    visit, seat = Visit(await phone.new_page(), stack.url), Seat(await desk.new_page(), stack.url)
    await seat.log_in("jonas")

    # The bot answers, with the order's real state once number and e-mail match.
    await visit.open()
    conversation = await visit.conversation()
    await visit.say("hi, where is my order NL-10482?")
    await expect(visit.bubbles.last).to_contain_text("e-mail")
    await visit.say("its anna@example.com")
    await expect(visit.bubbles.last).to_contain_text("PostNord")

    # The customer gets annoyed: a person is fetched, and the agent sees why.
    await visit.say("THIS IS RIDICULOUS!!! third time I have to ask, you are useless, I am furious")
    await expect(visit.banners).to_contain_text("A person will answer here")
    row = seat.page.locator(f'.row[data-id="{conversation}"]')
    await expect(row).to_contain_text(
        re.compile("frustration|angry|complain|unhappy", re.IGNORECASE)
    )
    await seat.open(conversation)
    await expect(seat.page.locator(".transcript")).to_contain_text("PostNord")
    await expect(seat.page.locator(".facts", has_text="PostNord")).to_contain_text("NL-10482")
    await seat.button("Claim").click()
    await seat.send("Hi, Jonas here. I am sorry about that. Let me look.")
    await expect(visit.said("Hi, Jonas here. I am sorry about that. Let me look.")).to_be_visible()
    await expect(visit.panel).to_contain_text("Jonas Lind")

    # A person has spoken: the bot is silent, notes stay inside.
    await seat.send("// parcel stuck in Hamburg, called PostNord")
    await visit.say("what are your opening hours?")
    await expect(seat.bubbles("what are your opening hours?")).to_be_visible()
    await seat.send("We are open 10 to 18. Your parcel arrives tomorrow.")
    await expect(visit.bubbles.last).to_contain_text("arrives tomorrow")
    await expect(visit.log).not_to_contain_text("stuck in Hamburg")

    # Back with the bot, which answers again and still knows the order; also what the customer wrote
    # at the very moment, which may be in the log before the return.
    await seat.button("More actions").click()
    await seat.page.get_by_role("menuitem", name="Return to assistant").click()
    await visit.say("can i still cancel the order?")
    await expect(visit.bubbles.last).to_contain_text("NL-10482")
    await expect(seat.page.locator(".pill")).to_have_text("With the assistant")

    # The customer asks for a person again; closed and rated this time.
    await visit.say("i want to talk to a human")
    await expect(row).to_be_visible()
    await seat.open(conversation)
    await seat.send("It has left already, so send it back for free.")
    await expect(visit.bubbles.last).to_contain_text("for free")
    await seat.button("Close").click()
    await seat.page.get_by_role("menuitem", name="Solved", exact=True).click()
    await visit.panel.locator("form.rating label").last.click()
    await visit.button("Send rating").click()
    await expect(seat.page.locator(".rated")).to_be_visible()

    kinds = [kind_of(entry) for entry in await Store(redis).log(conversation)]
    assert kinds.count("handoff_requested") == 2
    first_human, returned = kinds.index("agent_spoke"), kinds.index("returned_to_bot")
    assert "bot_answered" not in kinds[first_human:returned]
    assert kinds[-1] == "rated"
    assert visit.mistakes == []
    assert seat.mistakes == []
    await phone.close()
    await desk.close()
