"""The assistant's one door: HTTP for the gateway, on loopback, behind a token.

Mounted by Rasa under /webhooks/deskhand/. Belongs here: the token, reading and checking requests,
JSON answers whatever happens. Does not belong here: what a turn is (`turns`).
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import PurePath
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, response
from sanic.exceptions import InvalidUsage
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.nlu.lighter import lighten
from bot.nlu.suggest import suggest
from bot.nlu.turns import DEADLINE_S, Line, Said, Stretch, TurnFailed, Turns, TurnTooSlow

log = logging.getLogger(__name__)

NAME = "deskhand"


class BadRequest(Exception):
    """The request is not what the gateway should send; the message names the field."""


class GatewayChannel(InputChannel):
    """Configured in credentials.yml with `token`."""

    def __init__(self, token: str) -> None:
        """`token` is the secret that the gateway must present."""
        self._token = f"Bearer {token}".encode()
        self._turns = Turns()

    @classmethod
    def name(cls) -> str:
        """The last part of the path under which Rasa mounts the channel."""
        return NAME

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GatewayChannel:
        """Rasa's way of building it. Raises RasaException without a token: no open door."""
        token = str((credentials or {}).get("token") or "").strip()
        if not token or token.startswith("${"):
            raise RasaException(
                "the assistant's channel has no token, so it does not start; set "
                "DESKHAND_ASSISTANT_TOKEN in its environment, the same as the gateway's"
            )
        lighten()
        return cls(token)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes. Rasa's handler is not used: it would give neither parse nor tracker."""
        routes = Blueprint("deskhand_gateway")
        routes.add_route(self._guarded(self._health), "/", methods=["GET"], name="health")
        routes.add_route(self._guarded(self._turn), "/turn", methods=["POST"], name="turn")
        routes.add_route(
            self._guarded(self._returned), "/returned", methods=["POST"], name="returned"
        )
        routes.add_route(self._guarded(self._suggest), "/suggest", methods=["POST"], name="suggest")
        return routes

    def _guarded(
        self, handle: Callable[[Request], Awaitable[dict[str, Any]]]
    ) -> Callable[[Request], Coroutine[Any, Any, HTTPResponse]]:
        """The handler behind the token, with every failure as JSON."""

        async def handler(request: Request) -> HTTPResponse:
            if not self.is_authorised(request.headers.get("authorization", "")):
                return _error(401, "the token is missing or wrong")
            try:
                return response.json(await handle(request))
            except BadRequest as why:
                return _error(400, str(why))
            except TurnTooSlow as why:
                return _error(504, str(why))
            except TurnFailed as why:
                log.error("turn failed: %s", why)
                return _error(500, str(why))
            except Exception as why:
                # The outermost edge, with any component of any pipeline behind it. The gateway
                # reads JSON only, and hands the customer to a person.
                log.exception("turn failed")
                return _error(500, f"{type(why).__name__}: {why}")

        return handler

    def is_authorised(self, header: str) -> bool:
        """Whether the Authorization header holds the token; takes the same time either way."""
        return hmac.compare_digest(header.encode(), self._token)

    async def _health(self, request: Request) -> dict[str, Any]:
        processor = request.app.ctx.agent.processor
        if processor is None:
            raise TurnFailed("no model is loaded")
        model = model_name(processor.model_filename)
        return {"status": "ready", "model": model, "turns": self._turns.under_way}

    async def _turn(self, request: Request) -> dict[str, Any]:
        return await self._turns.turn(request.app.ctx.agent, read_turn(_body(request)))

    async def _returned(self, request: Request) -> dict[str, Any]:
        await self._turns.returned(request.app.ctx.agent, read_stretch(_body(request)))
        return {}

    async def _suggest(self, request: Request) -> dict[str, Any]:
        return await suggest(request.app.ctx.agent, _field(_body(request), "text", str))


def model_name(filename: str) -> str:
    """20261122-143232-modern-outpost.tar.gz -> 20261122-143232-modern-outpost."""
    return PurePath(filename).name.removesuffix(".gz").removesuffix(".tar")


def _error(status: int, words: str) -> HTTPResponse:
    return response.json({"error": words}, status=status)


def _body(request: Request) -> dict[str, Any]:
    try:
        body = request.json
    except InvalidUsage as why:
        raise BadRequest("the body is not JSON") from why
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _field(body: dict[str, Any], name: str, kind: type, *, optional: bool = False) -> Any:
    value = body.get(name)
    if value is None and optional:
        return None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise BadRequest(f"{name} is {str(value)[:60]!r}; it must be a JSON {_JSON[kind]}")
    return value


_JSON: dict[type, str] = {str: "string", int: "integer", list: "array", dict: "object"}


def read_turn(body: dict[str, Any]) -> Said:
    """The message in the body of a turn. Raises BadRequest naming the field."""
    deadline = body.get("deadline")
    try:
        return Said(
            conversation=_field(body, "conversation", str),
            seq=_field(body, "seq", int),
            epoch=_field(body, "epoch", int),
            text=_field(body, "text", str),
            payload=_field(body, "payload", str, optional=True),
            deadline=float(deadline) if deadline is not None else DEADLINE_S,
        )
    except (ValueError, TypeError) as why:
        raise BadRequest(str(why)) from why


def read_stretch(body: dict[str, Any]) -> Stretch:
    """The human stretch in the body. Raises BadRequest naming the field."""
    lines = []
    for line in _field(body, "lines", list):
        if not isinstance(line, dict) or line.get("who") not in {"customer", "agent"}:
            raise BadRequest('each of lines must be {"seq", "who": "customer" or "agent", "text"}')
        lines.append(Line(_field(line, "seq", int), line["who"], _field(line, "text", str)))
    return Stretch(_field(body, "conversation", str), tuple(lines))
