"""Which thresholds of data/triage.yml hand over the tuning conversations best?

Plays the scripts of tests/triage/conversations/tuning once, keeps what was read of each message,
and then replays them under many policies without the assistant: `bot.triage.decide` is pure. The
policies are drawn at random around the owner's (Bergstra and Bengio 2012), in rounds that close in.
A policy's cost is the number of conversations wrongly kept or wrongly handed over, half a point for
each hand-over that is not on time, and five for each request for a person that is missed.

Cross-validated over conversations: the policy that is best on four fifths is charged on the fifth
that it has not seen; that cost is printed beside those of the owner's policy and of the best one.
Printed at last are the thresholds of the mean of the best policies, for an owner to copy.

What a replay cannot know: the assistant's forms as they would have gone on under another policy.
Messages after the hand-over are read as if they were in no form.

Run: .venv/bin/python -m benchmarks.thresholds (ten minutes).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import redis

from benchmarks.conversations import Assistant, Played, Script, read_scripts
from benchmarks.figures import Figure, report
from benchmarks.stack import ROOT, Stack, clean_environment, deskhand_up
from benchmarks.triage import SCRIPTS
from bot.triage import Outcome, Policy, Turn, decide, load_policy

FOLDS: Final = 5
BEST: Final = 8
"""So many of the best policies are averaged: one alone is best by luck."""

LATE: Final = 0.5
MISSED_REQUEST: Final = 5.0

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "human_confidence": (0.3, 0.7),
    "person_cue": (0.3, 0.8),
    "unhelped_cue": (0.4, 0.85),
    "anger": (0.6, 0.9),
    "annoyance": (0.35, 0.6),
    "strain": (0.75, 1.3),
    "strain_kept": (0.5, 0.9),
    "strain_unhelped": (0.2, 0.6),
    "strain_repeated": (0.2, 0.7),
    "strain_unplaced": (0.15, 0.5),
    "likeness": (0.65, 0.85),
}
"""What is drawn of the policy itself; thresholds of topics beside it."""
TOPIC_RANGE: Final = (0.35, 0.85)
CLARIFICATIONS: Final = (1, 2)


@dataclass(frozen=True, slots=True)
class Message:
    """What was read of one message."""

    parse: Mapping[str, Any]
    form: str | None
    requested_slot: str | None


@dataclass(frozen=True, slots=True)
class Recording:
    """A conversation, to be replayed. `elsewhere`: at which message an action handed over by itself
    (a form that failed, a warm lead), if one did."""

    script: Script
    messages: tuple[Message, ...]
    elsewhere: int | None


def record(stack: Stack, scripts: Sequence[Script], policy: Policy) -> list[Recording]:
    """Plays the scripts, and reads by itself what comes after a hand-over."""
    recordings = []
    with Assistant(stack) as assistant, redis.Redis.from_url(stack.running.redis_url) as store:
        for script in scripts:
            played = assistant.play(script)
            messages = _messages(store, played.conversation)
            for text in script.customer[len(messages) :]:
                name = assistant.start(text)
                messages.append(replace(_messages(store, name)[0], form=None, requested_slot=None))
            found = Recording(script, tuple(messages), None)
            by_rules = replay(found, policy).handed_over_at
            if played.handed_over_at is not None and by_rules != played.handed_over_at:
                found = replace(found, elsewhere=played.handed_over_at)
            recordings.append(found)
    return recordings


def _messages(store: redis.Redis[bytes], conversation: str) -> list[Message]:
    """What the tracker knows of each message of the customer's."""
    from bot.nlu.tracker_store import EVENTS  # here, as it brings all of Rasa

    messages: list[Message] = []
    form = slot = None
    for line in store.lrange(EVENTS.format(conversation), 0, -1):
        event = json.loads(line)
        if event["event"] == "active_loop":
            form = event["name"]
        elif event["event"] == "slot" and event["name"] == "requested_slot":
            slot = event["value"]
        elif event["event"] == "user":
            messages.append(Message(event["parse_data"], form, slot))
    return messages


def replay(recording: Recording, policy: Policy) -> Played:
    """The conversation under another policy."""
    slot: dict[str, Any] | None = None
    for place, message in enumerate(recording.messages, start=1):
        turn = Turn.from_parse(
            message.parse,
            previous=slot,
            form=message.form,
            requested_slot=message.requested_slot,
        )
        decision = decide(turn, policy)
        if decision.outcome is Outcome.HANDOFF or place == recording.elsewhere:
            return Played(recording.script, place)
        slot = decision.as_slot()
    return Played(recording.script, None)


def cost(played: Played) -> float:
    """What a lead would mind about this conversation."""
    wanted, handed = played.script.hand_over_at is not None, played.handed_over_at is not None
    late = played.late_by is not None and abs(played.late_by) > 1
    return float(wanted != handed) + LATE * late + MISSED_REQUEST * played.missed_requests


