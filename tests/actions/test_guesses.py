"""Guessing at orders from one conversation after another."""

from __future__ import annotations

from actions.shop.guesses import FAILURES_ALLOWED, FORGOTTEN_AFTER, Guesses


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_one_address_with_many_numbers_is_stopped_and_others_are_not() -> None:
    guesses = Guesses(Clock())
    for n in range(FAILURES_ALLOWED):
        assert not guesses.too_many(f"NL-{n}", "anna@example.com")
        guesses.failed(f"NL-{n}", "Anna@example.com")
    assert guesses.too_many("NL-999", "anna@example.com")
    assert not guesses.too_many("NL-999", "ben@example.com")


def test_one_number_with_many_addresses_is_stopped() -> None:
    guesses = Guesses(Clock())
    for n in range(FAILURES_ALLOWED):
        guesses.failed("NL-10482", f"guess{n}@example.com")
    assert guesses.too_many("nl-10482", "another@example.com")


def test_it_is_forgotten_after_a_day() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(FAILURES_ALLOWED):
        guesses.failed("NL-1", "a@example.com")
    clock.now += FORGOTTEN_AFTER
    assert not guesses.too_many("NL-1", "a@example.com")
    guesses.failed("NL-1", "a@example.com")
    assert not guesses.too_many("NL-1", "a@example.com")
