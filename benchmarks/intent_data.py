"""Public data of intents, as their authors publish them; and the figures that are made with them.

Here belong the shapes (CSV and JSON), what counts as out of scope, and the definitions of accuracy,
MCC and AUROC. Nothing here knows how predictions are made.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.metrics import matthews_corrcoef, roc_auc_score

#: What data sets call sentences that belong to no intent.
OUT_OF_SCOPE: Final = frozenset({"oos", "NO_NODES_DETECTED", "out_of_scope"})
NONE: Final = "out of scope"
"""The class of a prediction that was withheld, and of a sentence without an intent."""

TEXT_COLUMNS: Final = ("sentence", "text", "utterance", "query")
LABEL_COLUMNS: Final = ("label", "category", "intent")


class DataError(Exception):
    """A file that is not there, or does not have a known shape. The message says what to do."""


@dataclass(frozen=True)
class Labelled:
    """Texts with the name of their intent, or `NONE`."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.texts) != len(self.labels):
            raise ValueError(f"{len(self.texts)} texts have {len(self.labels)} labels")

    def first(self, per_intent: int) -> Labelled:
        """The first so many of each intent."""
        seen: dict[str, int] = {}
        rows = []
        for row, label in enumerate(self.labels):
            seen[label] = seen.get(label, 0) + 1
            if seen[label] <= per_intent:
                rows.append(row)
        return Labelled(
            tuple(self.texts[row] for row in rows), tuple(self.labels[row] for row in rows)
        )


@dataclass(frozen=True)
class Split:
    """`train` has sentences of intents only; in `test`, what `train` does not know is `NONE`."""

    train: Labelled
    test: Labelled

    def __post_init__(self) -> None:
        if len(set(self.train.labels)) < 2:
            raise DataError("the training file has fewer than two intents")
        if set(self.test.labels) <= {NONE}:
            raise DataError("the test file has no sentence of an intent of the training file")


@dataclass(frozen=True)
class Predicted:
    """`intents` without any threshold; `strange` the higher, the more likely out of scope."""

    intents: tuple[str, ...]
    strange: tuple[float, ...]


def read_split(train: Path, test: Path) -> Split:
    """A split out of two files; of a JSON file that has all parts, the fitting ones are taken.

    Raises:
        DataError: naming the file and what is wrong with it.
    """
    learned = _read(train, ("train",))
    rows = [
        (text, label)
        for text, label in zip(learned.texts, learned.labels, strict=True)
        if label not in OUT_OF_SCOPE
    ]
    known = {label for _, label in rows}
    asked = _read(test, ("test", "oos_test"))
    return Split(
        Labelled(tuple(text for text, _ in rows), tuple(label for _, label in rows)),
        Labelled(asked.texts, tuple(x if x in known else NONE for x in asked.labels)),
    )


def _read(path: Path, parts: Sequence[str]) -> Labelled:
    try:
        pairs = _read_json(path, parts) if path.suffix == ".json" else _read_csv(path)
    except OSError as why:
        raise DataError(f"{path} cannot be read: {why.strerror}") from None
    except UnicodeDecodeError as why:
        raise DataError(f"{path}: byte {why.start} is not UTF-8") from None
    kept = [(" ".join(text.split()), label.strip()) for text, label in pairs]
    kept = [(text, label) for text, label in kept if text and label]
    return Labelled(tuple(text for text, _ in kept), tuple(label for _, label in kept))


def _read_csv(path: Path) -> list[tuple[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or []
        text = next((name for name in TEXT_COLUMNS if name in columns), None)
        label = next((name for name in LABEL_COLUMNS if name in columns), None)
        if text is None or label is None:
            raise DataError(
                f"{path}: its first line should name a column of texts ({', '.join(TEXT_COLUMNS)}) "
                f"and one of intents ({', '.join(LABEL_COLUMNS)}); it has {', '.join(columns)}"
            )
        return [(row[text] or "", row[label] or "") for row in reader]


def _read_json(path: Path, parts: Sequence[str]) -> list[tuple[str, str]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as why:
        raise DataError(f"{path}, line {why.lineno}: {why.msg}") from None
    if isinstance(content, dict):
        content = [pair for part in parts for pair in content.get(part, ())]
    pairs = [pair for pair in content if isinstance(pair, list) and len(pair) == 2]
    if not pairs or len(pairs) != len(content):
        raise DataError(
            f"{path}: it should be a list of [text, intent], or an object with such lists under "
            f"{', '.join(parts)}"
        )
    return [(str(text), str(label)) for text, label in pairs]


# ----------------------------------------------------------------------------------------- figures


def in_scope_accuracy(test: Labelled, predicted: Predicted) -> float:
    """Share of the sentences with an intent that are given it, without any threshold."""
    right = [
        label == intent
        for label, intent in zip(test.labels, predicted.intents, strict=True)
        if label != NONE
    ]
    return sum(right) / len(right)


def mcc(test: Labelled, predicted: Predicted, threshold: float) -> float:
    """Matthews' correlation over all sentences, out of scope being one more class: as in the HINT3
    paper (Arora et al. 2020), a prediction counts as that when its score is beyond the threshold.
    """
    given = [
        NONE if strange >= threshold else intent
        for intent, strange in zip(predicted.intents, predicted.strange, strict=True)
    ]
    return float(matthews_corrcoef(test.labels, given))


def best_mcc(test: Labelled, predicted: Predicted) -> float:
    """The best MCC at any threshold 0.1, 0.2 ... 0.9: chosen on the test split, for peers only."""
    return max(mcc(test, predicted, step / 10) for step in range(1, 10))


def oos_auroc(test: Labelled, predicted: Predicted) -> float | None:
    """How well the score tells sentences out of scope from the others; None without any such."""
    out = np.array([label == NONE for label in test.labels])
    if out.all() or not out.any():
        return None
    return float(roc_auc_score(out, predicted.strange))
