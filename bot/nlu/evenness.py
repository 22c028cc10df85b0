"""Evening out what must not matter for a mood: names, dialect, courtesy, who the customer is.

`even_out` writes dialect and chat spellings as the standard ones (`dialects`), and puts one name
for all where somebody says theirs or signs; the whole pipeline reads what it leaves. `Matter` sets
aside the parts of a message that say nothing about the matter: greetings, formulas of courtesy, and
what customers tell about themselves ("I am deaf", "as a Hindu"). A term that is never read cannot
change a score; so this comes before any debiasing of embeddings, which would leave a rest.
`benchmarks/bias.py` measures what is left, with other words than those that are trained here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from ruamel.yaml import YAML

from bot.dialects import evidently_english, standard_spelling, straightened
from bot.nlu.encoder import LAYERS, Embeddings, Encoder, unit
from bot.nlu.judgement import Judge, Rows
from bot.nlu.mood_signs import READ_CHARACTERS, read_signs
from bot.personal_names import Span, by_context

FROM_LAYER: Final = 3
"""The layers from this one to the last (of 6) make a row; found by cross-validation."""

ONE_NAME: Final = "Alex"

_NO_NAMES: Final = frozenset({"bout", "abt", "aboot", "fi", "pon", "tae", "wid"})
"""Words of dialect that stand where a name may ("call me bout it")."""

_BEFORE_STOPS: Final = re.compile(r" +(?=[,.!?](?:\s|$))")
_BLANKS: Final = re.compile(r"[^\S\n]+")


def even_out(text: str) -> str:
    """The text in standard spelling and with one name for all; the same text if it was so.

    Spelling is left alone in other languages, whose words look like dialect ("mi", "una", "ma").
    """
    head, rest = text[:READ_CHARACTERS], text[READ_CHARACTERS:]
    plain = with_one_name(straightened(head))
    spelt = standard_spelling(plain) if evidently_english(plain) else plain
    if spelt == head:
        return text
    return (_BLANKS.sub(" ", _BEFORE_STOPS.sub("", spelt)) + rest).strip()


def with_one_name(text: str) -> str:
    """The text with one name for all where somebody says theirs, signs, or is greeted by name.

    A word with a mood is no name there ("thanks, liars"), nor is one of `_NO_NAMES`.
    """
    spans: list[Span] = []
    for span in sorted(by_context(text, alone=True)):
        if spans and span[0] < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(span[1], spans[-1][1]))
        else:
            spans.append(span)
    for start, end in reversed(spans):
        if not _has_mood(text[start:end]) and text[start:end] not in _NO_NAMES:
            text = text[:start] + ONE_NAME + text[end:]
    return text


def _has_mood(words: str) -> bool:
    signs = read_signs(words.casefold())
    return signs.sentiment < 0 or bool(signs.names)


_PARTS = re.compile(r"(?<=[.!?;:])\s+|\n+|\s[-–—]\s|(?<=,)\s")
"""Where a message is cut: a shell is a part of its own, a matter may be made of several."""

MOST_PARTS: Final = 24
"""A text of more parts was pasted, not said; nothing of it is set aside."""

SHELL: Final = 0.4
"""Probability from which a part is set aside, unless it has a sign of a mood. Low: a term that
stays in can change the score, and most parts with a mood are far below."""

_TELLS: Final = re.compile(
    r"(?:(?:speaking|writing|talking|asking|coming) (?:to you )?as\b|"
    r"(?:as|being) (?:an? |some(?:one|body) |one of )[^,]* I (?:write|am writing|turn)\b|"
    r"(?:(?:i|you|it|one|let me|allow me to|for your information|so you know)\b[^,]{0,24} )"
    r"(?:add|mention|know|say|note|tell you|point out)(?: that)? (?:i am|i'm)\b(?! \w+ing\b)|"
    r"(?:i am|i'm) (?!\w+ing\b)[^,]* and (?:i )?(?:have|would|want|wish|'d like|write|this is)\b"
    r"[^,]*\b(?:questions?|remarks?|say|ask|tell|comment|word|message|this)$)",
    re.IGNORECASE,
)
"""How people say who they are: whatever it is, it is not the matter."""


def _introduces(part: str) -> bool:
    return bool(_TELLS.match(part.strip(" ,:;.!")))


def _has_signs(part: str) -> bool:
    """Negative words alone are no sign here: "disabled" and "homeless" are some."""
    return bool(set(read_signs(part).names) - {"negative words"})


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
        shell = {
            part: (likely >= SHELL or _introduces(part)) and not _has_signs(part)
            for part, likely in zip(parts, self._judge.ask(rows)[:, 0], strict=True)
        }
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
    """How texts sound: float32 [n, 4 * 384] of length 1, out of `Encoder.layers`.

    The last layers side by side: topic gathers at the end of the encoder, tone sits before it.
    """
    chosen = unit(layers[:, FROM_LAYER : LAYERS + 1])
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
