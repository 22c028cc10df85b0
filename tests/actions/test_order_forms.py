"""What is done with a proven order: cancel, change, return, exchange, refund."""

from __future__ import annotations

import pytest

from actions.cancel_order import ActionCancelOrder, CancelOrderForm
from actions.change_order import (
    ActionChangeAddress,
    ActionChangeOrder,
    ChangeAddressForm,
    ChangeOrderForm,
)
from actions.exchange_item import ActionExchangeItem, ExchangeForm
from actions.order_status import ActionOrderStatus, OrderStatusForm
from actions.refund_status import ActionRefundStatus, RefundForm
from actions.return_item import ActionReturnItem, ReturnForm
from actions.shop.demo_orders import DEMO_ORDERS
from actions.shop.protocol import OrderState, Proof, RefundState
from actions.shop.sqlite import SqliteShop
from tests.actions.harness import Talk

LOTTE = {"NL-10497": "lotte@example.com"}
FEMKE = {"NL-10498": "femke@example.com"}
ANNA = {"NL-10482": "anna@example.com"}
MADS = {"NL-10455": "mads@example.com"}
ELIF = {"NL-10447": "elif@example.com"}


def proven(orders: dict[str, str]) -> dict[str, object]:
    return {"proven_orders": orders, "order_number": next(iter(orders))}


def proof(orders: dict[str, str]) -> Proof:
    return Proof(*next(iter(orders.items())))


# --- status and refund ------------------------------------------------------------------------


@pytest.mark.parametrize("order", DEMO_ORDERS, ids=lambda order: f"{order.state.value}")
def test_every_state_of_an_order_is_told(shop: SqliteShop, order: object) -> None:
    known = next(o for o in DEMO_ORDERS if o is order)
    talk = Talk(OrderStatusForm(), ActionOrderStatus(), **proven({known.number: known.email}))
    assert talk.says("where is it", "order_status") == [f"utter_order_{known.state.value}"]


@pytest.mark.parametrize(
    ("orders", "response"),
    [
        ({"NL-10371": "sofie@example.com"}, "utter_refund_sent"),
        ({"NL-10433": "pavel@example.com"}, "utter_refund_pending"),
        ({"NL-10402": "ingrid@example.com"}, "utter_refund_sent"),
        (MADS, "utter_refund_none"),
    ],
)
def test_the_refund_is_told(shop: SqliteShop, orders: dict[str, str], response: str) -> None:
    talk = Talk(RefundForm(), ActionRefundStatus(), **proven(orders))
    assert talk.says("my money?", "refund_status") == [response]


# --- cancel -----------------------------------------------------------------------------------


def test_nothing_is_cancelled_before_a_yes(shop: SqliteShop) -> None:
    talk = Talk(CancelOrderForm(), ActionCancelOrder(), **proven(LOTTE))
    assert talk.says("cancel it", "cancel_order") == ["utter_confirm_cancel"]
    assert shop.order(proof(LOTTE)).state is OrderState.PLACED
    assert talk.presses("/affirm", "affirm") == ["utter_cancelled"]
    assert shop.order(proof(LOTTE)).state is OrderState.CANCELLED
    assert talk.slots["confirmation"] is None


def test_a_no_keeps_the_order(shop: SqliteShop) -> None:
    talk = Talk(CancelOrderForm(), ActionCancelOrder(), **proven(LOTTE))
    talk.says("cancel it", "cancel_order")
    assert talk.says("no", "deny") == ["utter_cancel_kept"]
    assert shop.order(proof(LOTTE)).state is OrderState.PLACED


def test_neither_yes_nor_no_is_asked_again(shop: SqliteShop) -> None:
    talk = Talk(CancelOrderForm(), ActionCancelOrder(), **proven(LOTTE))
    talk.says("cancel it", "cancel_order")
    assert talk.says("cancel it", "cancel_order") == ["utter_confirm_cancel_again"]
    assert shop.order(proof(LOTTE)).state is OrderState.PLACED


def test_an_old_yes_does_not_cancel_anything(shop: SqliteShop) -> None:
    talk = Talk(CancelOrderForm(), ActionCancelOrder(), **proven(LOTTE), confirmation=True)
    assert talk.says("cancel it", "cancel_order") == ["utter_confirm_cancel"]


def test_a_yes_for_one_order_does_not_cancel_another(shop: SqliteShop) -> None:
    both = {**LOTTE, **FEMKE}
    talk = Talk(CancelOrderForm(), ActionCancelOrder(), **proven(both))
    talk.says("cancel it", "cancel_order")
    assert talk.says("yes NL-10498", "affirm", order_number="NL-10498") == ["utter_confirm_cancel"]
    assert shop.order(proof(LOTTE)).state is OrderState.PLACED
    assert shop.order(proof(FEMKE)).state is OrderState.PLACED


def test_cancelling_twice_says_so(shop: SqliteShop) -> None:
    shop.cancel(proof(LOTTE))
    talk = Talk(CancelOrderForm(), ActionCancelOrder(), **proven(LOTTE))
    assert talk.says("cancel it", "cancel_order") == ["utter_cancel_already_cancelled"]


