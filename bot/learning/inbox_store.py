"""The prepared inbox in a SQLite file of its own: wordings, their messages, clusters, embeddings.

Belongs here: the tables, reading pages of them, and keeping them in step with what owners decide.
Does not belong here: preparing (`bot.learning.preparing`), deciding (`bot.learning.inbox`). All of
it follows from the archive and the decisions, so a file of another version is thrown away. Texts in
it are redacted. All methods block: web code calls them in a thread. The gateway imports this
module, so it is light.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from bot.errors import DeskhandError
from bot.learning.decisions import Decision, Ledger, Merged, Split
from bot.learning.missed import WEIGHTS, helped
from bot.learning.review_shapes import AFTERWARDS, REASONS, Cluster, Count, Shown, Suggestion

#: Where it lies below the directory for what is written at run time.
INBOX: Final = Path("learning/inbox.db")
VERSION: Final = 1
BUSY_S: Final = 5.0
#: Wordings that a cluster shows by itself, and at most on one page of it.
EXAMPLES: Final = 5
WORDINGS_AT_MOST: Final = 200

_TABLES: Final = (
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
        if _version(db) == VERSION:
            return
        self._path.chmod(0o600)  # what customers wrote is for nobody else on this machine
        db.execute("PRAGMA journal_mode = WAL")
        with _writing(db):
            if _version(db) == VERSION:  # made by another process meanwhile
                return
            for (name,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall():
                db.execute(f'DROP TABLE "{name}"')
            for statement in _TABLES:
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
        with self._connection() as db, _writing(db):
            db.executemany(
                "INSERT OR REPLACE INTO vector VALUES (?, ?)",
                [(_vector_key(text, encoder), numbers) for text, numbers in vectors.items()],
            )

    def forget_vectors(self, texts: Iterable[str], encoder: str) -> None:
        """Forget all embeddings but those of these texts."""
        kept = {_vector_key(text, encoder) for text in texts}
        with self._connection() as db, _writing(db):
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

        with self._connection() as db, _writing(db):
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
            _note(db, "refreshed_at", str(now))
            _note(db, "decisions", str(ledger.last))
            _sum_up(db, [c.id for c in clusters], now)

    # ---------------------------------------------------------------- keeping in step with owners

    def follow(self, ledger: Ledger, now: int) -> None:
        """Bring the inbox to where the decisions are; quick when there is nothing new."""
        with self._connection() as db:
            if _noted(db, "decisions", 0) == ledger.last:
                return
            with _writing(db):
                done = _noted(db, "decisions", 0)
                if done > ledger.last:  # another Redis: all that it does not know is open
                    done = 0
                _apply(db, ledger, done, now)
                _note(db, "decisions", str(ledger.last))

    def forget(self, conversations: Sequence[str], now: int) -> None:
        """Drop all messages of these conversations, and wordings that nobody else used."""
        with self._connection() as db, _writing(db):
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
            _sum_up(db, sorted(cluster for (cluster,) in clusters), now)

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
            customers = _noted(db, "customers", 0)
            refreshed = _noted(db, "refreshed_at", 0)
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
            return [_with_examples(db, _cluster(body)) for (body,) in rows]

    def cluster(self, id: str) -> Cluster | None:
        """An open cluster."""
        with self._connection() as db:
            row = db.execute("SELECT body FROM cluster WHERE id = ?", (id,)).fetchone()
            return _with_examples(db, _cluster(row[0])) if row else None

    def wordings(self, cluster: str, after: int, count: int = WORDINGS_AT_MOST) -> list[Shown]:
        """Its open wordings, the most typical first, without the first `after`."""
        with self._connection() as db:
            return _shown(db, cluster, count, after)

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


def place(cluster: Cluster) -> tuple[int, float, str]:
    """Where a cluster stands among all: first those with labels, then by score."""
    return (0 if cluster.labelled else 1, cluster.score, cluster.id)


def seen(keys: Iterable[str]) -> str:
    """Stands for a set of wordings: another when one comes or goes."""
    return hashlib.sha256(" ".join(sorted(keys)).encode()).hexdigest()[:16]


# --------------------------------------------------------------------------------- within a step


def _apply(db: sqlite3.Connection, ledger: Ledger, done: int, now: int) -> None:
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
    _sum_up(db, sorted(touched), now)


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


def _sum_up(db: sqlite3.Connection, clusters: Sequence[str], now: int) -> None:
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
    _note(db, "customers", str(customers))


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


_cluster: Callable[[str], Cluster] = msgspec.json.Decoder(Cluster).decode


def _with_examples(db: sqlite3.Connection, cluster: Cluster) -> Cluster:
    return msgspec.structs.replace(cluster, examples=tuple(_shown(db, cluster.id, EXAMPLES)))


def _shown(db: sqlite3.Connection, cluster: str, count: int, after: int = 0) -> list[Shown]:
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


# ------------------------------------------------------------------------------------- the file


@contextmanager
def _writing(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.rollback()
        raise
    db.commit()


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _note(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def _noted(db: sqlite3.Connection, name: str, default: int) -> int:
    row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else default


def _vector_key(text: str, encoder: str) -> str:
    return hashlib.sha256(f"{encoder}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _json(values: Sequence[str]) -> str:
    """For `json_each`, which takes any number of values."""
    return msgspec.json.encode(values).decode()
