"""The review inbox's tables, and what follows from their rows: clusters as they are shown, and the
moves that decisions make.

Belongs here: SQL within one transaction or one look, on a connection that somebody else opened.
Does not belong here: the file, and what is done with it from outside (`bot.learning.inbox_store`).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from bot.learning.decisions import Decision, Ledger, Merged, Split
from bot.learning.missed import WEIGHTS, helped
from bot.learning.review_shapes import AFTERWARDS, REASONS, Cluster, Count, Shown, Suggestion

VERSION: Final = 1
#: Wordings that a cluster shows by itself.
EXAMPLES: Final = 5

TABLES: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    # `cluster` is where it is now, `home` where clustering put it; `place` 0: the most typical.
    (
        "CREATE TABLE wording (key TEXT PRIMARY KEY, text TEXT NOT NULL, cluster TEXT NOT NULL, "
        "home TEXT NOT NULL, place INTEGER NOT NULL, labelled_at INTEGER NOT NULL, "
        "settled INTEGER NOT NULL)"
    ),
    "CREATE INDEX wording_cluster ON wording (cluster, settled, place)",
    (
        "CREATE TABLE message (conversation TEXT NOT NULL, seq INTEGER NOT NULL, "
        "key TEXT NOT NULL, at INTEGER NOT NULL, reasons TEXT NOT NULL, intent TEXT, "
        "confidence REAL NOT NULL, "
        "label TEXT, labelled_by TEXT, afterwards TEXT NOT NULL, reply TEXT NOT NULL, "
        "replied_by TEXT NOT NULL, PRIMARY KEY (conversation, seq)) WITHOUT ROWID"
    ),
    "CREATE INDEX message_key ON message (key, at)",
    # Of what is open in it; `suggestions` are those of clustering.
    (
        "CREATE TABLE cluster (id TEXT PRIMARY KEY, first INTEGER NOT NULL, score REAL NOT NULL, "
        "messages INTEGER NOT NULL, customers INTEGER NOT NULL, body TEXT NOT NULL)"
    ),
    "CREATE INDEX cluster_rank ON cluster (first, score DESC, id)",
    "CREATE TABLE suggestion (cluster TEXT PRIMARY KEY, body TEXT NOT NULL)",
    "CREATE TABLE vector (key TEXT PRIMARY KEY, numbers BLOB NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version = {VERSION}",
)


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """One step: all of it, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.rollback()
        raise
    db.commit()


