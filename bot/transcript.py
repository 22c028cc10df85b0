"""Who may see what of a log: the customer's view, the agent's view, the assistant's view.

Pure. The one place that decides what a customer gets to see; everything that leaves the gateway
for a browser or a desk goes through here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from bot import wording
from bot.conversation import Conversation
from bot.events import (
    Agent,
    AgentSpoke,
    BotAnswered,
    Claimed,
    Closed,
    CustomerSpoke,
    Entry,
    HandoffRequested,
    NoticeShown,
    Rated,
    Reopened,
    ReturnedToBot,
    Started,
    Transferred,
)

#: The customer sees these events, and of each only these fields. What has no row is internal.
CUSTOMER_SEES: Mapping[type[Any], tuple[str, ...]] = MappingProxyType(
    {
        Started: (),
        CustomerSpoke: ("text", "client_id"),
        BotAnswered: ("messages", "in_reply_to"),
        AgentSpoke: ("agent", "text"),
        NoticeShown: ("code", "text"),
        HandoffRequested: (),
        Claimed: ("agent",),
        Transferred: (),
        ReturnedToBot: (),
        Closed: ("by",),
        Reopened: (),
        Rated: ("stars", "comment"),
    }
)


def for_customer(entry: Entry) -> dict[str, Any] | None:
    """The entry as the customer may see it, or None. Agents appear by name only."""
    fields = CUSTOMER_SEES.get(type(entry.event))
    if fields is None:
        return None
    view = {"seq": entry.seq, "at": entry.at, "kind": kind_of(entry)}
    for field in fields:
        value = getattr(entry.event, field)
        view[field] = {"name": value.name} if isinstance(value, Agent) else to_plain(value)
    return view


def for_agent(entry: Entry) -> dict[str, Any]:
    """The whole entry, flat: seq, at, epoch, kind and the event's fields."""
    event: dict[str, Any] = to_plain(entry.event)
    return {"seq": entry.seq, "at": entry.at, "epoch": entry.epoch, **event}


def card(c: Conversation) -> dict[str, Any]:
    """The conversation on one card of the queue."""
    reading, handoff = c.reading, c.handoff
    slots = reading.slots if reading else {}
    return {
        "id": c.id,
        "state": c.state.value,
        "since": c.updated_at,
        "waiting_since": c.waiting_since,
        "snoozed_until": c.snoozed_until,
        "owner": to_plain(c.owner),
        "reason": handoff.reason if handoff else None,
        "reasons": why(c),
        "skill": handoff.skill if handoff else None,
        "preview": c.preview,
        "customer": {k: slots[k] for k in ("name", "email") if slots.get(k)},
        "sentiment": reading.sentiment if reading else 0.0,
        "frustration": reading.frustration if reading else 0.0,
        "rating": {"stars": c.rating.stars, "comment": c.rating.comment} if c.rating else None,
        "outcome": c.outcome,
    }


def details(c: Conversation) -> dict[str, Any]:
    """The card with what the context pane shows beside it."""
    return {
        **card(c),
        "epoch": c.epoch,
        "seq": c.seq,
        "opened_at": c.opened_at,
        "page": c.page,
        "slots": c.reading.slots if c.reading else {},
        "summary": c.handoff.summary if c.handoff else "",
    }


def why(c: Conversation) -> list[str]:
    """Why a person is needed, in words; the code's own words when triage gave none."""
    if c.handoff is None:
        return []
    return list(c.handoff.reasons) or [wording.REASONS.get(c.handoff.reason, c.handoff.reason)]


def for_assistant(
    entries: Sequence[Entry], after: int, pending: Sequence[int]
) -> list[dict[str, Any]]:
    """The human stretch as lines {seq, who, text}: what customer and agents said after seq `after`,
    less the messages that the assistant is about to answer."""
    lines: list[dict[str, Any]] = []
    for entry in entries:
        if entry.seq <= after or entry.seq in pending:
            continue
        if isinstance(entry.event, CustomerSpoke):
            lines.append({"seq": entry.seq, "who": "customer", "text": entry.event.text})
        elif isinstance(entry.event, AgentSpoke):
            lines.append({"seq": entry.seq, "who": "agent", "text": entry.event.text})
    return lines


def kind_of(entry: Entry) -> str:
    """The event's name in JSON, e.g. `customer_spoke`."""
    return str(entry.event.__struct_config__.tag)


def to_plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
