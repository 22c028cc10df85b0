"""Redaction: what is taken out of a message, and what is left alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.learning.redaction import PLACEHOLDERS, READ_CHARACTERS, CannotRedact, redact
from bot.personal_names import told_in

HERE = Path(__file__).parent


def cases() -> Iterator[tuple[str, str]]:
    for group in YAML(typ="safe").load(HERE / "redaction.yml").values():
        yield from group.items()


@pytest.mark.parametrize(("text", "left"), cases())
def test_what_is_left_of_a_message(text: str, left: str) -> None:
    assert redact(text).text == left


@pytest.mark.parametrize(("text", "left"), cases())
def test_redacting_twice_changes_nothing_more(text: str, left: str) -> None:
    assert redact(left).text == left


def test_the_kinds_are_told_once_each() -> None:
    found = redact("NL-10482 and NL-10483, anna@example.com")
    assert found.kinds == ("order_number", "email")
    assert set(found.kinds) <= set(PLACEHOLDERS)


def test_what_is_too_long_to_be_read_is_refused() -> None:
    with pytest.raises(CannotRedact, match="2000 characters"):
        redact("a" * (READ_CHARACTERS + 1))
    with pytest.raises(CannotRedact, match="2000 characters"):
        redact("\ufdfa" * 150)  # each of them is 18 letters


def test_names_that_the_conversation_tells_are_known_everywhere_in_it() -> None:
    names = told_in("I'm Anna Okonkwo-Lie") + told_in("mail: fenna.wuyts@example.org")
    assert names == ("Anna", "Okonkwo-Lie", "fenna", "wuyts")
    assert redact("so okonkwo-lie it is, not fenna", names).text == "so [name] it is, not [name]"


def test_an_address_that_is_nobodys_tells_no_names() -> None:
    assert told_in("write to info@nordlys.example") == ()


def test_hidden_signs_do_not_hide_anything() -> None:
    assert redact("anna\u200b@example.com").text == "[e-mail]"
    assert redact("my name is Anna\u200bbel Berg").text == "my name is [name]"


def test_a_name_that_is_known_counts_with_a_genitive() -> None:
    assert redact("it is wuyts's tent", ["Fenna Wuyts"]).text == "it is [name] tent"


@pytest.mark.parametrize("unit", ["\n", " \n", "hi \n", ". "])
def test_empty_lines_without_end_keep_nobody_waiting(unit: str) -> None:
    """Each message of that kind held up the preparing of the inbox for a second."""
    told_in("warm")
    began = time.process_time()
    told_in("a" + unit * (4_000 // len(unit)) + "b")
    assert time.process_time() - began < 0.4


@pytest.mark.parametrize("between", ["\n", "\n\n\n", " \n \n  ", ". ", ".\n \n", ",   "])
def test_a_greeting_is_found_after_empty_lines(between: str) -> None:
    assert told_in(f"where is it{between}hi Berg, I wait") == ("Berg",)
