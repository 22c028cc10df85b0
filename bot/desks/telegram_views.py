"""The posts below a card in Telegram: what people and the bot say, what happens, drafts, held
replies, who is rung; and what of them goes into one message.

Pure: log entries in, words and buttons out. Does not belong here: the card
(`bot.desks.telegram_card`), how words are kept from being interpreted (`bot.desks.telegram_text`),
what pressing a button does (`bot.desks.telegram_actions`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from bot import transcript, transcript_text
from bot.conversation import Conversation, State
from bot.desks.telegram_buttons import Button, Keyboard, Press, Verb
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
    Agent,
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

#: Who said it.
SIGNS: Final[Mapping[type[Any], str]] = MappingProxyType(
    {CustomerSpoke: "👤", BotAnswered: "🤖", AgentSpoke: "💬", NoteWritten: "📝"}
)
NOTHING: Final = Words()


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


def named(agent: Agent, accounts: Mapping[str, int]) -> Words:
    """An agent by name, rung if the account is known."""
    name, account = one_line(agent.name, 60), accounts.get(agent.login)
    return mention(name, account) if account else literal(name)


def customer_of(c: Conversation) -> str:
    known = transcript.card(c)["customer"]
    return one_line(str(known.get("name") or known.get("email") or "A customer"), 60)


# ------------------------------------------------------------------------------- below the card


def spoken(entry: Entry, c: Conversation, changed: Mapping[int, str | None]) -> Post | None:
    """One entry as a post; None if it shows nothing by itself.

    Args:
        changed: how agents' messages read now (`transcript.wordings`).
    """
    match entry.event:
        case CustomerSpoke(text=text, files=files):
            post = _said(entry, customer_of(c), text, files)
            return replace(post, loud=c.state in (State.HUMAN, State.SNOOZED))
        case BotAnswered(messages=messages):
            line = transcript_text.line_of(entry, changed) or ""
            return _said(entry, "Assistant", line.partition(": ")[2]) if messages else None
        case AgentSpoke():
            return _agent(entry, entry.event, c, changed)
        case NoteWritten(agent=agent, text=text):
            return _said(entry, f"{agent.name}, to colleagues", text)
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


def _said(entry: Entry, who: str, text: str, files: Sequence[File] = ()) -> Post:
    names = [f"📎 {one_line(file.name, 100)}" for file in files]
    words = joined([literal(text), *map(literal, names)])
    sign = SIGNS[type(entry.event)]
    return Post(entry.seq, sign, bold(one_line(who, 80)) + own("\n") + words, files=tuple(files))


def _agent(
    entry: Entry, event: AgentSpoke, c: Conversation, changed: Mapping[int, str | None]
) -> Post:
    now = changed.get(entry.seq, event.text)
    name = one_line(event.agent.name, 60)
    if now is None or entry.seq in c.retracted:
        return Post(entry.seq, "▫️", italic(f"{name} took a message back"))
    edited = " (edited)" if entry.seq in changed else ""
    post = _said(entry, f"{name}, to the customer{edited}", now, event.files)
    change = Button("✏️ Change…", Press(Verb.CHANGE, c.id, entry.seq))
    take_back = Button("🗑 Take back", Press(Verb.RETRACT, c.id, entry.seq))
    return replace(post, keyboard=((change, take_back),))


def change_post(seq: int, name: str, now: str | None) -> Post:
    """An agent changed a message elsewhere that stands here as they wrote it."""
    who = one_line(name, 60)
    if now is None:
        return Post(seq, "▫️", italic(f"{who} took a message back"))
    return Post(seq, "✏️", bold(f"{who} changed a message, it reads now") + own("\n") + literal(now))


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
    """Who is asked now, by name so that Telegram rings them; None when they are not known here.

    Args:
        accounts: Telegram accounts of agents, by login.
    """
    known = [agent for agent in assigned.agents if agent.login in accounts]
    if assigned.agents and not known:
        return None
    who = joined([named(agent, accounts) for agent in known], ", ") or own("Everybody")
    words = _RUNGS.get(assigned.rung, "can you take this one?")
    return Post(entry.seq, "🔔", who + own(f": {words}"), loud=True)


_RUNGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "again": "the customer is still waiting. Can you take it?",
        "next_agent": "nobody has taken this one yet. Can you?",
        "other_desk": "nobody has taken this one at the other desk. Can you?",
        "owner": "nobody has taken this one. You are asked as an owner.",
        "email": "the customer has been offered to leave an e-mail address.",
    }
)


# ---------------------------------------------------------------------------------- together


def marked(post: Post, url: str) -> Words:
    """The post's words behind its sign, which carries the mark."""
    return linked(post.sign, url) + own(" ") + post.words


def continued(piece: Words, url: str) -> Words:
    """A further part of a long post, behind a sign of its own."""
    return clipped(linked("…", url) + own(" ") + piece, TEXT_AT_MOST)


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
