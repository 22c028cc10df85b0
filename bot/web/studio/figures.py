"""What the figures mean, for browsers: `docs/insights.md` as the page /studio/figures.

Belongs here: that page. Does not belong here: the definitions (the document), or the figures
(`bot.learning.insights`). There is nothing secret in it, so it asks for no login.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from bot.help.pages import anchors_of, markdown
from bot.web.guard import PAGE_HEADERS, OwnerOf
from bot.web.pages import HERE

if TYPE_CHECKING:
    from markdown_it.token import Token

#: Relative to the project's directory, as its other files.
DOCUMENT = Path("docs/insights.md")


class FiguresPage:
    """One of the studio's parts."""

    def __init__(self, document: Path = DOCUMENT) -> None:
        self._document = document
        self._templates = Jinja2Templates(HERE / "templates")

    def routes(self, owner: OwnerOf) -> list[Route]:
        return [Route("/studio/figures", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        try:
            body = html(self._document.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise HTTPException(404, f"{self._document} is not there.") from None
        return self._templates.TemplateResponse(
            request, "studio_figures.html", {"body": body}, headers=PAGE_HEADERS
        )


@lru_cache(maxsize=2)
def html(text: str) -> Markup:
    """The document. Its headings have ids, and the rows of its tables, by their first words: each
    figure links to its own. Links to other documents, which have no page here, are left as words.
    """
    parser = markdown()
    tokens = parser.parse(text)
    for place, anchor in anchors_of(tokens).items():
        tokens[place].attrSet("id", anchor)
    row: Token | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = token
        elif token.type == "inline":
            if row is not None:
                row.attrSet("id", anchor_of(token))
                row = None
            for inside in token.children or ():
                if inside.type.startswith("link_"):
                    inside.tag, inside.attrs = "span", {}
    rendered = parser.renderer.render(tokens, parser.options, {})
    return Markup(rendered)  # noqa: S704  (the parser has escaped everything that is not Markdown)


def anchor_of(cell: Token) -> str:
    """`**A person's** answer` as `a-person-s-answer`, as the page Insights makes it of a title."""
    words = "".join(one.content for one in cell.children or () if one.type == "text")
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
