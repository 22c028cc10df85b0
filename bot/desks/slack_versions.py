"""What the Slack desk itself has to remember in Redis, beside its threads (`bot.threads`): which
version of an agent's message is the latest that has arrived, and which were refused.
"""

from __future__ import annotations

import math
from typing import Final

from redis.asyncio import Redis

from bot.store import PREFIX, reachable

#: The latest version of an agent's message that has arrived (string: the `ts` of the edit, 0 for
#: the message itself, `inf` for deleted): Slack's events may come late, twice and in any order.
#: Slack goes on trying for an hour or so; a day is on the safe side.
VERSION: Final = PREFIX + "slack:version:{}:{}"
VERSION_S: Final = 86_400

#: Messages that were refused, and whose author was told so: they are not to be sent later, when it
#: would be possible. As long as anybody looks back for them (`slack_messages.LOOK_BACK_S`).
REFUSED: Final = PREFIX + "slack:refused:{}:{}"

DELETED: Final = str(math.inf)

_NEWER: Final = """
local known = tonumber(redis.call('GET', KEYS[1]) or '-1')
if known > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""


class Versions:
    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis
        self._newer = redis.register_script(_NEWER)

    async def is_news(self, channel: str, ts: str, version: str) -> bool:
        """Note that this version of a message has arrived. False when a newer one was here before;
        the same one again counts as news, since it may not have been acted on."""
        async with reachable():
            newer = await self._newer(keys=[VERSION.format(channel, ts)], args=[version, VERSION_S])
        return bool(newer)

    async def refuse(self, channel: str, ts: str) -> None:
        async with reachable():
            await self._redis.set(REFUSED.format(channel, ts), b"", ex=VERSION_S)

    async def was_refused(self, channel: str, ts: str) -> bool:
        async with reachable():
            return bool(await self._redis.exists(REFUSED.format(channel, ts)))
