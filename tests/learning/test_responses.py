"""What the assistant says: read from `domain.yml`, checked, and changed by lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.events import Button
from bot.learning.responses import (
    BadAnswer,
    ChangedMeanwhile,
    UnknownResponse,
    Variation,
    responses_of,
    set_response,
    with_response,
)
from tests.learning.domains import DOMAIN, SHIPPED, variations

# ------------------------------------------------------------------------------------- responses


def test_responses_are_read_with_shared_buttons() -> None:
    start = (Button(title="Where is it?", payload="/order_status"),)
    assert variations("utter_greet") == (
        Variation(text="Hello!", buttons=start),
        Variation(text="Hi there", buttons=start),
    )
    assert responses_of(DOMAIN)["utter_picture"].fixed
    assert len(responses_of(SHIPPED)) > 100
    assert not [one for one in responses_of(SHIPPED).values() if one.fixed]


def test_a_changed_text_is_one_changed_line() -> None:
    first, second = variations("utter_greet")
    new = [first, Variation(text="Hei: du!", buttons=second.buttons)]
    changed = with_response(DOMAIN, "utter_greet", new)
    assert changed == DOMAIN.replace("- text: Hi there   # short", '- text: "Hei: du!"')


def test_a_text_is_added_with_the_buttons_that_are_shared() -> None:
    first, second = variations("utter_greet")
    more = Variation(text="Good day", buttons=first.buttons)
    changed = with_response(DOMAIN, "utter_greet", [first, second, more])
    assert changed == DOMAIN.replace(
        "      buttons: *start\n  utter_bye:",
        '      buttons: *start\n    - text: "Good day"\n      buttons: *start\n  utter_bye:',
    )


def test_shared_buttons_stay_shared_when_their_holder_is_emptied() -> None:
    changed = with_response(DOMAIN, "utter_greet", [Variation(text="Hello!")])
    assert changed.count("buttons: &start") == 1
    assert changed.count("buttons: *start") == 1
    assert variations("utter_bye", changed) == variations("utter_bye")
    assert variations("utter_more", changed) == variations("utter_more")


def test_shared_buttons_stay_with_the_text_that_still_has_them() -> None:
    first, second = variations("utter_greet")
    changed = with_response(DOMAIN, "utter_greet", [Variation(text=first.text), second])
    assert variations("utter_greet", changed)[1] == second
    assert variations("utter_bye", changed) == variations("utter_bye")


def test_a_removed_text_takes_its_own_lines() -> None:
    changed = with_response(DOMAIN, "utter_bye", variations("utter_bye")[1:])
    assert "Bye!" not in changed
    assert variations("utter_bye", changed) == (Variation(text="See you"),)


def test_nothing_changed_changes_nothing() -> None:
    for name, response in responses_of(DOMAIN).items():
        if not response.fixed:
            assert with_response(DOMAIN, name, response.variations) == DOMAIN


@pytest.mark.parametrize(
    "name", ["utter_greet", "utter_bot_challenge", "utter_help", "utter_job_enquiry"]
)
def test_a_shipped_response_can_be_changed_and_changed_back(name: str) -> None:
    old = responses_of(SHIPPED)[name].variations
    new = [Variation(text=f"New: {one.text}", buttons=one.buttons) for one in old]
    changed = with_response(SHIPPED, name, [*new, Variation(text="One more")])
    others = {k: v for k, v in responses_of(changed).items() if k != name}
    assert others == {k: v for k, v in responses_of(SHIPPED).items() if k != name}
    back = with_response(changed, name, old)
    assert responses_of(back) == responses_of(SHIPPED)
    assert sum(a != b for a, b in zip(back.splitlines(), SHIPPED.splitlines(), strict=True)) <= len(
        old
    )


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["utter_greet", "utter_bye", "utter_more"]),
    st.lists(
        st.builds(
            Variation,
            text=st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1).filter(
                lambda text: bool(text.strip()) and not set(text) & set("\ufeff{}")
            )
            | st.sampled_from(["Hello!", "Bye!\n# no comment\n", "a\n\nb", "- #: '\""]),
            buttons=st.sampled_from(
                [
                    (),
                    (Button(title="Where is it?", payload="/order_status"),),
                    (Button(title="Yes", payload="/affirm"), Button(title="#", payload="/deny")),
                ]
            ),
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_whatever_is_written_reads_back_and_other_responses_stay(
    name: str, new: list[Variation]
) -> None:
    changed = with_response(DOMAIN, name, new)
    assert variations(name, changed) == tuple(new)
    for other in {"utter_greet", "utter_bye", "utter_more"} - {name}:
        assert variations(other, changed) == variations(other)
    assert "# talk" in changed


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ([], "has no text"),
        ([Variation(text=" \n")], "Text 1 of utter_bye is empty"),
        ([Variation(text="ok"), Variation(text="x" * 2_001)], "Text 2 of utter_bye has 2,001"),
        ([Variation(text="bell\x07")], "cannot be shown"),
        ([Variation(text="x")] * 21, "21 texts"),
        ([Variation(text="order {order_number}")], "uses {order_number}, which is not filled in"),
        ([Variation(text="a { b")], "a brace that belongs to no word"),
        ([Variation(text="{{x}}")], "uses {x}"),
        ([Variation(text="x", buttons=(Button(title="a", payload="/gone"),))], "leads nowhere"),
        ([Variation(text="x", buttons=(Button(title=" ", payload="/greet"),))], "no title"),
        ([Variation(text="x", buttons=(Button(title="a", payload="a"),))], "leads nowhere"),
        ([Variation(text="x", buttons=(Button(title="a", payload="/greet"),) * 7)], "7 buttons"),
        ([Variation(text="x", buttons=(Button(title="a } b", payload="/greet"),))], "a brace"),
        ([Variation(text="x", buttons=(Button(title="{email}", payload="/greet"),))], "{email}"),
        ([Variation(text="x", buttons=(Button(title="a\x00", payload="/greet"),))], "cannot be sh"),
    ],
)
def test_what_customers_must_not_get_is_refused(new: list[Variation], problem: str) -> None:
    with pytest.raises(BadAnswer, match=problem):
        with_response(DOMAIN, "utter_bye", new)


@pytest.mark.parametrize(
    "details",
    ["{}", "{x}", "{{x}", "{ }", '{"a": {"b": 1}}', '{"a": "]"}', '{"a": "}"}', '{"a": "\x00"}',
     '{"a": "\\"}', '{"a"}', "{0.__class__}", '{"a": "b"'],
)  # fmt: skip
def test_a_payload_holds_nothing_that_rasa_would_fill_in(details: str) -> None:
    """`{}` would be filled in with all that is known about the customer; others break the turn."""
    new = [Variation(text="x", buttons=(Button(title="a", payload=f"/greet{details}"),))]
    with pytest.raises(BadAnswer, match="leads nowhere"):
        with_response(DOMAIN, "utter_bye", new)


@pytest.mark.parametrize("details", ["", '{"a": "b c"}', '{"a":1, "b": "é"}'])
def test_a_payload_may_tell_flat_details(details: str) -> None:
    new = Variation(text="x", buttons=(Button(title="a", payload=f"/greet{details}"),))
    assert variations("utter_bye", with_response(DOMAIN, "utter_bye", [new])) == (new,)


def test_a_button_may_use_the_words_that_it_used() -> None:
    text = DOMAIN.replace("title: Where is it?", 'title: "Where is {item}?"')
    new = Variation(text="Your {item}!", buttons=(Button(title="{item}", payload="/greet"),))
    assert variations("utter_greet", with_response(text, "utter_greet", [new])) == (new,)


def test_words_in_braces_are_those_that_are_filled_in_already() -> None:
    text = DOMAIN.replace('"See you"', '"See you, {name}"')
    changed = with_response(text, "utter_bye", [Variation(text="{name}: bye")])
    assert variations("utter_bye", changed) == (Variation(text="{name}: bye"),)
    with pytest.raises(BadAnswer, match=r"uses \{nome\}") as told:
        with_response(text, "utter_bye", [Variation(text="{nome}: bye")])
    assert told.value.hint == "It may use {name}."


def test_a_response_that_is_more_than_texts_is_left_alone() -> None:
    with pytest.raises(BadAnswer, match="more than texts and buttons"):
        with_response(DOMAIN, "utter_picture", [Variation(text="x")])
    with pytest.raises(UnknownResponse, match="no response utter_gone"):
        with_response(DOMAIN, "utter_gone", [Variation(text="x")])


# ------------------------------------------------------------------------------------- the files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "domain.yml").write_text(DOMAIN)
    return tmp_path


def test_who_has_not_seen_the_latest_texts_does_not_overwrite_them(root: Path) -> None:
    seen = responses_of(DOMAIN)["utter_bye"].version
    first = set_response(root, "utter_bye", [Variation(text="Ha det!")], seen)
    assert first.variations == (Variation(text="Ha det!"),)
    with pytest.raises(ChangedMeanwhile, match="Somebody else has changed utter_bye"):
        set_response(root, "utter_bye", [Variation(text="Tschüss!")], seen)
    assert "Tschüss" not in (root / "domain.yml").read_text()
    set_response(root, "utter_bye", [Variation(text="Tschüss!")], first.version)
    assert "Tschüss" in (root / "domain.yml").read_text()


def test_shared_buttons_that_change_elsewhere_count_as_a_change() -> None:
    before = responses_of(DOMAIN)["utter_bye"].version
    after = responses_of(DOMAIN.replace("Where is it?", "Where?"))["utter_bye"].version
    assert before != after
