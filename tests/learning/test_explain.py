"""Why the assistant said what it said."""

from __future__ import annotations

import pytest

from benchmarks.talks import Talk
from bot import commands as do
from bot.events import Agent, Handoff, Reading, Seen
from bot.learning.explain import Step, Turn, UnknownTurn, explain

RANKING = (
    {"name": "order_status", "confidence": 0.62},
    {"name": "track_parcel", "confidence": 0.3},
)
READING = Reading(
    intent="order_status",
    confidence=0.62,
    ranking=RANKING,
    entities=({"entity": "order_number", "value": "NL-10482"},),
    frustration=0.7,
    sentiment=-0.6,
    reasons=("torn between order_status and track_parcel",),
    outcome="clarify",
    slots={"order_number": "NL-10482", "email": None},
    turn=Seen(
        help=0.4,
        help_page="delivery",
        form="return_form",
        requested_slot="item",
        fills_form=True,
        cues={"wants_person": 0.8, "thanks": 0.1},
    ),
)


@pytest.fixture
def talk() -> Talk:
    return Talk("t1", 1_000)


def of(talk: Talk, seq: int) -> Turn:
    return explain(talk.state.id, talk.entries, seq)


def test_a_turn_in_all_its_numbers(talk: Talk) -> None:
    seq = talk.say("where is NL-10482!!")
    talk.answer("What do you mean?", READING, after=420)
    turn = of(talk, seq)
    assert [(one.intent, one.confidence) for one in turn.ranking] == [
        ("order_status", 0.62),
        ("track_parcel", 0.3),
    ]
    assert [(one.name, one.value) for one in turn.slots] == [("order_number", "NL-10482")]
    assert [(one.intent, one.confidence) for one in turn.cues] == [
        ("wants_person", 0.8),
        ("thanks", 0.1),
    ]
    assert turn.answer.took_ms == 420
    assert [one["text"] for one in turn.answer.messages] == ["What do you mean?"]
    assert turn.scores["frustration"] == 0.7
    assert turn.seen is not None
    assert turn.seen["help_page"] == "delivery"
    assert (turn.result, turn.result_words) == ("asked_back", "the assistant asked back")


def test_the_steps_in_words(talk: Talk) -> None:
    seq = talk.say("where is NL-10482!!")
    talk.answer("What do you mean?", READING)
    assert of(talk, seq).steps == (
        Step(what="Understood as order_status", why="order_status 0.62; next track_parcel 0.30"),
        Step(what="Found in it", why="order_number: NL-10482"),
        Step(what="Noticed", why="frustrated 0.70; unfriendly 0.60"),
        Step(what="Heard", why="wants_person 0.80"),
        Step(
            what="In the middle of a form",
            why="return_form, which had asked for item; the message answers it",
        ),
        Step(what="The nearest help page", why="delivery (0.40)"),
        Step(what="Asked back", why="torn between order_status and track_parcel"),
    )


def test_a_hand_off_says_why(talk: Talk) -> None:
    seq = talk.say("a person")
    handoff = Handoff(reason="asked_for_human", reasons=("asked for a person (0.97)",))
    talk.answer("", Reading(intent="talk_to_human", outcome="handoff"), handoff=handoff)
    turn = of(talk, seq)
    assert turn.handoff is not None
    assert turn.handoff["reason"] == "asked_for_human"
    assert turn.steps[-2:] == (
        Step(what="Handed over", why="asked for a person (0.97)"),
        Step(what="Said nothing"),
    )


def test_an_answer_that_nobody_saw_says_so(talk: Talk) -> None:
    seq = talk.say("where is it?")
    before = talk.state.epoch
    talk.do(do.AskForPerson(handoff=Handoff(reason="asked_for_human")))
    talk.answer("There.", READING, to=seq, epoch=before)
    turn = of(talk, seq)
    assert turn.answer.dropped == "a person had been asked for meanwhile"
    assert turn.steps[-1] == Step(
        what="The customer never saw the answer", why="a person had been asked for meanwhile"
    )


def test_neighbours(talk: Talk) -> None:
    seqs = []
    for text in ("one", "two", "three"):
        seqs.append(talk.say(text))
        talk.answer("Yes.", READING)
    assert [(of(talk, seq).before, of(talk, seq).after) for seq in seqs] == [
        (None, seqs[1]),
        (seqs[0], seqs[2]),
        (seqs[1], None),
    ]


def test_an_old_log_without_ranking_cues_and_policy_still_says_something(talk: Talk) -> None:
    seq = talk.say("hello")
    talk.answer("Hi!", Reading(intent="greet", confidence=0.9), after=-50)
    turn = of(talk, seq)
    assert (turn.seen, turn.cues, turn.answer.took_ms) == (None, (), 0)
    assert turn.steps[0] == Step(what="Understood as greet", why="greet 0.90")
    other = talk.say("hm")
    talk.answer("?", Reading())
    assert of(talk, other).steps[0] == Step(what="Understood as nothing that it knows")


def test_what_was_never_read_cannot_be_explained(talk: Talk) -> None:
    talk.do(do.AskForPerson(handoff=Handoff(reason="asked_for_human")))
    talk.claim(Agent(login="anna", name="Anna"))
    seq = talk.say("hello?")
    for unknown in (seq, 1, 2, 99, 0):
        with pytest.raises(UnknownTurn):
            of(talk, unknown)
