"""How long a message takes between customer and agent, against a floor measured in the same run.

50 conversations that agents own are open at once. Customers write and agents reply over the public
HTTP API; a message's time runs from its POST to its arrival on the other side's event stream. The
floor is the least that any such relay must do on this machine: one HTTP POST, one XADD on the same
Redis with the same durability, one pub/sub wake-up, one read, one event on a stream.

Requests of both kinds take turns, so that a noisy machine hits both alike. Run: make bench-relay
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from benchmarks.figures import Figure, percentile, report
from benchmarks.stack import clean_environment
from bot.app import connect
from bot.processes import free_ports
from bot.redis_server import running
from bot.web.accounts import Accounts

CONVERSATIONS = 50
ROUNDS = 8
#: Pause between two messages, in seconds: a busy small business, not a flood.
PAUSE_S = 0.02

Send = Callable[[str], Awaitable[None]]


class Stream:
    """An event stream being read; `when[text]` is when an event with `text` arrived."""

    def __init__(self) -> None:
        self.arrived: dict[str, asyncio.Future[float]] = {}

    def expect(self, text: str) -> asyncio.Future[float]:
        return self.arrived.setdefault(text, asyncio.get_running_loop().create_future())

    async def read(self, response: httpx.Response) -> None:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                text = json.loads(line.removeprefix("data: ")).get("text")
                if text and not (future := self.expect(text)).done():
                    future.set_result(time.perf_counter())


@asynccontextmanager
async def following(http: httpx.AsyncClient, url: str) -> AsyncIterator[Stream]:
    stream = Stream()
    async with http.stream("GET", url, timeout=None) as response:
        response.raise_for_status()
        reader = asyncio.create_task(stream.read(response))
        try:
            yield stream
        finally:
            reader.cancel()


async def timed(send: Send, stream: Stream) -> float:
    """Milliseconds from sending a text to its arrival on the stream."""
    text = uuid.uuid4().hex
    arrival = stream.expect(text)
    began = time.perf_counter()
    await send(text)
    return (await asyncio.wait_for(arrival, 30) - began) * 1000


# ------------------------------------------------------------------------------------- the floor


def floor_app() -> Starlette:
    """The least relay there can be."""
    redis = connect(os.environ["REDIS_URL"])
    patient = connect(os.environ["REDIS_URL"], patient=True)
    woken: dict[str, asyncio.Event] = {}

    async def wake() -> None:
        async with patient.pubsub() as pubsub:
            await pubsub.psubscribe("floor:*")
            async for message in pubsub.listen():
                if message["type"] == "pmessage":
                    woken.setdefault(message["channel"].decode(), asyncio.Event()).set()

    async def post(request: Request) -> Response:
        name = "floor:" + request.path_params["id"]
        text = (await request.json())["text"]
        pipe = redis.pipeline(transaction=False)
        pipe.xadd(name, {"text": text})
        pipe.publish(name, "")
        await pipe.execute()
        return Response(status_code=202)

    async def events(request: Request) -> Response:
        name = "floor:" + request.path_params["id"]

        async def stream() -> AsyncIterator[bytes]:
            after = "0"
            while True:
                for id, fields in await redis.xrange(name, f"({after}"):
                    after = id.decode()
                    data = json.dumps({"text": fields[b"text"].decode()})
                    yield f"id: {after}\nevent: log\ndata: {data}\n\n".encode()
                event = woken.setdefault(name, asyncio.Event())
                await event.wait()
                event.clear()

        return StreamingResponse(stream(), media_type="text/event-stream")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(wake())
        yield
        task.cancel()

    return Starlette(
        routes=[Route("/{id}", post, methods=["POST"]), Route("/{id}", events, methods=["GET"])],
        lifespan=lifespan,
    )


# --------------------------------------------------------------------------------- the real thing


async def open_conversation(
    chat: httpx.AsyncClient, desk: httpx.AsyncClient, stack: AsyncExitStack
) -> tuple[tuple[Send, Stream], tuple[Send, Stream]]:
    """A conversation that an agent owns: (customer's sending, agent's stream) and the reverse."""
    session = (await chat.post("/session", json={})).json()
    auth = {"Authorization": f"Bearer {session['token']}"}
    path = f"/conversations/{session['conversation']}"

    async def say(text: str) -> None:
        body = {"client_id": str(uuid.uuid4()), "text": text}
        (await chat.post("/messages", json=body, headers=auth)).raise_for_status()

    async def command(name: str, text: str = "") -> None:
        body = {"client_id": str(uuid.uuid4()), "command": name, "text": text}
        (await desk.post(f"{path}/commands", json=body)).raise_for_status()

    async def reply(text: str) -> None:
        await command("reply", text)

    await chat.post("/handoff", json={"client_id": str(uuid.uuid4())}, headers=auth)
    await command("claim")
    own = httpx.AsyncClient(base_url=chat.base_url, headers=auth, trust_env=False)
    await stack.enter_async_context(own)
    customers = await stack.enter_async_context(following(own, "/events"))
    agents = await stack.enter_async_context(following(desk, f"{path}/events"))
    return (say, agents), (reply, customers)


async def measure(gateway: str, floor: str, login: str, password: str) -> None:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with AsyncExitStack() as stack:
        chat, desk, bare = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, limits=limits, trust_env=False, timeout=30)
            )
            for url in (f"{gateway}/api/chat", f"{gateway}/api/desk", floor)
        ]
        me = (await desk.post("/login", json={"login": login, "password": password})).json()
        desk.headers["X-CSRF-Token"] = me["csrf"]
        await stack.enter_async_context(following(desk, "/events"))
        ours = [await open_conversation(chat, desk, stack) for _ in range(CONVERSATIONS)]
        floors = []
        for n in range(CONVERSATIONS):

            async def post(text: str, n: int = n) -> None:
                (await bare.post(f"/c{n}", json={"text": text})).raise_for_status()

            floors.append((post, await stack.enter_async_context(following(bare, f"/c{n}"))))
        kinds: dict[str, list[float]] = {"to_agent": [], "to_customer": [], "floor": []}
        print(f"{ROUNDS} rounds over {CONVERSATIONS} conversations", file=sys.stderr)
        for round_ in range(ROUNDS + 1):
            for (inward, outward), bottom in zip(ours, floors, strict=True):
                for kind, way in (
                    ("to_agent", inward),
                    ("floor", bottom),
                    ("to_customer", outward),
                ):
                    ms = await timed(*way)
                    if round_:  # the first round warms up
                        kinds[kind].append(ms)
                    await asyncio.sleep(PAUSE_S)
    both = kinds["to_agent"] + kinds["to_customer"]
    p95 = percentile(both, 95)
    report(
        "relay",
        [
            Figure("relay_to_agent_p50_ms", percentile(kinds["to_agent"], 50), "ms"),
            Figure("relay_to_agent_p95_ms", percentile(kinds["to_agent"], 95), "ms"),
            Figure("relay_to_customer_p50_ms", percentile(kinds["to_customer"], 50), "ms"),
            Figure("relay_to_customer_p95_ms", percentile(kinds["to_customer"], 95), "ms"),
            Figure("floor_p50_ms", percentile(kinds["floor"], 50), "ms"),
            Figure("floor_p95_ms", percentile(kinds["floor"], 95), "ms"),
            Figure("relay_over_floor", p95 / percentile(kinds["floor"], 95), "ratio", "<= 3"),
        ],
    )


async def first_password(redis_url: str) -> str:
    redis = connect(redis_url)
    password = await Accounts(redis).ensure_owner()
    await redis.close(close_connection_pool=True)
    if password is None:
        raise SystemExit("The Redis of this benchmark is not empty.")
    return password


def main() -> None:
    gateway_port, floor_port = free_ports(2)
    with tempfile.TemporaryDirectory() as var, running(Path(var)) as redis:
        environment = {
            **clean_environment(),
            "REDIS_URL": redis.url,
            "DESKHAND_PORT": str(gateway_port),
            "DESKHAND_VAR": var,
            "DESKHAND_ASSISTANT_TOKEN": uuid.uuid4().hex,
            "DESKHAND_MESSAGES_PER_MINUTE": "1000000",
        }
        floor = f"-m uvicorn --factory benchmarks.relay:floor_app --port {floor_port}"
        commands = (
            [sys.executable, "-m", "bot", "gateway"],
            [sys.executable, *floor.split(), "--log-level", "warning", "--no-access-log"],
        )
        children = [subprocess.Popen(command, env=environment) for command in commands]
        try:
            for port in (gateway_port, floor_port):
                wait_for(f"http://127.0.0.1:{port}/no/such/page")
            password = asyncio.run(first_password(redis.url))
            asyncio.run(
                measure(
                    f"http://127.0.0.1:{gateway_port}",
                    f"http://127.0.0.1:{floor_port}",
                    "owner",
                    password,
                )
            )
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(10)


def wait_for(url: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            httpx.get(url, trust_env=False, timeout=1)
            return
        except httpx.ConnectError:
            time.sleep(0.05)
    raise SystemExit(f"nothing answers at {url}")


if __name__ == "__main__":
    main()
