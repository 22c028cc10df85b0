"""The whole ladder with tiny times, through a real gateway: customer and agents over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from ruamel.yaml import YAML

from bot.web.accounts import Accounts, Role
from tests.agent_client import PASSWORD, AgentClient
from tests.customer import Customer, Log, shown
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant, hands_off
from tests.web.conftest import CHEAP

LADDER = [("again", 0.3), ("next_agent", 0.6), ("owner", 0.9), ("email", 1.2)]


@pytest.fixture
def quick_plan(tmp_path: Path) -> Path:
    """The shipped plan, a thousand times as impatient."""
    yaml = YAML(typ="safe")
    plan = yaml.load(Path("data/desk.yml"))
    plan["ladder"] = [{"rung": rung, "after": after} for rung, after in LADDER]
    plan["vanish_after"] = 1
    path = tmp_path / "desk.yml"
    with path.open("w") as file:
        yaml.dump(plan, file)
    return path


@pytest.fixture
def quick_gateway(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, quick_plan: Path
) -> Iterator[RunningGateway]:
    with RunningGateway(
        redis_url, assistant.url, assistant.token, tmp_path, desk=quick_plan
    ) as gateway:
        yield gateway


@pytest.fixture
async def anna(quick_gateway: RunningGateway, redis: Redis[bytes]) -> AsyncIterator[AgentClient]:
    accounts = Accounts(redis, hasher=CHEAP)
    await accounts.add("anna", "Anna Berg", Role.AGENT, PASSWORD)
    await accounts.add("ben", "Ben Otieno", Role.AGENT, PASSWORD)
    await accounts.add("olga", "Olga", Role.OWNER, PASSWORD)
    client = AgentClient(quick_gateway)
    async with client.http:
        assert (await client.log_in("anna")).status_code == 200
        yield client


def codes(log: Log) -> list[str]:
    return [entry["code"] for entry in log if entry["kind"] == "notice"]


async def test_who_waits_is_told_each_step_until_they_need_not_wait_any_more(
    anna: AgentClient, quick_gateway: RunningGateway, assistant: ScriptedAssistant
) -> None:
    assistant.on("human please", hands_off())
    customer = Customer(quick_gateway)
    customer.say("human please")
    log = customer.log(lambda log: "come_back" in codes(log))
    assert codes(log) == ["asked_again", "asked_next", "asked_owner", "come_back"]
    events = (await anna.look(customer.session["conversation"]))["events"]
    steps = [(e["rung"], e["agents"][0]["login"]) for e in events if e["kind"] == "assigned"]
    assert steps == [
        ("first", "anna"),
        ("again", "anna"),
        ("next_agent", "ben"),
        ("owner", "olga"),
        ("email", "olga"),
    ]
    customer.http.close()


async def test_an_agent_who_vanishes_is_replaced_and_the_next_one_has_it_all(
    anna: AgentClient, quick_gateway: RunningGateway
) -> None:
    customer = Customer(quick_gateway)
    customer.post("/handoff")
    id = customer.session["conversation"]
    await anna.do(id, "reply", text="Hi, Anna here")
    customer.log(shown("agent_spoke"))
    customer.say("My tent leaks.")
    log = customer.log(lambda log: "vanished" in codes(log))
    assert log[-1]["text"].startswith("Anna Berg does not seem to be there any more")
    customer.log(lambda log: log[-1]["kind"] == "notice" and log[-1]["code"] == "asked_again")

    ben = AgentClient(quick_gateway)
    async with ben.http:
        await ben.log_in("ben")
        seen = await ben.look(id)
        steps = [event for event in seen["events"] if event["kind"] == "assigned"]
        again = [step for step in steps if step["rung"] == "first"][-1]
        assert [one["login"] for one in again["agents"]] == ["ben"]
        said = [e["text"] for e in seen["events"] if e["kind"].endswith("_spoke")]
        assert said == ["Hi, Anna here", "My tent leaks."]
        await ben.do(id, "reply", text="Ben here. Which tent is it?")
    assert customer.log(shown("agent_spoke"), after=log[-1]["seq"])[-1]["agent"] == {
        "name": "Ben Otieno"
    }
    customer.http.close()
