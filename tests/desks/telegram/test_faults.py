"""What goes wrong with Telegram, and what becomes of it: nothing is lost, nothing doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import anyio
import httpx
import pytest

from benchmarks.stack import clean_environment
from bot.conversation import State
from bot.desk_health import Pace
from bot.desks import telegram_setup
from bot.desks.telegram import PACE, WEBHOOK_PATH
from bot.events import AgentEdited, AgentSpoke
from bot.threads import Threads
from tests.desks.contract.driver import ANNA, BEN, Workplace, gateway_of, until_true
from tests.desks.contract.truth import Truth
from tests.desks.contract.visitor import Visitor, visiting
from tests.desks.gateway_process import GatewayProcess
from tests.desks.telegram.group import Json
from tests.desks.telegram.server import FakeTelegram, Fault
from tests.desks.telegram.telegram_driver import (
    SECRET,
    TelegramDriver,
    settings_for,
)
from tests.sample_files import png

PNG = png()


def cards(telegram: FakeTelegram) -> list[Json]:
    people = telegram.person("Looker-on", 99)
    return [
        m for t in people.topics() for m in people.sees(t) if "waiting since" in m.get("text", "")
    ]


def times(telegram: FakeTelegram, text: str) -> int:
    """How often that stands in the group, as a message of the bot's."""
    with telegram.lock:
        messages = list(telegram.group.messages.values())
    shown = [m.get("text") or m.get("caption") or "" for m in messages if m["from"]["is_bot"]]
    return sum(one.startswith("👤") and text in one for one in shown)


# --------------------------------------------------------------------------- errors of Telegram


@pytest.mark.parametrize(
    "fault",
    [
        Fault("sendMessage", status=500, times=2),
        Fault("sendMessage", status=502, before=False),
        Fault("sendMessage", status=429, retry_after=1, times=2),
        Fault("sendMessage", hang=True),
        Fault("sendMessage", hang=True, before=False),
        Fault("sendMessage", cut=True),
        Fault("sendMessage", cut=True, before=False),
    ],
    ids=lambda f: (
        f"{'hang' if f.hang else 'cut' if f.cut else f.status}-{'before' if f.before else 'after'}"
    ),
)
async def test_a_message_that_telegram_did_not_answer_well_is_there_once_and_in_order(
    desk: TelegramDriver, waiting: Visitor, telegram: FakeTelegram, fault: Fault
) -> None:
    telegram.fail(replace(fault))
    for text in ("one", "two", "three"):
        await waiting.say(f"number {text}")
    await desk._wait("the last one", lambda: times(telegram, "number three"))
    posts = [found for found in desk._in_thread(waiting.id, "number") if "👤" in found.text[:1]]
    shown = "\n".join(found.text for found in posts)
    assert [shown.index(f"number {n}") for n in ("one", "two", "three")] == sorted(
        shown.index(f"number {n}") for n in ("one", "two", "three")
    )
    for text in ("one", "two", "three"):
        assert shown.count(f"number {text}") == 1
    assert not any(found.text == "…" for found in desk._in_thread(waiting.id))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("createForumTopic", status=500),
        Fault("createForumTopic", cut=True, before=False),
        Fault("sendMessage", cut=True, before=False),
    ],
    ids=["topic-before", "topic-after", "card-after"],
)
async def test_a_hand_off_has_one_topic_and_one_card_whatever_answer_is_lost(
    desk: TelegramDriver, customer: Visitor, telegram: FakeTelegram, fault: Fault
) -> None:
    telegram.fail(replace(fault))
    await customer.ask_for_person()
    await desk.sees_card(customer.id)
    await desk.reply(ANNA, customer.id, "Hello!")
    await customer.reads("Hello!")
    assert len(telegram.group.topics) == 1
    assert len(cards(telegram)) <= 1


async def test_a_revoked_token_stops_nothing_for_good(
    desk: TelegramDriver, waiting: Visitor, telegram: FakeTelegram
) -> None:
    telegram.revoked = True
    await waiting.say("are you there?")
    person, topic = desk._at(ANNA, waiting.id)
    person.write("Yes.", topic)
    await anyio.sleep(1.5)  # long enough for some tries
    assert times(telegram, "are you there?") == 0
    telegram.revoked = False
    await desk._wait("the message", lambda: times(telegram, "are you there?"))
    await waiting.reads("Yes.")
    assert times(telegram, "are you there?") == 1


