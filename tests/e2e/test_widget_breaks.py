"""The widget when things break: reloads, tabs, networks, servers, sessions, storage, strict pages.

Each time the same two questions: is anything lost, is anything doubled?
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Route, expect

from tests.e2e.widget_visit import SESSION, Shop, StrictSite, Visit, until
from tests.gateway import RunningGateway

NewTab = Callable[[], Awaitable[Visit]]
pytest_plugins = ("tests.e2e.console_fixtures", "tests.e2e.widget_fixtures")


# ── reloads and tabs ──


async def test_the_conversation_survives_a_reload_and_is_not_doubled(visit: Visit) -> None:
    await visit.open()
    await visit.talk("one")
    await visit.talk("two")
    before = await visit.texts()
    await visit.page.reload()
    await expect(visit.bubbles).to_have_count(len(before))
    await visit.talk("three")
    assert await visit.texts() == [*before, "three", "echo: three"]


async def test_the_conversation_is_still_there_in_a_later_tab(
    visit: Visit, new_tab: NewTab
) -> None:
    await visit.open()
    await visit.talk("one")
    before = await visit.texts()
    other = await new_tab()
    await visit.page.close()
    await other.open()
    await expect(other.bubbles).to_have_count(len(before))
    assert await other.texts() == before


async def test_a_draft_survives_a_reload(visit: Visit) -> None:
    await visit.open()
    await visit.input.fill("half a thought")
    await visit.page.reload()
    await expect(visit.input).to_have_value("half a thought")


async def test_two_tabs_agree(visit: Visit, new_tab: NewTab) -> None:
    streams: list[str] = []
    visit.page.context.on("request", lambda request: streams.append(request.url))
    await visit.open()
    await visit.talk("from the first")
    second_tab = await new_tab()
    await second_tab.arrive()
    await second_tab.launcher.click()
    await expect(second_tab.bubbles).to_have_count(3)
    await second_tab.talk("from the second")
    await visit.page.bring_to_front()
    await visit.talk("from the first again")
    await expect(second_tab.said("echo: from the first again")).to_be_visible()
    assert await visit.texts() == await second_tab.texts()
    assert len(await visit.texts()) == 7
    assert sum("/events" in url for url in streams) == 1, "one stream for all tabs"


async def test_when_the_leading_tab_is_closed_the_other_takes_over(
    visit: Visit, new_tab: NewTab, shop: Shop
) -> None:
    await visit.open()
    await visit.talk("one")
    second_tab = await new_tab()
    await second_tab.arrive()
    await second_tab.launcher.click()
    await expect(second_tab.bubbles).to_have_count(3)
    conversation = await second_tab.conversation()
    await visit.page.close()
    await second_tab.talk("two")
    assert (await second_tab.texts())[1:] == ["one", "echo: one", "two", "echo: two"]
    assert await shop.heard(conversation) == ["one", "two"]


async def test_a_leading_tab_that_does_not_answer_is_replaced(
    visit: Visit, new_tab: NewTab
) -> None:
    """As when a browser freezes a tab in the background: it keeps its lock, but says nothing."""
    await visit.open()
    await visit.talk("one")
    second_tab = await new_tab()
    await second_tab.arrive()
    await second_tab.launcher.click()
    await expect(second_tab.bubbles).to_have_count(3)
    await visit.page.evaluate(
        """() => {
          const { postMessage } = BroadcastChannel.prototype;
          BroadcastChannel.prototype.postMessage = () => {};
          window.wakeUp = () => { BroadcastChannel.prototype.postMessage = postMessage; };
        }"""
    )
    await second_tab.talk("two")
    await visit.page.evaluate("wakeUp()")
    await visit.talk("three")
    await expect(second_tab.said("echo: three")).to_be_visible()
    assert await visit.texts() == await second_tab.texts()


async def test_what_was_read_in_one_tab_is_read_in_the_other(
    visit: Visit, new_tab: NewTab, shop: Shop
) -> None:
    await visit.open()
    await visit.choose("Talk to a person")
    await expect(visit.banners).to_contain_text("You are next.")
    conversation = await visit.conversation()
    await visit.button("Close chat").click()
    second_tab = await new_tab()
    await second_tab.arrive()
    await shop.claims(conversation)
    await shop.says(conversation, "Hello.")
    for tab in (visit, second_tab):
        await expect(tab.launcher).to_have_accessible_name("Open chat, 1 new message")
    await second_tab.launcher.click()
    await expect(visit.launcher).to_have_accessible_name("Open chat")


async def test_starting_again_in_one_tab_starts_again_in_all(visit: Visit, new_tab: NewTab) -> None:
    await visit.open()
    await visit.talk("old story")
    second_tab = await new_tab()
    await second_tab.arrive()
    await second_tab.launcher.click()
    await second_tab.choose("End chat")
    await expect(second_tab.said("You ended the chat")).to_be_visible()
    await second_tab.choose("Start again")
    for tab in (visit, second_tab):
        await expect(tab.bubbles).to_have_count(1)
        await expect(tab.said("You ended the chat")).to_have_count(0)
    await visit.talk("new story")
    await expect(second_tab.said("echo: new story")).to_be_visible()


# ── networks ──


async def test_what_is_written_offline_is_sent_exactly_once(visit: Visit, shop: Shop) -> None:
    await visit.open()
    await visit.talk("one")
    await visit.page.context.set_offline(True)
    await visit.say("two")
    await visit.say("three")
    await expect(visit.status).to_have_text("Not delivered yet, will retry")
    await expect(visit.banners).to_contain_text("What you write is kept and sent later.")
    await visit.page.context.set_offline(False)
    await expect(visit.said("echo: three")).to_be_visible()
    await expect(visit.banners).to_be_hidden()
    assert sorted((await visit.texts())[3:]) == ["echo: three", "echo: two", "three", "two"]
    assert await shop.heard(await visit.conversation()) == ["one", "two", "three"]


async def test_an_unsent_message_survives_a_reload(visit: Visit, shop: Shop) -> None:
    await visit.open()
    await visit.page.route("**/messages", lambda route: route.abort())
    await visit.say("do not lose me")
    await expect(visit.status).to_have_text("Not delivered yet, will retry")
    await visit.page.reload()
    await expect(visit.said("do not lose me")).to_be_visible()
    await visit.page.unroute_all()
    await expect(visit.said("echo: do not lose me")).to_be_visible()
    assert await shop.heard(await visit.conversation()) == ["do not lose me"]
    await expect(visit.said("do not lose me")).to_have_count(1)


async def test_an_answer_that_got_lost_doubles_nothing(visit: Visit, shop: Shop) -> None:
    """The server has the message, the widget does not know: it repeats, with the same id."""
    lost: list[Any] = []

    async def lose_the_first(route: Route) -> None:
        lost.append(json.loads(route.request.post_data or ""))
        if len(lost) == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await visit.open()
    await visit.page.route("**/events*", lambda route: route.abort())
    await visit.page.reload()  # without its stream, the widget cannot see its message in the log
    await visit.page.route("**/messages", lose_the_first)
    await visit.say("once")
    await until(lambda: len(lost) > 1, "the repetition")
    assert lost[0] == lost[1]
    await visit.page.unroute_all()
    await expect(visit.said("echo: once")).to_be_visible()
    await expect(visit.said("once")).to_have_count(1)
    assert await shop.heard(await visit.conversation()) == ["once"]


async def test_a_broken_stream_resumes_without_gap_or_double(
    visit: Visit, gateway: RunningGateway, shop: Shop
) -> None:
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    await visit.open()
    await visit.talk("one")
    token = (await visit.page.evaluate(SESSION))["token"]
    gateway.stop()
    await expect(visit.banners).to_contain_text("Connection lost")
    await visit.say("written while the server is away")
    await expect(visit.status).to_have_text("Not delivered yet, will retry")
    await visit.page.route("**/events*", lambda route: route.abort())
    gateway.start()
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as elsewhere:
        for n in range(3):
            response = await elsewhere.post(
                "/api/chat/messages",
                json={"client_id": f"elsewhere-{n}", "text": f"elsewhere {n}"},
                headers={"Authorization": f"Bearer {token}"},
            )
            assert response.status_code == 202
    await visit.page.unroute_all()
    for text in ("elsewhere 2", "written while the server is away"):
        await expect(visit.said(f"echo: {text}")).to_be_visible(timeout=60_000)
    await expect(visit.banners).to_be_hidden()
    texts = await visit.texts()
    assert len(texts) == len(set(texts)) == 3 + 2 * 4
    assert len(await shop.heard(await visit.conversation())) == 5
    assert all("token" not in url for url in asked), "a token has no place in an address"


async def test_a_busy_server_is_obeyed(visit: Visit, shop: Shop) -> None:
    """429 with Retry-After: the message waits, and goes out."""
    answers = [429, 503, 200]
    too_many = {"error": {"code": "too_many", "message": "That was a lot.", "hint": ""}}

    async def refuse(route: Route) -> None:
        status = answers.pop(0) if answers else 200
        if status == 200:
            await route.continue_()
        else:
            await route.fulfill(status=status, json=too_many, headers={"Retry-After": "1"})

    await visit.open()
    await visit.page.route("**/messages", refuse)
    await visit.say("patience")
    await expect(visit.status).to_have_text("Not delivered yet, will retry")
    await expect(visit.said("echo: patience")).to_be_visible()
    assert await shop.heard(await visit.conversation()) == ["patience"]


# ── sessions, storage, the assistant ──


async def test_an_expired_session_is_renewed_and_the_conversation_goes_on(
    visit: Visit, shop: Shop
) -> None:
    expired = {"error": {"code": "session_expired", "message": "Too old.", "hint": ""}}
    refused: list[str] = []

    async def refuse_once(route: Route) -> None:
        if refused:
            await route.continue_()
        else:
            refused.append(route.request.url)
            await route.fulfill(status=401, json=expired)

    await visit.open()
    await visit.talk("one")
    conversation = await visit.conversation()
    await visit.page.route("**/messages", refuse_once)
    await visit.talk("two")
    assert await visit.conversation() == conversation
    assert await shop.heard(conversation) == ["one", "two"]


async def test_a_forgotten_conversation_makes_room_for_a_new_one(visit: Visit) -> None:
    await visit.open()
    await visit.talk("one")
    await visit.page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find((name) => name.endsWith(":session"));
          const session = JSON.parse(localStorage[key]);
          localStorage[key] = JSON.stringify({ ...session, token: "forged" });
        }"""
    )
    await visit.page.reload()
    await expect(visit.bubbles).to_have_count(1)
    await visit.talk("two")


