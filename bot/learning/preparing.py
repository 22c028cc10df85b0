"""From wordings and their vectors to the inbox as the owner sees it: groups, ranked, each with the
intents that may fit.

Pure, but for numbers that scikit-learn works out. Belongs here: what is put together, its name, its
rank, and its suggestions. Does not belong here: collecting (`bot.learning.collecting`), embedding,
storing (`bot.learning.inbox_store`), or what owners decide (`bot.learning.decisions`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot.known_intents import FALLBACK
from bot.learning.clusters import Labels, Lens, Progress, Vectors, group, keep_names, typical
from bot.learning.missed import helped
from bot.learning.review_shapes import Suggestion
from bot.learning.wordings import Wording

SUGGESTIONS: Final = 4
"""Intents that are offered for a group."""

ASKED: Final = 50
"""Wordings of a group that are asked what they are like: the most typical ones."""

NEIGHBOURS: Final = 5
"""Known examples that have a say on each."""

LEAST: Final = 0.05
"""Confidence from which on an intent is worth a suggestion."""


LIKELY: Final = 0.3
"""Confidence of a suggestion from which on the assistant could have answered."""


@dataclass(frozen=True)
class Known:
    """The examples that the assistant learns from, with their vectors [m, d] and intents.
    `intents`: all that it has, also those without an example."""

    vectors: Vectors
    labels: Sequence[str]
    intents: Collection[str]

    def __post_init__(self) -> None:
        if len(self.vectors) != len(self.labels):
            raise ValueError(f"{len(self.labels)} examples have {len(self.vectors)} vectors")


@dataclass(frozen=True)
class Group:
    """Wordings that mean much the same, the most typical first; `score`: customers helped."""

    id: str
    wordings: tuple[Wording, ...]
    score: float
    labelled: int
    suggestions: tuple[Suggestion, ...]


def prepare(
    wordings: Sequence[Wording],
    vectors: Vectors,
    known: Known,
    *,
    now: int,
    before: Mapping[str, str] | None = None,
    pinned: Mapping[str, str] | None = None,
    progress: Progress = lambda _: None,
) -> list[Group]:
    """The groups of all wordings, those with agents' labels first, then by customers helped.

    Args:
        vectors: [n, d], of the wordings.
        before: the group in which a wording (by its key) was at the last time: names stay.
        pinned: the group to which an owner has moved a wording, by splitting or merging.
        progress: called with the share that is done.
    """
    lens = Lens.learn(known.vectors, known.labels)
    seen = lens.through(vectors) if len(vectors) else vectors
    members = _members(wordings, seen, pinned or {}, progress)
    names = keep_names(
        [[wordings[row].key for row in rows] for rows, _ in members],
        {**(before or {}), **(pinned or {})},
        lambda keys: f"c{keys[0][:12]}",
    )
    examples = lens.through(known.vectors) if len(known.vectors) else known.vectors
    groups = []
    for (rows, pin), name in zip(members, names, strict=True):
        chosen = tuple(wordings[row] for row in rows)
        groups.append(
            Group(
                id=pin or name,
                wordings=chosen,
                score=score_of(chosen, now),
                labelled=sum(m.label is not None for w in chosen for m in w.messages),
                suggestions=suggest(chosen, seen[rows], examples, known),
            )
        )
    return sorted(groups, key=rank)


def worth_showing(one: Group) -> bool:
    """Whether the owner should see it. What a single customer said to a person, and what is like
    nothing that the assistant knows, is chat between the two."""
    customers = {message.conversation for w in one.wordings for message in w.messages}
    if len(customers) > 1 or (one.suggestions and one.suggestions[0].confidence >= LIKELY):
        return True
    return any(m.reasons != ("answered_by_person",) for w in one.wordings for m in w.messages)


def rank(one: Group) -> tuple[int, float, str]:
    """Sorts groups as the owner sees them: what agents have labelled, then customers helped."""
    return (0 if one.labelled else 1, -one.score, one.id)


def score_of(wordings: Sequence[Wording], now: int) -> float:
    """Customers helped by answering all of these."""
    return helped(((m.conversation, m.at, m.weight) for one in wordings for m in one.messages), now)


def _members(
    wordings: Sequence[Wording], seen: Vectors, pinned: Mapping[str, str], progress: Progress
) -> list[tuple[Labels, str]]:
    """Row numbers of each group, the most typical first, and the name that an owner gave it."""
    free = np.array([row for row, one in enumerate(wordings) if one.key not in pinned], dtype=int)
    groups: list[tuple[Labels, str]] = []
    if len(free):
        labels = group(seen[free], progress=progress)
        order = np.argsort(labels, kind="stable")
        for rows in np.split(free[order], np.flatnonzero(np.diff(labels[order])) + 1):
            groups.append((rows, ""))
    moved: dict[str, list[int]] = {}
    for row, one in enumerate(wordings):
        if one.key in pinned:
            moved.setdefault(pinned[one.key], []).append(row)
    groups += [(np.array(rows), name) for name, rows in moved.items()]
    return [(rows[typical(seen[rows])], name) for rows, name in groups]


def suggest(
    wordings: Sequence[Wording], seen: Vectors, examples: Vectors, known: Known
) -> tuple[Suggestion, ...]:
    """Intents that may fit a group: agents' labels, then what its most typical wordings are like.

    The confidence of an intent is the mean of two: how much of the nearest known examples are its
    (each counts by its cosine, so that what is far from everything is like nothing), and with which
    confidence the assistant had read the messages as it.
    """
    labels = Counter(m.label.intent for w in wordings for m in w.messages if m.label)
    total = sum(len(w.messages) for w in wordings)
    found = [
        Suggestion(
            intent=intent,
            confidence=round(min(1.0, 0.5 + 0.5 * count / total), 3),
            known=intent in known.intents,
            why="agents say so" if count > 1 else "an agent says so",
        )
        for intent, count in labels.most_common(SUGGESTIONS)
    ]
    likely = _near(seen[:ASKED], examples, known.labels)
    read: dict[str, float] = {}
    messages = [m for w in wordings[:ASKED] for m in w.messages if m.ranking]
    for message in messages:
        for intent, confidence in message.ranking:
            if intent != FALLBACK:
                read[intent] = read.get(intent, 0.0) + confidence / len(messages)
    if messages:
        both = {*likely, *read}
        likely = {i: (likely.get(i, 0.0) + read.get(i, 0.0)) / 2 for i in both}
    found += [
        Suggestion(
            intent=intent,
            confidence=round(float(confidence), 3),
            why="the assistant thought of it"
            if read.get(intent, 0.0) >= LEAST
            else "like its examples",
        )
        for intent, confidence in sorted(likely.items(), key=lambda item: (-item[1], item[0]))
        if confidence >= LEAST and intent in known.intents and intent not in labels
    ]
    return tuple(found[:SUGGESTIONS])


def _near(seen: Vectors, examples: Vectors, labels: Sequence[str]) -> dict[str, float]:
    """Intents of the nearest examples, each example counting with its cosine; at most 1 each."""
    if not len(examples) or not len(seen):
        return {}
    few = min(NEIGHBOURS, len(examples))
    cosines = seen @ examples.T
    nearest = np.argpartition(-cosines, few - 1, axis=1)[:, :few]
    shares: dict[str, float] = {}
    for row, columns in enumerate(nearest):
        for column in columns:
            cosine = max(0.0, float(cosines[row, column]))
            label = labels[column]
            shares[label] = shares.get(label, 0.0) + cosine / (few * len(seen))
    return shares
