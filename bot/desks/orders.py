"""What agents order in words, the same at every desk: `/desk close solved` in Slack is
`/close solved` in Telegram. Times, outcomes and people as people write them.

Pure. Belongs here: reading words. Does not belong here: what an order means (`bot.conversation`),
and how a desk finds out which conversation is meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Final

from bot import commands
from bot.desk_plan import Member, Skill
from bot.errors import DeskhandError
from bot.events import Agent
from bot.opening_hours import WEEKDAYS

#: How a conversation can end: the outcome in the log, and in words.
OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {"solved": "Solved", "unsolved": "Not solved", "spam": "Spam", "duplicate": "Duplicate"}
)
#: For how long it can be put away with two clicks: what `until` reads, and in words.
SNOOZES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "30m": "30 minutes",
        "2h": "2 hours",
        "tomorrow": "Until tomorrow, 9:00",
        "monday": "Until Monday, 9:00",
    }
)
#: When a day begins for who says "tomorrow", and the furthest that anybody plans.
MORNING: Final = 9
SNOOZE_AT_MOST: Final = timedelta(days=30)

_FOR = re.compile(r"(\d{1,4}) ?(m|min|minutes?|h|hours?|d|days?)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}):(\d{2}))?")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class UnclearOrder(DeskhandError):
    """The words are not understood; the hint says which would be."""

    code = "unclear_order"


def outcome_of(words: str) -> str:
    """The outcome that is meant; no word at all means solved.

    Raises: UnclearOrder."""
    word = words.strip().casefold()
    known = {**{name: name for name in OUTCOMES}, **{w.casefold(): n for n, w in OUTCOMES.items()}}
    if word and word not in known:
        raise UnclearOrder(f"{words!r} is no outcome.", hint=f"Say one of: {', '.join(OUTCOMES)}.")
    return known[word] if word else "solved"


def until(words: str, *, now: int, zone: tzinfo) -> int:
    """The moment that is meant, in ms: `30m`, `2h`, `3d`, `18:00`, `tomorrow`, `friday 14:00`,
    `2026-12-01 10:00`. Clock times are those of `zone`; a day alone means its morning.

    Raises: UnclearOrder."""
    text = " ".join(words.casefold().split()).removeprefix("until ").removeprefix("for ")
    here = datetime.fromtimestamp(now / 1000, zone)
    then = _moment(text, here)
    if then is None:
        raise UnclearOrder(
            f"{words.strip()!r} is no time." if text else "Until when?",
            hint="Say 30m, 2h, 18:00, tomorrow, friday 14:00 or 2026-12-01 10:00.",
        )
    moment = int(then.timestamp() * 1000)
    check_ahead(moment, now=now)
    return moment


def check_ahead(until: int, *, now: int) -> None:
    """Raises: UnclearOrder: `until` (ms) is over already, or too far ahead."""
    if not 0 < until - now <= SNOOZE_AT_MOST.total_seconds() * 1000:
        raise UnclearOrder(
            f"That is not within the next {SNOOZE_AT_MOST.days} days.",
            hint="Choose a time that is ahead of us.",
        )


def _moment(text: str, here: datetime) -> datetime | None:
    if found := _FOR.fullmatch(text):
        return here + int(found[1]) * _UNITS[found[2][0]]
    if found := _DATE.fullmatch(text):
        try:
            day = datetime.fromisoformat(found[1]).replace(tzinfo=here.tzinfo)
        except ValueError:
            return None
        return _at(day, found[2], found[3])
    day_name, _, clock = text.partition(" ")
    if found := _CLOCK.fullmatch(text):
        today = _at(here, found[1], found[2])
        return today + timedelta(days=1) if today is not None and today <= here else today
    at = _CLOCK.fullmatch(clock)
    if clock and not at:
        return None
    days = _days_ahead(day_name, here)
    if days is None:
        return None
    return _at(here + timedelta(days=days), *(at.groups() if at else (None, None)))


def _days_ahead(name: str, here: datetime) -> int | None:
    if name == "tomorrow":
        return 1
    for number, weekday in enumerate(WEEKDAYS):
        if name in (weekday.casefold(), weekday[:3].casefold()):
            return (number - here.weekday() - 1) % 7 + 1
    return None


def _at(day: datetime, hour: str | None, minute: str | None) -> datetime | None:
    try:
        return day.replace(
            hour=int(hour or MORNING), minute=int(minute or 0), second=0, microsecond=0
        )
    except ValueError:
        return None  # like 25:00


def passed_to(
    words: str, agent: Agent, *, skills: Sequence[Skill], team: Sequence[Member]
) -> commands.Transfer:
    """A transfer to the skill or the colleague that is meant, by name, words or login.

    Raises: UnclearOrder."""
    asked = words.strip().removeprefix("@").casefold()
    for skill in skills:
        if asked in (skill.name.casefold(), skill.words.casefold()):
            return commands.Transfer(agent=agent, skill=skill.name)
    for member in team:
        if asked in (member.login.casefold(), member.name.casefold()):
            return commands.Transfer(agent=agent, to=member.agent)
    names = [skill.name for skill in skills] + [member.login for member in team]
    raise UnclearOrder(
        f"{words.strip()!r} is neither a skill nor a colleague." if asked else "To whom?",
        hint=f"Say one of: {', '.join(names)}." if names else "There is nobody else yet.",
    )
