"""E-mail to customers who have left: when it is owed, and what becomes of a server's moods.

A real SMTP server (aiosmtpd) on a socket, a real Redis; times are set by the test.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.attention import HERE, HERE_MS, Attention
from bot.events import MailFailed, MailSent
from bot.mail import GIVE_UP_MS, SENDING, Link, Mailer, MailFollower, MailLater
from bot.mail_message import Sender
from bot.settings import SmtpServer
from bot.store import Follower
from tests.desk_world import ANNA, World
from tests.smtp_world import Mailbox, certificate, mail_server, with_login

AFTER = 60_000
MADS = "mads@example.com"


@pytest.fixture
def world(redis: Redis[bytes]) -> World:
    return World(redis)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


def follower(
    world: World,
    server: SmtpServer,
    timeout: float = 5.0,
    context: ssl.SSLContext | None = None,
) -> MailFollower:
    async def link(conversation: str) -> Link:
        return Link(f"https://desk.example/chat#resume={conversation}", world.now + 86_400_000)

    return MailFollower(
        world.store,
        world.router,
        world.redis,
        Mailer(server, timeout=timeout, context=context),
        sender=Sender.parse("Nordlys <help@nordlys.example>"),
        link=link,
        after=AFTER,
        zone=ZoneInfo("Europe/Oslo"),
    )


async def left(world: World, *answers: str, email: str = MADS) -> str:
    """A customer who left an address and was answered afterwards."""
    id = await world.waiting()
    await world.does(id, do.LeaveContact(email=email))
    for text in answers or ("It is on its way.",):
        await world.does(id, do.Reply(agent=ANNA, text=text), later=1)
    return id


async def outcome(world: World, id: str) -> list[object]:
    events = [entry.event for entry in await world.store.log(id)]
    return [event for event in events if isinstance(event, MailSent | MailFailed)]


# ------------------------------------------------------------------------------ when it is owed


async def test_answers_go_out_once_together_after_a_while(world: World, mailbox: Mailbox) -> None:
    id = await left(world, "It is on its way.", "It comes tomorrow.")
    mail = follower(world, mailbox.server)
    rest = await mail.act(id)
    assert (mailbox.messages, rest.due) == ([], world.now + AFTER)
    world.now += AFTER
    await mail.act(id)
    assert mailbox.recipients == [MADS]
    assert "It is on its way." in mailbox.text()
    assert "It comes tomorrow." in mailbox.text()
    assert f"https://desk.example/chat#resume={id}" in mailbox.text()
    assert [type(event) for event in await outcome(world, id)] == [MailSent]
    world.now += 10 * AFTER
    await mail.act(id)
    assert len(mailbox.messages) == 1


async def test_a_later_answer_is_a_second_message_of_the_same_thread(
    world: World, mailbox: Mailbox
) -> None:
    id = await left(world)
    mail = follower(world, mailbox.server)
    world.now += AFTER
    await mail.act(id)
    await world.does(id, do.Reply(agent=ANNA, text="It is there."))
    world.now += AFTER
    await mail.act(id)
    first, second = mailbox.messages
    assert second["In-Reply-To"] == first["Message-ID"]
    assert "It is on its way." not in mailbox.text(1)


async def test_without_an_address_nothing_is_owed(world: World, mailbox: Mailbox) -> None:
    id = await world.waiting()
    await world.does(id, do.Reply(agent=ANNA, text="Hi"))
    world.now += AFTER
    assert (await follower(world, mailbox.server).act(id)).due is None
    assert mailbox.messages == []
    assert await world.work.take(Follower.MAIL, now=world.now, lease_ms=3_000) is None


async def test_what_was_said_before_the_address_was_left_has_been_read(
    world: World, mailbox: Mailbox
) -> None:
    id = await world.waiting()
    await world.does(id, do.Reply(agent=ANNA, text="Hi"))
    await world.does(id, do.LeaveContact(email=MADS))
    world.now += AFTER
    mail = follower(world, mailbox.server)
    assert (await mail.act(id)).due is None
    await world.does(id, do.Reply(agent=ANNA, text="It is on its way."))
    await world.does(id, do.Say(text="which one?", client_id="c-1"))
    await world.does(id, do.Reply(agent=ANNA, text="The tent."))
    world.now += AFTER
    await mail.act(id)
    assert "The tent." in mailbox.text()
    assert "on its way" not in mailbox.text()


async def test_who_is_there_gets_no_mail_until_they_have_gone(
    world: World, mailbox: Mailbox
) -> None:
    id = await left(world)
    mail, attention = follower(world, mailbox.server), Attention(world.redis)
    await attention.here(id)
    assert 0 < await world.redis.pttl(HERE.format(id)) <= HERE_MS
    world.now += AFTER
    rest = await mail.act(id)
    assert (mailbox.messages, rest.due) == ([], world.now + 20_000)
    await world.redis.delete(HERE.format(id))  # as when its time is over
    await mail.act(id)
    assert len(mailbox.messages) == 1


async def test_a_stream_that_only_looks_open_does_not_keep_the_answer_back_for_ever(
    world: World, mailbox: Mailbox
) -> None:
    id = await left(world)
    await Attention(world.redis).here(id)
    world.now += 10 * 60_000
    await follower(world, mailbox.server).act(id)
    assert len(mailbox.messages) == 1


async def test_what_was_seen_is_not_mailed(world: World, mailbox: Mailbox) -> None:
    id = await left(world, "seen", "not seen")
    seq = (await world.store.load(id)).answered
    await Attention(world.redis).shown(id, seq - 1)
    world.now += AFTER
    await follower(world, mailbox.server).act(id)
    assert "not seen" in mailbox.text()
    assert "  seen" not in mailbox.text()

    other = await left(world)
    await Attention(world.redis).shown(other, 99)
    world.now += AFTER
    assert (await follower(world, mailbox.server).act(other)).due is None
    assert await outcome(world, other) == []


async def test_who_writes_back_has_read_it(world: World, mailbox: Mailbox) -> None:
    id = await left(world)
    await world.does(id, do.Say(text="thanks", client_id="c-1"))
    world.now += AFTER
    await follower(world, mailbox.server).act(id)
    assert mailbox.messages == []


async def test_the_answer_goes_out_also_when_the_conversation_was_closed(
    world: World, mailbox: Mailbox
) -> None:
    id = await left(world)
    await world.does(id, do.Close(agent=ANNA, outcome="solved"))
    world.now += AFTER
    await follower(world, mailbox.server).act(id)
    assert len(mailbox.messages) == 1


async def test_an_answer_that_was_taken_back_is_not_sent(world: World, mailbox: Mailbox) -> None:
    id = await left(world, "wrong")
    seq = (await world.store.load(id)).answered
    await world.does(id, do.Retract(agent=ANNA, of=seq))
    world.now += AFTER
    await follower(world, mailbox.server).act(id)
    assert mailbox.messages == []
    assert (await follower(world, mailbox.server).act(id)).due is None


# --------------------------------------------------------------------------- a server's moods


async def test_a_greylisting_server_gets_the_same_message_again(
    world: World, mailbox: Mailbox
) -> None:
    id = await left(world)
    mail = follower(world, mailbox.server)
    mailbox.answers["rcpt"] = ["451 4.7.1 Greylisted, come back", "450 still"]
    world.now += AFTER
    for wait in (30_000, 120_000):
        rest = await mail.act(id)
        assert (mailbox.messages, rest.due) == ([], world.now + wait)
        assert (await mail.act(id)).due == rest.due  # not before that
        world.now += wait
    await mail.act(id)
    assert len(mailbox.messages) == 1


async def test_answers_that_come_while_a_message_waits_do_not_change_it(
    world: World, mailbox: Mailbox
) -> None:
    id = await left(world, "first")
    mail = follower(world, mailbox.server)
    mailbox.answers["data"] = ["452 full"]
    world.now += AFTER
    await mail.act(id)
    await world.does(id, do.Reply(agent=ANNA, text="second"))
    world.now += AFTER
    rest = await mail.act(id)
    assert "second" not in mailbox.text(0)
    assert rest.due == world.now
    await mail.act(id)
    assert "first" not in mailbox.text(1)
    assert len(mailbox.messages) == 2


async def test_a_gateway_killed_after_the_servers_yes_repeats_the_very_same_message(
    world: World, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await left(world)
    world.now += AFTER

    class Killed(BaseException):
        pass

    async def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(world.router, "execute", dies)
        with pytest.raises(Killed):
            await follower(world, mailbox.server).act(id)
    assert await outcome(world, id) == []
    await world.does(id, do.Reply(agent=ANNA, text="And another thing."))
    later = World(world.redis, now=world.now + 1_000)
    await follower(later, mailbox.server).act(id)
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert mailbox.text(0) == mailbox.text(1)
    assert [type(event) for event in await outcome(world, id)] == [MailSent]


@pytest.mark.parametrize(
    ("about", "reply", "dead"),
    [
        ("rcpt", "550 5.1.1 No such mailbox", True),
        ("data", "554 5.7.1 Looks like spam", False),
    ],
)
async def test_a_refusal_for_good_is_noted_for_agents_and_not_tried_again(
    world: World, mailbox: Mailbox, about: str, reply: str, dead: bool
) -> None:
    id = await left(world)
    mailbox.answers[about] = [reply]
    world.now += AFTER
    mail = follower(world, mailbox.server)
    await mail.act(id)
    (failed,) = await outcome(world, id)
    assert isinstance(failed, MailFailed)
    assert reply[:3] in failed.problem
    world.now += GIVE_UP_MS
    await mail.act(id)
    assert mailbox.messages == []
    assert ((await world.store.load(id)).contact is None) == dead
    await world.does(id, do.Reply(agent=ANNA, text="Another try"))  # a new answer, a new chance
    if dead:  # but not with an address at which nobody gets anything
        world.now += AFTER
        await mail.act(id)
        assert mailbox.messages == []
        await world.does(id, do.LeaveContact(email="jo.again@example.com"))
        await world.does(id, do.Reply(agent=ANNA, text="And there?"))
    world.now += AFTER
    await mail.act(id)
    assert len(mailbox.messages) == 1


async def test_a_server_that_is_away_is_tried_for_a_day_and_then_given_up(world: World) -> None:
    with mail_server() as gone:
        pass
    id = await left(world)
    mail = follower(world, gone.server)
    world.now += AFTER
    tries, began = 0, world.now
    while not await outcome(world, id):
        rest = await mail.act(id)
        tries += 1
        if rest.due is not None:
            world.now = rest.due
    assert world.now - began >= GIVE_UP_MS
    assert 20 < tries < 40
    (failed,) = await outcome(world, id)
    assert isinstance(failed, MailFailed)
    assert "tried for a day" in failed.problem
    assert await world.redis.exists(SENDING.format(id)) == 0


async def test_a_server_that_hangs_is_left_in_time_and_tried_again(
    world: World, mailbox: Mailbox
) -> None:
    id = await left(world)
    mailbox.hangs = True
    world.now += AFTER
    rest = await follower(world, mailbox.server, timeout=0.3).act(id)
    assert rest.due == world.now + 30_000
    mailbox.hangs = False
    world.now += 30_000
    await follower(world, mailbox.server).act(id)
    assert len(mailbox.messages) == 1


async def test_a_server_that_is_back_gets_what_it_missed(world: World) -> None:
    with mail_server() as first:
        pass
    id = await left(world)
    mail = follower(world, first.server)
    world.now += AFTER
    rest = await mail.act(id)
    assert rest.due is not None
    world.now = rest.due
    with mail_server(port=first.port) as back:
        await mail.act(id)
        assert len(back.messages) == 1


# ----------------------------------------------------------------------------------- encryption


@pytest.fixture
def secured(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(a server's context, that of a client who believes it)."""
    server, file = certificate(tmp_path)
    client = ssl.create_default_context(cafile=str(file))
    return server, client


