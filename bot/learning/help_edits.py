"""Changing help pages (`data/help/*.md`) from the studio. They are read while they are edited, so
what is saved is published.

Belongs here: which texts are taken, and that two owners do not overwrite each other. Does not
belong here: what a page is (`bot.help.pages`), or showing one (`bot.web.help_pages`).
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from bot.errors import DeskhandError
from bot.events import Record
from bot.help.pages import FILE_AT_MOST, SLUG, HelpPageError, Page, parse_page
from bot.learning.responses import ChangedMeanwhile
from bot.learning.safe_writes import write_all, writing

#: Of a page that is not there yet.
NEW: Final = ""


class UnknownPage(DeskhandError):
    code = "unknown_page"


class SavedPage(Record, frozen=True):
    """A page's file. `version` changes with every change; `problem` says what is wrong with a page
    that is therefore not shown ("" when nothing is)."""

    page: str
    title: str
    topic: str
    text: str
    version: str
    problem: str = ""


def saved_page(folder: Path, slug: str) -> SavedPage:
    """The page as it is on the disk.

    Raises: UnknownPage."""
    try:
        raw = _path(folder, slug).read_bytes()
    except FileNotFoundError:
        raise UnknownPage(f"There is no help page {slug[:80]}.", hint="It was removed.") from None
    return _saved(slug, raw)


def saved_pages(folder: Path) -> list[SavedPage]:
    """All pages by name, broken ones too."""
    return [
        saved_page(folder, path.stem)
        for path in sorted(folder.glob("*.md"))
        if re.fullmatch(SLUG, path.stem)
    ]


def save_page(root: Path, folder: Path, slug: str, text: str, version: str) -> SavedPage:
    """Write a page if it is one, and if nobody else has changed it since `version` (`NEW` for a
    page that must not be there yet).

    Raises: HelpPageError, ChangedMeanwhile, FilesBusy, NotWritten."""
    path = _path(folder, slug)
    text = text.replace("\r\n", "\n").rstrip() + "\n"
    checked_page(slug, text)
    with writing(root):
        current = _saved(slug, path.read_bytes()).version if path.is_file() else NEW
        if current != version:
            raise ChangedMeanwhile(
                f"There is a page {slug} already; nothing was saved."
                if version == NEW
                else f"Somebody else has changed the page {slug} since you opened it; nothing was "
                "saved.",
                hint="Choose another name."
                if version == NEW
                else "Copy what you wrote, reload, and put it into the text as it is now.",
            )
        write_all(root, {path: text})
    return saved_page(folder, slug)


def take_back(root: Path, folder: Path, slug: str, version: str) -> bool:
    """Delete a page that is as it was at `version`. Returns whether there is no such page any more:
    one that was changed since is somebody's work, and stays.

    Raises: UnknownPage (that is no name for one), FilesBusy, NotWritten."""
    path = _path(folder, slug)
    with writing(root):
        if not path.is_file():
            return True
        if _saved(slug, path.read_bytes()).version != version:
            return False
        write_all(root, {path: None})
    return True


def checked_page(slug: str, text: str) -> Page:
    """The page that a text makes. The error names the line.

    Raises: HelpPageError."""
    shown = Path(f"{slug[:80]}.md")
    if len(text.encode("utf-8", "replace")) > FILE_AT_MOST:
        raise HelpPageError(
            shown,
            1,
            f"a page has at most {FILE_AT_MOST // 1000} kB.",
            hint="Make several pages of it, each about one subject.",
        )
    if bad := _UNWRITABLE.search(text):
        line = text[: bad.start()].count("\n") + 1
        raise HelpPageError(shown, line, f"a sign that cannot be shown (code {ord(bad[0]):#x}).")
    return parse_page(shown, text)


_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def _path(folder: Path, slug: str) -> Path:
    """Raises: UnknownPage; no name leads out of the folder."""
    if not re.fullmatch(SLUG, slug) or slug == "readme":
        raise UnknownPage(
            f"“{slug[:80]}” is no name for a page.",
            hint="Use small letters, digits and hyphens, such as washing-a-jacket.",
        )
    return folder / f"{slug}.md"


@lru_cache(maxsize=512)
def _saved(slug: str, raw: bytes) -> SavedPage:
    """A page out of its file's content; remembered, since there are many and they seldom change."""
    text = raw.decode("utf-8-sig", "replace")
    title, topic, problem = slug, "", ""
    try:
        page = checked_page(slug, text)
        title, topic = page.title, page.topic
    except HelpPageError as why:
        problem = f"{why.message} {why.hint}".strip()
    return SavedPage(
        page=slug,
        title=title,
        topic=topic,
        text=text,
        version=hashlib.sha256(raw).hexdigest()[:16],
        problem=problem,
    )
