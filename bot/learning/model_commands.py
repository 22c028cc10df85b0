"""`deskhand train --candidate`, `deskhand compare` and `deskhand models`: what the terminal shows.

Belongs here: these commands' words and tables. Does not belong here: training and comparing
(`bot.learning.train_job`), or arguments (`bot.__main__`).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from bot.errors import DeskhandError
from bot.learning.evaluate import OUT_OF_SCOPE, Evaluation
from bot.learning.held_out import Data, read_data
from bot.learning.jobs import NICE
from bot.learning.project import project_of
from bot.learning.registry import (
    Evaluated,
    Happened,
    Promoted,
    Registered,
    Registry,
    RolledBack,
    Trained,
)
from bot.learning.replay import KINDS
from bot.learning.train_job import place_of, train_and_compare
from bot.learning.trial import Progress, Report, compare, kept_report
from bot.processes import State, Status
from bot.settings import Settings
from bot.status_board import StatusBoard

#: Lines of each list that a terminal is spared.
SHOWN: Final = 12

Say = Callable[[str], None]


async def train_a_candidate(
    settings: Settings, root: Path, board: StatusBoard, *, by: str, why: str, force: bool
) -> Report:
    """Train, compare, and say what came of it.

    Raises: DeskhandError."""
    os.nice(NICE)
    data = read_data(root)
    _say_data(data, board.say)
    report = await _watched(
        board,
        lambda progress: train_and_compare(
            project_of(settings, root),
            place_of(settings, root, os.environ),
            by=by,
            why=why,
            force=force,
            progress=progress,
            data=data,
        ),
    )
    for line in told(report):
        board.say(line)
    return report


async def compare_two(
    settings: Settings, root: Path, board: StatusBoard, *, by: str, model: str, against: str
) -> bool:
    """Compare two models, anew unless that was done, and say what came of it.

    Raises: DeskhandError."""
    os.nice(NICE)
    registry = Registry(root / settings.models)
    model, against = full_name(registry, model), full_name(registry, against)
    report = kept_report(root / settings.models, model, against)
    if report is None:
        report = await _watched(
            board,
            lambda progress: compare(
                place_of(settings, root, os.environ), model, against, by=by, progress=progress
            ),
        )
    for line in told(report):
        board.say(line)
    return report.verdict.passed


def list_models(models: Path, say: Say) -> None:
    """Each model with its story."""
    registry = Registry(models)
    found = registry.models()
    if not found:
        say("There is no model yet. `deskhand train` makes the first.")
    for one in found:
        say(f"{one.model}{_role(one)}")
        for event in one.story:
            say(f"    {_moment(event.at)}  {_event(event)}")
        if not one.story:
            say(f"    {_moment(one.trained_at)}  trained")
    if wrong := registry.unreadable():
        say(f"! {wrong} lines of {models / 'registry.jsonl'} cannot be read and are left out.")


def delete_model(models: Path, name: str, by: str, say: Say) -> None:
    """Delete one.

    Raises: DeskhandError."""
    registry = Registry(models)
    name = full_name(registry, name)
    registry.delete(name, at=time.time_ns() // 1_000_000, by=by)
    say(f"{name} is deleted.")


# ------------------------------------------------------------------------------------- a report


def told(report: Report) -> list[str]:
    """The report, for people who read a terminal."""
    lines = [
        "",
        f"{report.model} compared with {report.against or 'nothing'}",
        "",
        *_shares(report),
        *_intents(report),
        *_confusions(report.after),
        *_turns(report),
    ]
    if report.deleted:
        lines += [
            f"! Held-out sentences of intents that were deleted: {', '.join(report.deleted)}."
        ]
    lines += [f"  {remark}" for remark in report.verdict.remarks]
    lines += [""]
    if report.verdict.passed:
        lines += [f"The gate lets it pass. To put it into service: deskhand promote {report.model}"]
    else:
        lines += ["The gate does not let it pass:"]
        lines += [f"  - {reason}" for reason in report.verdict.reasons]
        lines += ["It is kept. An owner may promote it all the same, with a reason in writing:"]
        lines += [f'  deskhand promote {report.model} --because "..."']
    return lines


def _shares(report: Report) -> list[str]:
    before, after = report.before, report.after
    rows = [
        (
            "held-out sentences read rightly",
            (before.right, before.sentences) if before else None,
            (after.right, after.sentences),
        ),
        (
            "of those that are none of ours: recognised",
            _found(before, OUT_OF_SCOPE),
            _found(after, OUT_OF_SCOPE),
        ),
        (
            "held-out requests for a person: heard",
            (before.heard, before.asked) if before else None,
            (after.heard, after.asked),
        ),
    ]
    if report.replay is not None:
        rows.append(
            (
                "logged turns handed to a person: would be again",
                (report.replay.before.handed_over, report.replay.handoffs),
                (report.replay.after.handed_over, report.replay.handoffs),
            )
        )
    return [f"  {words:<50} {_of(old):>18}  ->  {_of(new):>18}" for words, old, new in rows] + [""]


def _found(evaluation: Evaluation | None, intent: str) -> tuple[int, int] | None:
    if evaluation is None:
        return None
    one = evaluation.of(intent)
    return one.right, one.sentences


def _of(pair: tuple[int, int] | None) -> str:
    if pair is None or not pair[1]:
        return "-"
    return f"{pair[0]} of {pair[1]} ({pair[0] / pair[1]:.0%})"


def _intents(report: Report) -> list[str]:
    """The intents of which something has changed."""
    if report.before is None:
        return []
    rows = []
    for now in report.after.intents:
        old = report.before.of(now.intent)
        if (old.right, old.read) != (now.right, now.read):
            rows.append(
                f"  {now.intent:<28} found {_of((old.right, old.sentences)):>15} -> "
                f"{_of((now.right, now.sentences)):>15}   read {old.read:>3} -> {now.read:>3}"
            )
    return [*rows, ""] if rows else []


def _confusions(evaluation: Evaluation) -> list[str]:
    if not evaluation.confusions:
        return []
    lines = ["  Taken for each other most often:"]
    for one in evaluation.confusions[:SHOWN]:
        lines.append(f"    {one.count} x {one.intent} as {one.read_as}: “{one.examples[0]}”")
    return [*lines, ""]


def _turns(report: Report) -> list[str]:
    if report.replay is None:
        return []
    replay = report.replay
    changed = sum(replay.changes.values())
    read = f"{replay.turns} turns of the last {report.days} days"
    lines = [f"  Both have read {read}; {changed} of them would go another way:"]
    lines += [f"    {n} x {KINDS[kind]}" for kind, n in replay.changes.items()]
    for change in replay.changed[:SHOWN]:
        lines.append(
            f"      “{change.text[:60]}”: {change.before.intent} ({change.before.outcome}) -> "
            f"{change.after.intent} ({change.after.outcome})"
        )
    return [*lines, ""]


# ------------------------------------------------------------------------------------- the rest


async def _watched(board: StatusBoard, work: Callable[[Progress], Awaitable[Report]]) -> Report:
    """Run it with its progress on the board."""

    async def progress(words: str, fraction: float) -> None:
        detail = f"{fraction:.0%} {words}"
        board.report(Status("candidate", State.STARTING, detail=detail))

    doing = asyncio.ensure_future(work(progress))
    try:
        while not (await asyncio.wait({doing}, timeout=0.25))[0]:
            board.redraw()
    finally:
        doing.cancel()
    report = doing.result()
    board.report(Status("candidate", State.READY, detail=report.model))
    return report


def _say_data(data: Data, say: Say) -> None:
    for one in data.findings[:SHOWN]:
        say(f"! {one.words} {one.advice}")
    if len(data.findings) > SHOWN:
        say(f"! {len(data.findings) - SHOWN} more of the kind: `deskhand lint-data` has them.")


def full_name(registry: Registry, name: str) -> str:
    """A model by its file name, or by a beginning of it that only one has.

    Raises: DeskhandError."""
    names = [one.model for one in registry.models()]
    if name == "current" and (current := registry.current()):
        return current.model
    if name == "previous" and (previous := registry.previous()):
        return previous.model
    fits = [one for one in names if one == name] or [
        one for one in names if one.startswith(f"deskhand-{name.removeprefix('deskhand-')}")
    ]
    if len(fits) == 1:
        return fits[0]
    raise DeskhandError(
        f"{name} is {'more than one model' if fits else 'no model'}.",
        hint="There are: " + (", ".join(names) or "none"),
    )


def _role(one: Registered) -> str:
    if one.current:
        return "  (serves)"
    if one.previous:
        return "  (served before; a rollback goes back to it)"
    return "  (candidate)" if one.candidate else ""


def _event(event: Happened) -> str:
    because = f": {event.why}" if event.why else ""
    if isinstance(event, Trained):
        what = "trained as a candidate" if event.candidate else "trained"
        return f"{what} by {event.by} in {event.seconds:.0f} s{because}"
    if isinstance(event, Evaluated):
        shares = event.figures
        figures = ", ".join(
            f"{words} {share:.1%}"
            for words, share in (
                ("read rightly", shares.accuracy),
                ("out of scope", shares.out_of_scope),
                ("hand-offs", shares.handoffs),
            )
            if share is not None
        )
        verdict = "passed" if event.passed else "did not pass: " + " ".join(event.reasons)
        return f"compared with {event.against or 'nothing'} by {event.by} ({figures}); {verdict}"
    if isinstance(event, Promoted):
        against = f", against: {' '.join(event.overridden)}" if event.overridden else ""
        return f"put into service by {event.by}{because}{against}"
    if isinstance(event, RolledBack):
        return f"put back into service by {event.by}{because}"
    return f"deleted by {event.by}{because}"


def _moment(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at / 1000))