def test_a_cancellation_that_is_repeated_tells_again_that_it_is_done(shop: SqliteShop) -> None:
    talk = Talk(CancelOrderForm(), ActionCancelOrder(), **proven(LOTTE))
    talk.says("cancel it", "cancel_order")
    # The shop has cancelled, but the turn was lost: the same yes comes to the form once more.
    shop.cancel(proof(LOTTE))
    assert talk.says("yes", "affirm") == ["utter_cancelled"]
    assert talk.slots["progress"] == "cancelled order NL-10497"
    assert shop.order(proof(LOTTE)).state is OrderState.CANCELLED


def test_an_order_packed_while_the_customer_thought_is_not_cancelled(
    shop: SqliteShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Talk(CancelOrderForm(), ActionCancelOrder(), **proven(LOTTE))
    talk.says("cancel it", "cancel_order")
    with shop._open() as db:
        db.execute("UPDATE orders SET state = 'packed' WHERE number = 'NL-10497'")
    assert talk.says("yes", "affirm") == ["utter_cancel_already_packed"]


@pytest.mark.parametrize(
    ("orders", "response"),
    [(ANNA, "utter_cancel_already_packed"), (MADS, "utter_cancel_already_delivered")],
)
def test_what_cannot_be_cancelled_is_explained_at_once(
    shop: SqliteShop, orders: dict[str, str], response: str
) -> None:
    talk = Talk(CancelOrderForm(), ActionCancelOrder(), **proven(orders))
    assert talk.says("cancel it", "cancel_order") == [response]
    assert "could not cancel" in talk.slots["progress"]


# --- change -----------------------------------------------------------------------------------


def test_a_new_address_is_asked_confirmed_and_noted(shop: SqliteShop) -> None:
    talk = Talk(ChangeAddressForm(), ActionChangeAddress(), **proven(LOTTE))
    assert talk.says("wrong address", "change_address") == ["utter_ask_for_address"]
    assert talk.says("to my sister", confidence=0.3) == ["utter_ask_for_address_again"]
    assert talk.says("Lange Reihe 5, 20099 Hamburg", confidence=0.3) == ["utter_confirm_address"]
    assert talk.messages[0]["wish"] == "Lange Reihe 5, 20099 Hamburg"
    assert talk.says("yes", "affirm") == ["utter_changed_address"]


def test_a_postcode_is_no_order_number(shop: SqliteShop) -> None:
    talk = Talk(ChangeAddressForm(), ActionChangeAddress(), **proven(LOTTE))
    talk.says("wrong address", "change_address")
    talk.says("20099 Hamburg", order_number="NL-20099")
    assert talk.slots["order_number"] == "NL-10497"


def test_other_items_are_noted_in_the_words_of_the_customer(shop: SqliteShop) -> None:
    talk = Talk(ChangeOrderForm(), ActionChangeOrder(), **proven(FEMKE))
    assert talk.says("change my order", "change_order") == ["utter_ask_for_items"]
    assert talk.says("the fleece in M", "exchange_item", 0.8) == ["utter_confirm_items"]
    assert talk.says("yes", "affirm") == ["utter_changed_items"]


def test_a_packed_order_is_not_changed_but_a_person_is_offered(shop: SqliteShop) -> None:
    talk = Talk(ChangeAddressForm(), ActionChangeAddress(), **proven(ANNA))
    assert talk.says("wrong address", "change_address") == ["utter_change_already_packed"]


def test_a_wrong_summary_is_not_noted(shop: SqliteShop) -> None:
    talk = Talk(ChangeAddressForm(), ActionChangeAddress(), **proven(LOTTE))
    talk.says("wrong address", "change_address")
    talk.says("Storgata 12, Oslo")
    assert talk.says("no that's wrong", "deny") == ["utter_change_kept"]
    assert talk.slots["change_details"] is None


# --- return -----------------------------------------------------------------------------------


def test_a_return_asks_items_reason_and_a_yes(shop: SqliteShop) -> None:
    talk = Talk(ReturnForm(), ActionReturnItem(), **proven(MADS))
    assert talk.says("i want to return something", "return_item") == ["utter_ask_for_return_items"]
    titles = [button["title"] for button in talk.messages[0]["buttons"]]
    assert titles == ["Tind Hiking Boots, size 43", "Ull Merino Base Layer, size L", "Everything"]
    assert talk.says("the boots") == ["utter_ask_for_return_reason"]
    assert talk.presses('/inform{"choice": "too_small"}', "inform", choice="too_small") == [
        "utter_confirm_return"
    ]
    assert shop.order(proof(MADS)).state is OrderState.DELIVERED
    assert talk.says("yes", "affirm") == ["utter_return_registered"]
    assert talk.messages[-1]["total"] == "€169.00"
    assert shop.order(proof(MADS)).state is OrderState.RETURNING


def test_everything_can_go_back(shop: SqliteShop) -> None:
    talk = Talk(ReturnForm(), ActionReturnItem(), **proven(MADS))
    talk.says("return", "return_item")
    talk.presses('/inform{"choice": "all"}', "inform", choice="all")
    talk.says("changed my mind", "stop", 0.6)
    talk.says("yes", "affirm")
    refund = shop.refund(proof(MADS))
    assert refund is not None
    assert (refund.amount_cents, refund.state) == (238_00, RefundState.AWAITING_PARCEL)


def test_the_only_item_needs_no_question(shop: SqliteShop) -> None:
    talk = Talk(ReturnForm(), ActionReturnItem(), **proven(ELIF))
    assert talk.says("return it", "return_item") == ["utter_ask_for_return_reason"]


def test_the_item_named_at_first_is_remembered_until_the_order_is_proven(shop: SqliteShop) -> None:
    talk = Talk(ReturnForm(), ActionReturnItem())
    talk.says("send my boots back, NL-10455", "return_item", order_number="NL-10455")
    assert talk.says("mads@example.com", email="mads@example.com") == [
        "utter_ask_for_return_reason"
    ]
    assert talk.slots["return_items"] == ["TIND-BOOTS-43"]


def test_words_that_name_no_item_are_asked_again_and_at_last_bring_a_person(
    shop: SqliteShop,
) -> None:
    talk = Talk(ReturnForm(), ActionReturnItem(), **proven(MADS))
    talk.says("return", "return_item")
    assert talk.says("yes please", "affirm") == ["utter_ask_for_return_items_again"]
    talk.says("hm", confidence=0.2)
    talk.says("hm", confidence=0.2)
    assert talk.handoff == "form_failed"


def test_a_button_of_another_subject_leaves_the_return(shop: SqliteShop) -> None:
    talk = Talk(ReturnForm(), ActionReturnItem(), **proven(MADS))
    talk.says("return", "return_item")
    assert talk.presses("/delivery_cost", "delivery_cost") == ["utter_put_order_aside"]
    assert talk.rejected


@pytest.mark.parametrize(
    ("orders", "response"),
    [
        (ANNA, "utter_return_not_delivered"),
        ({"NL-10207": "luc@example.com"}, "utter_return_window_over"),
        ({"NL-10371": "sofie@example.com"}, "utter_return_already_returned"),
        ({"NL-10402": "ingrid@example.com"}, "utter_return_already_cancelled"),
    ],
)
def test_what_cannot_be_returned_is_explained(
    shop: SqliteShop, orders: dict[str, str], response: str
) -> None:
    talk = Talk(ReturnForm(), ActionReturnItem(), **proven(orders))
    assert talk.says("return it", "return_item") == [response]


def test_a_no_registers_nothing(shop: SqliteShop) -> None:
    talk = Talk(ReturnForm(), ActionReturnItem(), **proven(ELIF))
    talk.says("return it", "return_item")
    talk.says("too big")
    assert talk.says("no", "deny") == ["utter_return_kept"]
    assert shop.order(proof(ELIF)).state is OrderState.DELIVERED
    assert talk.slots["return_reason"] is None


# --- exchange ---------------------------------------------------------------------------------


def test_item_and_size_in_the_first_message_need_only_a_yes(shop: SqliteShop) -> None:
    talk = Talk(ExchangeForm(), ActionExchangeItem(), **proven(MADS))
    text = "swap my boots for size 44"
    assert talk.says(text, "exchange_item", size="44") == ["utter_confirm_exchange"]
    assert talk.says("yes please", "affirm") == ["utter_exchange_registered"]
    assert shop.order(proof(MADS)).state is OrderState.RETURNING


def test_an_exchange_asks_item_and_size(shop: SqliteShop) -> None:
    talk = Talk(ExchangeForm(), ActionExchangeItem(), **proven(MADS))
    assert talk.says("it doesn't fit", "exchange_item") == ["utter_ask_for_exchange_item"]
    assert talk.says("the first one") == ["utter_ask_for_new_size"]
    assert talk.says("bigger", confidence=0.3) == ["utter_ask_for_new_size_again"]
    assert talk.says("43") == ["utter_exchange_same_size"]
    assert talk.says("then 44") == ["utter_confirm_exchange"]


def test_the_size_one_has_is_not_taken_for_the_size_one_wants(shop: SqliteShop) -> None:
    talk = Talk(ExchangeForm(), ActionExchangeItem(), **proven(ELIF))
    text = "my fleece in M is too small"
    assert talk.says(text, "exchange_item", size="M") == ["utter_ask_for_new_size"]


def test_a_size_that_is_gone_is_said(shop: SqliteShop) -> None:
    talk = Talk(ExchangeForm(), ActionExchangeItem(), **proven(ELIF))
    talk.says("size XL please", "exchange_item", size="XL")
    assert talk.says("yes", "affirm") == ["utter_exchange_out_of_stock"]
    assert shop.order(proof(ELIF)).state is OrderState.DELIVERED


def test_what_has_no_size_cannot_be_exchanged(shop: SqliteShop) -> None:
    talk = Talk(ExchangeForm(), ActionExchangeItem(), **proven(LOTTE))
    with shop._open() as db:
        db.execute("UPDATE orders SET state = 'delivered' WHERE number = 'NL-10497'")
    assert talk.says("other size", "exchange_item") == ["utter_exchange_no_sizes"]
