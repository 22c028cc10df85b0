"""The messages below a card in its Slack thread: what people and the bot say, what happens, drafts,
held replies, who is rung; as blocks.

Pure: log entries in, `Message`s out. The card itself is in `bot.desks.slack_blocks`; when which of
these is posted or changed is decided in `bot.desks.slack`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from bot import transcript_text
from bot.conversation import Conversation
from bot.desks.slack_blocks import NOTICE_AT_MOST, Message, button, customer_of, value_of
from bot.desks.slack_text import (
    HERE,
    clip,
    escape,
    literal,
    mention,
    one_line,
    paragraph,
    quote,
    rich_text,
)
from bot.events import (
    Agent,
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    BotAnswered,
    CustomerSpoke,
    DraftWritten,
    Entry,
    File,
    NoteWritten,
    ReplyHeld,
)
from bot.state import Draft, Held

Json = dict[str, Any]

#: Most blocks of one message, and most characters of a message that we make: Slack takes 50 blocks
#: and cuts texts of 40,000 characters; nobody reads that much in one piece.
BLOCKS_AT_MOST: Final = 50
CHARACTERS_AT_MOST: Final = 9_000


def line(who: str, text: str, *, note: bool = False) -> list[Json]:
    """Somebody's words, their name in bold before them; nothing in either is interpreted."""
    words = literal(text, italic=True) if note else literal(text)
    return [rich_text(paragraph(literal(f"{one_line(who, 80)}  ", bold=True), words))]


def spoken(entry: Entry, c: Conversation, changed: Mapping[int, str | None]) -> Message | None:
    """One entry as a message of its own or a part of one; None if it shows nothing by itself.

    Args:
        changed: how agents' messages read now (`transcript.wordings`).
    """
    match entry.event:
        case CustomerSpoke(text=text, files=files):
            return _said(customer_of(c), text, files)
        case BotAnswered() as event:
            line_of_it = transcript_text.line_of(entry, changed) or ""
            return _said("Assistant", line_of_it.partition(": ")[2]) if event.messages else None
        case AgentSpoke(agent=agent, text=text, files=files):
            now = changed.get(entry.seq, text)
            if now is None:
                return _small(f"{agent.name} took a message back")
            edited = " (edited)" if entry.seq in changed else ""
            return _said(f"{agent.name}, to the customer{edited}", now, files)
        case NoteWritten(agent=agent, text=text):
            return _said(f"📝 {agent.name}, to colleagues", text, note=True)
        case ReplyHeld(agent=agent, text=text, files=files):
            return _said(f"✋ {agent.name}, not sent", text, files)
        case Assigned() | DraftWritten() | AgentEdited() | AgentRetracted():
            return None  # who is asked is on the card and in `ring`; the others have their places
        case _:
            words = transcript_text.line_of(entry, changed)
            return _small(words.removeprefix("* ")) if words else None


def _said(who: str, text: str, files: Sequence[File] = (), *, note: bool = False) -> Message:
    names = [f"📎 {file.name}" for file in files]
    words = "\n".join([text, *names] if text else names)
    return Message(
        escape(one_line(f"{who}: {words}", NOTICE_AT_MOST)), tuple(line(who, words, note=note))
    )


def _small(words: str) -> Message:
    return Message(
        escape(one_line(words, NOTICE_AT_MOST)),
        (rich_text(paragraph(literal(clip(words, 1_000), italic=True))),),
    )


def joined(messages: Sequence[Message]) -> list[Message]:
    """As few messages as can hold them all, in order."""
    together, left = list[Message](), list(messages)
    while left:
        taken = first_fitting(left)
        blocks = tuple(block for one in left[:taken] for block in one.blocks)
        together.append(Message(left[0].text, blocks))
        del left[:taken]
    return together


def first_fitting(messages: Sequence[Message]) -> int:
    """How many of the first can stand together in one message; at least one."""
    blocks = length = 0
    for number, one in enumerate(messages):
        blocks, length = blocks + len(one.blocks), length + one.length
        if number and (blocks > BLOCKS_AT_MOST or length > CHARACTERS_AT_MOST):
            return number
    return len(messages)


