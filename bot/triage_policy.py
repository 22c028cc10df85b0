"""The owner's triage policy: what `data/triage.yml` holds, and what an error in it says.

Pure: `load_policy` takes the file's text. What the numbers do is in `bot.triage`; each key is
explained in the file itself. Nothing has a default here, so that the file shows everything there
is.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.human_requests import normalise
from bot.policy_file import PolicyError, Section, read_file

__all__ = ["REMEMBERED_TURNS", "Policy", "PolicyError", "Reason", "Topic", "load_policy"]

SEARCHED = 512
"""So many of the latest searches for phrases are remembered: some dozen topics in the messages of a
conversation, which a replay reads once for every policy."""

REMEMBERED_TURNS = 6
"""How many earlier turns triage remembers: no limit of a policy may look back further."""


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
    on a word allows any ending), when the intent is one of `intents` with a confidence of at
    least `confidence`, or when the cue has a probability of at least `cue_from`.
    """

    name: str
    words: str
    """The reason as an agent reads it, for example "mentions legal action"."""
    phrases: tuple[str, ...]
    intents: tuple[str, ...]
    confidence: float
    cue: str | None
    cue_from: float
    skill: str | None
    reason: Reason
    pattern: re.Pattern[str] | None = field(compare=False, repr=False, default=None)

    def said_in(self, text: str) -> str | None:
        """The phrase that says so outright, in quotation marks; None if there is none."""
        found = _first(self.pattern, text) if self.pattern else None
        return f"“{found}”" if found else None

    def heard(self, intent: str | None, confidence: float, cue: float) -> str | None:
        """What makes a message sound like it, in words; None if nothing. `cue`: its probability."""
        if intent in self.intents and confidence >= self.confidence:
            return f"{intent} {confidence:.2f}"
        if self.cue is not None and cue >= self.cue_from:
            return f"{cue:.2f}"
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
    drafts: bool
    suggestions: bool
    suggestion_confidence: float
    person_cue: float
    unhelped_cue: float
    anger: float
    annoyance: float
    strain: float
    strain_kept: float
    strain_unhelped: float
    strain_repeated: float
    strain_unplaced: float
    likeness: float
    clarifications: int
    foreign_clarifications: int
    repeated_messages: int
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
    root = read_file(source, "the triage policy")
    confidence, mood = root.section("confidence"), root.section("mood")
    limits, intents = root.section("limits"), root.section("intents")
    pages, agents = root.section("help"), root.section("agents")
    cues, strain = root.section("cues"), root.section("strain")
    policy = Policy(
        answer_confidence=confidence.score("answer"),
        sure_confidence=confidence.score("sure"),
        margin=confidence.score("margin"),
        out_of_scope=confidence.score("out_of_scope"),
        human_confidence=confidence.score("human"),
        candidate_confidence=confidence.score("candidate"),
        help_score=pages.score("answer"),
        general_intents=frozenset(pages.names("general")),
        drafts=agents.flag("drafts"),
        suggestions=agents.flag("suggestions"),
        suggestion_confidence=agents.score("suggestion"),
        person_cue=cues.score("person"),
        unhelped_cue=cues.score("unhelped"),
        anger=mood.score("anger"),
        annoyance=mood.score("annoyance"),
        strain=strain.amount("limit", 0.1, 10.0),
        strain_kept=strain.score("kept"),
        strain_unhelped=strain.score("unhelped"),
        strain_repeated=strain.score("repeated"),
        strain_unplaced=strain.score("unplaced"),
        likeness=strain.score("likeness"),
        anger_by_signal=mood.scores("anger_by_signal"),
        clarifications=limits.count("clarifications", 0, REMEMBERED_TURNS),
        foreign_clarifications=limits.count("foreign_clarifications", 0, REMEMBERED_TURNS),
        repeated_messages=limits.count("repeated_messages", 2, REMEMBERED_TURNS),
        candidates=limits.count("candidates", 1, REMEMBERED_TURNS),
        languages=root.names("languages"),
        fallback_intent=intents.name("fallback"),
        human_intent=intents.name("human"),
        human_skill=intents.name("human_skill", optional=True),
        chat_intents=frozenset(intents.names("chat")),
        rejecting_intents=frozenset(intents.names("rejecting")),
        topics=tuple(_topic(section) for section in root.sections("topics")),
    )
    for section in (confidence, cues, pages, agents, mood, strain, limits, intents, root):
        section.done()
    if policy.sure_confidence < policy.answer_confidence:
        raise confidence.wrong("sure", "at least confidence.answer")
    if policy.anger < policy.annoyance:
        raise mood.wrong("anger", "at least mood.annoyance")
    if policy.strain < policy.annoyance:
        raise strain.wrong("limit", "at least mood.annoyance")
    if not policy.languages:
        raise root.wrong("languages", "at least one language code")
    return policy


def _topic(section: Section) -> Topic:
    phrases, intents = section.names("phrases"), section.names("intents")
    code = section.name("reason") or ""
    allowed = [r.value for r in Reason]
    if code not in allowed:
        raise section.wrong("reason", "one of " + ", ".join(allowed))
    cue = section.name("cue", optional=True)
    if not phrases and not intents and cue is None:
        raise section.wrong("phrases", "not empty when there are no intents and no cue either")
    topic = Topic(
        name=section.name("name"),
        words=section.name("words"),
        phrases=phrases,
        intents=intents,
        confidence=section.score("confidence"),
        cue=cue,
        cue_from=section.score("cue_from"),
        skill=section.name("skill", optional=True),
        reason=Reason(code),
        pattern=_phrases(phrases),
    )
    section.done()
    return topic


@functools.lru_cache(maxsize=SEARCHED)
def _first(pattern: re.Pattern[str], text: str) -> str | None:
    """The first phrase in the text."""
    found = pattern.search(normalise(text))
    return found.group(0) if found else None


def _phrases(phrases: Sequence[str]) -> re.Pattern[str] | None:
    if not phrases:
        return None
    parts = [re.escape(normalise(p)).replace(r"\*", r"\w*") for p in phrases]
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)")
