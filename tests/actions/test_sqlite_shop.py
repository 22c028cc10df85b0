"""The demo shop: its orders, its rules, its file."""

from __future__ import annotations

import datetime
import sqlite3
import threading
from collections import Counter
from pathlib import Path

import pytest

from actions.shop.demo_orders import DEMO_ORDERS, DemoOrder
from actions.shop.protocol import (
    ChangeKind,
    NotAllowed,
    OrderNotFound,
    OrderState,
    Proof,
    RefundState,
    Refusal,
    ShopUnavailable,
)
from actions.shop.seed import seed_orders
from actions.shop.sqlite import SqliteShop
from tests.actions.conftest import Calendar

ANNA = Proof("NL-10482", "anna@example.com")
MADS = Proof("NL-10455", "mads@example.com")
LOTTE = Proof("NL-10497", "lotte@example.com")
SOFIE = Proof("NL-10371", "sofie@example.com")


def test_the_seed_is_the_same_every_time() -> None:
    assert seed_orders() == seed_orders()


def test_the_seed_has_hundreds_of_orders_in_every_state() -> None:
    states = Counter(order.state for order in seed_orders())
    assert sum(states.values()) >= 300
    assert set(states) == set(OrderState)
    assert states[OrderState.DELIVERED] > sum(states.values()) / 2


def test_seeded_days_are_in_order() -> None:
    for order in seed_orders():
        days = [order.placed, order.shipped, order.delivered, order.closed]
        known = [day for day in days if day is not None]
        assert known == sorted(known, reverse=True), order
        assert min(known) >= 0


@pytest.mark.parametrize("known", DEMO_ORDERS, ids=lambda order: order.number)
def test_every_demo_order_is_there_as_documented(demo: SqliteShop, known: DemoOrder) -> None:
    order = demo.order(Proof(known.number, known.email))
    assert order.state is known.state
    assert len(order.items) == len(known.lines)
    assert order.name == known.name


def test_no_order_is_shown_without_its_e_mail(demo: SqliteShop) -> None:
    with pytest.raises(OrderNotFound) as wrong_email:
        demo.order(Proof("NL-10482", "mads@example.com"))
    with pytest.raises(OrderNotFound) as wrong_number:
        demo.order(Proof("NL-99999", "anna@example.com"))
    assert str(wrong_email.value) == str(wrong_number.value)


def test_the_case_of_the_e_mail_does_not_matter(demo: SqliteShop) -> None:
    assert demo.order(Proof("NL-10482", "ANNA@example.com")).name == "Anna Lindqvist"


def test_a_shipped_order_has_tracking_and_a_day_that_is_not_past(
    demo: SqliteShop, calendar: Calendar
) -> None:
    parcel = demo.order(ANNA).parcel
    assert parcel is not None
    assert parcel.tracking_number in parcel.tracking_url
    assert parcel.expected_on is not None
    assert parcel.expected_on > calendar.day


def test_a_placed_order_is_cancelled_once_and_stays_cancelled(demo: SqliteShop) -> None:
    assert demo.cancel(LOTTE).state is OrderState.CANCELLED
    assert demo.cancel(LOTTE).state is OrderState.CANCELLED
    refund = demo.refund(LOTTE)
    assert refund is not None
    assert (refund.amount_cents, refund.state) == (159_00, RefundState.SENT)


def test_a_shipped_order_is_not_cancelled(demo: SqliteShop) -> None:
    with pytest.raises(NotAllowed) as refused:
        demo.cancel(ANNA)
    assert refused.value.refusal is Refusal.ALREADY_PACKED
    assert demo.order(ANNA).state is OrderState.SHIPPED


def test_cancelling_needs_the_proof(demo: SqliteShop) -> None:
    with pytest.raises(OrderNotFound):
        demo.cancel(Proof("NL-10497", "anna@example.com"))
    assert demo.order(LOTTE).state is OrderState.PLACED


def test_a_change_is_noted_once(demo: SqliteShop, tmp_path: Path) -> None:
    for _ in range(2):
        demo.change(LOTTE, ChangeKind.ADDRESS, "Storgata 12, 0155 Oslo")
    with sqlite3.connect(tmp_path / "shop.db") as db:
        rows = db.execute("SELECT number, kind, details FROM changes").fetchall()
    db.close()
    assert rows == [("NL-10497", "address", "Storgata 12, 0155 Oslo")]


