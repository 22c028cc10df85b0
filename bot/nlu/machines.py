"""The machines that tell intents apart, each with honest scores of its own training sentences.

Two kinds, with one machine per intent in each. *Kernel machines* on embeddings: least-squares
support vector machines (Suykens and Vandewalle 1999), where solving one system of linear equations
also says what they would have said about each training sentence had it not been there
(leave-one-out: Cawley and Talbot 2003). *Linear machines* on n-grams: support vector machines (Fan
et al. 2008, LIBLINEAR), cross-validated in folds. On such held-out scores, `weigh` learns the
weights of an ensemble, which calibrates it too; the softmax machines of `regression` have a small
share in it. Numbers only: what rows and columns mean is known to `intents`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from sklearn.svm import LinearSVC

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int_]
_Real = TypeVar("_Real", bound=np.floating[Any])

SHARPNESS: Final = 2.4
"""s of the kernel exp(s (cosine - 1)), a Gaussian on unit vectors."""
RIDGES: Final = (0.03, 0.1, 0.3)
SOFTNESS: Final = 1.0
"""C of the linear machines; from 0.3 to 3, it makes no difference that data of any size show."""

SHARE: Final = 0.05
"""How much the softmax machines count for each that the kernel machines do. The log loss would give
them ten times as much, because their chances are finer; then fewer messages are placed rightly.
From 0.03 to 0.09, cross-validation sees no difference."""

FOLDS: Final = 4
SEED: Final = 7
_JITTER = 1e-5
"""Doubled sentences would make the system singular; cosines are exact to some 1e-7 each."""


@dataclass(frozen=True)
class KernelMachines:
    """`duals` [m, k] and `offsets` [k]: scores of a text from its cosines with m landmarks."""

    duals: Matrix
    offsets: Vector

    def scores(self, cosines: npt.NDArray[np.floating[Any]]) -> Matrix:
        """[n, k] from cosines [n, m]; about -1 (no) to 1 (yes)."""
        return np.asarray(kernel(cosines) @ self.duals + self.offsets, dtype=np.float64)


@dataclass(frozen=True)
class LinearMachines:
    """`weights` [d, k] and `offsets` [k]: scores of a text from its n-grams."""

    weights: npt.NDArray[np.floating[Any]]
    offsets: Vector

    def scores(self, features: sparse.csr_matrix) -> Matrix:
        """[n, k] from rows [n, d]; about -1 (no) to 1 (yes)."""
        # In one type and by rows, or scipy copies all weights at every message.
        same = features.astype(self.weights.dtype)
        return np.asarray(same @ self.weights + self.offsets, dtype=np.float64)


def kernel(cosines: npt.NDArray[np.floating[Any]]) -> Matrix:
    """How alike two sentences count as: 1 for the same, near 0 for the opposite."""
    return np.asarray(np.exp(SHARPNESS * (cosines.astype(np.float64) - 1.0)))


def train_kernel(
    cosines: npt.NDArray[np.floating[Any]],
    landmarks: Labels,
    target: Labels,
    ridges: Sequence[float] = RIDGES,
) -> tuple[KernelMachines, Matrix]:
    """Trains on n texts, of which m carry the solution (Williams and Seeger 2001, "Nystrom").

    Args:
        cosines: [n, m], of each text with each landmark.
        landmarks: [m], their row numbers.
        target: [n], numbers of intents from 0; rare ones weigh more (by the root of their share).
        ridges: the one with the smallest squared leave-one-out error is taken.

    Returns the machines and the leave-one-out scores [n, k].
    """
    if not ridges:
        raise ValueError("there is no ridge to choose")
    counts = np.bincount(target)
    weight = np.sqrt(1.0 / np.maximum(counts, 1))[target]
    root = np.sqrt(weight / weight.mean())[:, None]
    wanted = _wanted(target, len(counts))
    offsets = np.average(wanted, axis=0, weights=weight)
    between = kernel(cosines)
    among = between[landmarks] + _JITTER * np.eye(len(landmarks))
    lower = cholesky(among, lower=True, check_finite=False)
    features = solve_triangular(lower, between.T, lower=True, check_finite=False).T
    features *= root
    gram = features.T @ features
    right = features.T @ ((wanted - offsets) * root)
    tried: list[tuple[float, Matrix, Matrix]] = []
    for ridge in ridges:
        factor = cho_factor(gram + ridge * np.eye(len(gram)), lower=True, check_finite=False)
        primal = cho_solve(factor, right, check_finite=False)
        missed = wanted - offsets - features @ primal / root
        missed /= np.maximum(1.0 - _leverage(factor[0], features), 1e-6)[:, None]
        error = float(np.average((missed**2).mean(axis=1), weights=weight))
        tried.append((error, primal, wanted - missed))
    _, primal, held_out = min(tried, key=lambda one: one[0])
    duals = solve_triangular(lower, primal, lower=True, trans="T", check_finite=False)
    return KernelMachines(np.asarray(duals), offsets), held_out


def train_linear(features: sparse.csr_matrix, target: Labels, classes: int) -> LinearMachines:
    """Trains on rows [n, d] of intents with the numbers `target` [n]. There are machines for all
    `classes` numbers; those of intents that do not occur always say no."""
    there = np.unique(target)
    weights = np.zeros((features.shape[1], classes))
    offsets = np.full(classes, -1.0)
    if len(there) == 1:
        offsets[there] = 1.0
        return LinearMachines(weights, offsets)
    fitted = LinearSVC(C=SOFTNESS, class_weight="balanced", tol=0.01, random_state=SEED)
    fitted.fit(features, target)
    # Of two classes there is one machine, which speaks for the second.
    signs = np.array([[-1.0], [1.0]]) if len(there) == 2 else np.ones((1, 1))
    weights[:, there] = (fitted.coef_ * signs).T
    offsets[there] = (fitted.intercept_ * signs.T).ravel()
    return LinearMachines(weights, offsets)


def held_out_linear(
    features: Callable[[Labels], tuple[sparse.csr_matrix, sparse.csr_matrix]], target: Labels
) -> Matrix:
    """Scores [n, k] of each text by machines of folds without it.

    Args:
        features: from the row numbers to learn from to the features of these texts and of all n;
            whatever is learned for the features is learned from the former alone.
        target: [n], numbers of intents from 0.
    """
    classes = int(target.max()) + 1
    everything = np.arange(len(target))
    fold = turns(target) % FOLDS
    held_out = np.full((len(target), classes), -1.0)
    for held in range(FOLDS):
        rows = everything[fold != held]
        if 0 < len(rows) < len(target):
            seen, every = features(rows)
            machines = train_linear(seen, target[rows], classes)
            held_out[fold == held] = machines.scores(every[fold == held])
    return held_out


def stack(scores: Sequence[Matrix], target: Labels) -> Vector:
    """One weight per part, so that the softmax of the weighted sum is calibrated.

    Minimises the log loss of held-out scores (Wolpert 1992, "Stacked generalization"); the sum of
    the weights is an inverse temperature (Guo et al. 2017). Weights are not negative.
    """
    parts = np.stack(scores)
    rows = np.arange(len(target))

    def loss(logs: Vector) -> tuple[float, Vector]:
        weights = np.exp(logs)
        likely = softmax(np.tensordot(weights, parts, axes=1))
        slope = likely.copy()
        slope[rows, target] -= 1.0
        value = -np.log(np.maximum(likely[rows, target], 1e-12)).mean()
        gradient = np.tensordot(parts, slope, axes=([1, 2], [0, 1])) * weights / len(target)
        # A weak pull towards 2.7 each keeps few sentences from deciding everything.
        return float(value + 0.002 * ((logs - 1) ** 2).sum()), gradient + 0.004 * (logs - 1)

    start = np.ones(len(parts))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(-5.0, 4.0)] * len(parts))
    return np.exp(np.asarray(found.x, dtype=np.float64))


def weigh(scores: Sequence[Matrix], target: Labels) -> Vector:
    """Weights of kernel, linear and softmax machines, from held-out scores [n, k] of each.

    What kernel and linear machines count beside each other is learned, then the softmax machines
    get their share, then all together are calibrated.
    """
    kernel, linear = stack(scores[:2], target)
    shares = np.array([1.0, linear / kernel, SHARE])
    together = np.tensordot(shares, np.stack(scores), axes=1)
    return np.asarray(shares * stack([together], target))


def softmax(scores: npt.NDArray[_Real]) -> npt.NDArray[_Real]:
    """Rows of shares that add up to 1."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def turns(target: Labels) -> Labels:
    """Numbers the texts of each intent from 0 in an order that is random, but always the same."""
    turn = np.zeros(len(target), dtype=np.int_)
    seen = np.zeros(int(target.max()) + 1, dtype=np.int_)
    for row in np.random.default_rng(SEED).permutation(len(target)):
        turn[row] = seen[target[row]]
        seen[target[row]] += 1
    return turn


def choose(target: Labels, most: int) -> Labels:
    """Row numbers of all texts, or of `most` of them: as evenly over the intents as they go."""
    return np.sort(np.argsort(turns(target), kind="stable")[:most])


def _wanted(target: Labels, classes: int) -> Matrix:
    return np.asarray(2.0 * np.eye(classes)[target] - 1.0)


def _leverage(lower: Matrix, features: Matrix, rows: int = 2_000) -> Vector:
    """How much each text decides on its own score; in blocks, which bounds the memory."""
    parts = []
    for start in range(0, len(features), rows):
        block = solve_triangular(
            lower, features[start : start + rows].T, lower=True, check_finite=False
        )
        parts.append(np.einsum("mn,mn->n", block, block))
    return np.concatenate(parts)
