"""Triage: may the assistant answer this turn, should it ask, or does a person take over?

Here belong the ordered table of rules, and the decision with its reasons in words; what a rule can
look at is in `bot.triage_turn`. Nothing here reads a file, a clock, Redis or Rasa: the action
server calls `decide` once a turn, benchmarks and what-if replays call it with other policies, and
each gets the same answer. The owner's policy is in `bot.triage_policy`; how texts ask for a person
is in `bot.human_requests`, which the gateway uses on its own.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bot.dialects import readings
from bot.human_requests import (
    asks_for_human,
    declines_human,
    speaks_of_other_people,
)
from bot.said_again import remembered
from bot.triage_policy import (
    REMEMBERED_TURNS,
    Policy,
    PolicyError,
    Reason,
    Topic,
    load_policy,
)
from bot.triage_signs import (
    BEYOND_DOUBT,
    PERSON,
    asked_in_vain,
    blames_others,
    did_not_help,
    doubt_about,
    foreign,
    frustration_in_words,
    holds_nothing_against_us,
    page_answers,
    rival,
    strain_after,
    wish,
    worth_offering,
)
from bot.triage_turn import Candidate, Memory, Turn, times_said

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
    "rival",
    "wish",
    "would_answer",
]

SURE_IN_FORM = 0.5
"""Probability of the cue for a person which is asked for within a form, and of small talk."""

ASKED = "asked for a person"
"""The reason, in words, where the customer's own words say so."""


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
    memory: Memory = field(default_factory=Memory)
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

    def as_seen(self) -> dict[str, Any]:
        """What the log keeps of triage's own decision (`bot.events.Seen`)."""
        return {"outcome": self.outcome.value, "reason": self.reason and self.reason.value}


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
    if turn.is_payload:
        asked = turn.intent == policy.human_intent
        return _handoff(Reason.ASKED_FOR_HUMAN, ASKED, skill=policy.human_skill) if asked else None
    if asks_for_human(turn.text) if turn.asked is None else turn.asked:
        return _handoff(Reason.ASKED_FOR_HUMAN, ASKED, skill=policy.human_skill)
    words = _seems_to_ask(turn, policy)
    # Texts are read last, and only where they matter: that takes longer than all the numbers.
    if words is None or declines_human(turn.text):
        return None
    # To the classifiers a message about somebody else's agent, or one that asks whether this is a
    # bot, looks alike. There only the words count, or a cue beyond doubt; else `_doubt` asks what
    # was meant.
    alike = turn.fills_form or speaks_of_other_people(turn.text)
    if alike and turn.cue(PERSON) < BEYOND_DOUBT:
        return None
    return _handoff(Reason.ASKED_FOR_HUMAN, words, skill=policy.human_skill)


def _seems_to_ask(turn: Turn, policy: Policy) -> str | None:
    """Why the classifiers take it for a request, in words; None if they do not."""
    if turn.intent == policy.human_intent and turn.confidence >= policy.human_confidence:
        return f"{ASKED} ({turn.intent} {turn.confidence:.2f})"
    likely = wish(turn, policy)
    # A form asks for names and words that no classifier has seen, and "yes please" is an answer.
    short = turn.form is not None or turn.intent in policy.chat_intents
    if likely >= (max(SURE_IN_FORM, policy.person_cue) if short else policy.person_cue):
        return f"seems to ask for a person ({likely:.2f})"
    return None


def _sensitive_topic(turn: Turn, policy: Policy) -> Decision | None:
    if not turn.is_payload:
        # Who says outright what it is about is believed; only then counts what it sounds like.
        text = "\n".join(readings(turn.text))
        for topic in policy.topics:
            said = topic.said_in(text)
            if said:
                return _handoff(topic.reason, f"{topic.words} ({said})", skill=topic.skill)
    for topic in policy.topics:
        meant = topic.reason is not Reason.COMPLAINT or not holds_nothing_against_us(turn)
        heard = topic.heard(turn.intent if meant else None, turn.confidence, turn.cue(topic.cue))
        if heard:
            return _handoff(topic.reason, f"{topic.words} ({heard})", skill=topic.skill)
    return None


