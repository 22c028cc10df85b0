"""Names of people in what customers write: where they stand.

Pure. Belongs here: what stands around a name (who introduces themselves, greets, signs, speaks of
"Mrs Berg"), common first names, and names that are known from elsewhere, in any script. Does not
belong here: what becomes of them (`bot.learning.redaction` takes them out of what is kept,
`bot.nlu.evenness` puts one name for all). An everyday word is no name unless its place says so.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

FIRST_NAMES: Final = Path(__file__).with_name("first_names.txt")

_UPPER: Final = r"[A-ZÀ-ÖØ-Þ]"

Span = tuple[int, int]
"""Where a name begins and ends."""


def told_in(text: str) -> tuple[str, ...]:
    """Names that somebody tells in this text, for the other messages of the conversation: the
    names themselves, and the words before the @ of e-mail addresses."""
    told = [text[start:end] for start, end in by_context(text)]
    told += [found[1] for found in re.finditer(r"([\w.+-]{2,64})@[\w-]+\.", text)]
    words = [word for one in told for word in re.split(r"[^\w'-]+|_|\d+", one)]
    return tuple(dict.fromkeys(word for word in words if _may_be_known(word)))


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
    sir sirs madam ladies gentlemen you your yours support service assistant shop spelled spelt
    written part
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december english german french dutch norwegian danish
    swedish christmas easter im i'm i've ive i'd id i'll ill it's that's what's where's don't dont
    can't cant won't didn't didnt isn't isnt
    """.split()  # noqa: SIM905 (a list of words is easier to keep in order as a text)
)
#: Everyday words that are names where somebody signs.
_NAMES_TOO: Final = frozenset({"Will", "May", "April", "June", "August", "Love"})
_PARTICLES: Final = frozenset({"van", "von", "de", "der", "den", "la", "le", "di", "da", "ten"})
_APART: Final = (
    r"\s\x00-\x26\x28-\x2c./:-@\[-`{-\xbf\u060c\u061f\u2000-\u206f\u3000-\u303f\uff01-\uff0f"
)
#: Not `\\w`: the vowels of Hindi or Thai are marks, and no letters to it.
_TOKEN: Final = re.compile(rf"[^\W\d_](?:(?:[^{_APART}]|\d)*[^{_APART}'-])?")


def _plain(word: str) -> str:
    """Lower case, without accents."""
    split = unicodedata.normalize("NFKD", word.casefold().replace("ø", "o").replace("ł", "l"))
    return "".join(sign for sign in split if not unicodedata.combining(sign))


def _is_first_name(word: str) -> bool:
    return any(part in _first_names() for part in _plain(word).split("-"))


def _could_be(word: str) -> bool:
    return _plain(word) not in _NO_NAMES and len(word) > 1


def _capital(word: str) -> bool:
    if unicodedata.category(word[:1]) == "Lo":  # a script that has no capitals
        return True
    return word[:1].isupper() and not (len(word) > 3 and word.isupper())


_Accepts = Callable[[str], bool]


def _run(text: str, at: int, first: _Accepts, rest: _Accepts, most: int = 3) -> int:
    """The end of a run of words that begins at `at` and may be a name; `at` itself if there is
    none. Particles ("van den") count when another word of the name follows."""
    end, count = at, 0
    place, pending = at, at
    while count < most and (token := _TOKEN.match(text, place)):
        word = token[0]
        if _plain(word) in _PARTICLES:
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
    r"mein\s+name\s+ist|ich\s+hei(?:ß|ss)e|mijn\s+naam\s+is|jeg\s+heter|je\s+m'appelle|it'?s\s+me,?)\s+"
)
_KIN: Final = re.compile(
    r"(?i)\b(?:husband|wife|son|daughter|brother|sister|friend|mother|mum|father|dad|partner|"
    r"boyfriend|girlfriend|colleague|neighbou?r|flatmate),?\s+"
)
#: A name in small letters stands between these.
_TALKED: Final = re.compile(
    r"(?i)\b(?:spoke|talked|chatted|speaking|talking|chatting|wrote|written)\s+(?:to|with)\s+|"
    r"\b(?:named|called|by)\s+|"
    r"\b(?=[^\W\d_]{3,}\s+(?:told|said|promised|wrote|helped|from\s+(?:support|the\s+desk)|at\s+the\s+"
    r"desk)\b)"
)
_INTRODUCED: Final = re.compile(r"(?i)\b(?:i\s+am|i[' ]?m|this\s+is|it'?s|it\s+is|here\s+is)\s+")
_GREETED: Final = re.compile(
    # Within a line only: from each of a thousand empty lines to the last one would be a long way.
    r"(?i)(?:\A|(?<=[.!?,\n])[^\S\n]*)(?:hi|hello|hey|hiya|dear|thanks|thank\s+you|thx|cheers|sorry|"
    r"ok|okay|morning|good\s+(?:morning|afternoon|evening|day)|bye|hallo|hei|hoi|moin|beste|liebe[rs]?)"
    r"(?:\s+(?:again|so\s+much|a\s+lot|very\s+much))?,?\s+"
)
_TITLED: Final = re.compile(
    r"(?i)\b(?:mr|mrs|ms|miss|mister|dr|prof|herr|frau|fru|mevrouw|meneer|madame|monsieur)\b\.?\s+"
)
_CLOSED: Final = re.compile(
    r"(?i)(?:\b(?:(?:kind|best|warm)?\s*regards|best(?:\s+wishes)?|cheers|thanks|thank\s+you|thx|"
    r"many\s+thanks|sincerely|faithfully|respectfully|truly|greetings|greets|yours|love|mvh|hilsen|mfg|gr(?:ü|ue)(?:ß|ss)e|"
    r"groet(?:en|jes)?|cordialement|bye)[\s,.!-]*[,.!\s-]|[\n.!?]\s*[-/~–—]+\s*|"
    r"\s[-~–—]\s*|\n)(?=[^\n]{2,40}\Z)"
)
_SPEAKING: Final = re.compile(r"(?i)\s+(?:here|speaking|writing|calling)\b")
_AT_START: Final = re.compile(
    r"\A\s*(?=\S+(?: \S+)? here\b|"
    r"(?:\S+ ){1,4}(?i:speaking|writing|calling|here)(?:[,.:;!]| (?i:to|with|in|again)\b))"
)
#: Words that follow "I am" with a capital in a text of titles ("I Am Leaving"), and are no names.
_NO_ENDINGS: Final = ("ing", "ed")
_END: Final = re.compile(r"\s*(?:[,!.:;-]|\n|\Z)")


