"""How good are the examples that the assistant learns from? What it takes a classifier to find.

Each sentence is read by machines that have not seen it (`bot.nlu.intents.cross_validated`); what
they make of it says which intents are confused and which labels look wrong. What texts alone show
comes from `bot.learning.data_checks`, what is never used from `bot.learning.usage`. Findings
advise; nothing is changed. Belongs here: judging. Does not belong here: the job and the command
(`bot.learning.lint_job`).

Sentences that look mislabelled are found by confident learning (Northcutt et al. 2021, "Confident
Learning: Estimating Uncertainty in Dataset Labels"): one whose chance for another intent is at
least what sentences of that intent usually have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from bot.events import Record
from bot.learning.data_checks import (
    HELD_OUT,
    Finding,
    check,
    in_order,
    shortened,
    shown,
)
from bot.learning.nlu_files import Placed, key_of
from bot.learning.usage import Project, unused_intents, unused_responses

Chances = npt.NDArray[np.float64]
#: From sentences and their intents to the intents' names and the chances [n, k].
CrossValidate = Callable[[Sequence[str], Sequence[str]], tuple[tuple[str, ...], Chances]]

#: A sentence with more than this chance for its own intent is never called mislabelled, and the
#: other intent must be that likely at least. With one in fifty of the shipped sentences given
#: a wrong intent at random, 76% of these are found, and 61% of what is found are these.
OWN_AT_MOST: Final = 0.05
OTHER_AT_LEAST: Final = 0.85
#: Two intents are confused when that many sentences, and that share of the smaller one, go over.
CONFUSED_FROM: Final = 4
CONFUSED_SHARE: Final = 0.08
#: Sentences of an intent are alike when they begin with the same two words that often, or when the
#: words of half of them are the same few.
SAME_BEGINNING: Final = 0.5
#: Different words that a sentence adds, on average; below that, the same is said again and again.
NEW_WORDS: Final = 1.0
#: Fewer sentences than that show nothing of the kind.
UNIFORM_FROM: Final = 10


class Report(Record, frozen=True):
    """`accuracy`: share of sentences that are read rightly by machines that have not seen them;
    None when there was nothing to tell apart."""

    findings: tuple[Finding, ...]
    sentences: int
    intents: int
    accuracy: float | None = None


def lint(examples: Sequence[Placed], project: Project, cross_validate: CrossValidate) -> Report:
    """Everything that is odd about examples (`LearnedExamples.everything()`) and project.

    Raises: BrokenFile."""
    trained = [one for one in examples if HELD_OUT not in one.path.parents]
    intents = [one.example.intent for one in trained]
    found = [*check(examples), *uniform(trained), *unused(project, intents)]
    accuracy = None
    if len(set(intents)) > 1:
        names, chances = cross_validate([one.example.text for one in trained], intents)
        found += confused(trained, names, chances)
        found += mislabelled(trained, names, chances)
        right = chances.argmax(axis=1) == _targets(trained, names)
        accuracy = round(float(right.mean()), 4)
    return Report(
        findings=tuple(shortened(in_order(found))),
        sentences=len(trained),
        intents=len(set(intents)),
        accuracy=accuracy,
    )


def _targets(trained: Sequence[Placed], names: Sequence[str]) -> npt.NDArray[np.int_]:
    place: Mapping[str, int] = {name: n for n, name in enumerate(names)}
    return np.array([place[one.example.intent] for one in trained], dtype=np.int_)


# ------------------------------------------------------------------------------ by machines


def mislabelled(trained: Sequence[Placed], names: Sequence[str], chances: Chances) -> list[Finding]:
    """Sentences that look as if they had another intent, the clearest first."""
    target = _targets(trained, names)
    rows = np.arange(len(trained))
    own = chances[rows, target]
    usual = np.array([own[target == n].mean() for n in range(len(names))])
    bar = np.maximum(usual, OTHER_AT_LEAST)
    others = np.where(chances >= bar, chances, 0.0)
    others[rows, target] = 0.0
    best = others.argmax(axis=1)
    odd = np.flatnonzero((others[rows, best] > 0) & (own <= OWN_AT_MOST))
    return [
        Finding(
            kind="mislabelled",
            words=f"“{trained[row].example.text}” is an example of {names[target[row]]}, but reads "
            f"like {names[best[row]]} ({chances[row, best[row]]:.0%}).",
            advice="Move it if the other fits better. Leave it if it is right: then more sentences "
            "like it would help.",
            intents=(names[target[row]], names[best[row]]),
            sentences=(shown(trained[row]),),
        )
        for row in sorted(odd, key=lambda row: own[row] - others[row, best[row]])
    ]


def confused(trained: Sequence[Placed], names: Sequence[str], chances: Chances) -> list[Finding]:
    """Pairs of intents whose sentences are taken for each other, the most confused first."""
    target, read = _targets(trained, names), chances.argmax(axis=1)
    size = Counter(target.tolist())
    pairs: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row in np.flatnonzero(target != read):
        a, b = sorted((int(target[row]), int(read[row])))
        pairs[a, b].append(int(row))
    found = []
    for (a, b), rows in sorted(pairs.items(), key=lambda one: -len(one[1])):
        if len(rows) >= max(CONFUSED_FROM, CONFUSED_SHARE * min(size[a], size[b])):
            over = sum(int(target[row]) == a for row in rows)
            found.append(
                Finding(
                    kind="confused",
                    words=f"{names[a]} and {names[b]} are confused: {over} of {size[a]} are read "
                    f"as {names[b]}, {len(rows) - over} of {size[b]} as {names[a]}.",
                    advice="Say in the file where one ends and the other begins, and move what is "
                    "on the wrong side. If they get the same answer, make one of them.",
                    intents=(names[a], names[b]),
                    sentences=tuple(shown(trained[row]) for row in rows[:10]),
                )
            )
    return found


# ------------------------------------------------------------------------------------ by texts


def uniform(trained: Sequence[Placed]) -> list[Finding]:
    """Intents whose sentences are all alike: real customers will say it otherwise."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for one in trained:
        texts[one.example.intent].append(key_of(one.example.text))
    found = []
    for intent, keys in texts.items():
        if len(keys) < UNIFORM_FROM:
            continue  # too few, which is told by itself
        beginnings = Counter(" ".join(key.split()[:2]) for key in keys if len(key.split()) > 2)
        beginning, often = beginnings.most_common(1)[0] if beginnings else ("", 0)
        new = len({word for key in keys for word in key.split()}) / len(keys)
        if often > SAME_BEGINNING * len(keys):
            why = f"{often} of {len(keys)} sentences of {intent} begin with “{beginning}”."
        elif new < NEW_WORDS:
            words = round(new * len(keys))
            why = f"The {len(keys)} sentences of {intent} consist of the same {words} words."
        else:
            continue
        found.append(
            Finding(
                kind="uniform",
                words=why,
                advice="Add what customers really wrote: other words, questions, half sentences.",
                intents=(intent,),
            )
        )
    return found


def unused(project: Project, intents: Sequence[str]) -> list[Finding]:
    """Intents and responses that are of no use.

    Raises: BrokenFile."""
    return [
        Finding(
            kind="unused_intent",
            words=f"The intent {intent} {why}.",
            advice="Give it examples and a rule, or take it out of domain.yml.",
            intents=(intent,),
        )
        for intent, why in unused_intents(project, intents).items()
    ] + [
        Finding(
            kind="unused_response",
            words=f"{name} is in no rule, story, form or action.",
            advice="Use it, or take it out of domain.yml.",
        )
        for name in unused_responses(project)
    ]
