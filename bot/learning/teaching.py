"""What a decision of the review inbox does to the examples, and how it is taken back.

Belongs here: examples made of a cluster's wordings, those that clash with another intent left out,
and which of the examples a decision added. Does not belong here: taking decisions
(`bot.learning.inbox`), and writing the files (`bot.learning.examples`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.events import Agent
from bot.learning.decisions import Accepted
from bot.learning.domain_edits import NewIntent
from bot.learning.examples import Added, ExampleConflict, LearnedExamples, Skipped
from bot.learning.inbox_store import InboxStore
from bot.learning.nlu_files import Example
from bot.learning.wordings import key_of

#: Messages that are named as the source of an example.
SOURCES_AT_MOST: Final = 5


def examples_of(
    store: InboxStore, keys: Sequence[str], intent: str, *, by: Agent, at: int
) -> list[Example]:
    """The wordings with these keys, as far as they are still there, as examples of an intent."""
    texts = store.texts(keys)
    return [
        Example(
            text=texts[key],
            intent=intent,
            sources=tuple(f"{c}#{seq}" for c, seq in store.sources(key))[:SOURCES_AT_MOST],
            by=by.login,
            at=at,
        )
        for key in keys
        if key in texts
    ]


def teach(learned: LearnedExamples, examples: Sequence[Example], new: NewIntent | None) -> Added:
    """Write them, and the intent when it is a new one. Those that are examples of another intent
    already are left out and told.

    Raises: what `LearnedExamples.add` raises; ExampleConflict only when nothing else would be left.
    """
    try:
        return learned.add(examples, new)
    except ExampleConflict as conflict:
        clashing = {wanted.text: known for wanted, known in conflict.clashes}
        rest = [one for one in examples if one.text not in clashing]
        if not rest or len(rest) + len(clashing) != len(examples):
            raise
        added = learned.add(rest, new)
        told = tuple(
            Skipped(wanted, f"it is an example of {known.example.intent}: {known.where}")
            for wanted, known in conflict.clashes
        )
        return Added(added.trained, added.held_out, (*added.skipped, *told))


def unteach(learned: LearnedExamples, entry: Accepted) -> None:
    """Remove what the decision added, and the intent that it made unless others have taught it.

    Raises: what `LearnedExamples.remove` raises."""
    placed = [*learned.all(), *learned.held_out()]
    of_intent = [one.example for one in placed if one.example.intent == entry.intent]
    texts = [one.text for one in of_intent if _added_by(one, entry)]
    learned.remove(texts, entry.intent, unmake=entry.made and len(texts) == len(of_intent))


def _added_by(example: Example, entry: Accepted) -> bool:
    """Whether the decision added it; the same sentence may have been there before."""
    return key_of(example.text) in entry.keys and example.by == entry.by.login
