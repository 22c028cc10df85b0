"""Suggested replies: asked for behind the conversation's back, and never in its way."""

from __future__ import annotations

from functools import partial

import pytest

from bot import commands as do
from bot.events import Agent, AgentSpoke, DraftWritten
from bot.router import Router
from bot.store import Store
from tests.agent_client import new_id
from tests.gateway import RunningGateway
from tests.polling import soon
from tests.scripted_assistant import ScriptedAssistant

ANNA = Agent(login="anna", name="Anna")
ASKED = "when are you open?"
HOURS = {"text": "From nine to five.", "intent": "opening_hours", "confidence": 0.9}


@pytest.fixture
async def with_anna(router: Router, gateway: RunningGateway, assistant: ScriptedAssistant) -> str:
    """A conversation that Anna has, on a gateway whose assistant is ready."""
    assistant.suggestions[ASKED] = HOURS
    id = (await router.open()).id
    await router.from_customer(id, "hello", client_id=new_id())
    await soon(lambda: bool(assistant.turns), what="the assistant")
    await router.from_agent(id, do.Claim(agent=ANNA), client_id=new_id())
    return id


async def drafts(store: Store, id: str) -> list[DraftWritten]:
    return [e.event for e in await store.log(id) if isinstance(e.event, DraftWritten)]


async def test_an_answer_is_suggested_to_what_the_customer_has_just_written(
    with_anna: str, router: Router, store: Store
) -> None:
    spoke = await router.from_customer(with_anna, ASKED, client_id=new_id())

    async def suggested() -> bool:
        return bool((await store.load(with_anna)).drafts)

    await soon(suggested, what="the suggestion")
    (draft,) = await drafts(store, with_anna)
    assert draft == DraftWritten(
        text="From nine to five.",
        in_reply_to=spoke.seq,
        origin="suggestion",
        intent="opening_hours",
        confidence=0.9,
    )
    send = do.SendDraft(agent=ANNA, draft=(await store.load(with_anna)).drafts[0].seq)
    await router.from_agent(with_anna, send, client_id=new_id())
    said = (await store.log(with_anna))[-1].event
    assert isinstance(said, AgentSpoke)
    assert said.text == "From nine to five."
    assert (await store.load(with_anna)).drafts == ()


async def test_each_message_is_asked_about_once_and_unsure_ones_get_nothing(
    with_anna: str, router: Router, store: Store, assistant: ScriptedAssistant
) -> None:
    for text in ("hm", "what?"):
        await router.from_customer(with_anna, text, client_id=new_id())
        await soon(partial(assistant.asked_for_suggestions.__contains__, text), what=text)
    await router.from_agent(with_anna, do.Note(agent=ANNA, text="hm"), client_id=new_id())
    await router.from_customer(with_anna, ASKED, client_id=new_id())
    await soon(lambda: ASKED in assistant.asked_for_suggestions, what="the question")

    async def suggested() -> bool:
        return bool((await store.load(with_anna)).drafts)

    await soon(suggested, what="the suggestion")
    # It made the log grow, which brings the conversation back before the next message does.
    await router.from_customer(with_anna, "thanks", client_id=new_id())
    await soon(lambda: "thanks" in assistant.asked_for_suggestions, what="the next question")
    assert assistant.asked_for_suggestions == ["hm", "what?", ASKED, "thanks"]


async def test_a_broken_assistant_is_nobodys_business(
    with_anna: str, router: Router, store: Store, assistant: ScriptedAssistant
) -> None:
    assistant.status = 500
    await router.from_customer(with_anna, ASKED, client_id=new_id())
    await soon(lambda: ASKED in assistant.asked_for_suggestions, what="the question")
    reply = do.Reply(agent=ANNA, text="Nine to five")
    await router.from_agent(with_anna, reply, client_id=new_id())
    assistant.status = 200
    await router.from_customer(with_anna, "thanks", client_id=new_id())
    await soon(lambda: "thanks" in assistant.asked_for_suggestions, what="the next question")
    assert await drafts(store, with_anna) == []


async def test_what_the_bot_answers_itself_is_not_suggested(
    with_anna: str, router: Router, store: Store, assistant: ScriptedAssistant
) -> None:
    await router.from_agent(with_anna, do.ReturnToBot(agent=ANNA), client_id=new_id())
    await router.from_customer(with_anna, ASKED, client_id=new_id())
    await soon(lambda: len(assistant.turns) == 2, what="the bot's turn")
    await router.ask_for_person(with_anna, client_id=new_id(), reason="asked_for_human")
    await router.from_customer(with_anna, "hello?", client_id=new_id())
    await soon(lambda: bool(assistant.asked_for_suggestions), what="a question")
    # Perhaps twice: whoever is asked to come is one more entry, which may be looked at anew.
    assert set(assistant.asked_for_suggestions) == {"hello?"}
