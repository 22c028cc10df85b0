"""How well does the assistant tell the intents of `data/nlu` apart? Cross-validated in five folds.

Prints the share of sentences that are placed rightly, how far the confidences are from it, which
intents are mixed up most, and the thresholds that follow for `confidence` in data/triage.yml:

- `answer`: the lowest confidence at which more sentences are right than wrong;
- `sure`: the lowest at which seven in ten are right;
- `out_of_scope`: the score below which 98 of 100 rightly placed sentences stay.

Run: make bench-shop (two to five minutes).
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from benchmarks.figures import Figure, report
from benchmarks.stack import ROOT
from bot.nlu.encoder import training_encoder
from bot.nlu.intents import IntentModel, Reading, Sentences
from bot.nlu.machines import turns
from bot.nlu.scope import read_background

FOLDS = 5


def load(folder: Path) -> tuple[list[str], list[str]]:
    """Texts and intents of Rasa's training files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rasa's neighbours, while it is imported
        from rasa.shared.nlu.training_data.loading import load_data

        examples = load_data(str(folder)).intent_examples
    return [e.get("text") for e in examples], [e.get("intent") for e in examples]


def cross_validate(texts: Sequence[str], labels: Sequence[str]) -> list[Reading]:
    """Each sentence as read by a model that was trained without it."""
    encoder = training_encoder()
    sentences = Sentences(texts, encoder.views(texts))
    lines = read_background()
    background = Sentences(lines, encoder.views(lines))
    _, numbers = np.unique(labels, return_inverse=True)
    fold = turns(numbers) % FOLDS
    readings: dict[int, Reading] = {}
    for held in range(FOLDS):
        print(f"fold {held + 1} of {FOLDS}", file=sys.stderr)
        seen, rows = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        model = IntentModel.fit(sentences[seen], [labels[row] for row in seen], background)
        readings |= dict(zip(rows.tolist(), model.read_all(sentences[rows]), strict=True))
    return [readings[row] for row in range(len(texts))]


def lowest(
    confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], share: float
) -> float:
    """The lowest confidence (in steps of 0.05) at which `share` of the sentences is right.

    The share at a confidence is an isotonic regression's (Zadrozny and Elkan 2002): it never falls
    with confidence, so that a few sentences more or less do not move a threshold far.
    """
    steps = np.arange(1, 20) * 0.05
    shares = IsotonicRegression(out_of_bounds="clip").fit(confidence, right).predict(steps)
    enough = steps[shares >= share]
    return round(float(enough[0]), 2) if len(enough) else 1.0


def main() -> None:
    texts, labels = load(ROOT / "data" / "nlu")
    readings = cross_validate(texts, labels)
    confidence = np.array([reading.ranking[0][1] for reading in readings])
    strange = np.array([reading.out_of_scope for reading in readings])
    placed = [reading.ranking[0][0] for reading in readings]
    right = np.array(placed) == np.array(labels)
    mixed = Counter((a, b) for a, b in zip(labels, placed, strict=True) if a != b)
    for (label, other), count in mixed.most_common(10):
        print(f"{count:>3} sentences of {label} taken for {other}")
    report(
        "shop",
        [
            Figure("shop_intents", len(set(labels)), ""),
            Figure("shop_sentences", len(texts), ""),
            Figure("shop_cv_accuracy", float(right.mean()), ""),
            Figure("shop_cv_confidence", float(confidence.mean()), "", "near shop_cv_accuracy"),
            Figure("shop_threshold_answer", lowest(confidence, right, 0.5), ""),
            Figure("shop_threshold_sure", lowest(confidence, right, 0.7), ""),
            Figure("shop_threshold_out_of_scope", float(np.quantile(strange[right], 0.98)), ""),
        ],
    )


if __name__ == "__main__":
    main()
