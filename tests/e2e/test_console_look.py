"""The console on small screens and for eyes that need contrast."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from bot.commands import Claim, Close, Command, Note, Rate, Reply
from bot.events import Agent
from tests.e2e.console_seat import PHONE, Guest, Seat
from tests.gateway import RunningGateway

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
    anna = Agent(login="anna", name="Anna Berg")
    commands: list[Command] = [
        Claim(agent=anna),
        Reply(agent=anna, text="Hello"),
        Note(agent=anna, text="Between us"),
        Close(agent=anna, outcome="solved"),
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
