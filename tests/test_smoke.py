"""The conversations that a new model must get right, with an assistant on a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.assistants import CHANNEL
from bot.policy_file import PolicyError
from bot.smoke import AT_MOST, ID, TRACKER, SmokeFailed, Try, forget, load_smoke, try_out
from tests.scripted_assistant import ScriptedAssistant, hands_off, says

SHIPPED = (Path(__file__).parents[1] / "data/smoke.yml").read_text()
TRIES = load_smoke(SHIPPED)


async def hold(assistant: ScriptedAssistant) -> None:
    await try_out(assistant.port, assistant.token, CHANNEL, TRIES)


async def test_the_shipped_ones_are_a_greeting_a_question_and_a_wish_for_a_person(
    assistant: ScriptedAssistant,
) -> None:
    assert [one.expect for one in TRIES] == ["answer", "answer", "person"]
    assistant.on(TRIES[-1].say, hands_off())
    await hold(assistant)
    assert [turn["text"] for turn in assistant.turns] == [one.say for one in TRIES]
    assert len({turn["conversation"] for turn in assistant.turns}) == len(TRIES)


async def test_who_does_not_hand_over_has_failed(assistant: ScriptedAssistant) -> None:
    with pytest.raises(SmokeFailed, match="it should hand over to a person, and it answered"):
        await hold(assistant)


async def test_who_hands_over_everybody_has_failed(assistant: ScriptedAssistant) -> None:
    assistant.on(TRIES[0].say, hands_off())
    with pytest.raises(SmokeFailed, match="“hi there” it should answer, and it handed over"):
        await hold(assistant)


async def test_who_says_nothing_has_failed(assistant: ScriptedAssistant) -> None:
    assistant.on(TRIES[1].say, says())
    with pytest.raises(SmokeFailed, match=r"opening hours.* it said nothing"):
        await hold(assistant)


@pytest.mark.parametrize("status", [500, 504])
async def test_an_error_is_a_failure(assistant: ScriptedAssistant, status: int) -> None:
    assistant.status = status
    with pytest.raises(SmokeFailed, match=f"it answered {status}"):
        await hold(assistant)


async def test_a_wrong_token_is_a_failure(assistant: ScriptedAssistant) -> None:
    with pytest.raises(SmokeFailed, match="it answered 401"):
        await try_out(assistant.port, "another", CHANNEL, TRIES)


async def test_an_assistant_that_is_not_there_is_an_error_of_its_own() -> None:
    with pytest.raises(OSError):
        await try_out(1, "token", CHANNEL, TRIES)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must be a mapping"),
        ("conversations: []", "a list of 1 to 20"),
        ("conversations: [{say: hi, expect: joke}]", r"conversations\[0\].expect is 'joke'"),
        ("conversations: [{say: '', expect: answer}]", r"conversations\[0\].say is ''"),
        ("conversations: [{say: hi}]", r"conversations\[0\].expect is missing"),
        ("conversations: [{say: hi, expect: answer, by: me}]", r"conversations\[0\].by is not"),
        (f"conversations: [{', '.join(['{say: hi, expect: answer}'] * 21)}]", "a list of 1 to 20"),
        ("conversations: [", "not valid YAML"),
    ],
)
def test_a_wrong_file_names_the_key(text: str, says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        load_smoke(text)


def test_only_what_can_be_expected_is() -> None:
    with pytest.raises(ValueError, match="joke"):
        Try("hi", "joke")


async def test_what_the_assistant_remembers_of_them_is_deleted_and_nothing_else(
    redis: Redis[bytes],
) -> None:
    ids = [ID.format(0), ID.format(AT_MOST - 1), "a-customer"]
    for id in ids:
        await redis.rpush(TRACKER[0].format(id), "{}")
        await redis.set(TRACKER[1].format(id), "{}")
    await forget(redis)
    assert sorted(await redis.keys("*")) == sorted(k.format("a-customer").encode() for k in TRACKER)
