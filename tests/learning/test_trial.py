"""A comparison from two archives to the gate's word, with a reader that follows a script.

The real one reads with the real model in `tests/e2e/test_candidate.py`.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ProcessFailed, TrainingFailed
from bot.learning.archive import Archive
from bot.learning.facts import facts_of
from bot.learning.model_commands import list_models, told
from bot.learning.reading import read_texts
from bot.learning.registry import Evaluated, Registry, Trained, UnknownModel
from bot.learning.train_job import outcome, train_and_compare
from bot.learning.trial import Place, Report, compare, kept_report, latest_report
from tests.learning.logged_talks import DAY, SHIPPED, Said, as_log
from tests.learning.projects import CONFIG, with_rasa
from tests.learning.test_held_out import nlu
from tests.learning.test_whatif_history import NOW

OLD, NEW = "deskhand-old.tar.gz", "deskhand-new.tar.gz"

Reader = Callable[..., Any]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for path, text in {
        "domain.yml": "intents:\n  - greet\n  - hours\n  - gift_wrap\n",
        "data/nlu/talk.yml": nlu("greet", "hello there"),
        "data/held_out/greet.yml": nlu("greet", "good morning", "heya", "good day"),
        "data/held_out/hours.yml": nlu("hours", "open now?", "till when", "sundays?"),
        "data/held_out/out_of_scope.yml": nlu("out_of_scope", "who won", "rain?"),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    model(tmp_path / "models", OLD, "intents: [greet, hours]\n")
    model(tmp_path / "models", NEW, "intents: [greet, hours, gift_wrap]\n")
    return Place(
        root=tmp_path,
        models=tmp_path / "models",
        help=tmp_path / "data/help",
        archive=tmp_path / "archive.db",
        policy=SHIPPED,
    )


def model(models: Path, name: str, domain: str) -> None:
    models.mkdir(exist_ok=True)
    with tarfile.open(models / name, "w:gz") as archive:
        info = tarfile.TarInfo("components/domain_provider/domain.yml")
        info.size = len(domain)
        archive.addfile(info, io.BytesIO(domain.encode()))
    Registry(models).record(
        Trained(
            model=name,
            at=NOW - (DAY if name == NEW else 2 * DAY),
            by="anna",
            fingerprint=name,
            seconds=1,
            candidate=name == NEW,
        )
    )


TRUTH = {
    **dict.fromkeys(("good morning", "heya", "good day"), "greet"),
    **dict.fromkeys(("open now?", "till when", "sundays?"), "hours"),
}


def script(**wrong: dict[str, str]) -> Reader:
    """Both models read rightly, but for `new={text: intent}` and `old=...`."""

    async def read(
        path: Path, texts: Sequence[str], *, root: Path, help: Path, progress: Callable[[int], None]
    ) -> dict[str, Any]:
        mistakes = wrong.get("new" if path.name == NEW else "old", {})
        progress(len(texts))
        return {
            text: {
                "text": text,
                "intent": {
                    "name": mistakes.get(text, TRUTH.get(text, "nlu_fallback")),
                    "confidence": 0.9 if mistakes.get(text, TRUTH.get(text)) else 0.1,
                },
            }
            for text in texts
        }

    return read


async def tried(place: Place, reader: Reader, against: str | None = OLD) -> Report:
    said: list[tuple[str, float]] = []

    async def progress(words: str, fraction: float) -> None:
        said.append((words, fraction))

    report = await compare(place, NEW, against, by="ben", progress=progress, reader=reader)
    assert [fraction for _, fraction in said] == sorted(fraction for _, fraction in said)
    assert said[-1][1] < 1
    return report


async def test_a_good_candidate_passes_and_the_registry_knows(place: Place) -> None:
    report = await tried(place, script(old={"heya": "hours"}))
    assert report.verdict.passed
    assert [(c.text, c.gained) for c in report.sentences] == [("heya", 1)]
    assert report.new == ("gift_wrap",)
    (event,) = [e for e in Registry(place.models).events() if isinstance(e, Evaluated)]
    assert (event.model, event.against, event.by, event.passed) == (NEW, OLD, "ben", True)
    assert event.figures.accuracy == 1.0
    assert event.before.accuracy == pytest.approx(5 / 6, abs=1e-4)
    assert kept_report(place.models, NEW, OLD) == report
    assert latest_report(place.models, Registry(place.models).get(NEW)) == report


async def test_a_bad_candidate_is_kept_and_does_not_pass(place: Place) -> None:
    report = await tried(place, script(new={"heya": "hours", "good day": "hours"}))
    assert not report.verdict.passed
    assert "greet: 1 of 3" in report.verdict.reasons[0]
    assert (place.models / NEW).is_file()
    evaluated = Registry(place.models).get(NEW).evaluated
    assert evaluated is not None
    assert evaluated.reasons == report.verdict.reasons
    text = "\n".join(told(report))
    assert "The gate does not let it pass:" in text
    assert "greet: 1 of 3 held-out sentences" in text
    assert "--because" in text
    shown: list[str] = []
    list_models(place.models, shown.append)
    assert f"{NEW}  (candidate)" in shown
    assert any("did not pass: greet: 1 of 3" in line for line in shown)


async def test_the_first_model_has_nothing_to_be_compared_with(place: Place) -> None:
    report = await tried(place, script(), against=None)
    assert report.verdict.passed
    assert (report.before, report.replay, report.sentences) == (None, None, ())
    assert "compared with nothing" in "\n".join(told(report))


async def test_logged_turns_are_replayed_and_listed(place: Place) -> None:
    log = as_log("c1", [Said("heya", intent="greet")], began=NOW - DAY)
    facts = facts_of("c1", log.entries)
    assert facts is not None
    archive = Archive(place.archive, write=True)
    archive.replace([facts])
    archive.close()
    report = await tried(place, script(new={"heya": "hours"}))
    assert report.replay is not None
    assert (report.replay.conversations, report.replay.turns) == (1, 1)
    assert report.replay.changes == {"other_answer": 1}
    assert "1 x Another answer would be given" in "\n".join(told(report))


async def test_a_model_that_is_gone_or_none_is_said(place: Place) -> None:
    with pytest.raises(UnknownModel, match="deskhand-x"):
        await tried(place, script(), against="deskhand-x.tar.gz")
    (place.models / OLD).write_text("no archive")
    with pytest.raises(TrainingFailed, match=r"deskhand-old\.tar\.gz is no model of ours"):
        await tried(place, script())


async def test_a_model_that_cannot_be_loaded_is_said_in_a_line(place: Place) -> None:
    root = Path(__file__).parents[2]
    with pytest.raises(ProcessFailed, match=r"^deskhand-old\.tar\.gz could not be read with: "):
        await read_texts(place.models / OLD, ["hello"], root=root, help=place.help)


#: A Rasa that leaves what the real one leaves, as far as a comparison looks into it.
MAKES_A_MODEL = """
import io, pathlib, sys, tarfile
arguments = sys.argv[1:]
name = arguments[arguments.index("--fixed-model-name") + 1] + ".tar.gz"
out = pathlib.Path(arguments[arguments.index("--out") + 1]) / name
domain = pathlib.Path("domain.yml").read_bytes()
with tarfile.open(out, "w:gz") as archive:
    info = tarfile.TarInfo("components/domain_provider/domain.yml")
    info.size = len(domain)
    archive.addfile(info, io.BytesIO(domain))
"""


async def test_a_candidate_is_trained_compared_and_judged_in_one_go(place: Place) -> None:
    (place.root / "config.yml").write_text(CONFIG)
    project = with_rasa(place.root, MAKES_A_MODEL)
    registry = Registry(place.models)
    registry.make_current(registry.get(OLD).as_model())
    said: list[tuple[str, float]] = []

    async def progress(words: str, fraction: float) -> None:
        said.append((words, fraction))

    report = await train_and_compare(
        project, place, by="anna", why="gifts", progress=progress, reader=script()
    )
    assert outcome(report) == {
        "model": report.model,
        "against": OLD,
        "passed": True,
        "reasons": [],
    }
    candidate = registry.get(report.model)
    assert (candidate.candidate, candidate.by, candidate.why) == (True, "anna", "gifts")
    assert candidate.evaluated is not None
    assert registry.current() == registry.get(OLD).as_model()
    assert [fraction for _, fraction in said] == sorted(fraction for _, fraction in said)
    assert said[0] == ("checking the examples", 0.0)


async def test_a_report_that_the_disk_refuses_is_said(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TrainingFailed, match="could not be kept: No space left on device"):
        await tried(place, script())
    monkeypatch.undo()
    assert Registry(place.models).get(NEW).evaluated is None
