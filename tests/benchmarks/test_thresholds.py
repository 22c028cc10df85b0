"""The search for thresholds: what a conversation costs, and how recorded ones are replayed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.conversations import Played, Script
from benchmarks.thresholds import Message, Recording, best, cost, draw, owners, ranges, replay
from bot.triage import load_policy

POLICY = load_policy(Path("data/triage.yml").read_text(encoding="utf-8"))


def script(hand_over_at: int | None, asks_at: tuple[int, ...] = ()) -> Script:
    return Script("x", ("a", "b", "c"), hand_over_at, asks_at, "easy")


def message(text: str, frustration: float) -> Message:
    intent = {"name": "order_status", "confidence": 0.9}
    parse = {"text": text, "intent": intent, "frustration": frustration}
    return Message(parse, None, None)


@pytest.mark.parametrize(
    ("wanted", "asks_at", "was", "points"),
    [
        (2, (), 2, 0.0),
        (2, (), 3, 0.0),
        (1, (), 3, 0.5),
        (2, (), None, 1.0),
        (None, (), 1, 1.0),
        (1, (1,), None, 6.0),
    ],
)
def test_what_a_lead_would_mind_costs(
    wanted: int | None, asks_at: tuple[int, ...], was: int | None, points: float
) -> None:
    assert cost(Played(script(wanted, asks_at), was)) == points


def test_a_recording_ends_elsewhere_under_another_policy() -> None:
    messages = (message("where is it", 0.1), message("what a mess", 0.8), message("size 42", 0.1))
    recording = Recording(script(2), messages, None)
    assert replay(recording, POLICY).handed_over_at == 2
    calm = replace(POLICY, anger=0.9, strain=5.0)
    assert replay(recording, calm).handed_over_at is None
    assert replay(replace(recording, elsewhere=3), calm).handed_over_at == 3


def test_draws_stay_within_their_ranges_and_make_a_policy_that_can_be_loaded() -> None:
    rng, bounds, middle = np.random.default_rng(1), ranges(POLICY), owners(POLICY)
    assert owners(middle.apply(POLICY)) == middle
    for _ in range(200):
        drawn = draw(middle, 1.0, bounds, rng)
        assert all(low <= drawn.numbers[name] <= high for name, (low, high) in bounds.items())
        policy = drawn.apply(POLICY)
        assert policy.anger >= policy.annoyance
        assert policy.clarifications in {1, 2}


def test_the_best_are_averaged() -> None:
    draws = [
        replace(owners(POLICY), numbers={**owners(POLICY).numbers, "anger": 0.6 + 0.02 * i})
        for i in range(12)
    ]
    costs = np.arange(12.0)[:, None]
    assert best(draws, costs).numbers["anger"] == pytest.approx(0.67)
