"""The review inbox: what owners see of it, and what they decide.

Belongs here: one decision after another, each checked against what is there now, written where it
belongs and then noted. Does not belong here: preparing the inbox (`bot.learning.review_job`), its
tables (`bot.learning.inbox_store`), what decisions add up to (`bot.learning.decisions`) and do to
the examples (`bot.learning.teaching`), HTTP.

**One at a time.** The studio lives where the project's files are, so a lock on a file there makes
decisions wait for each other, also between the gateway and the command line; the kernel gives it
back when a process dies. Within it the order is: look, write the examples, note the decision. When
it is killed between the last two, the examples are there and the cluster is still open; accepting
it again adds nothing twice. The gateway imports this module, so it is light.
"""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import anyio
import anyio.to_thread
from msgspec import structs
from redis.asyncio import Redis

from bot.errors import DeskhandError
from bot.events import Agent
from bot.learning.decision_log import DecisionLog
from bot.learning.decisions import (
    FINAL,
    Accepted,
    AlreadyDecided,
    Decision,
    Ignored,
    Ledger,
    Merged,
    Paged,
    Split,
    Undone,
    clock,
    what,
)
from bot.learning.domain_edits import NewIntent
from bot.learning.examples import Added, LearnedExamples
from bot.learning.help_edits import NEW, save_page, take_back
from bot.learning.inbox_store import INBOX, WORDINGS_AT_MOST, InboxStore
from bot.learning.inbox_tables import place, seen
from bot.learning.review_shapes import Cluster, Decided, InboxPage, Shown
from bot.learning.teaching import examples_of, teach, unteach
from bot.store import STATE, reachable

T = TypeVar("T")

LOCK: Final = Path("learning/deciding.lock")
#: Seconds that a decision waits for another one: writing examples takes less than one.
PATIENCE_S: Final = 15.0
#: Examples that one decision adds: more of the same teach little, and drown other intents.
TAUGHT_AT_MOST: Final = 50
#: Where help pages usually are, in the project's directory.
HELP: Final = Path("data/help")
CLUSTERS_AT_MOST: Final = 100
DECISIONS_AT_MOST: Final = 50
#: A place in the list: whether it has labels, its score, its id.
_CURSOR: Final = re.compile(r"([01]):([0-9]{1,12}(?:\.[0-9]{1,20})?(?:e-[0-9]{1,3})?):(.{1,80})")
#: Conversations that are looked for in the log at once.
CONVERSATIONS_AT_ONCE: Final = 1_000


class UnknownCluster(DeskhandError):
    code = "unknown_cluster"


class ClusterChanged(DeskhandError):
    """Its messages are not those that the owner saw."""

    code = "cluster_changed"


class BadCursor(DeskhandError):
    """Not one that a page has given."""

    code = "bad_cursor"


class InboxBusy(DeskhandError):
    """Another decision takes long."""

    code = "inbox_busy"


@dataclass(frozen=True, slots=True)
class Taught:
    """A decision, and what it added to the examples."""

    decision: Decided
    added: Added


