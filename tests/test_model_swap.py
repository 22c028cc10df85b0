"""What `deskhand up` answers to a wish that it cannot fulfil. With real processes it is in
tests/e2e/test_swap.py."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.assistants import Assistants, Surroundings
from bot.learning.project import Project
from bot.learning.promotion import LOST, Promotion, Promotions, Stage
from bot.learning.registry import Registered
from bot.model_swap import ModelSwap
from bot.processes import Supervisor
from bot.status_board import StatusBoard
from bot.whereabouts import WAKE_ASSISTANT
from tests.polling import PATIENCE_S
from tests.setup.test_processes import until

RUN = "this-run"
NEW = Registered(model="deskhand-new.tar.gz", bytes=1, trained_at=1)


class Swapping:
    def __init__(self, redis: Redis[bytes], folder: Path) -> None:
        self.said = io.StringIO()
        board = StatusBoard(self.said, {})
        supervisor = Supervisor(logs=folder, report=board.report, notice=board.say)
        around = Surroundings(cwd=folder, token="t", env={})
        self.assistants = Assistants(
            supervisor, board, around, port=5005, moved=self._moved, deadline=1.0
        )
        project = Project(
            root=folder, models=folder / "models", logs=folder, cache=folder / "cache"
        )
        self.swap = ModelSwap(redis, RUN, self.assistants, project, board.say)
        self.promotions = Promotions(redis)

    async def _moved(self, url: str) -> None:
        pytest.fail("it has moved")

    async def ask(self, run: str = RUN) -> Promotion:
        return await self.promotions.ask(NEW, serving=None, run=run, by="anna")

    async def ended(self) -> Promotion:
        for _ in range(500):
            now = await self.promotions.latest()
            assert now is not None
            if now.stage.ended:
                return now
            await asyncio.sleep(0.01)
        raise AssertionError("it has not ended within 5 s")


@asynccontextmanager
async def swapping(redis: Redis[bytes], folder: Path, after: str = "") -> AsyncIterator[Swapping]:
    made = Swapping(redis, folder)
    task = asyncio.create_task(made.swap.run(after))
    try:
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_while_the_first_model_is_trained_that_is_the_answer(
    redis: Redis[bytes], tmp_path: Path
) -> None:
    async with swapping(redis, tmp_path) as made:
        await made.ask()
        ended = await made.ended()
    assert ended.stage is Stage.FAILED
    assert ended.error == "The model to start with is still being trained."
    assert "! deskhand-new.tar.gz was not brought into service" in made.said.getvalue()


async def test_a_model_that_is_gone_and_a_missing_file_are_named(
    redis: Redis[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Assistants, "model", "deskhand-old.tar.gz")
    async with swapping(redis, tmp_path) as made:
        await made.ask()
        assert "no model deskhand-new.tar.gz" in (await made.ended()).error
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / NEW.model).write_text("model")
        await made.ask()
        assert "data/smoke.yml: No such file" in (await made.ended()).error


async def test_a_wish_that_was_overtaken_is_refused(
    redis: Redis[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ask at once: both were checked against the model that served then, and the first has been
    fulfilled when the second comes."""
    monkeypatch.setattr(Assistants, "model", NEW.model)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / NEW.model).write_text("model")
    async with swapping(redis, tmp_path) as made:
        await made.ask()
        assert "serves already" in (await made.ended()).error


async def test_the_wish_to_another_run_is_left_alone(
    redis: Redis[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.model_swap.BEAT_S", 0.05)
    async with swapping(redis, tmp_path) as made:
        wish = await made.ask(run="another-run")
        async with redis.pubsub() as pubsub:  # it has begun to work when it tells where it is
            await pubsub.subscribe(WAKE_ASSISTANT)
            assert await pubsub.get_message(ignore_subscribe_messages=False, timeout=PATIENCE_S)
            assert await pubsub.get_message(ignore_subscribe_messages=True, timeout=PATIENCE_S)
        assert await made.promotions.latest() == wish


async def test_what_a_killed_run_had_in_hand_has_failed_at_the_next_start(
    redis: Redis[bytes], tmp_path: Path
) -> None:
    wish = await Promotions(redis).ask(NEW, serving=None, run="killed", by="anna")
    await Promotions(redis).say(wish.id, Stage.WORKING, progress="loading")
    async with swapping(redis, tmp_path, after="killed") as made:
        ended = await made.ended()
    assert (ended.stage, ended.error, ended.progress) == (Stage.FAILED, LOST, "")


async def test_who_is_stopped_in_the_middle_says_so(redis: Redis[bytes], tmp_path: Path) -> None:
    async with swapping(redis, tmp_path) as made:
        began = asyncio.Event()

        async def never(wish: Promotion) -> None:
            began.set()
            await asyncio.Event().wait()

        made.swap._swap = never  # type: ignore[method-assign]
        await made.ask()
        await asyncio.wait_for(began.wait(), PATIENCE_S)
    ended = await made.promotions.latest()
    assert ended is not None
    assert (ended.stage, ended.error) == (Stage.FAILED, LOST)


async def test_a_bug_stops_neither_the_service_nor_the_next_promotion(
    redis: Redis[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.model_swap.BEAT_S", 0.01)
    async with swapping(redis, tmp_path) as made:
        usual = made.swap._swap

        async def stumble(wish: Promotion) -> None:
            made.swap._swap = usual  # type: ignore[method-assign]
            raise ZeroDivisionError("a bug")

        made.swap._swap = stumble  # type: ignore[method-assign]
        wish = await made.ask()
        await until(lambda: "ZeroDivisionError: a bug" in made.said.getvalue())
        await made.promotions.say(wish.id, Stage.FAILED, error="as after twenty seconds")
        await made.ask()
        assert "still being trained" in (await made.ended()).error
