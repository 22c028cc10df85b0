"""What if: the logged conversations of some days, decided again under other rules of triage.

Pure. Belongs here: following a conversation under a policy, comparing two policies, and the figures
of it. Does not belong here: where the conversations come from (`bot.learning.logged.History`), or
changing data/triage.yml (`bot.learning.triage_edit`).

Both policies, the one in force and the proposed one, are followed in the same way. Each message is
decided with what triage saw when it was written, and with the memory that this policy would have
had. A conversation is followed as long as its customer's words can be known: where a policy calls
for a person and in truth nobody was called, or the other way round, it ends, since what the
customer would have written next cannot be known. Where it would only have asked back, or answered
instead of asking back, the customer is taken to go on with the same words; that is an
approximation.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.events import Record
from bot.learning.logged import LoggedConversation, LoggedTurn, turn_of, wrong_answers
from bot.triage import Decision, Memory, Outcome, Policy, Reason, Turn, decide

DAY_MS: Final = 86_400_000
EXAMPLES: Final = 12
"""Examples kept of each kind of change, the latest first."""

USUAL_MS: Final = 6 * 60_000
"""What an agent is taken to spend on a conversation as long as no conversation tells."""

GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gained": "A person would have been called, and is not today",
        "lost": "No person would have been called, where one is today",
        "earlier": "A person would have been called earlier",
        "later": "A person would have been called later",
        "wrong_avoided": "An answer that turned out wrong would not have been given",
        "right_lost": "An answer that nobody complained about would not have been given",
        "answers_gained": "An answer would have been given, where there is none today",
    }
)
"""The kinds of change, in the order in which they are shown."""

ANSWERS: Final = frozenset({Outcome.ANSWER, Outcome.HELP})


class Example(Record, frozen=True):
    """One message that would have been decided otherwise. `before` and `after` are outcomes of
    triage with their reasons in words; `why`: what is known of the answer."""

    conversation: str
    seq: int
    at: int
    text: str
    intent: str | None
    confidence: float
    before: str
    before_reasons: tuple[str, ...]
    after: str
    after_reasons: tuple[str, ...]
    why: str = ""


class Group(Record, frozen=True):
    """All changes of one kind (a code of `GROUPS`), and some of them."""

    code: str
    words: str
    count: int
    examples: tuple[Example, ...]


class Totals(Record, frozen=True):
    """What became of the messages. `wrong`: answers that turned out wrong, as far as is known."""

    handoffs: int
    answers: int
    wrong: int
    asked_back: int
    by_reason: dict[str, int]


class Comparison(Record, frozen=True):
    """What the proposed policy would have changed.

    `conversations` were followed, `left_out` could not be (logged before triage was, or broken).
    `reproduced` of `turns` were decided in truth as the policy in force decides them now; the rest
    was decided under other rules or by another model. `after` is `before` with the changes; what
    would have followed a change is in neither. `hours` are agents' hours in the whole period,
    more (+) or less (-); `median_ms` is what a conversation cost agents, known from `timed` ones.
    """

    since: int
    until: int
    conversations: int
    left_out: int
    turns: int
    reproduced: int
    before: Totals
    after: Totals
    hours: float
    median_ms: int
    timed: int
    groups: tuple[Group, ...]

    @property
    def days(self) -> float:
        return (self.until - self.since) / DAY_MS

    def count(self, code: str) -> int:
        """How many changes of this kind there are."""
        return next(group.count for group in self.groups if group.code == code)


# --- one conversation under one policy ------------------------------------------------------


def follow(
    logged: Sequence[LoggedTurn], turns: Sequence[Turn], policy: Policy
) -> tuple[Decision, ...]:
    """The decisions of `policy` on the turns of one conversation, as logged and as triage saw them
    (`turn_of`), up to where they part from what happened.

    Raises ValueError for turns that were logged without what triage saw."""
    decisions: list[Decision] = []
    memory = Memory()
    for was, turn in zip(logged, turns, strict=True):
        memory = Memory() if was.seen.fresh else memory
        decision = decide(replace(turn, memory=memory), policy)
        decisions.append(decision)
        memory = decision.memory
        if _calls(decision) != (was.seen.outcome == Outcome.HANDOFF.value):
            break
        if was.handoff is not None and decision.outcome is Outcome.CLARIFY:
            break  # an action asked for a person there, and it would not have run
    return tuple(decisions)


def _calls(decision: Decision) -> bool:
    return decision.outcome is Outcome.HANDOFF


# --- two policies -------------------------------------------------------------------------------


def compare(
    conversations: Iterable[LoggedConversation],
    current: Policy,
    proposed: Policy,
    *,
    since: int,
    until: int,
) -> Comparison:
    """What `proposed` would have changed in the messages from `since` to `until` (ms), as against
    `current`. Conversations are taken one by one, so that there may be many."""
    tally = _Tally()
    left_out = 0
    for conversation in conversations:
        try:
            tally.add(_Pair(conversation, current, proposed, since))
        except ValueError:
            left_out += 1
    median = round(statistics.median(tally.spent)) if tally.spent else USUAL_MS
    saved = sum(median if known is None else known for known in tally.saved)
    groups = tuple(
        Group(code=code, words=words, count=tally.counts[code], examples=tally.latest(code))
        for code, words in GROUPS.items()
    )
    return Comparison(
        since=since,
        until=until,
        conversations=tally.conversations,
        left_out=left_out,
        turns=tally.turns,
        reproduced=tally.reproduced,
        before=_totals(tally.before, tally.wrong),
        after=_totals(tally.after, tally.wrong - tally.counts["wrong_avoided"]),
        hours=(tally.counts["gained"] * median - saved) / 3_600_000,
        median_ms=median,
        timed=len(tally.spent),
        groups=groups,
    )


def _totals(counts: Counter[str], wrong: int) -> Totals:
    codes = {reason.value for reason in Reason}
    return Totals(
        handoffs=sum(counts[code] for code in codes),
        answers=counts[Outcome.ANSWER.value] + counts[Outcome.HELP.value],
        wrong=wrong,
        asked_back=counts[Outcome.CLARIFY.value],
        by_reason={code: counts[code] for code in sorted(codes) if counts[code]},
    )


class _Tally:
    """What adds up while conversations go by. `before` and `after` count by reason of the hand-off,
    else by outcome."""

    def __init__(self) -> None:
        self.conversations = self.turns = self.reproduced = self.wrong = 0
        self.before: Counter[str] = Counter()
        self.after: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.spent: list[int] = []
        self.saved: list[int | None] = []
        self._examples: dict[str, list[Example]] = {code: [] for code in GROUPS}

    def add(self, pair: _Pair) -> None:
        if not pair.counted:
            return
        self.conversations += 1
        self.turns += len(pair.counted)
        self.reproduced += pair.reproduced
        self.wrong += pair.wrong
        agent_ms = pair.logged.agent_ms
        if agent_ms is not None:
            self.spent.append(agent_ms)
        was = Counter(_code(pair.old[at]) for at in pair.counted)
        self.before += was
        self.after += was
        for code, example in pair.changes():
            self.counts[code] += 1
            if code == "lost":
                self.saved.append(agent_ms)
            self._examples[code].append(example)
            if len(self._examples[code]) > 4 * EXAMPLES:
                self._examples[code] = list(self.latest(code))
        for less, more in pair.moved():
            if less is not None:
                self.after[less] -= 1
            if more is not None:
                self.after[more] += 1

    def latest(self, code: str) -> tuple[Example, ...]:
        examples = self._examples[code]
        return tuple(sorted(examples, key=lambda e: (-e.at, e.conversation, e.seq))[:EXAMPLES])


class _Pair:
    """One conversation under both policies, compared up to where the two part."""

    def __init__(
        self, logged: LoggedConversation, current: Policy, proposed: Policy, since: int
    ) -> None:
        self.logged = logged
        turns = [turn_of(turn) for turn in logged.turns]
        self.old = follow(logged.turns, turns, current)
        self.new = follow(logged.turns, turns, proposed)
        self._chat = current.chat_intents
        self._wrong = wrong_answers(logged, current.chat_intents, current.likeness)
        known = logged.turns[: len(self.old)]
        self.counted = [at for at, t in enumerate(known) if t.at >= since and not t.dropped]
        self._compared = self._until_they_part(set(self.counted))

    @property
    def reproduced(self) -> int:
        """How many turns the current policy decides as they were decided."""
        return sum(_code(self.old[at]) == _code_of(self.logged.turns[at]) for at in self.counted)

    @property
    def wrong(self) -> int:
        return sum(self.logged.turns[at].seq in self._wrong for at in self.counted)

    def _until_they_part(self, counted: set[int]) -> list[tuple[int, Decision, Decision]]:
        compared = []
        both = zip(self.old, self.new, strict=False)
        for at, (old, new) in enumerate(both):
            if at in counted:
                compared.append((at, old, new))
            if _calls(old) != _calls(new):
                break
        return compared

    def changes(self) -> Iterator[tuple[str, Example]]:
        """Each change by its code in `GROUPS`; one decision may be two, a person called and a wrong
        answer avoided."""
        for at, old, new in self._compared:
            for code, why in (self._person(at, old, new), self._answer(at, old, new)):
                if code:
                    yield code, self._example(at, old, new, why)

    def moved(self) -> Iterator[tuple[str | None, str | None]]:
        """What to take from the counts of decisions, and what to add to them."""
        for at, old, new in self._compared:
            yield _code(old), _code(new)
            if _calls(new) and not _calls(old):
                yield self._calls_later(self.old, at), None
            elif _calls(old) and not _calls(new):
                yield None, self._calls_later(self.new, at)

    def _person(self, at: int, old: Decision, new: Decision) -> tuple[str, str]:
        if _calls(new) and not _calls(old):
            return ("earlier" if self._calls_later(self.old, at) else "gained"), ""
        if _calls(old) and not _calls(new):
            return ("later" if self._calls_later(self.new, at) else "lost"), ""
        return "", ""

    def _answer(self, at: int, old: Decision, new: Decision) -> tuple[str, str]:
        turn = self.logged.turns[at]
        if (old.outcome in ANSWERS) == (
            new.outcome in ANSWERS
        ) or turn.reading.intent in self._chat:
            return "", ""
        if new.outcome in ANSWERS:
            return "answers_gained", _what_is_known_of(turn)
        if not turn.answered:
            return "", ""  # nobody has seen an answer that could be judged
        why = self._wrong.get(turn.seq)
        return ("right_lost", "") if why is None else ("wrong_avoided", why)

    def _calls_later(self, decisions: Sequence[Decision], at: int) -> str | None:
        """Why a person is called after turn `at`, in the same stretch with the assistant; None when
        nobody is."""
        for later in range(at + 1, len(decisions)):
            if self.logged.turns[later].seen.fresh:
                return None
            if _calls(decisions[later]):
                return _code(decisions[later])
        return None

    def _example(self, at: int, old: Decision, new: Decision, why: str) -> Example:
        turn = self.logged.turns[at]
        return Example(
            conversation=self.logged.id,
            seq=turn.seq,
            at=turn.at,
            text=turn.text,
            intent=turn.reading.intent,
            confidence=turn.reading.confidence,
            before=old.outcome.value,
            before_reasons=old.reasons,
            after=new.outcome.value,
            after_reasons=new.reasons,
            why=why,
        )


def _code(decision: Decision) -> str:
    """The reason of a hand-off, else the outcome."""
    return decision.reason.value if decision.reason else decision.outcome.value


def _code_of(turn: LoggedTurn) -> str:
    return turn.seen.reason or turn.seen.outcome


def _what_is_known_of(turn: LoggedTurn) -> str:
    if turn.label is None:
        return "nobody has said whether it fits"
    if turn.label == turn.reading.intent:
        return "an agent has said that it is the right one"
    return f"an agent has said that it was {turn.label}"
