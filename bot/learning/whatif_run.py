"""What-if, asked of a process of its own: `python -m bot.learning.whatif_run`
reads a `Question` as JSON, and writes the `Comparison`.

Belongs here: the question, answering it from the archive, and doing that elsewhere, since
replaying tens of thousands of messages would keep the gateway from its customers. Does not belong
here: the replay (`bot.learning.whatif`).
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Final

import msgspec

from bot.errors import DeskhandError
from bot.events import Record
from bot.learning.archive import Archive
from bot.learning.whatif import Comparison, compare
from bot.learning.whatif_history import ArchivedHistory
from bot.triage_policy import load_policy

DAYS: Final = 28
DAYS_AT_MOST: Final = 366
"""How far back, if nobody says, and at most."""

ACTIVE: Final = "It counts from the next message on; nothing has to be restarted."
"""What it takes for saved numbers to become active (see `bot.triage_file`)."""

PATIENCE_S: Final = 90.0
"""How long a replay may take: many times what fifty thousand messages need."""


class ReplayFailed(DeskhandError):
    """The replay did not come to an end."""

    code = "replay_failed"


class Question(Record, frozen=True):
    """Texts of two policies, and which messages to decide by them: from `since` to `until` (ms)."""

    archive: str
    current: str
    proposed: str
    since: int
    until: int


def answer(question: Question) -> Comparison:
    """The comparison, in this process.

    Raises: ArchiveMissing, PolicyError."""
    current, proposed = load_policy(question.current), load_policy(question.proposed)
    archive = Archive(Path(question.archive))
    try:
        return compare(
            ArchivedHistory(archive).conversations(question.since),
            current,
            proposed,
            since=question.since,
            until=question.until,
        )
    finally:
        archive.close()


async def ask(question: Question) -> Comparison:
    """The comparison, from a process of its own, which ends with the caller.

    Raises: ArchiveMissing, PolicyError, ReplayFailed."""
    # What is wrong with the question is said here, in words.
    load_policy(question.proposed)
    Archive(Path(question.archive)).close()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.learning.whatif_run"),
        cwd=Path(__file__).resolve().parents[2],
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        work = process.communicate(msgspec.json.encode(question))
        found, said = await asyncio.wait_for(work, PATIENCE_S)
    except asyncio.TimeoutError:
        raise ReplayFailed(
            f"The replay took longer than {PATIENCE_S:.0f} seconds.", hint="Choose fewer days."
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await asyncio.shield(process.wait())
    if process.returncode != 0:
        raise ReplayFailed(
            f"The replay failed: {_last_line(said)}",
            hint="Try again. If it fails each time, delete var/learning/archive.db and restart: "
            "it is made anew from the logs.",
        )
    return msgspec.json.decode(found, type=Comparison)


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it was killed"


if __name__ == "__main__":
    try:
        asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
        sys.stdout.buffer.write(msgspec.json.encode(answer(asked)))
    except DeskhandError as failed:
        sys.exit(" ".join(failed.message.split()))
