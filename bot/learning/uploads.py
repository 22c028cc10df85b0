"""Files that owners have sent to be imported, as long as they are needed.

Belongs here: where they are, how they come there, and when they go. Does not belong here: what is
in them (`bot.learning.imports`), or HTTP (`bot.web.studio.importing`).

They hold what customers wrote, so only we can read them; a file goes as soon as it was imported or
discarded, and in any case after a day.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import AsyncIterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import anyio.to_thread

from bot.errors import DeskhandError

#: In `var/`.
FOLDER: Final = "imports"
#: Bytes of one file. A document of JSON takes several times that in the memory of the job.
SIZE_AT_MOST: Final = 64 * 1024**2
#: Seconds after which a file goes that nobody has imported or discarded.
KEPT_S: Final = 86_400
#: Ends the name of a file that is not there as a whole.
PART: Final = ".part"
_ID: Final = re.compile(r"[0-9a-f]{32}")


class UploadTooLarge(DeskhandError):
    code = "file_too_large"


class UnknownUpload(DeskhandError):
    code = "unknown_file"


class NoRoom(DeskhandError):
    """The disk did not take it."""

    code = "not_written"


class Uploads:
    """Those in `var`."""

    def __init__(self, var: Path) -> None:
        self._folder = var / FOLDER

    def path(self, id: str) -> Path:
        """The file. Raises: UnknownUpload."""
        path = self._folder / id
        if not _ID.fullmatch(id) or not path.is_file():
            raise UnknownUpload("The file is not here any more.", hint="Send it again.")
        return path

    def has(self, id: str) -> bool:
        """Whether it is (still) there."""
        return bool(_ID.fullmatch(id)) and (self._folder / id).is_file()

    async def take(self, chunks: AsyncIterable[bytes]) -> str:
        """Write a file as it comes; returns its id. Whatever goes wrong, nothing is left of it.

        Raises: UploadTooLarge, NoRoom, and what `chunks` raises."""
        id = secrets.token_hex(16)
        part = self._folder / f"{id}{PART}"
        try:
            file = await anyio.to_thread.run_sync(self._open, part)
            try:
                size = 0
                async for chunk in chunks:
                    size += len(chunk)
                    if size > SIZE_AT_MOST:
                        raise too_large()
                    await anyio.to_thread.run_sync(_write, file, chunk)
            finally:
                os.close(file)
            part.replace(self._folder / id)
        except OSError as why:
            raise NoRoom(
                f"The file could not be kept: {why.strerror or why}.",
                hint="Make room on the disk, then try again.",
            ) from None
        finally:
            part.unlink(missing_ok=True)
        return id

    def _open(self, part: Path) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._forget_old()
        return os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    def forget(self, id: str) -> None:
        """Delete it, if it is there."""
        if _ID.fullmatch(id):
            (self._folder / id).unlink(missing_ok=True)

    def _forget_old(self) -> None:
        """What nobody came back for; and what a process that was killed has left."""
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > KEPT_S:
                    path.unlink()


def too_large() -> UploadTooLarge:
    return UploadTooLarge(
        f"The file is larger than {SIZE_AT_MOST // 1024**2} MB.",
        hint="Split it and import the parts, or use `deskhand import` on the server.",
    )


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
