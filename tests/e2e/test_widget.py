"""A customer's chat in a real browser, on the real gateway: what people see and do."""

from __future__ import annotations

import gzip
import re
from itertools import product
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, expect

from actions.shop.demo_orders import DEMO_ORDERS
from bot import commands
from bot.web.pages import widget_script
from tests.e2e.widget_visit import MAYA, PHONE, Shop, Visit
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant, hands_off, says

pytest_plugins = ("tests.e2e.console_fixtures", "tests.e2e.widget_fixtures")

WEB = Path(__file__).parents[2] / "bot" / "web"
NASTY = '<img src=x onerror="alert(1)"><script>alert(2)</script> & <b>bold</b>'


# ── first contact ──


async def test_the_widget_weighs_at_most_15_kb_gzipped_in_all() -> None:
    assert len(gzip.compress(widget_script().encode(), 9)) <= 15_000


async def test_the_demo_page_offers_orders_that_exist() -> None:
    known = {order.number: order.email for order in DEMO_ORDERS}
    page = (WEB / "templates" / "demo.html").read_text()
    offered = dict(re.findall(r'"number": "(NL-\d+)", "email": "([^"]+)"', page))
    assert len(offered) >= 3
    assert offered.items() <= known.items()


async def test_the_bot_greets_says_that_it_is_one_and_answers(visit: Visit) -> None:
    await visit.open()
    await expect(visit.panel).to_contain_text("Nordlys assistant · bot")
    await visit.talk("where is my order?")
    assert await visit.input.input_value() == ""
    assert (await visit.texts())[1:] == ["where is my order?", "echo: where is my order?"]


async def test_nothing_is_asked_of_the_server_before_the_chat_is_opened(visit: Visit) -> None:
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    await visit.arrive()
    await visit.page.get_by_role("button", name="Dismiss").click()
    assert [url for url in asked if "/api/" in url] == []


async def test_the_page_gets_no_global_names_from_the_widget(visit: Visit) -> None:
    # No new names, one new element: the page's own scripts and styles cannot run into it.
    await visit.page.add_init_script("window.before = Object.keys(window)")
    await visit.open()
    added = await visit.page.evaluate(
        "Object.keys(window).filter((key) => !before.includes(key) && key !== 'before')"
    )
    assert added == []
    assert await visit.page.locator("body > deskhand-chat").count() == 1


async def test_while_the_bot_thinks_it_shows(visit: Visit, assistant: ScriptedAssistant) -> None:
    await visit.open()
    assistant.hold()
    await visit.say("hello?")
    typing = visit.panel.get_by_role("img", name="Nordlys assistant is typing")
    await expect(typing).to_be_visible()
    await expect(visit.status).to_have_text("Sent")
    assistant.release()
    await expect(visit.said("echo: hello?")).to_be_visible()
    await expect(typing).to_have_count(0)


async def test_a_quick_reply_sends_its_payload_and_is_gone(
    visit: Visit, assistant: ScriptedAssistant
) -> None:
    buttons = [("Yes, please", "/affirm"), ("No", "/deny")]
    assistant.on("cancel it", says("Shall I cancel it?", buttons=buttons))
    await visit.open()
    await visit.say("cancel it")
    await visit.button("Yes, please").click()
    await expect(visit.said("echo: /affirm")).to_be_visible()
    await expect(visit.said("Yes, please")).to_be_visible()
    await expect(visit.button("No")).to_have_count(0)
    assert [turn["payload"] for turn in assistant.turns] == [None, "/affirm"]
    await expect(visit.input).to_be_focused()


# ── texts ──


async def test_html_is_shown_as_text(visit: Visit, assistant: ScriptedAssistant) -> None:
    assistant.on(NASTY, says(NASTY))
    await visit.open()
    await visit.say(NASTY)
    await expect(visit.said(NASTY)).to_have_count(2)
    assert await visit.log.locator("img, script, .bubble b").count() == 0


async def test_only_web_addresses_become_links(visit: Visit, assistant: ScriptedAssistant) -> None:
    text = "See https://nordlys.example/returns?a=1. Not javascript:alert(1), nor (ftp://x.example)"
    assistant.on("how?", says(text))
    await visit.open()
    await visit.say("how?")
    await expect(visit.said(text)).to_be_visible()
    links = visit.log.get_by_role("link")
    await expect(links).to_have_count(1)
    await expect(links).to_have_attribute("href", "https://nordlys.example/returns?a=1")
    await expect(links).to_have_attribute("rel", "noopener nofollow")
    await expect(links).to_have_attribute("target", "_blank")


