"""A message as word and character n-grams: what the sentence encoder does not see well.

Typos, product codes and words that a shop made up itself. Here belong the simplified text, the two
tf-idf vectors of it, and which of its words are known; who learns from them is in `intents`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

_WORD = r"\w[\w']*"
_LETTERS = 3
"""Shorter words say nothing when they are unknown."""

_REPLACED = (
    (re.compile(r"\bnl[\s_#-]{0,2}\d{5}\b|#\s?\d{5}\b|\b\d{5}\b"), " ordernum "),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), " mailaddr "),
    (re.compile(r"https?://\S+|www\.\S+"), " weblink "),
    (re.compile(r"\d"), "0"),
    (re.compile(r"([^\W\d_])\1{2,}"), r"\1\1"),
)


def simplify(text: str) -> str:
    """The text as the n-grams see it: lower case, details replaced by their kind."""
    text = text.casefold().replace("’", "'")
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


class Ngrams:
    """Two tf-idf vocabularies learned from the training texts."""

    def __init__(self, words: TfidfVectorizer, characters: TfidfVectorizer) -> None:
        self._parts = {"words": words, "characters": characters}
        self._known = frozenset(word for word in words.vocabulary_ if " " not in word)

    @classmethod
    def learn(cls, texts: Sequence[str]) -> Ngrams:
        """The vocabularies of these texts."""
        parts = _vectorizers(fewest=2 if len(texts) > 1 else 1)
        simple = [simplify(text) for text in texts]
        for part in parts:
            # Texts without any word (or n-gram twice) still have a vocabulary, of one placeholder.
            part.fit([*simple, "ordernum", "ordernum"])
        return cls(*parts)

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Float64 rows, words first; each half has length 1 (or 0, when nothing in it is known)."""
        if not texts:
            return sparse.csr_matrix((0, sum(len(p.vocabulary_) for p in self._parts.values())))
        simple = [simplify(text) for text in texts]
        return sparse.hstack([part.transform(simple) for part in self._parts.values()]).tocsr()

    def unknown(self, texts: Sequence[str], *, learned: bool = False) -> npt.NDArray[np.float64]:
        """Per text, the share of its words that the training data does not have.

        With `learned`, the texts are those learned from: a word is known if another has it too.
        """
        known = self._known
        if learned:
            counts = Counter(word for text in texts for word in set(_words(text)))
            known = frozenset(word for word, count in counts.items() if count > 1)
        shares = []
        for text in texts:
            words = _words(text)
            shares.append(sum(word not in known for word in words) / max(1, len(words)))
        return np.array(shares)

    def save(self, folder: Path) -> None:
        """Writes vocabularies (JSON) and their weights (NumPy)."""
        vocabularies = {
            name: sorted(part.vocabulary_, key=part.vocabulary_.__getitem__)
            for name, part in self._parts.items()
        }
        (folder / "ngrams.json").write_text(
            json.dumps(vocabularies, ensure_ascii=False), encoding="utf-8"
        )
        weights = {name: part.idf_ for name, part in self._parts.items()}
        np.savez_compressed(folder / "ngrams.npz", **weights)

    @classmethod
    def load(cls, folder: Path) -> Ngrams:
        """What `save` wrote."""
        vocabularies = json.loads((folder / "ngrams.json").read_text(encoding="utf-8"))
        parts = dict(zip(("words", "characters"), _vectorizers(fewest=1), strict=True))
        with np.load(folder / "ngrams.npz", allow_pickle=False) as weights:
            for name, part in parts.items():
                part.vocabulary_ = {word: i for i, word in enumerate(vocabularies[name])}
                part.fixed_vocabulary_ = False
                part.idf_ = weights[name]
        return cls(parts["words"], parts["characters"])


def _words(text: str) -> list[str]:
    return [word for word in re.findall(_WORD, simplify(text)) if len(word) >= _LETTERS]


def _vectorizers(fewest: int) -> tuple[TfidfVectorizer, TfidfVectorizer]:
    return (
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD),
        TfidfVectorizer(ngram_range=(2, 5), sublinear_tf=True, analyzer="char_wb", min_df=fewest),
    )
