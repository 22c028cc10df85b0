"""What is odd about examples, by chances of a classifier that are made up here; the real one reads
the shipped data in tests/nlu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.learning.data_checks import Finding
from bot.learning.lint import Chances, confused, lint, mislabelled, uniform, unused
from bot.learning.lint_job import printed
from bot.learning.nlu_files import Example, Placed
from bot.learning.usage import Project

HERE = Path("data/nlu/orders.yml")
NAMES = ("a", "b", "c")


def placed(intents: str, text: str = "sentence {n} of {intent}") -> list[Placed]:
    return [
        Placed(Example(text=text.format(n=n, intent=intent), intent=intent), HERE, n)
        for n, intent in enumerate(intents, 1)
    ]


def chances(*rows: Sequence[float]) -> Chances:
    return np.array(rows, dtype=np.float64)


def sure(intents: str) -> list[list[float]]:
    return [[0.96 if name == intent else 0.02 for name in NAMES] for intent in intents]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ([0.01, 0.98, 0.01], ("a", "b")),
        ([0.01, 0.01, 0.98], ("a", "c")),
        ([0.98, 0.01, 0.01], None),
        ([0.10, 0.88, 0.02], None),
        ([0.04, 0.60, 0.36], None),
        ([0.03, 0.95, 0.02], None),
    ],
    ids=["b", "c", "right", "own is likely", "no other is likely", "less than b usually has"],
)
def test_a_sentence_looks_mislabelled_when_another_intent_is_as_likely_as_its_own_sentences(
    row: list[float], found: tuple[str, str] | None
) -> None:
    trained = placed("aaabbbccc")
    given = chances(row, *sure("aabbbccc"))
    assert [one.intents for one in mislabelled(trained, NAMES, given)] == ([found] if found else [])


def test_the_clearest_comes_first_and_says_where() -> None:
    trained = placed("aaabbbccc")
    given = chances([0.04, 0.96, 0], [0, 1, 0], *sure("abbbccc"))
    first, second = mislabelled(trained, NAMES, given)
    assert first.sentences[0].where == f"{HERE}, line 2"
    assert first.words == "“sentence 2 of a” is an example of a, but reads like b (100%)."
    assert second.sentences[0].where == f"{HERE}, line 1"


def test_intents_are_confused_from_some_sentences_on_in_both_directions() -> None:
    trained = placed("a" * 10 + "b" * 10 + "c" * 10)
    read = "bbb" + "a" * 7 + "a" + "b" * 9 + "bbb" + "c" * 7
    (found,) = confused(trained, NAMES, chances(*sure(read)))
    assert found.intents == ("a", "b")
    assert found.words == "a and b are confused: 3 of 10 are read as b, 1 of 10 as a."
    assert found.sentences[0].text == "sentence 1 of a"


def test_few_of_many_are_no_confusion() -> None:
    trained = placed("a" * 100 + "b" * 100)
    read = "b" * 6 + "a" * 94 + "b" * 100
    assert confused(trained, NAMES[:2], chances(*sure(read))[:, :2]) == []


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ([f"where is my thing {n}" for n in range(12)], "12 of 12 sentences of a begin"),
        (["order status", "status order", "my order", "my status"] * 5, "consist of the same 3"),
        ([f"{a}x {b}y {a}{b}" for a in "abcd" for b in "efgh"], None),
        (["where is my order"] * 9, None),
    ],
    ids=["beginnings", "words", "varied", "few"],
)
def test_sentences_that_are_all_alike_are_told(texts: list[str], why: str | None) -> None:
    found = uniform([Placed(Example(text=text, intent="a"), HERE, 1) for text in texts])
    assert [one.words.startswith(why) or why in one.words for one in found if why] == [True] * bool(
        why
    )
    assert bool(found) is bool(why)


EMPTY = Project(
    domain="intents: [a, b, c]\nresponses:\n  utter_a: [{text: A}]\n", rules={}, actions={}
)


def test_what_is_never_used_is_told() -> None:
    assert [(one.kind, one.words) for one in unused(EMPTY, ["a", "b"])] == [
        ("unused_intent", "The intent a is in no rule or story, so nothing is said to it."),
        ("unused_intent", "The intent b is in no rule or story, so nothing is said to it."),
        ("unused_intent", "The intent c has no example, so it is never understood."),
        ("unused_response", "utter_a is in no rule, story, form or action."),
    ]


def made_up(read: str) -> Callable[[Sequence[str], Sequence[str]], tuple[tuple[str, ...], Chances]]:
    def cross_validate(
        texts: Sequence[str], intents: Sequence[str]
    ) -> tuple[tuple[str, ...], Chances]:
        assert len(texts) == len(intents) == len(read)
        return NAMES, chances(*sure(read))

    return cross_validate


def test_a_report_has_everything_most_urgent_first() -> None:
    trained = placed("aaabbbccc")
    held_out = [Placed(Example(text="kept", intent="a"), Path("data/held_out/a.yml"), 1)]
    report = lint(trained + held_out, EMPTY, made_up("aabbbbccc"))
    assert (report.sentences, report.intents, report.accuracy) == (9, 3, 0.8889)
    kinds = [one.kind for one in report.findings]
    assert kinds[:1] == ["repetition"] or kinds[:1] == ["starving"]
    assert kinds.index("starving") < kinds.index("unused_intent") < kinds.index("unused_response")


def test_one_intent_alone_cannot_be_confused() -> None:
    report = lint(placed("a"), EMPTY, made_up("never asked"))
    assert report.accuracy is None
    assert "read rightly" not in printed(report)


def test_a_report_is_printed_by_kind_with_the_advice_once() -> None:
    report = lint(placed("aaabbbccc"), EMPTY, made_up("aabbbbccc"))
    text = printed(report)
    assert text.startswith("9 sentences of 3 intents; 88.9% are read rightly unseen.\n")
    assert text.count("Add real ones from the inbox") == 1
    assert max(map(len, text.splitlines())) <= 100
    nothing = printed(type(report)(findings=(), sentences=1, intents=1))
    assert nothing.endswith("Nothing is odd about them.")
    assert isinstance(report.findings[0], Finding)
