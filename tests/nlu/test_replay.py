"""What the assistant really decided is decided again from its log, exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from rasa.core.agent import Agent

from bot.assistant import Turn
from bot.events import Reading
from bot.learning.logged import LoggedTurn, turn_of
from bot.learning.whatif_today import follow
from bot.nlu.turns import Line, Said, Stretch, Turns
from bot.triage import load_policy

POLICY = load_policy(Path("data/triage.yml").read_text(encoding="utf-8"))


def logged(seq: int, text: str, answer: dict[str, Any]) -> LoggedTurn:
    """The turn as the gateway logs it."""
    reading = msgspec.convert(answer, Turn).reading()
    reading = msgspec.json.decode(msgspec.json.encode(reading), type=Reading)
    reason = answer["handoff"]["reason"] if answer["handoff"] else None
    return LoggedTurn(seq=seq, at=seq, text=text, reading=reading, handoff=reason)


async def test_a_conversation_with_all_that_triage_knows_is_decided_again(agent: Agent) -> None:
    turns = Turns()
    log = []
    said: list[tuple[str, str | None]] = [
        ("hello", None),
        ("/opening hours", None),
        ("where is my order", None),
        ("it's nl10482", None),
        ("no, agent please", None),
        ("qwertz uiop", None),
        ("lorem ipsum dolor", None),
        ("lorem ipsum dolor", None),
        ("Where is my order?", "/order_status"),
        ("this is a joke, i am so angry!!!", None),
        ("xyzzy", None),
        ("opening hours", None),
    ]
    for seq, (text, payload) in enumerate(said, 1):
        answer = await turns.turn(agent, Said("c-1", seq, 0, text, payload))
        log.append(logged(seq, text, answer))
        if seq == 7:
            lines = (Line(70, "agent", "Hi, I am Kari."), Line(71, "customer", "thanks"))
            await turns.returned(agent, Stretch("c-1", lines))
    decisions = follow(log, [turn_of(turn) for turn in log], POLICY)
    assert [d.outcome.value for d in decisions] == [turn.seen.outcome for turn in log]
    assert [d.reasons for d in decisions] == [turn.reading.reasons for turn in log]
    outcomes = {turn.seen.outcome for turn in log}
    assert {"answer", "clarify", "handoff"} <= outcomes
    assert [turn.seen.fresh for turn in log].count(True) >= 3
