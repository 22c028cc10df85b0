"""`deskhand import` against real stores: files, Rasa's own tracker stores, a real Redis."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis as sync_redis
from redis.asyncio import Redis

from benchmarks.stack import ROOT, clean_environment
from bot.events import AgentSpoke, Closed
from bot.learning.history import conversation_in
from bot.learning.imports import SourceUnreadable, bring_in, look_into, read
from bot.store import ALL, Store
from tests.learning.test_history import CHATWOOT, OURS, RASA, T


def lines(path: Path, *values: Any) -> str:
    path.write_text("\n".join(v if isinstance(v, str) else json.dumps(v) for v in values))
    return str(path)


async def ids(redis: Redis[bytes]) -> list[str]:
    return [id.decode() for id in await redis.zrange(ALL, 0, -1)]


async def test_what_is_imported_stands_among_all_others_and_only_once(
    store: Store, redis: Redis[bytes], tmp_path: Path
) -> None:
    source = lines(tmp_path / "old.jsonl", OURS, "", RASA, CHATWOOT)
    tally = await bring_in(store, source)
    assert (tally.conversations, tally.messages, tally.known) == (3, 10, 0)
    again = await bring_in(store, source)
    assert (again.conversations, again.known) == (0, 3)
    assert "3 were there already" in str(again)
    assert len(await ids(redis)) == 3
    logs = [await store.log(id) for id in await ids(redis)]
    assert all(
        isinstance(log[-2].event, Closed) or isinstance(log[-1].event, Closed) for log in logs
    )
    assert sum(isinstance(e.event, AgentSpoke) for log in logs for e in log) == 2
    (first,) = (log for log in logs if log[1].at == T and len(log) == 10)
    assert (await store.load((await ids(redis))[0])).seq
    assert first[0].at == T


async def test_a_line_that_makes_no_sense_is_named_and_the_others_come_in(
    store: Store, redis: Redis[bytes], tmp_path: Path
) -> None:
    source = lines(tmp_path / "old.jsonl", OURS, '{"id": 1', {"id": "2", "messages": []})
    tally = await bring_in(store, source)
    assert tally.conversations == 1
    second, third = tally.left_out
    assert second.startswith("old.jsonl, line 2: It is no JSON")
    assert third.startswith("old.jsonl, line 3: no customer")


async def test_what_no_reader_of_json_can_read_costs_only_itself(
    store: Store, redis: Redis[bytes], tmp_path: Path
) -> None:
    digits, brackets = f'{{"id": {"9" * 5_000}}}', '{"id": ' + "[" * 100_000
    tally = await bring_in(store, lines(tmp_path / "old.jsonl", OURS, digits, brackets))
    assert tally.conversations == 1
    assert [one.partition(":")[0] for one in tally.left_out] == [
        "old.jsonl, line 2", "old.jsonl, line 3"
    ]  # fmt: skip


def test_a_line_end_of_unicode_within_a_text_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    one = {**OURS, "comment": "first\u2028second\x85third"}
    path.write_text(f"{json.dumps(one, ensure_ascii=False)}\r\n" * 2)
    assert [found.value for found in read(str(path))] == [one, one]


# Rasa uses SQLAlchemy's older ways.
@pytest.mark.filterwarnings("ignore:Deprecated API features detected")
@pytest.mark.filterwarnings(r"ignore:Calling URL\(\) directly is deprecated")
async def test_rasas_own_stores_are_read_as_rasa_writes_them(
    store: Store, redis_url: str, tmp_path: Path
) -> None:
    # Here: importing Rasa takes seconds, which the other tests need not wait for.
    from rasa.core.tracker_store import RedisTrackerStore, SQLTrackerStore
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import BotUttered, UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker

    address = urlsplit(redis_url)
    stores = [
        SQLTrackerStore(Domain.empty(), db=str(tmp_path / "rasa.db")),
        RedisTrackerStore(
            Domain.empty(), host=address.hostname, port=address.port, password=address.password
        ),
    ]
    for rasas in stores:
        for sender in ("jo", "kim"):
            asked = UserUttered(f"hi from {sender}", {"name": "greet", "confidence": 0.9})
            said = [asked, BotUttered("Hello!")]
            await rasas.save(DialogueStateTracker.from_events(sender, said))
    stores[0].engine.dispose()
    sql = await bring_in(store, f"sqlite:///{tmp_path / 'rasa.db'}")
    assert (sql.conversations, sql.messages, sql.left_out) == (2, 4, [])
    assert (await bring_in(store, redis_url)).conversations == 2
    (found, _) = (conversation_in(one.value) for one in read(redis_url))
    assert found.lines[0].intent == "greet"


async def test_rasas_redis_store_is_read_with_its_prefix(
    store: Store, redis: Redis[bytes], redis_url: str
) -> None:
    tracker = json.dumps({"name": "jo", "events": RASA["events"]})
    with sync_redis.Redis.from_url(redis_url) as client:
        client.set("tracker:jo", tracker)
        client.set("shop:tracker:kim", tracker.replace("jo", "kim"))
        for sender, value in (("broken", "{"), ("bytes", b"\xff"), ("deep", "[" * 100_000)):
            client.set(f"tracker:{sender}", value)
        client.set(b"tracker:\xff", tracker.replace("jo", "ida"))
        client.sadd("tracker:set", "jo")
    tally = await bring_in(store, redis_url)
    assert tally.conversations == 2
    assert sorted(tally.left_out) == [
        "tracker broken: It is no JSON.",
        "tracker bytes: It is no JSON.",
        "tracker deep: It is no JSON.",
        "tracker set: It is no text, but something else of that name.",
    ]
    assert (await bring_in(store, f"{redis_url}#shop")).conversations == 1


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nowhere.jsonl", "No such file"),
        ("ftp://host/file", "Nothing can be imported from ftp://"),
        ("sqlite:////nowhere/at/all.db", "cannot be read"),
        ("redis://127.0.0.1:1/0", "cannot be read"),
    ],
)
def test_a_source_that_is_not_there_is_said_so(source: str, says: str) -> None:
    with pytest.raises(SourceUnreadable, match=says):
        list(read(source))


def test_lists_and_chatwoots_wrapping_are_looked_into(tmp_path: Path) -> None:
    for document in ([OURS, OURS], {"data": {"payload": [CHATWOOT, CHATWOOT]}}):
        path = tmp_path / "many.json"
        path.write_text(json.dumps(document, indent=1))
        assert len(list(read(str(path)))) == 2
    path.write_text(json.dumps(OURS))
    assert len(list(read(str(path)))) == 1


def test_lines_are_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of the file; only a document is in memory as a whole."""
    source = lines(tmp_path / "many.jsonl", "", *[OURS] * 50, '{"id": 1', OURS)

    def whole(self: Path, encoding: str) -> str:
        pytest.fail("the file was read as a whole")

    monkeypatch.setattr(Path, "read_text", whole)
    found = list(read(source, "chats.jsonl"))
    assert len(found) == 52
    (wrong,) = (one for one in found if one.wrong)
    assert wrong.place == "chats.jsonl, line 52"


