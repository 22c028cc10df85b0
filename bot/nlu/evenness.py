"""Evening out what must not matter for a mood: names, dialect, courtesy, who the customer is.

`even_out` writes common dialect and chat spellings as the standard ones, and puts one name for all
where somebody introduces himself. `Matter` sets aside the parts of a message that say nothing about
the matter: greetings, formulas of courtesy, names, and what customers tell about themselves ("I am
deaf", "as a Hindu"). A term that is never read cannot change a score; so this comes before any
debiasing of embeddings, which would leave a rest. `benchmarks/bias.py` measures what is left, with
other words than those that are trained here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from ruamel.yaml import YAML

from bot.nlu.encoder import Embeddings, Encoder, unit
from bot.nlu.judgement import Judge, Rows

FROM_LAYER: Final = 3
"""The layers from this one to the last (of 6) make a row; found by cross-validation."""

ONE_NAME: Final = "Alex"

_NAME = r"[A-Z\u00c0-\u024f][\w'’-]+(?: (?!I\b)[A-Z\u00c0-\u024f][\w'’-]+){0,3}"
_INTRODUCED = re.compile(
    r"(?P<before>\b(?:[Mm]y name is|[Mm]y name's|[Tt]his is|I am|I'm|[Rr]egards,?|[Ww]ishes,?|"
    r"[Ss]incerely,?|[Tt]hanks,|[Cc]heers,|[Hh]i,|[Hh]ello,|[Hh]ey,))\s"
    rf"(?P<name>{_NAME})(?=\s(?:here|speaking)\b|[.,!:;-]|\s*$)"
)
_LOWER_INTRODUCED = re.compile(
    r"(?P<before>\b[Mm]y name(?: is|'s)|\bname:)\s(?P<name>[\w'’-]+(?: [\w'’-]+)?)(?=[.,!:;]|\s*$)"
)

_STANDARD = {
    word: standard
    for standard, words in {
        "this": "dis diss",
        "that": "dat",
        "them": "dem 'em",
        "they": "dey",
        "the": "da di tha t'",
        "with": "wid wiv wi wi'",
        "I": "mi",
        "I'm": "ah'm",
        "I've": "ah've",
        "I'll": "ah'll",
        "you": "u ya ye yuh yous youse y'all yall unu una",
        "your": "ur yer",
        "you're": "ye're",
        "are": "r",
        "is": "deh",
        "my": "ma",
        "to": "tae fi",
        "do": "dae",
        "from": "fae frae",
        "of": "o'",
        "and": "an' n",
        "not": "nae no' nuh",
        "have": "hae",
        "because": "cos coz cuz 'cause",
        "isn't": "ain't aint int isnae",
        "isn't it": "innit",
        "don't": "dinnae doan",
        "don't know": "dunno",
        "can't": "cannae cyaan",
        "didn't": "didnae",
        "doesn't": "disnae doesnae",
        "haven't": "huvnae hivnae havenae havent",
        "won't": "willnae winnae",
        "couldn't": "couldnae",
        "wouldn't": "wouldnae",
        "wasn't": "wisnae",
        "nothing": "nowt nuttin nuthin",
        "nobody": "naebody nubody",
        "anything": "owt",
        "something": "summat sumthin",
        "going to": "gonna finna",
        "trying to": "tryna",
        "want to": "wanna wan waan",
        "have to": "gotta haffi",
        "give me": "gimme",
        "let me": "lemme",
        "please": "plz pls abeg",
        "thanks": "thx tnx ta",
        "been": "bin",
        "what": "wot wat whit wah wetin",
        "when": "whan wen",
        "which": "wich",
        "how": "hoo",
        "where": "whaur weh",
        "about": "bout aboot",
        "out": "oot",
        "down": "doon",
        "all": "aw",
        "already": "awready liao",
        "little": "wee likkle",
        "more": "mair",
        "know": "kno",
        "though": "tho",
        "think": "fink tink",
        "good": "guid gud",
        "very": "awfy",
        "small": "sma",
        "long": "lang",
        "wrong": "wrang",
        "was": "wis",
        "came": "cam",
        "got": "kena",
        "on": "pon",
        "in": "inna",
        "make": "mek mak",
        "broke": "bruk",
        "left": "lef",
        "again": "agen",
        "number": "nummer",
        "everybody": "a'body every1",
        "somebody": "some1 sumbody",
        "two": "twa",
        "take": "tek tak",
        "": "bruv lah leh lor hen duck luv eh",
    }.items()
    for word in words.split()
}
"""Function words of some dialects and of chat, as they would be spelt in a letter."""

_SPELT = re.compile(
    r"(?<![\w'])(?:"
    + "|".join(re.escape(word) for word in sorted(_STANDARD, key=len, reverse=True))
    + r")(?![\w'])",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"(?:,? (?:lah|leh|lor|meh|sia|hor|ah|o)|, (?:like|love|pet|duck|hen|pal|bruv|innit|me|mate|"
    r"so (?:it|they|I) (?:is|are|am|do))| at all(?=\?))(?=\s*(?:[.?!]|$))",
    re.IGNORECASE,
)
"""What some dialects hang on to a sentence; it says nothing about the matter."""
_MY = re.compile(
    r"\bme\s(?=(?:own |new |old |last )?(?:orders?|parcels?|packages?|refund|money|account|card|"
    r"address|password|name|number|invoice|receipt|return|jacket|coat|boots?|shoes?|tent|bag|rucksack|"
    r"backpack|stove|socks|size|e?mail|phone|wife|husband|mum|mam|brother|sister|son|"
    r"daughter|friend|neighbour|voucher|code|gift|basket|feet|foot|head|hand)\b)",
    re.IGNORECASE,
)
_I = re.compile(
    r"\bAh\s(?=(?:want|need|got|am|was|have|hae|huv|huvnae|havenae|can|cannae|canna|could|will|would|"
    r"did|didnae|do|dinnae|don't|forgot|ordered|paid|bought|sent|asked|ken|think|like|love|hate|hope|"
    r"tried|waited|wrote|live|just|never|only|still)\b)"
)
_DROPPED_G = re.compile(
    r"\b(wait|try|ask|go|do|get|gett|look|call|send|pay|noth|someth|anyth|mak|tak|com|hav|us|work|"
    r"talk|tell|say|see|order|deliver|miss|writ|runn|putt|sitt|stand|charg|chang|return|ship|"
    r"ly|lock|switch|buy|chat|bring|hold|keep|mov|clos|cost|feel|freez|ignor|hang|happen|show|help|"
    r"arriv|refund|track|answer|mess|driv|giv|be|sho|hop|think)in\b'?|"
    r"\b(\w{2,})in'(?!\w)",
    re.IGNORECASE,
)


def even_out(text: str) -> str:
    """The text in standard spelling and with one name for all; the same text if it was so."""
    text = text.replace("’", "'")
    text = _INTRODUCED.sub(rf"\g<before> {ONE_NAME}", text)
    text = _LOWER_INTRODUCED.sub(rf"\g<before> {ONE_NAME}", text)
    text = _TAG.sub("", text)
    text = _MY.sub("my ", text)
    text = _I.sub("I ", text)
    text = _DROPPED_G.sub(lambda found: f"{found.group(1) or found.group(2)}ing", text)
    changed = _SPELT.sub(_respell, text)
    return text if changed == text else " ".join(changed.split())


def _respell(found: re.Match[str]) -> str:
    word = found.group(0)
    standard = _STANDARD[word.casefold()]
    return standard.upper() if word.isupper() and len(word) > 1 else standard


_PARTS = re.compile(r"(?<=[.!?;:])\s+|\n+|\s[-–—]\s|(?<=,)\s")
"""Where a message is cut: a shell is a part of its own, a matter may be made of several."""

MOST_PARTS: Final = 24
"""A text of more parts was pasted, not said; nothing of it is set aside."""

SHELL: Final = 0.35
"""Probability from which a part is set aside. Low: a term that stays in can change the score, and
a part with a mood is far below (of the training sentences, 8 in 100 lose a part)."""


class Matter:
    """Finds what of a message is about the matter. `fit` makes one, `save` and `load` keep it."""

    def __init__(self, judge: Judge) -> None:
        """`judge` answers "shell" for the embedding of a part."""
        self._judge = judge

    @classmethod
    def fit(cls, shells: Embeddings, others: Embeddings) -> Matter:
        """Trains on the layers (`Encoder.layers`) of evened texts: parts that are shells, and parts
        or whole messages that are none."""
        labels = np.array([1] * len(shells) + [0] * len(others), dtype=np.int8)
        return cls(Judge.fit(tone_rows(np.concatenate([shells, others])), {"shell": labels}))

    def of(self, texts: Sequence[str], encoder: Encoder) -> list[str]:
        """The evened texts without their shells. A text that is nothing else stays as it is."""
        evened = [even_out(text) for text in texts]
        cut = [[part for part in _PARTS.split(text) if part.strip()] for text in evened]
        parts = [part for parts in cut if 1 < len(parts) <= MOST_PARTS for part in parts]
        if not parts:
            return evened
        rows = tone_rows(encoder.layers([part.strip(" ,:;") or part for part in parts]))
        shell = dict(zip(parts, self._judge.ask(rows)[:, 0] >= SHELL, strict=True))
        kept = [[part for part in parts if not shell.get(part)] for parts in cut]
        return [
            " ".join(some) if 0 < len(some) < len(parts) else text
            for text, parts, some in zip(evened, cut, kept, strict=True)
        ]

    def save(self, directory: Path) -> None:
        """Writes it; nothing in it is executable."""
        self._judge.save(directory, "matter")

    @classmethod
    def load(cls, directory: Path) -> Matter:
        """What `save` wrote."""
        return cls(Judge.load(directory, "matter"))


def tone_rows(layers: Embeddings) -> Rows:
    """How texts sound: float32 [n, 4 * 384] of length 1, out of float32 [n, 7, 384].

    The last layers side by side: topic gathers at the end of the encoder, tone sits before it.
    """
    chosen = unit(layers[:, FROM_LAYER:])
    return np.asarray(chosen.reshape(len(chosen), -1) / np.sqrt(chosen.shape[1]), np.float32)


def read_shells(path: Path) -> tuple[list[str], list[str]]:
    """The shells in a file, and the parts that are none.

    Raises OSError when it is missing, ValueError naming the key when it is not as it should be.
    """
    content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    parts = []
    for key in ("yes", "no"):
        value = content.get(key) if isinstance(content, Mapping) else None
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise ValueError(f"{path}: `{key}` must be a list of texts")
        parts.append(value)
    return parts[0], parts[1]
