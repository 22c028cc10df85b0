"""The simulated owner: what a label is, and how labels are counted. Without training anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import learning
from benchmarks.learning import (
    OOS,
    Assistant,
    Point,
    Traffic,
    World,
    labels_for,
    read,
    spend_at_random,
    spend_on_inbox,
    spend_on_least_confident,
)
from bot.nlu.intents import Reading, Sentences

TEXTS = ["gift wrap?", "Gift wrap", "wrap it as a gift", "where to park", "parking?", "sing a song"]
TRUTH = ["gift", "gift", "gift", "parking", "parking", OOS]


class Placed(Assistant):
    """Knows nothing and is never trained; places what has a confidence of 0.5 or more."""

    def __init__(self) -> None:
        self.taught = {}

    def places(self, text: str, reading: Reading) -> bool:
        return reading.ranking[0][1] >= 0.5

    def strange(self, reading: Reading) -> bool:
        return True

    def read(self, rows: learning.Numbers) -> list[Reading]:
        return [Reading((("invoice", 0.1 * (1 + row)),), 0.9) for row in rows.tolist()]


@pytest.fixture
def world() -> World:
    """Gift wrapping in one direction, parking in another, singing in a third."""
    directions = np.eye(3, 384, dtype=np.float32)[[0, 0, 0, 1, 1, 2]]
    views = np.stack([directions, directions], axis=1)
    none = np.empty(0, dtype=np.int_)
    background = Sentences([], np.empty((0, 2, 384), dtype=np.float32))
    return World(TEXTS, TRUTH, views, background, none, [np.arange(6)], none)


@pytest.fixture
def traffic(world: World) -> Traffic:
    traffic = Traffic.none(world)
    traffic.come(np.arange(6), 0, Placed())
    return traffic


CHANCE = np.random.default_rng(1)


def test_only_what_was_not_placed_is_in_the_inbox(traffic: Traffic) -> None:
    assert sorted(traffic.missed) == [0, 1, 2, 3]
    assert sorted(len(wording.messages) for wording in traffic.inbox()) == [1, 1, 2]


def test_one_label_teaches_a_whole_group_the_largest_first(world: World, traffic: Traffic) -> None:
    assistant = Placed()
    spend_on_inbox(world, traffic, assistant, 1, CHANCE)
    assert assistant.taught == {0: "gift", 1: "gift", 2: "gift"}
    spend_on_inbox(world, traffic, assistant, 1, CHANCE)
    assert assistant.taught[3] == "parking"


def test_a_group_that_is_out_of_scope_costs_a_label_and_teaches_nothing(
    world: World, traffic: Traffic
) -> None:
    traffic.missed[5] = "not_placed"
    assistant = Placed()
    spend_on_inbox(world, traffic, assistant, 3, CHANCE)
    assert 5 in traffic.done
    assert 5 not in assistant.taught


def test_a_group_gets_the_intent_of_most_that_are_shown_also_where_it_is_wrong(
    world: World, traffic: Traffic
) -> None:
    mixed = replace(world, truth=["gift", "gift", "parking", *TRUTH[3:]])
    assistant = Placed()
    learning._decide(mixed, traffic, assistant, [[0], [1], [2]])
    assert assistant.taught == {0: "gift", 1: "gift", 2: "gift"}
    learning._decide(mixed, traffic, assistant, [[3], [5]])  # no majority
    assert 3 not in assistant.taught


def test_labels_on_messages_cover_those_that_say_the_same(world: World, traffic: Traffic) -> None:
    assistant = Placed()
    spend_on_least_confident(world, traffic, assistant, 1, CHANCE)
    assert assistant.taught == {0: "gift", 1: "gift"}
    spend_on_least_confident(world, traffic, assistant, 1, CHANCE)
    assert assistant.taught == {0: "gift", 1: "gift", 2: "gift"}


def test_random_labels_come_from_all_traffic_and_are_all_spent(
    world: World, traffic: Traffic
) -> None:
    assistant = Placed()
    spend_at_random(world, traffic, assistant, 5, CHANCE)
    assert traffic.done == set(range(6))
    assert set(assistant.taught) == {0, 1, 2, 3, 4}


def test_labels_for_an_accuracy_are_those_measured() -> None:
    points = [Point(0, 0.8, 0.9, 10), Point(5, 0.84, 0.9, 20), Point(40, 0.9, 0.9, 30)]
    assert labels_for(points, 0.8) == 0
    assert labels_for(points, 0.85) == 40
    assert labels_for(points, 0.95) == float("inf")


def test_without_the_data_it_says_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="CLINC150"):
        read(tmp_path / "data_small.json")
