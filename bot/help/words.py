"""How well do the words of a question match those of a passage? BM25, and the words that misspelt
ones stand for.

Okapi BM25 (Robertson and Zaragoza 2009) over stems; a compound that no text has ("sleepingbag")
counts as its two halves. Pure: texts in, numbers and words out.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from bot.spelling import Spelling

Vector = npt.NDArray[np.float64]

K1 = 1.2
"""How fast a repeated word stops counting (the usual value)."""
B = 0.6
"""How much a long passage is held against its words: a little less than usual, since passages
are parted by subject, not by length."""

STOP_WORDS = frozenset(
    """
    a about after again all also am an and any anybody anyone anything are as at be because been
    being but by can could did do does doing don for from get give go going got had has have having
    he hello her here hey hi him his how i if in into is it its just know let like me more most much
    my need of off on one or our out please pls plz same she should so some somebody someone
    something than thank thanks that the their them then there these they this those to too u ur us
    very want was way we were what when where which while who why will with would yes you your
    im ive id dont doesnt didnt cant wont isnt arent hasnt havent youre whats hows theres thats
    """.split()  # noqa: SIM905  (words read better as text)
)
"""Words that say nothing about the subject."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ENDINGS = ("ings", "ing", "ies", "ied", "ers", "es", "ed", "er", "ly", "s", "e", "y")


def stem(word: str) -> str:
    """The word without its ending, crudely: wash, washes, washed, washing are one."""
    if len(word) <= 3 or not word.isalpha():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word


def words_of(text: str) -> list[str]:
    """The words that say something, lower case, without apostrophes."""
    found = (word.replace("'", "").replace("’", "") for word in _WORD.findall(text.casefold()))
    return [word for word in found if word not in STOP_WORDS]


class WordMatch:
    """BM25 over a fixed list of texts."""

    def __init__(self, texts: Sequence[Sequence[tuple[str, float]]]) -> None:
        """A text is a list of parts with a weight each: a word in a heading counts for more."""
        counts: list[defaultdict[str, float]] = []
        for parts in texts:
            count: defaultdict[str, float] = defaultdict(float)
            for part, weight in parts:
                for word in words_of(part):
                    count[stem(word)] += weight
            counts.append(count)
        lengths = np.array([sum(count.values()) for count in counts] or [1.0], dtype=np.float64)
        norm = K1 * (1 - B + B * lengths / max(lengths.mean(), 1e-9))
        holders: defaultdict[str, list[int]] = defaultdict(list)
        for row, count in enumerate(counts):
            for term in count:
                holders[term].append(row)
        self._texts = len(counts)
        self._weights: dict[str, tuple[npt.NDArray[np.int_], Vector]] = {}
        for term, rows in holders.items():
            rarity = math.log(1 + (len(counts) - len(rows) + 0.5) / (len(rows) + 0.5))
            often = np.array([counts[row][term] for row in rows], dtype=np.float64)
            weight = rarity * often * (K1 + 1) / (often + norm[rows])
            self._weights[term] = (np.array(rows), weight)
        self._rarest = math.log(1 + (len(counts) + 0.5) / 0.5)
        common = Counter(w for parts in texts for part, _ in parts for w in words_of(part))
        self._spelling = Spelling(common)

    def scores(self, question: str) -> Vector:
        """BM25 of each text, in units of the rarest word that there can be."""
        scores = np.zeros(self._texts)
        for word in dict.fromkeys(words_of(question)):
            for term in self._terms(word):
                rows, values = self._weights[term]
                scores[rows] += values
        return np.asarray(scores / self._rarest)

    def meant(self, word: str, known: Callable[[str], bool]) -> str | None:
        """The word of the texts that a misspelt one stands for; None if it is `known`, or if none
        is near."""
        return None if word.casefold() in STOP_WORDS else self._spelling.meant(word, known)

    def _terms(self, word: str) -> tuple[str, ...]:
        """The stems that a word of a question stands for."""
        term = stem(word)
        if term in self._weights:
            return (term,)
        halves = ((stem(word[:i]), stem(word[i:])) for i in range(3, len(word) - 2))
        return next((pair for pair in halves if all(half in self._weights for half in pair)), ())
