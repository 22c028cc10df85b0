"""A suggested reply: what the assistant would say to a message that a person answers.

Belongs here: reading the message with the loaded model and asking `bot.suggestions`. Read-only: no
tracker is looked at or changed, no action runs. Does not belong here: HTTP (`channel`), or what
agents do with it.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent

from bot.nlu.turns import TurnFailed, readable
from bot.suggestions import suggestion
from bot.triage import Policy, load_policy

POLICY_FILE = Path(__file__).resolve().parents[2] / "data" / "triage.yml"


@functools.lru_cache(maxsize=1)
def policy() -> Policy:
    """The owner's policy. Raises PolicyError when the file is wrong, OSError when it is missing."""
    path = Path(os.environ.get("DESKHAND_TRIAGE") or POLICY_FILE)
    return load_policy(path.read_text(encoding="utf-8"))


async def suggest(agent: Agent, text: str) -> dict[str, Any]:
    """{text, intent, confidence}, or {} when the assistant is not sure enough, or shall not.

    Raises TurnFailed when no model is loaded."""
    rules = policy()
    if not rules.suggestions:
        return {}
    if agent.processor is None:
        raise TurnFailed("no model is loaded")
    parse = await agent.parse_message(readable(text))
    found = suggestion(parse, rules, agent.domain.responses, {})
    if found is None or found.confidence < rules.suggestion_confidence:
        return {}
    return {"text": found.text, "intent": found.intent, "confidence": found.confidence}
