"""The Redis of one run of `deskhand up`: an embedded one that is started and kept alive, or one of
somebody else's that is watched.

Belongs here: which of the two, and when it answers. Does not belong here: how an embedded one is
configured and where it is found (`bot.redis_server`), or what is stored in it.
"""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot import redis_server
from bot.children import Child, Probe
from bot.errors import ProcessFailed
from bot.processes import State, Status, Supervisor
from bot.settings import Secret, Settings
from bot.status_board import StatusBoard

if TYPE_CHECKING:
    from redis.asyncio import Redis

#: How long a Redis of somebody else may be away when we start, in seconds.
PATIENCE_S = 10.0
#: How often it is looked at afterwards, in seconds.
LOOK_S = 5.0


class RedisChild:
    """`url` is known once it was started; before, it is the setting."""

    def __init__(
        self, settings: Settings, var: Path, port: int, supervisor: Supervisor, board: StatusBoard
    ) -> None:
        self._settings = settings
        self._var = var
        self._port = port
        self._supervisor = supervisor
        self._board = board
        self.url = settings.redis_url
        self._answers: Probe

    async def start(self) -> Redis[bytes]:
        """Returns a client of it when it answers.

        Raises:
            ProcessFailed: it cannot be started, or is not there.
        """
        from redis.asyncio import Redis  # a tenth of a second that `--help` need not pay
        from redis.exceptions import RedisError

        if not self._settings.redis_url:
            prepared = self._prepare()
            self.url = prepared.url
        redis: Redis[bytes] = Redis.from_url(
            self.url.reveal(), socket_connect_timeout=2, socket_timeout=2
        )

        async def answers() -> None:
            try:
                await redis.ping()
            except RedisError as why:
                raise OSError(f"{type(why).__name__}: {why}") from None

        self._answers = answers
        if not self._settings.redis_url:
            address = f"127.0.0.1:{self._port}"
            self._supervisor.start(
                Child(
                    name="redis",
                    argv=prepared.argv,
                    address=address,
                    cwd=self._var,
                    probe=answers,
                    pass_fds=(prepared.lock,),
                    # TERM, so that it can finish what it has promised but not yet written.
                    death_signal=signal.SIGTERM,
                    # Hanging on a slow disk is not cured by reading all of it again.
                    patience=None,
                    stop_order=1,
                )
            )
            await self._supervisor.ready("redis")
        else:
            await self._find()
        return redis

    def _prepare(self) -> redis_server.Prepared:
        try:
            return redis_server.prepare(
                self._var / "redis",
                password=redis_server.kept_password(self._var / "secrets" / "redis"),
                port=self._port,
                appendfsync=self._settings.appendfsync,
            )
        except OSError as why:
            raise ProcessFailed(
                f"{why.filename or self._var} cannot be written: {why.strerror}.",
                hint="Redis keeps the conversations there. Free some space or correct its owner.",
            ) from why

    async def _find(self) -> None:
        address = _without_secrets(self.url)
        self._board.report(Status("redis", State.STARTING, address))
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                await self._answers()
            except OSError as why:
                if time.monotonic() > deadline:
                    raise ProcessFailed(
                        f"REDIS_URL: the Redis at {address} does not answer: {why}",
                        hint="Start it, correct REDIS_URL, or unset it to use the embedded Redis.",
                    ) from None
                await asyncio.sleep(0.5)
            else:
                break
        self._board.report(Status("redis", State.READY, address))

    async def watch(self) -> None:
        """Report how one of somebody else's is, for ever; an embedded one is kept anyway."""
        while self._settings.redis_url:
            address = _without_secrets(self.url)
            try:
                await self._answers()
            except OSError as why:
                self._board.report(Status("redis", State.SILENT, address, str(why)))
            else:
                self._board.report(Status("redis", State.READY, address))
            await asyncio.sleep(LOOK_S)


def _without_secrets(url: Secret) -> str:
    parts = urlsplit(url.reveal())
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
