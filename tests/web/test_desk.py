"""What agents can do over real HTTP, and what comes back: commands, the queue, the streams."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from bot.router import Router
from tests.agent_client import AgentClient, error, escalate, events_of, new_id, until_event
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant, hands_off

NASTY = "<img src=x onerror=alert(1)><script>alert('1')</script> & \u202eשלום 🧗"


# ── a conversation from waiting to closed ──


async def test_an_agent_claims_answers_and_closes(
    anna: AgentClient, waiting: str, gateway: RunningGateway
) -> None:
    await anna.do(waiting, "claim")
    await anna.do(waiting, "reply", text="Yes, the seams are taped.")
    await anna.do(waiting, "note", text="asks about the Trollvegg")
    await anna.do(waiting, "close", outcome="solved")
    found = await anna.look(waiting)
    assert found["conversation"]["state"] == "closed"
    assert found["conversation"]["outcome"] == "solved"
    assert [event["seq"] for event in found["events"]] == list(range(1, len(found["events"]) + 1))
    kinds = [event["kind"] for event in found["events"]]
    assert kinds[-4:] == ["claimed", "agent_spoke", "note_written", "closed"]


async def test_the_customer_reads_the_reply_and_never_the_note(
    anna: AgentClient, gateway: RunningGateway, assistant: ScriptedAssistant
) -> None:
    assistant.on("a person please", hands_off())
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as customer:
        session = (await customer.post("/api/chat/session", json={})).json()
        customer.headers["Authorization"] = f"Bearer {session['token']}"
        await customer.post(
            "/api/chat/messages", json={"client_id": new_id(), "text": "a person please"}
        )
        id = session["conversation"]
        async with anna.stream(f"/api/desk/conversations/{id}/events?after=0") as events:
            while (await until_event(events, "state"))["state"] != "waiting":
                pass
        await anna.do(id, "claim")
        await anna.do(id, "note", text="SECRET one")
        await anna.do(id, "reply", text="// SECRET two")
        await anna.do(id, "reply", text="Here I am.")
        async with customer.stream("GET", "/api/chat/events?after=0") as response:
            seen = []
            async for name, data in events_of(response):
                seen.append(data)
                if name == "log" and data["kind"] == "agent_spoke":
                    break
    assert data["text"] == "Here I am."
    assert data["agent"] == {"name": "Anna Berg"}, "customers see the name, not the login"
    assert "SECRET" not in json.dumps(seen)
    assert (await anna.kinds(id)).count("note_written") == 2


async def test_of_two_claims_at_once_one_wins_and_the_other_hears_who(
    anna: AgentClient, ben: AgentClient, waiting: str
) -> None:
    answers = await asyncio.gather(anna.order(waiting, "claim"), ben.order(waiting, "claim"))
    assert sorted(one.status_code for one in answers) == [202, 409]
    (lost,) = [one for one in answers if one.status_code == 409]
    owner = (await anna.look(waiting))["conversation"]["owner"]["name"]
    assert lost.json()["error"]["code"] == "owned_by_other"
    assert owner in lost.json()["error"]["message"]
    assert (await anna.kinds(waiting)).count("claimed") == 1


async def test_taking_over_is_a_decision_of_its_own(
    anna: AgentClient, ben: AgentClient, waiting: str
) -> None:
    await anna.do(waiting, "claim")
    assert error(await ben.order(waiting, "close")) == (409, "owned_by_other")
    await ben.do(waiting, "take_over")
    await ben.do(waiting, "reply", text="Hi")
    assert error(await anna.order(waiting, "snooze", until=2**61)) == (400, "bad_request")
    assert error(await anna.order(waiting, "return_to_bot")) == (409, "owned_by_other")
    await anna.do(waiting, "note", text="Fine with me.")


async def test_a_reply_after_the_close_is_refused_and_after_reopening_it_is_not(
    anna: AgentClient, waiting: str
) -> None:
    await anna.do(waiting, "claim")
    await anna.do(waiting, "close", outcome="unsolved")
    before = await anna.kinds(waiting)
    assert error(await anna.order(waiting, "reply", text="One more thing")) == (409, "illegal_move")
    assert await anna.kinds(waiting) == before
    await anna.do(waiting, "reopen")
    await anna.do(waiting, "reply", text="One more thing")


async def test_an_order_repeated_with_its_id_is_done_once(anna: AgentClient, waiting: str) -> None:
    await anna.do(waiting, "claim")
    id = new_id()
    answers = [await anna.order(waiting, "reply", id, text="Hello") for _ in range(3)]
    assert {one.json()["seq"] for one in answers} == {answers[0].json()["seq"]}
    (said,) = [e for e in (await anna.look(waiting))["events"] if e["kind"] == "agent_spoke"]
    assert said["client_id"] == id, "the console knows its own text by this"


async def test_snoozed_and_returned_conversations_leave_the_desk(
    anna: AgentClient, waiting: str, router: Router
) -> None:
    await anna.do(waiting, "claim")
    await anna.do(waiting, "snooze", until=router.now() + 3_600_000)
    queue = (await anna.http.get("/api/desk/queue")).json()
    assert [card["id"] for card in queue["snoozed"]] == [waiting]
    await anna.do(waiting, "claim")
    await anna.do(waiting, "return_to_bot")
    queue = (await anna.http.get("/api/desk/queue")).json()
    assert not any(queue[shelf] for shelf in ("waiting", "human", "snoozed", "closed"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "bad_request")),
        (b"\x00\xff", (400, "bad_request")),
        (b"[1]", (400, "bad_request")),
        ({"client_id": "12345678", "command": "explode"}, (400, "bad_request")),
        ({"client_id": "short", "command": "claim"}, (400, "bad_request")),
        ({"client_id": "1234 678", "command": "claim"}, (400, "bad_request")),
        ({"client_id": "12345678", "command": "close", "outcome": "gone"}, (400, "bad_request")),
        ({"client_id": "12345678", "command": "snooze", "until": 5}, (400, "bad_request")),
        ({"client_id": "12345678", "command": "snooze", "until": 2**62}, (400, "bad_request")),
        ({"client_id": "12345678", "command": "reply", "text": ""}, (422, "text_empty")),
        ({"client_id": "12345678", "command": "reply", "text": " \x00\n"}, (422, "text_empty")),
        ({"client_id": "12345678", "command": "note"}, (422, "text_empty")),
        ({"client_id": "12345678", "command": "reply", "text": "x" * 4001}, (413, "text_too_long")),
        (
            {"client_id": "12345678", "command": "reply", "text": "x" * 100_000},
            (413, "text_too_long"),
        ),
    ],
)
async def test_an_order_that_makes_no_sense_changes_nothing(
    anna: AgentClient, waiting: str, body: Any, expected: tuple[int, str]
) -> None:
    before = await anna.kinds(waiting)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await anna.http.post(f"/api/desk/conversations/{waiting}/commands", content=content)
    assert error(response) == expected
    assert await anna.kinds(waiting) == before


async def test_what_does_not_exist_is_not_made_by_asking_for_it(
    anna: AgentClient, redis: Redis[bytes]
) -> None:
    path = "/api/desk/conversations/nowhere"
    assert error(await anna.http.get(path)) == (404, "unknown_conversation")
    assert error(await anna.http.get(path + "/events")) == (404, "unknown_conversation")
    assert error(await anna.order("nowhere", "note", text="x")) == (404, "unknown_conversation")
    assert not await redis.keys("*nowhere*")


async def test_hostile_text_comes_back_as_the_text_it_was(
    anna: AgentClient, router: Router
) -> None:
    id = await escalate(router, NASTY)
    await anna.do(id, "claim")
    await anna.do(id, "reply", text=NASTY)
    response = await anna.http.get(f"/api/desk/conversations/{id}")
    assert response.headers["content-type"] == "application/json"
    texts = [event.get("text") for event in response.json()["events"]]
    assert texts.count(NASTY) == 2
    (card,) = (await anna.http.get("/api/desk/queue")).json()["human"]
    assert card["preview"] == NASTY


# ── live ──


async def test_the_queue_tells_every_change_without_being_asked(
    anna: AgentClient, ben: AgentClient, router: Router
) -> None:
    async with anna.stream("/api/desk/events") as events:
        queue = await until_event(events, "queue")
        assert [len(queue[shelf]) for shelf in ("waiting", "human", "snoozed", "closed")] == [0] * 4
        assert abs(queue["now"] - router.now()) < 10_000
        id = await escalate(router, "hello?")
        while not ((waiting := queue["waiting"]) and waiting[0]["preview"]):
            queue = await until_event(events, "queue")
        (card,) = waiting
        assert (card["id"], card["reason"], card["preview"]) == (id, "asked_for_human", "hello?")
        await ben.do(id, "claim")
        queue = await until_event(events, "queue")
        assert [card["owner"]["name"] for card in queue["human"]] == ["Ben Otieno"]


async def test_conversations_with_the_assistant_only_are_not_in_the_queue(
    anna: AgentClient, router: Router
) -> None:
    await router.from_customer((await router.open()).id, "opening hours?", client_id=new_id())
    queue = (await anna.http.get("/api/desk/queue")).json()
    assert not any(queue[shelf] for shelf in ("waiting", "human", "snoozed", "closed"))


async def test_a_stream_goes_on_where_the_last_one_broke(anna: AgentClient, waiting: str) -> None:
    path = f"/api/desk/conversations/{waiting}/events"
    whole = (await anna.look(waiting))["events"]
    async with anna.stream(f"{path}?after=0") as events:
        first = [await until_event(events, "log") for _ in whole]
    assert first == whole
    await anna.do(waiting, "claim")
    await anna.do(waiting, "reply", text="Hello")
    async with anna.stream(f"{path}?after={whole[-1]['seq']}") as events:
        rest = [await until_event(events, "log") for _ in range(2)]
        state = await until_event(events, "state")
    assert [event["kind"] for event in rest] == ["claimed", "agent_spoke"]
    assert [event["seq"] for event in first + rest] == list(range(1, len(first) + 3))
    assert state["owner"] == {"login": "anna", "name": "Anna Berg"}


@pytest.mark.parametrize("after", ["-1", "x", "1e3", "9" * 30])
async def test_a_stream_from_nowhere_is_refused(
    anna: AgentClient, waiting: str, after: str
) -> None:
    path = f"/api/desk/conversations/{waiting}/events?after={after}"
    assert error(await anna.http.get(path)) == (400, "bad_request")


async def test_the_desk_sees_the_customer_typing(
    anna: AgentClient, gateway: RunningGateway
) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False) as customer:
        session = (await customer.post("/api/chat/session", json={})).json()
        customer.headers["Authorization"] = f"Bearer {session['token']}"
        id = session["conversation"]
        async with anna.stream(f"/api/desk/conversations/{id}/events") as events:
            await until_event(events, "state")
            await customer.post("/api/chat/typing", json={})
            assert await until_event(events, "typing") == {"who": "customer"}


async def test_only_the_owners_typing_is_announced(
    anna: AgentClient, ben: AgentClient, waiting: str, redis: Redis[bytes]
) -> None:
    await anna.do(waiting, "claim")
    before = await anna.kinds(waiting)
    await ben.do(waiting, "typing")
    assert not await redis.keys("*typing*")
    await anna.do(waiting, "typing")
    assert len(await redis.keys("*typing*")) == 1
    assert await anna.kinds(waiting) == before, "typing is not worth remembering"
