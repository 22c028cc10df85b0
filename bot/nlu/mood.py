"""How frustrated does a message sound? A score from 0 to 1, learned from data/frustration.

Two yes-or-no questions on the same rows, in the manner of Frank and Hall 2001 (ordinal
classification): is this at least annoyed, is this angry? The score is the mean of both
probabilities, that is half the expected step on the ladder calm (0), annoyed (1), angry (2):

    0.0 calm or happy     0.5 annoyed     1.0 angry

A row is the sentence embedding (the mean over tokens after each of the last layers, because tone
sits in the middle of the encoder and topic at its end) beside the signs of `mood_signs`. Names,
dialect spellings, formulas of courtesy and what customers tell about themselves are evened out or
set aside before a text is read (`evenness`). Here belong rows, training and the score; what a score
leads to is decided in `bot.triage`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from bot.nlu.encoder import Embeddings, Encoder
from bot.nlu.evenness import Matter, even_out, read_shells, tone_rows
from bot.nlu.judgement import Judge, Rows
from bot.nlu.mood_signs import Signs, read_signs

CLASSES: Final = ("angry", "annoyed", "neutral", "happy")
"""One file each under data/frustration."""

VOICES: Final = "voices.yml"
"""The same matters in several ways of writing; each has one class."""

MOST_SENTENCES: Final = 8
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n+")

SIGN_WEIGHT: Final = 0.1
"""What a sign's number counts beside the embedding, whose length is 1."""


@dataclass(frozen=True)
class Mood:
    """`sentiment` from -1 to 1, `frustration` from 0 to 1, and the names of the signs."""

    sentiment: float
    frustration: float
    signs: tuple[str, ...]
    tone: Rows = field(compare=False, repr=False)
    """Rows (`evenness.tone_rows`) of the text and then of each of its sentences, if it has
    several."""


class MoodModel:
    """The trained model. `train` makes one, `save` and `load` keep it, `read` uses it."""

    def __init__(self, judge: Judge, matter: Matter) -> None:
        """`judge` answers "annoyed" (or angry) and "angry"; `matter` sets aside the rest."""
        self._judge = judge
        self._matter = matter

    @classmethod
    def train(cls, folder: Path, calm: Sequence[str], encoder: Encoder) -> MoodModel:
        """Trains on data/frustration, and on messages that are known to be calm (ten seconds).

        Raises OSError or ValueError when the data is not as the README there says.
        """
        shells, others = read_shells(folder / "shells.yml")
        examples = read_examples(folder)
        texts = [text for of_class in examples.values() for text in of_class]
        labels = [name for name, of_class in examples.items() for _ in of_class]
        calm = sorted(set(calm) - set(texts))
        evened = [even_out(text) for text in (*shells, *others, *texts)]
        layers = encoder.layers(evened)
        matter = Matter.fit(layers[: len(shells)], layers[len(shells) :])
        known = dict(zip(evened, layers, strict=True))
        texts, labels = [*texts, *calm], [*labels, *(["neutral"] * len(calm))]
        return cls.fit(texts, labels, matter, encoder, known)

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[str],
        matter: Matter,
        encoder: Encoder,
        known: Mapping[str, Embeddings],
    ) -> MoodModel:
        """Trains on texts and their CLASSES; `known` are layers of texts, not to be made again."""
        core = matter.of(texts, encoder)
        fresh = [text for text in core if text not in known]
        layers = {**known, **dict(zip(fresh, encoder.layers(fresh), strict=True))}
        tone = tone_rows(np.stack([layers[text] for text in core]))
        rows = make_rows([read_signs(text) for text in core], tone)
        step = np.array([{"angry": 2, "annoyed": 1}.get(label, 0) for label in labels])
        answers = {"annoyed": (step >= 1).astype(np.int8), "angry": (step >= 2).astype(np.int8)}
        return cls(Judge.fit(rows, answers), matter)

    def score(self, texts: Sequence[str], encoder: Encoder) -> npt.NDArray[np.float64]:
        """Frustration of n texts, [n]."""
        cores = self._matter.of(texts, encoder)
        pieces = [[core, *sentences(core)] for core in cores]
        flat = [piece for some in pieces for piece in some]
        signs = [read_signs(piece) for piece in flat]
        scores = self._scores(signs, tone_rows(encoder.layers(flat)))
        ends = np.cumsum([len(some) for some in pieces])[:-1]
        return np.array([_with_worst(some) for some in np.split(scores, ends)])

    def matter(self, text: str, layers: Embeddings, encoder: Encoder) -> tuple[str, Embeddings]:
        """What of a message is about the matter, and its layers; `layers` are those of `text`."""
        [core] = self._matter.of([text], encoder)
        return core, layers if core == text else encoder.layers([core])[0]

    def read(self, core: str, layers: Embeddings, encoder: Encoder) -> Mood:
        """The mood of what `matter` left, with its `Encoder.layers`; an empty text is calm."""
        if not core.strip():
            return Mood(0.0, 0.0, (), tone_rows(layers[None]))
        whole, parts = read_signs(core), sentences(core)
        signs = [whole, *map(read_signs, parts)]
        all_layers = (
            np.concatenate([layers[None], encoder.layers(parts)]) if parts else layers[None]
        )
        tone = tone_rows(all_layers)
        frustration = _with_worst(self._scores(signs, tone))
        return Mood(whole.sentiment, round(frustration, 4), whole.names, tone)

    def _scores(self, signs: Sequence[Signs], tone: Rows) -> npt.NDArray[np.float64]:
        annoyed, angry = self._judge.ask(make_rows(signs, tone)).T
        # Whoever is angry is at least annoyed, whatever the two machines make of it.
        return np.asarray((np.maximum(annoyed, angry) + angry) / 2)

    def save(self, directory: Path) -> None:
        """Writes the model; nothing in it is executable."""
        self._judge.save(directory, "mood")
        self._matter.save(directory)

    @classmethod
    def load(cls, directory: Path) -> MoodModel:
        """The model that `save` wrote."""
        return cls(Judge.load(directory, "mood"), Matter.load(directory))


