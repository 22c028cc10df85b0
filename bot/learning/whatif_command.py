"""`deskhand whatif`: other thresholds tried out on the last days, in the terminal.

Belongs here: what the command prints, and saving. Does not belong here: the
replay (`bot.learning.whatif`), or the file (`bot.learning.triage_edit`).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bot.errors import DeskhandError
from bot.learning.archive import ARCHIVE
from bot.learning.triage_edit import numbers, save, with_numbers
from bot.learning.whatif import DAY_MS, Comparison
from bot.learning.whatif_run import ACTIVE, DAYS_AT_MOST, Question, answer
from bot.triage_file import mark_of, text_of
from bot.triage_policy import PolicyError

EXAMPLES_SHOWN: Final = 3


class BadArgument(DeskhandError):
    """A --set that is not KEY=NUMBER."""

    code = "bad_argument"


def run(arguments: argparse.Namespace, policy: Path, var: Path) -> Iterator[str]:
    """The lines to print.

    Raises: BadArgument, UnknownNumber, PolicyError, PolicyChanged, ArchiveMissing."""
    if not 1 <= arguments.days <= DAYS_AT_MOST:
        raise BadArgument(f"--days is {arguments.days}; it must be from 1 to {DAYS_AT_MOST}.")
    try:
        text = text_of(policy)
    except OSError as why:
        raise PolicyError(f"{policy} cannot be read: {why.strerror}.") from None
    values = dict(_pair(one) for one in arguments.set)
    if not values:
        yield from _listed(text)
        return
    proposed = with_numbers(text, values)
    now = time.time_ns() // 1_000_000
    since = now - arguments.days * DAY_MS
    question = Question(
        archive=str((var / ARCHIVE).resolve()),
        current=text,
        proposed=proposed,
        since=since,
        until=now,
    )
    yield from told(answer(question, known={}))
    if arguments.save:
        save(policy, values, mark_of(text))
        yield ""
        yield f"Saved to {policy}: {_said(values)}. {ACTIVE}"


def told(found: Comparison) -> Iterator[str]:
    """A comparison in lines of text."""
    if partial := found.archive.told():
        yield partial
    if not found.turns:
        yield f"There is no message of the last {found.days:.0f} days that can be decided again."
        if found.left_out:
            yield f"{found.left_out} conversations were logged before that was possible."
        return
    same = found.reproduced / found.turns
    yield (
        f"{found.turns} messages in {found.conversations} conversations of the last "
        f"{found.days:.0f} days; {same:.1%} are decided today as they were then."
    )
    if found.left_out:
        yield f"{found.left_out} conversations could not be decided again."
    before, after = found.before, found.after
    rows = [
        ("hand-offs", before.handoffs, after.handoffs),
        ("asked back", before.asked_back, after.asked_back),
        ("answers", before.answers, after.answers),
        ("known to be wrong", before.wrong, after.wrong),
    ]
    yield ""
    yield f"{'':20}{'today':>10}{'then':>10}{'':4}change"
    for words, was, would in rows:
        yield f"{words:20}{was:>10}{would:>10}{'':4}{would - was:+d}"
    yield f"{'agents, hours':20}{'':20}{'':4}{found.hours:+.1f}"
    for group in found.groups:
        if not group.count:
            continue
        yield ""
        yield f"{group.count} × {group.words}:"
        for example in group.examples[:EXAMPLES_SHOWN]:
            reasons = "; ".join(example.after_reasons)
            yield (
                f"    “{example.text}” {example.before} → {example.after}"
                + (f" ({reasons})" if reasons else "")
                + (f"; {example.why}" if example.why else "")
            )


def _listed(text: str) -> Iterator[str]:
    for number in numbers(text):
        yield f"{number.key} = {number.value:g}"
        yield f"    {number.about}"
    yield ""
    yield "Try another with --set, for example: deskhand whatif --set confidence.answer=0.5"


def _pair(given: str) -> tuple[str, float]:
    key, _, value = given.partition("=")
    try:
        return key.strip(), float(value)
    except ValueError:
        raise BadArgument(
            f"--set {given} is not KEY=NUMBER.", hint="For example: --set confidence.answer=0.5"
        ) from None


def _said(values: Mapping[str, float]) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in values.items())
