"""HTTP with our own processes on this machine, by hand: the supervisor lives as long as the service
and should weigh little. Belongs here: one request, one answer. Does not belong here: what is asked.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any


class NotHttp(OSError):
    """Something listens there and does not speak HTTP, or hangs up in the middle of its answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


async def ask(
    port: int, path: str, *, host: str = "127.0.0.1", token: str = "", json_body: Any = None
) -> Answer:
    """GET `path`, or POST `json_body` to it, on a connection of its own. Waits as long as it takes.

    Raises:
        OSError: nothing listens there.
        NotHttp: what came is no answer.
    """
    body = b"" if json_body is None else json.dumps(json_body).encode()
    reader, writer = await asyncio.open_connection(host, port)
    try:
        lines = [
            f"{'GET' if json_body is None else 'POST'} {path} HTTP/1.1",
            "Host: localhost",
            "Connection: close",
            *([f"Authorization: Bearer {token}"] if token else []),
            *([] if json_body is None else ["Content-Type: application/json"]),
            *([] if json_body is None else [f"Content-Length: {len(body)}"]),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = head.split(maxsplit=2)[1:2]
        if not head.startswith("HTTP/") or not status or not status[0].isdigit():
            raise NotHttp("it answers, and not in HTTP")
        fields = (line.partition(":") for line in head.split("\r\n")[1:])
        lengths = [value.strip() for name, _, value in fields if name.lower() == "content-length"]
        if lengths and lengths[0].isdigit():
            return Answer(int(status[0]), await reader.readexactly(int(lengths[0])))
        return Answer(int(status[0]), await reader.read())
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise NotHttp("it hangs up in the middle of an answer") from None
