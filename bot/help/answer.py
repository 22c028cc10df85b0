"""A passage, shortened to what a chat can hold: the few sentences nearest to the question.

Pure and extractive: every sentence is the owner's, in the owner's order. Neighbouring sentences
are kept together, since "it" and "then" need what stands before them.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.help.pages import Sentence
from bot.help.search import Match

ANSWER_AT_MOST = 400
"""Characters: about five lines of a chat."""


def answer(match: Match) -> str:
    """The passage if it is short; else the run of sentences that is nearest to the question."""
    sentences = match.passage.sentences
    best: Sequence[Sentence] = ()
    nearest = -1.0
    for start in range(len(sentences)):
        end = _as_far_as_it_fits(sentences, start)
        # The sum prefers runs that fill the room; the best sentence must be among them.
        near = sum(match.likeness[start:end]) + 2 * max(match.likeness[start:end])
        if near > nearest:
            best, nearest = sentences[start:end], near
        if end == len(sentences):
            break
    return _joined(best)


def _as_far_as_it_fits(sentences: Sequence[Sentence], start: int) -> int:
    """Where a run from `start` ends; it holds one sentence at least, however long."""
    end = start + 1
    while end < len(sentences) and len(_joined(sentences[start : end + 1])) <= ANSWER_AT_MOST:
        end += 1
    return end


def _joined(sentences: Sequence[Sentence]) -> str:
    """The sentences as text: each paragraph, point and row on a line of its own."""
    text = ""
    for i, sentence in enumerate(sentences):
        if i:
            text += " " if sentence.block == sentences[i - 1].block else "\n"
        text += sentence.text
    return text
