"""Buttons, menus, modals, the App Home and /desk: what the contract does not ask of every desk."""

from __future__ import annotations

import time

import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.conversation import State
from bot.events import (
    AgentSpoke,
    Claimed,
    Closed,
    Labelled,
    NoteWritten,
    ReturnedToBot,
    Snoozed,
    Transferred,
)
from bot.threads import THREAD
from tests.desks.slack.front import Front
from tests.desks.slack.office import ANNA, BEN, Office
from tests.desks.slack.people import Person, labels_of, words_of
from tests.polling import soon

pytest_plugins = ("tests.desks.slack.fixtures",)
both_ways = pytest.mark.parametrize("office", ["socket", "http"], indirect=True)


async def test_whoever_is_asked_is_called_by_name_on_the_card(office: Office, anna: Person) -> None:
    id = await office.hand_over(asked=(ANNA,))
    card = await office.card(id)
    (called,) = [
        part["user_id"]
        for block in card["blocks"]
        for section in block.get("elements", [])
        for part in section.get("elements", [])
        if part.get("type") == "user"
    ]
    assert called == anna.id
    await office.ask(id, (ANNA,), rung="again")
    again = (await office.thread(id))[-1]
    assert "still waiting" in words_of(again["blocks"])


@both_ways
async def test_a_stale_button_says_what_has_happened_meanwhile(
    office: Office, anna: Person, ben: Person
) -> None:
    id = await office.hand_over()
    stale = await office.card(id)
    await anna.press(stale, "Claim")
    await ben.press(stale, "Claim")
    await soon(lambda: ben.hints() != [])
    assert "Anna Berg has this conversation" in ben.hints()[0]["text"]
    assert await office.events(id, Claimed) == [Claimed(agent=ANNA)]
    await ben.press(await office.card(id), "Take over")
    assert (await office.load(id)).owner == BEN


async def test_a_stranger_can_press_nothing(office: Office, stranger: Person) -> None:
    id = await office.hand_over()
    await stranger.press(await office.card(id), "Claim")
    await soon(lambda: stranger.hints() != [])
    assert "Deskhand does not know you" in stranger.hints()[0]["text"]
    assert (await office.load(id)).state is State.WAITING


