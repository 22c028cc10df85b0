"""Softmax regression on embeddings: a third voice beside the machines of `machines`.

Those are trained one intent against all others, these all intents against each other, on the
likelihood itself (multinomial logistic regression; Bishop 2006, section 4.3.4). They place no more
messages rightly, but others, and know better how sure they are. Numbers only, as in `machines`;
how much they count is decided there (`weigh`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from bot.nlu.machines import Labels, Matrix, softmax, turns

Rows = npt.NDArray[np.float32]

LOOSENESS: Final = 30.0
"""C per sentence: the ridge is 1 / (C n). From 10 to 300, the ensemble is the same within noise."""

STEPS: Final = 20
"""Of L-BFGS, from zero. More cost time, and the ensemble is not better for them."""

HALVES: Final = 2
"""Folds for held-out scores. Four take twice the time and lead to the same confidences."""


@dataclass(frozen=True)
class SoftmaxMachines:
    """`weights` [d + 1, k]: the last row are the offsets."""

    weights: Rows

    def scores(self, rows: Rows) -> Matrix:
        """[n, k] from embeddings [n, d]: logits, whose softmax are chances."""
        return np.asarray(rows @ self.weights[:-1] + self.weights[-1], dtype=np.float64)


def train_softmax(rows: Rows, target: Labels, classes: int) -> SoftmaxMachines:
    """Minimises the weighted log loss of n texts, with a ridge; in single precision, since it is
    stopped early anyway.

    Args:
        rows: float32 [n, d], each of length 1.
        target: [n], numbers of intents from 0; rare ones weigh more (by the root of their share).
        classes: how many intents there are, whether they occur or not.
    """
    count, width = len(rows), rows.shape[1] + 1
    wide = np.hstack([rows, np.ones((count, 1), dtype=np.float32)])
    weight = np.sqrt(1.0 / np.maximum(np.bincount(target, minlength=classes), 1))[target]
    weight = (weight / weight.sum()).astype(np.float32)
    ridge = 1.0 / (LOOSENESS * count)
    each = np.arange(count)

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[Any]]:
        weights = flat.reshape(width, classes).astype(np.float32)
        slope = softmax(wide @ weights)
        value = -(weight * np.log(np.maximum(slope[each, target], 1e-30))).sum()
        slope[each, target] -= 1.0
        slope *= weight[:, np.newaxis]
        gradient = wide.T @ slope + ridge * weights
        return float(value + ridge / 2 * flat @ flat), gradient.ravel().astype(np.float64)

    start = np.zeros(width * classes)
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 6}
    )
    return SoftmaxMachines(found.x.reshape(width, classes).astype(np.float32))


def held_out_softmax(rows: Rows, target: Labels) -> Matrix:
    """Scores [n, k] of each text by machines of the half without it; see `train_softmax`."""
    classes = int(target.max()) + 1
    half = turns(target) % HALVES
    held_out = np.zeros((len(target), classes))
    for held in range(HALVES):
        seen = half != held
        if seen.any() and not seen.all():
            machines = train_softmax(rows[seen], target[seen], classes)
            held_out[~seen] = machines.scores(rows[~seen])
    return held_out