def ring(assigned: Assigned, slack_ids: Mapping[str, str]) -> Message | None:
    """Who is asked now, by name so that Slack rings them; None when nobody needs to be rung: at
    first the card itself is the news.

    Args:
        slack_ids: member ids of agents, by login.
    """
    people = [slack_ids[a.login] for a in assigned.agents if a.login in slack_ids]
    others = [agent.name for agent in assigned.agents if agent.login not in slack_ids]
    if not people and (others or assigned.rung == "first"):
        return None
    rung = [mention(id) for id in people] or [HERE]
    blanks = [part for one in rung for part in (one, *literal(" "))]
    words = _RUNGS.get(assigned.rung, "can you take this one?")
    names = ", ".join(agent.name for agent in assigned.agents) or "everybody"
    return Message(
        escape(one_line(f"{names}: {words}", NOTICE_AT_MOST)),
        (rich_text(paragraph(blanks, literal(words))),),
    )


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


def draft(c: Conversation, one: Draft) -> Message:
    """An answer that waits for a yes."""
    message, value = settled_draft(one), value_of(c, one.seq)
    send = "Approve and send" if one.origin == "assistant" else "Send"
    row = [
        button("draft_send", send, value, "primary"),
        button("draft_edit", "Edit first…", value),
        button("draft_drop", "Discard", value),
    ]
    block = {"type": "actions", "block_id": f"draft {value}", "elements": row}
    return Message(message.text, (*message.blocks, block))


def settled_draft(one: Draft | DraftWritten) -> Message:
    """A draft without its buttons."""
    sensitive = one.origin == "assistant"
    what = "To approve: the assistant would answer" if sensitive else "Suggested answer"
    sure = f" ({one_line(one.intent, 80)}, {one.confidence:.0%})" if one.intent else ""
    heading = literal(f"💡 {what}{sure}", bold=True)
    return Message(
        escape(one_line(f"{what}: {one.text}", NOTICE_AT_MOST)),
        (rich_text(paragraph(heading), quote(one.text)),),
    )


def changed(agent: Agent, text: str | None) -> Message:
    """An agent's words that stand here as the agent's own message, changed or (None) taken back
    from elsewhere."""
    if text is None:
        return _small(f"{agent.name} took a message back")
    return _said(f"{agent.name}, to the customer (changed)", text)


def own(c: Conversation, entry: Entry, shown: Message) -> Message:
    """An agent's words that Deskhand posted here (sent by a button, or elsewhere), with what the
    agent can still do about them: Slack lets nobody change a message of a bot."""
    if entry.seq in c.retracted:
        return shown
    value = value_of(c, entry.seq)
    row = [button("change", "Change…", value), button("retract", "Take back", value)]
    block = {"type": "actions", "block_id": f"own {value}", "elements": row}
    return Message(shown.text, (*shown.blocks, block))


def held(c: Conversation, one: Held) -> Message:
    """To the one who wrote it: it has not been sent, and what now?"""
    name = c.owner.name if c.owner else "Nobody"
    value = value_of(c, one.seq)
    row = [
        button("held_send", "Take over and send", value, "primary"),
        button("held_drop", "Discard", value),
    ]
    files = [f"📎 {file.name}" for file in one.files]
    return Message(
        escape(f"{one_line(name, 80)} has this conversation. Your message was not sent."),
        (
            rich_text(
                paragraph(
                    literal(f"{one_line(name, 80)} has this conversation. ", bold=True),
                    literal("Your message was not sent:"),
                ),
                quote("\n".join([clip(one.text, 500), *files]).strip()),
            ),
            {"type": "actions", "block_id": f"held {value}", "elements": row},
        ),
    )


def hint(words: str) -> Message:
    """A word to one person; our own words and names, shown letter by letter."""
    return Message(escape(clip(words, 1_000)), (rich_text(paragraph(literal(clip(words, 2_000)))),))
