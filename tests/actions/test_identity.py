"""Who may hear about an order: the proof, its limits, and what is remembered."""

from __future__ import annotations

import logging

import pytest

from actions.cancel_order import ActionCancelOrder, CancelOrderForm
from actions.order_form import proof_in
from actions.order_status import ActionOrderStatus, OrderStatusForm
from actions.shop.guesses import FAILURES_ALLOWED
from actions.shop.protocol import Order, Proof, ShopUnavailable
from actions.shop.sqlite import SqliteShop
from tests.actions.conftest import use
from tests.actions.harness import Talk

ANNA = "anna@example.com"


def status(**slots: object) -> Talk:
    return Talk(OrderStatusForm(), ActionOrderStatus(), **slots)


def test_number_and_e_mail_are_asked_for_and_then_the_order_is_told(shop: SqliteShop) -> None:
    talk = status()
    assert talk.says("where is my order", "order_status") == ["utter_ask_for_order_number"]
    assert talk.says("NL-10482", order_number="NL-10482") == ["utter_ask_for_email"]
    assert talk.says(ANNA, email=ANNA) == ["utter_order_shipped"]
    assert not talk.open


def test_details_in_the_first_message_are_not_asked_again(shop: SqliteShop) -> None:
    text = f"where is NL-10482, {ANNA}"
    assert status().says(text, "order_status", order_number="NL-10482", email=ANNA) == [
        "utter_order_shipped"
    ]


def test_a_detail_from_an_earlier_message_is_used(shop: SqliteShop) -> None:
    talk = status(order_number="NL-10482")
    assert talk.says("where is it", "order_status") == ["utter_ask_for_email"]


def test_the_e_mail_may_come_before_the_number(shop: SqliteShop) -> None:
    talk = status()
    talk.says("where is my order", "order_status")
    assert talk.says(ANNA, email=ANNA) == ["utter_ask_for_order_number"]
    assert talk.says("10482") == ["utter_order_shipped"]


def test_a_wrong_pair_is_refused_without_saying_which_half(shop: SqliteShop) -> None:
    known, unknown = status(), status()
    for talk, number in ((known, "NL-10482"), (unknown, "NL-99999")):
        talk.says("status", "order_status", order_number=number, email="x@example.com")
    assert known.responses == unknown.responses == ["utter_no_such_order"]
    assert known.messages[0]["text"] is None


def test_only_the_wrong_half_needs_to_be_sent_again(shop: SqliteShop) -> None:
    talk = status()
    talk.says("status", "order_status", order_number="NL-10482", email="ana@example.com")
    assert talk.says("oh, " + ANNA, email=ANNA) == ["utter_order_shipped"]


def test_three_wrong_pairs_bring_a_person(shop: SqliteShop) -> None:
    talk = status()
    talk.says("status", "order_status", order_number="NL-10482", email="a@example.com")
    talk.says("b@example.com", email="b@example.com")
    assert talk.open
    talk.says("c@example.com", email="c@example.com")
    assert (talk.handoff, talk.open) == ("identity_not_proven", False)


def test_guessing_on_in_new_conversations_brings_a_person_before_the_shop_is_asked(
    shop: SqliteShop,
) -> None:
    for n in range(FAILURES_ALLOWED):
        status().says("status", "order_status", order_number=f"NL-2{n:04}", email="a@example.com")
    talk = status()
    talk.says("status", "order_status", order_number="NL-10482", email="a@example.com")
    assert (talk.handoff, talk.open) == ("identity_not_proven", False)
    talk = status()
    assert talk.says("status", "order_status", order_number="NL-10482", email=ANNA)


def test_agents_get_the_facts_of_the_order_once_it_is_proven(shop: SqliteShop) -> None:
    talk = status()
    talk.says("status", "order_status", order_number="NL-10482", email="a@example.com")
    assert talk.slots.get("order_facts") is None
    talk.says(ANNA, email=ANNA)
    facts = talk.slots["order_facts"]
    assert (facts["number"], facts["state"]) == ("NL-10482", "shipped")
    assert facts["parcel"].startswith("PostNord")
    assert facts["items"]


def test_the_same_wrong_pair_sent_again_counts_again(shop: SqliteShop) -> None:
    talk = status()
    for _ in range(3):
        talk.says("NL-10482", order_number="NL-10482", email="a@example.com")
    assert talk.handoff == "identity_not_proven"


def test_a_new_form_does_not_reset_the_count(shop: SqliteShop) -> None:
    talk = status()
    for count in range(2):
        talk.says("x", "order_status", order_number="NL-10482", email=f"{count}@example.com")
    other = Talk(CancelOrderForm(), ActionCancelOrder(), **talk.slots)
    other.slots["requested_slot"] = None
    other.says("cancel it", "cancel_order", order_number="NL-10482", email="3@example.com")
    assert other.handoff == "identity_not_proven"


def test_after_three_wrong_pairs_even_a_right_one_goes_to_a_person(shop: SqliteShop) -> None:
    talk = status(identity_attempts=3)
    talk.says("status", "order_status", order_number="NL-10482", email=ANNA)
    assert talk.handoff == "identity_not_proven"
    assert talk.slots.get("proven_orders") is None


def test_an_order_that_was_proven_stays_open_after_three_wrong_pairs(shop: SqliteShop) -> None:
    talk = status(identity_attempts=3, proven_orders={"NL-10482": ANNA})
    assert talk.says("status", "order_status", order_number="NL-10482") == ["utter_order_shipped"]


