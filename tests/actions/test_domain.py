"""Domain, rules and actions fit together: no response missing, none unused, none without choice."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor
from ruamel.yaml import YAML

from actions import titles
from actions.business_lead import OWN_SLOTS
from actions.forms import Form
from actions.handoff import REASONS
from actions.shop.protocol import ChangeKind, OrderState, RefundState, Refusal

ROOT = Path(__file__).resolve().parents[2]


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


DOMAIN = read(ROOT / "domain.yml")
RESPONSES: dict[str, Any] = DOMAIN["responses"]
SOURCES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "actions").rglob("*.py")}
RULES = [
    rule for path in sorted((ROOT / "data" / "rules").glob("*.yml")) for rule in read(path)["rules"]
]


def families() -> set[str]:
    """Responses whose names are put together from values."""
    changing = [r.value for r in Refusal if r is not Refusal.OUT_OF_STOCK]
    return {
        *(f"utter_order_{state.value}" for state in OrderState),
        *(f"utter_refund_{state.value}" for state in RefundState),
        *(f"utter_handoff_{reason}" for reason in REASONS),
        *(f"utter_cancel_{r}" for r in _can_change()),
        *(f"utter_change_{r}" for r in _can_change()),
        *(f"utter_return_{r}" for r in changing if r not in _can_change() - _both()),
        *(f"utter_exchange_{r}" for r in changing if r not in _can_change() - _both()),
        "utter_exchange_out_of_stock",
        *(f"utter_ask_for_{kind.value}" for kind in ChangeKind),
        *(f"utter_ask_for_{kind.value}_again" for kind in ChangeKind),
        *(f"utter_confirm_{kind.value}" for kind in ChangeKind),
        *(f"utter_changed_{kind.value}" for kind in ChangeKind),
        *(f"utter_ask_for_{slot}" for slot in OWN_SLOTS),
        *(f"utter_ask_for_{slot}_again" for slot in OWN_SLOTS),
        *(f"utter_ask_for_{slot}" for slot in ("return_items", "exchange_item")),
    }


def _can_change() -> set[str]:
    return {"already_packed", "already_delivered", "already_cancelled", "other"}


def _both() -> set[str]:
    return {"already_cancelled", "other"}


def named_in_code() -> set[str]:
    return {name for text in SOURCES.values() for name in re.findall(r'"(utter_[a-z_]+)"', text)}


def named_in_rules() -> set[str]:
    return {
        step["action"]
        for rule in RULES
        for step in rule["steps"]
        if str(step.get("action", "")).startswith("utter_")
    }


def test_every_response_that_is_used_exists() -> None:
    assert (named_in_code() | named_in_rules() | families()) - set(RESPONSES) == set()


def test_every_response_that_exists_is_used() -> None:
    # Rasa's own fallback action utters the default; a channel may offer a person.
    rasas = {"utter_default", "utter_offer_person"}
    used = named_in_code() | named_in_rules() | families() | rasas
    assert set(RESPONSES) - used == set()


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_every_response_has_variations_and_sound_buttons(name: str) -> None:
    variations = RESPONSES[name]
    assert 2 <= len(variations) <= 3
    assert len({variation["text"] for variation in variations}) == len(variations)
    for variation in variations:
        assert len(variation["text"]) <= 320, "short, please"
        for button in variation.get("buttons", []):
            assert button["payload"].removeprefix("/") in DOMAIN["intents"]


def test_every_intent_has_a_rule_of_its_own() -> None:
    opening = [rule["steps"][0].get("intent") for rule in RULES]
    assert sorted(filter(None, opening)) == sorted(DOMAIN["intents"])


def test_rule_names_are_different_sentences() -> None:
    names = [rule["rule"] for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(" " in name and name[0].isupper() for name in names)


def test_every_intent_that_can_be_offered_has_a_title() -> None:
    chat = {"greet", "goodbye", "thank", "affirm", "deny", "small_talk", "stop", "inform"}
    offered = set(DOMAIN["intents"]) - chat - {"nlu_fallback"}
    assert offered == set(titles.TITLES)


def test_an_unknown_intent_still_has_a_title() -> None:
    assert titles.title("boot_waxing") == "Boot waxing"


def test_no_slot_takes_part_in_predictions() -> None:
    assert {
        name for name, slot in DOMAIN["slots"].items() if slot["influence_conversation"]
    } == set()


def test_conversations_do_not_expire() -> None:
    assert DOMAIN["session_config"]["session_expiration_time"] == 0


@pytest.fixture(scope="module")
def registered() -> ActionExecutor:
    executor = ActionExecutor()
    executor.register_package("actions")
    return executor


def test_the_action_server_registers_exactly_the_actions_of_the_domain(
    registered: ActionExecutor,
) -> None:
    assert set(registered.actions) == set(DOMAIN["actions"])


def test_every_form_of_the_domain_has_its_class(registered: ActionExecutor) -> None:
    forms = {form.form: form for form in _concrete()}
    assert set(forms) == set(DOMAIN["forms"])
    for form in forms.values():
        assert set(form.own_slots) <= set(DOMAIN["slots"])
        assert set(form.free_slots) <= set(DOMAIN["slots"])
        assert set(form.intents) <= set(DOMAIN["intents"])


def _concrete() -> list[type[Form]]:
    found: list[type[Form]] = []
    waiting = list(Form.__subclasses__())
    while waiting:
        child = waiting.pop()
        waiting += child.__subclasses__()
        if "form" in vars(child):
            found.append(child)
    return found


def test_every_slot_that_actions_set_exists() -> None:
    named = {
        name
        for text in SOURCES.values()
        for name in re.findall(r'(?:SlotSet|turn\.set|turn\.ask|\.get_slot)\(\s*"([a-z_]+)"', text)
    }
    assert named - {"requested_slot"} <= set(DOMAIN["slots"])


@pytest.mark.parametrize("path", sorted(SOURCES), ids=lambda path: path.name)
def test_actions_import_only_what_they_may(path: Path) -> None:
    pure = {"bot.triage", "bot.conversation", "bot.suggestions", "bot.triage_file"}
    allowed = {"actions", "rasa_sdk", "httpx", *sys.stdlib_module_names}
    for node in ast.walk(ast.parse(SOURCES[path])):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] in allowed or name in pure
