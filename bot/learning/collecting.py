"""From the archive to the messages that the assistant missed, redacted.

Belongs here: reading the archive in parts, so that memory stays bounded, and taking out what is
personal before anything is kept. Does not belong here: which messages those are
(`bot.learning.missed`), what is personal (`bot.learning.redaction`). All of it blocks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from bot.events import Reading
from bot.learning.archive import Archive
from bot.learning.missed import Label, Missed, Said, Story, Turn, missed
from bot.learning.redaction import CannotRedact, redact
from bot.personal_names import told_in

CONVERSATIONS: Final = 500
"""That are read at once."""

MOST: Final = 60_000
"""Messages that the inbox takes, the latest first: what is older helps nobody today."""

REPLY_AT_MOST: Final = 300
"""Characters of what was said next, for the owner to see how it went."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Collected:
    """Redacted messages, and how many were left out because they could not be redacted."""

    messages: tuple[Missed, ...]
    left_out: int


def collect(archive: Archive, *, strange: float, progress: Progress = lambda _: None) -> Collected:
    """Everything that belongs in the inbox, redacted.

    Args:
        strange: out-of-scope score from which a message counts as not understood.
        progress: called with the share that is done.
    """
    found: list[Missed] = []
    left_out = 0
    with archive.reading() as db:
        ids = [id for (id,) in db.execute("SELECT id FROM conversation ORDER BY updated_at DESC")]
        for start in range(0, len(ids), CONVERSATIONS):
            for story, people in _stories(db, ids[start : start + CONVERSATIONS]):
                messages = missed(story, strange=strange)
                hidden = redacted(story, messages, people)
                found += hidden
                left_out += len(messages) - len(hidden)
            progress(min(1.0, (start + CONVERSATIONS) / len(ids)))
            if len(found) >= MOST:
                break
    return Collected(tuple(found[:MOST]), left_out)


def redacted(story: Story, messages: Iterable[Missed], people: Sequence[str]) -> list[Missed]:
    """The messages without what is personal; those are left out in which it cannot be found.

    Args:
        people: names of the agents who were there.
    """
    messages = list(messages)
    if not messages:
        return []
    told = [name for said in story.said if said.who == "customer" for name in told_in(said.text)]
    names = [*people, *told]
    hidden = []
    for one in messages:
        try:
            text = redact(one.text, names).text
        except CannotRedact:
            continue
        if any(sign.isalpha() for sign in text):
            hidden.append(replace(one, text=text, reply=_reply(one.reply, names)))
    return hidden


def _reply(text: str, names: Sequence[str]) -> str:
    try:
        short = redact(text, names).text
    except CannotRedact:
        return ""
    return short if len(short) <= REPLY_AT_MOST else short[: REPLY_AT_MOST - 1] + "…"


# ----------------------------------------------------------------------------------- the archive


def _stories(db: sqlite3.Connection, ids: Sequence[str]) -> Iterator[tuple[Story, list[str]]]:
    """Conversations with the names of their agents."""
    messages = _by_conversation(db, "message", ids)
    turns = _by_conversation(db, "turn", ids)
    handoffs = _by_conversation(db, "handoff", ids)
    labels = _by_conversation(db, "label", ids)
    people = _by_conversation(db, "person", ids, order="agent")
    for id in ids:
        why = {row["in_reply_to"]: str(row["reason"]) for row in handoffs.get(id, ())}
        read = {row["seq"]: _turn(row, why.get(row["seq"])) for row in turns.get(id, ())}
        story = Story(
            id=id,
            said=[
                Said(
                    seq=row["seq"],
                    at=row["at"],
                    who=row["who"],
                    text=row["text"],
                    agent=row["agent"],
                    turn=read.get(row["seq"]),
                )
                for row in messages.get(id, ())
                if row["who"] != "note"
            ],
            labels=[
                Label(row["of"], row["at"], row["intent"], bool(row["new"]), row["agent"])
                for row in labels.get(id, ())
            ],
            asked_for_person=[row["seq"] for row in handoffs.get(id, ())],
        )
        yield story, [str(row["name"]) for row in people.get(id, ())]


def _by_conversation(
    db: sqlite3.Connection, table: str, ids: Sequence[str], order: str = "seq"
) -> Mapping[str, list[sqlite3.Row]]:
    query = (
        f"SELECT * FROM {table} WHERE conversation IN (SELECT value FROM json_each(?)) "  # noqa: S608
        f"ORDER BY conversation, {order}"
    )
    rows: dict[str, list[sqlite3.Row]] = {}
    for row in db.execute(query, (msgspec.json.encode(ids).decode(),)):
        rows.setdefault(row["conversation"], []).append(row)
    return rows


_reading = msgspec.json.Decoder(Reading).decode


def _turn(row: sqlite3.Row, handoff: str | None) -> Turn:
    reading = _reading(row["reading"])
    return Turn(
        intent=row["intent"],
        confidence=row["confidence"],
        out_of_scope=row["out_of_scope"],
        ranking=tuple(_ranked(one) for one in reading.ranking),
        result=row["result"],
        handoff=handoff,
        fills_form=reading.turn.fills_form if reading.turn else False,
        pressed=bool(row["payload"]),
    )


def _ranked(one: Mapping[str, Any]) -> tuple[str, float]:
    return str(one.get("name")), float(one.get("confidence") or 0.0)
