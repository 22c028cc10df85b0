"""When Slack, or what is between, goes wrong: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from redis.asyncio import Redis

from bot import commands as do
from bot.desks import slack_api
from bot.events import AgentSpoke, Claimed
from tests.desks.slack.faults import Cut, Fault, Hang, Refusal, Status, TooMany
from tests.desks.slack.front import Front
from tests.desks.slack.office import ANNA, BEN, Office, plan_with
from tests.desks.slack.people import Person, words_of
from tests.polling import soon

pytest_plugins = ("tests.desks.slack.fixtures",)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hanging Slack costs these tests a second instead of ten."""
    monkeypatch.setattr(slack_api, "TIMEOUT_S", 1.0)


async def said_below(office: Office, id: str) -> Counter[str]:
    """What stands below the card, line by line."""
    words = [words_of(message.get("blocks", [])) for message in (await office.thread(id))[1:]]
    return Counter(line for text in words for line in text.splitlines())


FAULTS: list[Fault] = [
    TooMany(1),
    Status(500),
    Status(503),
    Hang(),
    Cut(),
    Cut(accepted=True),
    Hang(accepted=True),
    Refusal("internal_error"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.parametrize("which", ["card", "transcript", "message", "update"])
async def test_whatever_goes_wrong_everything_arrives_once(
    front: Front, office: Office, anna: Person, fault: Fault, which: str
) -> None:
    if which == "card":
        front.fail("chat.postMessage", fault)
    id = await office.hand_over("first words")
    if which == "transcript":
        await soon(lambda: front.called("chat.postMessage"))
        front.fail("chat.postMessage", fault)
    await office.card(id)
    if which == "message":
        front.fail("chat.postMessage", fault)
    if which == "update":
        front.fail("chat.update", fault)
        await anna.react((await office.card(id))["channel"], (await office.card(id))["ts"], "eyes")
        await soon(lambda: office.events(id, Claimed))
    await office.say(id, "second words")
    lines = await said_below(office, id)
    assert (lines["first words"], lines["second words"]) == (1, 1)
    card = await office.card(id)
    assert len(await anna.channel_messages(card["channel"])) == 1
    wanted = "Anna Berg" if which == "update" else "Mia Lund"
    assert wanted in words_of(card["blocks"])


@pytest.mark.parametrize("fault", [Cut(accepted=True), Hang(accepted=True), Cut()], ids=repr)
async def test_a_file_arrives_once_whatever_happens_to_the_answer(
    front: Front, office: Office, fault: Fault
) -> None:
    id = await office.hand_over()
    await office.card(id)
    front.fail("files.completeUploadExternal", fault)
    picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
    photo = await office.files.put(id, "tent.png", picture, key="customer")
    await office.say(id, "like this", files=(photo,))
    names = [f["title"] for m in await office.thread(id) for f in m.get("files", [])]
    assert names == ["tent.png"]


async def test_a_gateway_that_dies_after_slack_has_accepted_posts_nothing_twice(
    front: Front, redis: Redis[bytes], redis_url: str, anna: Person
) -> None:
    """Killed between Slack's accept and our record; another one finds the message."""
    async with Office(redis, front, plan_with(), http=False).open(redis_url) as first:
        id = await first.hand_over()
        card = await first.card(id)
        front.fail("chat.postMessage", Hang(accepted=True))
        posts = len(front.called("chat.postMessage"))
        await first.say(id, "are you there?")
        await soon(lambda: len(front.called("chat.postMessage")) > posts)
    async with Office(redis, front, plan_with(), http=False).open(redis_url) as second:
        assert (await said_below(second, id))["are you there?"] == 1
        await anna.say(card["channel"], "yes", card["ts"])
        await soon(lambda: second.said(id))


async def test_a_gateway_that_dies_before_it_acknowledges_does_an_event_once(
    front: Front, redis: Redis[bytes], redis_url: str, anna: Person
) -> None:
    front.deliveries.ack_within = 0.5
    async with Office(redis, front, plan_with(), http=False).open(redis_url) as first:
        id = await first.hand_over()
        card = await first.card(id)
        front.deliveries.lose_acks("only once", times=1)
        await anna.say(card["channel"], "only once", card["ts"])
        await soon(lambda: first.said(id))
    async with Office(redis, front, plan_with(), http=False).open(redis_url) as second:
        await soon(lambda: front.deliveries.under_way == 0)
        assert await second.said(id) == ["only once"]


async def test_what_agents_wrote_while_nobody_listened_for_hours_is_found_when_somebody_does(
    front: Front, redis: Redis[bytes], redis_url: str, anna: Person, stranger: Person
) -> None:
    async with Office(redis, front, plan_with(), http=False).open(redis_url) as first:
        id = await first.hand_over()
        card = await first.card(id)
        await anna.say(card["channel"], "before", card["ts"])
        await anna.say(card["channel"], "x" * 4_001, card["ts"])
        await stranger.say(card["channel"], "me, too", card["ts"])
        await soon(lambda: first.said(id))
        await soon(lambda: anna.hints() and stranger.hints())
    front.deliveries.gives_up = True
    await anna.say(card["channel"], "meanwhile", card["ts"])
    front.deliveries.gives_up = False
    async with Office(redis, front, plan_with(), http=False).open(redis_url) as second:
        await soon(lambda: second.said_so(id, "meanwhile"))
        assert await second.said(id) == ["before", "meanwhile"]
        # What was refused stays refused, and nobody is told so twice.
        assert (len(anna.hints()), len(stranger.hints())) == (1, 1)


@pytest.mark.parametrize("office", ["socket", "http"], indirect=True)
async def test_a_revoked_token_that_is_restored_costs_nothing(
    front: Front, office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    await asyncio.to_thread(front.revoke)
    await office.say(id, "still waiting")
    await soon(office.failed_lately, what="a failure")
    front.mend()
    assert (await said_below(office, id))["still waiting"] == 1
    if not office.http:
        await soon(lambda: front.deliveries.connections == 1, within=20, what="a connection")
    await anna.say(card["channel"], "here I am", card["ts"])
    await soon(lambda: office.said(id))


async def test_an_archived_channel_moves_its_conversations_with_their_transcript(
    front: Front, office: Office, anna: Person
) -> None:
    id = await office.hand_over("where is it", skill="orders")
    card = await office.card(id)
    assert card["channel"] == anna.channel("orders")
    await anna.archive(card["channel"])
    await office.say(id, "hello?")
    await soon(lambda: office.place_is(id, anna.channel("support")))
    lines = await said_below(office, id)
    assert (lines["where is it"], lines["hello?"]) == (1, 1)
    moved = await office.card(id)
    await anna.say(moved["channel"], "we moved", moved["ts"])
    await soon(lambda: office.said(id))


async def test_a_card_that_somebody_deleted_comes_again(
    front: Front, office: Office, anna: Person
) -> None:
    id = await office.hand_over("where is it")
    card = await office.card(id)
    where = {"channel": card["channel"], "ts": card["ts"]}
    await front.run(front.api("chat.delete", where, "xoxb-tests-bot"))
    await office.router.execute(id, do.Claim(agent=ANNA))
    await soon(lambda: office.root_is_not(id, card["ts"]))
    assert "Anna Berg" in words_of((await office.card(id))["blocks"])
    assert (await said_below(office, id))["where is it"] == 1


async def test_what_slack_never_takes_is_noted_and_the_next_goes_on(
    front: Front, office: Office
) -> None:
    id = await office.hand_over()
    await office.card(id)
    front.fail("chat.postMessage", Refusal("invalid_blocks"))
    await office.say(id, "never shown")
    await office.thread(id)
    await office.say(id, "shown")
    assert (await said_below(office, id))["shown"] == 1
    _, refused = await office.health.dead_letters()
    assert [(one.conversation, "invalid_blocks" in one.why) for one in refused] == [(id, True)]


async def test_two_gateways_show_each_hand_off_once_and_hear_each_word_once(
    front: Front, redis: Redis[bytes], redis_url: str, anna: Person, ben: Person
) -> None:
    one, two = (Office(redis, front, plan_with(), http=False) for _ in range(2))
    async with one.open(redis_url), two.open(redis_url):
        ids = [await one.hand_over(f"question {n}") for n in range(4)]
        cards = [await two.card(id) for id in ids]
        assert len(await anna.channel_messages(cards[0]["channel"])) == len(ids)
        for n, card in enumerate(cards):
            who = (anna, ben)[n % 2]
            await who.say(card["channel"], f"answer {n}", card["ts"])
        for n, id in enumerate(ids):
            await soon(lambda id=id: one.said(id))  # type: ignore[misc]
            assert await one.said(id) == [f"answer {n}"]
            spoke = (await one.events(id, AgentSpoke))[0].agent
            assert spoke == (ANNA, BEN)[n % 2]


async def test_a_flood_is_posted_at_the_pace_that_slack_allows(
    front: Front, office: Office, anna: Person
) -> None:
    ids = [await office.hand_over(f"question {n}") for n in range(5)]
    for id in ids:
        await office.thread(id)
    posted = [call.at for call in front.calls if call.method == "chat.postMessage"]
    assert len(posted) == 2 * len(ids)
    for n, at in enumerate(posted):
        assert sum(at <= other < at + 4.9 for other in posted[n:]) <= 5


async def test_what_piles_up_in_a_thread_goes_as_one_message(front: Front, office: Office) -> None:
    id = await office.hand_over()
    await office.card(id)
    front.fail("chat.postMessage", TooMany(2))
    for n in range(30):
        await office.say(id, f"line {n}")
    posts = len(front.called("chat.postMessage"))
    lines = await said_below(office, id)
    assert all(lines[f"line {n}"] == 1 for n in range(30))
    assert len(front.called("chat.postMessage")) - posts <= 2


async def test_the_desk_connects_again_when_slack_wants_it_to_or_breaks_off(
    front: Front, office: Office, anna: Person
) -> None:
    id = await office.hand_over()
    card = await office.card(id)
    for n, interrupt in enumerate((front.deliveries.refresh, front.deliveries.hang_up)):
        opened = len(front.called("apps.connections.open"))
        await front.run(interrupt())
        await soon(
            lambda opened=opened: len(front.called("apps.connections.open")) > opened,  # type: ignore[misc]
            within=30,
        )
        await soon(lambda: front.deliveries.connections == 1, within=20)
        await anna.say(card["channel"], f"after {n}", card["ts"])
        await soon(lambda n=n: office.said_so(id, f"after {n}"), within=20)  # type: ignore[misc]
