"""Which word was meant? The nearest of some known words, a typing error or two away.

Candidates are found through deletions (SymSpell, Garbe 2012) and compared by optimal string
alignment: a letter too many, too few, wrong, or two neighbours swapped. Pure, and quick for any
input: words longer than any real one are not looked at.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

LONGEST_WORD = 30
"""Letters; longer ones are no words."""
LONG_WORD = 8
"""From so many letters on, two errors are forgiven; from `SHORT_WORD` on, one."""
SHORT_WORD = 4


class Spelling:
    """Finds the words that misspelt ones stand for."""

    def __init__(self, words: Mapping[str, int]) -> None:
        """`words` are those that may be meant, lower case, with how common they are."""
        self._words = dict(words)
        self._shorter: defaultdict[str, list[str]] = defaultdict(list)
        for word in sorted(words):
            if SHORT_WORD <= len(word) <= LONGEST_WORD and word.isalpha():
                for shorter in _deletions(word):
                    self._shorter[shorter].append(word)

    def meant(self, word: str, known: Callable[[str], bool]) -> str | None:
        """The word that `word` stands for; None if it is right itself (one of the words, or
        `known`), or if none is near. Of several, the nearest, then the most common."""
        word = word.casefold()
        if len(word) > LONGEST_WORD or word in self._words or known(word):
            return None
        near = {
            candidate
            for shorter in _deletions(word)
            for candidate in self._shorter.get(shorter, ())
            if _close(word, candidate)
        }
        return min(near, key=lambda w: (_distance(word, w), -self._words[w], w), default=None)


def _allowed(length: int) -> int:
    return 2 if length >= LONG_WORD else 1 if length >= SHORT_WORD else 0


def _deletions(word: str) -> Iterator[str]:
    """The word and what remains of it without one or two letters."""
    yield word
    for count in range(1, _allowed(len(word)) + 1):
        for places in itertools.combinations(range(len(word)), count):
            yield "".join(c for i, c in enumerate(word) if i not in places)


def _close(a: str, b: str) -> bool:
    """Within the errors that are forgiven; the first letter is rarely the wrong one."""
    allowed = min(_allowed(len(a)), _allowed(len(b)))
    return allowed > 0 and a[0] == b[0] and _distance(a, b) <= allowed


def _distance(a: str, b: str) -> int:
    """Optimal string alignment: insertions, deletions, replacements, neighbours swapped."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
