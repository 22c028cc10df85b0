"""Kill -9 and worse, on the whole of Deskhand with its real model: nothing lost, nothing doubled,
and the customer is told the truth.

Each test breaks one thing in the middle of a bot turn or of a human chat, and ends when everything
is whole again.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any, Protocol

import httpx
import psutil
import pytest
import redis as sync_redis

from benchmarks.stack import Stack
from benchmarks.start import kind_of
from bot import instance
from bot.app import connect
from bot.store import LEASED
from bot.web.accounts import Accounts, Role
from tests.customer import Customer, Log, answered
from tests.scripted_assistant import until

#: A process may need a minute to be back, and tests wait for it before and after.
pytestmark = pytest.mark.timeout(900)

PROCESSES = ("gateway", "redis", "actions", "assistant")
PASSWORD = "correct horse battery staple"


def process(stack: Stack, name: str) -> psutil.Process:
    for child in psutil.Process(stack.pid).children():
        if kind_of(child) == name:
            return child
    raise AssertionError(f"there is no process {name}")


def whole(stack: Stack) -> bool:
    """Whether all four processes answer, asked one by one and not from somebody's memory."""
    running = stack.running
    asked: tuple[tuple[str, dict[str, str]], ...] = (
        (f"{stack.url}/healthz", {}),
        (running.actions_url.replace("/webhook", "/health"), {}),
        (
            f"{running.assistant_url}/webhooks/deskhand/",
            {"Authorization": f"Bearer {running.assistant_token}"},
        ),
    )
    try:
        for url, headers in asked:
            httpx.get(url, headers=headers, trust_env=False, timeout=2).raise_for_status()
    except httpx.HTTPError:
        return False
    return stack.health().get("assistant") == "ready"


@pytest.fixture
def sound(stack: Stack) -> Iterator[Stack]:
    """The stack, whole before and after."""
    until(lambda: whole(stack), within=300, what="the stack's being whole")
    yield stack
    until(lambda: whole(stack), within=300, what="the stack's recovery")


class Running(Protocol):
    """A Deskhand, as far as an agent needs it."""

    @property
    def url(self) -> str: ...
    @property
    def running(self) -> instance.Running: ...


class Agent:
    """An agent at the console's API."""

    def __init__(self, stack: Running) -> None:
        async def account() -> None:
            redis = connect(stack.running.redis_url)
            accounts = Accounts(redis)
            with suppress(Exception):
                await accounts.add("anna", "Anna", Role.AGENT, PASSWORD)
            await redis.close(close_connection_pool=True)

        asyncio.run(account())
        self.http = httpx.Client(base_url=f"{stack.url}/api/desk", trust_env=False, timeout=30)
        me = self.http.post("/login", json={"login": "anna", "password": PASSWORD}).json()
        self.http.headers["X-CSRF-Token"] = me["csrf"]

    def act(self, conversation: str, command: str, **more: Any) -> None:
        """Repeats until the gateway says yes, as the console does."""
        body = {"client_id": str(uuid.uuid4()), "command": command, **more}

        def accepted() -> bool:
            with suppress(httpx.HTTPError):
                answer = self.http.post(f"/conversations/{conversation}/commands", json=body)
                assert answer.status_code in (202, 503), answer.text
                return answer.status_code == 202
            return False

        until(accepted, within=120, every=0.1, what=f"the agent's {command}")


def say(customer: Customer, text: str) -> None:
    """Repeats until the gateway says yes, as the widget does."""
    body = {"client_id": str(uuid.uuid4()), "text": text}

    def accepted() -> bool:
        with suppress(httpx.HTTPError):
            answer = customer.http.post("/messages", json=body)
            assert answer.status_code in (202, 429, 503), answer.text
            return answer.status_code == 202
        return False

    until(accepted, within=120, every=0.1, what="the message's acceptance")


def under_way(stack: Stack, customer: Customer) -> bool:
    """Whether some worker is at a turn of this customer's."""
    with sync_redis.Redis.from_url(stack.running.redis_url) as redis:
        leased = redis.zscore(f"{LEASED}assistant", customer.session["conversation"])
    return leased is not None


def eventually(customer: Customer, enough: Any, *, within: float = 120) -> Log:
    """The customer's log once `enough` says so, over however many broken streams."""
    seen: Log = []

    def reads() -> bool:
        after = seen[-1]["seq"] if seen else 0
        with suppress(httpx.HTTPError), customer.listening(after) as events:
            for name, data in events:
                if name == "log":
                    seen.append(data)
                if seen and enough(seen):
                    return True
        return bool(seen and enough(seen))

    until(reads, within=within, what="the log's being complete")
    return seen


