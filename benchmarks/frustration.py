"""`make bench-frustration`: how well does the score tell frustrated messages from the others?

Three measurements, with VADER's sentiment (turned round) on the same sentences in the same run:

- cross-validation in five folds on data/frustration. Sentences that mean nearly the same (cosine of
  their embeddings from 0.8 on) are in the same fold, so that no twin of a judged sentence is
  learned from. `frustration_auroc` is over annoyed and angry against neutral and happy;
- wordings that the model has never seen: benchmarks/frustration_templates.yml;
- false alarms: the share of BANKING77's test sentences, which are nearly all neutral requests, that
  reach `mood.annoyance` of data/triage.yml, from which a person is offered
  (`frustration_false_alarms`), and `mood.anger`, from which one takes over.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from benchmarks.figures import Figure, report
from benchmarks.stack import ROOT
from bot.nlu.cues import read_without
from bot.nlu.encoder import Encoder, unit
from bot.nlu.evenness import Matter, even_out, read_shells
from bot.nlu.mood import CLASSES, MoodModel, read_examples
from bot.triage import Policy, load_policy

FOLDER = ROOT / "data" / "frustration"
TEMPLATES = Path(__file__).with_name("frustration_templates.yml")
TWINS = 0.8
FOLDS = 5

Scores = npt.NDArray[np.float64]


def main() -> None:
    """Train, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    bank = read_bank(parser.parse_args().data / "banking77" / "test.csv")
    policy = load_policy((ROOT / "data" / "triage.yml").read_text(encoding="utf-8"))
    encoder = Encoder.open()
    examples = read_examples(FOLDER)
    texts = [text for name in CLASSES for text in examples[name]]
    labels = [name for name in CLASSES for _ in examples[name]]
    held_out = cross_validated(texts, labels, encoder)
    by_class(labels, held_out, policy)

    model = MoodModel.train(FOLDER, read_without(ROOT / "data" / "cues"), encoder)
    unseen, unseen_labels = fill_templates(TEMPLATES)
    unseen_scores = model.score(unseen, encoder)
    by_class(unseen_labels, unseen_scores, policy)
    alarms = model.score(bank, encoder)
    angry = np.array([label == "angry" for label in labels])
    report(
        "frustration",
        [
            Figure("frustration_auroc", auroc(labels, held_out), ""),
            Figure("vader_auroc", auroc(labels, vader(texts)), ""),
            Figure("anger_auroc", float(roc_auc_score(angry, held_out)), ""),
            Figure("frustration_auroc_templates", auroc(unseen_labels, unseen_scores), ""),
            Figure("vader_auroc_templates", auroc(unseen_labels, vader(unseen)), ""),
            Figure("frustration_false_alarms", share(alarms, policy.annoyance), "", "<= 0.03"),
            Figure("frustration_false_hand_offs", share(alarms, policy.anger), ""),
        ],
    )


def cross_validated(texts: Sequence[str], labels: Sequence[str], encoder: Encoder) -> Scores:
    """Each sentence's score from a model that has not seen it, nor a twin of it."""
    shells, others = read_shells(FOLDER / "shells.yml")
    evened = [even_out(text) for text in (*shells, *others, *texts)]
    layers = encoder.layers(evened)
    known = dict(zip(evened, layers, strict=True))
    own = layers[len(shells) + len(others) :]
    embeddings = unit(own[:, -1])
    near = csr_matrix(embeddings @ embeddings.T >= TWINS)
    groups = connected_components(near, directed=False)[1]
    scores = np.zeros(len(texts))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=7)
    for train, held in folds.split(texts, labels, groups):
        # What is set aside is learned without the held sentences too.
        kept = np.concatenate([layers[len(shells) : len(shells) + len(others)], own[train]])
        matter = Matter.fit(layers[: len(shells)], kept)
        seen, seen_labels = [texts[i] for i in train], [labels[i] for i in train]
        model = MoodModel.fit(seen, seen_labels, matter, encoder, known)
        scores[held] = model.score([texts[i] for i in held], encoder)
    return scores


def fill_templates(path: Path) -> tuple[list[str], list[str]]:
    """Every template with every thing, and the classes; calm is called neutral."""
    content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    texts, labels = [], []
    for name in ("calm", "happy", "annoyed", "angry"):
        for template in content[name]:
            texts += [template.format(thing=thing) for thing in content["things"]]
            labels += [name.replace("calm", "neutral")] * len(content["things"])
    return texts, labels


def read_bank(path: Path) -> list[str]:
    """The sentences of BANKING77's test split; ends the program when they are not there."""
    if not path.exists():
        raise SystemExit(
            f"{path} is missing. It is test.csv of BANKING77 (PolyAI, task-specific-datasets, "
            "CC BY 4.0); put it there, or name the folder above it with --data."
        )
    with path.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def auroc(labels: Sequence[str], scores: Scores) -> float:
    """Area under the curve of annoyed and angry against the others."""
    return float(roc_auc_score([label in {"annoyed", "angry"} for label in labels], scores))


def share(scores: Scores, threshold: float) -> float:
    """Of the scores, how many reach the threshold (0 to 1)."""
    return float((scores >= threshold).mean())


def vader(texts: Sequence[str]) -> Scores:
    """How negative VADER finds the texts."""
    analyzer = SentimentIntensityAnalyzer()
    return np.array([-float(analyzer.polarity_scores(text)["compound"]) for text in texts])


def by_class(labels: Sequence[str], scores: Scores, policy: Policy) -> None:
    """Prints for each class the mean score and how many reach the thresholds."""
    print(f"{'class':<10}{'n':>6}{'mean':>8}{'offered':>10}{'handed over':>13}")
    for name in CLASSES:
        own = scores[[label == name for label in labels]]
        offered, handed = share(own, policy.annoyance), share(own, policy.anger)
        print(f"{name:<10}{len(own):>6}{own.mean():>8.2f}{offered:>10.3f}{handed:>13.3f}")


if __name__ == "__main__":
    main()
