"""The log as plain text: what agents download, or find in a desk's thread as a file.

Pure. Everything is in it that agents may see, notes included: it is not for customers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any

from bot.conversation import Conversation
from bot.events import (
    Agent,
    AgentSpoke,
    Assigned,
    BotAnswerDropped,
    BotAnswered,
    Claimed,
    Closed,
    ContactLeft,
    CustomerSpoke,
    DraftWritten,
    Entry,
    File,
    HandoffRequested,
    Labelled,
    MailFailed,
    MailSent,
    NoteWritten,
    NoticeShown,
    Rated,
    Reopened,
    ReplyHeld,
    ReturnedToBot,
    Snoozed,
    Started,
    Transferred,
    Unclaimed,
    Utterance,
    Woken,
)
from bot.transcript import details, why, wordings


def as_text(entries: Sequence[Entry], c: Conversation) -> str:
    """The conversation as a text file: a head that says who and why, then a line or more for each
    entry. Times are UTC. Agents' messages stand as they read now, marked when they were changed."""
    lines = [*_head(c), ""]
    changed = wordings(entries)
    day = ""
    for entry in entries:
        said = line_of(entry, changed)
        if said is None:
            continue
        at = _time(entry.at)
        if at.date().isoformat() != day:
            day = at.date().isoformat()
            lines.append(f"-- {day} --")
        first, *more = said.split("\n")
        lines.append(f"{at:%H:%M:%S}  {first}")
        lines += [f"          {line}" for line in more]
    return "\n".join(lines) + "\n"


def line_of(entry: Entry, changed: Mapping[int, str | None]) -> str | None:
    """One entry in words, or None when it says nothing by itself. `changed`: see `wordings`."""
    event = entry.event
    if isinstance(event, AgentSpoke) and entry.seq in changed:
        text = changed[entry.seq]
        mark = "(taken back)" if text is None else "(edited)"
        return f"{event.agent.name} {mark}: {event.text if text is None else text}"
    words = _WORDS.get(type(event))
    return words(event) if words else None


def _head(c: Conversation) -> list[str]:
    known = details(c)
    customer = ", ".join(str(value) for value in known["customer"].values())
    facts = [
        ("Conversation", c.id),
        ("Opened", f"{_time(c.opened_at):%Y-%m-%d %H:%M:%S} UTC"),
        ("Page", c.page),
        ("Customer", customer),
        ("Order", known["order"]),
        ("Why a person", "; ".join(why(c))),
        ("Agent", c.owner.name if c.owner else ""),
        ("Outcome", c.outcome or ""),
    ]
    return [f"{name}: {value}" for name, value in facts if value]


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, timezone.utc)


def _with_files(text: str, files: tuple[File, ...]) -> str:
    names = [f"[file: {file.name}, {file.size:,} bytes]" for file in files]
    return "\n".join([text, *names] if text else names)


def _bot(messages: tuple[Utterance, ...], who: str) -> str | None:
    texts = [one.text + _offered(one) for one in messages]
    return f"{who}: " + "\n".join(texts) if texts else None


def _offered(one: Utterance) -> str:
    return " " + " ".join(f"[{button.title}]" for button in one.buttons) if one.buttons else ""


def _whom(agents: Sequence[Agent]) -> str:
    return ", ".join(agent.name for agent in agents) or "everybody"


_ORIGINS = {"assistant": "draft to approve", "suggestion": "suggestion"}

#: How each kind of event reads. What has no row says nothing by itself (a settled draft, a changed
#: message: they show where they belong).
_WORDS: Mapping[type[Any], Callable[[Any], str | None]] = MappingProxyType(
    {
        Started: lambda e: f"* Chat opened on {e.page}" if e.page else "* Chat opened",
        CustomerSpoke: lambda e: f"Customer: {_with_files(e.text, e.files)}",
        BotAnswered: lambda e: _bot(e.messages, "Assistant"),
        BotAnswerDropped: lambda e: _bot(e.messages, f"Assistant (not sent, {e.reason})"),
        HandoffRequested: lambda e: (
            "* Handed to a person: " + ("; ".join(e.handoff.reasons) or e.handoff.reason)
        ),
        Claimed: lambda e: f"* {e.agent.name} took it",
        AgentSpoke: lambda e: f"{e.agent.name}: {_with_files(e.text, e.files)}",
        ReplyHeld: lambda e: f"{e.agent.name} (held): {_with_files(e.text, e.files)}",
        DraftWritten: lambda e: f"Assistant ({_ORIGINS[e.origin]}): {e.text}",
        NoteWritten: lambda e: f"{e.agent.name} (note): {e.text}",
        Transferred: lambda e: (
            f"* {e.agent.name} passed it on to " + (e.to.name if e.to else e.skill)
        ),
        Unclaimed: lambda e: f"* {e.agent.name} is not there any more ({e.because})",
        Assigned: lambda e: f"* Asked at {e.desk}: {_whom(e.agents)}",
        ReturnedToBot: lambda e: (
            f"* {e.agent.name if e.agent else 'The customer'} went on with the assistant"
        ),
        Snoozed: lambda e: f"* {e.agent.name} snoozed it until {_time(e.until):%Y-%m-%d %H:%M} UTC",
        Woken: lambda e: f"* Back from snooze ({e.because})",
        Closed: lambda e: f"* Closed by {e.agent.name if e.agent else f'the {e.by}'}: {e.outcome}",
        Reopened: lambda e: f"* Opened again by the {e.by}",
        Rated: lambda e: f"* Rated {e.stars} of 5" + (f": {e.comment}" if e.comment else ""),
        Labelled: lambda e: (
            f"* {e.agent.name}: message {e.of} should have been answered as "
            f"{e.intent}" + (" (new)" if e.new else "")
        ),
        ContactLeft: lambda e: f"* The customer left an address: {e.email}",
        MailSent: lambda e: f"* Sent by e-mail, up to message {e.up_to}",
        MailFailed: lambda e: f"* Could not be sent by e-mail: {e.problem}",
        NoticeShown: lambda e: f"* Told the customer: {e.text}",
    }
)
