"""What a turn of the bot costs as a conversation grows, beside stock Rasa in the same run.

One long conversation goes through the gateway, turn by turn; in step with it, the same messages go
to the same trained model served by stock `rasa run` (stock Redis tracker store, stock REST channel,
the same Redis and action server), so that a noisy machine hits both alike. Many short conversations
then go through the gateway and, in step, straight to our assistant: the difference is the gateway.

Run: make bench-turn (about six minutes; `--turns 60` for a quick look).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import httpx

from benchmarks.figures import Figure, percentile, report
from benchmarks.stack import ROOT, Stack, deskhand_up
from bot.learning.project import Project, project_of
from bot.processes import free_ports
from bot.settings import Settings

#: What the customer says, over and over. One in ten is something that no intent fits.
MESSAGES = (
    "hi there",
    "what are your opening hours?",
    "how long does delivery to france take",
    "which payment methods do you take",
    "where is your store in oslo",
    "do you sell gift cards",
    "how do i wash a down parka",
    "can i return worn shoes",
    "thanks",
    "blorp zzyx quantum marmalade",
)
SHORT_CONVERSATIONS = 30
SHORT_TURNS = 4


class Customer:
    """A customer of our gateway who waits for each answer."""

    def __init__(self, http: httpx.AsyncClient, events: AsyncIterator[dict[str, Any]]) -> None:
        self._http = http
        self._events = events

    async def turn(self, text: str) -> float:
        """Milliseconds from the POST to the bot's answer on the stream. A hand-off is declined, so
        that the conversation goes on with the bot."""
        began = time.perf_counter()
        body = {"client_id": str(uuid.uuid4()), "text": text}
        while (answer := await self._http.post("/messages", json=body)).status_code == 429:
            await asyncio.sleep(float(answer.headers["Retry-After"]))
            began = time.perf_counter()
        seq = answer.raise_for_status().json()["seq"]
        async for event in self._events:
            if event["kind"] == "bot_answered" and event["in_reply_to"] == seq:
                break
            if event["kind"] == "handoff_requested":
                break
        took = (time.perf_counter() - began) * 1000
        await self._http.post("/stay", json={"client_id": str(uuid.uuid4())})
        return took


@asynccontextmanager
async def customer_of(url: str) -> AsyncIterator[Customer]:
    async with httpx.AsyncClient(base_url=f"{url}/api/chat", trust_env=False, timeout=60) as http:
        session = (await http.post("/session", json={})).json()
        http.headers["Authorization"] = f"Bearer {session['token']}"
        async with http.stream("GET", "/events", timeout=None) as response:
            yield Customer(http, _log(response))


async def _log(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: ") and name == "log":
            yield json.loads(line.removeprefix("data: "))


async def stock_turn(http: httpx.AsyncClient, sender: str, text: str) -> float:
    began = time.perf_counter()
    answer = await http.post("/webhooks/rest/webhook", json={"sender": sender, "message": text})
    answer.raise_for_status().json()
    return (time.perf_counter() - began) * 1000


async def assistant_turn(http: httpx.AsyncClient, sender: str, seq: int, text: str) -> float:
    began = time.perf_counter()
    body = {"conversation": sender, "seq": seq, "epoch": 0, "text": text}
    (await http.post("/webhooks/deskhand/turn", json=body)).raise_for_status()
    return (time.perf_counter() - began) * 1000


@contextmanager
def stock_rasa(stack: Stack, project: Project) -> Iterator[str]:
    """The same model under stock `rasa run`; yields its address when it answers."""
    (port,) = free_ports(1)
    redis = urlsplit(stack.running.redis_url)
    model = project.current()
    if model is None:
        raise SystemExit("there is no model; run: make train")
    with tempfile.TemporaryDirectory() as folder:
        endpoints = Path(folder) / "endpoints.yml"
        endpoints.write_text(
            f"action_endpoint:\n  url: {stack.running.actions_url}\n"
            f"tracker_store:\n  type: redis\n  url: {redis.hostname}\n  port: {redis.port}\n"
            f"  password: {redis.password}\n  db: 0\n"
        )
        credentials = Path(folder) / "credentials.yml"
        credentials.write_text("rest:\n")
        rasa = subprocess.Popen(
            [
                *(sys.executable, "-m", "rasa", "run", "--credentials", str(credentials)),
                *("--model", str(project.models / model.model), "--endpoints", str(endpoints)),
                *("-i", "127.0.0.1", "-p", str(port)),
            ],
            cwd=ROOT,
            env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url)
            yield url
        finally:
            rasa.terminate()
            rasa.wait(20)


def _wait_for(url: str) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            httpx.get(url, trust_env=False, timeout=1)
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit(f"nothing answers at {url}")


async def measure(stack: Stack, stock_url: str, turns: int) -> list[Figure]:
    token = {"Authorization": f"Bearer {stack.running.assistant_token}"}
    async with (
        httpx.AsyncClient(base_url=stock_url, trust_env=False, timeout=60) as stock,
        httpx.AsyncClient(
            base_url=stack.running.assistant_url, headers=token, trust_env=False, timeout=60
        ) as assistant,
    ):
        ours, theirs = [], []
        async with customer_of(stack.url) as customer:
            for turn in range(turns):
                text = MESSAGES[turn % len(MESSAGES)]
                ours.append(await customer.turn(text))
                theirs.append(await stock_turn(stock, "long", text))
                if turn % 25 == 24:
                    print(
                        f"turn {turn + 1:>3}: ours {median(ours[-25:]):6.1f} ms, "
                        f"stock {median(theirs[-25:]):6.1f} ms",
                        file=sys.stderr,
                    )
        through, alone = [], []
        for n in range(SHORT_CONVERSATIONS):
            async with customer_of(stack.url) as customer:
                for turn in range(SHORT_TURNS):
                    text = MESSAGES[(n + turn) % (len(MESSAGES) - 1)]
                    through.append(await customer.turn(text))
                    alone.append(await assistant_turn(assistant, f"short-{n}", turn + 1, text))
    early, late = slice(4, max(10, turns // 6)), slice(turns - max(5, turns // 6), turns)
    growth = median(ours[late]) / median(ours[early])
    return [
        Figure("turn_p50_ms", median(ours), "ms"),
        Figure("turn_p95_ms", percentile(ours, 95), "ms"),
        Figure("turn_early_p50_ms", median(ours[early]), "ms"),
        Figure("turn_late_p50_ms", median(ours[late]), "ms"),
        Figure("stock_early_p50_ms", median(theirs[early]), "ms"),
        Figure("stock_late_p50_ms", median(theirs[late]), "ms"),
        Figure("turn_growth", growth, "ratio", "<= 1.3"),
        Figure("turn_vs_stock", median(theirs[late]) / median(ours[late]), "ratio", ">= 10"),
        Figure("short_p50_ms", median(through), "ms"),
        Figure("short_p95_ms", percentile(through, 95), "ms"),
        Figure("gateway_overhead_ms", median(through) - median(alone), "ms", "<= 10"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=300, help="length of the long conversation")
    turns = parser.parse_args().turns
    with deskhand_up() as stack:
        stack.wait_until_ready()
        with stock_rasa(stack, project_of(Settings(), ROOT)) as stock:
            figures = asyncio.run(measure(stack, stock, turns))
    report("turn", figures)


if __name__ == "__main__":
    main()
