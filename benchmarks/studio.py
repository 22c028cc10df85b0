"""How long the studio's pages make an owner wait, with 50,000 messages in the logs.

A real gateway on a real Redis, with a synthetic history (`benchmarks.studio_data`) of the last 90
days in its logs. First the gateway makes its archive of it, and the review inbox is prepared. Then
every path of the studio that gives something out is asked again and again, each with several sets
of parameters: usual ones and the most costly (all 90 days, words that stand in every third
message). One request at a time, from the request to the last byte of the answer, over loopback: so
the figures are the server's time and a little more. On a busy machine most of it is waiting for a
processor; so beside it stands how much processor time the gateway used (a figure of 10 ms steps).
Paths that are not in `ASKED` are named, so
that none is forgotten. The replay of what-if, which people see run, is measured by itself, over all
90 days: the first one, and one with another threshold, which need not decide all of it again.

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
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import psutil
from starlette.routing import Route

from benchmarks.figures import Figure, percentile, report
from benchmarks.relay import first_password, wait_for
from benchmarks.stack import clean_environment
from benchmarks.studio_data import DAY_MS, ZONE, fill_store, history, now_ms
from benchmarks.talks import Talk
from bot.app import build, connect
from bot.learning.archive import ARCHIVE, Archive
from bot.processes import free_ports
from bot.redis_server import running
from bot.settings import Secret, Settings
from bot.store import Store

ROUNDS = 10
#: Of the history, and a little more.
DAYS = 91
#: An archive that is made anew takes about a minute for 50,000 messages.
ARCHIVED_WITHIN_S = 900
API = "/api/studio"

#: By route: the queries of one round. What stands in braces comes from `values_of`.
ASKED: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "/studio": ("/studio",),
        "/studio/figures": ("/studio/figures",),
        f"{API}/insights": (
            f"{API}/insights?from={{d7}}&to={{d0}}&compare=1",
            f"{API}/insights?from={{d30}}&to={{d0}}&compare=1",
            f"{API}/insights?from={{d90}}&to={{d0}}",
            f"{API}/insights?from={{d45}}&to={{d0}}&compare=1",
        ),
        f"{API}/insights.csv": (f"{API}/insights.csv?from={{d30}}&to={{d0}}",),
        f"{API}/conversations": (
            f"{API}/conversations",
            f"{API}/conversations?q=order",
            f"{API}/conversations?q=refund+jacket&agent=anna",
            f"{API}/conversations?q=%22gift+wrapping%22",
            f"{API}/conversations?intent=order_status&turn=missed",
            f"{API}/conversations?reason=clarifications_failed&rating=low",
            f"{API}/conversations?from={{d45}}&to={{d7}}&weekday=0&hour=10",
            f"{API}/conversations?result=left&cursor={{cursor}}",
        ),
        f"{API}/conversations/choices": (f"{API}/conversations/choices",),
        f"{API}/conversations/{{id}}": (f"{API}/conversations/{{id}}",),
        f"{API}/conversations/{{id}}/turns/{{seq}}": (f"{API}/conversations/{{id}}/turns/{{seq}}",),
        f"{API}/review": (f"{API}/review", f"{API}/review?count=100"),
        f"{API}/review/decisions": (f"{API}/review/decisions",),
        f"{API}/review/{{cluster}}": (f"{API}/review/{{cluster}}",),
        f"{API}/answers": (f"{API}/answers",),
        f"{API}/help/{{page}}": (f"{API}/help/{{page}}",),
        f"{API}/models": (f"{API}/models",),
        f"{API}/models/compare": (f"{API}/models/compare?a={{model}}&b={{model}}",),
        f"{API}/models/{{name}}/report": (f"{API}/models/{{model}}/report",),
        f"{API}/jobs": (f"{API}/jobs",),
        f"{API}/jobs/{{id}}": (f"{API}/jobs/{{job}}",),
        f"{API}/models/promotion": (f"{API}/models/promotion",),
        f"{API}/lint": (f"{API}/lint",),
        f"{API}/whatif": (f"{API}/whatif",),
        f"{API}/whatif/progress": (f"{API}/whatif/progress",),
    }
)
#: Files of many megabytes: how long they take says how fast the line is.
DOWNLOADS = frozenset({f"{API}/models/{{name}}/download"})
#: Where nothing was trained or compared, saying so is the answer.
NOTHING_THERE = frozenset({"not_compared", "unknown_model"})


def fill(redis_url: str, messages: int, end: int) -> list[Talk]:
    """The logs of the history."""
    talks = list(history(messages, end=end))

    async def logs() -> None:
        redis = connect(redis_url)
        await fill_store(Store(redis), talks)
        await redis.close(close_connection_pool=True)

    asyncio.run(logs())
    return talks


def archived(var: Path, count: int) -> float:
    """Seconds until the gateway has put that many conversations into its archive."""
    began = time.perf_counter()
    archive = Archive(var / ARCHIVE)
    while len(archive.versions()) < count:
        if time.perf_counter() - began > ARCHIVED_WITHIN_S:
            raise SystemExit("the archive is not complete; see the gateway's log")
        time.sleep(0.5)
    archive.close()
    return time.perf_counter() - began


def not_asked(settings: Settings) -> list[str]:
    """The studio's paths that give something out and are not measured."""
    routes = [route for route in build(settings).routes if isinstance(route, Route)]
    return [
        route.path
        for route in routes
        if "GET" in (route.methods or ())
        and (route.path.startswith(API) or route.path.split("/")[1] == "studio")
        and route.path not in ASKED
        and route.path not in DOWNLOADS
    ]


