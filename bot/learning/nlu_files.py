"""Reading example sentences out of Rasa's NLU files, with the place of each; and our own files.

Pure: texts in, records out. Belongs here: what a sentence is (cleaned, compared), what Rasa makes
of a file, and the error that names line and column. Does not belong here: changing files
(`bot.learning.learned_file`) or which files there are (`bot.learning.examples`).
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from bot.errors import DeskhandError
from bot.events import Record

#: Characters of a sentence that is learned; the encoder reads about as many.
SENTENCE_AT_MOST: Final = 1_000


class BrokenFile(DeskhandError):
    """A file of the project is not what Rasa reads. `line` and `column` count from 1."""

    code = "broken_file"

    def __init__(self, path: Path, line: int, column: int, problem: str) -> None:
        self.path = path
        self.line = line
        self.column = column
        super().__init__(
            f"{path}, line {line}, column {column}: {problem}.",
            hint="Mend the file first; nothing was written. The mistake may also be just above.",
        )


class Example(Record, frozen=True):
    """A sentence of customers' that was given an intent. `sources` are the messages it comes from,
    as "<conversation>#<seq>": ids, never personal data. `at` are ms since the epoch."""

    text: str
    intent: str
    sources: tuple[str, ...] = ()
    by: str = ""
    at: int = 0


@dataclass(frozen=True)
class Placed:
    """An example and where it stands. `line` counts from 1."""

    example: Example
    path: Path
    line: int

    @property
    def where(self) -> str:
        return f"{self.path}, line {self.line}"


# ------------------------------------------------------------------------------------- sentences

#: Where Rasa would see an annotated entity: `[Oslo](city)`, `[Oslo]{"entity": "city"}`, `[a][b]`.
_ANNOTATION: Final = re.compile(r"\](?=[(\[{])")
_ANNOTATED: Final = re.compile(r"\[([^\]]+?)\](?:\([^:)]+?(?::[^)]+)?\)|\{[^}]+?\}|\[.*?\])")
#: Control characters, lone halves of surrogate pairs; and code points that are none for text.
_UNWRITABLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_WORD: Final = re.compile(r"\w+(?:['’]\w+)?")


def cleaned(text: str) -> str:
    """The sentence as it is learned: on one line, NFC, without what cannot be written in YAML, and
    with a blank where Rasa would otherwise read square brackets as an annotation."""
    text = " ".join(_UNWRITABLE.sub("", text).split())
    return _ANNOTATION.sub("] ", unicodedata.normalize("NFC", text))


def key_of(text: str) -> str:
    """What makes two sentences the same: their words, whatever the case and the punctuation; all
    of the text when there are no words in it."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(_WORD.findall(text)) or " ".join(text.split())


def quoted(text: str) -> str:
    """A YAML scalar in double quotes, on one line, that reads back as `text`."""
    return '"' + "".join(_ESCAPED.get(ch) or (ch if _plain(ch) else _code(ch)) for ch in text) + '"'


_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _plain(ch: str) -> bool:
    return ch == " " or not (ch.isspace() or _UNWRITABLE.match(ch) or ch < " ")


def _code(ch: str) -> str:
    return f"\\u{ord(ch):04x}"


# ----------------------------------------------------------------------------------------- files


def composed(path: Path, text: str) -> Any:
    """The tree of YAML nodes of a file, each with its place; None for an empty one.

    Raises: BrokenFile."""
    try:
        return YAML(typ="safe").compose(text.removeprefix("\ufeff"))
    except MarkedYAMLError as why:
        mark = why.problem_mark or why.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise BrokenFile(path, line, column, why.problem or "this is no YAML") from None
    except YAMLError as why:
        raise BrokenFile(path, *_unreadable(text), str(why).splitlines()[0]) from None


