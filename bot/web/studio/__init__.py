"""The studio, where owners see what the assistant missed and teach it: the page /studio, and the
parts behind it, each of which serves its own paths below /api/studio.

Belongs here: the page, and how its parts are joined; each part is a module of this package. Does
not belong here: who asks (`bot.web.guard`), what is learned and measured (`bot.learning`).

To add a page: a module here with a class that has `routes(owner)`, one line in `bot.app`, and
`static/studio.<name>.js` with a row in the table `PAGES` of `static/studio.js`, which says what
such a module exports. Every route begins with `await owner(request)`; a test asks each of them
without a login and as an agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from bot.web.guard import PAGE_HEADERS, Guard, OwnerOf

TEMPLATES = Path(__file__).parent.parent / "templates"


class Part(Protocol):
    """One of the studio's features."""

    def routes(self, owner: OwnerOf) -> list[Route]:
        """Its paths below /api/studio; `owner` gives who asks, or raises."""
        ...


class Studio:
    """The page and its parts."""

    def __init__(self, guard: Guard, parts: Sequence[Part]) -> None:
        self._guard = guard
        self._parts = parts
        self._templates = Jinja2Templates(TEMPLATES)

    def routes(self) -> list[Route]:
        parts = [route for part in self._parts for route in part.routes(self._guard.owner)]
        return [Route("/studio", self.page, methods=["GET"]), *parts]

    async def page(self, request: Request) -> Response:
        """The studio; it shows its own login form, so the page itself is the same for all."""
        return self._templates.TemplateResponse(
            request, "studio.html", {"name": "Deskhand"}, headers=PAGE_HEADERS
        )
