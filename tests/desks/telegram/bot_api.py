"""The Bot API on a `World`: all methods, by name; here those for the bot, chats, webhook, topics.

No sockets here. What a call is and what all methods refuse is in `calls`, messages are in
`messages`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.desks.telegram.calls import (
    TOPIC_NAME_AT_MOST,
    Call,
    Pace,
    Refusal,
    bad,
    group_of,
    topic_of,
)
from tests.desks.telegram.group import ICONS, Group, Json, World, icon_id
from tests.desks.telegram.messages import Messages


@dataclass
class Webhook:
    url: str = ""
    secret: str = ""
    allowed: tuple[str, ...] = ()
    last_error: str = ""
    last_error_at: int = 0


class BotApi:
    """All methods that a desk needs; `call` answers one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pace = Pace()
        self.webhook = Webhook()
        self._methods: Mapping[str, Callable[[Call], Any]] = {
            "getMe": self._get_me,
            "getChat": self._get_chat,
            "getChatMember": self._get_chat_member,
            "getForumTopicIconStickers": self._icons,
            "setMyCommands": self._set_commands,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "editForumTopic": self._edit_topic,
            "closeForumTopic": self._close_topic,
            "reopenForumTopic": self._reopen_topic,
            "deleteForumTopic": self._delete_topic,
            "createForumTopic": self._create_topic,
            **Messages(world, self.pace).methods,
        }

    def call(self, call: Call) -> Any:
        """The `result` of the answer. Raises: Refusal."""
        method = self._methods.get(call.method)
        if method is None:
            raise Refusal(404, "Not Found")
        return method(call)

    # --------------------------------------------------------------------------- the bot, chats

    def _get_me(self, _: Call) -> Json:
        return self.world.bot | {
            "can_join_groups": True,
            "can_read_all_group_messages": self.world.reads_all,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    def _get_chat(self, call: Call) -> Json:
        group = group_of(self.world, call)
        return group.chat() | {
            "accent_color_id": 3,
            "max_reaction_count": 11,
            "accepted_gift_types": {
                "unlimited_gifts": False,
                "limited_gifts": False,
                "unique_gifts": False,
                "premium_subscription": False,
                "gifts_from_channels": False,
            },
            "permissions": {"can_send_messages": True, "can_manage_topics": False},
        }

    def _get_chat_member(self, call: Call) -> Json:
        group, id = group_of(self.world, call), call.get("user_id")
        if id == self.world.bot["id"]:
            if not group.bot_is_admin:
                return {"user": self.world.bot, "status": "member"}
            rights = dict.fromkeys(_ADMIN_RIGHTS, False) | {
                "can_manage_chat": True,
                "can_manage_topics": group.can_manage_topics,
                "can_delete_messages": group.can_delete_messages,
            }
            return {"user": self.world.bot, "status": "administrator", **rights}
        if id not in self.world.people:
            raise bad("user not found")
        return {"user": self.world.people[id], "status": "member"}

    def _icons(self, _: Call) -> list[Json]:
        return [
            {
                "file_id": f"CAACAgIAAx{number:04d}",
                "file_unique_id": f"sticker{number:04d}",
                "type": "custom_emoji",
                "width": 100,
                "height": 100,
                "is_animated": True,
                "is_video": False,
                "emoji": emoji,
                "set_name": "Topics",
                "custom_emoji_id": icon_id(emoji),
            }
            for number, emoji in enumerate(ICONS)
        ]

    def _set_commands(self, call: Call) -> bool:
        commands = call.get("commands")
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self.world.commands = commands
        return True

    # --------------------------------------------------------------------------------- webhook

    def _set_webhook(self, call: Call) -> bool:
        secret = call.get("secret_token", "")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad("secret token contains unallowed characters")
        allowed = tuple(call.get("allowed_updates") or ())
        self.webhook = Webhook(call.get("url", ""), secret, allowed)
        if call.get("drop_pending_updates"):
            self.world.updates.clear()
        self.world.changed()
        return True

    def _delete_webhook(self, call: Call) -> bool:
        self.webhook = Webhook()
        if call.get("drop_pending_updates"):
            self.world.updates.clear()
        return True

    def _webhook_info(self, _: Call) -> Json:
        info: Json = {
            "url": self.webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.world.updates),
            "max_connections": 40,
        }
        if self.webhook.last_error:
            info["last_error_date"] = self.webhook.last_error_at
            info["last_error_message"] = self.webhook.last_error
        if self.webhook.allowed:
            info["allowed_updates"] = list(self.webhook.allowed)
        return info

    # --------------------------------------------------------------------------------- topics

    def _forum(self, call: Call) -> Group:
        group = group_of(self.world, call)
        if not group.is_forum:
            raise bad("the chat is not a forum")
        if not (group.bot_is_admin and group.can_manage_topics):
            raise bad("not enough rights to create a topic")
        return group

    def _create_topic(self, call: Call) -> Json:
        group, name = self._forum(call), call.get("name") or ""
        if not 1 <= len(name) <= TOPIC_NAME_AT_MOST:
            raise bad("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
        icon = _icon(call)
        self.pace.take(group.id, self.world.now())
        topic = self.world.create_topic(group, self.world.bot, name, icon)
        made: Json = {"message_thread_id": topic.id, "name": name, "icon_color": 7322096}
        return made | ({"icon_custom_emoji_id": icon} if icon else {})

    def _edit_topic(self, call: Call) -> bool:
        group = self._forum(call)
        topic = topic_of(group, call.get("message_thread_id"), "TOPIC_ID_INVALID")
        name = call.get("name") or topic.name
        icon = _icon(call) if "icon_custom_emoji_id" in call.params else topic.icon
        if len(name) > TOPIC_NAME_AT_MOST:
            raise bad("topic name is too long")
        if (name, icon) == (topic.name, topic.icon):
            raise bad("TOPIC_NOT_MODIFIED")
        topic.name, topic.icon = name, icon
        edited = {"name": name} | ({"icon_custom_emoji_id": icon} if icon else {})
        self.world.service(group, self.world.bot, {"forum_topic_edited": edited}, topic.id)
        return True

    def _close_topic(self, call: Call) -> bool:
        return self._set_open(call, False, "forum_topic_closed")

    def _reopen_topic(self, call: Call) -> bool:
        return self._set_open(call, True, "forum_topic_reopened")

    def _set_open(self, call: Call, open: bool, service: str) -> bool:
        group = self._forum(call)
        topic = topic_of(group, call.get("message_thread_id"), "TOPIC_ID_INVALID")
        if topic.open == open:
            raise bad("TOPIC_NOT_MODIFIED")
        topic.open = open
        self.world.service(group, self.world.bot, {service: {}}, topic.id)
        return True

    def _delete_topic(self, call: Call) -> bool:
        group = self._forum(call)
        self.world.delete_topic(
            group, topic_of(group, call.get("message_thread_id"), "TOPIC_ID_INVALID").id
        )
        return True


_ADMIN_RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)


def _icon(call: Call) -> str:
    icon: str = call.get("icon_custom_emoji_id") or ""
    if icon and icon not in {icon_id(emoji) for emoji in ICONS}:
        raise bad("DOCUMENT_INVALID")
    return icon