def _unreadable(text: str) -> tuple[int, int]:
    """Line and column of the first character that YAML forbids; the start when there is none."""
    found = _UNWRITABLE.search(text.removeprefix("\ufeff"))
    if not found:
        return 1, 1
    before = text[: found.start()]
    return before.count("\n") + 1, found.start() - (before.rfind("\n") + 1) + 1


def member(node: Any, key: str) -> Any:
    """The node of a mapping's value; None when `node` is no mapping or has no such key."""
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value
    return None


def broken_at(path: Path, node: Any, problem: str) -> BrokenFile:
    """The error for something at `node` that is YAML, but not what belongs there."""
    return BrokenFile(path, node.start_mark.line + 1, node.start_mark.column + 1, problem)


def intent_items(path: Path, tree: Any) -> Iterator[tuple[str, MappingNode, Any]]:
    """The items of `nlu` that are about an intent: its name, the item, and its examples' node.

    Raises: BrokenFile."""
    if tree is None:
        return
    if not isinstance(tree, MappingNode):
        raise broken_at(path, tree, "a file begins with keys, such as `version` and `nlu`")
    nlu = member(tree, "nlu")
    if nlu is None or (isinstance(nlu, ScalarNode) and not nlu.value):
        return
    if not isinstance(nlu, SequenceNode):
        raise broken_at(path, nlu, "`nlu` must be a list")
    for item in nlu.value:
        if not isinstance(item, MappingNode):
            raise broken_at(path, item, "each point of `nlu` begins like `- intent: order_status`")
        name = member(item, "intent")
        if name is not None:
            if not isinstance(name, ScalarNode) or not name.value:
                raise broken_at(path, name, "`intent` must be a name")
            yield name.value, item, member(item, "examples")


def read_examples(path: Path, text: str) -> list[Placed]:
    """The sentences of a file, in its order, without annotations.

    Raises: BrokenFile."""
    found = []
    for intent, item, examples in intent_items(path, composed(path, text)):
        if isinstance(examples, SequenceNode):
            for one in examples.value:
                example = _with_metadata(path, intent, one)
                found.append(Placed(example, path, one.start_mark.line + 1))
        elif isinstance(examples, ScalarNode):
            for line, sentence in lines_of(examples):
                found.append(Placed(Example(text=_bare(sentence), intent=intent), path, line))
        elif examples is not None:
            raise broken_at(path, item, f"the examples of `{intent}` must be a list")
    return found


def lines_of(block: ScalarNode) -> Iterator[tuple[int, str]]:
    """The sentences of `examples: |`, each with its line (from 1)."""
    first = block.start_mark.line + (2 if block.style in {"|", ">"} else 1)
    for place, line in enumerate(block.value.splitlines()):
        if line.startswith("-"):
            yield first + place, line[1:].strip()


def _bare(sentence: str) -> str:
    return _ANNOTATED.sub(r"\1", sentence)


def _with_metadata(path: Path, intent: str, node: Any) -> Example:
    text = member(node, "text")
    if not isinstance(text, ScalarNode):
        raise broken_at(path, node, 'an example in a list looks like `- text: "..."`')
    about = member(node, "metadata")
    sources, by, at = (member(about, key) for key in ("from", "by", "at"))
    return Example(
        text=_bare(text.value.strip()),
        intent=intent,
        sources=tuple(str(one.value) for one in sources.value)
        if isinstance(sources, SequenceNode)
        else (),
        by=by.value if isinstance(by, ScalarNode) else "",
        at=_ms(path, at) if isinstance(at, ScalarNode) else 0,
    )


def written_time(ms: int) -> str:
    """A time as it stands in our files: ISO 8601, UTC, to the millisecond."""
    time = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def _ms(path: Path, node: ScalarNode) -> int:
    try:
        time = datetime.datetime.fromisoformat(node.value.replace("Z", "+00:00"))
    except ValueError:
        raise broken_at(path, node, f"`{node.value}` is no time") from None
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return round(time.timestamp() * 1000)
