"""Where responses and intents are used, read out of rules, forms and code."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.learning.nlu_files import BrokenFile
from bot.learning.usage import Project, said_by, unused_intents, unused_responses, uses

DOMAIN = """\
intents: [greet, order_status, idle, mute, nlu_fallback]
forms:
  order_form:
    required_slots: [order_number]
responses:
  utter_greet: [{text: Hi}]
  utter_default: [{text: Lost}]
  utter_ask_order_number: [{text: Which}]
  utter_order_packed: [{text: Packed}]
  utter_cancel_too_late: [{text: Late}]
  utter_never: [{text: Never}]
"""
RULES = """\
rules:
- rule: one
  steps:
  - or:
    - intent: greet
    - intent: idle
  - action: utter_greet
- rule: two
  steps:
  - intent: order_status
  - action: action_order_status
"""
ACTIONS = {
    Path("actions/order.py"): 'def say(state):\n    return f"utter_order_{state}"\n',
    Path("actions/refuse.py"): 'family = "cancel"\nwhy = "too_late"\nx = f"utter_{family}_{why}"\n',
    Path("actions/other.py"): '"""utter_never is only told of."""\nkind = f"utter_{x}"\n',
}


def project(**more: object) -> Project:
    values = {"domain": DOMAIN, "rules": {Path("data/rules/a.yml"): RULES}, "actions": ACTIONS}
    return Project(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words", "where"),
    [
        ("utter_greet", "answers idle", "data/rules/a.yml"),
        ("utter_default", "said when the assistant has lost the thread", "Rasa"),
        ("utter_ask_order_number", "asks for order_number", "domain.yml, order_form"),
        ("utter_order_packed", "said by an action", "actions/order.py"),
        ("utter_cancel_too_late", "said by an action", "actions/refuse.py"),
    ],
)
def test_a_use_is_found(name: str, words: str, where: str) -> None:
    assert (words, where) in [(one.words, one.where) for one in uses(project())[name]]


def test_what_is_only_told_of_is_not_said() -> None:
    assert unused_responses(project()) == ["utter_never"]


def test_a_name_put_together_of_anything_fits_nothing() -> None:
    vague = {Path("a.py"): 'f"utter_{kind}"'}
    assert said_by(vague, ["utter_never"]) == {}
    assert said_by({Path("a.py"): 'f"utter_{kind}", "never"'}, ["utter_never"])


def test_an_intent_needs_examples_and_an_answer() -> None:
    assert unused_intents(project(), ["greet", "order_status", "mute"]) == {
        "idle": "has no example, so it is never understood",
        "mute": "is in no rule or story, so nothing is said to it",
    }


def test_stories_count_too() -> None:
    story = "stories:\n- story: s\n  steps:\n  - intent: mute\n  - action: utter_never\n"
    told = project(rules={Path("data/stories/a.yml"): story})
    assert "utter_never" not in unused_responses(told)
    assert "mute" not in unused_intents(told, ["mute"])


def test_a_broken_file_is_told() -> None:
    with pytest.raises(BrokenFile, match=r"a\.yml, line 2"):
        uses(project(rules={Path("a.yml"): "rules: [\n"}))


def test_everything_shipped_is_used() -> None:
    assert unused_responses(Project.read(Path(__file__).parents[2])) == []
