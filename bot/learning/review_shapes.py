"""What the review inbox shows: records that the API below /api/studio/review and the command line
give out, as they are.

Pure shapes. How they come about is in `bot.learning.inbox`; the words for codes are here, so that
every page says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bot.events import Record

#: Why a customer's message is in the inbox, most telling first.
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "labelled": "An agent says what it should have been understood as",
        "not_placed": "The assistant did not understand it",
        "unsure": "The assistant was unsure and asked back",
        "rated_badly": "The customer was not content with the answer",
        "escalated": "The customer wanted a person right after the answer",
        "answered_by_person": "A person answered it; the assistant could learn to",
    }
)

#: What happened after the message.
AFTERWARDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "person_answered": "A person answered",
        "person_asked": "A person was asked for",
        "asked_again": "The customer tried other words",
        "settled": "The customer was content with the assistant's answer",
        "left": "The customer said nothing more",
    }
)


class Count(Record, frozen=True):
    """How many messages share a code of `REASONS` or `AFTERWARDS`; `words` say what it means."""

    code: str
    words: str
    messages: int


class Suggestion(Record, frozen=True):
    """An intent that may fit. `confidence`: 0 to 1. `known`: whether the assistant has it now; an
    agent's label may name a new one, or one that was deleted since. `why`: in words."""

    intent: str
    confidence: float
    known: bool = True
    why: str = ""


class Shown(Record, frozen=True):
    """One wording, redacted, with all messages that say just that.

    `id` names it in orders to split, accept or ignore. `conversation` and `seq` are those of the
    latest such message, `intent` and `confidence` what it was taken for. `afterwards` is a code,
    `reply` what was said next by the bot or a person (redacted; "" when nothing was)."""

    id: str
    text: str
    messages: int
    customers: int
    conversation: str
    seq: int
    at: int
    reasons: tuple[str, ...]
    intent: str | None = None
    confidence: float = 0.0
    label: str | None = None
    labelled_by: str | None = None
    afterwards: str = "left"
    reply: str = ""
    replied_by: str = ""


class Cluster(Record, frozen=True):
    """Messages that mean much the same. `customers` have written one of them (`score` is the same
    with older ones counting less); `labelled` messages have an agent's label, and clusters with
    such come first. `examples`: the most typical wordings first. `seen` goes with a decision on the
    whole cluster: when its messages have changed since, the decision is refused."""

    id: str
    title: str
    messages: int
    wordings: int
    customers: int
    score: float
    labelled: int
    first_at: int
    last_at: int
    seen: str
    reasons: tuple[Count, ...] = ()
    afterwards: tuple[Count, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    examples: tuple[Shown, ...] = ()


class Decided(Record, frozen=True):
    """A decision that was taken. `kind`: accepted, ignored, paged (a help page was added), split or
    merged; `what` says it in words. `undone`: whether it was taken back; `left`: what stays of it
    all the same, in words ("" when nothing does)."""

    id: int
    kind: str
    what: str
    by: str
    at: int
    cluster: str
    title: str
    intent: str = ""
    wordings: int = 0
    undone: bool = False
    left: str = ""


class InboxPage(Record, frozen=True):
    """One page of the inbox. `clusters`, `messages` and `customers` count everything that waits,
    `next` is the cursor of the next page. `refreshed_at`: when the inbox was prepared (None: never
    was). `last`: this owner's latest decision that can be undone."""

    open: tuple[Cluster, ...]
    next: str | None
    clusters: int
    messages: int
    customers: int
    refreshed_at: int | None
    last: Decided | None = None
