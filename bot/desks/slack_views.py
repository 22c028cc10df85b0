"""Slack's larger surfaces: modals (edit first, transfer, label, snooze) and the App Home.

Pure: what they show, and what was filled in. Which of them opens when, and what a submission does,
is in `bot.desks.slack_actions`. A modal's `private_metadata` is a button's value: "<conversation>
<seq>".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.conversation import Conversation, State
from bot.desks.slack_blocks import (
    OPTIONS_AT_MOST,
    SIGNS,
    button,
    customer_of,
    option,
    value_of,
)
from bot.desks.slack_text import date, mrkdwn, one_line, plain_text
from bot.events import INTENT_AT_MOST, Agent
from bot.transcript import why

Json = dict[str, Any]

#: Longest text in one input field of a modal, in characters; longer ones are spread over several.
INPUT_AT_MOST: Final = 3_000
#: Rows of the App Home, which has room for 100 blocks.
WAITING_ROWS: Final = 20
OWN_ROWS: Final = 15
OTHER_ROWS: Final = 8

#: The callback ids of our modals.
EDIT_DRAFT, CHANGE, TRANSFER, LABEL, SNOOZE = "draft_edit", "change", "transfer", "label", "snooze"


# ------------------------------------------------------------------------------------ modals


def _modal(callback: str, title: str, submit: str, value: str, blocks: Sequence[Json]) -> Json:
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": value,
        "title": plain_text(title, 24),
        "submit": plain_text(submit, 24),
        "close": plain_text("Cancel", 24),
        "blocks": list(blocks),
    }


def _input(id: str, label: str, element: Json, *, optional: bool = False) -> Json:
    return {
        "type": "input",
        "block_id": id,
        "optional": optional,
        "label": plain_text(label, 2_000),
        "element": {"action_id": id, **element},
    }


def text_modal(callback: str, title: str, submit: str, value: str, text: str) -> Json:
    """Somebody's words, to be changed before they are sent."""
    pieces = [text[at : at + INPUT_AT_MOST] for at in range(0, len(text), INPUT_AT_MOST)] or [""]
    inputs = []
    for number, piece in enumerate(pieces):
        label = "What the customer will read" if number == 0 else "… and further"
        element = {"type": "plain_text_input", "multiline": True, "initial_value": piece}
        if not piece:
            del element["initial_value"]
        inputs.append(_input(f"text-{number}", label, element, optional=number > 0))
    return _modal(callback, title, submit, value, inputs)


def transfer_modal(
    c: Conversation, skills: Sequence[tuple[str, str]], people: Sequence[Agent]
) -> Json:
    """To whom? `skills` as (name, words)."""
    groups = [
        ("By skill", [option(f"skill {name}", words) for name, words in skills]),
        ("To one colleague", [option(f"agent {one.login}", one.name) for one in people]),
    ]
    element = {
        "type": "static_select",
        "placeholder": plain_text("Choose a skill or a colleague", 150),
        "option_groups": [
            {"label": plain_text(label, 75), "options": options[:OPTIONS_AT_MOST]}
            for label, options in groups
            if options
        ],
    }
    blocks = [
        _input("to", f"Who shall help {customer_of(c)}?", element),
        _input(
            "note",
            "A word to your colleague",
            {"type": "plain_text_input", "multiline": True, "max_length": INPUT_AT_MOST},
            optional=True,
        ),
    ]
    return _modal(TRANSFER, "Pass it on", "Transfer", value_of(c), blocks)


def label_modal(
    c: Conversation, messages: Sequence[tuple[int, str]], intents: Sequence[str]
) -> Json:
    """The bot should have answered which message, and as what?

    Args:
        messages: the customer's, as (seq, text), latest first.
        intents: those that the bot knows, likeliest first.
    """
    options = [option(str(seq), text or "(a file)") for seq, text in messages[:OPTIONS_AT_MOST]]
    blocks = [
        _input(
            "message",
            "Which message should the bot have answered?",
            {"type": "static_select", "options": options, "initial_option": options[0]},
        )
    ]
    if intents:
        known = [option(name, name.replace("_", " ")) for name in intents[:OPTIONS_AT_MOST]]
        element = {
            "type": "static_select",
            "placeholder": plain_text("An intent that it knows", 150),
            "options": known,
        }
        blocks.append(_input("intent", "What was it about?", element, optional=True))
    anything: Json = {"type": "plain_text_input", "max_length": INTENT_AT_MOST}
    blocks.append(_input("new", "Or something new, in a word or two", anything, optional=True))
    return _modal(LABEL, "Teach the bot", "Save", value_of(c), blocks)


