"""Who may see what of a log: the customer's view, the agent's view, the assistant's view.

Pure. The one place that decides what a customer gets to see; everything that leaves the gateway
for a browser or a desk goes through here. The log as plain text is in `bot.transcript_text`.
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
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    BotAnswered,
    Claimed,
    Closed,
    ContactLeft,
    CustomerSpoke,
    Entry,
    HandoffRequested,
    NoticeShown,
    Rated,
    Reopened,
    ReturnedToBot,
    Started,
    Transferred,
    Unclaimed,
)

#: The customer sees these events, and of each only these fields. What has no row is internal.
CUSTOMER_SEES: Mapping[type[Any], tuple[str, ...]] = MappingProxyType(
    {
        Started: (),
        CustomerSpoke: ("text", "client_id", "files"),
        BotAnswered: ("messages", "in_reply_to"),
        AgentSpoke: ("agent", "text", "files"),
        AgentEdited: ("agent", "of", "text"),
        AgentRetracted: ("agent", "of"),
        NoticeShown: ("code", "text"),
        HandoffRequested: (),
        Claimed: ("agent",),
        Transferred: (),
        Unclaimed: (),
        ContactLeft: ("email",),
        ReturnedToBot: (),
        Closed: ("by",),
        Reopened: (),
        Rated: ("stars", "comment"),
    }
)


def for_customer(entry: Entry, c: Conversation) -> dict[str, Any] | None:
    """The entry as the customer may see it, or None. Agents appear by name only. What `c` knows to
    be taken back has lost its words, and no earlier or later wording of it is left."""
    event = entry.event
    fields = CUSTOMER_SEES.get(type(event))
    if fields is None:
        return None
    view: dict[str, Any] = {"seq": entry.seq, "at": entry.at, "kind": kind_of(entry)}
    if isinstance(event, AgentSpoke) and entry.seq in c.retracted:
        return {**view, "agent": {"name": event.agent.name}, "text": "", "files": (), "gone": True}
    if isinstance(event, AgentEdited) and event.of in c.retracted:
        return None
    for field in fields:
        value = getattr(event, field)
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
        "asked": asked(c),
    }


def details(c: Conversation) -> dict[str, Any]:
    """The card with what the context pane shows beside it: all that a desk's card may say."""
    slots = c.reading.slots if c.reading else {}
    return {
        **card(c),
        "epoch": c.epoch,
        "seq": c.seq,
        "opened_at": c.opened_at,
        "page": c.page,
        "slots": slots,
        "order": slots.get("order_number"),
        "summary": c.handoff.summary if c.handoff else "",
        "scores": scores(c),
        "top_intents": top_intents(c),
        "held": to_plain(c.held),
        "drafts": to_plain(c.drafts),
        "desks": list(c.desks),
        "contact": c.contact,
    }


def scores(c: Conversation) -> dict[str, float]:
    """What the assistant measured in the message that it read last; none before the first."""
    if c.reading is None:
        return {}
    names = ("confidence", "out_of_scope", "sentiment", "frustration")
    return {name: getattr(c.reading, name) for name in names}


def top_intents(c: Conversation, at_most: int = 3) -> list[dict[str, Any]]:
    """The likeliest intents of that message as {name, confidence}, likeliest first."""
    if c.reading is None:
        return []
    alone = {"name": c.reading.intent, "confidence": c.reading.confidence}
    return list(c.reading.ranking[:at_most]) or ([alone] if c.reading.intent else [])


def asked(c: Conversation) -> dict[str, Any] | None:
    """Who is asked to come, while the customer waits: {step, rung, desk, agents, skill}."""
    if c.assigned is None:
        return None
    plain: dict[str, Any] = to_plain(c.assigned)
    return {name: value for name, value in plain.items() if name != "kind"}


def why(c: Conversation) -> list[str]:
    """Why a person is needed, in words; the code's own words when triage gave none."""
    if c.handoff is None:
        return []
    return list(c.handoff.reasons) or [wording.REASONS.get(c.handoff.reason, c.handoff.reason)]


def wordings(entries: Sequence[Entry]) -> dict[int, str | None]:
    """How agents' messages read now, by seq, of those that were changed; None: taken back."""
    now: dict[int, str | None] = {}
    for entry in entries:
        match entry.event:
            case AgentEdited(of=of, text=text):
                now[of] = text
            case AgentRetracted(of=of):
                now[of] = None
            case _:
                pass
    return now


def for_assistant(
    entries: Sequence[Entry], after: int, pending: Sequence[int]
) -> list[dict[str, Any]]:
    """The human stretch as lines {seq, who, text}: what customer and agents said after seq `after`,
    as it reads now, less the messages that the assistant is about to answer."""
    lines: list[dict[str, Any]] = []
    changed = wordings(entries)
    for entry in entries:
        if entry.seq <= after or entry.seq in pending:
            continue
        if isinstance(entry.event, CustomerSpoke):
            text = entry.event.text or _names(entry.event)
            lines.append({"seq": entry.seq, "who": "customer", "text": text})
        elif isinstance(entry.event, AgentSpoke):
            now = changed.get(entry.seq, entry.event.text)
            if now is not None:
                text = now or _names(entry.event)
                lines.append({"seq": entry.seq, "who": "agent", "text": text})
    return lines


def _names(spoke: CustomerSpoke | AgentSpoke) -> str:
    return ", ".join(f"[file: {file.name}]" for file in spoke.files)


def kind_of(entry: Entry) -> str:
    """The event's name in JSON, e.g. `customer_spoke`."""
    return str(entry.event.__struct_config__.tag)


def to_plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
