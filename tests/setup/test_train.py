"""What a model depends on, what goes wrong when it is made, and which ones are kept.

`rasa train` is a script here; the real one makes the model of `tests/conversations`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import TrainingFailed
from bot.learning.project import MODELS_KEPT, Project
from bot.learning.registry import Deleted, Model
from bot.learning.train import TRAINING_LOCK, check_files, train, train_candidate
from tests.learning.projects import CONFIG, GOOD, quiet, with_rasa

BAD = """
import pathlib, sys
print("INFO  rasa - Loading", flush=True)
print("\\x1b[91mYamlValidationException: Failed to validate '" + str(pathlib.Path.cwd()) +
      "/domain.yml'. Please make sure the file is correct.\\x1b[0m")
print("  in domain.yml:4:")
print("      Value 'x' is not a dict. Value path: '/responses'")
sys.exit(1)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    for path, text in {
        "config.yml": CONFIG,
        "domain.yml": "version: '3.1'\nintents:\n  - greet\n",
        "data/nlu/talk.yml": "version: '3.1'\nnlu:\n  - intent: greet\n",
        "data/triage.yml": "confidence: 0.5\n",
        "bot/__init__.py": "",
        "bot/nlu/reader.py": "from bot.nlu.words import WORDS\n",
        "bot/nlu/words.py": "WORDS = 3\n",
        "bot/nlu/background.txt": "nice weather today\n",
        "bot/nlu/channel.py": "import sanic\n",
        "bot/app.py": "",
        "actions/greet.py": "",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return with_rasa(root, GOOD)


# ------------------------------------------------------------------------------- fingerprint


@pytest.mark.parametrize(
    "path",
    [
        "config.yml",
        "domain.yml",
        "data/nlu/talk.yml",
        "data/rules/new.yml",
        "bot/nlu/reader.py",
        "bot/nlu/words.py",
        "bot/nlu/background.txt",
        "data/cues/person.yml",
    ],
)
def test_a_change_of_what_a_model_is_made_of_changes_the_fingerprint(
    project: Project, path: str
) -> None:
    before = project.fingerprint()
    (project.root / path).parent.mkdir(exist_ok=True)
    with (project.root / path).open("a") as file:
        file.write("\n# changed\n")
    assert project.fingerprint() != before


@pytest.mark.parametrize("path", ["bot/nlu/words.py", "bot/nlu/background.txt", "data/cues/a.yml"])
def test_rasa_gets_another_cache_when_something_behind_a_component_changes(
    project: Project, path: str
) -> None:
    before = project.cache_of_components()
    (project.root / path).parent.mkdir(exist_ok=True)
    with (project.root / path).open("a") as file:
        file.write("\n# changed\n")
    assert project.cache_of_components() != before
    assert project.cache_of_components().parent == before.parent


def test_rasa_keeps_its_cache_when_only_sentences_change(project: Project) -> None:
    before = project.cache_of_components()
    with (project.root / "data/nlu/talk.yml").open("a") as file:
        file.write("\n# changed\n")
    assert project.cache_of_components() == before


async def test_caches_of_former_components_are_deleted(project: Project) -> None:
    former = project.cache / "0123456789ab"
    former.mkdir(parents=True)
    (former / "cache.db").write_text("")
    (project.cache / "cache.db").write_text("")
    project.cache_of_components().mkdir()
    await train(project, quiet)
    assert list(project.cache.iterdir()) == [project.cache_of_components()]


@pytest.mark.parametrize(
    "path", ["data/triage.yml", "bot/app.py", "bot/nlu/channel.py", "actions/greet.py"]
)
def test_a_change_of_anything_else_does_not(project: Project, path: str) -> None:
    before = project.fingerprint()
    with (project.root / path).open("a") as file:
        file.write("\n# changed\n")
    assert project.fingerprint() == before


def test_moving_text_from_one_file_to_another_changes_the_fingerprint(project: Project) -> None:
    nlu = project.root / "data/nlu"
    (nlu / "a.yml").write_text("one")
    (nlu / "b.yml").write_text("two")
    before = project.fingerprint()
    (nlu / "a.yml").write_text("onet")
    (nlu / "b.yml").write_text("wo")
    assert project.fingerprint() != before


# ----------------------------------------------------------------------------------- mistakes


def test_broken_yaml_names_file_line_and_column(project: Project) -> None:
    (project.root / "domain.yml").write_text("version: '3.1'\nintents:\n  - greet\n - bad\n")
    with pytest.raises(TrainingFailed, match=r"^domain\.yml, line 4, column 2: ") as failure:
        check_files(project)
    assert "YAML" in failure.value.hint


def test_a_key_that_is_there_twice_is_named(project: Project) -> None:
    (project.root / "data/nlu/talk.yml").write_text("nlu: []\nversion: '3.1'\nnlu: []\n")
    with pytest.raises(TrainingFailed, match=r"^data/nlu/talk\.yml, line 3"):
        check_files(project)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("", "config.yml: it should be keys and values"),
        ("pipeline: []\npolicies: [{name: x}]", "config.yml: `pipeline`"),
        ("pipeline: [{name: x}]", "config.yml: `policies`"),
        ("pipeline: [{name: x}, {nmae: y}]\npolicies: []", "number 2 in `pipeline` has no name"),
    ],
)
def test_a_config_without_the_needed_parts_is_explained(
    project: Project, config: str, message: str
) -> None:
    (project.root / "config.yml").write_text(config)
    with pytest.raises(TrainingFailed) as failure:
        check_files(project)
    assert message in failure.value.message


