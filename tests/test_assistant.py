"""What customers get while the assistant starts, is slow, broken, silent or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import commands as do
from bot import wording
from bot.app import connect
from bot.events import Agent, BotAnswerDropped, BotAnswered, Entry, Seen
from bot.processes import free_ports
from bot.router import Router
from bot.store import Store
from tests.customer import Customer, answered, shown
from tests.gateway import RunningGateway
from tests.sample_files import png
from tests.scripted_assistant import ScriptedAssistant, says, until

ANNA = Agent(login="anna", name="Anna")


class Agents:
    """Agents who act on the same Redis as the gateway, as any desk would."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url

    def act(self, conversation: str, *orders: do.Command) -> None:
        async def run() -> None:
            client = connect(self._url)
            router = Router(Store(client), greeting="")
            for n, order in enumerate(orders):
                await router.from_agent(conversation, order, client_id=f"agent-{id(orders)}-{n}")
            await client.close(close_connection_pool=True)

        asyncio.run(run())

    def log(self, conversation: str) -> list[Entry]:
        async def run() -> list[Entry]:
            client = connect(self._url)
            entries = await Store(client).log(conversation)
            await client.close(close_connection_pool=True)
            return entries

        return asyncio.run(run())

    def reason(self, conversation: str) -> str:
        async def run() -> str:
            client = connect(self._url)
            found = await Store(client).load(conversation)
            await client.close(close_connection_pool=True)
            return found.handoff.reason if found.handoff else ""

        return asyncio.run(run())


@pytest.fixture
def agents(redis_url: str) -> Agents:
    return Agents(redis_url)


@contextmanager
def without_assistant(
    redis_url: str, tmp_path: Path, port: int | None = None, **more: Any
) -> Iterator[Customer]:
    """A customer of a gateway behind whose assistant's `port` nothing listens."""
    port = port or free_ports(1)[0]
    address = f"http://127.0.0.1:{port}"
    with (
        RunningGateway(redis_url, address, ScriptedAssistant.token, tmp_path, **more) as gateway,
        closing((customer := Customer(gateway)).http),
    ):
        yield customer


