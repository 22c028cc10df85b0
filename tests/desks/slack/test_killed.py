"""kill -9 of a real gateway process, between Slack's accept and our record: what was posted is
found again, and what an agent wrote meanwhile is not lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.stack import clean_environment
from bot.children import dies_with_parent
from bot.processes import free_ports
from bot.router import Router
from bot.store import Store
from tests.agent_client import new_id
from tests.desks.slack import seed
from tests.desks.slack.faults import Hang
from tests.desks.slack.front import Front
from tests.desks.slack.people import Person, words_of
from tests.desks.slack.slack_driver import desk_plan
from tests.polling import soon
from tests.scripted_assistant import ScriptedAssistant

pytest_plugins = ("tests.desks.slack.fixtures",)
ROOT = Path(__file__).parents[3]


class Process:
    """`deskhand gateway`, with Slack as its desk."""

    def __init__(self, environment: dict[str, str], port: int) -> None:
        self._environment = environment
        self._url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", "gateway"],
            cwd=ROOT,
            env=self._environment,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )

    def kill(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self._url}/openapi.json", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def gateway(
    front: Front, redis_url: str, assistant: ScriptedAssistant, folder: Path
) -> Iterator[Process]:
    plan, (port,) = folder / "desk.yml", free_ports(1)
    plan.write_text(desk_plan(), encoding="utf-8")
    environment = clean_environment() | {
        "REDIS_URL": redis_url,
        "DESKHAND_PORT": str(port),
        "DESKHAND_VAR": str(folder),
        "DESKHAND_DESK": str(plan),
        "DESKHAND_ASSISTANT_URL": assistant.url,
        "DESKHAND_ASSISTANT_TOKEN": assistant.token,
        "SLACK_BOT_TOKEN": seed.BOT_TOKEN,
        "SLACK_APP_TOKEN": seed.APP_TOKEN,
        "SLACK_API_URL": front.url.rstrip("/"),
    }
    process = Process(environment, port)
    try:
        process.start()
        yield process
    finally:
        process.kill()


async def test_nothing_is_posted_twice_and_nothing_lost_when_a_gateway_is_killed(
    front: Front,
    redis_url: str,
    store: Store,
    router: Router,
    assistant: ScriptedAssistant,
    anna: Person,
    tmp_path: Path,
) -> None:
    front.deliveries.ack_within = 3.0

    async def cards() -> list[dict[str, object]]:
        return await anna.channel_messages(anna.channel("support"))

    async def below() -> str:
        (card,) = await cards()
        thread = await anna.thread(anna.channel("support"), str(card["ts"]))
        return "\n".join(words_of(m.get("blocks", [])) for m in thread[1:])

    with gateway(front, redis_url, assistant, tmp_path) as process:
        await soon(process.is_ready, within=30, what="the gateway")
        # Killed when Slack has the card, and we do not know it yet.
        front.fail("chat.postMessage", Hang(accepted=True))
        id = (await router.open("https://shop.example/tents")).id
        await router.ask_for_person(id, client_id=new_id(), reason="asked_for_human")
        await router.from_customer(id, "is it waterproof", client_id=new_id())
        await soon(cards, within=20, what="a card")
        process.kill()
        (card,) = await cards()
        # What an agent writes while nobody listens comes when somebody does.
        await anna.say(anna.channel("support"), "hello from Anna", str(card["ts"]))
        process.start()
        await soon(lambda: _says(store, id, "hello from Anna"), within=30, what="Anna's words")

        async def shown() -> bool:
            return "is it waterproof" in await below()

        await soon(shown, within=20, what="the customer's words")
        # Killed when Slack has a message, and we do not know it yet.
        front.fail("chat.postMessage", Hang(accepted=True))
        await router.from_customer(id, "and the floor", client_id=new_id())

        async def second() -> bool:
            return "and the floor" in await below()

        await soon(second, within=20, what="the second message")
        process.kill()
        process.start()
        await router.from_customer(id, "third words", client_id=new_id())

        async def third() -> bool:
            return "third words" in await below()

        await soon(third, within=30, what="the third message")
        said = await below()
        assert [said.count(w) for w in ("is it waterproof", "and the floor", "third words")] == [
            1
        ] * 3
        assert len(await cards()) == 1


async def _says(store: Store, id: str, text: str) -> bool:
    return any(getattr(entry.event, "text", "") == text for entry in await store.log(id))
