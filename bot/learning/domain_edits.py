"""Changing `domain.yml` and the learned rules by lines: a new intent with its answer, other texts.

The first half is pure (a file's text in, its new text out); `add_intent`, `remove_intent` and
`set_response` at the end read and write. Every line that is not meant stays as it is, comments and
anchors included, and what comes out is read again and compared with what was meant before it is
written. Does not belong here: examples (`bot.learning.examples`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, SequenceNode

from bot.errors import DeskhandError
from bot.events import Button, Record
from bot.known_intents import intents_of
from bot.learning.nlu_files import BrokenFile, broken_at, composed, member, quoted
from bot.learning.safe_writes import write_all, writing

DOMAIN: Final = Path("domain.yml")
RULES: Final = Path("data/rules/learned.yml")
#: Characters of one text; the widget shows more, but nobody reads it.
ANSWER_AT_MOST: Final = 2_000
VARIATIONS_AT_MOST: Final = 20
BUTTONS_AT_MOST: Final = 6
TITLE_AT_MOST: Final = 80
#: Of a new intent: as Rasa and file names take it.
INTENT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,59}")
RULES_HEADER: Final = """\
# Which answer follows which question that was added in the studio. You may edit this file.
version: "3.1"
"""
_EMPTY_RULES: Final = "rules: []"
_LEARNED: Final = "  # from the studio"


class BadAnswer(DeskhandError):
    """A text or a button that customers must not get."""

    code = "bad_answer"


class BadIntentName(DeskhandError):
    code = "bad_intent_name"


class IntentExists(DeskhandError):
    code = "intent_exists"


class UnknownIntent(DeskhandError):
    """The intent is not in the domain: never made, or deleted meanwhile."""

    code = "unknown_intent"


class UnknownResponse(DeskhandError):
    code = "unknown_response"


class ChangedMeanwhile(DeskhandError):
    """Somebody else has saved since the page was opened."""

    code = "changed_meanwhile"


class Variation(Record, frozen=True):
    """One of the texts of a response, with its buttons."""

    text: str
    buttons: tuple[Button, ...] = ()


class Response(Record, frozen=True):
    """What the assistant says under a name. `version` changes with every change of its lines.
    `fixed` says why it can only be changed by hand; "" when it can be edited."""

    name: str
    variations: tuple[Variation, ...]
    version: str
    fixed: str = ""


class NewIntent(Record, frozen=True):
    """An intent that is to be made, and what the assistant says to it."""

    name: str
    answer: str


def answer_to(intent: str) -> str:
    """The name of an intent's response."""
    return f"utter_{intent}"


# ---------------------------------------------------------------------------------------- reading


@lru_cache(maxsize=8)
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


def responses_of(text: str, path: Path = DOMAIN) -> dict[str, Response]:
    """The responses of a domain, in its order.

    Raises: BrokenFile."""
    listed = loaded(path, text).get("responses") or {}
    if not isinstance(listed, dict):
        node = member(composed(path, text), "responses")
        raise broken_at(path, node, "`responses` must be names, each with a list of texts")
    return {str(name): _response(str(name), value) for name, value in listed.items()}


def _response(name: str, value: object) -> Response:
    known, fixed = [], ""
    for one in value if isinstance(value, list) else [value]:
        variation = _variation(one)
        if variation is None:
            fixed = "It holds more than texts and buttons; change it in domain.yml."
        else:
            known.append(variation)
    shown = f"{name}\0{known}\0{value if fixed else ''}"
    version = hashlib.sha256(shown.encode()).hexdigest()[:16]
    return Response(name=name, variations=tuple(known), version=version, fixed=fixed)


def _variation(one: object) -> Variation | None:
    """None when it is more than a text with buttons."""
    if not isinstance(one, dict) or set(one) - {"text", "buttons"} or "text" not in one:
        return None
    buttons = one.get("buttons") or []
    if not all(isinstance(b, dict) and set(b) == {"title", "payload"} for b in buttons):
        return None
    return Variation(
        text=str(one["text"]),
        buttons=tuple(Button(title=str(b["title"]), payload=str(b["payload"])) for b in buttons),
    )


# ---------------------------------------------------------------------------------- pure: intents