async def values_of(http: httpx.AsyncClient, talks: Sequence[Talk], end: int) -> dict[str, str]:
    """What stands in braces: a long conversation from the middle of the history, and the first of
    what the lists offer."""
    middle = talks[len(talks) // 3 : -len(talks) // 3] or talks
    longest = max(middle, key=lambda talk: len(talk.entries))
    today = datetime.fromtimestamp(end / 1000, ZONE).date()
    days = {f"d{days}": str(today - timedelta(days=days)) for days in (0, 7, 30, 45, 90)}
    review = (await http.get(f"{API}/review")).json()
    answers = (await http.get(f"{API}/answers")).json()
    models = (await http.get(f"{API}/models")).json()["models"]
    job = await http.post(f"{API}/review/refresh")  # no learner runs: it stays queued
    job.raise_for_status()
    return {
        **days,
        "id": longest.state.id,
        "seq": "3",
        "cursor": f"{end - 40 * DAY_MS}.a",
        "cluster": review["open"][0]["id"],
        "page": answers["pages"][0]["page"],
        "model": models[0]["model"] if models else "none.tar.gz",
        "job": job.json()["job"]["id"],
    }


@dataclass(slots=True)
class Times:
    """Milliseconds of each request: until the whole answer was there, and of the processors."""

    took: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Replay:
    """Of what-if: seconds until the answer was there, those of processors, and messages decided."""

    took: float
    used: float
    turns: int


def processor_ms(gateway: psutil.Process) -> float:
    """What the gateway has used so far."""
    times = gateway.cpu_times()
    return float(times.user + times.system) * 1000


async def timed(
    http: httpx.AsyncClient, query: str, gateway: psutil.Process
) -> tuple[float, float]:
    """Milliseconds until the whole answer is there, and of the gateway's processor time."""
    before, began = processor_ms(gateway), time.perf_counter()
    answer = await http.get(query)
    took = (time.perf_counter() - began) * 1000
    used = processor_ms(gateway) - before
    if answer.is_error and answer.json()["error"]["code"] not in NOTHING_THERE:
        raise SystemExit(f"{query}: {answer.text}")
    return took, used


async def measure(
    url: str, password: str, talks: Sequence[Talk], end: int, gateway: psutil.Process
) -> tuple[dict[str, Times], list[Replay]]:
    """The times by path, and of two replays, one after the other."""
    times = {path: Times() for path in ASKED}
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=120) as http:
        login = {"login": "owner", "password": password}
        answer = await http.post("/api/desk/login", json=login)
        answer.raise_for_status()
        http.headers.update({"X-CSRF-Token": answer.json()["csrf"], "Origin": url})
        values = await values_of(http, talks, end)
        for round_ in range(ROUNDS + 1):
            for path, queries in ASKED.items():
                for query in queries:
                    took, used = await timed(http, query.format(**values), gateway)
                    if round_:  # the first round warms up
                        times[path].took.append(took)
                        times[path].used.append(used)
        return times, [await tried(http, answer, gateway) for answer in (0.5, 0.45)]


async def tried(http: httpx.AsyncClient, answer: float, gateway: psutil.Process) -> Replay:
    """All of the history, decided again with another `confidence.answer`."""
    before, began = with_children_s(gateway), time.perf_counter()
    asked = {"days": DAYS, "values": {"confidence.answer": answer}}
    found = await http.post(f"{API}/whatif", json=asked)
    found.raise_for_status()
    took = time.perf_counter() - began
    used = with_children_s(gateway) - before
    return Replay(took=took, used=used, turns=found.json()["turns"])


def with_children_s(gateway: psutil.Process) -> float:
    """Processor seconds that it has used, with its children that have ended."""
    times = gateway.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--messages", type=int, default=50_000)
    messages = parser.parse_args().messages
    (port,) = free_ports(1)
    end = now_ms()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "redis") as redis:
        var = Path(folder) / "var"
        talks = fill(redis.url, messages, end)
        print(f"{len(talks)} conversations", file=sys.stderr)
        token = uuid.uuid4().hex
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
            archiving = archived(var, len(talks))
            refresh = [sys.executable, "-m", "bot", "review", "refresh"]
            subprocess.run(refresh, env=environment, check=True, stdout=sys.stderr)
            password = asyncio.run(first_password(redis.url))
            process = psutil.Process(gateway.pid)
            url = f"http://127.0.0.1:{port}"
            times, (first, again) = asyncio.run(measure(url, password, talks, end, process))
        finally:
            gateway.terminate()
            gateway.wait(10)
    every = [took for some in times.values() for took in some.took]
    used = [ms for some in times.values() for ms in some.used]
    report(
        "studio",
        [
            *(
                Figure(f"studio_p95_ms[{path.removeprefix(API)}]", percentile(some.took, 95), "ms")
                for path, some in times.items()
            ),
            Figure("studio_whatif_messages", first.turns, ""),
            Figure("studio_whatif_s", first.took, "s"),
            Figure("studio_whatif_processor_s", first.used, "s"),
            Figure("studio_whatif_again_s", again.took, "s"),
            Figure("studio_whatif_again_processor_s", again.used, "s"),
            Figure("archive_conversations_per_s", len(talks) / archiving, "1/s"),
            Figure("studio_processor_p95_ms", percentile(used, 95), "ms"),
            Figure("studio_p50_ms", percentile(every, 50), "ms"),
            Figure("studio_worst_ms", max(every), "ms"),
            Figure("studio_p95_ms", percentile(every, 95), "ms", "<= 300"),
        ],
    )


if __name__ == "__main__":
    main()
