"""What customers notice of a promotion: 20 messages a second, before it, during it, and after.

Customers in many conversations write to a schedule, whether the assistant keeps up or not, and each
message's time runs from its POST to the bot's answer on the customer's stream. While they do, the
current model under another name is promoted with `deskhand promote`, as an owner would.

Lost: accepted, and neither answered by the bot, even 15 s after the last one was sent, nor in a
conversation that it had handed over to a person. An error: a
message that was not accepted at once, or a customer who is told that the assistant is not there.

Run: make bench-swap (about three minutes).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import time
import uuid
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.figures import Figure, percentile, report
from benchmarks.stack import ROOT, Stack, deskhand_up
from benchmarks.turn import MESSAGES
from bot.learning.registry import Registry

#: Messages a second, and how many customers share them: each writes every four seconds.
RATE = 20
CUSTOMERS = 80
#: Without the one that is made to be handed over.
ROUTINE = MESSAGES[:-1]
SECOND_MODEL = "deskhand-bench-swap.tar.gz"
#: How long a message may be on its way at the end before it counts as lost, in seconds.
PATIENCE_S = 15.0


@dataclass(slots=True)
class Message:
    """Times in seconds, from `time.perf_counter`."""

    sent: float
    answered: float | None = None
    #: Where it is in which conversation's log.
    at: str = ""
    #: The assistant had handed the conversation over by then, as it may: a person is to answer.
    with_person: bool = False

    @property
    def ms(self) -> float:
        """How long it took; of one that was never answered, what it would be now."""
        return ((self.answered or time.perf_counter()) - self.sent) * 1000


@dataclass(slots=True)
class Talks:
    """All that was said; `errors` in words."""

    messages: list[Message] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def between(self, begin: float, end: float) -> list[float]:
        """Milliseconds of the messages that were sent then, and that the bot was to answer."""
        sent = (one for one in self.messages if begin <= one.sent < end)
        return [one.ms for one in sent if one.answered or not one.with_person]

    @property
    def lost(self) -> list[Message]:
        return [one for one in self.messages if not (one.answered or one.with_person)]


class Conversation:
    """One of a customer's, with its stream open. It is over when all is said, or when a person was
    asked for; when all was answered, the stream is closed, as by who leaves the page."""

    def __init__(self, id: str, auth: dict[str, str], talks: Talks) -> None:
        self.id = id
        self.auth = auth
        self.said = 0
        self.handed_over = False
        self.opened = asyncio.Event()
        self._talks = talks
        self._seen = 0
        self._waiting: dict[int, Message] = {}
        self._answered: dict[int, float] = {}

    @property
    def over(self) -> bool:
        return self.handed_over or self.said == len(ROUTINE)

    def sent(self, seq: int, message: Message) -> None:
        """The message was stored as `seq`; its answer may have been quicker than that news."""
        message.at = f"{self.id} at {seq}"
        message.answered = self._answered.get(seq)
        message.with_person = self.handed_over
        self._waiting[seq] = message

    async def follow(self, http: httpx.AsyncClient) -> None:
        """Read the stream until all is answered; when it breaks, from there on, as the widget."""
        while len(self._answered) < len(ROUTINE):
            after = {"after": str(self._seen)}
            with suppress(httpx.TransportError):
                async with http.stream(
                    "GET", "/events", params=after, headers=self.auth, timeout=None
                ) as response:
                    if response.status_code == httpx.codes.OK:
                        await self._read(response)
                    else:
                        self._talks.errors.append(f"no stream: {response.status_code}")
            await asyncio.sleep(0.1)

    async def _read(self, response: httpx.Response) -> None:
        self.opened.set()
        name = ""
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == "log":
                self._note(json.loads(line.removeprefix("data: ")))
                if len(self._answered) == len(ROUTINE):
                    return

    def _note(self, entry: dict[str, Any]) -> None:
        now = time.perf_counter()
        self._seen = entry["seq"]
        if entry["kind"] == "bot_answered" and isinstance(seq := entry.get("in_reply_to"), int):
            if seq in self._answered:
                self._talks.errors.append("answered twice")
            self._answered[seq] = now
            if seq in self._waiting:
                self._waiting[seq].answered = now
        elif entry["kind"] == "handoff_requested":
            self.handed_over = True
            for message in self._waiting.values():
                message.with_person = True
        elif entry["kind"] == "notice" and str(entry.get("code")).startswith("assistant_"):
            self._talks.errors.append(f"told: {entry['code']}")


class Customer:
    """Somebody who says all there is to say, and begins another conversation."""

    def __init__(self, http: httpx.AsyncClient, held: AsyncExitStack, talks: Talks) -> None:
        self._http = http
        self._held = held
        self._talks = talks
        self._conversation: Conversation | None = None
        self._beginning = asyncio.Lock()

    async def say(self, text: str) -> None:
        try:
            await self._say(text)
        except httpx.HTTPError as why:
            self._talks.errors.append(f"not accepted: {type(why).__name__}")

    async def _say(self, text: str) -> None:
        async with self._beginning:
            if self._conversation is None or self._conversation.over:
                self._conversation = await self._begin()
            conversation = self._conversation
            conversation.said += 1
        message = Message(time.perf_counter())
        body = {"client_id": str(uuid.uuid4()), "text": text}
        answer = await self._http.post("/messages", json=body, headers=conversation.auth)
        if answer.status_code != httpx.codes.ACCEPTED:
            self._talks.errors.append(f"not accepted: {answer.status_code}")
            return
        self._talks.messages.append(message)
        conversation.sent(answer.json()["seq"], message)

    async def _begin(self) -> Conversation:
        session = (await self._http.post("/session", json={})).raise_for_status().json()
        auth = {"Authorization": f"Bearer {session['token']}"}
        conversation = Conversation(session["conversation"], auth, self._talks)
        following = asyncio.create_task(conversation.follow(self._http))
        self._held.callback(following.cancel)
        await conversation.opened.wait()
        return conversation


async def measure(stack: Stack, rate: float, before_s: float, after_s: float) -> list[Figure]:
    talks = Talks()
    async with AsyncExitStack() as held:
        # The gateway closes a connection that was idle for five seconds, perhaps as it is used.
        limits = httpx.Limits(max_connections=None, keepalive_expiry=2.0)
        http = await held.enter_async_context(
            httpx.AsyncClient(
                base_url=f"{stack.url}/api/chat", trust_env=False, timeout=60, limits=limits
            )
        )
        customers = [Customer(http, held, talks) for _ in range(CUSTOMERS)]
        writing = asyncio.create_task(_write(customers, rate))
        await asyncio.sleep(8.0)  # until the first turns of all conversations are over
        began = time.perf_counter()
        await asyncio.sleep(before_s)
        swap_began = time.perf_counter()
        await _promote(stack)
        swap_ended = time.perf_counter()
        await asyncio.sleep(after_s)
        writing.cancel()
        for _ in range(int(PATIENCE_S * 10)):
            if not talks.lost:
                break
            await asyncio.sleep(0.1)
    before, during = talks.between(began, swap_began), talks.between(swap_began, swap_ended)
    after = talks.between(swap_ended, swap_ended + after_s)
    for error in sorted(set(talks.errors)):
        print(f"error: {error} ({talks.errors.count(error)} times)", file=sys.stderr)
    for message in talks.lost:
        print(f"lost: {message.at}, {message.sent - swap_began:.1f} s into it", file=sys.stderr)
    p95_before, p95_during = percentile(before, 95), percentile(during, 95)
    return [
        Figure("swap_messages", len(during), "messages"),
        Figure("swap_rate", len(during) / (swap_ended - swap_began), "messages/s"),
        Figure("swap_s", swap_ended - swap_began, "s"),
        Figure("swap_lost", len(talks.lost), "messages", "0"),
        Figure("swap_errors", len(talks.errors), "messages", "0"),
        Figure("with_person", sum(one.with_person for one in talks.messages), "messages"),
        Figure("before_p50_ms", percentile(before, 50), "ms"),
        Figure("before_p95_ms", p95_before, "ms"),
        Figure("swap_p50_ms", percentile(during, 50), "ms"),
        Figure("swap_p95_ms", p95_during, "ms"),
        Figure("swap_worst_ms", max(during), "ms"),
        Figure("after_p95_ms", percentile(after, 95), "ms"),
        Figure("swap_p95_ratio", p95_during / p95_before, "ratio", "<= 3"),
    ]


async def _write(customers: list[Customer], rate: float) -> None:
    """To the schedule, for ever: a slow answer delays nobody's next message."""
    posting: set[asyncio.Task[None]] = set()
    began, number = time.perf_counter(), 0
    while True:
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        turn, place = divmod(number, len(customers))
        # Another text each time: who says the same thing again and again is handed over.
        task = asyncio.create_task(customers[place].say(ROUTINE[(place + turn) % len(ROUTINE)]))
        posting.add(task)
        task.add_done_callback(posting.discard)
        number += 1


async def _promote(stack: Stack) -> None:
    promoting = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "promote", SECOND_MODEL),
        cwd=ROOT,
        env=dict(stack.environment),
        stdout=sys.stderr,
    )
    if await promoting.wait():
        raise SystemExit("the promotion has failed; see above")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=RATE, help="messages a second")
    parser.add_argument("--before", type=float, default=40.0, help="seconds before the promotion")
    parser.add_argument("--after", type=float, default=15.0, help="seconds after it")
    arguments = parser.parse_args()
    with deskhand_up() as stack:
        stack.wait_until_ready()
        current = Registry(stack.models).current()
        if current is None:
            raise SystemExit("there is no model; run: make train")
        shutil.copyfile(stack.models / current.model, stack.models / SECOND_MODEL)
        figures = asyncio.run(measure(stack, arguments.rate, arguments.before, arguments.after))
    report("swap", figures)


if __name__ == "__main__":
    main()
