"""How well are intents told apart, and what is out of scope recognised? Beside stock Rasa.

On public data (CLINC150, BANKING77, HINT3 curekart) in `../shared/data`: ours, then Rasa's default
pipeline (DIET, 100 epochs) on the same splits in the same run. Nothing of ours is chosen on a test
split: weights and thresholds are learned from the training split of each, by the same code as for a
shop (`bot.nlu.intents`). Then the shipped assistant: how long a parse takes, and its peak memory.

Run: make bench-nlu. Peers take from two minutes to hours per split:

    python -m benchmarks.nlu --quick                          without peers
    python -m benchmarks.nlu --peers curekart,banking_10shot  peers on these only
    python -m benchmarks.nlu --train FILE --test FILE         other data, CSV or JSON

A CSV file has a column of texts and one of intents; a JSON file has lists of [text, intent]. What
is out of scope in a test file has an intent that the training file does not have.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil

from benchmarks.figures import Figure, report
from benchmarks.intent_data import (
    NONE,
    DataError,
    Labelled,
    Predicted,
    Split,
    best_mcc,
    in_scope_accuracy,
    mcc,
    oos_auroc,
    read_split,
)
from benchmarks.stack import ROOT, deskhand_up
from benchmarks.start import kind_of
from bot.nlu.encoder import training_encoder
from bot.nlu.intents import IntentModel, Sentences
from bot.nlu.scope import read_background

DATA = ROOT.parent / "shared" / "data"
HOW_TO_GET = """\
The data are public: clone clinc/oos-eval, PolyAI-LDN/task-specific-datasets and hellohaptik/HINT3
from GitHub, and put their files here as
  {data}/clinc150/data_full.json and data_small.json
  {data}/banking77/train.csv and test.csv
  {data}/hint3-curekart/v1_train.csv and v1_test.csv
or name other data with --train FILE --test FILE."""

THRESHOLD = 0.5
"""Of our out-of-scope score: every training puts it where 88 of 100 held-out sentences stay."""

PUBLISHED = """\
Published on HINT3 curekart v1 (Arora et al. 2020; not measured here): in-scope accuracy Rasa 0.841,
BERT 0.836, Haptik 0.779, Dialogflow 0.750, LUIS 0.699; best MCC over all thresholds, chosen on the
test split, Haptik 0.603, Dialogflow 0.578, Rasa 0.511."""

PARSES, WARM_UP = 300, 20
QUESTIONS = (
    "where is my order NL-10482, it should have come on monday",
    "can i return worn boots",
    "do you ship to norway and what does it cost",
    "the zip of my jaket is broken, what now?",
    "hi",
    "my discount code doesn't work at checkout",
    "please let me talk to a person",
    "how do i wash a down parka without ruining it",
    "is the blue softshell in stock in size M",
    "who won the football last night",
)


@dataclass(frozen=True)
class Task:
    """A split and its figures: (name, kind, goal), the kind being accuracy, mcc or auroc."""

    name: str
    split: Split
    figures: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Outcome:
    """What a system predicted, and how long it trained (seconds)."""

    predicted: Predicted
    seconds: float


def tasks(data: Path) -> list[Task]:
    """The public splits.

    Raises:
        DataError: when a file is missing, with the way to get it.
    """
    curekart = _split(data, "hint3-curekart/v1_train.csv", "hint3-curekart/v1_test.csv")
    banking = _split(data, "banking77/train.csv", "banking77/test.csv")
    return [
        Task(
            "curekart",
            curekart,
            (
                ("hint3_curekart_in_scope", "accuracy", ">= 0.88"),
                ("hint3_curekart_mcc", "mcc", ">= 0.66"),
                ("hint3_curekart_oos_auroc", "auroc", ">= 0.91"),
            ),
        ),
        Task(
            "banking_10shot",
            Split(banking.train.first(10), banking.test),
            (("banking_10shot", "accuracy", ">= 0.86"),),
        ),
        Task(
            "clinc_small",
            _split(data, "clinc150/data_small.json", "clinc150/data_small.json"),
            (("clinc_small_in_scope", "accuracy", ">= 0.955"),),
        ),
        Task("banking_full", banking, (("banking_full", "accuracy", ">= 0.945"),)),
        Task(
            "clinc_full",
            _split(data, "clinc150/data_full.json", "clinc150/data_full.json"),
            (
                ("clinc_full_in_scope", "accuracy", ">= 0.965"),
                ("clinc_full_oos_auroc", "auroc", ">= 0.98"),
            ),
        ),
    ]


def _split(data: Path, train: str, test: str) -> Split:
    try:
        return read_split(data / train, data / test)
    except DataError as why:
        raise DataError(f"{why}\n\n{HOW_TO_GET.format(data=data)}") from None


# --------------------------------------------------------------------------------------- systems


def ours(split: Split) -> Outcome:
    """Deskhand's intent model. Its time includes the embeddings of data and background."""
    began = time.monotonic()
    background = read_background()
    model = IntentModel.fit(
        _sentences(split.train.texts), split.train.labels, _sentences(background)
    )
    seconds = time.monotonic() - began
    readings = model.read_all(_sentences(split.test.texts))
    return Outcome(
        Predicted(
            tuple(reading.ranking[0][0] for reading in readings),
            tuple(reading.out_of_scope for reading in readings),
        ),
        seconds,
    )


def _sentences(texts: Sequence[str]) -> Sentences:
    return Sentences(texts, training_encoder().views(texts))


