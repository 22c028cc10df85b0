"""Takes what is personal out of a customer's words: numbers, addresses, links and names.

Belongs here: what counts as personal, and what stands in its place. Does not belong here: which
messages are redacted and kept (`bot.learning.collecting`), or how details look that the assistant
asks for (`bot.nlu.shapes`, which is used here).

What is shaped (an e-mail address, an order number) is found by its shape. Names are found by what
stands around them: who introduces themselves, greets, signs or speaks of "Mrs Berg", what the
conversation has told elsewhere, and common first names that begin with a capital. So "I am angry"
and "hi there" stay as they are; an unusual name that stands alone in the middle of a sentence is
missed. Fails closed: what cannot be redacted raises, and is then not kept anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.errors import DeskhandError
from bot.nlu.shapes import find_shapes
from bot.personal_names import by_context, common_ones, known_ones

READ_CHARACTERS: Final = 2_000
"""Longer texts are pasted, not said, and teach nothing; they are not redacted at all."""

PLACEHOLDERS: Final = {
    "email": "[e-mail]",
    "iban": "[IBAN]",
    "card_number": "[card number]",
    "order_number": "[order number]",
    "phone": "[phone]",
    "postcode": "[postcode]",
    "link": "[link]",
    "address": "[address]",
    "name": "[name]",
    "number": "[number]",
}
"""What stands in place of each kind."""

PLACEHOLDER: Final = re.compile("|".join(re.escape(one) for one in PLACEHOLDERS.values()))


class CannotRedact(DeskhandError):
    """Nobody can say that nothing personal would be left."""

    code = "cannot_redact"


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without what is personal, and the kinds that were in it, each once."""

    text: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    kind: str


def redact(text: str, names: Iterable[str] = ()) -> Redacted:
    """The text with a placeholder for each thing that is personal; white space becomes single
    blanks. Redacting twice changes nothing more.

    Args:
        names: that are known from elsewhere in the conversation ("Anna Berg", "anna.berg@...").

    Raises:
        CannotRedact: the text is too long to be read as a whole.
    """
    if len(text) <= READ_CHARACTERS:
        # One sign may stand for eighteen letters: what counts is how long the text is with them.
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_STRAIGHT)
    if len(text) > READ_CHARACTERS:
        raise CannotRedact(f"The text has more than {READ_CHARACTERS} characters.")
    text = _DASHES.sub("-", re.sub(r"[^\S\n]+", " ", text))
    spans: list[_Span] = [_Span(m.start(), m.end(), "") for m in PLACEHOLDER.finditer(text)]
    for find in _FINDERS:
        _add(spans, find(text))
    _add(spans, [_Span(*span, "name") for span in known_ones(text, names)])
    parts, end, kinds = [], 0, []
    for span in sorted(spans, key=lambda span: span.start):
        parts.append(text[end : span.start])
        parts.append(PLACEHOLDERS[span.kind] if span.kind else text[span.start : span.end])
        kinds += [span.kind] if span.kind else []
        end = span.end
    whole = " ".join("".join([*parts, text[end:]]).split())
    whole = _AGAIN.sub(r"\1", whole)
    return Redacted(whole, tuple(dict.fromkeys(kinds)))


def _add(spans: list[_Span], found: Iterable[_Span]) -> None:
    """What was found first keeps its place."""
    for span in found:
        if not any(span.start < other.end and other.start < span.end for other in spans):
            spans.append(span)


# ------------------------------------------------------------------------------------------ shapes


_PERSONAL: Final = frozenset({"email", "iban", "card_number", "order_number", "phone", "postcode"})


def _shaped(text: str) -> list[_Span]:
    found = find_shapes(text)
    return [_Span(one.start, one.end, one.kind) for one in found if one.kind in _PERSONAL]