def test_lines_of_which_the_first_is_broken_are_lines_all_the_same(tmp_path: Path) -> None:
    first, second = read(lines(tmp_path / "x.jsonl", '{"id": 1', OURS))
    assert (first.place, bool(first.wrong), second.wrong) == ("x.jsonl, line 1", True, "")


def test_what_is_not_utf_8_is_said(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_bytes(b'[{"id": "caf\xe9"}]')
    with pytest.raises(SourceUnreadable, match="byte 0xe9"):
        list(read(str(path)))


async def test_a_look_changes_nothing_and_says_what_an_import_would_do(
    store: Store, redis: Redis[bytes], tmp_path: Path
) -> None:
    await bring_in(store, lines(tmp_path / "first.jsonl", RASA), name="shop")
    source = lines(tmp_path / "old.jsonl", OURS, RASA, "{", OURS)
    before = await ids(redis)
    seen: list[str] = []
    look = await look_into(
        store, source, name="shop", called="mine.jsonl", seen=lambda one: seen.append(one.id)
    )
    assert (look.conversations, look.known, len(seen)) == (1, 2, 1)
    assert look.left_out == ["mine.jsonl, line 3: It is no JSON, column 2."]
    assert await ids(redis) == before
    done = await bring_in(store, source, name="shop", called="mine.jsonl")
    assert (done.conversations, done.known, done.left_out) == (1, 2, look.left_out)
    assert done.messages == look.messages


def test_the_command_says_what_it_did_and_ends_with_1_when_something_was_left_out(
    redis_url: str, tmp_path: Path
) -> None:
    source = lines(tmp_path / "old.jsonl", OURS, "{")
    done = subprocess.run(  # noqa: PLW1510 (its exit code is what is looked at)
        [sys.executable, "-m", "bot", "import", source, "--name", "shop"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**clean_environment(), "REDIS_URL": redis_url},
        timeout=60,
    )
    assert done.returncode == 1
    assert "! old.jsonl, line 2: It is no JSON" in done.stdout
    assert "Imported 1 conversations with 4 messages; 1 were left out." in done.stdout
