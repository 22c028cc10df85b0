"""Triage: may the assistant answer this turn, should it ask, or does a person take over?

Here belong the signals of one turn (`Turn`), the ordered table of rules, and the decision with its
reasons in words. Nothing here reads a file, a clock, Redis or Rasa: the action server calls
`decide` once a turn, benchmarks and what-if replays call it with other policies, and each gets the
same answer. The owner's policy is in `bot.triage_policy`; how texts ask for a person is in
`bot.human_requests`, which the gateway uses on its own.
"""

from __future__ import annotations

import difflib
import enum
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.human_requests import asks_for_human, normalise, speaks_of_other_people
from bot.triage_policy import (
    REMEMBERED_TURNS,
    Policy,
    PolicyError,
    Reason,
    Topic,
    load_policy,
)

__all__ = [
    "Candidate",
    "Decision",
    "Memory",
    "Outcome",
    "Policy",
    "PolicyError",
    "Reason",
    "Topic",
    "Turn",
    "asks_for_human",
    "decide",
    "load_policy",
    "would_answer",
]

REMEMBERED_CHARACTERS = 200
"""A remembered text is cut here; repetition shows in the first words already."""

SAME_TEXT = 0.87
"""Similarity (0 to 1) from which two messages count as the same one said again."""


class Outcome(str, enum.Enum):
    """What happens with the turn."""

    ANSWER = "answer"
    """The assistant's rules and forms answer."""
    HELP = "help"
    """A passage of the owner's help pages answers."""
    CLARIFY = "clarify"
    """The assistant offers its best guesses and a person."""
    HANDOFF = "handoff"
    """A person takes over."""


# --- a turn ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """One line of the intent ranking."""

    intent: str
    confidence: float


