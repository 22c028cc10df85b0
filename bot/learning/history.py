"""Conversations that were held elsewhere, and how they become ours.

Pure. Belongs here: what such a conversation is, the formats in which it comes (our JSON Lines,
Rasa's trackers, Chatwoot's conversations), and the log that it would have left here. Does not
belong here: files, databases and Redis (`bot.learning.imports`).

The log says no more than what is known: a person who answers was asked for and has claimed the
conversation at that moment, and it is closed with its last line. Nobody is disturbed by a closed
conversation.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Annotated, Any, Final, Literal

import msgspec

from bot.conversation import Conversation, State, evolve
from bot.errors import DeskhandError
from bot.events import (
    INTENT_AT_MOST,
    Agent,
    AgentSpoke,
    BotAnswered,
    Claimed,
    Closed,
    CustomerSpoke,
    Entry,
    Event,
    Handoff,
    HandoffRequested,
    Labelled,
    Rated,
    Reading,
    Record,
    ReturnedToBot,
    Started,
    Utterance,
)
from bot.router import TEXT_AT_MOST, tidy

#: Who or what closed an imported conversation, and how it ended, as far as we know.
BY: Final = "import"
OUTCOME: Final = "imported"
#: Longest name of an agent, and of a source's own id for a conversation.
NAME_AT_MOST: Final = 60
ID_AT_MOST: Final = 200
#: What is before that was not written by a chat: a time in seconds taken for milliseconds, or 0.
EARLIEST_MS: Final = 946_684_800_000  # the year 2000
#: What is later has not been written yet either; calendars and databases end somewhere.
LATEST_MS: Final = 4_102_444_800_000  # the year 2100

#: Chatwoot's message types.
_INCOMING, _OUTGOING, _ACTIVITY, _TEMPLATE = 0, 1, 2, 3
_TYPES: Final = {"incoming": _INCOMING, "outgoing": _OUTGOING, "activity": _ACTIVITY}


Speaker = Literal["customer", "bot", "agent"]


class NotAConversation(DeskhandError):
    """It cannot be imported; the message says what is wrong with it."""

    code = "not_a_conversation"


class Line(Record, frozen=True):
    """Something that was said. `at`: ms since 1970. `agent`: the name of the agent. `intent` and
    `confidence`: what a bot read in a customer's message, if known; `label`: what a person said
    that it was about."""

    who: Speaker
    text: str
    at: int
    agent: str = ""
    intent: str | None = None
    confidence: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.0
    label: str | None = None

    def __post_init__(self) -> None:
        if not EARLIEST_MS <= self.at < LATEST_MS:
            raise ValueError(f"{str(self.at)[:20]} is no time in milliseconds since 1970")
        for name in (self.intent, self.label):
            if name is not None and len(name) > INTENT_AT_MOST:
                raise ValueError(f"an intent is a name of at most {INTENT_AT_MOST} characters")
        if self.label == "":
            raise ValueError("a label names an intent")


class History(Record, frozen=True):
    """One conversation. `id` is the source's own; `stars` (1 to 5) and `comment` are the rating."""

    id: str
    lines: tuple[Line, ...]
    stars: int | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.id) <= ID_AT_MOST:
            raise ValueError(f"an id has 1 to {ID_AT_MOST} characters")
        if self.stars is not None and not 1 <= self.stars <= 5:
            raise ValueError(f"stars are 1 to 5, not {self.stars}")
        if not any(line.who == "customer" for line in self.lines):
            raise ValueError("no customer says anything in it")


# ---------------------------------------------------------------------------------- the formats


_PAYLOAD: Final = re.compile(r"/(\w+)(?:\{.*\})?", re.DOTALL)


class _OurLine(Record, frozen=True, forbid_unknown_fields=True):
    who: Speaker
    text: str
    at: datetime | int
    agent: str = ""
    intent: str | None = None
    confidence: float = 0.0
    label: str | None = None


class _Ours(Record, frozen=True, forbid_unknown_fields=True):
    id: str
    messages: tuple[_OurLine, ...]
    stars: int | None = None
    comment: str = ""