def test_a_file_that_is_not_utf8_is_named(project: Project) -> None:
    (project.root / "data/nlu/talk.yml").write_bytes(b"version: '3.1'\nnlu: \xff\xfe\n")
    with pytest.raises(TrainingFailed, match=r"data/nlu/talk\.yml: byte 20 is not UTF-8"):
        check_files(project)


def test_a_missing_config_is_named(project: Project) -> None:
    (project.root / "config.yml").unlink()
    with pytest.raises(TrainingFailed, match=r"config\.yml is missing"):
        check_files(project)


async def test_what_rasa_says_about_a_failure_fits_on_one_line(project: Project) -> None:
    project = with_rasa(project.root, BAD)
    with pytest.raises(TrainingFailed) as failure:
        await train(project, quiet)
    message = failure.value.message
    assert "\n" not in message
    assert "Failed to validate 'domain.yml'" in message
    assert "in domain.yml:4: Value 'x' is not a dict" in message
    assert "var/log/train.log" in failure.value.hint
    assert "YamlValidationException" in (project.logs / "train.log").read_text()


async def test_a_failed_validation_is_explained_by_the_complaint_that_caused_it(
    project: Project,
) -> None:
    script = """
import sys
print("io.py:100: UserWarning: The utterance 'utter_x' is not used in any story or rule.")
print("io.py:100: UserWarning: The action 'action_x' is used in the 'cancel' block, but it is "
      "not listed in the domain file.")
for number in range(60):
    print("io.py:100: UserWarning: The intent 'i' is not used in any story or rule.")
print("\x1b[91mProject validation completed with errors.\x1b[0m")
sys.exit(1)
"""
    with pytest.raises(TrainingFailed, match=r"action_x.*'cancel' block.*not listed"):
        await train(with_rasa(project.root, script), quiet)


async def test_a_failed_training_leaves_the_current_model(project: Project) -> None:
    before = await train(project, quiet)
    (project.root / "data/nlu/talk.yml").write_text("version: '3.1'\n")
    with pytest.raises(TrainingFailed):
        await train(with_rasa(project.root, BAD), quiet)
    assert project.current() == before
    assert [path.name for path in project.models.glob("*.tar.gz")] == [before.model]
    assert not list(project.models.glob(".training-*"))


async def test_a_training_that_leaves_no_model_is_a_failure(project: Project) -> None:
    with pytest.raises(TrainingFailed, match="left no model"):
        await train(with_rasa(project.root, "print('done')"), quiet)


async def test_an_interrupted_training_leaves_neither_process_nor_file(project: Project) -> None:
    pid = project.root / "pid"
    script = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    task = asyncio.create_task(train(with_rasa(project.root, script), quiet))
    while not (pid.exists() and pid.read_text()):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not Path(f"/proc/{pid.read_text()}").exists()
    assert [path.name for path in project.models.iterdir()] == [TRAINING_LOCK]


# ------------------------------------------------------------------------------------- models


async def test_a_trained_model_becomes_the_current_one(project: Project) -> None:
    assert project.current() is None
    told: list[str] = []
    model = await train(project, told.append)
    assert project.current() == model
    assert model.fingerprint == project.fingerprint()
    assert (project.models / model.model).read_text() == "model"
    assert "training Reader" in told


async def test_only_the_last_models_are_kept(project: Project) -> None:
    made: list[Model] = []
    for number in range(MODELS_KEPT + 2):
        (project.root / "domain.yml").write_text(f"intents: [greet, number_{number}]\n")
        made.append(await train(project, quiet))
    kept = {path.name for path in project.models.glob("*.tar.gz")}
    assert kept == {model.model for model in made[-MODELS_KEPT:]}


async def test_only_the_last_candidates_are_kept(project: Project) -> None:
    project = replace(project, candidates_kept=2)
    serving = await train(project, quiet)
    made: list[Model] = []
    for number in range(4):
        (project.root / "domain.yml").write_text(f"intents: [greet, number_{number}]\n")
        made.append(await train_candidate(project, quiet, by="anna"))
    kept = {path.name for path in project.models.glob("*.tar.gz")}
    assert kept == {serving.model, *(model.model for model in made[-2:])}
    gone = [event for event in project.registry.events() if isinstance(event, Deleted)]
    assert [event.model for event in gone] == [model.model for model in made[:2]]


async def test_a_model_whose_file_is_gone_is_no_model(project: Project) -> None:
    model = await train(project, quiet)
    (project.models / model.model).unlink()
    assert project.current() is None
    (project.models / "current.json").write_text("{half")
    assert project.current() is None
