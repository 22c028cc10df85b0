"""What agents write in a thread: replies, files, changes and deletions, and reactions on the card.

Belongs here: turning Slack's message and reaction events into commands. Does not belong here:
buttons and modals (`bot.desks.slack_actions`), receiving (`bot.desks.slack`).

Slack delivers at least once and in no particular order. A message is known by its channel and `ts`,
which is its idempotency key; a change by the `ts` of the edit. What was changed or deleted is noted
first (`slack_versions`), so that an older version that arrives later is not sent any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from bot import commands
from bot.conversation import State
from bot.desks.slack_parts import Parts, refusal, unknown
from bot.desks.slack_posts import Posts, is_card
from bot.desks.slack_text import plain
from bot.desks.slack_thread import hint
from bot.desks.slack_versions import DELETED, Versions
from bot.errors import BadMessage, DeskRefused, IllegalMove, ThreadGone
from bot.events import Agent, AgentSpoke, File, ReplyHeld
from bot.files import FilesFull

log = logging.getLogger(__name__)

Json = dict[str, Any]

#: Kinds of messages that people write; all others are Slack's own (joins, topics, ...).
WRITTEN: Final = frozenset({None, "file_share", "thread_broadcast", "me_message"})
#: An edit so soon after a message that has not arrived yet is the message itself, in seconds.
SOON_S: Final = 60.0
#: The version of a message that was never edited.
FIRST: Final = "0"
#: How far back messages are looked for that Slack did not bring, in seconds, and how many in
#: one thread. So far back, what was refused is known to have been.
LOOK_BACK_S: Final = 82_800
LOOKED_AT: Final = 200
#: Open conversations whose threads are looked at.
THREADS_AT_MOST: Final = 200


class Writing:
    """Handles events; each is done when the handler returns, and may come again."""

    def __init__(self, parts: Parts, versions: Versions) -> None:
        self._parts = parts
        self._versions = versions
        self._posts = Posts(parts.api)

    async def on_message(self, event: Json) -> None:
        """A `message` event of any subtype.

        Raises: StoreUnavailable, DeskDown, DeskBusy: it has to come again."""
        subtype = event.get("subtype")
        if subtype == "message_changed":
            await self._changed(event)
        elif subtype == "message_deleted":
            await self._deleted(
                event["channel"], event["deleted_ts"], event.get("previous_message")
            )
        elif subtype in WRITTEN and not event.get("bot_id") and event.get("user"):
            await self._written(event["channel"], event, version=FIRST)

    async def on_reaction(self, event: Json, event_id: str) -> None:
        item = event["item"]
        make = REACTIONS.get(event["reaction"].partition("::")[0])
        if make is None or item.get("type") != "message":
            return
        conversation = await self._conversation(
            item["channel"], item["ts"], by=event.get("item_user")
        )
        if conversation is None:
            return  # some other message: people may like what they like
        who = await self._parts.who(event["user"])
        if who.agent is None:
            await self._whisper(event["user"], item["channel"], item["ts"], unknown(who.user))
            return
        try:
            await self._parts.router.from_agent(
                conversation, make(who.agent), client_id=f"slack:{event_id}"
            )
        except IllegalMove as why:
            await self._whisper(event["user"], item["channel"], item["ts"], refusal(why))

    async def missed(self) -> list[Json]:
        """Messages in the threads of open conversations, as events: Slack gives up bringing what
        nobody took for an hour. Most of them were stored before; to act on them again does nothing.

        Raises: StoreUnavailable, and what calls of Slack raise."""
        ids: list[str] = []
        for state in (State.WAITING, State.HUMAN, State.SNOOZED):
            ids += await self._parts.store.shelf(state.value, THREADS_AT_MOST)
        found: list[Json] = []
        for id in ids:
            thread = await self._parts.threads.load(id)
            if thread.place is None or thread.root is None:
                continue
            try:
                answer = await self._parts.api.read(
                    "conversations.replies",
                    channel=thread.place,
                    ts=thread.root,
                    oldest=f"{self._parts.now() / 1000 - LOOK_BACK_S:.6f}",
                    limit=LOOKED_AT,
                )
            except (ThreadGone, DeskRefused) as why:
                log.info("one of Slack's threads cannot be looked through: %s", why.message)
                continue
            for message in answer["messages"]:
                if not message.get("bot_id") and message["ts"] != thread.root:
                    key = f"agent:{_message_id(thread.place, message['ts'])}"
                    if (await self._parts.store.find(id, key)).stored_at is None:
                        found.append({**message, "channel": thread.place})
        return found

    # ------------------------------------------------------------------------------- messages

    async def _written(self, channel: str, message: Json, version: str) -> None:
        ts, thread = message["ts"], message.get("thread_ts")
        if thread is None or thread == ts:
            return  # in the channel itself: not to a customer
        conversation = await self._conversation(channel, thread, by=message.get("parent_user_id"))
        if conversation is None or not await self._versions.is_news(channel, ts, version):
            return
        if version == FIRST and await self._versions.was_refused(channel, ts):
            return
        who = await self._parts.who(message["user"])
        if who.agent is None:
            await self._whisper(who.user, channel, thread, unknown(who.user))
            await self._versions.refuse(channel, ts)
            return
        text = plain(message.get("text", ""), await self._parts.names_in(message.get("text", "")))
        try:
            files = await self._fetched(conversation, message.get("files", []))
            reply = commands.Reply(agent=who.agent, text=text, files=files)
            await self._parts.router.from_agent(
                conversation, reply, client_id=_message_id(channel, ts)
            )
        except (IllegalMove, BadMessage, DeskRefused, FilesFull) as why:
            await self._whisper(who.user, channel, thread, refusal(why, what="Not sent"))
            await self._versions.refuse(channel, ts)

    async def _conversation(self, channel: str, root: str, *, by: str | None = None) -> str | None:
        """The conversation whose card is `root`; None for some other message. `by`: whose message
        the root is, as far as Slack says."""
        spot = await self._parts.threads.find(channel, root)
        if spot is not None:
            # A card is one as soon as Slack has it, also when we were killed before it was `open`.
            return spot.conversation if spot.key == "root" or is_card(spot.key) else None
        if by is None or by != (await self._parts.api.identity()).user:
            return None
        return await self._posts.conversation_of(channel, root)

    async def _fetched(self, conversation: str, shared: list[Json]) -> tuple[File, ...]:
        """The files, kept by us: Slack's are behind its login."""
        kept = []
        for one in shared:
            content = await self._parts.api.download(one, self._parts.files.size_at_most)
            name, key = str(one.get("name") or "file"), f"slack:{one['id']}"
            kept.append(await self._parts.files.put(conversation, name, content, key=key))
        return tuple(kept)

    async def _changed(self, event: Json) -> None:
        channel, message = event["channel"], event["message"]
        if message.get("subtype") == "tombstone":
            await self._deleted(channel, message["ts"], message)
            return
        edited = message.get("edited")
        if message.get("bot_id") or not edited or not message.get("user"):
            return  # ours, or Slack added a preview of a link
        ts, version = message["ts"], str(edited["ts"])
        found = await self._stored(channel, message)
        if found is None:
            if float(version) - float(ts) < SOON_S:
                await self._written(channel, message, version)
            return
        conversation, of, said = found
        if not await self._versions.is_news(channel, ts, version):
            return
        text = plain(message.get("text", ""), await self._parts.names_in(message.get("text", "")))
        try:
            edit = commands.Edit(agent=said.agent, of=of, text=text)
            await self._parts.router.from_agent(
                conversation, edit, client_id=f"{_message_id(channel, ts)}:{version}"
            )
        except (IllegalMove, BadMessage) as why:
            words = refusal(why, what="Nothing changes for the customer")
            await self._whisper(message["user"], channel, message["thread_ts"], words)

    async def _deleted(self, channel: str, ts: str, before: Json | None) -> None:
        """Whoever deleted it (its author, or an administrator), the customer shall not see it."""
        await self._versions.is_news(channel, ts, DELETED)
        found = await self._stored(channel, {"ts": ts, **(before or {})})
        if found is None:
            return  # not arrived yet, and never to be sent
        conversation, of, said = found
        retract = commands.Retract(agent=said.agent, of=of)
        try:
            await self._parts.router.from_agent(
                conversation, retract, client_id=f"{_message_id(channel, ts)}:deleted"
            )
        except IllegalMove as why:
            log.info("a deletion in Slack changed nothing: %s", why.message)

    async def _stored(
        self, channel: str, message: Json
    ) -> tuple[str, int, AgentSpoke | ReplyHeld] | None:
        """What became of a message: conversation, seq and event; None if it became nothing."""
        thread = message.get("thread_ts")
        if thread is None:
            return None
        conversation = await self._conversation(channel, thread)
        if conversation is None:
            return None
        key = f"agent:{_message_id(channel, message['ts'])}"
        seq = (await self._parts.store.find(conversation, key)).stored_at
        if seq is None:
            return None
        entry = next(iter(await self._parts.store.log(conversation, after=seq - 1, count=1)), None)
        if entry is None or not isinstance(entry.event, AgentSpoke | ReplyHeld):
            return None  # a note
        return conversation, seq, entry.event

    async def _whisper(self, user: str, channel: str, thread: str, words: str) -> None:
        await self._parts.whisper(user, channel, thread, hint(words))


def _message_id(channel: str, ts: str) -> str:
    return f"slack:{channel}:{ts}"


#: What a reaction on the card orders.
REACTIONS: Final[Mapping[str, Callable[[Agent], commands.Command]]] = MappingProxyType(
    {
        "eyes": lambda agent: commands.Claim(agent=agent),
        "white_check_mark": lambda agent: commands.Close(agent=agent, outcome="solved"),
        "heavy_check_mark": lambda agent: commands.Close(agent=agent, outcome="solved"),
    }
)
