"""What a conversation's log says for the archive: its rows, and the durations and verdicts in them.

Pure: `facts_of` takes the log, and gives what `bot.learning.archive` stores of it. The one place
that decides what counts as contained, and as a wait; what became of a single turn is in
`bot.learning.turn_results`. docs/insights.md has the same definitions for owners, and has to change
with both.

Times are ms since 1970 (UTC), durations ms. A clock that was set back in the middle of a
conversation makes a duration 0, never negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgspec

from bot import transcript
from bot.conversation import MOVES
from bot.events import (
    Agent,
    AgentSpoke,
    BotAnswerDropped,
    BotAnswered,
    Claimed,
    Closed,
    CustomerSpoke,
    Entry,
    Handoff,
    HandoffRequested,
    Labelled,
    NoteWritten,
    NoticeShown,
    Rated,
    Reading,
    Reopened,
    ReturnedToBot,
    Started,
)
from bot.learning.turn_results import (
    ANSWERED,
    ASKED_BACK,
    DROPPED,
    ESCALATED,
    GAVE_UP,
    LABELLED,
    LOW_STARS,
    PASSED_ON,
    RATED_LOW,
    RESULTS,
    SERVED,
    Course,
    answers,
)
from bot.state import State

__all__ = [
    "ANSWERED",
    "ASKED_BACK",
    "CONTAINED",
    "DROPPED",
    "ESCALATED",
    "GAVE_UP",
    "HANDED_OFF",
    "LABELLED",
    "LEFT",
    "LOW_STARS",
    "PASSED_ON",
    "RATED_LOW",
    "RESULTS",
    "SERVED",
    "WORDS",
    "Facts",
    "Row",
    "facts_of",
]

#: How a conversation went, as a whole.
CONTAINED: Final = "contained"  #: nobody was asked to come; the bot answered the last message
HANDED_OFF: Final = "handed_off"  #: a person was asked for, or came by themselves
LEFT: Final = "left"  #: nobody was asked to come, and the last message got no answer

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """A conversation's rows, by the archive's tables."""

    conversation: Row
    messages: tuple[Row, ...] = ()
    turns: tuple[Row, ...] = ()
    handoffs: tuple[Row, ...] = ()
    labels: tuple[Row, ...] = ()
    people: tuple[Row, ...] = ()


def facts_of(id: str, entries: Sequence[Entry]) -> Facts | None:
    """The rows of a whole log; None for what counts nowhere: a test, an empty log, a conversation
    in which neither the customer nor an agent ever did anything."""
    began = next((e for e in entries if isinstance(e.event, _BEGINS)), None)
    if began is None or any(isinstance(e.event, Started) and e.event.test for e in entries):
        return None
    # A message whose answer was dropped may be answered later: what was last said of it counts.
    turns = tuple({turn["seq"]: turn for turn in _turns(id, entries)}.values())
    handoffs = tuple(_handoffs(id, entries))
    people = _people(entries)
    conversation = _conversation(id, entries, began, turns, handoffs, people)
    counted = {"began_at": conversation["started_at"], "source": conversation["source"]}
    return Facts(
        conversation=conversation,
        messages=tuple({**message, **counted} for message in _messages(id, entries)),
        turns=tuple({**turn, **counted} for turn in _with_firsts(turns)),
        handoffs=handoffs,
        labels=tuple(
            {
                "conversation": id,
                "seq": e.seq,
                "at": e.at,
                "of": e.event.of,
                "intent": e.event.intent,
                "new": int(e.event.new),
                "agent": e.event.agent.login,
            }
            for e in entries
            if isinstance(e.event, Labelled)
        ),
        people=tuple(
            {"conversation": id, "agent": login, "name": name} for login, name in people.items()
        ),
    )


def _with_firsts(turns: Sequence[Row]) -> Iterator[Row]:
    """Marked as the first typed one of its intent, and the first of these that did not serve: so
    that conversations can be counted by adding up."""
    seen: set[str | None] = set()
    missed: set[str | None] = set()
    for turn in turns:
        intent, typed = turn["intent"], not turn["payload"]
        first = typed and intent not in seen
        first_missed = typed and turn["result"] not in SERVED and intent not in missed
        if first:
            seen.add(intent)
        if first_missed:
            missed.add(intent)
        yield {**turn, "first_of_intent": int(first), "first_missed": int(first_missed)}


#: A conversation begins when somebody does something in it, not when the widget is opened.
_BEGINS = (CustomerSpoke, HandoffRequested, Claimed)


# ------------------------------------------------------------------------- the conversation


def _conversation(
    id: str,
    entries: Sequence[Entry],
    began: Entry,
    turns: Sequence[Row],
    handoffs: Sequence[Row],
    people: dict[str, str],
) -> Row:
    last = _last_of(entries)
    spoke = _first(entries, CustomerSpoke)
    answer = None if spoke is None else _first_answer(entries, spoke)
    person = _first(entries, AgentSpoke)
    first = handoffs[0] if handoffs else None
    state = _state(entries)
    closed = last.get(Closed) if state is State.CLOSED else None
    rated = last.get(Rated)
    stars = rated.event.stars if rated and isinstance(rated.event, Rated) else None
    result = HANDED_OFF if handoffs or people else CONTAINED if _served(entries, turns) else LEFT
    bot_end = max((e for e in entries if answers(e)), key=lambda e: e.seq, default=None)
    end = closed or (bot_end if result == CONTAINED else None)
    opened = entries[0].event
    return {
        "id": id,
        "seq": entries[-1].seq,
        "started_at": began.at,
        "updated_at": entries[-1].at,
        "state": state.value,
        "page": opened.page if isinstance(opened, Started) else "",
        "source": opened.source if isinstance(opened, Started) else "",
        "language": next((str(t["language"]) for t in reversed(turns)), ""),
        "agent": next(reversed(people), ""),
        "rating": stars,
        "rated_at": rated.at if rated else None,
        "closed_at": closed.at if closed else None,
        "outcome": closed.event.outcome if closed and isinstance(closed.event, Closed) else "",
        "result": result,
        "contained": int(result == CONTAINED),
        "handoffs": len(handoffs),
        "first_handoff_at": first["at"] if first else None,
        "first_reason": first["reason"] if first else None,
        "wait_ms": first["wait_ms"] if first else None,
        "first_response_ms": _apart(spoke, answer),
        "person_response_ms": (
            max(0, person.at - first["at"])
            if first and person and first["seq"] < person.seq
            else None
        ),
        "resolution_ms": _apart(spoke, end),
        "customer_messages": sum(isinstance(e.event, CustomerSpoke) for e in entries),
        "bot_messages": sum(isinstance(e.event, BotAnswered) and answers(e) for e in entries),
        "agent_messages": sum(isinstance(e.event, AgentSpoke) for e in entries),
    }


def _state(entries: Sequence[Entry]) -> State:
    state = State.BOT
    for entry in entries:
        state = MOVES[type(entry.event)].get(state, state)
    return state


def _served(entries: Sequence[Entry], turns: Sequence[Row]) -> bool:
    """Whether the bot answered the customer's last message, and did not just ask back."""
    last = max(e.seq for e in entries if isinstance(e.event, CustomerSpoke))
    if any(turn["seq"] == last and turn["outcome"] == "clarify" for turn in turns):
        return False
    return any(answers(e) and getattr(e.event, "in_reply_to", None) == last for e in entries)


