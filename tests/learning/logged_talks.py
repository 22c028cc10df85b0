"""Conversations as the log would have them, made by triage itself: what is replayed in the tests
was really decided by a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from benchmarks.talks import Talk
from bot import commands as do
from bot.events import Agent, Handoff, Reading, Seen
from bot.learning import facts
from bot.learning.logged import LoggedConversation, LoggedTurn
from bot.triage import Candidate, Memory, Outcome, Policy, Turn, decide, load_policy

SHIPPED = load_policy((Path(__file__).parents[2] / "data/triage.yml").read_text(encoding="utf-8"))
ANNA = Agent(login="anna", name="Anna")
DAY = 86_400_000


@dataclass(frozen=True)
class Said:
    """A customer's message, as it is read. `afterwards`: what the archive says of the answer."""

    text: str
    intent: str = "opening_hours"
    confidence: float = 0.9
    frustration: float = 0.0
    help: float = 0.0
    form: str | None = None
    cues: tuple[tuple[str, float], ...] = ()
    fingerprint: str = ""
    out_of_scope: float = 0.0
    language: str = "en"
    label: str | None = None
    answer: str = "Well."
    stars: int | None = None
    afterwards: str = facts.ANSWERED
    returned: bool = False
    """The customer came back from a person."""
    action_gave_up: bool = False
    """If triage let it be answered, the action that ran asked for a person."""


def talk(
    id: str,
    *messages: Said,
    policy: Policy = SHIPPED,
    began: int = 10 * DAY,
    agent_ms: int | None = None,
) -> LoggedConversation:
    """The log of a conversation in which `policy` was in force. Each message is a minute after the
    one before, and went through the JSON of the log."""
    memory = Memory()
    turns = []
    for number, said in enumerate(messages):
        turn = turn_of_message(said, Memory() if said.returned else memory)
        decision = decide(turn, policy)
        memory = decision.memory
        seen = msgspec.convert({**turn.as_seen(), **decision.as_seen()}, Seen)
        reading = Reading(
            intent=said.intent,
            confidence=said.confidence,
            ranking=tuple({"name": c.intent, "confidence": c.confidence} for c in turn.ranking),
            frustration=said.frustration,
            out_of_scope=said.out_of_scope,
            language=said.language,
            outcome=decision.outcome.value,
            reasons=decision.reasons,
            turn=seen,
        )
        ran = decision.outcome is Outcome.ANSWER
        gave_up = "form_failed" if said.action_gave_up and ran else None
        handed_off = decision.outcome is Outcome.HANDOFF
        turns.append(
            LoggedTurn(
                seq=2 * number + 2,
                at=began + number * 60_000,
                text=said.text,
                reading=msgspec.json.decode(msgspec.json.encode(reading), type=Reading),
                handoff=decision.reason.value if decision.reason else gave_up,
                label=said.label,
                result=facts.GAVE_UP if handed_off or gave_up else said.afterwards,
            )
        )
        if gave_up:
            memory = Memory()
    return LoggedConversation(id=id, turns=tuple(turns), agent_ms=agent_ms)


def turn_of_message(said: Said, memory: Memory) -> Turn:
    rival = Candidate("gift_card", round(min(said.confidence, 1 - said.confidence) / 2, 4))
    return Turn(
        text=said.text,
        intent=said.intent,
        confidence=said.confidence,
        ranking=(Candidate(said.intent, said.confidence), rival),
        out_of_scope=said.out_of_scope,
        frustration=said.frustration,
        language=said.language,
        help=said.help,
        help_page="boots" if said.help else None,
        form=said.form,
        cues=dict(said.cues),
        fingerprint=said.fingerprint,
        memory=memory,
    )


def under(**changes: float) -> Policy:
    """The shipped policy with other thresholds."""
    return replace(SHIPPED, **changes)  # type: ignore[arg-type]


def as_log(id: str, messages: Sequence[Said], began: int) -> Talk:
    """The whole log of a conversation. Anna comes where triage calls for a person."""
    logged = talk(id, *messages, began=began)
    log = Talk(id, began)
    for turn, said in zip(logged.turns, messages, strict=True):
        if said.returned:
            log.do(do.ReturnToBot(agent=ANNA))
        seq = log.say(said.text, after=30_000)
        handoff = Handoff(reason=turn.handoff) if turn.handoff else None
        log.answer(said.answer, turn.reading, handoff=handoff, after=1_000)
        if said.label:
            log.do(do.Label(agent=ANNA, of=seq, intent=said.label))
        if handoff:
            log.claim(ANNA, after=10_000)
            log.reply(ANNA, "Anna here.", after=20_000)
            log.reply(ANNA, "Anything else?", after=3_600_000)
        if said.stars:
            log.close(None, "solved")
            log.rate(said.stars)
    return log
