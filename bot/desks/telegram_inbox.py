"""What an update from Telegram says, in our terms: somebody wrote, pressed, or the group moved.

Pure: a python-telegram-bot `Update` in, one of the records below out, or None for what does not
concern us (other bots, service messages, channels). Does not belong here: who that is, which
conversation it is about and what it causes (`bot.desks.telegram_actions`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from telegram import Message, MessageEntity, Update, User

from bot.desks.telegram_text import unliteral

#: The account under whose name anonymous administrators write.
ANONYMOUS: Final = 1087968824
_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@(\w+))?(?:\s+|$)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in Telegram. `size` in bytes, as far as Telegram says."""

    id: str
    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Sender:
    account: int
    name: str

    @property
    def is_anonymous(self) -> bool:
        return self.account == ANONYMOUS


@dataclass(frozen=True, slots=True)
class Said:
    """A message, or (`edited`) how one reads now. `thread` is the topic, or the first message of a
    chain of replies. `replies_to`: the message that it replies to, if it really replies to one;
    `marks`: the marks in that message, if it is one of ours."""

    update: int
    chat: int
    message: int
    sender: Sender
    text: str
    attachments: tuple[Attachment, ...] = ()
    thread: int | None = None
    in_topic: bool = False
    replies_to: int | None = None
    marks: tuple[str, ...] = ()
    edited: bool = False
    #: What it holds that cannot be passed on, in a word; empty: nothing such.
    unfit: str = ""

    @property
    def topic(self) -> int | None:
        return self.thread if self.in_topic else None

    @property
    def key(self) -> str:
        """The idempotency key of what it says: the same for the message and its changes."""
        return f"telegram:{self.chat}:{self.message}"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of ours."""

    update: int
    query: str
    chat: int
    message: int
    sender: Sender
    data: str
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A group became a supergroup."""

    old: int
    new: int


@dataclass(frozen=True, slots=True)
class TopicOpened:
    """Somebody else than we opened a topic."""

    chat: int
    topic: int


Inbound = Said | Pressed | Moved | TopicOpened


def read(update: Update, bot: int) -> Inbound | None:
    """Args:
    bot: our own account's id."""
    if query := update.callback_query:
        message = query.message
        if message is None or query.data is None:
            return None
        in_topic = isinstance(message, Message) and message.is_topic_message
        topic = message.message_thread_id if isinstance(message, Message) and in_topic else None
        return Pressed(
            update.update_id,
            query.id,
            message.chat.id,
            message.message_id,
            _sender(query.from_user),
            query.data,
            topic,
        )
    message = update.message or update.edited_message
    if message is None or message.from_user is None:
        return None
    if message.migrate_to_chat_id:
        return Moved(message.chat.id, message.migrate_to_chat_id)
    if message.forum_topic_created:
        return TopicOpened(message.chat.id, message.message_id)
    if message.from_user.is_bot and message.from_user.id != ANONYMOUS:
        return None
    return _said(update, message, message.from_user, bot)


@dataclass(frozen=True, slots=True)
class Command:
    """`/name@bot words`. `bot` is "" when none is named."""

    name: str
    bot: str
    words: str


def command_of(text: str) -> Command | None:
    """The command that a message is, ours or not; None when it is none."""
    found = _COMMAND.fullmatch(text.strip())
    if not found:
        return None
    name, bot, rest = found.groups()
    return Command(name.casefold(), (bot or "").casefold(), rest.strip())


def _said(update: Update, message: Message, sender: User, bot: int) -> Said | None:
    attachments, unfit = _attachments(message), _unfit(message)
    text = _plain(
        message.text or message.caption or "", message.entities or message.caption_entities
    )
    if message.sticker:
        text = message.sticker.emoji or ""
    if not (text or attachments or unfit):
        return None  # a service message
    replied = message.reply_to_message
    if replied is not None and replied.forum_topic_created:
        replied = None  # what is no reply in a topic "replies" to the topic's first message
    ours = replied is not None and replied.from_user is not None and replied.from_user.id == bot
    return Said(
        update.update_id,
        message.chat.id,
        message.message_id,
        _sender(sender),
        text,
        attachments,
        message.message_thread_id,
        bool(message.is_topic_message),
        replied.message_id if replied else None,
        marks_in(replied) if replied and ours else (),
        update.edited_message is not None,
        unfit,
    )


def marks_in(message: Message) -> tuple[str, ...]:
    """The addresses under words of the message, in order."""
    entities = message.entities or message.caption_entities
    return tuple(one.url for one in entities if one.type == MessageEntity.TEXT_LINK and one.url)


def _sender(user: User) -> Sender:
    return Sender(user.id, user.full_name)


def _plain(text: str, entities: Sequence[MessageEntity]) -> str:
    """The text as it reads elsewhere: addresses that hide under other words stand behind them."""
    raw = text.encode("utf-16-le")
    for entity in sorted(entities, key=lambda one: one.offset, reverse=True):
        if entity.type == MessageEntity.TEXT_LINK and entity.url:
            end = 2 * (entity.offset + entity.length)
            raw = raw[:end] + f" ({entity.url})".encode("utf-16-le") + raw[end:]
    return unliteral(raw.decode("utf-16-le", "replace"))


def _attachments(message: Message) -> tuple[Attachment, ...]:
    if message.photo:
        best = message.photo[-1]
        return (Attachment(best.file_id, "photo.jpg", "image/jpeg", best.file_size or 0),)
    for file, name, type in (
        (message.document, "file", "application/octet-stream"),
        (message.video, "video.mp4", "video/mp4"),
        (message.audio, "audio.mp3", "audio/mpeg"),
    ):
        if file is not None:
            return (
                Attachment(
                    file.file_id,
                    file.file_name or name,
                    file.mime_type or type,
                    file.file_size or 0,
                ),
            )
    if message.voice:
        voice = message.voice
        type = voice.mime_type or "audio/ogg"
        return (Attachment(voice.file_id, "voice.ogg", type, voice.file_size or 0),)
    if message.video_note:
        note = message.video_note
        return (Attachment(note.file_id, "video.mp4", "video/mp4", note.file_size or 0),)
    return ()


def _unfit(message: Message) -> str:
    kinds = ("location", "contact", "poll", "venue", "dice", "game", "story")
    return next((kind for kind in kinds if getattr(message, kind)), "")