def _with_worst(scores: npt.NDArray[np.float64]) -> float:
    """One score from that of the whole text (first) and those of its sentences.

    Anger beside a calm question fades in the whole, and "that other shop cheated me" sounds worse
    alone than with what follows: so the worst counts twice and the whole once, if that is more.
    """
    whole, worst = float(scores[0]), float(scores.max())
    return max(whole, (whole + 2 * worst) / 3)


def sentences(core: str) -> list[str]:
    """The sentences of a text that has several, but not so many that it was pasted."""
    parts = [part for part in _SENTENCE_END.split(core) if part.strip()]
    return parts if 1 < len(parts) <= MOST_SENTENCES else []


def make_rows(signs: Sequence[Signs], tone: Rows) -> Rows:
    """What the questions are asked about: float32 [n, 4 * 384 + SIGN_COUNT]."""
    beside = np.array([one.row for one in signs], dtype=np.float32) * SIGN_WEIGHT
    return np.asarray(np.hstack([tone, beside]), dtype=np.float32)


def read_examples(folder: Path) -> Mapping[str, list[str]]:
    """The sentences of each class: those of its file, and those of `VOICES`.

    Raises OSError when a file is missing, ValueError when one is not as the README there says.
    """
    yaml = YAML(typ="safe", pure=True)
    found: dict[str, list[str]] = {}
    for name in CLASSES:
        path = folder / f"{name}.yml"
        content = yaml.load(path.read_text(encoding="utf-8"))
        examples = content.get("examples") if isinstance(content, Mapping) else None
        if not isinstance(examples, list) or not all(isinstance(e, str) for e in examples):
            raise ValueError(f"{path}: `examples` must be a list of sentences")
        found[name] = examples
    for row in read_voices(folder / VOICES):
        found[row["mood"]] += [text for way, text in row.items() if way != "mood"]
    return found


def read_voices(path: Path) -> list[Mapping[str, str]]:
    """Matters as several ways of writing put them: the text by way, and the class as `mood`.

    Raises OSError when the file is missing, ValueError when it is not as the README there says.
    """
    content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    rows = content.get("matters") if isinstance(content, Mapping) else None
    if not isinstance(rows, list):
        raise ValueError(f"{path}: `matters` must be a list")
    for number, row in enumerate(rows, 1):
        texts = isinstance(row, Mapping) and all(isinstance(text, str) for text in row.values())
        if not texts or row.get("mood") not in CLASSES:
            raise ValueError(f"{path}: matter {number} must be texts, and one of {CLASSES} as mood")
    return rows
