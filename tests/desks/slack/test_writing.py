"""What agents write in a thread, over both of Slack's ways to reach us: it arrives once, in order,
and only if it may."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation import State
from bot.events import (
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Claimed,
    Closed,
    HeldDropped,
    NoteWritten,
    ReplyHeld,
)
from tests.desks.slack.deliveries import now_ts
from tests.desks.slack.front import Front
from tests.desks.slack.office import ANNA, BEN, Office
from tests.desks.slack.people import Person, words_of
from tests.polling import soon

pytest_plugins = ("tests.desks.slack.fixtures",)
both_ways = pytest.mark.parametrize("office", ["socket", "http"], indirect=True)


async def settled(front: Front) -> None:
    """Slack has brought everything, and it was acknowledged."""
    await soon(lambda: front.deliveries.under_way == 0, what="all deliveries")


@both_ways
async def test_a_reply_in_an_unclaimed_thread_claims_it_and_reaches_the_customer(
    office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await anna.say(card["channel"], "Hi, I am <Anna> & *here* :wave:", card["ts"])
    await soon(lambda: office.said(id))
    assert await office.said(id) == ["Hi, I am <Anna> & *here* 👋"]
    assert await office.events(id, Claimed) == [Claimed(agent=ANNA)]
    assert words_of((await office.card(id))["blocks"]).startswith("💬 Mia Lund: is angry")
    texts = [message["text"] for message in await office.thread(id)]
    assert sum("Anna" in text for text in texts[1:]) == 1, "her own words are not repeated"


@both_ways
async def test_two_quick_messages_arrive_in_order(office: Office, anna: Person) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    for number in range(12):
        await anna.say(card["channel"], f"part {number}", card["ts"])
    await soon(lambda: len_of(office, id, 12))
    assert await office.said(id) == [f"part {number}" for number in range(12)]


async def len_of(office: Office, id: str, many: int) -> bool:
    return len(await office.said(id)) >= many


async def test_lines_with_slashes_stay_between_colleagues(office: Office, anna: Person) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await anna.say(
        card["channel"], "One moment please\n// is this the one from Monday?", card["ts"]
    )
    await soon(lambda: office.said(id))
    assert await office.said(id) == ["One moment please"]
    noted = await office.events(id, NoteWritten)
    assert [note.text for note in noted] == ["is this the one from Monday?"]


async def test_a_stranger_gets_a_hint_that_only_they_see_and_nothing_is_sent(
    front: Front, office: Office, stranger: Person, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await stranger.say(card["channel"], "I know it!", card["ts"])
    await stranger.react(card["channel"], card["ts"], "eyes")
    await soon(lambda: len(stranger.hints()) == 2)
    assert "Deskhand does not know you" in stranger.hints()[0]["text"]
    assert stranger.id in words_of(stranger.hints()[0]["blocks"])
    assert stranger.hints()[0]["thread_ts"] == card["ts"]
    assert await office.said(id) == []
    assert (await office.load(id)).owner is None
    assert anna.hints() == []


async def test_what_was_edited_or_deleted_is_changed_for_the_customer(
    office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    first = await anna.say(card["channel"], "It comes tomorow", card["ts"])
    second = await anna.say(card["channel"], "wrong window", card["ts"])
    await soon(lambda: len_of(office, id, 2))
    await anna.edit(card["channel"], first, "It comes tomorrow")
    await anna.delete(card["channel"], second, card["ts"])
    await soon(lambda: office.events(id, AgentEdited))
    await soon(lambda: office.events(id, AgentRetracted))
    log = await office.store.log(id)
    seq = {e.event.text: e.seq for e in log if isinstance(e.event, AgentSpoke)}
    edited, retracted = (
        await office.events(id, AgentEdited),
        await office.events(id, AgentRetracted),
    )
    assert edited == [AgentEdited(agent=ANNA, of=seq["It comes tomorow"], text="It comes tomorrow")]
    assert retracted == [AgentRetracted(agent=ANNA, of=seq["wrong window"])]


async def test_a_preview_that_slack_adds_to_a_link_is_no_edit(
    front: Front, office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    ts = await anna.say(card["channel"], "see https://shop.example", card["ts"])
    await soon(lambda: office.said(id))
    event = {
        "type": "message",
        "subtype": "message_changed",
        "channel": card["channel"],
        "ts": now_ts(),
        "message": {
            "type": "message",
            "user": anna.id,
            "ts": ts,
            "thread_ts": card["ts"],
            "text": "see <https://shop.example>",
            "attachments": [{"title": "The shop"}],
        },
    }
    await front.run(bring(front, event))
    await settled(front)
    assert await office.events(id, AgentEdited) == []


async def bring(front: Front, event: dict[str, Any]) -> None:
    front.deliveries.event(event)


def message(anna: Person, card: dict[str, Any], ts: str, text: str) -> dict[str, Any]:
    """A message event as Slack makes it, to be brought when the test likes."""
    return {
        "type": "message",
        "channel": card["channel"],
        "channel_type": "channel",
        "user": anna.id,
        "ts": ts,
        "thread_ts": card["ts"],
        "text": text,
    }


async def test_events_that_come_late_and_twice_have_the_effect_of_the_latest(
    front: Front, office: Office, anna: Person
) -> None:
    """The second edit, the first edit and only then the message itself."""
    id = await office.hand_over()
    card = await office.card(id)
    ts = now_ts()
    said = message(anna, card, ts, "one")

    def edited(text: str, after: float) -> dict[str, Any]:
        edit = {"user": anna.id, "ts": f"{float(ts) + after:.6f}"}
        changed = {**said, "text": text, "edited": edit}
        where = {"type": "message", "subtype": "message_changed", "channel": card["channel"]}
        return {**where, "ts": now_ts(), "message": changed}

    for event in (edited("three", 2.0), edited("two", 1.0), said, edited("three", 2.0), said):
        await front.run(bring(front, event))
        await settled(front)
    assert await office.said(id) == ["three"]
    texts = [event.text for event in await office.events(id, AgentEdited)]
    assert texts in ([], ["three"])


async def test_what_was_deleted_before_it_arrived_is_never_sent(
    front: Front, office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    said = message(anna, card, now_ts(), "please ignore")
    gone = {"type": "message", "subtype": "message_deleted", "channel": card["channel"]}
    gone |= {"ts": now_ts(), "deleted_ts": said["ts"], "previous_message": said}
    await front.run(bring(front, gone))
    await settled(front)
    await front.run(bring(front, said))
    await settled(front)
    assert await office.said(id) == []


async def test_a_lost_acknowledgement_brings_the_same_event_again_to_no_effect(
    front: Front, office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await settled(front)
    front.deliveries.ack_within = 0.5
    front.deliveries.lose_acks("just once", times=2)
    await anna.say(card["channel"], "just once", card["ts"])
    await settled(front)
    brought = [
        d for d in front.deliveries.log if d.payload.get("event", {}).get("text") == "just once"
    ]
    assert len(brought) == 3
    assert await office.said(id) == ["just once"]


@both_ways
async def test_a_colleagues_reply_is_held_and_only_they_are_asked(
    office: Office, anna: Person, ben: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await anna.say(card["channel"], "I have it", card["ts"])
    await soon(lambda: office.said(id))
    await ben.say(card["channel"], "It is the blue one", card["ts"])
    await ben.say(card["channel"], "or the green one", card["ts"])
    await soon(lambda: len(ben.hints()) == 2)
    assert await office.said(id) == ["I have it"]
    assert anna.hints() == []
    send, drop = ({**hint, "channel": card["channel"]} for hint in ben.hints())
    assert "Anna Berg has this conversation" in send["text"]
    assert "It is the blue one" in words_of(send["blocks"])
    await ben.press(drop, "Discard")
    await ben.press(send, "Take over and send")
    await soon(lambda: not ben.hints())
    assert await office.said(id) == ["I have it", "It is the blue one"]
    assert (await office.load(id)).owner == BEN
    assert len(await office.events(id, ReplyHeld)) == len(await office.events(id, HeldDropped)) == 2


async def test_a_held_reply_that_is_deleted_is_discarded(
    office: Office, anna: Person, ben: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await anna.say(card["channel"], "I have it", card["ts"])
    await soon(lambda: office.said(id))
    ts = await ben.say(card["channel"], "me too", card["ts"])
    await soon(lambda: office.events(id, ReplyHeld))
    await ben.delete(card["channel"], ts, card["ts"])
    await soon(lambda: office.events(id, HeldDropped))
    assert (await office.load(id)).held == ()


@both_ways
async def test_files_go_both_ways(office: Office, anna: Person) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
    await anna.share(card["channel"], "label.png", picture, card["ts"], "your label")
    await soon(lambda: office.said(id))
    (spoken,) = await office.events(id, AgentSpoke)
    assert (spoken.text, [file.name for file in spoken.files]) == ("your label", ["label.png"])
    assert (await office.files.get(id, spoken.files[0].id))[1] == picture
    photo = await office.files.put(id, "tent.png", picture + b"1", key="customer")
    await office.say(id, "it looks like this", files=(photo,))
    shown = await office.thread(id)
    file = next(f for m in shown for f in m.get("files", []) if f["title"] == "tent.png")
    assert await anna.read_file(file) == picture + b"1"
    assert any("it looks like this" in words_of(m.get("blocks", [])) for m in shown)


async def test_a_file_that_is_not_taken_is_refused_with_a_hint(
    office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await anna.share(card["channel"], "big.bin", b"\0" * 1_000_001, card["ts"])
    await soon(lambda: anna.hints() != [])
    assert anna.hints()[0]["text"].startswith("Not sent")
    assert await office.said(id) == []


async def test_mentions_and_links_read_as_words(office: Office, anna: Person, ben: Person) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    event = message(anna, card, now_ts(), f"ask <@{ben.id}> or <https://shop.example/faq|our FAQ>")
    await office.front.run(bring(office.front, event))
    await soon(lambda: office.said(id))
    assert await office.said(id) == ["ask @ben or our FAQ (https://shop.example/faq)"]


@both_ways
async def test_reactions_on_the_card_claim_and_close(office: Office, anna: Person) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    below = (await office.thread(id))[1]
    await anna.react(card["channel"], below["ts"], "eyes")
    await anna.react(card["channel"], card["ts"], "tada")
    await settled(office.front)
    assert (await office.load(id)).owner is None
    await anna.react(card["channel"], card["ts"], "eyes")
    await soon(lambda: office.events(id, Claimed))
    await anna.react(card["channel"], card["ts"], "white_check_mark")
    await soon(lambda: office.events(id, Closed))
    assert (await office.load(id)).state is State.CLOSED


async def test_what_cannot_be_sent_is_said_to_who_wrote_it(office: Office, anna: Person) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await anna.react(card["channel"], card["ts"], "white_check_mark")
    await soon(lambda: office.events(id, Closed))
    await anna.say(card["channel"], "one more thing", card["ts"])
    await soon(lambda: anna.hints() != [])
    assert "It is closed. Reopen it first." in anna.hints()[0]["text"]
    await anna.say(card["channel"], "x" * 4_001, card["ts"])
    await soon(lambda: len(anna.hints()) == 2)
    assert "4,000 are the most" in anna.hints()[1]["text"]


async def test_what_is_said_in_the_channel_or_by_the_app_itself_goes_nowhere(
    front: Front, office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await anna.say(card["channel"], "good morning everybody")
    other = await anna.say(card["channel"], "lunch?")
    await anna.say(card["channel"], "yes", other)
    await settled(front)
    assert await office.said(id) == []
    assert anna.hints() == []
    own = [d for d in front.deliveries.log if d.payload.get("event", {}).get("bot_id")]
    assert own, "Slack tells an app of its own messages, too"
    assert all(delivery.acknowledged for delivery in own)
