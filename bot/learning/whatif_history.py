"""Logged conversations out of the archive, for what-if.

Belongs here: the questions to the database. Does not belong here: what its rows say
(`bot.learning.facts`), or what is made of them (`bot.learning.whatif`).
"""

from __future__ import annotations

import itertools
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from operator import itemgetter

import msgspec

from bot.events import Reading
from bot.learning.archive import Archive
from bot.learning.logged import LoggedConversation, LoggedTurn, agent_time

_TURNS = """
    SELECT conversation, seq, at, text, label, dropped, result, reading FROM turn
    WHERE conversation IN (SELECT conversation FROM turn WHERE at >= :since)
    ORDER BY conversation, seq
"""
_HANDOFFS = """
    SELECT conversation, in_reply_to, reason, claimed_at FROM handoff
    WHERE conversation IN (SELECT conversation FROM turn WHERE at >= :since)
"""
_MESSAGES = """
    SELECT conversation, at, who FROM message
    WHERE who IN ('customer', 'bot', 'agent') AND conversation IN (
        SELECT id FROM conversation WHERE agent_messages > 0
        AND id IN (SELECT conversation FROM turn WHERE at >= :since)
    )
    ORDER BY conversation, seq
"""

_decode_reading = msgspec.json.Decoder(Reading).decode
_conversation = itemgetter("conversation")


class ArchivedHistory:
    """The archive as a `bot.learning.logged.History`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def conversations(self, since: int) -> Iterator[LoggedConversation]:
        """Each with a message since then (ms), whole; all as of one moment."""
        with self._archive.reading() as connection:
            when = {"since": since}
            reasons: dict[tuple[str, int], str] = {}
            claims: defaultdict[str, list[int]] = defaultdict(list)
            for row in connection.execute(_HANDOFFS, when):
                if row["in_reply_to"] is not None:
                    reasons[row["conversation"], row["in_reply_to"]] = row["reason"]
                if row["claimed_at"] is not None:
                    claims[row["conversation"]].append(row["claimed_at"])
            spent = {
                id: agent_time(((row["at"], row["who"]) for row in rows), claims[id])
                for id, rows in itertools.groupby(
                    connection.execute(_MESSAGES, when), key=_conversation
                )
            }
            turns = connection.execute(_TURNS, when)
            for id, rows in itertools.groupby(turns, key=_conversation):
                yield LoggedConversation(
                    id=id,
                    turns=tuple(_turn(row, reasons.get((id, row["seq"]))) for row in rows),
                    agent_ms=spent.get(id),
                )


def _turn(row: sqlite3.Row, handoff: str | None) -> LoggedTurn:
    return LoggedTurn(
        seq=row["seq"],
        at=row["at"],
        text=row["text"],
        reading=_decode_reading(row["reading"]),
        handoff=handoff,
        dropped=bool(row["dropped"]),
        label=row["label"],
        result=row["result"],
    )
