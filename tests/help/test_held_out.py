"""The shipped pages and numbers on the questions that nothing was tuned on."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.help import QUESTIONS, read_questions
from bot.help.pages import Pages, read_pages
from bot.help.search import Calibration, HelpSearch
from bot.nlu.encoder import shared_encoder
from bot.triage import load_policy

THRESHOLD = load_policy(Path("data/triage.yml").read_text(encoding="utf-8")).help_score


@pytest.fixture(scope="module")
def pages() -> Pages:
    return read_pages(Path("data/help"))


def test_enough_questions_are_held_out_and_no_page_quotes_them(pages: Pages) -> None:
    held_out = read_questions(QUESTIONS / "held_out.yml", pages)
    tuning = read_questions(QUESTIONS / "tuning.yml", pages)
    assert len(held_out) >= 150
    assert sum(not question.pages for question in held_out) >= 60
    texts = {question.text.casefold() for question in held_out}
    asked = {text.casefold() for page in pages.pages.values() for text in page.asked}
    assert not texts & asked
    assert not texts & {question.text.casefold() for question in tuning}
    assert not asked & {question.text.casefold() for question in tuning}


def test_the_best_page_is_mostly_right_and_seldom_wrongly_shown(pages: Pages) -> None:
    # The figures themselves are in the benchmark's report; these bounds catch what breaks.
    encoder = shared_encoder()
    search = HelpSearch(tuple(pages.pages.values()), encoder.encode, Calibration.shipped())
    questions = read_questions(QUESTIONS / "held_out.yml", pages)
    meant = [search.corrected(question.text, encoder.knows) for question in questions]
    found = [
        search.search(text, embedding)[0]
        for text, embedding in zip(meant, encoder.encode(meant), strict=True)
    ]
    right = [m.passage.page in q.pages for m, q in zip(found, questions, strict=True)]
    answerable = [bool(question.pages) for question in questions]
    assert sum(right) / sum(answerable) >= 0.9
    shown = [match.score >= THRESHOLD for match in found]
    wrongly = sum(s and not r for s, r in zip(shown, right, strict=True)) / len(questions)
    assert wrongly <= 0.04