def snooze_modal(c: Conversation, suggested: int) -> Json:
    """Until when? `suggested` in ms."""
    element = {"type": "datetimepicker", "initial_date_time": suggested // 1000}
    return _modal(SNOOZE, "Put it away", "Snooze", value_of(c), [_input("until", "Until", element)])


def filled(view: Json) -> dict[str, str]:
    """What was filled into a modal, by block id; what was left open is missing."""
    values: dict[str, str] = {}
    for block, actions in view["state"]["values"].items():
        for state in actions.values():
            found = state.get("value") or state.get("selected_date_time")
            found = found or (state.get("selected_option") or {}).get("value")
            if found:
                values[block] = str(found)
    return values


def text_of(values: Mapping[str, str]) -> str:
    """The text of a `text_modal`, its pieces together again."""
    pieces = sorted((name, text) for name, text in values.items() if name.startswith("text-"))
    return "".join(text for _, text in pieces)


# ---------------------------------------------------------------------------------- App Home


@dataclass(frozen=True, slots=True)
class Figures:
    """How today went so far."""

    waiting: int
    with_people: int
    closed: int
    solved: int
    stars: tuple[int, ...]

    @classmethod
    def of(cls, conversations: Sequence[Conversation], since: int) -> Figures:
        """From all that are open and those closed since `since` (ms)."""
        closed = [c for c in conversations if c.state is State.CLOSED and c.updated_at >= since]
        return cls(
            waiting=sum(c.state is State.WAITING for c in conversations),
            with_people=sum(c.state in (State.HUMAN, State.SNOOZED) for c in conversations),
            closed=len(closed),
            solved=sum(c.outcome == "solved" for c in closed),
            stars=tuple(c.rating.stars for c in closed if c.rating),
        )

    @property
    def words(self) -> str:
        rated = f", {sum(self.stars) / len(self.stars):.1f} stars" if self.stars else ""
        return (
            f"{self.waiting} waiting · {self.with_people} with people · "
            f"{self.closed} closed today ({self.solved} solved{rated})"
        )


def home(
    me: Agent,
    conversations: Sequence[Conversation],
    figures: Figures,
    *,
    away: bool,
    links: Mapping[str, str],
    said: str = "",
) -> Json:
    """An agent's App Home: today's figures, the queue, what is theirs, what others have.

    Args:
        conversations: open ones, longest waiting first.
        links: addresses of threads, by conversation.
        said: a word about what they just did.
    """
    word = [{"type": "section", "text": plain_text(said)}] if said else []
    waiting = [c for c in conversations if c.state is State.WAITING]
    taken = [c for c in conversations if c.state in (State.HUMAN, State.SNOOZED)]
    mine = [c for c in taken if c.owner and c.owner.login == me.login]
    others = [c for c in taken if c not in mine]
    here = button("back", "I am back", "-", "primary") if away else button("away", "I am away", "-")
    refresh = button("refresh", "Refresh", "-")
    sign = "You are away: you are not asked." if away else "You are here."
    return {
        "type": "home",
        "blocks": [
            {"type": "header", "text": plain_text(one_line(f"{me.name}'s desk", 150), 150)},
            *word,
            {"type": "section", "text": plain_text(figures.words)},
            {"type": "context", "elements": [mrkdwn(sign)]},
            {"type": "actions", "block_id": "me", "elements": [here, refresh]},
            *_rows("Waiting", waiting, WAITING_ROWS, links, "Nobody is waiting."),
            *_rows("Mine", mine, OWN_ROWS, links, "You have no conversation."),
            *_rows("With others", others, OTHER_ROWS, links, ""),
        ],
    }


def _rows(
    title: str, found: Sequence[Conversation], at_most: int, links: Mapping[str, str], none: str
) -> list[Json]:
    if not found and not none:
        return []
    heading = {"type": "header", "text": plain_text(f"{title} ({len(found)})", 150)}
    rows: list[Json] = [{"type": "divider"}, heading]
    if not found:
        rows.append({"type": "context", "elements": [mrkdwn(none)]})
    for c in found[:at_most]:
        rows += _row(c, links.get(c.id, ""))
    if len(found) > at_most:
        rows.append({"type": "context", "elements": [mrkdwn(f"and {len(found) - at_most} more")]})
    return rows


def _row(c: Conversation, link: str) -> list[Json]:
    reasons = "; ".join(why(c))
    said = one_line(c.preview, 200)
    title = one_line(f"{SIGNS[c.state]} {customer_of(c)} {reasons}", 300)
    section: Json = {"type": "section", "text": plain_text(f"{title}\n{said}".strip())}
    if c.state is State.WAITING:
        section["accessory"] = button("claim", "Claim", value_of(c), "primary")
    facts = [date(c.waiting_since or c.updated_at, "{ago}")]
    if c.unanswered and c.state is not State.WAITING:
        facts.append("*the customer waits for an answer*")
    if waits := len(c.drafts) + len(c.held):
        facts.append(f"{waits} to decide on")
    if link:
        facts.append(f"<{link}|Open the thread>")
    return [section, {"type": "context", "elements": [mrkdwn(" · ".join(facts))]}]
