"""A suggested reply: what the assistant would say to a message that a person answers.

Belongs here: reading the message with the loaded model and asking `bot.suggestions`. Read-only: no
tracker is looked at or changed, no action runs. Does not belong here: HTTP (`channel`), or what
agents do with it.
"""

from __future__ import annotations

from typing import Any

from rasa.core.agent import Agent

from bot.nlu.turns import TurnFailed
from bot.suggestions import suggestion
from bot.triage_file import TriageFile
from bot.triage_turn import readable

FILE = TriageFile.in_project()


async def suggest(agent: Agent, text: str) -> dict[str, Any]:
    """{text, intent, confidence}, or {} when the assistant is not sure enough, or shall not.

    Raises TurnFailed when no model is loaded, and as `TriageFile.read`."""
    rules = FILE.read().policy
    if not rules.suggestions:
        return {}
    if agent.processor is None:
        raise TurnFailed("no model is loaded")
    parse = await agent.parse_message(readable(text))
    found = suggestion(parse, rules, agent.domain.responses, {})
    if found is None or found.confidence < rules.suggestion_confidence:
        return {}
    return {"text": found.text, "intent": found.intent, "confidence": found.confidence}
