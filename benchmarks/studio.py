"""How long the studio's pages make an owner wait, with 50,000 messages in the logs.

A real gateway on a real Redis, with a synthetic history (`benchmarks.studio_data`) in its logs and
in its archive. Every path below /api/studio that gives something out is asked again and again, each
with several sets of parameters: usual ones and the most costly (all 90 days, words that stand in
every third message). One request at a time, from the request to the last byte of the answer, over
loopback: so the figures are the server's time and a little more. Paths that are not in `ASKED` are
named, so that none is forgotten.

Run: make bench-studio
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from starlette.routing import Route

from benchmarks.figures import Figure, percentile, report
from benchmarks.relay import first_password, wait_for
from benchmarks.stack import clean_environment
from benchmarks.studio_data import END, ZONE, fill_archive, fill_store, history
from benchmarks.talks import Talk
from bot.app import build, connect
from bot.learning.archive import ARCHIVE, Archive
from bot.processes import free_ports
from bot.redis_server import running
from bot.settings import Secret, Settings
from bot.store import WORK, Follower, Store

ROUNDS = 10
API = "/api/studio"

#: By route: the queries of one round. `{id}` and the like are filled in by `Seeded`.
ASKED: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "/studio": ("/studio",),
        f"{API}/insights": (
            f"{API}/insights?from=2026-11-16&to=2026-11-22&compare=1",
            f"{API}/insights?from=2026-10-24&to=2026-11-22&compare=1",
            f"{API}/insights?from=2026-08-25&to=2026-11-22",
            f"{API}/insights?from=2026-10-09&to=2026-11-22&compare=1",
        ),
        f"{API}/insights.csv": (f"{API}/insights.csv?from=2026-10-24&to=2026-11-22",),
        f"{API}/conversations": (
            f"{API}/conversations",
            f"{API}/conversations?q=order",
            f"{API}/conversations?q=refund+jacket&agent=anna",
            f"{API}/conversations?q=%22gift+wrapping%22",
            f"{API}/conversations?intent=order_status&turn=missed",
            f"{API}/conversations?reason=clarifications_failed&rating=low",
            f"{API}/conversations?from=2026-10-01&to=2026-10-31&weekday=0&hour=10",
            f"{API}/conversations?result=left&cursor={{cursor}}",
        ),
        f"{API}/conversations/choices": (f"{API}/conversations/choices",),
        f"{API}/conversations/{{id}}": (f"{API}/conversations/{{id}}",),
        f"{API}/conversations/{{id}}/turns/{{seq}}": (f"{API}/conversations/{{id}}/turns/{{seq}}",),
        f"{API}/whatif": (f"{API}/whatif",),
    }
)


def fill(redis_url: str, var: Path, messages: int) -> list[Talk]:
    """Logs and archive of the history; the gateway finds them in step."""
    talks = list(history(messages))

    async def logs() -> None:
        redis = connect(redis_url)
        await fill_store(Store(redis), talks)
        await redis.delete(WORK + Follower.ARCHIVE.value)
        await redis.close(close_connection_pool=True)

    asyncio.run(logs())
    archive = Archive(var / ARCHIVE, write=True, zone=ZONE)
    fill_archive(archive, talks)
    archive.close()
    return talks


def not_asked(settings: Settings) -> list[str]:
    """The studio's paths that give something out and are not measured."""
    routes = [route for route in build(settings).routes if isinstance(route, Route)]
    return [
        route.path
        for route in routes
        if "GET" in (route.methods or ())
        and (route.path.startswith(API) or route.path == "/studio")
        and route.path not in ASKED
    ]


def filled_in(talks: Sequence[Talk]) -> dict[str, str]:
    """Values for what stands in braces: a long conversation in the middle of the history."""
    middle = talks[len(talks) // 3 : -len(talks) // 3] or talks
    longest = max(middle, key=lambda talk: len(talk.entries))
    return {"id": longest.state.id, "seq": "3", "cursor": f"{END - 40 * 86_400_000}.a"}


async def measure(url: str, password: str, values: Mapping[str, str]) -> dict[str, list[float]]:
    """Milliseconds by path."""
    times: dict[str, list[float]] = {path: [] for path in ASKED}
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        answer = await http.post("/api/desk/login", json={"login": "owner", "password": password})
        answer.raise_for_status()
        for round_ in range(ROUNDS + 1):
            for path, queries in ASKED.items():
                for query in queries:
                    began = time.perf_counter()
                    answer = await http.get(query.format(**values))
                    took = (time.perf_counter() - began) * 1000
                    answer.raise_for_status()
                    if round_:  # the first round warms up
                        times[path].append(took)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--messages", type=int, default=50_000)
    messages = parser.parse_args().messages
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "redis") as redis:
        var = Path(folder) / "var"
        began = time.perf_counter()
        talks = fill(redis.url, var, messages)
        took = time.perf_counter() - began
        print(f"{len(talks)} conversations made up in {took:.0f} s", file=sys.stderr)
        token: str = uuid.uuid4().hex
        environment: dict[str, Any] = {
            **clean_environment(),
            "REDIS_URL": redis.url,
            "DESKHAND_PORT": str(port),
            "DESKHAND_VAR": str(var),
            "DESKHAND_ASSISTANT_TOKEN": token,
        }
        spare = Settings(redis_url=Secret(redis.url), assistant_token=Secret(token), var=var)
        for path in not_asked(spare):
            print(f"not measured: {path}", file=sys.stderr)
        gateway = subprocess.Popen([sys.executable, "-m", "bot", "gateway"], env=environment)
        try:
            wait_for(f"http://127.0.0.1:{port}/no/such/page")
            password = asyncio.run(first_password(redis.url))
            values = filled_in(talks)
            times = asyncio.run(measure(f"http://127.0.0.1:{port}", password, values))
        finally:
            gateway.terminate()
            gateway.wait(10)
    every = [took for some in times.values() for took in some]
    report(
        "studio",
        [
            *(
                Figure(f"studio_p95_ms[{path.removeprefix(API)}]", percentile(some, 95), "ms")
                for path, some in times.items()
            ),
            Figure("studio_p50_ms", percentile(every, 50), "ms"),
            Figure("studio_worst_ms", max(every), "ms"),
            Figure("studio_p95_ms", percentile(every, 95), "ms", "<= 300"),
        ],
    )


if __name__ == "__main__":
    main()
