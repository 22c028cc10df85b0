"""What-if on the archive: out of logs as they are written, by the command line too."""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path

import msgspec
import pytest

from bot.learning import whatif_run
from bot.learning.archive import ARCHIVE, Archive, ArchiveMissing
from bot.learning.facts import facts_of
from bot.learning.logged import LoggedConversation
from bot.learning.triage_edit import UnknownNumber
from bot.learning.whatif_command import BadArgument, run
from bot.learning.whatif_history import archived_history
from bot.learning.whatif_run import Question, ReplayFailed, answer, ask
from bot.triage_policy import PolicyError, load_policy
from tests.learning.logged_talks import DAY, Said, as_log

POLICY = Path(__file__).parents[2] / "data/triage.yml"
NOW = time.time_ns() // 1_000_000
HOURS = Said("when are you open")
VAGUE = Said("the thing about sunday", confidence=0.45)
WANTS_ONE = Said("can I talk to a human")


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """With an archive of three conversations of the last days, and an old one."""
    archive = Archive(tmp_path / ARCHIVE, write=True)
    talks = {
        "a": ([HOURS, VAGUE], NOW - 2 * DAY),
        "b": ([HOURS, WANTS_ONE, Said("thanks", intent="thank", returned=True)], NOW - DAY),
        "c": ([VAGUE, WANTS_ONE], NOW - DAY),
        "old": ([VAGUE], NOW - 40 * DAY),
    }
    logs = [as_log(id, *made) for id, made in talks.items()]
    archive.replace([found for log in logs if (found := facts_of(log.state.id, log.entries))])
    archive.close()
    return tmp_path


def question(var: Path, proposed: str | None = None, days: int = 28) -> Question:
    text = POLICY.read_text(encoding="utf-8")
    return Question(
        archive=str(var / ARCHIVE),
        current=text,
        proposed=proposed or text,
        since=NOW - days * DAY,
        until=NOW,
    )


def archive_seq(var: Path, id: str) -> int:
    archive = Archive(var / ARCHIVE)
    try:
        return archive.versions()[id][0]
    finally:
        archive.close()


BOLD = POLICY.read_text(encoding="utf-8").replace("answer: 0.4", "answer: 0.5", 1)


def test_conversations_come_whole_and_only_those_of_the_period(var: Path) -> None:
    archive = Archive(var / ARCHIVE)
    with archived_history(archive) as history:
        versions = history.versions(NOW - 28 * DAY)
        found: dict[str, LoggedConversation] = {c.id: c for c in history.chosen(versions)}
        assert [c.id for c in history.chosen(["b", "erased"])] == ["b"]
    archive.close()
    assert versions == {id: archive_seq(var, id) for id in ("a", "b", "c")}
    assert sorted(found) == ["a", "b", "c"]
    assert [turn.text for turn in found["b"].turns] == [HOURS.text, WANTS_ONE.text, "thanks"]
    assert [turn.handoff for turn in found["b"].turns] == [None, "asked_for_human", None]
    assert found["b"].turns[2].seen.fresh
    # Twenty seconds after the claim, and then five minutes of an hour.
    assert found["b"].agent_ms == 20_000 + 300_000
    assert found["a"].agent_ms is None


def test_what_was_logged_is_reproduced_and_the_change_is_found(var: Path) -> None:
    same = answer(question(var), {})
    assert (same.conversations, same.turns, same.reproduced) == (3, 7, 7)
    assert all(group.count == 0 for group in same.groups)
    other = answer(question(var, BOLD), {})
    assert (other.count("right_lost"), other.count("wrong_avoided")) == (1, 1)


async def test_the_same_from_a_process_of_its_own(var: Path) -> None:
    found, known = await ask(question(var, BOLD))
    assert found == answer(question(var, BOLD), {})
    assert await ask(question(var, BOLD), known) == (found, known)


async def test_what_is_wrong_is_said(var: Path, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"confidence\.answer"):
        await ask(question(var, BOLD.replace("answer: 0.5", "answer: 5", 1)))
    with pytest.raises(ArchiveMissing):
        await ask(question(tmp_path / "elsewhere"))


async def test_a_replay_that_fails_says_why(var: Path) -> None:
    asked = msgspec.structs.replace(question(var), current="confidence: [")
    with pytest.raises(ReplayFailed, match="not valid YAML"):
        await ask(asked)


async def test_a_replay_that_takes_too_long_is_ended(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whatif_run, "PATIENCE_S", 0.01)
    with pytest.raises(ReplayFailed, match="took longer"):
        await ask(question(var))


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return Path(shutil.copy(POLICY, tmp_path / "triage.yml"))


def lines(policy: Path, var: Path, *pairs: str, days: int = 28, save: bool = False) -> list[str]:
    return list(run(argparse.Namespace(set=list(pairs), days=days, save=save), policy, var))


def test_without_numbers_the_command_lists_them(policy: Path, var: Path) -> None:
    said = lines(policy, var)
    assert "confidence.answer = 0.4" in said
    assert any("close second intent" in line for line in said)


def test_the_command_tells_what_would_change_and_changes_nothing(policy: Path, var: Path) -> None:
    before = policy.read_bytes()
    said = "\n".join(lines(policy, var, "confidence.answer=0.5"))
    assert "7 messages in 3 conversations of the last 28 days; 100.0%" in said
    assert "1 × An answer that turned out wrong would not have been given:" in said
    assert "“the thing about sunday” answer → clarify (could not place" in said
    assert policy.read_bytes() == before


def test_the_command_saves_when_it_is_told_to(policy: Path, var: Path) -> None:
    said = lines(policy, var, "confidence.answer=0.5", "limits.clarifications=3", save=True)
    assert "Saved to" in said[-1]
    changed = load_policy(policy.read_text(encoding="utf-8"))
    assert (changed.answer_confidence, changed.clarifications) == (0.5, 3)


def test_a_period_without_messages_is_said(policy: Path, var: Path, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "empty" / ARCHIVE, write=True)
    archive.close()
    # Nobody has looked yet what there is in the logs.
    partly, said = lines(policy, tmp_path / "empty", "confidence.answer=0.5")
    assert "not complete yet" in partly
    assert "no message of the last 28 days" in said


def test_a_part_of_the_logs_is_said_to_be_one(policy: Path, var: Path) -> None:
    archive = Archive(var / ARCHIVE, write=True)
    archive.await_logs({"not-read-yet": NOW}, now=NOW)
    archive.close()
    first = lines(policy, var, "confidence.answer=0.5")[0]
    assert first == "4 of 5 conversations read: this is not complete yet."


@pytest.mark.parametrize(
    ("pair", "error"),
    [
        ("confidence.answer", BadArgument),
        ("confidence.answer=much", BadArgument),
        ("confidence.nothing=1", UnknownNumber),
        ("confidence.answer=3", PolicyError),
    ],
)
def test_a_wrong_argument_is_named(
    policy: Path, var: Path, pair: str, error: type[Exception]
) -> None:
    before = policy.read_bytes()
    with pytest.raises(error, match=pair.split("=", maxsplit=1)[0].replace(".", r"\.")):
        lines(policy, var, pair, save=True)
    assert policy.read_bytes() == before


@pytest.mark.parametrize("days", [0, 367])
def test_days_have_a_range(policy: Path, var: Path, days: int) -> None:
    with pytest.raises(BadArgument, match="--days"):
        lines(policy, var, "confidence.answer=0.5", days=days)