def test_a_packed_order_is_not_changed(demo: SqliteShop) -> None:
    with pytest.raises(NotAllowed) as refused:
        demo.change(Proof("NL-10494", "jonas@example.com"), ChangeKind.ITEMS, "no poles")
    assert refused.value.refusal is Refusal.ALREADY_PACKED


def test_a_return_gives_the_same_label_when_asked_again(demo: SqliteShop) -> None:
    first = demo.start_return(MADS, ("TIND-BOOTS-43",), "too small")
    again = demo.start_return(MADS, ("TIND-BOOTS-43",), "too small")
    assert first == again
    assert [item.name for item in first.items] == ["Tind Hiking Boots"]
    assert demo.order(MADS).state is OrderState.RETURNING


def test_there_is_one_return_per_order(demo: SqliteShop) -> None:
    demo.start_return(MADS, ("TIND-BOOTS-43",), "too small")
    with pytest.raises(NotAllowed) as refused:
        demo.start_return(MADS, ("ULL-BASE-TOP-L",), "too small")
    assert refused.value.refusal is Refusal.ALREADY_RETURNED


def test_only_what_was_bought_can_be_returned(demo: SqliteShop) -> None:
    with pytest.raises(NotAllowed):
        demo.start_return(MADS, ("LAVVO-TENT",), "a try")
    assert demo.order(MADS).state is OrderState.DELIVERED


def test_a_return_after_sixty_days_is_refused(demo: SqliteShop) -> None:
    with pytest.raises(NotAllowed) as refused:
        demo.start_return(Proof("NL-10207", "luc@example.com"), ("TIND-BOOTS-42",), "late")
    assert refused.value.refusal is Refusal.WINDOW_OVER


def test_the_refund_of_a_return_covers_what_comes_back(demo: SqliteShop) -> None:
    demo.start_return(MADS, ("TIND-BOOTS-43",), "too small")
    refund = demo.refund(MADS)
    assert refund is not None
    assert (refund.amount_cents, refund.state) == (169_00, RefundState.AWAITING_PARCEL)


def test_an_exchange_brings_no_refund(demo: SqliteShop) -> None:
    sending = demo.start_exchange(MADS, "TIND-BOOTS-43", "44")
    assert sending.new_size == "44"
    assert demo.refund(MADS) is None


@pytest.mark.parametrize("size", ["45", "60", "XL"])
def test_an_exchange_needs_a_size_that_is_there(demo: SqliteShop, size: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        demo.start_exchange(MADS, "TIND-BOOTS-43", size)
    assert refused.value.refusal is Refusal.OUT_OF_STOCK
    assert demo.order(MADS).state is OrderState.DELIVERED


def test_a_delivered_order_has_no_refund(demo: SqliteShop) -> None:
    assert demo.refund(MADS) is None


def test_a_refunded_order_says_when_the_money_was_sent(
    demo: SqliteShop, calendar: Calendar
) -> None:
    refund = demo.refund(SOFIE)
    assert refund is not None
    assert refund.sent_on is not None
    assert refund.sent_on <= calendar.day


def test_the_demo_looks_as_fresh_after_a_month(demo: SqliteShop, calendar: Calendar) -> None:
    before = demo.order(MADS)
    assert before.delivered_on is not None
    ago = calendar.day - before.delivered_on
    calendar.day += datetime.timedelta(days=30)
    after = demo.order(MADS)
    assert after.delivered_on is not None
    assert calendar.day - after.delivered_on == ago


def test_what_was_done_survives_a_new_start(
    demo: SqliteShop, tmp_path: Path, calendar: Calendar
) -> None:
    demo.cancel(LOTTE)
    again = SqliteShop(tmp_path / "shop.db", calendar)
    assert again.order(LOTTE).state is OrderState.CANCELLED


def test_many_threads_may_open_the_shop_at_once(tmp_path: Path) -> None:
    names: list[str] = []

    def look() -> None:
        names.append(SqliteShop(tmp_path / "new" / "shop.db").order(ANNA).name)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == ["Anna Lindqvist"] * 8


def test_a_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(b"this is not a database at all, and long enough to be noticed")
    with pytest.raises(ShopUnavailable, match=r"shop\.db"):
        SqliteShop(path).order(ANNA)
