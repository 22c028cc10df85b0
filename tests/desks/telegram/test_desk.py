"""What people do in the group beyond the contract: commands, slips, strangers, second thoughts."""

from __future__ import annotations

import logging

import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.conversation import State
from bot.desks.telegram_buttons import Seal
from bot.desks.telegram_client import Place, Telegram
from bot.desks.telegram_text import own
from bot.errors import DeskError
from bot.events import (
    AgentEdited,
    AgentSpoke,
    Closed,
    Labelled,
    NoteWritten,
    ReturnedToBot,
    Snoozed,
    Transferred,
)
from bot.people import AWAY
from bot.router import Router
from bot.settings import Secret
from bot.threads import THREAD
from tests.desks.contract.driver import ANNA, BEN, CANNED, Workplace
from tests.desks.contract.truth import Truth
from tests.desks.contract.visitor import Visitor
from tests.desks.telegram.people import Person, labels
from tests.desks.telegram.server import TOKEN, FakeTelegram, Fault
from tests.desks.telegram.telegram_driver import (
    ACCOUNTS,
    Found,
    TelegramDriver,
    has_button,
)
from tests.polling import soon


def at(desk: TelegramDriver, who: str, waiting: Visitor) -> tuple[Person, int]:
    person, topic = desk._at({"anna": ANNA, "ben": BEN}[who], waiting.id)
    assert topic is not None
    return person, topic


async def told(desk: TelegramDriver, waiting: Visitor, text: str) -> Found:
    return await desk._find(f"{text!r}", lambda: desk._in_thread(waiting.id, text))


def posts(desk: TelegramDriver, waiting: Visitor, text: str) -> list[Found]:
    """What the customer said, as posts below the card."""
    return [f for f in desk._in_thread(waiting.id, text) if f.text.startswith("👤")]


# ------------------------------------------------------------------------------------- commands


async def test_commands_do_what_slacks_do(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    anna, topic = at(desk, "anna", waiting)
    anna.write("/claim", topic)
    assert (await truth.becomes(waiting.id, State.HUMAN)).owner == ANNA
    anna.write("/canned hours", topic)
    await waiting.reads(CANNED[1])
    anna.write("/snooze 2h", topic)
    await truth.becomes(waiting.id, State.SNOOZED)
    (snoozed,) = await truth.gets(waiting.id, Snoozed)
    assert snoozed.until > 0
    anna.write("/claim@deskhand_test_bot", topic)
    await truth.becomes(waiting.id, State.HUMAN)
    anna.write("/transfer ben", topic)
    (passed,) = await truth.gets(waiting.id, Transferred)
    assert passed.to == BEN
    await truth.becomes(waiting.id, State.WAITING)
    ben, topic = at(desk, "ben", waiting)
    ben.write("/claim", topic)
    await truth.becomes(waiting.id, State.HUMAN)
    ben.write("/close duplicate", topic)
    (closed,) = await truth.gets(waiting.id, Closed)
    assert closed.outcome == "duplicate"
    ben.write("/desk reopen", topic)
    await truth.becomes(waiting.id, State.HUMAN)
    ben.write("/return", topic)
    await truth.becomes(waiting.id, State.BOT)


async def test_commands_about_everything_work_anywhere(
    desk: TelegramDriver, waiting: Visitor, place: Workplace, truth: Truth
) -> None:
    anna = desk._people["anna"]
    anna.write("/queue")
    await desk._wait("the queue", lambda: [m for m in anna.sees() if "Waiting (1)" in m["text"]])
    (queue,) = [m for m in anna.sees() if "Waiting (1)" in m["text"]]
    topic = desk._card_of(waiting.id).topic
    links = [e["url"] for e in queue["entities"] if e["type"] == "text_link"]
    assert links == [f"https://t.me/c/1234567890/{topic}"]
    await desk.claim(ANNA, waiting.id)
    anna.write("/mine")
    await desk._wait("mine", lambda: [m for m in anna.sees() if "Yours (1)" in m["text"]])
    anna.write("/away")
    await desk._wait("away", lambda: [m for m in anna.sees() if "You are away" in m["text"]])
    assert await place.redis.hexists(AWAY, "anna")
    anna.write("/back")
    await desk._wait("back", lambda: [m for m in anna.sees() if "Welcome back" in m["text"]])
    assert not await place.redis.hexists(AWAY, "anna")
    anna.write("/id")
    await desk._wait("id", lambda: [m for m in anna.sees() if str(ACCOUNTS["anna"]) in m["text"]])
    anna.write("/help")
    await desk._wait("help", lambda: [m for m in anna.sees() if "/transcript" in m["text"]])
    assert {"queue", "mine", "away", "back", "close", "return", "snooze", "transfer"} <= {
        command["command"] for command in desk.telegram.world.commands
    }


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("/close well", "'well' is no outcome. Say one of: solved"),
        ("/snooze yesterday", "'yesterday' is no time. Say 30m"),
        ("/transfer nobody", "neither a skill nor a colleague. Say one of: orders, returns"),
        ("/canned nothing", "There is no reply 'nothing'. Say one of: hours"),
        ("/reopen", ""),
    ],
)
async def test_an_order_that_cannot_be_is_answered_with_what_can(
    desk: TelegramDriver, waiting: Visitor, words: str, answer: str, truth: Truth
) -> None:
    await desk.claim(ANNA, waiting.id)
    anna, topic = at(desk, "anna", waiting)
    written = anna.write(words, topic)
    found = await told(desk, waiting, answer or "not possible")
    assert found.message["reply_to_message"]["message_id"] == written
    assert (await truth.now(waiting.id)).state is State.HUMAN


