"""Help pages in browsers: what is shown, what cannot be smuggled in, edits without a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.help.pages import parse_page, read_pages
from bot.web.help_pages import LOOK_EVERY_S, HelpShelf, by_topic, html
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant

BOOTS = """---
topic: Care
asked:
  - my boots stink
---
# Boots & <care>

Wax *them*, see [jackets](/help/jackets) or [the maker](https://maker.example/?a=1&b=2).

## Size table

| EU | cm |
|----|----|
| 42 | 26 |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "boots.md").write_text(BOOTS.replace("<care>", "\\<care>"))
    (folder / "jackets.md").write_text("---\ntopic: Care\n---\n# Jackets\n\nWash them.\n")
    (folder / "cards.md").write_text("# Gift cards\n\nThree years.\n")
    (folder / "broken.md").write_text("no title\n")
    return folder


@pytest.fixture
def gateway(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, folder: Path
) -> Iterator[RunningGateway]:
    with RunningGateway(
        redis_url, assistant.url, assistant.token, tmp_path, help=folder
    ) as gateway:
        yield gateway


def get(gateway: RunningGateway, path: str) -> httpx.Response:
    return httpx.get(gateway.url + path, trust_env=False)


def test_a_page_is_shown_as_html_under_a_strict_policy(gateway: RunningGateway) -> None:
    response = get(gateway, "/help/boots")
    assert response.status_code == 200
    text = response.text
    assert "<h1>Boots &amp; &lt;care&gt;</h1>" in text
    assert text.count("Boots &amp; &lt;care&gt;") == 2  # in the window's title, and once above
    assert "Wax <em>them</em>" in text
    assert '<h2 id="size-table">Size table</h2>' in text
    assert "<td>42</td>" in text
    assert "my boots stink" not in text
    assert '<a href="/help/jackets">jackets</a>' in text
    assert 'href="https://maker.example/?a=1&amp;b=2" target="_blank" rel="noopener' in text
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"


def test_other_pages_on_the_subject_are_named(gateway: RunningGateway) -> None:
    text = get(gateway, "/help/boots").text
    assert '<li><a href="/help/jackets">Jackets</a></li>' in text
    assert "/help/cards" not in text


def test_the_list_has_every_page_by_topic(gateway: RunningGateway) -> None:
    text = get(gateway, "/help").text
    assert text.index("<h2>Care</h2>") < text.index("/help/boots") < text.index("<h2>More</h2>")
    assert "broken" not in text


@pytest.mark.parametrize(
    "path", ["/help/nowhere", "/help/broken", "/help/..%2f..%2fdomain", "/help/boots.md", "/help/"]
)
def test_what_is_no_page_is_not_found(gateway: RunningGateway, path: str) -> None:
    response = get(gateway, path)
    assert response.status_code == 404
    assert "utter_" not in response.text


def test_an_edited_page_shows_without_a_restart(folder: Path) -> None:
    now = [0.0]
    shelf = HelpShelf(folder, lambda: now[0])
    assert "boots" in shelf.pages().pages
    (folder / "boots.md").unlink()
    assert "boots" in shelf.pages().pages  # looked at a moment ago
    now[0] += LOOK_EVERY_S
    assert "boots" not in shelf.pages().pages


def test_without_a_folder_there_is_an_empty_list(tmp_path: Path) -> None:
    assert by_topic(HelpShelf(tmp_path / "nowhere").pages()) == []


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "`<script>alert(1)</script>`",
        "    <img src=x onerror=alert(1)>",
        '[x](https://a.example/"onmouseover="alert(1))',
        "[x](https://a.example 'title\" onclick=\"x')",
        "&lt;script&gt;",
    ],
)
def test_nothing_in_a_page_can_become_a_script(text: str) -> None:
    shown = str(html(parse_page(Path("a.md"), f"# A\n\nx\n\n{text}\n")))
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown.lower()
    assert 'href="data' not in shown.lower()
    assert 'href="vbscript' not in shown.lower()
    assert ' onclick="' not in shown
    assert ' onmouseover="' not in shown


def test_links_between_the_shipped_pages_lead_somewhere() -> None:
    pages = read_pages(Path("data/help")).pages
    for page in pages.values():
        for part in str(html(page)).split('href="/help/')[1:]:
            assert part.split('"')[0].split("#")[0] in pages, page.slug
