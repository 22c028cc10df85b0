"""The check of the data's quality, as the studio's job "lint" and as `deskhand lint-data`.

Belongs here: reading the project, the encoder, and how a report is printed. Does not belong here:
what is odd (`bot.learning.lint`). Imported by nobody but the learner and the command line: it needs
the classifier.
"""

from __future__ import annotations

import asyncio
import textwrap
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec

from bot.learning.data_checks import KINDS
from bot.learning.examples import LearnedExamples
from bot.learning.jobs import Job
from bot.learning.lint import Chances, Report, lint
from bot.learning.run_job import Context, Progress
from bot.learning.usage import Project
from bot.nlu.encoder import training_encoder
from bot.nlu.intents import Sentences, cross_validated

#: Width of what is printed.
WIDTH: Final = 100


async def run(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    """No `args`. Gives the report, and how long it took (`seconds`)."""
    began = time.monotonic()
    await progress("reading every sentence as if it were new", 0.1)
    report = await asyncio.to_thread(report_of, context.root)
    found: dict[str, Any] = msgspec.to_builtins(report)
    return {**found, "seconds": round(time.monotonic() - began, 1)}


def report_of(root: Path) -> Report:
    """The project's report; takes seconds to a minute.

    Raises: BrokenFile."""
    return lint(LearnedExamples(root).everything(), Project.read(root), read_unseen)


def read_unseen(texts: Sequence[str], intents: Sequence[str]) -> tuple[tuple[str, ...], Chances]:
    """Chances of each sentence by the assistant's own classifier, which has not seen it."""
    return cross_validated(Sentences(texts, training_encoder().views(texts)), intents)


def printed(report: Report) -> str:
    """The report for a terminal, most urgent first."""
    share = "" if report.accuracy is None else f"; {report.accuracy:.1%} are read rightly unseen"
    parts = [f"{report.sentences} sentences of {report.intents} intents{share}."]
    for kind, group in groupby(report.findings, key=lambda one: one.kind):
        found = list(group)
        parts.append(f"\n{KINDS[kind]} ({len(found)})" if kind != "more" else "")
        for one in found:
            parts.append(_folded(one.words, "  - ", "    "))
            parts += [_folded(s.where, "    ", "    ") for s in one.sentences[:5]]
        if len({one.advice for one in found}) == 1:
            parts.append(_folded(found[0].advice, "  > ", "    "))
    if not report.findings:
        parts.append("Nothing is odd about them.")
    return "\n".join(parts)


def _folded(text: str, first: str, rest: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest)