async def test_help_pages_become_links_to_the_gateway(
    visit: Visit, assistant: ScriptedAssistant
) -> None:
    page = "/help/boot-sizing#size-table-eu-and-uk-shoe-sizes"
    strange = 'x/help/a //help/b https:/help/c /help/d/e /help/"onclick="alert(1) /help/<b>'
    assistant.on("size?", says(f"{page} (see {page}).\n{strange}"))
    await visit.open()
    await visit.say("size?")
    links = visit.log.get_by_role("link")
    await expect(links).to_have_text([page, page])
    await expect(links.first).to_have_attribute("href", f"{visit.url}{page}")
    await expect(links.first).to_have_attribute("rel", "noopener nofollow")
    async with visit.page.expect_popup() as opened:
        await links.first.click()
    shown = await opened.value
    await expect(shown.get_by_role("heading", level=1)).to_have_text("Finding your boot size")
    await expect(shown.locator("#size-table-eu-and-uk-shoe-sizes")).to_be_visible()
    await shown.close()
    assert await visit.log.locator(".bubble b, [onclick]").count() == 0


async def test_any_script_emoji_and_long_words_fit_their_bubble(visit: Visit) -> None:
    await visit.open()
    for text in ("مرحبا، أين طلبي؟", "🧗🏽‍♀️ 👍", "Donaudampfschifffahrt" * 20):
        await visit.talk(text)
    wide = "(all) => all.some((one) => one.scrollWidth > one.clientWidth)"
    assert not await visit.bubbles.evaluate_all(wide)
    arabic = visit.said("مرحبا، أين طلبي؟")
    assert await arabic.evaluate("(one) => one.matches(':dir(rtl)')")


async def test_too_long_a_text_is_counted_and_not_sent(visit: Visit) -> None:
    await visit.open()
    await visit.input.fill("x" * 3_700)
    await expect(visit.panel).to_contain_text("300 left")
    await visit.input.fill("🧗" * 4_002)
    await expect(visit.panel).to_contain_text("2 too many")
    await expect(visit.button("Send")).to_be_disabled()
    await visit.input.press("Enter")
    await expect(visit.bubbles).to_have_count(1)
    await visit.input.fill("🧗" * 4_000)
    await visit.button("Send").click()
    await expect(visit.bubbles.nth(1)).to_be_visible()


async def test_shift_enter_makes_a_new_line_and_a_composed_word_is_not_sent(visit: Visit) -> None:
    await visit.open()
    await visit.input.press_sequentially("one")
    await visit.input.press("Shift+Enter")
    await visit.input.press_sequentially("two")
    enter = {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True}
    await visit.input.dispatch_event("keydown", enter)
    assert await visit.input.input_value() == "one\ntwo"
    await visit.input.press("Enter")
    await expect(visit.said("one\ntwo")).to_be_visible()


async def test_a_refused_message_comes_back_with_the_servers_words(visit: Visit) -> None:
    await visit.open()
    refusal = {"error": {"code": "text_empty", "message": "No.", "hint": "Write it otherwise."}}
    await visit.page.route("**/messages", lambda route: route.fulfill(status=422, json=refusal))
    await visit.say("something odd")
    await expect(visit.panel.get_by_role("alert")).to_have_text("No. Write it otherwise.")
    await expect(visit.input).to_have_value("something odd")
    await expect(visit.said("something odd")).to_have_count(0)
    await visit.page.unroute_all()
    await visit.input.press("Enter")
    await expect(visit.said("echo: something odd")).to_be_visible()
    await expect(visit.panel.get_by_role("alert")).to_be_hidden()


# ── people ──


async def test_a_person_joins_answers_and_closes_and_is_rated(
    visit: Visit, assistant: ScriptedAssistant, shop: Shop
) -> None:
    assistant.on("a person!", hands_off("I'm getting a colleague."))
    await visit.open()
    await visit.say("a person!")
    await expect(visit.panel).to_contain_text("Waiting for a person")
    await expect(visit.banners).to_contain_text("You are next.")
    conversation = await visit.conversation()

    await shop.claims(conversation)
    await shop.says(conversation, "Hi, Maya here.")
    await expect(visit.said("Maya Berg joined the chat")).to_be_visible()
    await expect(visit.said("Hi, Maya here.")).to_be_visible()
    await expect(visit.panel.locator("header")).to_contain_text("Maya Berg · person")
    await visit.say("thanks!")
    await expect(visit.status).to_have_text("Sent")

    await shop.does(conversation, commands.Close(outcome="solved", agent=MAYA))
    await expect(visit.said("The chat was closed")).to_be_visible()
    await visit.panel.locator("form.rating label").nth(3).click()
    await visit.panel.get_by_label("Comment").fill("Quick.")
    await visit.button("Send rating").click()
    await expect(visit.said("You gave 4 of 5 stars. Thank you!")).to_be_visible()
    await expect(visit.button("Send rating")).to_be_hidden()

    await visit.talk("one more thing")
    await expect(visit.said("The chat is open again")).to_be_visible()


