"""A customer who leaves an e-mail address and comes back by the e-mail's link, in Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from redis.asyncio import Redis

from bot.attention import HERE
from bot.mail_message import answers
from bot.store import Store
from bot.web.sessions import Sessions
from tests.e2e.widget_visit import DESKTOP, PHONE, Shop, Visit
from tests.gateway import RunningGateway
from tests.polling import soon
from tests.scripted_assistant import ScriptedAssistant
from tests.smtp_world import Mailbox, mail_server

pytest_plugins = ("tests.e2e.console_fixtures", "tests.e2e.widget_fixtures")

OFFER = "You need not wait here"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def gateway(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, mailbox: Mailbox
) -> Iterator[RunningGateway]:
    """A gateway that sends e-mail, without patience: the offer comes at once."""
    text = Path("data/desk.yml").read_text().replace("mail_after: 60", "mail_after: 0.2")
    rungs = text.index("ladder:\n"), text.index("# An agent with a conversation")
    ladder = "ladder:\n  - {rung: email, after: 0.2}\n\n"
    plan = tmp_path / "desk.yml"
    plan.write_text(text[: rungs[0]] + ladder + text[rungs[1] :])
    with RunningGateway(
        redis_url,
        assistant.url,
        assistant.token,
        tmp_path,
        desk=plan,
        smtp=mailbox.server,
        mail_from="Nordlys <help@nordlys.example>",
        public_url="http://desk.example",
    ) as gateway:
        yield gateway


@pytest.fixture
async def at_home(chromium: Browser) -> AsyncIterator[Page]:
    """Another browser of the same customer."""
    context = await chromium.new_context(viewport=PHONE, locale="en-GB")
    yield await context.new_page()
    await context.close()


async def offered(visit: Visit) -> None:
    await visit.open()
    await visit.choose("Talk to a person")
    await expect(visit.log).to_contain_text(OFFER)


async def mailed(mailbox: Mailbox, redis: Redis[bytes], id: str) -> None:
    """Wait for an e-mail to the customer of a page that was closed."""

    async def came() -> bool:
        # As when its time is over. The stream of the page may end after the page, and renew it.
        await redis.delete(HERE.format(id))
        return bool(mailbox.messages)

    await soon(came, what="the e-mail")


async def test_an_address_is_left_and_the_link_of_the_mail_leads_back_into_the_conversation(
    visit: Visit,
    at_home: Page,
    shop: Shop,
    mailbox: Mailbox,
    gateway: RunningGateway,
    redis: Redis[bytes],
) -> None:
    await offered(visit)
    await visit.panel.get_by_label("Your e-mail address").fill("mads@example.com")
    await visit.button("Send the answer there").click()
    await expect(visit.log).to_contain_text("Answers will also be sent to mads@example.com")
    await expect(visit.panel.get_by_label("Your e-mail address")).to_be_hidden()
    id = await visit.conversation()
    await visit.page.close()
    await shop.says(id, "It is on its way & comes <tomorrow>.")
    await mailed(mailbox, redis, id)
    assert mailbox.recipients == ["mads@example.com"]
    (link,) = [line for line in mailbox.text().splitlines() if line.startswith("http")]

    back = Visit(at_home, link.replace("http://desk.example", gateway.url))
    await back.page.goto(back.url)
    await expect(back.said("It is on its way & comes <tomorrow>.")).to_be_visible()
    # What opens it is out of the address.
    await expect(back.page).to_have_url(f"{gateway.url}/chat")
    await back.say("Thank you!")
    await expect(back.status).to_have_text("Sent")
    assert (await shop.heard(id))[-1] == "Thank you!"
    await back.page.reload()
    await expect(back.said("Thank you!")).to_be_visible()
    assert back.mistakes == []


async def test_what_was_read_on_the_page_is_not_mailed(
    visit: Visit, shop: Shop, mailbox: Mailbox, redis: Redis[bytes], store: Store
) -> None:
    await offered(visit)
    await visit.panel.get_by_label("Your e-mail address").fill("mads@example.com")
    await visit.button("Send the answer there").click()
    await expect(visit.log).to_contain_text("Answers will also be sent to")
    id = await visit.conversation()
    await shop.says(id, "Here I am.")
    await expect(visit.said("Here I am.")).to_be_visible()
    key = f"deskhand:c:{id}:shown"
    answered = (await store.load(id)).answered
    shown = 0
    while shown < answered:
        shown = int(await redis.get(key) or 0)
    await visit.page.close()
    await shop.says(id, "One more thing.")
    await mailed(mailbox, redis, id)
    assert "One more thing." in mailbox.text()
    assert "Here I am." not in mailbox.text()
    assert len(answers(await store.log(id), 0, 10**6)) == 2


async def test_an_address_that_is_none_is_named_and_can_be_corrected(visit: Visit) -> None:
    await offered(visit)
    email = visit.panel.get_by_label("Your e-mail address")
    await email.fill("mads")
    await visit.button("Send the answer there").click()
    assert await email.evaluate("input => input.validity.typeMismatch")
    await email.fill("mads@localhost")  # which browsers take for one
    await visit.button("Send the answer there").click()
    await expect(visit.panel.get_by_role("alert")).to_contain_text("is no e-mail address")
    assert await email.input_value() == "mads@localhost"
    await email.fill("mads@example.com")
    await visit.button("Send the answer there").click()
    await expect(visit.log).to_contain_text("Answers will also be sent to mads@example.com")


async def test_the_offer_is_gone_once_a_person_has_come(visit: Visit, shop: Shop) -> None:
    await offered(visit)
    await expect(visit.panel.get_by_label("Your e-mail address")).to_be_visible()
    await shop.claims(await visit.conversation())
    await expect(visit.panel.get_by_label("Your e-mail address")).to_be_hidden()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_form_is_whole_and_can_be_used_by_keyboard(
    visit: Visit, size: dict[str, int], tmp_path: Path
) -> None:
    await visit.page.set_viewport_size(size)  # type: ignore[arg-type]
    await offered(visit)
    form = visit.panel.locator("form.contact")
    await expect(form).to_be_visible()
    box, panel = await form.bounding_box(), await visit.panel.bounding_box()
    assert box is not None
    assert panel is not None
    assert panel["x"] <= box["x"]
    assert box["x"] + box["width"] <= panel["x"] + panel["width"]
    await visit.panel.get_by_label("Your e-mail address").focus()
    await visit.page.keyboard.type("mads@example.com")
    await visit.page.keyboard.press("Enter")
    await expect(visit.log).to_contain_text("Answers will also be sent to")
    await expect(visit.input if size is DESKTOP else visit.page.locator(".scroll")).to_be_visible()


async def test_a_link_that_is_too_old_or_not_whole_says_so_and_offers_a_new_chat(
    at_home: Page, gateway: RunningGateway
) -> None:
    back = Visit(at_home, f"{gateway.url}/chat#resume=nonsense")
    await back.page.goto(back.url)
    await expect(back.page.get_by_role("main")).to_contain_text("This link is not complete.")
    await expect(back.bubbles.first).to_contain_text("a bot")
    await expect(back.page).to_have_url(f"{gateway.url}/chat")


async def test_an_open_tab_changes_to_the_conversation_of_a_link(
    visit: Visit, gateway: RunningGateway, shop: Shop, store: Store
) -> None:
    await visit.page.goto(f"{gateway.url}/chat")
    await expect(visit.bubbles.first).to_contain_text("a bot")
    first = await visit.conversation()
    other = await visit.page.request.post(f"{gateway.url}/api/chat/session", data={})
    id = (await other.json())["conversation"]
    await shop.claims(id)
    await shop.says(id, "Hello again.")
    link = await Sessions(partial(store.secret, "widget")).link(id)
    second = await visit.page.context.new_page()
    await second.goto(f"{gateway.url}/chat#resume={link}")
    for page in (second, visit.page):
        await expect(page.get_by_role("log")).to_contain_text("Hello again.")
    assert first != id