async def test_orders_without_words_offer_choices(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.claim(ANNA, waiting.id)
    anna, topic = at(desk, "anna", waiting)
    anna.write("/snooze", topic)
    menu = await told(desk, waiting, "Until when?")
    await desk._press(ANNA, menu, "30 minutes")
    await truth.becomes(waiting.id, State.SNOOZED)
    # The menu goes when it has done its work.
    await desk._wait("the menu goes", lambda: not desk._in_thread(waiting.id, "Until when?"))
    anna.write("/transfer", topic)
    menu = await told(desk, waiting, "To whom?")
    assert {"🎓 sales", "👤 Ben Otieno", "« Back"} <= set(labels(menu.message))
    assert "👤 Anna Berg" not in labels(menu.message)
    await desk._press(ANNA, menu, "Back")
    await desk._wait("the menu goes", lambda: not desk._in_thread(waiting.id, "To whom?"))


async def test_a_command_about_a_conversation_needs_one(
    desk: TelegramDriver, waiting: Visitor
) -> None:
    anna = desk._people["anna"]
    anna.write("/close")
    await desk._wait(
        "a hint", lambda: [m for m in anna.sees() if "about a conversation" in m["text"]]
    )


async def test_another_bots_command_is_none_of_ours_and_is_not_sent_either(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    anna, topic = at(desk, "anna", waiting)
    anna.write("/close@other_bot", topic)
    await desk.reply(ANNA, waiting.id, "Hello!")
    await waiting.reads("Hello!")
    assert (await truth.now(waiting.id)).state is State.HUMAN


async def test_an_unknown_command_is_not_sent_to_the_customer(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    anna, topic = at(desk, "anna", waiting)
    anna.write("/colse solved", topic)
    await told(desk, waiting, "There is no command /colse. Nothing was sent. See /help.")
    assert (await truth.now(waiting.id)).state is State.WAITING


async def test_a_message_is_labelled_by_replying_to_it(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    asked = await waiting.say("do you repair poles")
    anna, _ = at(desk, "anna", waiting)
    found = await desk._find("it", lambda: posts(desk, waiting, "do you repair poles"))
    anna.reply(found.id, "/label warranty repair")
    (label,) = await truth.gets(waiting.id, Labelled)
    assert (label.of, label.intent, label.new) == (asked, "warranty_repair", False)
    anna.reply(found.id, "/label pole care")
    _, label = await truth.gets(waiting.id, Labelled, 2)
    assert (label.of, label.intent, label.new) == (asked, "pole care", True)


async def test_retract_takes_back_the_last_message_unless_it_replies_to_another(
    desk: TelegramDriver, waiting: Visitor
) -> None:
    anna, topic = at(desk, "anna", waiting)
    first = anna.write("one", topic)
    anna.write("two", topic)
    anna.write("three", topic)
    await waiting.reads("one", "two", "three")
    anna.write("/retract", topic)
    await waiting.reads("one", "two", "")
    anna.reply(first, "/retract")
    await waiting.reads("", "two", "")
    anna.write("/retract", topic)
    await waiting.reads("", "", "")


# ------------------------------------------------------------------------------------ strangers


async def test_who_is_not_known_gets_a_hint_once_and_nothing_is_sent(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    _, topic = at(desk, "anna", waiting)
    stranger = desk.telegram.person("Sam", 55_555)
    stranger.write("Hi, I can help", topic)
    await told(
        desk, waiting, "I do not know you yet, so nothing was sent. Your account's number is"
    )
    stranger.write("Really", topic)
    stranger.write("/close", topic)
    await desk.settled()
    card = desk._card_of(waiting.id)
    query = stranger.press(card.id, "Claim")
    await desk._wait("an alert", lambda: query in desk.telegram.world.answers)
    assert "55555" in desk.telegram.world.answers[query]["text"]
    assert desk.telegram.world.answers[query]["alert"]
    assert len(desk._in_thread(waiting.id, "I do not know you")) == 1
    assert (await truth.now(waiting.id)).state is State.WAITING
    assert await truth.events(waiting.id, AgentSpoke) == []


async def test_anonymous_administrators_are_told_why_nothing_is_sent(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    _, topic = at(desk, "anna", waiting)
    anonymous = desk.telegram.person("Group", 1_087_968_824, "GroupAnonymousBot")
    anonymous.json["is_bot"] = True
    anonymous.write("Hello", topic)
    await told(desk, waiting, "You write anonymously")
    assert await truth.events(waiting.id, AgentSpoke) == []


async def test_what_is_said_outside_of_the_topics_stays_there(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    anna = desk._people["anna"]
    anna.write("lunch?")
    anna.write("in a topic of our own", anna.open_topic("Lunch"))
    await desk.reply(ANNA, waiting.id, "Hello!")
    await waiting.reads("Hello!")
    assert len(await truth.events(waiting.id, AgentSpoke)) == 1


async def test_a_button_that_is_not_sealed_by_us_does_nothing(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    card = desk._card_of(waiting.id)
    with desk.telegram.lock:
        message = card.group.messages[card.id]
        forged = message | {
            "reply_markup": {"inline_keyboard": [[{"text": "X", "callback_data": "A" * 40}]]}
        }
        card.group.messages[card.id] = forged
    answer = await desk._press(BEN, card, "X")
    assert answer["alert"]
    assert (await truth.now(waiting.id)).state is State.WAITING


# ---------------------------------------------------------------------------------------- slips


async def test_a_message_that_is_too_long_is_told_and_taken_when_it_is_shortened(
    desk: TelegramDriver, waiting: Visitor
) -> None:
    anna, topic = at(desk, "anna", waiting)
    written = anna.write("x" * 4_001, topic)
    await told(desk, waiting, "The message has 4,001 characters; 4,000 are the most.")
    anna.edit(written, "shorter")
    await waiting.reads("shorter")


async def test_a_place_on_the_map_cannot_be_passed_on(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    anna, topic = at(desk, "anna", waiting)
    with desk.telegram.lock:
        anna._post({"location": {"latitude": 59.9, "longitude": 10.7}}, topic, None)
    await told(desk, waiting, "A location cannot be passed on. Nothing was sent.")
    assert await truth.events(waiting.id, AgentSpoke) == []


async def test_who_writes_into_a_closed_conversation_can_open_it_again(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.reply(ANNA, waiting.id, "Bye.")
    await desk.close(ANNA, waiting.id, "solved")
    await truth.becomes(waiting.id, State.CLOSED)
    anna, topic = at(desk, "anna", waiting)
    anna.write("one more thing", topic)
    hint = await told(desk, waiting, "It is closed. Reopen it first.")
    assert has_button(hint, "Reopen")
    await desk._press(ANNA, hint, "Reopen")
    await truth.becomes(waiting.id, State.HUMAN)


async def test_a_claimed_conversation_can_be_taken_over_by_a_button(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.claim(ANNA, waiting.id)
    await truth.becomes(waiting.id, State.HUMAN)
    ben, topic = at(desk, "ben", waiting)
    ben.write("/claim", topic)
    hint = await told(desk, waiting, "Anna Berg has this conversation.")
    await desk._press(BEN, hint, "Take over")
    await desk.sees_card(waiting.id, "With Ben Otieno")


async def test_a_note_that_is_changed_does_not_reach_the_customer(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    anna, topic = at(desk, "anna", waiting)
    written = anna.write("// careful", topic)
    await truth.gets(waiting.id, NoteWritten)
    anna.edit(written, "careful, not a note any more")
    await desk.reply(ANNA, waiting.id, "Hello!")
    await waiting.reads("Hello!")
    assert "careful" not in waiting.everything()


async def test_a_change_that_changes_no_word_is_none(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    anna, topic = at(desk, "anna", waiting)
    written = anna.write("It is taped.\n// I think", topic)
    await waiting.reads("It is taped.")
    anna.edit(written, "It is taped.\n// I think")
    anna.edit(written, "It is taped!")
    await waiting.reads("It is taped!")
    anna.edit(written, "It is taped!")
    await desk.settled()
    assert len(await truth.events(waiting.id, AgentEdited)) == 1


async def test_a_link_under_words_reads_in_full_for_the_customer(
    desk: TelegramDriver, waiting: Visitor
) -> None:
    anna, topic = at(desk, "anna", waiting)
    link = {"type": "text_link", "offset": 8, "length": 4, "url": "https://shop.example/help"}
    anna.write("😀 Read here please", topic, entities=[link])
    await waiting.reads("😀 Read here (https://shop.example/help) please")


# ------------------------------------------------------------------------------- second thoughts


async def test_words_that_came_from_elsewhere_can_be_changed_and_taken_back_here(
    desk: TelegramDriver, waiting: Visitor, router: Router
) -> None:
    reply = do.Reply(agent=ANNA, text="From the console")
    await router.from_agent(waiting.id, reply, client_id="console-0001")
    post = await desk._find("it", lambda: desk._in_thread(waiting.id, "From the console"))
    await desk._press(ANNA, post, "Change")
    asked = await desk._find("a question", lambda: desk._question(waiting.id, "From the console"))
    await desk._answer(ANNA, asked, "From Telegram")
    await waiting.reads("From Telegram")
    await told(desk, waiting, "Anna Berg, to the customer (edited)\nFrom Telegram")
    # The question and its answer are not needed any more.
    await desk._wait("the question goes", lambda: not desk._question(waiting.id, ""))
    await desk._press(ANNA, desk._in_thread(waiting.id, "(edited)")[-1], "Take back")
    await waiting.reads("")
    await told(desk, waiting, "Anna Berg took a message back")


async def test_what_is_changed_elsewhere_is_told_where_the_agent_wrote_it(
    desk: TelegramDriver, waiting: Visitor, router: Router, truth: Truth
) -> None:
    await desk.reply(ANNA, waiting.id, "It costs 10")
    await waiting.reads("It costs 10")
    seq = next(e["seq"] for e in waiting.log if e["kind"] == "agent_spoke")
    edit = do.Edit(agent=ANNA, of=seq, text="It costs 12")
    await router.from_agent(waiting.id, edit, client_id="console-0002")
    await told(desk, waiting, "Anna Berg changed a message, it reads now\nIt costs 12")


async def test_a_suggestion_loses_its_buttons_when_the_customer_is_answered(
    desk: TelegramDriver, waiting: Visitor, router: Router
) -> None:
    asked = await waiting.say("And the floor?")
    suggest = do.Suggest(text="It is taped.", in_reply_to=asked, intent="care", confidence=0.7)
    await router.execute(waiting.id, suggest)
    await desk._find("it", lambda: desk._in_thread(waiting.id, "It is taped."))
    assert has_button(desk._in_thread(waiting.id, "It is taped.")[-1], "Send")
    await desk.reply(ANNA, waiting.id, "Taped as well.")
    await desk._wait(
        "the buttons go",
        lambda: not labels(desk._in_thread(waiting.id, "It is taped.")[-1].message),
    )


async def test_a_canned_reply_is_shown_before_it_is_sent_and_can_be_changed(
    desk: TelegramDriver, waiting: Visitor
) -> None:
    await desk.send_canned(ANNA, waiting.id, CANNED[0])
    await waiting.reads(CANNED[1])
    await desk._choose(ANNA, waiting.id, "Canned", CANNED[0])
    preview = await desk._find("a preview", lambda: desk._in_thread(waiting.id, f"💬 {CANNED[0]}"))
    await desk._press(ANNA, preview, "Edit first")
    asked = await desk._find("a question", lambda: desk._question(waiting.id, CANNED[1]))
    await desk._answer(ANNA, asked, "From ten to five.")
    await waiting.reads(CANNED[1], "From ten to five.")


async def test_who_is_asked_anew_finds_a_new_card_at_the_end_that_rings(
    desk: TelegramDriver, waiting: Visitor, truth: Truth
) -> None:
    first = desk._card_of(waiting.id)
    await desk.reply(ANNA, waiting.id, "Hello!")
    await desk.pass_to(ANNA, waiting.id, BEN)
    await desk._wait("a new card", lambda: (c := desk._card(waiting.id)) and c.id != first.id)
    card = desk._card_of(waiting.id)
    assert card.topic == first.topic
    assert card.id == max(found.id for found in desk._in_thread(waiting.id))
    rung = [e["user"]["id"] for e in card.message["entities"] if e["type"] == "text_mention"]
    assert rung == [ACCOUNTS["ben"]]
    sent = [call for call in desk.telegram.called("sendMessage") if "Passed on" in call.get("text")]
    assert [call.get("disable_notification") for call in sent] == [False]
    # The old card has nothing to press any more.
    await desk._wait("its buttons go", lambda: not labels(first.group.messages[first.id]))
    assert await desk.claim(BEN, waiting.id) == ""


# -------------------------------------------------------------------------------------- customers


async def test_a_customers_words_are_not_interpreted_and_show_no_preview(
    desk: TelegramDriver, waiting: Visitor
) -> None:
    words = "see https://evil.example *bold* <b>x</b> @anna_berg /close"
    await waiting.say(words)
    post = await desk._find("it", lambda: posts(desk, waiting, words))
    kinds = [entity["type"] for entity in post.message["entities"]]
    assert kinds == ["text_link", "bold"]  # the mark, and the name
    assert post.message["link_preview_options"] == {"is_disabled": True}
    assert "@anna_berg" not in post.message["text"]


async def test_what_piles_up_goes_as_one_message(
    desk: TelegramDriver, waiting: Visitor, telegram: FakeTelegram
) -> None:
    telegram.fail(Fault("sendMessage", status=429, retry_after=1))
    for number in range(12):
        await waiting.say(f"line {number}")
    await desk._wait("all", lambda: posts(desk, waiting, "line 11"))
    shown = posts(desk, waiting, "line ")
    assert len(shown) <= 3
    lines = [line for post in shown for line in post.text.split("\n") if line.startswith("line ")]
    assert lines == [f"line {number}" for number in range(12)]


async def test_a_long_message_goes_in_parts(desk: TelegramDriver, waiting: Visitor) -> None:
    words = " ".join("😀" if number % 2 else f"word{number}" for number in range(700))[:4_000]
    await waiting.say(words)
    (first,) = await desk._find_all("its beginning", lambda: posts(desk, waiting, words[:50]))
    await desk._find("its end", lambda: desk._in_thread(waiting.id, words[-50:]))
    parts = [f.text for f in desk._in_thread(waiting.id) if f.id >= first.id]
    said = " ".join(part.removeprefix("… ").removeprefix("👤 A customer\n") for part in parts)
    assert said == words


# ------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("trouble", ["", "cut", "revoked", "500", "address"])
async def test_the_token_is_in_no_log_and_no_error(
    telegram: FakeTelegram, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.INFO)
    url = telegram.url if trouble != "address" else "http://127.0.0.1:1"
    bot = Telegram(Secret(TOKEN), Seal("key"), url)
    telegram.revoked = trouble == "revoked"
    if trouble in ("cut", "500"):
        telegram.fail(Fault(cut=trouble == "cut"))
    caught = ""
    try:
        await bot.post(Place(telegram.group.id), own("hello"))
    except DeskError as why:
        caught = repr(why) + str(why.__cause__)
    finally:
        await bot.close()
        logging.getLogger("httpx").setLevel(logging.NOTSET)
    assert bool(caught) == bool(trouble)
    secret = TOKEN.split(":")[1]
    assert secret not in caplog.text
    assert secret not in caught


async def test_what_the_topic_did_not_show_yet_is_the_bots_to_answer(
    desk: TelegramDriver, waiting: Visitor, truth: Truth, redis: Redis[bytes]
) -> None:
    await desk.reply(ANNA, waiting.id, "Anna here")
    seen = await waiting.say("and the poles?")
    await desk.sees(waiting.id, "and the poles?")
    thread = THREAD.format("telegram", waiting.id)

    async def noted() -> bool:
        return int(await redis.hget(thread, "seen") or 0) >= seen

    await soon(noted)
    # As when Telegram is slow: the message is stored, and not in the topic yet.
    await redis.hset(thread, "seen", seen - 1)
    await desk.return_to_bot(ANNA, waiting.id)
    await waiting.sees("an answer", lambda e: "echo: and the poles?" in str(e.get("messages")))
    assert await truth.gets(waiting.id, ReturnedToBot) == [ReturnedToBot(agent=ANNA, owed=(seen,))]
