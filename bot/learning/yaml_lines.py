"""Changing YAML files by lines, so that comments, anchors and everybody's layout stay as they are.

Pure but for `read_text`: the lines of a file, where in it things are, and the comparison of what
came out with what was meant. Does not belong here: what is changed (`bot.learning.responses`,
`bot.learning.domain_edits`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, SequenceNode

from bot.learning.nlu_files import BrokenFile, broken_at, composed, member


def read_text(path: Path, shown: Path) -> str:
    """A file's text, line ends as they are in it. `shown` is what errors call it.

    Raises: BrokenFile (also when it is not UTF-8), FileNotFoundError."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as why:
        before = raw[: why.start]
        line, column = before.count(b"\n") + 1, why.start - before.rfind(b"\n")
        raise BrokenFile(shown, line, column, "this is not UTF-8") from None


@lru_cache(maxsize=64)
def loaded(path: Path, text: str) -> Mapping[str, Any]:
    """A YAML file as plain values, which nobody may change; empty when it is.

    Raises: BrokenFile."""
    tree = composed(path, text)
    if tree is None:
        return {}
    if not isinstance(tree, MappingNode):
        raise broken_at(path, tree, "a file begins with keys, such as `version`")
    content: dict[str, Any] = YAML(typ="safe").load(text)
    return content


def checked(path: Path, text: str, wanted: Mapping[str, Any]) -> str:
    """The text, if it reads as is wanted; the order of intents and responses does not matter."""
    found = loaded(path, text)
    if found != wanted:
        raise BrokenFile(path, 1, 1, "the file is laid out in a way that cannot be changed here")
    return text


class Lines:
    """The lines of a file, without their ends, and where in it things are."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._end = "\r\n" if "\r\n" in text else "\n"
        self.tree = composed(path, text)
        self.lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")

    def text(self) -> str:
        """The file as it is now; its last line has an end."""
        return self._end.join([*self.lines, ""])

    def insert(self, at: int, lines: Sequence[str]) -> None:
        """New lines before line `at` (from 0)."""
        self.lines[at:at] = lines

    def _listed(self, key: str) -> Any:
        """The node of a top-level key, which must hold something and have a line for each point.

        Raises: BrokenFile."""
        node = member(self.tree, key)
        if not isinstance(node, (MappingNode, SequenceNode)) or node.flow_style or not node.value:
            raise broken_at(
                self.path, node or self.tree, f"`{key}` must have points below it, one to a line"
            )
        return node

    def indent(self, key: str) -> str:
        """How far the points below a top-level key are indented."""
        return " " * int(self._listed(key).start_mark.column)

    def end_of(self, key: str) -> int:
        """The line (from 0) after the last one that belongs to a top-level key."""
        starts = [name.start_mark.line for name, _ in self.tree.value]
        mine = self._listed(key).start_mark.line
        return self.back(min((one for one in starts if one > mine), default=len(self.lines)))

    def block(self, key: str, name: str) -> range:
        """The lines of one name below a top-level key."""
        names = self._listed(key).value
        place = next(i for i, (one, _) in enumerate(names) if one.value == name)
        first = names[place][0].start_mark.line
        if place + 1 == len(names):
            return range(first, self.end_of(key))
        return range(first, self.back(names[place + 1][0].start_mark.line))

    def back(self, line: int) -> int:
        """Above the comments and empty lines that stand above what begins at `line`."""
        while line and (not self.lines[line - 1].strip() or self._comment(line - 1)):
            line -= 1
        return line

    def _comment(self, line: int) -> bool:
        return self.lines[line].lstrip().startswith("#")