def conversation_in(found: object) -> History:
    """The conversation in one JSON value, in whichever of the three formats it is.

    Raises: NotAConversation."""
    if not isinstance(found, dict):
        raise NotAConversation(f"It is a JSON {type(found).__name__}, and no object.")
    try:
        history = _read(found)
        msgspec.json.encode(history)  # half of a surrogate pair (an emoji that was cut) is no text
    except UnicodeEncodeError:
        raise NotAConversation("It holds half of a sign, which is no text.") from None
    except (msgspec.ValidationError, ValueError, TypeError, OverflowError) as why:
        raise NotAConversation(f"{why}.".replace("..", ".")) from None
    return history


def _read(found: Mapping[str, Any]) -> History:
    if isinstance(found.get("events"), list):
        return from_rasa(str(found.get("sender_id") or found.get("name") or ""), found["events"])
    messages = found.get("messages", found.get("payload"))
    if isinstance(messages, list) and any("message_type" in _mapping(m) for m in messages):
        return from_chatwoot(found)
    return _from_ours(found)


def _from_ours(found: Mapping[str, Any]) -> History:
    ours = msgspec.convert(found, _Ours)
    lines = (
        Line(
            who=line.who,
            text=line.text,
            at=line.at if isinstance(line.at, int) else _ms(line.at),
            agent=line.agent,
            intent=line.intent,
            confidence=line.confidence,
            label=line.label,
        )
        for line in ours.messages
    )
    return History(id=ours.id, lines=_in_order(lines), stars=ours.stars, comment=ours.comment)


def from_rasa(sender: str, events: Iterable[object]) -> History:
    """A tracker's events, as Rasa's stores and its HTTP API give them.

    Raises: ValueError."""
    lines = []
    for event in map(_mapping, events):
        text, at = event.get("text"), round(float(event.get("timestamp") or 0) * 1000)
        if event.get("event") == "user" and text:
            read = _mapping(_mapping(event.get("parse_data")).get("intent"))
            intent = read.get("name")
            if not isinstance(intent, str | None):
                raise ValueError(f"an intent is a name, not a {type(intent).__name__}")
            # A button's payload: what the customer chose, and nothing that they wrote.
            chosen = _PAYLOAD.fullmatch(str(text))
            words = chosen[1].replace("_", " ") if chosen else text
            lines.append(
                Line(
                    who="customer",
                    text=str(words),
                    at=at,
                    intent=intent,
                    confidence=float(read.get("confidence") or 0.0),
                )
            )
        elif event.get("event") == "bot" and text:
            lines.append(Line(who="bot", text=str(text), at=at))
    return History(id=sender, lines=_in_order(lines))


def from_chatwoot(found: Mapping[str, Any]) -> History:
    """A conversation of Chatwoot's API with its messages: `messages`, or `payload` as its list of
    messages is called. Notes between agents and reports of what happened are left out.

    Raises: ValueError."""
    messages = [_mapping(one) for one in found.get("messages", found.get("payload", ()))]
    lines = []
    for one in messages:
        kind, sender = one.get("message_type"), _mapping(one.get("sender"))
        kind = _TYPES.get(kind, _ACTIVITY) if isinstance(kind, str) else kind
        text = _plain(str(one.get("content") or ""))
        if one.get("private") or kind in (_ACTIVITY, _TEMPLATE) or not text:
            continue
        by = str(one.get("sender_type") or sender.get("type") or "").casefold()
        bot = by in {"agentbot", "agent_bot", "captain::assistant"}
        who: Speaker = "customer" if kind == _INCOMING else "bot" if bot else "agent"
        name = (
            str(sender.get("available_name") or sender.get("name") or "") if who == "agent" else ""
        )
        lines.append(Line(who=who, text=text, at=_chatwoot_ms(one.get("created_at")), agent=name))
    id = found.get("id") or next(
        (m["conversation_id"] for m in messages if "conversation_id" in m), ""
    )
    rating = _rating(messages)
    return History(id=str(id), lines=_in_order(lines), stars=rating)


