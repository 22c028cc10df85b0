"""Days as owners mean them: in their time zone, with nights on which clocks change."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.learning.periods import DAYS_AT_MOST, BadPeriod, Period, local, period_of

OSLO = ZoneInfo("Europe/Oslo")
HOUR = 3_600_000
#: 1 November 2026, 00:30 in Oslo: still October elsewhere.
NOW = int(datetime(2026, 11, 1, 0, 30, tzinfo=OSLO).timestamp() * 1000)


def between(first: str, last: str) -> Period:
    return period_of(first, last, zone=OSLO, now=NOW)


def test_without_dates_it_is_the_last_thirty_days_up_to_today_there() -> None:
    period = between("", "")
    assert (period.first, period.last) == (date(2026, 10, 3), date(2026, 11, 1))
    assert period.days == 30


def test_one_date_is_enough() -> None:
    assert between("2026-10-20", "").days == 13
    assert between("", "2026-10-30").first == date(2026, 10, 1)


def test_a_day_begins_and_ends_at_local_midnight() -> None:
    period = between("2026-10-05", "2026-10-05")
    midnight = datetime(2026, 10, 4, 22, tzinfo=ZoneInfo("UTC"))
    assert period.start == int(midnight.timestamp() * 1000)
    assert period.end - period.start == 24 * HOUR


def test_nights_on_which_clocks_change_are_shorter_or_longer() -> None:
    autumn, spring = between("2026-10-25", "2026-10-25"), between("2026-03-29", "2026-03-29")
    assert autumn.end - autumn.start == 25 * HOUR
    assert spring.end - spring.start == 23 * HOUR


def test_the_period_before_is_as_long_and_ends_where_this_begins() -> None:
    period = between("2026-10-10", "2026-10-16")
    before = period.before()
    assert before is not None
    assert (before.first, before.last) == (date(2026, 10, 3), date(2026, 10, 9))
    assert before.end == period.start
    assert Period(date(1, 1, 3), date(1, 1, 9), OSLO).before() is None


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("2026-13-01", "", "`from` is '2026-13-01', which is no date"),
        ("yesterday", "", "`from` is 'yesterday', which is no date"),
        ("2026-10-01", "2026-9-1", "`to` is '2026-9-1', which is no date"),
        ("2026-10-01\n", "", "no date"),
        ("٢٠٢٦-١٠-٠١", "", "no date"),
        ("0001-01-01", "", "in the year 1"),
        ("2026-10-05", "2026-10-01", "begins on 2026-10-05 and ends on 2026-10-01"),
        ("2020-01-01", "2026-10-01", "days are too many"),
        ("x" * 500, "", "no date"),
    ],
)
def test_what_makes_no_sense_is_named(first: str, last: str, says: str) -> None:
    with pytest.raises(BadPeriod) as error:
        between(first, last)
    assert says in error.value.message
    assert len(error.value.message) < 200
    assert error.value.hint


def test_the_longest_period_is_possible() -> None:
    assert between("2023-10-29", "2026-11-01").days == DAYS_AT_MOST


def test_moments_have_a_local_day_weekday_and_hour() -> None:
    assert local(NOW, OSLO) == (date(2026, 11, 1), 6, 0)
    assert local(NOW, ZoneInfo("UTC")) == (date(2026, 10, 31), 5, 23)
    # Half hours from Greenwich.
    assert local(NOW, ZoneInfo("Asia/Kolkata")) == (date(2026, 11, 1), 6, 5)
    assert local(NOW, ZoneInfo("Asia/Kathmandu"))[2] == 5
