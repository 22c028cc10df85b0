"""`deskhand up` before its children: the lock, the public socket, the model to start with.

The whole of it, with real children, is in `tests/e2e/test_up.py`.
"""

from __future__ import annotations

import io
import os
import re
import socket
from pathlib import Path

import msgspec
import pytest

from bot.assistants import Assistant
from bot.errors import ProcessFailed, SettingsError, TrainingFailed
from bot.instance import Running, announce, only_one, running
from bot.learning.project import project_of
from bot.learning.registry import Model, Registry
from bot.learning.sources import note_studio_write
from bot.processes import free_ports
from bot.settings import Secret, Settings
from bot.starting_model import usable
from bot.triage import PolicyError
from bot.up import Service, listen, wrong_help_pages

DATA = Path(__file__).parents[2] / "data"
POLICY, PLAN = DATA / "triage.yml", DATA / "desk.yml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config.yml").write_text(
        "pipeline: [{name: WhitespaceTokenizer}]\npolicies: [{name: RulePolicy}]\n"
    )
    (tmp_path / "domain.yml").write_text("intents: [greet]\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/triage.yml").write_text(POLICY.read_text())
    (tmp_path / "data/desk.yml").write_text(PLAN.read_text())
    return tmp_path


def service(root: Path, out: io.StringIO | None = None) -> Service:
    settings = Settings(port=free_ports(1)[0])
    return Service(settings, root, {}, out or io.StringIO())


async def test_a_broken_file_without_any_model_stops_the_start(root: Path) -> None:
    (root / "config.yml").write_text("pipeline:\n  - name: x\n policies: [\n")
    with pytest.raises(TrainingFailed, match=r"^config\.yml, line 3"):
        await service(root).run()
    assert not (root / "var/redis").exists()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("", "triage"),
        (re.sub(r"annoyance: [\d.]+", "annoyance: 7", POLICY.read_text()), r"annoyance is 7"),
        ("a: [\n", "YAML"),
    ],
    ids=["empty", "a wrong value", "no YAML"],
)
async def test_a_wrong_triage_policy_stops_the_start_and_is_named(
    root: Path, wrong: str, says: str
) -> None:
    (root / "data/triage.yml").write_text(wrong)
    with pytest.raises(PolicyError, match=says):
        await service(root).run()
    assert not (root / "var/redis").exists()


async def test_a_wrong_desk_plan_stops_the_start_and_is_named(root: Path) -> None:
    wrong = PLAN.read_text().replace("timezone: Europe/Oslo", "timezone: Oslo")
    (root / "data/desk.yml").write_text(wrong)
    with pytest.raises(PolicyError, match=r"hours\.timezone is 'Oslo'"):
        await service(root).run()
    assert not (root / "var/redis").exists()


@pytest.mark.parametrize(
    ("half", "says"),
    [
        ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN is not set"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET"),
        ({"TELEGRAM_BOT_TOKEN": "123456:" + "x" * 35}, "TELEGRAM_GROUP_ID is not set"),
        ({"TELEGRAM_GROUP_ID": "-1001"}, "TELEGRAM_BOT_TOKEN is not set"),
    ],
    ids=["no bot token", "no way in", "no group", "no token"],
)
async def test_a_desk_that_is_configured_by_half_stops_the_start(
    root: Path, half: dict[str, str], says: str
) -> None:
    made = Service(Settings.from_environment(half), root, {}, io.StringIO())
    with pytest.raises(SettingsError, match=says):
        await made.run()
    assert not (root / "var/redis").exists()


@pytest.mark.parametrize("name", ["triage", "desk"])
async def test_a_missing_policy_stops_the_start_and_is_named(root: Path, name: str) -> None:
    (root / f"data/{name}.yml").unlink()
    with pytest.raises(ProcessFailed, match=rf"data/{name}\.yml cannot be read"):
        await service(root).run()


def test_a_wrong_help_page_is_named_and_the_others_work(root: Path) -> None:
    (root / "data/help").mkdir()
    (root / "data/help/good.md").write_text("# Good\n\ntext\n")
    (root / "data/help/bad.md").write_text("# Bad\n\n<b>x</b>\n")
    (line,) = wrong_help_pages(Settings(), root)
    assert line.startswith("! data/help/bad.md, line 3: this is HTML")
    assert "left out" in line


