"""Thresholds out of confidences: what `benchmarks.shop` proposes."""

from __future__ import annotations

import numpy as np

from benchmarks.shop import lowest

RANDOM = np.random.default_rng(1)


def test_a_threshold_is_where_calibrated_confidences_say() -> None:
    confidence = RANDOM.uniform(size=20_000)
    right = RANDOM.uniform(size=20_000) < confidence
    assert abs(lowest(confidence, right, 0.5) - 0.5) <= 0.051
    assert abs(lowest(confidence, right, 0.7) - 0.7) <= 0.051


def test_nothing_is_sure_enough_when_everything_is_wrong() -> None:
    confidence = RANDOM.uniform(size=100)
    assert lowest(confidence, np.zeros(100, dtype=bool), 0.5) == 1.0


def test_one_lucky_sentence_does_not_lower_a_threshold() -> None:
    confidence = np.linspace(0.0, 1.0, 101)
    right = confidence >= 0.6
    right[20] = True
    assert 0.55 <= lowest(confidence, right, 0.5) <= 0.6
