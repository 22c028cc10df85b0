"""Was it sent? What was being posted when a process died, or an answer was lost, is looked for in
the group.

Bots cannot read a group's history. But each message of ours carries a mark under its first sign
(`telegram_buttons.Seal.mark`), Telegram gives out message ids in order, and forwarding a message
gives its words back. So the messages that the group got around that time are forwarded into the
thread one by one, without a sound, read, and removed again. A topic that was being made is found by
naming it: that fails for what is no topic, and the topics of others are known.

What this costs and cannot do stands in docs/telegram.md.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from bot.conversation import Conversation
from bot.desks import telegram_card as cards
from bot.desks.telegram_buttons import Press, Seal, Verb
from bot.desks.telegram_client import Place, Telegram
from bot.desks.telegram_errors import MessageGone
from bot.desks.telegram_inbox import marks_in
from bot.desks.telegram_places import Places
from bot.desks.telegram_text import own
from bot.errors import ThreadGone
from bot.threads import Key, Sending, Thread, Threads

#: A message that was being sent at a time by our clock has an id that Telegram gave out between so
#: long before (clocks of gateways) and so long after it (the longest that a request may take).
EARLIER_MS: Final = 5_000
LATER_MS: Final = 120_000
#: When nothing is known of ids before that time: so many are looked at.
LOOKED_AT: Final = 100


class Search:
    def __init__(self, telegram: Telegram, seal: Seal, *, places: Places, threads: Threads) -> None:
        self._telegram = telegram
        self._seal = seal
        self._places = places
        self._threads = threads

    async def find(self, c: Conversation, thread: Thread) -> str | None:
        """See `bot.desks.Desk.find`, and above."""
        sending = thread.sending
        if sending is None:
            return None
        chat = int(sending.place)
        low, high = await self._places.ids_between(
            chat, sending.at - EARLIER_MS, sending.at + LATER_MS
        )
        place = Place(
            chat, topic=int(thread.root) if thread.root and thread.fact("kind") == "topic" else None
        )
        if high is None:
            high = await self._fresh(place)
        low = max(low or high - LOOKED_AT, int(thread.fact("looked") or 0))
        found = None
        for id in range(low + 1, high):
            known = await self._threads.find(str(chat), str(id))
            if known is None and await self._is_it(c, thread, sending, place, id):
                found = str(id)
                break
        await thread.keep(looked="0")
        return found

    async def _fresh(self, place: Place) -> int:
        """An id that was just given out: that of a message without a sound, removed at once."""
        id, _ = await self._telegram.time_of(place, own("…"))
        with suppress(MessageGone):
            await self._telegram.remove(place.chat, id)
        return id

    async def _is_it(
        self, c: Conversation, thread: Thread, sending: Sending, place: Place, id: int
    ) -> bool:
        if sending.keys == ("topic",):
            return await self._is_topic(c, place.chat, id)
        await thread.pace()
        try:
            copy = await self._telegram.forward(place, id)
        except MessageGone:
            return False
        with suppress(MessageGone):
            await self._telegram.remove(place.chat, copy.message_id)
        await thread.keep(looked=str(id))
        marks = (self._seal.read_mark(url) for url in marks_in(copy))
        return press_of(c, sending.keys[0]) in marks

    async def _is_topic(self, c: Conversation, chat: int, id: int) -> bool:
        if await self._places.is_others(chat, id):
            return False
        try:
            await self._telegram.edit_topic(chat, id, cards.topic_name(c), cards.ICONS[c.state])
        except ThreadGone:
            return False
        return True


def press_of(c: Conversation, key: Key) -> Press:
    """What the mark of a message says that stands for `key`: a seq, a part of it, a name."""
    seq, _, part = str(key).partition(".")
    if seq.isdigit():
        return Press(Verb.SHOWN, c.id, int(seq), part)
    return Press(Verb.SHOWN, c.id, 0, seq)


def card_key(thread: Thread) -> str:
    """The first card, or the one that took the place of a removed one."""
    return f"card{thread.fact('cards') or ''}"