def with_intent(text: str, new: NewIntent, path: Path = DOMAIN) -> str:
    """The domain with one more intent and its answer.

    Raises: BadIntentName, IntentExists, BadAnswer, BrokenFile."""
    name = new.name
    if not INTENT_NAME.fullmatch(name):
        raise BadIntentName(
            f"“{name[:80]}” is no name for an intent.",
            hint="Small letters, digits and underscores, such as repair_service; 2 to 60 of them.",
        )
    before = loaded(path, text)
    if name in intents_of(text):
        raise IntentExists(
            f"There is an intent {name} already.", hint="Choose it, or another name."
        )
    if answer_to(name) in (before.get("responses") or {}):
        raise IntentExists(
            f"There is a response {answer_to(name)} already.", hint="Choose another name."
        )
    answer = Variation(text=new.answer)
    check_variations([answer], answer_to(name))
    page = _Page(path, text)
    page.insert(
        page.end_of("responses"),
        [f"{page.indent('responses')}{answer_to(name)}:{_LEARNED}", *_rendered(page, answer)],
    )
    page.insert(page.end_of("intents"), [f"{page.indent('intents')}- {name}{_LEARNED}"])
    wanted = {
        **before,
        "intents": [*before["intents"], name],
        "responses": {**before["responses"], answer_to(name): [{"text": new.answer}]},
    }
    return _checked(path, page.text(), wanted)


def without_intent(text: str, name: str, path: Path = DOMAIN) -> str:
    """The domain without an intent that `with_intent` added, and without its answer.

    Raises: UnknownIntent, BrokenFile."""
    before = loaded(path, text)
    page = _Page(path, text)
    line = re.compile(rf"\s*- {re.escape(name)}{re.escape(_LEARNED)}\s*")
    found = [number for number, one in enumerate(page.lines) if line.fullmatch(one)]
    if not found or name not in intents_of(text):
        raise UnknownIntent(
            f"There is no intent {name} that was made in the studio.",
            hint="Others are removed by hand, in domain.yml.",
        )
    dropped = set(found)
    if answer_to(name) in (before.get("responses") or {}):
        dropped |= set(page.block("responses", answer_to(name)))
    page.lines = [one for number, one in enumerate(page.lines) if number not in dropped]
    wanted = {
        **before,
        "intents": [one for one in before["intents"] if one != name],
        "responses": {k: v for k, v in before["responses"].items() if k != answer_to(name)},
    }
    return _checked(path, page.text(), wanted)


def with_rule(text: str | None, intent: str, path: Path = RULES) -> str:
    """The file of learned rules (None: there is none yet) with the one that answers `intent`.

    Raises: BrokenFile."""
    text = f"{RULES_HEADER}\n{_EMPTY_RULES}\n" if text is None else text
    before = loaded(path, text)
    rules = before.get("rules") or []
    rule = _rule(intent)
    page = _Page(path, text)
    if not rules:
        page.lines = [one for one in page.lines if one.strip() not in {_EMPTY_RULES, "rules:"}]
        page.insert(len(page.lines), ["rules:"])
        at, indent = len(page.lines), "  "
    else:
        at, indent = page.end_of("rules"), page.indent("rules")
        page.insert(at, [""])
        at += 1
    page.insert(
        at,
        [
            f"{indent}- rule: {rule['rule']}",
            f"{indent}  steps:",
            f"{indent}    - intent: {intent}",
            f"{indent}    - action: {answer_to(intent)}",
        ],
    )
    return _checked(path, page.text(), {**before, "rules": [*rules, rule]})


def without_rule(text: str, intent: str, path: Path = RULES) -> str | None:
    """The file without the rule that `with_rule` added; None when nothing but our header is left.

    Raises: BrokenFile."""
    before = loaded(path, text)
    rules = before.get("rules") or []
    if _rule(intent) not in rules:
        return text
    if len(rules) == 1 and text == with_rule(None, intent, path):
        return None
    place = rules.index(_rule(intent))
    page = _Page(path, text)
    starts = [item.start_mark.line for item in member(composed(path, text), "rules").value]
    first = starts[place]
    last = starts[place + 1] if place + 1 < len(starts) else page.end_of("rules")
    if place + 1 == len(starts) and place and not page.lines[first - 1].strip():
        first -= 1
    page.lines[first:last] = []
    left = [rule for rule in rules if rule != _rule(intent)]
    if not left:
        page.lines = [_EMPTY_RULES if one.strip() == "rules:" else one for one in page.lines]
    return _checked(path, page.text(), {**before, "rules": left})


