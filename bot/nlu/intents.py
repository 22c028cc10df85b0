"""Which intent does a message have, how sure is that, and is it about the shop at all?

An ensemble of three kinds of machines: kernel machines (`machines`) and softmax machines
(`regression`) see the meaning of a message (the sentence encoder's middle and last layer), linear
ones its spelling (`ngrams`). Their weights are learned on held-out scores of the training data, by
which the confidences are calibrated: they can be read as shares of right answers, to within a few
points. The out-of-scope score (`scope`) is learned on the same scores. Texts and numbers only;
Rasa's side is in `components`, and embeddings are made by `encoder`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bot.nlu.machines import (
    KernelMachines,
    Labels,
    LinearMachines,
    Matrix,
    Vector,
    choose,
    held_out_linear,
    softmax,
    train_kernel,
    train_linear,
    weigh,
)
from bot.nlu.ngrams import Ngrams
from bot.nlu.regression import SoftmaxMachines, held_out_softmax, train_softmax
from bot.nlu.scope import SIGNALS, Cosines, Evidence, Scope

Views = npt.NDArray[np.float32]
"""[n, 2, 384]: what `Encoder.views` gives."""

MOST_LANDMARKS: Final = 4_000
"""Known sentences that messages are compared with. With more training sentences than that, the
others are learned from all the same: it bounds time, memory and the size of a model."""

LEFT_OUT_ROUNDS: Final = 4
LEFT_OUT_SENTENCES: Final = 1_500
"""Each intent is left out of one round's training; rounds train on at most so many sentences."""


@dataclass(frozen=True)
class Reading:
    """`ranking` is every intent with its confidence, best first, adding up to 1;
    `out_of_scope` goes from 0 (surely ours) to 1 (surely not).

    From 0.5 on, where messages are stranger than most known ones, confidences even out, so that
    Rasa's fallback sees strange messages as it should: at 1 all intents are equally likely.
    """

    ranking: tuple[tuple[str, float], ...]
    out_of_scope: float


@dataclass(frozen=True)
class Sentences:
    """Texts with their views."""

    texts: Sequence[str]
    views: Views

    def __post_init__(self) -> None:
        if len(self.texts) != len(self.views):
            raise ValueError(f"{len(self.texts)} texts have {len(self.views)} views")

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, rows: Labels) -> Sentences:
        return Sentences([self.texts[row] for row in rows], self.views[rows])


@dataclass(frozen=True)
class _Parts:
    """The trained machines, and what turns sentences into what they see."""

    ngrams: Ngrams
    landmarks: Views
    kernel: KernelMachines
    linear: LinearMachines
    regression: SoftmaxMachines

    def evidence(self, sentences: Sentences, weights: Vector, background: Views) -> Evidence:
        """What they say about sentences that were not in their training."""
        wording, meaning = _cosines(sentences.views, self.landmarks)
        parts = [
            self.kernel.scores(wording),
            self.linear.scores(self.ngrams.transform(sentences.texts)),
            self.regression.scores(_flat(sentences.views)),
        ]
        return Evidence(
            np.tensordot(weights, np.stack(parts), axes=1),
            parts[:2],
            wording,
            meaning,
            _to_background(sentences.views, background),
            self.ngrams.unknown(sentences.texts),
        )


