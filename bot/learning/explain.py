"""Why the assistant said what it said: one turn of its log, in words and numbers.

Pure. Belongs here: bringing together what the log has on a turn, and the steps that led to the
answer, in the order in which they were taken. Does not belong here: the rules of triage, whose own
reasons are given as they stand in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bot import transcript, wording
from bot.errors import DeskhandError
from bot.events import (
    BotAnswerDropped,
    BotAnswered,
    CustomerSpoke,
    Entry,
    HandoffRequested,
    Reading,
    Record,
)
from bot.learning.facts import WORDS, facts_of

#: Lines of the ranking that are shown.
RANKING: Final = 10
#: Scores below these are not worth a word: what is normal is not a reason.
NOTABLE: Final = 0.5

_OUTCOMES: Final = {
    "answer": "Answered it",
    "clarify": "Asked back",
    "handoff": "Asked for a person",
}


class UnknownTurn(DeskhandError):
    """That entry is no message that the assistant read."""

    code = "unknown_turn"


class Step(Record, frozen=True):
    """`what` happened, and the words or numbers behind it."""

    what: str
    why: str = ""


class Ranked(Record, frozen=True):
    intent: str
    confidence: float


class Named(Record, frozen=True):
    name: str
    value: Any


class Answer(Record, frozen=True):
    """What the assistant said, or would have: `dropped` is why the customer never saw it."""

    seq: int
    at: int
    messages: tuple[dict[str, Any], ...]
    took_ms: int
    dropped: str | None = None


class Turn(Record, frozen=True):
    """One message of the customer's, all that was read in it, and what came of it. `seen`: what
    triage looked at beside the scores; None in older logs. `before` and `after`: seqs of the
    neighbouring turns."""

    conversation: str
    seq: int
    at: int
    text: str
    payload: str | None
    intent: str | None
    confidence: float
    scores: dict[str, float]
    ranking: tuple[Ranked, ...]
    entities: tuple[dict[str, Any], ...]
    slots: tuple[Named, ...]
    language: str
    outcome: str
    reasons: tuple[str, ...]
    cues: tuple[Ranked, ...]
    seen: dict[str, Any] | None
    answer: Answer
    handoff: dict[str, Any] | None
    label: str | None
    result: str
    result_words: str
    steps: tuple[Step, ...]
    before: int | None
    after: int | None


def explain(id: str, entries: Sequence[Entry], seq: int) -> Turn:
    """The turn in which the assistant read the customer's message `seq`.

    Raises: UnknownTurn."""
    spoke = next((e for e in entries if e.seq == seq), None)
    answers = [e for e in entries if _reads(e, seq)]
    if spoke is None or not isinstance(spoke.event, CustomerSpoke) or not answers:
        raise UnknownTurn(
            f"Entry {seq} is no message that the assistant read.",
            hint="Open the conversation: the messages that it read are marked.",
        )
    answer = answers[-1]
    event = answer.event
    if not isinstance(event, (BotAnswered, BotAnswerDropped)) or event.reading is None:
        raise UnknownTurn(f"Entry {seq} was answered without being read.")
    reading = event.reading
    facts = facts_of(id, entries)
    rows = {row["seq"]: row for row in facts.turns} if facts else {}
    order = sorted(rows)
    place = order.index(seq) if seq in rows else None
    result = str(rows[seq]["result"]) if seq in rows else ""
    asked = next((e for e in entries if _hands_over(e, seq)), None)
    handoff = asked.event.handoff if asked and isinstance(asked.event, HandoffRequested) else None
    seen = reading.turn
    dropped = event.reason if isinstance(event, BotAnswerDropped) else None
    return Turn(
        conversation=id,
        seq=seq,
        at=spoke.at,
        text=spoke.event.text,
        payload=spoke.event.payload,
        intent=reading.intent,
        confidence=reading.confidence,
        scores={
            "confidence": reading.confidence,
            "out_of_scope": reading.out_of_scope,
            "sentiment": reading.sentiment,
            "frustration": reading.frustration,
        },
        ranking=ranked(reading),
        entities=reading.entities,
        slots=tuple(
            Named(name=name, value=value)
            for name, value in sorted(reading.slots.items())
            if value is not None
        ),
        language=reading.language,
        outcome=reading.outcome,
        reasons=reading.reasons,
        cues=tuple(
            Ranked(intent=name, confidence=share)
            for name, share in sorted((seen.cues if seen else {}).items(), key=lambda c: -c[1])
        ),
        seen=transcript.to_plain(seen) if seen else None,
        answer=Answer(
            seq=answer.seq,
            at=answer.at,
            messages=transcript.to_plain(event.messages),
            took_ms=max(0, answer.at - spoke.at),
            dropped=dropped,
        ),
        handoff=transcript.to_plain(handoff) if handoff else None,
        label=rows[seq]["label"] if seq in rows else None,
        result=result,
        result_words=WORDS.get(result, ""),
        steps=tuple(_steps(spoke.event, reading, event.messages, handoff, dropped)),
        before=order[place - 1] if place else None,
        after=order[place + 1] if place is not None and place + 1 < len(order) else None,
    )


def ranked(reading: Reading) -> tuple[Ranked, ...]:
    """The likeliest intents, likeliest first."""
    found = [
        Ranked(intent=str(one["name"]), confidence=float(one.get("confidence") or 0.0))
        for one in reading.ranking
        if one.get("name")
    ]
    if not found and reading.intent:
        found = [Ranked(intent=reading.intent, confidence=reading.confidence)]
    return tuple(sorted(found, key=lambda one: -one.confidence)[:RANKING])


def _reads(entry: Entry, seq: int) -> bool:
    event = entry.event
    if not isinstance(event, (BotAnswered, BotAnswerDropped)):
        return False
    return event.in_reply_to == seq and event.reading is not None


def _hands_over(entry: Entry, seq: int) -> bool:
    return isinstance(entry.event, HandoffRequested) and entry.event.in_reply_to == seq


def _steps(
    spoke: CustomerSpoke,
    reading: Reading,
    messages: Sequence[Any],
    handoff: Any,
    dropped: str | None,
) -> list[Step]:
    steps = [_understood(spoke, reading)]
    if reading.entities:
        found = (f"{e.get('entity')}: {e.get('value')}" for e in reading.entities)
        steps.append(Step(what="Found in it", why="; ".join(found)))
    notable = [
        f"{words} {score:.2f}"
        for words, score in (
            ("about something else", reading.out_of_scope),
            ("frustrated", reading.frustration),
            ("unfriendly", -reading.sentiment),
        )
        if score >= NOTABLE
    ]
    if notable:
        steps.append(Step(what="Noticed", why="; ".join(notable)))
    seen = reading.turn
    if seen is not None:
        cues = [f"{name} {share:.2f}" for name, share in seen.cues.items() if share >= NOTABLE]
        if cues:
            steps.append(Step(what="Heard", why="; ".join(cues)))
        if seen.form:
            slot = f", which had asked for {seen.requested_slot}" if seen.requested_slot else ""
            fills = "; the message answers it" if seen.fills_form else ""
            steps.append(Step(what="In the middle of a form", why=f"{seen.form}{slot}{fills}"))
        if seen.help_page:
            why = f"{seen.help_page} ({seen.help:.2f})"
            steps.append(Step(what="The nearest help page", why=why))
    decided = _OUTCOMES.get(reading.outcome, reading.outcome)
    steps.append(Step(what=decided, why="; ".join(reading.reasons)))
    if handoff is not None:
        why = "; ".join(handoff.reasons) or wording.REASONS.get(handoff.reason, handoff.reason)
        steps.append(Step(what="Handed over", why=why))
    if dropped is not None:
        steps.append(Step(what="The customer never saw the answer", why=dropped))
    elif not messages:
        steps.append(Step(what="Said nothing"))
    return steps


def _understood(spoke: CustomerSpoke, reading: Reading) -> Step:
    if spoke.payload:
        return Step(what="A button was pressed", why=spoke.payload)
    first, *others = ranked(reading) or (None,)
    if first is None:
        return Step(what="Understood as nothing that it knows")
    words = f"{first.intent} {first.confidence:.2f}"
    if others:
        words += f"; next {others[0].intent} {others[0].confidence:.2f}"
    return Step(what=f"Understood as {reading.intent or 'nothing'}", why=words)
