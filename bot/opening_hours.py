"""When people are there: opening hours in a time zone, with holidays, and the words for it.

Pure: every question comes with its moment (ms since 1970, UTC). The hours themselves come from the
owner's file (`bot.desk_plan`). A day of the local calendar has its spans of hours; which moments
these are is asked of the time zone day by day, so clocks that change are no special case. A local
time that does not exist (the hour that is skipped in spring) counts as the next one that does; one
that exists twice opens at its first and closes at its second occurrence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from types import MappingProxyType
from zoneinfo import ZoneInfo

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
#: A day has so many minutes on the clock, whatever the time zone does that night.
DAY_END = 24 * 60
#: How far ahead an opening is looked for, in days: past any chain of holidays, once round the year.
AHEAD_DAYS = 370


@dataclass(frozen=True, slots=True)
class Span:
    """Open from `opens` until `closes`, in minutes after local midnight."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= DAY_END:
            raise ValueError(f"{self.opens} to {self.closes} is no span of a day's minutes")


ALL_DAY = (Span(0, DAY_END),)


@dataclass(frozen=True)
class Hours:
    """Opening hours.

    `weekly` has the spans of each weekday, Monday first. `holidays` has the spans of single days
    (mostly none), which count instead of the weekday's: by full date, or every year by (month,
    day). A full date goes before a yearly one.
    """

    zone: ZoneInfo
    weekly: tuple[tuple[Span, ...], ...]
    holidays: Mapping[date | tuple[int, int], tuple[Span, ...]] = MappingProxyType({})

    def __post_init__(self) -> None:
        if len(self.weekly) != len(WEEKDAYS):
            raise ValueError(f"a week has 7 days, not {len(self.weekly)}")

    def is_open(self, at: int) -> bool:
        """Whether people are there at `at` (ms)."""
        today = self._local(at).date()
        # A day's last moments can belong to the local day before when clocks are set at midnight.
        days = (today - timedelta(days=1), today)
        return any(opens <= at < closes for day in days for opens, closes in self._moments(day))

    def next_opening(self, at: int) -> int | None:
        """The next moment (ms) after `at` at which it opens; None when it never does. Asked while
        it is closed; while it is open, this is the opening after the present one."""
        today = self._local(at).date()
        for ahead in range(AHEAD_DAYS):
            later = [opens for opens, _ in self._moments(today + timedelta(days=ahead))]
            for opens in later:
                if opens > at and not self.is_open(opens - 1):
                    return opens
        return None

    def spans(self, day: date) -> tuple[Span, ...]:
        """The spans of one local day."""
        for key in (day, (day.month, day.day)):
            if key in self.holidays:
                return self.holidays[key]
        return self.weekly[day.weekday()]

    def words(self, moment: int, now: int) -> str:
        """A moment for people, as seen `now`: "on Monday at 9:00 (Oslo time)"."""
        local, today = self._local(moment), self._local(now).date()
        away = (local.date() - today).days
        clock = f"{local.hour}:{local.minute:02}"
        if away == 0:
            day = "today"
        elif 0 < away < 7:
            day = f"on {WEEKDAYS[local.weekday()]}"
        else:
            month = MONTHS[local.month - 1]
            day = f"on {WEEKDAYS[local.weekday()]} {local.day} {month}"
            day += f" {local.year}" if local.year != today.year else ""
        return f"{day} at {clock} ({self.zone_words()})"

    def zone_words(self) -> str:
        """ "Oslo time": the city that names the time zone."""
        city = self.zone.key.rpartition("/")[2].replace("_", " ")
        return "UTC" if city == "UTC" else f"{city} time"

    # ------------------------------------------------------------------------------- the clock

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, self.zone)

    def _moments(self, day: date) -> Iterator[tuple[int, int]]:
        for span in self.spans(day):
            yield self._moment(day, span.opens, fold=0), self._moment(day, span.closes, fold=1)

    def _moment(self, day: date, minutes: int, fold: int) -> int:
        local = datetime.combine(day, time()) + timedelta(minutes=minutes)
        while True:
            moment = local.replace(tzinfo=self.zone, fold=fold).astimezone(timezone.utc)
            if moment.astimezone(self.zone).replace(tzinfo=None, fold=0) == local:
                return int(moment.timestamp() * 1000)
            local += timedelta(minutes=1)  # the clock skips this minute
