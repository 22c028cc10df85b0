"""What agents at the console can choose from."""

from __future__ import annotations

from bot.known_intents import intents_of
from bot.router import Router
from tests.agent_client import AgentClient, error


def test_the_intents_of_a_domain_are_its_names_without_rasas_own() -> None:
    domain = "intents: [greet, nlu_fallback, {inform: {use_entities: []}}, greet]"
    assert intents_of(domain) == ("greet", "inform")
    assert intents_of("version: '3.1'") == ()


async def test_agents_are_told_the_intents_and_the_skills(anna: AgentClient) -> None:
    intents = (await anna.http.get("/api/desk/intents")).json()["intents"]
    assert {"order_status", "warranty_repair"} <= set(intents)
    assert "nlu_fallback" not in intents
    skills = (await anna.http.get("/api/desk/skills")).json()["skills"]
    assert {"name": "returns", "words": "returns and repairs"} in skills


async def test_canned_texts_are_filled_in(anna: AgentClient, waiting: str) -> None:
    texts = (await anna.http.get(f"/api/desk/conversations/{waiting}/canned")).json()["canned"]
    hello = next(one["text"] for one in texts if one["name"] == "hello")
    assert hello.startswith("Hi, this is Anna Berg.")


async def test_nobody_else_is_told(stranger: AgentClient, waiting: str) -> None:
    for path in ("intents", "skills", f"conversations/{waiting}/canned"):
        assert error(await stranger.http.get(f"/api/desk/{path}")) == (401, "not_logged_in")


async def test_canned_texts_are_for_a_conversation_that_is_there(anna: AgentClient) -> None:
    response = await anna.http.get("/api/desk/conversations/nowhere/canned")
    assert error(response) == (404, "unknown_conversation")


async def test_a_page_is_told_how_large_a_file_may_be(anna: AgentClient, router: Router) -> None:
    assert (await anna.http.get("/api/desk/me")).json()["file_mb"] == 10
