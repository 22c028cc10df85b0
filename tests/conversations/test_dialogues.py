"""Every dialogue in the YAML files of this folder, with the really trained assistant.

The format is in README.md. `python -m tests.conversations.test_dialogues` is not needed: pytest
finds the files; `-k "words of the name"` runs one dialogue.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any, Protocol

import pytest
from ruamel.yaml import YAML

#: Training and starting everything may take a while on a slow machine.
pytestmark = pytest.mark.timeout(600)

HERE = Path(__file__).resolve().parent
KEYS = {
    "customer",
    "presses",
    "bot",
    "handoff",
    "triage",
    "intent",
    "never",
    "summary",
}


class Assistant(Protocol):
    async def turn(
        self, conversation: str, seq: int, text: str, payload: str | None = None
    ) -> dict[str, Any]: ...


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def dialogues() -> list[dict[str, Any]]:
    return [dialogue for path in sorted(HERE.glob("*.yml")) for dialogue in read(path)]


RESPONSES: dict[str, Any] = read(HERE.parents[1] / "domain.yml")["responses"]


def pattern(expected: str) -> re.Pattern[str]:
    """Matches a text of the response `expected`, or any text that holds these words."""
    if not expected.startswith("utter_"):
        return re.compile(re.escape(expected))
    names = [expected] if expected != "utter_clarify" else [n for n in RESPONSES if expected in n]
    texts = [variation["text"] for name in names for variation in RESPONSES[name]]
    alternatives = [
        ".*?".join(re.escape(part) for part in re.split(r"\{[a-z_]+\}", text)) for text in texts
    ]
    return re.compile("|".join(f"^(?:{one})$" for one in alternatives), re.DOTALL)


@pytest.mark.parametrize("dialogue", dialogues(), ids=lambda d: d["dialogue"])
async def test_the_dialogue_goes_as_written(assistant: Assistant, dialogue: dict[str, Any]) -> None:
    conversation = uuid.uuid4().hex
    buttons: dict[str, str] = {}
    for seq, turn in enumerate(dialogue["turns"], start=1):
        assert set(turn) <= KEYS, f"unknown key in {turn}"
        payload = None
        text = turn.get("customer")
        if "presses" in turn:
            text = turn["presses"]
            assert text in buttons, f"the bot offered only {sorted(buttons)}"
            payload = buttons[text]
        answer = await assistant.turn(conversation, seq, str(text), payload)
        check(turn, answer)
        for message in answer["messages"]:
            buttons.update({b["title"]: b["payload"] for b in message.get("buttons") or ()})


def check(turn: dict[str, Any], answer: dict[str, Any]) -> None:
    """Raises AssertionError when the answer is not what the turn expects."""
    said = [message["text"] or "" for message in answer["messages"]]
    seen = (
        f"\nafter {turn}\nthe bot said {said}\nparse {answer['parse']}\ntriage {answer['triage']}"
    )
    assert said, "silence" + seen
    wanted = turn.get("bot", [])
    place = 0
    for expected in [wanted] if isinstance(wanted, str) else wanted:
        found = next(
            (i for i in range(place, len(said)) if pattern(expected).search(said[i])), None
        )
        assert found is not None, f"{expected} is missing" + seen
        # Two expectations may be about the same message, as a response and words of it.
        place = found
    handoff = answer["handoff"]
    assert (handoff or {}).get("reason") == turn.get("handoff"), seen
    if "summary" in turn:
        assert turn["summary"] in handoff["summary"], handoff["summary"]
    if "triage" in turn:
        assert answer["triage"]["outcome"] == turn["triage"], seen
    if "intent" in turn:
        assert answer["parse"]["intent"] == turn["intent"], seen
    if "never" in turn:
        assert not any(turn["never"] in text for text in said), seen


def test_there_are_enough_dialogues_with_different_names() -> None:
    names = [dialogue["dialogue"] for dialogue in dialogues()]
    assert len(names) >= 25
    assert len(set(names)) == len(names)
