"""A comparison of two models: on the held-out sentences, and on a replay of recent logged turns.

Belongs here: the report and its steps, from two archives to the gate's word in the registry. Does
not belong here: training the candidate (`bot.learning.train`), the counting
(`bot.learning.evaluate`, `bot.learning.replay`) or the tolerances (`bot.learning.gate`).
"""

from __future__ import annotations

import asyncio
import tarfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from ruamel.yaml.error import YAMLError

from bot.errors import TrainingFailed
from bot.events import Record
from bot.known_intents import intents_of
from bot.learning.archive import Archive, ArchiveMissing
from bot.learning.data_checks import Finding
from bot.learning.evaluate import (
    OUT_OF_SCOPE,
    Evaluation,
    ReadAs,
    Sentence,
    SentenceChange,
    changes,
    evaluate,
    read_as,
)
from bot.learning.gate import Verdict, judge
from bot.learning.held_out import Data, read_data
from bot.learning.logged import LoggedConversation
from bot.learning.reading import Parse, read_texts
from bot.learning.registry import Evaluated, Figures, Registered, Registry
from bot.learning.replay import Replay, replay, texts_of
from bot.learning.safe_writes import keep_mode
from bot.learning.whatif_history import archived_history
from bot.triage_policy import Policy
from bot.triage_turn import readable

#: How far back turns are replayed, and how many at most: a model reads a hundred a second.
DAYS: Final = 14
DAY_MS: Final = 86_400_000
TURNS_AT_MOST: Final = 3_000
#: The share of a comparison's time that reading with both models takes.
READING: Final = 0.95
#: In the archive of a model: what it knows.
_DOMAIN: Final = "components/domain_provider/domain.yml"

#: Words, and how much of the comparison is done (0 to 1).
Progress = Callable[[str, float], Awaitable[None]]
Reader = Callable[..., Awaitable[dict[str, Parse]]]


