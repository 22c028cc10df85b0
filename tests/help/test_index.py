"""The folder of help pages while people edit it, and what is kept for the next start."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from bot.help.index import LOOK_EVERY_S, QUESTION_AT_MOST, HelpIndex, RememberedEmbeddings
from tests.help.toy_encoder import ToyEncoder
from tests.polling import soon


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "help"
    folder.mkdir()
    (folder / "cards.md").write_text("# Gift cards\n\nValid for three years.\n")
    return folder


def best(index: HelpIndex, encoder: ToyEncoder, question: str) -> str | None:
    found = index.ask(question, encoder.encode([question])[0])
    return found[0].page if found else None


def test_an_answer_names_page_title_place_and_score(folder: Path) -> None:
    encoder = ToyEncoder()
    index = HelpIndex(folder, encoder.encode, encoder.knows)
    (found,) = index.ask("gift cards", encoder.encode(["gift cards"])[0])
    assert (found.page, found.title, found.anchor) == ("cards", "Gift cards", "")
    assert found.answer == "Valid for three years."
    assert 0 <= found.score <= 1


async def test_a_new_page_answers_without_a_restart(folder: Path) -> None:
    encoder, clock = ToyEncoder(), Clock()
    index = HelpIndex(folder, encoder.encode, encoder.knows, monotonic=clock)
    (folder / "boots.md").write_text("# Boots\n\nWax them.\n")
    assert best(index, encoder, "wax my boots") == "cards"  # not looked at yet
    clock.now += LOOK_EVERY_S
    await soon(lambda: best(index, encoder, "wax my boots") == "boots")


async def test_only_what_is_new_is_read(folder: Path) -> None:
    encoder, clock = ToyEncoder(), Clock()
    index = HelpIndex(folder, encoder.encode, encoder.knows, monotonic=clock)
    before = len(encoder.read)
    (folder / "cards.md").write_text("# Gift cards\n\nValid for three years.\n\n## Lost\n\nAsk.\n")
    clock.now += LOOK_EVERY_S
    await soon(lambda: "Ask." in index.ask("lost", encoder.encode(["lost"])[0])[0].answer)
    read = [text for text in encoder.read[before:] if text != "lost"]
    assert read == ["Gift cards: Lost", "Gift cards. Lost. Ask.", "Gift cards: Lost: Ask."]


async def test_a_page_that_breaks_is_left_out_until_it_is_mended(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder, clock = ToyEncoder(), Clock()
    (folder / "boots.md").write_text("# Boots\n\nWax them.\n")
    index = HelpIndex(folder, encoder.encode, encoder.knows, monotonic=clock)
    (folder / "boots.md").write_text("Boots\n")
    clock.now += LOOK_EVERY_S
    with caplog.at_level(logging.ERROR):
        await soon(lambda: best(index, encoder, "wax my boots") == "cards")
    assert "boots.md, line 1: the page has no title" in caplog.text
    (folder / "boots.md").write_text("# Boots\n\nWax them.\n")
    clock.now += LOOK_EVERY_S
    await soon(lambda: best(index, encoder, "wax my boots") == "boots")


def test_a_misspelt_question_is_read_again_as_it_was_meant(folder: Path) -> None:
    encoder = ToyEncoder()
    index = HelpIndex(folder, encoder.encode, encoder.knows)
    index.ask("gift crads", encoder.encode(["gift crads"])[0])
    assert encoder.read[-1] == "gift cards"


def test_a_letter_is_read_up_to_a_point(folder: Path) -> None:
    encoder = ToyEncoder()
    index = HelpIndex(folder, encoder.encode, encoder.knows)
    long = "three yeras " * 1_000
    index.ask(long, encoder.encode([long])[0])
    assert len(encoder.read[-1]) < QUESTION_AT_MOST + 20  # a mended word may be longer


# --- the file of embeddings -----------------------------------------------------------------


def test_the_next_start_reads_nothing_anew(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "models" / "help.npz"
    first, second = ToyEncoder(), ToyEncoder()
    HelpIndex(folder, first.encode, first.knows, cache=cache)
    index = HelpIndex(folder, second.encode, second.knows, cache=cache)
    assert first.read
    assert second.read == []
    assert best(index, second, "gift cards") == "cards"


def test_what_no_page_holds_any_more_is_forgotten(tmp_path: Path) -> None:
    cache, encoder = tmp_path / "help.npz", ToyEncoder()
    remembered = RememberedEmbeddings(encoder.encode, cache)
    remembered(["a", "b"])
    remembered.forget_others()
    remembered(["b"])
    remembered.forget_others()
    with np.load(cache) as stored:
        assert len(stored["keys"]) == 1


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 broken"])
def test_a_broken_file_of_embeddings_is_replaced(
    folder: Path, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    cache, encoder = tmp_path / "help.npz", ToyEncoder()
    cache.write_bytes(content)
    HelpIndex(folder, encoder.encode, encoder.knows, cache=cache)
    assert "not usable" in caplog.text
    again = ToyEncoder()
    HelpIndex(folder, again.encode, again.knows, cache=cache)
    assert again.read == []


def test_a_full_disk_costs_only_time(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    encoder = ToyEncoder()
    index = HelpIndex(folder, encoder.encode, encoder.knows, cache=tmp_path / "file" / "help.npz")
    assert "cannot be written" in caplog.text
    assert best(index, encoder, "gift cards") == "cards"