def _rule(intent: str) -> dict[str, Any]:
    return {
        "rule": f"{intent} is answered",
        "steps": [{"intent": intent}, {"action": answer_to(intent)}],
    }


# -------------------------------------------------------------------------------- pure: responses


def with_response(
    text: str, name: str, variations: Sequence[Variation], path: Path = DOMAIN
) -> str:
    """The domain with other texts under the name of a response. Texts and buttons that stay the
    same keep their lines; buttons that other responses share (`&anchor`) stay shared.

    Raises: UnknownResponse, BadAnswer, BrokenFile."""
    before = loaded(path, text)
    response = responses_of(text, path).get(name)
    if response is None:
        raise UnknownResponse(f"There is no response {name}.", hint="It was removed meanwhile.")
    if response.fixed:
        raise BadAnswer(f"{name} cannot be changed here. {response.fixed}")
    check_variations(variations, name)
    if tuple(variations) == response.variations:
        return text
    page = _Page(path, text)
    node = member(member(composed(path, text), "responses"), name)
    page.replace_texts(name, node, response.variations, variations)
    wanted = {
        **before,
        "responses": {**before["responses"], name: [_plain(one) for one in variations]},
    }
    return _checked(path, page.text(), wanted)


def _plain(one: Variation) -> dict[str, Any]:
    buttons = [{"title": b.title, "payload": b.payload} for b in one.buttons]
    return {"text": one.text, "buttons": buttons} if buttons else {"text": one.text}


def check_variations(variations: Sequence[Variation], name: str) -> None:
    """Raises BadAnswer naming the variation and what is wrong with it."""
    if not variations:
        raise BadAnswer(f"{name} has no text.", hint="Write at least one.")
    if len(variations) > VARIATIONS_AT_MOST:
        raise BadAnswer(f"{name} has {len(variations)} texts; {VARIATIONS_AT_MOST} are the most.")
    for number, one in enumerate(variations, 1):
        where = f"Text {number} of {name}"
        if not one.text.strip():
            raise BadAnswer(f"{where} is empty.", hint="Write something, or remove it.")
        if len(one.text) > ANSWER_AT_MOST:
            raise BadAnswer(
                f"{where} has {len(one.text):,} characters; {ANSWER_AT_MOST:,} are the most.",
                hint="Shorten it, or make a help page of it.",
            )
        if bad := _UNSHOWABLE.search(one.text):
            raise BadAnswer(f"{where} holds a sign that cannot be shown (code {ord(bad[0]):#x}).")
        if len(one.buttons) > BUTTONS_AT_MOST:
            raise BadAnswer(f"{where} has {len(one.buttons)} buttons; {BUTTONS_AT_MOST} at most.")
        for button in one.buttons:
            if not button.title.strip() or len(button.title) > TITLE_AT_MOST:
                raise BadAnswer(
                    f"A button of {where.lower()} has no title, or one of more than "
                    f"{TITLE_AT_MOST} characters."
                )
            if not _PAYLOAD.fullmatch(button.payload):
                raise BadAnswer(
                    f"The button “{button.title[:40]}” leads nowhere.",
                    hint="A payload is a slash and the name of an intent, such as /order_status.",
                )


_UNSHOWABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_PAYLOAD: Final = re.compile(r"/[A-Za-z][\w/-]{0,80}(?:\{.{0,400}\})?")


# ----------------------------------------------------------------------------------- pure: layout


