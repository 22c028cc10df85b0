"""Numbers of data/triage.yml are changed in place, and nobody's change is lost."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.learning import triage_edit
from bot.learning.safe_writes import NotWritten
from bot.learning.triage_edit import PolicyChanged, UnknownNumber, numbers, save, with_numbers
from bot.triage_file import mark_of
from bot.triage_policy import PolicyError, load_policy

SHIPPED = (Path(__file__).parents[2] / "data/triage.yml").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "triage.yml"
    path.write_text(SHIPPED, encoding="utf-8")
    path.chmod(0o640)
    return path


def changed_lines(before: str, after: str) -> list[str]:
    old, new = before.split("\n"), after.split("\n")
    assert len(old) == len(new)
    return [line for was, line in zip(old, new, strict=True) if was != line]


def test_each_number_comes_with_its_comment_and_its_range() -> None:
    found = {number.key: number for number in numbers(SHIPPED)}
    assert found["confidence.answer"].about.startswith("From this confidence on")
    assert found["limits.repeated_messages"].whole
    assert (found["limits.repeated_messages"].least, found["limits.repeated_messages"].most) == (
        2,
        6,
    )
    assert "signal from outside" in found["mood.anger_by_signal.vip"].about
    assert all(number.about for number in found.values())
    assert not any(key.startswith(("agents.", "topics")) for key in found)


@pytest.mark.parametrize("key", [*triage_edit.RANGES, "confidence.margin", "strain.kept"])
def test_the_ranges_are_those_that_the_policy_allows(key: str) -> None:
    number = next(n for n in numbers(SHIPPED) if n.key == key)
    for beyond in (number.least - 1, number.most + 1):
        with pytest.raises(PolicyError, match=key.rsplit(".", 1)[-1]):
            with_numbers(SHIPPED, {key: beyond})


def test_only_the_number_changes() -> None:
    after = with_numbers(SHIPPED, {"confidence.answer": 0.5, "limits.clarifications": 3})
    assert changed_lines(SHIPPED, after) == ["  answer: 0.5", "  clarifications: 3"]


def test_what_stands_behind_a_number_and_windows_line_ends_stay() -> None:
    text = SHIPPED.replace("answer: 0.4\n", "answer:   0.40   # ours  \n", 1).replace("\n", "\r\n")
    after = with_numbers(text, {"confidence.answer": 0.55})
    assert after == text.replace("0.40   # ours", "0.55   # ours")


@settings(max_examples=8, deadline=None)
@given(
    some.dictionaries(
        some.sampled_from(["confidence.answer", "help.answer", "cues.person"]),
        some.floats(0, 0.6).map(lambda x: round(x, 4)),
    )
)
def test_changing_there_and_back_leaves_every_byte(values: dict[str, float]) -> None:
    text = with_numbers(SHIPPED, dict.fromkeys(values, 0.1))
    there = with_numbers(text, values)
    assert with_numbers(there, dict.fromkeys(values, 0.1)) == text
    policy = load_policy(there)
    assert policy.help_score == values.get("help.answer", 0.65)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"confidence.answer": 0.9}, "confidence.sure"),
        ({"mood.anger": 0.1}, "mood.anger"),
        ({"limits.clarifications": 2.5}, "limits.clarifications"),
        ({"confidence.answer": float("nan")}, "confidence.answer"),
    ],
)
def test_a_policy_that_would_be_wrong_is_refused(values: dict[str, float], said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        with_numbers(SHIPPED, values)


def test_a_number_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownNumber, match=r"confidence\.reply"):
        with_numbers(SHIPPED, {"confidence.reply": 0.5})
    with pytest.raises(UnknownNumber):
        with_numbers(SHIPPED, {"agents.suggestion": 0.5})


@pytest.mark.parametrize("written", ["&half 0.5", "5e-1", "!!float 0.5"])
def test_a_number_that_is_written_strangely_is_left_alone(written: str) -> None:
    text = SHIPPED.replace("answer: 0.4", f"answer: {written}", 1)
    with pytest.raises(PolicyError, match=r"confidence\.answer stands in line 10"):
        with_numbers(text, {"confidence.answer": 0.3})


def test_saving_keeps_the_rest_and_the_rights(file: Path) -> None:
    mark = save(file, {"confidence.answer": 0.5}, mark_of(SHIPPED))
    text = file.read_text(encoding="utf-8")
    assert changed_lines(SHIPPED, text) == ["  answer: 0.5"]
    assert mark == mark_of(text)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["triage.yml"]


def test_a_link_to_the_file_stays_one(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yml"
    link.symlink_to(file)
    save(link, {"confidence.answer": 0.5}, mark_of(SHIPPED))
    assert link.is_symlink()
    assert load_policy(file.read_text(encoding="utf-8")).answer_confidence == 0.5


def test_a_change_of_somebody_else_is_not_lost(file: Path) -> None:
    theirs = SHIPPED.replace("margin: 0.08", "margin: 0.1")
    file.write_text(theirs, encoding="utf-8")
    with pytest.raises(PolicyChanged):
        save(file, {"confidence.answer": 0.5}, mark_of(SHIPPED))
    assert file.read_text(encoding="utf-8") == theirs


def test_of_two_who_save_at_once_one_is_told(file: Path) -> None:
    outcomes: list[str] = []

    def change(value: float) -> None:
        try:
            save(file, {"confidence.answer": value}, mark_of(SHIPPED))
            outcomes.append(f"{value:g}")
        except PolicyChanged:
            outcomes.append("told")

    both = [threading.Thread(target=change, args=(value,)) for value in (0.45, 0.55)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    (saved,) = [outcome for outcome in outcomes if outcome != "told"]
    assert len(outcomes) == 2
    assert f"answer: {saved}\n" in file.read_text(encoding="utf-8")


def test_a_full_disk_leaves_the_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NotWritten, match="the disk is full"):
        save(file, {"confidence.answer": 0.5}, mark_of(SHIPPED))
    assert file.read_text(encoding="utf-8") == SHIPPED
    assert [path.name for path in file.parent.iterdir()] == ["triage.yml"]


def test_a_broken_file_is_named_and_left_alone(file: Path) -> None:
    broken = SHIPPED.replace("answer: 0.4", "answer: [", 1)
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(PolicyError, match="line"):
        save(file, {"confidence.answer": 0.5}, mark_of(broken))
    assert file.read_text(encoding="utf-8") == broken
