"""Token buckets, with a clock of our own."""

from __future__ import annotations

import pytest

from bot.web.limits import BUCKETS, Limits, Rate, TooMany


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_allowed_then_the_average_rate() -> None:
    clock = Clock()
    limits, rate = Limits(clock), Rate(burst=3, per_second=0.5)
    for _ in range(3):
        limits.spend("a", rate)
    with pytest.raises(TooMany, match="a lot at once") as error:
        limits.spend("a", rate)
    assert error.value.retry_after == 3
    limits.spend("b", rate)
    clock.now += 2.0
    limits.spend("a", rate)
    with pytest.raises(TooMany, match="a lot at once"):
        limits.spend("a", rate)


def test_memory_is_bounded() -> None:
    limits = Limits(Clock())
    for n in range(BUCKETS + 10):
        limits.spend(str(n), Rate(burst=1, per_second=1))
    assert len(limits._buckets) == BUCKETS


@pytest.mark.parametrize(("burst", "per_second"), [(0, 1), (1, 0), (1, -1)])
def test_a_rate_that_lets_nothing_through_is_a_mistake(burst: float, per_second: float) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        Rate(burst=burst, per_second=per_second)
