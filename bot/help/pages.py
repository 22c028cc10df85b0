"""From a Markdown file to a page of headings, passages and sentences; and all pages of a folder.

Belongs here: what a page may hold, and the error that names file and line when it holds something
else. Does not belong here: finding a passage (`bot.help.search`) or HTML (`bot.web.help_pages`).

A page is CommonMark with tables. Its one `# heading` is the title; `## headings` part it into
sections. A short block of YAML between two lines `---` may come first. HTML and pictures are
refused: pages are shown as text in chats, and nothing in them may run in a browser.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.errors import DeskhandError

SLUG = r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?"
"""A page's name in addresses: the file's name without `.md`."""

FILE_AT_MOST = 100_000
"""Bytes of a file; a page that long helps nobody."""

PASSAGE_WORDS = 120
"""A section longer than this is parted between its paragraphs: a passage has one subject."""

KEYS = ("topic", "asked")
"""What the block at the top may hold: the page's place in the list of pages, and questions as
customers ask them. Those are never shown; they help to find the page."""


class HelpPageError(DeskhandError):
    """A page is wrong; the message begins with file and line."""

    code = "help_page"

    def __init__(self, path: Path, line: int, problem: str, *, hint: str = "") -> None:
        self.path = path
        self.line = line
        super().__init__(f"{path}, line {line}: {problem}", hint=hint)


@dataclass(frozen=True)
class Sentence:
    """A sentence, a point of a list or a row of a table; `block` counts paragraphs, points, rows of
    the page."""

    text: str
    block: int


@dataclass(frozen=True)
class Passage:
    """A section of a page, or a part of a long one. `heading` is empty before the first heading."""

    page: str
    title: str
    heading: str
    anchor: str
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """All sentences."""
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True)
class Page:
    """One file."""

    slug: str
    title: str
    topic: str
    body: str
    """The Markdown below the block of YAML."""
    passages: tuple[Passage, ...]
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pages:
    """All pages of a folder, by slug, and what is wrong with files that were left out."""

    pages: Mapping[str, Page] = field(default_factory=lambda: MappingProxyType({}))
    errors: tuple[HelpPageError, ...] = ()


# ------------------------------------------------------------------------------------ the folder


def read_pages(folder: Path) -> Pages:
    """The pages in `folder`; a folder that is not there has none. README.md is no page."""
    pages: dict[str, Page] = {}
    errors: list[HelpPageError] = []
    for path in _files(folder):
        try:
            page = read_page(path)
        except HelpPageError as error:
            errors.append(error)
        else:
            pages[page.slug] = page
    return Pages(MappingProxyType(pages), tuple(errors))


def signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a page is added, removed or edited: name, time and size of each file."""
    found = []
    for path in _files(folder):
        try:
            about = path.stat()
        except FileNotFoundError:
            continue  # removed in this very moment
        found.append((path.name, about.st_mtime_ns, about.st_size))
    return tuple(found)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.md") if path.name.lower() != "readme.md")


