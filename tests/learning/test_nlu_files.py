"""What a sentence is, and what is read out of Rasa's files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.learning.nlu_files import (
    BrokenFile,
    Example,
    cleaned,
    key_of,
    quoted,
    read_examples,
    written_time,
)

HERE = Path("data/nlu/talk.yml")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Where is my order?", "where is my order"),
        ("where's my tent", "WHERE’S my tent!!"),
        ("where  is\nmy order", "where is my order"),
        ("ﬁne, thanks", "fine thanks"),
        ("Größe M?", "GRÖSSE m"),
    ],
)
def test_case_and_punctuation_make_no_other_sentence(text: str, same: str) -> None:
    assert key_of(cleaned(text)) == key_of(cleaned(same))


@pytest.mark.parametrize(
    ("one", "other"),
    [("order 1", "order 2"), ("👍", "👎"), ("?", "!"), ("is it late", "it is late"), ("", "?")],
)
def test_other_words_make_another_sentence(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


@pytest.mark.parametrize(
    ("text", "learned"),
    [
        ("[Oslo](city) please", "[Oslo] (city) please"),
        ("[a][b]{c}", "[a] [b] {c}"),
        ("two\nlines\r\n\tand a tab", "two lines and a tab"),
        ("nothing\x00 to see\x07", "nothing to see"),
        ("half \ud83d a pair", "half a pair"),
        ("cafe\u0301", "café"),
        ("👩‍👧 ok", "👩‍👧 ok"),
    ],
)
def test_a_sentence_is_cleaned(text: str, learned: str) -> None:
    assert cleaned(text) == learned


@settings(deadline=None)
@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_reads_back_as_it_was(text: str) -> None:
    scalar = quoted(text)
    assert len(scalar.splitlines()) == 1
    assert YAML(typ="safe").load(f"a: {scalar}\n") == {"a": text}
    assert YAML(typ="safe", pure=True).load(f"a: {scalar}\n") == {"a": text}


def test_both_kinds_of_lists_are_read_with_their_places() -> None:
    found = read_examples(
        HERE,
        'version: "3.1"\n'
        "nlu:\n"
        "# a comment\n"
        "- intent: greet\n"
        "  examples: |\n"
        "    - hello\n"
        "    - i am in [Oslo](city), hi\n"
        "- synonym: x\n"
        "  examples: |\n"
        "    - y\n"
        "- intent: order_status\n"
        "  examples:\n"
        '  - text: "where is it"\n'
        '    metadata: {from: ["c1#4", "c2#8"], by: "anna", at: "2026-11-26T08:12:09.120Z"}\n'
        "  - text: |\n"
        "      and my tent\n",
    )
    assert [(one.example.text, one.example.intent, one.line) for one in found] == [
        ("hello", "greet", 6),
        ("i am in Oslo, hi", "greet", 7),
        ("where is it", "order_status", 13),
        ("and my tent", "order_status", 15),
    ]
    assert found[2].example == Example(
        text="where is it",
        intent="order_status",
        sources=("c1#4", "c2#8"),
        by="anna",
        at=1_795_680_729_120,
    )
    assert written_time(found[2].example.at) == "2026-11-26T08:12:09.120Z"


@pytest.mark.parametrize("text", ["", "# nothing\n", 'version: "3.1"\n', "nlu:\n", "nlu: []\n"])
def test_a_file_may_hold_no_sentence(text: str) -> None:
    assert read_examples(HERE, text) == []


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("nlu:\n- intent: a\n  examples: [\nb: c\n", 5, 1, "did not find"),
        ("nlu:\n- intent: a\n\texamples: |\n", 3, 1, "found"),
        ("- intent: a\n", 1, 1, "begins with keys"),
        ("nlu: word\n", 1, 6, "must be a list"),
        ("nlu:\n- word\n", 2, 3, "each point"),
        ("nlu:\n- intent: [a]\n", 2, 11, "must be a name"),
        ("nlu:\n- intent: a\n  examples: {b: c}\n", 2, 3, "must be a list"),
        ("nlu:\n- intent: a\n  examples:\n  - hi\n", 4, 5, "looks like"),
        (
            'nlu:\n- intent: a\n  examples:\n  - text: "b"\n    metadata: {at: "monday"}\n',
            *(5, 20, "is no time"),
        ),
        ("nlu:\n- intent: a\x07\n", 2, 12, "control characters"),
    ],
)
def test_a_broken_file_is_told_with_line_and_column(
    text: str, line: int, column: int, problem: str
) -> None:
    with pytest.raises(BrokenFile, match=problem) as told:
        read_examples(HERE, text)
    assert (told.value.line, told.value.column) == (line, column)
    assert f"{HERE}, line {line}, column {column}: " in told.value.message
