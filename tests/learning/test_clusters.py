"""Clustering: what is near comes together, also across blocks; names stay with their messages."""

from __future__ import annotations

import numpy as np
import pytest

from bot.learning import clusters
from bot.learning.clusters import Lens, Vectors, group, keep_names, typical


def around(centres: int, each: int, *, spread: float = 0.1, width: int = 40) -> Vectors:
    """`each` unit vectors around each of some directions, in turn."""
    chance = np.random.default_rng(1)
    middle = np.eye(width)[:centres]
    rows = np.tile(middle, (each, 1)) + spread * chance.normal(size=(centres * each, width))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def partition(labels: np.ndarray) -> set[frozenset[int]]:  # type: ignore[type-arg]
    return {frozenset(np.flatnonzero(labels == one).tolist()) for one in np.unique(labels)}


WANTED = {frozenset(range(number, 60, 6)) for number in range(6)}


def test_what_is_alike_is_together() -> None:
    assert partition(group(around(6, 10))) == WANTED


def test_blocks_that_are_clustered_apart_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "BLOCK", 7)
    monkeypatch.setattr(clusters, "ROWS", 5)
    assert partition(group(around(6, 10))) == WANTED


def test_many_that_are_all_the_same_can_be_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "BLOCK", 4)
    same = np.tile(around(1, 1), (30, 1))
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(Warning)  # scikit-learn's, about fewer different points than clusters
        assert len(partition(group(same))) == 1


def test_what_is_alone_stays_alone() -> None:
    assert len(partition(group(np.eye(5, dtype=np.float32)))) == 5
    assert group(np.eye(5, dtype=np.float32)[:1]).tolist() == [0]
    assert group(np.empty((0, 5), dtype=np.float32)).tolist() == []


def test_the_same_comes_out_again() -> None:
    vectors = around(6, 10, spread=0.3)
    assert group(vectors).tolist() == group(vectors).tolist()


def test_progress_goes_up_to_one() -> None:
    told: list[float] = []
    group(around(6, 10), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("near", [0.0, 1.0, -1.0])
def test_a_nearness_that_is_none_is_refused(near: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        group(around(2, 2), near=near)


def test_the_most_typical_is_nearest_to_the_middle() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    assert typical(vectors)[0] == 1


def test_the_next_ones_are_unlike_the_first() -> None:
    near = around(1, 1, spread=0.0, width=3)
    vectors = np.array([near[0], near[0], near[0], [0.9, 0.436, 0]], dtype=np.float32)
    assert typical(vectors).tolist() == [0, 3, 1, 2]
    assert sorted(typical(around(2, 60)).tolist()) == list(range(120))


# ------------------------------------------------------------------------------------------ lens


def test_the_lens_forgets_what_tells_sentences_of_an_intent_apart() -> None:
    """Two intents differ in the first direction; sentences of each differ in the second."""
    chance = np.random.default_rng(2)
    labels = ["a", "b"] * 50
    rows = np.zeros((100, 4), dtype=np.float32)
    rows[:, 0] = [1.0, -1.0] * 50
    rows[:, 1] = chance.normal(size=100) * 2
    rows += 0.05 * chance.normal(size=rows.shape)
    vectors = np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
    seen = Lens.learn(vectors, labels).through(vectors)

    def apart(some: Vectors) -> float:
        cosines = some @ some.T
        same = np.equal.outer([0, 1] * 50, [0, 1] * 50)
        return float(cosines[same].mean() - cosines[~same].mean())

    assert apart(seen) > apart(vectors) + 0.1
    assert np.linalg.norm(seen, axis=1) == pytest.approx(np.ones(100), abs=1e-5)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_with_next_to_no_examples_the_lens_changes_next_to_nothing(count: int) -> None:
    known = around(3, 1)[:count]
    seen = Lens.learn(known, [str(row) for row in range(count)]).through(around(6, 10))
    assert partition(group(seen)) == WANTED


def test_a_message_in_the_very_centre_is_no_accident() -> None:
    vectors = np.array([[0.6, 0.8, 0], [0.6, -0.8, 0], [1, 0, 0]], dtype=np.float32)
    lens = Lens.learn(vectors[:2], ["a", "a"])
    centre = vectors[:2].mean(axis=0, keepdims=True)
    assert lens.through(centre).tolist() == centre.tolist()


# ----------------------------------------------------------------------------------------- names


def fresh(keys: object) -> str:
    return "new"


def test_a_group_keeps_its_name_when_messages_come_and_go() -> None:
    before = {"a": "one", "b": "one", "c": "two"}
    assert keep_names([["a", "b", "x"], ["y", "c"]], before, fresh) == ["one", "two"]


def test_of_two_groups_from_one_the_larger_part_keeps_the_name() -> None:
    before = dict.fromkeys("abcde", "one")
    assert keep_names([["a", "b"], ["c", "d", "e"]], before, fresh) == ["new", "one"]


def test_of_two_groups_that_became_one_it_has_the_name_of_the_larger() -> None:
    before = {"a": "one", "b": "two", "c": "two"}
    assert keep_names([["a", "b", "c"]], before, fresh) == ["two"]


def test_no_name_is_given_twice() -> None:
    assert keep_names([["a"], ["b"], ["c"]], {"a": "new"}, fresh) == ["new", "new-", "new--"]
