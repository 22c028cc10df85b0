"""Finding the page that answers, how sure that is, and the sentences that are shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.help.answer import ANSWER_AT_MOST, answer
from bot.help.pages import Page, Passage, Sentence, parse_page
from bot.help.search import SIGNALS, Calibration, HelpSearch, Match
from tests.help.toy_encoder import ToyEncoder

WASHING = """---
asked:
  - may my puffer go in the machine
---
# Washing a down jacket

Once a season is enough.

## Drying

Dry it on low heat with tennis balls.
"""
CARDS = """# Gift cards

They are valid for three years.

## The code fails

Check for mixed-up letters.
"""
ENCODER = ToyEncoder()


def pages(*texts: str) -> list[Page]:
    return [parse_page(Path(f"page-{i}.md"), text) for i, text in enumerate(texts)]


SEARCH = HelpSearch(pages(WASHING, CARDS), ENCODER.encode)


def ask(question: str, search: HelpSearch = SEARCH) -> list[Match]:
    return search.search(question, ENCODER.encode([question])[0])


# --- finding --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "page", "heading"),
    [
        ("drying with tennis balls", "page-0", "Drying"),
        ("how many years are gift cards valid", "page-1", ""),
        ("mixed-up letters in the code", "page-1", "The code fails"),
    ],
)
def test_the_passage_that_answers_comes_first(question: str, page: str, heading: str) -> None:
    best, other = ask(question)
    assert (best.passage.page, best.passage.heading) == (page, heading)
    assert best.score > other.score


def test_questions_that_were_asked_before_lead_to_their_page() -> None:
    assert ask("can i put a puffer in the machine")[0].passage.page == "page-0"


def test_a_question_about_something_else_is_less_sure() -> None:
    assert ask("tennis balls for drying")[0].score > ask("pizza delivery")[0].score + 0.2


def test_without_pages_nothing_is_found() -> None:
    assert ask("anything", HelpSearch([], ENCODER.encode)) == []


def test_a_single_page_is_found_too() -> None:
    (match,) = ask("gift cards", HelpSearch(pages(CARDS), ENCODER.encode))
    assert match.passage.page == "page-0"


def test_misspelt_words_are_read_as_those_of_the_pages() -> None:
    assert SEARCH.corrected("My jaket, tenis balls?", ENCODER.knows) == "My jacket, tennis balls?"
    assert SEARCH.corrected("don't, 10482, NL-10482", ENCODER.knows) == "don't, 10482, NL-10482"


def test_signals_have_a_row_for_each_page_and_a_column_for_each_signal() -> None:
    signals = SEARCH.signals("gift", ENCODER.encode(["gift"])[0])
    assert signals.shape == (len(SEARCH.slugs), len(SIGNALS)) == (2, len(SIGNALS))
    assert (signals[1] > signals[0]).all()


@given(st.text(max_size=100))
def test_any_question_has_scores_from_0_to_1(question: str) -> None:
    assert all(0 <= match.score <= 1 for match in ask(question))


def test_the_shipped_calibration_fits_the_signals() -> None:
    calibration = Calibration.shipped()
    assert min(calibration.weights) > 0
    assert calibration.sure[0] < 0 < calibration.sure[1]
    with pytest.raises(ValueError, match="2 weights for"):
        Calibration((1.0, 2.0), (0, 1, 1))


# --- the answer -----------------------------------------------------------------------------


def match(texts: Sequence[str], likeness: Sequence[float], blocks: Sequence[int] = ()) -> Match:
    numbered = blocks or [1] * len(texts)
    sentences = tuple(Sentence(text, block) for text, block in zip(texts, numbered, strict=True))
    return Match(Passage("p", "P", "", "", sentences), 0.9, tuple(likeness))


def test_a_short_passage_is_the_answer() -> None:
    assert answer(match(["One.", "Two."], [0.1, 0.9])) == "One. Two."


def test_paragraphs_points_and_rows_begin_a_line() -> None:
    found = match(["Take:", "soap", "water", "Done."], [0.5] * 4, [1, 2, 3, 4])
    assert answer(found) == "Take:\nsoap\nwater\nDone."


def test_of_a_long_passage_the_sentences_nearest_to_the_question_are_shown() -> None:
    texts = [f"Sentence {n} {'x' * 180}." for n in range(6)]
    shown = answer(match(texts, [0.1, 0.1, 0.1, 0.8, 0.5, 0.1]))
    assert "Sentence 3" in shown
    assert len(shown) <= ANSWER_AT_MOST


def test_one_endless_sentence_is_shown_whole() -> None:
    assert answer(match(["x" * 900], [0.4])) == "x" * 900


@given(st.lists(st.tuples(st.text("ab c", min_size=1, max_size=300), st.floats(-1, 1)), min_size=1))
def test_an_answer_is_a_run_of_the_owners_sentences(parts: list[tuple[str, float]]) -> None:
    texts = [text for text, _ in parts]
    shown = answer(match(texts, [near for _, near in parts]))
    assert shown in " ".join(texts)
    assert len(shown) <= max(ANSWER_AT_MOST, *map(len, texts), 0)


def test_all_texts_are_read_before_the_first_question() -> None:
    encoder = ToyEncoder()
    search = HelpSearch(pages(WASHING, CARDS), encoder.encode)
    before = len(encoder.read)
    search.search("gift cards", ENCODER.encode(["gift cards"])[0])
    assert len(encoder.read) == before
    assert "may my puffer go in the machine" in encoder.read


def test_the_start_of_a_page_does_not_win_by_its_title_alone() -> None:
    best = ask("washing a down jacket: drying on low heat")[0]
    assert best.passage.heading == "Drying"
