"""The out-of-scope score and its signals; and n-grams, which say which words are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.nlu.ngrams import Ngrams, simplify
from bot.nlu.scope import SIGNALS, Evidence, Scope, read_background

RANDOM = np.random.default_rng(5)
WIDTH = len(SIGNALS)
NOBODY = np.zeros((0, WIDTH))


def evidence(scores: list[list[float]]) -> Evidence:
    rows = np.array(scores)
    near = np.full((len(rows), 2), 0.5, dtype=np.float32)
    return Evidence(rows, [rows, rows], near, near, near, np.zeros(len(rows)))


def test_signals_are_named_column_by_column() -> None:
    sure, unsure = evidence([[5.0, 0.0, 0.0], [1.0, 1.0, 1.0]]).signals()
    assert len(sure) == WIDTH
    named = dict(zip(SIGNALS, np.vstack([sure, unsure]).T, strict=True))
    assert named["energy"][0] > named["energy"][1]
    assert named["entropy"][1] == pytest.approx(np.log(3))
    assert named["entropy"][0] < 0.1
    assert named["near_wordings"].tolist() == [0.5, 0.5]  # of two sentences, though three count


def test_half_is_where_the_kept_share_of_known_sentences_ends() -> None:
    known = RANDOM.normal(size=(1_000, WIDTH))
    scope = Scope.fit(known, known[:200] + 2.0, known[200:400] + 4.0, kept=0.88)
    assert (scope.score(known) < 0.5).mean() == pytest.approx(0.88, abs=0.002)
    assert (scope.score(known + 3.0) > 0.5).mean() > 0.95


def test_left_out_intents_count_more_than_the_background() -> None:
    known = RANDOM.normal(scale=0.5, size=(400, WIDTH))
    hard, easy = known[:100].copy(), known[:100].copy()
    hard[:, 0] += 2.0
    easy[:, 1] += 2.0
    weights = Scope.fit(known, hard, easy).weights
    assert weights[0] > weights[1] > 0


@pytest.mark.parametrize("which", ["left_out", "background"])
def test_one_kind_of_strangers_is_enough(which: str) -> None:
    known = RANDOM.normal(size=(200, WIDTH))
    strange = known + 3.0
    others = (strange, NOBODY) if which == "left_out" else (NOBODY, strange)
    scope = Scope.fit(known, *others)
    assert scope.score(known + 3.0).mean() > 0.9


def test_without_any_strangers_nothing_is_out_of_scope() -> None:
    known = RANDOM.normal(size=(20, WIDTH))
    scores = Scope.fit(known, NOBODY, NOBODY).score(known + 9.0)
    assert (scores < 0.5).all()


def test_the_background_has_no_shop_in_it() -> None:
    sentences = read_background()
    assert len(sentences) > 1_000
    assert len(set(sentences)) == len(sentences)
    words = " ".join(sentences).split()
    assert not {"order", "parcel", "refund", "delivery", "jacket", "return"} & set(words)


# ----------------------------------------------------------------------------------------- n-grams


def test_details_are_replaced_by_their_kind() -> None:
    assert simplify("Order NL-10482, mail Anna@x.no, soooo 3 times") == (
        "order ordernum , mail mailaddr , soo 0 times"
    )


def test_words_are_unknown_when_no_text_has_them() -> None:
    ngrams = Ngrams.learn(["where is my parcel", "where is the shop"])
    assert ngrams.unknown(["where is the zeppelin", "a b c"]).tolist() == [1 / 3, 0.0]
    assert ngrams.transform([]).shape == (0, ngrams.transform(["where"]).shape[1])


def test_a_learned_text_does_not_vouch_for_its_own_words() -> None:
    texts = ["where is my parcel", "where was the shop"]
    assert Ngrams.learn(texts).unknown(texts, learned=True).tolist() == [1 / 2, 3 / 4]


def test_typos_share_most_of_their_characters() -> None:
    ngrams = Ngrams.learn(["where is my order", "my order please", "cancel it", "cancel this"])
    order, typo, other = ngrams.transform(["order", "ordr", "cancel"]).toarray()
    assert order @ typo > 0.3 > order @ other


def test_texts_without_a_single_word_have_a_vocabulary_all_the_same() -> None:
    assert Ngrams.learn(["??", ""]).transform(["!"]).nnz == 0


def test_saved_ngrams_are_the_same(tmp_path: Path) -> None:
    ngrams = Ngrams.learn(["where is my parcel", "wo ist mein päckchen", "päckchen"])
    ngrams.save(tmp_path)
    again = Ngrams.load(tmp_path)
    for text in ("wo ist es", "parcel", "päckchn"):
        np.testing.assert_allclose(
            again.transform([text]).toarray(), ngrams.transform([text]).toarray()
        )
        assert again.unknown([text]) == ngrams.unknown([text])
