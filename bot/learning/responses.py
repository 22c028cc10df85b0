"""What the assistant says: the responses of `domain.yml`, read, checked and changed.

The first half is pure (a domain's text in, its new text out); `set_response` at the end reads and
writes. Texts and buttons that stay the same keep their lines. Does not belong here: when a change
reaches customers (it is part of a model: `bot.learning.published`), or where a response is used
(`bot.learning.usage`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

from bot.errors import DeskhandError
from bot.events import Button, Record
from bot.known_intents import intents_of
from bot.learning.nlu_files import BrokenFile, broken_at, composed, member, quoted
from bot.learning.safe_writes import write_all, writing
from bot.learning.yaml_lines import Lines, checked, loaded, read_text

DOMAIN: Final = Path("domain.yml")
#: Characters of one text; the widget shows more, but nobody reads it.
ANSWER_AT_MOST: Final = 2_000
VARIATIONS_AT_MOST: Final = 20
BUTTONS_AT_MOST: Final = 6
TITLE_AT_MOST: Final = 80


class BadAnswer(DeskhandError):
    """A text or a button that customers must not get."""

    code = "bad_answer"


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


def answer_to(intent: str) -> str:
    """The name of an intent's response."""
    return f"utter_{intent}"


# ---------------------------------------------------------------------------------------- reading


def responses_of(text: str, path: Path = DOMAIN) -> dict[str, Response]:
    """The responses of a domain, in its order.

    Raises: BrokenFile."""
    listed = loaded(path, text).get("responses") or {}
    if not isinstance(listed, dict):
        node = member(composed(path, text), "responses")
        raise broken_at(path, node, "`responses` must be names, each with a list of texts")
    return {str(name): response_of(str(name), value) for name, value in listed.items()}


def response_of(name: str, value: object) -> Response:
    """A response out of its value in a domain."""
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


def read_domain(root: Path) -> str:
    """The text of domain.yml.

    Raises: BrokenFile."""
    try:
        return read_text(root / DOMAIN, DOMAIN)
    except FileNotFoundError:
        raise BrokenFile(DOMAIN, 1, 1, "the file is missing") from None


# ------------------------------------------------------------------------------------- changing


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
    check_variations(variations, name, words_in(response), frozenset(intents_of(text)))
    if tuple(variations) == response.variations:
        return text
    page = Lines(path, text)
    node = member(member(composed(path, text), "responses"), name)
    _replace_texts(page, name, node, response.variations, variations)
    wanted = {
        **before,
        "responses": {**before["responses"], name: [_plain(one) for one in variations]},
    }
    return checked(path, page.text(), wanted)


def _plain(one: Variation) -> dict[str, Any]:
    buttons = [{"title": b.title, "payload": b.payload} for b in one.buttons]
    return {"text": one.text, "buttons": buttons} if buttons else {"text": one.text}


_BRACED: Final = re.compile(r"\{(\w+)\}")


def words_in(response: Response) -> frozenset[str]:
    """The words in braces that its texts and buttons may use: those that are filled in for it."""
    shown = (
        text
        for one in response.variations
        for text in (one.text, *(button.title for button in one.buttons))
    )
    return frozenset(word for text in shown for word in _BRACED.findall(text))


def check_variations(
    variations: Sequence[Variation],
    name: str,
    words: AbstractSet[str] = frozenset(),
    intents: AbstractSet[str] = frozenset(),
) -> None:
    """Raises BadAnswer naming the variation and what is wrong with it. `words` may stand in
    braces, `intents` behind buttons."""
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
        _check_signs(where, one.text)
        _check_braces(where, one.text, words)
        if len(one.buttons) > BUTTONS_AT_MOST:
            raise BadAnswer(f"{where} has {len(one.buttons)} buttons; {BUTTONS_AT_MOST} at most.")
        for button in one.buttons:
            if not button.title.strip() or len(button.title) > TITLE_AT_MOST:
                raise BadAnswer(
                    f"A button of {where.lower()} has no title, or one of more than "
                    f"{TITLE_AT_MOST} characters."
                )
            _check_signs(f"A button of {where.lower()}", button.title)
            _check_braces(f"A button of {where.lower()}", button.title, words)
            payload = _PAYLOAD.fullmatch(button.payload)
            if payload is None or payload[1] not in intents:
                raise BadAnswer(
                    f"The button “{button.title[:40]}” leads nowhere.",
                    hint="A payload is a slash and the name of an intent, such as /order_status.",
                )


