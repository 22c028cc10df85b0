"""Hands the conversation over: warm words for the customer, JSON for the gateway.

The action itself changes nothing in the world. The gateway reads `{"handoff": {...}}` and makes the
request in the same step in which it stores these words; a turn that is lost requests nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.titles import WISHES, wish
from actions.triage import policy
from bot.suggestions import suggestion
from bot.triage import Policy, Reason

__all__ = ["ActionHandoff", "draft", "summary"]

REASONS = frozenset(
    {
        "asked_for_human",
        "clarifications_failed",
        "frustrated",
        "complaint",
        "business_lead",
        "sensitive",
        "repeated",
        "form_failed",
        "identity_not_proven",
        "action_failed",
    }
)
"""Reasons with words of their own, `utter_handoff_<reason>`."""

DRAFTED = frozenset({Reason.SENSITIVE.value, Reason.COMPLAINT.value})
"""Reasons of topics that are never answered automatically, but for which an agent gets a draft."""

CHAT = frozenset(
    {
        "greet",
        "goodbye",
        "thank",
        "affirm",
        "deny",
        "bot_challenge",
        "talk_to_human",
        "small_talk",
        "stop",
        "inform",
        "nlu_fallback",
    }
)
"""Intents that say nothing about what the customer wants."""


LEAD = (
    ("lead_company", "for"),
    ("lead_need", "needs"),
    ("lead_size", "how many:"),
    ("lead_contact", "contact"),
)


class ActionHandoff(Action):
    """Utters the hand-off."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_handoff"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Words by reason, then the JSON. An open form is closed and can be taken up again."""
        triage = tracker.get_slot("triage") or {}
        if triage.get("outcome") != "handoff":
            triage = {"reason": "asked_for_human", "reasons": ["asked for a person"]}
        reason = str(triage.get("reason") or "asked_for_human")
        known = reason if reason in REASONS else "asked_for_human"
        dispatcher.utter_message(response=f"utter_handoff_{known}")
        dispatcher.utter_message(
            json_message={
                "handoff": {
                    "reason": reason,
                    "reasons": [str(words) for words in triage.get("reasons") or ()],
                    "skill": triage.get("skill"),
                    "summary": summary(tracker.slots, tracker.events),
                    "draft": draft(reason, tracker, domain, policy()),
                }
            }
        )
        if tracker.active_loop_name is None:
            return []
        return [
            SlotSet("paused_form", tracker.active_loop_name),
            SlotSet("requested_slot", None),
            ActiveLoop(None),
        ]


def draft(reason: str, tracker: Tracker, domain: Mapping[str, Any], rules: Policy) -> str:
    """On a sensitive topic: the answer that the assistant would have given, else nothing."""
    if reason not in DRAFTED or not rules.drafts:
        return ""
    responses = domain.get("responses") or {}
    said = suggestion(tracker.latest_message, rules, responses, tracker.slots)
    return said.text if said else ""


def summary(slots: Mapping[str, Any], events: list[dict[str, Any]]) -> str:
    """Two lines for the agent: what the customer wants, and what has happened so far."""
    return f"{_wanted(slots, events)}\n{_happened(slots, events)}"


def _wanted(slots: Mapping[str, Any], events: list[dict[str, Any]]) -> str:
    subjects = [name for name in _intents(events) if name not in CHAT]
    if subjects and subjects[-1] == "business_enquiry":
        lead = [f"{name} {slots[slot]}" for slot, name in LEAD if slots.get(slot)]
        return f"Customer makes a business enquiry: {', '.join(lead) or 'no details yet'}."
    words = "Customer " + (wish(subjects[-1]) if subjects else "has not said what it is about")
    details = []
    number, email = slots.get("order_number"), slots.get("email")
    if number and (not subjects or subjects[-1] in WISHES):
        proven = number in (slots.get("proven_orders") or {})
        details.append(f"order {number} ({'identity proven' if proven else 'not proven'})")
    if email:
        details.append(str(email))
    if slots.get("return_reason"):
        details.append(f"reason: {slots['return_reason']}")
    if slots.get("new_size"):
        details.append(f"new size {slots['new_size']}")
    if slots.get("change_details"):
        details.append(f"wish: {slots['change_details']}")
    earlier = [wish(name) for name in dict.fromkeys(subjects[:-1]) if name != subjects[-1]]
    line = words + (f"; {', '.join(details)}" if details else "") + "."
    return line + (f" Before: {'; '.join(earlier[-3:])}." if earlier else "")


def _happened(slots: Mapping[str, Any], events: list[dict[str, Any]]) -> str:
    spoken = sum(1 for event in events if event.get("event") == "user")
    parts = [f"{spoken} message{'' if spoken == 1 else 's'} with the assistant"]
    if slots.get("progress"):
        parts.append(f"it last {slots['progress']}")
    tries = int(slots.get("identity_attempts") or 0)
    if tries:
        parts.append(f"order number and e-mail failed to match {tries}×")
    clarified = sum(
        1
        for event in events
        if event.get("event") == "action" and event.get("name") == "action_clarify"
    )
    if clarified:
        parts.append(f"it asked {clarified}× what was meant")
    if len(parts) == 1 and spoken <= 1:
        return "Nothing happened before this message."
    return "; ".join(parts) + "."


def _intents(events: list[dict[str, Any]]) -> list[str]:
    names = []
    for event in events:
        if event.get("event") == "user":
            intent = (event.get("parse_data") or {}).get("intent") or {}
            # Guesses below this are as likely wrong as right; an agent should not read them.
            if float(intent.get("confidence") or 0) >= 0.4:
                names.append(str(intent.get("name")))
    return names
