"""`make bench-triage`: does a person take over when a good support lead would want it?

Plays the scripted conversations of tests/triage/conversations through the trained assistant, and
beside it, on the same messages, the plain rule that others use: hand over when the confidence of
the intent is below 0.3 or VADER's sentiment below -0.5.

Thresholds and training sentences were chosen on the scripts under `tuning`. Those under `held_out`
were written by somebody else and must not be read while choosing anything: their figures are the
ones without a suffix. What is counted is defined in `benchmarks.conversations.Score`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from benchmarks.conversations import Assistant, Played, by_kind, read_scripts, score
from benchmarks.figures import Figure, report
from benchmarks.stack import ROOT, clean_environment, deskhand_up

SCRIPTS = ROOT / "tests" / "triage" / "conversations"
PLAIN_CONFIDENCE = 0.3
PLAIN_SENTIMENT = -0.5


def plain(assistant: Assistant, played: Played, vader: SentimentIntensityAnalyzer) -> Played:
    """The same conversation under the plain rule, which may read on where ours stopped."""
    for place, text in enumerate(played.script.customer):
        # A message by itself will do: the plain rule knows no conversation.
        read = played.turns[place] if place < len(played.turns) else assistant.alone(text)
        sad = vader.polarity_scores(text)["compound"] < PLAIN_SENTIMENT
        if sad or float(read["parse"]["confidence"]) < PLAIN_CONFIDENCE:
            return Played(played.script, place + 1)
    return Played(played.script, None)


def figures(played: Sequence[Played], prefix: str, suffix: str, goals: bool) -> list[Figure]:
    """The four figures of one set of conversations."""
    found = score(played)
    ask = (lambda goal: goal) if goals else (lambda goal: "")
    return [
        Figure(f"{prefix}triage_precision{suffix}", found.precision, "", ask(">= 0.90")),
        Figure(f"{prefix}triage_recall{suffix}", found.recall, "", ask(">= 0.95")),
        Figure(f"{prefix}triage_on_time{suffix}", found.on_time, ""),
        Figure(f"{prefix}triage_requests_missed{suffix}", found.requests_missed, "", ask("0")),
    ]


def main() -> None:
    """Play, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tuning-only", action="store_true", help="leave the held-out scripts alone"
    )
    parser.add_argument("--errors", action="store_true", help="print wrong tuning conversations")
    arguments = parser.parse_args()
    sets = {"_tuning": "tuning"} if arguments.tuning_only else {"": "held_out", "_tuning": "tuning"}
    scripts = {suffix: read_scripts(SCRIPTS / folder) for suffix, folder in sets.items()}
    subprocess.run(
        [sys.executable, "-m", "bot", "train"], cwd=ROOT, check=True, env=clean_environment()
    )
    vader = SentimentIntensityAnalyzer()
    lines: list[Figure] = []
    with deskhand_up() as stack, Assistant(stack) as assistant:
        stack.wait_until_ready()
        for suffix, some in scripts.items():
            played = [assistant.play(script) for script in some]
            others = [plain(assistant, p, vader) for p in played]
            print(f"{sets[suffix]}: {len(some)} conversations")
            if suffix == "_tuning":
                show_kinds(played)
                if arguments.errors:
                    show_errors(played)
            lines += figures(played, "", suffix, goals=not suffix)
            lines += figures(others, "plain_", suffix, goals=False)
    report("triage", lines)


def show_kinds(played: Sequence[Played]) -> None:
    """A table of the tuning scripts; of the others nothing but the totals should be known."""
    for kind, (total, eager, kept) in sorted(by_kind(played).items()):
        print(f"  {kind:<16} {total:>3}   wrongly handed over {eager}, wrongly kept {kept}")


def show_errors(played: Sequence[Played]) -> None:
    """What went otherwise than the script wants, with the reasons."""
    for p in played:
        if p.handed_over_at == p.script.hand_over_at:
            continue
        print(f"- {p.script.name}: wanted {p.script.hand_over_at}, was {p.handed_over_at}")
        for text, turn in zip(p.script.customer, p.turns, strict=False):
            parse = turn["parse"]
            why = "; ".join(turn["triage"]["reasons"])
            print(
                f"    {text[:80]!r} {parse['intent']} {parse['confidence']:.2f} "
                f"frustration {parse['frustration']:.2f} -> {turn['triage']['outcome']} {why}"
            )


if __name__ == "__main__":
    main()
