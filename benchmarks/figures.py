"""What every benchmark does with its figures: print them last, and keep them as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path("var/bench")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `goal` says in words what it should be, e.g. "<= 3"."""

    name: str
    value: float
    unit: str
    goal: str = ""


def report(benchmark: str, figures: Sequence[Figure]) -> None:
    """Print `name: value unit` lines and write var/bench/<benchmark>.json."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    rounded = {f.name: float(f"{f.value:.4g}") for f in figures}
    for figure in figures:
        goal = f"   (goal {figure.goal})" if figure.goal else ""
        print(f"{figure.name}: {rounded[figure.name]:g} {figure.unit}{goal}")
    body = {
        "figures": {
            f.name: {"value": rounded[f.name], "unit": f.unit, "goal": f.goal} for f in figures
        }
    }
    (RESULTS / f"{benchmark}.json").write_text(json.dumps(body, indent=2) + "\n")


def percentile(values: Sequence[float], share: int) -> float:
    """The `share`th percentile (1 to 99), inclusive method."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]
