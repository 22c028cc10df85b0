"""What owners teach, in the files of a project: whole or not at all, and one writer at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bot.learning import safe_writes
from bot.learning.domain_edits import NewIntent, UnknownIntent, add_intent
from bot.learning.examples import (
    HELD_OUT,
    LEARNED,
    Added,
    ExampleConflict,
    LearnedExamples,
    is_held_out,
    sorted_out,
)
from bot.learning.nlu_files import BrokenFile, Example, Placed
from bot.learning.safe_writes import FilesBusy, NotWritten, write_all, writing
from bot.learning.sources import NOTES, waiting

DOMAIN = """\
version: "3.1"
intents:
  - greet
  # orders
  - order_status
  - track_parcel
  - nlu_fallback

responses:
  utter_greet:
    - text: "Hello!"

# the end
"""
TALK = """\
# By hand.
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hi there {blanks}
- intent: order_status
  examples: |
    - where is my order
""".replace("{blanks}", "  ")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data/nlu").mkdir(parents=True)
    (tmp_path / "domain.yml").write_text(DOMAIN)
    (tmp_path / "data/nlu/talk.yml").write_text(TALK)
    return tmp_path


@pytest.fixture
def learned(root: Path) -> LearnedExamples:
    return LearnedExamples(root)


def example(text: str, intent: str = "order_status") -> Example:
    return Example(text=text, intent=intent, sources=("c1#4",), by="anna", at=1_795_680_729_120)


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path != root / NOTES
    }


def trainable(count: int, held_out: bool = False) -> list[str]:
    texts = (f"where is parcel number {n}" for n in range(10_000))
    return [text for text in texts if is_held_out(text) is held_out][:count]


def test_one_in_five_is_held_out_whatever_its_case() -> None:
    texts = [f"sentence {n} of a customer" for n in range(2_000)]
    assert 330 < sum(map(is_held_out, texts)) < 470
    assert all(is_held_out(text) == is_held_out(f"  {text.upper()}!?") for text in texts)


def test_sentences_go_where_their_hash_says(root: Path, learned: LearnedExamples) -> None:
    seen, kept = trainable(3), trainable(2, held_out=True)
    added = learned.add([example(text) for text in [*seen, *kept]])
    assert [one.text for one in added.trained] == seen
    assert [one.text for one in added.held_out] == kept
    assert [one.example for one in learned.all()] == list(added.trained)
    assert [one.example for one in learned.held_out()] == list(added.held_out)
    assert set(files(root)) == {
        *("domain.yml", "data/nlu/talk.yml"),
        *("data/nlu/learned/order_status.yml", "data/held_out/order_status.yml"),
    }


def test_adding_and_removing_leaves_every_byte_as_it_was(
    root: Path, learned: LearnedExamples
) -> None:
    before = files(root)
    texts = [*trainable(3), *trainable(2, held_out=True)]
    learned.add([example(text) for text in texts[:2]])
    between = files(root)
    learned.add([example(text) for text in texts[2:]])
    assert len(learned.remove(texts[2:], "order_status")) == 3
    assert files(root) == between
    learned.remove(texts, "order_status")
    assert files(root) == before


def test_reading_writes_nothing(root: Path, learned: LearnedExamples) -> None:
    learned.add([example(text) for text in trainable(2)])
    before = files(root)
    assert len(learned.everything()) == 5
    assert learned.remove(["never seen"], "order_status") == ()
    assert files(root) == before


@pytest.mark.parametrize("known", ["Where is my order?", "HELLO"])
def test_a_sentence_has_one_intent_only(root: Path, learned: LearnedExamples, known: str) -> None:
    before = files(root)
    with pytest.raises(ExampleConflict, match=r"data/nlu/talk\.yml, line (6|10)") as told:
        learned.add([example("a good one", "track_parcel"), example(known, "track_parcel")])
    assert told.value.clashes[0][0].text == known
    assert files(root) == before


def test_two_intents_in_one_request_clash_too(learned: LearnedExamples) -> None:
    with pytest.raises(ExampleConflict, match="among the new ones"):
        learned.add([example("is it late"), example("Is it late?", "greet")])


def test_held_out_sentences_clash_like_the_others(learned: LearnedExamples) -> None:
    (text,) = trainable(1, held_out=True)
    learned.add([example(text)])
    with pytest.raises(ExampleConflict, match=r"data/held_out/order_status\.yml, line"):
        learned.add([example(text, "track_parcel")])


def test_what_is_known_empty_or_endless_is_skipped_with_the_reason(
    learned: LearnedExamples,
) -> None:
    added = learned.add(
        [example("where is my order"), example(" \n"), example("a" * 1_001), example("b c d")]
    )
    assert [one.reason for one in added.skipped] == [
        "it is known already: data/nlu/talk.yml, line 10",
        "it is empty",
        "it is longer than 1000 characters",
    ]
    assert len(added.trained) + len(added.held_out) == 1


def test_an_intent_never_has_held_out_sentences_only(learned: LearnedExamples) -> None:
    kept = trainable(3, held_out=True)
    added = learned.add([example(text, "track_parcel") for text in kept])
    assert [one.text for one in added.trained] == kept[:1]
    assert [one.text for one in added.held_out] == kept[1:]


def test_a_deleted_intent_is_told(root: Path, learned: LearnedExamples) -> None:
    before = files(root)
    with pytest.raises(UnknownIntent, match="no intent repair_service"):
        learned.add([example("fine"), example("mend my zip", "repair_service")])
    assert files(root) == before


def test_a_new_intent_comes_with_answer_rule_and_sentences_and_goes_with_them(
    root: Path, learned: LearnedExamples
) -> None:
    before = files(root)
    new = NewIntent(name="repair_service", answer="We mend zips.\nSend it to us.")
    texts = ["can you mend my zip", "zip is broken, do you repair"]
    learned.add([example(text, "repair_service") for text in texts], new)
    assert "data/rules/learned.yml" in files(root)
    assert len(learned.remove(texts, "repair_service", unmake=True)) == 2
    assert files(root) == before


@pytest.mark.parametrize("path", ["data/nlu/talk.yml", "data/nlu/learned/order_status.yml"])
def test_a_file_that_was_broken_by_hand_is_told_and_nothing_written(
    root: Path, learned: LearnedExamples, path: str
) -> None:
    learned.add([example(text) for text in trainable(1)])
    (root / path).write_text('version: "3.1"\nnlu:\n- intent: greet\n  examples: [\n')
    before = files(root)
    with pytest.raises(BrokenFile, match=rf"{path}, line 5, column 1: ") as told:
        learned.add([example("anything else")])
    assert "nothing was written" in told.value.hint
    assert files(root) == before


def test_a_broken_domain_is_told(root: Path, learned: LearnedExamples) -> None:
    (root / "domain.yml").write_text("intents:\n  - greet\n - b\n")
    with pytest.raises(BrokenFile, match=r"domain\.yml, line 3, column 2: "):
        learned.add([example("anything")])
    (root / "domain.yml").unlink()
    with pytest.raises(BrokenFile, match="is missing"):
        learned.add([example("anything")])


def test_bytes_that_are_no_text_are_told(root: Path, learned: LearnedExamples) -> None:
    (root / "data/nlu/talk.yml").write_bytes(b"version: '3.1'\n# caf\xe9\n")
    with pytest.raises(BrokenFile, match=r"talk\.yml, line 2, column 6: this is not UTF-8"):
        learned.add([example("anything")])


def test_no_name_of_an_intent_leads_to_another_folder(root: Path) -> None:
    (root / "domain.yml").write_text(DOMAIN.replace("- greet", "- ../../etc/x"))
    LearnedExamples(root).add([example("anything at all", "../../etc/x")])
    made = [path for path in files(root) if path.startswith((str(LEARNED), str(HELD_OUT)))]
    assert made == ["data/nlu/learned/------etc-x.yml"]


# ------------------------------------------------------------------------------------- the disk


def test_a_full_disk_leaves_everything_as_it_was(
    root: Path, learned: LearnedExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned.add([example(text) for text in trainable(1)])
    before = files(root)
    told: list[int] = []

    def full(file: int) -> None:
        told.append(file)
        if len(told) == 2:  # the first file is written already
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(safe_writes, "note_studio_write", lambda *_: None)
    monkeypatch.setattr(os, "fsync", full)
    texts = [*trainable(3)[1:], *trainable(1, held_out=True)]
    with pytest.raises(NotWritten, match="the disk is full"):
        learned.add([example(text) for text in texts])
    assert len(told) == 2
    assert files(root) == before
    monkeypatch.undo()
    assert len(learned.add([example(text) for text in texts]).trained) == 2


def test_the_systems_own_full_device_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(root)
    opened = Path.open

    def onto_the_full_one(path: Path, *args: object, **named: object) -> object:
        return opened(Path("/dev/full") if path.name.endswith(".draft") else path, *args, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", onto_the_full_one)
    with pytest.raises(NotWritten, match="the disk is full"):
        write_all(root, {root / "domain.yml": "x" * 100_000})
    assert files(root) == before


def test_a_folder_that_cannot_be_written_to_is_told(root: Path, learned: LearnedExamples) -> None:
    (root / LEARNED).parent.mkdir(exist_ok=True)
    (root / LEARNED).write_text("a file where a folder should be")
    with pytest.raises(NotWritten, match="Nothing was written"):
        learned.add([example(text) for text in trainable(1)])


KILLED = """
import os, sys
from pathlib import Path
from bot.learning.examples import LearnedExamples
from bot.learning.nlu_files import Example