async def test_storage_that_something_else_has_written_to_does_not_stop_the_widget(
    visit: Visit,
) -> None:
    await visit.open()
    await visit.talk("hello")
    await visit.page.evaluate(
        """() => { for (const key of Object.keys(localStorage)) localStorage[key] = "{bad"; }"""
    )
    await visit.arrive()
    await expect(visit.panel).to_be_visible()  # as it was before
    await visit.talk("hello again")


async def test_a_pasted_line_separator_does_not_break_the_chat(visit: Visit) -> None:
    await visit.open()
    await visit.input.fill("pasted:\u2028second line")
    await visit.input.press("Enter")
    await expect(visit.log).to_contain_text("echo: pasted:")
    await visit.talk("and on it goes")


async def test_where_storage_is_blocked_the_chat_works_in_memory(visit: Visit) -> None:
    await visit.page.add_init_script(
        """for (const area of ["localStorage", "sessionStorage"])
          Object.defineProperty(window, area, { get() { throw new DOMException("blocked"); } });"""
    )
    await visit.open()
    await visit.talk("hello")


async def test_while_the_assistant_starts_the_widget_says_so_and_a_person_can_be_asked_for(
    chromium: Browser, redis_url: str, tmp_path: Path
) -> None:
    with RunningGateway(redis_url, "http://127.0.0.1:9", "token", tmp_path) as gateway:
        visit = Visit(await chromium.new_page(), gateway.url)
        await visit.open()
        await visit.say("anybody?")
        await expect(visit.banners).to_contain_text("The assistant is still starting.")
        await expect(visit.status).to_have_text("Sent")
        await visit.choose("Talk to a person")
        await expect(visit.panel).to_contain_text("Waiting for a person")
        assert visit.mistakes == []


