"""How long a hand-off takes to an agent's desk and an answer back, against the platform's bare SDK.

100 conversations are open at the desk. *Card*: from the customer's POST of the message that asks
for a person, through the (scripted) assistant's turn, the choice of whom to ask and the desk, until
the emulator has accepted the card. *Reply*: from the moment the agent writes in the thread until
the text is on the customer's event stream. The floor is one message sent with the platform's SDK
alone to the same emulator, until that has accepted it. The three take turns, so that a noisy
machine hits all alike.

The emulators have no rate limits, and Deskhand's own pace is lifted here: what it would wait for is
the platform's doing, not its own. Run: make bench-desk
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from unittest import mock

import httpx

from benchmarks.figures import Figure, percentile, report
from benchmarks.relay import Stream, following
from bot.__main__ import main as deskhand
from bot.desk_health import Pace
from tests.desks.gateway_process import gateways
from tests.desks.rigs import PERSON, RIGS, Rig

CONVERSATIONS = 100
ROUNDS = 100
#: Pause between two measurements, in seconds.
PAUSE_S = 0.03
#: Milliseconds of each kind: card, reply, floor.
Times = dict[str, list[float]]
NO_LIMIT = Pace(count=1_000_000, per_ms=1_000)


class Customer:
    """One chat."""

    def __init__(self, http: httpx.AsyncClient, session: dict[str, str]) -> None:
        self.id = session["conversation"]
        self.auth = {"Authorization": f"Bearer {session['token']}"}
        self._http = http

    async def post(self, path: str, **body: str) -> None:
        body["client_id"] = str(uuid.uuid4())
        (await self._http.post(path, json=body, headers=self.auth)).raise_for_status()


async def arrive(http: httpx.AsyncClient) -> Customer:
    return Customer(http, (await http.post("/session", json={})).json())


async def measure(
    rig: Rig, gateway: str, conversations: int, rounds: int
) -> dict[str, list[float]]:
    times: Times = {"card": [], "reply": [], "floor": []}
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"{gateway}/api/chat", trust_env=False, timeout=30)
        )
        seats: list[tuple[str, Stream]] = []
        for _ in range(conversations):
            customer = await arrive(http)
            await customer.post("/messages", text=PERSON)
            await rig.card(customer.id)
            await rig.claim(customer.id)
            own = httpx.AsyncClient(base_url=http.base_url, headers=customer.auth, trust_env=False)
            await stack.enter_async_context(own)
            stream = await stack.enter_async_context(following(own, "/events"))
            seats.append((customer.id, stream))
        print(f"{rig.name}: {rounds} rounds, {conversations} conversations open", file=sys.stderr)
        for n in range(rounds + 3):
            taken = await one_round(rig, http, *seats[n % len(seats)])
            if n >= 3:  # the first ones warm up
                for kind, ms in taken.items():
                    times[kind].append(ms)
    return times


async def one_round(rig: Rig, http: httpx.AsyncClient, id: str, stream: Stream) -> dict[str, float]:
    began = time.perf_counter()
    floor = await rig.bare(uuid.uuid4().hex) - began
    await asyncio.sleep(PAUSE_S)
    customer = await arrive(http)
    began = time.perf_counter()
    await customer.post("/messages", text=PERSON)
    card = await rig.card(customer.id) - began
    await asyncio.sleep(PAUSE_S)
    text = uuid.uuid4().hex
    arrival = stream.expect(text)
    began = time.perf_counter()
    await rig.reply(id, text)
    reply = await asyncio.wait_for(arrival, 30) - began
    await customer.post("/end")
    await asyncio.sleep(PAUSE_S)
    return {"floor": floor * 1000, "card": card * 1000, "reply": reply * 1000}


def figures_of(desk: str, times: Times) -> list[Figure]:
    figures = [
        Figure(f"{desk}_{kind}_p{share}_ms", percentile(times[kind], share), "ms")
        for kind in ("card", "reply", "floor")
        for share in (50, 95)
    ]
    return figures + [
        Figure(f"{desk}_{kind}_p95_over_floor_ms", over_floor(times, kind), "ms", "<= 50")
        for kind in ("card", "reply")
    ]


def over_floor(times: Times, kind: str) -> float:
    return percentile(times[kind], 95) - percentile(times["floor"], 95)


def at(desk: str, conversations: int, rounds: int) -> Times:
    """Start what is needed for one desk, measure, and stop it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        RIGS[desk]() as rig,
        gateways(rig, Path(folder), unhurried=True) as (gateway,),
    ):
        return asyncio.run(measure(rig, gateway.url, conversations, rounds))


def unhurried_gateway() -> None:
    """The gateway as it is, with no pace to keep to."""
    with (
        mock.patch("bot.desks.slack_setup.PACE", NO_LIMIT),
        mock.patch("bot.desks.telegram_setup.PACE", NO_LIMIT),
    ):
        deskhand(["gateway"])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--desk", choices=RIGS, action="append", help="only this one")
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args(arguments)
    if given.gateway:
        return unhurried_gateway()
    desks = given.desk or list(RIGS)
    measured = {desk: at(desk, given.conversations, given.rounds) for desk in desks}
    worst = [
        Figure(
            f"{kind}_p95_over_floor_ms",
            max(over_floor(times, kind) for times in measured.values()),
            "ms",
            "<= 50",
        )
        for kind in ("card", "reply")
    ]
    details = [figure for desk, times in measured.items() for figure in figures_of(desk, times)]
    report("desk", [*details, *worst])
    return None


if __name__ == "__main__":
    main()
