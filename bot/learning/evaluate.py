"""How well a model reads sentences whose intent is known: counts, per intent and in all.

Pure. Belongs here: what a sentence was read as, precision and recall per intent, which intents are
taken for each other, which sentences two models read differently. Does not belong here: whether
that is good enough (`bot.learning.gate`), where sentences come from (`bot.learning.held_out`), or
reading them (`bot.learning.reading`).

A message is *read as* its intent when the triage policy would trust it, and as `OUT_OF_SCOPE` when
not: so the same table says how often customers are answered wrongly (precision) and how often they
are not answered (recall).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from bot.events import Record
from bot.triage import Outcome, Policy, Turn, decide

#: The "intent" of a sentence that is none of ours.
OUT_OF_SCOPE: Final = "out_of_scope"
#: Example sentences kept of each pair of intents.
EXAMPLES: Final = 3


class Sentence(Record, frozen=True):
    """A sentence of customers', and its intent (or `OUT_OF_SCOPE`)."""

    text: str
    intent: str


class ReadAs(Record, frozen=True):
    """What a model makes of one sentence. `person`: triage hands over to a person at once."""

    intent: str
    confidence: float
    person: bool = False


class IntentFigures(Record, frozen=True):
    """Of one intent: how many sentences have it, how many were read as it, and how many both."""

    intent: str
    sentences: int
    read: int
    right: int

    @property
    def precision(self) -> float | None:
        """Of those read as it: the share that is right; None when none was."""
        return self.right / self.read if self.read else None

    @property
    def recall(self) -> float | None:
        """Of its sentences: the share that was found; None when it has none."""
        return self.right / self.sentences if self.sentences else None


class Confusion(Record, frozen=True):
    """`count` sentences of `intent` were read as `read_as`; a few of them."""

    intent: str
    read_as: str
    count: int
    examples: tuple[str, ...]


class Evaluation(Record, frozen=True):
    """All of it, for one model. `asked` sentences ask for a person, and of those `heard` would be
    handed over."""

    intents: tuple[IntentFigures, ...]
    confusions: tuple[Confusion, ...]
    asked: int
    heard: int

    def of(self, intent: str) -> IntentFigures:
        """Zeros for an intent of which there is nothing."""
        for one in self.intents:
            if one.intent == intent:
                return one
        return IntentFigures(intent=intent, sentences=0, read=0, right=0)

    @property
    def sentences(self) -> int:
        """Those that have an intent."""
        return sum(one.sentences for one in self.intents if one.intent != OUT_OF_SCOPE)

    @property
    def right(self) -> int:
        return sum(one.right for one in self.intents if one.intent != OUT_OF_SCOPE)

    @property
    def accuracy(self) -> float | None:
        return self.right / self.sentences if self.sentences else None


class SentenceChange(Record, frozen=True):
    """A sentence that two models read differently."""

    text: str
    intent: str
    before: ReadAs
    after: ReadAs

    @property
    def gained(self) -> int:
        """1: right only now; -1: right only before; 0: wrong both times."""
        return (self.after.intent == self.intent) - (self.before.intent == self.intent)


def read_as(parse: Mapping[str, Any], policy: Policy) -> ReadAs:
    """What the message of a Rasa parse is taken for when it begins a conversation."""
    turn = Turn.from_parse(parse)
    placed = (
        turn.intent is not None
        and turn.intent != policy.fallback_intent
        and turn.confidence >= policy.answer_confidence
        and turn.out_of_scope < policy.out_of_scope
    )
    return ReadAs(
        intent=turn.intent if placed and turn.intent else OUT_OF_SCOPE,
        confidence=round(turn.confidence, 4),
        person=decide(turn, policy).outcome is Outcome.HANDOFF,
    )


def evaluate(
    sentences: Sequence[Sentence], read: Sequence[ReadAs], asking: Collection[str]
) -> Evaluation:
    """Count. `read`: what each of the sentences was read as. `asking`: the intents whose sentences
    ask for a person."""
    right: Counter[str] = Counter()
    pairs: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for sentence, found in zip(sentences, read, strict=True):
        if found.intent == sentence.intent:
            right[sentence.intent] += 1
        else:
            pairs[sentence.intent, found.intent].append(sentence.text)
    truth = Counter(sentence.intent for sentence in sentences)
    taken = Counter(found.intent for found in read)
    return Evaluation(
        intents=tuple(
            IntentFigures(
                intent=intent, sentences=truth[intent], read=taken[intent], right=right[intent]
            )
            for intent in sorted({*truth, *taken})
        ),
        confusions=tuple(
            Confusion(
                intent=intent, read_as=other, count=len(texts), examples=tuple(texts[:EXAMPLES])
            )
            for (intent, other), texts in sorted(
                pairs.items(), key=lambda item: (-len(item[1]), item[0])
            )
        ),
        asked=sum(sentence.intent in asking for sentence in sentences),
        heard=sum(
            found.person
            for sentence, found in zip(sentences, read, strict=True)
            if sentence.intent in asking
        ),
    )


def changes(
    sentences: Sequence[Sentence], before: Sequence[ReadAs], after: Sequence[ReadAs]
) -> tuple[SentenceChange, ...]:
    """The sentences that are read differently: what got worse first, then what got better."""
    found = [
        SentenceChange(text=sentence.text, intent=sentence.intent, before=old, after=new)
        for sentence, old, new in zip(sentences, before, after, strict=True)
        if old.intent != new.intent
    ]
    return tuple(sorted(found, key=lambda c: ({-1: 0, 1: 1, 0: 2}[c.gained], c.intent)))
