"""What the widget tells of its customer: whether they are there, and what they have seen. Decides
whether an agent's answer has to go after them by e-mail (`bot.mail`).
"""

from __future__ import annotations

from typing import Final

from redis.asyncio import Redis

from bot.store import PREFIX, reachable

# ------------------------------------------------------------------------------ keys and times

#: There while a stream of the customer's is open. The stream renews it: a little more often than
#: it runs out, so that a killed gateway's customers count as gone soon.
HERE: Final = PREFIX + "c:{}:here"
HERE_MS: Final = 40_000
RENEW_S: Final = 15.0
#: Seq of the latest entry that the widget has shown to somebody who was looking. Only answers of
#: the last days can still be owed by e-mail.
SHOWN: Final = PREFIX + "c:{}:shown"
SHOWN_S: Final = 7 * 24 * 3600


class Attention:
    def __init__(self, redis: Redis[bytes]) -> None:
        self._redis = redis

    async def here(self, conversation: str) -> None:
        """A stream is open."""
        async with reachable():
            await self._redis.set(HERE.format(conversation), "1", px=HERE_MS)

    async def shown(self, conversation: str, seq: int) -> None:
        """The widget has shown the log up to `seq`."""
        async with reachable():
            await self._redis.set(SHOWN.format(conversation), seq, ex=SHOWN_S)

    async def find(self, conversation: str) -> tuple[bool, int]:
        """(whether a stream is open, up to which seq they have seen)."""
        async with reachable():
            here, shown = await self._redis.mget(
                HERE.format(conversation), SHOWN.format(conversation)
            )
        return here is not None, int(shown or 0)
