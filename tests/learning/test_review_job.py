"""The job that prepares the inbox: from logs to clusters, with the real encoder, and nothing
personal on the way.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from benchmarks.talks import Talk
from bot import commands as do
from bot.events import Agent, Handoff, Reading
from bot.learning.archive import ARCHIVE, Archive
from bot.learning.examples import LearnedExamples
from bot.learning.facts import facts_of
from bot.learning.inbox import Inbox
from bot.learning.inbox_store import INBOX
from bot.learning.jobs import Job
from bot.learning.review_job import run
from bot.learning.run_job import Context
from bot.settings import Settings
from bot.store import STATE
from tests.learning.inbox_world import ANNA, NOW, write_project

ROOT = Path(__file__).parent.parent.parent
DESK = Agent(login="anna", name="Annelies Vermeulen")
UNPLACED = Reading(intent="nlu_fallback", confidence=0.2, outcome="clarify", out_of_scope=0.9)
PLACED = Reading(
    intent="invoice", confidence=0.9, ranking=({"name": "invoice", "confidence": 0.9},)
)

GIFT = [
    "Can you wrap order NL-48213 as a gift? I'm Thorvald Brekke",
    "is gift wrapping possible? mail me at kirsten.dahlberg@example.org",
    "i want it wrapped as a present, ship it to Storgata 18, 0184 Oslo",
    "do you do gift wrap",
    "Do you do gift wrap?",
]
PARKING = ["where can i park my car at your shop", "is there a parking lot at the store"]
PERSONAL = ("48213", "thorvald", "brekke", "kirsten", "dahlberg", "storgata", "0184", "annelies")


def unplaced(id: str, text: str) -> Talk:
    talk = Talk(id, NOW)
    talk.say(text, after=1000)
    talk.answer("What do you mean?", UNPLACED, after=500)
    return talk


def labelled(id: str, text: str, intent: str) -> Talk:
    """The bot answered, a person took over, and says what it should have understood."""
    talk = Talk(id, NOW)
    seq = talk.say(text, after=1000)
    talk.answer("Here is your invoice.", PLACED, after=500)
    talk.say("no, a person please", after=1000)
    talk.answer("", PLACED, handoff=Handoff(reason="asked_for_human"), after=500)
    talk.claim(DESK, after=1000)
    talk.reply(DESK, "Hi, Annelies Vermeulen here. Yes, behind the shop.", after=1000)
    talk.do(do.Label(agent=DESK, of=seq, intent=intent, new=True))
    return talk


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = write_project(tmp_path)
    shutil.copy(ROOT / "data" / "triage.yml", root / "data" / "triage.yml")
    return root


class World:
    """A project whose archive holds some conversations."""

    def __init__(self, redis: Redis[bytes], project: Path) -> None:
        self.redis = redis
        self.project = project
        self.archive = Archive(project / "var" / ARCHIVE, write=True)
        self.told: list[tuple[str, float]] = []

    async def keep(self, *talks: Talk) -> None:
        found = [facts_of(talk.state.id, talk.entries) for talk in talks]
        self.archive.replace([facts for facts in found if facts is not None])
        for talk in talks:
            await self.redis.hset(STATE.format(talk.state.id), "seq", talk.state.seq)

    async def refresh(self) -> dict[str, object]:
        settings = Settings(var=self.project / "var", project=self.project)
        job = Job(id="review-1", kind="review", by="olga", asked=NOW)

        async def progress(words: str, fraction: float) -> None:
            self.told.append((words, fraction))

        return dict(await run(job, Context(settings, self.project, self.redis), progress))

    def inbox(self) -> Inbox:
        return Inbox(self.redis, self.project, self.project / "var")


@pytest.fixture
async def world(redis: Redis[bytes], project: Path) -> AsyncIterator[World]:
    world = World(redis, project)
    await world.keep(
        *(unplaced(f"gift-{n}", text) for n, text in enumerate(GIFT)),
        unplaced("odd", "blue elephants sing at midnight"),
        labelled("park-0", PARKING[0], "parking"),
        unplaced("park-1", PARKING[1]),
    )
    yield world
    world.archive.close()


async def test_from_logs_to_ranked_clusters(world: World) -> None:
    result = await world.refresh()
    assert result == {"messages": 8, "wordings": 7, "clusters": 3, "left_out": 0}
    parking, gift, odd = (await world.inbox().page(ANNA)).open
    assert (parking.labelled, parking.customers) == (1, 2)
    assert (parking.suggestions[0].intent, parking.suggestions[0].known) == ("parking", False)
    assert (gift.wordings, gift.messages, gift.customers) == (4, 5, 5)
    assert (odd.customers, odd.title) == (1, "blue elephants sing at midnight")
    shown = next(one for one in parking.examples if one.label)
    assert (shown.label, shown.labelled_by, shown.reasons[0]) == ("parking", "anna", "labelled")
    assert shown.afterwards == "person_answered"
    assert shown.reply == "Hi, [name] here. Yes, behind the shop."


async def test_nothing_personal_is_kept_nor_taught(world: World) -> None:
    await world.refresh()
    inbox = world.inbox()
    for cluster in (await inbox.page(ANNA)).open:
        await inbox.accept(ANNA, cluster.id, "invoice")
    learned = LearnedExamples(world.project)
    assert len([*learned.all(), *learned.held_out()]) == 7
    files = [
        *(world.project / "data").rglob("*.yml"),
        *(world.project / "var" / INBOX).parent.glob("inbox.db*"),
    ]
    assert len(files) > 3
    for file in files:
        content = file.read_bytes().lower()
        assert not [word for word in PERSONAL if word.encode() in content], file
    stream = await world.redis.xrange("deskhand:learning:decisions")
    raw = b" ".join(fields[b"d"] for _, fields in stream).lower()
    assert not [word for word in PERSONAL if word.encode() in raw]


async def test_progress_is_told_and_only_grows(world: World) -> None:
    await world.refresh()
    fractions = [fraction for _, fraction in world.told]
    assert fractions == sorted(fractions)
    assert len({words for words, _ in world.told}) >= 4


async def test_clusters_keep_their_names_when_messages_come(world: World) -> None:
    await world.refresh()
    before = {c.id: c.title for c in (await world.inbox().page(ANNA)).open}
    await world.keep(unplaced("gift-9", "could you gift-wrap my parcel please"))
    await world.refresh()
    after = (await world.inbox().page(ANNA)).open
    assert {c.id for c in after} == set(before)
    assert max(c.customers for c in after) == 6


async def test_embeddings_are_made_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.refresh()
    monkeypatch.setattr("bot.learning.review_job.training_encoder", lambda: None)
    assert (await world.refresh())["clusters"] == 3


async def test_what_was_decided_stays_decided_and_a_split_stays_split(world: World) -> None:
    await world.refresh()
    inbox = world.inbox()
    parking, gift, odd = (await inbox.page(ANNA)).open
    await inbox.ignore(ANNA, odd.id)
    await inbox.accept(ANNA, parking.id, "parking", answer="Behind the shop.")
    _, into = await inbox.split(ANNA, gift.id, [gift.examples[0].id])
    await world.refresh()
    clusters = {c.id: c for c in (await world.inbox().page(ANNA)).open}
    assert set(clusters) == {gift.id, into}
    assert clusters[into].title == gift.examples[0].text


async def test_a_later_label_brings_a_message_back(world: World) -> None:
    await world.refresh()
    inbox = world.inbox()
    odd = (await inbox.page(ANNA)).open[-1]
    decided = await inbox.ignore(ANNA, odd.id)
    later = unplaced("odd-2", "Blue elephants sing at midnight!")
    await world.keep(later)
    await world.refresh()
    assert odd.id not in {c.id for c in (await world.inbox().page(ANNA)).open}
    later.at = decided.at + 60_000
    later.do(do.AskForPerson(handoff=Handoff(reason="asked_for_human")))
    later.claim(DESK)
    later.do(do.Label(agent=DESK, of=3, intent="riddles", new=True))
    await world.keep(later)
    await world.refresh()
    clusters = {c.title: c for c in (await world.inbox().page(ANNA)).open}
    back = clusters["blue elephants sing at midnight"]
    assert back.suggestions[0].intent == "riddles"
    await world.inbox().accept(ANNA, back.id, "riddles", answer="I do not know.")


async def test_erased_conversations_are_gone_after_the_next_refresh(world: World) -> None:
    await world.refresh()
    world.archive.remove(["gift-0", "gift-1", "gift-2", "gift-3", "gift-4"])
    await world.refresh()
    titles = [c.title for c in (await world.inbox().page(ANNA)).open]
    assert not [title for title in titles if "gift" in title]


async def test_what_was_taught_by_hand_since_is_no_news(world: World) -> None:
    nlu = world.project / "data" / "nlu" / "shop.yml"
    nlu.write_text(nlu.read_text() + "    - blue elephants sing at midnight\n")
    await world.refresh()
    titles = [c.title for c in (await world.inbox().page(ANNA)).open]
    assert "blue elephants sing at midnight" not in titles
