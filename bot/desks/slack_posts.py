"""Adding messages and files to Slack once, and finding them again after a kill.

Belongs here: how what we post is marked. Does not belong here: what is posted and when
(`bot.desks.slack_show`). A message carries its conversation and keys as metadata, which nobody
sees; a file, which cannot, has its key in its name (people see its title).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bot.conversation import Conversation
from bot.desks.slack_api import SlackApi
from bot.desks.slack_blocks import Message
from bot.errors import ThreadGone
from bot.threads import Key, Thread

Json = dict[str, Any]

#: The kind of metadata by which we know our own messages again.
METADATA: Final = "deskhand_message"
#: How far Slack's clock may be behind ours, in seconds, when we look for a message.
CLOCKS_S: Final = 300.0
#: Messages that are looked at for it.
LOOKED_AT: Final = 200


class Posts:
    def __init__(self, api: SlackApi) -> None:
        self._api = api

    async def add(
        self,
        c: Conversation,
        keys: Key | Sequence[Key],
        message: Message,
        thread: Thread,
        *,
        place: str | None = None,
    ) -> str | None:
        """Post a message into the thread or, with `place`, as one of its own there. See
        `Thread.post`."""
        names = [str(k) for k in (keys if isinstance(keys, (list, tuple)) else [keys])]
        arguments = message.arguments | {
            "channel": place or thread.place,
            "metadata": {"event_type": METADATA, "event_payload": _mark(c, names)},
        }
        if place is None:
            arguments["thread_ts"] = thread.root

        async def send() -> str:
            return str((await self._api.call("chat.postMessage", **arguments))["ts"])

        return await thread.post(names, send, place=place)

    async def share(
        self, key: str, name: str, content: bytes, thread: Thread, *, comment: str = ""
    ) -> None:
        """Put a file into the thread, once."""
        place, root = thread.place, thread.root
        if place is None or root is None:
            raise ThreadGone("Slack: there is no thread for a file.")

        async def send() -> str:
            named = f"{key}-{name}"
            await self._api.upload(place, root, named, content, title=name, comment=comment)
            return f"file {key}"

        await thread.post(key, send)

    async def find(self, c: Conversation, thread: Thread) -> str | None:
        """See `bot.desks.Desk.find`. Hints are not to be found, so one that only its reader saw may
        come twice."""
        sending = thread.sending
        if sending is None:
            return None
        alone = is_card(sending.keys[0])
        if not alone and thread.root is None:
            return None
        answer = await self._api.read(
            "conversations.history" if alone else "conversations.replies",
            channel=sending.place,
            oldest=f"{sending.at / 1000 - CLOCKS_S:.6f}",
            include_all_metadata="true",
            limit=LOOKED_AT,
            **({} if alone else {"ts": thread.root}),
        )
        for message in answer["messages"]:
            if message.get("metadata") == {
                "event_type": METADATA,
                "event_payload": _mark(c, sending.keys),
            }:
                return str(message["ts"])
            for file in message.get("files", []):
                if str(file.get("name")).startswith(f"{sending.keys[0]}-"):
                    return f"file {sending.keys[0]}"
        return None

    async def conversation_of(self, channel: str, root: str) -> str | None:
        """The conversation of a card of ours that we have no record of: we were killed when Slack
        had just accepted it, and people are quicker than our second try."""
        answer = await self._api.read(
            "conversations.replies",
            channel=channel,
            ts=root,
            include_all_metadata="true",
            limit=1,
        )
        for message in answer["messages"]:
            metadata = message.get("metadata") or {}
            if message["ts"] == root and metadata.get("event_type") == METADATA:
                return str(metadata["event_payload"]["conversation"])
        return None


def is_card(key: str) -> bool:
    """Whether what was sent under this key is a card, which stands in the channel itself."""
    return key.startswith(("card", "plain"))


def _mark(c: Conversation, names: Sequence[str]) -> Json:
    return {"conversation": c.id, "key": ",".join(names)}