def read_page(path: Path) -> Page:
    """The page in a file.

    Raises:
        HelpPageError: it cannot be read, or is no page; names file and line.
    """
    try:
        raw = path.read_bytes()
    except OSError as why:
        raise HelpPageError(path, 1, f"the file cannot be read ({why.strerror}).") from None
    if len(raw) > FILE_AT_MOST:
        raise HelpPageError(
            path,
            1,
            f"the file has {len(raw) // 1000} kB; a page has at most {FILE_AT_MOST // 1000}.",
            hint="Make several pages of it, each about one subject.",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        line = raw[: why.start].count(b"\n") + 1
        raise HelpPageError(
            path, line, "this is not UTF-8.", hint="Save the file with the encoding UTF-8."
        ) from None
    return parse_page(path, text)


# -------------------------------------------------------------------------------------- one page


def markdown() -> MarkdownIt:
    """The parser of pages: CommonMark and tables, no HTML."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


_PARSER = markdown()
_FINDS_HTML = MarkdownIt("commonmark", {"html": True})


def parse_page(path: Path, text: str) -> Page:
    """The page in `text`, the content of `path`.

    Raises:
        HelpPageError: names file and line.
    """
    slug = path.stem
    if not re.fullmatch(SLUG, slug):
        raise HelpPageError(
            path,
            1,
            "the file's name is part of an address.",
            hint="Use small letters, digits and hyphens, such as washing-a-jacket.md.",
        )
    front, body, above = _front_matter(path, text.replace("\r\n", "\n").replace("\r", "\n"))
    tokens = _PARSER.parse(body)
    _refuse_html(path, body, above)
    title = _title(path, tokens, above)
    sections = list(_sections(path, tokens, above))
    passages = tuple(
        Passage(slug, title, section.heading, section.anchor, sentences)
        for section in sections
        for sentences in _parted(section.sentences)
    )
    return Page(slug, title, front.get("topic", ""), body, passages, tuple(front.get("asked", ())))


def _front_matter(path: Path, text: str) -> tuple[dict[str, Any], str, int]:
    """The values of the block at the top, the rest, and how many lines lie above the rest."""
    if not text.startswith("---\n"):
        return {}, text, 0
    block, found, body = text[4:].partition("\n---\n")
    if not found:
        raise HelpPageError(
            path, 1, "the block that begins with --- has no end.", hint="Close it with another ---."
        )
    try:
        values = YAML(typ="safe", pure=True).load(io.StringIO(block))
    except MarkedYAMLError as why:
        line = why.problem_mark.line + 2 if why.problem_mark else 2
        raise HelpPageError(
            path, line, f"the block at the top is no YAML: {why.problem}."
        ) from None
    except YAMLError as why:
        raise HelpPageError(path, 2, f"the block at the top is no YAML: {why}.") from None
    except (ValueError, RecursionError) as why:
        # A date that there is not, a number of 5,000 digits, a thousand brackets.
        raise HelpPageError(
            path,
            2,
            f"the block at the top holds a value that cannot be read ({str(why)[:60]}).",
            hint="Put it into quotes.",
        ) from None
    if not isinstance(values, dict):
        raise HelpPageError(path, 2, "the block at the top must hold keys and values.")
    for key, value in values.items():
        line = next((n for n, row in enumerate(block.split("\n"), 2) if str(key) in row), 2)
        if key not in KEYS:
            known = ", ".join(KEYS)
            raise HelpPageError(path, line, f"`{key}` is not known here; known is: {known}.")
        if key == "topic" and not _is_short_text(value):
            raise HelpPageError(path, line, "`topic` must be a word or a few.")
        if key == "asked" and not (isinstance(value, list) and all(map(_is_short_text, value))):
            raise HelpPageError(
                path,
                line,
                "`asked` must be a list of questions.",
                hint="One to a line, after a hyphen; in quotes if it is yes, no or a number.",
            )
    return values, body, text[: len(text) - len(body)].count("\n")


def _is_short_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= 200


def _refuse_html(path: Path, body: str, above: int) -> None:
    for token in _FINDS_HTML.parse(body):
        inside = token.children or ()
        if token.type == "html_block" or any(t.type == "html_inline" for t in inside):
            raise HelpPageError(
                path,
                _line(token, above),
                "this is HTML, which pages may not hold.",
                hint="Write Markdown. A < that is meant as such is written \\<.",
            )


def _title(path: Path, tokens: Sequence[Token], above: int) -> str:
    titles = [
        (_plain(path, tokens[i + 1], above), _line(token, above))
        for i, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h1"
    ]
    if len(titles) > 1:
        raise HelpPageError(
            path,
            titles[1][1],
            "a second title.",
            hint="One line begins with a single #; headings below it begin with ##.",
        )
    if not titles or not titles[0][0]:
        raise HelpPageError(
            path,
            above + 1,
            "the page has no title.",
            hint="Begin it with a line such as: # Washing a jacket",
        )
    if tokens[0].tag != "h1":
        raise HelpPageError(path, _line(tokens[0], above), "there is text above the title.")
    return titles[0][0]


@dataclass
class _Section:
    heading: str
    anchor: str
    line: int
    sentences: list[Sentence] = field(default_factory=list)


def _sections(path: Path, tokens: Sequence[Token], above: int) -> Iterator[_Section]:
    """The sections that hold text. A heading with neither text nor headings below is an error."""
    found: list[tuple[int, _Section]] = []
    reading = _Reading(path, above)
    anchors = anchors_of(tokens)
    for i, token in enumerate(tokens):
        if token.type == "heading_open":
            level = int(token.tag[1])
            heading = _plain(path, tokens[i + 1], above) if level > 1 else ""
            section = _Section(heading, anchors.get(i, ""), _line(token, above))
            found.append((level, section))
        elif found:
            found[-1][1].sentences.extend(reading.read(tokens, i))
    for place, (level, section) in enumerate(found):
        if section.sentences:
            yield section
        elif place + 1 == len(found) or found[place + 1][0] <= level:
            raise HelpPageError(path, section.line, "there is no text below this heading.")


def anchors_of(tokens: Sequence[Token]) -> dict[int, str]:
    """The id of each heading below the title, by the place of its token: unique on the page."""
    anchors: dict[int, str] = {}
    taken: set[str] = set()
    count: Counter[str] = Counter()
    for i, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag != "h1":
            plain = unicodedata.normalize("NFKD", tokens[i + 1].content).encode("ascii", "ignore")
            base = re.sub(r"[^a-z0-9]+", "-", plain.decode().lower()).strip("-") or "section"
            anchor = base
            while anchor in taken:
                count[base] += 1
                anchor = f"{base}-{count[base] + 1}"
            anchors[i] = anchor
            taken.add(anchor)
    return anchors


class _Reading:
    """Reads blocks one after the other; knows the head of the table that it is in."""

    def __init__(self, path: Path, above: int) -> None:
        self._path = path
        self._above = above
        self._block = 0
        self._head: list[str] = []
        self._cells: list[str] = []
        self._in_head = False

    def read(self, tokens: Sequence[Token], i: int) -> Iterator[Sentence]:
        """The sentences that the token at `i` completes."""
        token = tokens[i]
        if token.type in {"thead_open", "thead_close"}:
            self._in_head = token.type == "thead_open"
        elif token.type == "tr_open":
            self._cells = []
        elif token.type == "tr_close":
            if self._in_head:
                self._head = self._cells
            else:
                yield self._sentence(_row(self._head, self._cells))
        elif token.type in {"fence", "code_block"}:
            yield self._sentence(" ".join(token.content.split()))
        elif token.type == "inline" and tokens[i - 1].type in {"th_open", "td_open"}:
            self._cells.append(_plain(self._path, token, self._above))
        elif token.type == "inline" and tokens[i - 1].type != "heading_open":
            text = _plain(self._path, token, self._above)
            self._block += 1
            for sentence in split_sentences(text):
                yield Sentence(sentence, self._block)

    def _sentence(self, text: str) -> Sentence:
        self._block += 1
        return Sentence(text, self._block)


def _row(head: Sequence[str], cells: Sequence[str]) -> str:
    if len(cells) == 2:
        return f"{cells[0]}: {cells[1]}"
    pairs = zip(head, cells, strict=False)
    return ", ".join(f"{name} {cell}".strip() for name, cell in pairs if cell)


def _parted(sentences: Sequence[Sentence]) -> Iterator[tuple[Sentence, ...]]:
    """A section as one part, or as several if it is long; never parted within a paragraph."""
    part: list[Sentence] = []
    words = 0
    for sentence in sentences:
        if words > PASSAGE_WORDS and sentence.block != part[-1].block:
            yield tuple(part)
            part, words = [], 0
        part.append(sentence)
        words += len(sentence.text.split())
    yield tuple(part)


_SCHEMES = re.compile(r"https?://|mailto:|/help/|#")


def _plain(path: Path, inline: Token, above: int) -> str:
    """The text of an inline token, without marks."""
    parts = []
    for token in inline.children or ():
        if token.type == "image":
            raise HelpPageError(
                path,
                _line(inline, above),
                "pages cannot hold pictures yet.",
                hint="Describe it, or link to it.",
            )
        href = str(token.attrGet("href") or "") if token.type == "link_open" else ""
        if href and not _SCHEMES.match(href):
            raise HelpPageError(
                path,
                _line(inline, above),
                f"the link {href!r} leads nowhere.",
                hint="Links begin with https://, mailto:, /help/ (another page) or #.",
            )
        parts.append(" " if token.type in {"softbreak", "hardbreak"} else token.content)
    return " ".join("".join(parts).split())


def _line(token: Token, above: int) -> int:
    return above + 1 + (token.map[0] if token.map else 0)


_END = re.compile(
    r"(?<![\s(][a-z])(?<!e\.g)(?<!i\.e)(?<!approx)(?<!\bno)(?<!\bMr)(?<!\bDr)"
    r"[.!?][”\"')]*\s+(?=[\"“'(]?[A-Z0-9€£−])"
)


def split_sentences(text: str) -> list[str]:
    """The sentences of a paragraph."""
    sentences, start = [], 0
    for match in _END.finditer(text):
        sentences.append(text[start : match.end()].strip())
        start = match.end()
    return [s for s in (*sentences, text[start:].strip()) if s]
