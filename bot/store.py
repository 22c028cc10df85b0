"""Redis: where conversations live, and the only place that knows the keys.

Belongs here: keys and TTLs, the atomic append, reading a log, and who has to act on a conversation
after an append, and when. Does not belong here: what a command means (`bot.conversation`), who may
do what (`bot.router`), waking readers (`bot.wakes`), handing the work out (`bot.work`).

**Append.** One Lua script compares the conversation's seq with the one that the caller decided
on, and in the same atomic step writes the log entries, the new state, the idempotency key, the
agents' shelves and the followers' work. A lost race is a normal return value; the caller decides
again on what is there now.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import (
    BusyLoadingError,
    ConnectionError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,
)

from bot.conversation import Conversation, State, next_due
from bot.errors import StoreUnavailable, UnknownConversation
from bot.events import AgentSpoke, CustomerSpoke, Entry

# ------------------------------------------------------------------------------ keys and times

PREFIX: Final = "deskhand:"
#: Per conversation: the log (stream, ids `<seq>-0`: Redis itself refuses a gap backwards), the
#: state (hash: `seq` for the comparison, `json`), and the idempotency keys (hash: key -> seq).
LOG: Final = PREFIX + "c:{}:log"
STATE: Final = PREFIX + "c:{}:state"
KEYS: Final = PREFIX + "c:{}:keys"
#: Who is typing, for as long as a pause between two keystrokes may last.
TYPING: Final = PREFIX + "c:{}:typing:{}"
TYPING_MS: Final = 6_000
#: Escalated conversations by state (sorted sets; score: since when, ms): the agents' queue.
SHELF: Final = PREFIX + "shelf:"
#: Every conversation in which a customer spoke (score: last change): for learning and retention.
ALL: Final = PREFIX + "conversations"
#: Per follower: conversations with work (score: due, ms), and those leased (score: until, ms).
WORK: Final = PREFIX + "work:"
LEASED: Final = PREFIX + "leased:"
#: A conversation in which the customer never wrote or asked for a person is kept a day: the widget
#: was just opened. A test is kept as long.
UNSPOKEN_S: Final = 86_400
#: Pub/sub channels that wake readers; they carry nothing.
WAKE: Final = PREFIX + "wake:"
WAKE_CONVERSATION: Final = WAKE + "c:{}"
WAKE_QUEUE: Final = WAKE + "queue"
WAKE_WORK: Final = WAKE + "work:"

#: Secrets that gateways share (signing of widget sessions).
SECRET: Final = PREFIX + "secret:"

SHELVES: Final = tuple(state.value for state in State if state is not State.BOT)


class Follower(str, Enum):
    """Who acts on a conversation after an append."""

    ASSISTANT = "assistant"  #: owes the customer an answer
    CLOCK = "clock"  #: time itself will be news
    MAIL = "mail"  #: owes a customer who has left an answer by e-mail
    SLACK = "slack"  #: has to see what is new, if it was ever asked to
    TELEGRAM = "telegram"  #: likewise
    SUGGESTIONS = "suggestions"  #: may offer agents an answer to what the customer just wrote
    ARCHIVE = "archive"  #: keeps what was said and done, to be searched and counted


#: Followers that are desks at which people work.
DESKS: Final = (Follower.SLACK, Follower.TELEGRAM)
#: A customer who has waited for the owner's answer for so long: the clock sees whether the owner
#: is there.
OWNER_CHECK_MS: Final = 20_000
#: Without any wake-up, how often a follower looks for work by itself (ms). None is woken for what
#: is due only later than that.
LOOK_MS: Final = 1_000
#: The archive waits for a pause in the conversation: each time it reads the whole log.
ARCHIVE_AFTER_MS: Final = 1_000

_APPEND: Final = """
local state, log, keys = KEYS[1], KEYS[2], KEYS[3]
local a = cjson.decode(ARGV[1])
if a.key ~= '' then
  local seen = redis.call('HGET', keys, a.key)
  if seen then return {0, tonumber(seen)} end
end
local seq = tonumber(redis.call('HGET', state, 'seq') or '0')
if seq ~= a.expected then return {-1, seq} end
for i = 2, #ARGV - 1 do
  redis.call('XADD', log, (seq + i - 1) .. '-0', 'e', ARGV[i])
