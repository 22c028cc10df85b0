"""A turn through the really trained tiny assistant: what is answered, stored, and never doubled."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.events import BotUttered, UserUttered

from bot.nlu.turns import Line, Said, Stretch, TurnFailed, Turns
from tests.nlu.conftest import Actions

CONVERSATION = "c-1"


class Chat:
    """A customer who talks to the assistant, message after message."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.turns = Turns()
        self.seq = 0

    async def say(self, text: str, payload: str | None = None) -> dict[str, Any]:
        self.seq += 1
        return await self.again(text, payload)

    async def again(self, text: str, payload: str | None = None) -> dict[str, Any]:
        """Repeats the last message with the seq it had."""
        said = Said(CONVERSATION, self.seq, 0, text, payload)
        return await self.turns.turn(self.agent, said)

    async def returned(self, *lines: tuple[str, str]) -> None:
        self.seq += 1
        await self.turns.returned(
            self.agent,
            Stretch(CONVERSATION, tuple(Line(self.seq + n, *line) for n, line in enumerate(lines))),
        )

    async def events(self) -> list[Any]:
        tracker = await self.agent.tracker_store.retrieve_full_tracker(CONVERSATION)
        return list(tracker.events) if tracker else []


@pytest.fixture
def chat(agent: Agent) -> Chat:
    return Chat(agent)


def texts(answer: dict[str, Any]) -> list[str]:
    return [message["text"] for message in answer["messages"]]


async def test_an_answer_has_words_buttons_parse_and_triage(chat: Chat) -> None:
    answer = await chat.say("hello")
    assert answer["messages"] == [
        {
            "text": "Hello, I am a bot.",
            "buttons": [{"title": "Where is my order?", "payload": "/order_status"}],
            "image": None,
        }
    ]
    parse = answer["parse"]
    assert parse["intent"] == "greet"
    assert parse["ranking"][0] == {"name": "greet", "confidence": parse["confidence"]}
    assert parse["language"] == "en"
    assert (answer["triage"]["outcome"], answer["triage"]["reasons"]) == ("answer", [])
    assert answer["handoff"] is None


async def test_an_answer_says_what_triage_saw(chat: Chat) -> None:
    first = (await chat.say("where is my order"))["triage"]["turn"]
    assert (first["fresh"], first["form"], first["outcome"]) == (True, None, "answer")
    second = (await chat.say("it's nl10482"))["triage"]["turn"]
    assert (second["fresh"], second["requested_slot"]) == (False, "order_number")
    assert second["form"] == "order_form"
    assert second["fills_form"]
    third = (await chat.say("no, agent please"))["triage"]["turn"]
    assert (third["outcome"], third["reason"]) == ("handoff", "asked_for_human")
    assert not third["fills_form"]
    assert (await chat.again("no, agent please"))["triage"]["turn"] == third


async def test_an_image_is_passed_on(chat: Chat) -> None:
    answer = await chat.say("opening hours")
    assert answer["messages"][0]["image"] == "https://shop.example/hours.png"


async def test_a_form_collects_details_and_shows_them_to_agents(chat: Chat) -> None:
    assert texts(await chat.say("where is my order")) == ["Which order number?"]
    assert texts(await chat.say("it's nl10482")) == ["Which e-mail?"]
    answer = await chat.say("anna@mail.com")
    assert texts(answer) == ["Order NL-10482 is on its way."]
    assert answer["slots"] == {"order_number": "NL-10482", "email": "anna@mail.com"}


async def test_a_button_payload_is_a_command_and_typed_text_never_is(chat: Chat) -> None:
    assert texts(await chat.say("Where is my order?", "/order_status")) == ["Which order number?"]
    typed = await chat.say("/order_status")
    assert typed["parse"]["intent"] != ""
    user = [e for e in await chat.events() if isinstance(e, UserUttered)][-1]
    assert user.text == "order_status"


async def test_a_hand_off_comes_out_of_the_messages(chat: Chat) -> None:
    answer = await chat.say("can I talk to a human")
    assert texts(answer) == ["I'm getting a colleague."]
    assert answer["handoff"] == {
        "reason": "asked_for_human",
        "reasons": ["asked for a person"],
        "skill": None,
        "summary": "",
        "draft": "",
    }
    assert answer["triage"]["outcome"] == "handoff"


async def test_what_cannot_be_placed_is_clarified_and_the_third_time_handed_off(
    chat: Chat,
) -> None:
    outcomes = [
        (await chat.say(text))["triage"]["outcome"]
        for text in ("qwertz uiop", "hjkl uiop zxcv", "xyzzy plugh")
    ]
    assert outcomes == ["clarify", "clarify", "handoff"]


