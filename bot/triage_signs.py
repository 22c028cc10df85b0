"""What the rules of triage ask about a turn: can it be placed, who is wished for, what adds up?

Here belongs what more than one rule needs to know; which of it leads to what is decided in
`bot.triage`. Pure, like all of triage.
"""

from __future__ import annotations

import re
import unicodedata

from bot.dialects import readings
from bot.human_requests import normalise
from bot.triage_policy import Policy
from bot.triage_turn import Candidate, Turn, times_said

PERSON = "person"
UNHELPED = "unhelped"
BLAMES_OTHERS = "blames_others"
"""Cues (files in data/cues) that the rules themselves look for."""

SURE_OF_BLAME = 0.85
"""Probability of blaming others from which anger does not count."""

CALM = 0.1
"""Frustration below which nobody complains who is pleased."""

PLEASED = 0.3
"""Sentiment (-1 to 1) from which a calm customer praises."""

BEYOND_DOUBT = 0.9
"""Probability of the cue for a person from which it counts beside "my travel agent" too."""

RISE = 0.1
"""Frustration is called rising from this much above the message before."""

_TO_US = re.compile(r"(?<!\w)(?:you|your|yours|u|ur|you're|this (?:shop|company|bot|site))(?!\w)")
"""Words that speak to the shop."""


def doubt_about(turn: Turn, policy: Policy) -> str | None:
    """Why the message cannot be placed, in words; None if it can."""
    if turn.is_payload:
        return None
    if not any(c.isalnum() or unicodedata.category(c) == "So" for c in turn.text):
        return "a message without words"
    if turn.memory.clarifications and turn.intent in policy.rejecting_intents:
        return "none of the suggestions fits"
    if turn.intent is None or turn.intent == policy.fallback_intent:
        return f"could not place the message ({turn.confidence:.2f})"
    if turn.intent == policy.human_intent:
        return f"may or may not ask for a person ({turn.confidence:.2f})"
    if turn.confidence < policy.answer_confidence:
        return f"could not place the message ({turn.confidence:.2f})"
    if turn.out_of_scope >= policy.out_of_scope:
        return f"seems to be about something else (out of scope {turn.out_of_scope:.2f})"
    best = rival(turn, policy) if turn.confidence < policy.sure_confidence else None
    if best is not None and turn.confidence - best.confidence < policy.margin:
        return (
            f"torn between {turn.intent} ({turn.confidence:.2f}) "
            f"and {best.intent} ({best.confidence:.2f})"
        )
    return None


def rival(turn: Turn, policy: Policy) -> Candidate | None:
    """The second likely intent; None where there is no other."""
    rivals = [c for c in turn.ranking if c.intent not in {turn.intent, policy.fallback_intent}]
    return max(rivals, key=lambda c: c.confidence, default=None)


def wish(turn: Turn, policy: Policy) -> float:
    """How likely the customer wishes for a person, by cue and intent together.

    Each may have missed it alone, so they count as independent evidence (noisy or).
    """
    real = [c for c in turn.ranking if c.intent != policy.fallback_intent]
    best = max(real, key=lambda c: c.confidence, default=None)
    asks = best is not None and best.intent == policy.human_intent
    # Out of scope the ranking says nothing: everything is equally likely then.
    share = best.confidence * (1 - turn.out_of_scope) if best is not None and asks else 0.0
    return 1 - (1 - turn.cue(PERSON)) * (1 - share)


def worth_offering(turn: Turn, policy: Policy) -> tuple[str, ...]:
    """The intents worth offering, best first; small talk and the fallback are not."""
    hidden = {policy.fallback_intent, policy.human_intent} | policy.chat_intents
    ranked = sorted(turn.ranking, key=lambda c: -c.confidence)
    good = [
        c.intent
        for c in ranked
        if c.intent not in hidden and c.confidence >= policy.candidate_confidence
    ]
    return tuple(dict.fromkeys(good))[: policy.candidates]


def foreign(turn: Turn, policy: Policy) -> bool:
    return turn.language not in policy.languages


def asked_in_vain(turn: Turn, policy: Policy) -> bool:
    """As many clarifications in a row as are allowed have brought nothing."""
    abroad = foreign(turn, policy)
    allowed = policy.foreign_clarifications if abroad else policy.clarifications
    return turn.memory.clarifications >= allowed


def strain_after(turn: Turn, policy: Policy) -> tuple[float, tuple[str, ...]]:
    """What has added up with this message, and in words what this message adds.

    What is left of the strain before, the frustration of this message, and a weight for each sign
    that the conversation leads nowhere.
    """
    before = turn.memory.strain * policy.strain_kept
    if turn.is_payload and not did_not_help(turn, policy):
        return before, ()
    adds = []
    if turn.frustration >= policy.annoyance / 2 and not blames_others(turn):
        adds.append((turn.frustration, frustration_in_words(turn)))
    if did_not_help(turn, policy):
        # The question, which is still open, and this "no".
        adds.append((2 * policy.strain_unplaced, "the help page did not help"))
    unhelped = bool(turn.memory.texts) and turn.cue(UNHELPED) >= policy.unhelped_cue
    if unhelped and not did_not_help(turn, policy):
        adds.append((policy.strain_unhelped, "the last answer did not help"))
    if turn.intent not in policy.chat_intents and not turn.fills_form:
        shown_again = turn.help_page is not None and turn.help_page == turn.memory.helped
        paged = page_answers(turn, policy)
        if times_said(turn, policy.likeness) or (paged and shown_again):
            adds.append((policy.strain_repeated, "said it again"))
        # A form counts by itself what it cannot read.
        doubt = None if turn.form else doubt_about(turn, policy)
        if doubt and not paged and not unhelped:
            adds.append((policy.strain_unplaced, doubt))
    return before + sum(weight for weight, _ in adds), tuple(words for _, words in adds)


def blames_others(turn: Turn) -> bool:
    """The anger is about somebody else: an airline, another shop, the customer's own cat. Whoever
    says "you" had better mean it kindly beyond doubt."""
    addressed = any(_TO_US.search(normalise(said)) for said in readings(turn.text))
    return turn.cue(BLAMES_OTHERS) >= (BEYOND_DOUBT if addressed else SURE_OF_BLAME)


def holds_nothing_against_us(turn: Turn) -> bool:
    """What the classifier takes for a complaint is about others, or is praise."""
    praise = turn.frustration < CALM and turn.sentiment >= PLEASED
    return praise or blames_others(turn)


def frustration_in_words(turn: Turn) -> str:
    earlier = turn.memory.frustrations
    rising = bool(earlier) and turn.frustration > earlier[-1] + RISE
    return f"frustration {turn.frustration:.2f}" + (", rising" if rising else "")


def did_not_help(turn: Turn, policy: Policy) -> bool:
    """The customer says, or presses, "no" to a help page."""
    return turn.memory.helped is not None and turn.intent in policy.rejecting_intents


def page_answers(turn: Turn, policy: Policy) -> bool:
    """Whether a help page has the answer, and the intents have none, or only a general one."""
    if turn.is_payload or turn.help < policy.help_score or turn.help_page is None:
        return False
    if turn.help_page in turn.memory.unhelpful or turn.intent == policy.human_intent:
        return False
    return doubt_about(turn, policy) is not None or turn.intent in policy.general_intents