class Inbox:
    """Of the project in `root`, with what is written at run time in `var`, and its help pages in
    `help` (relative to `root`, or anywhere). Safe to share between tasks."""

    def __init__(
        self,
        redis: Redis[bytes],
        root: Path,
        var: Path,
        *,
        help: Path = HELP,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._redis = redis
        self._root = root
        self._help = root / help
        self._log = DecisionLog(redis)
        self._store = InboxStore(var / INBOX)
        self._examples = LearnedExamples(root)
        self._lock = var / LOCK
        self._now = now

    # --------------------------------------------------------------------------------- reading

    async def page(self, by: Agent, cursor: str | None = None, count: int = 30) -> InboxPage:
        """Open clusters in their rank. `cursor`: the `next` of the page before.

        Raises: BadCursor."""
        ledger = await self._follow()
        after = None if cursor is None else _place_of(cursor)
        few = max(1, min(count, CLUSTERS_AT_MOST))
        clusters = await _thread(self._store.page, after, few)
        while await self._erased([one for cluster in clusters for one in cluster.examples]):
            clusters = await _thread(self._store.page, after, few)
        totals = await _thread(self._store.totals)
        return InboxPage(
            open=tuple(clusters),
            next=_cursor_of(clusters[-1]) if len(clusters) == few else None,
            clusters=totals.clusters,
            messages=totals.messages,
            customers=totals.customers,
            refreshed_at=totals.refreshed_at,
            last=ledger.latest_of(by),
        )

    async def cluster(self, id: str, after: int = 0) -> tuple[Cluster, list[Shown], int | None]:
        """A cluster, a part of its wordings, and from where the next part is.

        Raises: UnknownCluster, AlreadyDecided."""
        await self._follow()
        wordings = await _thread(self._store.wordings, id, after)
        while await self._erased(wordings):
            wordings = await _thread(self._store.wordings, id, after)
        cluster = await self._cluster(id)
        more = after + len(wordings) if len(wordings) == WORDINGS_AT_MOST else None
        return cluster, wordings, more

    async def decisions(self, before: int | None = None) -> tuple[list[Decided], int | None]:
        """Decisions, newest first; `before`: the second value of the call before."""
        ledger = await self._follow()
        numbers = [n for n in sorted(ledger.entries, reverse=True) if before is None or n < before]
        some = numbers[:DECISIONS_AT_MOST]
        more = some[-1] if len(numbers) > len(some) else None
        return [ledger.shown(number) for number in some], more

    async def refreshed_at(self) -> int | None:
        """When it was prepared (ms); None: never."""
        return (await _thread(self._store.totals)).refreshed_at

    async def _follow(self) -> Ledger:
        ledger = await self._log.ledger()
        await _thread(self._store.follow, ledger, self._now())
        return ledger

    async def _cluster(self, id: str) -> Cluster:
        found = await _thread(self._store.cluster, id)
        if found is not None:
            return found
        ledger = await self._log.ledger()
        for number in sorted(ledger.entries, reverse=True):
            entry = ledger.entries[number]
            if entry.cluster == id and number not in ledger.undone and isinstance(entry, FINAL):
                raise _taken(entry)
        raise UnknownCluster(
            "There is no such cluster any more.", hint="Load the inbox again: it has changed."
        )

    async def _erased(self, shown: Sequence[Shown]) -> bool:
        """Forget the conversations behind these that were erased from the log meanwhile: they are
        to be seen nowhere, also before the next refresh. Whether there were any."""
        return await self._forget_erased({one.conversation for one in shown})

    async def forget_erased(self) -> None:
        """Forget all conversations that were erased from the log."""
        ids = await _thread(self._store.conversations)
        for start in range(0, len(ids), CONVERSATIONS_AT_ONCE):
            await self._forget_erased(ids[start : start + CONVERSATIONS_AT_ONCE])

    async def _forget_erased(self, ids: Collection[str]) -> bool:
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for id in ids:
                pipe.exists(STATE.format(id))
            there = await pipe.execute() if ids else []
        gone = [id for id, found in zip(ids, there, strict=True) if not found]
        if gone:
            await _thread(self._store.forget, gone, self._now())
        return bool(gone)

    # -------------------------------------------------------------------------------- deciding

    async def accept(
        self,
        by: Agent,
        cluster: str,
        intent: str,
        *,
        seen: str | None = None,
        wordings: Sequence[str] | None = None,
        answer: str | None = None,
    ) -> Taught:
        """The wordings (all of the cluster, or those named) become examples of an intent, which is
        made with `answer` if that is given. Wordings that are examples of another intent already
        are left out and told, unless there is nothing else.

        Args:
            seen: of the cluster that the owner saw; not needed with `wordings`.

        Raises:
            UnknownCluster, AlreadyDecided, ClusterChanged, InboxBusy: nothing was done.
            UnknownIntent, IntentExists, BadIntentName, BadAnswer, ExampleConflict, BrokenFile,
            FilesBusy, NotWritten: nothing was written.
        """
        async with self._alone():
            before, keys = await self._chosen(cluster, seen, wordings)
            new = None if answer is None else NewIntent(name=intent, answer=answer)
            added = await _thread(self._teach, keys[:TAUGHT_AT_MOST], intent, by, new)
            make = partial(
                Accepted,
                intent=intent,
                made=new is not None,
                added=len(added.trained) + len(added.held_out),
            )
            try:
                decision = await self._note(make, by, before, keys)
            except AlreadyDecided:
                # Only then: after any other error the decision may have been noted all the same.
                texts = [one.text for one in (*added.trained, *added.held_out)]
                await _thread(partial(self._examples.remove, unmake=bool(new)), texts, intent)
                raise
        return Taught(decision, added)

    async def ignore(
        self,
        by: Agent,
        cluster: str,
        *,
        seen: str | None = None,
        wordings: Sequence[str] | None = None,
    ) -> Decided:
        """Nothing is to be learned from them. Raises: as `accept`."""
        async with self._alone():
            before, keys = await self._chosen(cluster, seen, wordings)
            return await self._note(Ignored, by, before, keys)

    async def answered_by_page(
        self, by: Agent, cluster: str, page: str, *, text: str, seen: str
    ) -> Decided:
        """A new help page of that text answers them. Raises: as `accept`, and what `save_page`
        raises."""
        async with self._alone():
            before, keys = await self._chosen(cluster, seen, None)
            saved = await _thread(save_page, self._root, self._help, page, text, NEW)
            make = partial(Paged, page=page, version=saved.version)
            try:
                return await self._note(make, by, before, keys)
            except AlreadyDecided:
                # Only then: after any other error the decision may have been noted all the same.
                await _thread(take_back, self._root, self._help, page, saved.version)
                raise

    async def split(self, by: Agent, cluster: str, wordings: Sequence[str]) -> tuple[Decided, str]:
        """The wordings become a cluster of their own, whose id is the second value.

        Raises: as `accept`; ClusterChanged also when nothing would be left behind."""
        async with self._alone():
            before, keys = await self._chosen(cluster, None, wordings)
            if len(keys) >= before.wordings or not keys:
                raise ClusterChanged(
                    "A split takes some of a cluster's wordings, not all and not none.",
                    hint="Choose those that do not belong.",
                )
            into = f"s{(await self._log.ledger()).last + 1}"
            return await self._note(partial(Split, into=into), by, before, keys), into

    async def merge(self, by: Agent, cluster: str, others: Sequence[str]) -> tuple[Decided, str]:
        """The other clusters become part of this one, whose id stays. Raises: as `accept`."""
        async with self._alone():
            names = list(dict.fromkeys([cluster, *others]))
            if len(names) < 2:
                raise ClusterChanged("A merge takes at least two clusters.")
            parts: dict[str, tuple[str, ...]] = {}
            for name in names:
                await self._cluster(name)
                parts[name] = tuple(await _thread(self._store.keys, name))
            before = await self._cluster(cluster)
            keys = [key for part in parts.values() for key in part]
            return await self._note(partial(Merged, parts=parts), by, before, keys), cluster

    async def undo(self, by: Agent, number: int | None = None) -> Decided:
        """Take a decision back: the named one, whoever took it, or the latest of `by`. Examples
        that it added are removed, an intent that it made and that has no others, and a help page
        that is as it was written; of one that was changed since, `left` says that it stays.

        Raises: NotUndoable, InboxBusy, StoreUnavailable; BrokenFile, FilesBusy, NotWritten."""
        async with self._alone():
            ledger = await self._follow()
            number, entry = ledger.to_undo(by, number)
            left = ""
            if isinstance(entry, Accepted):
                await _thread(unteach, self._examples, entry)
            elif isinstance(entry, Paged) and not await _thread(
                take_back, self._root, self._help, entry.page, entry.version
            ):
                left = f"The help page {entry.page} was changed since, and stays."
            undone = Undone(at=self._now(), by=by, of=number)
            if not await self._log.add(ledger.last + 1, undone):
                raise _quicker()
            return structs.replace((await self._follow()).shown(number), left=left)

    # ------------------------------------------------------------------------------------ steps

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        with self._lock.open("w") as file:
            until = time.monotonic() + PATIENCE_S
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise InboxBusy(
                            "Another decision is being written, and takes long.",
                            hint="Try again in a moment.",
                        ) from None
                    await anyio.sleep(0.02)
            yield

    async def _chosen(
        self, cluster: str, seen_then: str | None, wordings: Sequence[str] | None
    ) -> tuple[Cluster, list[str]]:
        """The cluster as it is, and the wordings that the decision is about."""
        ledger = await self._follow()
        if wordings is not None:
            marks = await _thread(self._store.labelled_at, wordings)
            ledger.check_open(wordings, marks)
        found = await self._cluster(cluster)
        keys = await _thread(self._store.keys, cluster)
        if wordings is None:
            if seen_then is not None and seen_then != seen(keys):
                raise ClusterChanged(
                    "Its messages have changed since you loaded it.",
                    hint="Load it again and have a look.",
                )
            return found, keys
        if not wordings or not set(wordings) <= set(keys):
            raise ClusterChanged(
                "One of the wordings is not in this cluster (any more).",
                hint="Load it again and have a look.",
            )
        chosen = set(wordings)
        return found, [key for key in keys if key in chosen]

    async def _note(
        self, make: Callable[..., Decision], by: Agent, cluster: Cluster, keys: Sequence[str]
    ) -> Decided:
        ledger = await self._log.ledger()
        number = ledger.last + 1
        entry = make(
            at=self._now(), by=by, cluster=cluster.id, title=cluster.title, keys=tuple(keys)
        )
        if not await self._log.add(number, entry):
            raise _quicker()
        return (await self._follow()).shown(number)

    def _teach(self, keys: Sequence[str], intent: str, by: Agent, new: NewIntent | None) -> Added:
        examples = examples_of(self._store, keys, intent, by=by, at=self._now())
        return teach(self._examples, examples, new)


def _cursor_of(cluster: Cluster) -> str:
    """Names the place of a cluster, which it keeps when the cluster is decided on."""
    first, score, id = place(cluster)
    return f"{first}:{score}:{id}"


def _place_of(cursor: str) -> tuple[int, float, str]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise BadCursor("The cursor is the `next` of the page before.")
    return int(found[1]), float(found[2]), found[3]


def _taken(entry: Decision) -> AlreadyDecided:
    return AlreadyDecided(
        f"{entry.by.name} was quicker: {what(entry)}, {clock(entry.at)}.",
        hint="Load the inbox again; the decision can be undone.",
    )


def _quicker() -> AlreadyDecided:
    return AlreadyDecided("Somebody else has decided at the same moment.", hint="Try again.")


async def _thread(function: Callable[..., T], *args: object) -> T:
    return await anyio.to_thread.run_sync(partial(function, *args))
