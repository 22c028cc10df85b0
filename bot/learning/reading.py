"""Reading many texts with a model that does not serve, in a process of its own.

Belongs here: starting `bot.nlu.batch`, feeding it, and its end, whatever that is. Does not belong
here: what is made of what it reads (`bot.learning.evaluate`, `bot.learning.replay`).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bot.child_log import explaining, plain
from bot.children import dies_with_parent
from bot.errors import ProcessFailed

#: Longest line that it may write: a parse of the longest message.
LINE_AT_MOST: Final = 1_000_000

Parse = Mapping[str, Any]


async def read_texts(
    model: Path,
    texts: Sequence[str],
    *,
    root: Path,
    help: Path,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Parse]:
    """What the model reads in each text (a Rasa parse), by text.

    Args:
        root: of the project; help: of its help pages.
        progress: called with how many have been read.

    Raises:
        ProcessFailed: the model cannot be loaded, or reading ended early; says why.
    """
    wanted = list(dict.fromkeys(texts))
    if not wanted:
        return {}
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as errors:
        source.writelines(json.dumps({"text": text}).encode() + b"\n" for text in wanted)
        source.seek(0)
        # In our own group: whoever ends us ends it.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.nlu.batch", str(model.resolve())),
            stdin=source,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            cwd=root,
            env={**os.environ, "DESKHAND_HELP": str(help), "TF_CPP_MIN_LOG_LEVEL": "2"},
            limit=LINE_AT_MOST,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        found: dict[str, Parse] = {}
        try:
            while process.stdout and (line := await process.stdout.readline()):
                found[wanted[len(found)]] = json.loads(line)
                progress(len(found))
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code or len(found) < len(wanted):
            errors.seek(0)
            said = explaining(map(plain, errors.read().splitlines()))
            raise ProcessFailed(
                f"{model.name} could not be read with: {said or f'it ended with code {code}'}",
                hint="A model of another version of Deskhand may not fit this one.",
            )
    return found
