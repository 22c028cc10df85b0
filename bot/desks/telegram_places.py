"""What the Telegram desk keeps in Redis for all gateways: who polls, where groups went, when which
message ids were given out, whose topics are not ours.

Belongs here: these keys, their lifetimes, reading and writing them. Which topic belongs to which
conversation, and what is posted where, is kept by `bot.threads` for all desks.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from redis.asyncio import Redis

from bot.store import PREFIX, reachable

# ------------------------------------------------------------------------------ keys and times

#: Per group (sorted set): message ids by when we heard of them (ms): between which two a message
#: must be that was sent at a certain time. A day of a busy group.
HEARD: Final = PREFIX + "telegram:heard:{}"
HEARD_MS: Final = 24 * 3600 * 1000
HEARD_AT_MOST: Final = 20_000
#: Per group (set): topics that somebody else opened. A lost topic of ours is looked for among those
#: of a day, so they need not be known for longer than nobody opens another one in a year.
OTHERS: Final = PREFIX + "telegram:others:{}"
OTHERS_MS: Final = 366 * 24 * 3600 * 1000
#: Hash: id of a group that became a supergroup -> its new id. Without a lifetime: settings may name
#: the old one for ever, and it happens once to a group.
MOVED: Final = PREFIX + "telegram:moved"
#: The gateway that polls. Short, so that another takes over within seconds of a kill.
POLLER: Final = PREFIX + "telegram:poller"
POLLER_MS: Final = 5_000
#: Update that changed a message last: an earlier one that comes later is void. Telegram repeats
#: updates for a day.
EDITED: Final = PREFIX + "telegram:edited:{}:{}"
EDITED_MS: Final = 2 * 24 * 3600 * 1000
#: Who was told lately that we do not know them: not at each message again.
HINTED: Final = PREFIX + "telegram:hinted:{}"
HINTED_MS: Final = 10 * 60 * 1000

_RAISE: Final = """
local known = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) < known then return 0 end
if ARGV[2] == '' then redis.call('SET', KEYS[1], ARGV[1])
else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1
"""
_IF_MINE: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""


class Places:
    """Safe to share between tasks; one per gateway."""

    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis
        self._me = secrets.token_hex(8)
        self._raise = redis.register_script(_RAISE)
        self._if_mine = redis.register_script(_IF_MINE)

    # ------------------------------------------------------------------------------ messages

    async def heard(self, chat: int, message: int, now: int) -> None:
        """There is a message of that id in the group, by now at the latest."""
        key = HEARD.format(chat)
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.zadd(key, {str(message): now}, nx=True)
            pipe.zremrangebyscore(key, "-inf", now - HEARD_MS)
            pipe.zremrangebyrank(key, 0, -HEARD_AT_MOST - 1)
            await pipe.execute()

    async def ids_between(self, chat: int, since: int, until: int) -> tuple[int, int | None]:
        """Ids are given out in order: what was sent between the two times (ms) has an id above the
        first (0: unknown) and below the second (None: none is known)."""
        key = HEARD.format(chat)
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.zrevrangebyscore(key, since, "-inf", 0, 1)
            pipe.zrangebyscore(key, until, "+inf", 0, 1)
            before, after = await pipe.execute()
        return (int(before[0]) if before else 0), (int(after[0]) if after else None)

    async def is_others(self, chat: int, topic: int) -> bool:
        async with reachable():
            return bool(await self._redis.sismember(OTHERS.format(chat), str(topic)))

    async def leave_alone(self, chat: int, topic: int) -> None:
        """A topic that somebody else opened."""
        async with reachable():
            pipe = self._redis.pipeline(transaction=True)
            pipe.sadd(OTHERS.format(chat), str(topic))
            pipe.pexpire(OTHERS.format(chat), OTHERS_MS)
            await pipe.execute()

    # -------------------------------------------------------------------------------- groups

    async def moved(self, old: int, new: int) -> None:
        async with reachable():
            await self._redis.hset(MOVED, str(old), str(new))

    async def now(self, chat: int) -> int:
        """The id that the group has now."""
        return (await self.all_now([chat]))[0]

    async def all_now(self, chats: Sequence[int]) -> list[int]:
        async with reachable():
            moved = {int(old): int(new) for old, new in (await self._redis.hgetall(MOVED)).items()}
        return [_followed(chat, moved) for chat in chats]

    # ------------------------------------------------------------------------------- updates

    async def may_poll(self) -> bool:
        """Take or keep the right to poll: one gateway has it at a time."""
        async with reachable():
            if await self._redis.set(POLLER, self._me, nx=True, px=POLLER_MS):
                return True
            return bool(await self._if_mine(keys=[POLLER], args=[self._me, POLLER_MS]))

    async def stop_polling(self) -> None:
        async with reachable():
            await self._if_mine(keys=[POLLER], args=[self._me, ""])

    async def is_newer_edit(self, chat: int, message: int, update: int) -> bool:
        """Whether no later change of the message is known yet; from now on this one is."""
        async with reachable():
            return bool(
                await self._raise(keys=[EDITED.format(chat, message)], args=[update, EDITED_MS])
            )

    async def may_hint(self, account: int) -> bool:
        async with reachable():
            return bool(await self._redis.set(HINTED.format(account), "1", nx=True, px=HINTED_MS))


def _followed(chat: int, moved: Mapping[int, int]) -> int:
    seen = {chat}
    while chat in moved and moved[chat] not in seen:
        chat = moved[chat]
        seen.add(chat)
    return chat
