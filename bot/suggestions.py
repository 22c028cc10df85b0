"""What the assistant would say to a message that it is not to answer by itself.

Pure. On a sensitive topic that is a draft for an agent to approve; while a person has the
conversation it is help for them. Both come only from what the assistant says word for word: the
response of an intent, or a passage of the help pages. What a form or the shop would answer needs a
turn of its own, and so gives nothing here. Does not belong here: whether an answer is allowed
(`bot.triage`), what becomes of a draft (`bot.agent_commands`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.triage import Outcome, Policy, Turn, would_answer

#: Rasa's domain: the response's variations, each with `text` and perhaps a `condition`.
Responses = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Suggestion:
    """An answer. `intent` is None when a help page gives it; `confidence` is from 0 to 1: the
    intent's, or the page's."""

    text: str
    intent: str | None
    confidence: float


def suggestion(
    parse: Mapping[str, Any], policy: Policy, responses: Responses, slots: Mapping[str, Any]
) -> Suggestion | None:
    """The assistant's answer to a parsed message, whatever its mood and topic; None when it would
    ask back, only make small talk, or has to look something up."""
    turn = Turn.from_parse(parse)
    outcome = would_answer(turn, policy)
    if outcome is Outcome.HELP:
        text = str(parse["help"][0].get("answer") or "")
        return Suggestion(text, None, turn.help) if text else None
    if outcome is not Outcome.ANSWER or turn.intent in policy.chat_intents:
        return None
    said = _words(responses.get(f"utter_{turn.intent}", ()), slots)
    return Suggestion(said, turn.intent, turn.confidence) if said else None


def _words(variations: Sequence[Mapping[str, Any]], slots: Mapping[str, Any]) -> str:
    """The first variation that is always said, if all that it names is known; else nothing."""
    for variation in variations:
        text = str(variation.get("text") or "")
        needed = re.findall(r"\{(\w+)\}", text)
        if variation.get("condition") or any(slots.get(name) is None for name in needed):
            continue
        return re.sub(r"\{(\w+)\}", lambda found: str(slots[found.group(1)]), text)
    return ""
