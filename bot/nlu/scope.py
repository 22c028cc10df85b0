"""Is a message about this shop at all? A score of its own, from 0 (surely ours) to 1 (surely not).

Not 1 - confidence: a classifier is forced to choose, and can be sure of the best of bad choices.
The score weighs what the classifier says (energy, entropy, the machines' own scores) against how
near the message is to the known sentences and to everyday sentences that no shop is asked
(`background.txt`), and how much of it is made of unknown words. The weights are a logistic
regression between held-out known sentences on one side and, on the other, the background and the
sentences of intents that were left out of a training. The score is shifted so that 0.5 keeps a
fixed share of the held-out known ones: a threshold chosen on left-out intents would be too high,
since they are stranger than what customers really ask beside the point.

Here belong the signals, their weights and the background. Who computes likenesses is `intents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logsumexp
from sklearn.linear_model import LogisticRegression

from bot.nlu.machines import Matrix, Vector, softmax

Cosines = npt.NDArray[np.float32]

BACKGROUND: Final = Path(__file__).with_name("background.txt")
"""Everyday sentences out of scope, one a line; lines that start with # are comments."""

KEPT: Final = 0.88
"""Share of held-out known sentences with a score below 0.5."""

SHARE_OF_LEFT_OUT: Final = 0.7
"""How much sentences of left-out intents, which are hard to tell, weigh beside the background."""

NEAREST: Final = 3
"""Neighbours whose mean likeness counts."""


def read_background(path: Path = BACKGROUND) -> list[str]:
    """The sentences of a background file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


SIGNALS: Final = (
    "energy",
    "entropy",
    "kernel_score",
    "linear_score",
    "nearest_wording",
    "near_wordings",
    "near_meanings",
    "near_background",
    "unknown_words",
)
"""What the score is made of, a column each."""


@dataclass(frozen=True)
class Evidence:
    """What is known about n messages.

    `scores` [n, k] are calibrated logits, `parts` the scores of kernel and linear machines;
    `wording` and `meaning` are cosines [n, m] with known sentences, `background` [n, b] those of
    the meaning with the background (a sentence's cosine with itself is -1), `unknown` [n] the
    share of unknown words.
    """

    scores: Matrix
    parts: Sequence[Matrix]
    wording: Cosines
    meaning: Cosines
    background: Cosines
    unknown: Vector

    def signals(self) -> Matrix:
        """[n, 9], in the order of `SIGNALS`. The energy is that of Liu et al. 2020."""
        likely = softmax(self.scores)
        return np.column_stack(
            [
                logsumexp(self.scores, axis=1),
                -(likely * np.log(np.maximum(likely, 1e-12))).sum(axis=1),
                *(part.max(axis=1) for part in self.parts),
                self.wording.max(axis=1),
                _near(self.wording),
                _near(self.meaning),
                _near(self.background),
                self.unknown,
            ]
        )


@dataclass(frozen=True)
class Scope:
    """The trained score: `weights` and `offset` of the signals as they come, unscaled."""

    weights: Vector
    offset: float

    @classmethod
    def fit(
        cls, known: Matrix, left_out: Matrix, background: Matrix, *, kept: float = KEPT
    ) -> Scope:
        """Learns from the signals of held-out known sentences, of those of left-out intents, and of
        the background. Known and others weigh the same. With no others at all, the score is 0.27
        for everything.
        """
        groups = [
            (group, share)
            for group, share in (
                (known, 1.0),
                (left_out, SHARE_OF_LEFT_OUT),
                (background, 1.0 - SHARE_OF_LEFT_OUT),
            )
            if len(group)
        ]
        if len(groups) < 2:
            return cls(np.zeros(known.shape[1]), -1.0)
        rows = np.vstack([group for group, _ in groups])
        mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
        weight = np.concatenate(
            [np.full(len(group), share / len(group)) for group, share in groups]
        )
        regression = LogisticRegression(C=0.1, max_iter=1_000)
        regression.fit(
            (rows - mean) / scale,
            np.arange(len(rows)) >= len(known),
            sample_weight=weight * len(rows) / weight.sum(),
        )
        weights = regression.coef_[0] / scale
        # The regression's own offset is not used: the kept share decides where 0.5 is.
        return cls(weights, -float(np.quantile(known @ weights, kept)))

    def score(self, signals: Matrix) -> Vector:
        """[n], 0 to 1; from 0.5 on, a message is stranger than most that are known."""
        return np.asarray(expit(signals @ self.weights + self.offset), dtype=np.float64)


def _near(likeness: Cosines) -> Vector:
    """Mean cosine of the nearest few."""
    few = min(NEAREST, likeness.shape[1])
    return np.asarray(np.partition(likeness, -few, axis=1)[:, -few:].mean(axis=1), dtype=np.float64)
