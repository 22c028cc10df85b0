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

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.errors import DeskhandError
from bot.nlu.shapes import find_shapes

READ_CHARACTERS: Final = 2_000
"""Longer texts are pasted, not said, and teach nothing; they are not redacted at all."""

FIRST_NAMES: Final = Path(__file__).with_name("first_names.txt")

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
    if len(text) > READ_CHARACTERS:
        raise CannotRedact(f"The text has more than {READ_CHARACTERS} characters.")
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_STRAIGHT)
    text = re.sub(r"[^\S\n]+", " ", text)
    spans: list[_Span] = [_Span(m.start(), m.end(), "") for m in PLACEHOLDER.finditer(text)]
    for find in _FINDERS:
        _add(spans, find(text))
    _add(spans, _known_names(text, names))
    parts, end, kinds = [], 0, []
    for span in sorted(spans, key=lambda span: span.start):
        parts.append(text[end : span.start])
        parts.append(PLACEHOLDERS[span.kind] if span.kind else text[span.start : span.end])
        kinds += [span.kind] if span.kind else []
        end = span.end
    whole = " ".join("".join([*parts, text[end:]]).split())
    whole = _AGAIN.sub(r"\1", whole)
    return Redacted(whole, tuple(dict.fromkeys(kinds)))


def names_in(text: str) -> tuple[str, ...]:
    """Names that somebody tells in this text, for the other messages of the conversation: the
    names themselves, and the words before the @ of e-mail addresses."""
    told = [text[span.start : span.end] for span in _names_by_context(text)]
    told += [found[1] for found in re.finditer(r"([\w.+-]{2,64})@[\w-]+\.", text)]
    words = [word for one in told for word in re.split(r"[^\w'-]+|_|\d+", one)]
    return tuple(dict.fromkeys(word for word in words if _may_be_known(word)))


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
_HANDLE: Final = re.compile(r"\S*\w@\w\S*|(?<!\w)@\w[\w.-]+")
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
    return handles + numbers


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
            rf"(?i)\b[^\W\d_][\w-]*(?:str|stra(?:ß|ss)e|straat|laan|gata|gaten|veien|vägen|gatan|platz|"
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
_TOWN: Final = re.compile(
    rf"\s+{_UPPER}[\w-]+(?:\s+{_UPPER}[\w-]+)?|,\s*(?:\d{{4,5}}(?:\s[A-Z]{{2}})?\s)?{_UPPER}[\w-]+"
)


def _addresses(text: str) -> list[_Span]:
    found = [_Span(*m.span(), "address") for each in _ADDRESSES for m in each.finditer(text)]
    before = [*found, *(one for one in _shaped(text) if one.kind == "postcode")]
    towns = [town for span in before if (town := _TOWN.match(text, span.end))]
    return found + [_Span(*town.span(), "address") for town in towns]


# ------------------------------------------------------------------------------------------- names


@functools.lru_cache(maxsize=1)
def _first_names() -> frozenset[str]:
    lines = FIRST_NAMES.read_text(encoding="utf-8").splitlines()
    return frozenset(" ".join(line for line in lines if not line.startswith("#")).split())


#: Words that stand where a name could, and are none, whatever their case.
_NO_NAMES: Final = frozenset(
    """
    a about account address afternoon again all already also am an and angry annoyed any anybody
    anyone anything are as at away back bad be because been before being bot but by can cannot card
    chat come confused could curious customer customers day days dear delighted delivery did
    disappointed do does done down every everybody everyone everything evening fine first folks
    for friend friends from fuming furious get getting glad going gone good got great guys had happy
    has have he hello help her here hey hi him his home hopeful how i if in interested into is it
    its just keen know late later looking lost love ma'am madam many maybe me mine missing missspelt
    misspelt morning much my nearly neither never new next nice no nobody none nordlys not nothing
    now of off ok okay old on one only open or order our out over parcel please pleased pls prefer
    puzzled question quite ready real really right robot same see shall she should since sir so some
    somebody someone something soon sorry still stuck such sure surprised team than thank thanks
    that the their them then there these they thing this those though tired to today tomorrow too
    trying two under unhappy unsure up upset us very want wants was we well were what whats when
    where wherever which while who why will wish with without wondering worried would wrong yes yet
    you your yours support service assistant shop spelled spelt written part
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december english german french dutch norwegian danish
    swedish christmas easter im i'm i've ive i'd id i'll ill it's that's what's where's don't dont
    can't cant won't didn't didnt isn't isnt
    """.split()  # noqa: SIM905 (a list of words is easier to keep in order as a text)
)
#: Everyday words that are names where somebody signs.
_NAMES_TOO: Final = frozenset({"Will", "May", "April", "June", "August", "Love"})
_PARTICLES: Final = frozenset({"van", "von", "de", "der", "den", "la", "le", "di", "da", "ten"})
_TOKEN: Final = re.compile(r"[^\W\d_](?:[\w'-]*\w)?")


