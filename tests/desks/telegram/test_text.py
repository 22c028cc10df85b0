"""Words as Telegram counts and reads them: offsets, cuts, nothing of a customer's interpreted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desks.telegram_text import (
    SPANS_AT_MOST,
    Words,
    bold,
    clipped,
    italic,
    joined,
    literal,
    mention,
    one_line,
    own,
    quote,
    split,
    units,
    unliteral,
)

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(" \n😀é"))
styles = st.sampled_from([own, bold, italic, literal])
words = st.lists(st.builds(lambda style, text: style(text), styles, texts), max_size=8).map(
    lambda parts: sum(parts, Words())
)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def shown(words: Words, kind: str) -> list[str]:
    """The parts of the text that have that look, read as Telegram reads offsets."""
    raw = words.text.encode("utf-16-le")
    return [
        raw[2 * s.offset : 2 * (s.offset + s.length)].decode("utf-16-le")
        for s in words.spans
        if s.kind == kind
    ]


@given(texts)
def test_units_are_utf16(text: str) -> None:
    assert units(text) == utf16(text)


def test_looks_stay_where_they_belong_when_words_are_added() -> None:
    whole = own("😀 ") + bold("Anna") + own(": ") + italic("é😀!")
    assert shown(whole, "bold") == ["Anna"]
    assert shown(whole, "italic") == ["é😀!"]
    assert shown(quote(whole), "blockquote") == [whole.text]
    assert mention("Kai", 42).spans[0].user == 42


@given(words, st.integers(8, 60))
def test_pieces_fit_and_lose_nothing_but_blanks_at_the_cuts(whole: Words, at_most: int) -> None:
    pieces = split(whole, at_most)
    for piece in pieces:
        assert 0 < utf16(piece.text) <= at_most
        assert piece.text == piece.text.strip()
        for span in piece.spans:
            assert 0 <= span.offset < span.offset + span.length <= utf16(piece.text)
            shown(piece, span.kind)  # decodes: no look begins inside a character
    assert re.sub(r"\s", "", "".join(p.text for p in pieces)) == re.sub(r"\s", "", whole.text)


def test_cuts_are_made_between_lines_or_words_where_possible() -> None:
    assert [p.text for p in split(own("one two three four"), 9)] == ["one two", "three", "four"]
    assert [p.text for p in split(own("aaaa\nbbbb cc"), 8)] == ["aaaa", "bbbb cc"]
    assert [p.text for p in split(own("😀" * 5), 4)] == ["😀😀", "😀😀", "😀"]
    assert split(own(" \n ")) == []


def test_a_look_that_is_cut_goes_on_in_the_next_piece() -> None:
    first, second = split(bold("one two three"), 8)
    assert (shown(first, "bold"), shown(second, "bold")) == (["one two"], ["three"])


def test_looks_that_telegram_would_drop_are_left_out() -> None:
    many = sum((bold("x") + own(" ") for _ in range(SPANS_AT_MOST + 5)), Words())
    assert len(split(many)[0].spans) == SPANS_AT_MOST


@given(words, st.integers(2, 40))
def test_clipped_words_fit(whole: Words, at_most: int) -> None:
    cut = clipped(whole, at_most)
    assert cut.length <= at_most
    assert all(span.offset + span.length <= cut.length for span in cut.spans)


@given(texts, st.integers(1, 40))
def test_one_line_is_one_line_and_fits(text: str, at_most: int) -> None:
    line = one_line(text, at_most)
    assert units(line) <= at_most
    assert "\n" not in line


@pytest.mark.parametrize(
    "said",
    [
        "@anna ring her",
        "press /close now",
        "(@bot) $TSLA #hash",
        "/start@deskhand_bot",
        "a\n/close",
    ],
)
def test_others_words_ring_nobody_and_command_nothing(said: str) -> None:
    text = literal(said).text
    assert not re.search(r"(?<![\w/])[@#$/]\w", text)
    assert unliteral(text) == said


@pytest.mark.parametrize(
    "said", ["mail anna@shop.example", "https://shop.example/a/b#c", "1/2 or 3 / 4", "50 @ 3 EUR"]
)
def test_addresses_and_fractions_stay_as_they_are(said: str) -> None:
    assert literal(said).text == said


@given(texts)
def test_customers_words_have_no_look_whatever_they_contain(text: str) -> None:
    assert literal(f"<b>{text}</b> *{text}* [x](https://t.me/{text})").spans == ()


def test_lone_surrogates_do_not_stop_a_message() -> None:
    assert own("a\ud800b").text == "a?b"


def test_empty_parts_are_not_joined() -> None:
    assert joined([Words(), bold("a"), own("  "), own("b")]).text == "a\nb"
