"""What Telegram keeps of a group, for tests: people, messages, topics, files, updates to the bot.

Pure state, no sockets: `bot_api` lets the bot act on it, `people` lets people do so, `server` puts
it on the wire. Everything is kept as the Bot API would show it, so what is handed out can be
judged by another client's models (`oracle`). Not here: what a method accepts and refuses.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

#: The icons that every bot may give a topic, some of them (getForumTopicIconStickers).
ICONS = ("❗️", "💬", "📆", "✅", "🤖", "🔥", "👀", "📝", "❓", "💼")


def icon_id(emoji: str) -> str:
    return str(5_312_000_000_000_000_000 + ICONS.index(emoji))


def utf16(text: str) -> int:
    """The length of `text` as Telegram counts offsets: in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


@dataclass
class Topic:
    id: int
    name: str
    icon: str = ""
    open: bool = True


@dataclass
class StoredFile:
    id: str
    name: str
    type: str
    data: bytes


@dataclass
class Group:
    """One chat with topics (`forum`), without (`supergroup`) or of the old kind (`group`)."""

    kind: str = "forum"
    id: int = -1001234567890
    title: str = "Support"
    bot_is_admin: bool = True
    can_manage_topics: bool = True
    can_delete_messages: bool = True
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    migrated_to: int | None = None
    ids: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def is_forum(self) -> bool:
        return self.kind == "forum"

    def chat(self) -> Json:
        kind = "group" if self.kind == "group" else "supergroup"
        chat: Json = {"id": self.id, "type": kind, "title": self.title}
        return chat | {"is_forum": True} if self.is_forum else chat

    def in_topic(self, topic: int | None) -> list[Json]:
        """The messages of a topic (None: General, or a group without topics), oldest first,
        service messages left out."""
        return [
            message
            for _, message in sorted(self.messages.items())
            if (message.get("message_thread_id") if message.get("is_topic_message") else None)
            == topic
            and not message.keys() & SERVICE
        ]


SERVICE = {
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "pinned_message",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
}


class World:
    """Telegram as one bot sees it. `now` gives seconds; `changed` is called after every update."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.changed: Callable[[], None] = lambda: None
        self.bot: Json = {
            "id": 7_000_001,
            "is_bot": True,
            "first_name": "Deskhand",
            "username": "deskhand_test_bot",
        }
        #: Off: the bot gets only commands and replies to it, unless it is an administrator.
        self.reads_all = False
        self.groups: dict[int, Group] = {}
        self.people: dict[int, Json] = {}
        self.files: dict[str, StoredFile] = {}
        #: What the bot has not confirmed yet, and all that it was ever told.
        self.updates: deque[Json] = deque()
        self.told: list[Json] = []
        self.callbacks: dict[str, Json] = {}
        #: answerCallbackQuery calls, by the query's id.
        self.answers: dict[str, Json] = {}
        self.commands: list[Json] = []
        self._update_ids = itertools.count(810_000_000)
        self._numbers = itertools.count(1)

    def add(self, group: Group) -> Group:
        self.groups[group.id] = group
        return group

    def number(self) -> int:
        return next(self._numbers)

    def keep(self, name: str, type: str, data: bytes) -> StoredFile:
        file = StoredFile(f"BQACAgIAAx{self.number():06d}", name, type, data)
        self.files[file.id] = file
        return file

    # ---------------------------------------------------------------------------- messages

    def post(
        self, group: Group, author: Json, content: Json, *, topic: int | None, reply_to: int | None
    ) -> Json:
        """Put a message into the group and return it as the Bot API shows it."""
        id = next(group.ids)
        message: Json = {
            "message_id": id,
            "from": author,
            "chat": group.chat(),
            "date": int(self.now()),
        }
        if topic is not None:
            message |= {"message_thread_id": topic, "is_topic_message": True}
        replied = group.messages.get(reply_to) if reply_to else None
        if replied is None and topic is not None:
            # Telegram's own quirk: what is no reply replies to the topic's first message.
            replied = group.messages.get(topic)
        if replied is not None:
            if topic is None and group.kind != "group":
                message["message_thread_id"] = replied.get(
                    "message_thread_id", replied["message_id"]
                )
            message["reply_to_message"] = {
                k: v for k, v in replied.items() if k != "reply_to_message"
            }
        message |= content
        group.messages[id] = message
        return message

    def service(self, group: Group, author: Json, content: Json, topic: int | None = None) -> Json:
        return self.post(group, author, content, topic=topic, reply_to=None)

    def create_topic(self, group: Group, author: Json, name: str, icon: str = "") -> Topic:
        created: Json = {"name": name, "icon_color": 7322096}
        if icon:
            created["icon_custom_emoji_id"] = icon
        message = self.service(group, author, {"forum_topic_created": created})
        message |= {"message_thread_id": message["message_id"], "is_topic_message": True}
        topic = Topic(message["message_id"], name, icon)
        group.topics[topic.id] = topic
        return topic

    def delete_topic(self, group: Group, id: int) -> None:
        """The topic and all that was in it are gone; the bot hears nothing of it."""
        del group.topics[id]
        for number, message in list(group.messages.items()):
            if message.get("is_topic_message") and message["message_thread_id"] == id:
                del group.messages[number]

    # ----------------------------------------------------------------------------- updates

    def tell(self, kind: str, content: Json) -> Json:
        """An update to the bot."""
        update = {"update_id": next(self._update_ids), kind: content}
        self.updates.append(update)
        self.told.append(update)
        self.changed()
        return update

    def hears(self, group: Group, message: Json) -> bool:
        """Whether the bot gets to see a person's message (privacy mode)."""
        if self.reads_all or group.bot_is_admin:
            return True
        replied = message.get("reply_to_message", {})
        is_reply = replied.get("from") == self.bot and "forum_topic_created" not in replied
        commands = [e for e in message.get("entities", ()) if e["type"] == "bot_command"]
        return is_reply or bool(commands) or bool(message.keys() & SERVICE)
