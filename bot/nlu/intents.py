"""Which intent does a message have, how sure is that, and is it about the shop at all?

A linear classifier on word and character n-grams (typos cost little), calibrated on held-out folds
of the training data (one temperature), so that a confidence can be read as a share of right
answers, to within a few points. The out-of-scope score is not 1 - confidence: it also sees how near
the nearest training sentence is and how much of the message is made of unknown words, weighed by a
small regression learned against everyday sentences that have nothing to do with a shop
(`background.txt`). Texts and numbers only; Rasa's side is in `components`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

BACKGROUND = Path(__file__).with_name("background.txt")
"""Everyday sentences out of scope, one a line; lines that start with # are comments."""

FOLDS = 5
_WORD = r"\w[\w']*"
Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]

_REPLACED = (
    (re.compile(r"\bnl[\s_#-]{0,2}\d{5}\b|#\s?\d{5}\b|\b\d{5}\b"), " ordernum "),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), " mailaddr "),
    (re.compile(r"https?://\S+|www\.\S+"), " weblink "),
    (re.compile(r"\d"), "0"),
    (re.compile(r"([^\W\d_])\1{2,}"), r"\1\1"),
)


def simplify(text: str) -> str:
    """The text as the classifier reads it: lower case, details replaced by their kind."""
    text = text.casefold().replace("’", "'")
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


@dataclass(frozen=True)
class Reading:
    """`ranking` is every intent with its confidence, best first, adding up to 1;
    `out_of_scope` goes from 0 (surely ours) to 1 (surely not)."""

    ranking: tuple[tuple[str, float], ...]
    out_of_scope: float


def _vectorizers() -> tuple[TfidfVectorizer, TfidfVectorizer]:
    return (
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD),
        TfidfVectorizer(ngram_range=(2, 5), sublinear_tf=True, analyzer="char_wb", min_df=2),
    )


