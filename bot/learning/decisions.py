"""What owners decided about the inbox: a log that is only added to, and what it adds up to.

Pure. A decision names the wordings that it is about by their keys, which hold no words, so that the
log outlives every preparation of the inbox and every erased conversation. Belongs here: the
records, which decisions stand in the way of which, and what can be undone. Does not belong here:
Redis (`bot.learning.decision_log`), what a decision writes elsewhere (`bot.learning.inbox`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Final, Union

from bot.errors import DeskhandError
from bot.events import Agent, Record
from bot.learning.review_shapes import Decided


class AlreadyDecided(DeskhandError):
    """Somebody was quicker; the message says who, what and when."""

    code = "already_decided"


class NotUndoable(DeskhandError):
    code = "not_undoable"


class _Decision(Record, frozen=True, tag_field="kind"):
    """`cluster` and `title` are those that the owner saw; `keys` the wordings that it is about."""

    at: int
    by: Agent
    cluster: str
    title: str
    keys: tuple[str, ...]


class Accepted(_Decision, frozen=True, tag="accepted"):
    """They are examples of `intent`. `made`: this decision created it; `added`: the texts' number
    that was new to the examples."""

    intent: str
    made: bool = False
    added: int = 0


class Ignored(_Decision, frozen=True, tag="ignored"):
    """Nothing is to be learned from them."""


class Paged(_Decision, frozen=True, tag="paged"):
    """A help page answers them. `version`: of the page as it was written; "" in older decisions."""

    page: str
    version: str = ""


class Split(_Decision, frozen=True, tag="split"):
    """They are a cluster of their own, `into`, and no longer of `cluster`."""

    into: str


class Merged(_Decision, frozen=True, tag="merged"):
    """They all belong to `cluster`; `parts` says to which they belonged before."""

    parts: dict[str, tuple[str, ...]]


class Undone(Record, frozen=True, tag_field="kind", tag="undone"):
    """The decision number `of` does not count any more. `because`: "" when somebody wished so."""

    at: int
    by: Agent
    of: int
    because: str = ""


Decision = Union[Accepted, Ignored, Paged, Split, Merged]  # noqa: UP007 (as bot.events.Event)
Entry = Union[Accepted, Ignored, Paged, Split, Merged, Undone]  # noqa: UP007

#: After these, a wording is out of the inbox.
FINAL: Final = (Accepted, Ignored, Paged)


@dataclass
class Ledger:
    """What the log adds up to, entry by entry: numbers from 1, without a gap."""

    entries: dict[int, Decision] = field(default_factory=dict)
    undone: dict[int, Undone] = field(default_factory=dict)
    last: int = 0
    #: By wording: the decision after which it is out of the inbox, and the cluster to which it was
    #: moved with the decision that did it.
    _settled: dict[str, int] = field(default_factory=dict)
    _moved: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    #: By number of an `Undone`: the decision's.
    _undoes: dict[int, int] = field(default_factory=dict)

    def settled_by(self, key: str, labelled_at: int = 0) -> int | None:
        """The decision after which a wording is out of the inbox. An agent's label that came later
        (ms) brings it back."""
        number = self._settled.get(key)
        if number is None or self.entries[number].at < labelled_at:
            return None
        return number

    def decision_at(self, number: int) -> Decision | None:
        """The decision that entry `number` is, or undid; None if it undid what is not there."""
        return self.entries.get(self._undoes.get(number, number))

    def pinned(self) -> dict[str, str]:
        """By wording that an owner moved: the cluster to which it belongs."""
        return {key: moves[-1][1] for key, moves in self._moved.items() if moves}

    def add(self, number: int, entry: Entry) -> None:
        """Raises ValueError for a number that is not the next."""
        if number != self.last + 1:
            raise ValueError(f"decision {number} does not follow {self.last}")
        self.last = number
        if isinstance(entry, Undone):
            self._undo(number, entry)
            return
        self.entries[number] = entry
        if isinstance(entry, FINAL):
            self._settled.update(dict.fromkeys(entry.keys, number))
        else:
            to = entry.into if isinstance(entry, Split) else entry.cluster
            for key in entry.keys:
                self._moved.setdefault(key, []).append((number, to))

    def _undo(self, number: int, entry: Undone) -> None:
        self._undoes[number] = entry.of
        undone = self.entries.get(entry.of)
        if undone is None or entry.of in self.undone:
            return
        self.undone[entry.of] = entry
        for key in undone.keys:
            if self._settled.get(key) == entry.of:
                del self._settled[key]
            if key in self._moved:
                self._moved[key] = [move for move in self._moved[key] if move[0] != entry.of]

    # ------------------------------------------------------------------------------- questions

    def check_open(self, keys: Iterable[str], labelled_at: Mapping[str, int]) -> None:
        """Raises AlreadyDecided when one of the wordings is out of the inbox."""
        for key in keys:
            number = self.settled_by(key, labelled_at.get(key, 0))
            if number is not None:
                entry = self.entries[number]
                raise AlreadyDecided(
                    f"{entry.by.name} was quicker: {what(entry)}, {clock(entry.at)}.",
                    hint="Load the inbox again; the decision can be undone.",
                )

    def to_undo(self, by: Agent, number: int | None = None) -> tuple[int, Decision]:
        """The decision that is to be undone: the named one, or the latest of `by`.

        Raises: NotUndoable."""
        if number is None:
            mine = [n for n, e in self.entries.items() if e.by == by and n not in self.undone]
            if not mine:
                raise NotUndoable("There is no decision of yours to undo.")
            number = mine[-1]
        entry = self.entries.get(number)
        if entry is None:
            raise NotUndoable(f"There is no decision {number}.")
        if number in self.undone:
            undone = self.undone[number]
            raise NotUndoable(f"{undone.by.name} has undone it already, {clock(undone.at)}.")
        if later := self._later(number, entry):
            after = self.entries[later]
            raise NotUndoable(
                f"A later decision builds on it: {after.by.name}, {what(after)}.",
                hint=f"Undo decision {later} first.",
            )
        return number, entry

    def _later(self, number: int, entry: Decision) -> int | None:
        keys = set(entry.keys)
        return next(
            (
                n
                for n, other in self.entries.items()
                if n > number and n not in self.undone and not keys.isdisjoint(other.keys)
            ),
            None,
        )

    def shown(self, number: int) -> Decided:
        """The decision as the API shows it."""
        entry = self.entries[number]
        return Decided(
            id=number,
            kind=kind_of(entry),
            what=what(entry),
            by=entry.by.name,
            at=entry.at,
            cluster=entry.cluster,
            title=entry.title,
            intent=entry.intent if isinstance(entry, Accepted) else "",
            wordings=len(entry.keys),
            undone=number in self.undone,
        )

    def latest_of(self, by: Agent) -> Decided | None:
        """The latest decision of `by` that still counts."""
        mine = [n for n, e in self.entries.items() if e.by == by and n not in self.undone]
        return self.shown(mine[-1]) if mine else None


def kind_of(entry: Decision) -> str:
    return str(type(entry).__struct_config__.tag)


def what(entry: Decision) -> str:
    """What was decided, in words."""
    count = f"{len(entry.keys)} wording{'s' if len(entry.keys) != 1 else ''}"
    match entry:
        case Accepted(intent=intent, made=made):
            return f"{count} accepted as {'the new ' if made else ''}{intent}"
        case Ignored():
            return f"{count} ignored"
        case Paged(page=page):
            return f"{count} answered by the help page {page}"
        case Split():
            return f"{count} split off"
        case Merged(parts=parts):
            return f"{len(parts)} clusters merged"


def clock(at: int) -> str:
    """A time as people read it in an error: in UTC, to the minute."""
    return f"{datetime.fromtimestamp(at / 1000, timezone.utc):%Y-%m-%d %H:%M} UTC"


def replay(entries: Sequence[Entry]) -> Ledger:
    """The ledger of a whole log."""
    ledger = Ledger()
    for number, entry in enumerate(entries, 1):
        ledger.add(number, entry)
    return ledger
