"""How long it may take until somebody comes, judged from how long it took lately, and in words.

Pure. An estimate is a range, rounded outwards, and none at all when too little is known: a customer
who is told nothing is better off than one who is told a number that nobody stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: So many must have waited longer than this customer has already; else nothing is said.
ENOUGH = 5
#: A wait older than this says little about now, in ms.
RECENT_MS = 24 * 3600 * 1000
MINUTE_MS = 60_000
#: Ends of a range are rounded outwards to these, in minutes: "between 3 and 7" would sound exact.
ROUND_MINUTES = (0, 1, 2, 3, 5, 10, 15, 20, 30, 45, 60)


@dataclass(frozen=True, slots=True)
class Expected:
    """Between `low` and `high` more minutes; `high` None: more than an hour."""

    low: int
    high: int | None

    def words(self) -> str:
        """ "2 to 5 minutes": a sentence can go on with it after "in"."""
        if self.high is None:
            return "more than an hour" if self.low >= 60 else f"{_minutes(self.low)} or much more"
        if self.low == 0:
            return "less than a minute" if self.high == 1 else f"up to {_minutes(self.high)}"
        if self.low == self.high:
            return "about a minute" if self.low == 1 else f"about {_minutes(self.low)}"
        return f"{self.low} to {_minutes(self.high)}"


def expected_wait(waits: Sequence[int], waited: int = 0) -> Expected | None:
    """How much longer somebody who has waited `waited` ms may have to wait, given how long recent
    customers waited in all (ms). From those who waited longer than this one has: the 2nd tenth of
    what they still had before them is the low end, the 9th the high one. None: too few."""
    ahead = sorted(wait - waited for wait in waits if wait > waited)
    if len(ahead) < ENOUGH:
        return None
    low, high = (ahead[round((len(ahead) - 1) * share)] / MINUTE_MS for share in (0.2, 0.9))
    return Expected(
        low=max(step for step in ROUND_MINUTES if step <= low),
        high=min((step for step in ROUND_MINUTES if step and step >= high), default=None),
    )


def _minutes(count: int) -> str:
    return f"{count} minute{'' if count == 1 else 's'}"
