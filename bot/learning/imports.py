"""`deskhand import`, and the same in the studio (`bot.learning.import_job`): conversations that
were held elsewhere, from files and from Rasa's stores.

Belongs here: reading files and databases, writing logs to Redis, saying what could not be taken.
Does not belong here: formats and what becomes of a conversation (`bot.learning.history`).

Each conversation is written whole or not at all, under an id that follows from the source's own:
what is imported again is there already. One that cannot be read is named and left out, and the
others come in.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from bot.conversation import Conversation
from bot.errors import DeskhandError, UnknownConversation
from bot.learning.history import History, NotAConversation, conversation_in, log_of
from bot.store import Store

#: Databases that Rasa's SQL tracker store knows, as far as their addresses say so.
_SQL: Final = ("sqlite", "postgresql", "mysql", "oracle", "mssql")
#: Rasa's prefix of the keys in its Redis tracker store.
TRACKERS: Final = "tracker:"
#: Rows of a database, and keys of a Redis, that are fetched at once.
FETCHED: Final = 500
#: JSON Lines are read one by one, but a document of JSON is read into memory; more than a small
#: business ever wrote.
FILE_AT_MOST: Final = 512 * 1024**2
#: What `json.loads` raises: no JSON, no UTF-8, a number of thousands of digits; too many brackets.
_NO_JSON: Final = (ValueError, RecursionError)


class SourceUnreadable(DeskhandError):
    """Nothing could be read from there at all."""

    code = "source_unreadable"


@dataclass(frozen=True, slots=True)
class Found:
    """One conversation of a source, or what is wrong with it. `place` says where it stands."""

    place: str
    value: object = None
    wrong: str = ""


@dataclass(slots=True)
class Tally:
    """What came of an import."""

    conversations: int = 0
    messages: int = 0
    known: int = 0
    left_out: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [f"Imported {self.conversations:,} conversations with {self.messages:,} messages"]
        if self.known:
            parts.append(f"{self.known:,} were there already")
        if self.left_out:
            parts.append(f"{len(self.left_out):,} were left out")
        return "; ".join(parts) + "."


#: Told now and then how many conversations have been gone through.
Progress = Callable[[int], Awaitable[None]]
#: What is done with one: whether it is new.
Handle = Callable[[History, str], Awaitable[bool]]


async def _silent(_: int) -> None:
    """For who does not watch."""


async def bring_in(
    store: Store,
    source: str,
    *,
    name: str = "",
    called: str = "",
    progress: Progress = _silent,
) -> Tally:
    """Import all of `source`: a file, or the address of a database.

    Args:
        name: a word for where it comes from, shown beside each conversation; the file's name if
            empty. Together with a conversation's own id it makes our id.
        called: what people call the file, in what is said about its lines; its name if empty.

    Raises:
        SourceUnreadable: there is nothing to read.
        StoreUnavailable: Redis is away; what is there by then stays, and importing again goes on.
    """
    name = name or _name_of(source)

    async def write(history: History, id: str) -> bool:
        return await _write(store, history, id, name)

    return await _each(store, source, name, called, write, progress)


async def look_into(
    store: Store,
    source: str,
    *,
    name: str,
    called: str,
    seen: Callable[[History], None],
    progress: Progress = _silent,
) -> Tally:
    """What `bring_in` would do, without doing it. `seen`: called with each that would come in.

    Raises: as `bring_in`."""
    ids: set[str] = set()

    async def look(history: History, id: str) -> bool:
        new = id not in ids and not await _is_there(store, id)
        ids.add(id)
        if new:
            seen(history)
        return new

    return await _each(store, source, name, called, look, progress)


async def _each(
    store: Store, source: str, name: str, called: str, handle: Handle, progress: Progress
) -> Tally:
    secret = await store.secret("import")
    tally = Tally()
    for found in read(source, called):
        try:
            if found.wrong:
                raise NotAConversation(found.wrong)
            history = conversation_in(found.value)
        except NotAConversation as why:
            tally.left_out.append(f"{found.place}: {why.message}")
            continue
        if await handle(history, _id_of(secret, name, history.id)):
            tally.conversations += 1
            tally.messages += len(history.lines)
        else:
            tally.known += 1
        if (tally.conversations + tally.known) % 100 == 0:
            await progress(tally.conversations + tally.known)
    return tally


async def _is_there(store: Store, id: str) -> bool:
    try:
        await store.load(id)
    except UnknownConversation:
        return False
    return True


async def _write(store: Store, history: History, id: str, name: str) -> bool:
    after, entries = log_of(history, id, name)
    return (await store.append(Conversation(id=id), after, entries, "import")).stored


def _id_of(secret: str, name: str, id: str) -> str:
    """Like any other id of ours: nobody who knows the source's own can tell it."""
    digest = hashlib.sha256(f"{secret}\0{name}\0{id}".encode()).digest()
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


# ------------------------------------------------------------------------------------ reading


