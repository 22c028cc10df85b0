"""The rig itself: the fake Bot API does what Telegram documents, and aiogram believes it.

python-telegram-bot is the client here: what it can do with the fake, the desk can.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import aiohttp
import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.constants import ForumIconColor
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.request import HTTPXRequest

from bot.processes import free_ports
from tests.desks.telegram.group import Group, Json, icon_id
from tests.desks.telegram.oracle import Oracle
from tests.desks.telegram.people import labels
from tests.desks.telegram.server import TOKEN, FakeTelegram, Fault

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    async with connect(telegram) as bot:
        yield bot


def connect(telegram: FakeTelegram, token: str = TOKEN) -> Bot:
    return Bot(
        token,
        base_url=f"{telegram.url}/bot",
        base_file_url=f"{telegram.url}/file/bot",
        request=HTTPXRequest(read_timeout=1.0, httpx_kwargs={"trust_env": False}),
        get_updates_request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
    )


def button(text: str, data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, callback_data=data)]])


async def test_a_topic_is_made_written_into_closed_reopened_and_deleted(
    telegram: FakeTelegram, bot: Bot
) -> None:
    anna, chat = telegram.person("Anna", 1), telegram.group.id
    stickers = await bot.get_forum_topic_icon_stickers()
    topic = await bot.create_forum_topic(
        chat, "Late parcel", ForumIconColor.BLUE, stickers[0].custom_emoji_id
    )
    id = topic.message_thread_id
    message = await bot.send_message(chat, "Hello", message_thread_id=id)
    assert message.is_topic_message
    assert message.message_thread_id == id
    assert anna.topics() == {id: "❗️ Late parcel"}

    await bot.edit_forum_topic(chat, id, "Late parcel · Anna", icon_id("💬"))
    with pytest.raises(BadRequest, match="Topic_not_modified"):
        await bot.edit_forum_topic(chat, id, "Late parcel · Anna")
    assert anna.topics() == {id: "💬 Late parcel · Anna"}

    await bot.close_forum_topic(chat, id)
    with pytest.raises(BadRequest, match="Topic_closed"):
        await bot.send_message(chat, "Hello", message_thread_id=id)
    await bot.reopen_forum_topic(chat, id)
    assert [m["text"] for m in anna.sees(id)] == ["Hello"]

    await bot.delete_forum_topic(chat, id)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(chat, "Hello", message_thread_id=id)
    with pytest.raises(BadRequest, match="Topic_id_invalid"):
        await bot.edit_forum_topic(chat, id, "Gone")


async def test_what_people_write_comes_in_order_and_again_until_confirmed(
    telegram: FakeTelegram, bot: Bot
) -> None:
    anna = telegram.person("Anna", 1)
    topic = anna.open_topic("Chat")
    first = anna.write("/queue please", topic)
    anna.reply(first, "and this")
    anna.edit(first, "/queue")
    _, command, reply, edited = updates = await bot.get_updates(timeout=0)
    assert command.message is not None
    assert command.message.parse_entities() == {command.message.entities[0]: "/queue"}
    # What is no reply in a topic replies to the topic's first message all the same.
    assert command.message.reply_to_message is not None
    assert command.message.reply_to_message.message_id == topic
    assert reply.message is not None
    assert reply.message.reply_to_message is not None
    assert reply.message.reply_to_message.message_id == first
    assert edited.edited_message is not None
    assert edited.edited_message.text == "/queue"

    assert [u.update_id for u in await bot.get_updates(timeout=0)] == [u.update_id for u in updates]
    after = await bot.get_updates(offset=updates[1].update_id + 1, timeout=0)
    assert [u.update_id for u in after] == [u.update_id for u in updates[2:]]


async def test_a_poll_waits_for_news(telegram: FakeTelegram, bot: Bot) -> None:
    anna = telegram.person("Anna", 1)
    polling = asyncio.create_task(bot.get_updates(timeout=5))
    while not telegram._polls:
        await asyncio.sleep(0)
    anna.write("hello")
    (update,) = await asyncio.wait_for(polling, 3)
    assert update.message is not None
    assert update.message.text == "hello"


async def test_a_second_poller_ends_the_first(telegram: FakeTelegram, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=5))
    while not telegram._polls:
        await asyncio.sleep(0)
    async with connect(telegram) as other:
        assert await other.get_updates(timeout=0) == ()
    with pytest.raises(Conflict, match="other getUpdates"):
        await first


async def test_a_webhook_excludes_polling_and_is_called_until_it_says_yes(
    telegram: FakeTelegram, bot: Bot
) -> None:
    (port,) = free_ports(1)
    got: list[tuple[str | None, Json]] = []

    async def receive(request: aiohttp.web.Request) -> aiohttp.web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        got.append((secret, await request.json()))
        return aiohttp.web.Response(status=500 if len(got) < 3 else 200)

    app = aiohttp.web.Application()
    app.router.add_post("/hook", receive)
    runner = aiohttp.web.AppRunner(app, access_log=None)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="s3cret")
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates(timeout=0)
        telegram.person("Anna", 1).write("hello")
        while telegram.unconfirmed:
            await asyncio.sleep(0.01)
    finally:
        await runner.cleanup()
    assert len(got) == 3
    assert {secret for secret, _ in got} == {"s3cret"}
    assert len({update["update_id"] for _, update in got}) == 1
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500"
    await bot.delete_webhook()
    assert await bot.get_updates(timeout=0) == ()


async def test_buttons_are_pressed_and_answered_once(telegram: FakeTelegram, bot: Bot) -> None:
    anna, chat = telegram.person("Anna", 1), telegram.group.id
    message = await bot.send_message(chat, "A card", reply_markup=button("Claim", "c:1"))
    query = anna.press(message.message_id, "Claim")
    (update,) = await bot.get_updates(timeout=0)
    assert update.callback_query is not None
    assert update.callback_query.data == "c:1"
    assert update.callback_query.chat_instance
    await update.callback_query.answer("It is yours.")
    assert telegram.world.answers[query]["text"] == "It is yours."
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(query)

    await bot.edit_message_text(
        "The same card", chat, message.message_id, reply_markup=button("Close", "x:1")
    )
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text(
            "The same card", chat, message.message_id, reply_markup=button("Close", "x:1")
        )
    await bot.edit_message_reply_markup(chat, message.message_id)
    assert labels(anna.sees()[0]) == []
    written = anna.write("mine")
    with pytest.raises(BadRequest, match="can't be edited"):
        await bot.edit_message_text("Not yours", chat, written)
    await bot.delete_message(chat, message.message_id)
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("Gone", chat, message.message_id)


async def test_files_travel_both_ways(telegram: FakeTelegram, bot: Bot) -> None:
    anna, chat = telegram.person("Anna", 1), telegram.group.id
    topic = (await bot.create_forum_topic(chat, "Files")).message_thread_id
    await bot.send_document(chat, b"a,b\n", filename="order.csv", message_thread_id=topic)
    await bot.send_photo(chat, PNG, caption="The crack", message_thread_id=topic)
    document, photo = anna.sees(topic)
    assert document["document"]["file_name"] == "order.csv"
    assert photo["caption"] == "The crack"
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.send_photo(chat, b"no picture")

    anna.upload("label.pdf", b"%PDF-1.7", topic, caption="Print this")
    anna.photograph(b"\xff\xd8\xff big", topic)
    sent, shot = (update.message for update in await bot.get_updates(timeout=0))
    assert sent is not None
    assert sent.document is not None
    file = await sent.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"%PDF-1.7"
    assert shot is not None
    best = await shot.photo[-1].get_file()
    assert bytes(await best.download_as_bytearray()) == b"\xff\xd8\xff big"


async def test_forwards_and_copies_carry_the_text_but_not_the_buttons(
    telegram: FakeTelegram, bot: Bot
) -> None:
    chat = telegram.group.id
    message = await bot.send_message(chat, "A card", reply_markup=button("Claim", "c:1"))
    forwarded = await bot.forward_message(chat, chat, message.message_id)
    assert (forwarded.text, forwarded.reply_markup) == ("A card", None)
    assert forwarded.forward_origin is not None
    copy = await bot.copy_message(chat, chat, message.message_id)
    assert copy.message_id == forwarded.message_id + 1
    with pytest.raises(BadRequest, match="Message to forward not found"):
        await bot.forward_message(chat, chat, 9_999)


async def test_limits_are_held(telegram: FakeTelegram, bot: Bot) -> None:
    chat = telegram.group.id
    await bot.send_message(chat, "😀" * 2048)
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(chat, "😀" * 2048 + "a")
    with pytest.raises(BadRequest, match="caption is too long"):
        await bot.send_document(chat, b"x", caption="c" * 1025)
    with pytest.raises(BadRequest, match="Button_data_invalid"):
        await bot.send_message(chat, "x", reply_markup=button("b", "d" * 65))
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.send_message(chat, " ")
    telegram.api.pace.most = 3
    for number in range(3):
        await bot.send_message(chat, str(number))
    with pytest.raises(RetryAfter) as busy:
        await bot.send_message(chat, "too much")
    assert 1 <= busy.value._retry_after.total_seconds() <= 60


async def test_a_group_without_topics_has_replies(bot: Bot, telegram: FakeTelegram) -> None:
    plain = telegram.world.add(Group(kind="supergroup", id=-1002))
    root = await bot.send_message(plain.id, "A card")
    reply = await bot.send_message(
        plain.id, "News", reply_parameters=ReplyParameters(root.message_id)
    )
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.message_id == root.message_id
    assert not reply.is_topic_message
    with pytest.raises(BadRequest, match="not a forum"):
        await bot.create_forum_topic(plain.id, "No")
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(plain.id, "News", reply_parameters=ReplyParameters(999))


async def test_an_upgraded_group_says_where_it_went(bot: Bot, telegram: FakeTelegram) -> None:
    telegram.group = telegram.world.add(Group(kind="group", id=-42))
    anna = telegram.person("Anna", 1)
    anna.upgrade(to=-1005)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(-42, "hello")
    assert moved.value.new_chat_id == -1005
    await bot.send_message(-1005, "hello")
    old, new = (update.message for update in await bot.get_updates(timeout=0))
    assert old is not None
    assert new is not None
    assert (old.migrate_to_chat_id, new.migrate_from_chat_id) == (-1005, -42)


async def test_privacy_and_rights_are_told(telegram: FakeTelegram, bot: Bot) -> None:
    anna, chat = telegram.person("Anna", 1), telegram.group.id
    assert not (await bot.get_me()).can_read_all_group_messages
    assert (await bot.get_chat(chat)).is_forum
    assert (await bot.get_chat_member(chat, bot.id)).status == "administrator"
    telegram.group.bot_is_admin = False
    anna.write("among us")
    heard = anna.write("/queue")
    (update,) = await bot.get_updates(timeout=0)
    assert update.message is not None
    assert update.message.message_id == heard
    assert (await bot.get_chat_member(chat, bot.id)).status == "member"
    with pytest.raises(BadRequest, match="ot enough rights"):
        await bot.create_forum_topic(chat, "No")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), NetworkError),
        (Fault(status=429, retry_after=7), RetryAfter),
        (Fault(hang=True), TimedOut),
        (Fault(cut=True), NetworkError),
    ],
)
@pytest.mark.parametrize("before", [True, False])
async def test_faults_come_before_or_after_the_message_is_in(
    telegram: FakeTelegram, bot: Bot, fault: Fault, error: type[Any], before: bool
) -> None:
    fault.before, fault.times = before, 1
    telegram.fail(fault)
    with pytest.raises(error):
        await bot.send_message(telegram.group.id, "hello")
    assert len(telegram.person("Anna", 1).sees()) == (0 if before else 1)
    await bot.send_message(telegram.group.id, "again")


async def test_a_revoked_token_is_refused(telegram: FakeTelegram, bot: Bot) -> None:
    telegram.revoked = True
    with pytest.raises(InvalidToken):
        await bot.send_message(telegram.group.id, "hello")
    telegram.revoked = False
    await bot.send_message(telegram.group.id, "hello")


@pytest.mark.parametrize("encoding", ["json", "data", "query"])
async def test_json_forms_and_queries_are_understood(telegram: FakeTelegram, encoding: str) -> None:
    url = f"{telegram.url}/bot{TOKEN}/sendMessage"
    body: Json = {"chat_id": telegram.group.id, "text": "42"}
    asked = {
        "json": partial(httpx.Request, json=body),
        "data": partial(httpx.Request, data=body),
        "query": partial(httpx.Request, params=body),
    }
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.send(asked[encoding]("POST", url))
    assert answer.json()["result"]["text"] == "42"


@pytest.mark.parametrize(
    "wrong",
    [
        {"update": {"update_id": 1, "message": {"message_id": "x", "date": 0}}},
        {"update": {"update_id": 1, "messages": {}}},
        {"method": "sendMessage", "params": {"chat_id": 1, "text": "x"}, "result": {}},
        {"method": "getMe", "params": {}, "result": {"id": 1, "is_bot": True, "first_nam": "x"}},
        {"method": "getMe", "params": {}, "error": {"ok": False, "error": "no"}},
    ],
    ids=["wrong type", "unknown update", "missing fields", "misspelt field", "misspelt error"],
)
def test_the_judge_finds_what_is_wrong(oracle: Oracle, wrong: Json) -> None:
    assert oracle.objections([wrong])
