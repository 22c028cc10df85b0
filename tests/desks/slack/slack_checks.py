"""What Slack refuses and the emulator takes: blocks and views that are wrong or too big.

slack_sdk's models check their own shapes; the limits that they leave out are listed here, from
Slack's reference of blocks, elements and composition objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

Json = dict[str, Any]

TEXT_AT_MOST = 40_000
MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100

#: (type of the object, key of a text in it) -> longest, in characters.
LONGEST: dict[tuple[str, str], int] = {
    ("section", "text"): 3_000,
    ("header", "text"): 150,
    ("button", "text"): 75,
    ("input", "label"): 2_000,
    ("input", "hint"): 2_000,
    ("option", "text"): 75,
    ("option", "description"): 75,
    ("modal", "title"): 24,
    ("modal", "submit"): 24,
    ("modal", "close"): 24,
    ("plain_text_input", "placeholder"): 150,
    ("static_select", "placeholder"): 150,
    ("confirm", "title"): 100,
    ("confirm", "text"): 300,
    ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
}
#: Likewise for strings that are no text objects.
LONGEST_STRINGS: dict[tuple[str, str], int] = {
    ("button", "value"): 2_000,
    ("option", "value"): 150,
    ("plain_text_input", "initial_value"): 3_000,
    ("mrkdwn", "text"): 3_000,
    ("plain_text", "text"): 3_000,
    ("modal", "private_metadata"): 3_000,
    ("modal", "callback_id"): 255,
}
#: Likewise for lists: fewest and most.
SIZES: dict[tuple[str, str], tuple[int, int]] = {
    ("section", "fields"): (1, 10),
    ("context", "elements"): (1, 10),
    ("actions", "elements"): (1, 25),
    ("static_select", "options"): (1, 100),
    ("overflow", "options"): (1, 5),
    ("radio_buttons", "options"): (1, 10),
}


def fault_of(method: str, body: Json) -> str | None:
    """The error with which Slack would answer, or None."""
    if not method.startswith(("chat.", "views.")):
        return None
    try:
        if len(str(body.get("text") or "")) > TEXT_AT_MOST:
            return "msg_too_long"
        if "metadata" in body and set(body["metadata"]) != {"event_type", "event_payload"}:
            return "invalid_metadata_format"
        check_blocks(body.get("blocks") or [], MESSAGE_BLOCKS)
        if "view" in body:
            check_view(body["view"])
    except (ValueError, SlackObjectFormationError):
        return "invalid_arguments" if "view" in body else "invalid_blocks"
    return None


def check_view(view: Json) -> None:
    """Raises: ValueError, SlackObjectFormationError, saying what is wrong."""
    if view["type"] not in {"modal", "home"}:
        raise ValueError(f"no type of view: {view['type']}")
    _check_sizes(view)
    check_blocks(view["blocks"], VIEW_BLOCKS)


def check_blocks(blocks: list[Json], at_most: int) -> None:
    """Raises: ValueError, SlackObjectFormationError, saying what is wrong."""
    if len(blocks) > at_most:
        raise ValueError(f"{len(blocks)} blocks; {at_most} are the most")
    for block in blocks:
        parsed = Block.parse(block)
        if parsed is None:
            raise ValueError(f"an unknown type of block: {block.get('type')}")
        parsed.validate_json()
        for part in _parts(block):
            _check_sizes(part)
        _check_ids("action_id", [p["action_id"] for p in _parts(block) if "action_id" in p])
    _check_ids("block_id", [block["block_id"] for block in blocks if "block_id" in block])


def _check_ids(name: str, ids: list[str]) -> None:
    if twice := [id for id, times in Counter(ids).items() if times > 1]:
        raise ValueError(f"{name} used twice: {twice}")
    if long := [id for id in ids if not 0 < len(id) <= 255]:
        raise ValueError(f"{name} too long: {long}")


def _parts(thing: Any) -> Iterator[Json]:
    """The block and all objects in it; options and confirmations are given the type they lack."""
    if isinstance(thing, dict):
        yield thing
        for key, value in thing.items():
            yield from _parts(_typed(key, value))
    elif isinstance(thing, list):
        for one in thing:
            yield from _parts(one)


def _typed(key: str, value: Any) -> Any:
    if key == "confirm" and isinstance(value, dict):
        return {"type": "confirm", **value}
    if key in {"options", "initial_option"}:
        options = value if isinstance(value, list) else [value]
        return [{"type": "option", **option} for option in options]
    return value


def _check_sizes(part: Json) -> None:
    kind = str(part.get("type"))
    for (owner, key), most in LONGEST.items():
        if owner == kind and isinstance(part.get(key), dict):
            _check_length(f"{kind}.{key}", part[key]["text"], most)
    for (owner, key), most in LONGEST_STRINGS.items():
        if owner == kind and isinstance(part.get(key), str):
            _check_length(f"{kind}.{key}", part[key], most)
    for (owner, key), (fewest, most) in SIZES.items():
        if owner == kind and key in part and not fewest <= len(part[key]) <= most:
            raise ValueError(f"{kind}.{key} has {len(part[key])} items, not {fewest} to {most}")
    if kind in {"mrkdwn", "plain_text"} and not part["text"]:
        raise ValueError(f"an empty {kind}")


def _check_length(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise ValueError(f"{what} has {len(text)} characters; {most} are the most")
