"""What owners taught the assistant: sentences with their intents, in files of their own.

    data/nlu/learned/<intent>.yml   read by training
    data/held_out/<intent>.yml      never read by training: by these a new model is judged

Belongs here: into which file a sentence goes, that it has one intent only, and writing all files
of a change together. Hand-written files are read, never written. Does not belong here: lines of
files (`bot.learning.learned_file`), what is odd about the data as a whole
(`bot.learning.data_checks`), or which sentences are worth learning (the review inbox). Texts must
be redacted before they come here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from bot.errors import DeskhandError
from bot.known_intents import intents_of
from bot.learning.domain_edits import (
    NewIntent,
    UnknownIntent,
    changes_for_intent,
    changes_without_intent,
)
from bot.learning.learned_file import HEADER, HELD_OUT_HEADER, added_to, removed_from
from bot.learning.nlu_files import (
    SENTENCE_AT_MOST,
    Example,
    Placed,
    cleaned,
    composed,
    key_of,
    read_examples,
)
from bot.learning.responses import DOMAIN, read_domain
from bot.learning.safe_writes import write_all, writing
from bot.learning.yaml_lines import read_text

#: All that training reads; ours is the last of it.
NLU: Final = Path("data/nlu")
LEARNED: Final = Path("data/nlu/learned")
HELD_OUT: Final = Path("data/held_out")
#: One sentence in so many is held out.
HELD_OUT_SHARE: Final = 5


class ExampleConflict(DeskhandError):
    """A sentence has another intent already. `clashes` are the sentence, the intent that it should
    get and where it stands with another."""

    code = "example_conflict"

    def __init__(self, clashes: Sequence[tuple[Example, Placed]]) -> None:
        self.clashes = tuple(clashes)
        wanted, known = self.clashes[0]
        more = f" (and {len(clashes) - 1} more)" if len(clashes) > 1 else ""
        super().__init__(
            f"“{wanted.text[:80]}” is an example of {known.example.intent} already, not of "
            f"{wanted.intent}: {known.where}{more}. Nothing was written.",
            hint="Give it the same intent, leave it out, or remove it there first.",
        )


@dataclass(frozen=True)
class Skipped:
    """A sentence that was not added, and why."""

    example: Example
    reason: str


@dataclass(frozen=True)
class Added:
    """What came of adding: in training, held out, or left out."""

    trained: tuple[Example, ...] = ()
    held_out: tuple[Example, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def is_held_out(text: str) -> bool:
    """Whether a (redacted) sentence is kept from training, now and for ever: by a hash of its
    words, one in five."""
    digest = hashlib.sha256(key_of(cleaned(text)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT_SHARE == 0


class LearnedExamples:
    """The learned examples of the project in `root`. Blocking; call it in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def all(self) -> list[Placed]:
        """The learned examples that training reads.

        Raises: BrokenFile."""
        return list(self._read(LEARNED))

    def held_out(self) -> list[Placed]:
        """The sentences that no training reads.

        Raises: BrokenFile."""
        return list(self._read(HELD_OUT))

    def everything(self) -> list[Placed]:
        """All sentences that training reads, hand-written ones first; then the held-out ones.

        Raises: BrokenFile."""
        files = sorted(self._files(NLU), key=lambda path: (path.parent == LEARNED, path))
        return [placed for path in files for placed in self._examples(path)] + self.held_out()

    def add(self, examples: Sequence[Example], new: NewIntent | None = None) -> Added:
        """Learn sentences, all or none; with `new`, an intent that is to be made for them.

        A sentence that is known with the same intent is skipped. One that the hash holds out is
        learned all the same when its intent has nothing else to learn from.

        Raises:
            ExampleConflict: a sentence has another intent, here or in a hand-written file.
            UnknownIntent: an intent is neither in domain.yml nor `new`.
            BadIntentName, IntentExists, BadAnswer: about the new intent.
            BrokenFile: a file is no YAML; names line and column.
            FilesBusy, NotWritten: nothing was written.
        """
        with writing(self._root):
            changes = changes_for_intent(self._root, new) if new else {}
            known = {*_intents(self._root), *([new.name] if new else [])}
            for example in examples:
                if example.intent not in known:
                    raise UnknownIntent(
                        f"There is no intent {example.intent}; nothing was written.",
                        hint="It was deleted or renamed. Choose another, or make it anew.",
                    )
            added = sorted_out(examples, self.everything())
            for kind, folder, header in (
                (added.trained, LEARNED, HEADER),
                (added.held_out, HELD_OUT, HELD_OUT_HEADER),
            ):
                for intent in dict.fromkeys(one.intent for one in kind):
                    path = folder / file_of(intent)
                    mine = [one for one in kind if one.intent == intent]
                    changes[self._root / path] = added_to(path, self._text(path), mine, header)
            if changes:
                write_all(self._root, changes)
        return added

    def remove(
        self, texts: Sequence[str], intent: str, *, unmake: bool = False
    ) -> tuple[Example, ...]:
        """Forget sentences of an intent, and say which were there; with `unmake` also the intent,
        which must have been made in the studio. What is hand-written stays.

        Raises: UnknownIntent, BrokenFile, FilesBusy, NotWritten."""
        keys = {key_of(cleaned(text)) for text in texts}
        with writing(self._root):
            changes = changes_without_intent(self._root, intent) if unmake else {}
            gone: list[Example] = []
            for path in [*self._files(LEARNED), *self._files(HELD_OUT)]:
                mine = [one.example for one in self._examples(path)]
                found = [one for one in mine if one.intent == intent and key_of(one.text) in keys]
                if found:
                    gone += found
                    text = self._text(path)
                    changes[self._root / path] = removed_from(path, text or "", intent, keys)
            if changes:
                write_all(self._root, changes)
        return tuple(gone)

    def _read(self, folder: Path) -> Iterator[Placed]:
        for path in self._files(folder):
            yield from self._examples(path)

    def _examples(self, path: Path) -> list[Placed]:
        return read_examples(path, self._text(path) or "")

    def _files(self, folder: Path) -> list[Path]:
        """YAML files, relative to the project."""
        return sorted(
            path.relative_to(self._root)
            for path in (self._root / folder).rglob("*")
            if path.suffix in {".yml", ".yaml"} and not path.name.startswith(".")
        )

    def _text(self, path: Path) -> str | None:
        try:
            return read_text(self._root / path, path)
        except (FileNotFoundError, NotADirectoryError):
            return None


