"""Where the assistant is. Its address changes when another model is promoted: `deskhand up` starts
a second assistant, and tells its gateway through Redis where the next turn goes.

Belongs here: the key, telling, and knowing. Does not belong here: asking the assistant
(`bot.assistant`), or starting one (`bot.assistants`).

An address counts for one run of `deskhand up` only, and its key has the run's name: ports and
tokens of another run are worth nothing. It never leads away from this machine, since the token
goes where it says. A wake-up is published with it; who misses that looks again within half a
second, and a turn that finds nobody looks at once.
"""

from __future__ import annotations

import logging
import re
from typing import Final

from redis.asyncio import Redis

from bot.errors import StoreUnavailable
from bot.store import PREFIX, WAKE, reachable

log = logging.getLogger(__name__)

#: By run: the base URL of the assistant that serves. The run repeats it every few seconds, so that
#: a Redis which has lost it gets it again; a day later nothing remembers the run.
AT: Final = PREFIX + "assistant:at:{}"
KEPT_S: Final = 86_400
#: Published when it has moved.
WAKE_ASSISTANT: Final = WAKE + "assistant"

_ON_THIS_MACHINE: Final = re.compile(r"http://127\.0\.0\.1:[1-9][0-9]{0,4}")


class Whereabouts:
    """What is known of the assistant's address.

    Args:
        url: where it is until something else is told: the setting.
        run: the run of `deskhand up` whose word counts; "" when nobody's does.
    """

    def __init__(self, url: str, redis: Redis[bytes] | None = None, run: str = "") -> None:
        self.url = url
        self._redis = redis
        self._run = run

    async def read(self) -> None:
        """Find out. While Redis is away, or has heard nothing, what is known stays."""
        if self._redis is None or not self._run:
            return
        try:
            async with reachable():
                told = (await self._redis.get(AT.format(self._run)) or b"").decode()
        except StoreUnavailable:
            return
        if not told or told == self.url:
            return
        if not _ON_THIS_MACHINE.fullmatch(told):
            log.error("the assistant's address in Redis leads away from this machine: not believed")
            return
        log.info("the assistant has moved from %s to %s", self.url, told)
        self.url = told


async def tell(redis: Redis[bytes], run: str, url: str) -> None:
    """Tell the gateways of this run where the assistant is. Raises: StoreUnavailable."""
    async with reachable():
        pipe = redis.pipeline(transaction=False)
        pipe.set(AT.format(run), url, ex=KEPT_S)
        pipe.publish(WAKE_ASSISTANT, "")
        await pipe.execute()
