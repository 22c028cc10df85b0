"""What an update says: read from JSON as Telegram documents it, with what people really send."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update

from bot.desks.telegram_inbox import (
    Attachment,
    Command,
    Moved,
    Pressed,
    Said,
    TopicOpened,
    command_of,
    marks_in,
    read,
)

BOT = {"id": 7, "is_bot": True, "first_name": "Deskhand", "username": "deskhand_bot"}
ANNA = {"id": 41, "is_bot": False, "first_name": "Anna", "last_name": "Berg"}
CHAT = {"id": -1001, "type": "supergroup", "title": "Support", "is_forum": True}
TOPIC = {
    "message_id": 5,
    "from": BOT,
    "chat": CHAT,
    "date": 1,
    "forum_topic_created": {"name": "x", "icon_color": 7322096},
}


def message(**content: Any) -> dict[str, Any]:
    return {"message_id": 9, "from": ANNA, "chat": CHAT, "date": 1, **content}


def said(**content: Any) -> Said:
    found = read(update(message=message(**content)), BOT["id"])  # type: ignore[arg-type]
    assert isinstance(found, Said)
    return found


def update(**content: Any) -> Update:
    return Update.de_json({"update_id": 3, **content})


def test_a_message_in_a_topic_replies_to_nothing_unless_it_does() -> None:
    in_topic = {"message_thread_id": 5, "is_topic_message": True}
    plain = said(text="hi", reply_to_message=TOPIC, **in_topic)
    assert (plain.topic, plain.replies_to) == (5, None)
    assert plain.key == "telegram:-1001:9"
    replied = said(text="hi", reply_to_message=message(message_id=8, text="a"), **in_topic)
    assert (replied.replies_to, replied.marks) == (8, ())


def test_marks_are_read_from_our_own_messages_only() -> None:
    link = [{"type": "text_link", "offset": 0, "length": 1, "url": "https://t.me/?deskhand=x"}]
    ours = {**message(message_id=8, text="a", entities=link), "from": BOT}
    assert said(text="hi", reply_to_message=ours).marks == ("https://t.me/?deskhand=x",)
    theirs = message(message_id=8, text="a", entities=link)
    assert said(text="hi", reply_to_message=theirs).marks == ()
    captioned = Update.de_json(
        {"update_id": 1, "message": message(caption="a", caption_entities=link)}
    ).message
    assert captioned is not None
    assert marks_in(captioned) == ("https://t.me/?deskhand=x",)


FILE = {"file_id": "F", "file_unique_id": "u", "file_size": 10}


@pytest.mark.parametrize(
    ("content", "attachment"),
    [
        (
            {"document": {**FILE, "file_name": "a.pdf", "mime_type": "application/pdf"}},
            Attachment("F", "a.pdf", "application/pdf", 10),
        ),
        ({"document": FILE}, Attachment("F", "file", "application/octet-stream", 10)),
        (
            {
                "photo": [
                    {**FILE, "file_id": "small", "width": 9, "height": 9},
                    {**FILE, "width": 99, "height": 99},
                ]
            },
            Attachment("F", "photo.jpg", "image/jpeg", 10),
        ),
        (
            {"video": {**FILE, "width": 9, "height": 9, "duration": 3}},
            Attachment("F", "video.mp4", "video/mp4", 10),
        ),
        ({"voice": {**FILE, "duration": 3}}, Attachment("F", "voice.ogg", "audio/ogg", 10)),
        ({"audio": {**FILE, "duration": 3}}, Attachment("F", "audio.mp3", "audio/mpeg", 10)),
        (
            {"video_note": {**FILE, "duration": 3, "length": 9}},
            Attachment("F", "video.mp4", "video/mp4", 10),
        ),
    ],
)
def test_whatever_is_a_file_comes_as_one(content: Any, attachment: Attachment) -> None:
    found = said(**content, caption="look")
    assert found.attachments == (attachment,)
    assert found.text == "look"


def test_what_is_neither_words_nor_file_is_named() -> None:
    assert said(location={"latitude": 1.0, "longitude": 2.0}).unfit == "location"
    contact = {"phone_number": "1", "first_name": "Jo"}
    assert said(contact=contact).unfit == "contact"


def test_words_over_links_keep_the_address_and_copied_words_lose_the_joiner() -> None:
    entities = [
        {"type": "text_link", "offset": 3, "length": 1, "url": "https://a.example"},
        {"type": "bold", "offset": 0, "length": 2},
    ]
    assert said(text="😀 x y", entities=entities).text == "😀 x (https://a.example) y"
    assert said(text="@\u2060jo").text == "@jo"


@pytest.mark.parametrize(
    "content",
    [
        {"forum_topic_closed": {}},
        {"forum_topic_edited": {"name": "x"}},
        {"new_chat_title": "x"},
        {"from": {**BOT, "id": 8}, "text": "I am another bot"},
    ],
)
def test_service_messages_and_other_bots_do_not_concern_us(content: Any) -> None:
    assert read(update(message=message(**content)), 7) is None


def test_moves_topics_and_changes_are_told_apart() -> None:
    assert read(update(message=message(migrate_to_chat_id=-1009)), 7) == Moved(-1001, -1009)
    created = {"forum_topic_created": {"name": "x", "icon_color": 1}}
    assert read(update(message=message(**created)), 7) == TopicOpened(-1001, 9)
    edited = read(update(edited_message=message(text="b", edit_date=2)), 7)
    assert isinstance(edited, Said)
    assert edited.edited
    assert edited.key == "telegram:-1001:9"
    assert read(update(channel_post={**message(text="x"), "from": None}), 7) is None
    assert read(update(), 7) is None


def test_a_press_says_who_where_and_what() -> None:
    query = {"id": "q", "from": ANNA, "chat_instance": "1", "data": "d"}
    shown = message(message_thread_id=5, is_topic_message=True, text="card")
    pressed = read(update(callback_query={**query, "message": shown}), 7)
    assert isinstance(pressed, Pressed)
    assert (pressed.query, pressed.message, pressed.topic, pressed.data) == ("q", 9, 5, "d")
    assert pressed.sender.name == "Anna Berg"
    # A message too old for Telegram to send along still has its id.
    old = read(update(callback_query={**query, "message": message(date=0)}), 7)
    assert isinstance(old, Pressed)
    assert (old.message, old.topic) == (9, None)
    assert read(update(callback_query=query), 7) is None


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/queue", Command("queue", "", "")),
        ("/Close  not solved ", Command("close", "", "not solved")),
        ("/snooze@Deskhand_Bot 2h", Command("snooze", "deskhand_bot", "2h")),
        ("/canned\nhello", Command("canned", "", "hello")),
        ("/etc/passwd is a file", None),
        ("// a note", None),
        ("and /close", None),
        ("/", None),
    ],
)
def test_commands_are_told_from_words(text: str, command: Command | None) -> None:
    assert command_of(text) == command
