"""The page that says what the figures mean: safe, and with a place for each figure."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from bot.events import Agent
from bot.learning.insights import DEFINITIONS
from bot.web import wire
from bot.web.studio.figures import FiguresPage, html


async def nobody(request: Request) -> Agent:
    raise AssertionError("this page asks for no login")


async def shown(document: Path) -> httpx.Response:
    app = Starlette(routes=FiguresPage(document).routes(nobody), exception_handlers=wire.HANDLERS)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://studio.test"
    ) as browser:
        return await browser.get("/studio/figures")


async def test_each_figure_has_its_place_on_the_page() -> None:
    response = await shown(Path("docs/insights.md"))
    assert response.status_code == 200
    assert "unsafe" not in response.headers["content-security-policy"]
    for definition in DEFINITIONS.values():
        words = "".join(c if c.isalnum() else "-" for c in definition.title.lower())
        assert f'id="{words}"' in response.text, definition.title


@pytest.mark.parametrize(
    ("markdown", "has", "has_not"),
    [
        ("# Title\n\n## Part one", '<h2 id="part-one">', "<h2>"),
        ("| A | B |\n|---|---|\n| **A person's** answer | x |", 'id="a-person-s-answer"', "**"),
        ("see [imports](importing.md) there", "<span>imports</span>", "importing.md"),
        ("<script>alert(1)</script>", "&lt;script&gt;", "<script>"),
    ],
)
def test_the_document_becomes_plain_html(markdown: str, has: str, has_not: str) -> None:
    assert has in html(markdown)
    assert has_not not in html(markdown)


async def test_a_missing_document_is_told(tmp_path: Path) -> None:
    response = await shown(tmp_path / "insights.md")
    assert response.status_code == 404
    assert "insights.md" in response.json()["error"]["message"]
