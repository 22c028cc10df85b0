"""The machines against what they claim: leave-one-out without training again, calibrated sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from bot.nlu.machines import (
    FOLDS,
    SHARE,
    Labels,
    Matrix,
    choose,
    held_out_linear,
    softmax,
    stack,
    train_kernel,
    train_linear,
    turns,
    weigh,
)

RANDOM = np.random.default_rng(3)
CENTRES = RANDOM.normal(size=(3, 8))
TARGET: Labels = np.repeat([0, 1, 2], [30, 20, 10])
POINTS = CENTRES[TARGET] + RANDOM.normal(scale=1.2, size=(60, 8))
POINTS /= np.linalg.norm(POINTS, axis=1, keepdims=True)
COSINES = POINTS @ POINTS.T
ALL = np.arange(60)


def test_leave_one_out_scores_are_those_of_a_training_without_the_sentence() -> None:
    _, held_out = train_kernel(COSINES, ALL, TARGET, ridges=[0.1])
    for row in (0, 35, 55):
        kept = np.delete(ALL, row)
        # The weights of intents and the offsets shift a little with a sentence less.
        machines, _ = train_kernel(
            COSINES[np.ix_(kept, kept)], np.arange(59), TARGET[kept], ridges=[0.1]
        )
        again = machines.scores(COSINES[row, kept][np.newaxis])[0]
        np.testing.assert_allclose(held_out[row], again, atol=0.06)


def test_held_out_scores_are_less_sure_than_those_of_known_sentences() -> None:
    machines, held_out = train_kernel(COSINES, ALL, TARGET)
    known = machines.scores(COSINES)
    assert (known.argmax(1) == TARGET).mean() > (held_out.argmax(1) == TARGET).mean() > 0.6


def test_landmarks_alone_come_near_to_all_sentences() -> None:
    few = choose(TARGET, 30)
    machines, _ = train_kernel(COSINES[:, few], few, TARGET)
    assert (machines.scores(COSINES[:, few]).argmax(1) == TARGET).mean() > 0.8


def test_no_ridge_is_an_error() -> None:
    with pytest.raises(ValueError, match="no ridge"):
        train_kernel(COSINES, ALL, TARGET, ridges=[])


def test_linear_machines_learn_features_from_their_fold_alone() -> None:
    asked: list[int] = []

    def features(rows: Labels) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        asked.append(len(rows))
        return sparse.csr_matrix(POINTS[rows]), sparse.csr_matrix(POINTS)

    held_out = held_out_linear(features, TARGET)
    assert asked == [60 - int((turns(TARGET) % FOLDS == fold).sum()) for fold in range(FOLDS)]
    assert held_out.shape == (60, 3)
    assert (held_out.argmax(1) == TARGET).mean() > 0.6


def test_linear_machines_of_two_intents_speak_for_both() -> None:
    target = np.array([0, 1] * 8)
    points = np.where(target == 0, 1.0, -1.0)[:, np.newaxis]

    def features(rows: Labels) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        return sparse.csr_matrix(points[rows]), sparse.csr_matrix(points)

    machines = train_linear(sparse.csr_matrix(points), target, 2)
    assert (machines.scores(sparse.csr_matrix(points)).argmax(1) == target).all()
    assert (held_out_linear(features, target).argmax(1) == target).all()


def scores_with_temperature(target: Labels, sharp: float) -> Matrix:
    """Scores whose softmax after multiplication with `sharp` is right as often as it says."""
    noise = RANDOM.gumbel(size=(len(target), 3))
    likely = RANDOM.normal(size=(len(target), 3)) * 2
    target[:] = (likely + noise).argmax(axis=1)
    return np.asarray(likely / sharp)


def test_the_stack_finds_the_temperature() -> None:
    target = np.zeros(4_000, dtype=np.int_)
    scores = scores_with_temperature(target, 4.0)
    (weight,) = stack([scores], target)
    assert weight == pytest.approx(4.0, rel=0.1)
    likely = softmax(scores * weight)
    right = (likely.argmax(1) == target).mean()
    assert likely.max(axis=1).mean() == pytest.approx(right, abs=0.02)


def test_the_stack_gives_noise_little_weight() -> None:
    target = np.zeros(2_000, dtype=np.int_)
    scores = scores_with_temperature(target, 2.0)
    useful, noise = stack([scores, RANDOM.normal(size=scores.shape)], target)
    assert useful > 8 * noise


def test_softmax_machines_get_their_share_however_good_they_are() -> None:
    truth = 2.0 * np.eye(3)[TARGET] - 1.0
    kernel, linear = (truth + RANDOM.normal(size=truth.shape) for _ in range(2))
    for regression in (truth * 5.0, RANDOM.normal(size=truth.shape)):
        weights = weigh([kernel, linear, regression], TARGET)
        assert weights[2] / weights[0] == pytest.approx(SHARE)
        among = stack([kernel, linear], TARGET)
        assert weights[1] / weights[0] == pytest.approx(among[1] / among[0])


def test_the_weighed_sum_is_calibrated() -> None:
    truth = 2.0 * np.eye(3)[TARGET] - 1.0
    parts: list[Matrix] = [truth + RANDOM.normal(size=truth.shape) for _ in range(3)]
    weights = weigh(parts, TARGET)
    likely = softmax(np.tensordot(weights, np.stack(parts), axes=1))
    assert abs(likely.max(1).mean() - (likely.argmax(1) == TARGET).mean()) < 0.1


def test_choosing_is_even_over_the_intents_and_the_same_each_time() -> None:
    chosen = choose(TARGET, 15)
    assert np.bincount(TARGET[chosen]).tolist() == [5, 5, 5]
    np.testing.assert_array_equal(chosen, choose(TARGET, 15))
    np.testing.assert_array_equal(choose(TARGET, 1_000), ALL)
