"""What agents see of a conversation in Slack: the card with its buttons, as Block Kit blocks.

Pure: a conversation in, a `Message` out. Belongs here: what the card shows, which buttons it has in
which state, and the parts that all our messages are made of. Does not belong here: messages below
the card (`bot.desks.slack_thread`), modals and the App Home (`bot.desks.slack_views`), how words
are kept from being interpreted (`bot.desks.slack_text`), what pressing a button does
(`bot.desks.slack_actions`).

A button's `value` is "<conversation> <seq>": whose it is, and of which entry it speaks (0: none).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from bot import transcript
from bot.conversation import Conversation, State
from bot.desks.orders import OUTCOMES, SNOOZES
from bot.desks.slack_text import (
    clip,
    date,
    escape,
    literal,
    mrkdwn,
    one_line,
    paragraph,
    plain_text,
    quote,
    rich_text,
)

Json = dict[str, Any]

#: Longest text of a notification.
NOTICE_AT_MOST: Final = 200
#: Slots beyond these many are left to the console.
SLOTS_AT_MOST: Final = 12
#: Most options of one menu, and longest text of an option.
OPTIONS_AT_MOST: Final = 100
LABEL_AT_MOST: Final = 75

#: A sign for each state, the first thing on a card.
SIGNS: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.BOT: "🤖",
        State.WAITING: "🔔",
        State.HUMAN: "💬",
        State.SNOOZED: "💤",
        State.CLOSED: "✅",
    }
)
#: The choice that asks for a time, beside `orders.SNOOZES`.
ASK_UNTIL: Final = "ask"


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: blocks, and the same in short for notifications (mrkdwn, escaped)."""

    text: str
    blocks: tuple[Json, ...]

    @property
    def arguments(self) -> Json:
        """For chat.postMessage and chat.update: nothing in the words is to be interpreted."""
        return {
            "text": self.text,
            "blocks": list(self.blocks),
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }

    @property
    def length(self) -> int:
        """Characters in its blocks."""
        return sum(map(_length, self.blocks))


def _length(thing: Any) -> int:
    if isinstance(thing, dict):
        own = len(thing["text"]) if isinstance(thing.get("text"), str) else 0
        return own + sum(_length(value) for value in thing.values())
    return sum(map(_length, thing)) if isinstance(thing, list) else 0


def customer_of(c: Conversation) -> str:
    known = transcript.card(c)["customer"]
    return one_line(str(known.get("name") or known.get("email") or "A customer"), 60)


# ------------------------------------------------------------------------------------- card


def card(c: Conversation, *, canned: Sequence[str] = (), skill: str = "") -> Message:
    """The one quiet card of a hand-off: who, why, in short, how long, and what can be done.

    Args:
        canned: names of the replies that can be sent as they are.
        skill: in words, what it needs; empty when anybody will do.
    """
    who, why = customer_of(c), "; ".join(transcript.why(c)) or "wants a person"
    title = f"{SIGNS[c.state]} {who}: {why}"
    blocks = [
        {"type": "header", "block_id": "title", "text": plain_text(one_line(title, 150), 150)},
        *_summary(c),
        {"type": "section", "block_id": "facts", "fields": [mrkdwn(f) for f in _facts(c, skill)]},
        *_known(c),
        *_measured(c),
        *_orders(c, canned),
        {
            "type": "context",
            "block_id": "how",
            "elements": [
                mrkdwn(
                    "Write to the customer in this thread. Lines that begin with // stay between "
                    "colleagues. React with 👀 to take it, with ✅ to close it."
                )
            ],
        },
    ]
    return Message(escape(one_line(title, NOTICE_AT_MOST)), tuple(blocks))


def moved(c: Conversation, link: str) -> Message:
    """A card whose conversation goes on elsewhere."""
    title = one_line(f"➡️ {customer_of(c)}: goes on in another thread", 150)
    words = f"<{link}|Open it>" if link else "It has a newer card."
    blocks: list[Json] = [
        {"type": "header", "block_id": "title", "text": plain_text(title, 150)},
        {"type": "context", "block_id": "how", "elements": [mrkdwn(words)]},
    ]
    return Message(escape(title), tuple(blocks))


def _summary(c: Conversation) -> list[Json]:
    summary = c.handoff.summary if c.handoff else ""
    text = "\n".join(line.strip() for line in summary.splitlines()[:2]) or c.preview
    return [{**rich_text(quote(clip(text, 600))), "block_id": "summary"}] if text.strip() else []


def _facts(c: Conversation, skill: str) -> list[str]:
    """Label and value of what the card says at a glance; at most ten fields."""
    facts = [_STANDS[c.state](c)]
    if c.waiting_since is not None:
        facts.append(f"*Waiting*\n{date(c.waiting_since, '{ago}, since {time}')}")
    if skill:
        facts.append(f"*Needs*\n{escape(clip(skill, 100))}")
    if c.rating is not None:
        facts.append(f"*Rated*\n{'★' * c.rating.stars}{'☆' * (5 - c.rating.stars)}")
    return facts