@dataclass(frozen=True, slots=True)
class Draw:
    """Numbers of one policy, by name; topics by `topic NAME`."""

    numbers: Mapping[str, float]

    def apply(self, policy: Policy) -> Policy:
        """The policy with these numbers."""
        own = {name: x for name, x in self.numbers.items() if name in RANGES}
        topics = tuple(
            replace(
                topic,
                cue_from=self.numbers.get(f"cue {topic.name}", topic.cue_from),
                confidence=self.numbers.get(f"intent {topic.name}", topic.confidence),
            )
            for topic in policy.topics
        )
        clarifications = round(self.numbers["clarifications"])
        return replace(policy, topics=topics, clarifications=clarifications, **own)  # type: ignore[arg-type]


def ranges(policy: Policy) -> dict[str, tuple[float, float]]:
    """Everything that is drawn, and from where to where."""
    found = dict(RANGES)
    for topic in policy.topics:
        if topic.cue:
            found[f"cue {topic.name}"] = TOPIC_RANGE
        if topic.intents:
            found[f"intent {topic.name}"] = TOPIC_RANGE
    return {**found, "clarifications": CLARIFICATIONS}


def owners(policy: Policy) -> Draw:
    """The numbers as they are."""
    numbers: dict[str, float] = {name: getattr(policy, name) for name in RANGES}
    for topic in policy.topics:
        if topic.cue:
            numbers[f"cue {topic.name}"] = topic.cue_from
        if topic.intents:
            numbers[f"intent {topic.name}"] = topic.confidence
    return Draw({**numbers, "clarifications": policy.clarifications})


def draw(
    middle: Draw, width: float, bounds: Mapping[str, tuple[float, float]], rng: np.random.Generator
) -> Draw:
    """Numbers near others: a normal step of `width` times the range, in about half of them."""
    numbers = {}
    for name, (low, high) in bounds.items():
        step = rng.normal(0, width * (high - low)) if rng.random() < 0.5 else 0.0
        numbers[name] = float(np.clip(middle.numbers[name] + step, low, high))
    # `load_policy` would refuse others.
    numbers["anger"] = max(numbers["anger"], numbers["annoyance"])
    return Draw(numbers)


def mean(draws: Sequence[Draw]) -> Draw:
    """The policy in the middle of several."""
    return Draw(
        {name: float(np.mean([d.numbers[name] for d in draws])) for name in draws[0].numbers}
    )


Costs = npt.NDArray[np.float64]


def search(
    recordings: Sequence[Recording], policy: Policy, rounds: Sequence[tuple[int, float]]
) -> tuple[list[Draw], Costs]:
    """Policies and their costs [policies, conversations]; the owner's is the first."""
    rng, bounds = np.random.default_rng(7), ranges(policy)
    draws = [owners(policy)]
    costs = [_costs(recordings, policy)]
    for count, width in rounds:
        order = np.argsort([row.sum() for row in costs], kind="stable")
        middles = [draws[i] for i in order[:BEST]]
        for i in range(count):
            draws.append(draw(middles[i % len(middles)], width, bounds, rng))
            costs.append(_costs(recordings, draws[-1].apply(policy)))
        print(f"best of {len(draws)}: {min(row.sum() for row in costs):g}", file=sys.stderr)
    return draws, np.stack(costs)


def _costs(recordings: Sequence[Recording], policy: Policy) -> Costs:
    return np.array([cost(replay(one, policy)) for one in recordings])


def best(draws: Sequence[Draw], costs: Costs) -> Draw:
    """The mean of the best."""
    return mean([draws[i] for i in np.argsort(costs.sum(axis=1), kind="stable")[:BEST]])


def main() -> None:
    """Play, search, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100, help="policies of each of three rounds")
    count = parser.parse_args().draws
    policy = load_policy((ROOT / "data" / "triage.yml").read_text(encoding="utf-8"))
    subprocess.run(
        [sys.executable, "-m", "bot", "train"], cwd=ROOT, check=True, env=clean_environment()
    )
    with deskhand_up() as stack:
        stack.wait_until_ready()
        recordings = record(stack, read_scripts(SCRIPTS / "tuning"), policy)
    draws, costs = search(recordings, policy, [(count, 0.4), (count, 0.25), (count, 0.15)])
    fold = np.random.default_rng(7).permutation(len(recordings)) % FOLDS
    unseen = 0.0
    for held in range(FOLDS):
        chosen = best(draws, costs[:, fold != held]).apply(policy)
        of_fold = [one for one, number in zip(recordings, fold, strict=True) if number == held]
        unseen += _costs(of_fold, chosen).sum()
    final = best(draws, costs)
    for name, value in final.numbers.items():
        print(f"  {name:<24} {value:.2f}   (now {draws[0].numbers[name]:.2f})")
    report(
        "thresholds",
        [
            Figure("thresholds_cost_now", float(costs[0].sum()), ""),
            Figure(
                "thresholds_cost_best", float(_costs(recordings, final.apply(policy)).sum()), ""
            ),
            Figure("thresholds_cost_unseen", unseen, "", "below thresholds_cost_now"),
        ],
    )


if __name__ == "__main__":
    main()
