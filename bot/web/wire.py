"""What all routes share: bodies in, errors out, and server-sent events.

Belongs here: reading a bounded JSON body, the one table from errors to HTTP status codes, the
format of an event stream. Does not belong here: any route.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from bot.errors import DeskhandError, TextTooLong

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Bytes of a request body: room for the longest message in any script, as JSON.
BODY_AT_MOST = 64 * 1024
#: Seconds between two signs of life on a quiet stream; proxies cut streams that are silent longer.
KEEPALIVE_S = 15.0

#: The one table from error codes to HTTP. A code without a row is 400.
STATUS: Mapping[str, int] = MappingProxyType(
    {
        "session_invalid": 401,
        "session_expired": 401,
        "login_failed": 401,
        "not_logged_in": 401,
        "origin_not_allowed": 403,
        "csrf_failed": 403,
        "unknown_conversation": 404,
        "illegal_move": 409,
        "owned_by_other": 409,
        "not_closed": 409,
        "payload_not_offered": 409,
        "text_too_long": 413,
        "text_empty": 422,
        "too_many": 429,
        "store_unavailable": 503,
    }
)


class BadRequest(DeskhandError):
    code = "bad_request"


async def body(request: Request, shape: type[T]) -> T:
    """The request's JSON as `shape`.

    Raises:
        TextTooLong: more than `BODY_AT_MOST` bytes.
        BadRequest: not JSON, not UTF-8, or not of that shape; the error says where.
    """
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY_AT_MOST:
            raise TextTooLong(
                f"The request is larger than {BODY_AT_MOST // 1024} kB.",
                hint="Shorten the message, or send it in parts.",
            )
    try:
        return msgspec.json.decode(bytes(raw), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise BadRequest(f"The request cannot be read: {why}.") from None


def error_response(error: DeskhandError) -> JSONResponse:
    headers = {}
    status = STATUS.get(error.code, 400)
    retry_after = getattr(error, "retry_after", 1 if status == 503 else None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    detail = {"code": error.code, "message": error.message, "hint": error.hint}
    return JSONResponse({"error": detail}, status, headers)


async def on_deskhand_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, DeskhandError):
        raise error
    return error_response(error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Unknown paths and methods, in the same shape as everything else."""
    if not isinstance(error, HTTPException):
        raise error
    detail = {"code": f"http_{error.status_code}", "message": error.detail, "hint": ""}
    return JSONResponse({"error": detail}, error.status_code, error.headers)


async def on_bug(request: Request, error: Exception) -> Response:
    """Something that should not happen: no details to the outside."""
    detail = {
        "code": "internal",
        "message": "Something went wrong on our side.",
        "hint": "Nothing is lost. Try again; if it stays, look at var/log/gateway.log.",
    }
    return JSONResponse({"error": detail}, 500)


HANDLERS: dict[Any, Any] = {
    DeskhandError: on_deskhand_error,
    HTTPException: on_http_error,
    Exception: on_bug,
}


def event(name: str, data: Any, id: int | None = None) -> bytes:
    """One server-sent event; JSON has no raw newlines, so one `data` line is enough."""
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"


KEEPALIVE = b": keepalive\n\n"


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def after_of(request: Request) -> int:
    """From where a reader wants the log: `Last-Event-ID`, else `?after=`, else the beginning."""
    raw = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
    if not raw.isascii() or not raw.isdigit() or len(raw) > 15:
        raise BadRequest("`after` is the seq of the last event seen: a whole number.")
    return int(raw)
