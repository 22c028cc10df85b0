"""The Bot API in our terms: words and buttons in, ids out, and its errors as a desk's errors.

Belongs here: one method per thing that a desk asks of Telegram, through python-telegram-bot. Does
not belong here: what is said and when (`bot.desks.telegram`), what people mean
(`bot.desks.telegram_inbox`).

The token is part of every address that we call. It is in no error and no log line of ours, and
httpx, which would log the addresses, is silenced for them.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from telegram import (
    Bot,
    BotCommand,
    ChatFullInfo,
    ChatMember,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
    Update,
    User,
    WebhookInfo,
)
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.desks.telegram_buttons import Keyboard, Seal
from bot.desks.telegram_errors import Unchanged, translated
from bot.desks.telegram_text import Span, Words
from bot.errors import DeskDown
from bot.settings import Secret

#: Where Telegram's own server is; TELEGRAM_API_URL names another.
API_URL: Final = "https://api.telegram.org"
#: Seconds that an answer may take; an upload may take six times as long.
PATIENCE_S: Final = 10.0
#: Updates that we ask for.
WANTED: Final = ("message", "edited_message", "callback_query", "my_chat_member")
#: Longest file that Telegram lets bots fetch, in bytes.
DOWNLOAD_AT_MOST: Final = 20_000_000

_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thread is: a topic of a group with topics, or the messages that reply to `root`."""

    chat: int
    topic: int | None = None
    root: int | None = None

    @property
    def path(self) -> str:
        """The thread's path on t.me, for members. Groups of the old kind have none."""
        inner = str(self.chat).removeprefix("-100")
        if inner == str(self.chat):
            return ""
        first = self.topic or self.root
        return f"c/{inner}/{first}" if first else f"c/{inner}"