async def test_a_canned_reply_goes_out_with_its_names_filled_in(
    office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    await anna.press(await office.card(id), "Send a canned reply…", "hello")
    (said,) = await office.said(id)
    assert said.startswith("Hi Mia Lund, this is Anna Berg.")


async def test_what_a_button_sent_can_be_changed_and_taken_back_by_its_author(
    office: Office, anna: Person, ben: Person
) -> None:
    id = await office.hand_over(draft="It comes tomorow.")
    thread = await office.thread(id)
    draft = next(m for m in thread if "Approve and send" in labels_of(m.get("blocks", [])))
    await anna.press(draft, "Approve and send")
    await soon(lambda: office.events(id, AgentSpoke))
    thread = await office.thread(id)
    assert not any("Approve and send" in labels_of(m.get("blocks", [])) for m in thread)
    sent = next(m for m in thread if "Take back" in labels_of(m.get("blocks", [])))
    await ben.press(sent, "Change…")
    assert "Only its author" in ben.hints()[0]["text"]
    await anna.press(sent, "Change…")
    (view,) = anna.modals()
    await anna.submit(view, **{"text-0": "It comes tomorrow."})
    sent = next(m for m in await office.thread(id) if m["ts"] == sent["ts"])
    assert "It comes tomorrow." in words_of(sent["blocks"])
    await anna.press(sent, "Take back")
    sent = next(m for m in await office.thread(id) if m["ts"] == sent["ts"])
    assert "took a message back" in words_of(sent["blocks"])
    assert labels_of(sent["blocks"]) == []


async def test_what_the_thread_did_not_show_yet_is_the_bots_to_answer(
    office: Office, anna: Person, redis: Redis[bytes]
) -> None:
    id = await office.hand_over()
    await office.router.execute(id, do.Claim(agent=ANNA))
    await soon(lambda: office.is_up_to_date(id))
    seen = (await office.load(id)).seq
    await office.say(id, "and the poles?")
    # As when Slack is slow: the message is stored, and not in the thread yet.
    card = await office.card(id)
    await redis.hset(THREAD.format("slack", id), "seen", seen)
    await anna.press(card, "Back to the bot")
    (returned,) = await office.events(id, ReturnedToBot)
    assert returned == ReturnedToBot(agent=ANNA, owed=(seen + 1,))


@both_ways
async def test_a_transfer_carries_a_word_to_the_colleague(office: Office, anna: Person) -> None:
    id = await office.hand_over()
    await anna.press(await office.card(id), "Transfer…")
    (view,) = anna.modals()
    assert await anna.submit(view, to="Ben Otieno", note="knows tents") is None
    assert await office.events(id, NoteWritten) == [NoteWritten(agent=ANNA, text="knows tents")]
    assert await office.events(id, Transferred) == [Transferred(agent=ANNA, to=BEN)]


async def test_what_is_wrong_in_a_modal_is_said_in_the_modal(office: Office, anna: Person) -> None:
    id = await office.hand_over()
    await anna.press(await office.card(id), "Label…")
    (view,) = anna.modals()
    answer = await anna.submit(view)
    assert answer["response_action"] == "errors"
    assert "What was it about?" in answer["errors"]["message"]
    assert await anna.submit(view, new="tent care") is None
    (label,) = await office.events(id, Labelled)
    assert (label.intent, label.new) == ("tent care", True)


async def test_it_is_put_away_until_a_time_of_the_agents_own(office: Office, anna: Person) -> None:
    id = await office.hand_over()
    await anna.press(await office.card(id), "Claim")
    await anna.press(await office.card(id), "Snooze…", "Until …")
    (view,) = anna.modals()
    block = next(b for b in view["blocks"] if b["block_id"] == "until")
    suggested = block["element"]["initial_date_time"]
    assert 0 < suggested - time.time() < 2 * 3600
    block["element"]["type"], block["element"]["initial_value"] = "plain_text_input", str(suggested)
    assert await anna.submit(view) is None
    (snoozed,) = await office.events(id, Snoozed)
    assert snoozed.until == suggested * 1000


async def test_the_app_home_has_the_queue_mine_and_todays_figures(
    office: Office, anna: Person, stranger: Person
) -> None:
    one, two, three = [await office.hand_over(f"question {n}") for n in range(3)]
    for id in (one, two, three):
        await office.card(id)
    await office.router.execute(two, do.Claim(agent=ANNA))
    await office.router.execute(three, do.Claim(agent=ANNA))
    await office.router.execute(three, do.Close(agent=ANNA, outcome="solved"))
    await office.router.execute(three, do.Rate(stars=4))
    await anna.open_home()
    await soon(lambda: anna.home() is not None)
    home = anna.home()
    assert home is not None
    words = words_of(home["blocks"])
    assert "1 waiting · 1 with people · 1 closed today (1 solved, 4.0 stars)" in words
    assert "Waiting (1)" in words
    assert "Mine (1)" in words
    assert "question 0" in words
    assert "Open the thread" in words
    await anna.press_at_home("Claim")
    await soon(lambda: office.is_owned(one))
    await anna.press_at_home("I am away")
    assert "You are away" in words_of((anna.home() or home)["blocks"])
    assert await office.people.absence("anna") == "self"
    await anna.press_at_home("I am back")
    assert await office.people.absence("anna") is None
    await stranger.open_home()
    await soon(lambda: stranger.home() is not None)
    assert "does not know you" in words_of((stranger.home() or home)["blocks"])


@both_ways
async def test_desk_does_in_words_what_the_buttons_do(
    front: Front, office: Office, anna: Person, stranger: Person
) -> None:
    channel = anna.channel("support")

    async def desk(words: str) -> str:
        return str((await anna.command(words, channel))["text"])

    assert await desk("queue") == "Nobody is waiting."
    id = await office.hand_over("<!channel> hello")
    await office.card(id)
    assert "Mia Lund" in await desk("")
    assert "&lt;!channel&gt;" in await desk("queue")
    assert "You have no conversation" in await desk("close")
    await office.router.execute(id, do.Claim(agent=ANNA))
    assert (await desk("mine")).startswith("1. ")
    assert "no time" in await desk("snooze whenever")
    assert await desk("snooze 2h") == "Put away: Mia Lund."
    assert "neither a skill nor a colleague" in await desk("transfer nobody")
    assert await desk("return") == "Back with the assistant: Mia Lund."
    two = [await office.hand_over(f"number {n}") for n in range(2)]
    for one in two:
        await office.router.execute(one, do.Claim(agent=ANNA))
    assert "You have 2 conversations" in await desk("close")
    assert await desk("close 2 spam") == "Closed: Mia Lund."
    assert [e.outcome for e in await office.events(two[1], Closed)] == ["spam"]
    assert await desk("transfer ben") == "Passed on: Mia Lund."
    assert "/desk back" in await desk("away")
    assert await office.people.absence("anna") == "self"
    assert await desk("back") == "Welcome back."
    assert "queue, mine, away" in await desk("dance")
    assert "does not know you" in (await stranger.command("queue", channel))["text"]


async def test_a_new_hand_off_gets_a_new_card_and_the_old_one_links_to_it(
    office: Office, anna: Person
) -> None:
    id = await office.hand_over("first question")
    old = await office.card(id)
    await office.router.execute(id, do.Claim(agent=ANNA))
    await office.router.execute(id, do.ReturnToBot(agent=ANNA))
    await office.say(id, "second question")
    await office.give_up(id)
    await office.ask(id)
    new = await office.card(id)
    assert new["ts"] != old["ts"]
    below = "\n".join(words_of(m.get("blocks", [])) for m in await office.thread(id))
    assert "first question" in below
    assert "second question" in below
    old = (await anna.thread(old["channel"], old["ts"]))[0]
    assert labels_of(old["blocks"]) == []
    assert f"p{new['ts'].replace('.', '')}" in words_of(old["blocks"])
    await anna.say(new["channel"], "hello again", new["ts"])
    await soon(lambda: office.said(id))


async def test_a_draft_goes_along_when_it_is_passed_on_to_another_channel(
    office: Office, anna: Person
) -> None:
    id = await office.hand_over(skill="orders", draft="We are sorry.")
    old = await office.card(id)
    await office.router.execute(id, do.Transfer(agent=ANNA, skill="sales"))
    await office.ask(id, skill="sales")
    new = await office.card(id)
    assert new["channel"] != old["channel"]
    thread = await office.thread(id)
    draft = next(m for m in thread if "Approve and send" in labels_of(m.get("blocks", [])))
    await anna.press(draft, "Approve and send")
    await soon(lambda: office.said(id))
    thread = await office.thread(id)
    assert not any("Approve and send" in labels_of(m.get("blocks", [])) for m in thread)


async def test_a_long_transcript_is_a_text_file(office: Office, anna: Person) -> None:
    id = (await office.router.open("")).id
    for n in range(12):
        await office.say(id, f"question {n}")
    await office.give_up(id)
    await office.ask(id)
    (file,) = [f for m in await office.thread(id) for f in m.get("files", [])]
    assert file["title"] == "conversation.txt"
    text = (await anna.read_file(file)).decode()
    assert all(f"Customer: question {n}" in text for n in range(12))


async def test_an_alert_calls_the_owners(office: Office, anna: Person) -> None:
    await office.desk.alert("Telegram <cannot> be reached.")
    (alert,) = await anna.channel_messages(anna.channel("support"))
    assert "Telegram <cannot> be reached." in words_of(alert["blocks"])
    assert anna.id in str(alert["blocks"])
