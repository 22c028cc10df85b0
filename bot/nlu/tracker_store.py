"""Rasa's trackers in Redis, at the same cost for the first turn and the thousandth.

Stock stores write the whole conversation after every turn and replay it before the next. This one
appends the new events to a list and loads only its tail: the last few dozen events, behind a
`Head` that says what the events before them added up to (slots, open form). The head is moved
forward now and then, always to the start of a turn, and never changes what the tracker ends up as.
The list keeps every event; `retrieve_full_tracker` reads it all.

Belongs here: keys, the two Redis operations, and the cut. Does not belong here: what a turn is
(`channel`), or the gateway's log, which is the record of the conversation (`bot.store`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.conversation import Dialogue
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    ConversationPaused,
    Event,
    SlotSet,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger(__name__)

# ------------------------------------------------------------------------------ keys and times

PREFIX: Final = "deskhand:tracker:"
EVENTS: Final = PREFIX + "{}:events"
"""List of JSON events, oldest first, append-only."""
HEAD: Final = PREFIX + "{}:head"
"""JSON of the `Head`; missing while the conversation is short."""

KEPT_S: Final = 30 * 86_400
"""A tracker outlives the last turn by this: long enough for a reply to an old chat, and no longer,
because the gateway's log is the record and has its own retention."""

TAIL: Final = 30
"""Events that are always loaded. Rules look back two or three turns, a turn has 5 to 10 events."""
TAIL_LIMIT: Final = 60
"""When the tail has grown to this, the head is moved; between the two nothing needs computing."""
FETCHED: Final = 120
"""Events asked for in one go: a tail at its limit and a very long turn. More is a second read."""

SOCKET_TIMEOUT_S: Final = 5.0
"""Redis answers in under a millisecond; after this it is gone, and the turn fails."""

# Compares the length with the one that the events were made for. A retry after a lost reply finds
# its own events at the end and is content; another writer's events are a conflict (-1).
_APPEND: Final = """
local new = #ARGV - 3
local have = redis.call('LLEN', KEYS[1])
if have ~= tonumber(ARGV[1]) then
  if have == tonumber(ARGV[1]) + new and redis.call('LINDEX', KEYS[1], -1) == ARGV[#ARGV] then
    return have
  end
  return -1
end
for i = 4, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return have + new
"""


class TrackerConflict(Exception):
    """Another process has written to the tracker since it was loaded; nothing was stored."""


