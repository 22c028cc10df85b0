"""Bringing a conversation's Slack thread up to date: which messages are posted or changed, when.

Belongs here: the order of things in a thread, and where it is. Does not belong here: what a message
looks like (`bot.desks.slack_blocks`, `slack_thread`), how it is sent once and paced
(`bot.desks.slack_posts`, `bot.threads`), what happens when Slack does not take it (`bot.delivery`).

A hand-off gets a card in the channel of its skill, and its thread begins with the transcript so
far. A new hand-off of the same conversation, or one that is passed on to a skill with another
channel, gets a new card there; the old one says where it goes on. What agents type in the thread
stands there already and is not repeated.

The thread's facts: `opened` (seq of the entry that the card stands for), `upto` (seq of the last
entry in the transcript), `told` (the card whose transcript is complete), `card` (what it shows, as
a digest), `drafts` (seqs of those that have their buttons), `changed<seq>` (that change is shown).
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from bot.conversation import Conversation, State
from bot.desks import slack_blocks, slack_thread
from bot.desks.slack_blocks import Message
from bot.desks.slack_parts import Parts
from bot.desks.slack_posts import Posts
from bot.desks.slack_text import escape, literal, mention, paragraph, rich_text
from bot.errors import DeskDown, DeskRefused, ThreadGone
from bot.events import (
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    CustomerSpoke,
    DraftWritten,
    Entry,
    File,
    HandoffRequested,
    ReplyHeld,
    Transferred,
    Unclaimed,
)
from bot.files import UnknownFile
from bot.routing import skill_of
from bot.threads import Thread
from bot.transcript import wordings
from bot.transcript_text import as_text

log = logging.getLogger(__name__)

Json = dict[str, Any]

#: A transcript of more entries, or of more characters, goes as a file.
SHORT_ENTRIES: Final = 12
SHORT_CHARACTERS: Final = 3_000
#: The key of entries that come from messages in a thread (`slack_messages`): what is there already.
TYPED: Final = re.compile(r"agent:slack:[CG][A-Z0-9]+:[0-9.]+(:.*)?")


class Showing:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._posts = Posts(parts.api)

    async def show(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        """See `bot.desks.Desk.show`."""
        try:
            if not await self._open(c, news, thread):
                return
            await self._ring(c, news, thread)
            await self._transcript(c, thread)
            await self._say(c, news, thread)
            await self._change(c, news, thread)
            await self._settle(c, thread)
            await self._refresh(c, thread)
        except ThreadGone:
            self._parts.api.forget_channels()
            raise

    # ----------------------------------------------------------------------------- where it is

    async def _open(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> bool:
        """See to it that there is a card; False when Slack will never take it."""
        opened, place = int(thread.fact("opened") or 0), thread.place
        cause = _latest(news, HandoffRequested) or opened
        passed = _latest(news, Transferred)
        if thread.root is None:
            cause = max(cause, passed, _latest(news, Unclaimed), 1)
        if place is None or max(cause, passed) > opened:
            place = await self._place(c, thread)
            if place != thread.place:
                cause = max(cause, passed)
        if thread.root is not None and cause <= opened:
            return True
        message, old = self._card(c), (thread.place, thread.root)
        rung, ring = await self._rings(c, news)
        first = Message(message.text, (*(ring.blocks if ring else ()), *message.blocks))
        keys = [f"card{cause}", *([rung] if ring else [])]
        native = await self._posts.add(c, keys, first, thread, place=place)
        if native is None:  # better a poor card than none
            plain = Message(message.text, slack_thread.hint(message.text).blocks)
            native = await self._posts.add(c, f"plain{cause}", plain, thread, place=place)
        if native is None:
            return False
        # In this order: killed in between, it is done again.
        await thread.open(place, native)
        await thread.keep(opened=str(cause), upto=str(c.seq), card=_digest(message))
        if old[0] is not None and old[1] not in (None, native):
            await self._leave(c, old[0], old[1])
        return True

    async def _place(self, c: Conversation, thread: Thread) -> str:
        """The channel that the conversation belongs in: its skill's, else the one for all."""
        if c.state is not State.WAITING and thread.place is not None:
            return thread.place
        skill = skill_of(c, self._parts.plan)
        for name in (self._parts.plan.slack_channel_of(skill), self._parts.plan.slack_channel):
            found = await self._parts.api.channel(name)
            if found is not None:
                return found
        raise DeskDown(
            f"Slack: the app is in no channel {self._parts.plan.slack_channel}.",
            hint="Invite it there with /invite, or correct the channel in data/desk.yml.",
        )

    def _card(self, c: Conversation) -> Message:
        skill = skill_of(c, self._parts.plan)
        known = self._parts.plan.skill(skill)
        return slack_blocks.card(
            c,
            canned=[one.name for one in self._parts.plan.canned],
            skill=known.words if known else (skill or ""),
        )

    async def _leave(self, c: Conversation, place: str, root: str | None) -> None:
        """Let an old card say where it goes on."""
        message = slack_blocks.moved(c, await self._parts.link(c.id))
        try:
            await self._parts.api.call("chat.update", channel=place, ts=root, **message.arguments)
        except (ThreadGone, DeskRefused) as why:
            log.info("an old card stays as it is: %s", why.message)

    # --------------------------------------------------------------------------- what is said

    async def _transcript(self, c: Conversation, thread: Thread) -> None:
        """What was said before the hand-off: as messages when short, as a file when long."""
        opened, upto = thread.fact("opened") or "0", int(thread.fact("upto") or 0)
        if thread.fact("told") == opened:
            return
        entries = [e for e in await self._parts.store.log(c.id) if e.seq <= upto]
        changed, key = wordings(entries), f"transcript{opened}"
        shown = [slack_thread.spoken(entry, c, changed) for entry in entries]
        spoken = [one for one in shown if one is not None]
        first, *more = slack_thread.joined(spoken) or [slack_thread.hint("Nothing was said.")]
        if len(spoken) <= SHORT_ENTRIES and not more and first.length <= SHORT_CHARACTERS:
            await self._posts.add(c, key, first, thread)
        else:
            comment = f"The conversation so far, {len(entries)} entries."
            content = as_text(entries, c).encode()
            await self._posts.share(key, "conversation.txt", content, thread, comment=comment)
        for draft in c.drafts:
            if draft.seq <= upto:
                await self._offer(c, draft.seq, thread)
        for entry in entries:
            for number, file in enumerate(_files_of(entry)):
                await self._pass_on(c, f"{entry.seq}file{number}", file, thread)
        await thread.keep(told=opened)

    async def _say(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        """What has happened since, in order; what can stand in one message does."""
        upto, changed = int(thread.fact("upto") or 0), wordings(news)
        waiting: list[tuple[Entry, Message]] = []
        for entry in thread.unsent(news):
            if entry.seq <= upto or TYPED.fullmatch(entry.key):
                if isinstance(entry.event, ReplyHeld):
                    await self._hold(c, entry, thread)
                continue
            if isinstance(entry.event, DraftWritten):
                await self._flush(c, waiting, thread)
                await self._offer(c, entry.seq, thread)
                continue
            message = self._spoken(c, entry, changed, thread)
            if message is None:
                continue
            if isinstance(entry.event, AgentSpoke) or _files_of(entry):
                await self._flush(c, waiting, thread)
                await self._alone(c, entry, message, thread)
            else:
                waiting.append((entry, message))
        await self._flush(c, waiting, thread)

    def _spoken(
        self, c: Conversation, entry: Entry, changed: dict[int, str | None], thread: Thread
    ) -> Message | None:
        event = entry.event
        if isinstance(event, AgentEdited | AgentRetracted):
            # What stands here as a message of ours is changed itself (`_change`).
            text = event.text if isinstance(event, AgentEdited) else None
            return None if thread.native(event.of) else slack_thread.changed(event.agent, text)
        return slack_thread.spoken(entry, c, changed)

    async def _flush(
        self, c: Conversation, waiting: list[tuple[Entry, Message]], thread: Thread
    ) -> None:
        while waiting:
            taken = slack_thread.first_fitting([message for _, message in waiting])
            entries, messages = zip(*waiting[:taken], strict=True)
            del waiting[:taken]
            (message,) = slack_thread.joined(messages)
            await self._posts.add(c, [entry.seq for entry in entries], message, thread)

    async def _alone(self, c: Conversation, entry: Entry, message: Message, thread: Thread) -> None:
        """Words that can still be changed, and words with files."""
        if isinstance(entry.event, AgentSpoke):
            message = slack_thread.own(c, entry, message)
        for number, file in enumerate(_files_of(entry)):
            await self._pass_on(c, f"{entry.seq}file{number}", file, thread)
        await self._posts.add(c, entry.seq, message, thread)

    async def _pass_on(self, c: Conversation, key: str, file: File, thread: Thread) -> None:
        """A file of somebody's; one that is no longer kept has its name in the words."""
        if thread.native(key) is not None:
            return
        try:
            _, content = await self._parts.files.get(c.id, file.id)
        except UnknownFile:
            return
        await self._posts.share(key, file.name, content, thread)

    async def _offer(self, c: Conversation, seq: int, thread: Thread) -> None:
        """A draft, while it is open."""
        draft = next((one for one in c.drafts if one.seq == seq), None)
        if draft is None:
            return
        open_now = set(_numbers(thread.fact("drafts")))
        await thread.keep(drafts=_listed(open_now | {seq}))
        key = _draft_key(seq, thread)
        await self._posts.add(c, key, slack_thread.draft(c, draft), thread)

    async def _hold(self, c: Conversation, entry: Entry, thread: Thread) -> None:
        """Ask who wrote a reply that is held, and only them, what shall become of it."""
        held = next((one for one in c.held if one.seq == entry.seq), None)
        if held is None or thread.place is None or thread.root is None:
            return
        user = (await self._parts.slack_ids((held.agent,))).get(held.agent.login)
        if user is None:
            return
        place, root, message = thread.place, thread.root, slack_thread.held(c, held)

        async def ask() -> str:
            await self._parts.whisper(user, place, root, message)
            return "hint"

        await thread.post(f"held{entry.seq}", ask)

    # --------------------------------------------------------------------------- what changes

    async def _change(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        """Agents' words that we posted, and that read otherwise now."""
        for entry in news:
            if not isinstance(entry.event, AgentEdited | AgentRetracted):
                continue
            of = entry.event.of
            ts, key = thread.native(of), f"changed{entry.seq}"
            if not ts or thread.fact(key):
                continue
            (said,) = await self._parts.store.log(c.id, after=of - 1, count=1)
            text = entry.event.text if isinstance(entry.event, AgentEdited) else None
            message = slack_thread.spoken(said, c, {of: text})
            if message is not None:
                await self._update(thread, ts, slack_thread.own(c, said, message))
            await thread.keep(**{key: "1"})

    async def _settle(self, c: Conversation, thread: Thread) -> None:
        """Take the buttons from drafts that nobody can send any more."""
        there = set(_numbers(thread.fact("drafts")))
        settled = there - {draft.seq for draft in c.drafts}
        for seq in sorted(settled):
            ts = thread.native(_draft_key(seq, thread))
            found = await self._parts.store.log(c.id, after=seq - 1, count=1)
            if ts and isinstance(found[0].event, DraftWritten):
                await self._update(thread, ts, slack_thread.settled_draft(found[0].event))
        if settled:
            await thread.keep(drafts=_listed(there - settled))

    async def _refresh(self, c: Conversation, thread: Thread) -> None:
        card = self._card(c)
        if thread.root is None or thread.fact("card") == _digest(card):
            return
        await self._update(thread, thread.root, card)
        await thread.keep(card=_digest(card))

    async def _update(self, thread: Thread, ts: str, message: Message) -> None:
        try:
            await self._parts.api.call(
                "chat.update", channel=thread.place, ts=ts, **message.arguments
            )
        except DeskRefused as why:
            log.warning("a message in Slack stays as it was: %s", why.message)
        except ThreadGone:
            if ts == thread.root:
                raise
            log.info("a message in Slack that was to be changed is gone")

    async def _ring(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        """Call who is asked now, if that is news and their card has not done so."""
        key, message = await self._rings(c, news)
        if message is not None:
            await self._posts.add(c, key, message, thread)

    async def _rings(self, c: Conversation, news: Sequence[Entry]) -> tuple[str, Message | None]:
        asked = [e for e in news if isinstance(e.event, Assigned)]
        if not asked or asked[-1].event != c.assigned or c.assigned is None:
            return "", None
        key = f"ring{asked[-1].seq}"
        if c.assigned.desk != "slack":
            return key, None
        ids = await self._parts.slack_ids(c.assigned.agents)
        return key, slack_thread.ring(c.assigned, ids)

    async def alert(self, text: str) -> None:
        """Tell the owners, in the channel for all."""
        owners = tuple(one.agent for one in self._parts.plan.members if one.is_owner)
        ids = await self._parts.slack_ids(owners)
        names = [
            part
            for o in owners
            if o.login in ids
            for part in (mention(ids[o.login]), *literal(" "))
        ]
        channel = await self._parts.api.channel(self._parts.plan.slack_channel)
        if channel is None:
            raise DeskDown("Slack: there is no channel for alerts.")
        message = Message(escape(text), (rich_text(paragraph(names, literal(f"⚠️ {text}"))),))
        await self._parts.api.call("chat.postMessage", channel=channel, **message.arguments)


def _digest(message: Message) -> str:
    return hashlib.sha256(msgspec.json.encode(list(message.blocks))).hexdigest()[:16]


def _latest(news: Sequence[Entry], kind: type[Any]) -> int:
    """Seq of the latest entry of that kind, or 0."""
    return max((entry.seq for entry in news if isinstance(entry.event, kind)), default=0)


def _files_of(entry: Entry) -> tuple[File, ...]:
    event = entry.event
    return event.files if isinstance(event, AgentSpoke | CustomerSpoke | ReplyHeld) else ()


def _draft_key(seq: int, thread: Thread) -> str:
    """A draft that is still open is offered again under each new card."""
    return f"draft{thread.fact('opened')}-{seq}"


def _numbers(text: str | None) -> list[int]:
    return [int(part) for part in (text or "").split(",") if part]


def _listed(numbers: set[int]) -> str:
    return ",".join(map(str, sorted(numbers)))