def _plain(word: str) -> str:
    """Lower case, without accents."""
    split = unicodedata.normalize("NFKD", word.casefold().replace("ø", "o").replace("ł", "l"))
    return "".join(sign for sign in split if not unicodedata.combining(sign))


def _is_first_name(word: str) -> bool:
    return any(part in _first_names() for part in _plain(word).split("-"))


def _could_be(word: str) -> bool:
    return _plain(word) not in _NO_NAMES and len(word) > 1


def _capital(word: str) -> bool:
    return word[:1].isupper() and not (len(word) > 3 and word.isupper())


_Accepts = Callable[[str], bool]


def _run(text: str, at: int, first: _Accepts, rest: _Accepts, most: int = 3) -> int:
    """The end of a run of words that begins at `at` and may be a name; `at` itself if there is
    none. Particles ("van den") count when another word of the name follows."""
    end, count = at, 0
    place, pending = at, at
    while count < most and (token := _TOKEN.match(text, place)):
        word = token[0]
        if count and _plain(word) in _PARTICLES:
            pending = token.end()
        elif (rest if count else first)(word):
            count += 1
            end = pending = token.end()
        else:
            break
        gap = re.compile(r"\.? ").match(text, pending)
        if gap is None:
            break
        place = gap.end()
    return end


def _named(word: str) -> bool:
    """A first name, in whatever case."""
    return _is_first_name(word)


def _family(word: str) -> bool:
    return _capital(word) and _could_be(word)


def _anything(word: str) -> bool:
    """Where nothing but a name is to be expected."""
    return _could_be(word)


_TOLD: Final = re.compile(
    r"(?i)\b(?:my\s+(?:full\s+|first\s+|last\s+|sur)?name(?:\s+is|'s|s)?\s*[:=]?|"
    r"(?:full\s+|first\s+|last\s+|sur)?name\s*(?::|=|\bis\b)|"
    r"(?:in|under|on)\s+(?:the\s+)?name(?:\s+of)?|addressed\s+to|signed\s+(?:for\s+)?by|"
    r"(?:i\s+am|i'?m|they)\s+called|call\s+me(?!\s+(?:on|at|back|asap|when|if)\b)|"
    r"mein\s+name\s+ist|ich\s+hei(?:ß|ss)e|mijn\s+naam\s+is|jeg\s+heter|je\s+m'appelle)\s+"
)
_INTRODUCED: Final = re.compile(r"(?i)\b(?:i\s+am|i[' ]?m|this\s+is|it'?s|it\s+is|here\s+is)\s+")
_GREETED: Final = re.compile(
    r"(?i)(?:\A|(?<=[.!?,\n])\s*)(?:hi|hello|hey|hiya|dear|thanks|thank\s+you|thx|cheers|sorry|ok|"
    r"okay|morning|good\s+(?:morning|afternoon|evening|day)|bye|hallo|hei|hoi|moin|beste|liebe[rs]?)"
    r"(?:\s+(?:again|so\s+much|a\s+lot|very\s+much))?,?\s+"
)
_TITLED: Final = re.compile(
    r"(?i)\b(?:mr|mrs|ms|miss|mister|dr|prof|herr|frau|fru|mevrouw|meneer|madame|monsieur)\b\.?\s+"
)
_CLOSED: Final = re.compile(
    r"(?i)(?:\b(?:(?:kind|best|warm)?\s*regards|best(?:\s+wishes)?|cheers|thanks|thank\s+you|thx|"
    r"many\s+thanks|sincerely|greetings|greets|yours|love|mvh|hilsen|mfg|gr(?:ü|ue)(?:ß|ss)e|"
    r"groet(?:en|jes)?|cordialement|bye)[\s,.!-]*[,.!\s-]|[\n.!?]\s*[-/~–—]+\s*|"
    r"\s[-~–—]\s*|\n)(?=[^\n]{2,40}\Z)"
)
_HERE: Final = re.compile(r"(?i)\s+(?:here|speaking|from\b|again\b)|\s*[,.!(]|\s*\Z")
_AT_START: Final = re.compile(r"\A\s*(?=\S+(?: \S+)? here\b)")