def read(source: str, called: str = "") -> Iterator[Found]:
    """The conversations of a source, one after the other. `called`: as `bring_in` has it.

    Raises: SourceUnreadable."""
    scheme, _, _ = source.partition("://")
    kind = scheme.partition("+")[0] if "://" in source else ""
    if kind in _SQL:
        yield from _from_sql(source)
    elif kind in ("redis", "rediss"):
        yield from _from_redis(source)
    elif kind:
        raise SourceUnreadable(
            f"Nothing can be imported from {scheme}://.",
            hint="Give a .json or .jsonl file, or the address of Rasa's tracker store: "
            "sqlite:///rasa.db, postgresql://..., redis://...",
        )
    else:
        yield from _from_file(Path(source), called or Path(source).name)


def _from_file(path: Path, called: str) -> Iterator[Found]:
    """A JSON document (one conversation, a list of them, or an object that holds the list), or JSON
    Lines, which are never all in memory."""
    try:
        if path.stat().st_size > FILE_AT_MOST:
            raise SourceUnreadable(
                f"{called} is larger than {FILE_AT_MOST // 1024**2} MB.",
                hint="Split it, and import the parts.",
            )
        if not _is_lines(path):
            try:
                document = json.loads(path.read_text(encoding="utf-8-sig"))
            except _NO_JSON:
                pass  # then its lines tell what is wrong with it
            else:
                for number, value in enumerate(_conversations_of(document), 1):
                    yield Found(f"{called}, conversation {number}", value)
                return
        with path.open(encoding="utf-8-sig") as file:
            yield from _lines(called, file)
    except OSError as why:
        raise SourceUnreadable(f"{called} cannot be read: {why.strerror}.") from None
    except UnicodeDecodeError as why:
        raise SourceUnreadable(
            f"{called} is not UTF-8 (byte 0x{why.object[why.start]:02x}).",
            hint="Save the file as UTF-8.",
        ) from None


def _is_lines(path: Path) -> bool:
    """Whether there are several lines, of which the first is a whole JSON value. Raises: OSError,
    UnicodeDecodeError."""
    with path.open(encoding="utf-8-sig") as file:
        written = (line for line in file if line.strip())
        try:
            json.loads(next(written, ""))
        except _NO_JSON:
            return False
        return next(written, None) is not None


def _lines(called: str, lines: Iterable[str]) -> Iterator[Found]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{called}, line {number}"
        try:
            yield Found(place, json.loads(line.rstrip("\n")))
        except _NO_JSON as why:
            column = f", column {why.colno}" if isinstance(why, json.JSONDecodeError) else ""
            yield Found(place, wrong=f"It is no JSON{column}.")


def _conversations_of(document: object) -> list[Any]:
    """Chatwoot's API wraps its lists: {"data": {"payload": [...]}}."""
    inner = document.get("data", document) if isinstance(document, dict) else document
    if isinstance(inner, dict):
        for key in ("payload", "conversations"):
            held = inner.get(key)
            if isinstance(held, list) and all(
                isinstance(one, dict) and ("messages" in one or "events" in one) for one in held
            ):
                return held
    return inner if isinstance(inner, list) else [inner]


def _from_sql(url: str) -> Iterator[Found]:
    """Rasa's SQL tracker store: a table of events. SQLAlchemy comes with Rasa; other databases than
    SQLite need their driver, as they do for Rasa."""
    import sqlalchemy as sa

    try:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            events = sa.text("SELECT sender_id, data FROM events ORDER BY sender_id, id")
            rows = connection.execution_options(stream_results=True).execute(events)
            for sender, group in groupby(rows, key=lambda row: str(row[0])):
                yield _tracker(f"sender {sender}", sender, [row[1] for row in group])
    except (sa.exc.SQLAlchemyError, ImportError) as why:
        raise SourceUnreadable(
            f"The tracker store cannot be read: {str(why).splitlines()[0]}",
            hint="Is it the address that Rasa's endpoints.yml has, with a table called events?",
        ) from None


def _tracker(place: str, sender: str, events: list[str]) -> Found:
    try:
        return Found(place, {"sender_id": sender, "events": [json.loads(e) for e in events]})
    except (*_NO_JSON, TypeError):
        return Found(place, wrong="One of its events is no JSON.")


def _from_redis(url: str) -> Iterator[Found]:
    """Rasa's Redis tracker store: a JSON text for each tracker. A prefix of one's own goes behind a
    `#`: redis://host/0#shop."""
    from redis import Redis
    from redis.exceptions import RedisError, ResponseError

    address, _, prefix = url.partition("#")
    start = f"{prefix}:{TRACKERS}" if prefix else TRACKERS
    try:
        with Redis.from_url(address, socket_connect_timeout=5, socket_timeout=20) as client:
            for key in client.scan_iter(match=f"{start}*", count=FETCHED):
                place = f"tracker {key.decode(errors='replace').removeprefix(start)}"
                try:
                    found = Found(place, json.loads(client.get(key) or b""))
                except ResponseError:
                    found = Found(place, wrong="It is no text, but something else of that name.")
                except _NO_JSON:
                    found = Found(place, wrong="It is no JSON.")
                yield found
    except (RedisError, ValueError) as why:
        raise SourceUnreadable(f"That Redis cannot be read: {why}") from None


def _name_of(source: str) -> str:
    return source.partition("://")[0] if "://" in source else Path(source).stem