end
redis.call('HSET', state, 'seq', a.seq, 'json', ARGV[#ARGV])
if a.key ~= '' then redis.call('HSET', keys, a.key, a.seq) end
if a.kept then
  if a.first then for i = 1, 3 do redis.call('PERSIST', KEYS[i]) end end
  redis.call('ZADD', a.all, a.at, a.id)
else
  for i = 1, 3 do redis.call('EXPIRE', KEYS[i], a.unspoken) end
end
if a.queued then
  for name, key in pairs(a.shelves) do
    if name == a.shelf then redis.call('ZADD', key, a.since, a.id)
    else redis.call('ZREM', key, a.id) end
  end
  redis.call('PUBLISH', a.wake_queue, '')
end
for _, w in ipairs(a.work) do
  if w.due then
    if not redis.call('ZSCORE', w.leased, a.id) then redis.call('ZADD', w.key, w.due, a.id) end
    if w.due - a.at < a.look then redis.call('PUBLISH', w.wake, '') end
  else
    redis.call('ZREM', w.key, a.id)
  end
end
for _, key in ipairs(a.hush) do redis.call('DEL', key) end
redis.call('PUBLISH', a.wake, '')
return {1, a.seq}
"""

_ON_SHELVES: Final = """
local found = {}
for _, shelf in ipairs(KEYS) do
  for _, id in ipairs(redis.call('ZRANGE', shelf, 0, ARGV[1])) do
    local state = redis.call('HGET', (string.gsub(ARGV[2], '{}', id)), 'json')
    if state then found[#found + 1] = state end
  end
end
return found
"""

#: How a Redis says that it cannot write: disk full, memory full, no replica.
REFUSALS: Final = re.compile(r"\b(MISCONF|OOM|OutOfMemoryError|NOREPLICAS|READONLY)\b")

_encode = msgspec.json.Encoder().encode
_decode_entry = msgspec.json.Decoder(Entry).decode
_decode_state = msgspec.json.Decoder(Conversation).decode


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation as read, and the seq at which `key` was stored before, if it was."""

    conversation: Conversation
    stored_at: int | None


@dataclass(frozen=True, slots=True)
class Appended:
    """`stored`: this call wrote it, up to `seq`. Else somebody was quicker (perhaps an earlier call
    with the same key), and the caller should look again and decide again."""

    stored: bool
    seq: int


@dataclass(frozen=True, slots=True)
class News:
    """What a reader has not seen yet. `typing`: the name of who is typing; `position`: place in
    the queue, 1 for the next, None when not waiting."""

    entries: list[Entry]
    conversation: Conversation
    typing: str | None
    position: int | None


def work_after(
    conversation: Conversation, owner_check_ms: int = OWNER_CHECK_MS
) -> dict[Follower, int | None]:
    """When each follower has to act on the conversation as it is now (ms; None: not at all)."""
    just_spoke = conversation.spoke_at == conversation.updated_at
    with_people = conversation.state in (State.WAITING, State.HUMAN)
    return {
        Follower.ASSISTANT: conversation.updated_at if conversation.pending else None,
        Follower.CLOCK: next_due(conversation, owner_check_ms=owner_check_ms),
        Follower.SUGGESTIONS: conversation.updated_at if just_spoke and with_people else None,
        Follower.MAIL: conversation.updated_at if owes_mail(conversation) else None,
        Follower.ARCHIVE: (
            conversation.updated_at + ARCHIVE_AFTER_MS if _is_kept(conversation) else None
        ),
        **{
            desk: conversation.updated_at if desk.value in conversation.desks else None
            for desk in DESKS
        },
    }


def owes_mail(c: Conversation) -> bool:
    """Whether an agent's answer may have to go out by e-mail: an address is known, and the
    customer has said nothing since, which would show that they have read it."""
    return bool(c.contact) and c.answered > c.mailed and not c.unanswered


def shelf_of(conversation: Conversation) -> tuple[str, int]:
    """On which shelf of the queue it stands, and since when (ms)."""
    return conversation.state.value, conversation.waiting_since or conversation.updated_at


def _is_kept(conversation: Conversation) -> bool:
    return not conversation.test and (conversation.spoke_at is not None or conversation.escalated)


class Store:
    """All reading and writing of conversations. Safe to share between tasks."""

    def __init__(self, redis: Redis[bytes], *, owner_check_ms: int = OWNER_CHECK_MS) -> None:
        self._redis = redis
        self.owner_check_ms = owner_check_ms
        self._append = redis.register_script(_APPEND)
        self._on_shelves = redis.register_script(_ON_SHELVES)

    # ------------------------------------------------------------------------ conversations

    async def find(self, id: str, key: str = "") -> Found:
        """The conversation (a blank one if there is none yet), and what `key` was stored as."""
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.hget(STATE.format(id), "json")
            pipe.hget(KEYS.format(id), key)
            state, seq = await pipe.execute()
        conversation = _decode_state(state) if state else Conversation(id=id)
        return Found(conversation, int(seq) if seq and key else None)

    async def load(self, id: str) -> Conversation:
        """Raises: UnknownConversation."""
        conversation = (await self.find(id)).conversation
        if not conversation.seq:
            raise UnknownConversation(f"There is no conversation {id}.")
        return conversation

    async def append(
        self, before: Conversation, after: Conversation, entries: Sequence[Entry], key: str = ""
    ) -> Appended:
        """Write `entries`, the state `after` them and the work that follows, if the conversation
        still is as `before`; all or nothing."""
        shelf, since = shelf_of(after)
        work = [
            {
                "key": WORK + follower.value,
                "leased": LEASED + follower.value,
                "wake": WAKE_WORK + follower.value,
                "due": due,
            }
            for follower, due in work_after(after, self.owner_check_ms).items()
        ]
        head: dict[str, Any] = {
            "id": after.id,
            "key": key,
            "expected": before.seq,
            "seq": after.seq,
            "at": after.updated_at,
            "kept": _is_kept(after),
            "first": not _is_kept(before),
            "look": LOOK_MS,
            "unspoken": UNSPOKEN_S,
            "all": ALL,
            "queued": after.escalated and not after.test,
            "shelf": shelf,
            "since": since,
            "shelves": {name: SHELF + name for name in SHELVES},
            "work": [{k: v for k, v in item.items() if v is not None} for item in work],
            "wake": WAKE_CONVERSATION.format(after.id),
            "wake_queue": WAKE_QUEUE,
            # Who has just spoken is no longer typing.
            "hush": [
                TYPING.format(after.id, who)
                for who, spoke in (("agent", AgentSpoke), ("customer", CustomerSpoke))
                if any(isinstance(entry.event, spoke) for entry in entries)
            ],
        }
        async with reachable():
            code, seq = await self._append(
                keys=[STATE.format(after.id), LOG.format(after.id), KEYS.format(after.id)],
                args=[_encode(head), *(_encode(entry) for entry in entries), _encode(after)],
            )
        return Appended(stored=code == 1, seq=int(seq))

    async def log(self, id: str, after: int = 0, count: int | None = None) -> list[Entry]:
        """The entries with seq > `after`, in order."""
        async with reachable():
            rows = await self._redis.xrange(LOG.format(id), f"{after + 1}-0", "+", count)
        return [_decode_entry(fields[b"e"]) for _, fields in rows]

    async def conversations(self) -> dict[str, int]:
        """All in which a customer spoke or a person was asked for, with the time of their last
        change (ms)."""
        async with reachable():
            rows = await self._redis.zrange(ALL, 0, -1, withscores=True)
        return {id.decode(): int(at) for id, at in rows}

    async def gone(self, ids: Sequence[str]) -> list[str]:
        """Those of the conversations that are not there, or no longer."""
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for id in ids:
                pipe.exists(STATE.format(id))
            there = await pipe.execute() if ids else []
        return [id for id, found in zip(ids, there, strict=True) if not found]

    async def shelf(self, name: str, count: int = 200, *, newest: bool = False) -> list[str]:
        """Ids of escalated conversations in state `name`, longest there first."""
        async with reachable():
            order = self._redis.zrevrange if newest else self._redis.zrange
            return [id.decode() for id in await order(SHELF + name, 0, count - 1)]

    async def how_many(self, name: str) -> int:
        """How many escalated conversations are in state `name`."""
        async with reachable():
            return int(await self._redis.zcard(SHELF + name))

    async def on_shelves(self, names: Sequence[str], count: int) -> list[Conversation]:
        """Up to `count` escalated conversations of each state in `names`, longest there first, at
        one moment and in one round trip."""
        async with reachable():
            found = await self._on_shelves(
                keys=[SHELF + name for name in names], args=[count - 1, STATE]
            )
        return [_decode_state(state) for state in found]

    async def load_many(self, ids: Sequence[str]) -> list[Conversation]:
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for id in ids:
                pipe.hget(STATE.format(id), "json")
            return [_decode_state(raw) for raw in await pipe.execute() if raw]

    async def news(self, id: str, after: int, typist: str) -> News:
        """All that a reader who has seen entry `after` needs, in one round trip."""
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.xrange(LOG.format(id), f"{after + 1}-0", "+")
            pipe.hget(STATE.format(id), "json")
            pipe.get(TYPING.format(id, typist))
            pipe.zrank(SHELF + State.WAITING.value, id)
            rows, state, name, rank = await pipe.execute()
        if not state:
            raise UnknownConversation(f"There is no conversation {id}.")
        return News(
            entries=[_decode_entry(fields[b"e"]) for _, fields in rows],
            conversation=_decode_state(state),
            typing=name.decode() if name else None,
            position=None if rank is None else int(rank) + 1,
        )

    async def show_typing(self, id: str, who: str, name: str) -> None:
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(TYPING.format(id, who), name, px=TYPING_MS)
            pipe.publish(WAKE_CONVERSATION.format(id), "")
            await pipe.execute()

    async def secret(self, name: str) -> str:
        """A random secret that all gateways share; made by the first who asks."""
        async with reachable():
            await self._redis.setnx(SECRET + name, secrets.token_urlsafe(32))
            return str((await self._redis.get(SECRET + name) or b"").decode())

    async def ping(self) -> None:
        """Raises: StoreUnavailable."""
        async with reachable():
            await self._redis.ping()


@asynccontextmanager
async def reachable() -> AsyncIterator[None]:
    """Redis' own errors of reachability become ours; anything else is a bug and stays as it is."""
    try:
        yield
    except (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError, OSError) as why:
        raise _away("cannot be reached") from why
    except ResponseError as why:
        # In a script or a pipeline the code is not at the start; some are only a class's name.
        if REFUSALS.search(f"{type(why).__name__} {why}"):
            raise _away("does not take anything") from why
        raise


def _away(what: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"The message store {what} right now.",
        hint="Send it again in a moment; it is stored only once.",
    )
