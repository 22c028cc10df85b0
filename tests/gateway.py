"""A gateway for tests: `bot.app.build` under uvicorn, on a real port, in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from bot.app import build
from bot.settings import Secret, Settings
from bot.web.server import GatewayServer
from tests.polling import PATIENCE_S


def _bound(port: int) -> socket.socket:
    """A socket that has the port from now on; 0 is any that is free."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound


class RunningGateway:
    def __init__(
        self,
        redis_url: str,
        assistant_url: str,
        token: str,
        var: Path,
        *,
        port: int | None = None,
        **more: Any,
    ) -> None:
        self._socket: socket.socket | None = _bound(port or 0)
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        settings: dict[str, Any] = {
            "port": self.port,
            "redis_url": Secret(redis_url),
            "assistant_url": assistant_url,
            "assistant_token": Secret(token),
            "turn_deadline": 30.0,
            "messages_per_minute": 100_000,
            "var": var,
        }
        self.settings = Settings(**{**settings, **more})
        self._server: GatewayServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        listening, self._socket = self._socket or _bound(self.port), None
        with ExitStack() as unless_served:
            unless_served.callback(listening.close)
            self._server = GatewayServer(build(self.settings), self.settings)
            unless_served.pop_all()
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, daemon=True
        )
        self._thread.start()
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.url}/openapi.json", timeout=5.0, trust_env=False)
                return
            except httpx.HTTPError:
                time.sleep(0.02)
        raise AssertionError("the gateway did not start")

    def stop(self) -> None:
        if self._server and self._thread:
            self._server.end_streams()
            self._server.should_exit = True
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive(), "the gateway did not stop"
            self._server = self._thread = None

    def __enter__(self) -> RunningGateway:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