def version(db: sqlite3.Connection) -> int:
    """Of the tables."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def note(db: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a fact about the whole inbox."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def noted(db: sqlite3.Connection, name: str, default: int) -> int:
    """What was kept under that name."""
    row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else default


def place(cluster: Cluster) -> tuple[int, float, str]:
    """Where a cluster stands among all: first those with labels, then by score."""
    return (0 if cluster.labelled else 1, cluster.score, cluster.id)


def seen(keys: Iterable[str]) -> str:
    """Stands for a set of wordings: another when one comes or goes."""
    return hashlib.sha256(" ".join(sorted(keys)).encode()).hexdigest()[:16]


def apply(db: sqlite3.Connection, ledger: Ledger, done: int, now: int) -> None:
    """Do what was decided after the decision `done`."""
    changed: dict[str, Decision] = {}
    for number in range(done + 1, ledger.last + 1):
        entry = ledger.decision_at(number)
        changed.update(dict.fromkeys(entry.keys if entry else (), entry))  # type: ignore[arg-type]
    pinned = ledger.pinned()
    touched: set[str] = set()
    for key, entry in changed.items():
        row = db.execute(
            "SELECT cluster, home, labelled_at FROM wording WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            continue
        home = row["home"]
        if home != pinned.get(key) and home == _target(entry):  # it was moved, and is not any more
            home = _origin(entry, key)
        cluster = pinned.get(key, home)
        touched |= {row["cluster"], cluster}
        db.execute(
            "UPDATE wording SET cluster = ?, home = ?, settled = ? WHERE key = ?",
            (cluster, home, ledger.settled_by(key, row["labelled_at"]) or 0, key),
        )
    sum_up(db, sorted(touched), now)


def _target(entry: Decision) -> str | None:
    """The cluster to which a decision moved its wordings."""
    if isinstance(entry, Split):
        return entry.into
    return entry.cluster if isinstance(entry, Merged) else None


def _origin(entry: Decision, key: str) -> str:
    """The cluster from which a decision moved a wording."""
    if isinstance(entry, Merged):
        return next((id for id, keys in entry.parts.items() if key in keys), entry.cluster)
    return entry.cluster


def sum_up(db: sqlite3.Connection, clusters: Sequence[str], now: int) -> None:
    """Write anew what these clusters are, from their open wordings; empty ones go."""
    for id in clusters:
        db.execute("DELETE FROM cluster WHERE id = ?", (id,))
        rows = db.execute(
            "SELECT w.key, w.text, w.place, m.conversation, m.at, m.reasons, m.label, m.afterwards "
            "FROM wording w JOIN message m USING (key) WHERE w.cluster = ? AND w.settled = 0 "
            "ORDER BY w.place, w.key",
            (id,),
        ).fetchall()
        if not rows:
            continue
        body = _summary(db, id, rows, now)
        db.execute(
            "INSERT INTO cluster VALUES (?, ?, ?, ?, ?, ?)",
            (
                id,
                0 if body.labelled else 1,
                body.score,
                body.messages,
                body.customers,
                msgspec.json.encode(body).decode(),
            ),
        )
    # Counted here, since counting takes a tenth of a second with 50,000 messages.
    (customers,) = db.execute(
        "SELECT COUNT(DISTINCT conversation) FROM message JOIN wording USING (key) "
        "WHERE settled = 0"
    ).fetchone()
    note(db, "customers", str(customers))


def _summary(db: sqlite3.Connection, id: str, rows: Sequence[sqlite3.Row], now: int) -> Cluster:
    first = [row["reasons"].split(" ")[0] for row in rows]
    score = helped(
        ((r["conversation"], r["at"], WEIGHTS[why]) for r, why in zip(rows, first, strict=True)),
        now,
    )
    keys = {row["key"] for row in rows}
    return Cluster(
        id=id,
        title=rows[0]["text"],
        messages=len(rows),
        wordings=len(keys),
        customers=len({row["conversation"] for row in rows}),
        score=round(score, 4),
        labelled=sum(row["label"] is not None for row in rows),
        first_at=min(row["at"] for row in rows),
        last_at=max(row["at"] for row in rows),
        seen=seen(keys),
        reasons=_counted((why for row in rows for why in row["reasons"].split(" ")), REASONS),
        afterwards=_counted((row["afterwards"] for row in rows), AFTERWARDS),
        suggestions=_suggestions(db, id),
    )


def _suggestions(db: sqlite3.Connection, cluster: str) -> tuple[Suggestion, ...]:
    """Those of clustering; of a cluster that was split off, those of where its wordings were."""
    row = db.execute(
        "SELECT body FROM suggestion WHERE cluster = ? OR cluster IN "
        "(SELECT home FROM wording WHERE cluster = ?) ORDER BY cluster = ? DESC LIMIT 1",
        (cluster, cluster, cluster),
    ).fetchone()
    return msgspec.json.decode(row[0], type=tuple[Suggestion, ...]) if row else ()


def _counted(codes: Iterable[str], words: Mapping[str, str]) -> tuple[Count, ...]:
    counts = Counter(codes)
    order = sorted(counts, key=lambda code: (-counts[code], list(words).index(code)))
    return tuple(Count(code=code, words=words[code], messages=counts[code]) for code in order)


decoded: Callable[[str], Cluster] = msgspec.json.Decoder(Cluster).decode


def with_examples(db: sqlite3.Connection, cluster: Cluster) -> Cluster:
    """The cluster with its most typical wordings."""
    return msgspec.structs.replace(cluster, examples=tuple(shown_in(db, cluster.id, EXAMPLES)))


def shown_in(db: sqlite3.Connection, cluster: str, count: int, after: int = 0) -> list[Shown]:
    """Its open wordings, the most typical first, without the first `after`."""
    shown = []
    for key, text in db.execute(
        "SELECT key, text FROM wording WHERE cluster = ? AND settled = 0 "
        "ORDER BY place, key LIMIT ? OFFSET ?",
        (cluster, count, after),
    ).fetchall():
        rows = db.execute(
            "SELECT * FROM message WHERE key = ? ORDER BY at DESC, conversation, seq", (key,)
        ).fetchall()
        labelled = next((row for row in rows if row["label"] is not None), None)
        latest = labelled or rows[0]
        reasons = {why for row in rows for why in row["reasons"].split(" ")}
        shown.append(
            Shown(
                id=key,
                text=text,
                messages=len(rows),
                customers=len({row["conversation"] for row in rows}),
                conversation=latest["conversation"],
                seq=latest["seq"],
                at=latest["at"],
                reasons=tuple(why for why in REASONS if why in reasons),
                intent=latest["intent"],
                confidence=round(latest["confidence"], 3),
                label=latest["label"],
                labelled_by=latest["labelled_by"],
                afterwards=latest["afterwards"],
                reply=latest["reply"],
                replied_by=latest["replied_by"],
            )
        )
    return shown
