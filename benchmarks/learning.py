"""How few decisions teach the assistant what its customers ask? A simulated owner on CLINC150.

The assistant begins with half of the training examples of CLINC150 (small), and without 20 of the
150 intents. The rest of the examples, and the sentences out of scope that are not for testing, come
as logged traffic, a fifth each week. Each week the assistant reads what comes with the model that
it has then (`bot.nlu.intents`, and `bot.triage` with the shipped `data/triage.yml`), an owner
spends `K` labels, and it is trained anew. Truth answers for the owner. In the same run:

- *inbox*: what could not be placed is collected, clustered, named and ranked by the inbox's own
  code (`bot.learning.wordings`, `preparing`). The owner takes the first K groups. **One label is
  one decision on one group**: the owner looks at `SHOWN` wordings of it, as the page shows them,
  and accepts the intent that most of them have for all messages of the group, those included that
  are wrong; a group that shows mostly what is out of scope, or no majority, is ignored, which is a
  label all the same. Nothing is ticked off, split or merged.
- *random*: K messages at random out of all traffic, a label each.
- *least confident*: the K messages of all traffic of which the assistant was least sure.
- *random groups*: as the inbox, but K groups by the draw of messages. It gets the clustering for
  nothing, and shows what the ranking adds.

For the last three, too, messages that say word for word the same cost one label. Accuracy is the
share of the test sentences of all 150 intents that are placed rightly, without a threshold; AUROC
is that of the out-of-scope score. `label_ratio_vs_random`: labels after which the inbox has at
least the accuracy that random labelling has after all of its labels, over those labels; both as
measured, nothing is interpolated.

Run: make bench-learning (about ten minutes on two cores). Data: CLINC150, read in place.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from benchmarks.figures import RESULTS, Figure, report
from benchmarks.stack import ROOT
from bot.learning.missed import DAY_MS, Missed
from bot.learning.preparing import Known, prepare
from bot.learning.wordings import Wording, key_of, together
from bot.nlu.encoder import training_encoder
from bot.nlu.intents import IntentModel, Reading, Sentences, Views
from bot.nlu.scope import read_background
from bot.triage import Candidate, Outcome, Turn, decide, load_policy

DATA: Final = ROOT.parent / "shared" / "data" / "clinc150" / "data_small.json"
NOT_THERE: Final = """\
{path} is not there. It is CLINC150 (Larson et al. 2019, CC BY 3.0), the small split:
  https://github.com/clinc/oos-eval/blob/master/data/data_small.json