async def test_a_hand_off_within_a_form_happens_once_and_closes_the_form(
    chat: Chat, actions: Actions
) -> None:
    await chat.say("where is my order")
    actions.calls.clear()
    answer = await chat.say("no, agent please")
    assert answer["handoff"]["reason"] == "asked_for_human"
    assert actions.calls == ["action_triage", "action_handoff"]
    assert "Which order number?" not in texts(answer)
    after = await chat.say("hello")
    assert texts(after) == ["Hello, I am a bot."]


async def test_after_a_return_the_form_is_gone_and_the_slots_are_not(chat: Chat) -> None:
    await chat.say("where is my order")
    await chat.say("nl10482")
    await chat.say("talk to a person")
    await chat.returned(("agent", "Hi, I am Kari."), ("customer", "thanks"), ("agent", "Bye!"))
    answer = await chat.say("hello")
    assert texts(answer) == ["Hello, I am a bot."]
    assert answer["slots"] == {"order_number": "NL-10482"}
    assert (answer["triage"]["outcome"], answer["triage"]["reasons"]) == ("answer", [])
    assert answer["triage"]["turn"]["fresh"]


async def test_a_return_puts_the_human_stretch_into_the_tracker_once(chat: Chat) -> None:
    await chat.say("talk to a person")
    await chat.returned(("agent", "Hi, I am Kari."), ("customer", "thanks"))
    before = await chat.events()
    await chat.turns.returned(
        chat.agent, Stretch(CONVERSATION, (Line(chat.seq, "agent", "again"),))
    )
    assert await chat.events() == before
    assert [e.text for e in before if isinstance(e, BotUttered)][-1] == "Hi, I am Kari."
    assert [e.text for e in before if isinstance(e, UserUttered)][-1] == "thanks"


async def test_a_return_before_the_first_turn_is_fine(chat: Chat) -> None:
    await chat.returned(("agent", "Hello!"))
    assert texts(await chat.say("hello")) == ["Hello, I am a bot."]


async def test_a_repeated_turn_gives_the_recorded_answer(chat: Chat, actions: Actions) -> None:
    first = await chat.say("where is my order")
    events, calls = await chat.events(), list(actions.calls)
    assert await chat.again("where is my order") == first
    assert await chat.events() == events
    assert actions.calls == calls


async def test_a_turn_repeated_in_another_process_gives_the_recorded_answer(chat: Chat) -> None:
    first = await chat.say("talk to a person")
    chat.turns = Turns()
    assert await chat.again("talk to a person") == first


async def test_a_turn_repeated_while_it_runs_is_one_turn(chat: Chat, actions: Actions) -> None:
    actions.gate = asyncio.Event()
    chat.seq = 1
    one = asyncio.create_task(chat.again("agent please"))
    two = asyncio.create_task(chat.again("agent please"))
    await actions.called("action_handoff")
    actions.gate.set()
    assert await one == await two
    assert actions.calls.count("action_triage") == 1


async def test_a_client_that_goes_away_does_not_stop_the_turn(chat: Chat, actions: Actions) -> None:
    actions.gate = asyncio.Event()
    chat.seq = 1
    client = asyncio.create_task(chat.again("agent please"))
    await actions.called("action_handoff")
    client.cancel()
    with pytest.raises(asyncio.CancelledError):
        await client
    actions.gate.set()
    answer = await chat.again("agent please")
    assert answer["handoff"] is not None
    assert actions.calls == ["action_triage", "action_handoff"]


async def test_turns_of_one_conversation_wait_for_each_other(chat: Chat) -> None:
    said = [Said(CONVERSATION, seq, 0, "hello") for seq in range(1, 6)]
    await asyncio.gather(*(chat.turns.turn(chat.agent, s) for s in said))
    users = [e for e in await chat.events() if isinstance(e, UserUttered)]
    assert sorted(e.metadata["seq"] for e in users) == [1, 2, 3, 4, 5]


async def test_a_broken_action_server_fails_the_turn_and_stores_nothing(
    chat: Chat, actions: Actions
) -> None:
    actions.broken = True
    with pytest.raises(TurnFailed, match="action_triage did not run"):
        await chat.say("hello")
    assert await chat.events() == []
    actions.broken = False
    assert texts(await chat.again("hello")) == ["Hello, I am a bot."]


async def test_a_turn_beyond_its_deadline_fails_and_stores_nothing(
    chat: Chat, actions: Actions
) -> None:
    actions.gate = asyncio.Event()
    with pytest.raises(TurnFailed, match=r"longer than 0\.3 s"):
        await chat.turns.turn(chat.agent, Said(CONVERSATION, 1, 0, "agent", deadline=0.3))
    assert await chat.events() == []


async def test_text_of_nothing_but_slashes_is_still_a_message(chat: Chat) -> None:
    assert (await chat.say("///"))["triage"]["outcome"] == "clarify"


def test_a_payload_must_look_like_one() -> None:
    with pytest.raises(ValueError, match="a payload starts with /"):
        Said("c", 1, 0, "yes", payload="affirm")
