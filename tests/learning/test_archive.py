"""The archive's file: replacing and forgetting, other versions, broken files, who may read."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.talks import Talk
from bot.events import Reading
from bot.learning import archive_schema
from bot.learning.archive import Archive, ArchiveMissing
from bot.learning.facts import Facts, facts_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "learning" / "archive.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    archive = Archive(path, write=True)
    yield archive
    archive.close()


def some(id: str, *texts: str) -> Facts:
    talk = Talk(id, 1_000)
    for text in texts:
        talk.say(text)
        talk.answer("Yes.", Reading(intent="order_status"))
    found = facts_of(id, talk.entries)
    assert found is not None
    return found


def count(archive: Archive, table: str) -> int:
    with archive.reading() as connection:
        statement = f"SELECT count(*) FROM {table}"  # noqa: S608 (our own names)
        return int(connection.execute(statement).fetchone()[0])


def found(archive: Archive, word: str) -> list[str]:
    with archive.reading() as connection:
        rows = connection.execute(
            "SELECT conversation FROM message WHERE id IN "
            "(SELECT rowid FROM words WHERE words MATCH ?)",
            (word,),
        )
        return [row["conversation"] for row in rows]


def test_replacing_leaves_nothing_of_what_was_there(archive: Archive) -> None:
    archive.replace([some("a", "my old shoes", "and my hat"), some("b", "hello")])
    archive.replace([some("a", "my new shoes")])
    assert found(archive, "shoes") == ["a"]
    assert found(archive, "old") == []
    assert found(archive, "hat") == []
    assert count(archive, "conversation") == 2
    assert count(archive, "turn") == 2


def test_forgetting_leaves_nothing_at_all(archive: Archive, path: Path) -> None:
    archive.replace([some("a", "my shoes"), some("b", "hello")])
    archive.remove(["a", "unknown"])
    assert found(archive, "shoes") == []
    for table in archive_schema.TABLES:
        key = "id" if table == "conversation" else "conversation"
        with archive.reading() as connection:
            statement = f"SELECT count(*) FROM {table} WHERE {key} = 'a'"  # noqa: S608 (our own)
            assert connection.execute(statement).fetchone()[0] == 0
    assert set(archive.versions()) == {"b"}


def test_accents_do_not_matter(archive: Archive) -> None:
    archive.replace([some("a", "hvor er blåbærene, Håkon?")])
    assert found(archive, "hakon") == ["a"]


def test_a_row_that_does_not_fit_changes_nothing(archive: Archive) -> None:
    archive.replace([some("a", "my shoes")])
    broken = some("a", "my hat")
    twice = Facts(broken.conversation, (*broken.messages, *broken.messages))
    with pytest.raises(sqlite3.IntegrityError):
        archive.replace([some("b", "hello"), twice])
    assert found(archive, "shoes") == ["a"]
    assert set(archive.versions()) == {"a"}


def test_a_reader_sees_one_moment_while_somebody_writes(archive: Archive) -> None:
    archive.replace([some("a", "one")])
    with archive.reading() as connection:
        before = connection.execute("SELECT count(*) FROM conversation").fetchone()[0]
        archive.replace([some("b", "two")])
        after = connection.execute("SELECT count(*) FROM conversation").fetchone()[0]
    assert (before, after) == (1, 1)
    assert count(archive, "conversation") == 2


def test_what_was_there_is_there_after_a_restart(path: Path) -> None:
    first = Archive(path, write=True)
    first.replace([some("a", "one")])
    first.close()
    second = Archive(path, write=True)
    assert set(second.versions()) == {"a"}
    second.close()


def test_another_version_is_made_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Archive(path, write=True)
    first.replace([some("a", "one")])
    first.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {archive_schema.VERSION + 1}")
    connection.close()
    with pytest.raises(ArchiveMissing, match="another version"):
        Archive(path)
    second = Archive(path, write=True)
    assert second.versions() == {}
    second.replace([some("a", "two")])
    assert found(second, "two") == ["a"]
    second.close()


def test_a_broken_file_is_made_anew(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(ArchiveMissing, match="cannot be read"):
        Archive(path)
    archive = Archive(path, write=True)
    assert archive.versions() == {}
    assert "made anew" in caplog.text
    archive.close()


def test_without_a_file_there_is_nothing_to_read(path: Path) -> None:
    with pytest.raises(ArchiveMissing, match="no archive"):
        Archive(path)


def test_only_its_owner_may_read_the_file(archive: Archive, path: Path) -> None:
    archive.replace([some("a", "one")])
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_reader_cannot_write(archive: Archive, path: Path) -> None:
    reader = Archive(path)
    with pytest.raises(RuntimeError, match="to be read"):
        reader.replace([some("a", "one")])
    with reader.reading() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM message")
    reader.close()


def test_gateways_that_start_together_make_one_archive(path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        archives = list(threads.map(lambda _: Archive(path, write=True), range(8)))

    def write(number: int) -> None:
        archives[number % 8].replace([some(f"c{number}", "hello")])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))
    assert len(archives[0].versions()) == 40
    for archive in archives:
        archive.close()
