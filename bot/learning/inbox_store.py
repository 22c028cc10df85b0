"""The prepared inbox in a SQLite file of its own: wordings, their messages, clusters, embeddings.

Belongs here: the file, reading pages of it, and keeping it in step with what owners decide. Does
not belong here: preparing (`bot.learning.preparing`), deciding (`bot.learning.inbox`), SQL within
one step (`bot.learning.inbox_tables`). All of
it follows from the archive and the decisions, so a file of another version is thrown away. Texts in
it are redacted. All methods block: web code calls them in a thread. The gateway imports this
module, so it is light.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from bot.errors import DeskhandError
from bot.learning.decisions import Ledger
from bot.learning.inbox_tables import (
    TABLES,
    VERSION,
    apply,
    decoded,
    note,
    noted,
    shown_in,
    sum_up,
    version,
    with_examples,
    writing,
)
from bot.learning.review_shapes import Cluster, Shown, Suggestion

#: Where it lies below the directory for what is written at run time.
INBOX: Final = Path("learning/inbox.db")
#: Seconds to wait for another process that writes.
BUSY_S: Final = 5.0
#: Wordings that are given out at once.
WORDINGS_AT_MOST: Final = 200


class InboxUnavailable(DeskhandError):
    """SQLite takes or gives nothing: the disk is full, the file is broken, or somebody has been
    writing for long."""

    code = "inbox_unavailable"


@dataclass(frozen=True, slots=True)
class Row:
    """A message of the inbox, redacted; the fields are those of `missed.Missed`."""

    conversation: str
    seq: int
    key: str
    at: int
    reasons: tuple[str, ...]
    intent: str | None
    confidence: float
    label: str | None
    labelled_by: str | None
    labelled_at: int
    afterwards: str
    reply: str
    replied_by: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A cluster as clustering made it: wordings as (key, text), the most typical first."""

    id: str
    wordings: Sequence[tuple[str, str]]
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    clusters: int
    messages: int
    customers: int
    refreshed_at: int | None


