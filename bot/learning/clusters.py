"""Puts messages that mean much the same together. Numbers only: unit vectors in, groups out.

Agglomerative clustering with average linkage on cosines (scikit-learn's; Sokal and Michener 1958):
two groups are joined while their messages are, on average, near enough. That needs no number of
groups, leaves what is alone alone, and its groups do not grow into chains.

With many messages all pairs at once would not fit into memory. Then they are first parted into
blocks by k-means, each block is clustered by itself, and groups are joined across blocks. The mean
cosine between two groups is the product of their means, and joining groups that are each other's
nearest is what average linkage does anyway (Murtagh 1983), so the second step needs only the means.

Vectors are first seen through a *lens* (`Lens`): it shortens the directions in which sentences of
one and the same known intent differ, such as politeness and tense, so that the same nearness means
the same in a narrow shop and in a wide one.

Does not belong here: texts, and where vectors come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.cluster import AgglomerativeClustering, MiniBatchKMeans

Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int_]

NEAR: Final = 0.45
"""Mean cosine, through the lens, from which on two groups are one. Chosen on intents that the lens
had not seen: with it, 94 of 100 messages in the 40 largest groups have their group's intent on
BANKING77, 97 on CLINC150 (training splits). Without the lens no value suits both."""

SHRINKAGE: Final = 0.6
"""How much of the lens is none: with less, it learns the known intents by heart."""

BLOCK: Final = 3_000
"""Messages that are clustered at once: their pairs take 70 MB."""

ROWS: Final = 2_000
"""Rows of a product that are looked at together, when groups are compared."""

DIFFERENT: Final = 50
"""Messages of a group that are chosen to be unlike each other: those that are shown and taught."""

VARIETY: Final = 0.4
"""How much being unlike the others counts there, against being typical."""

SEED: Final = 7

Progress = Callable[[float], None]


class Lens:
    """Within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006), shrunk."""

    def __init__(self, centre: Vectors, matrix: Vectors) -> None:
        self._centre = centre
        self._matrix = matrix

    @classmethod
    def learn(cls, vectors: Vectors, labels: Sequence[str]) -> Lens:
        """From sentences of known intents. With none that share an intent it changes nothing."""
        width = vectors.shape[1]
        none = cls(np.zeros(width, np.float32), np.eye(width, dtype=np.float32))
        if not len(vectors):
            return none
        _, numbers = np.unique(np.asarray(labels), return_inverse=True)
        sizes = np.bincount(numbers)
        means = np.zeros((len(sizes), width))
        np.add.at(means, numbers, vectors)
        apart = vectors - (means / sizes[:, np.newaxis])[numbers]
        within = apart.T @ apart / len(vectors)
        scale = float(np.trace(within)) / width
        if scale < 1e-9:
            return none
        within = (1.0 - SHRINKAGE) * within + SHRINKAGE * scale * np.eye(width)
        lengths, directions = np.linalg.eigh(within)
        matrix = directions / np.sqrt(lengths) @ directions.T
        return cls(vectors.mean(axis=0), matrix.astype(np.float32))

    def through(self, vectors: Vectors) -> Vectors:
        """The vectors [n, d] as seen through it, each of length 1."""
        seen = (vectors - self._centre) @ self._matrix
        lengths = np.linalg.norm(seen, axis=1, keepdims=True)
        # What lies in the very centre has no direction; it stays as it is.
        seen = np.where(lengths < 1e-6, vectors, seen / np.maximum(lengths, 1e-6))
        return np.asarray(seen, dtype=np.float32)


def group(vectors: Vectors, *, near: float = NEAR, progress: Progress = lambda _: None) -> Labels:
    """The group of each of n vectors of length 1: numbers from 0, in no order of meaning.

    Args:
        near: mean cosine from which on two groups are one, 0 to 1.
        progress: called with the share that is done.
    """
    if not 0.0 < near < 1.0:
        raise ValueError(f"`near` is a cosine between 0 and 1, not {near}")
    labels = np.zeros(len(vectors), dtype=np.int_)
    blocks = _blocks(vectors)
    found = 0
    for number, rows in enumerate(blocks, 1):
        within = _agglomerate(vectors[rows], near)
        labels[rows] = within + found
        found += int(within.max()) + 1
        progress(0.8 * number / len(blocks))
    if len(blocks) > 1:
        labels = _join(vectors, labels, near)
    progress(1.0)
    return labels


def _blocks(vectors: Vectors) -> list[Labels]:
    """Row numbers in blocks of at most `BLOCK`, what is alike mostly in the same."""
    waiting, blocks = [np.arange(len(vectors))], []
    while waiting:
        rows = waiting.pop()
        if len(rows) <= BLOCK:
            blocks += [rows] if len(rows) else []
            continue
        parts = MiniBatchKMeans(
            n_clusters=2 * -(-len(rows) // BLOCK), random_state=SEED, n_init=1, batch_size=2_048
        ).fit_predict(vectors[rows])
        split = [rows[parts == part] for part in np.unique(parts)]
        if len(split) == 1:  # all the same: any cut will do
            split = np.array_split(rows, 2)
        waiting += split
    return blocks


def _agglomerate(vectors: Vectors, near: float) -> Labels:
    if len(vectors) == 1:
        return np.zeros(1, dtype=np.int_)
    clustering = AgglomerativeClustering(
        n_clusters=None, affinity="cosine", linkage="average", distance_threshold=1.0 - near
    )
    return np.asarray(clustering.fit_predict(vectors), dtype=np.int_)


def _join(vectors: Vectors, labels: Labels, near: float) -> Labels:
    """Joins groups that are each other's nearest until none is near enough to another."""
    while True:
        count = int(labels.max()) + 1
        sizes = np.bincount(labels, minlength=count)
        means = np.zeros((count, vectors.shape[1]), dtype=np.float32)
        np.add.at(means, labels, vectors)
        means /= sizes[:, np.newaxis]
        nearest, cosines = _nearest(means)
        here = np.arange(count)
        joined = (nearest[nearest] == here) & (cosines >= near) & (nearest < here)
        if not joined.any():
            return labels
        target = here.copy()
        target[joined] = nearest[joined]
        labels = np.unique(target, return_inverse=True)[1][labels]


