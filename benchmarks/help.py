"""How often do the help pages answer a question rightly, and how often wrongly?

The questions are in tests/help: `tuning.yml`, from which weights and threshold are learned by
cross-validation, and `held_out.yml`, on which the figures are measured and nothing else. Beside the
search, in the same run, BM25 alone and cosine alone, each with a threshold chosen in the same way.

- help_top1: of the questions that a page answers, the share whose best page is right, whatever its
  score;
- help_answered_wrongly: of all questions, those that no page answers among them, the share that
  would be answered from a page that is not right. Its threshold is that of data/triage.yml.

Run: make bench-help. `python -m benchmarks.help --write` writes bot/help/calibration.json anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from benchmarks.figures import Figure, report
from bot.help.pages import Pages, read_pages
from bot.help.search import CALIBRATION, SIGNALS, Calibration, HelpSearch
from bot.nlu.encoder import shared_encoder
from bot.triage import load_policy

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "tests" / "help"

Numbers = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]

RIDGE = 0.1
"""Penalty on the weights; from 0.03 to 0.3 the cross-validated top-1 is the same to within 0.02."""
FOLDS, ROUNDS = 10, 3
WRONG_AT_MOST = 0.04
"""The threshold is the lowest multiple of 0.05 at which cross-validation answers no larger share of
all questions wrongly."""
THRESHOLDS = [round(0.05 * step, 2) for step in range(6, 20)]


@dataclass(frozen=True)
class Question:
    """`pages` are those that answer it; none, if no page does. `kind` groups the latter."""

    text: str
    pages: frozenset[str]
    kind: str = ""


def read_questions(path: Path, pages: Pages) -> list[Question]:
    """The questions of a file. Raises SystemExit for a page that does not exist."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    questions = []
    for key, texts in content.items():
        if key == "none":
            questions += [
                Question(str(text), frozenset(), kind)
                for kind, several in texts.items()
                for text in several
            ]
            continue
        names = frozenset(name.strip() for name in key.split(","))
        if unknown := names - pages.pages.keys():
            raise SystemExit(f"{path}: there is no page {', '.join(sorted(unknown))}.")
        questions += [Question(str(text), names) for text in texts]
    return questions


@dataclass(frozen=True)
class Judged:
    """Signals of every question and page [questions, pages, signals], and which page is right
    [questions, pages]."""

    signals: Numbers
    right: Marks

    @property
    def answerable(self) -> Marks:
        """Which questions a page answers."""
        return np.asarray(self.right.any(axis=1))

    def only(self, *names: str) -> Judged:
        """With these signals alone."""
        return Judged(self.signals[:, :, [SIGNALS.index(name) for name in names]], self.right)

    def at(self, rows: npt.NDArray[np.int_]) -> Judged:
        """These questions alone."""
        return Judged(self.signals[rows], self.right[rows])


def judge(search: HelpSearch, questions: Sequence[Question]) -> Judged:
    """Asks the search what it sees, as the assistant does."""
    encoder = shared_encoder()
    meant = [search.corrected(question.text, encoder.knows) for question in questions]
    embeddings = encoder.encode(meant)
    signals = [search.signals(m, e) for m, e in zip(meant, embeddings, strict=True)]
    right = [[slug in question.pages for slug in search.slugs] for question in questions]
    return Judged(np.array(signals), np.array(right))


# --------------------------------------------------------------------------------------- learning


def fit_weights(judged: Judged) -> Numbers:
    """Conditional logit: the weights that make the right pages likeliest."""
    known = judged.at(np.flatnonzero(judged.answerable))

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        totals = known.signals @ weights
        likely = np.exp(totals - totals.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        hit = (likely * known.right).sum(axis=1, keepdims=True)
        pull = likely * known.right / hit - likely
        slope = -(pull[:, :, None] * known.signals).sum(axis=(0, 1)) + RIDGE * weights
        return float(-np.log(hit).sum() + RIDGE * (weights @ weights) / 2), slope

    start = np.zeros(known.signals.shape[2])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)


def best_of(judged: Judged, weights: Numbers) -> tuple[Numbers, Marks]:
    """Of each best page: sum and lead [questions, 2], and whether it is right [questions]."""
    totals = judged.signals @ weights
    rows = np.arange(len(totals))
    order = np.argsort(-totals, axis=1, kind="stable")
    best, second = totals[rows, order[:, 0]], totals[rows, order[:, 1]]
    return np.column_stack([best, best - second]), judged.right[rows, order[:, 0]]


def fit(judged: Judged) -> tuple[Numbers, LogisticRegression]:
    """The weights, and how sure a best page makes."""
    weights = fit_weights(judged)
    features, right = best_of(judged, weights)
    return weights, LogisticRegression(C=1.0, max_iter=1000).fit(features, right)