@dataclass(frozen=True)
class Head:
    """What the first `start` events of a conversation added up to."""

    start: int = 0
    at: float = 0.0
    """Time of the last of them, seconds since the epoch."""
    slots: Mapping[str, Any] = field(default_factory=dict)
    loop: str | None = None
    paused: bool = False

    def as_events(self) -> list[Event]:
        """Events that lead a fresh tracker to this state."""
        events: list[Event] = [SlotSet(k, v, timestamp=self.at) for k, v in self.slots.items()]
        if self.loop:
            events.append(ActiveLoop(self.loop, timestamp=self.at))
        if self.paused:
            events.append(ConversationPaused(timestamp=self.at))
        return events

    def encode(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def decode(text: bytes | str | None) -> Head:
        return Head(**json.loads(text)) if text else Head()


class StoredTracker(DialogueStateTracker):
    """A tracker that knows how much of it is in Redis already."""

    head: Head = Head()
    prefix: int = 0
    """Events in memory that stand for the head and are not in the list."""
    stored: int = 0
    """Length of the list, as far as this tracker has seen it."""
    synced: int = 0
    """Events in memory that need no writing: the prefix and what was loaded or saved."""


class RedisTrackerStore(TrackerStore):
    """Configured in endpoints.yml with `url` (redis://, rediss:// or unix://)."""

    def __init__(
        self,
        domain: Domain | None = None,
        host: str = "",
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        """`host` is the Redis URL (Rasa's name for it). Connects at the first use.

        Raises ValueError when the URL is missing or of another kind.
        """
        if not host.startswith(("redis://", "rediss://", "unix://")):
            # The value may hold a password, so it is not shown.
            raise ValueError(
                "the tracker store's url must start with redis://, rediss:// or unix://; "
                "set REDIS_URL in the environment of the assistant"
            )
        self._redis: Redis[bytes] = Redis.from_url(
            host,
            socket_timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=SOCKET_TIMEOUT_S,
            health_check_interval=30,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),
            retry_on_error=[RedisConnectionError, RedisTimeoutError],
        )
        self._append = self._redis.register_script(_APPEND)
        super().__init__(domain, event_broker, **kwargs)

    # ------------------------------------------------------------------------------- reading

    def init_tracker(self, sender_id: str) -> StoredTracker:
        """An empty tracker of our kind."""
        slots = self.domain.slots
        return StoredTracker(sender_id, slots, max_event_history=self.max_event_history)

    async def retrieve(self, sender_id: str) -> StoredTracker | None:
        """The tracker with its last few dozen events; None when there is none."""
        key = EVENTS.format(sender_id)
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.get(HEAD.format(sender_id))
            pipeline.llen(key)
            pipeline.lrange(key, -FETCHED, -1)
            stored_head, length, fetched = await pipeline.execute()
        if not length:
            return None
        head = Head.decode(stored_head)
        if head.start > length:
            log.warning("Tracker %s has lost events; starting from what is left", sender_id)
            head = Head()
        wanted = length - head.start
        if wanted > len(fetched):
            fetched = await self._redis.lrange(key, head.start, length - 1)
        return self._rebuild(sender_id, head, length, fetched[-wanted:] if wanted else [])

    async def retrieve_full_tracker(self, conversation_id: str) -> StoredTracker | None:
        """The tracker with every event since the beginning; None when there is none."""
        stored = await self._redis.lrange(EVENTS.format(conversation_id), 0, -1)
        if not stored:
            return None
        return self._rebuild(conversation_id, Head(), len(stored), stored)

    def _rebuild(
        self, sender_id: str, head: Head, length: int, stored: Sequence[bytes]
    ) -> StoredTracker:
        known = {slot.name for slot in self.domain.slots}
        # A slot that the newer domain has no longer would be an error line on every turn.
        slots = {name: value for name, value in head.slots.items() if name in known}
        prefix = Head(head.start, head.at, slots, head.loop, head.paused).as_events()
        tail = deserialise_events([json.loads(line) for line in stored])
        tracker = self.init_tracker(sender_id)
        tracker.recreate_from_dialogue(Dialogue(sender_id, [*prefix, *tail]))
        tracker.head, tracker.prefix, tracker.stored = head, len(prefix), length
        tracker.synced = len(tracker.events)
        return tracker

    async def exists(self, conversation_id: str) -> bool:
        """Whether anything is stored for the conversation."""
        return bool(await self._redis.exists(EVENTS.format(conversation_id)))

    async def keys(self) -> Iterable[str]:
        """Ids of all stored conversations."""
        before, after = EVENTS.split("{}")
        found = [key.decode() async for key in self._redis.scan_iter(EVENTS.format("*"), 500)]
        return [key[len(before) : -len(after)] for key in found]

    # ------------------------------------------------------------------------------- writing

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Appends the tracker's new events.

        A tracker that was not loaded from here (PUT /conversations/.../tracker/events) replaces
        what is stored, as Rasa promises. Raises TrackerConflict when somebody else has written
        in between.
        """
        if not isinstance(tracker, StoredTracker):
            await self._replace(tracker)
            return
        new = list(tracker.events)[tracker.synced :]
        if not new:
            return
        head = self._next_head(tracker)
        length = await self._append(
            keys=[EVENTS.format(tracker.sender_id), HEAD.format(tracker.sender_id)],
            args=[
                tracker.stored,
                KEPT_S,
                head.encode() if head else "",
                *(json.dumps(event.as_dict()) for event in new),
            ],
        )
        if length < 0:
            raise TrackerConflict(f"tracker {tracker.sender_id} was changed by another process")
        tracker.stored = length
        tracker.synced = len(tracker.events)
        await self._publish(new, tracker.sender_id)

    async def _replace(self, tracker: DialogueStateTracker) -> None:
        events = list(tracker.events)
        key = EVENTS.format(tracker.sender_id)
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.delete(key, HEAD.format(tracker.sender_id))
            if events:
                pipeline.rpush(key, *(json.dumps(event.as_dict()) for event in events))
                pipeline.expire(key, KEPT_S)
            await pipeline.execute()
        await self._publish(events, tracker.sender_id)

    async def delete(self, sender_id: str) -> None:
        """Forgets the conversation."""
        await self._redis.delete(EVENTS.format(sender_id), HEAD.format(sender_id))

    async def close(self) -> None:
        """Closes the connections."""
        await self._redis.close()
        await self._redis.connection_pool.disconnect()

    async def _publish(self, events: Sequence[Event], sender_id: str) -> None:
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, list(events), sender_id)

    def _next_head(self, tracker: StoredTracker) -> Head | None:
        """Where the next load should start; None as long as the tail is short enough.

        The cut is right before an `action_listen`, where a turn ends: a policy that looks back
        then sees whole turns. A cut within a form is taken only when there is no other.
        """
        events = list(tracker.events)
        if len(events) - tracker.prefix <= TAIL_LIMIT:
            return None
        walker = self.init_tracker(tracker.sender_id)
        best: Head | None = None
        for index, event in enumerate(events[: len(events) - TAIL]):
            ends_turn = (
                isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME
            )
            if ends_turn and index > tracker.prefix:
                within_form = walker.active_loop_name is not None
                if best is None or best.loop is not None or not within_form:
                    start = index - tracker.prefix + tracker.stored - _listed(tracker)
                    best = _head_of(walker, start, event.timestamp)
            walker.update(event)
        return best


def _listed(tracker: StoredTracker) -> int:
    """How many of the events in memory are in the list."""
    return tracker.synced - tracker.prefix


def _head_of(tracker: DialogueStateTracker, start: int, at: float) -> Head:
    slots = {s.name: s.value for s in tracker.slots.values() if s.value != s.initial_value}
    return Head(start, at, slots, tracker.active_loop_name, tracker.is_paused())
