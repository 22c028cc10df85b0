"""What-if, asked of a process of its own: `python -m bot.learning.whatif_run`.

Belongs here: the question, answering it from the archive, and doing that elsewhere, since
replaying tens of thousands of messages would keep the gateway from its customers. Does not belong
here: the replay (`bot.learning.whatif`), or who may ask when (`bot.learning.whatif_tries`).

The process reads a line, the `Question` as JSON, and then what was found out before, as `ask` gave
it (MessagePack, a `Today` by conversation). It writes lines of JSON (`Said`), the last of which has
the comparison, and then what is to be given to the next one.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from bot.children import dies_with_parent
from bot.errors import DeskhandError
from bot.events import Record
from bot.learning.archive import Archive
from bot.learning.whatif import Comparison, compare
from bot.learning.whatif_history import archived_history
from bot.learning.whatif_today import Today
from bot.triage_policy import load_policy

DAYS: Final = 28
DAYS_AT_MOST: Final = 366
"""How far back, if nobody says, and at most."""

ACTIVE: Final = "It counts from the next message on; nothing has to be restarted."
"""What it takes for saved numbers to become active (see `bot.triage_file`)."""

PATIENCE_S: Final = 90.0
"""How long a replay may take: many times what fifty thousand messages need."""


LINE_AT_MOST: Final = 16_000_000
"""Bytes of a line that the process writes: the longest has all examples."""


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


class Said(Record, frozen=True):
    """A line of what the process says: how many conversations are decided, of how many; in the last
    one the comparison, and how many bytes follow."""

    done: int = 0
    of: int = 0
    comparison: Comparison | None = None
    known: int = 0


Told = Callable[[int, int], None]
_known = msgspec.msgpack.Decoder(dict[str, Today]).decode


def answer(
    question: Question, known: dict[str, Today], told: Told = lambda done, of: None
) -> Comparison:
    """The comparison, in this process. `known`: see `compare`.

    Raises: ArchiveMissing, PolicyError."""
    current, proposed = load_policy(question.current), load_policy(question.proposed)
    archive = Archive(Path(question.archive))
    try:
        with archived_history(archive) as history:
            return compare(
                history,
                current,
                proposed,
                since=question.since,
                until=question.until,
                known=known,
                progress=told,
            )
    finally:
        archive.close()


async def ask(
    question: Question, known: bytes = b"", told: Told = lambda done, of: None
) -> tuple[Comparison, bytes]:
    """The comparison, from a process of its own, which ends with the caller; and what makes the
    next one quicker, if it is given as `known` and has the same `current`.

    Raises: ArchiveMissing, PolicyError, ReplayFailed."""
    # What is wrong with the question is said here, in words.
    load_policy(question.proposed)
    Archive(Path(question.archive)).close()
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.learning.whatif_run"),
            cwd=Path(__file__).resolve().parents[2],
            stdin=PIPE,
            stdout=PIPE,
            stderr=errors,
            limit=LINE_AT_MOST,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        try:
            heard = _heard(process, msgspec.json.encode(question) + b"\n" + known, told)
            return await asyncio.wait_for(heard, PATIENCE_S)
        except asyncio.TimeoutError:
            raise ReplayFailed(
                f"The replay took longer than {PATIENCE_S:.0f} seconds.", hint="Choose fewer days."
            ) from None
        except asyncio.IncompleteReadError:
            await process.wait()
            errors.seek(0)
            raise ReplayFailed(
                f"The replay failed: {_last_line(errors.read())}",
                hint="Try again. If it fails each time, delete var/learning/archive.db: it is made "
                "anew from the logs.",
            ) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await asyncio.shield(process.wait())


async def _heard(
    process: asyncio.subprocess.Process, given: bytes, told: Told
) -> tuple[Comparison, bytes]:
    """Raises: IncompleteReadError, when it ends early."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("it was started without pipes")
    with suppress(ConnectionError):  # it has ended already; its last words say why
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()
    while True:
        said = msgspec.json.decode(await process.stdout.readuntil(b"\n"), type=Said)
        if said.comparison is not None:
            return said.comparison, await process.stdout.readexactly(said.known)
        told(said.done, said.of)


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it was killed"


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answer one question."""

    def say(said: Said) -> None:
        target.write(msgspec.json.encode(said) + b"\n")
        target.flush()

    question = msgspec.json.decode(source.readline(), type=Question)
    given = source.read()
    known = _known(given) if given else {}
    found = answer(question, known, lambda done, of: say(Said(done=done, of=of)))
    kept = msgspec.msgpack.encode(known)
    say(Said(comparison=found, known=len(kept)))
    target.write(kept)


if __name__ == "__main__":
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except DeskhandError as failed:
        sys.exit(" ".join(failed.message.split()))