async def test_an_agents_message_changes_and_disappears_as_the_agent_wishes(
    visit: Visit, shop: Shop
) -> None:
    await visit.open()
    await visit.choose("Talk to a person")
    await expect(visit.banners).to_contain_text("You are next.")
    conversation = await visit.conversation()
    first = await shop.says(conversation, "It is in <b>Oslo</b>.")
    second = await shop.says(conversation, "For Mr Olsen.")
    await expect(visit.said("For Mr Olsen.")).to_be_visible()
    changed = "It is in <b>Bergen</b>."
    await shop.does(conversation, commands.Edit(agent=MAYA, of=first, text=changed))
    await shop.does(conversation, commands.Retract(agent=MAYA, of=second))
    await expect(visit.said("Message removed")).to_be_visible()
    for _ in range(2):  # live, and again after a reload
        await expect(visit.said(changed)).to_be_visible()
        await expect(visit.said("edited")).to_be_visible()
        await expect(visit.said("Message removed")).to_be_visible()
        texts = "".join(await visit.texts())
        assert "Oslo" not in texts
        assert "Olsen" not in texts
        await visit.page.reload()


async def test_an_agents_typing_is_shown(visit: Visit, shop: Shop) -> None:
    await visit.open()
    await visit.choose("Talk to a person")
    await expect(visit.banners).to_contain_text("You are next.")
    conversation = await visit.conversation()
    await shop.claims(conversation)
    await shop.shows_typing(conversation)
    typing = visit.panel.get_by_role("img", name="Maya Berg is typing")
    await expect(typing).to_be_visible()
    await shop.says(conversation, "There.")
    await expect(typing).to_have_count(0)


async def test_who_waits_may_carry_on_with_the_assistant(visit: Visit) -> None:
    await visit.open()
    await visit.choose("Talk to a person")
    await expect(visit.panel).to_contain_text("Waiting for a person")
    await visit.button("Carry on with the assistant").click()
    await expect(visit.panel).to_contain_text("Nordlys assistant · bot")
    await expect(visit.banners).to_be_hidden()
    await expect(visit.input).to_be_focused()
    await visit.talk("still there?")


async def test_the_customer_ends_the_chat_and_starts_again(visit: Visit) -> None:
    await visit.open()
    await visit.talk("hello")
    before = await visit.conversation()
    await visit.choose("End chat")
    await expect(visit.said("You ended the chat")).to_be_visible()
    await visit.choose("Start again")
    await expect(visit.bubbles).to_have_count(1)
    await visit.talk("hello again")
    assert await visit.conversation() != before


async def test_answers_that_come_while_the_chat_is_closed_are_counted(
    visit: Visit, shop: Shop
) -> None:
    await visit.open()
    await visit.choose("Talk to a person")
    await expect(visit.banners).to_contain_text("You are next.")
    conversation = await visit.conversation()
    await visit.button("Close chat").click()
    await expect(visit.panel).to_be_hidden()
    await shop.claims(conversation)
    await shop.says(conversation, "First.")
    await shop.says(conversation, "Second.")
    await expect(visit.launcher).to_have_accessible_name("Open chat, 2 new messages")
    await visit.page.reload()
    await expect(visit.launcher).to_have_accessible_name("Open chat, 2 new messages")
    await visit.launcher.click()
    await expect(visit.said("Second.")).to_be_visible()
    await visit.button("Close chat").click()
    await expect(visit.launcher).to_have_accessible_name("Open chat")


# ── hands, eyes and ears ──