class _Page:
    """The lines of a file, without their ends, and where in it things are."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._end = "\r\n" if "\r\n" in text else "\n"
        self._tree = composed(path, text)
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
        node = member(self._tree, key)
        if not isinstance(node, (MappingNode, SequenceNode)) or node.flow_style or not node.value:
            raise broken_at(
                self._path, node or self._tree, f"`{key}` must have points below it, one to a line"
            )
        return node

    def indent(self, key: str) -> str:
        """How far the points below a top-level key are indented."""
        return " " * int(self._listed(key).start_mark.column)

    def end_of(self, key: str) -> int:
        """The line (from 0) after the last one that belongs to a top-level key."""
        starts = [name.start_mark.line for name, _ in self._tree.value]
        mine = self._listed(key).start_mark.line
        return self._back(min((one for one in starts if one > mine), default=len(self.lines)))

    def block(self, key: str, name: str) -> range:
        """The lines of one name below a top-level key."""
        names = self._listed(key).value
        place = next(i for i, (one, _) in enumerate(names) if one.value == name)
        first = names[place][0].start_mark.line
        if place + 1 == len(names):
            return range(first, self.end_of(key))
        return range(first, self._back(names[place + 1][0].start_mark.line))

    def _back(self, line: int) -> int:
        """Above the comments and empty lines that stand above what begins at `line`."""
        while line and (not self.lines[line - 1].strip() or self._comment(line - 1)):
            line -= 1
        return line

    def _comment(self, line: int) -> bool:
        return self.lines[line].lstrip().startswith("#")

    def replace_texts(
        self, name: str, node: Any, old: Sequence[Variation], new: Sequence[Variation]
    ) -> None:
        """Give a response other variations; `node` is the list of the `old` ones."""
        block = self.block("responses", name)
        starts = [item.start_mark.line for item in node.value]
        if node.flow_style or starts != sorted(set(starts)) or starts[0] <= block.start:
            raise broken_at(
                self._path, node, f"the texts of `{name}` must begin on lines of their own"
            )
        ends = [*starts[1:], block.stop]
        indent = " " * int(node.start_mark.column)
        pieces = [
            _Piece.read(one, self.lines[start:end])
            for one, start, end in zip(old, starts, ends, strict=True)
        ]
        held: set[str] = set()
        lines: list[str] = []
        for one in new:
            same = next((p for p in pieces if p.variation.text == one.text), None)
            lines += same.text if same and same.text else _text_lines(indent, one)
            like = next((p for p in pieces if p.variation.buttons == one.buttons), None)
            lines += _button_lines(indent, one, like, held)
        self.lines[starts[0] : block.stop] = lines
        for piece in pieces:
            if piece.anchor and piece.anchor not in held:
                self._hand_on(piece, starts[0] + len(lines))

    def _hand_on(self, piece: _Piece, after: int) -> None:
        """Let the next response that shares buttons hold them, since their holder is gone."""
        alias = re.compile(rf"(\s*)(- )?buttons: \*{re.escape(piece.anchor)}\s*(#.*)?")
        for number in range(after, len(self.lines)):
            if found := alias.fullmatch(self.lines[number]):
                indent = found[1] + "  " * bool(found[2])
                lines = [
                    f"{found[1]}{found[2] or ''}buttons: &{piece.anchor}",
                    *_buttons(indent, piece.variation.buttons),
                ]
                self.lines[number : number + 1] = lines
                return


class _Piece(Record, frozen=True):
    """The lines of a variation. `anchor` names buttons that it shares with later ones, `alias`
    those that it has from an earlier one. Without `text` it is laid out in an unusual way."""

    variation: Variation
    text: list[str]
    buttons: list[str]
    anchor: str = ""
    alias: str = ""

    @classmethod
    def read(cls, variation: Variation, lines: list[str]) -> _Piece:
        while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            lines = lines[:-1]
        split = next((i for i, one in enumerate(lines) if _BUTTONS.match(one)), len(lines))
        head = _BUTTONS.match(lines[split]) if split < len(lines) else None
        if not lines[0].lstrip().startswith("- text:") or (variation.buttons and head is None):
            return cls(variation=variation, text=[], buttons=[])
        return cls(
            variation=variation,
            text=lines[:split],
            buttons=lines[split:],
            anchor=head["anchor"] or "" if head else "",
            alias=head["alias"] or "" if head else "",
        )


_BUTTONS: Final = re.compile(r"\s+buttons:\s*(?:&(?P<anchor>\S+)|\*(?P<alias>\S+))?\s*(?:#.*)?$")


def _rendered(page: _Page, one: Variation) -> list[str]:
    return _text_lines(page.indent("responses") + "  ", one)


def _text_lines(indent: str, one: Variation) -> list[str]:
    return [f"{indent}- text: {quoted(one.text)}"]


def _button_lines(indent: str, one: Variation, like: _Piece | None, held: set[str]) -> list[str]:
    """`like` has the same buttons already; `held` are the anchors that were written so far."""
    if not one.buttons:
        return []
    if like and like.alias:
        return [f"{indent}  buttons: *{like.alias}"]
    if like and like.anchor:
        if like.anchor in held:
            return [f"{indent}  buttons: *{like.anchor}"]
        held.add(like.anchor)
    if like and like.buttons:
        return like.buttons
    return [f"{indent}  buttons:", *_buttons(f"{indent}  ", one.buttons)]


def _buttons(indent: str, buttons: Sequence[Button]) -> list[str]:
    return [
        line
        for button in buttons
        for line in (
            f"{indent}  - title: {quoted(button.title)}",
            f"{indent}    payload: {quoted(button.payload)}",
        )
    ]


def _checked(path: Path, text: str, wanted: Mapping[str, Any]) -> str:
    """The text, if it reads as is wanted; the order of intents and responses does not matter."""
    found = loaded(path, text)
    if found != wanted:
        raise BrokenFile(path, 1, 1, "the file is laid out in a way that cannot be changed here")
    return text


# ------------------------------------------------------------------------------------- the files


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


def read_domain(root: Path) -> str:
    """The text of domain.yml.

    Raises: BrokenFile."""
    try:
        return read_text(root / DOMAIN, DOMAIN)
    except FileNotFoundError:
        raise BrokenFile(DOMAIN, 1, 1, "the file is missing") from None


def changes_for_intent(root: Path, new: NewIntent) -> dict[Path, str | None]:
    """What is to be written for a new intent: its name, its answer, and the rule between them.

    Raises: BadIntentName, IntentExists, BadAnswer, BrokenFile."""
    rules = root / RULES
    text = read_text(rules, RULES) if rules.is_file() else None
    return {
        root / DOMAIN: with_intent(read_domain(root), new),
        rules: with_rule(text, new.name),
    }


def add_intent(root: Path, name: str, answer: str) -> None:
    """Make an intent with its answer. It understands nothing before it has examples, so use
    `LearnedExamples.add(..., new=...)` where there are some.

    Raises: BadIntentName, IntentExists, BadAnswer, BrokenFile, FilesBusy, NotWritten."""
    with writing(root):
        write_all(changes_for_intent(root, NewIntent(name=name, answer=answer)))


def changes_without_intent(root: Path, name: str) -> dict[Path, str | None]:
    """What is to be written to take back `add_intent`.

    Raises: UnknownIntent, BrokenFile."""
    rules = root / RULES
    changes: dict[Path, str | None] = {root / DOMAIN: without_intent(read_domain(root), name)}
    if rules.is_file():
        changes[rules] = without_rule(read_text(rules, RULES), name)
    return changes


def remove_intent(root: Path, name: str) -> None:
    """Take back `add_intent`.

    Raises: UnknownIntent, BrokenFile, FilesBusy, NotWritten."""
    with writing(root):
        write_all(changes_without_intent(root, name))


def set_response(
    root: Path, name: str, variations: Sequence[Variation], version: str | None = None
) -> Response:
    """Give a response other texts, and say how it is now. With `version` (of what the writer has
    seen) only if nobody else has changed it since.

    Raises: UnknownResponse, ChangedMeanwhile, BadAnswer, BrokenFile, FilesBusy, NotWritten."""
    with writing(root):
        text = read_domain(root)
        current = responses_of(text).get(name)
        if current and version is not None and version != current.version:
            raise ChangedMeanwhile(
                f"Somebody else has changed {name} since you opened it; nothing was saved.",
                hint="Copy what you wrote, reload, and put it into the text as it is now.",
            )
        changed = with_response(text, name, variations)
        if changed != text:
            write_all({root / DOMAIN: changed})
    return responses_of(changed)[name]
