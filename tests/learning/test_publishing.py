"""Publishing: how far it is, told by the job and the promotion together, and what waits for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.instance import Running, announce, only_one
from bot.learning import train_job
from bot.learning.jobs import LOST, Job, Jobs, JobState
from bot.learning.project import Project
from bot.learning.promotion import LOST as PROMOTION_LOST
from bot.learning.promotion import Promotion, Promotions, Stage
from bot.learning.publishing import (
    COMPARE,
    PROMOTE,
    State,
    Waiting,
    publishing_of,
    waiting_in,
)
from bot.learning.registry import Registry
from bot.learning.run_job import Context
from bot.learning.sources import note_studio_write
from bot.learning.train import train_candidate
from bot.learning.trial import Place
from bot.settings import Settings
from tests.learning.projects import quiet, serving_project, teach
from tests.learning.test_trial import NEW, OLD, place, script, tried

__all__ = ["place"]

RUN = "this-run"
WORSE = {"heya": "hours", "good day": "hours"}


# ------------------------------------------------------------------------------- how far it is


def job(state: JobState = JobState.RUNNING, **more: Any) -> Job:
    return Job(
        **{
            "id": "train-1",
            "kind": "train",
            "by": "olga",
            "asked": 1_000,
            "state": state,
            "args": {"publish": True},
            **more,
        }
    )


def promotion(stage: Stage = Stage.WORKING, **more: Any) -> Promotion:
    return Promotion(
        **{
            "id": "p1",
            "model": NEW,
            "run": RUN,
            "by": "olga",
            "asked": 2_000,
            "stage": stage,
            **more,
        }
    )


REFUSED = {"model": NEW, "against": OLD, "passed": False, "reasons": ["greet: 1 of 3."]}
PASSED = {"model": NEW, "against": OLD, "passed": True, "reasons": []}


@pytest.mark.parametrize(
    ("told", "wish", "state", "step", "error"),
    [
        (job(JobState.QUEUED), None, State.WORKING, "train", ""),
        (job(step=COMPARE), None, State.WORKING, "compare", ""),
        (job(JobState.DONE, result=REFUSED), None, State.REFUSED, "compare", ""),
        (
            job(JobState.DONE, step=PROMOTE, result={**PASSED, "published": True}),
            None,
            State.SERVED,
            "promote",
            "",
        ),
        (
            job(
                JobState.DONE,
                step=PROMOTE,
                result={**PASSED, "published": False, "stopped": "no memory"},
            ),
            None,
            State.STOPPED,
            "promote",
            "no memory",
        ),
        (job(JobState.FAILED, step=COMPARE, error=LOST), None, State.STOPPED, "compare", LOST),
        (job(JobState.CANCELLED), None, State.STOPPED, "train", "It was cancelled."),
        # The promotion goes on when the job's process is killed, and is believed.
        (job(JobState.FAILED, step=PROMOTE), promotion(), State.WORKING, "promote", ""),
        (job(JobState.FAILED, step=PROMOTE), promotion(Stage.DONE), State.SERVED, "promote", ""),
        (
            job(JobState.RUNNING, step=PROMOTE),
            promotion(Stage.FAILED, error=PROMOTION_LOST),
            State.STOPPED,
            "promote",
            PROMOTION_LOST,
        ),
        # An owner has overridden the gate.
        (
            job(JobState.DONE, result=REFUSED),
            promotion(Stage.DONE, by="ben", because="all the same"),
            State.SERVED,
            "promote",
            "",
        ),
    ],
)
def test_it_is_told_from_the_job_and_the_promotion(
    told: Job, wish: Promotion | None, state: State, step: str, error: str
) -> None:
    found = publishing_of(told, wish)
    assert found is not None
    assert (found.state, found.step, found.error) == (state, step, error)


@pytest.mark.parametrize(
    "others",
    [
        promotion(Stage.DONE, asked=999),
        promotion(Stage.DONE, model="deskhand-other.tar.gz"),
        promotion(Stage.DONE, rollback=True),
    ],
)
def test_a_promotion_of_something_else_is_not_counted(others: Promotion) -> None:
    found = publishing_of(job(JobState.DONE, result=REFUSED), others)
    assert found is not None
    assert (found.state, found.reasons, found.promotion) == (
        State.REFUSED,
        ("greet: 1 of 3.",),
        "",
    )


def test_a_killed_job_is_not_given_the_promotion_that_somebody_else_wanted() -> None:
    for others in (promotion(Stage.DONE, by="ben"),):
        found = publishing_of(job(JobState.FAILED, step=PROMOTE, error=LOST), others)
        assert found is not None
        assert (found.state, found.error) == (State.STOPPED, LOST)


def test_without_a_job_there_is_nothing_to_tell() -> None:
    assert publishing_of(None, promotion()) is None


# --------------------------------------------------------------------------------- what waits


def taught(project: Project, sentence: str) -> None:
    """As the studio does it."""
    note_studio_write(project.root, Path("data/nlu/talk.yml"))
    teach(project, sentence)


async def test_what_waits_is_looked_for_in_the_candidates(tmp_path: Path) -> None:
    project = await serving_project(tmp_path / "project")
    assert waiting_in(project) == ()
    taught(project, "good morning")
    assert waiting_in(project) == (Waiting("data/nlu/talk.yml"),)
    first = await train_candidate(project, quiet, by="anna")
    assert waiting_in(project) == (Waiting("data/nlu/talk.yml", first.model),)
    second = await train_candidate(project, quiet, by="anna", force=True)
    assert waiting_in(project) == (Waiting("data/nlu/talk.yml", second.model),)
    taught(project, "good evening")
    assert waiting_in(project) == (Waiting("data/nlu/talk.yml"),)


# ------------------------------------------------------------------------------------ the job


@pytest.fixture
def project(place: Place, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Whose training gives `NEW`, beside `OLD`, which serves."""
    registry = Registry(place.models)
    registry.make_current(registry.get(OLD).as_model())

    async def trained(*_: object, **__: object) -> Any:
        return registry.get(NEW).as_model()

    monkeypatch.setattr(train_job, "train_candidate", trained)
    return Project(
        root=place.root, models=place.models, logs=place.root / "log", cache=place.root / "cache"
    )


