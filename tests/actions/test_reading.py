"""Reading a message: details, yes and no, new subjects, items."""

from __future__ import annotations

import pytest

from actions.exchange_item import size_in
from actions.reading import Heard, Turn, matching_items, yes_or_no
from tests.actions.harness import parse

STATUS = frozenset({"order_status", "track_parcel"})
NAMES = {
    "BOOTS": "Tind Hiking Boots",
    "TOP": "Ull Merino Base Layer",
    "TROUSERS": "Vind Hiking Trousers",
}


def heard(text: str, intent: str = "inform", confidence: float = 0.9, **entities: str) -> Heard:
    return Heard.from_parse(parse(text, intent, confidence, **entities))


def test_the_last_of_several_numbers_counts() -> None:
    message = parse("not NL-10481 but NL-10482")
    message["entities"] = [
        {"entity": "order_number", "value": "NL-10481", "start": 4, "end": 12},
        {"entity": "order_number", "value": "NL-10482", "start": 17, "end": 25},
    ]
    assert Heard.from_parse(message).order_number() == "NL-10482"


@pytest.mark.parametrize(
    "text", ["10482", "it is 10482 i think", "nl 10482", "NL-10482", "#10482", "(10482)"]
)
def test_a_number_is_read_without_an_entity(text: str) -> None:
    assert heard(text).order_number() == "NL-10482"


@pytest.mark.parametrize(
    "text", ["104822", "1048", "a10482", "10482b", "/inform", "anna10482@x.no"]
)
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert heard(text).order_number() is None


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("piet at example dot com", "piet@example.com"),
        ("it's anna.l @ mail . example", "anna.l@mail.example"),
        ("jo(at)shop.example.org", "jo@shop.example.org"),
        ("Anna@Example.COM", "anna@example.com"),
        ("anna@mail.example. thanks", "anna@mail.example"),
        ("ole at post dot nordlys dot example", "ole@post.nordlys.example"),
    ],
)
def test_spelt_e_mails_are_read(text: str, email: str) -> None:
    assert heard(text).email() == email


@pytest.mark.parametrize(
    "text", ["I am at home", "meet me at the store", "look at nordlys.example", ""]
)
def test_words_with_at_are_no_e_mail(text: str) -> None:
    assert heard(text).email() is None


@pytest.mark.parametrize(
    ("intent", "confidence", "turn"),
    [
        ("inform", 0.9, Turn.UNCLEAR),
        ("nlu_fallback", 0.9, Turn.UNCLEAR),
        ("order_status", 0.9, Turn.UNCLEAR),
        ("opening_hours", 0.49, Turn.UNCLEAR),
        ("opening_hours", 0.5, Turn.NEW_SUBJECT),
        ("cancel_order", 0.9, Turn.NEW_SUBJECT),
        ("bot_challenge", 0.9, Turn.CHAT),
        ("stop", 0.9, Turn.LEAVE),
        ("goodbye", 0.9, Turn.LEAVE),
        ("stop", 0.55, Turn.UNCLEAR),
    ],
)
def test_the_intent_says_what_a_message_does_to_a_question(
    intent: str, confidence: float, turn: Turn
) -> None:
    assert heard("hm", intent, confidence).turn(STATUS) is turn


@pytest.mark.parametrize("text", ["i dont have the number", "no, I lost the mail", "can't find it"])
def test_who_cannot_answer_does_not_leave(text: str) -> None:
    assert heard(text, "stop", 0.9).turn(STATUS) is Turn.UNCLEAR


@pytest.mark.parametrize("text", ["never mind", "stop asking", "forget it, I'll look later"])
def test_who_gives_up_leaves(text: str) -> None:
    assert heard(text, "stop", 0.9).turn(STATUS) is Turn.LEAVE