async def test_a_whole_visit_by_keyboard(visit: Visit, assistant: ScriptedAssistant) -> None:
    buttons = [("Return something", "/return_item")]
    assistant.on("hi", says("What can I do?", buttons=buttons))
    keyboard = visit.page.keyboard
    await visit.arrive()
    await visit.launcher.focus()
    await keyboard.press("Enter")
    await expect(visit.input).to_be_focused()
    await keyboard.type("hi")
    await keyboard.press("Enter")
    await expect(visit.button("Return something")).to_be_visible()

    await keyboard.press("Shift+Tab")
    await expect(visit.button("Return something")).to_be_focused()
    await keyboard.press("Enter")
    await expect(visit.said("echo: /return_item")).to_be_visible()
    await expect(visit.input).to_be_focused()

    await visit.button("Menu").focus()
    await keyboard.press("Enter")
    await expect(visit.button("Talk to a person")).to_be_focused()
    await keyboard.press("Escape")
    await expect(visit.button("Menu")).to_be_focused()
    await keyboard.press("Enter")
    await keyboard.press("Tab")
    await expect(visit.button("End chat")).to_be_focused()
    await keyboard.press("Enter")
    await expect(visit.said("You ended the chat")).to_be_visible()

    await expect(visit.button("Send rating")).to_be_visible()
    await visit.panel.get_by_label("1 of 5").focus()
    for _ in range(4):
        await keyboard.press("ArrowRight")
    await expect(visit.panel.get_by_label("5 of 5")).to_be_checked()
    await keyboard.press("Enter")
    await expect(visit.said("You gave 5 of 5 stars. Thank you!")).to_be_visible()
    await keyboard.press("Escape")
    await expect(visit.panel).to_be_hidden()
    await expect(visit.launcher).to_be_focused()


async def test_only_what_is_new_is_read_out(visit: Visit) -> None:
    """A screen reader hears what is added to the live region, and nothing twice."""
    await visit.open()
    await visit.talk("first")
    await visit.page.reload()
    await expect(visit.said("echo: first")).to_be_visible()
    await expect(visit.log).to_have_attribute("aria-live", "polite")
    await visit.log.evaluate(
        """(log) => {
          window.heard = [];
          new MutationObserver((changes) => {
            for (const { addedNodes } of changes)
              for (const node of addedNodes)
                if (node.getAttribute("aria-live") !== "off") heard.push(node.textContent);
          }).observe(log, { childList: true });
        }"""
    )
    await visit.talk("second")
    heard = await visit.page.evaluate("heard")
    assert len(heard) == 1
    assert heard[0].endswith("echo: second")


CONTRASTS = """() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (color) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
  };
  const light = (color) => channels(color).slice(0, 3)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
  };
  const root = document.querySelector("deskhand-chat").shadowRoot;
  return [...root.querySelectorAll("*")]
    .filter((node) => [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim()))
    .filter((node) => node.getClientRects().length && !node.closest(".unseen"))
    .map((node) => {
      const [a, b] = [getComputedStyle(node).color, ground(node)].map(light).sort((x, y) => y - x);
      return [`${node.className || node.tagName}: ${node.textContent}`, (a + 0.05) / (b + 0.05)];
    });
}"""


async def test_texts_can_be_read_in_both_themes_with_any_accent(
    visit: Visit, assistant: ScriptedAssistant
) -> None:
    assistant.on("hi", says("See https://nordlys.example", buttons=[("Yes", "/affirm")]))
    accent = "black"
    page = "<!doctype html><script src=/widget.js defer data-accent='{}'></script><body>"
    await visit.page.route(
        visit.url,
        lambda route: route.fulfill(content_type="text/html", body=page.format(accent)),
    )
    await visit.open()
    await visit.say("hi")
    await expect(visit.button("Yes")).to_be_visible()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for accent, scheme in product(
        ("#17594a", "#ffd400", "white", "black", "#c0392b", "#777", "#757575"), schemes
    ):
        await visit.page.emulate_media(color_scheme=scheme)
        await visit.page.reload()
        await expect(visit.button("Yes")).to_be_visible()
        await visit.button("Menu").click()
        measured = await visit.page.evaluate(CONTRASTS)
        assert len(measured) > 8
        assert [(accent, scheme, what) for what, ratio in measured if ratio < 4.5] == []


async def test_what_can_be_pressed_is_big_enough_for_a_finger(visit: Visit) -> None:
    await visit.open()
    await visit.button("Menu").click()
    for button in await visit.page.locator("deskhand-chat").get_by_role("button").all():
        box = await button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 40, await button.inner_text()


async def test_on_a_phone_the_chat_fills_the_screen_and_keeps_the_page_out(
    chromium: Browser, gateway: RunningGateway
) -> None:
    page = await chromium.new_page(viewport=PHONE, has_touch=True)
    visit = Visit(page, gateway.url)
    await visit.open()
    box = await visit.panel.bounding_box()
    assert box == {"x": 0, "y": 0, **PHONE}
    await expect(visit.panel).to_have_attribute("aria-modal", "true")
    assert await page.locator("main").evaluate("(main) => main.inert")
    await visit.talk("hello")
    await visit.button("Close chat").click()
    assert not await page.locator("main").evaluate("(main) => main.inert")
    await expect(visit.launcher).to_be_visible()
    assert visit.mistakes == []
