"""A promotion in Redis: one at a time, refused in time, and never left half done."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.errors import PromotionRefused, PromotionRunning
from bot.learning.promotion import (
    ALIVE,
    LOST,
    Promotion,
    Promotions,
    Stage,
    check,
    happened,
    previous,
    still_allowed,
)
from bot.learning.registry import Evaluated, Figures, Promoted, Registered, Registry, RolledBack

OLD, NEW = "deskhand-old.tar.gz", "deskhand-new.tar.gz"


def model(name: str = NEW, *, candidate: bool = False, **more: object) -> Registered:
    return Registered(
        model=name,
        bytes=1,
        trained_at=1,
        candidate=candidate,
        **more,  # type: ignore[arg-type]
    )


def judged(*, passed: bool, against: str | None = OLD, reasons: tuple[str, ...] = ()) -> Registered:
    verdict = Evaluated(
        model=NEW,
        at=2,
        by="anna",
        against=against,
        report="x.json",
        passed=passed,
        reasons=reasons,
        figures=Figures(),
        before=Figures(),
    )
    return model(candidate=True, story=(verdict,))


@pytest.fixture
def promotions(redis: Redis[bytes]) -> Promotions:
    return Promotions(redis)


async def ask(promotions: Promotions, one: Registered | None = None, **more: object) -> Promotion:
    wish = {"serving": OLD, "run": "run-1", "by": "anna", **more}
    return await promotions.ask(one or model(), **wish)  # type: ignore[arg-type]


async def test_what_is_personal_in_a_reason_is_not_kept(promotions: Promotions) -> None:
    wish = await ask(promotions, because="call +47 22 33 44 55 if it fails")
    assert wish.because == "call [phone] if it fails"


async def test_a_wish_says_what_who_and_why(promotions: Promotions) -> None:
    assert await promotions.latest() is None
    wish = await ask(promotions, because=" it knows about tents ")
    assert wish == await promotions.latest()
    assert (wish.model, wish.by, wish.because) == (NEW, "anna", "it knows about tents")
    assert (wish.run, wish.stage, wish.rollback, wish.overridden) == (
        "run-1",
        Stage.ASKED,
        False,
        (),
    )
    assert wish.asked > 1_700_000_000_000


async def test_it_is_told_how_it_goes_until_it_has_ended(promotions: Promotions) -> None:
    wish = await ask(promotions)
    await promotions.say(wish.id, Stage.WORKING, progress="loading")
    now = await promotions.latest()
    assert now is not None
    assert (now.stage, now.progress, now.ended) == (Stage.WORKING, "loading", None)
    await promotions.say(wish.id, Stage.FAILED, error="no memory", hint="buy some", progress="")
    now = await promotions.latest()
    assert now is not None
    assert (now.stage, now.error, now.hint) == (Stage.FAILED, "no memory", "buy some")
    assert now.ended
    assert now.ended >= now.asked


async def test_a_second_one_is_told_whose_was_first_and_how_far_it_is(
    promotions: Promotions,
) -> None:
    first = await ask(promotions)
    await promotions.say(first.id, Stage.WORKING, progress="loading the model")
    with pytest.raises(PromotionRunning) as refused:
        await ask(promotions, model("deskhand-third.tar.gz"), by="ben")
    assert f"The promotion of {NEW} is under way, for anna since " in refused.value.message
    assert refused.value.message.endswith(": loading the model.")
    await promotions.say(first.id, Stage.DONE)
    assert (await ask(promotions, by="ben")).by == "ben"


async def test_of_many_who_ask_at_once_one_gets_it(promotions: Promotions) -> None:
    asked = await asyncio.gather(
        *(ask(promotions, by=f"agent-{n}") for n in range(8)), return_exceptions=True
    )
    won = [one for one in asked if isinstance(one, Promotion)]
    assert len(won) == 1
    assert all(isinstance(one, PromotionRunning) for one in asked if one is not won[0])


async def test_one_whose_deskhand_was_killed_has_failed_and_is_in_nobodys_way(
    promotions: Promotions, redis: Redis[bytes]
) -> None:
    wish = await ask(promotions)
    await promotions.say(wish.id, Stage.WORKING, progress="loading")
    assert 0 < await redis.pttl(ALIVE) <= 20_000
    await redis.delete(ALIVE)  # as after so many seconds
    now = await promotions.latest()
    assert now is not None
    assert (now.stage, now.error) == (Stage.FAILED, LOST)
    assert now.ended
    await ask(promotions, by="ben")


async def test_who_was_only_thought_dead_goes_on_and_who_was_replaced_says_nothing(
    promotions: Promotions, redis: Redis[bytes]
) -> None:
    wish = await ask(promotions)
    await redis.delete(ALIVE)
    assert (await promotions.latest() or wish).stage is Stage.FAILED
    await promotions.say(wish.id, Stage.WORKING, progress="switching")
    now = await promotions.latest()
    assert now is not None
    assert (now.stage, now.error, now.ended) == (Stage.WORKING, "", None)
    await promotions.say(wish.id, Stage.DONE)
    other = await ask(promotions, by="ben")
    await promotions.say(wish.id, Stage.FAILED, error="late")
    assert await promotions.latest() == other


@pytest.mark.parametrize(
    ("candidate", "because", "objection"),
    [
        (model(candidate=True), "", "never compared"),
        (judged(passed=False, reasons=("refund fell by 0.2",)), "", "refund fell by 0.2"),
        (judged(passed=False), "  ", "did not pass the gate"),
        (judged(passed=True, against="deskhand-x.tar.gz"), "", "which does not serve now"),
    ],
)
def test_what_was_not_proven_better_needs_a_reason(
    candidate: Registered, because: str, objection: str
) -> None:
    with pytest.raises(PromotionRefused, match=objection) as refused:
        check(candidate, OLD, because)
    assert "reason" in refused.value.hint
    (overridden,) = check(candidate, OLD, "the shop opens tomorrow")
    assert objection in overridden


@pytest.mark.parametrize(
    "proven", [judged(passed=True), judged(passed=True, against=None), model()]
)
def test_what_passed_or_has_served_before_needs_none(proven: Registered) -> None:
    assert check(proven, OLD, "") == ()


def test_what_serves_already_and_a_novel_are_refused() -> None:
    with pytest.raises(PromotionRefused, match="serves already"):
        check(model(), NEW, "why not")
    with pytest.raises(PromotionRefused, match="longer than"):
        check(model(), OLD, "x" * 1_001)


def test_a_note_overrides_nothing() -> None:
    with pytest.raises(PromotionRefused, match="did not pass the gate"):
        check(judged(passed=False), OLD, "published: gift cards", overriding=False)
    assert check(judged(passed=True), OLD, "published: gift cards", overriding=False) == ()


async def test_what_speaks_against_it_by_the_time_it_is_done_stops_it(
    promotions: Promotions,
) -> None:
    wish = await ask(promotions, judged(passed=True))
    still_allowed(wish, judged(passed=True), OLD)
    with pytest.raises(PromotionRefused, match="which does not serve now"):
        still_allowed(wish, judged(passed=True), "deskhand-third.tar.gz")
    with pytest.raises(PromotionRefused, match="greet fell"):
        still_allowed(wish, judged(passed=False, reasons=("greet fell.",)), OLD)
    with pytest.raises(PromotionRefused, match="serves already"):
        still_allowed(wish, judged(passed=True), NEW)


async def test_a_reason_sets_aside_what_was_known_when_it_was_given(
    promotions: Promotions,
) -> None:
    worse = judged(passed=False, reasons=("refund fell.",))
    wish = await ask(promotions, worse, because="hurry")
    still_allowed(wish, worse, OLD)
    still_allowed(wish, judged(passed=True), OLD)
    with pytest.raises(PromotionRefused, match=r"things have changed\. greet fell\.$"):
        still_allowed(wish, judged(passed=False, reasons=("refund fell.", "greet fell.")), OLD)


async def test_a_refusal_leaves_no_wish(promotions: Promotions) -> None:
    with pytest.raises(PromotionRefused):
        await ask(promotions, judged(passed=False))
    assert await promotions.latest() is None


async def test_the_registry_gets_who_why_and_what_was_set_aside(promotions: Promotions) -> None:
    wish = await ask(promotions, judged(passed=False, reasons=("worse",)), because="hurry")
    event = happened(wish, OLD)
    assert isinstance(event, Promoted)
    assert (event.model, event.before, event.by) == (NEW, OLD, "anna")
    assert (event.why, event.overridden) == ("hurry", ("worse",))
    await promotions.say(wish.id, Stage.DONE)
    back = happened(await ask(promotions, model(OLD), serving=NEW, rollback=True), NEW)
    assert isinstance(back, RolledBack)
    assert (back.model, back.before) == (OLD, NEW)


def test_without_an_earlier_model_there_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    with pytest.raises(PromotionRefused, match="no earlier model"):
        previous(Registry(tmp_path))
