"""An assistant that follows a script, speaking the channel's protocol on a real socket.

It answers "echo: <text>" to whatever it has no script for, remembers what it was asked, and can be
slow, broken, silent or away on demand. Like the real channel it never runs a turn twice.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.polling import PATIENCE_S

Answer = dict[str, Any]


def says(
    *texts: str, buttons: list[tuple[str, str]] | None = None, handoff: Answer | None = None
) -> Answer:
    messages: list[Answer] = [{"text": text, "buttons": [], "image": None} for text in texts]
    if buttons:
        messages[-1]["buttons"] = [{"title": t, "payload": p} for t, p in buttons]
    return {
        "messages": messages,
        "parse": {
            "intent": "scripted",
            "confidence": 0.9,
            "ranking": [{"name": "scripted", "confidence": 0.9}],
            "entities": [],
            "sentiment": 0.1,
            "frustration": 0.2,
            "out_of_scope": 0.1,
            "language": "en",
        },
        "slots": {"order_number": "NL-10482"},
        "triage": {"outcome": "handoff" if handoff else "answer", "reasons": []},
        "handoff": handoff,
    }


def hands_off(text: str = "I'm getting a colleague.", reason: str = "asked_for_human") -> Answer:
    return says(
        text,
        handoff={
            "reason": reason,
            "reasons": ["asked for a person"],
            "skill": None,
            "summary": "Wants a person.\nNothing happened so far.",
        },
    )


class _Server(ThreadingHTTPServer):
    """Hangs up on everybody when it is closed, as a killed process would."""

    daemon_threads = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._sockets: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._sockets.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class ScriptedAssistant:
    """`on(text, answer)` scripts an answer; `delay` (seconds) and `status` (an HTTP error) apply to
    every turn while set; `hold()` stops turns until `release()`."""

    token = "scripted-token"

    def __init__(self, port: int = 0) -> None:
        self.waiting = 0
        self.turns: list[dict[str, Any]] = []
        self.returned: list[dict[str, Any]] = []
        #: What is suggested, by the customer's words, as {text, intent, confidence}.
        self.suggestions: dict[str, Answer] = {}
        self.asked_for_suggestions: list[str] = []
        self.asked_for_health = 0
        self.delay = 0.0
        self.status = 200
        self._script: dict[str, Answer] = {}
        self._answered: dict[tuple[str, int], Answer] = {}
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), self._handler())
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def on(self, text: str, answer: Answer) -> None:
        self._script[text] = answer

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def answer(self, body: dict[str, Any]) -> Answer:
        with self._lock:
            self.waiting += 1
        self._open.wait(120)
        with self._lock:
            self.waiting -= 1
        if self.delay:
            time.sleep(self.delay)
        place = (body["conversation"], body["seq"])
        with self._lock:
            if place not in self._answered:
                self.turns.append(body)
                text = body["payload"] or body["text"]
                self._answered[place] = self._script.get(text) or says(f"echo: {text}")
            return self._answered[place]

    def __enter__(self) -> ScriptedAssistant:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.set()
        self.die()

    def die(self) -> None:
        """Hang up on everybody; what is held stays unanswered."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        assistant = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                assistant.asked_for_health += 1
                body = {"status": "ready", "model": "scripted", "turns": assistant.waiting}
                self._send(200, body)

            def do_POST(self) -> None:
                if self.headers.get("Authorization") != f"Bearer {assistant.token}":
                    return self._send(401, {"error": {"code": "unauthorised"}})
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path.endswith("/returned"):
                    assistant.returned.append(body)
                    return self._send(200, {})
                if self.path.endswith("/suggest"):
                    assistant.asked_for_suggestions.append(body["text"])
                    suggestion = assistant.suggestions.get(body["text"], {})
                    return self._send(assistant.status, suggestion)
                answer = assistant.answer(body)
                if assistant.status != 200:
                    return self._send(assistant.status, {"error": {"code": "scripted"}})
                return self._send(200, answer)

            def _send(self, status: int, body: Answer) -> None:
                raw = json.dumps(body).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(raw)))
                    self.end_headers()
                    self.wfile.write(raw)
                except OSError:
                    pass  # the gateway has hung up, as it may

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


Check = Callable[[], bool]


def until(
    check: Check, *, within: float = PATIENCE_S, every: float = 0.01, what: str = "it"
) -> None:
    """Poll `check` until true; fail with `what` after `within` seconds."""
    end = time.monotonic() + within
    while not check():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {within:g} s")
        time.sleep(every)