@dataclass(frozen=True)
class Outcome:
    """Of each question: the score of its best page, whether that is right, whether one is."""

    scores: Numbers
    right: Marks
    answerable: Marks

    @property
    def top1(self) -> float:
        """Share of the answerable questions whose best page is right."""
        return float(self.right[self.answerable].mean())

    def wrongly(self, threshold: float) -> float:
        """Share of all questions that are answered from a wrong page."""
        return float(((self.scores >= threshold) & ~self.right).mean())

    def rightly(self, threshold: float) -> float:
        """Share of the answerable questions that are answered from a right page."""
        return float(((self.scores >= threshold) & self.right)[self.answerable].mean())

    def silent(self, threshold: float) -> float:
        """Share of the unanswerable questions that are not answered."""
        return float((self.scores < threshold)[~self.answerable].mean())


def measure(judged: Judged, weights: Numbers, sure: LogisticRegression) -> Outcome:
    """What the fitted numbers do with these questions."""
    features, right = best_of(judged, weights)
    return Outcome(sure.predict_proba(features)[:, 1], right, judged.answerable)


def cross_validate(judged: Judged) -> Outcome:
    """Each question judged by numbers that were learned without it, several rounds one below the
    other."""
    rounds = []
    for round_ in range(ROUNDS):
        scores = np.zeros(len(judged.right))
        right = np.zeros(len(judged.right), dtype=bool)
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=round_)
        for train, held in folds.split(judged.right, judged.answerable):
            outcome = measure(judged.at(held), *fit(judged.at(train)))
            scores[held], right[held] = outcome.scores, outcome.right
        rounds.append((scores, right, judged.answerable))
    return Outcome(*(np.concatenate(part) for part in zip(*rounds, strict=True)))


def choose_threshold(outcome: Outcome) -> float:
    """See `WRONG_AT_MOST`."""
    return next((t for t in THRESHOLDS if outcome.wrongly(t) <= WRONG_AT_MOST), THRESHOLDS[-1])


# -------------------------------------------------------------------------------------- the run


def main() -> None:
    """Measures; with --write keeps what was learned."""
    arguments = argparse.ArgumentParser(description="Measures the help pages.")
    arguments.add_argument("--write", action="store_true", help="write calibration.json anew")
    arguments.add_argument(
        "--tuning-only", action="store_true", help="leave the held-out set alone"
    )
    chosen = arguments.parse_args()

    pages = read_pages(ROOT / "data" / "help")
    if pages.errors:
        raise SystemExit(pages.errors[0].message)
    encoder = shared_encoder()
    neutral = Calibration((1.0,) * len(SIGNALS), (0.0, 0.0, 0.0))
    search = HelpSearch(tuple(pages.pages.values()), encoder.encode, neutral)
    tuning = judge(search, read_questions(QUESTIONS / "tuning.yml", pages))

    validated = cross_validate(tuning)
    threshold = choose_threshold(validated)
    print(f"tuning, cross-validated: top-1 {validated.top1:.3f}, threshold {threshold:g}:")
    for at in THRESHOLDS:
        print(
            f"  {at:.2f}: answered wrongly {validated.wrongly(at):.3f}, "
            f"answerable ones rightly {validated.rightly(at):.3f}"
        )
    weights, sure = fit(tuning)
    learned = Calibration(
        tuple(round(float(w), 3) for w in weights),
        (
            round(float(sure.intercept_[0]), 3),
            round(float(sure.coef_[0, 0]), 3),
            round(float(sure.coef_[0, 1]), 3),
        ),
    )
    if chosen.write:
        write(learned)
    if learned != Calibration.shipped():
        print(f"note: {CALIBRATION.name} holds other numbers; --write would write {learned}")
    policy = load_policy((ROOT / "data" / "triage.yml").read_text(encoding="utf-8"))
    if policy.help_score != threshold:
        print(f"note: data/triage.yml has the threshold {policy.help_score:g}")
    if chosen.tuning_only:
        return

    questions = read_questions(QUESTIONS / "held_out.yml", pages)
    held_out = judge(search, questions)
    ours = measure(held_out, weights, sure)
    kinds = sorted({q.kind for q in questions if q.kind})
    for kind in kinds:
        rows = np.array([q.kind == kind for q in questions])
        share = float((ours.scores[rows] >= policy.help_score).mean())
        print(f"held-out, {kind}: {share:.3f} of {rows.sum()} answered")
    figures = [
        Figure("help_top1", ours.top1, "share", ">= 0.926"),
        Figure("help_answered_wrongly", ours.wrongly(policy.help_score), "share", "<= 0.043"),
        Figure("help_answered_rightly", ours.rightly(policy.help_score), "share"),
        Figure("help_silent", ours.silent(policy.help_score), "share"),
        Figure("help_questions", float(len(questions)), "questions", ">= 150"),
    ]
    for name, signal in (("bm25", "words"), ("cosine", "passage")):
        alone = tuning.only(signal)
        at = choose_threshold(cross_validate(alone))
        outcome = measure(held_out.only(signal), *fit(alone))
        figures += [
            Figure(f"{name}_top1", outcome.top1, "share"),
            Figure(f"{name}_answered_wrongly", outcome.wrongly(at), "share"),
            Figure(f"{name}_answered_rightly", outcome.rightly(at), "share"),
        ]
    report("help", figures)


def write(calibration: Calibration) -> None:
    """Keeps the numbers beside the search."""
    content = {
        "weights": dict(zip(SIGNALS, calibration.weights, strict=True)),
        "sure": list(calibration.sure),
    }
    CALIBRATION.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
