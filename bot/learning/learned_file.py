"""Adding sentences to a file of learned examples, and taking them out, by lines.

Pure: a file's text in, its new text out. All other lines stay as they are to the byte, whoever
wrote them; what was added last and is taken out again leaves the text that was there before. What
comes out is read again and compared with what was meant, so an unusual layout leads to an error,
never to a wrong file.

A sentence takes two lines, so that it can be found, moved and deleted by hand:

    - text: "wheres my tent"
      metadata: {from: ["6b1f...#12"], by: "anna", at: "2026-11-26T08:12:09.120Z"}
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from bot.learning.nlu_files import (
    Example,
    broken_at,
    composed,
    intent_items,
    key_of,
    lines_of,
    member,
    quoted,
    read_examples,
    written_time,
)

HEADER: Final = """\
# Sentences of customers, each under the intent that an owner gave it in the studio. `metadata` says
# where it comes from. You may edit this file.
version: "3.1"
"""
HELD_OUT_HEADER: Final = """\
# Sentences of customers that no training ever reads: by them a new model is judged. You may correct
# their intents; moving a sentence to data/nlu/ would make figures look better than they are.
version: "3.1"
"""
_EMPTY: Final = "nlu: []"
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")


def added_to(path: Path, text: str | None, examples: Sequence[Example], header: str) -> str:
    """The file with `examples` (cleaned, of one intent) at its end; None is no file yet.

    Raises: BrokenFile."""
    if not examples:
        raise ValueError("there is nothing to add")
    text = f"{header}\n{_EMPTY}\n" if text is None else text
    before = read_examples(path, text)
    end = "\r\n" if "\r\n" in text else "\n"
    lines = _LINE.findall(text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    tree = composed(path, text)
    nlu = member(tree, "nlu")
    indent = "  "
    if tree is None or nlu is None:
        lines.append(f"nlu:{end}")
        items: list[Any] = []
        dash = ""
    elif tree.value[-1][1] is not nlu:
        raise broken_at(path, tree.value[-1][0], "`nlu` must be the last key of this file")
    elif not nlu.value:
        at = nlu.start_mark.line
        lines[at] = f"nlu:{end}"
        items, dash = [], ""
    elif nlu.flow_style:
        raise broken_at(path, nlu, "`nlu` must have one intent a line")
    else:
        items = list(nlu.value)
        dash = " " * nlu.start_mark.column
    intent = examples[0].intent
    last = member(items[-1], "examples") if items else None
    mine = items and _text(member(items[-1], "intent")) == intent
    if mine and isinstance(last, SequenceNode) and last.value and not last.flow_style:
        indent = " " * last.start_mark.column
    else:
        lines += [f"{dash}- intent: {_name(intent)}{end}", f"{dash}  examples:{end}"]
        indent = f"{dash}  "
    for one in examples:
        about = ", ".join(
            [f"from: [{', '.join(map(quoted, one.sources))}]", f"by: {quoted(one.by)}"]
            + ([f"at: {quoted(written_time(one.at))}"] if one.at else [])
        )
        lines += [
            f"{indent}- text: {quoted(one.text)}{end}",
            f"{indent}  metadata: {{{about}}}{end}",
        ]
    wanted = [placed.example for placed in before] + list(examples)
    return _checked(path, "".join(lines), wanted)


def removed_from(path: Path, text: str, intent: str, keys: AbstractSet[str]) -> str | None:
    """The file without the sentences of `intent` with these keys (`key_of`); None when nothing but
    our own header is left.

    Raises: BrokenFile."""
    lines = _LINE.findall(text)
    dropped: set[int] = set()
    tree = composed(path, text)
    left = total = 0
    for name, item, examples in intent_items(path, tree):
        total += 1
        gone = _lines_of_examples(examples, keys) if name == intent else []
        if gone and sum(len(one) for one in gone) and _count(examples) == len(gone):
            dropped |= _lines(item)
        else:
            left += 1
            dropped |= {line for one in gone for line in one}
    if not dropped:
        return text
    if not left and total == len(member(tree, "nlu").value):
        at = _line_of_nlu(tree)
        lines[at] = _EMPTY + ("\r\n" if "\r\n" in lines[at] else "\n")
    kept = "".join(line for number, line in enumerate(lines) if number not in dropped)
    wanted = [
        placed.example
        for placed in read_examples(path, text)
        if placed.example.intent != intent or key_of(placed.example.text) not in keys
    ]
    kept = _checked(path, kept, wanted)
    alone = kept.replace("\r\n", "\n") in {f"{h}\n{_EMPTY}\n" for h in (HEADER, HELD_OUT_HEADER)}
    return None if alone else kept


def _checked(path: Path, text: str, wanted: Sequence[Example]) -> str:
    found = [placed.example for placed in read_examples(path, text)]
    if found != list(wanted):
        raise broken_at(
            path, composed(path, text), "the file is laid out in a way that cannot be changed here"
        )
    return text


def _name(intent: str) -> str:
    plain = intent.replace("_", "a").replace("-", "a").replace("/", "a")
    word = plain.isascii() and plain.isalnum() and plain[0].isalpha()
    return intent if word and intent.casefold() not in _NO_NAMES else quoted(intent)


#: Words that YAML takes for something else.
_NO_NAMES: Final = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}


def _text(node: Any) -> str | None:
    return node.value if isinstance(node, ScalarNode) else None


def _count(examples: Any) -> int:
    if isinstance(examples, SequenceNode):
        return len(examples.value)
    return sum(1 for _ in lines_of(examples)) if isinstance(examples, ScalarNode) else 0


def _lines_of_examples(examples: Any, keys: AbstractSet[str]) -> list[set[int]]:
    """The lines (from 0) of each sentence with one of these keys."""
    if isinstance(examples, SequenceNode):
        return [
            _lines(one)
            for one in examples.value
            if key_of((_text(member(one, "text")) or "").strip()) in keys
        ]
    if isinstance(examples, ScalarNode):
        return [{line - 1} for line, sentence in lines_of(examples) if key_of(sentence) in keys]
    return []


def _lines(node: Any) -> set[int]:
    return set(range(node.start_mark.line, _last_line(node) + 1))


def _last_line(node: Any) -> int:
    """The last line (from 0) that a node has text on: its mark would be after the comments."""
    if isinstance(node, MappingNode) and not node.flow_style:
        return max(_last_line(part) for pair in node.value for part in pair)
    if isinstance(node, SequenceNode) and not node.flow_style and node.value:
        return max(_last_line(part) for part in node.value)
    end = node.end_mark
    at_line_start = isinstance(node, ScalarNode) and node.style in {"|", ">"} and not end.column
    last: int = end.line - 1 if at_line_start else end.line
    return max(last, int(node.start_mark.line))


def _line_of_nlu(tree: MappingNode) -> int:
    line: int = next(key.start_mark.line for key, _ in tree.value if key.value == "nlu")
    return line
