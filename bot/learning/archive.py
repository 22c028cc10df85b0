"""The archive: what the logs say, in a SQLite database that can be asked.

Belongs here: the file, its connections, replacing and removing a conversation's rows. Does not
belong here: what the rows say (`bot.learning.facts`), the figures (`bot.learning.insights`), the
search (`bot.learning.search`), when a log is read (`bot.archiving`), how much of the logs it holds
(`bot.learning.archive_extent`).

It can always be made anew from the logs, so what cannot be read or is of another version is thrown
away, also while it is in use: whoever writes notices a file that was deleted or is broken, and
begins an empty one (`look`). All methods block: web code calls them in a thread. Safe to share
between threads; several processes may read while one writes.
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

#: So it says that the file, or those beside it, were deleted a moment ago; but also that too many
#: files are open, or that the disk is at fault.
_GONE: Final = ("unable to open database file", "disk I/O error")


class ArchiveUnusable(DeskhandError):
    """It is broken, or takes nothing; it may be in order soon."""

    code = "archive_unusable"


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
        #: Connections, each with the file that it reads.
        self._idle: list[tuple[_File, sqlite3.Connection]] = []
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._broken = False
        #: How often the file had to be made anew while it was in use.
        self.renewals = 0
        if write:
            self._writer = _made(path)
        else:
            _check(path)
        self._file = _file(path)

    # ------------------------------------------------------------------------------- reading

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one moment of the archive until the block ends. Rows can be asked
        by name."""
        if self._writer is not None:
            self.look()
        with self._noticing():
            try:
                file, connection = self._idle.pop()
            except IndexError:
                file, connection = self._opened()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                with suppress(sqlite3.Error):
                    connection.rollback()
                if file == self._file and not self._broken:
                    self._idle.append((file, connection))
                else:
                    connection.close()

    def _opened(self) -> tuple[_File, sqlite3.Connection]:
        if self._writer is None:
            return self._file, self._reader()
        with self._writing:  # nobody is making the file anew
            return self._file, self._reader()

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

    def look(self) -> None:
        """Make the file anew, empty, if it was deleted or found to be broken. Only for one that
        writes.

        Raises: ArchiveUnusable, when that is impossible."""
        if _file(self._path) == self._file and not self._broken:
            return
        with self._writing:
            found = _file(self._path)
            if found == self._file and not self._broken:
                return  # another thread was quicker
            log.warning("%s was deleted or is broken; it is made anew from the logs", self._path)
            self._close()
            try:
                if found == self._file:
                    _throw_away(self._path)
                self._writer = _made(self._path)
            except (OSError, sqlite3.Error) as why:
                self._broken = True
                raise ArchiveUnusable(
                    f"{self._path} cannot be made anew: {why}.",
                    hint="It is tried again and again. Is the disk full, or may we not write?",
                ) from why
            self._file, self._broken = _file(self._path), False
            self.renewals += 1

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """Note that the file is broken, if that is what an error says.

        Raises: ArchiveUnusable, in the place of that error, or of any from a file that is gone."""
        file = self._file
        try:
            yield
        except sqlite3.DatabaseError as why:
            if any(words in str(why) for words in _GONE) or _file(self._path) != file:
                # Who is still reading a file that was deleted may get any error.
                raise ArchiveUnusable(
                    f"The archive cannot be reached ({why}).",
                    hint="If it was deleted, it is made anew from the logs in a moment.",
                ) from why
            if not _says_broken(why):
                raise
            self._broken = True
            raise ArchiveUnusable(
                f"The archive was broken ({why}).",
                hint="It is made anew from the logs. Look again in a moment.",
            ) from why

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

    def await_logs(self, logs: Mapping[str, int], *, now: int) -> None:
        """Note that the logs of these conversations, last changed then (ms), are still to be read,
        and that all others are in here."""
        with self._write() as connection:
            connection.execute("DELETE FROM unread")
            connection.execute("DELETE FROM compared")
            connection.execute("INSERT INTO compared VALUES (?)", (now,))
            # Some may have been read since somebody looked.
            connection.executemany(
                "INSERT INTO unread SELECT ?1 WHERE NOT EXISTS "
                "(SELECT 1 FROM conversation WHERE id = ?1 AND updated_at = ?2)",
                logs.items(),
            )

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        if self._writer is None:
            raise RuntimeError("this archive was opened to be read")
        self.look()
        with self._writing, self._noticing():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                with suppress(sqlite3.Error):
                    self._writer.rollback()
                raise
            self._writer.commit()

    def close(self) -> None:
        """End all connections; none may be in use."""
        self._close()

    def _close(self) -> None:
        with suppress(IndexError):  # none is left; other threads take them, too
            while True:
                self._idle.pop()[1].close()
        if self._writer is not None:
            self._writer.close()


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    names = TABLES[table]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(f":{name}" for name in names)
    statement = f"INSERT INTO {table} ({columns}) VALUES ({values})"  # noqa: S608 (our own names)
    connection.executemany(statement, rows)


def _remove(connection: sqlite3.Connection, id: str) -> None:
    connection.execute("DELETE FROM unread WHERE conversation = ?", (id,))
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
    if not path.exists():
        _throw_away(path)  # what is left of another one would be taken for a part of it
    try:
        return _open_to_write(path)
    except sqlite3.DatabaseError as why:
        if not _says_broken(why):
            raise
        log.warning("%s is broken (%s); it is made anew from the logs", path, why)
        _throw_away(path)
        return _open_to_write(path)


def _says_broken(why: sqlite3.DatabaseError) -> bool:
    return any(words in str(why) for words in _BROKEN)


def _throw_away(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


_File = tuple[int, int] | None


def _file(path: Path) -> _File:
    """Which file it is, whatever its name; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


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
