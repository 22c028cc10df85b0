"""What agents see of a conversation in Telegram: the topic's name and icon, the card, and the posts
below it.

Pure: a conversation and log entries in, words and buttons out. Belongs here: what they say and
which buttons stand under them in which state. Does not belong here: choices that open under a card
(`bot.desks.telegram_menus`), how words are kept from being interpreted (`bot.desks.telegram_text`),
what pressing does (`bot.desks.telegram_actions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Final

from bot import transcript, transcript_text
from bot.conversation import Conversation, State
from bot.desks.orders import OUTCOMES
from bot.desks.telegram_buttons import Button, Keyboard, Menu, Press, Verb
from bot.desks.telegram_text import (
    SPANS_AT_MOST,
    TEXT_AT_MOST,
    Words,
    bold,
    clipped,
    italic,
    joined,
    linked,
    literal,
    mention,
    one_line,
    own,
    quote,
)
from bot.events import (
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    BotAnswered,
    CustomerSpoke,
    DraftDropped,
    DraftWritten,
    Entry,
    File,
    HeldDropped,
    NoteWritten,
    ReplyHeld,
)
from bot.state import Draft, Held

#: Longest name that we give a topic; Telegram takes 128 characters.
NAME_AT_MOST: Final = 100
#: Slots beyond these many are left to the console.
SLOTS_AT_MOST: Final = 12
#: A transcript longer than this goes as a file.
TRANSCRIPT_AT_MOST: Final = 3_000

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


@dataclass(frozen=True, slots=True)
class Post:
    """One message of ours. `seq` is the entry that it shows (0: none, the card); `sign` stands
    first and carries the mark. `loud`: it rings; others only raise the count of unread ones."""

    seq: int
    sign: str
    words: Words
    keyboard: Keyboard = ()
    files: tuple[File, ...] = ()
    loud: bool = False


def customer_of(c: Conversation) -> str:
    known = transcript.card(c)["customer"]
    return one_line(str(known.get("name") or known.get("email") or "A customer"), 60)


def topic_name(c: Conversation) -> str:
    """Who, and why: what the list of topics shows."""
    reasons = "; ".join(transcript.why(c)) or "wants a person"
    return one_line(f"{customer_of(c)} · {reasons}", NAME_AT_MOST)


# -------------------------------------------------------------------------------------- card


def card(c: Conversation, *, zone: tzinfo, skill: str = "", menu: Keyboard = ()) -> Post:
    """The one quiet card of a hand-off: who, why, in short, since when, and what can be done.

    Args:
        zone: of the clock times that it shows.
        skill: in words, what it needs; empty when anybody will do.
        menu: choices that stand in for the card's own buttons.
    """
    who, why = customer_of(c), "; ".join(transcript.why(c)) or "wants a person"
    parts = [
        bold(one_line(who, 60)) + own(": ") + literal(one_line(why, 300)),
        _summary(c),
        own(_stands(c, zone)),
        own(f"Needs: {one_line(skill, 100)}") if skill else Words(),
        own(f"Rated {'★' * c.rating.stars}{'☆' * (5 - c.rating.stars)}") if c.rating else Words(),
        *_known(c),
        *_measured(c),
        italic("Write to the customer here. Lines that begin with // stay between colleagues."),
    ]
    return Post(0, ICONS[c.state], clipped(joined(parts), TEXT_AT_MOST - 8), menu or orders(c))


def _summary(c: Conversation) -> Words:
    summary = c.handoff.summary if c.handoff else ""
    text = "\n".join(line.strip() for line in summary.splitlines()[:2]).strip() or c.preview
    return quote(clipped(literal(text), 600)) if text else Words()


def _stands(c: Conversation, zone: tzinfo) -> str:
    """How it stands, in a line: whose it is, or who is asked, and since when."""
    line = _STANDS[c.state](c, zone)
    if c.waiting_since is not None:
        line += f", waiting since {_clock(c.waiting_since, zone)}"
    return line


def _asked(c: Conversation) -> str:
    if c.passed_to is not None:
        return f"Passed on to {one_line(c.passed_to.name, 60)}"
    if c.assigned is None:
        return "For whoever comes first"
    names = ", ".join(agent.name for agent in c.assigned.agents) or "everybody"
    return f"Asked: {one_line(names, 200)}"


def _with(c: Conversation) -> str:
    return f"With {one_line(c.owner.name, 60)}" if c.owner else "With nobody"


def _clock(ms: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, zone):%H:%M}"


def _day(ms: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, zone):%a %d %b %H:%M}"


_STANDS: Final[Mapping[State, Callable[[Conversation, tzinfo], str]]] = MappingProxyType(
    {
        State.BOT: lambda c, zone: "With the assistant again",
        State.WAITING: lambda c, zone: _asked(c),
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


# ------------------------------------------------------------------------------- below the card


def spoken(entry: Entry, c: Conversation, changed: Mapping[int, str | None]) -> Post | None:
    """One entry as a post; None if it shows nothing by itself.

    Args:
        changed: how agents' messages read now (`transcript.wordings`).
    """
    match entry.event:
        case CustomerSpoke(text=text, files=files):
            post = _said(entry.seq, "👤", customer_of(c), text, files)
            return replace(post, loud=c.state in (State.HUMAN, State.SNOOZED))
        case BotAnswered(messages=messages):
            line = transcript_text.line_of(entry, changed) or ""
            return (
                _said(entry.seq, "🤖", "Assistant", line.partition(": ")[2]) if messages else None
            )
        case AgentSpoke():
            return _agent(entry, entry.event, c, changed)
        case NoteWritten(agent=agent, text=text):
            return _said(entry.seq, "📝", f"{agent.name}, to colleagues", text)
        case ReplyHeld():
            found = [held for held in c.held if held.seq == entry.seq]
            return held_reply(c, found[0]) if found else None
        case DraftWritten():
            open_drafts = [draft for draft in c.drafts if draft.seq == entry.seq]
            return draft_post(c, open_drafts[0]) if open_drafts else None
        case AgentEdited() | AgentRetracted() | Assigned() | DraftDropped() | HeldDropped():
            return None  # they change a post that is there; who is asked is rung by `ring`
        case _:
            words = transcript_text.line_of(entry, changed)
            if not words:
                return None
            return Post(entry.seq, "▫️", italic(one_line(words.removeprefix("* "), 1_000)))


def _said(seq: int, sign: str, who: str, text: str, files: Sequence[File] = ()) -> Post:
    names = [f"📎 {one_line(file.name, 100)}" for file in files]
    words = joined([literal(text), *map(literal, names)])
    return Post(seq, sign, bold(one_line(who, 80)) + own("\n") + words, files=tuple(files))


def _agent(
    entry: Entry, event: AgentSpoke, c: Conversation, changed: Mapping[int, str | None]
) -> Post:
    now = changed.get(entry.seq, event.text)
    name = one_line(event.agent.name, 60)
    if now is None or entry.seq in c.retracted:
        return Post(entry.seq, "▫️", italic(f"{name} took a message back"))
    edited = " (edited)" if entry.seq in changed else ""
    post = _said(entry.seq, "💬", f"{name}, to the customer{edited}", now, event.files)
    change = Button("✏️ Change…", Press(Verb.CHANGE, c.id, entry.seq))
    take_back = Button("🗑 Take back", Press(Verb.RETRACT, c.id, entry.seq))
    return replace(post, keyboard=((change, take_back),))


def draft_post(c: Conversation, one: Draft) -> Post:
    """An answer that waits for a yes."""
    sensitive = one.origin == "assistant"
    what = "To approve: the assistant would answer" if sensitive else "Suggested answer"
    sure = f" ({one_line(one.intent, 60)}, {one.confidence:.0%})" if one.intent else ""
    send = "✅ Approve and send" if sensitive else "✅ Send"
    row = (
        Button(send, Press(Verb.SEND_DRAFT, c.id, one.seq)),
        Button("✏️ Edit first…", Press(Verb.EDIT_DRAFT, c.id, one.seq)),
        Button("🗑 Discard", Press(Verb.DROP_DRAFT, c.id, one.seq)),
    )
    words = bold(f"{what}{sure}") + own("\n") + quote(literal(one.text))
    return Post(one.seq, "💡", words, (row,), loud=sensitive)


def held_reply(c: Conversation, one: Held) -> Post:
    """To the one who wrote it: it has not been sent, and what now?"""
    owner = one_line(c.owner.name, 60) if c.owner else "Nobody"
    who = one_line(one.agent.name, 60)
    row = (
        Button("✋ Take over and send", Press(Verb.SEND_HELD, c.id, one.seq)),
        Button("🗑 Discard", Press(Verb.DROP_HELD, c.id, one.seq)),
    )
    names = [f"📎 {one_line(file.name, 100)}" for file in one.files]
    said = joined([clipped(literal(one.text), 500), *map(literal, names)])
    words = bold(f"{owner} has this conversation. {who}, your message was not sent:")
    return Post(one.seq, "✋", words + own("\n") + quote(said), (row,), loud=True)


def ring(entry: Entry, assigned: Assigned, accounts: Mapping[str, int]) -> Post | None:
    """Who is asked now, by name so that Telegram rings them; None when nobody needs to be rung: at
    first the card itself is the news.

    Args:
        accounts: Telegram accounts of agents, by login.
    """
    known = [agent for agent in assigned.agents if agent.login in accounts]
    if not known and (assigned.agents or assigned.rung == "first"):
        return None
    names = [mention(one_line(agent.name, 60), accounts[agent.login]) for agent in known]
    who = joined(names, ", ") or own("Everybody")
    words = _RUNGS.get(assigned.rung, "can you take this one?")
    return Post(entry.seq, "🔔", who + own(f": {words}"), loud=True)


_RUNGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "first": "can you take this one?",
        "again": "the customer is still waiting. Can you take it?",
        "next_agent": "nobody has taken this one yet. Can you?",
        "other_desk": "nobody has taken this one at the other desk. Can you?",
        "owner": "nobody has taken this one. You are asked as an owner.",
        "email": "the customer has been offered to leave an e-mail address.",
    }
)


def settled(post: Post) -> Post:
    """The post when nothing can be done about it any more."""
    return replace(post, keyboard=())


# ---------------------------------------------------------------------------------- together


def marked(post: Post, url: str) -> Words:
    """The post's words behind its sign, which carries the mark."""
    return linked(post.sign, url) + own(" ") + post.words


def together(posts: Sequence[Post]) -> list[list[Post]]:
    """Posts in groups that can each be one message, in order: what has buttons or files, or rings,
    stands alone, so that it can be changed and found by itself."""
    groups: list[list[Post]] = []
    for post in posts:
        if groups and not any(map(_alone, (post, groups[-1][-1]))) and _room(groups[-1], post):
            groups[-1].append(post)
        else:
            groups.append([post])
    return groups


def _alone(post: Post) -> bool:
    return bool(post.keyboard or post.files)


def _room(group: Sequence[Post], post: Post) -> bool:
    all_of_them = [*group, post]
    length = sum(one.words.length + len(one.sign) + 3 for one in all_of_them)
    spans = sum(len(one.words.spans) + 1 for one in all_of_them)
    return length <= TEXT_AT_MOST and spans <= SPANS_AT_MOST