def _angry(turn: Turn, policy: Policy) -> Decision | None:
    if turn.frustration < policy.anger_for(turn.signals) or blames_others(turn):
        return None
    return _handoff(Reason.FRUSTRATED, frustration_in_words(turn))


def _said_again(turn: Turn, policy: Policy) -> Decision | None:
    if turn.fills_form or turn.is_payload or turn.intent in policy.chat_intents:
        return None
    times = 1 + times_said(turn, policy.likeness)
    if times >= policy.repeated_messages:
        return _handoff(Reason.REPEATED, f"said the same thing {times} times")
    return None


def _strained(turn: Turn, policy: Policy) -> Decision | None:
    strain, why = strain_after(turn, policy)
    if strain < policy.strain or not why:
        return None
    if asked_in_vain(turn, policy) and why == (doubt_about(turn, policy),):
        return None  # `_cannot_place` hands over, and has the truer words.
    reason = Reason.FRUSTRATED if turn.frustration >= policy.annoyance else Reason.REPEATED
    return _handoff(reason, *why, f"it adds up: strain {strain:.2f}")


def _within_a_form(turn: Turn, policy: Policy) -> Decision | None:
    # A form reads answers that are no intent at all ("Acme GmbH"), asks again by itself and
    # counts its own failures; only a confident other intent is for the rules.
    if turn.form is None:
        return None
    return _answer(turn, policy)


def _on_a_help_page(turn: Turn, policy: Policy) -> Decision | None:
    """Help pages are asked where the intents have no answer, or only a general one."""
    if not page_answers(turn, policy):
        return None
    words = f"answered by the help page {turn.help_page} ({turn.help:.2f})"
    annoyed = turn.frustration >= policy.annoyance
    return Decision(Outcome.HELP, (words,), offer_person=annoyed)


def _cannot_place(turn: Turn, policy: Policy) -> Decision | None:
    why = doubt_about(turn, policy)
    if why is None:
        return None
    scores = (*turn.memory.unplaced, turn.confidence)
    if asked_in_vain(turn, policy):
        listed = ", ".join(f"{x:.2f}" for x in scores)
        words = [f"could not place {_messages(len(scores))} ({listed})"]
        if foreign(turn, policy):
            words.append(f"writes in another language ({turn.language})")
        return _handoff(Reason.CLARIFICATIONS_FAILED, *words)
    return Decision(Outcome.CLARIFY, (why,), candidates=worth_offering(turn, policy))


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
    _strained,
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
    if page_answers(turn, policy):
        return Outcome.HELP
    return Outcome.ANSWER if doubt_about(turn, policy) is None else None


def _messages(count: int) -> str:
    return "the message" if count == 1 else f"{count} messages in a row"


def _remember(turn: Turn, policy: Policy, decision: Decision) -> Memory:
    """The memory after a decision. A hand-off starts afresh: a return must not hand off again."""
    if decision.outcome is Outcome.HANDOFF:
        return Memory()
    old = turn.memory
    new: dict[str, Any] = {"helped": None, "strain": round(strain_after(turn, policy)[0], 4)}
    if did_not_help(turn, policy):
        new["unhelpful"] = (*old.unhelpful, old.helped or "")[-REMEMBERED_TURNS:]
        return replace(old, **new)
    placed: dict[str, Any] = {"clarifications": 0, "unplaced": ()}
    if turn.is_payload:
        return replace(old, **new, **placed)
    new["frustrations"] = (*old.frustrations, turn.frustration)[-REMEMBERED_TURNS:]
    new["texts"] = (*old.texts, remembered(turn.text))[-REMEMBERED_TURNS:]
    new["fingerprints"] = (*old.fingerprints, turn.fingerprint)[-REMEMBERED_TURNS:]
    if decision.outcome is Outcome.CLARIFY:
        new["clarifications"] = old.clarifications + 1
        new["unplaced"] = (*old.unplaced, turn.confidence)[-REMEMBERED_TURNS:]
    elif decision.outcome is Outcome.HELP:
        # Whether that was progress, the customer says next.
        new |= {"helped": turn.help_page, **placed}
    elif turn.form or turn.intent not in policy.chat_intents:
        # "hello?" between two messages that nobody understood does not make them understood.
        new |= placed
    return replace(old, **new)