def _first_answer(entries: Sequence[Entry], spoke: Entry) -> Entry | None:
    return next((e for e in entries if e.seq > spoke.seq and answers(e)), None)


def _first(entries: Sequence[Entry], kind: type[Any]) -> Entry | None:
    return next((e for e in entries if isinstance(e.event, kind)), None)


def _last_of(entries: Sequence[Entry]) -> Mapping[type[Any], Entry]:
    return {type(e.event): e for e in entries}


def _apart(start: Entry | None, end: Entry | None) -> int | None:
    if start is None or end is None or end.seq < start.seq:
        return None
    return max(0, end.at - start.at)


def _people(entries: Sequence[Entry]) -> dict[str, str]:
    """Login to name of who had the conversation or wrote to the customer; the latest last."""
    people: dict[str, str] = {}
    for entry in entries:
        match entry.event:
            case Claimed(agent=agent) | AgentSpoke(agent=agent):
                people.pop(agent.login, None)
                people[agent.login] = agent.name
            case _:
                pass
    return people


# ------------------------------------------------------------------------------- what was said


def _messages(id: str, entries: Sequence[Entry]) -> Iterator[Row]:
    """What was said, as it reads now; what was taken back has lost its words."""
    changed = transcript.wordings(entries)
    for entry in entries:
        said = _said(entry)
        if said is None:
            continue
        who, agent, text = said
        if entry.seq in changed:
            text = changed[entry.seq] or ""
        yield {
            "conversation": id,
            "seq": entry.seq,
            "at": entry.at,
            "who": who,
            "agent": agent,
            "text": text,
        }


