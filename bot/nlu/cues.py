"""What a message gives away besides its intent: a wish for a person, a threat, an injury ...

A cue is a file in data/cues with sentences that have it (`yes`) and sentences that only look so
(`no`); dropping in a file adds a cue. Each is a yes-or-no question to one `Judge` on how sentences
sound (`evenness.tone_rows`). Further `no` are what customers wrote in conversations that needed
nobody (`without.txt`), the training data of the intents, and the other cues. Here belong files,
training and probabilities; which cue leads where is the owner's policy (data/triage.yml).

A fingerprint says roughly what a message means, in 64 letters that fit into a slot (SimHash,
Charikar 2002): triage tells by it whether a customer says the same thing again in other words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from ruamel.yaml import YAML

from bot.nlu.encoder import WIDTH, Embeddings
from bot.nlu.judgement import UNASKED, Judge, Rows

CALM: Final = "calm"
"""What stands for an intent in a cue's `like` to say that without.txt says nothing about it."""

MOST_OTHERS: Final = 1_000
"""So many sentences of the intents (and everyday ones) serve as `no`; more would only cost time."""

AXES: Final = 256
"""Principal axes of the rows that are looked at: as good as all 1,536 numbers on sentences of an
author who wrote none of those that are learned from, at a sixth of the time."""

FINGERPRINT_BITS: Final = 256


@dataclass(frozen=True)
class Cue:
    """One file: sentences with the cue, sentences without, and intents that are neither."""

    name: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    like: tuple[str, ...]

    def __post_init__(self) -> None:
        both = sorted(set(self.yes) & set(self.no))
        if both:
            raise ValueError(f"cue {self.name}: {both[0]!r} is listed under yes and no")


def read_cues(folder: Path) -> tuple[Cue, ...]:
    """The cues of a folder, by name.

    Raises ValueError naming file and key when one is not as it should be.
    """
    return tuple(_read_cue(path) for path in sorted(folder.glob("*.yml")))


def read_without(folder: Path) -> list[str]:
    """The messages without any cue, a line each. Raises OSError when the file is missing."""
    return (folder / "without.txt").read_text(encoding="utf-8").splitlines()


def _read_cue(path: Path) -> Cue:
    content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    if not isinstance(content, Mapping) or set(content) != {"like", "yes", "no"}:
        raise ValueError(f"{path}: a cue has the keys like, yes and no")
    lists = {}
    for key, value in content.items():
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(f"{path}: `{key}` must be a list of texts")
        lists[key] = tuple(value)
    return Cue(path.stem, lists["yes"], lists["no"], lists["like"])


@dataclass(frozen=True)
class Example:
    """A training sentence of the shop's intents, with its row (float32 [1536])."""

    text: str
    intent: str
    row: Rows


def fit_cues(cues: Sequence[Cue], rows: Rows, examples: Sequence[Example]) -> Judge:
    """A judge that answers every cue.

    Args:
        rows: float32 [n, 1536] of all `yes` and `no` sentences, cue after cue, yes first.
        examples: sentences of intents, and messages without a cue (`CALM`); an intent in a cue's
            `like` is not asked for that cue.
    """
    calm = [example for example in examples if example.intent == CALM]
    spread = [example for example in examples if example.intent != CALM]
    others = [*calm, *spread[:: max(1, len(spread) // MOST_OTHERS)]]
    marked = {text for cue in cues for text in cue.yes}
    others = [example for example in others if example.text not in marked]
    table = np.vstack([rows, *(example.row[None] for example in others)])
    labels = {}
    for cue in cues:
        answers = [_answer(cue, other, text) for other in cues for text in (*other.yes, *other.no)]
        answers += [UNASKED if example.intent in cue.like else 0 for example in others]
        labels[cue.name] = np.array(answers, dtype=np.int8)
    return Judge.fit(table, labels, width=AXES)


def _answer(cue: Cue, other: Cue, text: str) -> int:
    if text in cue.yes:
        return 1
    # A message may well have two cues: what is `yes` elsewhere says nothing here.
    return 0 if text in cue.no or (other is not cue and text in other.no) else UNASKED


_PLANES = np.random.RandomState(20_240_607).standard_normal((WIDTH, FINGERPRINT_BITS))


def fingerprint(embedding: Embeddings) -> str:
    """64 hexadecimal digits; two of them differ in a share of bits that is their angle over pi."""
    return np.packbits(embedding @ _PLANES > 0).tobytes().hex()
