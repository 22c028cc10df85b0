"""The Bot API's methods for messages and files, on a `World`: what each accepts and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.desks.telegram.calls import (
    CAPTION_AT_MOST,
    DOWNLOAD_AT_MOST,
    TEXT_AT_MOST,
    UPLOAD_AT_MOST,
    Call,
    Pace,
    Refusal,
    bad,
    group_of,
    markup_of,
    text_of,
    topic_of,
)
from tests.desks.telegram.group import SERVICE, Group, Json, StoredFile, World, utf16


class Messages:
    def __init__(self, world: World, pace: Pace) -> None:
        self.world, self.pace = world, pace
        self.methods: Mapping[str, Callable[[Call], Any]] = {
            "sendMessage": self._send_message,
            "sendDocument": self._send_document,
            "sendPhoto": self._send_photo,
            "forwardMessage": self._forward_message,
            "copyMessage": self._copy_message,
            "editMessageText": self._edit_text,
            "editMessageReplyMarkup": self._edit_markup,
            "deleteMessage": self._delete_message,
            "answerCallbackQuery": self._answer_callback,
            "getFile": self._get_file,
        }

    def _send(self, call: Call, group: Group, content: Json) -> Json:
        topic = call.get("message_thread_id")
        reply_to = None
        parameters = call.get("reply_parameters")
        if parameters:
            reply_to = parameters["message_id"]
            if reply_to not in group.messages:
                if not parameters.get("allow_sending_without_reply"):
                    raise bad("message to be replied not found")
                reply_to = None
        if topic is not None and not group.is_forum:
            raise bad("message thread not found")
        if topic is None and reply_to is not None:
            replied = group.messages[reply_to]
            topic = replied["message_thread_id"] if replied.get("is_topic_message") else None
        if topic is not None:
            topic_of(group, topic, "message thread not found", writing=True)
        content |= markup_of(call)
        self.pace.take(group.id, self.world.now())
        message = self.world.post(group, self.world.bot, content, topic=topic, reply_to=reply_to)
        return dict(message)

    def _send_message(self, call: Call) -> Json:
        group = group_of(self.world, call)
        content = text_of(call, "text", TEXT_AT_MOST, "message is too long")
        if not content["text"].strip():
            raise bad("message text is empty")
        if options := call.get("link_preview_options"):
            content["link_preview_options"] = options
        return self._send(call, group, content)

    def _file(self, call: Call, field: str) -> StoredFile:
        given = call.get(field)
        if field in call.files:
            file = call.files[field]
        elif isinstance(given, str) and given.startswith("attach://"):
            file = call.files[given.removeprefix("attach://")]
        elif given in self.world.files:
            return self.world.files[given]
        else:
            raise bad("wrong file identifier/HTTP URL specified")
        if len(file.data) > UPLOAD_AT_MOST:
            raise Refusal(413, "Request Entity Too Large")
        if not file.data:
            raise bad("file must be non-empty")
        return self.world.keep(file.name, file.type, file.data)

    def _caption(self, call: Call) -> Json:
        if not call.get("caption"):
            return {}
        return text_of(call, "caption", CAPTION_AT_MOST, "message caption is too long")

    def _send_document(self, call: Call) -> Json:
        group, caption = group_of(self.world, call), self._caption(call)
        file = self._file(call, "document")
        document = {
            "file_id": file.id,
            "file_unique_id": f"u{file.id[-6:]}",
            "file_name": file.name,
            "mime_type": file.type,
            "file_size": len(file.data),
        }
        return self._send(call, group, {"document": document, **caption})

    def _send_photo(self, call: Call) -> Json:
        group, caption = group_of(self.world, call), self._caption(call)
        file = self._file(call, "photo")
        if file.data[:3] != b"\xff\xd8\xff" and file.data[:8] != b"\x89PNG\r\n\x1a\n":
            raise bad("IMAGE_PROCESS_FAILED")
        photo = {
            "file_id": file.id,
            "file_unique_id": f"u{file.id[-6:]}",
            "width": 640,
            "height": 480,
            "file_size": len(file.data),
        }
        return self._send(call, group, {"photo": [photo], **caption})

    def _original(self, call: Call, missing: str) -> Json:
        source = group_of(self.world, call, "from_chat_id")
        message = source.messages.get(call.get("message_id"))
        if message is None:
            raise bad(missing)
        return message

    def _forward_message(self, call: Call) -> Json:
        group = group_of(self.world, call)
        original = self._original(call, "message to forward not found")
        if original.keys() & SERVICE:
            raise bad("the message can't be forwarded")
        origin = {
            "type": "user",
            "sender_user": original["from"],
            "date": original["date"],
        }
        return self._send(
            call, group, {"forward_origin": origin, **_content(original, "reply_markup")}
        )

    def _copy_message(self, call: Call) -> Json:
        group = group_of(self.world, call)
        original = self._original(call, "message to copy not found")
        if original.keys() & SERVICE:
            raise bad("the message can't be copied")
        copy = self._send(call, group, _content(original, "reply_markup"))
        return {"message_id": copy["message_id"]}

    def _own(self, call: Call, missing: str) -> Json:
        message = group_of(self.world, call).messages.get(call.get("message_id"))
        if message is None:
            raise bad(missing)
        if message["from"] != self.world.bot or "forward_origin" in message:
            raise bad("message can't be edited")
        return message

    def _edit_text(self, call: Call) -> Json:
        message = self._own(call, "message to edit not found")
        if "text" not in message:
            raise bad("there is no text in the message to edit")
        changed = text_of(call, "text", TEXT_AT_MOST, "message is too long")
        if not changed["text"].strip():
            raise bad("message text is empty")
        return self._edit(message, changed | markup_of(call), ("text", "entities"))

    def _edit_markup(self, call: Call) -> Json:
        return self._edit(self._own(call, "message to edit not found"), markup_of(call), ())

    def _edit(self, message: Json, changed: Json, fields: tuple[str, ...]) -> Json:
        fields = (*fields, "reply_markup")
        if {f: message.get(f) for f in fields} == {f: changed.get(f) for f in fields}:
            raise bad(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        for name in fields:
            message.pop(name, None)
        message |= changed | {"edit_date": int(self.world.now())}
        return dict(message)

    def _delete_message(self, call: Call) -> bool:
        group = group_of(self.world, call)
        message = group.messages.get(call.get("message_id"))
        if message is None:
            raise bad("message to delete not found")
        old = self.world.now() - message["date"] > 48 * 3600
        own = message["from"] == self.world.bot
        if (old or not own) and not (group.bot_is_admin and group.can_delete_messages):
            raise bad("message can't be deleted")
        del group.messages[message["message_id"]]
        return True

    def _answer_callback(self, call: Call) -> bool:
        id = call.get("callback_query_id")
        if self.world.callbacks.pop(id, None) is None:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if utf16(call.get("text") or "") > 200:
            raise bad("MESSAGE_TOO_LONG")
        self.world.answers[id] = {"text": call.get("text") or "", "alert": call.get("show_alert")}
        return True

    def _get_file(self, call: Call) -> Json:
        file = self.world.files.get(call.get("file_id"))
        if file is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        if len(file.data) > DOWNLOAD_AT_MOST:
            raise bad("file is too big")
        return {
            "file_id": file.id,
            "file_unique_id": f"u{file.id[-6:]}",
            "file_size": len(file.data),
            "file_path": f"documents/{file.id}",
        }


def _content(message: Json, *without: str) -> Json:
    head = {
        "message_id",
        "from",
        "chat",
        "date",
        "edit_date",
        "message_thread_id",
        "is_topic_message",
        "reply_to_message",
        *without,
    }
    return {k: v for k, v in message.items() if k not in head}
