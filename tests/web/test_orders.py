"""The console's orders beyond claim, reply and close: held replies, changed messages, drafts,
passing on, labels, and the transcript as a file.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot import commands as do
from bot.events import Handoff
from bot.router import Router
from tests.agent_client import AgentClient, error, events_of, new_id
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant


async def latest(agent: AgentClient, id: str, kind: str) -> dict[str, Any]:
    events: list[dict[str, Any]] = (await agent.look(id))["events"]
    return [event for event in events if event["kind"] == kind][-1]


async def test_a_reply_into_a_colleagues_conversation_is_held_then_sent_by_taking_over(
    anna: AgentClient, ben: AgentClient, waiting: str
) -> None:
    await anna.do(waiting, "claim")
    held = await ben.do(waiting, "reply", text="I know this one")
    shown = (await anna.look(waiting))["conversation"]["held"]
    assert [(one["seq"], one["text"], one["agent"]["name"]) for one in shown] == [
        (held, "I know this one", "Ben Otieno")
    ]
    assert error(await anna.order(waiting, "send_held", of=held)) == (409, "illegal_move")
    await ben.do(waiting, "send_held", of=held)
    found = (await anna.look(waiting))["conversation"]
    assert (found["owner"]["login"], found["held"]) == ("ben", [])
    assert (await latest(anna, waiting, "agent_spoke"))["text"] == "I know this one"


async def test_a_held_reply_can_be_discarded(
    anna: AgentClient, ben: AgentClient, waiting: str
) -> None:
    await anna.do(waiting, "claim")
    held = await ben.do(waiting, "reply", text="I know this one")
    await ben.do(waiting, "drop_held", of=held)
    assert (await anna.look(waiting))["conversation"]["held"] == []
    assert "agent_spoke" not in await anna.kinds(waiting)


async def test_the_customer_sees_a_changed_message_changed_and_a_removed_one_without_its_words(
    anna: AgentClient, gateway: RunningGateway
) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as customer:
        session = (await customer.post("/api/chat/session", json={})).json()
        customer.headers["Authorization"] = f"Bearer {session['token']}"
        await customer.post("/api/chat/handoff", json={"client_id": new_id()})
        id = session["conversation"]
        first = await anna.do(id, "reply", text="In Oslo")
        second = await anna.do(id, "reply", text="SECRET")
        await anna.do(id, "edit", of=first, text="In Bergen")
        last = await anna.do(id, "retract", of=second)
        async with customer.stream("GET", "/api/chat/events?after=0") as response:
            seen = {}
            async for name, data in events_of(response):
                if name == "log":
                    seen[data["seq"]] = data
                    if data["seq"] == last:
                        break
    assert seen[first]["text"] == "In Oslo"
    assert (seen[second]["text"], seen[second]["gone"]) == ("", True)
    edited = seen[last - 1]
    assert (edited["kind"], edited["of"], edited["text"]) == ("agent_edited", first, "In Bergen")
    assert (seen[last]["kind"], seen[last]["of"]) == ("agent_retracted", second)
    assert "SECRET" not in str(seen)


@pytest.mark.parametrize("changed", ["", "We are very sorry, and will call you."])
async def test_a_draft_is_approved_as_it_is_or_changed_first(
    anna: AgentClient, router: Router, assistant: ScriptedAssistant, changed: str
) -> None:
    assistant.hold()  # its answer is the one below
    id = (await router.open()).id
    asked = (await router.from_customer(id, "I cut my hand", client_id=new_id())).seq
    draft = Handoff(reason="sensitive", draft="We are sorry.")
    epoch = 0
    await router.execute(
        id, do.Answer(in_reply_to=asked, epoch=epoch, messages=(), handoff=draft), key="turn"
    )
    (open_draft,) = (await anna.look(id))["conversation"]["drafts"]
    assert (open_draft["text"], open_draft["origin"]) == ("We are sorry.", "assistant")
    await anna.do(id, "send_draft", of=open_draft["seq"], text=changed)
    said = await latest(anna, id, "agent_spoke")
    assert (said["text"], said["draft"]) == (changed or "We are sorry.", open_draft["seq"])
    assert error(await anna.order(id, "drop_draft", of=open_draft["seq"])) == (409, "illegal_move")
    assistant.release()


async def test_a_conversation_is_passed_on_to_a_skill_or_to_a_colleague_who_exists(
    anna: AgentClient, waiting: str
) -> None:
    await anna.do(waiting, "claim")
    for wrong in ({}, {"skill": "sales", "to": "ben"}):
        assert error(await anna.order(waiting, "transfer", **wrong)) == (400, "bad_request")
    assert error(await anna.order(waiting, "transfer", to="nobody")) == (404, "unknown_account")
    await anna.do(waiting, "transfer", skill="sales")
    assert (await anna.look(waiting))["conversation"]["skill"] == "sales"
    await anna.do(waiting, "transfer", to="ben")
    passed = await latest(anna, waiting, "transferred")
    assert passed["to"] == {"login": "ben", "name": "Ben Otieno"}


async def test_what_the_bot_should_have_known_is_labelled(anna: AgentClient, waiting: str) -> None:
    asked = await latest(anna, waiting, "customer_spoke")
    await anna.do(waiting, "label", of=asked["seq"], intent="tent_care", new=True)
    label = await latest(anna, waiting, "labelled")
    assert (label["of"], label["intent"], label["new"]) == (asked["seq"], "tent_care", True)
    assert error(await anna.order(waiting, "label", of=1, intent="x")) == (409, "illegal_move")
    assert error(await anna.order(waiting, "label", of=asked["seq"])) == (422, "text_empty")


async def test_the_transcript_is_a_text_file_for_agents_only(
    anna: AgentClient, stranger: AgentClient, waiting: str
) -> None:
    path = f"/api/desk/conversations/{waiting}/transcript"
    assert error(await stranger.http.get(path)) == (401, "not_logged_in")
    response = await anna.http.get(path)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert f'filename="conversation-{waiting}.txt"' in response.headers["content-disposition"]
    assert "Customer: Is the tent waterproof?" in response.text
