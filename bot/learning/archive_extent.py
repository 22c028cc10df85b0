"""How much of the logs the archive holds: it is made from them again after an upgrade or a loss,
and meanwhile whoever looks at figures or lists must know that they are of a part.

Pure but for the connection that it is given. Does not belong here: noting what is missing
(`bot.archiving`), or the tables (`bot.learning.archive_schema`).
"""

from __future__ import annotations

import sqlite3

from bot.events import Record


class Extent(Record, frozen=True):
    """Of the logged conversations, how many are in the archive as they are; `of` is None as long as
    nobody has looked how many there are."""

    read: int
    of: int | None

    @property
    def complete(self) -> bool:
        return self.read == self.of

    def told(self) -> str:
        """In a sentence, for somebody who looks at figures or a list; "" for all of it."""
        if self.of is None:
            return "The archive is being made from the logs: this is not complete yet."
        if self.complete:
            return ""
        return f"{self.read:,} of {self.of:,} conversations read: this is not complete yet."


def extent(connection: sqlite3.Connection) -> Extent:
    """How much there is of the logs, in the moment that `connection` sees."""
    there, unread, looked = connection.execute(
        "SELECT (SELECT count(*) FROM conversation), (SELECT count(*) FROM unread),"
        " (SELECT count(*) FROM compared)"
    ).fetchone()
    old = connection.execute(
        "SELECT count(*) FROM unread JOIN conversation ON id = unread.conversation"
    ).fetchone()[0]
    read = there - old
    return Extent(read=read, of=read + unread if looked else None)
