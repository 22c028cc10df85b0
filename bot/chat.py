"""A customer in the terminal: `deskhand chat`.

Talks to a running gateway through the customer API, as the widget does: it repeats a message until
the gateway has it, and resumes the event stream where it broke. Belongs here: nothing that a
customer on the website could not do.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx

from bot.errors import DeskhandError

#: Between two attempts to reach a gateway that is away, in seconds; at most so many in a row.
RETRY_S = 1.0
ATTEMPTS = 15

#: What belongs to an answer follows it at once; a second without news, and all is told.
SETTLED_S = 1.0

HELP = """\
  /person             talk to a person
  /stay               while waiting: carry on with the assistant
  /end                end the chat
  /rate 1-5 [words]   after the end: how was it?
  /quit               leave (or Ctrl-D)
  A number presses the button of that number; anything else is said to the shop."""


class ChatError(DeskhandError):
    """The gateway refused something, or cannot be reached."""

    code = "chat"


class Customer:
    """One customer's end of the customer API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._token = ""
        self._seen = 0
        self.bot = "assistant"

    async def enter(self) -> None:
        """Open a conversation, or go on with ours when the session has expired.

        Raises:
            ChatError: the gateway cannot be reached.
        """
        answer = await self._post("session", {"token": self._token} if self._token else {})
        self._token = answer["token"]
        self.bot = answer["bot"]["name"]

    async def say(self, text: str, *, payload: str | None = None) -> int:
        """Send a message; returns its seq once the gateway has stored it."""
        wish = {"client_id": str(uuid.uuid4()), "text": text}
        answer = await self._post("messages", wish | ({"payload": payload} if payload else {}))
        return int(answer["seq"])

    async def wish(self, what: str, **more: Any) -> None:
        """Send one of: handoff, stay, end, rating."""
        await self._post(what, {"client_id": str(uuid.uuid4()), **more})

    async def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """All events from the beginning, (name, data): log, state, typing. Without end."""
        failures = 0
        while True:
            try:
                async for name, data in self._stream():
                    failures = 0
                    self._seen = max(self._seen, data.get("seq", 0))
                    yield name, data
            except httpx.TransportError as why:
                failures += 1
                if failures >= ATTEMPTS:
                    raise _unreachable(self._http, why) from why
            await asyncio.sleep(RETRY_S)

    async def _stream(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        # The gateway sends a sign of life every 15 s; longer silence is a broken line.
        timeout = httpx.Timeout(10.0, read=45.0)
        async with self._http.stream(
            "GET",
            "events",
            params={"after": self._seen},
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=timeout,
        ) as response:
            if response.status_code == 401:
                await self.enter()
                return
            if response.status_code >= 500:
                return
            if response.status_code != 200:
                await response.aread()
                raise _refused(response)
            name, data = "", ""
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = line.removeprefix("data: ")
                elif not line and data:
                    yield name, json.loads(data)
                    name, data = "", ""

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Until the gateway has taken it: the same `client_id` is stored once only."""
        renewed = False
        for attempt in range(1, ATTEMPTS + 1):
            headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
            try:
                response = await self._http.post(path, json=body, headers=headers)
            except httpx.TransportError as why:
                # Nobody has answered yet at all: more likely a wrong address than bad luck.
                if attempt == ATTEMPTS or not self._token:
                    raise _unreachable(self._http, why) from why
                await asyncio.sleep(RETRY_S)
                continue
            if response.status_code == 401 and path != "session" and not renewed:
                renewed = True
                await self.enter()
                continue
            if response.status_code in {429, 502, 503, 504} and attempt < ATTEMPTS:
                with suppress(ValueError):
                    await asyncio.sleep(float(response.headers.get("Retry-After", RETRY_S)))
                continue
            if not response.is_success:
                raise _refused(response)
            return dict(response.json())
        raise ChatError(f"{path} was not accepted after {ATTEMPTS} attempts.")


def _unreachable(http: httpx.AsyncClient, why: Exception) -> ChatError:
    return ChatError(
        f"No Deskhand answers at {http.base_url.copy_with(path='/')}: {why}",
        hint="Start it with `make up`, or give its address with --url.",
    )


def _refused(response: httpx.Response) -> ChatError:
    try:
        error = response.json()["error"]
        return ChatError(error["message"], hint=error.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        return ChatError(
            f"{response.url} answered {response.status_code}, which is no answer of Deskhand's.",
            hint="Is the address right?",
        )


def _client(url: str) -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(base_url=f"{url.rstrip('/')}/api/chat/", timeout=15.0)
    except (httpx.InvalidURL, ValueError) as why:
        raise ChatError(f"{url!r} is no address: {why}") from why


async def _lines() -> AsyncIterator[str]:
    """Lines from stdin. A thread of its own reads them, and may be left behind at the end."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    def put(line: str | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is interested any more
            loop.call_soon_threadsafe(queue.put_nowait, line)

    def read() -> None:
        for line in sys.stdin:
            put(line.rstrip("\r\n"))
        put(None)

    threading.Thread(target=read, daemon=True, name="stdin").start()
    while (line := await queue.get()) is not None:
        yield line


# --------------------------------------------------------------------------------- for scripts


async def as_json(url: str, *, wait: float) -> None:
    """One message per line from stdin; each event as a line {"event": ..., "data": ...}.

    The next line is sent when the one before was answered or went to a person, or after `wait`
    seconds. After the last, it ends; while a person has the chat, after `wait` seconds of silence.

    Raises:
        ChatError: the gateway cannot be reached, or refuses a message.
    """
    progress = _Progress()
    async with _client(url) as http:
        customer = Customer(http)
        await customer.enter()

        async def follow() -> None:
            async for name, data in customer.events():
                print(json.dumps({"event": name, "data": data}, ensure_ascii=False), flush=True)
                progress.note(name, data)

        async def converse() -> None:
            async for line in _lines():
                if line.strip():
                    seq = await customer.say(line)
                    with suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(progress.answered(seq), wait)
            await progress.silence(SETTLED_S)  # an answer's state and notices come right after it
            if progress.state in {"waiting", "human"}:
                await progress.silence(wait)

        await _first_of(follow(), converse())


class _Progress:
    """How far the conversation has come, as far as a script needs to know."""

    def __init__(self) -> None:
        self.state = "bot"
        self._replied_to = 0
        self._news = asyncio.Event()

    def note(self, name: str, data: dict[str, Any]) -> None:
        if name == "state":
            self.state = data["state"]
        elif name == "log" and data["kind"] == "bot_answered":
            self._replied_to = max(self._replied_to, data.get("in_reply_to") or 0)
        self._news.set()
        self._news = asyncio.Event()

    async def answered(self, seq: int) -> None:
        while self._replied_to < seq and self.state == "bot":
            await self._news.wait()

    async def silence(self, seconds: float) -> None:
        """Until nothing has happened for so long, or the chat is closed."""
        with suppress(asyncio.TimeoutError):
            while self.state != "closed":
                await asyncio.wait_for(self._news.wait(), seconds)


async def _first_of(*works: Any) -> None:
    """Run all until the first is done; raises what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# ---------------------------------------------------------------------------------- for people


async def in_terminal(url: str) -> None:
    """Talk until /quit, Ctrl-D or Ctrl-C.

    Raises:
        ChatError: the gateway cannot be reached.
    """
    async with _client(url) as http:
        customer = Customer(http)
        await customer.enter()
        terminal = _Terminal(customer)
        print("You are a customer now. /help lists what you can do.\n")
        await _first_of(terminal.show(), terminal.listen())
    print()


class _Terminal:
    """Prints what happens above the line that is being typed."""

    def __init__(self, customer: Customer) -> None:
        self._customer = customer
        self._buttons: list[dict[str, str]] = []
        self._state: dict[str, Any] = {}
        self._live = sys.stdout.isatty()

    async def listen(self) -> None:
        self._prompt()
        async for line in _lines():
            try:
                if not await self._do(line.strip()):
                    return
            except ChatError as why:
                self._print(f"! {why.message} {why.hint}".rstrip())
            self._prompt()

    async def _do(self, line: str) -> bool:
        word, _, rest = line.partition(" ")
        wishes = {"/person": "handoff", "/stay": "stay", "/end": "end"}
        if word == "/quit":
            return False
        if word == "/help":
            self._print(HELP)
        elif word in wishes:
            await self._customer.wish(wishes[word])
        elif word == "/rate":
            stars, _, comment = rest.partition(" ")
            if stars not in {"1", "2", "3", "4", "5"}:
                raise ChatError("Give 1 to 5 stars, for example: /rate 5 quick and friendly")
            await self._customer.wish("rating", stars=int(stars), comment=comment)
        elif line.isdigit() and 0 < int(line) <= len(self._buttons):
            button = self._buttons[int(line) - 1]
            await self._customer.say(button["title"], payload=button["payload"])
        elif line:
            await self._customer.say(line)
        return True

    async def show(self) -> None:
        async for name, data in self._customer.events():
            for line in self._told(name, data):
                self._print(line)

    def _told(self, name: str, data: dict[str, Any]) -> list[str]:
        """What an event looks like; nothing for those that the customer caused."""
        if name == "state":
            before, self._state = self._state, data
            return _state_change(before, data)
        if name != "log":
            return []
        kind = data["kind"]
        if kind == "bot_answered":
            return self._bot_said(data["messages"])
        agent = (data.get("agent") or {}).get("name", "")
        lines = {
            "agent_spoke": f"{agent}: {data.get('text', '')}",
            "notice": f"  ({data.get('text', '')})",
            "claimed": f"  ({agent} is here.)",
            "returned_to_bot": "  (You are talking to the assistant again.)",
            "closed": "  (The chat has ended. /rate 1-5 tells us how it was.)",
            "rated": "  (Thank you.)",
        }
        return [lines[kind]] if kind in lines else []

    def _bot_said(self, messages: list[dict[str, Any]]) -> list[str]:
        lines: list[str] = []
        self._buttons = []
        for message in messages:
            lines.append(f"{self._customer.bot}: {message.get('text') or ''}")
            for button in message.get("buttons") or ():
                self._buttons.append(button)
                lines.append(f"    {len(self._buttons)}) {button['title']}")
        return lines

    def _print(self, text: str) -> None:
        if self._live:
            print(f"\r\x1b[K{text}")
            self._prompt()
        else:
            print(text, flush=True)

    def _prompt(self) -> None:
        if self._live:
            print("\r\x1b[K> ", end="", flush=True)


def _state_change(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    told = []
    if now.get("assistant") == "loading" != before.get("assistant"):
        told.append("  (The assistant is still starting; it answers as soon as it can.)")
    place = now.get("position")
    if now["state"] == "waiting" and place and place != before.get("position"):
        told.append(f"  (Waiting for a colleague; your place in the queue: {place})")
    return told
