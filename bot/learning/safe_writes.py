"""Writing the project's files so that nobody ever finds half of a change.

Belongs here: the lock that lets one writer at a time change files under `data/` and `domain.yml`,
and putting several files into place together, whole and for good. Does not belong here: what is in
the files (`bot.learning.examples`, `bot.learning.domain_edits`).

All new contents are on the disk before the first file is replaced, so a full disk, or a process
that is killed while it writes, leaves every file as it was. Only a machine that stops between two
renames, a matter of microseconds, can leave the first file new and the second old.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bot.errors import DeskhandError
from bot.learning.sources import note_studio_write

#: Seconds that a writer waits for another one; writing takes some milliseconds.
PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.01
#: Ends the names of files that are not in place yet. Neither Rasa nor we read such names.
DRAFT: Final = ".draft"


class FilesBusy(DeskhandError):
    """Somebody else has been writing for too long."""

    code = "files_busy"


class NotWritten(DeskhandError):
    """The disk took nothing; all files are as they were."""

    code = "not_written"


@contextmanager
def writing(root: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Be the only one, of all processes and threads, who changes the project in `root`.

    The lock is on the folder itself: it needs no file, and ends with the process that holds it.

    Raises:
        FilesBusy: another writer has had it for `patience_s`.
    """
    folder = os.open(root, os.O_RDONLY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + patience_s
        while not _taken(folder):
            if time.monotonic() > deadline:
                raise FilesBusy(
                    f"Somebody else has been changing the files in {root} for "
                    f"{patience_s:.0f} seconds; nothing was written.",
                    hint="Try again. If it stays so, look for a process that hangs.",
                )
            time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(folder)


def _taken(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_all(root: Path, changes: Mapping[Path, str | None]) -> None:
    """`replace_all` for files that a model is made of: it is noted first that the studio writes
    them (`bot.learning.sources`). Call it while `writing`.

    Raises:
        NotWritten: the disk is full, or a folder cannot be written to; all is as it was.
    """
    try:
        for path in changes:
            note_studio_write(root, path.resolve())
    except OSError as why:
        raise _not_written(why) from why
    replace_all(changes)


def replace_all(changes: Mapping[Path, str | None]) -> None:
    """Give each file its new content (UTF-8, line ends as they are in it); None deletes it. They
    are replaced in the order of `changes`.

    Raises:
        NotWritten: the disk is full, or a folder cannot be written to; all is as it was.
    """
    placed = {path.resolve(): content for path, content in changes.items()}
    drafts: list[tuple[Path, Path]] = []
    try:
        for path, content in placed.items():
            if content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                _forget_drafts(path)
                draft = path.with_name(f".{path.name}.{os.getpid()}{DRAFT}")
                drafts.append((draft, path))
                _write(draft, content, like=path)
        for draft, path in drafts:
            draft.replace(path)
        for path, content in placed.items():
            if content is None:
                path.unlink(missing_ok=True)
        for folder in {path.parent for path in placed}:
            _sync_folder(folder)
    except OSError as why:
        for draft, _ in drafts:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        raise _not_written(why) from why


def _not_written(why: OSError) -> NotWritten:
    full = why.errno in {errno.ENOSPC, errno.EDQUOT}
    return NotWritten(
        f"Nothing was written: {'the disk is full' if full else why.strerror or why}.",
        hint="Make room on the disk, then try again."
        if full
        else "Look at the permissions of data/ and domain.yml, then try again.",
    )


def _write(draft: Path, content: str, like: Path) -> None:
    with draft.open("w", encoding="utf-8", newline="") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        keep_mode(file.fileno(), like)


def keep_mode(draft: int | Path, path: Path) -> None:
    """Give the file that is to take the place of `path` its mode, if that is there."""
    with suppress(FileNotFoundError):
        os.chmod(draft, path.stat().st_mode & 0o777)


def _forget_drafts(path: Path) -> None:
    """What a writer of this file that was killed has left behind."""
    for draft in path.parent.glob(f".{path.name}.*{DRAFT}"):
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new names in it last, too."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
