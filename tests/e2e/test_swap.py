"""Promotions under `deskhand up`, with scripted assistants in Rasa's place: customers write all the
while, and any process is killed at any point."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import count

import psutil
import pytest
import redis as sync_redis

from bot.learning.promotion import PROMOTION
from bot.learning.registry import Promoted, RolledBack
from bot.machine import may_come_back
from bot.smoke import AT_MOST, ID, TRACKER
from bot.up import PROCESSES
from tests.e2e.test_faults import Agent
from tests.scripted_assistant import until
from tests.swap_world import Command, SwapWorld, Writer, file_of, name_of, swap_world

pytestmark = pytest.mark.timeout(600)

#: What `promote` says while the new assistant is held at its gate.
SAYS = {"loading": "loading the model", "smoke": "the smoke conversations"}
DRAINING = "letting the old one finish"
numbers = count(1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwapWorld]:
    with swap_world(tmp_path_factory.mktemp("swap")) as world:
        yield world


@pytest.fixture
def world(shared: SwapWorld) -> SwapWorld:
    """A Deskhand that is whole, whichever model serves."""
    until(shared.ready, within=180, what="being whole")
    return shared


@pytest.fixture
def old(world: SwapWorld) -> str:
    """The model that serves."""
    return name_of(world.current)


def a_new_one(world: SwapWorld, held: str = "") -> str:
    name = f"m{next(numbers)}"
    world.model(name, held=held)
    return name


def promoting(world: SwapWorld, name: str, until_it_says: str) -> Command:
    command = world.command("promote", name)
    command.says(until_it_says)
    return command


def test_a_promotion_and_a_rollback_lose_and_double_nothing(world: SwapWorld, old: str) -> None:
    new = a_new_one(world)
    writers = [Writer(world, name) for name in ("anna", "ben", "carla")]
    for writer in writers:
        writer.start()
    command = world.command("promote", new, "--because", "it is better")
    assert command.code() == 0, command.output
    assert command.output.splitlines()[-1] == f"{file_of(new)} serves now."
    assert world.serves(new)
    command = world.command("rollback")
    assert command.code() == 0, command.output
    assert world.serves(old)
    for writer in writers:
        writer.wait_for_one_more()
        answered = writer.finish()
        # By the old, then by the new, then by the old again; never to and fro.
        turns = [name for n, name in enumerate(answered) if n == 0 or answered[n - 1] != name]
        assert turns == [old, new, old]
    promoted, back = world.registry.events()[-2:]
    assert isinstance(promoted, Promoted)
    assert (promoted.model, promoted.before) == (file_of(new), file_of(old))
    assert promoted.why == "it is better"
    assert "(terminal)" in promoted.by
    assert isinstance(back, RolledBack)
    assert (back.model, back.before) == (file_of(old), file_of(new))


@pytest.mark.parametrize("victim", ["candidate", "old", "gateway", "redis"])
@pytest.mark.parametrize("gate", SAYS)
def test_a_kill_before_the_switch_costs_no_message_and_the_old_one_serves(
    world: SwapWorld, old: str, gate: str, victim: str
) -> None:
    new = a_new_one(world, held=gate)
    writer = Writer(world, "anna")
    writer.write()
    command = promoting(world, new, SAYS[gate])
    world.kill({"candidate": file_of(new), "old": file_of(old)}.get(victim, victim))
    writer.write()
    writer.wait_for(2)
    assert world.current == file_of(old)
    world.release(new, gate)
    code = command.code()
    if victim == "candidate":
        assert code == 1
        assert "killed by SIGKILL" in command.output
        assert world.serves(old)
    else:
        assert code == 0, command.output
        assert world.serves(new)
    writer.write()
    assert writer.finish() == [old, old, old if victim == "candidate" else new]


@pytest.mark.parametrize("victim", ["new", "old", "gateway", "redis"])
def test_a_kill_after_the_switch_costs_no_message_either(
    world: SwapWorld, old: str, victim: str
) -> None:
    new = a_new_one(world)
    writer = Writer(world, "anna")
    world.hold(old, "turns")
    writer.write()
    until(lambda: world.turns_under_way() == 1, what="the turn's beginning")
    command = promoting(world, new, DRAINING)
    world.kill({"new": file_of(new), "old": file_of(old)}.get(victim, victim))
    if victim == "new":
        assert command.code() == 1
        assert "The old assistant serves again" in command.output
        assert world.serves(old)
    world.release(old, "turns")
    if victim != "new":
        assert command.code() == 0, command.output
        assert world.serves(new)
    writer.wait_for(1)
    writer.write()
    answered = writer.finish()
    after = old if victim == "new" else new
    # What was in flight ends at the old one, unless nobody waits for it there any more.
    first = {"new": {old}, "old": {new}, "gateway": {new}, "redis": {old, new}}[victim]
    assert answered[0] in first
    assert answered[1:] == [after]


@pytest.mark.parametrize("point", [*SAYS, DRAINING])
def test_a_kill_of_everything_leaves_the_old_one_before_the_switch_and_the_new_one_after(
    world: SwapWorld, old: str, point: str
) -> None:
    before = point in SAYS
    new = a_new_one(world, held=point if before else "")
    writer = Writer(world, "anna")
    if not before:
        world.hold(old, "turns")
    writer.write()
    if before:
        writer.wait_for(1)
    command = promoting(world, new, SAYS.get(point, DRAINING))
    world.kill("up")
    assert command.code() == 1
    assert "Deskhand was stopped before it was done" in command.output
    for name, gate in ((new, point), (old, "turns")):
        if gate in ("loading", "smoke", "turns"):
            world.release(name, gate)
    world.start()
    serves = old if before else new
    assert world.serves(serves)
    writer.write()
    answered = writer.finish()
    assert answered[-1] == serves
    # Nothing is left of it that would stop the next one.
    again = world.command("promote", new if before else old)
    assert again.code() == 0, again.output


def test_ctrl_c_in_the_middle_ends_everything_and_leaves_the_old_one(
    world: SwapWorld, old: str
) -> None:
    new = a_new_one(world, held="loading")
    command = promoting(world, new, SAYS["loading"])
    assert world.up is not None
    family = psutil.Process(world.up.pid).children(recursive=True)
    began = time.monotonic()
    world.stop()
    assert time.monotonic() - began < 30
    assert not psutil.wait_procs(family, timeout=30)[1]
    assert command.code() == 1
    assert "was stopped" in command.output
    world.start()
    assert world.serves(old)


def test_the_bot_stays_silent_when_a_person_speaks_during_the_switch(
    world: SwapWorld, old: str
) -> None:
    agent = Agent(world)
    new = a_new_one(world)
    writer = Writer(world, "anna")
    world.hold(old, "turns")
    writer.write()
    until(lambda: world.turns_under_way() == 1, what="the turn's beginning")
    command = promoting(world, new, DRAINING)
    agent.act(writer.conversation, "claim", take_over=True)
    agent.act(writer.conversation, "reply", text="Anna here")
    world.release(old, "turns")
    assert command.code() == 0, command.output
    writer.write()
    agent.act(writer.conversation, "reply", text="still me")
    until(lambda: writer.log[-1].get("text") == "still me", what="the last reply")
    kinds = [entry["kind"] for entry in writer.log]
    assert kinds.count("bot_answered") == 1, "the greeting"
    assert writer.close() == ["anna 0", "anna 1"]
    agent.http.close()


def test_a_second_promotion_is_told_whose_was_first_and_since_when(
    world: SwapWorld, old: str
) -> None:
    first, second = a_new_one(world, held="loading"), a_new_one(world)
    command = promoting(world, first, SAYS["loading"])
    candidate = world.process(file_of(first))
    assert candidate is not None
    background = os.SCHED_IDLE if may_come_back() else os.SCHED_OTHER
    assert os.sched_getscheduler(candidate.pid) == background
    for words in (("promote", second), ("rollback",)):
        refused = world.command(*words)
        assert refused.code() == 1
        assert f"The promotion of {file_of(first)} is under way, for" in refused.output
        assert "(terminal) since " in refused.output
        assert SAYS["loading"] in refused.output
    world.release(first, "loading")
    assert command.code() == 0, command.output
    assert world.serves(first)
    assert os.sched_getscheduler(candidate.pid) == os.SCHED_OTHER


@pytest.mark.parametrize(
    ("behaviour", "because"),
    [
        ("broken", "it ended with code 1; it said: Error: the model cannot be read"),
        ("mute", "to “hi there” it should answer, and it said nothing"),
    ],
)
def test_a_model_that_does_not_start_or_answers_wrongly_never_serves(
    world: SwapWorld, old: str, behaviour: str, because: str
) -> None:
    new = f"m{next(numbers)}"
    world.model(new, broken=behaviour == "broken", mute=behaviour == "mute")
    command = world.command("promote", new)
    assert command.code() == 1
    assert because in command.output
    assert world.serves(old)
    assert file_of(new) in world.said.read_text()


def test_a_disk_that_does_not_take_it_leaves_the_old_one_serving(
    world: SwapWorld, old: str
) -> None:
    assert world.up is not None
    new = a_new_one(world)
    writer = Writer(world, "anna")
    writer.start()
    in_the_way = world.models / f".current.json.{world.up.pid}"
    in_the_way.mkdir()
    command = world.command("promote", new)
    assert command.code() == 1
    assert "The old assistant serves again" in command.output
    in_the_way.rmdir()
    assert world.serves(old)
    writer.wait_for_one_more()
    assert writer.finish()[-1] == old


def test_no_trace_is_left_of_the_smoke_conversations_and_the_board_is_clean(
    world: SwapWorld,
) -> None:
    command = world.command("promote", a_new_one(world))
    assert command.code() == 0, command.output
    with sync_redis.Redis.from_url(world.running.redis_url) as redis:
        ids = [ID.format(number) for number in range(AT_MOST)]
        assert not redis.exists(*(key.format(id) for id in ids for key in TRACKER))
        assert not list(redis.scan_iter("*smoke-*"))
        assert redis.hget(PROMOTION, "stage") == b"done"
    stopped = world.stop_and_read()
    names = {line.partition(":")[0] for line in stopped.splitlines() if line.endswith(": stopped")}
    assert names == set(PROCESSES)
    world.start()


def test_without_a_running_deskhand_the_next_start_is_told(world: SwapWorld, old: str) -> None:
    new = a_new_one(world)
    world.stop_and_read()
    command = world.command("promote", new, "--because", "at night")
    assert command.code() == 0, command.output
    assert f"The next start begins with {file_of(new)}." in command.output
    assert world.current == file_of(new)
    refused = world.command("promote", new)
    assert refused.code() == 1
    assert "is the model that serves already" in refused.output
    command = world.command("rollback")
    assert command.code() == 0, command.output
    assert world.current == file_of(old)
    world.start()
    assert world.serves(old)
