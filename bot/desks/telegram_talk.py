"""Answers to people in Telegram: hints, menus, lists, questions. Not what the log says.

An answer is worth sending now or never: it waits out a limit or a short failure in the background,
so that nobody's message waits behind it, and is dropped (and logged) when that takes too long, or
when the gateway ends. What must not be lost is in the log, and goes through `bot.delivery`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from bot.desks.telegram_buttons import Keyboard
from bot.desks.telegram_client import Place, Telegram
from bot.desks.telegram_text import Words, own, split
from bot.errors import DeskBusy, DeskDown, DeskError, StoreUnavailable

log = logging.getLogger(__name__)

#: How often an answer is tried, the longest wait in between, and the first wait after a failure.
TRIES: Final = 5
WAIT_AT_MOST_S: Final = 60.0
FIRST_WAIT_S: Final = 0.5


class Talk:
    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._tasks: set[asyncio.Task[None]] = set()

    def say(
        self,
        place: Place,
        words: Words | str,
        keyboard: Keyboard = (),
        *,
        reply_to: int | None = None,
        asks: bool = False,
    ) -> None:
        """Send an answer; a long one in several messages, the buttons under the last."""
        pieces = split(own(words) if isinstance(words, str) else words)
        # In a chain of replies an answer hangs on the message that it answers.
        where = Place(place.chat, place.topic)

        async def send() -> None:
            for number, piece in enumerate(pieces, 1):
                last = number == len(pieces)
                await self._telegram.post(
                    where,
                    piece,
                    keyboard if last else (),
                    reply_to=reply_to if reply_to is not None else place.root,
                    asks=asks and last,
                )

        self.later(send)

    def later(self, send: Callable[[], Awaitable[object]]) -> None:
        """Do that in the background, by the same patience."""
        task = asyncio.get_running_loop().create_task(self._try(send))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _try(self, send: Callable[[], Awaitable[object]]) -> None:
        wait = FIRST_WAIT_S
        for _ in range(TRIES):
            try:
                await send()
                return
            except DeskBusy as why:
                await asyncio.sleep(min(why.after_s, WAIT_AT_MOST_S))
            except DeskDown as why:
                log.warning("an answer in Telegram waits: %s", why)
                await asyncio.sleep(wait)
                wait *= 2
            except (DeskError, StoreUnavailable) as why:
                log.warning("an answer in Telegram was not taken: %s", why)
                return
        log.warning("an answer in Telegram was given up")