Put it there, or say where it is: python -m benchmarks.learning --data FILE"""

WEEKS: Final = 5
K: Final = 40
#: Labels of the first week after which the inbox is measured as well: it may need no more.
EARLY: Final = (5, 10, 20)
REMOVED: Final = 20
SHOWN: Final = 5
OOS: Final = "oos"
SEED: Final = 20_261_126
WEEK_MS: Final = 7 * DAY_MS

Numbers = npt.NDArray[np.int_]


@dataclass(frozen=True)
class World:
    """All sentences with their truth, and which of them are known, come as traffic, and test."""

    texts: Sequence[str]
    truth: Sequence[str]
    views: Views
    background: Sentences
    start: Numbers
    weeks: Sequence[Numbers]
    test: Numbers

    def sentences(self, rows: Numbers) -> Sentences:
        return Sentences([self.texts[row] for row in rows], self.views[rows])


@dataclass(frozen=True)
class Point:
    labels: int
    accuracy: float
    auroc: float
    examples: int


def read(path: Path) -> World:
    """Raises SystemExit when the data are missing."""
    if not path.is_file():
        sys.exit(NOT_THERE.format(path=path))
    parts = json.loads(path.read_text(encoding="utf-8"))
    pairs: list[tuple[str, str]] = []
    place: dict[str, Numbers] = {}
    for part in ("train", "oos_train", "oos_val", "test", "oos_test"):
        place[part] = np.arange(len(pairs), len(pairs) + len(parts[part]))
        pairs += [(text, intent) for text, intent in parts[part]]
    chance = np.random.default_rng(SEED)
    intents = sorted({pairs[row][1] for row in place["train"]})
    removed = set(chance.choice(intents, REMOVED, replace=False))
    start: list[int] = []
    for intent in intents:
        rows = [row for row in place["train"] if pairs[row][1] == intent]
        if intent not in removed:
            start += chance.permutation(rows)[: len(rows) // 2].tolist()
    rest = np.setdiff1d(place["train"], start)
    traffic = chance.permutation(np.concatenate([rest, place["oos_train"], place["oos_val"]]))
    encoder = training_encoder()
    print(f"reading {len(pairs)} sentences", file=sys.stderr)
    lines = read_background()
    texts = [text for text, _ in pairs]
    return World(
        texts=texts,
        truth=[intent for _, intent in pairs],
        views=encoder.views(texts),
        background=Sentences(lines, encoder.views(lines)),
        start=np.array(start),
        weeks=np.array_split(traffic, WEEKS),
        test=np.concatenate([place["test"], place["oos_test"]]),
    )


class Assistant:
    """What it was taught, and how it reads with that."""

    def __init__(self, world: World, model: IntentModel | None = None) -> None:
        """`model`: what it learns from the sentences that are known from the start."""
        self._world = world
        self.taught: dict[int, str] = {int(row): world.truth[row] for row in world.start}
        self._policy = load_policy((ROOT / "data" / "triage.yml").read_text(encoding="utf-8"))
        self.model = model or self.train()

    def train(self) -> IntentModel:
        rows = np.array(sorted(self.taught))
        labels = [self.taught[row] for row in rows.tolist()]
        sentences = self._world.sentences(rows)
        self.model = IntentModel.fit(sentences, labels, self._world.background)
        return self.model

    def read(self, rows: Numbers) -> list[Reading]:
        return self.model.read_all(self._world.sentences(rows))

    def places(self, text: str, reading: Reading) -> bool:
        """Whether triage lets the message be answered."""
        ranking = tuple(Candidate(name, share) for name, share in reading.ranking[:10])
        turn = Turn(
            text=text,
            intent=ranking[0].intent,
            confidence=ranking[0].confidence,
            ranking=ranking,
            out_of_scope=reading.out_of_scope,
        )
        return decide(turn, self._policy).outcome is not Outcome.CLARIFY

    def strange(self, reading: Reading) -> bool:
        best = reading.ranking[0][1]
        policy = self._policy
        return best < policy.answer_confidence or reading.out_of_scope >= policy.out_of_scope

    def measure(self, labels: int) -> Point:
        test = self._world.test
        readings = self.read(test)
        truth = [self._world.truth[row] for row in test]
        right = [r.ranking[0][0] == t for r, t in zip(readings, truth, strict=True) if t != OOS]
        out = [t == OOS for t in truth]
        auroc = float(roc_auc_score(out, [reading.out_of_scope for reading in readings]))
        return Point(labels, sum(right) / len(right), auroc, len(self.taught))


@dataclass
class Traffic:
    """What has come so far, as it was logged, and what an owner has dealt with."""

    world: World
    readings: dict[int, Reading]
    when: dict[int, int]
    missed: dict[int, str]
    done: set[int]

    @classmethod
    def none(cls, world: World) -> Traffic:
        return cls(world, {}, {}, {}, set())

    def come(self, rows: Numbers, week: int, assistant: Assistant) -> None:
        for row, reading in zip(rows.tolist(), assistant.read(rows), strict=True):
            self.readings[row] = reading
            self.when[row] = (week + 1) * WEEK_MS
            if not assistant.places(self.world.texts[row], reading):
                self.missed[row] = "not_placed" if assistant.strange(reading) else "unsure"

    def waiting(self) -> list[int]:
        return [row for row in self.readings if row not in self.done]

    def inbox(self) -> list[Wording]:
        return together(
            Missed(
                conversation=str(row),
                seq=1,
                at=self.when[row],
                text=self.world.texts[row],
                reasons=(reason,),
                intent=self.readings[row].ranking[0][0],
                confidence=self.readings[row].ranking[0][1],
                ranking=self.readings[row].ranking[:10],
            )
            for row, reason in self.missed.items()
            if row not in self.done
        )


# -------------------------------------------------------------------------------- what is labelled

Spend = Callable[[World, Traffic, Assistant, int, np.random.Generator], None]
"""Spends so many labels on the traffic."""


def _groups(world: World, traffic: Traffic, assistant: Assistant) -> list[list[list[int]]]:
    """The inbox now: groups in their rank, of wordings (typical first), of messages."""
    wordings = traffic.inbox()
    rows = [int(one.messages[0].conversation) for one in wordings]
    taught = sorted(assistant.taught)
    labels = [assistant.taught[row] for row in taught]
    known = Known(world.views[taught, 1], labels, set(labels))
    prepared = prepare(wordings, world.views[rows, 1], known, now=max(traffic.when.values()))
    return [[[int(m.conversation) for m in w.messages] for w in g.wordings] for g in prepared]


def _decide(world: World, traffic: Traffic, assistant: Assistant, found: list[list[int]]) -> None:
    """The owner's decision on one group, made from the wordings that are shown."""
    seen = Counter(world.truth[rows[0]] for rows in found[:SHOWN])
    intent, votes = seen.most_common(1)[0]
    rows = [row for wording in found for row in wording]
    traffic.done.update(rows)
    if intent != OOS and votes * 2 > min(len(found), SHOWN):
        assistant.taught.update(dict.fromkeys(rows, intent))


def spend_on_inbox(
    world: World, traffic: Traffic, assistant: Assistant, labels: int, chance: np.random.Generator
) -> None:
    for found in _groups(world, traffic, assistant)[:labels]:
        _decide(world, traffic, assistant, found)


