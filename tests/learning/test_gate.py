"""The gate's tolerances, each just kept and just exceeded, and its words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.learning.evaluate import OUT_OF_SCOPE, ReadAs, Sentence, changes, evaluate
from bot.learning.gate import Verdict, by_chance, judge, tolerated
from bot.learning.replay import Followed, Replay

ASKING = "talk_to_human"


def verdict(
    groups: Sequence[tuple[str, int, int, int]],
    *,
    replay: Replay | None = None,
    new: Sequence[str] = (),
) -> Verdict:
    """For each group (intent, sentences, right before, right after); the wrong ones are read as
    `other`."""
    sentences, before, after = [], [], []
    for intent, count, old, now in groups:
        for number in range(count):
            sentences.append(Sentence(text=f"{intent} {number}", intent=intent))
            before.append(_read(intent, number < old))
            # What is lost is lost from the beginning, so losses and gains can be told apart.
            after.append(_read(intent, number >= count - now))
    return judge(
        evaluate(sentences, before, {ASKING}),
        evaluate(sentences, after, {ASKING}),
        changes(sentences, before, after),
        replay,
        known={intent for intent, *_ in groups if intent != OUT_OF_SCOPE},
        new=new,
    )


def _read(intent: str, right: bool) -> ReadAs:
    return ReadAs(
        intent=intent if right else "other", confidence=0.9, person=right and intent == ASKING
    )


def replayed(handoffs: int, before: int, after: int) -> Replay:
    def side(handed_over: int) -> Followed:
        return Followed(handed_over=handed_over, answered=0, asked_back=0)

    return Replay(
        conversations=10,
        turns=100,
        left_out=0,
        handoffs=handoffs,
        before=side(before),
        after=side(after),
        changes={},
        changed=(),
    )


def test_the_same_passes() -> None:
    assert verdict([("a", 10, 9, 9), (OUT_OF_SCOPE, 40, 38, 38), (ASKING, 4, 4, 4)]).passed


@pytest.mark.parametrize(
    ("sentences", "before", "after", "passes"),
    [
        (3, 3, 2, True),  # one of three may be lost: it is one sentence
        (3, 3, 1, False),
        (9, 9, 7, False),
        (40, 40, 36, False),  # within the intent's tenth, but too much over all
    ],
)
def test_an_intent_may_lose_little(sentences: int, before: int, after: int, passes: bool) -> None:
    found = verdict([("a", sentences, before, after), ("b", 60, 60, 60)])
    assert found.passed is passes


def test_an_intent_that_lost_is_named_with_what_took_it() -> None:
    found = verdict([("a", 10, 10, 8), ("b", 300, 300, 300)])
    (reason,) = found.reasons
    assert reason == (
        "a: 8 of 10 held-out sentences are read rightly, and 10 before; at most 1 may be lost. "
        "Most of those lost are read as other."
    )


def test_small_losses_everywhere_add_up() -> None:
    few = [(f"i{n}", 10, 10, 9) for n in range(2)]
    assert verdict([*few, *((f"j{n}", 10, 9, 9) for n in range(18))]).passed
    many = [(f"i{n}", 10, 10, 9) for n in range(5)]
    (reason,) = verdict([*many, *((f"j{n}", 10, 9, 9) for n in range(15))]).reasons
    assert "Over all intents" in reason


def test_gains_make_up_for_losses_over_all_intents() -> None:
    assert verdict(
        [
            *((f"i{n}", 10, 10, 9) for n in range(5)),
            *((f"j{n}", 10, 8, 9) for n in range(5)),
        ]
    ).passed


def test_a_large_set_is_judged_by_chance() -> None:
    # 12 lost and 2 gained of 2000: within 2 %, and no accident.
    steady = [(f"s{n}", 100, 100, 100) for n in range(18)]
    lost = [(f"l{n}", 50, 50, 48) for n in range(6)]
    gained = [(f"g{n}", 50, 49, 50) for n in range(2)]
    found = verdict([*steady, *lost, *gained])
    assert len(found.reasons) == 1
    assert "Chance does that" in found.reasons[0]


@pytest.mark.parametrize(("after", "passes"), [(39, True), (38, True), (37, False), (40, True)])
def test_what_is_none_of_ours_must_stay_so(after: int, passes: bool) -> None:
    found = verdict([("a", 10, 10, 10), (OUT_OF_SCOPE, 40, 39, after)])
    assert found.passed is passes
    assert all("none of ours" in reason for reason in found.reasons)


def test_no_request_for_a_person_may_be_lost() -> None:
    (reason,) = verdict([(ASKING, 10, 10, 9), ("a", 50, 50, 50)]).reasons
    assert reason == (
        "Of 10 held-out requests for a person 9 are heard, and 10 before; none may be lost."
    )


@pytest.mark.parametrize(
    ("handoffs", "before", "after", "passes"),
    [(20, 20, 19, True), (20, 20, 18, False), (200, 200, 196, True), (200, 200, 195, False)],
)
def test_logged_hand_offs_must_not_fall(
    handoffs: int, before: int, after: int, passes: bool
) -> None:
    found = verdict([("a", 5, 5, 5)], replay=replayed(handoffs, before, after))
    assert found.passed is passes
    assert all("logged turns" in reason for reason in found.reasons)


@pytest.mark.parametrize(("right", "passes"), [(1, False), (2, True), (3, True)])
def test_a_new_intent_must_be_found(right: int, passes: bool) -> None:
    found = verdict([("a", 10, 10, 10), ("gift_wrap", 3, 0, right)], new=["gift_wrap"])
    assert found.passed is passes


def test_a_deleted_intent_is_no_loss() -> None:
    sentences = [Sentence(text="t", intent="gone")] * 9
    old, new = [_read("gone", True)] * 9, [_read("gone", False)] * 9
    found = judge(
        evaluate(sentences, old, set()),
        evaluate(sentences, new, set()),
        (),
        None,
        known={"other"},
    )
    assert found.passed


def test_what_could_not_be_judged_is_remarked() -> None:
    found = verdict([("a", 5, 5, 5), ("b", 0, 0, 0)])
    assert found.remarks == (
        "No held-out sentence says how well these are read: b.",
        "There were no logged turns to replay.",
    )
    first = judge(None, evaluate([], [], set()), (), None, known=set())
    assert first.passed
    assert "no current model" in first.remarks[0]


def test_the_sign_test_is_the_binomial() -> None:
    assert by_chance(0, 0) == 1.0
    assert by_chance(5, 0) == 1 / 32
    assert by_chance(3, 1) == 5 / 16
    assert by_chance(2, 2) == 11 / 16


@pytest.mark.parametrize(("sentences", "may"), [(0, 1), (9, 1), (20, 2), (29, 2), (30, 3)])
def test_a_tenth_is_rounded_down(sentences: int, may: int) -> None:
    assert tolerated(sentences, 0.1, 1) == may
