"""Which passage of the help pages answers a question, and how sure is that?

Two readings are fused: sentence embeddings (what is meant) and BM25 (which words are used), each of
passages and of whole pages, so that a page on the subject lifts its passages. The weights are
those of a conditional logit over pages (McFadden 1974), learned from questions whose page is known;
how sure it is, a logistic regression on the best page's sum and its lead over the next page. Both
come from `calibration.json`, which `make bench-help` makes from tuning questions by
cross-validation. They depend little on how many pages there are or what they are about.

Pure: passages, embeddings and a question in, matches out. Files are in `bot.help.pages`, what a
customer reads in `bot.help.answer`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.help.pages import Page, Passage
from bot.help.words import WordMatch
from bot.spelling import SHORT_WORD

Embeddings = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]
Encode = Callable[[Sequence[str]], Embeddings]
"""Sentence embeddings of texts, float32 [n, width], each of length 1."""

SIGNALS = ("passage", "sentence", "page", "asked", "words", "page_words")
"""What a page is judged by; for `passage`, `sentence` and `words`, its best passage counts.

Cosines of the question and: `passage`, a passage below title and heading; `sentence`, its likest
sentence below the same; `page`, the mean of the page's passages, title and questions under `asked`;
`asked`, the likest of these questions and the title. BM25, in units of the rarest word that there
can be: `words` with a passage, `page_words` with the page and its `asked` as one text.
"""

HEADING_WEIGHT = 2.0
"""A word of a title, a heading or a question under `asked` counts so many times."""

BY_HEADING = 8.0
"""What the cosine of question and heading counts when a page's best passage is picked, beside the
weights of the signals. (Between pages it adds nothing to the other signals.)"""


@dataclass(frozen=True)
class Calibration:
    """The learned numbers. `weights` are in the order of `SIGNALS`; `sure` are the intercept, the
    weight of the best page's sum, and that of its lead."""

    weights: tuple[float, ...]
    sure: tuple[float, float, float]

    def __post_init__(self) -> None:
        if len(self.weights) != len(SIGNALS):
            raise ValueError(f"{len(self.weights)} weights for {len(SIGNALS)} signals")

    @classmethod
    def shipped(cls) -> Calibration:
        """The numbers in `calibration.json`."""
        stored = json.loads(CALIBRATION.read_text(encoding="utf-8"))
        intercept, total, lead = (float(x) for x in stored["sure"])
        weights = tuple(float(stored["weights"][name]) for name in SIGNALS)
        return cls(weights, (intercept, total, lead))


CALIBRATION = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Match:
    """A page, its best passage, and the chance (0 to 1) that it answers the question.

    `likeness` says for each sentence of the passage how near it is to the question.
    """

    passage: Passage
    score: float
    likeness: tuple[float, ...]