@pytest.mark.parametrize(
    ("text", "intent", "leaves"),
    [
        ("NL-10482", "cancel_order", False),
        ("sorry, my order number is NL-10482", "cancel_order", False),
        ("cancel NL-10482 instead", "cancel_order", True),
        ("please track NL-10482", "track_parcel", False),
        ("forget NL-10482", "stop", True),
    ],
)
def test_a_detail_is_an_answer_unless_the_rest_asks_for_something_else(
    text: str, intent: str, leaves: bool
) -> None:
    message = heard(text, intent, 0.95, order_number="NL-10482")
    assert message.turns_despite_detail(STATUS, "order_number", "email") is leaves


def test_an_unsure_guess_never_leaves_a_form_that_got_its_detail() -> None:
    message = heard("cancel NL-10482", "cancel_order", 0.6, order_number="NL-10482")
    assert not message.turns_despite_detail(STATUS, "order_number", "email")


@pytest.mark.parametrize(
    ("text", "intent", "confidence", "taken"),
    [
        ("Acme GmbH", "inform", 0.3, True),
        ("rain jackets with our logo", "stock_check", 0.9, True),
        ("how long does delivery take?", "delivery_time", 0.95, False),
        ("how long does delivery take?", "delivery_time", 0.5, True),
        ("never mind", "stop", 0.9, False),
        ("hello", "greet", 0.9, False),
        ("/delivery_time", "delivery_time", 1.0, False),
    ],
)
def test_free_words_are_taken_unless_they_are_a_question_of_their_own(
    text: str, intent: str, confidence: float, taken: bool
) -> None:
    answer = heard(text, intent, confidence).free_text(frozenset({"business_enquiry"}))
    assert answer == (text if taken else None)


def test_an_address_needs_a_number() -> None:
    own = frozenset({"change_address"})
    assert heard("to my mother").free_text(own, digits=True) is None
    assert heard("Storgata 12, Oslo").free_text(own, digits=True) == "Storgata 12, Oslo"


def test_repeated_words_hold_no_placeholders_and_are_bounded() -> None:
    text = heard("{secret} [0]\n" + "x" * 900).free_text(frozenset())
    assert text is not None
    assert text.startswith("(secret) (0) xxx")
    assert len(text) == 500


@pytest.mark.parametrize(
    ("text", "intent", "confidence", "answer"),
    [
        ("yes", "affirm", 0.99, True),
        ("/affirm", "affirm", 1.0, True),
        ("/deny", "deny", 1.0, False),
        ("yes cancel it", "cancel_order", 0.9, True),
        ("ok do it", "inform", 0.3, True),
        ("no, keep it", "cancel_order", 0.8, False),
        ("don't", "inform", 0.2, False),
        ("do you have a phone number?", "talk_to_human", 0.4, None),
        ("cancel it", "cancel_order", 0.9, None),
        ("hmm", "affirm", 0.3, None),
        ("now what", "inform", 0.3, None),
        ("/order_status", "order_status", 1.0, None),
        ("hmm hmm", "affirm", 0.95, None),
        ("ehm... well", "deny", 0.9, None),
        ("uh huh", "affirm", 0.9, True),
    ],
)
def test_yes_and_no(text: str, intent: str, confidence: float, answer: bool | None) -> None:
    assert yes_or_no(heard(text, intent, confidence)) is answer


@pytest.mark.parametrize(
    ("text", "skus"),
    [
        ("the boots", ("BOOTS",)),
        ("my merino top", ("TOP",)),
        ("the second one", ("TOP",)),
        ("1", ("BOOTS",)),
        ("everything please", ("BOOTS", "TOP", "TROUSERS")),
        ("the hiking things", ()),
        ("yes please", ()),
        ("hiking trousers", ("TROUSERS",)),
    ],
)
def test_items_are_found_by_what_people_call_them(text: str, skus: tuple[str, ...]) -> None:
    assert matching_items(text, NAMES) == skus


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("L please", "L"),
        ("not M but xl", "XL"),
        ("44", "44"),
        ("a medium", "M"),
        ("the 39-42 ones", "39-42"),
        ("something bigger", None),
        ("it's fine", None),
    ],
)
def test_sizes_are_read_in_letters_words_and_numbers(text: str, size: str | None) -> None:
    assert size_in(heard(text)) == size
