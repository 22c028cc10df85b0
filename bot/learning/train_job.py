"""The studio's jobs "train" (a candidate, and its comparison with the current model; when it is to
be published, its promotion as well) and "compare" (any two models), and the same for the command
line.

Belongs here: joining training, comparison and promotion, with one progress for all. Does not belong
here: any of them (`bot.learning.train`, `bot.learning.trial`, `bot.learning.into_service`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bot.errors import PromotionFailed, PromotionRefused
from bot.instance import running
from bot.learning.archive import ARCHIVE
from bot.learning.held_out import Data, read_data
from bot.learning.into_service import put_into_service
from bot.learning.jobs import Job
from bot.learning.project import Project, project_of
from bot.learning.promotion import Promotions
from bot.learning.publishing import COMPARE, PROMOTE, PUBLISH, TRAIN
from bot.learning.reading import read_texts
from bot.learning.registry import UnknownModel
from bot.learning.run_job import Context, Progress, Step
from bot.learning.train import train_candidate
from bot.learning.trial import Place, Reader, Report, compare
from bot.settings import Settings
from bot.triage_file import policy_path
from bot.triage_policy import load_policy

#: How much of the whole the training is, as far as the progress goes; and training and comparison,
#: when a promotion follows.
TRAINING: Final = 0.7
PROVING: Final = 0.85
#: Components that a training goes through, roughly: only the progress depends on it.
STEPS: Final = 16


async def run(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    """`args`: `why` in words, `force`, `publish`. Gives `model`, `against`, `passed` and `reasons`;
    with `publish`, and if it passed, also what `promote` gives."""
    project = project_of(context.settings, context.root)
    publish = bool(job.args.get(PUBLISH))

    async def proving(words: str, fraction: float) -> None:
        await progress(words, PROVING * fraction if publish else fraction)

    report = await train_and_compare(
        project,
        place_of(context.settings, context.root, os.environ),
        by=job.by,
        why=str(job.args.get("why") or ""),
        force=bool(job.args.get("force")),
        progress=proving,
        step=context.step,
    )
    told = outcome(report)
    if publish and report.verdict.passed:
        told |= await promote(
            project, context, report.model, by=job.by, why=told_why(job), progress=progress
        )
    return told


async def run_compare(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    """`args`: `model` and `against`. Gives what `run` gives."""
    place = place_of(context.settings, context.root, os.environ)
    report = await compare(
        place, str(job.args["model"]), str(job.args["against"]), by=job.by, progress=progress
    )
    return outcome(report)


def told_why(job: Job) -> str:
    """For the registry."""
    why = str(job.args.get("why") or "").strip()
    return f"published: {why}" if why else "published"


async def promote(
    project: Project, context: Context, model: str, *, by: str, why: str, progress: Progress
) -> dict[str, Any]:
    """Put a candidate that has passed into service, if nothing speaks against it by now.

    Returns:
        `published`; when that is false, `stopped` and `hint` say why. The candidate is kept, so
        that is no failure of the job.
    """
    await context.step(PROMOTE)
    await progress("asking for it to be put into service", PROVING)

    async def told(words: str) -> None:
        await progress(words, PROVING + (1 - PROVING) / 2)

    here = running(context.var)
    try:
        if here is None:
            raise PromotionRefused(
                "Deskhand does not run here.", hint="`deskhand promote` puts it into service."
            )
        await put_into_service(
            Promotions(context.redis),
            here,
            context.var,
            project.registry.get(model),
            by=by,
            because=why,
            overriding=False,
            told=told,
        )
    except (PromotionFailed, UnknownModel) as refused:
        return {"published": False, "stopped": refused.message, "hint": refused.hint}
    return {"published": True}


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
    step: Step | None = None,
) -> Report:
    """Train a candidate, and compare it with the current model.

    Args:
        data: what `read_data` gave, when it was read before.
        reader: as `compare` has it.
        step: told which of the two begins.

    Raises: what `train_candidate` and `compare` raise.
    """
    if step is not None:
        await step(TRAIN)
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

    if step is not None:
        await step(COMPARE)

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
