"""Telegram's ways with text: words with their look, measured, joined and cut as Telegram counts.

Pure. Belongs here: single texts and pieces of text. What a message says is in
`bot.desks.telegram_views`.

We never send markup. A text goes with a list of *entities* (bold from here to there), so nothing in
anybody's words can be read as one. Some things Telegram finds in plain words by itself: `@name`
rings a member, `/close` becomes a command that a tap sends, `#word` a search. In others' words and
names (`literal`, and whatever has a look) an invisible word joiner keeps these apart; addresses of
pages stay links, without a preview.

Lengths and offsets are UTF-16 code units, as Telegram counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

#: Longest text of a message, and of the words under a file.
TEXT_AT_MOST: Final = 4096
CAPTION_AT_MOST: Final = 1024
#: Telegram drops the look of what comes after so many entities.
SPANS_AT_MOST: Final = 100

#: Keeps a sign and what follows it apart, and is not seen.
_JOINER: Final = "\u2060"
_ACTIVE: Final = re.compile(r"(?<![\w/])([@#$/])(?=\w)")


@dataclass(frozen=True, slots=True)
class Span:
    """A look of part of a text. `kind` is Telegram's type of entity; `url` belongs to a
    `text_link`, `user` (an account's id) to a `text_mention`."""

    kind: str
    offset: int
    length: int
    url: str = ""
    user: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """A text and its looks. Add two, and the second stands behind the first."""

    text: str = ""
    spans: tuple[Span, ...] = ()

    @property
    def length(self) -> int:
        return units(self.text)

    def __add__(self, other: Words) -> Words:
        by = self.length
        moved = (replace(span, offset=span.offset + by) for span in other.spans)
        return Words(self.text + other.text, (*self.spans, *moved))

    def __bool__(self) -> bool:
        return bool(self.text.strip())

    def styled(self, kind: str, *, url: str = "", user: int = 0) -> Words:
        """All of it in that look."""
        if not self.text:
            return self
        return Words(self.text, (Span(kind, 0, self.length, url, user), *self.spans))


def units(text: str) -> int:
    return len(text) + sum(ch > "\uffff" for ch in text)


def own(text: str) -> Words:
    """Our own words, as they are: in them a command can be tapped."""
    return Words(text.encode("utf-8", "replace").decode())


def literal(text: str) -> Words:
    """Somebody else's words, letter by letter: nothing in them rings, searches or commands."""
    return own(_ACTIVE.sub(rf"\1{_JOINER}", text))


def unliteral(text: str) -> str:
    """Words that were copied from what `literal` made, as they were."""
    return text.replace(_JOINER, "")


def bold(text: str) -> Words:
    return literal(text).styled("bold")


def italic(text: str) -> Words:
    return literal(text).styled("italic")


def linked(text: str, url: str) -> Words:
    return literal(text).styled("text_link", url=url)


def mention(name: str, user: int) -> Words:
    """Rings the member with that account."""
    return literal(name).styled("text_mention", user=user)


def quote(words: Words, *, folded: bool = False) -> Words:
    """A quotation; `folded`: a long one, of which a few lines are shown."""
    return words.styled("expandable_blockquote" if folded else "blockquote")


def joined(parts: Iterable[Words], between: str = "\n") -> Words:
    """The parts that say something, one behind the other."""
    together = Words()
    for part in parts:
        if part:
            together = together + own(between) + part if together.text else part
    return together


def one_line(text: str, at_most: int) -> str:
    """The text as one line of at most so many units, with a sign when it was cut."""
    text = " ".join(text.split())
    if units(text) <= at_most:
        return text
    return text[: _fits(text, at_most - 1)].rstrip() + "…"


def clipped(words: Words, at_most: int) -> Words:
    """The words, cut to `at_most` with a sign that they were."""
    if words.length <= at_most:
        return words
    end = _fits(words.text, at_most - 1)
    return _part(words, 0, end) + own("…")


def split(words: Words, at_most: int = TEXT_AT_MOST) -> list[Words]:
    """The words in pieces that Telegram takes, cut between lines or words where possible. Blanks
    at a cut are left out, nothing else; no piece is blank."""
    return list(_pieces(words, at_most))


def _pieces(words: Words, at_most: int) -> Iterator[Words]:
    text, at = words.text, 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return
        end = at + _fits(text[at:], at_most)
        if end < len(text):
            end = _good_cut(text, at, end)
        piece = _part(words, at, at + len(text[at:end].rstrip()))
        yield replace(piece, spans=piece.spans[:SPANS_AT_MOST])
        at = end


def _good_cut(text: str, start: int, end: int) -> int:
    """Where to cut: at the last line's end in the second half, at the last blank, or hard."""
    half = start + (end - start) // 2
    for sign in ("\n", " "):
        cut = text.rfind(sign, half, end + 1)
        if cut > start:
            return cut
    return end


def _fits(text: str, at_most: int) -> int:
    """How many characters of the text have at most so many units."""
    room = at_most
    for number, ch in enumerate(text):
        room -= 2 if ch > "\uffff" else 1
        if room < 0:
            return number
    return len(text)


def _part(words: Words, start: int, end: int) -> Words:
    """The characters from `start` to `end`, with what of the looks falls on them."""
    first = units(words.text[:start])
    last = first + units(words.text[start:end])
    spans = []
    for span in words.spans:
        begins, ends = max(span.offset, first), min(span.offset + span.length, last)
        if begins < ends:
            spans.append(replace(span, offset=begins - first, length=ends - begins))
    return Words(words.text[start:end], tuple(spans))
