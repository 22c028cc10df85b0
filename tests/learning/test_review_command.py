"""`deskhand review` and `deskhand label`, against a real Redis and a project's files."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.__main__ import _parser
from bot.errors import IllegalMove, UnknownConversation
from bot.events import Labelled
from bot.learning import review_command
from bot.learning.archive import ArchiveMissing
from bot.learning.domain_edits import UnknownIntent
from bot.learning.inbox import UnknownCluster
from bot.learning.jobs import Jobs
from bot.learning.review_command import RefreshFailed
from bot.router import Router
from bot.settings import Settings
from bot.store import Store
from tests.learning.inbox_world import GIFT, NLU, PICK_UP, prepare_inbox, taught, write_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path)


def arguments(*argv: str) -> argparse.Namespace:
    return _parser().parse_args([*argv, "--by", "olga"])


class Terminal:
    def __init__(self, redis: Redis[bytes], project: Path) -> None:
        self.redis = redis
        self.project = project

    async def review(self, *argv: str, learner: bool = False) -> list[str]:
        printed: list[str] = []
        settings = Settings(var=self.project / "var", project=self.project)
        await review_command.run(
            arguments("review", *argv),
            self.redis,
            self.project,
            settings,
            learner=learner,
            out=printed.append,
        )
        return printed

    async def json(self, *argv: str) -> list[Any]:
        return [json.loads(line) for line in await self.review(*argv, "--json")]


@pytest.fixture
async def terminal(redis: Redis[bytes], project: Path) -> Terminal:
    await prepare_inbox(redis, project)
    return Terminal(redis, project)


async def test_the_list(terminal: Terminal) -> None:
    head, gift, pick = await terminal.review("list")
    assert head == "2 clusters, 6 messages of 6 customers"
    assert gift.split()[:4] == ["gift", "4", "customers", "invoice"]
    assert gift.endswith(GIFT[0])
    assert pick.startswith("pick")
    assert [one["id"] for one in await terminal.json("list", "--count", "1")] == ["gift"]


async def test_one_cluster(terminal: Terminal) -> None:
    lines = await terminal.review("show", "gift")
    assert "The assistant did not understand it" in lines[1]
    assert [text in "\n".join(lines) for text in GIFT] == [True] * 4
    cluster, *wordings = await terminal.json("show", "gift")
    assert (cluster["id"], [one["text"] for one in wordings]) == ("gift", GIFT)


async def test_a_script_goes_through_the_inbox(terminal: Terminal, project: Path) -> None:
    _, *wordings = await terminal.json("show", "gift")
    first = wordings[0]["id"]
    (split,) = await terminal.json("split", "gift", first)
    (merged,) = await terminal.json("merge", "pick", split["cluster"])
    assert merged["cluster"] == "pick"
    (done,) = await terminal.json("accept", "pick", "pick_up", "--answer", "Yes, in Oslo.")
    assert done["trained"] + done["held_out"] == 3
    assert taught(project) == dict.fromkeys([GIFT[0], *PICK_UP], "pick_up")
    await terminal.review("ignore", "gift", "--only", wordings[1]["id"])
    assert [one["wordings"] for one in await terminal.json("list")] == [2]
    lines = await terminal.review("decisions")
    assert [line.split(":")[0] for line in lines] == ["4", "3", "2", "1"]
    (undone,) = await terminal.review("undo", "3")
    assert undone == "Undone: 3: 3 wordings accepted as the new pick_up"
    assert taught(project) == {}


async def test_what_is_left_out_is_told(terminal: Terminal, project: Path) -> None:
    (project / "data/nlu/shop.yml").write_text(
        NLU.replace("    - when is it here\n", f"    - when is it here\n    - {GIFT[0]}\n")
    )
    told, left_out = await terminal.review("accept", "gift", "invoice")
    assert told.startswith("1: 4 wordings accepted as invoice; ")
    assert left_out.startswith(f"  left out: {GIFT[0]} (it is an example of delivery_time")


async def test_a_cluster_that_is_not_there(terminal: Terminal) -> None:
    with pytest.raises(UnknownCluster):
        await terminal.review("show", "nope")


async def test_an_inbox_that_was_never_prepared(redis: Redis[bytes], project: Path) -> None:
    (line,) = await Terminal(redis, project).review("list")
    assert "deskhand review refresh" in line


async def test_without_a_learner_it_is_prepared_here(redis: Redis[bytes], project: Path) -> None:
    (project / "data/triage.yml").write_text(
        (Path(__file__).parent.parent.parent / "data/triage.yml").read_text()
    )
    with pytest.raises(ArchiveMissing):
        await Terminal(redis, project).review("refresh")


async def test_a_job_that_failed_is_an_error(
    redis: Redis[bytes], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = Jobs(redis)

    async def fail(seconds: float) -> None:
        job = await jobs.take()
        assert job is not None
        await jobs.failed(job.id, "The disk is full.", "Make room.")

    monkeypatch.setattr("bot.learning.review_command.anyio.sleep", fail)
    with pytest.raises(RefreshFailed, match="The disk is full"):
        await Terminal(redis, project).review("refresh", learner=True)


# ----------------------------------------------------------------------------------------- label


class Labels:
    def __init__(self, redis: Redis[bytes], project: Path) -> None:
        self._redis = redis
        self._project = project

    async def add(
        self, conversation: str, seq: int, intent: str, *more: str
    ) -> tuple[str, dict[str, Any]]:
        # An id may begin with a hyphen; behind "--" it is no option.
        argv = ["label", "--by", "olga", *more, "--", conversation, str(seq), intent]
        order = _parser().parse_args(argv)
        return await review_command.label(order, self._redis, self._project, Settings())


@pytest.fixture
def labels(redis: Redis[bytes], project: Path) -> Labels:
    return Labels(redis, project)


async def test_a_label_goes_to_the_log(labels: Labels, store: Store, router: Router) -> None:
    opened = await router.open()
    outcome = await router.from_customer(opened.id, "gift wrap?", client_id="client-1")
    words, told = await labels.add(opened.id, outcome.seq, "invoice")
    assert words == f"Message {outcome.seq} of {opened.id}: invoice."
    event = (await store.log(opened.id))[-1].event
    assert isinstance(event, Labelled)
    assert (event.intent, event.of, event.new) == ("invoice", outcome.seq, False)
    assert event.agent.login == "olga"
    assert told["seq"] == outcome.seq + 1
    await labels.add(opened.id, outcome.seq, "gift_wrap", "--new")
    event = (await store.log(opened.id))[-1].event
    assert isinstance(event, Labelled)
    assert event.new


async def test_labels_that_make_no_sense(labels: Labels, router: Router) -> None:
    opened = await router.open()
    with pytest.raises(UnknownIntent, match="no intent gift_wrap"):
        await labels.add(opened.id, 1, "gift_wrap")
    with pytest.raises(IllegalMove, match="no message of the customer"):
        await labels.add(opened.id, 1, "gift_wrap", "--new")
    with pytest.raises(UnknownConversation):
        await labels.add("nope", 1, "invoice")
