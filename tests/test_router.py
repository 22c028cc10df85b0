"""What the router does to text, and what never reaches a customer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands as do
from bot.errors import TextEmpty, TextTooLong
from bot.events import Agent, AgentSpoke, Claimed, NoteWritten
from bot.router import TEXT_AT_MOST, Router, clean, split_notes
from bot.store import Store
from bot.transcript import for_customer

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
    views = [view for entry in log if (view := for_customer(entry))]
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