class Telegram:
    """One bot.

    All methods raise DeskBusy (wait), DeskDown (try again later), DeskRefused (never as it is),
    ThreadGone (the topic is deleted or closed), GroupMoved, and where it makes sense MessageGone.
    """

    def __init__(self, token: Secret, seal: Seal, url: str = API_URL) -> None:
        silence(logging.getLogger("httpx"))
        self._token = token
        self._seal = seal
        self._requests = [
            HTTPXRequest(
                connection_pool_size=32,
                read_timeout=PATIENCE_S,
                write_timeout=PATIENCE_S,
                connect_timeout=PATIENCE_S,
                pool_timeout=PATIENCE_S,
                media_write_timeout=6 * PATIENCE_S,
            )
            for _ in range(2)
        ]
        self._bot = Bot(
            token.reveal(),
            base_url=f"{url}/bot",
            base_file_url=f"{url}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        self._me: User | None = None
        self._icons: dict[str, str] | None = None

    async def close(self) -> None:
        for request in self._requests:
            await request.shutdown()

    # ------------------------------------------------------------------------------ messages

    async def post(
        self,
        place: Place,
        words: Words,
        keyboard: Keyboard = (),
        *,
        loud: bool = False,
        reply_to: int | None = None,
        asks: bool = False,
    ) -> int:
        """Send a message and return its id. `asks`: the apps open an answer to it."""
        markup = ForceReply(selective=True) if asks else self._markup(keyboard)
        async with self._translated():
            message = await self._bot.send_message(
                place.chat,
                words.text,
                entities=_entities(words.spans),
                reply_markup=markup,
                message_thread_id=place.topic,
                reply_parameters=_reply(place, reply_to),
                link_preview_options=_NO_PREVIEW,
                disable_notification=not loud,
            )
        return message.message_id

    async def send_file(
        self,
        place: Place,
        name: str,
        data: bytes,
        words: Words,
        *,
        loud: bool = False,
    ) -> int:
        """Send a file with words under it (a caption: shorter than a message) and return its id.
        A picture goes as a document, too: Telegram would compress it anew and drop its name."""
        async with self._translated():
            message = await self._bot.send_document(
                place.chat,
                data,
                filename=name,
                caption=words.text or None,
                caption_entities=_entities(words.spans),
                message_thread_id=place.topic,
                reply_parameters=_reply(place, None),
                disable_notification=not loud,
            )
        return message.message_id

    async def time_of(self, place: Place, words: Words) -> tuple[int, int]:
        """Send a message without a sound, and return its id and when Telegram got it (seconds since
        1970, by Telegram's clock)."""
        async with self._translated():
            message = await self._bot.send_message(
                place.chat,
                words.text,
                message_thread_id=place.topic,
                reply_parameters=_reply(place, None),
                disable_notification=True,
            )
        return message.message_id, int(message.date.timestamp())

    async def change(self, chat: int, id: int, words: Words, keyboard: Keyboard = ()) -> None:
        """Make a message of ours say that. Raises also MessageGone."""
        async with self._translated(unchanged=True):
            await self._bot.edit_message_text(
                words.text,
                chat,
                id,
                entities=_entities(words.spans),
                reply_markup=self._markup(keyboard),
                link_preview_options=_NO_PREVIEW,
            )

    async def change_buttons(self, chat: int, id: int, keyboard: Keyboard = ()) -> None:
        """Raises also MessageGone."""
        async with self._translated(unchanged=True):
            await self._bot.edit_message_reply_markup(chat, id, reply_markup=self._markup(keyboard))

    async def remove(self, chat: int, id: int) -> None:
        """Raises also MessageGone."""
        async with self._translated():
            await self._bot.delete_message(chat, id)

    async def forward(self, place: Place, id: int) -> Message:
        """Forward message `id` of the group into the thread, without a sound, to read it: bots
        cannot look a message up. Raises also MessageGone."""
        async with self._translated():
            return await self._bot.forward_message(
                place.chat,
                place.chat,
                id,
                message_thread_id=place.topic,
                disable_notification=True,
            )

    # -------------------------------------------------------------------------------- topics

    async def create_topic(self, chat: int, name: str, icon: str) -> int:
        async with self._translated():
            topic = await self._bot.create_forum_topic(
                chat, name, icon_custom_emoji_id=(await self.icons()).get(_bare(icon))
            )
        return topic.message_thread_id

    async def edit_topic(self, chat: int, topic: int, name: str, icon: str) -> None:
        async with self._translated(unchanged=True):
            await self._bot.edit_forum_topic(
                chat, topic, name, icon_custom_emoji_id=(await self.icons()).get(_bare(icon))
            )

    async def close_topic(self, chat: int, topic: int) -> None:
        async with self._translated(unchanged=True):
            await self._bot.close_forum_topic(chat, topic)

    async def reopen_topic(self, chat: int, topic: int) -> None:
        async with self._translated(unchanged=True):
            await self._bot.reopen_forum_topic(chat, topic)

    async def icons(self) -> dict[str, str]:
        """The icons that bots may give a topic: emoji to id."""
        if self._icons is None:
            async with self._translated():
                stickers = await self._bot.get_forum_topic_icon_stickers()
            self._icons = {
                _bare(sticker.emoji): sticker.custom_emoji_id
                for sticker in stickers
                if sticker.emoji and sticker.custom_emoji_id
            }
        return self._icons

    # ------------------------------------------------------------------------ buttons and files

    async def answer(self, query: str, text: str = "", *, alert: bool = False) -> None:
        """Tell who pressed a button; an alert has to be dismissed. Too late is no error."""
        async with self._translated(unchanged=True):
            await self._bot.answer_callback_query(query, text[:200], show_alert=alert)

    async def download(self, id: str) -> bytes:
        async with self._translated():
            file = await self._bot.get_file(id)
            return bytes(await file.download_as_bytearray())

    # --------------------------------------------------------------------- updates and settings

    async def updates(self, after: int, *, wait_s: int) -> Sequence[Update]:
        """Updates beyond `after`, which confirms those up to it; waits for the next so long."""
        async with self._translated():
            return await self._bot.get_updates(
                offset=after + 1, timeout=wait_s, allowed_updates=WANTED
            )

    def update(self, body: dict[str, object]) -> Update:
        """An update as a webhook brings it."""
        return Update.de_json(body, self._bot)

    async def set_webhook(self, url: str, secret: Secret) -> None:
        """One connection: updates come in order, each when the one before it is in."""
        async with self._translated():
            await self._bot.set_webhook(
                url, secret_token=secret.reveal(), max_connections=1, allowed_updates=WANTED
            )

    async def delete_webhook(self) -> None:
        """Updates that wait are kept, and come by polling."""
        async with self._translated():
            await self._bot.delete_webhook()

    async def webhook(self) -> WebhookInfo:
        async with self._translated():
            return await self._bot.get_webhook_info()

    async def set_commands(self, commands: Sequence[tuple[str, str]]) -> None:
        async with self._translated():
            await self._bot.set_my_commands([BotCommand(name, what) for name, what in commands])

    async def me(self) -> User:
        if self._me is None:
            async with self._translated():
                self._me = await self._bot.get_me()
        return self._me

    async def chat(self, chat: int) -> ChatFullInfo:
        async with self._translated():
            return await self._bot.get_chat(chat)

    async def member(self, chat: int, user: int) -> ChatMember:
        async with self._translated():
            return await self._bot.get_chat_member(chat, user)

    # ----------------------------------------------------------------------------------- inside

    def _markup(self, keyboard: Keyboard) -> InlineKeyboardMarkup | None:
        if not keyboard:
            return None
        return InlineKeyboardMarkup(
            [
                [
                    InlineKeyboardButton(one.label, callback_data=self._seal.data(one.press))
                    for one in row
                ]
                for row in keyboard
            ]
        )

    @asynccontextmanager
    async def _translated(self, *, unchanged: bool = False) -> AsyncIterator[None]:
        """Telegram's errors as ours. `unchanged`: what already is as it should be is no error."""
        try:
            yield
        except TelegramError as error:
            ours = translated(error)
            if unchanged and isinstance(ours, Unchanged):
                return
            raise ours from None
        except Exception as error:
            # Nothing is swallowed, whatever it is; but an address that cannot be called stands in
            # the error's words, and the token in the address.
            if self._token.reveal() in str(error):
                raise DeskDown("Telegram's address cannot be called.") from None
            raise


def silence(logger: logging.Logger) -> None:
    """No addresses below warnings: httpx writes each, token and all, at INFO."""
    if logger.getEffectiveLevel() < logging.WARNING:
        logger.setLevel(logging.WARNING)


def _bare(emoji: str) -> str:
    """Without the variation selector, with which Telegram is not consistent."""
    return emoji.replace("\ufe0f", "")


def _entities(spans: Sequence[Span]) -> list[MessageEntity] | None:
    entities = [
        MessageEntity(
            span.kind,
            span.offset,
            span.length,
            url=span.url or None,
            user=User(span.user, "agent", False) if span.user else None,
        )
        for span in spans
    ]
    return entities or None


def _reply(place: Place, reply_to: int | None) -> ReplyParameters | None:
    """In a topic a reply may be to nothing; a reply chain needs its root."""
    if reply_to is not None:
        return ReplyParameters(reply_to, allow_sending_without_reply=True)
    return ReplyParameters(place.root) if place.root is not None else None
