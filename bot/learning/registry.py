"""Which models there are, and what happened to them: `models/current.json` and
`models/registry.jsonl`.

Belongs here: the one model that starts, the events (trained, evaluated, promoted, rolled back,
deleted), and what they add up to. Does not belong here: training (`bot.learning.train`), judging
(`bot.learning.evaluate`, `bot.learning.gate`), or bringing a model into service
(`bot.learning.promotion`).

`current.json` is the truth of what starts. The registry is the story of it: one JSON object a
line, only ever appended to. A line that cannot be read (torn by a power cut, or edited) is passed
over and counted, and costs nothing but itself.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from bot.errors import DeskhandError
from bot.events import Record
from bot.learning.redaction import redact
from bot.learning.safe_writes import keep_mode

CURRENT: Final = "current.json"
REGISTRY: Final = "registry.jsonl"
#: A model's file name. Nothing else is opened, downloaded or deleted.
NAME: Final = re.compile(r"deskhand-[A-Za-z0-9._-]{1,100}\.tar\.gz")

#: Characters of a reason that are kept; promotions refuse longer ones (`bot.learning.promotion`).
WHY_AT_MOST: Final = 1_000


class UnknownModel(DeskhandError):
    code = "unknown_model"


class ModelInUse(DeskhandError):
    """It cannot be deleted, or not be used, at the moment."""

    code = "model_in_use"


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A trained model, as `models/current.json` describes it."""

    #: File name in `models/`, e.g. "deskhand-1f0c3a9be2d4.tar.gz".
    model: str
    fingerprint: str
    #: Milliseconds since the epoch.
    trained_at: int
    #: How long the training took.
    seconds: float


class Figures(Record, frozen=True):
    """How well a model does, in short; shares from 0 to 1, None where nothing was there to count.

    `accuracy`: of the held-out sentences that have an intent, those read rightly. `out_of_scope`:
    of those that have none, those not taken for an intent. `handoffs`: of the logged turns that
    went to a person, those that would again.
    """

    accuracy: float | None = None
    out_of_scope: float | None = None
    handoffs: float | None = None
    sentences: int = 0
    turns: int = 0
    changed: int = 0


# -------------------------------------------------------------------------------------- events


class _Happened(Record, frozen=True, kw_only=True, tag_field="what"):
    """`at`: ms since the epoch; `by`: a login, or the command that did it; `why` in words."""

    model: str
    at: int
    by: str
    why: str = ""


class Trained(_Happened, frozen=True, kw_only=True, tag="trained"):
    """`candidate`: it was built beside the current model, and waits for a promotion."""

    fingerprint: str
    seconds: float
    candidate: bool


class Evaluated(_Happened, frozen=True, kw_only=True, tag="evaluated"):
    """Compared with the model `against` (None: there was none). `report`: the file in `models/`
    that has all of it. `passed`: the gate's word; `reasons` are its words when it is no."""

    against: str | None
    report: str
    passed: bool
    reasons: tuple[str, ...]
    figures: Figures
    before: Figures


class Promoted(_Happened, frozen=True, kw_only=True, tag="promoted"):
    """It serves, in place of `before`. `overridden`: the gate's reasons against it, which an owner
    set aside; `why` is their reason."""

    before: str | None = None
    overridden: tuple[str, ...] = ()


class RolledBack(_Happened, frozen=True, kw_only=True, tag="rolled_back"):
    """It serves again, in place of `before`."""

    before: str | None = None


class Deleted(_Happened, frozen=True, kw_only=True, tag="deleted"):
    """Its file is gone."""


Happened = Trained | Evaluated | Promoted | RolledBack | Deleted


# ------------------------------------------------------------------------------ what it adds up


class Registered(Record, frozen=True):
    """One model and its story, oldest event first. `bytes`: of its file. `candidate`: it was never
    promoted. Models that were trained before there was a registry have no story."""

    model: str
    bytes: int
    trained_at: int
    fingerprint: str = ""
    by: str = ""
    why: str = ""
    seconds: float = 0.0
    candidate: bool = False
    current: bool = False
    #: What a rollback would go back to.
    previous: bool = False
    story: tuple[Happened, ...] = ()

    def as_model(self) -> Model:
        """As `current.json` would have it."""
        return Model(
            model=self.model,
            fingerprint=self.fingerprint,
            trained_at=self.trained_at,
            seconds=self.seconds,
        )

    @property
    def evaluated(self) -> Evaluated | None:
        """The latest judgement."""
        return next((e for e in reversed(self.story) if isinstance(e, Evaluated)), None)


