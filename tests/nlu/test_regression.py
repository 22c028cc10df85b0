"""Softmax regression: chances that come true, scores by machines that have not seen the text."""

from __future__ import annotations

import numpy as np

from bot.nlu.machines import Labels, softmax, turns
from bot.nlu.regression import HALVES, Rows, SoftmaxMachines, held_out_softmax, train_softmax

RANDOM = np.random.default_rng(5)
CENTRES = RANDOM.normal(size=(3, 8))


def points(target: Labels, noise: float) -> Rows:
    rows = CENTRES[target] + RANDOM.normal(scale=noise, size=(len(target), 8))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


TARGET: Labels = np.repeat([0, 1, 2], [60, 40, 20])
ROWS = points(TARGET, 0.7)


def test_new_texts_are_placed_and_their_chances_come_true() -> None:
    machines = train_softmax(ROWS, TARGET, 3)
    fresh: Labels = np.repeat([0, 1, 2], 200)
    chances = softmax(machines.scores(points(fresh, 0.7)))
    right = chances.argmax(1) == fresh
    assert right.mean() > 0.85
    assert abs(chances.max(1).mean() - right.mean()) < 0.1


def test_held_out_scores_are_by_machines_that_saw_the_other_half() -> None:
    held_out = held_out_softmax(ROWS, TARGET)
    half = turns(TARGET) % HALVES
    for held in range(HALVES):
        kept = half != held
        machines = train_softmax(ROWS[kept], TARGET[kept], 3)
        np.testing.assert_allclose(
            held_out[half == held], machines.scores(ROWS[half == held]), atol=1e-5
        )


def test_noise_is_learned_by_heart_but_not_held_out() -> None:
    noise = RANDOM.normal(size=(120, 200)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    target: Labels = np.tile([0, 1], 60)
    machines = train_softmax(noise, target, 2)
    assert (machines.scores(noise).argmax(1) == target).mean() > 0.95
    assert (held_out_softmax(noise, target).argmax(1) == target).mean() < 0.7


def test_a_rare_intent_weighs_more_than_its_share() -> None:
    # The same place under two intents, nine times to one.
    rows = np.ones((100, 1), dtype=np.float32)
    target: Labels = np.array([0] * 90 + [1] * 10)
    machines = train_softmax(rows, target, 2)
    chances = softmax(machines.scores(rows[:1]))[0]
    # Weights by the root of the share: 90 / 90 ** 0.5 to 10 / 10 ** 0.5.
    assert abs(chances[1] - 0.25) < 0.01


def test_the_last_row_of_the_weights_are_offsets() -> None:
    weights = np.array([[1.0, 0.0], [0.0, 2.0], [0.5, -0.5]], dtype=np.float32)
    rows = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    scores = SoftmaxMachines(weights).scores(rows)
    np.testing.assert_allclose(scores, [[1.5, -0.5], [0.5, 1.5]])
    assert scores.dtype == np.float64


def test_an_intent_with_one_text_and_texts_that_are_few_are_no_trouble() -> None:
    few = np.array([0, 0, 1])
    assert np.isfinite(train_softmax(ROWS[:3], few, 2).weights).all()
    assert np.isfinite(held_out_softmax(ROWS[:3], few)).all()
    # Each of two is in the first half, so that nobody is left to learn from.
    assert not held_out_softmax(ROWS[:2], np.array([0, 1])).any()
