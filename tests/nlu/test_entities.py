"""Details in messages: how customers write them, and what only looks like one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.entities import KINDS, DetailFinder, as_rasa

FINDER = DetailFinder(["jacket", "down jacket", "sleeping bag", "watch", "boots"])


def found(text: str, kind: str) -> list[str]:
    return [d.value for d in FINDER.find(text) if d.kind == kind]


@pytest.mark.parametrize(
    "text",
    [
        "NL-10482",
        "nl-10482",
        "NL10482",
        "nl 10482",
        "NL–10482",
        "nl_10482",
        "NL - 10482",
        "NL#10482",
        "#10482",
        "10482",
        " 10482. ",
        "order 10482",
        "order number is 10482",
        "order no: 10482 please",
        "my order NL-10482 has not come",
        "it's 10482 i think",
        "10482, anna@mail.com",
        "where is nl10482?",
    ],
)
def test_an_order_number_is_normalised(text: str) -> None:
    assert found(text, "order_number") == ["NL-10482"]


@pytest.mark.parametrize(
    "text",
    [
        "NL91 ABNA 0417 1643 00",
        "1012 AB Amsterdam",
        "20095 Hamburg",
        "my postcode is 20095",
        "+47 912 34 567",
        "I paid 10482.50 EUR",
        "104829",
        "1048",
        "size 42",
        "4111 1111 1111 1111",
        "2026-11-22",
    ],
)
def test_other_numbers_are_no_order_numbers(text: str) -> None:
    assert found(text, "order_number") == []


def test_several_order_numbers_are_all_found_in_order() -> None:
    assert found("NL-10482 and nl10483, not #10484", "order_number") == [
        "NL-10482",
        "NL-10483",
        "NL-10484",
    ]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Mail me: Anna.Berg+x@mail.co.uk.", "email", "anna.berg+x@mail.co.uk"),
        ("NL91 ABNA 0417 1643 00", "iban", "NL91ABNA0417164300"),
        ("DE89370400440532013000 is my iban", "iban", "DE89370400440532013000"),
        ("no93 8601 1117 947 thanks", "iban", "NO9386011117947"),
        ("4111 1111 1111 1111", "card_number", "4111111111111111"),
        ("4111111111111111", "card_number", "4111111111111111"),
        ("5500-0000-0000-0004", "card_number", "5500000000000004"),
        ("call +47 912 34 567", "phone", "+4791234567"),
        ("0031 6 12345678", "phone", "0031612345678"),
        ("06-12345678", "phone", "0612345678"),
        ("my phone is 91234567", "phone", "91234567"),
        ("it was €49.90", "money", "49.90 EUR"),
        ("49,90 euro", "money", "49.90 EUR"),
        ("1.299,00 euros", "money", "1299.00 EUR"),
        ("20 kr", "money", "20.00 NOK"),
        ("£5", "money", "5.00 GBP"),
        ("ordered on 12 May", "date", "12 may"),
        ("May 12th, 2026", "date", "may 12th, 2026"),
        ("on 2026-11-01", "date", "2026-11-01"),
        ("12.11.2026", "date", "12.11.2026"),
        ("last  monday", "date", "last monday"),
        ("three weeks ago", "date", "three weeks ago"),
        ("yesterday", "date", "yesterday"),
        ("1012 AB", "postcode", "1012 AB"),
        ("postcode: 0150", "postcode", "0150"),
        ("20095 Hamburg", "postcode", "20095"),
        ("SW1A 1AA", "postcode", "SW1A 1AA"),
        ("in size m", "size", "M"),
        ("M", "size", "M"),
        ("xl please", "size", "XL"),
        ("a medium", "size", "M"),
        ("size extra large", "size", "XL"),
        ("EU 42,5", "size", "42.5"),
        ("w32 l34", "size", "W32 L34"),
        ("two Down Jackets", "product", "down jacket"),
        ("sleeping bags", "product", "sleeping bag"),
        ("watches", "product", "watch"),
        ("my BOOTS", "product", "boots"),
    ],
)
def test_a_detail_is_found_in_its_normal_form(text: str, kind: str, value: str) -> None:
    assert found(text, kind) == [value]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I'm not sure", "size"),
        ("a 32 L backpack", "size"),
        ("it's mine", "size"),
        ("so am i", "size"),
        ("I may order later", "date"),
        ("1234567890123456", "card_number"),
        ("jacketed potatoes", "product"),
        ("at home", "email"),
        ("€", "money"),
    ],
)
def test_what_only_looks_like_a_detail_is_none(text: str, kind: str) -> None:
    assert found(text, kind) == []


def test_both_sizes_of_an_exchange_are_found() -> None:
    assert found("size 42 instead of 43", "size") == ["42", "43"]
    assert found("swap the L for an M", "size") == ["L", "M"]


def test_a_card_with_a_typo_is_still_personal_data() -> None:
    assert found("4111 1111 1111 1112", "card_number") == ["4111111111111112"]


def test_rasa_gets_the_places_in_the_text() -> None:
    text = "order NL-10482, size M"
    entities = as_rasa(FINDER.find(text))
    assert entities == [
        {"entity": "order_number", "value": "NL-10482", "start": 6, "end": 14},
        {"entity": "size", "value": "M", "start": 21, "end": 22},
    ]


@given(st.text(max_size=300))
def test_any_text_gives_details_that_lie_within_it_and_apart(text: str) -> None:
    details = FINDER.find(text)
    for detail in details:
        assert detail.kind in KINDS
        assert 0 <= detail.start < detail.end <= len(text)
        assert detail.value
    shapes = [d for d in details if d.kind != "product"]
    assert all(a.end <= b.start for a, b in itertools.pairwise(shapes))


@pytest.mark.parametrize("unit", ["1 ", "a@", "NL91 ", "1.", "€1", "size ", "+4", "x.x@x."])
def test_a_huge_text_is_read_in_no_time(unit: str) -> None:
    FINDER.find(unit * 20_000)
