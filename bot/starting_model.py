"""Which model `deskhand up` starts with: the current one, or one that is trained first.

Belongs here: that decision, and what is said about it. Does not belong here: training
(`bot.learning.train`), or starting the assistant with it (`bot.assistants`).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.errors import JobRunning, TrainingFailed
from bot.learning.project import Project
from bot.learning.registry import Model
from bot.learning.train import Progress, check_files, train

Say = Callable[[str], None]


def usable(project: Project, say: Say) -> Model | None:
    """The model to start with, None to train one first (`make`).

    Raises:
        TrainingFailed: a file is broken and there is no older model to go on with.
    """
    model = project.current()
    if model is None or model.fingerprint != project.fingerprint():
        if model is not None and (waits := project.waiting()):
            _leaves_waiting(model, waits, say)
            return model
        try:
            check_files(project)
        except TrainingFailed as why:
            if model is None:
                raise
            _goes_on_with(model, why, say)
        else:
            return None
    return model


async def make(project: Project, progress: Progress, say: Say) -> Model:
    """Train the model to start with; the one from before, if that fails.

    Raises:
        TrainingFailed, JobRunning: and there is none from before.
    """
    try:
        model = await train(project, progress, by="deskhand up", why="the files had changed")
    except (TrainingFailed, JobRunning) as why:
        older = project.current()
        if older is None:
            raise
        _goes_on_with(older, why, say)
        return older
    say(f"A new model was trained in {model.seconds:.0f} s: {model.model}")
    return model


def _leaves_waiting(model: Model, files: list[str], say: Say) -> None:
    shown = ", ".join(files[:5]) + (f" and {len(files) - 5} more" if len(files) > 5 else "")
    say(f"The studio has written {shown} since {model.model} was trained.")
    say(
        "Train a candidate in the studio (Models), or run `deskhand train --candidate`, and "
        "promote it; until then the assistant goes on as it is. `deskhand train` takes all "
        "changes into service at once, without a comparison."
    )


def _goes_on_with(model: Model, why: TrainingFailed | JobRunning, say: Say) -> None:
    say(f"! {why.message} {why.hint}")
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(model.trained_at / 1000))
    say(f"! The assistant goes on with the model of {when} until that is corrected.")