def test_a_broken_file_with_an_older_model_is_said_and_gone_on_with(root: Path) -> None:
    project = project_of(Settings(), root)
    project.models.mkdir()
    (project.models / "deskhand-old.tar.gz").write_text("model")
    older = Model(
        model="deskhand-old.tar.gz", fingerprint="older", trained_at=1_700_000_000_000, seconds=9
    )
    Registry(project.models).make_current(older)
    (root / "domain.yml").write_text("intents: [greet\n")
    out = io.StringIO()
    assert usable(project, lambda line: print(line, file=out)) == older
    assert "domain.yml, line 2" in out.getvalue()
    assert "goes on with the model of 2023-11-14" in out.getvalue()


def test_a_change_means_a_new_model_and_no_change_does_not(root: Path) -> None:
    project = project_of(Settings(), root)
    assert usable(project, print) is None
    project.models.mkdir()
    (project.models / "deskhand-new.tar.gz").write_text("model")
    model = Model(
        model="deskhand-new.tar.gz", fingerprint=project.fingerprint(), trained_at=1, seconds=9
    )
    Registry(project.models).make_current(model)
    assert usable(project, print) == model
    (root / "domain.yml").write_text("intents: [greet, thank]\n")
    assert usable(project, print) is None


def test_what_the_studio_wrote_does_not_come_into_service_by_a_restart(root: Path) -> None:
    project = project_of(Settings(), root)
    project.models.mkdir()
    (project.models / "deskhand-new.tar.gz").write_text("model")
    model = Model(
        model="deskhand-new.tar.gz", fingerprint=project.fingerprint(), trained_at=1, seconds=9
    )
    project.sources_of(model.model).write_bytes(msgspec.json.encode(project.made_of()))
    Registry(project.models).make_current(model)
    note_studio_write(root, root / "domain.yml")
    (root / "domain.yml").write_text("intents: [greet, thank]\n")
    out = io.StringIO()
    assert usable(project, lambda line: print(line, file=out)) == model
    assert "The studio has written domain.yml since deskhand-new.tar.gz" in out.getvalue()
    assert "deskhand train --candidate" in out.getvalue()


def test_a_port_in_use_names_the_variable() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(ProcessFailed, match="is in use") as failure,
    ):
        listen("127.0.0.1", other.getsockname()[1])
    assert "DESKHAND_PORT=" in failure.value.hint


def test_the_other_commands_find_the_one_that_runs(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    told = Running(pid=os.getpid(), url="http://127.0.0.1:8080", redis_url="redis://:x@h:1/0")
    with only_one(tmp_path):
        announce(tmp_path, told)
        assert running(tmp_path) == told
        assert (tmp_path / "running.json").stat().st_mode & 0o077 == 0
    assert running(tmp_path) is None


def test_one_that_was_killed_is_not_taken_for_running(tmp_path: Path) -> None:
    told = Running(pid=1, url="http://127.0.0.1:8080", redis_url="redis://h:1/0")
    (tmp_path / "running.json").write_bytes(msgspec.json.encode(told))
    (tmp_path / "lock").write_text("1\n")
    assert running(tmp_path) is None


def test_a_var_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with (
        pytest.raises(ProcessFailed, match="cannot be written") as failure,
        only_one(tmp_path / "var"),
    ):
        pass
    assert "DESKHAND_VAR" in failure.value.hint


def test_no_secret_is_on_a_command_line_or_on_the_board(root: Path) -> None:
    made = service(root)
    made._redis_child.url = Secret("redis://:pass-word@127.0.0.1:1/0")
    made._assistants = made._make_assistants()
    with socket.socket() as listener:
        children = [
            made._gateway(listener, training=False),
            made._actions(),
            made._assistants.child("assistant", Assistant(root / "m.tar.gz", 5005)),
        ]
    for child in children:
        shown = " ".join((*child.argv, child.address))
        assert made._token not in shown
        assert "pass-word" not in shown
    assert children[0].env["DESKHAND_ASSISTANT_TOKEN"] == made._token
    assert children[1].env["SANIC_HOST"] == "127.0.0.1"
    assert "DESKHAND_ASSISTANT_TOKEN" not in children[1].env
    assert all(child.env["RASA_TELEMETRY_ENABLED"] == "false" for child in children)
