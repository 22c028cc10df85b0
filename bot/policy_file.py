"""An owner's YAML file, read key by key: what every such file has in common.

Belongs here: parsing, reading a key with its type, and errors that name the key, its value and what
is allowed. Does not belong here: which keys a file has (`bot.triage_policy`, `bot.desk_plan`).
Pure: texts in, values out.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.errors import DeskhandError


class PolicyError(DeskhandError):
    """An owner's file is wrong. The message names the key, the value and what is allowed."""

    code = "policy"


def read_file(source: str | Mapping[str, Any], what: str) -> Section:
    """The root of a YAML text, or of a mapping of the same shape. `what` is how errors call the
    file: "the triage policy".

    Raises PolicyError: no YAML, or no mapping."""
    if isinstance(source, str):
        try:
            source = YAML(typ="safe", pure=True).load(io.StringIO(source))
        except YAMLError as error:
            raise PolicyError(f"{what} is not valid YAML: {error}") from error
    return Section("", source, what)


class Section:
    """One mapping of the file: reads keys with their types, and reports leftovers (`done`).

    Each reading method raises PolicyError when the key is missing or its value is of another kind.
    """

    def __init__(self, path: str, value: object, what: str) -> None:
        if not isinstance(value, Mapping):
            raise PolicyError(f"{path or what} is {value!r}; it must be a mapping")
        self._path = path
        self._value = value
        self._what = what
        self._read: set[str] = set()

    def key(self, key: str) -> str:
        """The key with all that is above it: "agents[2].login"."""
        return f"{self._path}.{key}" if self._path else key

    def all_keys(self) -> tuple[str, ...]:
        return tuple(str(key) for key in self._value)

    def has(self, key: str) -> bool:
        """Whether the key is there at all: for the few that may be left out."""
        self._read.add(key)
        return key in self._value

    def is_empty(self, key: str) -> bool:
        """Whether the key is there without a value."""
        return self._get(key) is None

    def is_mapping(self, key: str) -> bool:
        return isinstance(self._get(key), Mapping)

    def _get(self, key: str) -> Any:
        if not self.has(key):
            raise PolicyError(f"{self.key(key)} is missing in {self._what}")
        return self._value[key]

    def wrong(self, key: str, must_be: str) -> PolicyError:
        return PolicyError(f"{self.key(key)} is {self._value.get(key)!r}; it must be {must_be}")

    def section(self, key: str) -> Section:
        return Section(self.key(key), self._get(key), self._what)

    def sections(self, key: str) -> list[Section]:
        value = self._get(key)
        if not isinstance(value, list):
            raise self.wrong(key, "a list")
        return [Section(f"{self.key(key)}[{i}]", item, self._what) for i, item in enumerate(value)]

    def score(self, key: str) -> float:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.wrong(key, "a number from 0 to 1")
        return float(value)

    def amount(self, key: str, least: float, most: float) -> float:
        value = self._get(key)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not least <= value <= most:
            raise self.wrong(key, f"a number from {least:g} to {most:g}")
        return float(value)

    def flag(self, key: str) -> bool:
        value = self._get(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def scores(self, key: str) -> dict[str, float]:
        section = self.section(key)
        return {name: section.score(name) for name in section.all_keys()}

    def count(self, key: str, least: int, most: int) -> int:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(key, f"a whole number from {least} to {most}")
        return int(value)

    def seconds(self, key: str, least: float, most: float) -> float:
        value = self._get(key)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not least <= value <= most:
            raise self.wrong(key, f"a number of seconds from {least:g} to {most:g}")
        return float(value)

    def name(self, key: str, *, optional: bool = False) -> Any:
        value = self._get(key)
        if value is None and optional:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "a text" + (" or empty (null)" if optional else ""))
        return value

    def names(self, key: str) -> tuple[str, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(x, str) and x for x in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def word(self, key: str) -> str:
        """A text, also where YAML reads a number or a date: an id, a day."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | datetime.date):
            raise self.wrong(key, "a text")
        return str(value)

    def done(self) -> None:
        """Raises PolicyError if the file has a key here that nobody has asked for."""
        unknown = [key for key in self.all_keys() if key not in self._read]
        if unknown:
            raise PolicyError(
                f"{self.key(unknown[0])} is not a key of {self._what}; "
                f"known here: {', '.join(sorted(self._read))}"
            )
