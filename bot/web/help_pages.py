"""The help pages for browsers: `/help` lists them, `/help/<page>` shows one.

Belongs here: Markdown to HTML, and the routes. Does not belong here: what a page may hold
(`bot.help.pages`), or finding one (that is the assistant's, which has the encoder). The gateway
looks at the folder when somebody asks, at most once a second: an edited page shows at once, without
a restart. A broken page is left out. Reading and drawing long pages takes a while, so it is done
in threads, and customers' messages go on.

Pages are the owner's, and still nothing of them is trusted: the parser makes no HTML of HTML, links
lead to the web, to mail or to other pages only, and the policy allows no script but our own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.templating import Jinja2Templates

from bot.help.pages import Page, Pages, anchors_of, markdown, read_pages, signature
from bot.web.pages import COMPRESSED, DEMO_POLICY, HERE

log = logging.getLogger(__name__)

#: Seconds between two looks at the folder.
LOOK_EVERY_S = 1.0
#: Where pages without a topic stand: at the end.
NO_TOPIC = "More"


class HelpShelf:
    """The pages in the folder as they are now. Safe to share between threads."""

    def __init__(self, folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._monotonic = monotonic
        self._looked = float("-inf")
        self._signature: object = None
        self._pages = Pages()
        self._reading = threading.Lock()

    def pages(self) -> Pages:
        """Read anew if something has changed."""
        with self._reading:
            now = self._monotonic()
            if now - self._looked >= LOOK_EVERY_S:
                self._looked = now
                if (current := signature(self._folder)) != self._signature:
                    self._signature = current
                    self._pages = read_pages(self._folder)
                    for error in self._pages.errors:
                        log.warning("%s The page is not shown. %s", error.message, error.hint)
            return self._pages


def routes(folder: Path) -> list[BaseRoute]:
    """The routes for the pages in `folder`."""
    shelf = HelpShelf(folder)
    templates = Jinja2Templates(HERE / "templates")

    def show(request: Request, template: str, status: int = 200, **context: object) -> Response:
        response = templates.TemplateResponse(request, template, context, status_code=status)
        response.headers["Content-Security-Policy"] = DEMO_POLICY
        response.headers["Cache-Control"] = "no-cache"
        return response

    # No `async`: Starlette runs these in threads.
    def index(request: Request) -> Response:
        return show(request, "help_index.html", topics=by_topic(shelf.pages()))

    def page(request: Request) -> Response:
        pages = shelf.pages().pages
        found = pages.get(request.path_params["slug"])
        if found is None:
            return show(request, "help_missing.html", 404)
        others = [p for p in pages.values() if p.topic == found.topic and p is not found]
        return show(request, "help_page.html", page=found, body=html(found), others=others)

    return [
        Route("/help", index, middleware=[COMPRESSED]),
        Route("/help/{slug}", page, middleware=[COMPRESSED]),
    ]


def by_topic(pages: Pages) -> list[tuple[str, list[Page]]]:
    """Topics in alphabetical order, and the pages of each by title."""

    def topic(page: Page) -> tuple[bool, str]:
        return not page.topic, page.topic or NO_TOPIC

    ordered = sorted(pages.pages.values(), key=lambda page: (topic(page), page.title.casefold()))
    return [(key[1], list(group)) for key, group in groupby(ordered, key=topic)]


@lru_cache(maxsize=256)
def html(page: Page) -> Markup:
    """The page below its title. Headings have ids; links to other sites open a new tab."""
    parser = markdown()
    tokens = parser.parse(page.body)
    for place, anchor in anchors_of(tokens).items():
        tokens[place].attrSet("id", anchor)
    for token in tokens:
        for inside in token.children or ():
            if inside.type == "link_open" and str(inside.attrGet("href")).startswith("http"):
                inside.attrSet("target", "_blank")
                inside.attrSet("rel", "noopener nofollow")
    end_of_title = next(i for i, token in enumerate(tokens) if token.type == "heading_close") + 1
    rendered = parser.renderer.render(tokens[end_of_title:], parser.options, {})
    return Markup(rendered)  # noqa: S704  (the parser has escaped everything that is not Markdown)