class HelpSearch:
    """A fixed set of pages, ready to be searched."""

    def __init__(
        self, pages: Sequence[Page], encode: Encode, calibration: Calibration | None = None
    ) -> None:
        """Reads all pages with the encoder: about 0.2 s a page."""
        self._passages = passages = tuple(passage for page in pages for passage in page.passages)
        self._calibration = calibration or Calibration.shipped()
        weight = dict(zip(SIGNALS, self._calibration.weights, strict=True))
        self._passage_weights = np.array([weight[name] for name in _OF_PASSAGES])
        self._slugs = tuple(page.slug for page in pages)
        place = {slug: i for i, slug in enumerate(self._slugs)}
        self._page_of = np.array([place[p.page] for p in passages], dtype=np.int64)
        units = [(i, s.text) for i, p in enumerate(passages) for s in p.sentences]
        self._passage_of = np.array([i for i, _ in units], dtype=np.int64)
        above = [f"{p.title}: {p.heading}" if p.heading else p.title for p in passages]
        texts = [
            *above,
            *(f"{p.title}. {p.heading}. {p.text}" for p in passages),
            *(f"{above[i]}: {text}" for i, text in units),
            *(text for page in pages for text in (page.title, *page.asked)),
        ]
        rows = encode(texts) if texts else np.zeros((0, 1), dtype=np.float32)
        ends = np.cumsum([len(passages), len(passages), len(units)])
        self._headings, self._full, self._sentences, self._asked = np.split(rows, ends)
        asked_of = [place[page.slug] for page in pages for _ in (page.title, *page.asked)]
        self._asked_of = np.array(asked_of, dtype=np.int64)
        self._pages = self._means()
        self._words = WordMatch(
            [
                [(p.title, HEADING_WEIGHT), (p.heading, HEADING_WEIGHT), (p.text, 1.0)]
                for p in passages
            ]
        )
        self._page_words = WordMatch([_whole(page) for page in pages])

    def _means(self) -> Embeddings:
        means = np.zeros((len(self._slugs), self._full.shape[1]), dtype=np.float32)
        np.add.at(means, self._page_of, self._full)
        np.add.at(means, self._asked_of, self._asked)
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        return np.asarray(means / np.maximum(lengths, 1e-12), dtype=np.float32)

    def corrected(self, question: str, knows: Callable[[str], bool]) -> str:
        """The question with words that neither the pages nor the encoder know (`knows`) replaced
        by the words of the pages that were probably meant."""
        return _WORD.sub(lambda m: self._words.meant(m[0], knows) or m[0], question)

    def search(self, question: str, embedding: Embeddings, most: int = 3) -> list[Match]:
        """The best pages, best first. `embedding` is the question's, float32 [width].

        The scores are each page's own chance; they do not add up to 1.
        """
        if not self._passages:
            return []
        by_passage, by_page = self._judge(question, embedding)
        totals = self._signals(by_passage, by_page) @ np.array(self._calibration.weights)
        order = np.argsort(-totals, kind="stable")[:most]
        sentences = self._sentences @ embedding
        matches = []
        for page in order:
            others = np.delete(totals, page)
            lead = float(totals[page] - others.max()) if len(others) else 0.0
            here = np.flatnonzero(self._page_of == page)
            near = by_passage[here] @ self._passage_weights
            near += BY_HEADING * self._by_heading(here, embedding)
            best = int(here[np.argmax(near)])
            matches.append(
                Match(
                    self._passages[best],
                    self._sure(float(totals[page]), lead),
                    tuple(float(x) for x in sentences[self._passage_of == best]),
                )
            )
        return matches

    def _by_heading(self, here: npt.NDArray[np.int64], embedding: Embeddings) -> Vector:
        """Cosines of the question and headings of a page. What stands before the first heading is
        treated as one heading among others: its own would be the title, which fits everything."""
        cosines = np.asarray(self._headings[here] @ embedding, dtype=np.float64)
        headed = np.array([bool(self._passages[i].heading) for i in here])
        if headed.any():
            cosines[~headed] = np.median(cosines[headed])
        return cosines

    def signals(self, question: str, embedding: Embeddings) -> Vector:
        """The signals of each page, [pages, signals]; pages in the order of `slugs`."""
        return self._signals(*self._judge(question, embedding))

    def _signals(self, by_passage: Vector, by_page: dict[str, Vector]) -> Vector:
        best = np.full((len(self._slugs), len(_OF_PASSAGES)), -1.0)
        np.maximum.at(best, self._page_of, by_passage)
        columns = {name: best[:, i] for i, name in enumerate(_OF_PASSAGES)} | by_page
        return np.column_stack([columns[name] for name in SIGNALS])

    @property
    def slugs(self) -> Sequence[str]:
        """The pages, in the order of `signals`."""
        return self._slugs

    def _judge(self, question: str, embedding: Embeddings) -> tuple[Vector, dict[str, Vector]]:
        likest = np.full(len(self._passages), -1.0)
        np.maximum.at(likest, self._passage_of, (self._sentences @ embedding).astype(np.float64))
        by_passage = np.column_stack(
            [
                self._full @ embedding,
                likest,
                self._words.scores(question),
            ]
        ).astype(np.float64)
        asked = np.full(len(self._slugs), -1.0)
        np.maximum.at(asked, self._asked_of, (self._asked @ embedding).astype(np.float64))
        by_page = {
            "asked": asked,
            "page": (self._pages @ embedding).astype(np.float64),
            "page_words": self._page_words.scores(question),
        }
        return by_passage, by_page

    def _sure(self, total: float, lead: float) -> float:
        intercept, by_total, by_lead = self._calibration.sure
        return 1.0 / (1.0 + math.exp(-(intercept + by_total * total + by_lead * lead)))


def _whole(page: Page) -> list[tuple[str, float]]:
    """The words of a page, with their weights."""
    above = [page.title, *(passage.heading for passage in page.passages), *page.asked]
    return [
        *((text, HEADING_WEIGHT) for text in above),
        *((passage.text, 1.0) for passage in page.passages),
    ]


_OF_PASSAGES = ("passage", "sentence", "words")
_WORD = re.compile(rf"(?<![\w'’])[^\W\d_]{{{SHORT_WORD},}}(?![\w'’])")
