"""The job that prepares the review inbox: collect, redact, embed, cluster, rank, store.

Belongs here: the order of the steps and their progress. It runs in a process of its own, started by
the learner: the sentence encoder and scikit-learn are imported nowhere else for the inbox. Nothing
is lost when it is stopped: the inbox stays as it was, and embeddings made so far are kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.from_thread
import anyio.to_thread
import numpy as np

from bot.known_intents import intents_of
from bot.learning.archive import ARCHIVE, Archive
from bot.learning.clusters import Vectors
from bot.learning.collecting import collect
from bot.learning.decision_log import DecisionLog
from bot.learning.examples import LearnedExamples
from bot.learning.inbox_store import INBOX, InboxStore, Prepared, Row
from bot.learning.jobs import Job
from bot.learning.missed import Missed
from bot.learning.preparing import Group, Known, prepare, worth_showing
from bot.learning.redaction import CannotRedact, redact
from bot.learning.run_job import Context, Progress
from bot.learning.wordings import Wording, key_of, together
from bot.nlu.encoder import WIDTH, training_encoder
from bot.nlu.weights import SHA256, WEIGHTS
from bot.triage_policy import load_policy

BATCH: Final = 256
"""Texts that are embedded and kept together: what a stopped job loses."""

#: The share of the job's time that each step takes, roughly, with 50,000 messages.
COLLECTED: Final = 0.15
EMBEDDED: Final = 0.75
CLUSTERED: Final = 0.95


async def run(job: Job, context: Context, progress: Progress) -> dict[str, Any]:
    """Prepare the inbox anew. Its result: how many messages, wordings and clusters there are, and
    how many messages could not be redacted.

    Raises: ArchiveMissing, BrokenFile, PolicyError, StoreUnavailable."""
    ledger = await DecisionLog(context.redis).ledger()
    store = InboxStore(context.var / INBOX)
    root, now = context.root, time.time_ns() // 1_000_000

    def work(tell: Callable[[str, float], None]) -> dict[str, Any]:
        return _prepare(root, context.var, store, ledger.pinned(), now, tell)

    async def report(words: str, fraction: float) -> None:
        await progress(words, fraction)

    def tell(words: str, fraction: float) -> None:
        anyio.from_thread.run(report, words, fraction)

    made = await anyio.to_thread.run_sync(work, tell)
    clusters, rows = made["clusters"], made["rows"]
    # Decided meanwhile? The ledger reads on; the inbox follows it within the same step.
    ledger = await DecisionLog(context.redis).ledger()
    await anyio.to_thread.run_sync(lambda: store.replace(clusters, rows, ledger, now=now))
    return {
        "messages": len(rows),
        "wordings": sum(len(one.wordings) for one in clusters),
        "clusters": len(clusters),
        "left_out": made["left_out"],
    }


def _prepare(
    root: Path,
    var: Path,
    store: InboxStore,
    pinned: Mapping[str, str],
    now: int,
    tell: Callable[[str, float], None],
) -> dict[str, Any]:
    tell("reading the conversations", 0.0)
    policy = load_policy((root / "data/triage.yml").read_text(encoding="utf-8"))
    archive = Archive(var / ARCHIVE)
    try:
        collected = collect(
            archive,
            strange=policy.out_of_scope,
            progress=lambda share: tell("reading the conversations", COLLECTED * share),
        )
    finally:
        archive.close()
    texts, labels = _examples(root)
    taught = {key_of(text) for text in texts}
    wordings = [one for one in together(collected.messages) if _is_news(one, taught)]

    def embedding(share: float) -> None:
        tell("reading what the messages mean", COLLECTED + (EMBEDDED - COLLECTED) * share)

    vectors = embed(store, [*texts, *(one.text for one in wordings)], embedding)
    intents = intents_of((root / "domain.yml").read_text(encoding="utf-8"))
    groups = prepare(
        wordings,
        vectors[len(texts) :],
        Known(vectors[: len(texts)], labels, set(intents)),
        now=now,
        before=store.homes(),
        pinned=pinned,
        progress=lambda share: tell(
            "putting together what is alike", EMBEDDED + (CLUSTERED - EMBEDDED) * share
        ),
    )
    shown = [group for group in groups if worth_showing(group)]
    tell("storing", CLUSTERED)
    return {
        "clusters": [_prepared(group) for group in shown],
        "rows": [_row(one.key, m) for g in shown for one in g.wordings for m in one.messages],
        "left_out": collected.left_out,
    }


def _examples(root: Path) -> tuple[list[str], list[str]]:
    """What the assistant learns from, redacted as the messages are, so that both are alike."""
    texts, labels = [], []
    for placed in LearnedExamples(root).everything():
        try:
            texts.append(redact(placed.example.text).text)
        except CannotRedact:
            continue
        labels.append(placed.example.intent)
    return texts, labels


def _is_news(wording: Wording, taught: set[str]) -> bool:
    """Whether the assistant has not been taught just that since, unless an agent objects."""
    return wording.key not in taught or any(message.label for message in wording.messages)


def embed(
    store: InboxStore, texts: Sequence[str], progress: Callable[[float], None] = lambda _: None
) -> Vectors:
    """Embeddings [n, 384] of length 1: those that are kept, and the missing ones, which are kept
    from then on (at half precision: it moves a cosine by less than 0.001)."""
    different = list(dict.fromkeys(texts))
    encoder = SHA256[WEIGHTS]
    kept = store.vectors(different, encoder)
    missing = [text for text in different if text not in kept]
    for start in range(0, len(missing), BATCH):
        some = missing[start : start + BATCH]
        made = training_encoder().encode(some).astype(np.float16)
        new = {text: row.tobytes() for text, row in zip(some, made, strict=True)}
        store.keep_vectors(new, encoder)
        kept |= new
        progress((start + len(some)) / len(missing))
    store.forget_vectors(different, encoder)
    vectors = np.empty((len(texts), WIDTH), dtype=np.float32)
    for row, text in enumerate(texts):
        vectors[row] = np.frombuffer(kept[text], dtype=np.float16)
    return vectors


def _prepared(group: Group) -> Prepared:
    return Prepared(
        id=group.id,
        wordings=[(one.key, one.text) for one in group.wordings],
        suggestions=group.suggestions,
    )


def _row(key: str, message: Missed) -> Row:
    label = message.label
    return Row(
        conversation=message.conversation,
        seq=message.seq,
        key=key,
        at=message.at,
        reasons=message.reasons,
        intent=message.intent,
        confidence=message.confidence,
        label=label.intent if label else None,
        labelled_by=label.agent if label else None,
        labelled_at=label.at if label else 0,
        afterwards=message.afterwards,
        reply=message.reply,
        replied_by=message.replied_by,
    )
