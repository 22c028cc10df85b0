"""Adding sentences to a learned file and taking them out, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.learning.learned_file import HEADER, HELD_OUT_HEADER, added_to, removed_from
from bot.learning.nlu_files import BrokenFile, Example, cleaned, key_of, read_examples

HERE = Path("data/nlu/learned/order_status.yml")


def example(text: str, intent: str = "order_status") -> Example:
    return Example(text=text, intent=intent, sources=("c1#4",), by="anna", at=1_795_680_729_120)


def texts(text: str) -> list[str]:
    return [one.example.text for one in read_examples(HERE, text)]


def test_the_first_sentence_makes_the_file_and_the_last_takes_it_along() -> None:
    made = added_to(HERE, None, [example("where is my tent")], HEADER)
    assert made == HEADER + (
        "\n"
        "nlu:\n"
        "- intent: order_status\n"
        "  examples:\n"
        '  - text: "where is my tent"\n'
        '    metadata: {from: ["c1#4"], by: "anna", at: "2026-11-26T08:12:09.120Z"}\n'
    )
    assert removed_from(HERE, made, "order_status", {"where is my tent"}) is None


#: As somebody may have left it: comments, other quotes, another indent, a block, two intents.
BY_HAND = """\
# mine
version: "3.1"
nlu:
  # about tents
  - intent: order_status
    examples:
      # the first
      - text: where is my tent   # really
        metadata: {from: [a#1], by: anna}

      # the second
      - text: |
          and my stove
        metadata:
          from: [a#2]
          by: anna
  - intent: track_parcel
    examples: |
      - track it
      - what does the tracking say
# the end
"""


@pytest.mark.parametrize("intent", ["order_status", "track_parcel", "new_one"])
def test_adding_to_a_file_that_somebody_changed_touches_no_line_of_it(intent: str) -> None:
    changed = added_to(HERE, BY_HAND, [example("late again", intent)], HEADER)
    assert changed.startswith(BY_HAND)
    assert texts(changed) == [*texts(BY_HAND), "late again"]
    assert removed_from(HERE, changed, intent, {"late again"}) == BY_HAND


@pytest.mark.parametrize(
    ("intent", "key", "gone"),
    [
        ("order_status", "where is my tent", (8, 9)),
        ("order_status", "and my stove", (12, 13, 14, 15, 16)),
        ("track_parcel", "track it", (19,)),
    ],
)
def test_a_removed_sentence_takes_only_its_own_lines(
    intent: str, key: str, gone: tuple[int, ...]
) -> None:
    lines = BY_HAND.splitlines(keepends=True)
    left = removed_from(HERE, BY_HAND, intent, {key})
    assert left == "".join(line for n, line in enumerate(lines, 1) if n not in gone)


def test_an_intent_without_sentences_goes_and_a_file_with_other_comments_stays() -> None:
    keys = {key_of(text) for text in texts(BY_HAND)}
    left = removed_from(HERE, BY_HAND, "order_status", keys)
    assert left is not None
    assert "intent: order_status" not in left
    assert texts(left) == ["track it", "what does the tracking say"]
    left = removed_from(HERE, left, "track_parcel", keys)
    assert left == '# mine\nversion: "3.1"\nnlu: []\n  # about tents\n# the end\n'
    again = added_to(HERE, left.replace("  # about tents\n", ""), [example("late")], HEADER)
    assert texts(again) == ["late"]


def test_the_same_words_under_another_intent_stay() -> None:
    both = added_to(HERE, BY_HAND, [example("track it")], HEADER)
    assert removed_from(HERE, both, "order_status", {"track it"}) == BY_HAND


def test_a_sentence_that_is_not_there_changes_nothing() -> None:
    assert removed_from(HERE, BY_HAND, "order_status", {"no such words"}) == BY_HAND
    assert removed_from(HERE, BY_HAND, "no_such_intent", {"track it"}) == BY_HAND


def test_line_ends_of_windows_are_kept() -> None:
    windows = BY_HAND.replace("\n", "\r\n")
    changed = added_to(HERE, windows, [example("late")], HEADER)
    assert changed.startswith(windows)
    assert changed.count("\n") == changed.count("\r\n")
    assert removed_from(HERE, changed, "order_status", {"late"}) == windows


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nlu:\n- intent: a\n  examples: |\n    - b\nrules: []\n", "last key"),
        ("nlu: [{intent: a, examples: '- b'}]\n", "one intent a line"),
        ("nlu:\n- intent: [\n", "line 3, column 1"),
    ],
)
def test_a_layout_that_cannot_be_changed_is_told(text: str, problem: str) -> None:
    with pytest.raises(BrokenFile, match=problem):
        added_to(HERE, text, [example("late")], HEADER)


def test_nothing_to_add_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="nothing to add"):
        added_to(HERE, None, [], HEADER)


# ------------------------------------------------------------------------------------ properties

INTENTS = ["order_status", "greet", "no", "faq/returns", "on", "größe"]
sentences = st.text(min_size=1, max_size=40).map(cleaned).filter(bool)
hostile = st.sampled_from(
    [
        "- ",
        ":",
        "# no",
        "'",
        '"',
        "\\",
        "[x] (y)",
        "{a}",
        "| >",
        "yes",
        "3.1",
        "~",
        "👍",
        "a: b",
        "%",
    ]
).map(cleaned)
pairs = st.tuples(sentences | hostile, st.sampled_from(INTENTS))


@settings(max_examples=50, deadline=None)
@given(st.lists(pairs, min_size=1, max_size=12, unique_by=lambda p: (key_of(p[0]), p[1])))
def test_what_is_added_reads_back_and_taking_it_out_gives_the_bytes_before(
    added: list[tuple[str, str]],
) -> None:
    states: list[str | None] = [None]
    for text, intent in added:
        states.append(added_to(HERE, states[-1], [example(text, intent)], HELD_OUT_HEADER))
    last = states[-1]
    assert last is not None
    assert [one.example for one in read_examples(HERE, last)] == [example(*one) for one in added]
    for text, intent in reversed(added):
        state = states.pop()
        assert state is not None
        assert removed_from(HERE, state, intent, {key_of(text)}) == states[-1]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(sentences, min_size=1, max_size=10, unique_by=key_of),
    st.lists(sentences, min_size=1, max_size=5, unique_by=key_of),
)
def test_comments_and_order_survive_any_addition_and_removal(
    kept: list[str], added: list[str]
) -> None:
    assume(not {key_of(t) for t in kept} & {key_of(t) for t in added})
    before = added_to(HERE, None, [example(text) for text in kept], HEADER)
    before = before.replace("  - text:", "  # a word by hand\n\n  - text:") + "\n# the end\n"
    after = added_to(HERE, before, [example(text) for text in added], HEADER)
    assert after.startswith(before)
    assert removed_from(HERE, after, "order_status", {key_of(text) for text in added}) == before