def _intents(root: Path) -> tuple[str, ...]:
    text = read_domain(root)
    composed(DOMAIN, text)  # says where, if it is broken
    return intents_of(text)


def file_of(intent: str) -> str:
    """The name of an intent's file: nothing in it leads to another folder."""
    return re.sub(r"[^\w-]", "-", intent) + ".yml"


def sorted_out(
    examples: Sequence[Example],
    known: Sequence[Placed],
    holds_out: Callable[[str], bool] = is_held_out,
) -> Added:
    """Which of the sentences are learned, held out or skipped, beside those that are `known`.

    Raises: ExampleConflict."""
    places = {key_of(one.example.text): one for one in known}
    trained_on = {one.example.intent for one in known if HELD_OUT not in one.path.parents}
    trained: list[Example] = []
    held_out: list[Example] = []
    skipped: list[Skipped] = []
    clashes: list[tuple[Example, Placed]] = []
    for given in examples:
        example = msgspec.structs.replace(given, text=cleaned(given.text))
        key = key_of(example.text)
        place = places.get(key)
        if not example.text:
            skipped.append(Skipped(example, "it is empty"))
        elif len(example.text) > SENTENCE_AT_MOST:
            skipped.append(Skipped(example, f"it is longer than {SENTENCE_AT_MOST} characters"))
        elif place and place.example.intent != example.intent:
            clashes.append((example, place))
        elif place:
            skipped.append(Skipped(example, f"it is known already: {place.where}"))
        else:
            (held_out if holds_out(example.text) else trained).append(example)
            places[key] = Placed(example, Path("among the new ones"), len(places) + 1)
    if clashes:
        raise ExampleConflict(clashes)
    _feed(trained, held_out, trained_on)
    return Added(tuple(trained), tuple(held_out), tuple(skipped))


def _feed(trained: list[Example], held_out: list[Example], has_some: AbstractSet[str]) -> None:
    """Move one held-out sentence to training for each intent that would have none."""
    fed = has_some | {one.intent for one in trained}
    for example in list(held_out):
        if example.intent not in fed:
            fed |= {example.intent}
            held_out.remove(example)
            trained.append(example)
