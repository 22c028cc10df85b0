"""Finding conversations in the archive: by words and by what was measured, page by page.

Belongs here: the query, the cursor, what one line of the list says. Does not belong here: which
filters there are (`bot.learning.filters`), a conversation itself (it is read from its log).
"""

# ruff: noqa: S608 (queries are put together from our own words; what people type is a parameter)

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot import wording
from bot.events import Record
from bot.learning.archive import Archive
from bot.learning.archive_extent import Extent, extent
from bot.learning.filters import BadFilter, conditions, match_of

#: Lines of a page.
PAGE: Final = 30
#: Length of what was said first, and of what was found, in a line.
PREVIEW: Final = 160
#: Words around what was found.
AROUND: Final = 14
#: A place in the list: when its last line began, and that conversation.
_CURSOR: Final = re.compile(r"(-?[0-9]{1,15})\.([A-Za-z0-9_-]{1,100})")
#: Around what was found, inside of SQLite: no text that anybody types has them.
_OPEN, _CLOSE = "\x02", "\x03"


class Part(Record, frozen=True):
    """A piece of a text; `hit`: it is what was searched for."""

    text: str
    hit: bool = False


class Hit(Record, frozen=True):
    """Where the words were found: the first message that has them."""

    seq: int
    who: str
    parts: tuple[Part, ...]


class Person(Record, frozen=True):
    login: str
    name: str


class Reason(Record, frozen=True):
    reason: str
    words: str


class Line(Record, frozen=True):
    """A conversation in the list. `first`: what the customer said first. `intents`: as which their
    messages were understood, in order. `people`: who had it, the latest last."""

    id: str
    started_at: int
    updated_at: int
    state: str
    result: str
    outcome: str
    source: str
    page: str
    language: str
    rating: int | None
    messages: int
    handoffs: int
    wait_ms: int | None
    first_response_ms: int | None
    resolution_ms: int | None
    first: str
    intents: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    labels: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    found: Hit | None = None


class Page(Record, frozen=True):
    """A part of the list, newest first. `next`: the cursor of the next part, "" at the end;
    `total`: how many there are in all, only with the first part. `archive`: of how many of the logs
    this is known."""

    archive: Extent
    conversations: tuple[Line, ...]
    next: str
    total: int | None = None


class Choices(Record, frozen=True):
    """What the filters can be set to, as far as there is anything of it."""

    intents: tuple[str, ...]
    reasons: tuple[Reason, ...]
    people: tuple[Person, ...]
    labels: tuple[str, ...]
    sources: tuple[str, ...]


def search(archive: Archive, asked: Mapping[str, str], cursor: str = "") -> Page:
    """The conversations that all filters in `asked` let through, from `cursor` on.

    Raises: BadFilter, BadPeriod."""
    found = conditions(asked, zone=archive.zone)
    where = [one.sql for one in found] or ["1"]
    values: list[Any] = [value for one in found for value in one.values]
    with archive.reading() as connection:
        total = None
        if not cursor:
            counting = f"SELECT count(*) FROM conversation c WHERE {' AND '.join(where)}"
            total = int(connection.execute(counting, values).fetchone()[0])
        else:
            where.append("(c.started_at, c.id) < (?, ?)")
            values += _place(cursor)
        rows = connection.execute(
            f"SELECT c.* FROM conversation c WHERE {' AND '.join(where)} "
            "ORDER BY c.started_at DESC, c.id DESC LIMIT ?",
            [*values, PAGE + 1],
        ).fetchall()
        more, rows = len(rows) > PAGE, rows[:PAGE]
        lines = _lines(connection, rows, match_of(asked.get("q", "")))
        known = extent(connection)
    last = lines[-1] if more else None
    return Page(
        archive=known,
        conversations=lines,
        next=f"{last.started_at}.{last.id}" if last else "",
        total=total,
    )


