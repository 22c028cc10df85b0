"""Logged conversations as learning looks at them: what the assistant read, what came of it, and
the turn that triage saw then.

Pure records. Belongs here: what a replay needs of a conversation, and whether an answer turned
out wrong. Does not belong here: where conversations are kept (`bot.learning.whatif_history` reads
them), or what would have been under other rules (`bot.learning.whatif`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Protocol

from bot.events import Reading, Record, Seen
from bot.learning import facts
from bot.learning.archive_extent import Extent
from bot.said_again import SHORT, remembered, says_the_same
from bot.triage import ASKED, Candidate, Reason, Turn
from bot.triage_turn import readable

TOO_LONG_MS: Final = 5 * 60_000
"""An agent who is silent for longer has not spent that time on this customer."""


class LoggedTurn(Record, frozen=True):
    """A customer's message that the assistant read. `handoff`: the reason for which a person was
    asked for in this turn. `dropped`: the answer came too late, and nobody saw it. `label`: the
    intent that an agent put to it. `result`: one of `bot.learning.facts.RESULTS`."""

    seq: int
    at: int
    text: str
    reading: Reading
    handoff: str | None = None
    dropped: bool = False
    label: str | None = None
    result: str = facts.ANSWERED

    @property
    def seen(self) -> Seen:
        """Raises ValueError for a turn that was logged before triage was."""
        if self.reading.turn is None:
            raise ValueError(f"message {self.seq} was logged without what triage saw")
        return self.reading.turn

    @property
    def answered(self) -> bool:
        """The customer got an answer, from an intent or a help page, and no more than that."""
        return not self.dropped and self.handoff is None and self.seen.outcome in ("answer", "help")


class LoggedConversation(Record, frozen=True):
    """Its turns in order. `agent_ms`: how long agents worked on it; None when none did."""

    id: str
    turns: tuple[LoggedTurn, ...]
    agent_ms: int | None = None


class History(Protocol):
    """Where logged conversations come from; all that it gives is as of one moment."""

    def extent(self) -> Extent:
        """Of how many of all logs this is."""
        ...

    def versions(self, since: int) -> Mapping[str, int]:
        """Each with a message since then (ms), and up to which seq its log is known."""
        ...

    def chosen(self, ids: Collection[str]) -> Iterator[LoggedConversation]:
        """These, whole: also what was said before that."""
        ...


def turn_of(logged: LoggedTurn) -> Turn:
    """What triage saw, without its memory of earlier turns. Whether the words ask for a person is
    the first that triage looks at, whatever the policy, so its decision tells.

    Raises ValueError for a turn that was logged before triage was, and for scores out of range."""
    read, seen = logged.reading, logged.seen
    return Turn(
        text=seen.payload or readable(logged.text),
        intent=read.intent or None,
        confidence=_unit(read.confidence),
        ranking=tuple(
            Candidate(str(r.get("name")), _unit(r.get("confidence"))) for r in read.ranking
        ),
        out_of_scope=_unit(read.out_of_scope),
        sentiment=max(-1.0, min(1.0, read.sentiment)),
        frustration=_unit(read.frustration),
        language=read.language,
        help=seen.help,
        help_page=seen.help_page,
        form=seen.form,
        requested_slot=seen.requested_slot,
        fills_form=seen.fills_form,
        cues=seen.cues,
        fingerprint=seen.fingerprint,
        signals=frozenset(seen.signals),
        asked=seen.reason == Reason.ASKED_FOR_HUMAN.value and read.reasons == (ASKED,),
    )


def wrong_answers(
    conversation: LoggedConversation, chat: Collection[str], likeness: float
) -> Mapping[int, str]:
    """The answers that turned out wrong, by seq of the message, each with the reason in words.

    Signs of it are those of the archive (`facts.RESULTS`): an agent labelled the message with
    another intent, the next message led to a person, a low rating came right after; and that the
    customer said the same again. `chat`: intents of small talk, which are no answers. `likeness`:
    from which cosine on two messages mean the same.
    """
    found: dict[int, str] = {}
    turns = [turn for turn in conversation.turns if not turn.dropped]
    for number, turn in enumerate(turns):
        if not turn.answered or turn.reading.intent in chat:
            continue
        after = turns[number + 1] if number + 1 < len(turns) else None
        if turn.label is not None and turn.label != turn.reading.intent:
            found[turn.seq] = f"an agent says that it was {turn.label}"
        elif turn.result == facts.ESCALATED:
            found[turn.seq] = "a person was asked for right after it"
        elif turn.result == facts.RATED_LOW:
            found[turn.seq] = "the customer rated it badly"
        elif after and not after.seen.fresh and _says_the_same(after, turn, likeness):
            found[turn.seq] = "the customer said the same again"
    return found


def agent_time(messages: Iterable[tuple[int, str]], claims: Iterable[int]) -> int | None:
    """How long agents worked on a conversation (ms); None when no agent wrote.

    Counted for each of an agent's messages: the time since the message before it, or since the
    agent took the conversation if that was later, and at most `TOO_LONG_MS`, since agents do other
    things while they wait. `messages`: when and by whom ("agent" for agents), in order; `claims`:
    when it was taken.
    """
    taken = sorted(claims)
    spent: int | None = None
    before: int | None = None
    for at, who in messages:
        if who == "agent":
            started = max([t for t in (before, *taken) if t is not None and t <= at], default=at)
            spent = (spent or 0) + min(at - started, TOO_LONG_MS)
        before = at
    return spent


def _says_the_same(later: LoggedTurn, earlier: LoggedTurn, likeness: float) -> bool:
    if later.seen.fills_form or later.seen.payload or earlier.seen.payload:
        return False
    one, other = remembered(readable(later.text)), remembered(readable(earlier.text))
    if len(one) < SHORT:
        return False
    return says_the_same(one, later.seen.fingerprint, other, earlier.seen.fingerprint, likeness)


def _unit(value: object) -> float:
    return max(0.0, min(1.0, float(value))) if isinstance(value, int | float) else 0.0
