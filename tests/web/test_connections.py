"""Connections without requests, on a real socket: who stays silent, and who takes all places."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.processes import free_ports
from bot.web.connections import PER_SENDER, Places, connections
from bot.web.server import CONNECTIONS_AT_MOST
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant

AT_MOST = 5
HEAD = b"GET / HTTP/1.1\r\nHost: desk\r\n"


async def echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


class Server:
    """One with few places."""

    def __init__(self, head_within: float) -> None:
        self.port = free_ports(1)[0]
        app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])])
        http = connections(Places(AT_MOST), head_within)
        config = uvicorn.Config(app, port=self.port, http=http, log_level="error")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def connect(self) -> closing[socket.socket]:
        return connect(self.port)

    def __enter__(self) -> Server:
        self._thread.start()
        end = time.monotonic() + 15
        while not self._server.started:
            assert time.monotonic() < end, "it did not start within 15 s"
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def strict() -> Iterator[Server]:
    with Server(head_within=0.3) as server:
        yield server


@pytest.fixture
def patient() -> Iterator[Server]:
    with Server(head_within=60.0) as server:
        yield server


def connect(port: int, by: str = "127.0.0.1") -> closing[socket.socket]:
    address = ("127.0.0.1", port)
    return closing(socket.create_connection(address, timeout=20, source_address=(by, 0)))


def ended(connection: socket.socket) -> bool:
    """Waits for the other side to end it."""
    try:
        return connection.recv(1) == b""
    except (ConnectionResetError, BrokenPipeError):
        return True


@pytest.mark.parametrize("said", [b"", b"GET ", HEAD + b"X-Slow: "])
def test_who_makes_no_request_is_shown_out(strict: Server, said: bytes) -> None:
    with strict.connect() as silent:
        silent.sendall(said)
        assert ended(silent)


def test_who_sends_a_head_byte_by_byte_is_shown_out(strict: Server) -> None:
    """No byte puts off the end."""
    with strict.connect() as slow:
        slow.settimeout(0.02)
        for letter in HEAD + b"X: " + b"a" * 2_000:
            try:
                slow.sendall(bytes([letter]))
                if slow.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except OSError:
                return
        raise AssertionError("it was never ended")


@contextmanager
def received(server: Server, request: bytes, start: bytes) -> Iterator[socket.socket]:
    """A connection on which `request` was answered with `start`. A busy machine may take longer to
    send it than the server waits: then once more."""
    with ExitStack() as tried:
        for _ in range(100):
            connection = tried.enter_context(server.connect())
            answer = b""
            with suppress(OSError):
                connection.sendall(request)
                answer = connection.recv(4_096)
            if answer.startswith(start):
                yield connection
                return
            connection.close()
        raise AssertionError("no request was answered")


def test_the_same_goes_for_a_second_request(strict: Server) -> None:
    with received(strict, HEAD + b"\r\n", b"HTTP/1.1 200") as slow:
        slow.sendall(HEAD)
        assert ended(slow)


def test_who_sends_a_body_slowly_is_not_disturbed(strict: Server) -> None:
    """That has limits of its own (`bot.web.wire`)."""
    head = HEAD.replace(b"GET", b"POST") + b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    with received(strict, head, b"HTTP/1.1 100") as slow, strict.connect() as silent:
        assert ended(silent)
        slow.sendall(b"abcd")
        answer = b""
        while not answer.endswith(b"abcd"):
            more = slow.recv(4_096)
            assert more, "it was ended"
            answer += more


def test_nobody_has_more_places_than_one_may_have(patient: Server) -> None:
    with ExitStack() as all_of_them:
        for _ in range(AT_MOST):
            all_of_them.enter_context(patient.connect())
        with patient.connect() as one_more:
            assert ended(one_more)
        with connect(patient.port, by="127.0.0.2") as another:
            another.sendall(HEAD + b"\r\n")
            assert another.recv(4_096).startswith(b"HTTP/1.1 200")


def test_places_are_given_back() -> None:
    places = Places(2)
    assert [places.take(who) for who in ("a", "a", "a", "b")] == [True, True, False, True]
    places.leave("a")
    assert places.take("a")
    endless = Places(None)
    assert all(endless.take("proxy") for _ in range(CONNECTIONS_AT_MOST))


@pytest.mark.parametrize("trust_proxy", [False, True])
def test_one_sender_cannot_fill_the_gateway_but_a_proxy_may(
    redis_url: str,
    assistant: ScriptedAssistant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trust_proxy: bool,
) -> None:
    assert PER_SENDER * 4 < CONNECTIONS_AT_MOST
    monkeypatch.setattr("bot.web.server.PER_SENDER", AT_MOST)
    with (
        RunningGateway(
            redis_url, assistant.url, assistant.token, tmp_path, trust_proxy=trust_proxy
        ) as gateway,
        ExitStack() as silent,
    ):
        for _ in range(AT_MOST * 2):
            silent.enter_context(connect(gateway.port, by="127.0.0.3"))
        with connect(gateway.port, by="127.0.0.3") as one_more:
            one_more.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: desk\r\n\r\n")
            assert ended(one_more) is not trust_proxy
