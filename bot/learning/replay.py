"""Logged turns, read again by two models and decided again by the same triage.

Pure. Belongs here: following a conversation under each model, what of it went to a person, and the
turns whose outcome would change. Does not belong here: other thresholds with the same readings
(`bot.learning.whatif`; both follow a conversation by `bot.learning.whatif_today`), reading
(`bot.learning.reading`), or judging (`bot.learning.gate`).

What a model cannot have read differently is taken from the log: the form that was open, what it had
asked for, buttons, facts about the customer. A conversation is followed as long as the customer's
words can be known, that is until triage and the log disagree on whether a person is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from bot.events import Record
from bot.learning.logged import LoggedConversation, LoggedTurn, turn_of
from bot.learning.whatif_today import follow
from bot.triage import Decision, Outcome, Policy, Turn
from bot.triage_turn import readable

#: Changed turns that are kept to be looked at, newest first; all are counted.
SHOWN_AT_MOST: Final = 200

Parses = Mapping[str, Mapping[str, Any]]


class Decided(Record, frozen=True):
    """What a model read in a turn, and what triage made of it."""

    intent: str
    confidence: float
    outcome: str
    reasons: tuple[str, ...] = ()


class TurnChange(Record, frozen=True):
    """A logged turn that would go another way. `kind`: a code of `KINDS`; `label`: what an agent
    said that it should have been read as; `result`: how it went in truth (`facts.RESULTS`)."""

    conversation: str
    seq: int
    at: int
    text: str
    kind: str
    before: Decided
    after: Decided
    label: str | None = None
    result: str = ""


#: What changes, in words.
KINDS: Final = {
    "person_lost": "A person would no longer be called",
    "person_gained": "A person would be called",
    "answer_gained": "It would be answered, and no longer asked back",
    "answer_lost": "It would be asked back, and no longer answered",
    "other_answer": "Another answer would be given",
}


class Followed(Record, frozen=True):
    """Of one model: of the logged hand-offs, how many it hands over, too (then or earlier); and how
    it decides on the turns that both models were followed through."""

    handed_over: int
    answered: int
    asked_back: int


class Replay(Record, frozen=True):
    """`conversations` and `turns` that both models were followed through, `left_out`: conversations
    of which that was impossible. `handoffs`: turns that triage handed over in truth. `changes` by
    kind; `changed`: the newest of them."""

    conversations: int
    turns: int
    left_out: int
    handoffs: int
    before: Followed
    after: Followed
    changes: dict[str, int]
    changed: tuple[TurnChange, ...]


def texts_of(conversations: Iterable[LoggedConversation]) -> list[str]:
    """What of them a model has to read: each text once."""
    return list(
        dict.fromkeys(
            readable(turn.text)
            for one in conversations
            for turn in one.turns
            if turn.reading.turn is not None and not turn.seen.payload
        )
    )


def replay(
    conversations: Sequence[LoggedConversation],
    before: Parses,
    after: Parses,
    policy: Policy,
    *,
    since: int,
) -> Replay:
    """Follow the conversations under both models. `before`, `after`: what each reads, by text (see
    `texts_of`). Turns before `since` (ms) are followed and not counted."""
    left_out = followed = turns = handoffs = 0
    tallies = {"before": [0, 0, 0], "after": [0, 0, 0]}
    found: list[TurnChange] = []
    for conversation in conversations:
        logged = conversation.turns
        try:
            old = follow(logged, [_turn(one, before) for one in logged], policy)
            new = follow(logged, [_turn(one, after) for one in logged], policy)
        except (ValueError, KeyError):
            left_out += 1
            continue
        counted = [at for at, turn in enumerate(logged) if turn.at >= since and not turn.dropped]
        both = [at for at in counted if at < min(len(old), len(new))]
        if not both:
            continue
        followed += 1
        turns += len(both)
        called = [at for at in counted if logged[at].seen.outcome == Outcome.HANDOFF.value]
        handoffs += len(called)
        for name, decisions in (("before", old), ("after", new)):
            tally = tallies[name]
            tally[0] += sum(_handed_over(decisions, at) for at in called)
            outcomes = [decisions[at].outcome for at in both]
            tally[1] += sum(outcome in (Outcome.ANSWER, Outcome.HELP) for outcome in outcomes)
            tally[2] += outcomes.count(Outcome.CLARIFY)
        for at in both:
            was, now = _decided(logged[at], before, old[at]), _decided(logged[at], after, new[at])
            if kind := _kind(was, now):
                found.append(_change(conversation.id, logged[at], kind, was, now))
    found.sort(key=lambda change: (-change.at, change.conversation, change.seq))
    return Replay(
        conversations=followed,
        turns=turns,
        left_out=left_out,
        handoffs=handoffs,
        before=_followed(tallies["before"]),
        after=_followed(tallies["after"]),
        changes={kind: n for kind in KINDS if (n := sum(c.kind == kind for c in found))},
        changed=tuple(found[:SHOWN_AT_MOST]),
    )


def _turn(logged: LoggedTurn, parses: Parses) -> Turn:
    """The logged turn, as a model reads it. A button is no matter of reading.

    Raises: ValueError, KeyError."""
    as_logged = turn_of(logged)
    if logged.seen.payload:
        return as_logged
    return Turn.from_parse(
        parses[readable(logged.text)],
        form=logged.seen.form,
        requested_slot=logged.seen.requested_slot,
        signals=logged.seen.signals,
    )


def _handed_over(decisions: Sequence[Decision], at: int) -> bool:
    """Whether a person has been called by that turn: then, or before, which ended the following."""
    return decisions[min(at, len(decisions) - 1)].outcome is Outcome.HANDOFF


def _decided(logged: LoggedTurn, parses: Parses, decision: Decision) -> Decided:
    read = _turn(logged, parses)
    return Decided(
        intent=read.intent or "",
        confidence=round(read.confidence, 4),
        outcome=decision.outcome.value,
        reasons=decision.reasons,
    )


def _kind(was: Decided, now: Decided) -> str | None:
    if was.outcome == now.outcome:
        answers = was.outcome == Outcome.ANSWER.value and was.intent != now.intent
        return "other_answer" if answers else None
    if was.outcome == Outcome.HANDOFF.value:
        return "person_lost"
    if now.outcome == Outcome.HANDOFF.value:
        return "person_gained"
    if was.outcome == Outcome.CLARIFY.value:
        return "answer_gained"
    return "answer_lost" if now.outcome == Outcome.CLARIFY.value else "other_answer"


def _change(
    conversation: str, logged: LoggedTurn, kind: str, was: Decided, now: Decided
) -> TurnChange:
    return TurnChange(
        conversation=conversation,
        seq=logged.seq,
        at=logged.at,
        text=logged.text,
        kind=kind,
        before=was,
        after=now,
        label=logged.label,
        result=logged.result,
    )


def _followed(tally: Sequence[int]) -> Followed:
    return Followed(handed_over=tally[0], answered=tally[1], asked_back=tally[2])
