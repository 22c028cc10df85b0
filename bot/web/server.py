"""uvicorn, taught to end event streams: they never end by themselves, and cutting them off would
fill the log with tracebacks at every stop.
"""

from __future__ import annotations

from types import FrameType

import uvicorn
from starlette.applications import Starlette

from bot.settings import Settings
from bot.web.connections import PER_SENDER, Places, connections

#: Open connections; beyond, newcomers get 503 and those who are here go on.
CONNECTIONS_AT_MOST = 5_000


class GatewayServer(uvicorn.Server):
    """Serves what `bot.app.build` made."""

    def __init__(self, gateway: Starlette, settings: Settings) -> None:
        self._gateway = gateway
        super().__init__(
            uvicorn.Config(
                gateway,
                host=settings.host,
                port=settings.port,
                # Paths would tell who talks when; what matters is logged where it happens.
                access_log=False,
                log_level="warning",
                server_header=False,
                proxy_headers=settings.trust_proxy,
                forwarded_allow_ips="*" if settings.trust_proxy else None,
                ws="none",
                # Made of h11: the faster parser has no limit on headers, so that one endless header
                # would stop all.
                http=connections(Places(None if settings.trust_proxy else PER_SENDER)),
                h11_max_incomplete_event_size=32_768,
                limit_concurrency=CONNECTIONS_AT_MOST,
                # For requests under way; `deskhand up` waits two seconds.
                timeout_graceful_shutdown=1,
                backlog=1024,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.end_streams()
        super().handle_exit(sig, frame)

    def end_streams(self) -> None:
        """Let every open stream come to its end. Safe to call from any thread."""
        for server in self.servers:
            server.get_loop().call_soon_threadsafe(self._gateway.state.wakes.close)
