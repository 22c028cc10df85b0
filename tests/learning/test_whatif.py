"""What if: replays reproduce what was logged, and say what other thresholds would have changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields, replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.learning import facts
from bot.learning.archive_extent import Extent
from bot.learning.logged import LoggedConversation, agent_time, turn_of, wrong_answers
from bot.learning.whatif import TOLD_EVERY, USUAL_MS, Comparison, compare
from bot.learning.whatif_today import COMPARED, Today, between, follow, may_change, today
from bot.triage import Policy
from tests.learning.logged_talks import DAY, SHIPPED, Said, talk, under

HOURS = Said("when are you open")
VAGUE = Said("the thing about sunday", confidence=0.45)
LOST = Said("blorp fnord", intent="nlu_fallback", confidence=0.2)
ANGRY = Said("this is outrageous", intent="order_status", frustration=0.8)
WANTS_ONE = Said("can I talk to a human")


class Talks:
    """A history in memory. `asked`: how often a conversation was."""

    def __init__(self, *talks: LoggedConversation) -> None:
        self._talks = {talk.id: talk for talk in talks}
        self.asked = 0

    def extent(self) -> Extent:
        return Extent(read=len(self._talks), of=len(self._talks))

    def versions(self, since: int) -> dict[str, int]:
        return {
            id: talk.turns[-1].seq
            for id, talk in self._talks.items()
            if any(turn.at >= since for turn in talk.turns)
        }

    def chosen(self, ids: Collection[str]) -> Iterator[LoggedConversation]:
        for id in ids:
            self.asked += 1
            yield self._talks[id]


def compared(
    *talks: LoggedConversation,
    current: Policy = SHIPPED,
    proposed: Policy = SHIPPED,
    since: int = 0,
) -> Comparison:
    return compare(Talks(*talks), current, proposed, since=since, until=28 * DAY, known={})


def counts(comparison: Comparison) -> dict[str, int]:
    return {group.code: group.count for group in comparison.groups if group.count}


messages = some.builds(
    Said,
    text=some.sampled_from(
        ["when are you open", "where is it", "/affirm", "no", "agent please", "boots 42", "hm"]
    ),
    intent=some.sampled_from(
        ["opening_hours", "order_status", "deny", "affirm", "thank", "nlu_fallback", "gift_card"]
    ),
    confidence=some.floats(0, 1),
    frustration=some.floats(0, 1),
    help=some.floats(0, 1),
    form=some.sampled_from([None, None, "order_status_form"]),
    cues=some.sampled_from([(), (("person", 0.5),), (("legal", 0.7),), (("unhelped", 0.65),)]),
    fingerprint=some.sampled_from(["", "ff" * 32, "f0" * 32]),
    out_of_scope=some.floats(0, 1),
    language=some.sampled_from(["en", "en", "de"]),
    returned=some.booleans(),
    action_gave_up=some.booleans(),
)
talks = some.lists(messages, min_size=1, max_size=9)


@settings(deadline=None, max_examples=30)
@given(talks)
def test_a_replay_with_the_unchanged_policy_reproduces_what_was_logged(said: list[Said]) -> None:
    logged = talk("c", *said)
    decisions = follow(logged.turns, [turn_of(turn) for turn in logged.turns], SHIPPED)
    assert [(d.outcome.value, d.reason) for d in decisions] == [
        (turn.seen.outcome, turn.seen.reason) for turn in logged.turns
    ]
    assert [d.reasons for d in decisions] == [turn.reading.reasons for turn in logged.turns]
    found = compared(logged)
    assert found.reproduced == found.turns == len(said)
    assert counts(found) == {}
    assert found.before == found.after
    assert found.hours == 0


@settings(deadline=None, max_examples=30)
@given(talks, some.floats(0.1, 0.6), some.floats(0.5, 1.0), some.integers(0, 3))
def test_whatever_is_proposed_the_sums_agree(
    said: list[Said], answer: float, anger: float, clarifications: int
) -> None:
    proposed = under(answer_confidence=answer, anger=anger, clarifications=clarifications)
    found = compared(talk("c", *said), proposed=proposed)
    changed = counts(found)
    assert found.after.handoffs == found.before.handoffs + changed.get("gained", 0) - changed.get(
        "lost", 0
    )
    assert sum(changed.get(c, 0) for c in ("gained", "lost", "earlier", "later")) <= 1
    back = compared(talk("c", *said), current=proposed, proposed=SHIPPED)
    assert counts(back).get("lost", 0) == changed.get("gained", 0)
    assert back.reproduced <= back.turns


# --- what need not be decided again ---------------------------------------------------------

thresholds = some.fixed_dictionaries(
    {},
    optional={
        "answer_confidence": some.floats(0, 1),
        "sure_confidence": some.floats(0, 1),
        "margin": some.floats(0, 1),
        "out_of_scope": some.floats(0, 1),
        "human_confidence": some.floats(0, 1),
        "help_score": some.floats(0, 1),
        "person_cue": some.floats(0, 1),
        "unhelped_cue": some.floats(0, 1),
        "anger": some.floats(0, 1),
        "annoyance": some.floats(0, 1),
        "strain": some.floats(0.1, 3),
        "strain_kept": some.floats(0, 1),
        "likeness": some.floats(0, 1),
        "clarifications": some.integers(0, 6),
        "foreign_clarifications": some.integers(0, 6),
        "repeated_messages": some.integers(2, 6),
        "candidates": some.integers(1, 6),
        "candidate_confidence": some.floats(0, 1),
        "suggestion_confidence": some.floats(0, 1),
    },
)


@settings(deadline=None, max_examples=150)
@given(talks, thresholds, thresholds)
def test_where_nothing_can_change_every_decision_is_the_same(
    said: list[Said], one: dict[str, float], other: dict[str, float]
) -> None:
    current, proposed = under(**one), under(**(one | other))
    logged = talk("c", *said, policy=current)
    known = today(logged, 1, current)
    if may_change(known, between(current, proposed)):
        return
    turns = [turn_of(turn) for turn in logged.turns]
    old, new = (follow(logged.turns, turns, policy) for policy in (current, proposed))
    assert [(d.outcome, d.reason) for d in old] == [(d.outcome, d.reason) for d in new]
    assert [d.memory for d in old] == [d.memory for d in new]


@pytest.mark.parametrize("name", sorted(COMPARED))
def test_a_threshold_that_passes_no_score_leaves_a_conversation_alone(name: str) -> None:
    logged = talk("c", HOURS, replace(HOURS, text="and on sundays"))
    known = today(logged, 1, SHIPPED)
    value = getattr(SHIPPED, name)
    nearby = value + (1 if isinstance(value, int) else 0.01)
    assert not may_change(known, between(SHIPPED, under(**{name: nearby})))


def test_of_a_threshold_that_is_compared_with_no_score_everything_may_follow() -> None:
    assert between(SHIPPED, under(strain_kept=0.1)) is None
    assert may_change(today(talk("c", HOURS), 1, SHIPPED), None)
    assert set(COMPARED) <= {field.name for field in fields(Policy)}


def test_what_was_found_out_before_is_not_decided_again() -> None:
    history = Talks(talk("a", HOURS), talk("b", VAGUE), talk("c", WANTS_ONE))
    known: dict[str, Today] = {}

    def tried(answer: float) -> Comparison:
        proposed = under(answer_confidence=answer)
        return compare(history, SHIPPED, proposed, since=0, until=28 * DAY, known=known)

    first = tried(0.5)
    assert (first.turns, counts(first), history.asked) == (3, {"right_lost": 1}, 3 + 1)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(known), type=dict[str, Today])
    assert kept == known
    assert tried(0.5) == first
    assert history.asked == 4 + 1
    assert counts(tried(0.42)) == {}
    assert history.asked == 5


def test_a_conversation_that_went_on_is_decided_anew_and_an_erased_one_forgotten() -> None:
    known: dict[str, Today] = {}
    before = Talks(talk("a", HOURS), talk("b", HOURS))
    compare(before, SHIPPED, SHIPPED, since=0, until=28 * DAY, known=known)
    after = Talks(talk("a", HOURS, VAGUE))
    found = compare(after, SHIPPED, SHIPPED, since=0, until=28 * DAY, known=known)
    assert (found.turns, found.conversations, after.asked) == (2, 1, 1)
    assert list(known) == ["a"]


def test_progress_is_told_and_ends_at_the_whole() -> None:
    history = Talks(*(talk(f"c{n:03}", VAGUE) for n in range(2 * TOLD_EVERY)))
    told: list[tuple[int, int]] = []
    compare(
        history,
        SHIPPED,
        under(answer_confidence=0.5),
        since=0,
        until=28 * DAY,
        known={},
        progress=lambda done, of: told.append((done, of)),
    )
    assert told[-1] == (4 * TOLD_EVERY, 4 * TOLD_EVERY)
    assert [done for done, _ in told] == [TOLD_EVERY * n for n in (1, 2, 3, 4)]
    assert all(done <= of for done, of in told)


# --- what changes ---------------------------------------------------------------------------


def test_a_person_called_where_none_was_is_gained_and_costs_what_others_cost() -> None:
    talks = [
        talk("a", HOURS, replace(ANGRY, frustration=0.6)),
        talk("b", WANTS_ONE, agent_ms=120_000),
        talk("c", WANTS_ONE, agent_ms=240_000),
        talk("d", WANTS_ONE, agent_ms=960_000),
    ]
    found = compared(*talks, proposed=under(anger=0.55))
    assert counts(found) == {"gained": 1, "right_lost": 1}
    assert (found.median_ms, found.timed) == (240_000, 3)
    assert found.hours == pytest.approx(240_000 / 3_600_000)
    assert found.before.by_reason == {"asked_for_human": 3}
    assert found.after.by_reason == {"asked_for_human": 3, "frustrated": 1}
    (example,) = found.groups[0].examples
    assert (example.conversation, example.seq, example.text) == ("a", 4, "this is outrageous")
    assert (example.before, example.after) == ("answer", "handoff")
    assert example.after_reasons == ("frustration 0.60, rising",)


def test_a_person_who_would_not_have_been_called_saves_what_that_conversation_cost() -> None:
    talks = [
        talk("a", HOURS, replace(ANGRY, frustration=0.8), agent_ms=300_000),
        talk("b", WANTS_ONE, agent_ms=60_000),
    ]
    found = compared(*talks, proposed=under(anger=0.9))
    assert counts(found) == {"lost": 1, "answers_gained": 1}
    assert found.hours == pytest.approx(-300_000 / 3_600_000)
    assert found.after.by_reason == {"asked_for_human": 1}


def test_without_any_known_time_a_usual_one_counts() -> None:
    found = compared(talk("a", replace(ANGRY, frustration=0.6)), proposed=under(anger=0.55))
    assert (found.median_ms, found.timed) == (USUAL_MS, 0)


def test_what_comes_after_a_hand_off_that_would_have_been_is_not_decided() -> None:
    logged = talk("a", replace(ANGRY, frustration=0.6), VAGUE, VAGUE, HOURS)
    found = compared(logged, proposed=under(anger=0.55, answer_confidence=0.5))
    assert counts(found) == {"gained": 1, "right_lost": 1}


def test_a_person_who_comes_earlier_is_no_person_more() -> None:
    logged = talk("a", LOST, replace(LOST, text="corge"), replace(LOST, text="quux"))
    assert logged.turns[-1].seen.outcome == "handoff"
    found = compared(logged, proposed=under(clarifications=1))
    assert counts(found) == {"earlier": 1}
    assert found.before.handoffs == found.after.handoffs == 1
    later = compared(
        talk("a", *(replace(LOST, text=t) for t in ("blorp", "fnord", "quux")), HOURS),
        proposed=under(clarifications=3, strain=9.0),
    )
    assert counts(later) == {"lost": 1}
    assert later.after.handoffs == 0


def test_a_hand_off_in_another_stretch_is_another_hand_off() -> None:
    first = replace(ANGRY, frustration=0.6)
    logged = talk("a", first, WANTS_ONE, replace(HOURS, returned=True), WANTS_ONE)
    found = compared(logged, proposed=under(anger=0.55))
    assert counts(found) == {"earlier": 1, "right_lost": 1}
    assert found.before.handoffs == found.after.handoffs == 2


@pytest.mark.parametrize(
    ("message", "after", "why"),
    [
        (replace(VAGUE, label="order_status"), [], "an agent says that it was order_status"),
        (replace(VAGUE, afterwards=facts.ESCALATED), [WANTS_ONE], "a person was asked for"),
        (replace(VAGUE, afterwards=facts.RATED_LOW), [], "rated it badly"),
        (VAGUE, [VAGUE], "said the same again"),
    ],
)
def test_a_wrong_answer_that_would_not_have_been_given_is_avoided(
    message: Said, after: list[Said], why: str
) -> None:
    found = compared(talk("a", message, *after), proposed=under(answer_confidence=0.5))
    group = next(group for group in found.groups if group.code == "wrong_avoided")
    assert group.count == 1
    assert why in group.examples[0].why
    assert found.before.wrong == 1
    assert found.after.wrong == 0


@pytest.mark.parametrize("message", [VAGUE, replace(VAGUE, label="opening_hours")])
def test_an_answer_that_nobody_complained_about_is_lost(message: Said) -> None:
    found = compared(talk("a", message), proposed=under(answer_confidence=0.5))
    assert counts(found) == {"right_lost": 1}
    assert found.after.asked_back == 1


def test_small_talk_is_no_answer_that_could_be_lost() -> None:
    thanks = Said("ta", intent="thank", confidence=0.45)
    found = compared(talk("a", thanks), proposed=under(answer_confidence=0.5))
    assert counts(found) == {}
    assert found.after.asked_back == 1


@pytest.mark.parametrize(
    ("label", "known"),
    [
        (None, "nobody has said"),
        ("opening_hours", "the right one"),
        ("order_status", "it was order_status"),
    ],
)
def test_an_answer_more_comes_with_what_is_known_of_it(label: str | None, known: str) -> None:
    logged = talk("a", replace(VAGUE, confidence=0.35, label=label))
    found = compared(logged, proposed=under(answer_confidence=0.3))
    assert counts(found) == {"answers_gained": 1}
    assert known in found.groups[-1].examples[0].why


def test_a_form_that_gave_up_would_give_up_again_where_the_message_is_answered() -> None:
    logged = talk("a", replace(VAGUE, action_gave_up=True), replace(HOURS, returned=True))
    assert counts(compared(logged, proposed=under(sure_confidence=0.7))) == {}
    asked_back = compared(logged, proposed=under(answer_confidence=0.5))
    assert counts(asked_back) == {}
    assert asked_back.after.asked_back == 1


def test_a_dropped_answer_was_no_answer_but_is_remembered() -> None:
    logged = talk("a", VAGUE, VAGUE, VAGUE)
    assert logged.turns[-1].seen.outcome == "handoff"
    first = replace_turn(logged, 0, dropped=True)
    found = compared(first, proposed=under(answer_confidence=0.46))
    assert found.turns == 2
    assert found.reproduced == 2


def test_only_messages_of_the_period_count_and_older_ones_are_remembered() -> None:
    logged = talk("a", VAGUE, VAGUE, VAGUE, began=10 * DAY - 90_000)
    found = compared(logged, since=10 * DAY)
    assert (found.turns, found.reproduced, found.conversations) == (1, 1, 1)
    nothing = compared(logged, since=11 * DAY)
    assert (nothing.turns, nothing.conversations) == (0, 0)


def test_what_was_logged_before_triage_was_is_left_out_and_said() -> None:
    new = talk("a", HOURS)
    old = replace_turn(new, 0, reading=replace_reading(new))
    found = compared(old, talk("b", HOURS))
    assert (found.left_out, found.conversations) == (1, 1)


def test_what_was_decided_under_other_rules_is_not_called_reproduced() -> None:
    logged = talk("a", VAGUE, HOURS, policy=under(answer_confidence=0.5))
    found = compared(logged)
    assert (found.turns, found.reproduced) == (2, 1)


def test_of_many_changes_the_latest_are_shown() -> None:
    talks = [
        talk(f"c{n:03}", replace(ANGRY, frustration=0.6), began=n * 60_000) for n in range(100)
    ]
    found = compared(*talks, proposed=under(anger=0.55))
    gained = found.groups[0]
    assert gained.count == 100
    assert [e.conversation for e in gained.examples[:2]] == ["c099", "c098"]
    assert len(gained.examples) == 12


@pytest.mark.parametrize(
    ("messages", "claims", "spent"),
    [
        ([(0, "customer"), (10, "bot")], [], None),
        ([(0, "customer"), (60_000, "agent")], [], 60_000),
        ([(0, "customer"), (60_000, "agent")], [40_000], 20_000),
        ([(0, "customer"), (900_000, "agent")], [], 300_000),
        ([(0, "customer"), (900_000, "agent"), (900_500, "agent")], [899_000], 1_500),
        ([(50, "agent")], [], 0),
        ([(100, "customer"), (50, "agent")], [], 0),
    ],
)
def test_an_agents_time_is_what_lies_before_each_message_and_not_a_long_silence(
    messages: list[tuple[int, str]], claims: list[int], spent: int | None
) -> None:
    assert agent_time(messages, claims) == spent


def test_the_same_words_again_are_no_sign_within_a_form_or_by_a_button() -> None:
    again = talk("a", HOURS, HOURS)
    assert list(wrong_answers(again, (), 0.75)) == [2]
    button = talk("a", Said("/opening_hours"), Said("/opening_hours"))
    assert not wrong_answers(button, (), 0.75)


def replace_turn(talk: LoggedConversation, at: int, **changes: object) -> LoggedConversation:
    turns = list(talk.turns)
    turns[at] = msgspec.structs.replace(turns[at], **changes)
    return msgspec.structs.replace(talk, turns=tuple(turns))


def replace_reading(talk: LoggedConversation) -> object:
    return msgspec.structs.replace(talk.turns[0].reading, turn=None)
