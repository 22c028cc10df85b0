"""The archive: what the logs say, in a SQLite database that can be asked.

Belongs here: the file, its connections, replacing and removing a conversation's rows. Does not
belong here: what the rows say (`bot.learning.facts`), the figures (`bot.learning.insights`), the
search (`bot.learning.search`), when a log is read (`bot.archiving`).

It can always be made anew from the logs, so what cannot be read or is of another version is thrown
away. All methods block: web code calls them in a thread. Safe to share between threads; several
processes may read while one writes.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.errors import DeskhandError
from bot.learning.archive_schema import TABLES, VERSION, statements
from bot.learning.facts import Facts
from bot.learning.periods import local

log = logging.getLogger(__name__)

#: Where it lies below the directory for what is written at run time.
ARCHIVE: Final = Path("learning/archive.db")
UTC: Final = ZoneInfo("UTC")
#: Seconds to wait for another process that writes.
BUSY_S: Final = 5.0
#: A file that SQLite refuses with one of these is thrown away: it is no database, or a broken one.
_BROKEN: Final = ("file is not a database", "malformed", "file is encrypted")


class ArchiveMissing(DeskhandError):
    """There is no archive to read, or one that an older or newer Deskhand made."""

    code = "archive_missing"


class Archive:
    """The database at `path`. `write` makes it if needed; without, it is only read. Queries have
    the functions `local_weekday` (Monday is 0) and `local_hour` of a time (ms), in `zone`.

    Raises:
        ArchiveMissing: to be read, and not there or of another version.
    """

    def __init__(self, path: Path, *, write: bool = False, zone: ZoneInfo = UTC) -> None:
        self._path = path
        self.zone = zone
        self._idle: list[sqlite3.Connection] = []
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        if write:
            self._writer = _made(path)
        else:
            _check(path)

    # ------------------------------------------------------------------------------- reading

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one moment of the archive until the block ends. Rows can be asked
        by name."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._reader()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.rollback()
            self._idle.append(connection)

    def _reader(self) -> sqlite3.Connection:
        connection, zone = _connect(self._path, "ro"), self.zone
        for name, part in (
            ("local_weekday", lambda at: local(at, zone)[1]),
            ("local_hour", lambda at: local(at, zone)[2]),
        ):
            connection.create_function(name, 1, part, deterministic=True)
        return connection

    def versions(self) -> dict[str, tuple[int, int]]:
        """By conversation: the seq and the time up to which its log is in here."""
        with self.reading() as connection:
            rows = connection.execute("SELECT id, seq, updated_at FROM conversation")
            return {id: (seq, at) for id, seq, at in rows}

    # ------------------------------------------------------------------------------- writing

    def replace(self, facts: Sequence[Facts]) -> None:
        """Put these conversations in the place of what was known of them; all or nothing."""
        with self._write() as connection:
            for one in facts:
                _remove(connection, str(one.conversation["id"]))
                _insert(connection, "conversation", (one.conversation,))
                _insert(connection, "message", one.messages)
                _insert(connection, "turn", one.turns)
                _insert(connection, "handoff", one.handoffs)
                _insert(connection, "label", one.labels)
                _insert(connection, "person", one.people)

    def remove(self, ids: Sequence[str]) -> None:
        """Forget these conversations; unknown ones are fine."""
        with self._write() as connection:
            for id in ids:
                _remove(connection, id)

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        if self._writer is None:
            raise RuntimeError("this archive was opened to be read")
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.rollback()
                raise
            self._writer.commit()

    def close(self) -> None:
        """End all connections; none may be in use."""
        while self._idle:
            self._idle.pop().close()
        if self._writer is not None:
            self._writer.close()


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    names = TABLES[table]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(f":{name}" for name in names)
    statement = f"INSERT INTO {table} ({columns}) VALUES ({values})"  # noqa: S608 (our own names)
    connection.executemany(statement, rows)


def _remove(connection: sqlite3.Connection, id: str) -> None:
    for table in TABLES:
        column = "id" if table == "conversation" else "conversation"
        statement = f"DELETE FROM {table} WHERE {column} = ?"  # noqa: S608 (our own names)
        connection.execute(statement, (id,))


# ------------------------------------------------------------------------------------- the file


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.row_factory = sqlite3.Row
    return connection


def _made(path: Path) -> sqlite3.Connection:
    """The file, in order. One process at a time: several gateways may start on it together."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "w", opener=_private) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _in_order(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _in_order(path: Path) -> sqlite3.Connection:
    try:
        return _open_to_write(path)
    except sqlite3.DatabaseError as why:
        if not any(words in str(why) for words in _BROKEN):
            raise
        log.warning("%s is broken (%s); it is made anew from the logs", path, why)
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        return _open_to_write(path)


def _open_to_write(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "rwc")
    try:
        # What customers wrote is for nobody else on this machine.
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        # A power cut may cost the last moments, which are in the logs.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) != VERSION:
            for kind, name in _everything(connection):
                connection.execute(f'DROP {kind} IF EXISTS "{name}"')
            for statement in statements():
                connection.execute(statement)
        connection.commit()
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        connection.close()
        raise
    return connection


def _everything(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """What there is to drop; what belongs to another table goes with it."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    virtual = [name for _, name, sql in rows if sql and sql.startswith("CREATE VIRTUAL")]
    tables = [
        name
        for kind, name, _ in rows
        if kind == "table" and not name.startswith(("sqlite_", *(f"{v}_" for v in virtual)))
    ]
    return [("TABLE", name) for name in sorted(tables, key=lambda name: name not in virtual)]


def _check(path: Path) -> None:
    if not path.exists():
        raise _missing(f"There is no archive at {path}.")
    connection = _connect(path, "ro")
    try:
        version = _version(connection)
    except sqlite3.DatabaseError as why:
        raise _missing(f"The archive {path} cannot be read: {why}.") from None
    finally:
        connection.close()
    if version != VERSION:
        raise _missing(f"The archive {path} is of another version ({version}, not {VERSION}).")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _missing(what: str) -> ArchiveMissing:
    return ArchiveMissing(what, hint="Start Deskhand (`deskhand up`): it makes it from the logs.")