# ── pages of other origins ──


async def test_a_strict_page_over_plain_http_needs_only_the_gateway_in_its_policy(
    plain_http_browser: Browser, strict_site: StrictSite
) -> None:
    """No secure context: no locks, so each tab leads itself; and Trusted Types are enforced."""
    context = await plain_http_browser.new_context()
    first, second = [Visit(await context.new_page(), strict_site.url) for _ in range(2)]
    await first.open()
    assert not await first.page.evaluate("isSecureContext || 'locks' in navigator")
    await first.talk("one")
    await second.arrive()
    await second.launcher.click()
    await expect(second.bubbles).to_have_count(3)
    await second.talk("two")
    await expect(first.said("echo: two")).to_be_visible()
    assert await first.texts() == await second.texts()
    await second.choose("End chat")
    await second.choose("Start again")
    for tab in (first, second):
        await expect(tab.bubbles).to_have_count(1)
    await context.close()
    assert [first.mistakes, second.mistakes] == [[], []]


async def test_a_site_that_is_not_allowed_is_told(
    chromium: Browser, gateway: RunningGateway
) -> None:
    page = await chromium.new_page()
    refusal = {"error": {"code": "origin_not_allowed", "message": "Not here.", "hint": ""}}
    await page.route("**/session", lambda route: route.fulfill(status=403, json=refusal))
    visit = Visit(page, gateway.url)
    await visit.arrive()
    await visit.launcher.click()
    await expect(visit.banners).to_have_text("Not here.")
