"""What the assistant would say to a message that it is not to answer by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.suggestions import Suggestion, suggestion
from bot.triage import load_policy

POLICY = load_policy((Path(__file__).parent.parent / "data" / "triage.yml").read_text())
RESPONSES: dict[str, list[dict[str, Any]]] = {
    "utter_opening_hours": [{"text": "From nine to five.", "buttons": []}, {"text": "9 to 5."}],
    "utter_warranty_repair": [
        {"text": "Only on Sundays.", "condition": [{"type": "slot", "name": "day"}]},
        {"text": "Dear {name}, we repair it."},
        {"text": "We repair it."},
    ],
    "utter_greet": [{"text": "Hello, I am a bot."}],
}


def parsed(text: str, intent: str, confidence: float = 0.9, **more: Any) -> dict[str, Any]:
    ranking = [{"name": intent, "confidence": confidence}]
    return {"text": text, "intent": ranking[0], "intent_ranking": ranking, **more}


def suggest(parse: dict[str, Any], **slots: Any) -> Suggestion | None:
    return suggestion(parse, POLICY, RESPONSES, slots)


def test_a_placed_message_gets_its_intents_answer() -> None:
    assert suggest(parsed("when are you open", "opening_hours", 0.81)) == Suggestion(
        "From nine to five.", "opening_hours", 0.81
    )


@pytest.mark.parametrize(
    "parse",
    [
        parsed("when", "opening_hours", 0.2),
        parsed("when are you open on mars", "opening_hours", 0.9, out_of_scope=0.95),
        parsed("hm", "nlu_fallback"),
        parsed("hello", "greet"),
        parsed("where is my order", "order_status"),
        parsed("a person please", "talk_to_human"),
        parsed("/opening_hours", "opening_hours"),
        {"text": "", "intent": None},
    ],
    ids=lambda parse: str(parse["text"]),
)
def test_what_it_could_not_answer_in_words_gets_nothing(parse: dict[str, Any]) -> None:
    assert suggest(parse) is None


def test_neither_anger_nor_a_sensitive_topic_changes_what_the_answer_would_be() -> None:
    parse = parsed("my lawyer asks when you are open!!", "opening_hours", frustration=0.99)
    found = suggest(parse)
    assert found is not None
    assert found.text == "From nine to five."


def test_the_first_variation_is_taken_whose_words_are_all_known() -> None:
    parse = parsed("the zip is broken", "warranty_repair")
    known, unknown = suggest(parse, name="Jo"), suggest(parse)
    assert known is not None
    assert known.text == "Dear Jo, we repair it."
    assert unknown is not None
    assert unknown.text == "We repair it."


def test_a_help_page_answers_where_it_is_surer() -> None:
    pages = [{"page": "shipping", "score": 0.7, "answer": "We ship to Iceland, too."}]
    parse = parsed("do you ship to reykjavik", "nlu_fallback", 0.3, help=pages)
    assert suggest(parse) == Suggestion("We ship to Iceland, too.", None, 0.7)
    pages[0]["score"] = 0.1
    assert suggest(parse) is None
