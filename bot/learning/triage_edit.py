"""Changing the numbers of data/triage.yml, and nothing else in it.

Belongs here: which numbers the file has and what its comments say of them, a text with other
numbers, and saving it so that no change of anybody's is lost. Does not belong here: what the
numbers mean (`bot.triage_policy`), who reads the file (`bot.triage_file`), or trying numbers out
(`bot.learning.whatif`).
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ruamel.yaml import YAML

from bot.errors import DeskhandError
from bot.events import Record
from bot.learning.safe_writes import replace_all, writing
from bot.triage_file import mark_of, text_of
from bot.triage_policy import REMEMBERED_TURNS, PolicyError, load_policy

NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?![\w.])")

SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "confidence": "Understanding",
        "help": "Help pages",
        "cues": "Cues",
        "mood": "Mood",
        "strain": "Strain",
        "limits": "Limits",
    }
)
"""The sections whose numbers decide who answers, with their headings."""

RANGES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "strain.limit": (0.1, 10.0),
        "limits.clarifications": (0, REMEMBERED_TURNS),
        "limits.foreign_clarifications": (0, REMEMBERED_TURNS),
        "limits.repeated_messages": (2, REMEMBERED_TURNS),
        "limits.candidates": (1, REMEMBERED_TURNS),
    }
)
"""What `load_policy` allows; every other number is a score from 0 to 1."""


class PolicyChanged(DeskhandError):
    """Somebody else has changed data/triage.yml since it was read."""

    code = "policy_changed"


class UnknownNumber(DeskhandError):
    """There is no such number in data/triage.yml."""

    code = "unknown_number"


class Number(Record, frozen=True):
    """One number of the policy: `key` with its section, as in "confidence.answer", `about` the
    comment above it, `least` and `most` what is allowed. `whole`: it counts."""

    key: str
    section: str
    value: float
    about: str
    least: float
    most: float
    whole: bool


def numbers(text: str) -> tuple[Number, ...]:
    """The numbers of a policy's text, in the file's order.

    Raises PolicyError when the text is no policy."""
    return tuple(number for number, _, _ in _placed(text))


def _placed(text: str) -> list[tuple[Number, int, int]]:
    """Each number with its line and column (from 0)."""
    load_policy(text)
    lines = text.split("\n")
    found = []
    for key, value, line, column in _scalars(_tree(text), ""):
        section = key.split(".", 1)[0]
        if section not in SECTIONS:
            continue
        least, most = RANGES.get(key, (0.0, 1.0))
        number = Number(
            key=key,
            section=SECTIONS[section],
            value=float(value),
            about=_comment(lines, line) or _comment_of_mapping(lines, line, key),
            least=least,
            most=most,
            whole=key.startswith("limits."),
        )
        found.append((number, line, column))
    return found


def with_numbers(text: str, values: Mapping[str, float]) -> str:
    """The text with other values for some numbers; every other character stays.

    Raises UnknownNumber for a key that the file has not; PolicyError when the policy would be
    wrong, or when a number is written in a way that cannot be changed alone."""
    known = {number.key: (number, line, column) for number, line, column in _placed(text)}
    lines = text.split("\n")
    for key, value in values.items():
        if key not in known:
            names = ", ".join(known)
            raise UnknownNumber(f"data/triage.yml has no number {key}.", hint=f"It has {names}.")
        if not math.isfinite(value):
            raise PolicyError(f"{key} is {value}; it must be a number")
        number, line, column = known[key]
        if value == number.value:
            continue
        written = NUMBER.match(lines[line], column)
        if written is None:
            raise PolicyError(
                f"{key} stands in line {line + 1} in a way that cannot be changed alone; "
                f"write it as {key.rsplit('.', 1)[-1]}: {number.value:g}"
            )
        new = _written(value, whole=number.whole)
        lines[line] = lines[line][: written.start()] + new + lines[line][written.end() :]
    changed = "\n".join(lines)
    if {n.key: n.value for n in numbers(changed)} != {
        key: values.get(key, number.value) for key, (number, _, _) in known.items()
    }:
        raise PolicyError("the numbers stand in a way that cannot be changed alone")
    return changed


def save(path: Path, values: Mapping[str, float], mark: str) -> str:
    """Writes some numbers into the file, if it still has the text that `mark` stands for. Gives the
    mark of the new text. A crash leaves the old file or the new one.

    Raises PolicyChanged, NotWritten, FilesBusy, what `with_numbers` raises, and OSError when it
    cannot be read; the file is then as it was."""
    path = path.resolve()
    with writing(path.parent):
        text = text_of(path)
        if mark_of(text) != mark:
            raise PolicyChanged(
                "data/triage.yml has been changed since it was read here.",
                hint="Load the page again, look at the numbers that it has now, and repeat yours.",
            )
        changed = with_numbers(text, values)
        if changed != text:
            replace_all({path: changed})
        return mark_of(changed)


# --- inside -----------------------------------------------------------------------------------


def _tree(text: str) -> Any:
    """The mapping with the places of its values."""
    return YAML(typ="rt", pure=True).load(io.StringIO(text))


def _scalars(tree: Any, above: str) -> Iterator[tuple[str, float, int, int]]:
    """Key, value, line and column (from 0) of each number in a mapping of mappings."""
    for name, value in tree.items():
        key = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from _scalars(value, f"{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            line, column = tree.lc.value(name)
            yield key, value, line, column


def _comment(lines: list[str], line: int) -> str:
    """The comment right above a line, as one paragraph."""
    said: list[str] = []
    for above in reversed(lines[:line]):
        if not above.strip().startswith("#"):
            break
        said.append(above.strip().lstrip("#").strip())
    return " ".join(reversed(said))


def _comment_of_mapping(lines: list[str], line: int, key: str) -> str:
    """The comment above the mapping, two sections deep, that a line stands first in."""
    return _comment(lines, line - 1) if key.count(".") > 1 else ""


def _written(value: float, *, whole: bool) -> str:
    return (
        str(int(value))
        if whole and value == int(value)
        else f"{value:.4f}".rstrip("0") + ("0" if value == int(value) else "")
    )