@pytest.mark.parametrize("kind", ["tls", "start_tls"])
async def test_encrypted_servers_are_used_when_their_certificate_is_believed(
    secured: tuple[ssl.SSLContext, ssl.SSLContext], kind: str
) -> None:
    theirs, ours = secured
    with mail_server(**{kind: theirs}) as mailbox:  # type: ignore[arg-type]
        whole = kind == "tls"
        server = replace(mailbox.server, host="localhost", tls=whole, start_tls=not whole)
        await Mailer(server, context=ours).check()
        with pytest.raises(MailLater, match=r"(?i)certificate"):
            await Mailer(server).check()


async def test_a_wrong_password_is_our_fault_and_not_the_addresss(
    world: World, secured: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    theirs, ours = secured
    with mail_server(start_tls=theirs, login=("desk", "right")) as mailbox:
        encrypted = replace(mailbox.server, host="localhost", start_tls=True)
        wrong, right = (with_login(encrypted, "desk", word) for word in ("wrong", "right"))
        id = await left(world)
        world.now += AFTER
        rest = await follower(world, wrong, context=ours).act(id)
        assert rest.due == world.now + 30_000
        with pytest.raises(MailLater, match="said: 535"):
            await Mailer(wrong, context=ours).check()
        world.now += 30_000
        await Mailer(right, context=ours).check()
        await follower(world, right, context=ours).act(id)
        assert len(mailbox.messages) == 1


async def test_a_password_is_not_told_to_a_server_without_encryption(mailbox: Mailbox) -> None:
    server = replace(with_login(mailbox.server, "desk", "secret"), start_tls=True)
    with pytest.raises(MailLater, match="STARTTLS"):
        await Mailer(server).check()