class IntentModel:
    """The trained classifier. `fit` makes one, `save` and `load` keep it, `read` uses it."""

    def __init__(
        self,
        labels: Sequence[str],
        words: TfidfVectorizer,
        characters: TfidfVectorizer,
        weights: Matrix,
        bias: Matrix,
        temperature: float,
        scope: Matrix,
        examples: sparse.csr_matrix,
    ) -> None:
        self._labels = tuple(labels)
        self._words = words
        self._characters = characters
        self._weights = weights
        self._bias = bias
        self._temperature = temperature
        self._scope = scope
        self._examples = examples
        self._columns = examples.T.tocsr()
        self._known = frozenset(word for word in words.vocabulary_ if " " not in word)

    @property
    def labels(self) -> tuple[str, ...]:
        """The intents it can tell apart, in alphabetical order."""
        return self._labels

    @classmethod
    def fit(
        cls, texts: Sequence[str], labels: Sequence[str], background: Sequence[str] = ()
    ) -> IntentModel:
        """Trains on texts and their intents.

        Raises ValueError with fewer than two intents. Without enough examples per intent for
        folds, or without background, the confidences are not calibrated.
        """
        names = sorted(set(labels))
        if len(names) < 2:
            raise ValueError(f"training needs at least two intents, the data has {names}")
        simple = [simplify(text) for text in texts]
        target = np.array([names.index(label) for label in labels])
        words, characters = _vectorizers()
        features = sparse.hstack(
            [words.fit_transform(simple), characters.fit_transform(simple)]
        ).tocsr()
        linear = _linear(features, target)
        model = cls(
            names,
            words,
            characters,
            np.asarray(linear.coef_, dtype=np.float64),
            np.asarray(linear.intercept_, dtype=np.float64),
            1.0,
            np.array([0.0, 0.0, 0.0, 0.0, 0.0]),
            features,
        )
        model._calibrate(simple, features, target, [simplify(text) for text in background])
        return model

    def _calibrate(
        self,
        simple: Sequence[str],
        features: sparse.csr_matrix,
        target: npt.NDArray[np.int_],
        background: Sequence[str],
    ) -> None:
        """Sets temperature and scope weights from what held-out folds look like."""
        if np.bincount(target).min() < FOLDS or len(self._labels) == 2:
            return
        scores = np.zeros((len(target), len(self._labels)))
        nearest, unknown = np.zeros(len(target)), np.zeros(len(target))
        for train, held in StratifiedKFold(FOLDS, shuffle=True, random_state=7).split(
            features, target
        ):
            # The fold learns its own vocabulary and weights of words too. With those of all texts
            # the held ones would look familiar, and confidences would promise too much.
            seen, unseen = [simple[i] for i in train], [simple[i] for i in held]
            parts = _vectorizers()
            learnt = sparse.hstack([part.fit_transform(seen) for part in parts]).tocsr()
            strange = sparse.hstack([part.transform(unseen) for part in parts]).tocsr()
            scores[held] = _linear(learnt, target[train]).decision_function(strange)
            nearest[held] = _nearest(strange, learnt.T.tocsr())
            known = {word for text in seen for word in re.findall(_WORD, text)}
            unknown[held] = _unknown(unseen, known)
        rows = np.arange(len(target))

        def loss(log_temperature: float) -> float:
            likely = _softmax(scores / np.exp(log_temperature))[rows, target]
            return float(-np.log(np.clip(likely, 1e-9, 1)).mean())

        best = minimize_scalar(loss, bounds=(-4.0, 2.0), method="bounded")
        self._temperature = float(np.exp(best.x))
        if not background:
            return
        strange = self._featurize(background)
        inside = self._scope_features(scores, nearest, unknown)
        outside = self._scope_features(
            self._decide(strange),
            _nearest(strange, self._columns),
            _unknown(background, self._known),
        )
        regression = LogisticRegression(C=1.0, class_weight="balanced", max_iter=500)
        regression.fit(
            np.vstack([inside, outside]), np.r_[np.zeros(len(inside)), np.ones(len(outside))]
        )
        self._scope = np.r_[regression.coef_[0], regression.intercept_]

    def read(self, text: str) -> Reading:
        """The ranking and the out-of-scope score of one message."""
        simple = simplify(text)
        features = self._featurize([simple])
        scores = self._decide(features)
        likely = _softmax(scores / self._temperature)[0]
        strange = self._scope_features(
            scores, _nearest(features, self._columns), _unknown([simple], self._known)
        )[0]
        logit = float(strange @ self._scope[:-1] + self._scope[-1])
        order = np.argsort(-likely, kind="stable")
        ranking = tuple((self._labels[i], float(likely[i])) for i in order)
        known = bool(self._scope.any())
        return Reading(ranking, 1 / (1 + float(np.exp(-logit))) if known else 0.0)

    def _featurize(self, simple: Sequence[str]) -> sparse.csr_matrix:
        return sparse.hstack(
            [self._words.transform(simple), self._characters.transform(simple)]
        ).tocsr()

    def _decide(self, features: sparse.csr_matrix) -> Matrix:
        scores = np.asarray(features @ self._weights.T) + self._bias
        return np.hstack([-scores, scores]) if len(self._labels) == 2 else scores

    def _scope_features(self, scores: Matrix, nearest: Vector, unknown: Vector) -> Matrix:
        """Per message: best score, entropy, likeness to the nearest example, unknown share."""
        likely = _softmax(scores / self._temperature)
        entropy = -(likely * np.log(np.clip(likely, 1e-12, 1))).sum(axis=1)
        return np.column_stack([scores.max(axis=1), entropy, nearest, unknown])

    def save(self, directory: Path) -> None:
        """Writes the model as JSON and NumPy arrays; nothing in it is executable."""
        parts = {"words": self._words, "characters": self._characters}
        arrays: dict[str, Any] = {f"{name}_idf": part.idf_ for name, part in parts.items()}
        np.savez_compressed(
            directory / "arrays.npz",
            weights=self._weights.astype(np.float32),
            bias=self._bias,
            scope=self._scope,
            **arrays,
        )
        sparse.save_npz(directory / "examples.npz", self._examples.astype(np.float32))
        description = {
            "labels": self._labels,
            "temperature": self._temperature,
            "vocabulary": {
                name: sorted(part.vocabulary_, key=part.vocabulary_.__getitem__)
                for name, part in parts.items()
            },
        }
        text = json.dumps(description, ensure_ascii=False)
        (directory / "model.json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> IntentModel:
        """The model that `save` wrote."""
        description = json.loads((directory / "model.json").read_text(encoding="utf-8"))
        with np.load(directory / "arrays.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        words, characters = _vectorizers()
        for name, part in (("words", words), ("characters", characters)):
            names = description["vocabulary"][name]
            part.vocabulary_ = {word: i for i, word in enumerate(names)}
            part.fixed_vocabulary_ = False
            part.idf_ = arrays[f"{name}_idf"]
        return cls(
            description["labels"],
            words,
            characters,
            arrays["weights"].astype(np.float64),
            arrays["bias"],
            float(description["temperature"]),
            arrays["scope"],
            sparse.load_npz(directory / "examples.npz").astype(np.float64),
        )


def read_background(path: Path = BACKGROUND) -> list[str]:
    """The sentences of a background file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _linear(features: sparse.csr_matrix, target: npt.NDArray[np.int_]) -> LinearSVC:
    return LinearSVC(C=0.6, class_weight="balanced", random_state=7).fit(features, target)


def _softmax(scores: Matrix) -> Matrix:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _nearest(features: sparse.csr_matrix, columns: sparse.csr_matrix) -> Vector:
    """Cosine of each row to its nearest example; both halves of a row have length one."""
    return np.asarray((features @ columns).max(axis=1).toarray()).ravel() / 2


def _unknown(simple: Sequence[str], known: Collection[str]) -> Vector:
    """Share of words (of three letters and more) that the training data does not have."""
    shares = []
    for text in simple:
        words = [word for word in re.findall(_WORD, text) if len(word) > 2]
        shares.append(sum(word not in known for word in words) / max(1, len(words)))
    return np.array(shares)