async def test_a_file_that_telegram_does_not_hand_out_is_told(
    desk: TelegramDriver, waiting: Visitor, telegram: FakeTelegram, truth: Truth
) -> None:
    telegram.fail(Fault("getFile", status=400))
    await desk.send_file(ANNA, waiting.id, "seam.png", PNG)
    await desk.sees(waiting.id, "does not hand out seam.png")
    assert await truth.events(waiting.id, AgentSpoke) == []
    # A failure of the moment is waited out.
    telegram.fail(Fault("getFile", status=500))
    await desk.send_file(ANNA, waiting.id, "seam.png", PNG)
    (said,) = await truth.gets(waiting.id, AgentSpoke)
    assert [file.name for file in said.files] == ["seam.png"]


# --------------------------------------------------------------------------- people tidy up


async def test_a_deleted_topic_is_made_again_with_all_that_was_said(
    desk: TelegramDriver, waiting: Visitor, telegram: FakeTelegram
) -> None:
    await desk.reply(ANNA, waiting.id, "Yes, it is.")
    person, topic = desk._at(ANNA, waiting.id)
    assert topic is not None
    person.delete_topic(topic)
    await waiting.say("and the floor?")
    await desk.sees_card(waiting.id, "Anna Berg", "Yes, it is.", "and the floor?")
    assert desk._card_of(waiting.id).topic != topic
    await desk.reply(ANNA, waiting.id, "The floor, too.")
    await waiting.reads("Yes, it is.", "The floor, too.")


async def test_a_topic_that_somebody_closed_is_made_again(
    desk: TelegramDriver, waiting: Visitor
) -> None:
    person, topic = desk._at(ANNA, waiting.id)
    assert topic is not None
    person.close_topic(topic)
    await waiting.say("hello?")
    await desk._wait("another topic", lambda: desk._card_of(waiting.id).topic != topic)
    await desk.sees(waiting.id, "hello?")
    await desk.reply(ANNA, waiting.id, "Here.")
    await waiting.reads("Here.")


async def test_a_card_that_somebody_deleted_is_posted_again(
    desk: TelegramDriver, waiting: Visitor
) -> None:
    card = desk._card_of(waiting.id)
    desk._person(ANNA, card.group).delete(card.id)
    await waiting.say("hello?")
    await desk.sees_card(waiting.id, "waiting since")
    assert desk._card_of(waiting.id).topic == card.topic
    assert await desk.claim(ANNA, waiting.id) == ""


@pytest.mark.parametrize("kind", ["group"])
async def test_a_group_that_becomes_a_supergroup_is_followed(
    desk: TelegramDriver, waiting: Visitor, telegram: FakeTelegram
) -> None:
    new = desk._people["anna"].upgrade()
    await waiting.say("still there?")
    await desk._wait("a card", lambda: (c := desk._card(waiting.id)) and c.group is new)
    await desk.sees(waiting.id, "still there?")
    await desk.reply(ANNA, waiting.id, "Still here.")
    await waiting.reads("Still here.")


# ------------------------------------------------------------------------- repeated and late


async def test_an_update_that_comes_again_has_one_effect(
    desk: TelegramDriver, waiting: Visitor, telegram: FakeTelegram, truth: Truth
) -> None:
    await desk.claim(ANNA, waiting.id)
    await desk.reply(ANNA, waiting.id, "Yes.")
    for update in list(telegram.world.told):
        telegram.again(update)
    await desk.settled()
    assert [one.text for one in await truth.events(waiting.id, AgentSpoke)] == ["Yes."]
    assert (await truth.now(waiting.id)).state is State.HUMAN


async def test_a_change_that_comes_before_its_message_is_what_the_customer_reads(
    desk: TelegramDriver, waiting: Visitor, telegram: FakeTelegram, truth: Truth
) -> None:
    person, topic = desk._at(ANNA, waiting.id)
    with telegram.lock:
        written = person.write("It costs 10", topic)
        person.edit(written, "It costs 12")
        change, message = telegram.world.updates.pop(), telegram.world.updates.pop()
        telegram.world.updates.extend([change, message])
    await waiting.reads("It costs 12")
    await desk.settled()
    assert len(await truth.events(waiting.id, AgentSpoke)) == 1


