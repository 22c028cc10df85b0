"""Jobs for tests: entry points that the learner runs in processes of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from bot.errors import DeskhandError
from bot.learning.jobs import Job
from bot.learning.run_job import Context, Progress


async def add(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    await progress("adding", 0.5)
    low = os.getpriority(os.PRIO_PROCESS, 0)
    return {"sum": sum(job.args["numbers"]), "nice": low, "root": str(context.root)}


async def hang(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    """Tells its own pid and that of a child, and stays."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(60)"
    )
    Path(job.args["pids"]).write_text(f"{os.getpid()} {child.pid}")
    await progress("hanging", 0.25)
    await asyncio.sleep(60)
    return {}


async def refuse(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    raise DeskhandError("domain.yml, line 2: it is broken.", hint="Mend it.")


async def stumble(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    text = "my number is 0470 12 34 56"
    raise KeyError(text)


async def die(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    os.write(1, b"cannot allocate memory\n")
    os._exit(3)
