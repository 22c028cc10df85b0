"""Opening hours: zones whose clocks change, holidays, the next opening, and the words for it."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.opening_hours import ALL_DAY, Hours, Span

OSLO = ZoneInfo("Europe/Oslo")
NINE_TO_FIVE = (Span(9 * 60, 17 * 60),)
WEEK = (NINE_TO_FIVE,) * 5 + ((), ())


def at(local: str, zone: ZoneInfo = OSLO, fold: int = 0) -> int:
    moment = datetime.fromisoformat(local).replace(tzinfo=zone, fold=fold)
    return int(moment.timestamp() * 1000)


def hours(**more: object) -> Hours:
    return Hours(**{"zone": OSLO, "weekly": WEEK, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-11-25T08:59:59", False),  # a Wednesday
        ("2026-11-25T09:00:00", True),
        ("2026-11-25T16:59:59", True),
        ("2026-11-25T17:00:00", False),
        ("2026-11-28T12:00:00", False),
        ("2026-07-01T09:00:00", True),  # summer time
        ("2026-07-01T17:00:00", False),
    ],
)
def test_it_is_open_from_the_opening_until_just_before_the_closing(
    local: str, is_open: bool
) -> None:
    assert hours().is_open(at(local)) is is_open


def test_the_zone_counts_not_the_server() -> None:
    tokyo = Hours(ZoneInfo("Asia/Tokyo"), WEEK)
    moment = at("2026-11-25T09:30:00", ZoneInfo("Asia/Tokyo"))
    assert tokyo.is_open(moment)
    assert not hours().is_open(moment)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-25T03:00:00", "2026-11-25T09:00:00"),
        ("2026-11-25T18:00:00", "2026-11-26T09:00:00"),
        ("2026-11-27T17:00:00", "2026-11-30T09:00:00"),  # Friday evening to Monday
        ("2026-03-27T18:00:00", "2026-03-30T09:00:00"),  # clocks go forward that Sunday
        ("2026-10-23T18:00:00", "2026-10-26T09:00:00"),  # and back
    ],
)
def test_the_next_opening_is_found_over_nights_weekends_and_changed_clocks(
    now: str, opens: str
) -> None:
    assert hours().next_opening(at(now)) == at(opens)


def test_holidays_count_instead_of_the_weekday_and_a_full_date_before_a_yearly_one() -> None:
    open_at_christmas = date(2028, 12, 25)
    holidays = {(12, 24): (Span(9 * 60, 12 * 60),), (12, 25): (), open_at_christmas: NINE_TO_FIVE}
    shop = hours(holidays=holidays)
    assert shop.is_open(at("2026-12-24T11:59:00"))
    assert not shop.is_open(at("2026-12-24T12:00:00"))
    assert shop.next_opening(at("2026-12-24T12:00:00")) == at("2026-12-28T09:00:00")
    assert shop.is_open(at("2028-12-25T10:00:00"))


def test_who_never_opens_has_no_next_opening_and_who_never_closes_neither() -> None:
    assert hours(weekly=((),) * 7).next_opening(at("2026-11-25T12:00:00")) is None
    always = hours(weekly=(ALL_DAY,) * 7)
    assert always.is_open(at("2026-11-25T00:00:00"))
    assert always.next_opening(at("2026-11-25T12:00:00")) is None


def test_a_time_that_the_clock_skips_opens_at_the_first_that_exists() -> None:
    night = hours(weekly=((Span(2 * 60 + 30, 5 * 60),),) * 7)
    opens = at("2026-03-29T03:00:00")  # from 2:00 to 3:00 nothing exists
    assert not night.is_open(opens - 1)
    assert night.is_open(opens)


def test_a_time_that_comes_twice_opens_at_its_first_and_closes_at_its_second() -> None:
    first, second = at("2026-10-25T02:30:00"), at("2026-10-25T02:30:00", fold=1)
    assert second - first == 3_600_000
    opening = hours(weekly=((Span(2 * 60 + 30, 5 * 60),),) * 7)
    assert opening.is_open(first)
    assert not opening.is_open(first - 1)
    closing = hours(weekly=((Span(0, 2 * 60 + 30),),) * 7)
    assert closing.is_open(second - 1)
    assert not closing.is_open(second)


def test_a_zone_that_changes_at_midnight_has_no_hole_in_a_week_without_closing() -> None:
    cairo = Hours(ZoneInfo("Africa/Cairo"), (ALL_DAY,) * 7)
    start = at("2026-04-23T20:00:00", cairo.zone)  # clocks go from 0:00 to 1:00 that night
    assert all(cairo.is_open(start + minute * 60_000) for minute in range(12 * 60))


@pytest.mark.parametrize(
    ("moment", "now", "words"),
    [
        ("2026-11-30T09:00", "2026-11-27T18:00", "on Monday at 9:00 (Oslo time)"),
        ("2026-11-27T09:00", "2026-11-27T06:00", "today at 9:00 (Oslo time)"),
        ("2026-11-28T13:30", "2026-11-27T23:59", "on Saturday at 13:30 (Oslo time)"),
        ("2026-12-07T09:00", "2026-11-30T18:00", "on Monday 7 December at 9:00 (Oslo time)"),
        ("2027-01-04T09:00", "2026-12-23T18:00", "on Monday 4 January 2027 at 9:00 (Oslo time)"),
    ],
)
def test_a_moment_in_words(moment: str, now: str, words: str) -> None:
    assert hours().words(at(moment), at(now)) == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "UTC"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("America/New_York", "New York time"),
    ],
)
def test_a_zone_is_called_by_its_city(zone: str, words: str) -> None:
    assert Hours(ZoneInfo(zone), WEEK).zone_words() == words


def test_a_span_ends_after_it_begins_and_a_week_has_seven_days() -> None:
    with pytest.raises(ValueError, match="no span"):
        Span(600, 600)
    with pytest.raises(ValueError, match="7 days"):
        hours(weekly=WEEK[:5])


SPANS = st.lists(st.integers(0, 1440), unique=True, max_size=4).map(
    lambda edges: tuple(
        Span(a, b) for a, b in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
    )
)
ZONES = st.sampled_from(["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"])


@settings(max_examples=60, deadline=None)
@given(
    zone=ZONES.map(ZoneInfo),
    weekly=st.tuples(*[SPANS] * 7),
    now=st.integers(1_760_000_000_000, 1_830_000_000_000),
)
def test_the_next_opening_is_open_and_nothing_before_it_is(
    zone: ZoneInfo, weekly: tuple[tuple[Span, ...], ...], now: int
) -> None:
    shop = Hours(zone, weekly)
    opens = shop.next_opening(now)
    if opens is None or shop.is_open(now):
        return
    assert opens > now
    assert shop.is_open(opens)
    minutes = range(now, opens, max(60_000, (opens - now) // 200))
    assert not any(shop.is_open(minute) for minute in minutes)
