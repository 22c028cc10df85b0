"""A call of the Bot API, how it is refused, and the limits that all methods share.

Limits, refusals and their wording are those of Telegram's own server, as its documentation and its
users' reports have them; that it really is so cannot be proven by us (see docs/testing.md).
"""

from __future__ import annotations

import json
import math
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.desks.telegram.group import Group, Json, StoredFile, Topic, World, utf16

TEXT_AT_MOST = 4096
CAPTION_AT_MOST = 1024
CALLBACK_DATA_AT_MOST = 64
COPY_TEXT_AT_MOST = 256
TOPIC_NAME_AT_MOST = 128
DOWNLOAD_AT_MOST = 20_000_000
UPLOAD_AT_MOST = 50_000_000


class Refusal(Exception):
    """An answer with ok = false."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad(description: str) -> Refusal:
    return Refusal(400, f"Bad Request: {description}")


@dataclass
class Pace:
    """At most `most` messages in any `window` seconds (Telegram: 20 a minute in a group)."""

    most: int | None = None
    window: float = 60.0
    sent: dict[int, deque[float]] = field(default_factory=dict)
    #: The most messages that ever fell into one window.
    refused: int = 0

    def take(self, chat: int, now: float) -> None:
        if self.most is None:
            return
        sent = self.sent.setdefault(chat, deque())
        while sent and sent[0] <= now - self.window:
            sent.popleft()
        if len(sent) >= self.most:
            self.refused += 1
            wait = max(1, math.ceil(sent[0] + self.window - now))
            raise Refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        sent.append(now)


@dataclass
@dataclass
class Call:
    """One request: its method, its parameters as they came, the uploaded files by field."""

    method: str
    params: Mapping[str, Any]
    files: Mapping[str, StoredFile] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter. Forms carry JSON in strings; which are meant as text we know by name."""
        value = self.params.get(name, default)
        if isinstance(value, str) and name not in _TEXTS:
            try:
                return json.loads(value)
            except ValueError:
                return value
        return value


_TEXTS = {
    "text",
    "caption",
    "name",
    "url",
    "secret_token",
    "callback_query_id",
    "parse_mode",
    "icon_custom_emoji_id",
    "file_id",
    "document",
    "photo",
    "title",
}


def group_of(world: World, call: Call, name: str = "chat_id") -> Group:
    group = world.groups.get(call.get(name))
    if group is None:
        raise bad("chat not found")
    if group.migrated_to is not None:
        raise Refusal(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=group.migrated_to,
        )
    return group


def topic_of(group: Group, id: int, missing: str, *, writing: bool = False) -> Topic:
    topic = group.topics.get(id)
    if topic is None:
        raise bad(missing)
    if writing and not topic.open:
        raise bad("TOPIC_CLOSED")
    return topic


def markup_of(call: Call) -> Json:
    markup = call.get("reply_markup")
    if not markup:
        return {}
    if markup.get("force_reply"):
        return {}  # steers the apps; not part of the message
    rows = markup["inline_keyboard"]
    buttons = [button for row in rows for button in row]
    if len(buttons) > 100 or any(len(row) > 8 for row in rows):
        raise bad("reply markup is too long")
    for button in buttons:
        _check_button(button)
    return {"reply_markup": markup} if buttons else {}


def text_of(call: Call, field: str, most: int, too_long: str) -> Json:
    text = call.get(field) or ""
    if call.get("parse_mode"):
        raise bad("this server knows no parse_mode; send entities")
    if utf16(text) > most:
        raise bad(too_long)
    entities = call.get("entities" if field == "text" else "caption_entities") or []
    for entity in entities:
        _check_entity(entity, text)
    content: Json = {field: text}
    if entities:
        content["entities" if field == "text" else "caption_entities"] = entities[:100]
    return content


def _check_button(button: Json) -> None:
    if not button.get("text"):
        raise bad("text buttons are unallowed in the inline keyboard")
    if "callback_data" in button:
        if not 1 <= len(button["callback_data"].encode()) <= CALLBACK_DATA_AT_MOST:
            raise bad("BUTTON_DATA_INVALID")
    elif "copy_text" in button:
        if not 1 <= len(button["copy_text"]["text"]) <= COPY_TEXT_AT_MOST:
            raise bad("BUTTON_COPY_TEXT_INVALID")
    elif not button.get("url", "").startswith(("https://", "http://", "tg://")):
        raise bad("BUTTON_TYPE_INVALID")


def _check_entity(entity: Json, text: str) -> None:
    offset, length = entity["offset"], entity["length"]
    if offset < 0 or length <= 0 or offset + length > utf16(text):
        raise bad(f"entity beginning at {offset} is outside of the text")
    units = text.encode("utf-16-le")
    for edge in (offset, offset + length):
        if b"\xdc" <= units[2 * edge + 1 : 2 * edge + 2] <= b"\xdf":
            raise bad(f"entity at {offset} begins or ends in the middle of a character")
    if entity["type"] == "text_link" and not re.match(r"(https?|tg)://\S+$", entity["url"]):
        raise bad("wrong URL in an entity")
