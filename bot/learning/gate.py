"""The gate: may a candidate take the place of the current model?

Pure. Belongs here: the tolerances, with their reasons, and the words when one is exceeded. Does not
belong here: the counting (`bot.learning.evaluate`, `bot.learning.replay`), or what an owner decides
in spite of it.

Both models read the same sentences, so what is compared is not two shares, each with an error of
its own, but the sentences on which they differ: `lost` were right before and are wrong now,
`gained` the other way round. Two trainings that are equally good differ on some sentences by
chance. So

- of one intent, with few held-out sentences, a net loss is tolerated up to a tenth of them, and of
  one sentence in any case;
- over all intents, where there are many, the exact sign test decides (McNemar 1947, in the exact
  form of the binomial): a loss so one-sided that chance brings it about in fewer than one of twenty
  comparisons is refused, and a large one (2 % of the sentences, at least 3) without a test;
- out-of-scope sentences and logged hand-offs are not to fall: one sentence is tolerated, or one in
  fifty, since that is what a rewording moves;
- of the sentences that ask for a person none may be lost. That is the promise of the whole thing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Final

from bot.events import Record
from bot.learning.evaluate import OUT_OF_SCOPE, Evaluation, SentenceChange
from bot.learning.replay import Replay

#: Net loss tolerated of one intent: so many sentences, or this share of them if that is more.
INTENT_LOSS: Final = 1
INTENT_SHARE: Final = 0.10
#: Net loss over all intents that is refused without a test: more than this share, and this many.
ALL_SHARE: Final = 0.02
ALL_LOSS: Final = 3
#: A loss that chance brings about more rarely than this is refused.
CHANCE: Final = 0.05
#: Net loss tolerated of out-of-scope sentences and of logged hand-offs.
KEPT_LOSS: Final = 1
KEPT_SHARE: Final = 0.02
#: A new intent with at least so many held-out sentences must be found in this share of them.
NEW_SENTENCES: Final = 3
NEW_RECALL: Final = 0.5


class Verdict(Record, frozen=True):
    """`reasons`: why not; none when it passed. `remarks`: what could not be judged."""

    passed: bool
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def judge(
    before: Evaluation | None,
    after: Evaluation,
    changed: Sequence[SentenceChange],
    replay: Replay | None,
    *,
    known: Collection[str],
    new: Collection[str] = (),
) -> Verdict:
    """Compare the candidate (`after`) with the current model (`before`: None if there is none).

    Args:
        changed: the held-out sentences that the two read differently.
        replay: of recent turns; None when there were none.
        known: the intents of the candidate.
        new: those of them that the current model does not have.
    """
    if before is None:
        return Verdict(passed=True, remarks=("There is no current model to compare with.",))
    reasons = [
        *_intents(before, after, changed, known, new),
        *_all(before, changed),
        *_out_of_scope(before, after),
        *_asking(before, after),
        *(_handoffs(replay) if replay is not None else ()),
    ]
    return Verdict(
        passed=not reasons,
        reasons=tuple(reasons),
        remarks=tuple(_remarks(after, replay, known)),
    )


def tolerated(sentences: int, share: float, at_least: int) -> int:
    """How many may be lost of so many."""
    return max(at_least, math.floor(share * sentences))


def by_chance(lost: int, gained: int) -> float:
    """The probability that of `lost + gained` differences, each as likely to be a loss as a gain,
    at least `lost` are losses: the exact one-sided sign test."""
    n = lost + gained
    return float(sum(math.comb(n, k) for k in range(lost, n + 1)) / 2**n)


def _intents(
    before: Evaluation,
    after: Evaluation,
    changed: Sequence[SentenceChange],
    known: Collection[str],
    new: Collection[str],
) -> list[str]:
    reasons = []
    for old in before.intents:
        if old.intent == OUT_OF_SCOPE or old.intent not in known or not old.sentences:
            continue
        now = after.of(old.intent)
        loss, allowed = old.right - now.right, tolerated(old.sentences, INTENT_SHARE, INTENT_LOSS)
        if loss > allowed:
            taken = [c.after.intent for c in changed if c.intent == old.intent and c.gained < 0]
            where = max(sorted(set(taken)), key=taken.count) if taken else OUT_OF_SCOPE
            reasons.append(
                f"{old.intent}: {now.right} of {old.sentences} held-out sentences are read "
                f"rightly, and {old.right} before; at most {allowed} may be lost. "
                f"Most of those lost are read as {where}."
            )
    for intent in sorted(new):
        figures = after.of(intent)
        if figures.sentences >= NEW_SENTENCES and figures.right < NEW_RECALL * figures.sentences:
            reasons.append(
                f"{intent}, which is new, is found in {figures.right} of {figures.sentences} "
                "held-out sentences only; at least half are needed."
            )
    return reasons


def _all(before: Evaluation, changed: Sequence[SentenceChange]) -> list[str]:
    ours = [c for c in changed if c.intent != OUT_OF_SCOPE]
    lost, gained = sum(c.gained < 0 for c in ours), sum(c.gained > 0 for c in ours)
    large = lost - gained >= ALL_LOSS and lost - gained > ALL_SHARE * before.sentences
    rare = lost > gained and by_chance(lost, gained) < CHANCE
    if not large and not rare:
        return []
    return [
        f"Over all intents {lost} held-out sentences are no longer read rightly, and {gained} are "
        f"only now, of {before.sentences}. "
        + (
            "Chance does that in fewer than one of twenty comparisons."
            if rare
            else f"At most {tolerated(before.sentences, ALL_SHARE, ALL_LOSS - 1)} may be lost."
        )
    ]


def _out_of_scope(before: Evaluation, after: Evaluation) -> list[str]:
    old, now = before.of(OUT_OF_SCOPE), after.of(OUT_OF_SCOPE)
    allowed = tolerated(old.sentences, KEPT_SHARE, KEPT_LOSS)
    if old.right - now.right <= allowed:
        return []
    words = (
        f"Of {old.sentences} sentences that are none of ours {now.right} are recognised as such, "
        f"and {old.right} before; at most {allowed} may be lost."
    )
    return [words]


def _asking(before: Evaluation, after: Evaluation) -> list[str]:
    if after.heard >= before.heard:
        return []
    words = (
        f"Of {before.asked} held-out requests for a person {after.heard} are heard, and "
        f"{before.heard} before; none may be lost."
    )
    return [words]


def _handoffs(replay: Replay) -> list[str]:
    allowed = tolerated(replay.handoffs, KEPT_SHARE, KEPT_LOSS)
    if replay.before.handed_over - replay.after.handed_over <= allowed:
        return []
    words = (
        f"Of {replay.handoffs} logged turns that went to a person {replay.after.handed_over} "
        f"would again, and {replay.before.handed_over} with the current model; at most {allowed} "
        "may be lost."
    )
    return [words]


def _remarks(after: Evaluation, replay: Replay | None, known: Collection[str]) -> list[str]:
    remarks = []
    without = sorted(intent for intent in known if not after.of(intent).sentences)
    if without:
        remarks.append(f"No held-out sentence says how well these are read: {', '.join(without)}.")
    if replay is None or not replay.turns:
        remarks.append("There were no logged turns to replay.")
    elif replay.left_out:
        remarks.append(
            f"{replay.left_out} logged conversations could not be replayed; they are older than "
            "what a replay needs."
        )
    return remarks
