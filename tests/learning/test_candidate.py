"""A candidate is trained beside the current model; whatever goes wrong leaves that one alone."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from pathlib import Path

import pytest

from bot.errors import JobRunning, TrainingFailed
from bot.learning.project import Project
from bot.learning.registry import Registry, Trained
from bot.learning.sources import NOTES, note_studio_write
from bot.learning.train import DRAFT, TRAINING_LOCK, train, train_candidate
from tests.learning.projects import GOOD, quiet, serving_project, teach, with_rasa
from tests.polling import soon

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def project(tmp_path: Path) -> Project:
    return await serving_project(tmp_path / "project")


def state(project: Project) -> dict[str, bytes]:
    """All files of `models/` that matter to what runs."""
    return {
        path.name: path.read_bytes()
        for path in project.models.iterdir()
        if path.is_file() and path.name != TRAINING_LOCK
    }


async def test_a_candidate_leaves_the_current_model_what_it_is(project: Project) -> None:
    before = state(project)
    teach(project, "good morning")
    model = await train_candidate(project, quiet, by="anna", why="greetings")
    after = state(project)
    assert {name: after[name] for name in before if name != "registry.jsonl"} == {
        name: content for name, content in before.items() if name != "registry.jsonl"
    }
    assert after["registry.jsonl"].startswith(before["registry.jsonl"])
    assert (project.models / model.model).read_text() == "model"
    candidate, current = Registry(project.models).models()
    assert (candidate.model, candidate.candidate, candidate.by, candidate.why) == (
        model.model,
        True,
        "anna",
        "greetings",
    )
    assert current.current


async def test_without_a_change_there_is_nothing_to_train(project: Project) -> None:
    with pytest.raises(TrainingFailed, match="Nothing has changed since deskhand-"):
        await train_candidate(project, quiet, by="anna")
    forced = await train_candidate(project, quiet, by="anna", force=True)
    assert forced.model != Registry(project.models).models()[-1].model
    assert len(list(project.models.glob("*.tar.gz"))) == 2


async def test_the_same_candidate_is_not_trained_twice(project: Project) -> None:
    teach(project, "good morning")
    first = await train_candidate(project, quiet, by="anna")
    second = await train_candidate(with_rasa(project.root, "exit(1)"), quiet, by="ben")
    assert second == first
    events = [e for e in Registry(project.models).events() if isinstance(e, Trained)]
    assert len(events) == 2


async def test_a_candidate_survives_many_trainings(project: Project) -> None:
    teach(project, "good morning")
    candidate = await train_candidate(project, quiet, by="anna")
    for number in range(6):
        teach(project, f"good day {number}")
        await train(project, quiet)
    assert (project.models / candidate.model).is_file()


# ------------------------------------------------------------------------------------- faults


async def test_training_while_training_names_who_and_since_when(project: Project) -> None:
    teach(project, "good morning")
    go = project.root / "go"
    slow = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    first = asyncio.create_task(
        train_candidate(with_rasa(project.root, slow + GOOD), quiet, by="anna", why="greetings")
    )
    await soon(lambda: list(project.models.glob(f"{DRAFT}*")), what="the training")
    for other in (
        train_candidate(project, quiet, by="ben"),
        train(project, quiet, by="deskhand up"),
    ):
        with pytest.raises(JobRunning, match=r"A training is at work already, for anna since"):
            await other
    go.write_text("")
    assert (await first).model in state(project)


async def test_a_full_disk_is_said_and_harms_nothing(project: Project) -> None:
    before = state(project)
    teach(project, "good morning")
    full = (
        "import os, sys; f = open('/dev/full', 'w')\n"
        "try: f.write('x' * 100000); f.flush()\n"
        "except OSError as why: print(f'OSError: {why}'); os._exit(1)"
    )
    with pytest.raises(TrainingFailed, match="the disk is full") as failure:
        await train_candidate(with_rasa(project.root, full), quiet, by="anna")
    assert "current model is untouched" in failure.value.hint
    assert state(project) == before


async def test_a_disk_that_is_full_for_us_is_said_and_harms_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(project)
    teach(project, "good morning")

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TrainingFailed, match=r"cannot be written: No space left on device"):
        await train_candidate(project, quiet, by="anna")
    monkeypatch.undo()
    assert state(project) == before
    assert not list(project.models.glob(f"{DRAFT}*"))


async def test_broken_learned_data_are_named_and_harm_nothing(project: Project) -> None:
    before = state(project)
    learned = project.root / "data/nlu/learned/greet.yml"
    learned.parent.mkdir()
    learned.write_text("version: '3.1'\nnlu:\n  - intent: greet\n   examples: |\n")
    with pytest.raises(TrainingFailed, match=r"^data/nlu/learned/greet\.yml, line 4, column 4"):
        await train_candidate(project, quiet, by="anna")
    assert state(project) == before


async def test_kill_9_during_a_training_leaves_the_current_model_and_no_lock(
    project: Project,
) -> None:
    before = state(project)
    teach(project, "good morning")
    program = (
        "import asyncio, pathlib, sys\n"
        "from bot.learning.train import train_candidate\n"
        "from tests.learning.projects import with_rasa\n"
        "rasa = 'import time; time.sleep(60)'\n"
        "project = with_rasa(pathlib.Path(sys.argv[1]), rasa)\n"
        "asyncio.run(train_candidate(project, lambda _: None, by='anna'))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(project.root), cwd=ROOT
    )
    await soon(lambda: list(project.models.glob(f"{DRAFT}*")), what="the training")
    with (project.models / TRAINING_LOCK).open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    assert state(project) == before
    model = await train_candidate(project, quiet, by="ben")
    assert (project.models / model.model).is_file()
    assert not list(project.models.glob(f"{DRAFT}*")), "what was left lying is gone"


# --------------------------------------------------------------------- what waits for a decision


async def test_what_the_studio_wrote_waits_and_what_people_wrote_does_not(
    project: Project,
) -> None:
    teach(project, "good morning")
    assert project.waiting() == []
    await train(project, quiet)
    learned = project.root / "data/nlu/learned/greet.yml"
    note_studio_write(project.root, learned)
    assert project.waiting() == [], "noted, and not written"
    learned.parent.mkdir()
    learned.write_text("version: '3.1'\nnlu: []\n")
    assert project.waiting() == ["data/nlu/learned/greet.yml"]
    teach(project, "good evening")
    assert project.waiting() == ["data/nlu/learned/greet.yml"]


async def test_what_was_promoted_no_longer_waits(project: Project) -> None:
    note_studio_write(project.root, Path("domain.yml"))
    domain = project.root / "domain.yml"
    domain.write_text(domain.read_text() + "  - thank\n")
    candidate = await train_candidate(project, quiet, by="anna")
    assert project.waiting() == ["domain.yml"], "it is a candidate, no more"
    Registry(project.models).make_current(candidate)
    assert project.waiting() == []
    domain.write_text(domain.read_text() + "  - bye\n")
    assert project.waiting() == [], "that was written by hand"


async def test_what_the_studio_took_back_does_not_wait(project: Project) -> None:
    domain = project.root / "domain.yml"
    text = domain.read_text()
    for content in (text + "  - thank\n", text):
        note_studio_write(project.root, domain)
        domain.write_text(content)
    assert project.waiting() == []


async def test_changed_components_need_a_model_of_their_own(project: Project) -> None:
    note_studio_write(project.root, Path("domain.yml"))
    (project.root / "domain.yml").write_text("intents: [greet, thank]\n")
    (project.root / "bot/nlu/reader.py").write_text("WORDS = 4\n")
    assert project.waiting() == []


@pytest.mark.parametrize("damage", ["no list beside the model", "notes begun anew", "a torn line"])
async def test_in_doubt_it_waits(project: Project, damage: str) -> None:
    current = project.current()
    assert current is not None
    note_studio_write(project.root, Path("data/nlu/talk.yml"))
    if damage == "no list beside the model":
        project.sources_of(current.model).unlink()
    elif damage == "notes begun anew":
        note_studio_write(project.root, Path("domain.yml"))
        await train(project, quiet)
        (project.root / NOTES).unlink()
        note_studio_write(project.root, Path("data/nlu/talk.yml"))
    else:
        with (project.root / NOTES).open("ab") as notes:
            notes.write(b'"dom')
    teach(project, "good morning")
    assert project.waiting() == ["data/nlu/talk.yml"]


def test_help_pages_outside_the_project_can_be_saved(tmp_path: Path) -> None:
    from bot.learning.help_edits import NEW, save_page

    root, pages = tmp_path / "project", tmp_path / "pages"
    root.mkdir()
    pages.mkdir()
    save_page(root, pages, "repairs", "# Repairs\n\nWe mend zips.\n", NEW)
    assert (pages / "repairs.md").read_text(encoding="utf-8").startswith("# Repairs")
