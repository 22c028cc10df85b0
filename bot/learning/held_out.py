"""The sentences by which models are judged, and what must be right before a candidate is trained.

Belongs here: reading `data/held_out/` beside the training data, and the errors that would make
every figure wrong. Does not belong here: oddities that forbid nothing (`bot.learning.data_checks`),
or counting (`bot.learning.evaluate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.errors import TrainingFailed
from bot.known_intents import intents_of
from bot.learning.data_checks import Finding, check
from bot.learning.evaluate import OUT_OF_SCOPE, Sentence
from bot.learning.examples import LearnedExamples
from bot.learning.nlu_files import BrokenFile, Placed, key_of

HELD_OUT = Path("data/held_out")


@dataclass(frozen=True, slots=True)
class Data:
    """The held-out sentences; `deleted`: held-out intents that domain.yml does not have, whose
    sentences are left out; `findings`: what is odd about all examples."""

    sentences: tuple[Sentence, ...]
    intents: tuple[str, ...]
    deleted: tuple[str, ...]
    findings: tuple[Finding, ...]


def read_data(root: Path) -> Data:
    """Read and check all examples of the project at `root`.

    Raises:
        TrainingFailed: a file is broken (line and column), an example has an intent that domain.yml
            does not have, or a held-out sentence is trained as well; says which and where.
    """
    try:
        everything = LearnedExamples(root).everything()
    except BrokenFile as why:
        raise TrainingFailed(why.message, hint="Mend the file first.") from why
    intents = _intents(root)
    held = [one for one in everything if HELD_OUT in one.path.parents]
    trained = [one for one in everything if HELD_OUT not in one.path.parents]
    _no_orphans(trained, intents)
    _no_leak(trained, held)
    return Data(
        sentences=tuple(
            Sentence(text=one.example.text, intent=one.example.intent)
            for one in held
            if one.example.intent in {*intents, OUT_OF_SCOPE}
        ),
        intents=intents,
        deleted=tuple(sorted({one.example.intent for one in held} - {*intents, OUT_OF_SCOPE})),
        findings=tuple(check(everything)),
    )


def _intents(root: Path) -> tuple[str, ...]:
    """Of domain.yml, or of the files in domain/."""
    files = [root / "domain.yml", *sorted((root / "domain").glob("*.yml"))]
    found = [intents_of(path.read_text(encoding="utf-8")) for path in files if path.is_file()]
    return tuple(dict.fromkeys(name for names in found for name in names))


def _no_orphans(trained: list[Placed], intents: tuple[str, ...]) -> None:
    """An example of an intent that was deleted would be read as one that nothing answers."""
    for one in trained:
        # Retrieval intents are listed by their first part.
        if one.example.intent.split("/")[0] not in intents:
            raise TrainingFailed(
                f"{one.where}: the intent {one.example.intent} is not in domain.yml. "
                "It was deleted or renamed.",
                hint="Put it back, or move its sentences to another intent, or delete them.",
            )


def _no_leak(trained: list[Placed], held: list[Placed]) -> None:
    where = {key_of(one.example.text): one.where for one in trained}
    for one in held:
        if other := where.get(key_of(one.example.text)):
            raise TrainingFailed(
                f"{one.where}: “{one.example.text[:80]}” is held out, and stands in {other} as "
                "well. A model that was trained with it cannot be judged by it.",
                hint="Delete it in one of the two places.",
            )
