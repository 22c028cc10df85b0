"""The e-mail with an agent's answers: its words, its headers, and what cannot be smuggled in."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.events import Agent, AgentEdited, AgentRetracted, AgentSpoke, Entry, Event, File
from bot.mail_message import BadAddress, Said, Sender, answers, clean_address, compose, message_id

ANNA = Agent(login="anna", name="Anna Berg")
NORDLYS = Sender.parse("Nordlys Outdoor <help@nordlys.example>")
LINK = "https://desk.example/chat#resume=abc.def-1_2&x=<y>"


def log(*events: Event) -> list[Entry]:
    return [
        Entry(seq=n, at=1_764_062_700_000 + n * 60_000, epoch=1, key="", event=event)
        for n, event in enumerate(events, 1)
    ]


def mail(*said: Said, **more: Any) -> EmailMessage:
    fields: dict[str, Any] = {
        "up_to": 7,
        "before": 0,
        "to": "mads@example.com",
        "sender": NORDLYS,
        "link": LINK,
        "expires": 1_765_272_300_000,
        "zone": ZoneInfo("Europe/Oslo"),
    }
    message = compose("c-1", said or (SAID,), **{**fields, **more})
    parsed = message_from_bytes(message.as_bytes(), policy=default)  # as it goes over the line
    assert isinstance(parsed, EmailMessage)
    return parsed


SAID = Said("Anna Berg", 1_764_062_700_000, "It is on its way.\n\nAnything <b>else</b>?")


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_it_says_what_was_answered_by_whom_and_where_to_go_on() -> None:
    text = part(mail(), "plain")
    assert "Anna Berg, 25 November at 10:25:\n\n  It is on its way.\n\n  Anything <b>else" in text
    assert f"\n{LINK}\n" in text
    assert "works until 9 December" in text


def test_in_the_html_part_everything_from_people_is_text() -> None:
    shown = part(mail(), "html")
    assert "Anything &lt;b&gt;else&lt;/b&gt;?" in shown
    assert 'href="https://desk.example/chat#resume=abc.def-1_2&amp;x=&lt;y&gt;"' in shown
    assert "<img" not in shown
    assert "http" not in shown.replace("https://desk.example", "")


def test_the_headers_thread_the_messages_of_one_conversation() -> None:
    first, second = mail(), mail(up_to=12, before=7)
    assert first["Subject"] == "Anna Berg answered your question"
    assert first["From"] == "Nordlys Outdoor <help@nordlys.example>"
    assert first["To"] == "mads@example.com"
    assert first["Auto-Submitted"] == "auto-generated"
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["References"].split() == [first["In-Reply-To"], first["Message-ID"]]
    assert mail(up_to=7)["Message-ID"] == first["Message-ID"]
    assert first["Message-ID"].endswith("@nordlys.example>")
    assert "c-1" not in first["Message-ID"]
    assert message_id("c-1", 7, NORDLYS) != message_id("c-2", 7, NORDLYS)


def test_the_same_answers_make_the_same_message() -> None:
    def once() -> bytes:
        raw = mail().as_bytes()
        boundary = mail().get_boundary()
        return raw if boundary is None else raw.split(b"\n\n", 1)[0].split(b"boundary=")[0]

    assert once() == once()


@pytest.mark.parametrize("name", ["Anna\r\nBcc: all@shop.example", "Anna\nX: y", "Anna\x0bX: y"])
def test_a_name_cannot_begin_another_header(name: str) -> None:
    message = mail(Said(name, SAID.at, "Hi"))
    assert message["Bcc"] is message["X"] is None
    assert "\n" not in message["Subject"]


def test_two_colleagues_are_both_named_and_files_are_pointed_to() -> None:
    ben = Said("Ben", SAID.at + 1, "", ("la\nbel.pdf",))
    message = mail(SAID, ben, SAID)
    assert message["Subject"] == "Anna Berg and Ben answered your question"
    assert "[file in the conversation: la bel.pdf]" in part(message, "plain")


def test_other_scripts_and_long_lines_arrive_as_they_were_written() -> None:
    words = "Blåbærsyltetøy 🫐 日本 " * 60
    message = mail(Said("Åse Ødegård", SAID.at, words))
    assert words.strip() in part(message, "plain")
    assert message["Subject"] == "Åse Ødegård answered your question"
    assert all(len(line) <= 998 for line in message.as_bytes().splitlines())


def test_answers_are_told_as_they_stand_now() -> None:
    entries = log(
        AgentSpoke(agent=ANNA, text="old"),
        AgentSpoke(agent=ANNA, text="frist", files=(File(id="f", name="a.png", type="x", size=1),)),
        AgentSpoke(agent=ANNA, text="wrong"),
        AgentEdited(agent=ANNA, of=2, text="first"),
        AgentRetracted(agent=ANNA, of=3),
        AgentSpoke(agent=ANNA, text="later"),
    )
    (said,) = answers(entries, after=1, up_to=3)
    assert (said.text, said.files, said.at) == ("first", ("a.png",), entries[1].at)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" mads@example.com ", "mads@example.com"),
        ("Mads.O'Neil+shop@Example.COM", "Mads.O'Neil+shop@example.com"),
        ("mads@blåbær.example", "mads@xn--blbr-roah.example"),
    ],
)
def test_an_address_is_stored_as_mail_servers_take_it(typed: str, stored: str) -> None:
    assert clean_address(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "mads",
        "@example.com",
        "mads@",
        "mads@localhost",
        "mads@127.0.0.1",
        "mads@@example.com",
        "mads@example..com",
        "mads@.example.com",
        "a@b@example.com",
        "mads @example.com",
        "mads@example.com\r\nBcc: all@shop.example",
        "mads@example.com, ben@example.com",
        "<mads@example.com>",
        "Mads <mads@example.com>",
        '"a b"@example.com',
        "mäds@example.com",
        "mads@exa mple.com",
        "mads@example.com\x00",
        "m" * 250 + "@example.com",
        "mads@" + "x" * 70 + ".com",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(BadAddress, match="no e-mail address") as refused:
        clean_address(typed)
    assert "name@example.com" in refused.value.hint


def test_a_sender_needs_an_address() -> None:
    assert Sender.parse("help@nordlys.example").name == ""
    with pytest.raises(ValueError, match="no e-mail address"):
        Sender.parse("Nordlys")
