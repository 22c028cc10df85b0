"""An owner's seat for tests: a browser window with the studio in it. The fixtures are in
`tests.e2e.studio_fixtures`.
"""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.console_seat import PASSWORD, Seat


class StudioSeat(Seat):
    """An owner at a browser window."""

    async def log_in(self, login: str = "olga", *, at: str = "/studio") -> None:
        await self.page.goto(self.url + at)
        await self.page.fill("#login-name", login)
        await self.page.fill("#login-password", PASSWORD)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#studio")).to_be_visible()

    async def go(self, hash: str) -> None:
        """Open a page of the studio: `seat.go("#/review")`."""
        await self.page.evaluate("hash => { location.hash = hash }", hash)
