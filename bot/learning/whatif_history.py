"""Logged conversations out of the archive, for what-if.

Belongs here: the questions to the database. Does not belong here: what its rows say
(`bot.learning.facts`), or what is made of them (`bot.learning.whatif`).
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from operator import itemgetter

import msgspec

from bot.events import Reading
from bot.learning.archive import Archive
from bot.learning.archive_extent import Extent, extent
from bot.learning.logged import LoggedConversation, LoggedTurn, agent_time

_VERSIONS = """
    SELECT id, seq FROM conversation
    WHERE id IN (SELECT conversation FROM turn WHERE at >= :since)
"""
_TURNS = """
    SELECT conversation, seq, at, text, label, dropped, result, reading FROM turn
    WHERE conversation IN (SELECT value FROM json_each(:ids)) ORDER BY conversation, seq
"""
_HANDOFFS = """
    SELECT conversation, in_reply_to, reason, claimed_at FROM handoff
    WHERE conversation IN (SELECT value FROM json_each(:ids))
"""
_MESSAGES = """
    SELECT conversation, at, who FROM message
    WHERE who IN ('customer', 'bot', 'agent') AND conversation IN (
        SELECT id FROM conversation WHERE agent_messages > 0
        AND id IN (SELECT value FROM json_each(:ids))
    )
    ORDER BY conversation, seq
"""

_decode_reading = msgspec.json.Decoder(Reading).decode
_conversation = itemgetter("conversation")


@contextmanager
def archived_history(archive: Archive) -> Iterator[ArchivedHistory]:
    """The archive as it is now, until the block ends."""
    with archive.reading() as connection:
        yield ArchivedHistory(connection)


class ArchivedHistory:
    """A `bot.learning.logged.History`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def extent(self) -> Extent:
        """Of how many of all logs this is."""
        return extent(self._connection)

    def versions(self, since: int) -> dict[str, int]:
        """Each with a message since then (ms), and up to which seq its log is in the archive."""
        return {
            row["id"]: row["seq"] for row in self._connection.execute(_VERSIONS, {"since": since})
        }

    def chosen(self, ids: Collection[str]) -> Iterator[LoggedConversation]:
        """These, whole."""
        connection, which = self._connection, {"ids": json.dumps(list(ids))}
        reasons: dict[tuple[str, int], str] = {}
        claims: defaultdict[str, list[int]] = defaultdict(list)
        for row in connection.execute(_HANDOFFS, which):
            if row["in_reply_to"] is not None:
                reasons[row["conversation"], row["in_reply_to"]] = row["reason"]
            if row["claimed_at"] is not None:
                claims[row["conversation"]].append(row["claimed_at"])
        spent = {
            id: agent_time(((row["at"], row["who"]) for row in rows), claims[id])
            for id, rows in itertools.groupby(
                connection.execute(_MESSAGES, which), key=_conversation
            )
        }
        turns = connection.execute(_TURNS, which)
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
