"""What the registry tells of models, and what it survives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.learning.registry import (
    REGISTRY,
    WHY_AT_MOST,
    Deleted,
    Evaluated,
    Figures,
    Happened,
    Model,
    ModelInUse,
    Promoted,
    Registry,
    RolledBack,
    Trained,
    UnknownModel,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


def trained(name: str, at: int, *, candidate: bool = False) -> Trained:
    return Trained(
        model=name,
        at=at,
        by="anna",
        why="gift cards",
        fingerprint=f"fp-{name}",
        seconds=60,
        candidate=candidate,
    )


def make(registry: Registry, name: str, at: int, *, candidate: bool = False) -> str:
    model = f"deskhand-{name}.tar.gz"
    registry.record(trained(model, at, candidate=candidate))
    (registry.models_dir / model).write_text(name)
    return model


def promote(registry: Registry, name: str, at: int, event: type = Promoted) -> None:
    before = registry.current()
    registry.make_current(registry.get(name).as_model())
    happened: Happened = event(model=name, at=at, by="ben", before=before.model if before else None)
    registry.record(happened)


def test_a_story_is_told_as_it_happened(registry: Registry) -> None:
    old = make(registry, "old", 1)
    promote(registry, old, 2)
    new = make(registry, "new", 3, candidate=True)
    judged = Evaluated(
        model=new,
        at=4,
        by="anna",
        against=old,
        report="deskhand-new.report.json",
        passed=True,
        reasons=(),
        figures=Figures(accuracy=0.9, sentences=100),
        before=Figures(accuracy=0.8, sentences=100),
    )
    registry.record(judged)
    first, second = registry.models()
    assert (first.model, first.candidate, first.current, first.by) == (new, True, False, "anna")
    assert first.evaluated == judged
    assert (second.model, second.candidate, second.current) == (old, False, True)
    promote(registry, new, 5)
    first, second = registry.models()
    assert (first.candidate, first.current, first.previous) == (False, True, False)
    assert (second.current, second.previous) == (False, True)
    assert [type(e) for e in first.story] == [Trained, Evaluated, Promoted]


def test_what_is_personal_in_a_reason_is_not_kept(registry: Registry) -> None:
    model = make(registry, "new", 1)
    why = "anna.berg@example.com got a wrong answer about NL-10482; " + "so it must serve. " * 90
    registry.record(Promoted(model=model, at=2, by="ben", why=why, overridden=("worse",)))
    kept = (registry.models_dir / REGISTRY).read_text(encoding="utf-8")
    assert "anna.berg" not in kept
    assert "10482" not in kept
    (told,) = [one for one in registry.get(model).story if isinstance(one, Promoted)]
    assert told.why.startswith("[e-mail] got a wrong answer about [order number]; so it")
    assert len(told.why) <= WHY_AT_MOST
    assert registry.get(model).story[0].why == "gift cards"


def test_a_rollback_of_a_rollback_leads_forward_again(registry: Registry) -> None:
    for at, name in enumerate(("a", "b", "c")):
        promote(registry, make(registry, name, at * 10), at * 10 + 1)
    before = registry.previous()
    assert before is not None
    assert before.model == "deskhand-b.tar.gz"
    promote(registry, before.model, 50, RolledBack)
    before = registry.previous()
    assert before is not None
    assert before.model == "deskhand-c.tar.gz"


def test_models_older_than_the_registry_are_there_all_the_same(registry: Registry) -> None:
    registry.models_dir.mkdir()
    for at, name in ((1_000, "old"), (2_000, "new")):
        path = registry.models_dir / f"deskhand-{name}.tar.gz"
        path.write_text(name)
        os.utime(path, (at, at))
    registry.make_current(
        Model(model="deskhand-new.tar.gz", fingerprint="f", trained_at=2_000_000, seconds=3)
    )
    new, old = registry.models()
    assert (new.current, new.fingerprint, new.seconds, new.story) == (True, "f", 3, ())
    assert (old.previous, old.trained_at) == (True, 1_000_000)


def test_without_anything_there_is_nothing(registry: Registry) -> None:
    assert registry.models() == []
    assert registry.events() == []
    assert registry.current() is None
    assert registry.previous() is None
    with pytest.raises(UnknownModel, match="There is no model x"):
        registry.get("x")


@pytest.mark.parametrize("keep", [1, 5, 40])
def test_a_torn_line_costs_nothing_but_itself(registry: Registry, keep: int) -> None:
    first = make(registry, "a", 1)
    file = registry.models_dir / REGISTRY
    whole = file.read_bytes()
    make(registry, "b", 2)
    file.write_bytes(file.read_bytes()[: len(whole) + keep])  # the power went
    assert [e.model for e in registry.events()] == [first]
    assert registry.unreadable() == 1
    third = make(registry, "c", 3)
    assert [e.model for e in registry.events()] == [first, third]
    assert registry.unreadable() == 1
    assert {one.model for one in registry.models()} == {first, "deskhand-b.tar.gz", third}


def test_many_may_write_at_once(registry: Registry) -> None:
    program = (
        "import pathlib, sys; from bot.learning.registry import Deleted, Registry\n"
        "r = Registry(pathlib.Path(sys.argv[1]))\n"
        "for n in range(50): r.record(Deleted(model='m', at=n, by=sys.argv[2], why='w' * 200))"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, registry.models_dir, str(n)], cwd=ROOT)
        for n in range(4)
    ]
    assert [writer.wait() for writer in writers] == [0] * 4
    assert len(registry.events()) == 200
    assert registry.unreadable() == 0


def test_what_is_needed_is_never_forgotten(registry: Registry) -> None:
    names = [make(registry, f"m{n}", n) for n in range(6)]
    waiting = [make(registry, f"waiting{n}", n, candidate=True) for n in range(4)]
    promote(registry, names[0], 100)
    promote(registry, names[1], 101)  # the current one is old, and the one before it older
    with registry.using(names[3]), registry.using(waiting[0]):
        gone = registry.forget(2, 2, at=200, by="deskhand up")
    assert gone == [names[2], waiting[1]]
    left = {one.model for one in registry.models()}
    assert left == {names[n] for n in (0, 1, 3, 4, 5)} | {waiting[n] for n in (0, 2, 3)}
    assert registry.forget(2, 2, at=201, by="deskhand up") == [names[3], waiting[0]]


def test_a_model_is_deleted_with_what_belongs_to_it_and_its_story_stays(
    registry: Registry,
) -> None:
    old = make(registry, "old", 1)
    promote(registry, old, 2)
    new = make(registry, "new", 3, candidate=True)
    for report in (registry.report_on(new, old), registry.report_on(old, new)):
        report.write_text("{}")
    sources = registry.models_dir / "deskhand-new.sources.json"
    sources.write_text("{}")
    registry.delete(new, at=4, by="olga", why="no good")
    assert [one.model for one in registry.models()] == [old]
    assert not list(registry.models_dir.glob("*.report.json"))
    assert not sources.exists()
    assert registry.events()[-1] == Deleted(model=new, at=4, by="olga", why="no good")
    with pytest.raises(UnknownModel):
        registry.delete(new, at=5, by="olga")


def test_what_serves_or_served_before_is_not_deleted(registry: Registry) -> None:
    old, new = make(registry, "old", 1), make(registry, "new", 2)
    promote(registry, old, 3)
    promote(registry, new, 4)
    with pytest.raises(ModelInUse, match="serves"):
        registry.delete(new, at=5, by="olga")
    with pytest.raises(ModelInUse, match="a rollback goes back to"):
        registry.delete(old, at=5, by="olga")
    assert len(registry.models()) == 2


def test_what_is_at_work_in_another_process_is_not_deleted(registry: Registry) -> None:
    name = make(registry, "new", 1, candidate=True)
    program = (
        "import pathlib, sys; from bot.learning.registry import Registry\n"
        "with Registry(pathlib.Path(sys.argv[1])).using(sys.argv[2]):\n"
        "    print('has it', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, registry.models_dir, name],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"has it\n"
    with pytest.raises(ModelInUse, match="compared or put into service just now"):
        registry.delete(name, at=2, by="olga")
    holder.kill()  # the lock ends with it, however it ends
    holder.communicate()
    registry.delete(name, at=3, by="olga")
    with pytest.raises(UnknownModel), registry.using(name):
        pytest.fail("it is gone")


@pytest.mark.parametrize("name", ["../secret", "current.json", "deskhand-..%2Fx", ""])
def test_nothing_but_a_model_is_deleted(registry: Registry, name: str) -> None:
    registry.models_dir.mkdir()
    (registry.models_dir / "current.json").write_text("{}")
    with pytest.raises(UnknownModel):
        registry.delete(name, at=1, by="olga")
    assert (registry.models_dir / "current.json").exists()


def test_what_is_trained_again_after_it_was_deleted_has_proven_nothing(
    registry: Registry,
) -> None:
    for at, name in enumerate(("a", "b", "c")):
        promote(registry, make(registry, name, at * 10), at * 10 + 1)
    registry.delete("deskhand-a.tar.gz", at=50, by="olga")
    make(registry, "a", 60, candidate=True)
    again = registry.get("deskhand-a.tar.gz")
    assert (again.candidate, again.evaluated) == (True, None)
    assert [type(e) for e in again.story] == [Trained]


def test_files_keep_the_mode_that_somebody_gave_them(registry: Registry) -> None:
    name = make(registry, "a", 1)
    registry.make_current(registry.get(name).as_model())
    current = registry.models_dir / "current.json"
    current.chmod(0o640)
    registry.make_current(registry.get(name).as_model())
    assert current.stat().st_mode & 0o777 == 0o640
