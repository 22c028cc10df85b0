"""The follower that offers agents an answer to what the customer has just written.

Belongs here: asking the assistant for a suggestion while a conversation is with people, and
committing it. Nothing waits for it: when the assistant is away, slow or not sure, there is none,
and it is not asked again for the same message. Does not belong here: what it would say
(`bot.suggestions`, in the assistant), whether the suggestion still fits when it comes
(`bot.agent_commands`).
"""

from __future__ import annotations

import logging
from collections import OrderedDict

from bot import commands
from bot.assistant import Assistant, Health
from bot.errors import AssistantError
from bot.events import CustomerSpoke
from bot.following import Rest
from bot.router import Router
from bot.state import Conversation, State
from bot.store import Store

log = logging.getLogger(__name__)

#: Seconds in which a suggestion must come; later the agent is writing already.
WITHIN_S = 2.0
#: Conversations of which is known what was asked about; the ones asked longest ago are forgotten.
ASKED_AT_MOST = 1_000


class SuggestionFollower:
    """Suggests an answer to the customer's newest message."""

    def __init__(self, store: Store, router: Router, assistant: Assistant) -> None:
        self._store = store
        self._router = router
        self._assistant = assistant
        #: By conversation: the message that was asked about. The suggestion itself, or a note,
        #: makes the log grow, and so brings the conversation back.
        self._asked: OrderedDict[str, int] = OrderedDict()

    async def act(self, id: str) -> Rest:
        conversation = (await self._store.find(id)).conversation
        if (seq := _unanswered(conversation)) is None:
            return Rest(seen=conversation.seq)
        if self._asked.get(id) == seq:
            return Rest(seen=conversation.seq)
        (entry,) = await self._store.log(id, after=seq - 1, count=1)
        if not isinstance(entry.event, CustomerSpoke) or not entry.event.text:
            return Rest(seen=conversation.seq)
        if self._assistant.health is not Health.READY:
            return Rest(seen=conversation.seq)
        self._asked.pop(id, None)
        self._asked[id] = seq
        if len(self._asked) > ASKED_AT_MOST:
            self._asked.popitem(last=False)
        try:
            reply = await self._assistant.suggest(entry.event.text, WITHIN_S)
        except AssistantError as why:
            log.info("no suggestion for conversation %s: %s", id, why)
            return Rest(seen=conversation.seq)
        if reply.text:
            suggest = commands.Suggest(
                text=reply.text,
                in_reply_to=seq,
                intent=reply.intent,
                confidence=reply.confidence,
            )
            await self._router.execute(id, suggest, key=f"suggest:{seq}")
        return Rest(seen=conversation.seq)


def _unanswered(c: Conversation) -> int | None:
    """The customer's newest message, if it is for people to answer."""
    if c.state not in (State.WAITING, State.HUMAN) or not c.unanswered:
        return None
    return c.unanswered[-1]