def choices(archive: Archive) -> Choices:
    """For the filters' lists."""
    with archive.reading() as connection:

        def column(query: str) -> tuple[str, ...]:
            return tuple(row[0] for row in connection.execute(query))

        people = connection.execute("SELECT agent, max(name) FROM person GROUP BY agent ORDER BY 2")
        return Choices(
            intents=column(
                "SELECT DISTINCT intent FROM turn WHERE payload = '' AND intent IS NOT NULL "
                "ORDER BY intent"
            ),
            reasons=tuple(
                map(_reason, column("SELECT DISTINCT reason FROM handoff ORDER BY reason"))
            ),
            people=tuple(Person(login=login, name=name) for login, name in people),
            labels=column("SELECT DISTINCT intent FROM label ORDER BY intent"),
            sources=column(
                "SELECT DISTINCT source FROM conversation WHERE source <> '' ORDER BY source"
            ),
        )


def _place(cursor: str) -> tuple[int, str]:
    if (match := _CURSOR.fullmatch(cursor)) is None:
        raise BadFilter("`cursor` is none of ours.", hint="Leave it out: the list begins anew.")
    return int(match[1]), match[2]


def _reason(reason: str) -> Reason:
    return Reason(reason=reason, words=wording.REASONS.get(reason, reason))


# ----------------------------------------------------------------------------------- the lines


def _lines(
    connection: sqlite3.Connection, rows: Sequence[sqlite3.Row], match: str
) -> tuple[Line, ...]:
    ids = [row["id"] for row in rows]
    among = f"conversation IN ({', '.join('?' * len(ids))})"

    def by_conversation(query: str) -> defaultdict[str, list[Any]]:
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for id, *values in connection.execute(query.format(among=among), ids):
            found[id].append(values[0] if len(values) == 1 else tuple(values))
        return found

    first = by_conversation(
        f"SELECT conversation, substr(text, 1, {PREVIEW}), min(seq) FROM message "
        "WHERE {among} AND who = 'customer' GROUP BY conversation"
    )
    intents = by_conversation(
        "SELECT conversation, intent FROM turn "
        "WHERE {among} AND intent IS NOT NULL AND payload = '' ORDER BY conversation, seq"
    )
    reasons = by_conversation(
        "SELECT conversation, reason FROM handoff WHERE {among} ORDER BY conversation, seq"
    )
    labels = by_conversation(
        "SELECT conversation, intent FROM label WHERE {among} ORDER BY conversation, seq"
    )
    people = by_conversation(
        "SELECT conversation, agent, name FROM person WHERE {among} ORDER BY rowid"
    )
    hits = _hits(connection, ids, match) if match else {}
    return tuple(
        Line(
            id=row["id"],
            started_at=row["started_at"],
            updated_at=row["updated_at"],
            state=row["state"],
            result=row["result"],
            outcome=row["outcome"],
            source=row["source"],
            page=row["page"],
            language=row["language"],
            rating=row["rating"],
            messages=row["customer_messages"] + row["bot_messages"] + row["agent_messages"],
            handoffs=row["handoffs"],
            wait_ms=row["wait_ms"],
            first_response_ms=row["first_response_ms"],
            resolution_ms=row["resolution_ms"],
            first=first[row["id"]][0][0] if first[row["id"]] else "",
            intents=tuple(dict.fromkeys(intents[row["id"]])),
            reasons=tuple(map(_reason, dict.fromkeys(reasons[row["id"]]))),
            labels=tuple(dict.fromkeys(labels[row["id"]])),
            people=tuple(Person(login=login, name=name) for login, name in people[row["id"]]),
            found=hits.get(row["id"]),
        )
        for row in rows
    )


def _hits(connection: sqlite3.Connection, ids: Sequence[str], match: str) -> dict[str, Hit]:
    """The first message of each conversation in which the words were found."""
    rows = connection.execute(
        f"SELECT m.conversation, m.seq, m.who, snippet(words, 0, ?, ?, '…', {AROUND}) "
        "FROM words JOIN message m ON m.id = words.rowid WHERE words MATCH ? "
        f"AND m.conversation IN ({', '.join('?' * len(ids))}) ORDER BY m.seq DESC",
        (_OPEN, _CLOSE, match, *ids),
    )
    return {id: Hit(seq=seq, who=who, parts=_parts(text)) for id, seq, who, text in rows}


def _parts(marked: str) -> tuple[Part, ...]:
    parts = []
    for number, piece in enumerate(re.split(f"[{_OPEN}{_CLOSE}]", marked)):
        if piece:
            parts.append(Part(text=piece, hit=number % 2 == 1))
    return tuple(parts)
