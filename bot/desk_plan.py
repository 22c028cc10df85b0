"""The owner's desk plan: what `data/desk.yml` holds, and what an error in it says.

Pure: `load_plan` takes the file's text. Who is asked, and when, is decided in `bot.routing`; each
key is explained in the file itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.events import Agent, Rung
from bot.opening_hours import ALL_DAY, WEEKDAYS, Hours, Span
from bot.policy_file import PolicyError, Section, read_file

__all__ = [
    "CONSOLE",
    "DESKS",
    "Canned",
    "Member",
    "Plan",
    "PolicyError",
    "Rung",
    "Skill",
    "Step",
    "load_plan",
]

T = TypeVar("T")

CONSOLE = "console"
#: Desks that a plan can name. The console is always there.
DESKS = ("slack", "telegram", CONSOLE)

#: Bounds that only catch slips: a month of waiting, an hour instead of a second.
AFTER_AT_MOST_S = 7 * 24 * 3600
CAPACITY_AT_MOST = 100
CANNED_AT_MOST = 4_000

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
SLACK_MEMBER = re.compile(r"[UW][A-Z0-9]{5,}")
SLACK_CHANNEL = re.compile(r"[CG][A-Z0-9]{5,}|#[^\s#,A-Z]{1,80}")
TELEGRAM_ACCOUNT = re.compile(r"[1-9][0-9]{2,18}")
TELEGRAM_GROUP = re.compile(r"-[1-9][0-9]{2,18}")
LANGUAGE = re.compile(r"[a-z]{2}")
SPAN = re.compile(r"([0-2]?[0-9]):([0-5][0-9])-([0-2]?[0-9]):([0-5][0-9])")
YEARLY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Step:
    """One rung of the ladder, `after` so many ms of waiting."""

    rung: Rung
    after: int


@dataclass(frozen=True)
class Member:
    """One of the owner's people. No skill: whatever needs none; no language: any."""

    login: str
    name: str
    email: str | None = None
    slack: str | None = None
    telegram: int | None = None
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    capacity: int = 4
    is_owner: bool = False

    @property
    def agent(self) -> Agent:
        """As it stands in the log."""
        return Agent(login=self.login, name=self.name)


@dataclass(frozen=True)
class Skill:
    """What some people are good at. `words` for people; channel and group may be None."""

    name: str
    words: str
    intents: frozenset[str]
    slack: str | None
    telegram: int | None


@dataclass(frozen=True)
class Canned:
    """A text to send as it is. `{customer}` and `{agent}` stand for names."""

    name: str
    text: str

    def filled(self, *, customer: str, agent: str) -> str:
        """The text with its names; without a customer's name, the blank before it goes as well."""
        names = {"{customer}": customer, "{agent}": agent}
        text = self.text if customer else re.sub(r" ?\{customer\}", "", self.text)
        return re.sub(r"\{(?:customer|agent)\}", lambda found: names[found[0]], text)


@dataclass(frozen=True)
class Plan:
    """The owner's desk plan; `load_plan` makes one from `data/desk.yml`. Times are in ms."""

    members: tuple[Member, ...]
    capacity: int
    skills: tuple[Skill, ...]
    desks: tuple[str, ...]
    slack_channel: str
    hours: Hours
    ladder: tuple[Step, ...]
    vanish_after: int
    mail_after: int
    canned: tuple[Canned, ...]
    _skill_of: Mapping[str, str] = field(compare=False, repr=False, default_factory=dict)

    def team(self, accounts: Sequence[tuple[str, str, bool]]) -> tuple[Member, ...]:
        """Who is asked: the people of the file, else all `accounts` (login, name, whether an owner)
        of the console."""
        return self.members or tuple(
            Member(login=login, name=name, capacity=self.capacity, is_owner=owner)
            for login, name, owner in accounts
        )

    def skill(self, name: str | None) -> Skill | None:
        """The skill of that name; None for an unknown one, which everybody has."""
        return next((skill for skill in self.skills if skill.name == name), None)

    def skill_for(self, asked: str | None, intent: str | None) -> str | None:
        """The skill that a conversation needs: the one that its hand-off names, else that of the
        intent; None when everybody will do."""
        return asked or self._skill_of.get(intent or "")

    def slack_channel_of(self, skill: str | None) -> str:
        found = self.skill(skill)
        return (found and found.slack) or self.slack_channel

    def telegram_group_of(self, skill: str | None) -> int | None:
        """None: the group of the settings."""
        found = self.skill(skill)
        return found.telegram if found else None

    def by_slack(self, member: str, email: str | None = None) -> Member | None:
        """Who that is in Slack: by member id, else by e-mail."""
        mail = (email or "").casefold()
        by_id = (one for one in self.members if one.slack == member)
        by_mail = (one for one in self.members if mail and (one.email or "").casefold() == mail)
        return next(by_id, None) or next(by_mail, None)

    def by_telegram(self, account: int) -> Member | None:
        return next((one for one in self.members if one.telegram == account), None)