def _rating(messages: Iterable[Mapping[str, Any]]) -> int | None:
    """The answer to Chatwoot's own question how it was."""
    for one in messages:
        if one.get("content_type") == "input_csat":
            submitted = _mapping(_mapping(one.get("content_attributes")).get("submitted_values"))
            rating = _mapping(submitted.get("csat_survey_response")).get("rating")
            if isinstance(rating, int):
                return rating
    return None


def _chatwoot_ms(value: object) -> int:
    if isinstance(value, (int, float)):
        return round(value * 1000)
    return _ms(datetime.fromisoformat(str(value).replace("Z", "+00:00")))


def _ms(moment: datetime) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)


def _plain(text: str) -> str:
    """Chatwoot keeps e-mails as HTML."""
    if re.search(r"</?[a-z][^<>]*>", text):
        text = re.sub(r"<(?:br|/p|/div)[^<>]*>", "\n", text)
        text = html.unescape(re.sub(r"<[^<>]+>", "", text))
    return text.strip()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """By time; what has the same time stays in its order. Lines of nothing are left out."""
    said = (
        msgspec.structs.replace(
            line, text=tidy(line.text)[:TEXT_AT_MOST], agent=tidy(line.agent)[:NAME_AT_MOST]
        )
        for line in lines
    )
    return tuple(sorted((line for line in said if line.text), key=lambda line: line.at))


# ---------------------------------------------------------------------------------- as our log


def log_of(history: History, id: str, source: str) -> tuple[Conversation, tuple[Entry, ...]]:
    """The conversation and its log, as if it had been held here. `source`: where it comes from, in
    a word."""
    writing = _Writing(Conversation(id=id))
    first = history.lines[0].at
    writing.add(first, Started(source=source))
    for number, line in enumerate(history.lines):
        writing.say(line, f"import:{number}")
    last = history.lines[-1].at
    writing.add(last, Closed(by=BY, outcome=OUTCOME))
    if history.stars is not None:
        writing.add(last, Rated(stars=history.stars, comment=tidy(history.comment)[:TEXT_AT_MOST]))
    return writing.conversation, tuple(writing.entries)


class _Writing:
    """A log that grows, the conversation as it is by then, and the customer's latest line."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.entries: list[Entry] = []
        self._latest: Line | None = None

    def add(self, at: int, event: Event) -> int:
        c = self.conversation
        entry = Entry(seq=c.seq + 1, at=at, epoch=c.epoch, key="", event=event)
        self.conversation = evolve(c, entry)
        self.entries.append(entry)
        return entry.seq

    def say(self, line: Line, key: str) -> None:
        c = self.conversation
        match line.who:
            case "customer":
                self._latest = line
                seq = self.add(line.at, CustomerSpoke(text=line.text, client_id=key))
                if line.label:
                    by = Agent(login=BY, name="Import")
                    self.add(line.at, Labelled(agent=by, of=seq, intent=line.label))
            case "bot":
                if c.state is not State.BOT:
                    self.add(line.at, ReturnedToBot(agent=c.owner))
                asked = self.conversation.pending[-1] if self.conversation.pending else None
                self.add(
                    line.at,
                    BotAnswered(
                        messages=(Utterance(text=line.text),),
                        in_reply_to=asked,
                        reading=self._read() if asked else None,
                    ),
                )
            case "agent":
                agent = Agent(login=_login(line.agent), name=line.agent or "Agent")
                if c.state is State.BOT:
                    handoff = Handoff(reason="imported")
                    asked = c.pending[-1] if c.pending else None
                    self.add(line.at, HandoffRequested(handoff=handoff, in_reply_to=asked))
                if self.conversation.owner != agent:
                    self.add(line.at, Claimed(agent=agent))
                self.add(line.at, AgentSpoke(agent=agent, text=line.text))

    def _read(self) -> Reading | None:
        line = self._latest
        if line is None or line.intent is None:
            return None
        ranking = ({"name": line.intent, "confidence": line.confidence},)
        return Reading(intent=line.intent, confidence=line.confidence, ranking=ranking)


def _login(name: str) -> str:
    """A login for an agent of whom only a name is known; the same for the same name."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "agent"
