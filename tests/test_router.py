"""What the router does to text, and what never reaches a customer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands as do
from bot.errors import IllegalMove, TextEmpty, TextTooLong
from bot.events import Agent, AgentEdited, AgentSpoke, Claimed, CustomerSpoke, NoteWritten
from bot.router import TEXT_AT_MOST, Router, clean, split_notes
from bot.store import Store
from bot.transcript import for_customer
from tests.every_state import BEN, PHOTO

ANNA = Agent(login="anna", name="Anna")


@pytest.mark.parametrize(
    ("text", "said", "noted"),
    [
        ("Hello\n// he is angry\nHow can I help?", "Hello\nHow can I help?", "he is angry"),
        ("// only a note", "", "only a note"),
        ("  //indented", "", "indented"),
        ("see https://shop.example//x", "see https://shop.example//x", ""),
    ],
)
def test_lines_that_begin_with_two_slashes_are_notes(text: str, said: str, noted: str) -> None:
    assert split_notes(text) == (said, noted)


async def test_a_note_line_in_a_reply_never_reaches_the_customer(
    store: Store, router: Router
) -> None:
    opened = await router.open()
    await router.ask_for_person(opened.id, client_id="client-1", reason="asked_for_human")
    reply = do.Reply(agent=ANNA, text="Hello\n// he is angry\nHow can I help?")
    for _ in range(2):
        await router.from_agent(opened.id, reply, client_id="client-2")
    log = await store.log(opened.id)
    views = [view for entry in log if (view := for_customer(entry, opened))]
    assert "angry" not in str(views)
    ours = [e.event for e in log if isinstance(e.event, NoteWritten | AgentSpoke | Claimed)]
    assert ours == [
        Claimed(agent=ANNA),
        NoteWritten(agent=ANNA, text="he is angry"),
        AgentSpoke(agent=ANNA, text="Hello\nHow can I help?"),
    ]


async def test_a_reply_that_is_all_note_is_a_note_and_claims_nothing(
    store: Store, router: Router
) -> None:
    opened = await router.open()
    await router.ask_for_person(opened.id, client_id="client-1", reason="asked_for_human")
    only = do.Reply(agent=ANNA, text="// wait for Ben")
    outcome = await router.from_agent(opened.id, only, client_id="client-2")
    assert outcome.conversation.owner is None
    assert (await store.log(opened.id))[-1].event == NoteWritten(agent=ANNA, text="wait for Ben")


async def owned(router: Router) -> tuple[str, int]:
    """A conversation that Anna has, and the seq of what she said in it."""
    id = (await router.open()).id
    await router.ask_for_person(id, client_id="client-1", reason="asked_for_human")
    said = do.Reply(agent=ANNA, text="In Oslo")
    return id, (await router.from_agent(id, said, client_id="slack:1")).seq


async def test_a_note_line_that_is_edited_into_a_message_never_reaches_the_customer(
    store: Store, router: Router
) -> None:
    id, said = await owned(router)
    edit = do.Edit(agent=ANNA, of=said, text="In Bergen\n// or was it?")
    outcome = await router.from_agent(id, edit, client_id="slack:2")
    assert [entry.event for entry in await store.log(id, after=said)] == [
        NoteWritten(agent=ANNA, text="or was it?"),
        AgentEdited(agent=ANNA, of=said, text="In Bergen"),
    ]
    with pytest.raises(TextEmpty):
        await router.from_agent(
            id, do.Edit(agent=ANNA, of=said, text="// psst"), client_id="slack:3"
        )
    again = await router.from_agent(id, edit, client_id="slack:2")
    assert (again.seq, again.duplicate) == (outcome.seq, True)


async def test_only_messages_to_the_customer_can_be_changed_and_only_the_customers_labelled(
    router: Router,
) -> None:
    id, said = await owned(router)
    for of in (1, said + 50):
        with pytest.raises(IllegalMove, match="no message of yours"):
            await router.from_agent(id, do.Retract(agent=ANNA, of=of), client_id=f"of:{of}")
    with pytest.raises(IllegalMove, match="no message of the customer's"):
        await router.from_agent(
            id, do.Label(agent=ANNA, of=said, intent="hours"), client_id="slack:9"
        )


async def test_a_file_needs_no_words_and_words_that_are_all_note_go_with_it(
    store: Store, router: Router
) -> None:
    id, said = await owned(router)
    await router.from_customer(id, "", client_id="client-7", files=(PHOTO,))
    reply = do.Reply(agent=ANNA, text="// nice", files=(PHOTO,))
    await router.from_agent(id, reply, client_id="slack:4")
    assert [entry.event for entry in await store.log(id, after=said)] == [
        CustomerSpoke(text="", client_id="client-7", files=(PHOTO,)),
        NoteWritten(agent=ANNA, text="nice"),
        AgentSpoke(agent=ANNA, text="", files=(PHOTO,)),
    ]


async def test_an_intent_without_a_name_is_refused(router: Router) -> None:
    id, _ = await owned(router)
    asked = (await router.from_customer(id, "hours?", client_id="client-8")).seq
    for intent, error in ((" ", TextEmpty), ("x" * 81, TextTooLong)):
        with pytest.raises(error):
            await router.from_agent(
                id, do.Label(agent=ANNA, of=asked, intent=intent), client_id="slack:5"
            )


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    try:
        once = clean(text)
    except TextEmpty:
        return
    assert clean(once) == once


def test_text_is_refused_when_there_is_none_or_too_much() -> None:
    with pytest.raises(TextEmpty, match="empty"):
        clean("\x00 \n")
    assert len(clean("x" * TEXT_AT_MOST)) == TEXT_AT_MOST
    with pytest.raises(TextTooLong, match="4,001 characters"):
        clean("x" * (TEXT_AT_MOST + 1))


async def test_words_that_were_held_and_then_sent_can_be_changed_and_taken_back(
    store: Store, router: Router
) -> None:
    """A desk knows the message that its agent wrote, and that was stored as a held reply."""
    id = (await router.open()).id
    await router.ask_for_person(id, client_id="client-1", reason="asked_for_human")
    await router.from_agent(id, do.Claim(agent=ANNA), client_id="client-2")
    held = await router.from_agent(id, do.Reply(agent=BEN, text="helo"), client_id="client-3")
    await router.from_agent(id, do.SendHeld(agent=BEN, held=held.seq), client_id="client-4")
    (said,) = [e.seq for e in await store.log(id) if isinstance(e.event, AgentSpoke)]
    change = do.Edit(agent=BEN, of=held.seq, text="hello")
    await router.from_agent(id, change, client_id="client-5")
    assert (await store.log(id))[-1].event == AgentEdited(agent=BEN, of=said, text="hello")
    back = do.Retract(agent=BEN, of=held.seq)
    taken = await router.from_agent(id, back, client_id="client-6")
    assert taken.conversation.retracted == (said,)
