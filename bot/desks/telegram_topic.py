"""A conversation's thread in Telegram, brought up to date: topic, card, and the posts below it.

Belongs here: what is posted and changed, and in which order. Does not belong here: what it says
(`bot.desks.telegram_views`), when it is shown and what happens when Telegram does not take it
(`bot.delivery`), how a message is found again (`bot.desks.telegram_search`).
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot import transcript_text
from bot.conversation import Conversation
from bot.desk_plan import Plan
from bot.desks import telegram_card as cards
from bot.desks import telegram_views as views
from bot.desks.telegram_buttons import Keyboard, Seal
from bot.desks.telegram_client import Place, Telegram
from bot.desks.telegram_errors import MessageGone
from bot.desks.telegram_places import Places
from bot.desks.telegram_search import card_key, press_of
from bot.desks.telegram_talk import Talk
from bot.desks.telegram_text import (
    CAPTION_AT_MOST,
    TEXT_AT_MOST,
    Words,
    joined,
    literal,
    own,
    split,
)
from bot.desks.telegram_views import Post
from bot.errors import DeskRefused, ThreadGone
from bot.events import (
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    DraftWritten,
    Entry,
    File,
    NoteWritten,
    ReplyHeld,
    Rung,
)
from bot.files import Files, UnknownFile
from bot.router import now_ms
from bot.routing import skill_of
from bot.store import Store
from bot.threads import Key, Thread
from bot.transcript import wordings

#: Room for the sign before a further part of a long message.
CONTINUED: Final = 2
#: For how many seconds it is believed that a group has topics, or has none.
FORUM_KNOWN_S: Final = 300.0
#: What stands in the thread as the agent wrote it there.
_THEIRS: Final = (AgentSpoke, NoteWritten)


@dataclass(frozen=True, slots=True)
class Shown:
    """What one showing works on: the conversation, all its entries, how agents' messages read now,
    the thread and where it is."""

    c: Conversation
    log: Sequence[Entry]
    changed: dict[int, str | None]
    thread: Thread
    place: Place


class Topics:
    def __init__(
        self,
        telegram: Telegram,
        seal: Seal,
        *,
        plan: Plan,
        store: Store,
        files: Files,
        places: Places,
        talk: Talk,
        group: int,
    ) -> None:
        self._telegram = telegram
        self._seal = seal
        self._talk = talk
        #: Per group: whether it has topics, and when we asked (monotonic seconds).
        self._forums: dict[int, tuple[bool, float]] = {}
        self._plan = plan
        self._store = store
        self._files = files
        self._places = places
        self._group = group
        self._accounts = {m.login: m.telegram for m in plan.members if m.telegram is not None}

    async def show(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        """See `bot.desks.Desk.show`."""
        chat = await self._places.now(
            self._plan.telegram_group_of(skill_of(c, self._plan)) or self._group
        )
        if thread.place is not None and int(thread.place) != chat:
            await self._leave(thread)
            raise ThreadGone("The conversation belongs into another Telegram group now.")
        entries = await self._store.log(c.id)
        begin = await self._beginning(c, entries, thread, chat)
        kind = begin.get("kind") or thread.fact("kind") or "chain"
        # Both take a moment, and neither needs the other.
        place, _ = await asyncio.gather(
            self._open(c, thread, chat, kind), self._keep(thread, begin)
        )
        shown = Shown(c, entries, wordings(entries), thread, place)
        old = await self._outdated_card(shown, news)
        await self._show_card(shown)
        if old:
            with suppress(MessageGone):
                await self._telegram.change_buttons(chat, int(old))
        if place.topic is None and thread.root is not None:
            shown = replace(shown, place=Place(chat, root=int(thread.root)))
        for group in views.together(self._posts(shown, news)):
            await self._post(shown, group)
        await self._change_posts(shown, news)
        await self._name_topic(shown)

    # ------------------------------------------------------------------------------- opening

    async def _beginning(
        self, c: Conversation, entries: Sequence[Entry], thread: Thread, chat: int
    ) -> dict[str, str]:
        """The facts of a new thread: what there is now will stand on the card, what comes after it
        is posted. None when it has begun already."""
        if thread.fact("upto") is not None:
            return {}
        latest = str(entries[-1].seq)
        return {
            "kind": "topic" if await self._has_topics(chat) else "chain",
            "upto": latest,
            "opened": latest,
            "topic": _digest(cards.topic_name(c), cards.ICONS[c.state]),
        }

    async def _keep(self, thread: Thread, facts: dict[str, str]) -> None:
        if facts:
            await thread.keep(**facts)

    async def _has_topics(self, chat: int) -> bool:
        """Asked once in a while: it hardly ever changes."""
        known, at = self._forums.get(chat, (False, -FORUM_KNOWN_S))
        if time.monotonic() - at > FORUM_KNOWN_S:
            known = bool((await self._telegram.chat(chat)).is_forum)
            self._forums[chat] = (known, time.monotonic())
        return known

    async def _open(self, c: Conversation, thread: Thread, chat: int, kind: str) -> Place:
        """Where the thread is; it is made if it is not there."""
        if kind == "chain":
            return Place(chat, root=int(thread.root) if thread.root else None)
        if thread.root is None:
            name, icon = cards.topic_name(c), cards.ICONS[c.state]

            async def create() -> str:
                return self._heard(chat, await self._telegram.create_topic(chat, name, icon))

            if await thread.post("topic", create, place=str(chat), opens=True) is None:
                await thread.keep(kind="chain")
                return Place(chat)
        return Place(chat, topic=int(thread.root or 0))

    async def _leave(self, thread: Thread) -> None:
        """A last word in the thread that is left behind, if it can still be said."""
        card, place = thread.native(card_key(thread)), thread.place
        if card and place:
            words = own("▫️ This conversation goes on elsewhere.")
            with suppress(DeskRefused, ThreadGone):
                await self._telegram.change(int(place), int(card), words)

    def _heard(self, chat: int, message: int) -> str:
        """Noted in the background: it only helps `telegram_search` to look less far."""
        note = partial(self._places.heard, chat, message, now_ms())
        self._talk.later(note)
        return str(message)

    # ---------------------------------------------------------------------------------- card

    async def _outdated_card(self, shown: Shown, news: Sequence[Entry]) -> str | None:
        """Who is asked anew, later in a conversation, finds a card at its end, and it rings: from
        now on another card counts. Returns the one that counted, if there is to be another."""
        thread, asked = shown.thread, shown.c.assigned
        if asked is None or asked.desk != "telegram" or asked.rung != Rung.FIRST:
            return None
        seq = max((entry.seq for entry in news if entry.event == asked), default=0)
        if seq <= int(thread.fact("opened") or 0):
            return None
        old = thread.native(card_key(thread))
        number = int(thread.fact("cards") or 0) + 1
        await thread.keep(cards=str(number), opened=str(seq))
        return old

    async def _show_card(self, shown: Shown) -> None:
        thread, place = shown.thread, shown.place
        upto = int(thread.fact("upto") or 0)
        before, complete = cards.said_before(
            [entry for entry in shown.log if entry.seq <= upto], shown.c, shown.changed
        )
        skill = self._plan.skill(skill_of(shown.c, self._plan))
        post = cards.card(
            shown.c,
            zone=self._plan.hours.zone,
            skill=skill.words if skill else "",
            accounts=self._accounts,
            before=before if thread.fact("opened") == thread.fact("upto") else Words(),
        )
        digest = _digest(post)
        key = card_key(thread)
        known = thread.native(key)
        if known is None:
            await self._send(shown, [key], post)
            await thread.keep(card=digest)
            if not complete and thread.native("transcript") is None:
                await self._send_transcript(shown, upto)
        elif known and thread.fact("card") != digest:
            words = self._marked(shown.c, key, post, place)
            try:
                await self._telegram.change(place.chat, int(known), words, post.keyboard)
            except MessageGone:
                # Somebody removed the card. Without it there are no buttons: another one.
                await thread.keep(cards=str(int(thread.fact("cards") or 0) + 1))
                await self._show_card(shown)
                return
            await thread.keep(card=digest)
        if thread.root is None and (root := thread.native(key)):
            await thread.open(str(place.chat), root)

    async def _send_transcript(self, shown: Shown, upto: int) -> None:
        text = transcript_text.as_text([e for e in shown.log if e.seq <= upto], shown.c)
        name = f"transcript-{shown.c.id[:8]}.txt"
        post = Post(0, "📄", own("What was said before"))
        await self._send_file(shown, "transcript", post, name, text.encode())

    # --------------------------------------------------------------------------------- posts

    def _posts(self, shown: Shown, news: Sequence[Entry]) -> list[Post]:
        """What of the news is to be posted: nothing that stands on the card, and nothing that the
        agent wrote here."""
        upto, posts = int(shown.thread.fact("upto") or 0), []
        for entry in shown.thread.unsent(news):
            event = entry.event
            if isinstance(event, Assigned):
                # At first the card rings.
                current = event == shown.c.assigned and event.rung != Rung.FIRST
                here = current and event.desk == "telegram"
                post = views.ring(entry, event, self._accounts) if here else None
            elif (entry.seq <= upto and not isinstance(event, (DraftWritten, ReplyHeld))) or (
                isinstance(event, _THEIRS) and _written_here(entry, shown.place.chat)
            ):
                continue
            elif isinstance(event, (AgentEdited, AgentRetracted)):
                post = self._changed(shown, entry, event)
            else:
                post = views.spoken(entry, shown.c, shown.changed)
            if post is not None:
                posts.append(post)
        return posts

    def _changed(
        self, shown: Shown, entry: Entry, event: AgentEdited | AgentRetracted
    ) -> Post | None:
        """Words about a change of a message that the agent wrote here, and that we cannot change;
        unless the agent changed it here."""
        if shown.thread.native(event.of) or _written_here(entry, shown.place.chat, edited=True):
            return None
        now = shown.changed.get(event.of)
        return views.change_post(entry.seq, event.agent.name, now)

    async def _post(self, shown: Shown, group: Sequence[Post]) -> None:
        """One message with all of the group; a long one goes on in further messages."""
        keys: list[Key] = [post.seq for post in group]
        if len(group) == 1 and group[0].files:
            await self._post_files(shown, group[0])
        else:
            await self._send(shown, keys, *group)

    async def _post_files(self, shown: Shown, post: Post) -> None:
        """Each file in a message of its own, the words under the first if they are short."""
        room = CAPTION_AT_MOST - len(post.sign) - 1
        under = post.words.length <= room and not post.keyboard
        if not under:
            await self._send(shown, [post.seq], post)
        for number, file in enumerate(post.files):
            key: Key = post.seq if under and number == 0 else f"{post.seq}.f{number}"
            words = post.words if under and number == 0 else literal(file.name)
            await self._post_file(shown, key, replace(post, words=words, keyboard=()), file)

    async def _post_file(self, shown: Shown, key: Key, post: Post, file: File) -> None:
        try:
            _, data = await self._files.get(shown.c.id, file.id)
        except UnknownFile:
            words = post.words + own(" (no longer kept)")
            await self._send(shown, [key], replace(post, words=words))
            return
        await self._send_file(shown, key, post, file.name, data)

    async def _send(self, shown: Shown, keys: Sequence[Key], *posts: Post) -> None:
        first, place = posts[0], shown.place
        words = joined(
            (
                self._marked(shown.c, key, post, place)
                for key, post in zip(keys, posts, strict=True)
            ),
            "\n\n",
        )
        pieces = split(words, TEXT_AT_MOST - CONTINUED)
        loud = any(post.loud for post in posts)
        send = partial(self._sent, place, pieces[0], first.keyboard, loud)
        await shown.thread.post(keys, send, place=str(place.chat))
        for number, piece in enumerate(pieces[1:], 1):
            key = f"{keys[0]}.{number}"
            mark = self._seal.mark(press_of(shown.c, key), place.path)
            send = partial(self._sent, place, views.continued(piece, mark), (), False)
            await shown.thread.post(key, send, place=str(place.chat))

    async def _sent(self, place: Place, words: Words, keyboard: Keyboard, loud: bool) -> str:
        return self._heard(place.chat, await self._telegram.post(place, words, keyboard, loud=loud))

    async def _send_file(self, shown: Shown, key: Key, post: Post, name: str, data: bytes) -> None:
        place = shown.place
        words = self._marked(shown.c, key, post, place)

        async def send() -> str:
            id = await self._telegram.send_file(place, name, data, words, loud=post.loud)
            return self._heard(place.chat, id)

        await shown.thread.post(key, send, place=str(place.chat))

    def _marked(self, c: Conversation, key: Key, post: Post, place: Place) -> Words:
        return views.marked(post, self._seal.mark(press_of(c, key), place.path))

    # ------------------------------------------------------------------------------- changing

    async def _change_posts(self, shown: Shown, news: Sequence[Entry]) -> None:
        """Posts that read differently now, and those about which nothing can be done any more."""
        thread, c = shown.thread, shown.c
        for entry in news:
            if isinstance(entry.event, (AgentEdited, AgentRetracted)):
                await self._rewrite(shown, entry.event.of)
        settled = set((thread.fact("settled") or "").split())
        open_ones = {draft.seq for draft in c.drafts} | {held.seq for held in c.held}
        for entry in shown.log:
            if not isinstance(entry.event, (DraftWritten, ReplyHeld)) or entry.seq in open_ones:
                continue
            known = thread.native(entry.seq)
            if known and str(entry.seq) not in settled:
                with suppress(MessageGone):
                    await self._telegram.change_buttons(shown.place.chat, int(known))
                settled.add(str(entry.seq))
                await thread.keep(settled=" ".join(sorted(settled, key=int)))

    async def _rewrite(self, shown: Shown, seq: int) -> None:
        """An agent's message that we posted, as it reads now."""
        known = shown.thread.native(seq)
        entry = next((entry for entry in shown.log if entry.seq == seq), None)
        if not known or entry is None:
            return
        post = views.spoken(entry, shown.c, shown.changed)
        if post is not None:
            words = split(self._marked(shown.c, seq, post, shown.place))[0]
            with suppress(MessageGone):
                await self._telegram.change(shown.place.chat, int(known), words, post.keyboard)

    async def _name_topic(self, shown: Shown) -> None:
        if shown.place.topic is None:
            return
        name, icon = cards.topic_name(shown.c), cards.ICONS[shown.c.state]
        digest = _digest(name, icon)
        if shown.thread.fact("topic") != digest:
            await self._telegram.edit_topic(shown.place.chat, shown.place.topic, name, icon)
            await shown.thread.keep(topic=digest)


def _written_here(entry: Entry, chat: int, *, edited: bool = False) -> bool:
    """Whether an agent wrote it as a message of this group (or changed that message)."""
    if edited:
        return entry.key.startswith("agent:telegram:edit:")
    return entry.key.startswith(f"agent:telegram:{chat}:")


def _digest(*parts: object) -> str:
    return hashlib.blake2s(repr(parts).encode(), digest_size=12).hexdigest()