async def test_of_two_changes_the_later_counts_however_they_come(
    desk: TelegramDriver, waiting: Visitor, telegram: FakeTelegram, truth: Truth
) -> None:
    person, topic = desk._at(ANNA, waiting.id)
    written = person.write("It costs 10", topic)
    await waiting.reads("It costs 10")
    with telegram.lock:
        person.edit(written, "It costs 11")
        person.edit(written, "It costs 12")
        later, earlier = telegram.world.updates.pop(), telegram.world.updates.pop()
        telegram.world.updates.extend([later, earlier])
    await waiting.reads("It costs 12")
    await desk.settled()
    assert len(await truth.events(waiting.id, AgentEdited)) == 1


# ---------------------------------------------------------------------------- two gateways, kill


Start = Callable[[], GatewayProcess]


@pytest.fixture
def start(place: Workplace, telegram: FakeTelegram) -> Iterator[Start]:
    """Starts gateways in processes of their own."""
    settings = settings_for(telegram, place)
    environment = {
        **clean_environment(),
        "REDIS_URL": place.redis_url,
        "DESKHAND_ASSISTANT_URL": place.assistant.url,
        "DESKHAND_ASSISTANT_TOKEN": place.assistant.token,
        "DESKHAND_VAR": str(place.folder),
        "DESKHAND_DESK": str(settings["desk"]),
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_GROUP_ID": str(telegram.group.id),
        "TELEGRAM_API_URL": telegram.url,
    }
    started: list[GatewayProcess] = []

    def start() -> GatewayProcess:
        started.append(GatewayProcess(environment))
        started[-1].start()
        return started[-1]

    yield start
    for process in started:
        process.kill()


async def begun(start: Start) -> GatewayProcess:
    """Telegram goes on meanwhile, and so do the customers."""
    return await anyio.to_thread.run_sync(start)


async def up_to_date(place: Workplace, id: str) -> None:
    """The desk has everything of the conversation, and nothing is under way."""
    threads = Threads(place.redis, telegram_setup.health_of(place.redis), now=place.router.now)
    with anyio.fail_after(30):
        while True:
            thread, c = await threads.load(id), await place.store.load(id)
            if thread.sending is None and thread.seen == c.seq:
                return
            await anyio.sleep(0.05)


@pytest.mark.parametrize(
    ("method", "nth"),
    [
        ("createForumTopic", 1),
        ("sendMessage", 1),
        ("sendMessage", 2),
        ("sendDocument", 1),
    ],
    ids=["topic", "card", "message", "file"],
)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_a_gateway_killed_as_telegram_accepts_doubles_nothing_and_loses_nothing(
    start: Start,
    place: Workplace,
    telegram: FakeTelegram,
    method: str,
    nth: int,
    before: bool,
) -> None:
    first = await begun(start)
    desk = TelegramDriver(telegram)
    # Somebody else's words and topics are around, as in any group.
    onlooker = telegram.person("Onlooker", 77)
    onlooker.open_topic("Lunch")
    async with visiting(first.url) as customer:
        await customer.ask_for_person()
        if (method, nth) not in (("createForumTopic", 1), ("sendMessage", 1)):
            await desk.sees_card(customer.id)
        killed = threading.Event()

        def kill() -> None:
            first.kill()
            killed.set()

        telegram.fail(Fault(method, before=before, cut=True, then=kill))
        if method == "sendDocument":
            await customer.send_file("tent.png", PNG)
        elif nth == 2:
            await customer.say("Is the tent waterproof?")
        await until_true(killed.is_set, "the kill")
        onlooker.write("what was that?")
        second = await begun(start)
        desk = TelegramDriver(telegram)
        async with visiting(second.url) as other:
            await other.ask_for_person()
            await desk.sees_card(other.id)
        await up_to_date(place, customer.id)
        if method == "sendDocument":
            await desk._find("the file", lambda: desk._document(customer.id, "tent.png"))
            assert len(desk._document(customer.id, "tent.png")) == 1
        elif nth == 2:
            await desk._wait("the words", lambda: times(telegram, "Is the tent waterproof?"))
            assert times(telegram, "Is the tent waterproof?") == 1
        # One topic for each of the two, and that of lunch; one card in each.
        names = telegram.person("Looker-on", 99).topics()
        assert len(names) == 3, names
        assert "Lunch" in names.values()
        assert len(cards(telegram)) == 2
        # What was looked for by forwarding is tidied away.
        assert bool(telegram.called("forwardMessage")) == (method != "createForumTopic")
        assert not [m for m in telegram.group.messages.values() if "forward_origin" in m]


