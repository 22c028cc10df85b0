"""What if: the logged conversations of some days, decided again under other rules of triage.

Pure. Belongs here: comparing two policies, and the figures of it. Does not belong here: following a
conversation under one (`bot.learning.whatif_today`), where the conversations come from
(`bot.learning.logged.History`), or changing data/triage.yml (`bot.learning.triage_edit`).

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bot.events import Record
from bot.learning.archive_extent import Extent
from bot.learning.logged import History, LoggedConversation, LoggedTurn, turn_of, wrong_answers
from bot.learning.whatif_today import Today, between, calls, code_of, follow, may_change, today
from bot.triage import Decision, Outcome, Policy, Reason

DAY_MS: Final = 86_400_000
EXAMPLES: Final = 12
"""Examples kept of each kind of change, the latest first."""

TOLD_EVERY: Final = 100
"""Conversations from one word of progress to the next."""

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
    `archive`: of how many of all logs this is.
    """

    archive: Extent
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


# --- two policies -------------------------------------------------------------------------------


def compare(
    history: History,
    current: Policy,
    proposed: Policy,
    *,
    since: int,
    until: int,
    known: dict[str, Today],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Comparison:
    """What `proposed` would have changed in the messages from `since` to `until` (ms), as against
    `current`.

    Args:
        known: by conversation, what an earlier comparison made of it under the same `current`; is
            brought up to date, so that the next one is quicker.
        progress: told now and then how many conversations were decided, of how many.
    """
    versions = history.versions(since)
    for id in [id for id in known if id not in versions]:
        del known[id]
    new = [
        id for id, version in versions.items() if id not in known or known[id].version != version
    ]
    where = between(current, proposed)
    # About as much work again, as long as nobody knows better.
    of = len(new) + (len(versions) if where is None else 0)
    steps = _Steps(progress, of)
    for conversation in history.chosen(new):
        known[conversation.id] = today(conversation, versions[conversation.id], current)
        steps.one()
    tally = _Tally()
    for id in versions:
        tally.add(known[id], since)
    touched = [id for id in versions if may_change(known[id], where)]
    steps.of = steps.done + len(touched)
    for conversation in history.chosen(touched):
        tally.change(_Pair(conversation, current, proposed, since))
        steps.one()
    return tally.comparison(history.extent(), since, until)


class _Steps:
    """Counts conversations, and tells it from time to time."""

    def __init__(self, told: Callable[[int, int], None], of: int) -> None:
        self._told = told
        self.of = of
        self.done = 0

    def one(self) -> None:
        self.done += 1
        if self.done % TOLD_EVERY == 0:
            self._told(self.done, self.of)


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
        self._conversations = self._left_out = self._turns = self._reproduced = self._wrong = 0
        self._before: Counter[str] = Counter()
        self._moved: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._spent: list[int] = []
        self._saved: list[int | None] = []
        self._examples: dict[str, list[Example]] = {code: [] for code in GROUPS}

    def add(self, known: Today, since: int) -> None:
        """A conversation as it is under the policy in force."""
        if known.marks is None:
            self._left_out += 1
            return
        counted = [mark for mark in known.marks if mark.at >= since and mark.counts]
        if not counted:
            return
        self._conversations += 1
        self._turns += len(counted)
        for mark in counted:
            self._before[mark.code] += 1
            self._reproduced += mark.as_logged
            self._wrong += mark.wrong
        if known.agent_ms is not None:
            self._spent.append(known.agent_ms)

    def change(self, pair: _Pair) -> None:
        """What another policy makes different in one of them."""
        for code, example in pair.changes():
            self._counts[code] += 1
            if code == "lost":
                self._saved.append(pair.logged.agent_ms)
            self._examples[code].append(example)
            if len(self._examples[code]) > 4 * EXAMPLES:
                self._examples[code] = list(self.latest(code))
        for less, more in pair.moved():
            if less is not None:
                self._moved[less] -= 1
            if more is not None:
                self._moved[more] += 1

    def comparison(self, archive: Extent, since: int, until: int) -> Comparison:
        median = round(statistics.median(self._spent)) if self._spent else USUAL_MS
        saved = sum(median if known is None else known for known in self._saved)
        after = Counter(self._before)
        after.update(self._moved)
        return Comparison(
            archive=archive,
            since=since,
            until=until,
            conversations=self._conversations,
            left_out=self._left_out,
            turns=self._turns,
            reproduced=self._reproduced,
            before=_totals(self._before, self._wrong),
            after=_totals(after, self._wrong - self._counts["wrong_avoided"]),
            hours=(self._counts["gained"] * median - saved) / 3_600_000,
            median_ms=median,
            timed=len(self._spent),
            groups=tuple(
                Group(code=code, words=words, count=self._counts[code], examples=self.latest(code))
                for code, words in GROUPS.items()
            ),
        )

    def latest(self, code: str) -> tuple[Example, ...]:
        examples = self._examples[code]
        return tuple(sorted(examples, key=lambda e: (-e.at, e.conversation, e.seq))[:EXAMPLES])


class _Pair:
    """One conversation under both policies, compared up to where the two part.

    Raises ValueError for one that cannot be followed."""

    def __init__(
        self, logged: LoggedConversation, current: Policy, proposed: Policy, since: int
    ) -> None:
        self.logged = logged
        turns = [turn_of(turn) for turn in logged.turns]
        self._old = follow(logged.turns, turns, current)
        self._new = follow(logged.turns, turns, proposed)
        self._chat = current.chat_intents
        self._wrong = wrong_answers(logged, current.chat_intents, current.likeness)
        known = enumerate(logged.turns[: len(self._old)])
        counted = {at for at, turn in known if turn.at >= since and not turn.dropped}
        self._compared = self._until_they_part(counted)

    def _until_they_part(self, counted: set[int]) -> list[tuple[int, Decision, Decision]]:
        compared = []
        both = zip(self._old, self._new, strict=False)
        for at, (old, new) in enumerate(both):
            if at in counted:
                compared.append((at, old, new))
            if calls(old) != calls(new):
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
            yield code_of(old), code_of(new)
            if calls(new) and not calls(old):
                yield self._calls_later(self._old, at), None
            elif calls(old) and not calls(new):
                yield None, self._calls_later(self._new, at)

    def _person(self, at: int, old: Decision, new: Decision) -> tuple[str, str]:
        if calls(new) and not calls(old):
            return ("earlier" if self._calls_later(self._old, at) else "gained"), ""
        if calls(old) and not calls(new):
            return ("later" if self._calls_later(self._new, at) else "lost"), ""
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
            if calls(decisions[later]):
                return code_of(decisions[later])
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


def _what_is_known_of(turn: LoggedTurn) -> str:
    if turn.label is None:
        return "nobody has said whether it fits"
    if turn.label == turn.reading.intent:
        return "an agent has said that it is the right one"
    return f"an agent has said that it was {turn.label}"