def diet(split: Split) -> Outcome:
    """Stock Rasa, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job.json"
        pairs = list(zip(split.train.texts, split.train.labels, strict=True))
        job.write_text(json.dumps({"train": pairs, "test": split.test.texts}))
        log = Path("var/bench/nlu_peer.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.nlu_peer", str(job)],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise SystemExit(f"Rasa's training failed; see {log}")
        result: dict[str, Any] = json.loads(job.with_suffix(".out.json").read_text())
    return Outcome(
        Predicted(tuple(result["intents"]), tuple(1.0 - c for c in result["confidences"])),
        float(result["seconds"]),
    )


# --------------------------------------------------------------------------------------- figures


def measured(kind: str, test: Labelled, outcome: Outcome) -> float:
    """One figure of a system: "accuracy", "mcc" at our threshold, or "auroc"."""
    if kind == "accuracy":
        return in_scope_accuracy(test, outcome.predicted)
    if kind == "mcc":
        return mcc(test, outcome.predicted, THRESHOLD)
    value = oos_auroc(test, outcome.predicted)
    if value is None:
        raise DataError("the test split has nothing out of scope, or nothing else")
    return value


def run_task(task: Task, *, peer: bool) -> tuple[list[Figure], float | None]:
    """Figures of ours (and of DIET, if `peer`), and how many times faster ours trained."""
    print(f"{task.name}: {len(task.split.train.texts)} sentences", file=sys.stderr)
    outcome = ours(task.split)
    figures = [
        Figure(name, measured(kind, task.split.test, outcome), "", goal)
        for name, kind, goal in task.figures
    ]
    figures.append(Figure(f"{task.name}_train_s", outcome.seconds, "s"))
    if not peer:
        return figures, None
    print(f"{task.name}: Rasa's default pipeline, which takes its time", file=sys.stderr)
    other = diet(task.split)
    for name, kind, _ in task.figures:
        if kind == "mcc":
            value = best_mcc(task.split.test, other.predicted)
            figures.append(Figure(f"diet_{name}_best_of_all", value, ""))
        else:
            figures.append(Figure(f"diet_{name}", measured(kind, task.split.test, other), ""))
    figures.append(Figure(f"diet_{task.name}_train_s", other.seconds, "s"))
    return figures, other.seconds / outcome.seconds


def shipped() -> list[Figure]:
    """Whole parses by the shipped assistant over its HTTP API, and its memory at the end."""
    with deskhand_up() as stack:
        stack.wait_until_ready()
        url = f"{stack.running.assistant_url}/model/parse"
        token = {"token": stack.running.assistant_token}
        times = []
        with httpx.Client(trust_env=False, timeout=30) as http:
            for number in range(WARM_UP + PARSES):
                text = QUESTIONS[number % len(QUESTIONS)]
                began = time.perf_counter()
                http.post(url, params=token, json={"text": text}).raise_for_status()
                times.append((time.perf_counter() - began) * 1000)
        assistant = next(
            process
            for process in psutil.Process(stack.pid).children(recursive=True)
            if kind_of(process) == "assistant"
        )
        peak = peak_megabytes(assistant.pid)
    return [
        Figure("parse_p50_ms", median(times[WARM_UP:]), "ms", "<= 12"),
        Figure("assistant_rss_mb", peak, "MB", "<= 900"),
    ]


def peak_megabytes(pid: int) -> float:
    """The most memory that a process ever had resident (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1024


def other_data(train: Path, test: Path, *, peer: bool) -> list[Figure]:
    """The same figures for data that somebody brings."""
    split = read_split(train, test)
    kinds = [("in_scope", "accuracy", "")]
    if NONE in split.test.labels:
        kinds.append(("oos_auroc", "auroc", ""))
    figures, speedup = run_task(Task("data", split, (*kinds, ("mcc", "mcc", ""))), peer=peer)
    return figures + ([Figure("train_speedup_vs_diet", speedup, "times")] if speedup else [])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="leave the peers out")
    parser.add_argument("--peers", help="names of splits, with commas: peers on these only")
    parser.add_argument("--only", help="names of splits, with commas: nothing but these")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the public data")
    parser.add_argument("--train", type=Path, help="other data to train on")
    parser.add_argument("--test", type=Path, help="and to test on")
    asked = parser.parse_args()
    if (asked.train is None) != (asked.test is None):
        parser.error("--train and --test belong together")
    try:
        if asked.train is not None:
            report("nlu-data", other_data(asked.train, asked.test, peer=not asked.quick))
            return
        chosen = tasks(asked.data)
    except DataError as why:
        raise SystemExit(f"bench-nlu: {why}") from None
    names = [task.name for task in chosen]
    only = _named(parser, asked.only, names)
    peers = [] if asked.quick else _named(parser, asked.peers, names)
    figures, speedups = [], []
    for task in chosen:
        if task.name in only:
            more, speedup = run_task(task, peer=task.name in peers)
            figures += more
            speedups += [speedup] if speedup else []
    if speedups:
        # The least of all splits: where the fixed costs of ours weigh most.
        figures.append(Figure("train_speedup_vs_diet", min(speedups), "times", ">= 20"))
    if only == names:
        figures += shipped()
    print(PUBLISHED)
    report("nlu", figures)


def _named(parser: argparse.ArgumentParser, asked: str | None, names: list[str]) -> list[str]:
    if asked is None:
        return names
    wanted = asked.split(",")
    for name in wanted:
        if name not in names:
            parser.error(f"there is no split {name!r}; there are {', '.join(names)}")
    return [name for name in names if name in wanted]


if __name__ == "__main__":
    main()
