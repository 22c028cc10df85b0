"""The values of the shop protocol: what they accept and what they allow."""

from __future__ import annotations

import datetime

import pytest

from actions.shop.protocol import Item, Order, OrderState, Proof, Refusal, euros

DAY = datetime.date(2026, 5, 20)


def order(state: OrderState, delivered_days_ago: int | None = None) -> Order:
    delivered = None
    if delivered_days_ago is not None:
        delivered = DAY - datetime.timedelta(days=delivered_days_ago)
    return Order(
        number="NL-10001",
        name="Anna Lindqvist",
        state=state,
        placed_on=DAY,
        items=(Item("A", "Jacket", "M", 1, 100_00),),
        total_cents=100_00,
        city="Oslo",
        payment="Visa card",
        delivered_on=delivered,
    )


def test_a_proof_compares_e_mails_in_lower_case() -> None:
    assert Proof("NL-10482", " Anna@Example.COM ") == Proof("NL-10482", "anna@example.com")


def test_a_proof_does_not_show_the_e_mail() -> None:
    assert "anna" not in repr(Proof("NL-10482", "anna@example.com"))


@pytest.mark.parametrize("number", ["10482", "NL-1048", "NL-104822", "nl-10482", "NL-10482; DROP"])
def test_a_proof_refuses_what_is_no_order_number(number: str) -> None:
    with pytest.raises(ValueError, match="not an order number"):
        Proof(number, "anna@example.com")


def test_a_proof_refuses_an_e_mail_without_an_at() -> None:
    with pytest.raises(ValueError, match="has an @"):
        Proof("NL-10482", "anna")


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (OrderState.PLACED, None),
        (OrderState.PACKED, Refusal.ALREADY_PACKED),
        (OrderState.SHIPPED, Refusal.ALREADY_PACKED),
        (OrderState.DELIVERED, Refusal.ALREADY_DELIVERED),
        (OrderState.RETURNING, Refusal.ALREADY_DELIVERED),
        (OrderState.RETURNED, Refusal.ALREADY_DELIVERED),
        (OrderState.REFUNDED, Refusal.ALREADY_DELIVERED),
        (OrderState.CANCELLED, Refusal.ALREADY_CANCELLED),
    ],
)
def test_only_a_placed_order_can_be_changed(state: OrderState, refusal: Refusal | None) -> None:
    assert order(state).can_change() is refusal


@pytest.mark.parametrize(
    ("state", "days", "refusal"),
    [
        (OrderState.PLACED, None, Refusal.NOT_DELIVERED),
        (OrderState.SHIPPED, None, Refusal.NOT_DELIVERED),
        (OrderState.DELIVERED, 60, None),
        (OrderState.DELIVERED, 61, Refusal.WINDOW_OVER),
        (OrderState.RETURNING, 3, Refusal.ALREADY_RETURNED),
        (OrderState.REFUNDED, 3, Refusal.ALREADY_RETURNED),
        (OrderState.CANCELLED, None, Refusal.ALREADY_CANCELLED),
    ],
)
def test_things_can_be_sent_back_for_sixty_days(
    state: OrderState, days: int | None, refusal: Refusal | None
) -> None:
    assert order(state, days).can_send_back(DAY) is refusal


def test_an_order_without_items_is_refused() -> None:
    with pytest.raises(ValueError, match="no items"):
        Order("NL-1", "", OrderState.PLACED, DAY, (), 0, "", "")


def test_amounts_are_written_in_euros() -> None:
    assert (euros(189_00), euros(5), euros(1234_56)) == ("€189.00", "€0.05", "€1234.56")
