"""The owner's triage policy: what `data/triage.yml` holds, and what an error in it says.

Pure: `load_policy` takes the file's text. What the numbers do is in `bot.triage`; each key is
explained in the file itself. Nothing has a default here, so that the file shows everything there
is.
"""

from __future__ import annotations

import enum
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.errors import DeskhandError
from bot.human_requests import normalise

REMEMBERED_TURNS = 6
"""How many earlier turns triage remembers: no limit of a policy may look back further."""


class PolicyError(DeskhandError):
    """The triage policy is wrong. The message names the key, the value and what is allowed."""

    code = "triage_policy"


class Reason(str, enum.Enum):
    """Why a person takes over; the codes are part of the gateway's contract."""

    ASKED_FOR_HUMAN = "asked_for_human"
    CLARIFICATIONS_FAILED = "clarifications_failed"
    FRUSTRATED = "frustrated"
    COMPLAINT = "complaint"
    SENSITIVE = "sensitive"
    REPEATED = "repeated"


@dataclass(frozen=True)
class Topic:
    """A subject that always goes to a person.

    It matches when one of `phrases` occurs in the text (whole words, any case; a trailing `*`
    on a word allows any ending) or when the intent is one of `intents` with a confidence of at
    least `confidence`.
    """

    name: str
    words: str
    """The reason as an agent reads it, for example "mentions legal action"."""
    phrases: tuple[str, ...]
    intents: tuple[str, ...]
    confidence: float
    skill: str | None
    reason: Reason
    pattern: re.Pattern[str] | None = field(compare=False, repr=False, default=None)

    def match(self, text: str, intent: str | None, confidence: float) -> str | None:
        """What in the message matched, in words; None if nothing did."""
        found = self.pattern.search(normalise(text)) if self.pattern else None
        if found:
            return f"“{found.group(0)}”"
        if intent in self.intents and confidence >= self.confidence:
            return f"{intent} {confidence:.2f}"
        return None


@dataclass(frozen=True)
class Policy:
    """The owner's triage policy; `load_policy` makes one from `data/triage.yml`.

    Thresholds are confidences or scores from 0 to 1, limits count messages. Every key is
    explained in the file.
    """

    answer_confidence: float
    sure_confidence: float
    margin: float
    out_of_scope: float
    human_confidence: float
    candidate_confidence: float
    help_score: float
    general_intents: frozenset[str]
    anger: float
    annoyance: float
    clarifications: int
    foreign_clarifications: int
    annoyed_messages: int
    repeated_messages: int
    stalled_messages: int
    candidates: int
    languages: tuple[str, ...]
    fallback_intent: str
    human_intent: str
    human_skill: str | None
    chat_intents: frozenset[str]
    rejecting_intents: frozenset[str]
    anger_by_signal: Mapping[str, float]
    topics: tuple[Topic, ...]

    def anger_for(self, signals: Collection[str]) -> float:
        """The frustration at which a customer with these signals is handed over at once."""
        lowered = [at for name, at in self.anger_by_signal.items() if name in signals]
        return min([self.anger, *lowered])