def test_a_right_pair_does_not_reset_the_count(shop: SqliteShop) -> None:
    talk = status()
    talk.says("x", "order_status", order_number="NL-10455", email="a@example.com")
    talk.says("x", order_number="NL-10482", email=ANNA)
    assert talk.slots["identity_attempts"] == 1


def test_a_proof_is_remembered_for_its_order_only(shop: SqliteShop) -> None:
    talk = status(proven_orders={"NL-10482": ANNA}, order_number="NL-10482", email=ANNA)
    assert talk.says("where is it", "order_status") == ["utter_order_shipped"]
    talk.says("and NL-10455", "order_status", order_number="NL-10455")
    assert talk.responses == ["utter_no_such_order"]
    assert talk.slots["identity_attempts"] == 1


def test_opening_a_form_does_not_try_a_refused_pair_again(shop: SqliteShop) -> None:
    talk = status(
        order_number="NL-10482", email="a@example.com", refused_pair="NL-10482 a@example.com"
    )
    assert talk.says("where is my order", "order_status") == ["utter_ask_for_both"]
    assert not talk.slots.get("identity_attempts")


def test_half_of_a_refused_pair_does_not_spoil_a_new_beginning(shop: SqliteShop) -> None:
    talk = status(
        order_number="NL-10482", email="a@example.com", refused_pair="NL-10482 a@example.com"
    )
    talk.says("track NL-10455", "track_parcel", order_number="NL-10455")
    assert talk.responses == ["utter_ask_for_email"]


def test_three_unusable_answers_bring_a_person(shop: SqliteShop) -> None:
    talk = status()
    talk.says("where is my order", "order_status")
    assert talk.says("i don't know", confidence=0.3) == ["utter_ask_for_order_number_again"]
    assert talk.says("potato", "nlu_fallback", 0.3) == ["utter_ask_for_order_number_again"]
    talk.says("hm", "nlu_fallback", 0.3)
    assert talk.handoff == "form_failed"


def test_a_usable_answer_forgives_the_unusable_ones(shop: SqliteShop) -> None:
    talk = status()
    talk.says("where is my order", "order_status")
    talk.says("eh", confidence=0.2)
    talk.says("eh", confidence=0.2)
    talk.says("NL-10482", order_number="NL-10482")
    assert talk.says("eh", confidence=0.2) == ["utter_ask_for_email_again"]
    assert talk.handoff is None


def test_small_talk_is_left_to_the_rules_and_the_question_stays(shop: SqliteShop) -> None:
    talk = status()
    talk.says("where is my order", "order_status")
    assert talk.says("are you a bot?", "bot_challenge") == []
    assert talk.rejected
    assert talk.open
    assert talk.slots["requested_slot"] == "order_number"


def test_after_small_talk_the_form_asks_again(shop: SqliteShop) -> None:
    talk = status()
    talk.says("where is my order", "order_status")
    message = talk.says("are you a bot?", "bot_challenge")
    assert message == []
    talk.events.append({"event": "action", "name": "utter_bot_challenge"})
    talk._run(talk.form, {"text": "are you a bot?", "intent": {"name": "bot_challenge"}})
    assert talk.responses == ["utter_ask_for_order_number"]
    assert talk.slots["form_failures"] == 0


def test_another_question_closes_the_form_and_is_left_to_the_rules(shop: SqliteShop) -> None:
    talk = status()
    talk.says("where is my order", "order_status")
    assert talk.says("when are you open?", "opening_hours") == ["utter_put_order_aside"]
    assert talk.rejected
    assert not talk.open
    assert talk.slots["paused_form"] == "order_status_form"
    assert talk.slots["requested_slot"] is None


def test_going_to_another_form_needs_no_words(shop: SqliteShop) -> None:
    talk = status()
    talk.says("where is my order", "order_status")
    assert talk.says("I want to cancel it", "cancel_order") == []
    assert talk.rejected


def test_stop_closes_the_form_for_good(shop: SqliteShop) -> None:
    talk = status()
    talk.says("where is my order", "order_status")
    assert talk.says("never mind", "stop") == []
    assert talk.rejected
    assert talk.slots["paused_form"] is None


class Down:
    """A shop that does not answer."""

    def order(self, proof: Proof) -> Order:
        raise ShopUnavailable("the disk is on fire")


def test_a_shop_that_is_down_brings_a_person(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(monkeypatch, Down())  # type: ignore[arg-type]
    talk = status()
    with caplog.at_level(logging.WARNING):
        talk.says("status", "order_status", order_number="NL-10482", email=ANNA)
    assert talk.handoff == "action_failed"
    assert not talk.open
    assert not talk.slots.get("identity_attempts")
    assert "disk is on fire" in caplog.text
    assert ANNA not in caplog.text


def test_no_action_acts_without_a_proof(shop: SqliteShop) -> None:
    talk = Talk(CancelOrderForm(), ActionCancelOrder())
    talk.slots = {"order_number": "NL-10497", "email": "lotte@example.com", "confirmation": True}
    talk._run(ActionCancelOrder(), {})
    assert talk.messages == []
    assert shop.order(Proof("NL-10497", "lotte@example.com")).can_change() is None


def test_the_proof_is_that_of_the_order_spoken_of() -> None:
    talk = status(proven_orders={"NL-10482": ANNA}, order_number="NL-10455")

    class WithSlots:
        def get_slot(self, name: str) -> object:
            return talk.slots.get(name)

    assert proof_in(WithSlots()) is None
