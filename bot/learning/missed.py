"""Which messages of a conversation the assistant missed, why, and what happened next.

Pure, on what the archive keeps of one conversation. Belongs here: what is a reason to show a
message to the owner, and how much it would help to answer it. Does not belong here: redaction and
reading the archive (`bot.learning.collecting`), or what is alike (`bot.learning.clusters`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.known_intents import FALLBACK

DAY_MS: Final = 86_400_000

HALF_LIFE_DAYS: Final = 30.0
"""A customer who asked so long ago counts half: what is asked now matters more."""

WEIGHTS: Final[Mapping[str, float]] = {
    "labelled": 1.0,
    "not_placed": 1.0,
    "rated_badly": 0.9,
    "escalated": 0.9,
    "unsure": 0.8,
    "answered_by_person": 0.6,
}
"""How sure it is that an answer would have helped this customer, by reason (see
`review_shapes.REASONS`). Who was unsure asked back, and often got on; to people, customers also say
much that needs no answer of a bot."""

LONGEST: Final = 400
"""Characters; what is longer is a letter, and no example of an intent."""

FEWEST_WORDS: Final = 4
"""Of a message to a person: shorter ones answer the person ("yes, the blue one")."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the assistant read in a message, as the archive has it (`bot.learning.facts`): `result`
    is one of `facts.RESULTS`, `handoff` the reason if a person was asked for in reply."""

    intent: str | None
    confidence: float
    out_of_scope: float
    ranking: tuple[tuple[str, float], ...]
    result: str
    handoff: str | None = None
    fills_form: bool = False
    pressed: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `who`: customer, bot, agent or notice; `agent`: a login."""

    seq: int
    at: int
    who: str
    text: str
    agent: str = ""
    turn: Turn | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """An agent's word on the customer's message `of`."""

    of: int
    at: int
    intent: str
    new: bool
    agent: str


@dataclass(frozen=True, slots=True)
class Story:
    """One conversation, in order."""

    id: str
    said: Sequence[Said]
    labels: Sequence[Label] = ()
    asked_for_person: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Missed:
    """A message for the owner. `reasons` and `afterwards` are codes of `review_shapes`, the most
    telling reason first; `reply` is what was said next, by `replied_by`: bot, or an agent's login.
    """

    conversation: str
    seq: int
    at: int
    text: str
    reasons: tuple[str, ...]
    intent: str | None = None
    confidence: float = 0.0
    ranking: tuple[tuple[str, float], ...] = ()
    label: Label | None = None
    afterwards: str = "left"
    reply: str = ""
    replied_by: str = ""

    @property
    def weight(self) -> float:
        return WEIGHTS[self.reasons[0]]


def missed(story: Story, *, strange: float = 0.5) -> list[Missed]:
    """The messages of a conversation that belong in the inbox.

    Args:
        strange: out-of-scope score from which a message counts as not understood.
    """
    labels = {label.of: label for label in story.labels}
    found = []
    for place, said in enumerate(story.said):
        if said.who != "customer" or not _is_a_wish(said):
            continue
        label = labels.get(said.seq)
        reasons = _reasons(said, label, story.said[place + 1 :], strange)
        if not reasons:
            continue
        turn = said.turn
        afterwards, reply = _afterwards(story, place)
        found.append(
            Missed(
                conversation=story.id,
                seq=said.seq,
                at=said.at,
                text=said.text,
                reasons=reasons,
                intent=turn.intent if turn else None,
                confidence=turn.confidence if turn else 0.0,
                ranking=turn.ranking if turn else (),
                label=label,
                afterwards=afterwards,
                reply=reply.text if reply else "",
                replied_by=(reply.agent or "bot") if reply else "",
            )
        )
    return found


def _is_a_wish(said: Said) -> bool:
    """Whether the message could be an example: words, typed, and no letter."""
    if not any(sign.isalpha() for sign in said.text) or len(said.text) > LONGEST:
        return False
    return said.turn is None or not (said.turn.pressed or said.turn.fills_form)


def _reasons(
    said: Said, label: Label | None, after: Sequence[Said], strange: float
) -> tuple[str, ...]:
    reasons = ["labelled"] if label else []
    turn = said.turn
    if turn is None:
        if len(said.text.split()) >= FEWEST_WORDS and _next_word(after) == "agent":
            reasons.append("answered_by_person")
        return tuple(reasons)
    unknown = turn.intent in (None, FALLBACK) or turn.out_of_scope >= strange
    if turn.result == "asked_back":
        reasons.append("not_placed" if unknown else "unsure")
    elif turn.result == "handed_off" and turn.handoff == "clarifications_failed":
        reasons.append("not_placed")
    elif turn.result == "rated_low":
        reasons.append("rated_badly")
    elif turn.result == "escalated":
        reasons.append("escalated")
    return tuple(reasons)


def _next_word(after: Sequence[Said]) -> str:
    """Who says something next, notices aside."""
    return next((said.who for said in after if said.who != "notice"), "")


def _afterwards(story: Story, place: int) -> tuple[str, Said | None]:
    """What happened next, as a code, and what was said to the customer next."""
    seq = story.said[place].seq
    after = [said for said in story.said[place + 1 :] if said.who != "notice"]
    reply = next((said for said in after if said.who in ("bot", "agent")), None)
    person = next((said for said in after if said.who == "agent"), None)
    again = [said for said in after if said.who == "customer"]
    # Who writes "a person, please" next is asked for by that message.
    soon = again[1].seq if len(again) > 1 else None
    asked = _asked(story, seq, soon)
    if person and (asked or not again or person.seq < again[0].seq):
        return "person_answered", person
    if asked:
        return "person_asked", reply
    if _answered(story.said[place]) and reply:
        return "settled", reply
    return ("asked_again" if again else "left"), reply


def _asked(story: Story, after: int, before: int | None) -> bool:
    return any(after <= seq and (before is None or seq < before) for seq in story.asked_for_person)


def _answered(said: Said) -> bool:
    return said.turn is not None and said.turn.result == "answered"


# ------------------------------------------------------------------------------------ how much


def helped(missed: Iterable[tuple[str, int, float]], now: int) -> float:
    """How many customers it would have helped to answer these messages.

    Args:
        missed: (conversation, at, weight) of each; a conversation counts once, with the most that
            one of its messages counts.
        now: ms; what lies ahead of it (a clock was set back) counts as now.
    """
    best: dict[str, float] = {}
    for conversation, at, weight in missed:
        days = max(0.0, (now - at) / DAY_MS)
        counts = weight * 0.5 ** (days / HALF_LIFE_DAYS)
        best[conversation] = max(counts, best.get(conversation, 0.0))
    return sum(best.values())
