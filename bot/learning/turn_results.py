"""What became of one turn of the assistant's: whether the customer got what they should.

Pure. Belongs here: the results there are, and which of them a turn has, from the log around it.
Does not belong here: the rows that are stored of a turn (`bot.learning.facts`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from bot.events import (
    AgentSpoke,
    BotAnswered,
    CustomerSpoke,
    Entry,
    HandoffRequested,
    Labelled,
    Rated,
    Reading,
)

#: What became of one turn of the bot's, the most telling first.
LABELLED: Final = "labelled"  #: an agent says that it should have been understood otherwise
DROPPED: Final = "dropped"  #: a person had come meanwhile: the customer never saw it
PASSED_ON: Final = "passed_on"  #: the bot asked for a person, as it should (`WANTED`)
GAVE_UP: Final = "gave_up"  #: the bot asked for a person, since it did not get on
ASKED_BACK: Final = "asked_back"  #: the bot did not know what was meant
ESCALATED: Final = "escalated"  #: it answered, and the customer's next step led to a person
RATED_LOW: Final = "rated_low"  #: it gave the last answer before a rating of 1 or 2 stars
ANSWERED: Final = "answered"  #: none of these
RESULTS: Final = (
    LABELLED,
    DROPPED,
    PASSED_ON,
    GAVE_UP,
    ASKED_BACK,
    ESCALATED,
    RATED_LOW,
    ANSWERED,
)
#: The results of turns in which the customer got what they should.
SERVED: Final = (ANSWERED, PASSED_ON)
#: Reasons of hand-offs that say nothing against the bot: the customer or the owner wants a person.
WANTED: Final = frozenset({"asked_for_human", "complaint", "sensitive", "business_lead"})
#: Stars up to which a rating says that it went badly.
LOW_STARS: Final = 2


class Course:
    """A whole log as far as results depend on it. Made once for all of its turns: long
    conversations are archived again and again.

    `spoken`: the customer's messages by seq; `labels`: what agents say that they were about.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.spoken: dict[int, Entry] = {}
        self.labels: dict[int, str] = {}
        self._reasons: dict[int, str] = {}
        self._handoffs: list[tuple[int, int | None]] = []
        self._stars: dict[int, int] = {}
        answer = 0
        for entry in entries:
            match entry.event:
                case CustomerSpoke():
                    self.spoken[entry.seq] = entry
                case Labelled(of=of, intent=intent):
                    self.labels[of] = intent
                case HandoffRequested(handoff=handoff, in_reply_to=about):
                    self._handoffs.append((entry.seq, about))
                    if about is not None:
                        self._reasons.setdefault(about, handoff.reason)
                case Rated(stars=stars):
                    self._stars[answer] = stars
                case _ if answers(entry):
                    answer = entry.seq
                case _:
                    pass
        self._order = list(self.spoken)
        self._handoff_seqs = [seq for seq, _ in self._handoffs]

    def result(self, seq: int, answer: Entry, reading: Reading, *, dropped: bool) -> str:
        """Of the customer's message `seq`, in which `answer` was given."""
        if seq in self.labels:
            return LABELLED
        if dropped:
            return DROPPED
        if (reason := self._reasons.get(seq)) is not None:
            return PASSED_ON if reason in WANTED else GAVE_UP
        if reading.outcome == "clarify":
            return ASKED_BACK
        if self._person_next(seq, answer):
            return ESCALATED
        if self._stars.get(answer.seq, LOW_STARS + 1) <= LOW_STARS:
            return RATED_LOW
        return ANSWERED

    def _person_next(self, seq: int, answer: Entry) -> bool:
        """Whether a person was asked for by the customer's next message, or by the button before
        the message after that."""
        place = bisect_right(self._handoff_seqs, answer.seq)
        if place == len(self._handoffs):
            return False
        at, about = self._handoffs[place]
        position = bisect_right(self._order, seq)
        following, second = (*self._order[position : position + 2], None, None)[:2]
        return about == following if about is not None else second is None or at < second


def answers(entry: Entry) -> bool:
    """Whether the customer got words for an answer: not the greeting."""
    match entry.event:
        case BotAnswered(in_reply_to=seq, messages=messages):
            return seq is not None and bool(messages)
        case AgentSpoke():
            return True
    return False
