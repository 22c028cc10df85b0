"""HTTP by hand, against servers that behave and some that do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.loopback import Answer, NotHttp, ask


@asynccontextmanager
async def server(answer: bytes, seen: list[bytes] | None = None) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.split(b"\r\n") if line.startswith(b"Content-Length: ")]
        body = await reader.readexactly(int(length[0].split()[1])) if length else b""
        if seen is not None:
            seen.append(head + body)
        writer.write(answer)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def test_a_get_with_a_token() -> None:
    seen: list[bytes] = []
    async with server(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more", seen) as port:
        assert await ask(port, "/health", token="t0ken") == Answer(200, b"ok")
    assert seen[0].startswith(b"GET /health HTTP/1.1\r\n")
    assert b"Authorization: Bearer t0ken\r\n" in seen[0]


async def test_a_post_of_json() -> None:
    seen: list[bytes] = []
    async with server(b"HTTP/1.1 504 Too slow\r\n\r\nall that comes", seen) as port:
        assert await ask(port, "/turn", json_body={"text": "ä"}) == Answer(504, b"all that comes")
    assert seen[0].startswith(b"POST /turn HTTP/1.1\r\n")
    assert seen[0].endswith(b'\r\n\r\n{"text": "\\u00e4"}')


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"220 mail.example ESMTP\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 fine\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
        b"x" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_an_error(garbage: bytes) -> None:
    async with server(garbage) as port:
        with pytest.raises(NotHttp):
            await ask(port, "/")


async def test_nobody_there_is_another_error() -> None:
    with pytest.raises(ConnectionRefusedError):
        await ask(1, "/")