def load_plan(source: str | Mapping[str, Any]) -> Plan:
    """The plan in a YAML text or a mapping of the shape of `data/desk.yml`.

    Raises PolicyError naming the key and the value: a key that is missing or unknown, hours that
    are none, a skill that is not there, somebody listed twice.
    """
    root = read_file(source, "the desk plan")
    desks, hours = root.section("desks"), root.section("hours")
    capacity = root.count("capacity", 1, CAPACITY_AT_MOST)
    skill_sections = root.sections("skills")
    skills = tuple(_skill(section) for section in skill_sections)
    _once(root, "skills", [skill.name for skill in skills])
    agent_sections = root.sections("agents")
    names = {skill.name for skill in skills}
    members = tuple(_member(section, names, capacity) for section in agent_sections)
    for key in ("login", "email", "slack", "telegram"):
        values = [getattr(member, key) for member in members]
        _once(root, "agents", [value for value in values if value is not None])
    canned = tuple(_canned(section) for section in root.sections("canned"))
    _once(root, "canned", [one.name for one in canned])
    plan = Plan(
        members=members,
        capacity=capacity,
        skills=skills,
        desks=_desks(desks),
        slack_channel=_matching(desks, "slack", SLACK_CHANNEL, "a channel like #support"),
        hours=_hours(hours),
        ladder=_ladder(root),
        vanish_after=int(root.seconds("vanish_after", 1, AFTER_AT_MOST_S) * 1000),
        mail_after=int(root.seconds("mail_after", 0, AFTER_AT_MOST_S) * 1000),
        canned=canned,
        _skill_of=_intents(skill_sections, skills),
    )
    for section in (desks, hours, root):
        section.done()
    return plan


def _member(section: Section, skills: Collection[str], capacity: int) -> Member:
    login = _matching(section, "login", LOGIN, "a login: letters, digits, dots and dashes")
    role = _optional(section, "role", lambda: section.name("role")) or "agent"
    if role not in ("agent", "owner"):
        raise section.wrong("role", "agent or owner")
    own = _optional(section, "skills", lambda: section.names("skills")) or ()
    if unknown := [name for name in own if name not in skills]:
        allowed = ", ".join(sorted(skills)) or "none yet"
        raise section.wrong("skills", f"names from `skills` ({unknown[0]!r} is not: {allowed})")
    languages = _optional(section, "languages", lambda: section.names("languages")) or ()
    if not all(LANGUAGE.fullmatch(code) for code in languages):
        raise section.wrong("languages", "two-letter codes like en")
    telegram = _optional_match(section, "telegram", TELEGRAM_ACCOUNT, "a numeric account id")
    room = _optional(section, "capacity", lambda: section.count("capacity", 1, CAPACITY_AT_MOST))
    member = Member(
        login=login,
        name=_optional(section, "name", lambda: section.name("name")) or login,
        email=_optional_match(section, "email", EMAIL, "an e-mail address"),
        slack=_optional_match(section, "slack", SLACK_MEMBER, "a member id like U024BE7LH"),
        telegram=int(telegram) if telegram else None,
        skills=frozenset(own),
        languages=frozenset(languages),
        capacity=room or capacity,
        is_owner=role == "owner",
    )
    section.done()
    return member


def _skill(section: Section) -> Skill:
    telegram = _nullable(section, "telegram", TELEGRAM_GROUP, "a group's id like -1001234567890")
    skill = Skill(
        name=_matching(section, "name", NAME, "a name of small letters, digits and dashes"),
        words=section.name("words"),
        intents=frozenset(section.names("intents")),
        slack=_nullable(section, "slack", SLACK_CHANNEL, "a channel like #orders, or empty"),
        telegram=int(telegram) if telegram else None,
    )
    section.done()
    return skill


def _intents(sections: Sequence[Section], skills: Sequence[Skill]) -> Mapping[str, str]:
    skill_of: dict[str, str] = {}
    for section, skill in zip(sections, skills, strict=True):
        for intent in sorted(skill.intents):
            if other := skill_of.get(intent):
                raise section.wrong("intents", f"without {intent!r}, which {other!r} has already")
            skill_of[intent] = skill.name
    return skill_of


