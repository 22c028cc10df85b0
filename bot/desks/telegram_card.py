"""What a hand-off looks like in Telegram: the topic's name and icon, the card and its buttons.

Pure: a conversation in, words and buttons out. The posts below the card are in
`bot.desks.telegram_views`, the choices that open under it in `bot.desks.telegram_menus`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Final

from bot import transcript, transcript_text
from bot.conversation import Conversation, State
from bot.desks.orders import OUTCOMES
from bot.desks.telegram_buttons import Button, Keyboard, Menu, Press, Verb
from bot.desks.telegram_text import (
    TEXT_AT_MOST,
    Words,
    bold,
    clipped,
    italic,
    joined,
    literal,
    one_line,
    own,
    quote,
)
from bot.desks.telegram_views import NOTHING, SIGNS, Post, customer_of, named
from bot.events import AgentSpoke, BotAnswered, CustomerSpoke, Entry, NoteWritten

#: Longest name that we give a topic; Telegram takes 128 characters.
NAME_AT_MOST: Final = 100
#: Slots beyond these many are left to the console.
SLOTS_AT_MOST: Final = 12
#: How much of what was said before stands on the card; more goes as a file. One line's share of it.
BEFORE_AT_MOST: Final = 1_500
LINE_AT_MOST: Final = 400

#: A sign for each state: the topic's icon, one of those that Telegram lets bots use.
ICONS: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.BOT: "🤖",
        State.WAITING: "❗️",
        State.HUMAN: "💬",
        State.SNOOZED: "📆",
        State.CLOSED: "✅",
    }
)


def topic_name(c: Conversation) -> str:
    """Who, and why: what the list of topics shows."""
    reasons = "; ".join(transcript.why(c)) or "wants a person"
    return one_line(f"{customer_of(c)} · {reasons}", NAME_AT_MOST)


def card(
    c: Conversation,
    *,
    zone: tzinfo,
    skill: str = "",
    accounts: Mapping[str, int] = MappingProxyType({}),
    before: Words = NOTHING,
) -> Post:
    """The one quiet card of a hand-off: who, why, in short, since when, what was said before, and
    what can be done.

    Args:
        zone: of the clock times that it shows.
        skill: in words, what it needs; empty when anybody will do.
        accounts: Telegram accounts of agents, by login: who is asked is rung by the card.
        before: what was said before (`said_before`).
    """
    who, why = customer_of(c), "; ".join(transcript.why(c)) or "wants a person"
    parts = [
        bold(one_line(who, 60)) + own(": ") + literal(one_line(why, 300)),
        _summary(c),
        _stands(c, zone, accounts),
        own(f"Needs: {one_line(skill, 100)}") if skill else NOTHING,
        own(f"Rated {'★' * c.rating.stars}{'☆' * (5 - c.rating.stars)}") if c.rating else NOTHING,
        *_known(c),
        *_measured(c),
        italic("Write to the customer here. Lines that begin with // stay between colleagues."),
    ]
    words = clipped(joined(parts), TEXT_AT_MOST - BEFORE_AT_MOST - 16)
    whole = joined([words, before]) if before else words
    return Post(0, ICONS[c.state], whole, orders(c), loud=c.state is State.WAITING)


def said_before(
    entries: Sequence[Entry], c: Conversation, changed: Mapping[int, str | None]
) -> tuple[Words, bool]:
    """The latest of what was said, folded, as much as the card has room for; and whether that is
    all of it."""
    lines: list[Words] = []
    room = BEFORE_AT_MOST
    for entry in reversed(entries):
        line = _line(entry, c, changed)
        if line is None:
            continue
        short = clipped(line, LINE_AT_MOST)
        room -= short.length + 1
        if room < 0:
            return quote(joined(lines), folded=True), False
        lines.insert(0, short)
        if short != line:
            return quote(joined(lines), folded=True), False
    return quote(joined(lines), folded=True), True


def _line(entry: Entry, c: Conversation, changed: Mapping[int, str | None]) -> Words | None:
    match entry.event:
        case CustomerSpoke() | BotAnswered() | AgentSpoke() | NoteWritten():
            words = transcript_text.line_of(entry, changed)
            return own(f"{SIGNS[type(entry.event)]} ") + literal(words) if words else None
        case _:
            return None


def _summary(c: Conversation) -> Words:
    summary = c.handoff.summary if c.handoff else ""
    text = "\n".join(line.strip() for line in summary.splitlines()[:2]).strip() or c.preview
    return quote(clipped(literal(text), 600)) if text else NOTHING


def _stands(c: Conversation, zone: tzinfo, accounts: Mapping[str, int]) -> Words:
    """How it stands, in a line: whose it is, or who is asked, and since when."""
    if c.state is not State.WAITING:
        return literal(_STANDS[c.state](c, zone))
    since = f", waiting since {_clock(c.waiting_since, zone)}" if c.waiting_since else ""
    return _asked(c, accounts) + own(since)


def _asked(c: Conversation, accounts: Mapping[str, int]) -> Words:
    agents = (c.passed_to,) if c.passed_to else c.assigned.agents if c.assigned else ()
    if not agents:
        return own("Asked: everybody" if c.assigned else "For whoever comes first")
    what = "Passed on to " if c.passed_to else "Asked: "
    return own(what) + joined([named(agent, accounts) for agent in agents[:10]], ", ")


def _with(c: Conversation) -> str:
    return f"With {one_line(c.owner.name, 60)}" if c.owner else "With nobody"


def _clock(ms: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, zone):%H:%M}"


def _day(ms: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, zone):%a %d %b %H:%M}"


_STANDS: Final[Mapping[State, Callable[[Conversation, tzinfo], str]]] = MappingProxyType(
    {
        State.BOT: lambda c, zone: "With the assistant again",
        State.HUMAN: lambda c, zone: _with(c),
        State.SNOOZED: lambda c, zone: (
            f"{_with(c)}, put away until {_day(c.snoozed_until or 0, zone)}"
        ),
        State.CLOSED: lambda c, zone: f"Closed: {OUTCOMES.get(c.outcome or '', 'by the customer')}",
    }
)


def _known(c: Conversation) -> list[Words]:
    """What is known of the customer, a line for each."""
    slots = c.reading.slots if c.reading else {}
    facts = [(name.replace("_", " "), str(value)) for name, value in slots.items() if value]
    facts = facts[:SLOTS_AT_MOST]
    facts.append(("answers also to", c.contact or ""))
    facts.append(("page", c.page))
    facts.append(("said when rating", c.rating.comment if c.rating else ""))
    return [
        bold(f"{one_line(name, 40)}: ") + literal(one_line(value, 200))
        for name, value in facts
        if value.strip()
    ]


def _measured(c: Conversation) -> list[Words]:
    scores = transcript.scores(c).items()
    measured = " · ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in scores)
    likely = ", ".join(
        f"{one['name']} {one['confidence']:.0%}" for one in transcript.top_intents(c)
    )
    lines = [measured, f"Understood as: {one_line(likely, 200)}" if likely else ""]
    return [italic(line) for line in lines if line]


def orders(c: Conversation) -> Keyboard:
    """The card's buttons. Those with an ellipsis open a menu in their place."""

    def button(label: str, verb: Verb, arg: str = "") -> Button:
        return Button(label, Press(verb, c.id, 0, arg))

    claim = button("✋ Claim", Verb.CLAIM)
    take_over = button("✋ Take over", Verb.TAKE_OVER)
    again = button("✋ Take it up again", Verb.CLAIM)
    reopen = button("↩️ Reopen", Verb.REOPEN)
    transfer = button("🔁 Transfer…", Verb.MENU, Menu.TRANSFER.value)
    snooze = button("💤 Snooze…", Verb.MENU, Menu.SNOOZE.value)
    back = button("🤖 Back to the bot", Verb.RETURN)
    close = button("✅ Close as…", Verb.MENU, Menu.CLOSE.value)
    canned = button("💬 Canned…", Verb.MENU, Menu.CANNED.value)
    label = button("🏷 Label…", Verb.MENU, Menu.LABEL.value)
    log = button("📄 Transcript", Verb.TRANSCRIPT)
    rows: Mapping[State, Keyboard] = {
        State.BOT: ((claim,), (label, log)),
        State.WAITING: ((claim, canned), (transfer, back), (close, label), (log,)),
        State.HUMAN: ((canned, transfer), (snooze, back), (close, label), (log, take_over)),
        State.SNOOZED: ((again, transfer), (close, back), (label, log), (take_over,)),
        State.CLOSED: ((reopen,), (label, log)),
    }
    return rows[c.state]