def test_while_the_assistant_starts_messages_are_kept_and_the_customer_knows(
    redis_url: str, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    with without_assistant(redis_url, tmp_path, port) as customer:
        customer.say("where is my order")
        log = customer.log(shown("notice"))
        assert log[-1]["code"] == "assistant_loading"
        customer.say("hello?")
        with ScriptedAssistant(port) as assistant:
            log = customer.log(answered(2))
            assert [turn["text"] for turn in assistant.turns] == ["where is my order", "hello?"]
        assert sum(e["kind"] == "notice" for e in log) == 1


def test_the_log_keeps_what_triage_saw(
    customer: Customer, assistant: ScriptedAssistant, agents: Agents
) -> None:
    seen = {"help": 0.2, "cues": {"person": 0.1}, "fresh": True, "outcome": "answer", "new": 1}
    answer = says("Hello!")
    answer["triage"]["turn"] = seen
    assistant.on("hello", answer)
    customer.say("hello")
    customer.log(answered(1))
    log = agents.log(customer.session["conversation"])
    (read,) = [e.event.reading for e in log if isinstance(e.event, BotAnswered) and e.event.reading]
    assert read.turn == Seen(help=0.2, cues={"person": 0.1}, fresh=True)


@pytest.mark.parametrize("before", [[], ["where is my order", "hello?"]])
def test_while_the_assistant_starts_asking_for_a_person_works_at_once(
    redis_url: str, tmp_path: Path, agents: Agents, before: list[str]
) -> None:
    with without_assistant(redis_url, tmp_path) as customer:
        for text in before:
            customer.say(text)
        customer.say("i want to talk to a human please")
        log = customer.log(lambda log: log[-1].get("code") == "handoff")
        assert [e["kind"] for e in log][-2:] == ["handoff_requested", "notice"]
        assert agents.reason(customer.session["conversation"]) == "asked_for_human"


def test_an_assistant_that_never_comes_up_ends_in_a_hand_off(
    redis_url: str, tmp_path: Path, agents: Agents
) -> None:
    with without_assistant(
        redis_url, tmp_path, assistant_start_grace=0.5, turn_deadline=1.5
    ) as customer:
        customer.say("where is my order")
        log = customer.log(lambda log: any(e["kind"] == "handoff_requested" for e in log))
        assert log[-1]["kind"] == "handoff_requested"
        assert agents.reason(customer.session["conversation"]) == "assistant_unavailable"


@pytest.mark.parametrize("turn_deadline", [1.5])
def test_a_turn_beyond_the_deadline_goes_to_a_person_and_its_late_answer_is_not_shown(
    customer: Customer, assistant: ScriptedAssistant, agents: Agents
) -> None:
    assistant.hold()
    customer.say("where is my order")
    log = customer.log(shown("notice"))
    assert log[-1]["code"] == "assistant_unavailable"
    assert agents.reason(customer.session["conversation"]) == "assistant_unavailable"
    assistant.release()
    agents.act(customer.session["conversation"], do.Reply(agent=ANNA, text="Anna here"))
    log = customer.log(shown("agent_spoke"))
    assert sum(e["kind"] == "bot_answered" for e in log) == 1  # the greeting


@pytest.mark.parametrize("turn_deadline", [1.5])
@pytest.mark.parametrize("status", [500, 503, 401])
def test_an_assistant_that_answers_nonsense_ends_in_a_hand_off(
    customer: Customer, assistant: ScriptedAssistant, agents: Agents, status: int
) -> None:
    assistant.status = status
    customer.say("hi")
    assert customer.log(shown("notice"))[-1]["code"] == "assistant_unavailable"
    assert agents.reason(customer.session["conversation"]) == "assistant_unavailable"


def test_an_assistant_with_nothing_to_say_ends_in_a_hand_off(
    customer: Customer, assistant: ScriptedAssistant, agents: Agents
) -> None:
    assistant.on("hi", says())
    customer.say("hi")
    customer.log(shown("notice"))
    assert agents.reason(customer.session["conversation"]) == "no_answer"


def test_an_assistant_that_is_gone_for_a_moment_still_answers(
    redis_url: str, tmp_path: Path
) -> None:
    with ScriptedAssistant() as first:
        port = first.port
        gateway = RunningGateway(redis_url, first.url, first.token, tmp_path, turn_deadline=8.0)
        gateway.start()
        customer = Customer(gateway)
        customer.say("one")
        customer.log(answered(1))
    customer.say("two")
    with ScriptedAssistant(port) as second:
        log = customer.log(answered(2))
        assert [turn["text"] for turn in second.turns] == ["two"]
    assert log[-1]["messages"][0]["text"] == "echo: two"
    customer.http.close()
    gateway.stop()


def test_an_answer_that_meets_a_person_is_dropped_where_agents_see_it(
    customer: Customer, assistant: ScriptedAssistant, agents: Agents
) -> None:
    conversation = customer.session["conversation"]
    assistant.hold()
    customer.say("hm")
    until(lambda: assistant.waiting == 1, what="the turn")
    agents.act(conversation, do.Claim(agent=ANNA), do.Reply(agent=ANNA, text="Anna here"))
    assistant.release()
    until(
        lambda: any(isinstance(e.event, BotAnswerDropped) for e in agents.log(conversation)),
        what="the drop",
    )
    log = customer.log(shown("agent_spoke"))
    assert sum(e["kind"] == "bot_answered" for e in log) == 1  # the greeting


def test_back_with_the_bot_the_assistant_is_told_what_was_said_meanwhile(
    customer: Customer, assistant: ScriptedAssistant, agents: Agents
) -> None:
    conversation = customer.session["conversation"]
    customer.say("one")
    customer.log(answered(1))
    agents.act(conversation, do.Claim(agent=ANNA), do.Reply(agent=ANNA, text="Anna here"))
    customer.say("two")
    agents.act(conversation, do.ReturnToBot(agent=ANNA))
    customer.say("three")
    customer.log(answered(2))
    (told,) = assistant.returned
    assert [(line["who"], line["text"]) for line in told["lines"]] == [
        ("agent", "Anna here"),
        ("customer", "two"),
    ]
    assert [turn["text"] for turn in assistant.turns] == ["one", "three"]
    customer.say("four")
    customer.log(answered(3))
    assert len(assistant.returned) == 1


@pytest.mark.parametrize("first", ["the customer", "the agent"])
def test_a_message_that_crosses_with_the_return_is_answered_whoever_is_first(
    customer: Customer, assistant: ScriptedAssistant, agents: Agents, first: str
) -> None:
    conversation = customer.session["conversation"]
    agents.act(conversation, do.Claim(agent=ANNA), do.Reply(agent=ANNA, text="Anna here"))
    seen = agents.log(conversation)[-1].seq
    back = do.ReturnToBot(agent=ANNA, seen=seen)
    if first == "the agent":
        agents.act(conversation, back)
    customer.say("can I still cancel it?")
    if first == "the customer":
        agents.act(conversation, back)
    log = customer.log(answered(1))
    assert log[-1]["messages"][0]["text"] == "echo: can I still cancel it?"
    (told,) = assistant.returned
    assert [line["text"] for line in told["lines"]] == ["Anna here"]


def upload(customer: Customer) -> str:
    params = {"name": "tent.png", "client_id": "upload-1"}
    return str(customer.http.post("/files", params=params, content=png()).json()["id"])


def test_files_without_a_word_are_kept_and_answered_also_without_an_assistant(
    redis_url: str, tmp_path: Path
) -> None:
    with without_assistant(redis_url, tmp_path) as customer:
        customer.say("", files=[upload(customer)])
        (answer,) = customer.log(shown("bot_answered"), after=3)
        (said,) = answer["messages"]
        assert said["text"] == wording.FILES_ONLY
        assert said["buttons"] == [{"title": "Talk to a person", "payload": "/talk_to_human"}]


def test_before_files_without_a_word_the_assistant_is_still_told_what_was_said_meanwhile(
    customer: Customer, assistant: ScriptedAssistant, agents: Agents
) -> None:
    conversation = customer.session["conversation"]
    agents.act(conversation, do.Claim(agent=ANNA), do.Reply(agent=ANNA, text="Anna here"))
    agents.act(conversation, do.ReturnToBot(agent=ANNA))
    customer.say("", files=[upload(customer)])
    customer.log(answered(1))
    (told,) = assistant.returned
    assert [line["text"] for line in told["lines"]] == ["Anna here"]
    assert assistant.turns == []


@pytest.mark.parametrize("turn_deadline", [1.5])
def test_who_carries_on_with_the_bot_gets_the_answer_that_was_owed(
    customer: Customer, assistant: ScriptedAssistant
) -> None:
    assistant.status = 500
    customer.say("where is my order")
    customer.log(shown("notice"))
    assistant.status = 200
    assert customer.post("/stay").status_code == 202
    log = customer.log(answered(1))
    assert log[-1]["messages"][0]["text"] == "echo: where is my order"