def _canned(section: Section) -> Canned:
    text = section.name("text")
    if len(text) > CANNED_AT_MOST:
        raise section.wrong("text", f"at most {CANNED_AT_MOST} characters")
    if unknown := re.findall(r"\{(?!customer\}|agent\})[^}]*\}", text):
        raise section.wrong("text", f"without {unknown[0]}: only {{customer}} and {{agent}}")
    canned = Canned(_matching(section, "name", NAME, "a name of small letters and dashes"), text)
    section.done()
    return canned


def _desks(section: Section) -> tuple[str, ...]:
    order = section.names("order")
    if not order or len(set(order)) != len(order) or not set(order) <= set(DESKS):
        raise section.wrong("order", f"a list of desks, each once: {', '.join(DESKS)}")
    return order if CONSOLE in order else (*order, CONSOLE)


def _ladder(root: Section) -> tuple[Step, ...]:
    later = [rung.value for rung in Rung if rung not in (Rung.CLOSED, Rung.FIRST)]
    steps: list[Step] = []
    for section in root.sections("ladder"):
        rung = section.name("rung")
        if rung not in later:
            raise section.wrong("rung", f"one of {', '.join(later)}")
        after = int(section.seconds("after", 0.1, AFTER_AT_MOST_S) * 1000)
        if steps and after <= steps[-1].after:
            raise section.wrong("after", "later than that of the rung before")
        if steps and steps[-1].rung is Rung.EMAIL:
            raise section.wrong("rung", "before `email`, which is the last")
        steps.append(Step(Rung(rung), after))
        section.done()
    return tuple(steps)


# ------------------------------------------------------------------------------------- hours


def _hours(section: Section) -> Hours:
    return Hours(zone=_zone(section), weekly=_weekly(section), holidays=_holidays(section))


def _zone(section: Section) -> ZoneInfo:
    name = section.name("timezone")
    place = "a place of the tz database, like Europe/Oslo"
    if name != "UTC" and ("/" not in name or name.startswith("Etc/")):
        raise section.wrong("timezone", place)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):  # unknown, or no name at all
        raise section.wrong("timezone", place) from None


def _weekly(section: Section) -> tuple[tuple[Span, ...], ...]:
    if section.is_mapping("weekly"):
        week = section.section("weekly")
        spans = tuple(_spans(week, day.lower()) for day in WEEKDAYS)
        week.done()
        return spans
    if section.word("weekly") != "always":
        raise section.wrong("weekly", "`always`, or a mapping of monday to sunday")
    return (ALL_DAY,) * len(WEEKDAYS)


def _holidays(section: Section) -> dict[date | tuple[int, int], tuple[Span, ...]]:
    days: dict[date | tuple[int, int], tuple[Span, ...]] = {}
    for item in section.sections("holidays"):
        day = _day(item)
        if day in days:
            raise item.wrong("day", "there only once")
        days[day] = _spans(item, "hours")
        item.done()
    return days


def _day(section: Section) -> date | tuple[int, int]:
    text = section.word("day")
    try:
        if yearly := YEARLY.fullmatch(text):
            month, day = int(yearly[1]), int(yearly[2])
            date(2024, month, day)  # a leap year: 02-29 is a day
            return month, day
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # like 02-30
    raise section.wrong("day", "a date like 2027-03-26, or 12-25 for every year")


def _spans(section: Section, key: str) -> tuple[Span, ...]:
    must_be = "a list of spans like 09:00-17:00, in order and apart; [] for closed"
    spans: list[Span] = []
    for text in section.names(key):
        found = SPAN.fullmatch(text.replace(" ", ""))
        if not found:
            raise section.wrong(key, must_be)
        hours = [int(part) for part in found.groups()]
        opens, closes = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if not (spans[-1].closes if spans else 0) <= opens < closes <= ALL_DAY[0].closes:
            raise section.wrong(key, must_be)
        spans.append(Span(opens, closes))
    return tuple(spans)


# ------------------------------------------------------------------------------- kinds of keys


def _optional(section: Section, key: str, read: Callable[[], T]) -> T | None:
    return read() if section.has(key) else None


def _matching(section: Section, key: str, pattern: re.Pattern[str], must_be: str) -> str:
    value = section.word(key)
    if not pattern.fullmatch(value):
        raise section.wrong(key, must_be)
    return value


def _optional_match(
    section: Section, key: str, pattern: re.Pattern[str], must_be: str
) -> str | None:
    return _optional(section, key, lambda: _matching(section, key, pattern, must_be))


def _nullable(section: Section, key: str, pattern: re.Pattern[str], must_be: str) -> str | None:
    return None if section.is_empty(key) else _matching(section, key, pattern, must_be)


def _once(root: Section, key: str, values: Sequence[object]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise PolicyError(f"{root.key(key)} has {value!r} twice")