class Registry:
    """Of one directory of models. All methods block for the time of a small file.

    Args:
        models: where the models are.
    """

    def __init__(self, models: Path) -> None:
        self.models_dir = models

    # ----------------------------------------------------------------------------------- current

    def current(self) -> Model | None:
        """The model to start with, None when there is none (or its file is gone)."""
        try:
            found = msgspec.json.decode((self.models_dir / CURRENT).read_bytes(), type=Model)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return found if (self.models_dir / found.model).is_file() else None

    def make_current(self, model: Model) -> None:
        """Start with `model` from now on; in one step, and on the disk when this returns."""
        draft = self.models_dir / f".{CURRENT}.{os.getpid()}"
        with draft.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(model)) + b"\n")
            keep_mode(file.fileno(), self.models_dir / CURRENT)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.models_dir / CURRENT)
        folder = os.open(self.models_dir, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    # ------------------------------------------------------------------------------------- events

    def record(self, event: Happened) -> None:
        """Append an event; it is on the disk when this returns. Its `why` is redacted, and cut to
        `WHY_AT_MOST` characters: this file is kept for ever, and people write names into reasons.

        Raises: OSError, when it cannot be written; then the file is as before but for a torn line.
        """
        event = msgspec.structs.replace(event, why=redact(event.why[:WHY_AT_MOST]).text)
        self.models_dir.mkdir(parents=True, exist_ok=True)
        with (self.models_dir / REGISTRY).open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            end = file.seek(0, os.SEEK_END)
            torn = False
            if end:
                file.seek(end - 1)
                torn = file.read(1) != b"\n"
            file.write((b"\n" if torn else b"") + msgspec.json.encode(event) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def events(self) -> list[Happened]:
        """All that happened, oldest first."""
        return self._read()[0]

    def unreadable(self) -> int:
        """How many lines of the registry cannot be read."""
        return self._read()[1]

    def _read(self) -> tuple[list[Happened], int]:
        try:
            lines = (self.models_dir / REGISTRY).read_bytes().splitlines()
        except FileNotFoundError:
            return [], 0
        found, wrong = [], 0
        for line in lines:
            try:
                found.append(_decode(line))
            except msgspec.DecodeError:
                wrong += bool(line.strip())
        return found, wrong

    # ------------------------------------------------------------------------------------- models

    def models(self) -> list[Registered]:
        """The models whose files are there, newest first."""
        current = self.current()
        events = self.events()
        previous = _previous(events, current)
        found = []
        for path in self.models_dir.glob("deskhand-*.tar.gz"):
            with suppress(FileNotFoundError):  # deleted meanwhile
                story = _latest_life([e for e in events if e.model == path.name])
                found.append(_registered(path, story, current, previous))
        if not any(one.previous for one in found):
            found = _with_older_previous(found, current)
        return sorted(found, key=lambda one: (-one.trained_at, one.model))

    def get(self, name: str) -> Registered:
        """Raises: UnknownModel."""
        for one in self.models():
            if one.model == name:
                return one
        raise _unknown(name)

    def previous(self) -> Registered | None:
        """What a rollback goes back to; None when there is nothing."""
        return next((one for one in self.models() if one.previous), None)

    def report_on(self, name: str, against: str | None) -> Path:
        """Where the whole report of a comparison is."""
        other = _stem(against) if against else "nothing"
        return self.models_dir / f"{_stem(name)}.against.{other}.report.json"

    # ----------------------------------------------------------------------------------- deleting

    @contextmanager
    def using(self, name: str) -> Iterator[None]:
        """Nobody deletes this model meanwhile. The kernel lets go of it however we end.

        Raises:
            UnknownModel: it is not there (any more).
            ModelInUse: it is being deleted.
        """
        with self._locked(name, fcntl.LOCK_SH, "It is being deleted."):
            yield

    @contextmanager
    def _locked(self, name: str, how: int, busy: str) -> Iterator[None]:
        if not NAME.fullmatch(name):
            raise _unknown(name)
        try:
            file = (self.models_dir / name).open("rb")
        except FileNotFoundError:
            raise _unknown(name) from None
        with file:
            try:
                fcntl.flock(file, how | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ModelInUse(f"{name}: {busy}", hint="Try again when that is done.") from None
            with suppress(FileNotFoundError):
                if os.fstat(file.fileno()).st_ino == (self.models_dir / name).stat().st_ino:
                    yield
                    return
            raise _unknown(name)  # somebody was quicker

    def delete(self, name: str, *, at: int, by: str, why: str = "") -> None:
        """Delete a model with its reports; its story stays.

        Raises:
            UnknownModel: there is none of that name.
            ModelInUse: it serves, a rollback goes back to it, or it is being compared or put into
                service just now.
        """
        with self._locked(
            name, fcntl.LOCK_EX, "it is being compared or put into service just now."
        ):
            one = self.get(name)
            if one.current:
                raise ModelInUse(f"{name} serves.", hint="Put another one into service first.")
            if one.previous:
                raise ModelInUse(f"{name} is what a rollback goes back to.")
            (self.models_dir / name).unlink()
            self._forget_reports(name)
            self.record(Deleted(model=name, at=at, by=by, why=why))

    def forget(self, served: int, candidates: int, *, at: int, by: str) -> list[str]:
        """Delete what is old: of the models that have served all but the newest `served`, and of
        the candidates all but the newest `candidates`. Those that must not be deleted stay; what
        cannot be deleted just now is, the next time. Returns what was deleted."""
        found = self.models()
        old = [
            *[one for one in found if not one.candidate][served:],
            *[one for one in found if one.candidate][candidates:],
        ]
        gone = []
        for one in old:
            with suppress(UnknownModel, ModelInUse):
                self.delete(one.model, at=at, by=by, why="older than those kept")
                gone.append(one.model)
        return gone

    def _forget_reports(self, name: str) -> None:
        stem = _stem(name)
        for pattern in (
            f"{stem}.sources.json",
            f"{stem}.against.*",
            f"*.against.{stem}.report.json",
        ):
            for path in self.models_dir.glob(pattern):
                path.unlink(missing_ok=True)


_decode = msgspec.json.Decoder(Happened).decode


def _unknown(name: str) -> UnknownModel:
    return UnknownModel(
        f"There is no model {name[:80]}.", hint="`deskhand models` lists those that there are."
    )


def _latest_life(story: Sequence[Happened]) -> tuple[Happened, ...]:
    """From its latest training on: one that was deleted, and trained from the same files again, has
    proven nothing yet."""
    starts = [number for number, event in enumerate(story) if isinstance(event, Trained)]
    return tuple(story[starts[-1] :] if starts else story)


def _stem(name: str) -> str:
    return name.removesuffix(".tar.gz")


def _registered(
    path: Path, story: Sequence[Happened], current: Model | None, previous: str | None
) -> Registered:
    facts = path.stat()
    trained = next((e for e in reversed(story) if isinstance(e, Trained)), None)
    is_current = current is not None and current.model == path.name
    known = Registered(
        model=path.name,
        bytes=facts.st_size,
        trained_at=int(facts.st_mtime * 1000),
        current=is_current,
        previous=path.name == previous and not is_current,
        story=tuple(story),
    )
    if trained is not None:
        promoted = any(isinstance(e, (Promoted, RolledBack)) for e in story)
        return msgspec.structs.replace(
            known,
            trained_at=trained.at,
            fingerprint=trained.fingerprint,
            by=trained.by,
            why=trained.why,
            seconds=trained.seconds,
            candidate=trained.candidate and not promoted and not is_current,
        )
    if is_current and current is not None:
        return msgspec.structs.replace(
            known,
            trained_at=current.trained_at,
            fingerprint=current.fingerprint,
            seconds=current.seconds,
        )
    return known


def _previous(events: Iterable[Happened], current: Model | None) -> str | None:
    """What served before the current model came into service: by promotion, or by a rollback (whose
    own rollback leads forward again)."""
    before = None
    for event in events:
        if isinstance(event, (Promoted, RolledBack)) and (
            current is not None and event.model == current.model
        ):
            before = event.before
    return before


def _with_older_previous(found: list[Registered], current: Model | None) -> list[Registered]:
    """Without a story: the newest that served before the current one was trained."""
    if current is None:
        return found
    older = [
        one
        for one in found
        if not one.current and not one.candidate and one.trained_at < current.trained_at
    ]
    if not older:
        return found
    best = max(older, key=lambda one: one.trained_at)
    return [msgspec.structs.replace(one, previous=True) if one is best else one for one in found]
