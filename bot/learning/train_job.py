"""The studio's jobs "train" (a candidate, and its comparison with the current model) and "compare"
(any two models), and the same for the command line.

Belongs here: joining training and comparison, with one progress for both. Does not belong here:
either of them (`bot.learning.train`, `bot.learning.trial`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bot.learning.archive import ARCHIVE
from bot.learning.held_out import Data, read_data
from bot.learning.jobs import Job
from bot.learning.reading import read_texts
from bot.learning.run_job import Context, Progress
from bot.learning.train import Project, project_of, train_candidate
from bot.learning.trial import Place, Reader, Report, compare
from bot.settings import Settings
from bot.triage_file import policy_path
from bot.triage_policy import load_policy

#: How much of the whole the training is, as far as the progress goes.
TRAINING: Final = 0.7
#: Components that a training goes through, roughly: only the progress depends on it.
STEPS: Final = 16


async def run(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    """`args`: `why` in words, `force`. Gives `model`, `passed` and `reasons`."""
    project = project_of(context.settings, context.root)
    report = await train_and_compare(
        project,
        place_of(context.settings, context.root, os.environ),
        by=job.by,
        why=str(job.args.get("why") or ""),
        force=bool(job.args.get("force")),
        progress=progress,
    )
    return outcome(report)


async def run_compare(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    """`args`: `model` and `against`. Gives what `run` gives."""
    place = place_of(context.settings, context.root, os.environ)
    report = await compare(
        place, str(job.args["model"]), str(job.args["against"]), by=job.by, progress=progress
    )
    return outcome(report)


def outcome(report: Report) -> dict[str, Any]:
    """What a job tells of a report; the rest is kept beside the model."""
    return {
        "model": report.model,
        "against": report.against,
        "passed": report.verdict.passed,
        "reasons": list(report.verdict.reasons),
    }


def place_of(settings: Settings, root: Path, environ: Mapping[str, str]) -> Place:
    """Where a comparison finds things in this project.

    Raises: PolicyError, OSError."""
    return Place(
        root=root,
        models=root / settings.models,
        help=(root / settings.help).resolve(),
        archive=root / settings.var / ARCHIVE,
        policy=load_policy(policy_path(root, environ).read_text(encoding="utf-8")),
    )


async def train_and_compare(
    project: Project,
    place: Place,
    *,
    by: str,
    progress: Progress,
    why: str = "",
    force: bool = False,
    data: Data | None = None,
    reader: Reader = read_texts,
) -> Report:
    """Train a candidate, and compare it with the current model.

    Args:
        data: what `read_data` gave, when it was read before.
        reader: as `compare` has it.

    Raises: what `train_candidate` and `compare` raise.
    """
    await progress("checking the examples", 0.0)
    if data is None:
        data = await asyncio.to_thread(read_data, project.root)
    current = project.current()
    words: list[str] = []
    training = asyncio.create_task(
        train_candidate(project, words.append, by=by, why=why, force=force)
    )
    try:
        while not (await asyncio.wait({training}, timeout=0.3))[0]:
            if words:
                await progress(words[-1], TRAINING * min(1.0, len(words) / STEPS))
        model = training.result()
    finally:
        training.cancel()
        await asyncio.wait({training})

    async def later(told: str, fraction: float) -> None:
        await progress(told, TRAINING + (1 - TRAINING) * fraction)

    return await compare(
        place,
        model.model,
        current.model if current is not None else None,
        by=by,
        progress=later,
        data=data,
        reader=reader,
    )
