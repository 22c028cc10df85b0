"""Days that somebody wants figures of: from one to another, in the owner's time zone.

Pure. A day is a day of the local calendar: on the nights when clocks change it has 23 or 25 hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from bot.errors import DeskhandError

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Longer ones say nothing that two shorter ones would not, and cost.
DAYS_AT_MOST: Final = 1_100
#: What is shown when nobody says: today and the days before it.
USUAL_DAYS: Final = 30
#: Time zones differ by whole quarters of an hour, today and since 1970: within one, all moments
#: are of the same hour of the same day.
QUARTER_MS: Final = 900_000


class BadPeriod(DeskhandError):
    """Days that make no sense; says which and why."""

    code = "bad_period"


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included.

    Raises: BadPeriod."""

    first: date
    last: date
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise BadPeriod(
                f"The period begins on {self.first} and ends on {self.last}, which is earlier.",
                hint="Change places: from the earlier day to the later.",
            )
        if self.days > DAYS_AT_MOST:
            raise BadPeriod(
                f"{self.days} days are too many; {DAYS_AT_MOST} are possible.",
                hint="Choose a shorter period.",
            )

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def start(self) -> int:
        """Its first moment (ms)."""
        return _midnight(self.first, self.zone)

    @property
    def end(self) -> int:
        """The first moment after it (ms)."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    def before(self) -> Period | None:
        """As many days right before it; None when the calendar does not go back so far."""
        if self.first.toordinal() <= self.days:
            return None
        length = timedelta(days=self.days)
        return Period(self.first - length, self.last - length, self.zone)

    def each(self) -> Iterator[date]:
        """Its days."""
        for ahead in range(self.days):
            yield self.first + timedelta(days=ahead)


def period_of(first: str, last: str, *, zone: ZoneInfo, now: int) -> Period:
    """The period of two dates as they are typed; "" for either is the usual one.

    Raises: BadPeriod."""
    today = datetime.fromtimestamp(now / 1000, zone).date()
    until = day_of("to", last) if last else today
    return Period(day_of("from", first) if first else _usual(until), until, zone)


def _usual(until: date) -> date:
    return date.fromordinal(max(1, until.toordinal() - USUAL_DAYS + 1))


def day_of(name: str, text: str) -> date:
    """The date that `text` is.

    Raises: BadPeriod, saying what `name` should be."""
    try:
        if not _DATE.fullmatch(text, endpos=len(text)):
            raise ValueError(text)
        day = date.fromisoformat(text)
    except ValueError:
        raise BadPeriod(
            f"`{name}` is {text[:40]!r}, which is no date.", hint="Write it like 2026-10-31."
        ) from None
    if not 1970 <= day.year <= 9000:
        raise BadPeriod(f"`{name}` is in the year {day.year}.", hint="Write it like 2026-10-31.")
    return day


def _midnight(day: date, zone: ZoneInfo) -> int:
    """The first moment of a local day; where clocks skip midnight, the first that there is."""
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)


def local(at: int, zone: ZoneInfo) -> tuple[date, int, int]:
    """The local day, weekday (Monday is 0) and hour of a moment (ms)."""
    return _local(at // QUARTER_MS, zone)


@lru_cache(maxsize=200_000)
def _local(quarter: int, zone: ZoneInfo) -> tuple[date, int, int]:
    moment = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, zone)
    return moment.date(), moment.weekday(), moment.hour
