"""Help pages: what a Markdown file becomes, and what is said about one that is wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.help.pages import (
    FILE_AT_MOST,
    PASSAGE_WORDS,
    HelpPageError,
    Page,
    parse_page,
    read_page,
    read_pages,
    signature,
    split_sentences,
)

PATH = Path("data/help/washing.md")


def page(text: str) -> Page:
    return parse_page(PATH, text)


# --- what a page becomes --------------------------------------------------------------------


def test_headings_part_a_page_into_passages_of_sentences() -> None:
    read = page("# Washing\n\nOften. Not too hot.\n\n## By hand\n\nIn the bath.\n")
    assert (read.slug, read.title, read.topic) == ("washing", "Washing", "")
    assert [(p.heading, p.anchor, p.text) for p in read.passages] == [
        ("", "", "Often. Not too hot."),
        ("By hand", "by-hand", "In the bath."),
    ]
    assert [s.text for s in read.passages[0].sentences] == ["Often.", "Not too hot."]


def test_the_block_at_the_top_names_topic_and_questions() -> None:
    read = page("---\ntopic: Care\nasked:\n  - how hot\n  - 'yes'\n---\n# Washing\n\nCold.\n")
    assert (read.topic, read.asked) == ("Care", ("how hot", "yes"))
    assert read.body.startswith("# Washing")


def test_marks_are_no_part_of_the_text() -> None:
    text = "# W\n\nUse **little** [soap](https://soap.example), `30` degrees\nand *no* softener.\n"
    assert page(text).passages[0].text == "Use little soap, 30 degrees and no softener."


def test_points_and_rows_are_sentences_of_their_own() -> None:
    sizes = "| EU | UK | cm |\n|--|--|--|\n| 42 | 8 | 26 |\n"
    prices = "| a | b |\n|--|--|\n| zip | €15 |\n"
    sentences = page(f"# W\n\n- one\n- two\n\n{sizes}\n{prices}").passages[0].sentences
    assert [s.text for s in sentences] == ["one", "two", "EU 42, UK 8, cm 26", "zip: €15"]
    assert len({s.block for s in sentences}) == 4


def test_a_long_section_is_parted_between_its_paragraphs() -> None:
    paragraph = "word " * PASSAGE_WORDS + "end."
    read = page(f"# W\n\n## Long\n\n{paragraph}\n\n{paragraph} More.\n\nShort.\n")
    assert [p.heading for p in read.passages] == ["Long"] * 3
    assert read.passages[1].text.endswith("More.")


def test_headings_of_the_same_name_have_different_anchors() -> None:
    read = page("# W\n\n## Drying\n\na\n\n## Drying\n\nb\n\n## Größe\n\nc\n\n## ?!\n\nd\n")
    assert [p.anchor for p in read.passages] == ["drying", "drying-2", "groe", "section"]


def test_an_anchor_that_another_heading_has_taken_is_passed_over() -> None:
    read = page("# W\n\n## Dry\n\na\n\n## Dry 2\n\nb\n\n## Dry\n\nc\n\n## Dry 2\n\nd\n")
    assert [p.anchor for p in read.passages] == ["dry", "dry-2", "dry-3", "dry-2-2"]


def test_a_page_of_headings_keeps_nobody_waiting() -> None:
    """With the square of their number, such a page took minutes, each time it was shown."""
    began = time.process_time()
    read = page("# W\n\n" + "## a\n\nx\n\n" * 6_000)
    assert read.passages[-1].anchor == "a-6000"
    assert time.process_time() - began < 6


@pytest.mark.parametrize(
    "value",
    ["2026-99-99", "!!int abc", "9" * 5_000, "[" * 1_000, "- " * 1_000, "{" * 1_000],
    ids=["no day", "no number", "digits", "lists", "points", "mappings"],
)
def test_a_value_that_yaml_itself_cannot_make_is_a_mistake_of_the_page(value: str) -> None:
    """Any of them, in one page, was an error for all pages."""
    with pytest.raises(HelpPageError, match="line 2: the block at the top") as caught:
        page(f"---\ntopic: {value}\n---\n# One\n\ntext\n")
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It costs €4.95. Free from €75.", ["It costs €4.95.", "Free from €75."]),
        ("Take care, e.g. Wool. Done.", ["Take care, e.g. Wool.", "Done."]),
        ("Use no. 5 wax. It is soft.", ["Use no. 5 wax.", "It is soft."]),
        ("He said “go.” Then left.", ["He said “go.”", "Then left."]),
        ("", []),
    ],
)
def test_sentences_end_where_people_would_say(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


# --- what is wrong with it ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "has no title"),
        ("text only\n", 1, "has no title"),
        ("## Small\n\ntext\n", 1, "has no title"),
        ("intro\n\n# Title\n\ntext\n", 1, "text above the title"),
        ("# One\n\ntext\n\n# Two\n\ntext\n", 5, "a second title"),
        ("# One\n\ntext\n\n## Empty\n", 5, "no text below"),
        ("# One\n\n## A\n\n## B\n\ntext\n", 3, "no text below"),
        ("# One\n", 1, "no text below"),
        ("# One\n\n<b>bold</b>\n", 3, "HTML"),
        ("# One\n\ntext\n\n<script>alert(1)</script>\n", 5, "HTML"),
        ("# One\n\n![a cat](https://cats.example/1.png)\n", 3, "pictures"),
        ("# One\n\nok\n\n[x](ftp://files.example)\n", 5, "'ftp://files.example' leads nowhere"),
        ("# One\n\n[x](washing.md)\n", 3, "'washing.md' leads nowhere"),
        ("---\ntopic: Care\n# One\n\ntext\n", 1, "has no end"),
        ("---\ntopic: [\n---\n# One\n\ntext\n", 2, "no YAML"),
        ("---\n- a\n---\n# One\n\ntext\n", 2, "keys and values"),
        ("---\ntopic: Care\ncolour: red\n---\n# One\n\ntext\n", 3, "`colour` is not known"),
        ("---\ntopic: 5\n---\n# One\n\ntext\n", 2, "`topic` must be"),
        ("---\nasked: how\n---\n# One\n\ntext\n", 2, "`asked` must be a list"),
        ("---\nasked: [1]\n---\n# One\n\ntext\n", 2, "`asked` must be a list"),
        ("---\ntopic: Care\n---\n\n# One\n\n<i>x</i>\n", 7, "HTML"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(text: str, line: int, words: str) -> None:
    with pytest.raises(HelpPageError, match=words) as caught:
        page(text)
    assert caught.value.line == line
    assert caught.value.message.startswith(f"data/help/washing.md, line {line}: ")


def test_a_link_that_would_run_something_is_text_only() -> None:
    # The parser itself makes no link of it; nothing that a browser would follow remains.
    assert page("# One\n\n[x](javascript:alert(1))\n").passages[0].text.startswith("[x](java")


@pytest.mark.parametrize("name", ["Washing.md", "a b.md", "-a.md", "ü.md", f"{'a' * 81}.md"])
def test_a_file_name_that_makes_no_address_is_refused(name: str) -> None:
    with pytest.raises(HelpPageError, match="part of an address"):
        parse_page(Path(name), "# One\n\ntext\n")


# --- files ----------------------------------------------------------------------------------


def test_a_broken_file_is_left_out_and_the_others_work(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Good\n\ntext\n")
    (tmp_path / "bad.md").write_text("no title\n")
    (tmp_path / "latin.md").write_bytes(b"# Caf\xe9\n\ntext\n")
    (tmp_path / "README.md").write_text("not a page\n")
    (tmp_path / "notes.txt").write_text("not a page\n")
    pages = read_pages(tmp_path)
    assert list(pages.pages) == ["good"]
    assert [error.path.name for error in pages.errors] == ["bad.md", "latin.md"]
    assert "UTF-8" in pages.errors[1].message


def test_no_folder_has_no_pages(tmp_path: Path) -> None:
    assert read_pages(tmp_path / "nowhere").pages == {}
    assert signature(tmp_path / "nowhere") == ()


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "huge.md"
    path.write_text("# H\n\n" + "x" * FILE_AT_MOST)
    with pytest.raises(HelpPageError, match="a page has at most 100"):
        read_page(path)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(HelpPageError, match="cannot be read"):
        read_page(tmp_path / "folder.md")


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "windows.md"
    path.write_bytes("\ufeff---\r\ntopic: Care\r\n---\r\n# Title\r\n\r\ntext\r\n".encode())
    assert read_page(path).topic == "Care"


def test_the_signature_changes_with_every_edit(tmp_path: Path) -> None:
    seen = {signature(tmp_path)}
    path = tmp_path / "a.md"
    for text in ("# A\n\none\n", "# A\n\nthree\n"):
        path.write_text(text)
        seen.add(signature(tmp_path))
    path.rename(tmp_path / "b.md")
    seen.add(signature(tmp_path))
    assert len(seen) == 4


def test_the_shipped_pages_are_right() -> None:
    pages = read_pages(Path("data/help"))
    assert pages.errors == ()
    assert len(pages.pages) >= 25
    assert all(page.topic and page.asked for page in pages.pages.values())