left = int(sys.argv[2])
real = os.fsync

def fsync(file):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    real(file)

os.fsync = fsync
LearnedExamples(Path(sys.argv[1])).add(
    [Example(text=f"sentence number {n} is here", intent="order_status") for n in range(40)]
)
"""


def test_a_writer_that_is_killed_leaves_no_half_file_and_no_lock(root: Path) -> None:
    before = files(root)
    for step in (2, 3):  # after the notes of two files
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(root), str(step)], capture_output=True, check=False
        )
        assert done.returncode == -9, done.stderr
        drafts = [path for path in files(root) if path.endswith(".draft")]
        assert {path: text for path, text in files(root).items() if path not in drafts} == before
        assert drafts
    learned = LearnedExamples(root)
    learned.add(
        [Example(text=f"sentence number {n} is here", intent="order_status") for n in range(40)]
    )
    assert len(learned.all()) + len(learned.held_out()) == 40
    assert not [path for path in files(root) if path.endswith(".draft")]


def test_every_write_is_noted_so_that_it_does_not_go_live_untried(
    root: Path, learned: LearnedExamples
) -> None:
    learned.add([example(text) for text in trainable(2)])
    new = {"data/nlu/learned/order_status.yml": "a digest"}
    assert waiting(root, None, new) == ["data/nlu/learned/order_status.yml"]


def test_a_full_disk_that_cannot_take_the_note_takes_nothing(
    root: Path, learned: LearnedExamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(root)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(safe_writes, "note_studio_write", full)
    with pytest.raises(NotWritten, match="the disk is full"):
        learned.add([example(text) for text in trainable(1)])
    assert files(root) == before


def test_a_file_keeps_its_rights_and_a_link_stays_a_link(root: Path) -> None:
    real = root / "elsewhere.yml"
    real.write_text("old\n")
    real.chmod(0o640)
    (root / "linked.yml").symlink_to(real)
    write_all(root, {root / "linked.yml": "new\n"})
    assert (root / "linked.yml").is_symlink()
    assert real.read_text() == "new\n"
    assert real.stat().st_mode & 0o777 == 0o640


# ------------------------------------------------------------------------------------ two writers


def test_many_writers_at_once_lose_nothing(root: Path) -> None:
    def write(writer: int) -> None:
        for n in range(5):
            LearnedExamples(root).add([example(f"writer {writer} writes line {n}")])

    writers = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    learned = LearnedExamples(root)
    assert len(learned.all()) + len(learned.held_out()) == 30


def test_who_waits_too_long_for_another_writer_is_told(root: Path) -> None:
    with writing(root), pytest.raises(FilesBusy, match="Somebody else"), writing(root, 0.05):
        pass
    with writing(root, 0.05):
        add_once = threading.Thread(target=add_intent, args=(root, "repair_service", "We do."))
        add_once.start()
    add_once.join()
    assert "repair_service" in (root / "domain.yml").read_text()


# ---------------------------------------------------------------------------------------- pure


def test_sorting_out_needs_no_files() -> None:
    known = [Placed(example("where is it"), Path("data/nlu/a.yml"), 3)]
    added = sorted_out(
        [example("Where is it"), example("late"), example("LATE"), example("gone")],
        known,
        holds_out=lambda text: text == "gone",
    )
    assert isinstance(added, Added)
    assert [one.text for one in added.trained] == ["late"]
    assert [one.text for one in added.held_out] == ["gone"]
    assert [one.reason for one in added.skipped] == [
        "it is known already: data/nlu/a.yml, line 3",
        "it is known already: among the new ones, line 2",
    ]
