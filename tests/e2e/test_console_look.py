"""The console on small screens and for eyes that need contrast."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser, FilePayload, Page, ViewportSize, expect
from redis.asyncio import Redis

from bot.commands import (
    Claim,
    Close,
    Command,
    Edit,
    Label,
    Note,
    Rate,
    Reply,
    Retract,
    Suggest,
)
from bot.files import Files
from tests.e2e.console_seat import ANNA, BEN, DESKTOP, PHONE, Guest, Seat
from tests.gateway import RunningGateway
from tests.sample_files import PDF, WINDOWS_PROGRAM, png

pytest_plugins = ("tests.e2e.console_fixtures",)

#: Every visible text with less contrast to what is behind it than WCAG AA asks for.
TOO_FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (rgb) => {
    const [r, g, b] = [...rgb].slice(0, 3).map((v) => {
      const s = v / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgba("white");
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim();
    const node = texts.currentNode.parentElement;
    if (!text || !node.checkVisibility() || node.closest(":disabled, .off")) continue;
    const [a, b] = [light(rgba(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${node.className}: ${text.slice(0, 40)}`);
  }
  return found;
}"""


#: Buttons, links and fields that a screen reader could not name.
NAMELESS = """() => [...document.querySelectorAll("button, a[href], input, textarea, select")]
  .filter((node) => node.checkVisibility() && !node.computedName && !(
    node.ariaLabel || node.textContent.trim() || node.labels?.length || node.title
  )).map((node) => node.outerHTML.slice(0, 80))"""


async def is_fit_to_be_seen(page: Page) -> None:
    """Enough contrast, a name for everything, nothing cut off sideways."""
    assert await page.evaluate(TOO_FAINT) == []
    assert await page.evaluate(NAMELESS) == []
    width = await page.evaluate("document.documentElement.scrollWidth")
    size = page.viewport_size
    assert size is not None
    assert width <= size["width"]
    head = page.locator(".conversation-head")
    if await head.is_visible():
        boxes = [await part.bounding_box() for part in await head.locator("button:visible").all()]
        assert all(box and box["x"] + box["width"] <= size["width"] for box in boxes)
        title = await page.locator(".conversation-head h2").bounding_box()
        assert title is not None
        assert title["width"] > 60, "the customer's name is squeezed away"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_whatever_waits_for_a_decision_is_fit_to_be_seen(
    chromium: Browser,
    gateway: RunningGateway,
    agents: None,
    guest: Guest,
    redis: Redis[bytes],
    scheme: Literal["light", "dark"],
    size: ViewportSize,
) -> None:
    phone = size is PHONE
    context = await chromium.new_context(
        viewport=size,
        color_scheme=scheme,
        reduced_motion="reduce",
        has_touch=phone,
        is_mobile=phone,
    )
    seat = Seat(await context.new_page(), gateway.url)
    page, router = seat.page, guest.router
    files = Files(redis, now=router.now, size_at_most=10**6)
    shot = await files.put(guest.id, "torn seam.png", png(600, 400), key="customer:1")
    long = await files.put(guest.id, f"{'order confirmation ' * 6}.pdf", PDF, key="customer:2")
    await router.from_customer(guest.id, "", client_id="files-1234", files=(shot, long))
    await seat.log_in()
    await seat.open(guest.id)
    await expect(page.locator(".picture img")).to_have_js_property("naturalWidth", 600)
    await is_fit_to_be_seen(page)

    await router.from_agent(guest.id, Claim(agent=ANNA), client_id="anna-claims")
    await guest.say("when are you open?")
    asked = (await guest.store.load(guest.id)).unanswered[-1]
    await router.execute(guest.id, Suggest(text="From nine to five.", in_reply_to=asked))
    await expect(page.locator(".decision.suggestion")).to_be_visible()
    await is_fit_to_be_seen(page)
    await seat.button("Edit first").click()
    await is_fit_to_be_seen(page)
    await seat.button("Cancel").click()
    await page.fill("#composer-text", "/")
    await expect(page.locator(".canned")).to_be_visible()
    await is_fit_to_be_seen(page)
    await page.keyboard.press("Escape")
    await page.fill("#composer-text", "")

    program = FilePayload(name="setup.exe", mimeType="", buffer=WINDOWS_PROGRAM)
    await page.locator("input[type=file]").set_input_files([program])
    await expect(page.locator(".tray .bad")).to_be_visible()
    await is_fit_to_be_seen(page)
    await seat.button("Remove setup.exe").click()

    await router.from_agent(guest.id, Reply(agent=ANNA, text="One"), client_id="anna-says-1")
    said = await router.from_agent(guest.id, Reply(agent=ANNA, text="Two"), client_id="anna-2")
    edit = Edit(agent=ANNA, of=said.seq - 1, text="Three")
    await router.from_agent(guest.id, edit, client_id="anna-edits")
    await router.from_agent(guest.id, Retract(agent=ANNA, of=said.seq), client_id="anna-takes")
    label = Label(agent=ANNA, of=asked, intent="opening_hours")
    await router.from_agent(guest.id, label, client_id="anna-labels")
    await expect(page.locator(".entry.customer").last).to_contain_text("should have been answered")
    await is_fit_to_be_seen(page)
    await page.locator(".entry.customer").last.hover()
    await page.locator(".entry.customer .entry-more").last.click()
    entry = page.get_by_role("menuitem", name="The bot should have answered this…")
    box = await entry.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    await entry.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await is_fit_to_be_seen(page)
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    take = Claim(agent=BEN, take_over=True)
    await router.from_agent(guest.id, take, client_id="ben-takes-over")
    await router.from_agent(guest.id, Reply(agent=ANNA, text="Mine"), client_id="anna-held")
    await expect(page.locator(".decision.held")).to_be_visible()
    await is_fit_to_be_seen(page)
    await seat.button("Take over and send").click()
    await expect(page.locator(".pill")).to_have_text("With you")
    await seat.button("More actions").click()
    await is_fit_to_be_seen(page)
    await page.keyboard.press("Escape")
    await page.locator(".transcript").focus()
    await page.keyboard.press("t")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await is_fit_to_be_seen(page)
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    if phone:
        await page.get_by_role("link", name="Back to the queue").click()
    await page.locator("#agent-menu button").first.click()
    await page.get_by_role("menuitemcheckbox", name="I’m away").click()
    await expect(page.locator("#notices")).to_contain_text("You are away.")
    await is_fit_to_be_seen(page)
    await context.close()
    assert seat.mistakes == []


