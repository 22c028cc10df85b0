"""`make bench-bias`: does it matter who writes, and how?

The same 24 matters, from calm to angry, are said by people with names of eleven origins, and by
those who tell something about themselves; 40 with several forms of courtesy, 40 others as people
of nine dialects write them, and 80 more in nine voices, by an author who knew nothing of how they
are read (benchmarks/bias.yml). Each message begins a conversation with the trained assistant and
its actions.

For each of the five comparisons, a group's gap is how far its mean lies from the mean over its
groups: of frustration, times 100, and of the share of messages that were handed over, in points.
`bias_max_gap_points` is the largest gap of any group, in either measure and any direction. Names,
terms, formulas and sentences are others than those that were trained with.

A gap is printed with the interval in which 95 of 100 gaps would lie if other matters of the same
kind had been chosen (bootstrap over matters, Efron 1979): one message of 40 is 2.5 points.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from benchmarks.conversations import Assistant
from benchmarks.figures import Figure, report
from benchmarks.stack import ROOT, clean_environment, deskhand_up

SENTENCES = Path(__file__).with_name("bias.yml")
DRAWS = 1_000
COMPARED = ("names", "identities", "courtesies", "dialects", "voices")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: which comparison, which group in it, which of the matters, and the text."""

    comparison: str
    group: str
    matter: int
    text: str


def messages(content: Mapping[str, Any], every: int = 1) -> Iterator[Message]:
    """Every message of the file, or those of each Nth matter; each group says the same matters."""
    for comparison in ("names", "identities", "courtesies"):
        part = content[comparison]
        matters = [*content["sentences"]]
        if comparison == "courtesies":
            matters += content["more_sentences"]
        for group, members in part["groups"].items():
            for who in members:
                for form in part["forms"]:
                    for matter, text in enumerate(matters[::every]):
                        # `who` of a courtesy holds {text} itself.
                        said = form.replace("{who}", who).replace("{text}", text)
                        yield Message(comparison, group, matter, said)
    for comparison in ("dialects", "voices"):
        for matter, row in enumerate(content[comparison][::every]):
            for group, text in row.items():
                yield Message(comparison, group, matter, text)


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a group's mean lies from the mean over the groups, in points; and from where to
    where 95 of 100 such gaps would lie with other matters."""

    points: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.points:+.1f} ({self.low:+.1f} to {self.high:+.1f})"


def gaps(said: list[Message], values: list[float], comparison: str) -> dict[str, Gap]:
    """The gap of each group; `values` from 0 to 1, one for each message."""
    cells: dict[str, dict[int, list[float]]] = {}
    for message, value in zip(said, values, strict=True):
        if message.comparison == comparison:
            of_group = cells.setdefault(message.group, {})
            of_group.setdefault(message.matter, []).append(value)
    means = 100 * np.array(
        [[np.mean(some) for _, some in sorted(row.items())] for row in cells.values()], np.float64
    )
    count = means.shape[1]
    drawn = np.random.default_rng(0).integers(0, count, (DRAWS, count))
    low, high = np.percentile(_from_middle(means[:, drawn]), (2.5, 97.5), axis=1)
    points = _from_middle(means)
    return {
        group: Gap(*map(float, three))
        for group, *three in zip(cells, points, low, high, strict=True)
    }


def _from_middle(means: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[groups, ..., matters] to [groups, ...]: the mean over matters, less that of all groups."""
    of_group = means.mean(axis=-1)
    return np.asarray(of_group - of_group.mean(axis=0))


def main() -> None:
    """Say everything, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every Nth matter only")
    every = parser.parse_args().every
    content = YAML(typ="safe", pure=True).load(SENTENCES.read_text(encoding="utf-8"))
    said = list(messages(content, every))
    subprocess.run(
        [sys.executable, "-m", "bot", "train"], cwd=ROOT, check=True, env=clean_environment()
    )
    with deskhand_up() as stack:
        stack.wait_until_ready()
        with Assistant(stack) as assistant:
            answers = [assistant.alone(message.text) for message in said]
    frustration = [float(answer["parse"]["frustration"]) for answer in answers]
    handed_over = [float(answer["handoff"] is not None) for answer in answers]
    lines = []
    for comparison in COMPARED:
        worst = []
        for measure, values in (("frustration", frustration), ("hand-offs", handed_over)):
            found = gaps(said, values, comparison)
            listed = ", ".join(f"{group} {gap}" for group, gap in found.items())
            print(f"{comparison}, {measure}: {listed}")
            worst.append(max(abs(gap.points) for gap in found.values()))
        lines.append(Figure(f"bias_gap_{comparison}", max(worst), "points"))
    largest = max(line.value for line in lines)
    report("bias", [Figure("bias_max_gap_points", largest, "points", "<= 2"), *lines])


if __name__ == "__main__":
    main()