class InboxStore:
    """The file at `path`; made when it is first used, so that a gateway starts without it.

    All methods raise InboxUnavailable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made = False

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)) as db:
                db.row_factory = sqlite3.Row
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute("PRAGMA secure_delete = ON")  # what is erased is not left on the disk
                if not self._made:
                    self._make(db)
                    self._made = True
                yield db
        except (sqlite3.DatabaseError, OSError) as why:
            if isinstance(why, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise  # a mistake of ours
            raise InboxUnavailable(
                f"The review inbox cannot be used: {why}.",
                hint=f"Is the disk full? It is in {self._path}, and can be deleted: it is prepared "
                "anew, and what was decided stays decided.",
            ) from why

    def _make(self, db: sqlite3.Connection) -> None:
        if version(db) == VERSION:
            return
        self._path.chmod(0o600)  # what customers wrote is for nobody else on this machine
        db.execute("PRAGMA journal_mode = WAL")
        with writing(db):
            if version(db) == VERSION:  # made by another process meanwhile
                return
            for (name,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall():
                db.execute(f'DROP TABLE "{name}"')
            for statement in TABLES:
                db.execute(statement)

    # ------------------------------------------------------------------------------- preparing

    def vectors(self, texts: Sequence[str], encoder: str) -> dict[str, bytes]:
        """The embeddings that are kept of these texts, by text."""
        keys = {_vector_key(text, encoder): text for text in texts}
        with self._connection() as db:
            rows = db.execute(
                "SELECT key, numbers FROM vector WHERE key IN (SELECT value FROM json_each(?))",
                (_json(list(keys)),),
            )
            return {keys[key]: numbers for key, numbers in rows}

    def keep_vectors(self, vectors: Mapping[str, bytes], encoder: str) -> None:
        with self._connection() as db, writing(db):
            db.executemany(
                "INSERT OR REPLACE INTO vector VALUES (?, ?)",
                [(_vector_key(text, encoder), numbers) for text, numbers in vectors.items()],
            )

    def forget_vectors(self, texts: Iterable[str], encoder: str) -> None:
        """Forget all embeddings but those of these texts."""
        kept = {_vector_key(text, encoder) for text in texts}
        with self._connection() as db, writing(db):
            gone = [(key,) for (key,) in db.execute("SELECT key FROM vector") if key not in kept]
            db.executemany("DELETE FROM vector WHERE key = ?", gone)

    def homes(self) -> dict[str, str]:
        """By wording: the cluster in which it is."""
        with self._connection() as db:
            return dict(db.execute("SELECT key, cluster FROM wording").fetchall())

    def replace(
        self, clusters: Sequence[Prepared], rows: Sequence[Row], ledger: Ledger, *, now: int
    ) -> None:
        """Put a new preparation in the place of the old one, in one step."""
        labelled: dict[str, int] = {}
        for row in rows:
            labelled[row.key] = max(row.labelled_at, labelled.get(row.key, 0))

        def settled(key: str) -> int:
            return ledger.settled_by(key, labelled.get(key, 0)) or 0

        with self._connection() as db, writing(db):
            for table in ("wording", "message", "cluster", "suggestion"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608 (our own names)
            db.executemany(
                "INSERT INTO wording VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (key, text, c.id, c.id, number, labelled.get(key, 0), settled(key))
                    for c in clusters
                    for number, (key, text) in enumerate(c.wordings)
                ],
            )
            db.executemany(
                "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        row.conversation,
                        row.seq,
                        row.key,
                        row.at,
                        " ".join(row.reasons),
                        row.intent,
                        row.confidence,
                        row.label,
                        row.labelled_by,
                        row.afterwards,
                        row.reply,
                        row.replied_by,
                    )
                    for row in rows
                ],
            )
            db.executemany(
                "INSERT INTO suggestion VALUES (?, ?)",
                [(c.id, msgspec.json.encode(c.suggestions).decode()) for c in clusters],
            )
            note(db, "refreshed_at", str(now))
            note(db, "decisions", str(ledger.last))
            sum_up(db, [c.id for c in clusters], now)

    # ---------------------------------------------------------------- keeping in step with owners

    def follow(self, ledger: Ledger, now: int) -> None:
        """Bring the inbox to where the decisions are; quick when there is nothing new."""
        with self._connection() as db:
            if noted(db, "decisions", 0) == ledger.last:
                return
            with writing(db):
                done = noted(db, "decisions", 0)
                if done > ledger.last:  # another Redis: all that it does not know is open
                    done = 0
                apply(db, ledger, done, now)
                note(db, "decisions", str(ledger.last))

    def forget(self, conversations: Sequence[str], now: int) -> None:
        """Drop all messages of these conversations, and wordings that nobody else used."""
        with self._connection() as db, writing(db):
            gone = (_json(list(conversations)),)
            clusters = db.execute(
                "SELECT DISTINCT cluster FROM wording JOIN message USING (key) "
                "WHERE conversation IN (SELECT value FROM json_each(?))",
                gone,
            ).fetchall()
            db.execute(
                "DELETE FROM message WHERE conversation IN (SELECT value FROM json_each(?))", gone
            )
            db.execute("DELETE FROM wording WHERE key NOT IN (SELECT key FROM message)")
            sum_up(db, sorted(cluster for (cluster,) in clusters), now)

    def conversations(self) -> list[str]:
        """All whose messages are in here."""
        with self._connection() as db:
            return [id for (id,) in db.execute("SELECT DISTINCT conversation FROM message")]

    # --------------------------------------------------------------------------------- reading

    def totals(self) -> Totals:
        with self._connection() as db:
            clusters, messages = db.execute(
                "SELECT COUNT(*), COALESCE(SUM(messages), 0) FROM cluster"
            ).fetchone()
            customers = noted(db, "customers", 0)
            refreshed = noted(db, "refreshed_at", 0)
        return Totals(clusters, messages, customers, refreshed or None)

    def page(self, after: tuple[int, float, str] | None, count: int) -> list[Cluster]:
        """Open clusters in their rank, from behind `after` (see `place`)."""
        where, values = "", ()
        if after is not None:
            first, score, id = after
            where = "WHERE first > ? OR (first = ? AND (score < ? OR (score = ? AND id > ?)))"
            values = (first, first, score, score, id)  # type: ignore[assignment]
        with self._connection() as db:
            rows = db.execute(
                f"SELECT body FROM cluster {where} ORDER BY first, score DESC, id LIMIT ?",  # noqa: S608
                (*values, count),
            ).fetchall()
            return [with_examples(db, decoded(body)) for (body,) in rows]

    def cluster(self, id: str) -> Cluster | None:
        """An open cluster."""
        with self._connection() as db:
            row = db.execute("SELECT body FROM cluster WHERE id = ?", (id,)).fetchone()
            return with_examples(db, decoded(row[0])) if row else None

    def wordings(self, cluster: str, after: int, count: int = WORDINGS_AT_MOST) -> list[Shown]:
        """Its open wordings, the most typical first, without the first `after`."""
        with self._connection() as db:
            return shown_in(db, cluster, count, after)

    def keys(self, cluster: str) -> list[str]:
        """Keys of its open wordings, the most typical first."""
        with self._connection() as db:
            return [
                key
                for (key,) in db.execute(
                    "SELECT key FROM wording WHERE cluster = ? AND settled = 0 ORDER BY place",
                    (cluster,),
                )
            ]

    def texts(self, keys: Sequence[str]) -> dict[str, str]:
        """The redacted texts of wordings, open or not, as far as they are still here."""
        with self._connection() as db:
            rows = db.execute(
                "SELECT key, text FROM wording WHERE key IN (SELECT value FROM json_each(?))",
                (_json(list(keys)),),
            )
            return dict(rows.fetchall())

    def labelled_at(self, keys: Sequence[str]) -> dict[str, int]:
        """When an agent labelled one of its messages last (ms), of those that were."""
        with self._connection() as db:
            rows = db.execute(
                "SELECT key, labelled_at FROM wording WHERE labelled_at > 0 "
                "AND key IN (SELECT value FROM json_each(?))",
                (_json(list(keys)),),
            )
            return dict(rows.fetchall())

    def sources(self, key: str) -> list[tuple[str, int]]:
        """The messages that say it, as (conversation, seq), the latest first."""
        with self._connection() as db:
            return [
                (conversation, seq)
                for conversation, seq in db.execute(
                    "SELECT conversation, seq FROM message WHERE key = ? ORDER BY at DESC", (key,)
                )
            ]


def _vector_key(text: str, encoder: str) -> str:
    return hashlib.sha256(f"{encoder}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _json(values: Sequence[str]) -> str:
    """For `json_each`, which takes any number of values."""
    return msgspec.json.encode(values).decode()
