"""What if, the first half: what the policy in force makes of each logged conversation.

Pure. Belongs here: following a conversation under a policy; what is kept of that (no words of
anybody's), so that it is done once for all that an owner tries out; and whether other thresholds
can change a decision at all. Does not belong here: what changes (`bot.learning.whatif`).

Most thresholds are compared with one score, as `score >= threshold` or `score < threshold`. Then a
decision is the same under both policies unless the score lies between the two thresholds, and as
long as all decisions are the same, so is what triage remembers. `COMPARED` says which score it is;
of a threshold that is missing there, anything is taken to follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Final

from bot.events import Record
from bot.learning.logged import LoggedConversation, LoggedTurn, turn_of, wrong_answers
from bot.triage import Decision, Memory, Outcome, Policy, Turn, decide
from bot.triage_signs import UNHELPED, rival, wish

BEYOND: Final = 99.0
"""Stands for a score that is compared with nothing, or is not known: see `_scores`."""

ROUNDED: Final = 1e-4
"""Triage remembers strain with four digits."""

COMPARED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "answer_confidence": ("confidence",),
        "sure_confidence": ("confidence",),
        "human_confidence": ("confidence",),
        "margin": ("lead",),
        "out_of_scope": ("out_of_scope",),
        "help_score": ("help",),
        "person_cue": ("wish",),
        "unhelped_cue": ("unhelped",),
        "anger": ("frustration",),
        "annoyance": ("frustration", "twice_frustration"),
        "strain": ("strain",),
        "clarifications": ("clarifications",),
        "foreign_clarifications": ("clarifications",),
        # These choose which buttons, drafts and suggestions there are, not what is decided.
        "candidate_confidence": (),
        "candidates": (),
        "suggestion_confidence": (),
    }
)
"""By threshold (a field of `Policy`): the fields of `Scores` with which it is compared."""


class Scores(Record, frozen=True, array_like=True):
    """Of one turn, with what triage remembered then. `lead`: over the best rival; `wish`: for a
    person; `strain`: with this message; `clarifications`: asked in a row before it."""

    confidence: float
    lead: float
    out_of_scope: float
    help: float
    wish: float
    unhelped: float
    frustration: float
    twice_frustration: float
    strain: float
    clarifications: int


class Mark(Record, frozen=True, array_like=True):
    """One turn. `code`: the reason of a hand-off, else the outcome; `counts`: somebody saw what
    came of it; `as_logged`: it was decided so in truth; `wrong`: the answer turned out wrong."""

    at: int
    code: str
    counts: bool
    as_logged: bool
    wrong: bool
    scores: Scores


class Today(Record, frozen=True, array_like=True):
    """A conversation whose log was read up to `version`. `marks`: up to where it could be followed,
    None if not at all (logged before triage was, or broken). `agent_ms`: as it was logged."""

    version: int
    agent_ms: int | None
    marks: tuple[Mark, ...] | None


Between = tuple[tuple[str, float, float], ...]
"""Scores, and from which value to below which a decision may be another one."""


def today(logged: LoggedConversation, version: int, policy: Policy) -> Today:
    """What `policy` makes of it."""
    try:
        turns = [turn_of(turn) for turn in logged.turns]
        decisions = follow(logged.turns, turns, policy)
        wrong = wrong_answers(logged, policy.chat_intents, policy.likeness)
    except ValueError:
        return Today(version=version, agent_ms=logged.agent_ms, marks=None)
    marks, memory = [], Memory()
    for was, turn, decision in zip(logged.turns, turns, decisions, strict=False):
        memory = Memory() if was.seen.fresh else memory
        marks.append(
            Mark(
                at=was.at,
                code=code_of(decision),
                counts=not was.dropped,
                as_logged=code_of(decision) == (was.seen.reason or was.seen.outcome),
                wrong=was.seq in wrong,
                scores=_scores(turn, memory, decision, policy),
            )
        )
        memory = decision.memory
    return Today(version=version, agent_ms=logged.agent_ms, marks=tuple(marks))


def between(policy: Policy, other: Policy) -> Between | None:
    """Where the two may decide differently; None: anywhere."""
    found = []
    for name in (field.name for field in fields(Policy)):
        one, two = getattr(policy, name), getattr(other, name)
        if one == two:
            continue
        if name not in COMPARED:
            return None
        low, high = min(one, two) - ROUNDED, max(one, two) + ROUNDED
        found += [(score, low, high) for score in COMPARED[name]]
    return tuple(found)


def may_change(known: Today, where: Between | None) -> bool:
    """Whether a decision of it may be another one."""
    if known.marks is None or where is None:
        return known.marks is not None
    return any(
        low <= value < high or value == BEYOND
        for name, low, high in where
        for value in [getattr(mark.scores, name) for mark in known.marks]
    )


def follow(
    logged: Sequence[LoggedTurn], turns: Sequence[Turn], policy: Policy
) -> tuple[Decision, ...]:
    """The decisions of `policy` on the turns of one conversation, as logged and as triage saw them
    (`turn_of`), up to where they part from what happened.

    Raises ValueError for turns that were logged without what triage saw."""
    decisions: list[Decision] = []
    memory = Memory()
    for was, turn in zip(logged, turns, strict=True):
        memory = Memory() if was.seen.fresh else memory
        decision = decide(replace(turn, memory=memory), policy)
        decisions.append(decision)
        memory = decision.memory
        if calls(decision) != (was.seen.outcome == Outcome.HANDOFF.value):
            break
        if was.handoff is not None and decision.outcome is Outcome.CLARIFY:
            break  # an action asked for a person there, and it would not have run
    return tuple(decisions)


def calls(decision: Decision) -> bool:
    """Whether a person is called."""
    return decision.outcome is Outcome.HANDOFF


def code_of(decision: Decision) -> str:
    """The reason of a hand-off, else the outcome."""
    return decision.reason.value if decision.reason else decision.outcome.value


def _scores(turn: Turn, memory: Memory, decision: Decision, policy: Policy) -> Scores:
    best = rival(turn, policy)
    return Scores(
        confidence=turn.confidence,
        lead=1.0 if best is None else turn.confidence - best.confidence,
        out_of_scope=turn.out_of_scope,
        help=turn.help,
        wish=wish(turn, policy),
        unhelped=turn.cue(UNHELPED),
        frustration=turn.frustration,
        twice_frustration=2 * turn.frustration,
        # A hand-off begins afresh, and nothing tells how much it was.
        strain=BEYOND if calls(decision) else decision.memory.strain,
        clarifications=memory.clarifications,
    )
