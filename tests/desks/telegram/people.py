"""What people do in the group, for tests: write, edit, reply, press buttons, send files, tidy up.

They see what Telegram's apps would show them, and do what the apps would let them do; the bot
learns of it through updates only, and of deletions not at all.
"""

from __future__ import annotations

import mimetypes
import re
import threading
from typing import Any

from tests.desks.telegram.group import ICONS, Group, Json, World, icon_id, utf16

_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(@\w+)?")


class Person:
    """A member of the group. `admin` may close and delete topics."""

    def __init__(
        self, world: World, lock: threading.RLock, group: Group, id: int, name: str, username: str
    ) -> None:
        self._world, self._lock, self._group = world, lock, group
        self.json: Json = {
            "id": id,
            "is_bot": False,
            "first_name": name,
            "username": username,
            "language_code": "en",
        }
        self.id = id
        world.people[id] = self.json

    # ------------------------------------------------------------------------------- writing

    def write(
        self, text: str, topic: int | None = None, *, reply_to: int | None = None, **content: Any
    ) -> int:
        """Write into a topic (None: General). Returns the message's id."""
        with self._lock:
            entities = [
                {"type": "bot_command", "offset": utf16(text[: m.start()]), "length": len(m[0])}
                for m in _COMMAND.finditer(text)
            ]
            body: Json = {"text": text, **({"entities": entities} if entities else {}), **content}
            return self._post(body, topic, reply_to)

    def reply(self, to: int, text: str) -> int:
        """Reply to a message, in whatever topic it stands."""
        with self._lock:
            replied = self._group.messages[to]
            topic = replied["message_thread_id"] if replied.get("is_topic_message") else None
            return self.write(text, topic, reply_to=to)

    def edit(self, id: int, text: str) -> None:
        with self._lock:
            message = self._group.messages[id]
            assert message["from"] == self.json, "one edits one's own messages only"
            field = "text" if "text" in message else "caption"
            message |= {field: text, "edit_date": int(self._world.now())}
            if self._world.hears(self._group, message):
                self._world.tell("edited_message", dict(message))

    def delete(self, id: int) -> None:
        """Bots never hear of it."""
        with self._lock:
            del self._group.messages[id]

    def upload(
        self,
        name: str,
        data: bytes,
        topic: int | None = None,
        *,
        caption: str = "",
        reply_to: int | None = None,
    ) -> int:
        """Send a file as a document."""
        with self._lock:
            type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            file = self._world.keep(name, type, data)
            content: Json = {
                "document": {
                    "file_id": file.id,
                    "file_unique_id": f"u{file.id[-6:]}",
                    "file_name": name,
                    "mime_type": type,
                    "file_size": len(data),
                }
            }
            return self._post(content | ({"caption": caption} if caption else {}), topic, reply_to)

    def photograph(self, data: bytes, topic: int | None = None, *, caption: str = "") -> int:
        """Send a picture as Telegram's apps do: several sizes, no name."""
        with self._lock:
            sizes = []
            for side in (90, 320, 1280):
                file = self._world.keep("", "image/jpeg", data if side == 1280 else b"small")
                sizes.append(
                    {
                        "file_id": file.id,
                        "file_unique_id": f"u{file.id[-6:]}",
                        "width": side,
                        "height": side,
                        "file_size": len(file.data),
                    }
                )
            content: Json = {"photo": sizes}
            return self._post(content | ({"caption": caption} if caption else {}), topic, None)

    def _post(self, content: Json, topic: int | None, reply_to: int | None) -> int:
        message = self._world.post(self._group, self.json, content, topic=topic, reply_to=reply_to)
        if self._world.hears(self._group, message):
            self._world.tell("message", dict(message))
        return int(message["message_id"])

    # ------------------------------------------------------------------------------ pressing

    def press(self, id: int, label: str) -> str:
        """Press the first button under message `id` whose label contains `label`; returns the id of
        the callback query."""
        with self._lock:
            message = self._group.messages[id]
            buttons = [b for row in keyboard(message) for b in row]
            found = [b for b in buttons if label.lower() in b["text"].lower()]
            shown = [b["text"] for b in buttons]
            assert found, f"no button {label!r} under message {id}, only {shown}"
            query: Json = {
                "id": str(4_400_000_000_000_000_000 + self._world.number()),
                "from": self.json,
                "message": dict(message),
                "chat_instance": "-7654321098765432109",
                "data": found[0]["callback_data"],
            }
            self._world.callbacks[query["id"]] = query
            self._world.tell("callback_query", query)
            return str(query["id"])

    # ------------------------------------------------------------------------------- tidying

    def open_topic(self, name: str) -> int:
        with self._lock:
            topic = self._world.create_topic(self._group, self.json, name)
            self._world.tell("message", dict(self._group.messages[topic.id]))
            return topic.id

    def delete_topic(self, id: int) -> None:
        """Bots never hear of it."""
        with self._lock:
            self._world.delete_topic(self._group, id)

    def close_topic(self, id: int) -> None:
        with self._lock:
            self._group.topics[id].open = False
            self._tell_service({"forum_topic_closed": {}}, id)

    def reopen_topic(self, id: int) -> None:
        with self._lock:
            self._group.topics[id].open = True
            self._tell_service({"forum_topic_reopened": {}}, id)

    def _tell_service(self, content: Json, topic: int) -> None:
        message = self._world.service(self._group, self.json, content, topic)
        self._world.tell("message", dict(message))

    def upgrade(self, to: int = -1009876543210) -> Group:
        """Turn the old group into a supergroup: a new chat, in which message ids start anew."""
        with self._lock:
            old = self._group
            new = self._world.add(Group(kind="supergroup", id=to, title=old.title))
            old.migrated_to = to
            self._world.tell(
                "message",
                dict(self._world.service(old, self.json, {"migrate_to_chat_id": to})),
            )
            self._world.tell(
                "message",
                dict(self._world.service(new, self.json, {"migrate_from_chat_id": old.id})),
            )
            return new

    def in_group(self, group: Group) -> Person:
        """The same person, in another group."""
        return Person(
            self._world,
            self._lock,
            group,
            self.id,
            self.json["first_name"],
            self.json["username"],
        )

    # -------------------------------------------------------------------------------- seeing

    def sees(self, topic: int | None = None) -> list[Json]:
        """What stands in a topic, oldest first."""
        with self._lock:
            return [dict(message) for message in self._group.in_topic(topic)]

    def topics(self) -> dict[int, str]:
        """The topics that are there, by id: icon and name as the apps show them."""
        with self._lock:
            return {
                topic.id: f"{_emoji(topic.icon)} {topic.name}".strip()
                for topic in self._group.topics.values()
            }


def keyboard(message: Json) -> list[list[Json]]:
    markup = message.get("reply_markup", {})
    rows: list[list[Json]] = markup.get("inline_keyboard", [])
    return rows


def labels(message: Json) -> list[str]:
    return [button["text"] for row in keyboard(message) for button in row]


def _emoji(icon: str) -> str:
    return next((emoji for emoji in ICONS if icon_id(emoji) == icon), "")
