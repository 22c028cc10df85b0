"""The archive's file: replacing and forgetting, other versions, broken files, who may read."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.talks import Talk
from bot.events import Reading
from bot.learning import archive as archive_module
from bot.learning import archive_schema
from bot.learning.archive import Archive, ArchiveMissing, ArchiveUnusable
from bot.learning.archive_extent import Extent, extent
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


# --- lost or broken while it is in use ------------------------------------------------------


def garbage(path: Path) -> None:
    """Somebody writes something else into the same file."""
    path.write_bytes(b"no database " * 4_000)
    path.with_name(f"{path.name}-wal").write_bytes(b"")


def used(archive: Archive) -> None:
    """As it is used; what is in memory may still be right for a while."""
    for number in range(20):
        found(archive, "shoes")
        archive.replace([some(f"c{number}", "my hat")])


def removed(path: Path) -> None:
    path.unlink()


def removed_with_all(path: Path) -> None:
    shutil.rmtree(path.parent)


@pytest.mark.parametrize("lose", [removed, removed_with_all])
def test_a_file_that_was_lost_while_in_use_is_made_anew(
    archive: Archive, path: Path, lose: Callable[[Path], None]
) -> None:
    archive.replace([some("a", "my shoes")])
    assert found(archive, "shoes") == ["a"]
    lose(path)
    assert found(archive, "shoes") == []
    assert archive.renewals == 1
    archive.replace([some("a", "my shoes")])
    assert found(archive, "shoes") == ["a"]
    assert archive.renewals == 1
    other = Archive(path)
    assert "a" in other.versions()
    other.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_was_lost_is_noticed_by_writing_too(archive: Archive, path: Path) -> None:
    archive.replace([some("a", "my shoes")])
    path.unlink()
    archive.replace([some("b", "my hat")])
    assert set(archive.versions()) == {"b"}


def test_a_file_that_is_broken_while_in_use_says_so_and_is_made_anew(
    archive: Archive, path: Path
) -> None:
    archive.replace([some("a", "my shoes")])
    garbage(path)
    with pytest.raises(ArchiveUnusable, match="was broken"):
        used(archive)
    archive.replace([some("b", "my hat")])
    assert set(archive.versions()) == {"b"}
    assert archive.renewals == 1


def test_where_it_cannot_be_made_anew_it_says_so_and_tries_again(
    archive: Archive, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(archive_module, "_made", full)
        for _ in range(2):
            with pytest.raises(ArchiveUnusable, match="disk is full"):
                archive.versions()
    assert archive.versions() == {}


def test_readers_and_writers_go_on_while_it_is_lost_again_and_again(
    archive: Archive, path: Path
) -> None:
    lost = threading.Event()

    def read() -> int:
        count = 0
        while not (lost.is_set() and count):
            with suppress(ArchiveUnusable):  # it was deleted in this very moment
                archive.versions()
                count += 1
        return count

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        for number in range(8):
            archive.replace([some(f"c{number}", "hello")])
            path.unlink()
        lost.set()
        assert all(reader.result() for reader in readers)
    archive.replace([some("last", "hello")])
    assert set(archive.versions()) == {"last"}


# --- how much is in it ----------------------------------------------------------------------


def how_much(archive: Archive) -> Extent:
    with archive.reading() as connection:
        return extent(connection)


def test_it_says_how_many_of_the_logs_are_in_it(archive: Archive) -> None:
    assert how_much(archive) == Extent(read=0, of=None)
    assert "is being made" in how_much(archive).told()
    archive.replace([some("a", "one")])
    (seq, at) = archive.versions()["a"]
    archive.await_logs({"a": at, "b": 1_000, "c": 1_000}, now=2_000)
    assert how_much(archive) == Extent(read=1, of=3)
    assert how_much(archive).told() == "1 of 3 conversations read: this is not complete yet."
    archive.replace([some("b", "two")])
    archive.remove(["c"])  # nobody wrote in it
    assert how_much(archive) == Extent(read=2, of=2)
    assert how_much(archive).told() == ""
    assert seq > 0


def test_one_that_went_on_is_not_read_until_it_is_read_again(archive: Archive) -> None:
    archive.replace([some("a", "one"), some("b", "two")])
    archive.await_logs({"a": 9_000}, now=10_000)
    assert how_much(archive) == Extent(read=1, of=2)
    archive.replace([some("a", "one", "more")])
    assert how_much(archive).complete