def _check_signs(where: str, text: str) -> None:
    if bad := _UNSHOWABLE.search(text):
        raise BadAnswer(f"{where} holds a sign that cannot be shown (code {ord(bad[0]):#x}).")


def _check_braces(where: str, text: str, words: AbstractSet[str]) -> None:
    for word in _BRACED.findall(text):
        if word not in words:
            may = ", ".join(f"{{{one}}}" for one in sorted(words))
            raise BadAnswer(
                f"{where} uses {{{word}}}, which is not filled in there.",
                hint=f"It may use {may}." if words else "It can use no words in braces.",
            )
    if re.search(r"[{}]", _BRACED.sub("", text)):
        raise BadAnswer(
            f"{where} holds a brace that belongs to no word.",
            hint="Braces are for words that are filled in, such as {order_number}.",
        )


_UNSHOWABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
#: A slash, an intent, and what else is told with it: a flat object, in which nothing is left that
#: Rasa takes for words to be filled in. It looks for them in buttons as in texts, and a text that
#: it cannot fill in is an error for the customer.
_DETAIL: Final = r'\s*"\w{1,80}"\s*:\s*(?:"[^"\\{}\[\]\x00-\x1f\x7f-\x9f]{0,100}"|-?\d{1,12})\s*'
_PAYLOAD: Final = re.compile(rf"/([A-Za-z][\w/-]{{0,80}})(?:\{{{_DETAIL}(?:,{_DETAIL}){{0,5}}\}})?")


# --------------------------------------------------------------------------------------- lines


def _replace_texts(
    page: Lines, name: str, node: Any, old: Sequence[Variation], new: Sequence[Variation]
) -> None:
    """Give a response other variations; `node` is the list of the `old` ones."""
    block = page.block("responses", name)
    starts = [item.start_mark.line for item in node.value]
    if node.flow_style or starts != sorted(set(starts)) or starts[0] <= block.start:
        raise broken_at(page.path, node, f"the texts of `{name}` must begin on lines of their own")
    ends = [*starts[1:], block.stop]
    indent = " " * int(node.start_mark.column)
    pieces = [
        _Piece.read(one, page.lines[start:end])
        for one, start, end in zip(old, starts, ends, strict=True)
    ]
    held: set[str] = set()
    lines: list[str] = []
    for one in new:
        same = next((p for p in pieces if p.variation.text == one.text), None)
        lines += same.text if same and same.text else text_lines(indent, one)
        like = next((p for p in pieces if p.variation.buttons == one.buttons), None)
        lines += _button_lines(indent, one, like, held)
    page.lines[starts[0] : block.stop] = lines
    for piece in pieces:
        if piece.anchor and piece.anchor not in held:
            _hand_on(page, piece, starts[0] + len(lines))


def _hand_on(page: Lines, piece: _Piece, after: int) -> None:
    """Let the next response that shares buttons hold them, since their holder is gone."""
    alias = re.compile(rf"(\s*)(- )?buttons: \*{re.escape(piece.anchor)}\s*(#.*)?")
    for number in range(after, len(page.lines)):
        if found := alias.fullmatch(page.lines[number]):
            indent = found[1] + "  " * bool(found[2])
            lines = [
                f"{found[1]}{found[2] or ''}buttons: &{piece.anchor}",
                *_buttons(indent, piece.variation.buttons),
            ]
            page.lines[number : number + 1] = lines
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


def text_lines(indent: str, one: Variation) -> list[str]:
    """The lines of a text, without its buttons."""
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


# ------------------------------------------------------------------------------------- the file


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
            write_all(root, {root / DOMAIN: changed})
    return responses_of(changed)[name]
