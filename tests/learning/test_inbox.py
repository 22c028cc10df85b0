"""The inbox: a real Redis, real files of a project, two owners."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.events import Agent
from bot.learning.decision_log import DECISIONS, DecisionLog
from bot.learning.decisions import AlreadyDecided, NotUndoable, replay
from bot.learning.domain_edits import IntentExists, UnknownIntent
from bot.learning.examples import ExampleConflict, LearnedExamples
from bot.learning.inbox import BadCursor, ClusterChanged, Inbox, InboxBusy, UnknownCluster
from bot.learning.inbox_store import INBOX, InboxStore, InboxUnavailable
from bot.learning.nlu_files import BrokenFile, Example
from bot.learning.wordings import key_of
from bot.store import STATE
from tests.learning.inbox_world import (
    ANNA,
    BEN,
    DOMAIN,
    GIFT,
    NLU,
    NOW,
    PICK_UP,
    cluster,
    inbox_of,
    prepare_inbox,
    row,
    taught,
    write_project,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path)


@pytest.fixture
async def inbox(redis: Redis[bytes], project: Path) -> Inbox:
    await prepare_inbox(redis, project)
    return inbox_of(redis, project)


# ------------------------------------------------------------------------------------- reading


async def test_clusters_come_by_customers_helped(inbox: Inbox) -> None:
    page = await inbox.page(ANNA)
    assert [(c.id, c.title, c.customers, c.messages) for c in page.open] == [
        ("gift", GIFT[0], 4, 4),
        ("pick", PICK_UP[0], 2, 2),
    ]
    assert (page.clusters, page.messages, page.customers, page.next) == (2, 6, 6, None)
    first = page.open[0]
    assert [shown.text for shown in first.examples] == GIFT
    assert [(count.code, count.messages) for count in first.reasons] == [("not_placed", 4)]
    assert first.suggestions[0].intent == "invoice"
    assert page.refreshed_at == NOW
    assert page.last is None


async def test_pages_go_on_where_the_one_before_ended(inbox: Inbox) -> None:
    first = await inbox.page(ANNA, count=1)
    assert [c.id for c in first.open] == ["gift"]
    second = await inbox.page(ANNA, first.next, count=1)
    assert [c.id for c in second.open] == ["pick"]
    await inbox.ignore(BEN, "gift")  # the place of the page before stays where it was
    assert [c.id for c in (await inbox.page(ANNA, first.next, count=1)).open] == ["pick"]
    assert (await inbox.page(ANNA, second.next, count=1)).open == ()


@pytest.mark.parametrize(
    "cursor", ["", "gift", "x:y:z", "0:1", f"{2**70}:1:a", "0:nan:a", "0:inf:a", "0:1e9999:a"]
)
async def test_a_cursor_that_is_none(inbox: Inbox, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await inbox.page(ANNA, cursor)


async def test_what_agents_labelled_comes_first(inbox: Inbox, project: Path) -> None:
    InboxStore(project / "var" / INBOX).replace(
        [cluster("gift", GIFT), cluster("one", ["where can i park"])],
        [
            *(row(text, f"g{n}") for n, text in enumerate(GIFT)),
            row(
                "where can i park",
                "p0",
                label="parking",
                labelled_by="anna",
                labelled_at=NOW,
                reasons=("labelled",),
            ),
        ],
        replay([]),
        now=NOW,
    )
    (labelled, _) = (await inbox.page(ANNA)).open
    assert (labelled.id, labelled.labelled) == ("one", 1)
    shown = labelled.examples[0]
    assert (shown.label, shown.labelled_by) == ("parking", "anna")


async def test_an_inbox_that_was_never_prepared_is_empty(
    redis: Redis[bytes], project: Path
) -> None:
    page = await inbox_of(redis, project).page(ANNA)
    assert (page.open, page.refreshed_at) == ((), None)


async def test_erased_conversations_drop_out(
    inbox: Inbox, redis: Redis[bytes], project: Path
) -> None:
    await redis.delete(STATE.format("g0"), STATE.format("p0"), STATE.format("p1"))
    page = await inbox.page(ANNA)
    assert [(c.id, c.customers) for c in page.open] == [("gift", 3)]
    assert GIFT[0] not in [shown.text for shown in page.open[0].examples]
    assert InboxStore(project / "var" / INBOX).texts([key_of(GIFT[0])]) == {}


async def test_a_cluster_that_is_not_there(inbox: Inbox) -> None:
    with pytest.raises(UnknownCluster):
        await inbox.cluster("nope")
    with pytest.raises(UnknownCluster):
        await inbox.ignore(ANNA, "nope")


# ------------------------------------------------------------------------------------- accepting


async def test_accepting_teaches_the_wordings_and_empties_the_inbox(
    inbox: Inbox, project: Path
) -> None:
    before = (project / "data/nlu/shop.yml").read_bytes()
    seen = (await inbox.page(ANNA)).open[0].seen
    done = await inbox.accept(ANNA, "gift", "invoice", seen=seen)
    assert taught(project) == dict.fromkeys(GIFT, "invoice")
    assert len(done.added.trained) + len(done.added.held_out) == 4
    assert done.decision.what == "4 wordings accepted as invoice"
    page = await inbox.page(ANNA)
    assert [c.id for c in page.open] == ["pick"]
    assert page.last == done.decision
    assert (project / "data/nlu/shop.yml").read_bytes() == before


async def test_examples_carry_where_they_come_from(inbox: Inbox, project: Path) -> None:
    await inbox.accept(ANNA, "pick", "invoice")
    learned = LearnedExamples(project)
    placed = {p.example.text: p.example for p in [*learned.all(), *learned.held_out()]}
    example = placed[PICK_UP[0]]
    assert (example.sources, example.by, example.at) == (("p0#2",), "anna", NOW)


async def test_some_wordings_can_be_accepted_and_the_others_stay(inbox: Inbox) -> None:
    await inbox.accept(ANNA, "gift", "invoice", wordings=[key_of(GIFT[1])])
    (gift, _) = (await inbox.page(ANNA)).open
    assert [shown.text for shown in gift.examples] == [GIFT[0], *GIFT[2:]]
    assert gift.customers == 3


async def test_a_new_intent_comes_with_its_answer(inbox: Inbox, project: Path) -> None:
    done = await inbox.accept(ANNA, "gift", "gift_wrapping", answer="We wrap it for 3 euros.")
    assert done.decision.what == "4 wordings accepted as the new gift_wrapping"
    domain = (project / "domain.yml").read_text()
    assert "  - gift_wrapping" in domain
    assert "We wrap it for 3 euros." in domain
    with pytest.raises(IntentExists):
        await inbox.accept(ANNA, "pick", "gift_wrapping", answer="Again?")
    assert [c.id for c in (await inbox.page(ANNA)).open] == ["pick"]


async def test_a_label_for_an_intent_that_was_deleted(inbox: Inbox, project: Path) -> None:
    (project / "domain.yml").write_text(DOMAIN.replace("  - invoice\n", ""))
    with pytest.raises(UnknownIntent, match="no intent invoice"):
        await inbox.accept(ANNA, "gift", "invoice")
    assert taught(project) == {}
    assert len((await inbox.page(ANNA)).open) == 2


async def test_a_broken_file_is_named_and_nothing_is_decided(inbox: Inbox, project: Path) -> None:
    (project / "data/nlu/shop.yml").write_text(NLU + "- intent: [\n")
    with pytest.raises(BrokenFile, match=r"shop\.yml, line 1"):
        await inbox.accept(ANNA, "gift", "invoice")
    assert len((await inbox.page(ANNA)).open) == 2


async def test_a_wording_that_is_an_example_of_another_intent_is_left_out_and_told(
    inbox: Inbox, project: Path
) -> None:
    nlu = NLU.replace("    - when is it here\n", f"    - when is it here\n    - {GIFT[0]}\n")
    (project / "data/nlu/shop.yml").write_text(nlu)
    done = await inbox.accept(ANNA, "gift", "invoice")
    assert sorted(taught(project)) == sorted(GIFT[1:])
    (skipped,) = done.added.skipped
    assert skipped.reason.startswith("it is an example of delivery_time: data/nlu/shop.yml, line")


async def test_when_nothing_else_is_left_the_conflict_is_an_error(
    inbox: Inbox, project: Path
) -> None:
    nlu = NLU.replace("    - when is it here\n", f"    - when is it here\n    - {GIFT[0]}\n")
    (project / "data/nlu/shop.yml").write_text(nlu)
    with pytest.raises(ExampleConflict, match="delivery_time"):
        await inbox.accept(ANNA, "gift", "invoice", wordings=[key_of(GIFT[0])])
    assert (await inbox.page(ANNA)).open[0].wordings == 4


# -------------------------------------------------------------------------------------- two owners


async def test_the_second_owner_is_told_who_was_first_and_nothing_is_doubled(
    inbox: Inbox, redis: Redis[bytes], project: Path
) -> None:
    bens = inbox_of(redis, project)
    seen = (await bens.page(BEN)).open[0].seen
    await inbox.accept(ANNA, "gift", "invoice", seen=seen)
    with pytest.raises(AlreadyDecided, match="Anna Berg was quicker: 4 wordings accepted as inv"):
        await bens.accept(BEN, "gift", "delivery_time", seen=seen)
    with pytest.raises(AlreadyDecided, match="Anna Berg was quicker"):
        await bens.ignore(BEN, "gift", wordings=[key_of(GIFT[2])])
    assert taught(project) == dict.fromkeys(GIFT, "invoice")


async def test_of_many_at_the_same_moment_one_wins(
    inbox: Inbox, redis: Redis[bytes], project: Path
) -> None:
    owners = [Agent(login=f"o{n}", name=f"Owner {n}") for n in range(6)]
    results = await asyncio.gather(
        *(
            inbox_of(redis, project).accept(owner, "gift", "invoice" if n % 2 else "delivery_time")
            for n, owner in enumerate(owners)
        ),
        return_exceptions=True,
    )
    refused = [one for one in results if isinstance(one, AlreadyDecided)]
    assert len(refused) == 5
    assert len(set(taught(project).values())) == 1
    assert await redis.xlen(DECISIONS) == 1


async def test_whole_clusters_are_decided_as_they_were_seen(
    inbox: Inbox, redis: Redis[bytes], project: Path
) -> None:
    seen = (await inbox.page(BEN)).open[0].seen
    await inbox_of(redis, project).ignore(ANNA, "gift", wordings=[key_of(GIFT[3])])
    with pytest.raises(ClusterChanged, match="changed since"):
        await inbox.accept(BEN, "gift", "invoice", seen=seen)


async def test_a_decision_that_takes_too_long_does_not_block_others_for_ever(
    inbox: Inbox, redis: Redis[bytes], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.learning.inbox.PATIENCE_S", 0.05)
    async with inbox_of(redis, project)._alone():
        with pytest.raises(InboxBusy):
            await inbox.ignore(ANNA, "gift")
    assert (await inbox.ignore(ANNA, "gift")).kind == "ignored"


async def test_when_the_decision_cannot_be_noted_its_examples_go_again(
    inbox: Inbox, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(self: DecisionLog, number: int, entry: object) -> bool:
        return False

    monkeypatch.setattr(DecisionLog, "add", late)
    with pytest.raises(AlreadyDecided, match="same moment"):
        await inbox.accept(ANNA, "gift", "gift_wrapping", answer="For 3 euros.")
    assert taught(project) == {}
    assert "gift_wrapping" not in (project / "domain.yml").read_text()


# ------------------------------------------------------------------------- ignore, split, merge


async def test_what_is_ignored_is_gone_and_taught_nowhere(inbox: Inbox, project: Path) -> None:
    await inbox.ignore(ANNA, "gift")
    assert [c.id for c in (await inbox.page(ANNA)).open] == ["pick"]
    assert taught(project) == {}


async def test_a_split_makes_a_cluster_of_its_own(inbox: Inbox) -> None:
    _, into = await inbox.split(ANNA, "gift", [key_of(GIFT[1]), key_of(GIFT[3])])
    clusters = {c.id: c for c in (await inbox.page(ANNA)).open}
    assert [shown.text for shown in clusters[into].examples] == [GIFT[1], GIFT[3]]
    assert [shown.text for shown in clusters["gift"].examples] == [GIFT[0], GIFT[2]]
    assert clusters[into].suggestions


@pytest.mark.parametrize("texts", [[], GIFT, [PICK_UP[0]]])
async def test_a_split_takes_some_not_all_and_only_its_own(inbox: Inbox, texts: list[str]) -> None:
    with pytest.raises(ClusterChanged):
        await inbox.split(ANNA, "gift", [key_of(text) for text in texts])


async def test_a_merge_makes_one_of_several(inbox: Inbox) -> None:
    _, id = await inbox.merge(ANNA, "pick", ["gift", "pick"])
    (one,) = (await inbox.page(ANNA)).open
    assert (one.id, id, one.customers, one.wordings) == ("pick", "pick", 6, 6)
    with pytest.raises(ClusterChanged, match="at least two"):
        await inbox.merge(ANNA, "pick", ["pick"])


async def test_moved_wordings_stay_where_they_were_moved_when_the_inbox_is_prepared_anew(
    inbox: Inbox, redis: Redis[bytes], project: Path
) -> None:
    _, into = await inbox.split(ANNA, "gift", [key_of(GIFT[1])])
    ledger = await DecisionLog(redis).ledger()
    assert ledger.pinned() == {key_of(GIFT[1]): into}


# ------------------------------------------------------------------------------------------ undo


async def test_undo_brings_the_cluster_back_and_takes_the_examples_away(
    inbox: Inbox, project: Path
) -> None:
    before = await inbox.page(ANNA)
    await inbox.accept(ANNA, "gift", "gift_wrapping", answer="For 3 euros.")
    undone = await inbox.undo(ANNA)
    assert undone.undone
    assert (await inbox.page(ANNA)).open == before.open
    assert taught(project) == {}
    assert "gift_wrapping" not in (project / "domain.yml").read_text()


async def test_undo_leaves_what_was_there_before(inbox: Inbox, project: Path) -> None:
    await inbox.accept(BEN, "gift", "invoice", wordings=[key_of(GIFT[0])])
    await inbox.accept(ANNA, "gift", "invoice")
    await inbox.undo(ANNA)
    assert taught(project) == {GIFT[0]: "invoice"}


async def test_split_merge_and_ignore_are_undone_one_after_the_other(inbox: Inbox) -> None:
    before = {c.id: c.wordings for c in (await inbox.page(ANNA)).open}
    await inbox.split(ANNA, "gift", [key_of(GIFT[0])])
    await inbox.merge(ANNA, "gift", ["pick"])
    await inbox.ignore(ANNA, "gift")
    for _ in range(3):
        await inbox.undo(ANNA)
    assert {c.id: c.wordings for c in (await inbox.page(ANNA)).open} == before
    with pytest.raises(NotUndoable):
        await inbox.undo(ANNA)


async def test_a_later_decision_is_undone_first(inbox: Inbox) -> None:
    decided, into = await inbox.split(ANNA, "gift", [key_of(GIFT[0])])
    await inbox.ignore(BEN, into)
    with pytest.raises(NotUndoable, match="Ben Solli, 1 wording ignored"):
        await inbox.undo(ANNA, decided.id)


async def test_decisions_are_listed_newest_first(inbox: Inbox) -> None:
    await inbox.ignore(ANNA, "gift")
    await inbox.ignore(BEN, "pick")
    await inbox.undo(ANNA)
    decisions, more = await inbox.decisions()
    assert [(d.by, d.undone) for d in decisions] == [("Ben Solli", False), ("Anna Berg", True)]
    assert more is None


async def test_decisions_outlive_the_prepared_inbox(
    inbox: Inbox, redis: Redis[bytes], project: Path
) -> None:
    await inbox.ignore(ANNA, "gift")
    for file in (project / "var" / "learning").glob("inbox.db*"):
        file.unlink()
    store = InboxStore(project / "var" / INBOX)
    rows = [row(text, f"g{n}") for n, text in enumerate(GIFT)]
    store.replace([cluster("gift", GIFT)], rows, await DecisionLog(redis).ledger(), now=NOW)
    assert (await inbox_of(redis, project).page(ANNA)).open == ()


async def test_what_was_written_before_a_process_was_killed_is_not_doubled(
    inbox: Inbox, project: Path
) -> None:
    """Killed between the examples and the decision: the cluster is open, and accepted again."""
    LearnedExamples(project).add([Example(text=text, intent="invoice", by="anna") for text in GIFT])
    done = await inbox.accept(ANNA, "gift", "invoice")
    assert len(done.added.skipped) == 4
    assert taught(project) == dict.fromkeys(GIFT, "invoice")
    assert [c.id for c in (await inbox.page(ANNA)).open] == ["pick"]


async def test_a_decision_counts_though_the_prepared_inbox_cannot_be_written(
    inbox: Inbox, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.learning.inbox_store.BUSY_S", 0.01)
    other = sqlite3.connect(project / "var" / INBOX, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(InboxUnavailable, match="locked"):
        await inbox.accept(ANNA, "gift", "invoice")
    other.rollback()
    other.close()
    assert [c.id for c in (await inbox.page(ANNA)).open] == ["pick"]
    assert taught(project) == dict.fromkeys(GIFT, "invoice")


async def test_a_file_of_another_version_is_thrown_away(inbox: Inbox, project: Path) -> None:
    with sqlite3.connect(project / "var" / INBOX) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert InboxStore(project / "var" / INBOX).totals().clusters == 0


async def test_a_place_that_cannot_be_written_stops_the_inbox_and_nothing_else(
    redis: Redis[bytes], project: Path
) -> None:
    (project / "var").write_text("a file where a folder should be")
    inbox = inbox_of(redis, project)
    with pytest.raises(InboxUnavailable):
        await inbox.page(ANNA)


async def test_a_broken_file_says_that_it_can_be_deleted(
    redis: Redis[bytes], project: Path
) -> None:
    path = project / "var" / INBOX
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(InboxUnavailable, match="not a database") as broken:
        await inbox_of(redis, project).page(ANNA)
    assert "can be deleted" in broken.value.hint
    path.unlink()
    assert (await inbox_of(redis, project).page(ANNA)).open == ()
