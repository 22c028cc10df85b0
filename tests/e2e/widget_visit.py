"""A customer's visit for tests: a browser window on a page with the widget.

Locators reach into the widget's shadow tree by role and label, as people and screen readers do.
The fixtures that make them are in `widget_fixtures`.
"""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
from playwright.async_api import Locator, Page, ViewportSize, expect

from bot import commands
from bot.events import Agent, CustomerSpoke
from bot.router import Router
from bot.store import Store
from tests.polling import PATIENCE_S, soon

DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
MAYA = Agent(login="maya", name="Maya Berg")

#: A failed request shows itself in the console of every browser; what it means, tests say.
NOT_OURS = "Failed to load resource"

#: The widget's own key for the session in localStorage, whatever the gateway's address.
SESSION = """() => JSON.parse(Object.entries(localStorage)
    .find(([key]) => key.endsWith(":session"))?.[1] ?? "null")"""


class Visit:
    """One page. `mistakes` are errors in its console, to be none at the end of a test."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.mistakes: list[str] = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        page.on("dialog", lambda dialog: self.mistakes.append(f"a dialog: {dialog.message}"))
        page.on("console", lambda message: self._note(message.type, message.text))

        self.launcher = page.locator(".launcher")
        self.panel = page.get_by_role("dialog")
        self.log = page.get_by_role("log")
        self.input = page.get_by_label("Your message")
        self.bubbles = self.log.locator(".bubble")
        self.status = page.locator(".delivery")
        self.banners = page.locator(".banners")

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not text.startswith(NOT_OURS):
            self.mistakes.append(text)

    async def arrive(self) -> None:
        await self.page.goto(self.url)
        await expect(self.launcher).to_be_visible()

    async def open(self) -> None:
        await self.arrive()
        await self.launcher.click()
        await expect(self.bubbles.first).to_contain_text("a bot")

    async def say(self, text: str) -> None:
        await self.input.fill(text)
        await self.input.press("Enter")

    async def talk(self, text: str) -> None:
        """Say something and wait for the scripted assistant's answer."""
        await self.say(text)
        await expect(self.said(f"echo: {text}")).to_be_visible()

    def said(self, text: str) -> Locator:
        return self.log.get_by_text(text, exact=True)

    def button(self, name: str) -> Locator:
        return self.panel.get_by_role("button", name=name, exact=True)

    async def choose(self, name: str) -> None:
        """Something from the menu."""

        async def offered() -> bool:
            # It offers what could be done when it was opened; opened again, what can be done now.
            if not await self.button(name).is_visible():
                await self.button("Menu").click()
            return await self.button(name).is_visible()

        await soon(offered, what=f"the menu's {name!r}")
        await self.button(name).click()

    async def texts(self) -> list[str]:
        return await self.bubbles.all_inner_texts()

    async def conversation(self) -> str:
        return str((await self.page.evaluate(SESSION))["conversation"])


class Shop:
    """What the customer cannot see: the stored log, and an agent who acts."""

    def __init__(self, router: Router, store: Store) -> None:
        self._router = router
        self._store = store
        self._acts = 0

    async def heard(self, conversation: str) -> list[str]:
        """What the customer said, as it is stored."""
        entries = await self._store.log(conversation)
        return [entry.event.text for entry in entries if isinstance(entry.event, CustomerSpoke)]

    async def does(self, conversation: str, command: commands.Command) -> int:
        """The seq as which it is stored."""
        self._acts += 1
        client_id = f"agent-act-{self._acts}"
        return (await self._router.from_agent(conversation, command, client_id=client_id)).seq

    async def claims(self, conversation: str) -> None:
        await self.does(conversation, commands.Claim(agent=MAYA))

    async def says(self, conversation: str, text: str) -> int:
        return await self.does(conversation, commands.Reply(agent=MAYA, text=text))

    async def shows_typing(self, conversation: str) -> None:
        await self._store.show_typing(conversation, "agent", MAYA.name)


async def until(check: Callable[[], bool], what: str) -> None:
    """Poll `check` until it is true; fail after `PATIENCE_S`."""
    with anyio.move_on_after(PATIENCE_S):
        while not check():
            await anyio.sleep(0.02)
        return
    raise AssertionError(f"{what} did not happen within {PATIENCE_S:g} s")


class StrictSite(ThreadingHTTPServer):
    """A shop of another origin, over plain http, whose pages allow themselves next to nothing.

    Its browsers know it as http://shop.test: no secure context, as in a company's own network."""

    daemon_threads = True

    def __init__(self) -> None:
        self.gateway = ""  # the address of the only scripts that its pages may run
        super().__init__(("127.0.0.1", 0), StrictPage)
        self.url = f"http://shop.test:{self.server_port}"


class StrictPage(BaseHTTPRequestHandler):
    server: StrictSite

    def do_GET(self) -> None:
        gateway = self.server.gateway
        policy = (
            f"default-src 'none'; script-src {gateway}; connect-src {gateway}; "
            "img-src data:; require-trusted-types-for 'script'"
        )
        page = f"""<!doctype html><html lang="en"><title>A strict shop</title>
            <link rel="icon" href="data:,"><body><h1>A strict shop</h1>
            <script src="{gateway}/widget.js" defer></script>"""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        pass