def load_policy(source: str | Mapping[str, Any]) -> Policy:
    """The policy in a YAML text or a mapping of the shape of `data/triage.yml`.

    Raises PolicyError naming the key and the value: a key that is missing or unknown, a number
    outside its range, thresholds in the wrong order, a reason code that does not exist.
    """
    if isinstance(source, str):
        try:
            source = YAML(typ="safe", pure=True).load(io.StringIO(source))
        except YAMLError as error:
            raise PolicyError(f"the triage policy is not valid YAML: {error}") from error
    root = _Section("", source)
    confidence, mood = root.section("confidence"), root.section("mood")
    limits, intents = root.section("limits"), root.section("intents")
    pages = root.section("help")
    policy = Policy(
        answer_confidence=confidence.score("answer"),
        sure_confidence=confidence.score("sure"),
        margin=confidence.score("margin"),
        out_of_scope=confidence.score("out_of_scope"),
        human_confidence=confidence.score("human"),
        candidate_confidence=confidence.score("candidate"),
        help_score=pages.score("answer"),
        general_intents=frozenset(pages.names("general")),
        anger=mood.score("anger"),
        annoyance=mood.score("annoyance"),
        anger_by_signal=mood.scores("anger_by_signal"),
        clarifications=limits.count("clarifications", 0),
        foreign_clarifications=limits.count("foreign_clarifications", 0),
        annoyed_messages=limits.count("annoyed_messages", 2),
        repeated_messages=limits.count("repeated_messages", 2),
        stalled_messages=limits.count("stalled_messages", 2, 50),
        candidates=limits.count("candidates", 1),
        languages=root.names("languages"),
        fallback_intent=intents.name("fallback"),
        human_intent=intents.name("human"),
        human_skill=intents.name("human_skill", optional=True),
        chat_intents=frozenset(intents.names("chat")),
        rejecting_intents=frozenset(intents.names("rejecting")),
        topics=tuple(_topic(section) for section in root.sections("topics")),
    )
    for section in (confidence, pages, mood, limits, intents, root):
        section.done()
    if policy.sure_confidence < policy.answer_confidence:
        raise confidence.wrong("sure", "at least confidence.answer")
    if policy.anger < policy.annoyance:
        raise mood.wrong("anger", "at least mood.annoyance")
    if not policy.languages:
        raise root.wrong("languages", "at least one language code")
    return policy


def _topic(section: _Section) -> Topic:
    phrases, intents = section.names("phrases"), section.names("intents")
    code = section.name("reason") or ""
    allowed = [r.value for r in Reason]
    if code not in allowed:
        raise section.wrong("reason", "one of " + ", ".join(allowed))
    if not phrases and not intents:
        raise section.wrong("phrases", "not empty when there are no intents either")
    topic = Topic(
        name=section.name("name"),
        words=section.name("words"),
        phrases=phrases,
        intents=intents,
        confidence=section.score("confidence"),
        skill=section.name("skill", optional=True),
        reason=Reason(code),
        pattern=_phrases(phrases),
    )
    section.done()
    return topic


def _phrases(phrases: Sequence[str]) -> re.Pattern[str] | None:
    if not phrases:
        return None
    parts = [re.escape(normalise(p)).replace(r"\*", r"\w*") for p in phrases]
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)")


class _Section:
    """One mapping of the policy file: reads keys with their types, and reports leftovers."""

    def __init__(self, path: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise PolicyError(f"{path or 'the triage policy'} is {value!r}; it must be a mapping")
        self._path = path
        self._value = value
        self._read: set[str] = set()

    def _key(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _get(self, key: str) -> Any:
        self._read.add(key)
        if key not in self._value:
            raise PolicyError(f"{self._key(key)} is missing in the triage policy")
        return self._value[key]

    def wrong(self, key: str, must_be: str) -> PolicyError:
        return PolicyError(f"{self._key(key)} is {self._value.get(key)!r}; it must be {must_be}")

    def section(self, key: str) -> _Section:
        return _Section(self._key(key), self._get(key))

    def sections(self, key: str) -> list[_Section]:
        value = self._get(key)
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        return [_Section(f"{self._key(key)}[{i}]", item) for i, item in enumerate(value)]

    def score(self, key: str) -> float:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.wrong(key, "a number from 0 to 1")
        return float(value)

    def scores(self, key: str) -> dict[str, float]:
        section = self.section(key)
        return {str(name): section.score(str(name)) for name in section._value}

    def count(self, key: str, least: int, most: int = REMEMBERED_TURNS) -> int:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(key, f"a whole number from {least} to {most}")
        return int(value)

    def name(self, key: str, *, optional: bool = False) -> Any:
        value = self._get(key)
        if value is None and optional:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "a text" + (" or empty (null)" if optional else ""))
        return value

    def names(self, key: str) -> tuple[str, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(x, str) and x for x in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def done(self) -> None:
        unknown = [str(k) for k in self._value if str(k) not in self._read]
        if unknown:
            raise PolicyError(
                f"{self._key(unknown[0])} is not a key of the triage policy; "
                f"known here: {', '.join(sorted(self._read))}"
            )
