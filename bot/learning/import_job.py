"""The studio's job "import": a look into a file that an owner has sent, or bringing it in.

Belongs here: what a preview counts, and what of a tally a page is told. Does not belong here:
reading and writing (`bot.learning.imports`, the same as the command's), the file itself
(`bot.learning.uploads`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from bot.language import guess_language
from bot.learning.history import History
from bot.learning.imports import Tally, bring_in, look_into
from bot.learning.jobs import Job
from bot.learning.run_job import Context, Progress
from bot.learning.uploads import Uploads
from bot.store import Store

#: Lines of what is left out that a page is told; the number of all comes with them.
LEFT_OUT_TOLD: Final = 100
#: Signs of what a customer wrote that a language is guessed from.
GUESSED_FROM: Final = 1_000


class Looked:
    """What a preview has seen: languages by conversations, and the time that they span (ms)."""

    def __init__(self) -> None:
        self.languages: Counter[str] = Counter()
        self.first: int | None = None
        self.last: int | None = None

    def see(self, history: History) -> None:
        said = " ".join(line.text for line in history.lines if line.who == "customer")
        self.languages[guess_language(said[:GUESSED_FROM])] += 1
        begin, end = history.lines[0].at, history.lines[-1].at
        self.first = begin if self.first is None else min(self.first, begin)
        self.last = end if self.last is None else max(self.last, end)


async def run(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    """`args`: `upload`, `name`, `file` (as the owner calls it), `preview`, `total`: conversations,
    as far as that is known. Gives `conversations`, `messages`, `known`, `left_out` (lines, at most
    `LEFT_OUT_TOLD`), `left_out_count`; and a preview `languages` ([code, conversations], the most
    frequent first), `first`, `last` (ms)."""
    uploads, store = Uploads(context.var), Store(context.redis)
    upload, name, file = (str(job.args[key]) for key in ("upload", "name", "file"))
    source, total = str(uploads.path(upload)), int(job.args.get("total") or 0)

    async def told(done: int) -> None:
        await progress(f"{done:,} conversations", done / total if total else 0.0)

    if job.args.get("preview"):
        looked = Looked()
        tally = await look_into(
            store, source, name=name, called=file, seen=looked.see, progress=told
        )
        return {
            **told_of(tally),
            "languages": [list(one) for one in looked.languages.most_common()],
            "first": looked.first,
            "last": looked.last,
        }
    tally = await bring_in(store, source, name=name, called=file, progress=told)
    uploads.forget(upload)
    return told_of(tally)


def told_of(tally: Tally) -> dict[str, Any]:
    return {
        "conversations": tally.conversations,
        "messages": tally.messages,
        "known": tally.known,
        "left_out": [line[:300] for line in tally.left_out[:LEFT_OUT_TOLD]],
        "left_out_count": len(tally.left_out),
    }