def _names_by_context(text: str) -> list[_Span]:
    found = []

    def note(at: int, end: int) -> None:
        if end > at:
            found.append(_Span(at, end, "name"))

    for cue in _TOLD.finditer(text):
        note(cue.end(), _run(text, cue.end(), _anything, lambda w: _family(w) or _surname(w)))
    for cue in _INTRODUCED.finditer(text):
        at = cue.end()
        end = _run(text, at, _named, lambda w: _family(w) or _surname(w))
        if end == at:  # no common first name: two words with capitals, or "Berg here"
            end = _run(text, at, _family, _family)
            words = text[at:end].split()
            if len(words) < 2 and not re.match(r"\s+(?:here|speaking)\b", text[end:]):
                end = at
        note(at, end)
    for cue in _GREETED.finditer(text):
        at = cue.end()
        end = _run(text, at, lambda w: _named(w) or _family(w), _family, most=2)
        known = _named(text[at:end].split()[0]) if end > at else False
        if known or re.match(r"\s*(?:[,!.:;-]|\n|\Z)", text[end:]):
            note(at, end)
    for cue in _TITLED.finditer(text):
        note(cue.end(), _run(text, cue.end(), _anything, _family, most=2))
    for cue in _CLOSED.finditer(text):
        at = cue.end()
        end = _run(text, _after_initials(text, at), _signed, lambda w: _family(w) or _surname(w))
        if re.fullmatch(r"[\s.!,x]*", text[end:]):
            note(at, end)
    for cue in _AT_START.finditer(text):
        note(cue.end(), _run(text, cue.end(), lambda w: _named(w) or _family(w), _family, most=2))
    return found


def _signed(word: str) -> bool:
    return _named(word) or _family(word) or word in _NAMES_TOO


def _after_initials(text: str, at: int) -> int:
    """Where a name goes on after "A." or "J. R."; the initials alone tell little."""
    initials = re.compile(rf"(?:{_UPPER}\.\s?)+").match(text, at)
    return initials.end() if initials else at


def _surname(word: str) -> bool:
    """After a first name in small letters: a word that is not one of the usual ones."""
    return _could_be(word) and len(word) > 2 and word.isalpha() and _plain(word) not in _AFTER_NAMES


_AFTER_NAMES: Final = frozenset(
    """
    ordered order bought buy need needs asked ask wrote write called says said speaking living live
    email mail phone number calling trying waiting received sent return returned returning again
    got complaining checking contacting writing reaching messaging paid pays wondering hoping
    """.split()  # noqa: SIM905
)


def _first_names_in(text: str) -> list[_Span]:
    """Common first names with a capital, wherever they stand, and the family names after them."""
    spans = []
    for token in _TOKEN.finditer(text):
        if (_capital(token[0]) or text.isupper()) and _named(token[0]):
            spans.append(_Span(token.start(), _run(text, token.start(), _named, _family), "name"))
    return spans


def _may_be_known(word: str) -> bool:
    return len(word) > 2 and _could_be(word) and _plain(word) not in _MAIL_WORDS


#: What stands before the @ of addresses that are nobody's own.
_MAIL_WORDS: Final = frozenset(
    ("info", "mail", "email", "contact", "office", "hello", "sales", "noreply", "reply", "web")
)


def _known_names(text: str, names: Iterable[str]) -> list[_Span]:
    """Words of names that are known from elsewhere, in any case. A word that is also an everyday
    one ("Will") counts only with a capital within the sentence."""
    words = {_plain(word) for name in names for word in _TOKEN.findall(name) if _may_be_known(word)}
    return [
        _Span(*token.span(), "name")
        for token in _TOKEN.finditer(text)
        if _plain(token[0]) in words or _plain(token[0]).removesuffix("'s") in words
    ]


#: "[name] [name]" is one person; a town after a postcode says no more.
_AGAIN: Final = re.compile(r"(\[name\]|\[address\]|\[postcode\])(?:[\s,]*(?:\1|\[address\]))+")
_INVISIBLE: Final = re.compile(r"[\u00ad\u200b-\u200f\u2060-\u2064\ufe0f\ufeff]")
_STRAIGHT: Final = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'"})

_FINDERS: Final[Sequence[Callable[[str], list[_Span]]]] = (
    _links,
    _addresses,
    _shaped,
    _names_by_context,
    _first_names_in,
    _rest,
)
"""In this order: a link may hold digits, and an address a number that looks like another kind."""