def spend_on_random_groups(
    world: World, traffic: Traffic, assistant: Assistant, labels: int, chance: np.random.Generator
) -> None:
    groups = _groups(world, traffic, assistant)
    sizes = np.array([sum(map(len, found)) for found in groups], dtype=float)
    few = min(labels, len(groups))
    for number in chance.choice(len(groups), few, replace=False, p=sizes / sizes.sum()):
        _decide(world, traffic, assistant, groups[number])


def _label(
    world: World, traffic: Traffic, assistant: Assistant, rows: Iterator[int], labels: int
) -> None:
    """One label for each message, and for those that say the same."""
    same: dict[str, list[int]] = {}
    for row in traffic.waiting():
        same.setdefault(key_of(world.texts[row]), []).append(row)
    for row in rows:
        if labels == 0:
            return
        if row in traffic.done:
            continue
        labels -= 1
        for each in same[key_of(world.texts[row])]:
            traffic.done.add(each)
            if world.truth[each] != OOS:
                assistant.taught[each] = world.truth[each]


def spend_at_random(
    world: World, traffic: Traffic, assistant: Assistant, labels: int, chance: np.random.Generator
) -> None:
    rows = chance.permutation(traffic.waiting()).tolist()
    _label(world, traffic, assistant, iter(rows), labels)


def spend_on_least_confident(
    world: World, traffic: Traffic, assistant: Assistant, labels: int, chance: np.random.Generator
) -> None:
    rows = sorted(traffic.waiting(), key=lambda row: traffic.readings[row].ranking[0][1])
    _label(world, traffic, assistant, iter(rows), labels)


STRATEGIES: Final[dict[str, tuple[Spend, tuple[int, ...]]]] = {
    "inbox": (spend_on_inbox, EARLY),
    "random": (spend_at_random, ()),
    "least confident": (spend_on_least_confident, ()),
    "random groups": (spend_on_random_groups, ()),
}
"""How labels are spent, and after which labels of the first week it is measured as well."""

_start: list[tuple[World, IntentModel]] = []
"""From where each strategy begins. A worker process inherits it: it is large."""


def run(name: str) -> list[Point]:
    """One strategy, from the start to the last week."""
    ((world, model),) = _start
    spend, early = STRATEGIES[name]
    assistant, traffic = Assistant(world, model), Traffic.none(world)
    chance = np.random.default_rng(SEED)
    points: list[Point] = []

    def measure(labels: int) -> None:
        points.append(assistant.measure(labels))
        print(f"{name}: {points[-1]}", file=sys.stderr, flush=True)

    with threadpool_limits(1):
        measure(0)
        for week, rows in enumerate(world.weeks):
            traffic.come(rows, week, assistant)
            spent = 0
            for upto in (*(early if week == 0 else ()), K):
                spend(world, traffic, assistant, upto - spent, chance)
                spent = upto
                assistant.train()
                measure(week * K + upto)
    return points


def plot(curves: dict[str, list[Point]], path: Path) -> None:
    """Accuracy and AUROC by labels spent, as an SVG file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.2))
    for axis, title, value in (
        (axes[0], "Accuracy, all 150 intents", lambda point: point.accuracy),
        (axes[1], "Out of scope, AUROC", lambda point: point.auroc),
    ):
        for name, points in curves.items():
            axis.plot([p.labels for p in points], [*map(value, points)], marker="o", label=name)
        axis.set_title(title)
        axis.set_xlabel("labels spent")
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def labels_for(points: Sequence[Point], accuracy: float) -> float:
    """Labels after which a strategy had that accuracy; infinite if it never had."""
    return next((float(p.labels) for p in points if p.accuracy >= accuracy), float("inf"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    world = read(parser.parse_args().data)
    start = (world, Assistant(world).model)
    with ProcessPoolExecutor(
        2, mp_context=get_context("fork"), initializer=_start.append, initargs=(start,)
    ) as workers:
        curves = dict(zip(STRATEGIES, workers.map(run, STRATEGIES), strict=True))
    plot(curves, RESULTS / "learning.svg")
    figures = []
    for name, points in curves.items():
        short = name.replace(" ", "_")
        figures += [
            Figure(f"accuracy_{short}", points[-1].accuracy, "share"),
            Figure(f"oos_auroc_{short}", points[-1].auroc, "AUROC"),
        ]
    first = curves["inbox"][0]
    figures += [
        Figure("accuracy_start", first.accuracy, "share"),
        Figure("oos_auroc_start", first.auroc, "AUROC"),
        Figure("labels", float(WEEKS * K), "decisions"),
    ]
    ours = curves["inbox"]
    for name, goal in (("random", "<= 0.33"), ("least confident", ""), ("random groups", "")):
        labels = labels_for(ours, curves[name][-1].accuracy)
        figure = f"label_ratio_vs_{name.replace(' ', '_')}"
        figures.append(Figure(figure, labels / (WEEKS * K), "labels/labels", goal))
    report("learning", figures)


if __name__ == "__main__":
    main()