class Report(Record, frozen=True):
    """All of a comparison of `model` with `against` (None: there was nothing to compare with).

    `before` and `after` are what `against` and `model` make of the held-out sentences, `sentences`
    those that they read differently, `new` the intents that only `model` has. `deleted`: intents of
    held-out sentences that no longer exist. `findings`: what was odd about the examples."""

    model: str
    against: str | None
    at: int
    by: str
    after: Evaluation
    before: Evaluation | None
    sentences: tuple[SentenceChange, ...]
    replay: Replay | None
    verdict: Verdict
    new: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    days: int = DAYS

    def figures(self) -> Figures:
        """Of `model`, in short."""
        return _figures(
            self.after, self.replay, self.replay.after.handed_over if self.replay else 0
        )

    def figures_before(self) -> Figures:
        """Of `against`, in short."""
        if self.before is None:
            return Figures()
        handed = self.replay.before.handed_over if self.replay else 0
        return _figures(self.before, self.replay, handed)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comparison finds things. `help`: the pages; `archive`: of logged conversations."""

    root: Path
    models: Path
    help: Path
    archive: Path
    policy: Policy


async def compare(
    place: Place,
    model: str,
    against: str | None,
    *,
    by: str,
    progress: Progress,
    data: Data | None = None,
    reader: Reader = read_texts,
) -> Report:
    """Compare two models that are there, keep the report, and note the gate's word.

    Args:
        against: None: there is nothing to compare with.
        data: what `read_data` gave, when it was read before.
        reader: reads texts with a model; its signature is that of `read_texts`.

    Raises:
        UnknownModel, ModelInUse: one is not there, or is being deleted.
        TrainingFailed: the held-out sentences cannot be used, or the report cannot be written;
            says why.
        ProcessFailed: a model cannot be loaded.
    """
    registry = Registry(place.models)
    names = [registry.get(name).model for name in (against, model) if name is not None]
    with ExitStack() as held:
        for name in names:
            held.enter_context(registry.using(name))
        return await _compare(
            place,
            registry,
            names,
            model,
            against,
            by=by,
            progress=progress,
            data=data,
            reader=reader,
        )


async def _compare(
    place: Place,
    registry: Registry,
    names: Sequence[str],
    model: str,
    against: str | None,
    *,
    by: str,
    progress: Progress,
    data: Data | None,
    reader: Reader,
) -> Report:
    if data is None:
        data = await asyncio.to_thread(read_data, place.root)
    now = time.time_ns() // 1_000_000
    since = now - DAYS * DAY_MS
    conversations = await asyncio.to_thread(_recent, place.archive, since)
    held = [readable(sentence.text) for sentence in data.sentences]
    texts = [*held, *texts_of(conversations)]
    parses: list[dict[str, Parse]] = []
    for name in names:
        step = (len(parses), len(names))
        parses.append(await _read(place, name, texts, progress, step, reader))
    await progress("comparing", 0.98)
    report = _report(
        place, registry, data, conversations, parses, model=model, against=against, by=by, now=now
    )
    try:
        _keep(registry, report)
    except OSError as why:
        raise TrainingFailed(
            f"The comparison could not be kept: {why.strerror or why}.",
            hint="Both models are untouched. Free some space, and compare them again.",
        ) from why
    return report


def _keep(registry: Registry, report: Report) -> None:
    path = registry.report_on(report.model, report.against)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(msgspec.json.encode(report))
    keep_mode(draft, path)
    draft.replace(path)
    registry.record(
        Evaluated(
            model=report.model,
            at=report.at,
            by=report.by,
            against=report.against,
            report=path.name,
            passed=report.verdict.passed,
            reasons=report.verdict.reasons,
            figures=report.figures(),
            before=report.figures_before(),
        )
    )


def kept_report(models: Path, model: str, against: str | None) -> Report | None:
    """The report of an earlier comparison; None when there was none, or it cannot be read."""
    try:
        raw = Registry(models).report_on(model, against).read_bytes()
        return msgspec.json.decode(raw, type=Report)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def latest_report(models: Path, registered: Registered) -> Report | None:
    """The report of the latest judgement of a model."""
    judged = registered.evaluated
    return kept_report(models, judged.model, judged.against) if judged else None


async def _read(
    place: Place,
    name: str,
    texts: Sequence[str],
    progress: Progress,
    step: tuple[int, int],
    reader: Reader,
) -> dict[str, Parse]:
    done, of = step
    words = f"reading {len(set(texts))} messages with {name}"
    await progress(words, READING * done / of)
    count = 0

    def told(number: int) -> None:
        nonlocal count
        count = number

    reading = asyncio.ensure_future(
        reader(place.models / name, texts, root=place.root, help=place.help, progress=told)
    )
    try:
        while not (await asyncio.wait({reading}, timeout=0.3))[0]:
            share = count / max(1, len(texts))
            await progress(words, READING * (done + share) / of)
        return reading.result()
    finally:
        reading.cancel()


def _recent(archive: Path, since: int) -> list[LoggedConversation]:
    """The newest conversations, until there are turns enough; none when there is no archive."""
    try:
        opened = Archive(archive)
    except ArchiveMissing:
        return []
    try:
        with archived_history(opened) as history:
            found = list(history.chosen(history.versions(since)))
    finally:
        opened.close()
    found.sort(key=lambda one: -one.turns[-1].at)
    kept: list[LoggedConversation] = []
    turns = 0
    for one in found:
        turns += len(one.turns)
        if turns > TURNS_AT_MOST and kept:
            break
        kept.append(one)
    return kept


def _report(
    place: Place,
    registry: Registry,
    data: Data,
    conversations: Sequence[LoggedConversation],
    parses: Sequence[dict[str, Parse]],
    *,
    model: str,
    against: str | None,
    by: str,
    now: int,
) -> Report:
    asking = {place.policy.human_intent}
    sentences: Sequence[Sentence] = data.sentences

    def read(found: dict[str, Parse]) -> list[ReadAs]:
        return [read_as(found[readable(one.text)], place.policy) for one in sentences]

    known = _known(place.models / model)
    after, before = read(parses[-1]), read(parses[0]) if against is not None else None
    evaluated = evaluate(sentences, after, asking)
    evaluated_before = evaluate(sentences, before, asking) if before is not None else None
    changed = changes(sentences, before, after) if before is not None else ()
    new = known - _known(place.models / against) if against is not None else set()
    replayed = None
    if against is not None and conversations:
        since = now - DAYS * DAY_MS
        replayed = replay(conversations, parses[0], parses[-1], place.policy, since=since)
    return Report(
        model=model,
        against=against,
        at=now,
        by=by,
        after=evaluated,
        before=evaluated_before,
        sentences=changed,
        replay=replayed,
        verdict=judge(evaluated_before, evaluated, changed, replayed, known=known, new=new),
        new=tuple(sorted(new)),
        deleted=data.deleted,
        findings=data.findings,
    )


def _known(model: Path) -> set[str]:
    """The intents that a model was trained with."""
    try:
        with tarfile.open(model) as archive:
            file = archive.extractfile(_DOMAIN)
            return set(intents_of(file.read().decode() if file else ""))
    except (tarfile.TarError, KeyError, OSError, YAMLError, UnicodeDecodeError) as why:
        raise TrainingFailed(
            f"{model.name} is no model of ours: {why}.", hint="Delete it, or train it anew."
        ) from None


def _figures(evaluation: Evaluation, replayed: Replay | None, handed_over: int) -> Figures:
    def short(share: float | None) -> float | None:
        return None if share is None else round(share, 4)

    return Figures(
        accuracy=short(evaluation.accuracy),
        out_of_scope=short(evaluation.of(OUT_OF_SCOPE).recall),
        handoffs=short(handed_over / replayed.handoffs)
        if replayed is not None and replayed.handoffs
        else None,
        sentences=sum(one.sentences for one in evaluation.intents),
        turns=replayed.turns if replayed is not None else 0,
        changed=sum(replayed.changes.values()) if replayed is not None else 0,
    )