_LINK: Final = re.compile(
    r"\b(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?)\]]|"
    r"(?<![@\w.-])(?:[a-z0-9-]{2,63}\.)+(?:com|net|org|no|se|dk|de|nl|be|fr|eu|co\.uk|example)"
    r"/[^\s<>\"]*[^\s<>\".,;:!?)\]]",
    re.IGNORECASE,
)
#: Whatever else has an @ or many digits: a handle, a tracking or a customer's number.
_HANDLE: Final = re.compile(
    r"\S*\w@\w\S*|(?<!\w)@\w[\w.-]+|"
    r"(?<![\w.+-])[\w.+-]{1,64}\s?@\s?[\w-]{2,63}(?:\.[\w-]{2,63}){1,4}|"
    r"(?i:[\w.+-]+\s?(?:\[at\]|\(at\)|\sat\s)\s?[\w-]+\s?(?:\.|\[dot\]|\(dot\)|\sdot\s)\s?"
    r"(?:com|net|org|no|se|dk|de|nl|be|fr|eu)\b)"
)
#: What only its owner should know, or what says when somebody was born.
_SECRET: Final = re.compile(
    r"(?i)\b(?:user\s?name|login|password|pass\s?code|pin(?:\s?code)?|cvc|cvv)\s*(?:is|was|:|=)?\s*"
    r"(?P<value>[\w.!-]*\d[\w.!-]*)|"
    r"\b(?:password|pass\s?code|pass\s?phrase|pwd|passwort|passord|wachtwoord)\s*[:=]\s*"
    r"(?P<word>\S+)|"
    r"\b(?:card|visa|mastercard|account)\s+(?:ending|ends)\s*(?:in|with|on)?\s*(?P<end>\d{2,6})\b|"
    r"\b(?:born|birthday|birth\s?date|date\s+of\s+birth|dob)\s*(?:is|on|:|=)?\s*"
    r"(?P<date>\d{1,4}[./-]\d{1,2}[./-]\d{1,4})"
)
_NUMBER: Final = re.compile(
    r"(?<![\w.,])\d{2,3}(?: \d{2,3}){2,4}(?![\w.,]\d|\w)|"
    r"(?<![\w.,])(?=[\w-]*\d[\w-]*\d[\w-]*\d[\w-]*\d)"
    r"(?:[A-Z]{1,4}[ -]?)?\d(?:[\s./-]?[\dA-Z]){4,}(?![\w])|"
    r"\b[A-Za-z]{1,4}-?\d{4,}[A-Za-z]{0,3}\b|\d{6,}"
)
#: Amounts, dates and sizes teach something and point at nobody.
_HARMLESS: Final = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{1,2}-\d{1,2}|\d{1,3}(?:[.,]\d{3})*[.,]\d{1,2}"
)


def _links(text: str) -> list[_Span]:
    return [_Span(*found.span(), "link") for found in _LINK.finditer(text)]


def _rest(text: str) -> list[_Span]:
    handles = [_Span(*found.span(), "email") for found in _HANDLE.finditer(text)]
    numbers = [
        _Span(*found.span(), "number")
        for found in _NUMBER.finditer(text)
        if not _HARMLESS.fullmatch(found[0].strip())
    ]
    secrets = [
        _Span(*found.span(found.lastgroup or 0), "number") for found in _SECRET.finditer(text)
    ]
    return handles + secrets + numbers


def _names(text: str) -> list[_Span]:
    return [_Span(*span, "name") for span in (*by_context(text), *common_ones(text))]


# --------------------------------------------------------------------------------------- addresses

