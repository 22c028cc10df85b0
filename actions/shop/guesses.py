"""Failed proofs of identity, counted per order number and per e-mail address.

The form's own rule (three tries) holds within one conversation; somebody who opens a new one for
every three guesses meets this one. Kept in memory, hashed, for a day: a restart forgives, which is
better than a file of whom somebody asked about.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

FAILURES_ALLOWED = 10
"""Failed pairs with the same number, or the same address, in a day. A family with one address and
several mistyped orders stays below."""

FORGOTTEN_AFTER = 24 * 3600.0
REMEMBERED = 50_000
"""Numbers and addresses at the most; the oldest are forgotten first."""


class Guesses:
    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def too_many(self, number: str, email: str) -> bool:
        """Whether this number or this address has been guessed at too often to ask the shop."""
        return any(self._count(key) >= FAILURES_ALLOWED for key in _keys(number, email))

    def failed(self, number: str, email: str) -> None:
        """Note a pair that the shop did not know."""
        for key in _keys(number, email):
            count = self._count(key)
            _, since = self._failures.pop(key, (0, self._monotonic()))
            self._failures[key] = (count + 1, since if count else self._monotonic())
            if len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def _count(self, key: str) -> int:
        count, since = self._failures.get(key, (0, 0.0))
        return count if self._monotonic() - since < FORGOTTEN_AFTER else 0


def _keys(number: str, email: str) -> tuple[str, str]:
    return _hash("number", number.upper()), _hash("email", email.lower())


def _hash(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()
