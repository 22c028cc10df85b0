"""What a model was made of, and what was written since by the studio.

Belongs here: the list of files beside a model, the studio's note of its own writes, and which of
them the current model does not know. Does not belong here: which files go into a model
(`bot.learning.train`), or writing them.

The studio writes into the same files as people do, and `deskhand up` trains at its start when they
have changed. What the studio wrote must not come into service that way: it is to be compared with
the current model first. So each write is noted, before it is done, in a file that only grows; a
model remembers how much of that file there was when its files were read. All beyond that is new to
the model. A count, and no times, since clocks are set back.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from bot.events import Record

#: In the project's directory: one path a line, as JSON. Hidden, so that it is no source itself.
NOTES: Final = Path("data/.studio-writes.jsonl")


class Sources(Record, frozen=True):
    """`files`: each file that went into a model, and the SHA-256 of its content (16 hex digits).
    `components`: the digest of our own modules behind it. `noted`: bytes of the studio's notes at
    that time."""

    files: dict[str, str]
    components: str
    noted: int = 0


def note_studio_write(root: Path, path: Path) -> None:
    """To be called before the studio (or a command of the same meaning) writes `path`, a file of
    the project at `root`. A note in vain does no harm.

    Raises: OSError; then the file should not be written either.
    """
    relative = path
    if path.is_absolute():
        place, project = path.resolve(), root.resolve()
        if not place.is_relative_to(project):
            return  # help pages may be elsewhere (DESKHAND_HELP); no model is made of those
        relative = place.relative_to(project)
    notes = root / NOTES
    notes.parent.mkdir(parents=True, exist_ok=True)
    with notes.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(msgspec.json.encode(relative.as_posix()) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def noted(root: Path) -> int:
    """Bytes of the studio's notes now."""
    try:
        return (root / NOTES).stat().st_size
    except FileNotFoundError:
        return 0


def digests(root: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Of these files (relative to `root`); what is gone is left out."""
    found = {}
    for path in paths:
        try:
            content = (root / path).read_bytes()
        except FileNotFoundError:
            continue
        found[path.as_posix()] = hashlib.sha256(content).hexdigest()[:16]
    return found


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Files that were changed, added or removed, in order."""
    return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))


def waiting(root: Path, made_of: Sources | None, now: Mapping[str, str]) -> list[str]:
    """Files that the studio has written since the model was made, and that are not as the model
    knows them.

    Args:
        made_of: None for a model of which that is not known; then all notes count as new.
        now: the digests of the project's sources.
    """
    try:
        raw = (root / NOTES).read_bytes()
    except FileNotFoundError:
        return []
    # Shorter than it was: somebody removed it, and all that is there is new.
    start = made_of.noted if made_of is not None and made_of.noted <= len(raw) else 0
    written = set()
    for line in raw[start:].splitlines():
        try:
            written.add(msgspec.json.decode(line, type=str))
        except msgspec.DecodeError:  # torn
            continue
    new = set(changed(made_of.files, now)) if made_of is not None else written
    return sorted(written & new)
