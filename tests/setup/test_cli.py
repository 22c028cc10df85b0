"""The command line as a newcomer meets it: real processes, exit codes, one line per mistake."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot import __version__
from bot.__main__ import _parser
from bot.command_line import login
from bot.instance import only_one
from bot.processes import free_ports

ROOT = Path(__file__).parents[2]


def deskhand(
    *arguments: str, typed: str | None = None, **environ: object
) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("DESKHAND_", "REDIS_"))}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=ROOT,
        env={**clean, **{name: str(value) for name, value in environ.items()}},
        input=typed,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_help_tells_a_newcomer_what_to_do_first() -> None:
    told = deskhand("--help")
    assert told.returncode == 0
    for needed in ("deskhand up", "deskhand chat", "train", "agents", "DESKHAND_PORT", "var/log"):
        assert needed in told.stdout
    assert "gateway     " not in told.stdout, "an internal command is offered"


@pytest.mark.parametrize(
    "command", ["up", "train", "compare", "models", "chat", "doctor", "agents", "version"]
)
def test_each_command_explains_itself(command: str) -> None:
    told = deskhand(command, "--help")
    assert told.returncode == 0
    assert told.stdout.startswith(f"usage: deskhand {command}")


def test_no_command_is_a_wrong_call() -> None:
    told = deskhand()
    assert told.returncode == 2
    assert "usage: deskhand" in told.stderr


def test_the_version_is_that_of_the_package() -> None:
    assert deskhand("version").stdout == f"deskhand {__version__}\n"
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_a_wrong_setting_is_one_line_that_names_the_variable() -> None:
    told = deskhand("up", DESKHAND_PORT="eighty")
    assert told.returncode == 1
    assert told.stderr.startswith("deskhand: DESKHAND_PORT: 'eighty' ")
    assert len(told.stderr.splitlines()) == 2
    assert told.stdout == ""


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = deskhand("up", DESKHAND_PORT=port, DESKHAND_VAR=tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith(f"deskhand: Port {port} is in use.\n")
    assert "DESKHAND_PORT=" in told.stderr
    assert told.stdout == ""
    assert not (tmp_path / "redis").exists()
    assert not (tmp_path / "running.json").exists()


def test_a_second_deskhand_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with only_one(tmp_path):
        told = deskhand("up", DESKHAND_VAR=tmp_path, DESKHAND_PORT=free_ports(1)[0])
    assert told.returncode == 1
    assert told.stderr.startswith(
        f"deskhand: Deskhand is already running here, pid {os.getpid()}.\n"
    )


def test_a_host_that_is_not_ours_is_explained(tmp_path: Path) -> None:
    told = deskhand("up", DESKHAND_VAR=tmp_path, DESKHAND_HOST="192.0.2.7")
    assert told.returncode == 1
    assert "DESKHAND_HOST=192.0.2.7 is no address of this machine" in told.stderr


def test_a_redis_that_is_not_there_is_explained_without_its_password(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    told = deskhand(
        "agents",
        "list",
        DESKHAND_VAR=tmp_path,
        REDIS_URL=f"redis://:hunter2@127.0.0.1:{port}/0",
    )
    assert told.returncode == 1
    assert "Redis does not answer" in told.stderr
    assert "hunter2" not in told.stderr + told.stdout


def test_chatting_with_nobody_says_how_to_start_somebody() -> None:
    told = deskhand("chat", "--json", "--url", f"http://127.0.0.1:{free_ports(1)[0]}", typed="hi\n")
    assert told.returncode == 1
    assert "No Deskhand answers at http://127.0.0.1:" in told.stderr
    assert "make up" in told.stderr


def test_agents_can_be_managed_while_nothing_runs(tmp_path: Path) -> None:
    def agents(*arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        return deskhand("agents", *arguments, typed=typed, DESKHAND_VAR=tmp_path)

    added = agents("add", "anna", "--name", "Anna", "--role", "owner")
    assert added.returncode == 0, added.stderr
    assert "The password is " in added.stdout
    assert agents("add", "anna").returncode == 1
    asked = agents("add", "ben", "--ask", typed="a long enough password\n")
    assert asked.returncode == 0, asked.stderr
    assert "password" not in asked.stdout
    assert agents("passwd", "ben").returncode == 0
    assert agents("list").stdout.split() == ["anna", "owner", "Anna", "ben", "agent", "ben"]
    assert agents("remove", "ben").returncode == 0
    last = agents("remove", "anna")
    assert last.returncode == 1
    assert "last owner" in last.stderr
    assert agents("passwd", "nobody").returncode == 1


def test_somebody_without_a_name_may_use_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that is run by a mere number."""

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert login() == "terminal"
    assert _parser().parse_args(["label", "c", "3", "refund"]).by == "terminal"