def _nearest(means: Vectors) -> tuple[Labels, Vectors]:
    """For each group another one, and the mean cosine with it."""
    nearest = np.zeros(len(means), dtype=np.int_)
    cosines = np.full(len(means), -1.0, dtype=np.float32)
    if len(means) < 2:
        return nearest, cosines
    for start in range(0, len(means), ROWS):
        product = means[start : start + ROWS] @ means.T
        rows = np.arange(len(product))
        product[rows, rows + start] = -2.0
        nearest[start : start + ROWS] = product.argmax(axis=1)
        cosines[start : start + ROWS] = product.max(axis=1)
    return nearest, cosines


def typical(vectors: Vectors) -> Labels:
    """Row numbers, the most typical (nearest to the mean of all) first. The first `DIFFERENT` are
    also unlike each other, so that they show what is in the group (maximal marginal relevance:
    Carbonell and Goldstein 1998).
    """
    nearness = vectors @ vectors.mean(axis=0)
    chosen = [int(np.argmax(nearness))]
    like_chosen = vectors @ vectors[chosen[0]]
    for _ in range(min(DIFFERENT, len(vectors)) - 1):
        worth = (1.0 - VARIETY) * nearness - VARIETY * like_chosen
        worth[chosen] = -np.inf
        chosen.append(int(np.argmax(worth)))
        like_chosen = np.maximum(like_chosen, vectors @ vectors[chosen[-1]])
    rest = np.argsort(-nearness, kind="stable")
    return np.asarray([*chosen, *rest[~np.isin(rest, chosen)]], dtype=np.int_)


def keep_names(
    groups: Sequence[Sequence[str]],
    before: Mapping[str, str],
    fresh: Callable[[Sequence[str]], str],
) -> list[str]:
    """A name for each group of keys, the old one where most of its keys come from that.

    Args:
        groups: keys of texts, by group.
        before: the name of the group in which a key was.
        fresh: makes a name of a group that has no old one.

    A name is given once: to the group that has most of its keys; the others get fresh ones.
    """
    shares: list[tuple[int, int, str]] = []
    for number, keys in enumerate(groups):
        counts: dict[str, int] = {}
        for key in keys:
            if name := before.get(key):
                counts[name] = counts.get(name, 0) + 1
        shares += [(-count, number, name) for name, count in counts.items()]
    names: dict[int, str] = {}
    given: set[str] = set()
    for _, number, name in sorted(shares):
        if number not in names and name not in given:
            names[number] = name
            given.add(name)
    for number, keys in enumerate(groups):
        if number not in names:
            name = fresh(keys)
            while name in given:
                name += "-"
            names[number] = name
            given.add(name)
    return [names[number] for number in range(len(groups))]
