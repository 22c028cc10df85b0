"""What can go wrong between an app and Slack's Web API, on demand: `front.fail(method, fault)`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web


class Fault:
    """Happens instead of the answer. `accepted`: Slack did what was asked before it happened."""

    accepted = False

    async def happen(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError


@dataclass(frozen=True)
class Status(Fault):
    """An HTTP error without a JSON body, as from a load balancer."""

    status: int = 500

    async def happen(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=self.status, text="<html>an error</html>")


@dataclass(frozen=True)
class TooMany(Fault):
    """429: nothing more for `seconds`."""

    seconds: int = 1

    async def happen(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"ok": False, "error": "ratelimited"},
            status=429,
            headers={"Retry-After": str(self.seconds)},
        )


@dataclass(frozen=True)
class Refusal(Fault):
    """Slack understands, and says no."""

    error: str

    async def happen(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": False, "error": self.error})


@dataclass(frozen=True)
class Hang(Fault):
    """No answer, and the connection stays open; before Slack has done anything, or afterwards."""

    accepted: bool = False

    async def happen(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(3600)
        raise AssertionError("nobody waits that long")


@dataclass(frozen=True)
class Cut(Fault):
    """The connection breaks, before Slack has done anything or (`accepted`) right afterwards."""

    accepted: bool = False

    async def happen(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