async def test_two_gateways_handle_each_hand_off_and_each_message_once(
    start: Start, telegram: FakeTelegram, truth: Truth
) -> None:
    first, second = await begun(start), await begun(start)
    desk = TelegramDriver(telegram)
    async with visiting(first.url) as here, visiting(second.url) as there:
        for customer in (here, there):
            await customer.ask_for_person()
        for customer in (here, there):
            await desk.sees_card(customer.id)
            await desk.reply(ANNA, customer.id, "Hello!")
            await customer.reads("Hello!")
            assert len(await truth.events(customer.id, AgentSpoke)) == 1
        assert len(telegram.group.topics) == 2
        assert len(cards(telegram)) <= 2
        # One of them dies: the other receives within seconds.
        first.kill()
        with anyio.fail_after(10):
            await desk.reply(BEN, there.id, "// still there?")
        await desk.reply(ANNA, there.id, "Yes?")
        await there.reads("Hello!", "Yes?")


async def test_an_agents_message_survives_a_kill_before_it_is_confirmed(
    start: Start, telegram: FakeTelegram, truth: Truth
) -> None:
    first = await begun(start)
    desk = TelegramDriver(telegram)
    async with visiting(first.url) as customer:
        await customer.ask_for_person()
        await desk.sees_card(customer.id)
        person, topic = desk._at(ANNA, customer.id)
        first.kill()
        person.write("I am on it.", topic)
        await begun(start)
        (said,) = await truth.gets(customer.id, AgentSpoke)
        assert said.text == "I am on it."


# ---------------------------------------------------------------------------------------- flood


async def test_two_hundred_hand_offs_in_a_minute_all_get_their_topic_within_the_limit(
    place: Workplace, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute is a second here: at Telegram and at the desk."""
    monkeypatch.setattr(telegram_setup, "PACE", Pace(PACE.count, 1_000))
    telegram.api.pace.most, telegram.api.pace.window = 20, 1.0
    async with gateway_of(place, **settings_for(telegram, place)) as gateway:
        ids = [(await place.router.open()).id for _ in range(200)]
        async with anyio.create_task_group() as tasks:
            for number, id in enumerate(ids):
                tasks.start_soon(ask, place, id, f"flood-{number}")
        driver = TelegramDriver(telegram, gateway)
        with anyio.fail_after(120):
            while len(await driver.shown()) < len(ids):
                await anyio.sleep(0.1)
    assert await driver.shown() == set(ids)
    assert len(telegram.group.topics) == len(ids)
    # What left within a second may arrive, on a busy machine, within less; it is sent again.
    assert telegram.api.pace.refused <= len(ids) // 20
    overview = [m["text"] for m in telegram.person("Anna", 1).sees() if "⚠️" in m["text"]]
    assert len(overview) == 1
    assert "customers are waiting" in overview[0]


async def ask(place: Workplace, id: str, key: str) -> None:
    await place.router.ask_for_person(id, client_id=key, reason="asked_for_human")


# -------------------------------------------------------------------------------------- webhook


async def test_a_webhook_believes_only_who_knows_the_secret(
    place: Workplace, telegram: FakeTelegram
) -> None:
    settings = settings_for(telegram, place, webhook=True)
    async with gateway_of(place, **settings) as gateway:
        await until_true(lambda: bool(telegram.api.webhook.url), "the webhook")
        url = telegram.api.webhook.url
        assert url == f"{gateway.url}{WEBHOOK_PATH}"
        update: Json = {"update_id": 1}
        async with httpx.AsyncClient(trust_env=False) as http:
            for headers, body, status in (
                ({}, update, 403),
                ({"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"}, update, 403),
                ({"X-Telegram-Bot-Api-Secret-Token": SECRET}, update, 200),
                ({"X-Telegram-Bot-Api-Secret-Token": SECRET}, ["no", "update"], 400),
            ):
                assert (await http.post(url, json=body, headers=headers)).status_code == status
            big = b" " * 1_100_000
            right = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            assert (await http.post(url, content=big, headers=right)).status_code == 400