def settled(messages: int) -> Any:
    """Enough when each of so many messages has an answer, or a person has been asked for."""

    def enough(log: Log) -> bool:
        asked = any(e["kind"] == "notice" for e in log)
        return asked or answered(messages)(log)

    return enough


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_killed_in_the_middle_of_a_bot_turn_loses_and_doubles_nothing(
    sound: Stack, name: str
) -> None:
    with closing((customer := Customer(sound)).http):
        customer.say("hi there")
        customer.log(answered(1))
        # A stopped action server holds the turn in its middle for as long as we need.
        actions, victim = process(sound, "actions"), process(sound, name)
        actions.suspend()
        customer.say("what are your opening hours?")
        until(lambda: under_way(sound, customer), what="the turn's beginning")
        victim.kill()
        if name != "actions":
            actions.resume()
        say(customer, "which payment methods do you take?")
        log = eventually(customer, settled(3))
    texts = [e["text"] for e in log if e["kind"] == "customer_spoke"]
    assert texts == [
        "hi there",
        "what are your opening hours?",
        "which payment methods do you take?",
    ]
    answers = [e["in_reply_to"] for e in log if e["kind"] == "bot_answered" and e["in_reply_to"]]
    assert len(answers) == len(set(answers))
    assert [e["seq"] for e in log] == sorted({e["seq"] for e in log})
    if any(e["kind"] == "handoff_requested" for e in log):
        told = [e["code"] for e in log if e["kind"] == "notice"]
        assert told == ["assistant_unavailable"]


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_killed_in_the_middle_of_a_human_chat_loses_and_doubles_nothing(
    sound: Stack, name: str
) -> None:
    agent = Agent(sound)
    with closing((customer := Customer(sound)).http), closing(agent.http):
        conversation = customer.session["conversation"]
        customer.post("/handoff")
        agent.act(conversation, "claim")
        victim = process(sound, name)
        for n in range(6):
            if n == 2:
                victim.kill()
            say(customer, f"customer {n}")
            agent.act(conversation, "reply", text=f"agent {n}")
        log = eventually(customer, lambda log: log[-1].get("text") == "agent 5" and len(log) >= 12)
    spoken = [e["text"] for e in log if e["kind"] in ("customer_spoke", "agent_spoke")]
    assert spoken == [f"{who} {n}" for n in range(6) for who in ("customer", "agent")]
    assert sum(e["kind"] == "bot_answered" for e in log) == 1  # the greeting


def test_all_four_processes_killed_at_once_lose_no_acknowledged_message(sound: Stack) -> None:
    with closing((customer := Customer(sound)).http):
        customer.post("/handoff")
        for n in range(15):
            say(customer, f"message {n}")
        victims = [process(sound, name) for name in PROCESSES]
        for victim in victims:
            victim.kill()
        log = eventually(
            customer, lambda log: any(e.get("text") == "message 14" for e in log), within=180
        )
    texts = [e["text"] for e in log if e["kind"] == "customer_spoke"]
    assert texts == [f"message {n}" for n in range(15)]


def test_a_hung_action_server_ends_in_a_hand_off_with_a_true_word(sound: Stack) -> None:
    with closing((customer := Customer(sound)).http):
        customer.say("hi there")
        customer.log(answered(1))
        actions = process(sound, "actions")
        actions.suspend()
        try:
            customer.say("what are your opening hours?")
            log = eventually(
                customer, lambda log: any(e["kind"] == "notice" for e in log), within=120
            )
        finally:
            actions.resume()
        assert log[-1]["code"] == "assistant_unavailable"
        assert customer.post("/stay").status_code == 202
        say(customer, "hello, which payment methods do you take?")
        answers_before = sum(e["kind"] == "bot_answered" for e in log)
        eventually(
            customer,
            lambda log: sum(e["kind"] == "bot_answered" for e in log) > answers_before,
            within=120,
        )


def test_a_redis_that_is_away_is_an_honest_503_and_then_all_goes_on(sound: Stack) -> None:
    agent = Agent(sound)
    with closing((customer := Customer(sound)).http), closing(agent.http):
        conversation = customer.session["conversation"]
        customer.post("/handoff")
        agent.act(conversation, "claim")
        redis = process(sound, "redis")
        redis.suspend()
        try:
            refused = customer.post("/messages", text="are you there?")
            assert (refused.status_code, refused.json()["error"]["code"]) == (
                503,
                "store_unavailable",
            )
            assert refused.headers["Retry-After"]
            threading.Event().wait(30)
        finally:
            redis.resume()
        say(customer, "are you there now?")
        agent.act(conversation, "reply", text="I am")
        log = eventually(customer, lambda log: log[-1].get("text") == "I am")
    spoken = [e["text"] for e in log if e["kind"] in ("customer_spoke", "agent_spoke")]
    assert spoken[-2:] == ["are you there now?", "I am"]
    assert spoken.count("are you there now?") == 1