def _asked(c: Conversation) -> str:
    if c.passed_to is not None:
        return f"*Passed on to*\n{escape(c.passed_to.name)}"
    if c.assigned is None:
        return "*Waits*\nfor whoever comes first"
    names = ", ".join(agent.name for agent in c.assigned.agents) or "everybody"
    return f"*Asked*\n{escape(clip(names, 300))}"


def _owned(c: Conversation) -> str:
    return f"*With*\n{escape(c.owner.name)}" if c.owner else "*With*\nnobody"


_STANDS: Final[Mapping[State, Callable[[Conversation], str]]] = MappingProxyType(
    {
        State.BOT: lambda c: "*With*\nthe assistant again",
        State.WAITING: _asked,
        State.HUMAN: _owned,
        State.SNOOZED: lambda c: f"{_owned(c)}, put away until {date(c.snoozed_until or 0)}",
        State.CLOSED: lambda c: f"*Closed*\n{OUTCOMES.get(c.outcome or '', 'by the customer')}",
    }
)


def _known(c: Conversation) -> list[Json]:
    """What is known of the customer: slots, address, page, and what they said of us."""
    slots = c.reading.slots if c.reading else {}
    facts = [(name.replace("_", " "), str(value)) for name, value in slots.items() if value]
    facts = facts[:SLOTS_AT_MOST]
    facts.append(("answers also to", c.contact or ""))
    facts.append(("page", c.page))
    facts.append(("said when rating", c.rating.comment if c.rating else ""))
    sections = [
        paragraph(literal(f"{name}: ", bold=True), literal(one_line(value, 300)))
        for name, value in facts
        if value.strip()
    ]
    return [{**rich_text(*sections), "block_id": "known"}] if sections else []


def _measured(c: Conversation) -> list[Json]:
    """Scores and the likeliest intents, in small print."""
    scores = transcript.scores(c).items()
    measured = " · ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in scores)
    intents = transcript.top_intents(c)
    likely = ", ".join(f"{one['name']} {one['confidence']:.0%}" for one in intents)
    lines = [measured, f"Understood as: {likely}" if likely else ""]
    texts = [mrkdwn(escape(line)) for line in lines if line]
    return [{"type": "context", "block_id": "measured", "elements": texts}] if texts else []


# ---------------------------------------------------------------------------------- buttons


def value_of(c: Conversation | str, seq: int = 0) -> str:
    return f"{c if isinstance(c, str) else c.id} {seq}"


def parse_value(value: str) -> tuple[str, int]:
    """The conversation and the seq that a button speaks of."""
    id, _, seq = value.partition(" ")
    return id, int(seq or 0)


def button(action: str, label: str, value: str, style: str = "") -> Json:
    one = {
        "type": "button",
        "action_id": action,
        "text": plain_text(label, LABEL_AT_MOST),
        "value": value,
    }
    return {**one, "style": style} if style else one


def option(value: str, words: str) -> Json:
    return {"text": plain_text(one_line(words, LABEL_AT_MOST), LABEL_AT_MOST), "value": value}


def menu(action: str, label: str, options: Sequence[tuple[str, str]]) -> Json:
    """A drop-down list: what is chosen is done at once."""
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain_text(label, 150),
        "options": [option(value, words) for value, words in options[:OPTIONS_AT_MOST]],
    }


def _orders(c: Conversation, canned: Sequence[str]) -> list[Json]:
    """The card's buttons. Menus' options carry no conversation: their block's id does. It changes
    with the conversation, or Slack would go on showing what was chosen before."""
    value = value_of(c)
    claim = button("claim", "Claim", value, "primary")
    take_over = button("take_over", "Take over", value)
    transfer, label = button("transfer", "Transfer…", value), button("label", "Label…", value)
    back = button("return", "Back to the bot", value)
    snooze = menu("snooze", "Snooze…", [*SNOOZES.items(), (ASK_UNTIL, "Until …")])
    close = menu("close", "Close as…", list(OUTCOMES.items()))
    replies = [menu("canned", "Send a canned reply…", [(n, n) for n in canned])] if canned else []
    again = button("claim", "Take it up again", value, "primary")
    whole = button("transcript", "Transcript", value)
    rows: Mapping[State, list[Json]] = {
        State.BOT: [claim, label, whole],
        State.WAITING: [claim, *replies, transfer, close, back, label, whole],
        State.HUMAN: [*replies, transfer, snooze, close, back, label, whole, take_over],
        State.SNOOZED: [again, transfer, close, back, label, whole, take_over],
        State.CLOSED: [button("reopen", "Reopen", value), label, whole],
    }
    return [{"type": "actions", "block_id": f"orders {c.id} {c.seq}", "elements": rows[c.state]}]