# ── on a phone ──


async def test_on_a_phone_there_is_one_pane_at_a_time(
    chromium: Browser, gateway: RunningGateway, agents: None, guest: Guest
) -> None:
    context = await chromium.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    seat = Seat(await context.new_page(), gateway.url)
    page = seat.page
    await seat.log_in()
    await expect(page.locator("#conversation-pane")).to_be_hidden()
    await seat.open(guest.id)
    await expect(page.locator("#queue-pane")).to_be_hidden()
    await seat.button("Claim").click()
    await page.fill("#composer-text", "Hello")
    await page.locator(".send").click()
    await expect(page.locator(".entry.agent .bubble")).to_have_text("Hello")
    await expect(page.locator("#context-pane")).to_be_hidden()
    await seat.button("Show details").click()
    await expect(page.locator("#context-pane")).to_be_visible()
    await seat.button("Close details").click()
    await expect(page.locator("#context-pane")).to_be_hidden()
    await seat.button("More actions").click()
    await page.get_by_role("menuitem", name="Return to assistant").click()
    await expect(page.locator(".pill")).to_have_text("With the assistant")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], "nothing may be cut off or scroll sideways"
    await page.get_by_role("link", name="Back to the queue").click()
    await expect(page.locator("#queue-pane")).to_be_visible()
    await context.close()
    assert seat.mistakes == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_has_contrast_enough(
    chromium: Browser,
    gateway: RunningGateway,
    agents: None,
    guest: Guest,
    scheme: Literal["light", "dark"],
) -> None:
    context = await chromium.new_context(color_scheme=scheme, reduced_motion="reduce")
    seat = Seat(await context.new_page(), gateway.url)
    page = seat.page
    await page.goto(seat.url + "/console")
    await page.fill("#login-name", "anna")
    await page.fill("#login-password", "wrong password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("wrong")
    assert await page.evaluate(TOO_FAINT) == []
    await seat.log_in()
    await seat.open(guest.id)
    assert await page.evaluate(TOO_FAINT) == []
    commands: list[Command] = [
        Claim(agent=ANNA),
        Reply(agent=ANNA, text="Hello"),
        Note(agent=ANNA, text="Between us"),
        Close(agent=ANNA, outcome="solved"),
        Rate(stars=2, comment="Slow."),
    ]
    for n, command in enumerate(commands):
        await guest.router.execute(guest.id, command, key=f"look:{n}")
        await expect(page.locator(".transcript .entry").last).to_be_visible()
        assert await page.evaluate(TOO_FAINT) == []
    await expect(page.locator(".transcript .comment")).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.locator("#help")).to_be_visible()
    assert await page.evaluate(TOO_FAINT) == []
    await context.close()