def by_context(text: str, *, alone: bool = False) -> list[Span]:
    """Names by what stands around them; they may overlap.

    Args:
        alone: whether one word with a capital after "I am" or "I spoke to" is taken for a name,
            though it is none of the common ones: "I'm Ifeoma", but "I'm Swedish", too.
    """
    found = []
    caseless = {at for at, sign in enumerate(text) if unicodedata.category(sign) == "Lo"}

    def note(at: int, end: int) -> None:
        # A word of Arabic or Chinese is a name in an English text, not in one of its own language.
        own = caseless.intersection(range(at, end))
        if end > at and text[end : end + 1] != "@" and (not own or own == caseless):
            found.append((at, end))

    for cue in _TOLD.finditer(text):
        note(cue.end(), _run(text, cue.end(), _anything, lambda w: _family(w) or _surname(w)))
    for cue in _INTRODUCED.finditer(text):
        at = cue.end()
        end = _run(text, at, _named, lambda w: _family(w) or _surname(w))
        if end == at:  # no common first name: two words with capitals, or "Berg here"
            end = _run(text, at, _family, _family)
            words = text[at:end].split()
            sole = alone and cue[0].casefold().startswith(("i am", "i'm", "i m"))
            sole = sole and not text[at:end].endswith(_NO_ENDINGS)
            sole = sole and _END.match(text, end) is not None
            if len(words) < 2 and not sole and not _SPEAKING.match(text, end):
                end = at
        note(at, end)
    for cue in _GREETED.finditer(text):
        at = cue.end()
        end = _run(text, at, lambda w: _named(w) or _family(w), _family, most=2)
        known = _named(text[at:end].split()[0]) if end > at else False
        # "Thanks Annelies you ..." is a name, "Hello Return label" is none.
        known = known or (
            cue[0].lstrip()[:1] in "tT" and re.match(r"\s[a-z]", text[end:]) is not None
        )
        if known or _END.match(text, end) or _SPEAKING.match(text, end):
            note(at, end)
    for cue in _KIN.finditer(text):
        note(cue.end(), _run(text, cue.end(), _family, _family, most=2))
    for cue in _TALKED.finditer(text):
        told = alone and cue[0].rstrip().casefold().endswith(("to", "with"))
        first = (lambda word: _named(word) or _family(word)) if told else _named
        note(cue.end(), _run(text, cue.end(), first, _family, most=2))
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


def common_ones(text: str) -> list[Span]:
    """Common first names with a capital, wherever they stand, and the family names after them."""
    spans = []
    for token in _TOKEN.finditer(text):
        if (_capital(token[0]) or text.isupper()) and _named(token[0]):
            spans.append((token.start(), _run(text, token.start(), _named, _family)))
    return spans


def _may_be_known(word: str) -> bool:
    return len(word) > 2 and _could_be(word) and _plain(word) not in _MAIL_WORDS


#: What stands before the @ of addresses that are nobody's own.
_MAIL_WORDS: Final = frozenset(
    ("info", "mail", "email", "contact", "office", "hello", "sales", "noreply", "reply", "web")
)


def known_ones(text: str, names: Iterable[str]) -> list[Span]:
    """Words of names that are known from elsewhere, in any case. A word that is also an everyday
    one ("Will") counts only with a capital within the sentence."""
    words = {_plain(word) for name in names for word in _TOKEN.findall(name) if _may_be_known(word)}
    return [
        token.span()
        for token in _TOKEN.finditer(text)
        if _plain(token[0]) in words or _plain(token[0]).removesuffix("'s") in words
    ]
