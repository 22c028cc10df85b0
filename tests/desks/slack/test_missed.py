"""Looking for what Slack did not bring, where one of the threads is gone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from redis.asyncio import Redis

from bot.desk_health import DeskHealth, Pace
from bot.desks.slack_messages import Writing
from bot.desks.slack_parts import Parts
from bot.desks.slack_versions import Versions
from bot.errors import ThreadGone
from bot.router import Router
from bot.store import Store
from bot.threads import Threads


class Archive:
    """Slack, in which the channel `C1` was archived and somebody wrote in `C2`."""

    async def read(self, _method: str, *, channel: str, ts: str, **_more: Any) -> dict[str, Any]:
        if channel == "C1":
            raise ThreadGone("channel_not_found")
        return {"messages": [{"ts": ts}, {"ts": "9.0", "user": "U1", "text": "there?"}]}


async def test_a_channel_that_is_gone_hides_nothing_that_was_missed_in_others(
    redis: Redis[bytes], store: Store, router: Router
) -> None:
    threads = Threads(redis, DeskHealth(redis, "slack", Pace(10, 1_000)), now=router.now)
    for number in (1, 2):
        id = (await router.open()).id
        await router.ask_for_person(id, client_id=f"client-{number}", reason="asked_for_human")
        await (await threads.load(id)).open(f"C{number}", f"{number}.0")
    parts = SimpleNamespace(store=store, threads=threads, api=Archive(), now=router.now)
    writing = Writing(cast(Parts, parts), Versions(redis))
    assert [(one["channel"], one["text"]) for one in await writing.missed()] == [("C2", "there?")]
