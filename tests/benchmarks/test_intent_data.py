"""The logic of `benchmarks.nlu`: shapes of files, what is out of scope, what figures mean."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.intent_data import (
    NONE,
    DataError,
    Labelled,
    Predicted,
    Split,
    best_mcc,
    in_scope_accuracy,
    mcc,
    oos_auroc,
    read_split,
)
from benchmarks.nlu import other_data, tasks
from benchmarks.stack import ROOT

TRAIN = "sentence,label\nwhere is it,status\nis it here,status\nsend it back,return\n"
TEST = "text,category\nwhere is my parcel,status\nback it goes,return\nsing,NO_NODES_DETECTED\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_files_of_both_headings_are_read(tmp_path: Path) -> None:
    split = read_split(write(tmp_path / "a.csv", TRAIN), write(tmp_path / "b.csv", TEST))
    assert split.train.labels == ("status", "status", "return")
    assert split.test.texts[0] == "where is my parcel"
    assert split.test.labels == ("status", "return", NONE)


def test_one_json_file_holds_training_test_and_what_is_out_of_scope(tmp_path: Path) -> None:
    content = {
        "train": [["a", "x"], ["b", "y"], ["weird", "oos"]],
        "val": [["never read", "x"]],
        "test": [["c", "x"]],
        "oos_test": [["d", "oos"]],
        "oos_train": [["never read", "oos"]],
    }
    path = write(tmp_path / "data.json", json.dumps(content))
    split = read_split(path, path)
    assert split.train == Labelled(("a", "b"), ("x", "y"))
    assert split.test == Labelled(("c", "d"), ("x", NONE))


def test_a_json_list_of_pairs_is_read_too(tmp_path: Path) -> None:
    train = write(tmp_path / "a.json", json.dumps([["a", "x"], ["b", "y"]]))
    test = write(tmp_path / "b.json", json.dumps([["c", "y"], ["d", "unheard of"]]))
    assert read_split(train, test).test.labels == ("y", NONE)


def test_empty_lines_and_stray_spaces_do_not_count(tmp_path: Path) -> None:
    train = write(tmp_path / "a.csv", '\ufefftext,intent\n" a  b ", x\n,x\nc,y\n')
    test = write(tmp_path / "b.csv", "text,intent\nd,x\n")
    assert read_split(train, test).train == Labelled(("a b", "c"), ("x", "y"))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "foo,bar\n1,2\n", "column of texts .* it has foo, bar"),
        ("a.json", "{", "a.json, line 1: "),
        ("a.json", '{"other": []}', "lists under train"),
        ("a.json", '[["text alone"]]', "list of .text, intent."),
        ("a.csv", "text,intent\na,x\n", "fewer than two intents"),
    ],
)
def test_a_file_of_another_shape_is_explained(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_split(write(tmp_path / name, text), write(tmp_path / "t.csv", TEST))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv cannot be read: No such file"):
        read_split(tmp_path / "none.csv", tmp_path / "none.csv")


def test_a_test_file_without_any_known_intent_is_refused(tmp_path: Path) -> None:
    test = write(tmp_path / "b.csv", "text,intent\nd,other\n")
    with pytest.raises(DataError, match="no sentence of an intent"):
        read_split(write(tmp_path / "a.csv", TRAIN), test)


def test_missing_public_data_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)cannot be read.*hellohaptik/HINT3"):
        tasks(tmp_path)


def test_the_program_ends_with_an_error_and_no_figure_when_data_are_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.nlu", "--train", "no.csv", "--test", "no.csv"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "no.csv cannot be read" in done.stderr


def test_the_first_of_each_intent_are_a_few_shot_training() -> None:
    data = Labelled(tuple("abcde"), ("x", "x", "y", "x", "y"))
    assert data.first(1) == Labelled(("a", "c"), ("x", "y"))
    assert data.first(2).texts == ("a", "b", "c", "e")


# ----------------------------------------------------------------------------------------- figures

FOUR = Labelled(tuple("abcd"), ("x", "y", NONE, NONE))


def test_accuracy_looks_at_sentences_in_scope_and_at_no_threshold() -> None:
    assert in_scope_accuracy(FOUR, Predicted(("x", "x", "x", "y"), (1.0, 1.0, 0.0, 0.0))) == 0.5


def test_mcc_counts_out_of_scope_as_a_class() -> None:
    predicted = Predicted(("x", "y", "x", "y"), (0.1, 0.2, 0.8, 0.5))
    assert mcc(FOUR, predicted, 0.5) == pytest.approx(1.0)
    # Nothing is withheld: two of four are right. By hand: (4*2 - 4) / sqrt((16-8) * (16-6)).
    assert mcc(FOUR, predicted, 0.9) == pytest.approx(4 / 80**0.5)
    assert best_mcc(FOUR, predicted) == pytest.approx(1.0)


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert oos_auroc(FOUR, Predicted(("x",) * 4, (0.1, 0.6, 0.5, 0.9))) == 0.75
    assert oos_auroc(Labelled(("a", "b"), ("x", "y")), Predicted(("x", "y"), (0.0, 1.0))) is None


def test_other_data_give_all_figures_that_they_can(tmp_path: Path) -> None:
    rows = {
        "status": "where is my order|where's my parcel|has it shipped|track my parcel",
        "hours": "when are you open|opening hours|are you open on sunday|when do you close",
    }
    lines = [f"{text},{label}" for label, texts in rows.items() for text in texts.split("|")]
    train = write(tmp_path / "a.csv", "\n".join(["text,intent", *lines]))
    test = write(tmp_path / "b.csv", "text,intent\nwhere is it,status\ntell me a joke,oos\n")
    figures = {f.name: f.value for f in other_data(train, test, peer=False)}
    assert figures["in_scope"] == 1.0
    assert set(figures) == {"in_scope", "oos_auroc", "mcc", "data_train_s"}


def test_a_split_needs_two_intents() -> None:
    with pytest.raises(DataError, match="fewer than two intents"):
        Split(Labelled(("a",), ("x",)), Labelled(("a",), ("x",)))
