"""The contract: a card, one owner, replies, notes, files, and second thoughts."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation import State
from bot.events import AgentSpoke, Claimed, HeldDropped, NoteWritten, ReplyHeld
from tests.desks.contract.driver import ANNA, BEN, DeskDriver
from tests.desks.contract.truth import Truth
from tests.desks.contract.visitor import Visitor, visiting
from tests.scripted_assistant import ScriptedAssistant, hands_off

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc00000030101"
    "00c9fe92ef0000000049454e44ae426082"
)


async def test_a_hand_off_shows_a_card_with_why_and_what_was_said(
    desk: DeskDriver, customer: Visitor, assistant: ScriptedAssistant
) -> None:
    assistant.on("I want a person", hands_off())
    await customer.say("where is my parcel")
    await customer.sees("an answer", lambda e: "echo: where" in str(e.get("messages")))
    await customer.say("I want a person")
    await customer.is_in("waiting")
    await desk.sees_card(customer.id, "asked for a person")
    await desk.sees(customer.id, "where is my parcel")


async def test_conversations_with_the_bot_alone_never_appear(
    desk: DeskDriver, customer: Visitor
) -> None:
    async with visiting(desk.gateway.url) as other:
        await other.say("opening hours")
        await other.sees("an answer", lambda e: "echo: opening hours" in str(e.get("messages")))
        await customer.ask_for_person()
        await desk.sees_card(customer.id)
        assert await desk.shown() == {customer.id}


async def test_who_claims_has_it_and_the_customer_sees_who(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    assert await desk.claim(ANNA, waiting.id) == ""
    assert (await truth.becomes(waiting.id, State.HUMAN)).owner == ANNA
    await waiting.sees("Anna joins", lambda e: e["kind"] == "claimed" and "Anna Berg" in str(e))
    await desk.sees_card(waiting.id, "Anna Berg")


async def test_of_two_claims_at_once_one_wins_and_the_other_hears_who(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    told = await asyncio.gather(desk.claim(ANNA, waiting.id), desk.claim(BEN, waiting.id))
    (claimed,) = await truth.gets(waiting.id, Claimed)
    assert sorted(map(bool, told)) == [False, True]
    assert claimed.agent.name in "".join(told)


async def test_a_reply_reaches_the_customer_and_theirs_the_desk(
    desk: DeskDriver, waiting: Visitor
) -> None:
    await desk.claim(ANNA, waiting.id)
    await desk.reply(ANNA, waiting.id, "Yes, the seams are taped.")
    await waiting.reads("Yes, the seams are taped.")
    await waiting.say("Great <3 & thanks")
    await desk.sees(waiting.id, "Great <3 & thanks")


async def test_a_reply_to_an_unclaimed_conversation_claims_it(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.reply(BEN, waiting.id, "Hello!")
    await waiting.reads("Hello!")
    assert (await truth.now(waiting.id)).owner == BEN


@pytest.mark.parametrize("text", ["*stars* _lines_ `ticks`", "1 < 2 & 3 > 2", "שלום 🧗 ñ", "a\nb"])
async def test_any_text_arrives_as_it_was_written(
    desk: DeskDriver, waiting: Visitor, text: str
) -> None:
    await desk.reply(ANNA, waiting.id, text)
    await waiting.reads(text)
    await waiting.say(text)
    for line in text.splitlines():
        await desk.sees(waiting.id, line)


async def test_a_reply_by_somebody_else_than_the_owner_is_held_then_sent_by_taking_over(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.reply(ANNA, waiting.id, "Hello!")
    await desk.reply(BEN, waiting.id, "I know this one")
    await desk.sees_held(BEN, waiting.id, "I know this one")
    assert len(await truth.gets(waiting.id, ReplyHeld)) == 1
    assert waiting.texts() == ["Hello!"]
    await desk.take_over(BEN, waiting.id, "I know this one")
    await waiting.reads("Hello!", "I know this one")
    assert (await truth.now(waiting.id)).owner == BEN
    await desk.sees_card(waiting.id, "Ben Otieno")


async def test_a_held_reply_that_is_discarded_is_never_sent(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.reply(ANNA, waiting.id, "Hello!")
    await desk.reply(BEN, waiting.id, "I know this one")
    await desk.sees_held(BEN, waiting.id, "I know this one")
    await desk.discard(BEN, waiting.id, "I know this one")
    await truth.gets(waiting.id, HeldDropped)
    assert (await truth.now(waiting.id)).held == ()
    await desk.reply(ANNA, waiting.id, "Still here.")
    await waiting.reads("Hello!", "Still here.")


async def test_a_note_is_for_colleagues_only(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.note(BEN, waiting.id, "SECRET one")
    await desk.reply(ANNA, waiting.id, "// SECRET two")
    await desk.reply(ANNA, waiting.id, "Hello!\n// SECRET three")
    await waiting.reads("Hello!")
    notes = await truth.gets(waiting.id, NoteWritten, 3)
    assert [note.text for note in notes] == ["SECRET one", "SECRET two", "SECRET three"]
    assert "SECRET" not in waiting.everything()
    await desk.sees(waiting.id, "SECRET one")


async def test_files_go_both_ways(desk: DeskDriver, waiting: Visitor) -> None:
    await waiting.send_file("tent.png", PNG)
    assert await desk.file(ANNA, waiting.id, "tent.png") == PNG
    await desk.send_file(ANNA, waiting.id, "seam.png", PNG)
    sent = await waiting.sees("a file", lambda e: e["kind"] == "agent_spoke" and e["files"])
    (file,) = sent["files"]
    assert (file["name"], file["size"]) == ("seam.png", len(PNG))
    assert await waiting.file(file["id"]) == PNG


async def test_an_edited_message_is_edited_for_the_customer(
    desk: DeskDriver, waiting: Visitor
) -> None:
    await desk.reply(ANNA, waiting.id, "It is in Oslo")
    await desk.reply(ANNA, waiting.id, "Anything else?")
    await waiting.reads("It is in Oslo", "Anything else?")
    await desk.edit(ANNA, waiting.id, "It is in Oslo", "It is in Bergen")
    await waiting.reads("It is in Bergen", "Anything else?")


async def test_a_message_that_is_taken_back_is_gone_for_the_customer(
    desk: DeskDriver, waiting: Visitor
) -> None:
    await desk.reply(ANNA, waiting.id, "For Mr Olsen")
    await desk.reply(ANNA, waiting.id, "Anything else?")
    await waiting.reads("For Mr Olsen", "Anything else?")
    await desk.retract(ANNA, waiting.id, "For Mr Olsen")
    await waiting.reads("", "Anything else?")


async def test_what_is_sent_is_sent_once(desk: DeskDriver, waiting: Visitor, truth: Truth) -> None:
    for n in range(5):
        await desk.reply(ANNA, waiting.id, f"n{n}")
    await waiting.reads(*(f"n{n}" for n in range(5)))
    said = await truth.gets(waiting.id, AgentSpoke, 5)
    assert [one.text for one in said] == [f"n{n}" for n in range(5)]
