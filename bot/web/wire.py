"""What all routes share: bodies in, errors out, and server-sent events.

Belongs here: reading a bounded JSON body, the one table from errors to HTTP status codes, the
format of an event stream. Does not belong here: any route.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import anyio
import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.errors import DeskhandError, TextTooLong

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Bytes of a request body: room for the longest message in any script, as JSON.
BODY_AT_MOST = 64 * 1024
#: What a client's own ids are made of.
CLIENT_ID = r"^[A-Za-z0-9_.:-]{8,64}(?![\s\S])"
#: Seconds within which a body must have arrived.
BODY_WITHIN_S = 15.0
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
        "owners_only": 403,
        "unknown_conversation": 404,
        "unknown_turn": 404,
        "unknown_account": 404,
        "unknown_file": 404,
        "unknown_job": 404,
        "unknown_page": 404,
        "unknown_response": 404,
        "unknown_model": 404,
        "not_compared": 404,
        "unknown_cluster": 404,
        "illegal_move": 409,
        "owned_by_other": 409,
        "not_closed": 409,
        "policy_changed": 409,
        "replaced": 409,
        "job_running": 409,
        "promotion_refused": 409,
        "model_in_use": 409,
        "promotion_running": 409,
        "already_decided": 409,
        "cluster_changed": 409,
        "not_undoable": 409,
        "intent_exists": 409,
        "example_conflict": 409,
        "broken_file": 409,
        "changed_meanwhile": 409,
        "unknown_intent": 409,
        "payload_not_offered": 409,
        "too_many_files": 409,
        "no_mail": 409,
        "text_too_long": 413,
        "file_too_large": 413,
        "file_not_taken": 415,
        "text_empty": 422,
        "bad_intent_name": 422,
        "bad_answer": 422,
        "help_page": 422,
        "bad_address": 422,
        "too_many": 429,
        "archive_unusable": 503,
        "inbox_busy": 503,
        "inbox_unavailable": 503,
        "files_busy": 503,
        "store_unavailable": 503,
        "files_full": 507,
        "not_written": 507,
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
    too_large = TextTooLong(
        f"The request is larger than {BODY_AT_MOST // 1024} kB.",
        hint="Shorten the message, or send it in parts.",
    )
    raw = await read(request, BODY_AT_MOST, within=BODY_WITHIN_S, too_large=too_large)
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
        raise BadRequest(f"The request cannot be read: {why}.") from None


async def read(request: Request, at_most: int, *, within: float, too_large: DeskhandError) -> bytes:
    """The request's body: `at_most` bytes, `within` seconds.

    Raises:
        too_large: it is, or says that it will be.
        BadRequest: it did not arrive in time.
    """
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > at_most:
        raise too_large
    raw = bytearray()
    with anyio.move_on_after(within) as patience:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > at_most:
                raise too_large
    if patience.cancelled_caught:
        raise BadRequest("The request did not arrive in time.")
    return bytes(raw)


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
    """One server-sent event. JSON has no raw newlines, so one `data` line is enough; the two line
    ends of Unicode are escaped as well, since many clients split lines at them."""
    head = f"id: {id}\n" if id is not None else ""
    body = msgspec.json.encode(data)
    for raw, escaped in LINE_ENDS:
        body = body.replace(raw, escaped)
    return f"{head}event: {name}\ndata: ".encode() + body + b"\n\n"


LINE_ENDS = (
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
    (b"\xc2\x85", b"\\u0085"),
)


KEEPALIVE = b": keepalive\n\n"


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def netloc_of(origin: str) -> str:
    """Host and port of an Origin header, lower case; empty when it is no address at all."""
    try:
        return urlsplit(origin.lower()).netloc
    except ValueError:
        return ""


class SafeHeaders:
    """ASGI middleware: every answer tells browsers not to guess types and not to tell others
    where a visitor came from."""

    HEADERS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message["headers"]}
                message["headers"] += [pair for pair in self.HEADERS if pair[0] not in known]
            await send(message)

        await self._app(scope, receive, sending)


def after_of(request: Request) -> int:
    """From where a reader wants the log: `Last-Event-ID`, else `?after=`, else the beginning."""
    raw = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
    if not raw.isascii() or not raw.isdigit() or len(raw) > 15:
        raise BadRequest("`after` is the seq of the last event seen: a whole number.")
    return int(raw)
