"""Business enquiries: the score and the form."""

from __future__ import annotations

import pytest

from actions.business_lead import SALES, ActionBusinessLead, BusinessForm
from actions.lead_score import Lead, pieces, score
from tests.actions.harness import Talk


def lead(need: str = "jackets", size: str = "1", contact: str = "a@gmail.com") -> Lead:
    return Lead("Acme", need, size, contact)


@pytest.mark.parametrize(
    ("size", "count"),
    [
        ("about 60", 60),
        ("20-30 people", 20),
        ("20 to 100", 20),
        ("Under 20", 19),
        ("More than 100", 100),
        ("1,200 pieces", 1200),
        ("1.200", 1200),
        ("a dozen", 12),
        ("two hundred or so", 100),
        ("many", None),
    ],
)
def test_the_number_in_a_size_is_found(size: str, count: int | None) -> None:
    assert pieces(size) == count


@pytest.mark.parametrize(
    ("size", "points"), [("4", 0), ("5", 10), ("19", 10), ("20", 25), ("50", 35), ("100", 45)]
)
def test_more_pieces_score_more(size: str, points: int) -> None:
    assert score(lead(size=size)).points == points


def test_every_rule_says_why() -> None:
    result = score(lead("jackets with logo every year by May", "60", "post@club.example"))
    assert result.points == 35 + 15 + 10 + 10 + 15
    assert result.because == (
        "60 pieces or people",
        "comes again",
        "with our work on it",
        "has a date",
        "business e-mail",
    )
    assert str(result).startswith("hot lead, 85 of 100 (60 pieces")


@pytest.mark.parametrize(
    ("points_from", "grade"),
    [(lead(), "cool"), (lead(size="50"), "warm"), (lead("print", "100", "a@b.example"), "hot")],
)
def test_points_make_a_grade(points_from: Lead, grade: str) -> None:
    assert score(points_from).grade == grade


def test_the_score_never_leaves_its_range() -> None:
    best = lead("urgent yearly contract with logo print", "9999", "ceo@big.example")
    assert 0 <= score(lead()).points <= score(best).points <= 100


def test_a_lead_needs_all_its_parts() -> None:
    with pytest.raises(ValueError, match="contact"):
        lead(contact=" ")


def test_the_form_asks_four_things_and_hands_off_to_sales() -> None:
    talk = Talk(BusinessForm(), ActionBusinessLead())
    assert talk.says("bulk order?", "business_enquiry") == ["utter_ask_for_lead_company"]
    assert talk.says("Acme GmbH", "inform", 0.2) == ["utter_ask_for_lead_need"]
    assert talk.says("rain jackets with our logo", "stock_check", 0.9) == [
        "utter_ask_for_lead_size"
    ]
    assert talk.says("about 60") == ["utter_ask_for_lead_contact"]
    talk.says("post@acme.example", email="post@acme.example")
    assert talk.slots["lead_contact"] == "post@acme.example"
    talk._run(ActionBusinessLead(), {})
    assert talk.handoff == "business_lead"
    assert talk.slots["triage"]["skill"] == SALES
    assert "60 pieces" in talk.slots["triage"]["reasons"][0]


def test_a_telling_first_message_is_the_need() -> None:
    talk = Talk(BusinessForm(), ActionBusinessLead())
    text = "we are a hiking club and would like 60 jackets with our logo"
    talk.says(text, "business_enquiry")
    assert talk.slots["lead_need"] == text
    assert talk.says("Fjellklubben") == ["utter_ask_for_lead_size"]


@pytest.mark.parametrize("contact", ["+49 40 1234567", "call me on 040 / 123 45 67"])
def test_a_phone_number_is_a_contact(contact: str) -> None:
    talk = Talk(BusinessForm(), lead_company="A", lead_need="B", lead_size="3")
    talk.open, talk.slots["requested_slot"] = True, "lead_contact"
    talk.says(contact)
    assert talk.slots["lead_contact"]


def test_a_contact_that_is_none_is_asked_again() -> None:
    talk = Talk(BusinessForm(), lead_company="A", lead_need="B", lead_size="3")
    talk.open, talk.slots["requested_slot"] = True, "lead_contact"
    assert talk.says("just call me", confidence=0.3) == ["utter_ask_for_lead_contact_again"]


def test_a_size_button_counts() -> None:
    talk = Talk(BusinessForm(), lead_company="A", lead_need="B")
    talk.open, talk.slots["requested_slot"] = True, "lead_size"
    talk.presses('/inform{"choice": "More than 100"}', "inform", choice="More than 100")
    assert talk.slots["lead_size"] == "More than 100"


def test_answers_survive_a_question_in_between() -> None:
    talk = Talk(BusinessForm(), ActionBusinessLead())
    talk.says("bulk order?", "business_enquiry")
    talk.says("Acme GmbH", confidence=0.2)
    assert talk.says("how long does delivery take?", "delivery_time") == [
        "utter_put_business_aside"
    ]
    assert talk.says("back to the bulk order", "business_enquiry") == ["utter_ask_for_lead_need"]
    assert talk.slots["lead_company"] == "Acme GmbH"


def test_stop_forgets_the_answers() -> None:
    talk = Talk(BusinessForm(), ActionBusinessLead())
    talk.says("bulk order?", "business_enquiry")
    talk.says("Acme GmbH", confidence=0.2)
    talk.says("never mind", "stop")
    assert talk.slots["lead_company"] is None
