"""An agent's seat for tests: a browser window with the console in it, and customers who come by.

Customers write through the router, as the widget's messages do. The fixtures are in
`tests.e2e.console_fixtures`.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import argon2
from playwright.async_api import Page, ViewportSize, expect

from bot.events import Agent, AgentSpoke, CustomerSpoke, NoteWritten
from bot.router import Router
from bot.store import Store

ANNA = Agent(login="anna", name="Anna Berg")
BEN = Agent(login="ben", name="Ben Otieno")
PASSWORD = "correct horse battery"
#: Logins here are many and guesses none; the real cost is tested in tests/web.
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)


class Seat:
    """An agent at a browser window."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.mistakes: list[str] = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        page.on("dialog", lambda dialog: self.mistakes.append(f"a dialog: {dialog.message}"))

    async def log_in(self, login: str = "anna", *, at: str = "/console") -> None:
        await self.page.goto(self.url + at)
        await self.page.fill("#login-name", login)
        await self.page.fill("#login-password", PASSWORD)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#desk")).to_be_visible()

    async def open(self, id: str) -> None:
        row = self.page.locator(f'.row[data-id="{id}"]')
        await row.click()
        await expect(row).to_have_attribute("aria-current", "true")  # and no other one is shown
        await expect(self.page.locator(".transcript .entry").first).to_be_visible()

    async def send(self, text: str) -> None:
        await self.page.fill("#composer-text", text)
        await self.page.press("#composer-text", "Enter")

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def bubbles(self, text: str) -> Any:
        return self.page.locator(".bubble", has_text=re.compile(f"^{re.escape(text)}$"))


class Guest:
    """Somebody in the shop; `id` names the conversation."""

    def __init__(self, router: Router, store: Store, id: str) -> None:
        self.router = router
        self.store = store
        self.id = id

    async def say(self, text: str) -> int:
        """Write; returns the message's place in the log, after which others may have written."""
        await self.router.from_customer(self.id, text, client_id=str(uuid.uuid4()))
        entries = await self.store.log(self.id)
        return max(entry.seq for entry in entries if isinstance(entry.event, CustomerSpoke))

    async def ask_for_person(self) -> None:
        await self.router.ask_for_person(
            self.id, client_id=str(uuid.uuid4()), reason="asked_for_human"
        )

    async def said_by(self, kind: type[AgentSpoke] | type[NoteWritten]) -> list[str]:
        entries = await self.store.log(self.id)
        return [entry.event.text for entry in entries if isinstance(entry.event, kind)]

    async def state(self) -> str:
        return (await self.store.load(self.id)).state.value


async def arrive(router: Router, store: Store) -> Guest:
    return Guest(router, store, (await router.open("https://shop.example/tents")).id)
