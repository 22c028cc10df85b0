"""Token buckets, with a clock of our own."""

from __future__ import annotations

import pytest

from bot.web.limits import BUCKETS, Limits, Rate, TooMany, network_of


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


@pytest.mark.parametrize(
    ("host", "sender"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::6", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),  # a socket for both kinds says it so
        ("unknown", "unknown"),
        ("", ""),
        ("x" * 10_000, "x" * 64),
    ],
)
def test_all_addresses_of_a_network_are_one_sender(host: str, sender: str) -> None:
    """A home has 2 to the 64 IPv6 addresses, each of which would have limits of its own."""
    assert network_of(host) == sender
