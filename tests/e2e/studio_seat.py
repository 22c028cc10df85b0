"""An owner's seat for tests: a browser window with the studio in it. The fixtures are in
`tests.e2e.studio_fixtures`.
"""

from __future__ import annotations

from playwright.async_api import expect

from tests.agent_client import until
from tests.e2e.console_seat import PASSWORD, Seat
from tests.e2e.studio_past import Past

#: When this comes back, the studio has heard of the new address: it listens since earlier.
GO = """hash => new Promise((resolve) => {
    const before = location.href;
    addEventListener("hashchange", resolve, { once: true });
    location.hash = hash;
    if (location.href === before) resolve();
})"""


class StudioSeat(Seat):
    """An owner at a browser window."""

    async def log_in(self, login: str = "olga", *, at: str = "/studio") -> None:
        await self.page.goto(self.url + at)
        await self.page.fill("#login-name", login)
        await self.page.fill("#login-password", PASSWORD)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#studio")).to_be_visible()

    async def go(self, hash: str) -> None:
        """Open a page of the studio: `seat.go("#/review")`. What was shown before is gone then."""
        await self.page.evaluate(GO, hash)

    async def sees_the_past(self, past: Past) -> None:
        """Wait until the archive knows all of it; the page Insights is open then."""
        for id in past.ids.values():

            async def there(id: str = id) -> bool:
                answer = await self.page.context.request.get(
                    f"{self.url}/api/studio/conversations/{id}"
                )
                return answer.ok

            await until(there, f"the archive's knowing of {id}")
        await self.go("#/conversations")
        await self.go("#/insights")
