"""Telegram's errors as a desk's errors.

Belongs here: what each means for us. Telegram's refusals are told apart by their description, for
want of anything better: all have the same code.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.errors import DeskBusy, DeskDown, DeskError, DeskRefused, ThreadGone


class GroupMoved(ThreadGone):
    """The group became a supergroup: it has another id now, and nothing of what was in it."""

    code = "group_moved"

    def __init__(self, chat: int) -> None:
        super().__init__(f"The Telegram group has become {chat}.")
        self.chat = chat


class MessageGone(DeskRefused):
    """A message that should be changed is not there any more, or cannot be changed."""

    code = "message_gone"


class Unchanged(DeskRefused):
    """It already is as it should become."""

    code = "unchanged"


#: What Telegram's refusals mean, by a part of their description; the first that fits counts.
_REFUSALS: Final[tuple[tuple[str, type[DeskError]], ...]] = (
    ("message is not modified", Unchanged),
    ("topic_not_modified", Unchanged),
    ("query is too old", Unchanged),
    ("message thread not found", ThreadGone),
    ("topic_id_invalid", ThreadGone),
    ("topic_closed", ThreadGone),
    ("topic_deleted", ThreadGone),
    ("message to be replied not found", ThreadGone),
    ("replied message not found", ThreadGone),
    ("message to edit not found", MessageGone),
    ("message can't be edited", MessageGone),
    ("message to delete not found", MessageGone),
    ("message can't be deleted", MessageGone),
    ("message to forward not found", MessageGone),
    ("message can't be forwarded", MessageGone),
    ("message_id_invalid", MessageGone),
    ("chat not found", DeskDown),
    ("not enough rights", DeskDown),
    ("need administrator rights", DeskDown),
    ("chat_write_forbidden", DeskDown),
    ("not a forum", ThreadGone),
)


def translated(error: TelegramError) -> DeskError:
    """What an error of Telegram's means for us. Its cause is not told: it may hold the token."""
    match error:
        case RetryAfter():
            after = error.retry_after
            seconds = after.total_seconds() if isinstance(after, timedelta) else float(after)
            return DeskBusy("Telegram asks for patience.", after_s=seconds)
        case ChatMigrated(new_chat_id=chat):
            return GroupMoved(chat)
        case InvalidToken():
            return DeskDown("Telegram does not accept the token.", hint="Check TELEGRAM_BOT_TOKEN.")
        case Forbidden():
            return DeskDown(f"Telegram forbids it: {error.message}.", hint="Is the bot a member?")
        case Conflict():
            return DeskDown(f"Somebody else receives this bot's messages: {error.message}")
        case BadRequest():
            return _refusal(error.message)
        case _:
            return DeskDown(f"Telegram cannot be reached ({type(error).__name__}).")


def _refusal(description: str) -> DeskError:
    found = (kind for part, kind in _REFUSALS if part in description.casefold())
    return next(found, DeskRefused)(f"Telegram refuses it: {description}.")
