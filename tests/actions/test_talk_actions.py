"""Triage, clarification, hand-off and bare details: what these actions say and set."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import msgspec
import pytest
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.clarify import ActionClarify
from actions.handoff import REASONS, ActionHandoff, draft, summary
from actions.help_page import ActionHelp
from actions.inform import ActionInform
from actions.triage import FILE, ActionTriage, policy
from bot.events import Seen
from bot.triage import Policy
from bot.triage_file import mark_of
from tests.actions.harness import parse


def run(
    action: Action,
    message: dict[str, Any],
    slots: dict[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None,
    loop: str | None = None,
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """The slots that were set, the messages, and all events."""
    user = {"event": "user", "parse_data": message, "message_id": "m1"}
    tracker = Tracker(
        "c1",
        dict(slots or {}),
        message,
        [*(events or []), user],
        False,
        None,
        {"name": loop} if loop else {},
        "action_listen",
    )
    dispatcher = CollectingDispatcher()
    done = asyncio.run(action.run(dispatcher, tracker, {}))
    new = {event["name"]: event["value"] for event in done if event["event"] == "slot"}
    return new, dispatcher.messages, done


# --- help pages -------------------------------------------------------------------------------


def test_a_help_page_answers_with_a_link_to_the_place_on_it() -> None:
    best = {"page": "boots", "title": "Boots", "anchor": "wax", "score": 0.9, "answer": "Wax them."}
    other = {"page": "tents", "title": "Tents", "anchor": "", "score": 0.3}
    message = {**parse("wax?", "nlu_fallback", 0.2), "help": [best, other]}
    new, said, _ = run(ActionHelp(), message)
    assert new == {}
    (only,) = said
    assert only["response"] == "utter_help"
    assert (only["answer"], only["title"]) == ("Wax them.", "Boots")
    assert only["link"] == "/help/boots#wax"


def test_the_start_of_a_page_has_no_anchor() -> None:
    page = {"page": "boots", "title": "Boots", "anchor": "", "score": 0.9, "answer": "Wax."}
    _, (said,), _ = run(ActionHelp(), {**parse("wax?"), "help": [page]})
    assert said["link"] == "/help/boots"


def test_triage_sees_the_help_pages_of_the_parse() -> None:
    page = {"page": "boots", "title": "Boots", "anchor": "", "score": 0.99, "answer": "Wax."}
    message = {**parse("wax my boots?", "nlu_fallback", 0.2), "help": [page]}
    new, said, _ = run(ActionTriage(), message)
    assert new["triage"]["outcome"] == "help"
    assert new["triage"]["reasons"] == ["answered by the help page boots (0.99)"]
    assert said == []


# --- triage -----------------------------------------------------------------------------------


def test_triage_answers_what_is_clear() -> None:
    new, said, _ = run(ActionTriage(), parse("when are you open", "opening_hours", 0.95))
    assert new["triage"]["outcome"] == "answer"
    assert said == []


def test_triage_hands_off_whoever_asks_for_a_person() -> None:
    new, _, _ = run(ActionTriage(), parse("I want to talk to a human", "talk_to_human", 0.98))
    assert (new["triage"]["outcome"], new["triage"]["reason"]) == ("handoff", "asked_for_human")


def test_triage_asks_when_nothing_fits_and_gives_up_in_the_end() -> None:
    slots: dict[str, Any] = {}
    outcomes = []
    for count in range(3):
        message = parse(f"blorp {count} fnord", "nlu_fallback", 0.2)
        new, _, _ = run(ActionTriage(), message, slots)
        slots = {"triage": {**new["triage"], "message": "an earlier one"}}
        outcomes.append((new["triage"]["outcome"], new["triage"]["reason"]))
    assert outcomes == [
        ("clarify", None),
        ("clarify", None),
        ("handoff", "clarifications_failed"),
    ]


def test_triage_leaves_unclear_words_to_an_open_form() -> None:
    message = parse("Acme GmbH", "nlu_fallback", 0.2)
    slots = {"requested_slot": "lead_company"}
    new, _, _ = run(ActionTriage(), message, slots, loop="business_form")
    assert new["triage"]["outcome"] == "answer"


def test_triage_brings_a_person_out_of_an_open_form() -> None:
    message = parse("let me talk to a human please", "talk_to_human", 0.95)
    new, _, _ = run(ActionTriage(), message, loop="order_status_form")
    assert new["triage"]["outcome"] == "handoff"


def test_triage_says_what_it_saw_and_by_which_policy() -> None:
    message = {**parse("Acme GmbH", "nlu_fallback", 0.2), "cues": {"legal": 0.1}}
    slots = {"requested_slot": "lead_company"}
    new, _, _ = run(ActionTriage(), message, slots, loop="business_form")
    seen = msgspec.convert(new["triage"]["turn"], Seen)
    assert seen == Seen(
        form="business_form",
        requested_slot="lead_company",
        cues={"legal": 0.1},
        fresh=True,
        policy=mark_of(FILE.path.read_text(encoding="utf-8")),
    )


def test_triage_decides_once_about_a_message() -> None:
    message = parse("blorp", "nlu_fallback", 0.2)
    first, _, _ = run(ActionTriage(), message)
    again, _, _ = run(ActionTriage(), message, first)
    assert first == again


# --- clarification ----------------------------------------------------------------------------


def test_a_clarification_offers_two_guesses_and_a_person() -> None:
    slots = {
        "triage": {
            "outcome": "clarify",
            "candidates": ["refund_status", "refund_policy", "gift_card"],
            "clarifications": 1,
        }
    }
    _, said, _ = run(ActionClarify(), parse("money"), slots)
    assert said[0]["response"] == "utter_clarify"
    assert said[0]["buttons"] == [
        {"title": "Where is my refund?", "payload": "/refund_status"},
        {"title": "Return and refund rules", "payload": "/refund_policy"},
        {"title": "Talk to a person", "payload": "/talk_to_human"},
    ]


@pytest.mark.parametrize(
    ("candidates", "count", "language", "response"),
    [
        ([], 1, "en", "utter_clarify_rephrase"),
        ([], 2, "en", "utter_clarify_rephrase_again"),
        (["gift_card"], 2, "en", "utter_clarify_again"),
        (["gift_card"], 1, "de", "utter_clarify_language"),
    ],
)
def test_a_clarification_fits_the_situation(
    candidates: list[str], count: int, language: str, response: str
) -> None:
    slots = {"triage": {"candidates": candidates, "clarifications": count}}
    _, said, _ = run(ActionClarify(), {**parse("hm"), "language": language}, slots)
    assert said[0]["response"] == response
    assert said[0]["buttons"][-1]["payload"] == "/talk_to_human"


# --- hand-off ---------------------------------------------------------------------------------


def handoff(reason: str, **more: Any) -> dict[str, Any]:
    return {"triage": {"outcome": "handoff", "reason": reason, "reasons": ["why"], **more}}


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_each_reason_has_its_words_and_the_json(reason: str) -> None:
    _, said, _ = run(ActionHandoff(), parse("x"), handoff(reason, skill="sales"))
    assert said[0]["response"] == f"utter_handoff_{reason}"
    card = said[1]["custom"]["handoff"]
    assert (card["reason"], card["reasons"], card["skill"]) == (reason, ["why"], "sales")
    assert len(card["summary"].splitlines()) == 2


def test_a_reason_without_words_gets_the_general_ones() -> None:
    _, said, _ = run(ActionHandoff(), parse("x"), handoff("assistant_unavailable"))
    assert said[0]["response"] == "utter_handoff_asked_for_human"
    assert said[1]["custom"]["handoff"]["reason"] == "assistant_unavailable"


def test_a_hand_off_that_triage_did_not_order_was_asked_for() -> None:
    _, said, _ = run(ActionHandoff(), parse("x"), {"triage": {"outcome": "answer"}})
    assert said[1]["custom"]["handoff"]["reason"] == "asked_for_human"


def drafted(reason: str, message: dict[str, Any], rules: Policy | None = None) -> str:
    tracker = Tracker("c1", {}, message, [], False, None, {}, "action_listen")
    domain = {"responses": {"utter_opening_hours": [{"text": "From nine to five."}]}}
    return draft(reason, tracker, domain, rules or policy())


def test_on_a_sensitive_topic_the_answer_that_was_not_given_is_a_draft() -> None:
    asked = parse("my lawyer asks when you are open", "opening_hours", 0.9)
    assert drafted("sensitive", asked) == "From nine to five."
    assert drafted("frustrated", asked) == ""
    assert drafted("sensitive", parse("my lawyer", "nlu_fallback", 0.2)) == ""
    assert drafted("sensitive", asked, dataclasses.replace(policy(), drafts=False)) == ""


def test_a_hand_off_closes_the_form_so_that_it_does_not_ask_again() -> None:
    new, _, events = run(
        ActionHandoff(), parse("x"), handoff("frustrated"), loop="order_status_form"
    )
    assert new == {"paused_form": "order_status_form", "requested_slot": None}
    assert events[-1] == {"event": "active_loop", "name": None, "timestamp": None}


def user(text: str, intent: str, confidence: float = 0.9) -> dict[str, Any]:
    return {"event": "user", "parse_data": parse(text, intent, confidence)}


def test_the_summary_says_what_is_wanted_and_what_happened() -> None:
    events = [
        user("hi", "greet"),
        user("when are you open", "opening_hours"),
        user("cancel my order", "cancel_order"),
        {"event": "action", "name": "action_clarify"},
        user("person please", "talk_to_human"),
    ]
    slots = {
        "order_number": "NL-10482",
        "email": "anna@example.com",
        "proven_orders": {"NL-10482": "anna@example.com"},
        "progress": "could not cancel order NL-10482: already packed",
        "identity_attempts": 1,
    }
    wanted, happened = summary(slots, events).splitlines()
    assert wanted == (
        "Customer wants to cancel an order; order NL-10482 (identity proven), anna@example.com. "
        "Before: asks about: opening hours."
    )
    assert happened == (
        "4 messages with the assistant; it last could not cancel order NL-10482: already packed; "
        "order number and e-mail failed to match 1×; it asked 1× what was meant."
    )


def test_the_summary_of_a_first_message_is_short() -> None:
    assert summary({}, [user("human!", "talk_to_human")]).splitlines() == [
        "Customer has not said what it is about.",
        "Nothing happened before this message.",
    ]


def test_the_summary_does_not_repeat_unsure_guesses() -> None:
    assert "gift" not in summary({}, [user("blorp", "gift_card", 0.2)])


def test_the_summary_of_a_lead_holds_the_lead() -> None:
    slots = {
        "lead_company": "Acme GmbH",
        "lead_need": "60 jackets",
        "lead_size": "60",
        "lead_contact": "post@acme.example",
    }
    first = summary(slots, [user("bulk", "business_enquiry")]).splitlines()[0]
    assert first == (
        "Customer makes a business enquiry: for Acme GmbH, needs 60 jackets, how many: 60, "
        "contact post@acme.example."
    )


# --- bare details -----------------------------------------------------------------------------


def test_a_bare_number_is_kept_and_asked_about() -> None:
    new, said, _ = run(ActionInform(), parse("NL-10482", order_number="NL-10482"))
    assert new == {"order_number": "NL-10482"}
    assert said[0]["response"] == "utter_what_about_order"


def test_another_bare_detail_is_asked_about() -> None:
    new, said, _ = run(ActionInform(), parse("size M", size="M"))
    assert new == {}
    assert said[0]["response"] == "utter_what_about_detail"


def followup(events: list[dict[str, Any]]) -> str | None:
    return next((e["name"] for e in events if e["event"] == "followup"), None)


def test_a_detail_takes_up_the_form_that_was_put_aside() -> None:
    slots = {"paused_form": "cancel_order_form"}
    _, said, events = run(ActionInform(), parse("NL-10497", order_number="NL-10497"), slots)
    assert followup(events) == "cancel_order_form"
    assert said == []


def test_a_number_right_after_an_answer_asks_the_same_again() -> None:
    before = [
        user("my refund?", "refund_status"),
        {"event": "action", "name": "action_refund_status"},
    ]
    message = parse("and NL-10433", order_number="NL-10433")
    assert followup(run(ActionInform(), message, events=before)[2]) == "refund_form"


def test_a_number_some_time_after_an_answer_is_asked_about() -> None:
    before = [
        user("my refund?", "refund_status"),
        {"event": "action", "name": "action_refund_status"},
        user("thanks", "thank"),
    ]
    message = parse("NL-10433", order_number="NL-10433")
    assert followup(run(ActionInform(), message, events=before)[2]) is None


def test_a_word_beside_the_number_says_what_for() -> None:
    message = parse("return something NL-10455", order_number="NL-10455")
    assert followup(run(ActionInform(), message)[2]) == "return_form"
