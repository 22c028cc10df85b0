"""The HTTP API's description (OpenAPI 3.1), served at /openapi.json.

One table of operations; the shapes of the bodies come from the very structs that the routes decode
with, so they cannot drift. A test holds the table against the routes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bot import __version__
from bot.web import chat, desk, guard, orders
from bot.web.wire import STATUS


@dataclass(frozen=True, slots=True)
class Operation:
    """`body` is the struct of the request's JSON; `upload`: it is a file's bytes instead. `answer`
    is the status code of success, and `content` the media type of what comes with it."""

    method: str
    path: str
    summary: str
    security: str | None
    body: type[msgspec.Struct] | None = None
    answer: int = 200
    stream: bool = False
    upload: bool = False
    content: str = "application/json"


_CHAT, _DESK = "widgetToken", "deskCookie"

OPERATIONS: Sequence[Operation] = (
    Operation("post", "/api/chat/session", "Begin or continue a chat", None, chat.NewSession),
    Operation("post", "/api/chat/messages", "Say something", _CHAT, chat.NewMessage, 202),
    Operation("post", "/api/chat/files", "Send a file", _CHAT, answer=201, upload=True),
    Operation("get", "/api/chat/files/{id}", "A file of this chat", _CHAT, content="*/*"),
    Operation("post", "/api/chat/handoff", "Ask for a person", _CHAT, chat.Wish, 202),
    Operation(
        "post", "/api/chat/stay", "Stop waiting; carry on with the bot", _CHAT, chat.Wish, 202
    ),
    Operation("post", "/api/chat/end", "End the chat", _CHAT, chat.Wish, 202),
    Operation("post", "/api/chat/rating", "Rate a closed chat", _CHAT, chat.NewRating, 202),
    Operation("post", "/api/chat/contact", "Leave an address", _CHAT, chat.NewContact, 202),
    Operation("post", "/api/chat/seen", "Tell what was seen", _CHAT, chat.Seen, 204),
    Operation("post", "/api/chat/typing", "Tell that the customer is typing", _CHAT, None, 204),
    Operation("get", "/api/chat/events", "Follow the chat", _CHAT, stream=True),
    Operation("post", "/api/desk/login", "Log in", None, desk.Login),
    Operation("post", "/api/desk/logout", "Log out", _DESK),
    Operation("get", "/api/desk/me", "Who am I", _DESK),
    Operation("get", "/api/desk/me/presence", "Am I there to be asked, and who else is", _DESK),
    Operation("post", "/api/desk/me/presence", "Go away, or come back", _DESK, desk.NewPresence),
    Operation("get", "/api/desk/intents", "The intents that the assistant knows", _DESK),
    Operation("get", "/api/desk/skills", "The skills that a conversation can be passed to", _DESK),
    Operation("get", "/api/desk/queue", "The queue", _DESK),
    Operation("get", "/api/desk/events", "Follow the queue", _DESK, stream=True),
    Operation("get", "/api/desk/conversations/{id}", "One conversation, whole", _DESK),
    Operation(
        "get", "/api/desk/conversations/{id}/events", "Follow a conversation", _DESK, stream=True
    ),
    Operation(
        "get",
        "/api/desk/conversations/{id}/transcript",
        "One conversation as a text file",
        _DESK,
        content="text/plain",
    ),
    Operation(
        "get", "/api/desk/conversations/{id}/canned", "Ready-made texts, filled in for it", _DESK
    ),
    Operation(
        "post",
        "/api/desk/conversations/{id}/files",
        "Send a file",
        _DESK,
        answer=201,
        upload=True,
    ),
    Operation(
        "get",
        "/api/desk/conversations/{id}/files/{file}",
        "A file of this conversation",
        _DESK,
        content="*/*",
    ),
    Operation(
        "post", "/api/desk/conversations/{id}/commands", "Act on it", _DESK, orders.NewCommand, 202
    ),
    Operation("get", "/healthz", "Whether the gateway can do its work", None),
)


def describe() -> dict[str, Any]:
    """The OpenAPI document."""
    bodies = [operation.body for operation in OPERATIONS if operation.body]
    _, schemas = msgspec.json.schema_components(
        dict.fromkeys(bodies), ref_template="#/components/schemas/{name}"
    )
    schemas = msgspec.json.decode(msgspec.json.encode(schemas))  # a tuple's default as JSON has it
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Deskhand",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": (
                "Customers' chat (/api/chat) and agents' desk (/api/desk). What the events mean "
                "is told in docs/api.md. The studio's calls (/api/studio) are for its own pages."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Error": _ERROR},
            "securitySchemes": {
                _CHAT: {"type": "http", "scheme": "bearer"},
                _DESK: {"type": "apiKey", "in": "cookie", "name": guard.COOKIE},
            },
        },
    }


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint"],
            "properties": {
                "code": {"type": "string", "examples": sorted(STATUS)},
                "message": {"type": "string"},
                "hint": {"type": "string"},
            },
        }
    },
}


def _operation(operation: Operation) -> dict[str, Any]:
    content = "text/event-stream" if operation.stream else operation.content
    success: dict[str, Any] = {"description": operation.summary}
    if operation.answer != 204:
        success["content"] = {content: {}}
    failure = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    described: dict[str, Any] = {
        "summary": operation.summary,
        "responses": {
            str(operation.answer): success,
            "default": {"description": "What was wrong and what to do", "content": failure},
        },
    }
    if operation.security:
        described["security"] = [{operation.security: []}]
    described["parameters"] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.stream:
        described["parameters"].append(
            {
                "name": "after",
                "in": "query",
                "description": "Seq of the last event seen; only later ones are sent.",
                "schema": {"type": "integer", "minimum": 0, "default": 0},
            }
        )
    if operation.upload:
        described["parameters"] += [
            {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
            for name in ("name", "client_id")
        ]
        described["requestBody"] = {"required": True, "content": {"*/*": {}}}
    if operation.body:
        schema = {"$ref": f"#/components/schemas/{operation.body.__name__}"}
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return described
