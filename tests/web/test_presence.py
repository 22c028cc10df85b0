"""Away and back from the console, and what follows for those who wait."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from bot.people import SEEN
from bot.router import Router
from tests.agent_client import AgentClient, error, until


async def set_away(agent: AgentClient, away: Any) -> Any:
    return await agent.http.post("/api/desk/me/presence", json={"away": away})


async def asked(agent: AgentClient, conversation: str) -> list[str]:
    """Who is asked now."""
    now = (await agent.look(conversation))["conversation"]["asked"]
    return [one["login"] for one in now["agents"]] if now else []


async def test_an_agent_goes_away_and_comes_back_and_all_see_it(
    anna: AgentClient, ben: AgentClient
) -> None:
    assert (await anna.http.get("/api/desk/me/presence")).json()["away"] is False
    answer = (await set_away(anna, True)).json()
    assert answer["away"] is True
    team = (await ben.http.get("/api/desk/me/presence")).json()["team"]
    assert [(one["login"], one["away"]) for one in team] == [("anna", True), ("ben", False)]
    assert {(one["conversations"], one["capacity"]) for one in team} == {(0, 4)}
    assert (await set_away(anna, False)).json()["away"] is False


async def test_who_is_asked_and_goes_away_is_replaced_at_once(
    anna: AgentClient, ben: AgentClient, waiting: str
) -> None:
    async def asked_is(login: str) -> bool:
        return await asked(anna, waiting) == [login]

    await until(lambda: asked_is("anna"), what="anna is asked")
    await set_away(anna, True)
    await until(lambda: asked_is("ben"), what="ben is asked instead")


async def test_who_comes_back_gets_those_for_whom_nobody_could_be_asked(
    anna: AgentClient, ben: AgentClient, router: Router
) -> None:
    await set_away(anna, True)
    await set_away(ben, True)
    id = (await router.open()).id
    await router.ask_for_person(id, client_id="c-1234567", reason="asked_for_human")

    async def told() -> bool:
        return "assigned" in await anna.kinds(id)

    await until(told, what="the ladder begins")
    assert await asked(anna, id) == []
    await set_away(ben, False)

    async def ben_is_asked() -> bool:
        return await asked(anna, id) == ["ben"]

    await until(ben_is_asked, what="ben is asked")


async def test_reading_typing_and_acting_are_signs_of_life_and_an_open_stream_is_none(
    anna: AgentClient, waiting: str, redis: Redis[bytes]
) -> None:
    async def seen() -> bool:
        """Whether there was a sign of life since the last question."""
        return bool(await redis.zrem(SEEN, "anna"))

    await anna.look(waiting)
    assert await seen()
    async with anna.stream(f"/api/desk/conversations/{waiting}/events"):
        assert not await seen()
    await anna.http.get("/api/desk/queue")
    assert not await seen()
    await anna.do(waiting, "claim")
    assert await seen()
    await anna.do(waiting, "typing")
    assert await seen()


async def test_presence_needs_a_login_and_a_plain_yes_or_no(
    stranger: AgentClient, anna: AgentClient, router: Router
) -> None:
    assert error(await stranger.http.get("/api/desk/me/presence")) == (401, "not_logged_in")
    assert error(await set_away(stranger, True)) == (401, "not_logged_in")
    assert error(await set_away(anna, "perhaps")) == (400, "bad_request")
    del anna.http.headers["X-CSRF-Token"]
    assert error(await set_away(anna, True)) == (403, "csrf_failed")