class IntentModel:
    """The trained classifier. `fit` makes one, `save` and `load` keep it, `read` uses it."""

    def __init__(
        self,
        labels: Sequence[str],
        parts: _Parts,
        weights: Vector,
        background: Views,
        scope: Scope,
    ) -> None:
        self._labels = tuple(labels)
        self._parts = parts
        self._weights = weights
        self._background = background
        self._scope = scope

    @property
    def labels(self) -> tuple[str, ...]:
        """The intents it can tell apart, in alphabetical order."""
        return self._labels

    @classmethod
    def fit(cls, sentences: Sentences, labels: Sequence[str], background: Sentences) -> IntentModel:
        """Trains on sentences and their intents. `background` are sentences out of scope, of which
        those are ignored that could be in scope here; it may be empty.

        Raises ValueError with fewer than two intents.
        """
        names = sorted(set(labels))
        if len(names) < 2:
            raise ValueError(f"training needs at least two intents, the data has {names}")
        target = np.searchsorted(names, labels)
        parts, leave_one_out = _train(sentences, target)
        held_out = _held_out(sentences, target, leave_one_out)
        # Of an intent with one sentence nothing is left when that is held out.
        often = np.flatnonzero(np.bincount(target)[target] > 1)
        weights = np.array([5.0, 2.0, 0.3])
        if len(often):
            weights = weigh([scores[often] for scores in held_out], target[often])
        known = _held_out_evidence(sentences, target, parts, held_out, weights, background.views)
        strange = parts.evidence(background, weights, background.views)
        scope = Scope.fit(
            known.signals(),
            _left_out(sentences, target, weights, background.views),
            strange.signals()[_strangers(known, strange)],
        )
        return cls(names, parts, weights, background.views, scope)

    def read(self, text: str, views: Views) -> Reading:
        """The ranking and the out-of-scope score of one message. `views` is [2, 384]."""
        (reading,) = self.read_all(Sentences([text], views[np.newaxis]))
        return reading

    def read_all(self, sentences: Sentences) -> list[Reading]:
        """The same for many at once."""
        if not len(sentences):
            return []
        evidence = self._parts.evidence(sentences, self._weights, self._background)
        strange = self._scope.score(evidence.signals())
        doubt = np.maximum(0.0, 2.0 * strange - 1.0)[:, np.newaxis]
        likely = (1.0 - doubt) * softmax(evidence.scores) + doubt / len(self._labels)
        order = np.argsort(-likely, axis=1, kind="stable")
        return [
            Reading(
                tuple((self._labels[i], float(likely[row, i])) for i in order[row]),
                float(strange[row]),
            )
            for row in range(len(sentences))
        ]

    def save(self, folder: Path) -> None:
        """Writes the model as JSON and NumPy arrays; nothing in it is executable."""
        self._parts.ngrams.save(folder)
        np.savez_compressed(
            folder / "arrays.npz",
            # Half precision moves a cosine by less than 0.001, and halves the file.
            landmarks=self._parts.landmarks.astype(np.float16),
            background=self._background.astype(np.float16),
            duals=self._parts.kernel.duals.astype(np.float32),
            kernel_offsets=self._parts.kernel.offsets,
            linear=self._parts.linear.weights.astype(np.float16),
            linear_offsets=self._parts.linear.offsets,
            regression=self._parts.regression.weights,
            weights=self._weights,
            scope=self._scope.weights,
            scope_offset=self._scope.offset,
        )
        text = json.dumps(self._labels, ensure_ascii=False)
        (folder / "labels.json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """The model that `save` wrote."""
        with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
            arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
        return cls(
            json.loads((folder / "labels.json").read_text(encoding="utf-8")),
            _Parts(
                Ngrams.load(folder),
                arrays["landmarks"].astype(np.float32),
                KernelMachines(arrays["duals"].astype(np.float64), arrays["kernel_offsets"]),
                LinearMachines(arrays["linear"].astype(np.float32), arrays["linear_offsets"]),
                SoftmaxMachines(arrays["regression"]),
            ),
            arrays["weights"],
            arrays["background"].astype(np.float32),
            Scope(arrays["scope"], float(arrays["scope_offset"])),
        )


def cross_validated(sentences: Sentences, labels: Sequence[str]) -> tuple[tuple[str, ...], Matrix]:
    """The intents in alphabetical order, and the chances [n, k] that each training sentence has
    them, by machines that did not see it: leave-one-out for kernel machines, folds for the others.

    Raises ValueError with fewer than two intents.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        raise ValueError(f"telling intents apart needs at least two, the data has {names}")
    target = np.searchsorted(names, labels)
    held_out = _held_out(sentences, target, _train(sentences, target)[1])
    weights = weigh(held_out, target)
    return tuple(names), softmax(np.tensordot(weights, np.stack(held_out), axes=1))


def _train(sentences: Sentences, target: Labels) -> tuple[_Parts, Matrix]:
    """The machines, and the leave-one-out scores of the kernel machines."""
    classes = int(target.max()) + 1
    landmarks = choose(target, MOST_LANDMARKS)
    wording, _ = _cosines(sentences.views, sentences.views[landmarks])
    kernel, leave_one_out = train_kernel(wording, landmarks, target)
    ngrams = Ngrams.learn(sentences.texts)
    linear = train_linear(ngrams.transform(sentences.texts), target, classes)
    regression = train_softmax(_flat(sentences.views), target, classes)
    return _Parts(ngrams, sentences.views[landmarks], kernel, linear, regression), leave_one_out


def _held_out(sentences: Sentences, target: Labels, leave_one_out: Matrix) -> list[Matrix]:
    """The scores of each sentence by machines that have not seen it, in the order of `weigh`."""

    def features(rows: Labels) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        # A fold learns its own vocabulary, too. With that of all texts the held ones would look
        # familiar, and confidences would promise too much.
        ngrams = Ngrams.learn([sentences.texts[row] for row in rows])
        every = ngrams.transform(sentences.texts)
        return every[rows], every

    return [
        leave_one_out,
        held_out_linear(features, target),
        held_out_softmax(_flat(sentences.views), target),
    ]


def _held_out_evidence(
    sentences: Sentences,
    target: Labels,
    parts: _Parts,
    held_out: Sequence[Matrix],
    weights: Vector,
    background: Views,
) -> Evidence:
    """About the training sentences themselves, each as if it were not among them."""
    landmarks = choose(target, MOST_LANDMARKS)
    wording, meaning = _cosines(sentences.views, parts.landmarks)
    for cosines in (wording, meaning):
        cosines[landmarks, np.arange(len(landmarks))] = -1.0
    return Evidence(
        np.tensordot(weights, np.stack(held_out), axes=1),
        held_out[:2],
        wording,
        meaning,
        _to_background(sentences.views, background),
        parts.ngrams.unknown(sentences.texts, learned=True),
    )


def _cosines(views: Views, landmarks: Views) -> tuple[Cosines, Cosines]:
    """[n, m] each: of wording (the mean over both views) and of meaning (the last view)."""
    first, last = (views[:, view] @ landmarks[:, view].T for view in (0, 1))
    return (first + last) / 2, last


def _flat(views: Views) -> npt.NDArray[np.float32]:
    """[n, 768] of length 1: both views side by side."""
    return np.asarray(np.concatenate([views[:, 0], views[:, 1]], axis=1) / np.float32(2**0.5))


def _to_background(views: Views, background: Views) -> Cosines:
    """Cosines of meaning with the background; a sentence of the background itself counts as -1."""
    if not len(background):
        return np.zeros((len(views), 1), dtype=np.float32)
    cosines = np.asarray(views[:, 1] @ background[:, 1].T)
    cosines[cosines > 0.9999] = -1.0
    return cosines


def _strangers(known: Evidence, strange: Evidence) -> npt.NDArray[np.bool_]:
    """Which sentences of the background are not what this shop is about (a bank's customers do ask
    for their balance): those less like a known sentence than most held-out known ones."""
    usual = np.quantile(known.meaning.max(axis=1), 0.3)
    return np.asarray(strange.meaning.max(axis=1) < usual)


def _left_out(sentences: Sentences, target: Labels, weights: Vector, background: Views) -> Matrix:
    """Signals of sentences whose intent was left out of the training; of none with few intents."""
    classes = int(target.max()) + 1
    if classes < LEFT_OUT_ROUNDS:
        return np.zeros((0, len(SIGNALS)))
    rows = choose(target, LEFT_OUT_SENTENCES)
    round_of = np.random.default_rng(7).permutation(classes) % LEFT_OUT_ROUNDS
    found = []
    for left_out in range(LEFT_OUT_ROUNDS):
        out = round_of[target[rows]] == left_out
        kept = rows[~out]
        _, numbers = np.unique(target[kept], return_inverse=True)
        parts, _ = _train(sentences[kept], numbers)
        found.append(parts.evidence(sentences[rows[out]], weights, background).signals())
    return np.vstack(found)
