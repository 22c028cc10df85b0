"""Publishing: what owners have changed comes to customers, in one act. A candidate is trained and
compared with the model that serves, and when the gate lets it pass it is put into service.

Belongs here: how far the latest publishing is, as pages show it, and which changes wait. Does not
belong here: doing it, which is a job (`bot.learning.train_job`): the wish is in the job, on the
server, so who closes the page stops nothing. The gateway imports this module, so it is light.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import structs

from bot.events import Record
from bot.learning.jobs import Job, JobState
from bot.learning.project import Project
from bot.learning.promotion import Promotion, Stage
from bot.learning.sources import Sources

#: The job, and the argument that makes a training a publishing.
KIND: Final = "train"
PUBLISH: Final = "publish"

#: The job's steps, in their order.
TRAIN: Final = "train"
COMPARE: Final = "compare"
PROMOTE: Final = "promote"

CANCELLED: Final = "It was cancelled."


class State(str, Enum):
    """`refused` by the gate: an owner may override it. `stopped`: by a mistake, by somebody, or
    because a process was killed; `Publishing.step` says where."""

    WORKING = "working"
    SERVED = "served"
    REFUSED = "refused"
    STOPPED = "stopped"


class Publishing(Record, frozen=True):
    """The latest publishing. `job`: its id; `promotion`: that of its promotion, "" before it.
    `model`, `against`: the candidate and what it was compared with, as far as they are known.
    `reasons`: why the gate refused. Times in ms since the epoch."""

    job: str
    by: str
    asked: int
    state: State
    step: str = TRAIN
    progress: str = ""
    fraction: float = 0.0
    ended: int | None = None
    model: str = ""
    against: str = ""
    promotion: str = ""
    reasons: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""


class Waiting(Record, frozen=True):
    """A file that the studio has written and that the model in service does not know. `candidate`:
    the newest candidate that knows it as it is now; "" when it is in none."""

    path: str
    candidate: str = ""


def publishing_of(job: Job | None, promotion: Promotion | None) -> Publishing | None:
    """How far a publishing is.

    The promotion is asked for by the job, or, after the gate's refusal, by an owner with a reason;
    and it goes on when the job's process is killed. So what became of it counts more than what the
    job says.

    Args:
        job: the latest that was to publish; None: there was none.
        promotion: the latest of all.
    """
    if job is None:
        return None
    result = job.result
    known = Publishing(
        job=job.id,
        by=job.by,
        asked=job.asked,
        state=State.WORKING,
        step=job.step or TRAIN,
        progress=job.progress,
        fraction=job.fraction,
        ended=job.ended,
        model=str(result.get("model") or ""),
        against=str(result.get("against") or ""),
        reasons=tuple(result.get("reasons") or ()),
    )
    if promotion is not None and _belongs(promotion, job, known.model):
        return _promoted(known, promotion)
    if not job.state.ended:
        return known
    if job.state is JobState.DONE:
        if result.get("published"):
            return structs.replace(known, state=State.SERVED, step=PROMOTE)
        if not result.get("passed"):
            return structs.replace(known, state=State.REFUSED, step=COMPARE)
        return structs.replace(
            known,
            state=State.STOPPED,
            step=PROMOTE,
            error=str(result.get("stopped") or ""),
            hint=str(result.get("hint") or ""),
        )
    cancelled = job.state is JobState.CANCELLED
    return structs.replace(
        known, state=State.STOPPED, error=CANCELLED if cancelled else job.error, hint=job.hint
    )


def _belongs(promotion: Promotion, job: Job, model: str) -> bool:
    if promotion.rollback or promotion.asked < job.asked:
        return False
    # A job that was killed has no result; then the wish is the one that it made in its own name.
    return promotion.model == model if model else promotion.by == job.by and job.step == PROMOTE


def _promoted(known: Publishing, promotion: Promotion) -> Publishing:
    state = {Stage.DONE: State.SERVED, Stage.FAILED: State.STOPPED}.get(
        promotion.stage, State.WORKING
    )
    return structs.replace(
        known,
        state=state,
        step=PROMOTE,
        progress=promotion.progress,
        ended=promotion.ended,
        model=promotion.model,
        promotion=promotion.id,
        error=promotion.error,
        hint=promotion.hint,
    )


def waiting_in(project: Project) -> tuple[Waiting, ...]:
    """What the studio has written and customers do not have yet, and where it is."""
    paths = project.waiting()
    if not paths:
        return ()
    now = project.made_of().files
    candidates = {
        one.model: made_of
        for one in project.registry.models()
        if one.candidate and (made_of := project.known_to(one.model)) is not None
    }
    return tuple(Waiting(path, _holder(path, now, candidates)) for path in paths)


def _holder(path: str, now: Mapping[str, str], candidates: Mapping[str, Sources]) -> str:
    """The first, which is the newest, that has the file as it is: a deleted one by its absence."""
    for model, made_of in candidates.items():
        if made_of.files.get(path) == now.get(path):
            return model
    return ""
