"""The tracker store on a real Redis: nothing lost, nothing rewritten, the same cost for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from bot.nlu.tracker_store import EVENTS, HEAD, TAIL, TAIL_LIMIT, RedisTrackerStore, TrackerConflict
from tests.nlu.quiet import quietly


def slot(**more: Any) -> dict[str, Any]:
    """A slot of the domain; rasa takes the mapping apart, so each needs its own."""
    plain = {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}
    return {**plain, **more}


with quietly():
    DOMAIN = Domain.from_dict(
        {
            "intents": ["greet"],
            "slots": {"name": slot(), "size": slot(), "tries": slot(initial_value=0)},
            "forms": {"order_form": {"required_slots": ["name"]}},
        }
    )


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisTrackerStore]:
    store = RedisTrackerStore(DOMAIN, redis_url)
    yield store
    await store.close()


def turn(number: int, *between: Event) -> list[Event]:
    """The events of one ordinary turn, about six of them."""
    return [
        UserUttered(f"message {number}", {"name": "greet", "confidence": 1.0}),
        SlotSet("size", number),
        *between,
        ActionExecuted("utter_greet"),
        BotUttered(f"answer {number}"),
        ActionExecuted("action_listen"),
    ]


async def talk(
    store: RedisTrackerStore, turns: Sequence[Sequence[Event]], sender: str = "c"
) -> None:
    """Each turn as Rasa does it: load, update, save."""
    for events in turns:
        tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
        if not tracker.events:
            tracker.update_with_events(
                [
                    ActionExecuted("action_session_start"),
                    SessionStarted(),
                    ActionExecuted("action_listen"),
                ],
                DOMAIN,
            )
        for event in events:
            tracker.update(event, DOMAIN)
        await store.save(tracker)


def state(tracker: DialogueStateTracker) -> dict[str, Any]:
    """What policies and actions see of a tracker."""
    return {
        "slots": tracker.current_slot_values(),
        "loop": tracker.active_loop_name,
        "paused": tracker.is_paused(),
        "said": tracker.latest_message.text if tracker.latest_message else None,
        "action": tracker.latest_action_name,
        "answer": tracker.latest_bot_utterance.text if tracker.latest_bot_utterance else None,
    }


async def test_there_is_no_tracker_before_the_first_turn(store: RedisTrackerStore) -> None:
    assert await store.retrieve("nobody") is None
    assert await store.retrieve_full_tracker("nobody") is None
    assert not await store.exists("nobody")


async def test_a_tracker_comes_back_as_it_was_saved(store: RedisTrackerStore) -> None:
    await talk(store, [turn(1, SlotSet("name", "Anna"), ActiveLoop("order_form"))])
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert tracker.get_slot("name") == "Anna"
    assert tracker.active_loop_name == "order_form"
    assert [e.text for e in tracker.events if isinstance(e, UserUttered)] == ["message 1"]


async def test_only_new_events_are_written(store: RedisTrackerStore, redis: Redis[bytes]) -> None:
    await talk(store, [turn(n) for n in range(3)])
    before = await redis.lrange(EVENTS.format("c"), 0, -1)
    await talk(store, [turn(3)])
    after = await redis.lrange(EVENTS.format("c"), 0, -1)
    assert after[: len(before)] == before
    assert len(after) == len(before) + len(turn(3))


async def test_saving_without_news_writes_nothing(
    store: RedisTrackerStore, redis: Redis[bytes]
) -> None:
    await talk(store, [turn(1)])
    before = await redis.lrange(EVENTS.format("c"), 0, -1)
    tracker = await store.retrieve("c")
    assert tracker is not None
    await store.save(tracker)
    assert await redis.lrange(EVENTS.format("c"), 0, -1) == before


async def test_a_turn_costs_the_same_after_three_hundred_others(
    store: RedisTrackerStore, redis: Redis[bytes]
) -> None:
    loaded, traffic = [], []
    for number in range(300):
        before = await redis.info("stats")
        await talk(store, [turn(number)])
        after = await redis.info("stats")
        fields = ("total_net_input_bytes", "total_net_output_bytes")
        traffic.append(sum(after[f] - before[f] for f in fields))
        tracker = await store.retrieve("c")
        assert tracker is not None
        loaded.append(len(tracker.events))
    assert max(loaded) <= TAIL_LIMIT + len(turn(0)) + 5
    assert min(loaded[50:]) >= TAIL
    assert max(traffic[250:]) < 1.3 * max(traffic[20:70])
    full = await store.retrieve_full_tracker("c")
    assert full is not None
    assert len(full.events) == 3 + 300 * len(turn(0))


async def test_slots_and_form_survive_the_cut(store: RedisTrackerStore) -> None:
    first = turn(0, SlotSet("name", "Anna"), SlotSet("tries", 2), ActiveLoop("order_form"))
    await talk(store, [first, *(turn(n) for n in range(1, 40))])
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert len(tracker.events) < 100
    assert tracker.get_slot("name") == "Anna"
    assert tracker.get_slot("tries") == 2
    assert tracker.active_loop_name == "order_form"


async def test_a_copy_of_a_cut_tracker_has_the_same_state(store: RedisTrackerStore) -> None:
    # Rasa runs every action on a copy, which is made by replaying the events.
    await talk(store, [turn(0, SlotSet("name", "Anna")), *(turn(n) for n in range(1, 40))])
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert state(tracker.copy()) == state(tracker)


async def test_the_tail_begins_where_a_turn_ends(store: RedisTrackerStore) -> None:
    await talk(store, [turn(n) for n in range(40)])
    tracker = await store.retrieve("c")
    assert tracker is not None
    first = list(tracker.events)[tracker.prefix]
    assert isinstance(first, ActionExecuted)
    assert first.action_name == "action_listen"


async def test_two_processes_do_not_write_over_each_other(store: RedisTrackerStore) -> None:
    await talk(store, [turn(1)])
    mine, theirs = await store.retrieve("c"), await store.retrieve("c")
    assert mine is not None
    assert theirs is not None
    for event in turn(2):
        theirs.update(event)
        mine.update(event)
    await store.save(theirs)
    mine.update(SlotSet("size", "late"))
    with pytest.raises(TrackerConflict, match="was changed by another process"):
        await store.save(mine)


async def test_a_save_repeated_after_a_lost_reply_is_one_save(
    store: RedisTrackerStore, redis: Redis[bytes]
) -> None:
    await talk(store, [turn(1)])
    tracker = await store.retrieve("c")
    assert tracker is not None
    for event in turn(2):
        tracker.update(event)
    stored, synced = tracker.stored, tracker.synced
    await store.save(tracker)
    length = await redis.llen(EVENTS.format("c"))
    tracker.stored, tracker.synced = stored, synced
    await store.save(tracker)
    assert await redis.llen(EVENTS.format("c")) == length


async def test_a_tracker_from_elsewhere_replaces_what_is_stored(store: RedisTrackerStore) -> None:
    # PUT /conversations/{id}/tracker/events
    await talk(store, [turn(n) for n in range(40)])
    other = DialogueStateTracker.from_events("c", turn(7), DOMAIN.slots, domain=DOMAIN)
    await store.save(other)
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert [e.text for e in tracker.events if isinstance(e, UserUttered)] == ["message 7"]


async def test_events_can_be_added_to_a_full_tracker(store: RedisTrackerStore) -> None:
    # POST /conversations/{id}/tracker/events loads everything, adds, and saves.
    await talk(store, [turn(n) for n in range(40)])
    full = await store.get_or_create_full_tracker("c")
    count = len(full.events)
    full.update(SlotSet("name", "Anna"), DOMAIN)
    await store.save(full)
    again = await store.retrieve_full_tracker("c")
    assert again is not None
    assert len(again.events) == count + 1
    tail = await store.retrieve("c")
    assert tail is not None
    assert tail.get_slot("name") == "Anna"
    assert len(tail.events) <= TAIL_LIMIT + 20


async def test_a_slot_that_the_domain_lost_is_left_out(
    store: RedisTrackerStore, caplog: pytest.LogCaptureFixture
) -> None:
    await talk(store, [turn(0, SlotSet("name", "Anna")), *(turn(n) for n in range(1, 40))])
    store.domain = Domain.from_dict({"intents": ["greet"]})
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert tracker.get_slot("name") is None


async def test_a_long_tail_is_loaded_whole(store: RedisTrackerStore) -> None:
    # One turn without an end: there is no place to cut, so nothing may be left out.
    endless: list[Event] = [UserUttered("hello", {"name": "greet"})]
    endless += [BotUttered(f"line {n}") for n in range(300)]
    await talk(store, [turn(0, SlotSet("name", "Anna")), endless])
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert tracker.get_slot("name") == "Anna"
    assert sum(isinstance(e, BotUttered) for e in tracker.events) >= 300


async def test_a_head_that_points_beyond_the_events_is_not_believed(
    store: RedisTrackerStore, redis: Redis[bytes]
) -> None:
    await talk(store, [turn(1)])
    await redis.set(HEAD.format("c"), '{"start": 1000, "slots": {"name": "Eve"}}')
    tracker = await store.retrieve("c")
    assert tracker is not None
    assert tracker.get_slot("name") is None
    assert tracker.get_slot("size") == 1


async def test_every_key_has_an_end(store: RedisTrackerStore, redis: Redis[bytes]) -> None:
    await talk(store, [turn(n) for n in range(40)])
    for key in await redis.keys("*"):
        assert await redis.ttl(key) > 0


async def test_conversations_can_be_listed_and_forgotten(
    store: RedisTrackerStore, redis: Redis[bytes]
) -> None:
    await talk(store, [turn(n) for n in range(40)], "a:b")
    await talk(store, [turn(1)], "c")
    assert sorted(await store.keys()) == ["a:b", "c"]
    await store.delete("a:b")
    assert list(await store.keys()) == ["c"]
    assert len(await redis.keys("*a:b*")) == 0


async def test_an_unreachable_redis_is_an_error_and_not_an_empty_tracker(unused_port: int) -> None:
    store = RedisTrackerStore(DOMAIN, f"redis://127.0.0.1:{unused_port}/0")
    with pytest.raises(RedisConnectionError):
        await store.retrieve("c")
    await store.close()


@pytest.mark.parametrize("url", ["", "localhost:6379", "http://x", "${REDIS_URL}"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must start with redis://"):
        RedisTrackerStore(DOMAIN, url)


@pytest.mark.parametrize(
    "url", ["rediss://:secret@redis.example:6380/0", "unix:///run/redis.sock?db=1"]
)
def test_tls_and_socket_urls_are_accepted(url: str) -> None:
    RedisTrackerStore(DOMAIN, url)


events = st.one_of(
    st.builds(lambda v: SlotSet("name", v), st.sampled_from([None, "Anna", "Bo"])),
    st.builds(lambda v: SlotSet("tries", v), st.integers(0, 3)),
    st.builds(ActiveLoop, st.sampled_from([None, "order_form"])),
    st.builds(lambda: ActionExecuted("order_form")),
    st.builds(lambda: ActionExecutionRejected("order_form")),
    st.builds(lambda n: BotUttered(f"line {n}"), st.integers(0, 9)),
    st.builds(AllSlotsReset),
    st.builds(Restarted),
)
turns = st.lists(st.lists(events, max_size=8), min_size=1, max_size=40)


@given(turns)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_cut_tracker_ends_up_like_one_that_replays_everything(
    redis_url: str, said: list[list[Event]]
) -> None:
    async def compare() -> None:
        store = RedisTrackerStore(DOMAIN, redis_url)
        await store.delete("p")
        try:
            await talk(store, [turn(n, *between) for n, between in enumerate(said)], "p")
            cut, full = await store.retrieve("p"), await store.retrieve_full_tracker("p")
        finally:
            await store.close()
        assert cut is not None
        assert full is not None
        assert state(cut.copy()) == state(full.copy())
        # Loading (unlike copying) leaves out what was said within a form, and then calls an older
        # message the latest, until the next one arrives. How old depends on what it sees.
        loaded, replayed = state(cut), state(full)
        del loaded["said"], replayed["said"]
        assert loaded == replayed

    asyncio.run(compare())
