"""Yes-or-no questions about a message, learned from a few hundred labelled rows.

A support vector machine with a radial kernel (Boser, Guyon and Vapnik 1992) for each question, on
one table of rows that all questions share; its distance to the border becomes a probability by a
logistic curve fitted on held-out folds (Platt 1999). On sentence embeddings the radial kernel beats
a linear classifier where one side of the question has many unlike corners, as moods do.

Numbers only: what a row is made of, and where labels come from, is up to `mood` and `cues`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

FOLDS: Final = 3
GAMMA: Final = 2.0
COST: Final = 3.0
"""Width of the kernel and price of an error: the best of a small grid by cross-validation on
data/frustration, where neighbours on the grid differ by less than half a point."""

UNASKED: Final = -1
"""Label of a row that says nothing about a question."""

Rows = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Question:
    """p(yes) = 1 / (1 + exp(-(slope * (weights . kernel + bias) + shift)))."""

    weights: Rows
    """One number per row of the table; 0 for rows that are no support vectors."""
    bias: float
    slope: float
    shift: float


class Judge:
    """The trained questions. `fit` makes one, `save` and `load` keep it, `ask` uses it."""

    def __init__(
        self, rows: Rows, questions: Mapping[str, Question], axes: Rows | None = None
    ) -> None:
        """`rows` are along `axes` [d, width], where there are any."""
        self._rows = rows
        self._axes = axes
        self._squares = np.einsum("ij,ij->i", rows, rows)
        self._names = tuple(questions)
        self._questions = dict(questions)
        self._weights = np.stack([q.weights for q in questions.values()], axis=1)
        self._scales = np.array([(q.bias, q.slope, q.shift) for q in questions.values()])

    @property
    def names(self) -> tuple[str, ...]:
        """The questions, in the order of the columns of `ask`."""
        return self._names

    @classmethod
    def fit(cls, rows: Rows, labels: Mapping[str, Labels], *, width: int | None = None) -> Judge:
        """Trains on float32 rows [n, d] and, per question, n labels: 1 yes, 0 no, UNASKED.

        `width`: look at so many principal axes of the rows, not at all of their numbers, which
        takes less time and room. Needs n * n * 8 bytes for a while. Raises ValueError when a
        question has fewer than FOLDS rows of yes or of no.
        """
        axes = None if width is None else _principal(rows, width)
        rows = rows if axes is None else rows @ axes
        # As they will be stored: what is learnt must not depend on digits that are thrown away.
        rows = rows.astype(np.float16).astype(np.float32)
        kernel = _kernel(rows, rows)
        questions = {name: _question(name, kernel, answers) for name, answers in labels.items()}
        used = np.any([q.weights != 0 for q in questions.values()], axis=0)
        return cls(
            rows[used],
            {
                name: Question(q.weights[used], q.bias, q.slope, q.shift)
                for name, q in questions.items()
            },
            axes,
        )

    def ask(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Probabilities of yes [n, questions] for float32 rows [n, d]."""
        along = rows if self._axes is None else rows @ self._axes
        near = _kernel(along, self._rows, self._squares)
        bias, slope, shift = self._scales.T
        logits = slope * (near @ self._weights + bias) + shift
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))

    def save(self, directory: Path, name: str) -> None:
        """Writes `<name>.npz` and `<name>.json`; nothing in them is executable."""
        axes = {} if self._axes is None else {"axes": self._axes}
        rows = self._rows.astype(np.float16)
        np.savez(directory / f"{name}.npz", rows=rows, w=self._weights, **axes)
        scales = {n: list(map(float, s)) for n, s in zip(self._names, self._scales, strict=True)}
        (directory / f"{name}.json").write_text(json.dumps(scales), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, name: str) -> Judge:
        """The judge that `save` wrote under this name."""
        scales = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(directory / f"{name}.npz", allow_pickle=False) as stored:
            rows, weights = stored["rows"].astype(np.float32), stored["w"]
            axes = stored.get("axes")
        return cls(
            rows,
            {n: Question(weights[:, i], *scale) for i, (n, scale) in enumerate(scales.items())},
            axes,
        )


def _principal(rows: Rows, width: int) -> Rows:
    """The directions [d, width] in which rows differ most (principal component analysis).

    Distances do not change with the origin, so that the mean need not be kept.
    """
    centred = (rows - rows.mean(axis=0)).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return np.asarray(directions[:, ::-1][:, :width], dtype=np.float32)


def _kernel(
    rows: Rows, others: Rows, squares: npt.NDArray[np.float32] | None = None
) -> npt.NDArray[np.float32]:
    """exp(-GAMMA * squared distance), [n, m]."""
    if squares is None:
        squares = np.einsum("ij,ij->i", others, others)
    own = np.einsum("ij,ij->i", rows, rows)[:, None]
    distance = np.maximum(own + squares[None, :] - 2 * (rows @ others.T), 0)
    return np.asarray(np.exp(-GAMMA * distance), dtype=np.float32)


def _question(name: str, kernel: npt.NDArray[np.float32], answers: Labels) -> Question:
    asked = np.flatnonzero(answers != UNASKED)
    yes = answers[asked] == 1
    if min(yes.sum(), (~yes).sum()) < FOLDS:
        raise ValueError(
            f"{name} has {yes.sum()} examples of yes and {(~yes).sum()} of no; "
            f"each needs at least {FOLDS}"
        )
    margins = held_out_margins(kernel[np.ix_(asked, asked)], yes)
    curve = LogisticRegression(C=1e3).fit(margins[:, None], yes)
    machine = _machine(kernel[np.ix_(asked, asked)], yes)
    weights = np.zeros(len(answers), dtype=np.float32)
    weights[asked[machine.support_]] = machine.dual_coef_[0]
    return Question(
        weights,
        float(machine.intercept_[0]),
        float(curve.coef_[0, 0]),
        float(curve.intercept_[0]),
    )


def held_out_margins(
    kernel: npt.NDArray[np.float32], yes: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """How far each row is on the side of yes, according to the folds that have not seen it."""
    margins = np.zeros(len(yes))
    for train, held in StratifiedKFold(FOLDS, shuffle=True, random_state=7).split(kernel, yes):
        machine = _machine(kernel[np.ix_(train, train)], yes[train])
        margins[held] = machine.decision_function(kernel[np.ix_(held, train)])
    return margins


def _machine(kernel: npt.NDArray[np.float32], yes: npt.NDArray[np.bool_]) -> SVC:
    return SVC(C=COST, kernel="precomputed").fit(kernel, yes)