@contextmanager
def up(var: Path, run: str = RUN) -> Iterator[None]:
    """As if `deskhand up` ran."""
    with only_one(var):
        announce(var, Running(pid=os.getpid(), url="", redis_url="", run=run, model=OLD))
        yield


@pytest.fixture
async def served(redis: Redis[bytes]) -> AsyncIterator[dict[str, str]]:
    """Somebody who does what `deskhand up` does: what is put into the dictionary as "error" stops
    it."""
    promotions, how = Promotions(redis), dict[str, str]()
    over = asyncio.Event()

    async def serve() -> None:
        while not over.is_set():
            wish = await promotions.latest()
            if wish is not None and not wish.stage.ended:
                await promotions.say(wish.id, Stage.WORKING, progress="loading the model")
                stage = Stage.FAILED if "error" in how else Stage.DONE
                await promotions.say(wish.id, stage, progress="", **how)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(serve())
    yield how
    over.set()  # not cancelled: a cancellation in the middle of a command to Redis may get lost
    await task


class Publisher:
    """Runs the job with a reader that follows a script."""

    def __init__(
        self, place: Place, project: Project, redis: Redis[bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.steps: list[str] = []
        self.said: list[tuple[str, float]] = []
        self._monkeypatch = monkeypatch
        self._context = Context(Settings(var=place.root / "var"), place.root, redis, self._step)
        monkeypatch.setattr(train_job, "project_of", lambda *_: project)
        monkeypatch.setattr(train_job, "place_of", lambda *_: place)

    async def _step(self, name: str) -> None:
        self.steps.append(name)

    async def _progress(self, words: str, fraction: float) -> None:
        self.said.append((words, fraction))

    async def run(self, *, publish: bool = True, **wrong: dict[str, str]) -> dict[str, Any]:
        usual = train_job.train_and_compare

        async def scripted(*args: Any, **more: Any) -> Any:
            return await usual(*args, **{**more, "reader": script(**wrong)})

        with self._monkeypatch.context() as patch:
            patch.setattr(train_job, "train_and_compare", scripted)
            asked = Job(
                id="train-1",
                kind="train",
                by="olga",
                asked=1,
                args={"publish": publish, "why": "gifts"},
            )
            return await train_job.run(asked, self._context, self._progress)


@pytest.fixture
def publisher(
    place: Place, project: Project, redis: Redis[bytes], monkeypatch: pytest.MonkeyPatch
) -> Publisher:
    return Publisher(place, project, redis, monkeypatch)


async def test_what_passes_the_gate_is_put_into_service(
    publisher: Publisher, place: Place, redis: Redis[bytes], served: dict[str, str]
) -> None:
    with up(place.root / "var"):
        told = await publisher.run()
    assert told == {**PASSED, "published": True}
    assert publisher.steps == ["train", "compare", "promote"]
    fractions = [fraction for _, fraction in publisher.said]
    assert fractions == sorted(fractions)
    wish = await Promotions(redis).latest()
    assert wish is not None
    assert (wish.model, wish.by, wish.because) == (NEW, "olga", "published: gifts")
    assert (wish.overridden, wish.rollback, wish.run) == ((), False, RUN)


async def test_what_the_gate_refuses_is_not(
    publisher: Publisher, place: Place, redis: Redis[bytes]
) -> None:
    with up(place.root / "var"):
        told = await publisher.run(new=WORSE)
    assert told["passed"] is False
    assert "greet: 1 of 3" in told["reasons"][0]
    assert publisher.steps == ["train", "compare"]
    assert await Promotions(redis).latest() is None


async def test_a_training_without_the_wish_promotes_nothing(
    publisher: Publisher, place: Place, redis: Redis[bytes]
) -> None:
    with up(place.root / "var"):
        assert await publisher.run(publish=False) == PASSED
    assert await Promotions(redis).latest() is None


async def test_a_promotion_that_fails_is_told_and_the_candidate_is_kept(
    publisher: Publisher, place: Place, served: dict[str, str]
) -> None:
    served |= {"error": "There is too little memory.", "hint": "Free some."}
    with up(place.root / "var"):
        told = await publisher.run()
    assert told == {
        **PASSED,
        "published": False,
        "stopped": "There is too little memory.",
        "hint": "Free some.",
    }
    assert Registry(place.models).get(NEW).candidate


async def test_another_promotion_in_the_way_is_told(
    publisher: Publisher, place: Place, redis: Redis[bytes]
) -> None:
    other = Registry(place.models).get(OLD)
    await Promotions(redis).ask(other, serving=None, run=RUN, by="ben")
    with up(place.root / "var"):
        told = await publisher.run()
    assert told["published"] is False
    assert "is under way, for ben since" in told["stopped"]


async def test_without_a_running_deskhand_nothing_is_asked_for(publisher: Publisher) -> None:
    told = await publisher.run()
    assert (told["published"], told["stopped"]) == (False, "Deskhand does not run here.")
    assert "deskhand promote" in told["hint"]


async def test_a_deskhand_that_is_stopped_on_the_way_is_told(
    publisher: Publisher, place: Place, redis: Redis[bytes]
) -> None:
    with up(place.root / "var"):
        task = asyncio.create_task(publisher.run())
        while await Promotions(redis).latest() is None:
            await asyncio.sleep(0.02)
    told = await asyncio.wait_for(task, 30)
    assert told["stopped"] == "Deskhand was stopped before it was done."


async def test_a_job_that_is_killed_says_how_far_it_had_come(redis: Redis[bytes]) -> None:
    jobs = Jobs(redis)
    asked = await jobs.submit("train", {"publish": True}, "olga")
    await jobs.take()
    await jobs.step(asked.id, COMPARE)
    await jobs.abandon()
    found = publishing_of(await jobs.get(asked.id), await Promotions(redis).latest())
    assert found is not None
    assert (found.state, found.step, found.error) == (State.STOPPED, COMPARE, LOST)


async def test_a_comparison_with_what_no_longer_serves_stops_it(
    publisher: Publisher, place: Place, served: dict[str, str]
) -> None:
    with only_one(place.root / "var"):
        running = Running(
            pid=os.getpid(), url="", redis_url="", run=RUN, model="deskhand-third.tar.gz"
        )
        announce(place.root / "var", running)
        told = await publisher.run()
    assert told["published"] is False
    assert f"It was compared with {OLD}, which does not serve now." in told["stopped"]


async def test_the_scripted_candidate_is_as_good_as_the_model_that_serves(place: Place) -> None:
    """What the tests above rest on."""
    assert (await tried(place, script())).verdict.passed
