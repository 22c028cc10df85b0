"""What is odd about the examples as a whole, before anybody trains: conflicts, near-duplicates, an
intent that starves or swallows others.

Pure and quick (no model, no encoder): what the Models page and `deskhand train --candidate` show
before they begin. Findings never forbid training. Does not belong here: what takes a classifier to
find (`bot.learning.lint`), or refusing a sentence that is being added (`bot.learning.examples`).
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from bot.events import Record
from bot.learning.nlu_files import Placed, key_of

#: With fewer sentences than that an intent is seldom understood in other words than these.
FEW: Final = 8
#: Below this share of the median size, its neighbours win wherever they overlap.
STARVING: Final = 0.2
#: Above so many times the median size, an intent draws what belongs to its neighbours.
SWALLOWING: Final = 5.0
#: An intent of that size or less swallows nobody.
SWALLOWING_FROM: Final = 50
#: Two sentences are nearly the same when they share so much of their letters: the Jaccard index of
#: the sets of three letters, word by word, so that the order of words does not matter.
ALIKE: Final = 0.8
#: Findings of a kind that are shown; the rest is counted.
SHOWN_AT_MOST: Final = 50
#: Folder of the sentences that no training reads.
HELD_OUT: Final = Path("data/held_out")

KINDS: Final = {
    "conflict": "The same sentence has two intents",
    "likeness": "Two intents have nearly the same sentence",
    "leak": "A held-out sentence is nearly one that is trained",
    "repetition": "An intent has nearly the same sentence twice",
    "starving": "An intent has too few sentences",
    "swallowing": "An intent has so many sentences that it may swallow others",
    "uniform": "The sentences of an intent are all alike",
    "confused": "Two intents are confused with each other",
    "mislabelled": "A sentence looks as if it had the wrong intent",
    "unused_intent": "An intent has no examples, or nothing answers it",
    "unused_response": "A response is never said",
    "more": "There is more of this",
}
"""What each kind of finding means, most urgent first."""


class Sentence(Record, frozen=True):
    """A sentence that a finding is about, and where it stands ("data/nlu/talk.yml, line 12")."""

    text: str
    intent: str
    where: str


class Finding(Record, frozen=True):
    """Something that an owner should look at. `words` is one sentence that says what and why;
    `advice` what to do. `intents` are those that it is about."""

    kind: str
    words: str
    advice: str
    intents: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = ()


def check(examples: Sequence[Placed]) -> list[Finding]:
    """Everything odd about these examples (`LearnedExamples.everything()`), most urgent first."""
    trained = [one for one in examples if HELD_OUT not in one.path.parents]
    found = [*conflicts(examples), *near_duplicates(examples), *sizes(trained)]
    return shortened(in_order(found))


def in_order(found: Sequence[Finding]) -> list[Finding]:
    """Most urgent kinds first, otherwise as they came."""
    order = list(KINDS)
    return sorted(found, key=lambda one: order.index(one.kind))


def shortened(found: Sequence[Finding]) -> list[Finding]:
    """At most `SHOWN_AT_MOST` of each kind, and how many were left out."""
    kept: list[Finding] = []
    seen: Counter[str] = Counter()
    for one in found:
        seen[one.kind] += 1
        if seen[one.kind] <= SHOWN_AT_MOST:
            kept.append(one)
    for kind, count in seen.items():
        if count > SHOWN_AT_MOST:
            kept.append(
                Finding(
                    kind="more",
                    words=f"{count - SHOWN_AT_MOST} more: {_in_a_sentence(KINDS[kind])}.",
                    advice="Put these right first, then look again.",
                )
            )
    return kept


def shown(placed: Placed) -> Sentence:
    """The sentence as a finding shows it."""
    return Sentence(text=placed.example.text, intent=placed.example.intent, where=placed.where)


# ------------------------------------------------------------------------------------ conflicts


def conflicts(examples: Sequence[Placed]) -> list[Finding]:
    """The same words under more than one intent. Such sentences teach nothing."""
    by_key: defaultdict[str, list[Placed]] = defaultdict(list)
    for one in examples:
        by_key[key_of(one.example.text)].append(one)
    found = []
    for same in by_key.values():
        intents = tuple(dict.fromkeys(one.example.intent for one in same))
        if len(intents) > 1:
            found.append(
                Finding(
                    kind="conflict",
                    words=f"“{same[0].example.text}” is an example of {_listed(intents)}.",
                    advice="Decide which one it is, and delete it from the others.",
                    intents=intents,
                    sentences=tuple(map(shown, same)),
                )
            )
    return found


# ------------------------------------------------------------------------------- near-duplicates


def near_duplicates(examples: Sequence[Placed]) -> list[Finding]:
    """Pairs of sentences that differ in an ending, a small word or the order of words only; in a
    short one, a typing error makes another word. Between two intents, or between training and the
    held-out sentences, they do harm; within one they are only no use."""
    found = []
    for one, other in alike([placed.example.text for placed in examples]):
        a, b = examples[one], examples[other]
        intents = tuple(dict.fromkeys((a.example.intent, b.example.intent)))
        same_words = key_of(a.example.text) == key_of(b.example.text)
        if same_words and len(intents) > 1:
            continue  # a conflict
        pair = f"“{a.example.text}” and “{b.example.text}”"
        if len(intents) > 1:
            kind = "likeness"
            words = f"{pair} are nearly the same, but examples of {_listed(intents)}."
            advice = "Is one of them in the wrong place? If not, tell them apart by other words."
        elif (HELD_OUT in a.path.parents) != (HELD_OUT in b.path.parents):
            kind = "leak"
            words = f"{pair} are nearly the same; one is trained, the other judges the training."
            advice = "Harmless for a few; with many of them figures look better than they are."
        else:
            kind = "repetition"
            words = f"{pair} are nearly the same ({intents[0]})."
            advice = "One of the two is enough; another wording would teach more."
        found.append(
            Finding(
                kind=kind,
                words=words,
                advice=advice,
                intents=intents,
                sentences=(shown(a), shown(b)),
            )
        )
    return found


def alike(texts: Sequence[str], threshold: float = ALIKE) -> Iterator[tuple[int, int]]:
    """Pairs of places of texts whose sets of letters have a Jaccard index of at least `threshold`.

    Each text is looked up by its rarest letters only: two sets that share as much as is asked for
    share one of those (prefix filtering; Chaudhuri et al. 2006, Xiao et al. 2008, "Efficient
    similarity joins for near duplicate detection"). Texts of one short word are left out.
    """
    sets = [letters_of(text) for text in texts]
    often = Counter(part for one in sets for part in one)
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for place, parts in enumerate(sets):
        if len(parts) < _ENOUGH:
            continue
        rarest = sorted(parts, key=lambda part: (often[part], part))
        prefix = rarest[: len(parts) - math.ceil(threshold * len(parts)) + 1]
        for other in sorted({held for part in prefix for held in holders[part]}):
            if _jaccard(parts, sets[other]) >= threshold:
                yield other, place
        for part in prefix:
            holders[part].append(place)


#: Fewer groups of letters say nothing: "hi" and "his".
_ENOUGH: Final = 5


def letters_of(text: str) -> frozenset[str]:
    """All groups of three letters in the words of a text, blanks around words included."""
    return frozenset(
        padded[i : i + 3]
        for word in key_of(text).split()
        for padded in [f" {word} "]
        for i in range(len(padded) - 2)
    )


def _jaccard(a: AbstractSet[str], b: AbstractSet[str]) -> float:
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


# ----------------------------------------------------------------------------------------- sizes


def sizes(trained: Sequence[Placed]) -> list[Finding]:
    """Intents that are too small beside the others, or too large."""
    count = Counter(one.example.intent for one in trained)
    if not count:
        return []
    median = statistics.median(count.values())
    found = []
    for intent, size in sorted(count.items(), key=lambda one: (one[1], one[0])):
        if size < FEW or size < STARVING * median:
            usual = f"half of all intents have {median:.0f} or more"
            found.append(
                Finding(
                    kind="starving",
                    words=f"{intent} has {_sentences(size)}; {usual}.",
                    advice="Add real ones from the inbox, in as many different words as you can.",
                    intents=(intent,),
                )
            )
        elif size > SWALLOWING_FROM and size > SWALLOWING * median:
            share = size / count.total()
            found.append(
                Finding(
                    kind="swallowing",
                    words=f"{intent} has {size} sentences, {share:.0%} of all; half of all intents "
                    f"have {median:.0f} or fewer.",
                    advice="Part it in two, or take out sentences that say the same.",
                    intents=(intent,),
                )
            )
    return found


def _sentences(count: int) -> str:
    return f"{count} sentence" if count == 1 else f"{count} sentences"


def _in_a_sentence(words: str) -> str:
    return words[0].lower() + words[1:]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