@dataclass(frozen=True)
class Memory:
    """What triage remembers of the conversation. It travels in the `triage` slot."""

    clarifications: int = 0
    """Clarifications asked in a row."""
    unplaced: tuple[float, ...] = ()
    """Confidences of the messages that could not be placed, in a row."""
    frustrations: tuple[float, ...] = ()
    """Frustration of the last customer messages, oldest first."""
    texts: tuple[str, ...] = ()
    """The last customer messages, normalised, oldest first."""
    intent: str | None = None
    """The last placed intent that was more than small talk."""
    stalled: int = 0
    """Customer messages in a row without progress."""
    helped: str | None = None
    """The help page that answered the last message; the customer was asked whether it helped."""
    unhelpful: tuple[str, ...] = ()
    """Help pages to which the customer said no; they are not shown again."""

    def as_json(self) -> dict[str, Any]:
        """The memory as plain JSON values."""
        return {
            "clarifications": self.clarifications,
            "unplaced": list(self.unplaced),
            "frustrations": list(self.frustrations),
            "texts": list(self.texts),
            "intent": self.intent,
            "stalled": self.stalled,
            "helped": self.helped,
            "unhelpful": list(self.unhelpful),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Memory:
        """The memory in a slot value; parts that are missing are taken as empty."""
        return cls(
            clarifications=int(value.get("clarifications") or 0),
            unplaced=tuple(float(x) for x in value.get("unplaced") or ()),
            frustrations=tuple(float(x) for x in value.get("frustrations") or ()),
            texts=tuple(str(x) for x in value.get("texts") or ()),
            intent=value.get("intent"),
            stalled=int(value.get("stalled") or 0),
            helped=value.get("helped"),
            unhelpful=tuple(str(x) for x in value.get("unhelpful") or ()),
        )


@dataclass(frozen=True)
class Turn:
    """The signals of one customer message.

    Scores: `confidence`, `out_of_scope`, `frustration` and `help` from 0 to 1, `sentiment` from -1
    to 1.
    Raises ValueError when a score is outside its range.
    """

    text: str
    intent: str | None = None
    confidence: float = 0.0
    ranking: tuple[Candidate, ...] = ()
    out_of_scope: float = 0.0
    sentiment: float = 0.0
    frustration: float = 0.0
    language: str = "en"
    help: float = 0.0
    """How sure it is that the best passage of the help pages answers the message."""
    help_page: str | None = None
    """The page of that passage."""
    form: str | None = None
    """Name of the active form."""
    requested_slot: str | None = None
    """What the form asked for."""
    fills_form: bool = False
    """Within a form: the message holds what was asked for, or little besides such details."""
    signals: frozenset[str] = frozenset()
    """Facts from outside the text, for example "vip"; the policy says what they change."""
    memory: Memory = Memory()

    def __post_init__(self) -> None:
        for name, low in (
            ("confidence", 0.0),
            ("out_of_scope", 0.0),
            ("frustration", 0.0),
            ("help", 0.0),
            ("sentiment", -1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= 1.0:
                raise ValueError(f"Turn.{name} is {value}; it must be from {low:g} to 1")

    @property
    def is_payload(self) -> bool:
        """The customer pressed a button; its payload is not text to be read."""
        return self.text.startswith("/")

    @classmethod
    def from_parse(
        cls,
        parse: Mapping[str, Any],
        *,
        previous: Mapping[str, Any] | None = None,
        form: str | None = None,
        requested_slot: str | None = None,
        signals: Sequence[str] = (),
    ) -> Turn:
        """The turn of a Rasa parse (`tracker.latest_message`).

        `previous` is the value of the `triage` slot before this turn (or None at the start),
        `form` the name of the active loop, `requested_slot` the slot that it asked for.
        """
        intent = parse.get("intent") or {}
        text = str(parse.get("text") or "")
        entities = list(parse.get("entities") or ())
        value = previous if isinstance(previous, Mapping) else {}
        memory = value.get("memory")
        pages: Sequence[Mapping[str, Any]] = parse.get("help") or ()
        best = pages[0] if pages else {}
        return cls(
            text=text,
            intent=intent.get("name"),
            confidence=_unit(intent.get("confidence")),
            ranking=tuple(
                Candidate(str(r.get("name")), _unit(r.get("confidence")))
                for r in parse.get("intent_ranking") or ()
            ),
            out_of_scope=_unit(parse.get("out_of_scope")),
            sentiment=max(-1.0, min(1.0, float(parse.get("sentiment") or 0.0))),
            frustration=_unit(parse.get("frustration")),
            language=str(parse.get("language") or "en"),
            help=_unit(best.get("score")),
            help_page=best.get("page"),
            form=form,
            requested_slot=requested_slot,
            fills_form=form is not None and _holds_details(text, entities, requested_slot),
            signals=frozenset(signals),
            memory=Memory.from_json(memory if isinstance(memory, Mapping) else value),
        )


def _holds_details(
    text: str, entities: Sequence[Mapping[str, Any]], requested_slot: str | None
) -> bool:
    """The requested entity is there, or entities make up at least half of the text."""
    if any(e.get("entity") == requested_slot for e in entities):
        return True
    length = sum(int(e.get("end") or 0) - int(e.get("start") or 0) for e in entities)
    return 0 < len(text) <= 2 * length


def _unit(value: object) -> float:
    """A score that came over the wire, kept within 0 and 1 (floats overshoot by an ulp)."""
    return max(0.0, min(1.0, float(value))) if isinstance(value, int | float) else 0.0


# --- the decision ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """What happens with the turn, and why."""

    outcome: Outcome
    reasons: tuple[str, ...] = ()
    """In words, for agents; an answer may have some too ("a little annoyed (0.52)")."""
    reason: Reason | None = None
    """The code; set exactly when the outcome is a hand-off."""
    skill: str | None = None
    """The desk skill that should take it; None means anyone."""
    candidates: tuple[str, ...] = ()
    """Intents to offer, best first; only for a clarification."""
    offer_person: bool = False
    """The answer should mention that a person can take over."""
    memory: Memory = Memory()
    """What to remember for the next turn."""

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.HANDOFF) != (self.reason is not None):
            raise ValueError("a hand-off has a reason code, other outcomes have none")

    @property
    def clarifications(self) -> int:
        """Clarifications in a row, this one included."""
        return self.memory.clarifications

    def as_slot(self) -> dict[str, Any]:
        """The value of the `triage` slot: plain JSON, read back by `Turn.from_parse`."""
        return {
            "outcome": self.outcome.value,
            "reason": self.reason.value if self.reason else None,
            "reasons": list(self.reasons),
            "skill": self.skill,
            "candidates": list(self.candidates),
            "clarifications": self.clarifications,
            "offer_person": self.offer_person,
            "memory": self.memory.as_json(),
        }


def decide(turn: Turn, policy: Policy) -> Decision:
    """The first rule of `RULES` that has an opinion decides; otherwise the assistant answers."""
    for rule in RULES:
        decision = rule(turn, policy)
        if decision is not None:
            return replace(decision, memory=_remember(turn, policy, decision))
    raise AssertionError("the last rule always decides")


def _handoff(reason: Reason, *words: str, skill: str | None = None) -> Decision:
    return Decision(Outcome.HANDOFF, words, reason, skill)


# --- the rules, most urgent first -----------------------------------------------------------


def _asked_for_a_person(turn: Turn, policy: Policy) -> Decision | None:
    if not turn.is_payload and asks_for_human(turn.text):
        return _handoff(Reason.ASKED_FOR_HUMAN, "asked for a person", skill=policy.human_skill)
    # To the classifier a message about somebody else's agent, or one that asks whether this is a
    # bot, looks alike. There only the words count, and `_doubt` asks what was meant.
    plain = turn.is_payload or not (turn.fills_form or speaks_of_other_people(turn.text))
    if plain and turn.intent == policy.human_intent and turn.confidence >= policy.human_confidence:
        words = f"asked for a person ({turn.intent} {turn.confidence:.2f})"
        return _handoff(Reason.ASKED_FOR_HUMAN, words, skill=policy.human_skill)
    return None


def _sensitive_topic(turn: Turn, policy: Policy) -> Decision | None:
    for topic in policy.topics:
        found = topic.match("" if turn.is_payload else turn.text, turn.intent, turn.confidence)
        if found:
            return _handoff(topic.reason, f"{topic.words} ({found})", skill=topic.skill)
    return None


def _angry(turn: Turn, policy: Policy) -> Decision | None:
    earlier = turn.memory.frustrations
    if turn.frustration >= policy.anger_for(turn.signals):
        rising = bool(earlier) and turn.frustration > earlier[-1] + 0.1
        words = f"frustration {turn.frustration:.2f}" + (", rising" if rising else "")
        return _handoff(Reason.FRUSTRATED, words)
    recent = (*earlier, turn.frustration)[-policy.annoyed_messages :]
    if len(recent) == policy.annoyed_messages and min(recent) >= policy.annoyance:
        scores = ", ".join(f"{x:.2f}" for x in recent)
        return _handoff(Reason.FRUSTRATED, f"annoyed in {len(recent)} messages in a row ({scores})")
    return None


def _said_again(turn: Turn, policy: Policy) -> Decision | None:
    if turn.form or turn.is_payload or turn.intent in policy.chat_intents:
        return None
    times = 1 + _times_said(turn)
    if times >= policy.repeated_messages:
        return _handoff(Reason.REPEATED, f"said the same thing {times} times")
    return None


def _no_progress(turn: Turn, policy: Policy) -> Decision | None:
    stalled = _stalled(turn, policy)
    if stalled >= policy.stalled_messages:
        return _handoff(Reason.REPEATED, f"no progress in {stalled} messages")
    return None


def _within_a_form(turn: Turn, policy: Policy) -> Decision | None:
    # A form reads answers that are no intent at all ("Acme GmbH"), asks again by itself and
    # counts its own failures; only a confident other intent is for the rules.
    if turn.form is None:
        return None
    return _answer(turn, policy)


def _on_a_help_page(turn: Turn, policy: Policy) -> Decision | None:
    """Help pages are asked where the intents have no answer, or only a general one."""
    if turn.is_payload or turn.help < policy.help_score or turn.help_page is None:
        return None
    if turn.help_page in turn.memory.unhelpful or turn.intent == policy.human_intent:
        return None
    if _doubt(turn, policy) is None and turn.intent not in policy.general_intents:
        return None
    words = f"answered by the help page {turn.help_page} ({turn.help:.2f})"
    annoyed = turn.frustration >= policy.annoyance
    return Decision(Outcome.HELP, (words,), offer_person=annoyed)


def _cannot_place(turn: Turn, policy: Policy) -> Decision | None:
    why = _doubt(turn, policy)
    if why is None:
        return None
    foreign = turn.language not in policy.languages
    allowed = policy.foreign_clarifications if foreign else policy.clarifications
    scores = (*turn.memory.unplaced, turn.confidence)
    if turn.memory.clarifications >= allowed:
        listed = ", ".join(f"{x:.2f}" for x in scores)
        words = [f"could not place {_messages(len(scores))} ({listed})"]
        if foreign:
            words.append(f"writes in another language ({turn.language})")
        return _handoff(Reason.CLARIFICATIONS_FAILED, *words)
    return Decision(Outcome.CLARIFY, (why,), candidates=_candidates(turn, policy))


def _answer(turn: Turn, policy: Policy) -> Decision:
    if turn.frustration >= policy.annoyance and not turn.is_payload:
        words = f"a little annoyed ({turn.frustration:.2f})"
        return Decision(Outcome.ANSWER, (words,), offer_person=True)
    return Decision(Outcome.ANSWER)


Rule = Callable[[Turn, Policy], Decision | None]

RULES: tuple[Rule, ...] = (
    _asked_for_a_person,
    _sensitive_topic,
    _angry,
    _said_again,
    _no_progress,
    _within_a_form,
    _on_a_help_page,
    _cannot_place,
    _answer,
)
"""Asked in this order; the first opinion counts. The last one always has one."""


def would_answer(turn: Turn, policy: Policy) -> Outcome | None:
    """What would answer the message if nothing forbade it: an intent (`ANSWER`), a help page
    (`HELP`), or nothing for certain (None)."""
    if turn.is_payload:
        return None
    if _on_a_help_page(turn, policy) is not None:
        return Outcome.HELP
    return Outcome.ANSWER if _doubt(turn, policy) is None else None


# --- what the rules ask ---------------------------------------------------------------------


def _doubt(turn: Turn, policy: Policy) -> str | None:
    """Why the message cannot be placed, in words; None if it can."""
    if turn.is_payload:
        return None
    if not any(c.isalnum() or unicodedata.category(c) == "So" for c in turn.text):
        return "a message without words"
    if turn.memory.clarifications and turn.intent in policy.rejecting_intents:
        return "none of the suggestions fits"
    if turn.intent is None or turn.intent == policy.fallback_intent:
        return f"could not place the message ({turn.confidence:.2f})"
    if turn.intent == policy.human_intent:
        return f"may or may not ask for a person ({turn.confidence:.2f})"
    if turn.confidence < policy.answer_confidence:
        return f"could not place the message ({turn.confidence:.2f})"
    if turn.out_of_scope >= policy.out_of_scope:
        return f"seems to be about something else (out of scope {turn.out_of_scope:.2f})"
    rivals = [c for c in turn.ranking if c.intent not in {turn.intent, policy.fallback_intent}]
    if rivals and turn.confidence < policy.sure_confidence:
        best = max(rivals, key=lambda c: c.confidence)
        if turn.confidence - best.confidence < policy.margin:
            return (
                f"torn between {turn.intent} ({turn.confidence:.2f}) "
                f"and {best.intent} ({best.confidence:.2f})"
            )
    return None


def _candidates(turn: Turn, policy: Policy) -> tuple[str, ...]:
    """The intents worth offering, best first; small talk and the fallback are not."""
    hidden = {policy.fallback_intent, policy.human_intent} | policy.chat_intents
    ranked = sorted(turn.ranking, key=lambda c: -c.confidence)
    good = [
        c.intent
        for c in ranked
        if c.intent not in hidden and c.confidence >= policy.candidate_confidence
    ]
    return tuple(dict.fromkeys(good))[: policy.candidates]


def _times_said(turn: Turn) -> int:
    """How many of the remembered messages say what this one says."""
    text = normalise(turn.text)[:REMEMBERED_CHARACTERS]
    if len(text) < 4:
        return 0
    return sum(_same(text, earlier) for earlier in turn.memory.texts)


def _same(a: str, b: str) -> bool:
    if a == b:
        return True
    # Different numbers are different questions, however alike the words are.
    if re.findall(r"\d+", a) != re.findall(r"\d+", b):
        return False
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return matcher.quick_ratio() >= SAME_TEXT and matcher.ratio() >= SAME_TEXT


def _stalled(turn: Turn, policy: Policy) -> int:
    """Messages in a row without progress, this one included."""
    if _did_not_help(turn, policy):
        return turn.memory.stalled + 2  # the question, which is still open, and this "no"
    if turn.is_payload or turn.fills_form or turn.form:
        return 0
    if turn.intent in policy.chat_intents and turn.intent not in policy.rejecting_intents:
        return turn.memory.stalled
    annoyed_again = turn.intent == turn.memory.intent and turn.frustration >= policy.annoyance
    stuck = _doubt(turn, policy) is not None or _times_said(turn) > 0 or annoyed_again
    return turn.memory.stalled + 1 if stuck else 0


def _did_not_help(turn: Turn, policy: Policy) -> bool:
    """The customer says, or presses, "no" to a help page."""
    return turn.memory.helped is not None and turn.intent in policy.rejecting_intents


def _messages(count: int) -> str:
    return "the message" if count == 1 else f"{count} messages in a row"


def _remember(turn: Turn, policy: Policy, decision: Decision) -> Memory:
    """The memory after a decision. A hand-off starts afresh: a return must not hand off again."""
    if decision.outcome is Outcome.HANDOFF:
        return Memory()
    old = replace(turn.memory, helped=None)
    if _did_not_help(turn, policy):
        refused = (*old.unhelpful, turn.memory.helped or "")[-REMEMBERED_TURNS:]
        return replace(old, unhelpful=refused, stalled=_stalled(turn, policy))
    if turn.is_payload:
        return replace(old, clarifications=0, unplaced=(), stalled=0)
    kept = replace(
        old,
        frustrations=(*old.frustrations, turn.frustration)[-REMEMBERED_TURNS:],
        texts=(*old.texts, normalise(turn.text)[:REMEMBERED_CHARACTERS])[-REMEMBERED_TURNS:],
        stalled=_stalled(turn, policy),
    )
    if decision.outcome is Outcome.CLARIFY:
        scores = (*old.unplaced, turn.confidence)[-REMEMBERED_TURNS:]
        return replace(kept, clarifications=old.clarifications + 1, unplaced=scores)
    if decision.outcome is Outcome.HELP:
        # Whether that was progress, the customer says next.
        asked = replace(kept, helped=turn.help_page, stalled=old.stalled)
        return replace(asked, clarifications=0, unplaced=())
    if turn.intent in policy.chat_intents and not turn.form:
        # "hello?" between two messages that nobody understood does not make them understood.
        return kept
    return replace(kept, clarifications=0, unplaced=(), intent=turn.intent)
