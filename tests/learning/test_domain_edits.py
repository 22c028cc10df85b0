"""New intents in `domain.yml`, with the rules that answer them, by lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.learning.domain_edits import (
    RULES,
    BadIntentName,
    IntentExists,
    NewIntent,
    UnknownIntent,
    add_intent,
    remove_intent,
    with_intent,
    with_rule,
    without_intent,
    without_rule,
)
from bot.learning.nlu_files import BrokenFile
from tests.learning.domains import DOMAIN, REPAIR, SHIPPED, SHIPPED_RULES, loaded

# --------------------------------------------------------------------------------------- intents


@pytest.mark.parametrize("text", [SHIPPED, DOMAIN])
def test_a_new_intent_is_two_insertions_and_goes_without_a_trace(text: str) -> None:
    changed = with_intent(text, REPAIR)
    lines = changed.splitlines()
    new = [line for line in lines if "repair_service" in line or "We mend" in line]
    assert len(new) == 3
    assert [line for line in lines if line not in new] == [
        line for line in text.splitlines() if line not in new
    ]
    assert loaded(changed)["responses"]["utter_repair_service"] == [{"text": REPAIR.answer}]
    assert without_intent(changed, "repair_service") == text


def test_several_new_intents_go_in_any_order() -> None:
    one = with_intent(SHIPPED, NewIntent(name="aa", answer="A."))
    both = with_intent(one, NewIntent(name="bb", answer="B."))
    assert without_intent(without_intent(both, "aa"), "bb") == SHIPPED
    assert without_intent(both, "bb") == one


@pytest.mark.parametrize(
    "name", ["", "A", "a", "no spaces", "Größe", "x" * 61, "1st", "../x", "a-b"]
)
def test_a_name_that_does_not_work_everywhere_is_refused(name: str) -> None:
    with pytest.raises(BadIntentName, match="no name for an intent"):
        with_intent(SHIPPED, NewIntent(name=name, answer="x"))


@pytest.mark.parametrize(
    "name", ["restart", "back", "session_start", "nlu_fallback", "null", "true"]
)
def test_a_name_that_means_something_to_rasa_or_yaml_is_refused(name: str) -> None:
    with pytest.raises(BadIntentName, match="means something of its own"):
        with_intent(SHIPPED, NewIntent(name=name, answer="x"))


@pytest.mark.parametrize("name", ["order_status", "greet", "offer_person"])
def test_what_is_there_already_is_not_made_twice(name: str) -> None:
    with pytest.raises(IntentExists, match="already"):
        with_intent(SHIPPED, NewIntent(name=name, answer="x"))


def test_only_what_the_studio_made_can_be_taken_back() -> None:
    with pytest.raises(UnknownIntent, match="made in the studio"):
        without_intent(SHIPPED, "order_status")


@pytest.mark.parametrize(
    "text", ["intents: [greet]\nresponses:\n  a:\n  - text: b\n", "intents:\n- greet\n"]
)
def test_a_domain_that_is_laid_out_otherwise_is_told(text: str) -> None:
    with pytest.raises(BrokenFile, match="one to a line"):
        with_intent(text, REPAIR)


def test_a_text_that_looks_like_a_comment_at_the_end_is_never_cut() -> None:
    text = "intents:\n- greet\nresponses:\n  utter_greet:\n  - text: |\n      Hi\n      # there\n"
    with pytest.raises(BrokenFile, match="cannot be changed here"):
        with_intent(text, REPAIR)


def test_line_ends_of_windows_are_kept() -> None:
    windows = DOMAIN.replace("\n", "\r\n")
    changed = with_intent(windows, REPAIR)
    assert changed.count("\n") == changed.count("\r\n")
    assert without_intent(changed, "repair_service") == windows


# ----------------------------------------------------------------------------------------- rules


def test_the_first_rule_makes_the_file_and_the_last_takes_it_along() -> None:
    text = with_rule(None, "repair_service")
    assert loaded(text)["rules"] == [
        {
            "rule": "repair_service is answered",
            "steps": [{"intent": "repair_service"}, {"action": "utter_repair_service"}],
        }
    ]
    assert without_rule(text, "repair_service") is None


@pytest.mark.parametrize("text", [with_rule(None, "one"), SHIPPED_RULES])
def test_a_rule_is_added_below_the_others_and_taken_out_again(text: str) -> None:
    two = with_rule(text, "two")
    three = with_rule(two, "three")
    assert two.startswith(text)
    assert without_rule(three, "three") == two
    assert without_rule(without_rule(three, "two") or "", "three") == text
    assert without_rule(text, "never_made") == text


def test_a_learned_rule_that_was_changed_by_hand_stays() -> None:
    text = with_rule(None, "one").replace("utter_one", "action_handoff")
    assert without_rule(text, "one") == text


# ------------------------------------------------------------------------------------- the files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "domain.yml").write_text(DOMAIN)
    return tmp_path


def test_an_intent_is_made_and_unmade_in_the_files(root: Path) -> None:
    add_intent(root, REPAIR.name, REPAIR.answer)
    assert "repair_service is answered" in (root / RULES).read_text()
    assert "- repair_service  # from the studio" in (root / "domain.yml").read_text()
    remove_intent(root, REPAIR.name)
    assert (root / "domain.yml").read_text() == DOMAIN
    assert not (root / RULES).exists()