def _said(entry: Entry) -> tuple[str, str, str] | None:
    """Who said it (customer, bot, agent, note, notice), the agent's login, and the words."""
    match entry.event:
        case CustomerSpoke(text=text, files=files):
            return "customer", "", "\n".join([*([text] if text else []), *(f.name for f in files)])
        case BotAnswered(messages=messages) if messages:
            return "bot", "", "\n".join(message.text for message in messages)
        case AgentSpoke(agent=agent, text=text, files=files):
            words = [*([text] if text else []), *(f.name for f in files)]
            return "agent", agent.login, "\n".join(words)
        case NoteWritten(agent=agent, text=text):
            return "note", agent.login, text
        case NoticeShown(text=text):
            return "notice", "", text
    return None


# ---------------------------------------------------------------------------- turns of the bot


def _turns(id: str, entries: Sequence[Entry]) -> Iterator[Row]:
    """One row for each message of the customer's that the assistant read."""
    course = Course(entries)
    for entry in entries:
        match entry.event:
            case BotAnswered(in_reply_to=int(seq), reading=Reading() as reading, messages=said):
                dropped = False
            case BotAnswerDropped(in_reply_to=seq, reading=Reading() as reading, messages=said):
                dropped = True
            case _:
                continue
        spoke = course.spoken.get(seq)
        if spoke is None:
            continue
        event = spoke.event
        yield {
            "conversation": id,
            "seq": seq,
            "at": spoke.at,
            "text": event.text if isinstance(event, CustomerSpoke) else "",
            "payload": (event.payload or "") if isinstance(event, CustomerSpoke) else "",
            "intent": reading.intent,
            "confidence": reading.confidence,
            "out_of_scope": reading.out_of_scope,
            "sentiment": reading.sentiment,
            "frustration": reading.frustration,
            "language": reading.language,
            "outcome": reading.outcome,
            "result": course.result(seq, entry, reading, dropped=dropped),
            "label": course.labels.get(seq),
            "dropped": int(dropped),
            "answer_seq": entry.seq,
            "answer": "\n".join(message.text for message in said),
            "reasons": _json(reading.reasons),
            "ranking": _json(reading.ranking),
            "reading": _json(reading),
        }


# ----------------------------------------------------------------------------------- hand-offs


def _handoffs(id: str, entries: Sequence[Entry]) -> Iterator[Row]:
    """One row for each time a person was asked for, with who came, and when the first word did."""
    for number, entry in enumerate(entries):
        if not isinstance(entry.event, HandoffRequested):
            continue
        handoff: Handoff = entry.event.handoff
        claim, words = _who_came(entries[number + 1 :])
        yield {
            "conversation": id,
            "seq": entry.seq,
            "at": entry.at,
            "reason": handoff.reason,
            "reasons": _json(handoff.reasons),
            "skill": handoff.skill or "",
            "in_reply_to": entry.event.in_reply_to,
            "claimed_at": claim.at if claim else None,
            "claimed_by": _agent(claim),
            "answered_at": words.at if words else None,
            "wait_ms": max(0, claim.at - entry.at) if claim else None,
        }


_GIVES_UP_WAITING = (ReturnedToBot, Closed, Reopened, HandoffRequested)


def _who_came(after: Sequence[Entry]) -> tuple[Entry | None, Entry | None]:
    """The first claim and the first words of a person, before the conversation went on without."""
    claim: Entry | None = None
    for entry in after:
        match entry.event:
            case Claimed() if claim is None:
                claim = entry
            case AgentSpoke():
                return claim, entry
            case event if isinstance(event, _GIVES_UP_WAITING):
                break
            case _:
                pass
    return claim, None


def _agent(claim: Entry | None) -> str:
    agent: Agent | None = getattr(claim.event, "agent", None) if claim else None
    return agent.login if agent else ""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


#: For people: how a conversation or a turn went, by code.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        CONTAINED: "the assistant alone",
        HANDED_OFF: "with a person",
        LEFT: "left without an answer",
        LABELLED: "an agent says that it should have been understood otherwise",
        DROPPED: "a person had come meanwhile, so it was not sent",
        PASSED_ON: "passed on to a person, as the customer or the owner wants it",
        GAVE_UP: "the assistant gave up and asked for a person",
        ASKED_BACK: "the assistant asked back",
        ESCALATED: "the customer wanted a person right after it",
        RATED_LOW: "the last answer before a low rating",
        ANSWERED: "answered",
    }
)