_UPPER: Final = r"[A-ZÀ-ÖØ-Þ]"
_WORD: Final = r"[^\W\d_][\w'.-]*"
_HOUSE: Final = r"\d{1,4}(?:\s?[a-zA-Z]\b)?(?:[/-]\d{1,3})?"
_NO_STREET: Final = (
    r"(?!(?:the|my|your|this|that|these|those|of|for|to|in|on|at|a|an|and|or|is|was|are|more|days?|"
    r"weeks?|hours?|minutes?|times?|items?|pairs?|tents?|by|from|same|other|next|wrong)\b)"
)
_ADDRESSES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # 12 Baker Street, 221b baker st
        (
            rf"\b{_HOUSE},?\s+(?:(?i:{_NO_STREET}){_WORD}\s+){{1,3}}"
            r"(?i:street|road|avenue|lane|boulevard|st|rd|ave|blvd|crescent|gardens)\b\.?"
        ),
        (
            rf"\b{_HOUSE},?\s+(?:{_UPPER}[\w'.-]*\s+){{1,3}}"
            r"(?:Drive|Dr|Close|Court|Ct|Square|Sq|Place|Pl|Terrace|Way|Grove|Hill|Row|Walk|Mews)\b\.?"
        ),
        # Hauptstraße 12, kerkstraat 12b, Storgata 5
        (
            rf"(?i)(?<!\w)(?<!\w-)[^\W\d_][\w-]*(?:str|stra(?:ß|ss)e|straat|laan|gata|gaten|veien|vägen|gatan|platz|"
            rf"plein|allee|gracht|steenweg|singel|kade)\.?,?\s+(?:nr\.?\s?)?{_HOUSE}\b"
        ),
        (
            rf"\b{_UPPER}[\w-]*(?:gate|vei|vej|weg|str|straede|plass|plads|dijk|damm|ring|ufer)\.?\s+"
            rf"{_HOUSE}\b"
        ),
        # Karl Johans gate 12, Lange Straße 3
        (
            rf"\b(?:{_UPPER}[\w'.-]*\s+){{1,3}}(?i:gate|gata|vei|vej|plass|stra(?:ß|ss)e|straat|laan|weg|"
            rf"plein|allé)\s+{_HOUSE}\b"
        ),
        # lange straat 5
        rf"(?i)\b{_NO_STREET}{_WORD}\s+(?:straat|stra(?:ß|ss)e|laan|gate|veien)\s+{_HOUSE}\b",
        # 5 rue de la Paix
        (
            rf"\b(?:{_HOUSE},?\s+)?(?i:rue|chemin|impasse|quai|allée)\s+(?:(?i:de|du|des|la|le|l')\s*)"
            rf"{{0,2}}{_UPPER}[\w'-]+(?:\s+{_UPPER}[\w'-]+)?(?:,?\s+\d{{1,4}}\b)?"
        ),
        r"(?i)\b(?:p\.?\s?o\.?\s?box|postbus|postfach|postboks)\s+\d{1,6}\b",
    )
)
#: What follows a street or a postcode: the town, perhaps with the postcode.
_PLACE: Final = rf"{_UPPER}[\w-]+(?:\s+{_UPPER}[\w-]+)?"
_TOWN: Final = re.compile(rf"\s+{_PLACE}|(?:,\s*(?:\d{{4,5}}(?:\s[A-Z]{{2}})?\s)?{_PLACE}){{1,2}}")


def _addresses(text: str) -> list[_Span]:
    found = [_Span(*m.span(), "address") for each in _ADDRESSES for m in each.finditer(text)]
    before = [*found, *(one for one in _shaped(text) if one.kind == "postcode")]
    towns = [town for span in before if (town := _TOWN.match(text, span.end))]
    return found + [_Span(*town.span(), "address") for town in towns]


#: "[name] [name]" is one person; a town after a postcode says no more.
_AGAIN: Final = re.compile(r"(\[name\]|\[address\]|\[postcode\])(?:[\s,]*(?:\1|\[address\]))+")
#: Signs that steer how others are shown. Telephone numbers that are copied have them around and
#: within; a key with a digit on it is the digit and one of them.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
#: What word processors and web pages make of a hyphen in a number.
_DASHES: Final = re.compile(
    "(?<=[0-9])[\u2010-\u2015\u2043\u2212\ufe63](?=[0-9A-Za-z])|"
    "(?<=[A-Za-z])[\u2010-\u2015\u2043\u2212\ufe63](?=[0-9])"
)
_STRAIGHT: Final = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'"})

_FINDERS: Final[Sequence[Callable[[str], list[_Span]]]] = (
    _links,
    _addresses,
    _shaped,
    _names,
    _rest,
)
"""In this order: a link may hold digits, and an address a number that looks like another kind."""
