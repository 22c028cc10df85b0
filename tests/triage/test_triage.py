"""Triage: every rule, the order of the rules, and what a conversation remembers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.said_again import likeness
from bot.triage import (
    RULES,
    Candidate,
    Decision,
    Memory,
    Outcome,
    Policy,
    Reason,
    Turn,
    decide,
    load_policy,
)

POLICY = load_policy(Path("data/triage.yml").read_text(encoding="utf-8"))

ORDER = Turn(
    "where is my order", "order_status", 0.93, (Candidate("order_status", 0.93),), language="en"
)
FOG = Turn(
    "the thing with the stuff",
    "nlu_fallback",
    0.31,
    (
        Candidate("nlu_fallback", 0.31),
        Candidate("stock_check", 0.31),
        Candidate("greet", 0.2),
        Candidate("product_care", 0.15),
    ),
)


def talk(*turns: Turn, policy: Policy = POLICY) -> list[Decision]:
    """The decisions of a conversation; memory goes through the slot, as it does in Rasa."""
    decisions: list[Decision] = []
    for turn in turns:
        memory = Memory.from_json(decisions[-1].as_slot()["memory"]) if decisions else Memory()
        decisions.append(decide(replace(turn, memory=memory), policy))
    return decisions


def outcomes(decisions: list[Decision]) -> list[str]:
    return [d.outcome.value for d in decisions]


# --- answers --------------------------------------------------------------------------------


def test_a_clear_question_is_answered_without_comment() -> None:
    decision = decide(ORDER, POLICY)
    assert decision.outcome is Outcome.ANSWER
    assert decision.reasons == ()
    assert not decision.offer_person


def test_mild_annoyance_is_answered_and_a_person_offered() -> None:
    decision = decide(replace(ORDER, frustration=0.5), POLICY)
    assert decision.outcome is Outcome.ANSWER
    assert decision.offer_person
    assert decision.reasons == ("a little annoyed (0.50)",)


def test_a_pressed_button_is_answered_whatever_the_scores_say() -> None:
    pressed = Turn("/inform", "inform", 0.1, out_of_scope=1.0)
    assert decide(pressed, POLICY).outcome is Outcome.ANSWER


# --- requests for a person ------------------------------------------------------------------


def test_words_that_ask_for_a_person_hand_off_even_when_the_classifier_missed_them() -> None:
    decision = decide(replace(FOG, text="let me speak to somebody real"), POLICY)
    assert decision.reason is Reason.ASKED_FOR_HUMAN
    assert decision.reasons == ("asked for a person",)


def test_the_intent_hands_off_from_a_low_confidence_on() -> None:
    turn = Turn("need some assistance from your side", "talk_to_human", 0.36)
    decision = decide(turn, POLICY)
    assert decision.reason is Reason.ASKED_FOR_HUMAN
    assert decision.reasons == ("asked for a person (talk_to_human 0.36)",)


def test_the_cue_hands_off_what_words_and_intent_missed() -> None:
    turn = replace(ORDER, text="this needs common sense", cues={"person": 0.7})
    decision = decide(turn, POLICY)
    assert decision.reason is Reason.ASKED_FOR_HUMAN
    assert decision.reasons == ("seems to ask for a person (0.70)",)
    assert decide(replace(turn, cues={"person": 0.2}), POLICY).outcome is Outcome.ANSWER


def test_the_button_for_a_person_hands_off() -> None:
    assert decide(Turn("/talk_to_human", "talk_to_human", 1.0), POLICY).reason is (
        Reason.ASKED_FOR_HUMAN
    )


@pytest.mark.parametrize(
    "text", ["my travel agent booked it", "are you a human?", "I have to ask my manager"]
)
def test_other_peoples_agents_are_asked_about_however_sure_the_classifier(text: str) -> None:
    decision = decide(Turn(text, "talk_to_human", 0.97), POLICY)
    assert decision.outcome is Outcome.CLARIFY
    assert decision.reasons == ("may or may not ask for a person (0.97)",)


def test_a_request_for_a_person_is_granted_in_the_middle_of_a_form() -> None:
    turn = Turn("agent please", "inform", 0.9, form="order_form", requested_slot="order_number")
    assert decide(turn, POLICY).reason is Reason.ASKED_FOR_HUMAN


# --- sensitive topics -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I shall take LEGAL ACTION", "mentions legal action (“legal action”)"),
        ("you will   see you in court", "mentions legal action (“see you in court”)"),
        ("the stove caught fire in my tent", "mentions an injury or danger (“caught fire”)"),
        ("this is a GDPR matter", "is about personal data (“gdpr”)"),
        ("is that phishing", "suspects fraud or theft (“phishing”)"),
    ],
)
def test_a_sensitive_phrase_hands_off_with_the_words_that_were_said(text: str, words: str) -> None:
    decision = decide(replace(ORDER, text=text), POLICY)
    assert decision.reason is Reason.SENSITIVE
    assert decision.reasons == (words,)


def test_what_is_said_outright_counts_before_what_it_sounds_like() -> None:
    turn = replace(ORDER, text="i want to make a formal complaint", cues={"legal": 0.9})
    assert decide(turn, POLICY).reasons == ("makes a complaint (“formal complaint”)",)


def test_a_phrase_within_another_word_is_no_match() -> None:
    assert decide(replace(ORDER, text="is the courtyard shop open"), POLICY).outcome is (
        Outcome.ANSWER
    )


def test_a_sensitive_intent_hands_off_only_when_it_is_sure() -> None:
    unsure = Turn("what do you know about me", "privacy_request", 0.55)
    assert decide(unsure, POLICY).outcome is Outcome.ANSWER
    sure = decide(replace(unsure, confidence=0.8), POLICY)
    assert sure.reason is Reason.SENSITIVE
    assert sure.reasons == ("is about personal data (privacy_request 0.80)",)


@pytest.mark.parametrize(
    ("cue", "words"),
    [
        ("legal", "mentions legal action (0.90)"),
        ("injury", "mentions an injury or danger (0.90)"),
        ("safety", "may be in danger (0.90)"),
        ("privacy", "is about personal data (0.90)"),
        ("fraud", "suspects fraud or theft (0.90)"),
        ("grief", "tells of a death, an illness or great hardship (0.90)"),
    ],
)
def test_a_topic_is_known_by_its_cue_too(cue: str, words: str) -> None:
    decision = decide(replace(ORDER, cues={cue: 0.9}), POLICY)
    assert decision.reason is Reason.SENSITIVE
    assert decision.reasons == (words,)
    assert decide(replace(ORDER, cues={cue: 0.3}), POLICY).outcome is Outcome.ANSWER


def test_a_complaint_has_its_own_reason_code() -> None:
    assert decide(Turn("i want to complain", "complaint", 0.9), POLICY).reason is Reason.COMPLAINT


# --- anger ----------------------------------------------------------------------------------


def test_strong_anger_hands_off_at_once() -> None:
    decision = decide(replace(ORDER, frustration=0.91), POLICY)
    assert decision.reason is Reason.FRUSTRATED
    assert decision.reasons == ("frustration 0.91",)


def test_growing_anger_is_called_rising() -> None:
    *_, last = talk(ORDER, replace(ORDER, text="so where is it", frustration=0.91))
    assert last.reasons == ("frustration 0.91, rising",)


def annoyed(text: str, intent: str = "order_status", score: float = 0.5) -> Turn:
    return replace(ORDER, text=text, intent=intent, frustration=score)


def test_steady_annoyance_adds_up_until_a_person_comes() -> None:
    decisions = talk(
        annoyed("where is my order again"),
        annoyed("and the refund, nobody cares", "refund_status"),
        annoyed("great, now the invoice is wrong", "invoice"),
    )
    assert outcomes(decisions) == ["answer", "answer", "handoff"]
    assert decisions[-1].reason is Reason.FRUSTRATED
    assert decisions[-1].reasons == ("frustration 0.50", "it adds up: strain 1.09")


def test_calm_messages_in_between_let_the_strain_fade() -> None:
    calm = replace(ORDER, text="ok and the cost", intent="delivery_cost")
    said = [
        annoyed("where is it"),
        calm,
        annoyed("what do you mean by sorted", "delivery_time"),
        replace(calm, text="and to norway"),
        annoyed("that is a lot", "delivery_options"),
    ]
    assert outcomes(talk(*said)) == ["answer"] * 5


def test_a_signal_from_outside_lowers_the_bar() -> None:
    turn = replace(ORDER, frustration=0.55)
    assert decide(turn, POLICY).outcome is Outcome.ANSWER
    assert decide(replace(turn, signals=frozenset({"vip"})), POLICY).reason is Reason.FRUSTRATED


# --- help pages -----------------------------------------------------------------------------

PAGED = replace(FOG, text="can my puffer go in the machine", help=0.9, help_page="washing-down")
NO = Turn("no", "deny", 0.95)


def test_a_help_page_answers_what_the_intents_cannot_place() -> None:
    decision = decide(PAGED, POLICY)
    assert decision.outcome is Outcome.HELP
    assert decision.reasons == ("answered by the help page washing-down (0.90)",)


def test_a_help_page_that_is_not_sure_enough_leaves_the_turn_to_the_clarification() -> None:
    unsure = replace(PAGED, help=POLICY.help_score - 0.01)
    assert decide(unsure, POLICY).outcome is Outcome.CLARIFY


def test_an_intent_that_is_sure_answers_by_itself() -> None:
    assert decide(replace(ORDER, help=0.99, help_page="x"), POLICY).outcome is Outcome.ANSWER


def test_an_intent_whose_answer_is_general_lets_a_help_page_go_first() -> None:
    general = Turn("how do i wash my down jacket", "product_care", 0.97)
    assert decide(general, POLICY).outcome is Outcome.ANSWER
    paged = replace(general, help=0.9, help_page="washing-down")
    assert decide(paged, POLICY).outcome is Outcome.HELP


@pytest.mark.parametrize(
    "turn",
    [
        replace(PAGED, text="/product_care", intent="product_care", confidence=1.0),
        replace(PAGED, form="return_form", requested_slot="return_reason"),
        replace(PAGED, intent="talk_to_human", confidence=0.2),
        replace(PAGED, help_page=None),
    ],
)
def test_buttons_forms_and_half_a_request_for_a_person_get_no_help_page(turn: Turn) -> None:
    assert decide(turn, POLICY).outcome is not Outcome.HELP


def test_anger_and_requests_for_a_person_come_before_help_pages() -> None:
    assert decide(replace(PAGED, frustration=0.95), POLICY).reason is Reason.FRUSTRATED
    asked = replace(PAGED, text="let me speak to somebody real")
    assert decide(asked, POLICY).reason is Reason.ASKED_FOR_HUMAN


def test_who_is_annoyed_is_offered_a_person_with_the_help_page() -> None:
    assert decide(replace(PAGED, frustration=0.5), POLICY).offer_person


@pytest.mark.parametrize("no", [NO, replace(NO, text="/deny", confidence=1.0)])
def test_a_no_to_a_help_page_is_no_progress_and_the_page_is_not_shown_again(no: Turn) -> None:
    first, answer, again = talk(PAGED, no, replace(PAGED, text="the puffer thing, in the machine"))
    assert first.memory.helped == "washing-down"
    assert first.memory.strain == 0
    assert answer.memory.strain == 2 * POLICY.strain_unplaced
    assert answer.memory.unhelpful == ("washing-down",)
    assert again.outcome is Outcome.CLARIFY


def test_a_second_page_that_does_not_help_brings_a_person() -> None:
    other = replace(PAGED, text="and in the dryer", help_page="drying")
    decisions = talk(PAGED, NO, other, NO)
    assert outcomes(decisions) == ["help", "answer", "help", "handoff"]
    assert decisions[-1].reason is Reason.REPEATED
    assert decisions[-1].reasons == ("the help page did not help", "it adds up: strain 1.19")


def test_a_yes_to_a_help_page_lets_the_strain_fade() -> None:
    *_, before, last = talk(FOG, PAGED, Turn("/affirm", "affirm", 1.0))
    assert last.memory.strain < before.memory.strain
    assert last.memory.unhelpful == ()


def test_a_no_later_on_is_not_about_the_help_page() -> None:
    *_, last = talk(PAGED, ORDER, NO)
    assert last.memory.unhelpful == ()


def test_a_help_page_that_answers_is_not_a_clarification() -> None:
    fog = replace(FOG, text="something else entirely")
    decisions = talk(FOG, PAGED, fog)
    assert outcomes(decisions) == ["clarify", "help", "clarify"]
    assert decisions[-1].memory.clarifications == 1


def test_the_best_help_page_of_a_parse_is_a_signal() -> None:
    pages = [{"page": "washing-down", "score": 0.8}, {"page": "drying", "score": 0.3}]
    turn = Turn.from_parse({"text": "x", "help": pages})
    assert (turn.help, turn.help_page) == (0.8, "washing-down")


# --- repetition and standstill --------------------------------------------------------------


def test_saying_the_same_thing_three_times_hands_off() -> None:
    said = ["where is my order?", "Where is my order", "WHERE IS MY ORDER!!"]
    decisions = talk(*(replace(ORDER, text=text) for text in said))
    assert outcomes(decisions) == ["answer", "answer", "handoff"]
    assert decisions[-1].reason is Reason.REPEATED
    assert decisions[-1].reasons == ("said the same thing 3 times",)


def test_other_numbers_in_the_same_words_are_other_questions() -> None:
    said = [f"is the jacket 10{n} in stock" for n in range(4)]
    turns = [replace(ORDER, text=t, intent="stock_check") for t in said]
    assert outcomes(talk(*turns)) == ["answer"] * 4


def test_small_talk_may_be_repeated() -> None:
    thanks = Turn("thank you", "thank", 0.99)
    assert outcomes(talk(thanks, thanks, thanks, thanks)) == ["answer"] * 4


def test_a_conversation_that_gets_nowhere_is_handed_off() -> None:
    unhelped = replace(ORDER, cues={"unhelped": 0.9})
    said = [
        ORDER,
        replace(unhelped, text="that does not tell me where it is"),
        FOG,
        replace(unhelped, text="no, the parcel itself", frustration=0.3),
    ]
    decisions = talk(*said)
    assert outcomes(decisions) == ["answer", "answer", "clarify", "handoff"]
    assert decisions[-1].reasons[1] == "the last answer did not help"


def test_nothing_can_have_helped_before_anything_was_said() -> None:
    first = replace(ORDER, cues={"unhelped": 1.0})
    assert decide(first, POLICY).memory.strain == 0


ALIKE = "0" * 64
UNLIKE = "f" * 32 + "0" * 32


def test_the_same_in_other_words_is_said_again() -> None:
    said = ["my parcel does not move", "the package is stuck", "it still sits in the depot"]
    again = [replace(ORDER, text=text, fingerprint=ALIKE) for text in said]
    decisions = talk(*again)
    assert outcomes(decisions) == ["answer", "answer", "handoff"]
    assert decisions[-1].reasons == ("said the same thing 3 times",)
    others = [again[0], replace(again[1], fingerprint=UNLIKE), again[2]]
    assert outcomes(talk(*others)) == ["answer"] * 3


def test_likeness_is_the_cosine_of_the_angle_that_the_bits_stand_for() -> None:
    assert likeness(ALIKE, ALIKE) == pytest.approx(1)
    assert likeness(ALIKE, UNLIKE) == pytest.approx(0, abs=1e-9)
    assert likeness(ALIKE, "f" * 64) == pytest.approx(-1)
    assert likeness("", ALIKE) == likeness("", "") == 0


# --- anger that is not about us -------------------------------------------------------------


def test_fury_at_somebody_else_is_answered() -> None:
    raging = replace(ORDER, text="bloody airline lost my bag", frustration=0.95)
    assert decide(raging, POLICY).outcome is Outcome.HANDOFF
    elsewhere = decide(replace(raging, cues={"blames_others": 0.9}), POLICY)
    assert elsewhere.outcome is Outcome.ANSWER
    assert elsewhere.memory.strain == 0
    at_us = replace(raging, text="bloody joke, you lost my bag", cues={"blames_others": 0.8})
    assert decide(at_us, POLICY).outcome is Outcome.HANDOFF


@pytest.mark.parametrize("you", ["ye", "yous", "unu", "una", "y'all", "u"])
def test_we_are_spoken_to_in_any_way_of_writing_english(you: str) -> None:
    at_us = Turn(text=f"and {you} don lose my bag", frustration=0.9, cues={"blames_others": 0.8})
    assert decide(at_us, POLICY).outcome is Outcome.HANDOFF


def test_a_topic_is_found_in_any_way_of_writing_english() -> None:
    sued = decide(Turn(text="mi a go sue unu"), POLICY)
    assert sued.reasons == ("mentions legal action (“sue you”)",)


def test_what_looks_like_a_complaint_may_be_praise_or_about_others() -> None:
    words = replace(ORDER, text="your service last time!", intent="complaint", confidence=0.95)
    assert decide(words, POLICY).outcome is Outcome.HANDOFF
    for no_complaint in (
        replace(words, sentiment=0.7, frustration=0.02),
        replace(words, cues={"blames_others": 0.9}),
    ):
        assert decide(no_complaint, POLICY).outcome is Outcome.ANSWER
    for complaint in (
        replace(words, sentiment=0.7, frustration=0.4),
        replace(words, text="I file a complaint", sentiment=0.7, frustration=0.02),
    ):
        assert decide(complaint, POLICY).outcome is Outcome.HANDOFF


# --- clarifications -------------------------------------------------------------------------


def test_a_message_that_cannot_be_placed_is_clarified_with_the_best_guesses() -> None:
    decision = decide(FOG, POLICY)
    assert decision.outcome is Outcome.CLARIFY
    assert decision.reasons == ("could not place the message (0.31)",)
    assert decision.candidates == ("stock_check", "product_care")
    assert decision.clarifications == 1


def test_two_failed_clarifications_in_a_row_hand_off() -> None:
    other = replace(FOG, text="you know what i mean", confidence=0.22)
    third = replace(FOG, text="come on", confidence=0.12)
    decisions = talk(FOG, other, third)
    assert outcomes(decisions) == ["clarify", "clarify", "handoff"]
    assert decisions[-1].reason is Reason.CLARIFICATIONS_FAILED
    assert decisions[-1].reasons == ("could not place 3 messages in a row (0.31, 0.22, 0.12)",)


def test_a_placed_message_ends_the_row_of_clarifications() -> None:
    other = replace(FOG, text="it is blue")
    assert outcomes(talk(FOG, ORDER, other)) == ["clarify", "answer", "clarify"]


def test_small_talk_does_not_end_the_row_of_clarifications() -> None:
    hello = Turn("hello?", "greet", 0.9)
    other, third = replace(FOG, text="the blue one"), replace(FOG, text="with the zip thing")
    assert outcomes(talk(FOG, hello, other, hello, third)) == [
        "clarify",
        "answer",
        "clarify",
        "answer",
        "handoff",
    ]


def test_none_of_these_after_a_clarification_is_a_failed_one() -> None:
    none = Turn("no", "deny", 0.99)
    assert outcomes(talk(FOG, none, none)) == ["clarify", "clarify", "handoff"]
    assert decide(none, POLICY).outcome is Outcome.ANSWER


def test_low_confidence_and_out_of_scope_are_clarified() -> None:
    unsure = replace(ORDER, confidence=0.39)
    strange = replace(ORDER, out_of_scope=0.9)
    assert decide(unsure, POLICY).outcome is Outcome.CLARIFY
    decision = decide(strange, POLICY)
    assert decision.outcome is Outcome.CLARIFY
    assert decision.reasons == ("seems to be about something else (out of scope 0.90)",)


def test_two_close_guesses_are_clarified_unless_the_best_is_sure() -> None:
    close = replace(
        ORDER,
        confidence=0.48,
        ranking=(Candidate("order_status", 0.48), Candidate("track_parcel", 0.44)),
    )
    decision = decide(close, POLICY)
    assert decision.outcome is Outcome.CLARIFY
    assert decision.reasons == ("torn between order_status (0.48) and track_parcel (0.44)",)
    assert decide(replace(close, confidence=0.6), POLICY).outcome is Outcome.ANSWER


def test_another_language_gets_one_clarification_only() -> None:
    dutch = replace(FOG, text="waar blijft het nou", language="nl")
    decisions = talk(dutch, replace(dutch, text="nog steeds niks"))
    assert outcomes(decisions) == ["clarify", "handoff"]
    assert "writes in another language (nl)" in decisions[-1].reasons


def test_a_form_reads_its_answers_itself() -> None:
    answer = replace(FOG, text="Acme GmbH", form="lead_form", requested_slot="company")
    assert decide(answer, POLICY).outcome is Outcome.ANSWER


# --- memory ---------------------------------------------------------------------------------


def test_a_hand_off_starts_the_memory_afresh_so_that_a_return_does_not_hand_off_again() -> None:
    decisions = talk(FOG, replace(FOG, text="hmm"), replace(FOG, text="well"), ORDER)
    assert outcomes(decisions) == ["clarify", "clarify", "handoff", "answer"]
    assert decisions[2].memory == Memory()


def test_a_turn_is_read_from_a_parse_and_the_slot() -> None:
    slot = decide(FOG, POLICY).as_slot()
    parse = {
        "text": "NL-10482",
        "intent": {"name": "inform", "confidence": 1.0000001},
        "intent_ranking": [{"name": "inform", "confidence": 1.0}],
        "entities": [{"entity": "order_number", "value": "NL-10482"}],
        "sentiment": -0.2,
        "frustration": 0.1,
        "out_of_scope": 0.05,
        "language": "en",
    }
    turn = Turn.from_parse(parse, previous=slot, form="order_form", requested_slot="order_number")
    assert turn.confidence == 1.0
    assert turn.fills_form
    assert turn.memory.clarifications == 1
    assert turn.memory.unplaced == (0.31,)


@pytest.mark.parametrize(
    ("text", "requested", "fills"),
    [
        ("anna@mail.com", "email", True),
        ("sure, it is anna@mail.com", "email", True),
        ("anna@mail.com", "identity", True),
        ("why do you need that, is anna@mail.com not enough for you", "identity", False),
        ("agent", "email", False),
    ],
)
def test_a_form_is_filled_by_what_it_asked_for_or_by_details_alone(
    text: str, requested: str, fills: bool
) -> None:
    start = text.find("anna")
    found = [{"entity": "email", "start": start, "end": start + 13}] if start >= 0 else []
    parse = {"text": text, "entities": found}
    assert Turn.from_parse(parse, form="f", requested_slot=requested).fills_form is fills
    assert not Turn.from_parse(parse).fills_form


def test_a_detail_that_looks_like_a_request_for_a_person_still_fills_the_form() -> None:
    turn = Turn("anna@mail.com", "talk_to_human", 0.6, form="f", fills_form=True)
    assert decide(turn, POLICY).outcome is Outcome.ANSWER


@pytest.mark.parametrize("text", ["?", "...", "", "  ", "?!?!"])
def test_a_message_without_words_is_asked_about(text: str) -> None:
    decision = decide(replace(ORDER, text=text), POLICY)
    assert decision.outcome is Outcome.CLARIFY
    assert decision.reasons == ("a message without words",)


def test_an_emoji_is_a_message() -> None:
    assert decide(replace(ORDER, text="👍", intent="affirm"), POLICY).outcome is Outcome.ANSWER


def test_a_slot_that_an_action_wrote_by_hand_is_a_valid_memory() -> None:
    turn = Turn.from_parse({"text": "hi"}, previous={"outcome": "handoff", "reason": "form_failed"})
    assert turn.memory == Memory()


@pytest.mark.parametrize("previous", [None, "", [], {"memory": None}, {"memory": {}}])
def test_an_empty_slot_is_an_empty_memory(previous: object) -> None:
    assert Turn.from_parse({}, previous=previous).memory == Memory()  # type: ignore[arg-type]


def test_a_score_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Turn\.frustration is 1\.5"):
        Turn("x", frustration=1.5)


# --- properties -----------------------------------------------------------------------------

scores = st.floats(0, 1)
turns = st.builds(
    Turn,
    text=st.one_of(
        st.text(max_size=40), st.sampled_from(["where is it", "agent", "/affirm", "no", "hi"])
    ),
    intent=st.sampled_from(
        [None, "nlu_fallback", "order_status", "talk_to_human", "greet", "deny"]
    ),
    confidence=scores,
    ranking=st.lists(
        st.builds(Candidate, st.sampled_from(["order_status", "invoice", "greet"]), scores),
        max_size=4,
    ).map(tuple),
    out_of_scope=scores,
    sentiment=st.floats(-1, 1),
    frustration=scores,
    language=st.sampled_from(["en", "nl"]),
    cues=st.dictionaries(st.sampled_from(["person", "unhelped", "legal"]), scores, max_size=3),
    fingerprint=st.sampled_from(["", ALIKE, UNLIKE]),
    form=st.sampled_from([None, "order_form"]),
)


@given(turns)
def test_the_same_turn_always_gets_the_same_decision(turn: Turn) -> None:
    assert decide(turn, POLICY) == decide(turn, POLICY)


@given(turns)
def test_every_hand_off_has_a_code_and_a_reason_in_words(turn: Turn) -> None:
    decision = decide(turn, POLICY)
    if decision.outcome is Outcome.HANDOFF:
        assert all(decision.reasons)
        assert decision.reasons
    if decision.outcome is Outcome.CLARIFY:
        assert len(decision.candidates) <= POLICY.candidates
        assert not set(decision.candidates) & POLICY.chat_intents


@given(st.lists(turns, max_size=12))
def test_a_conversation_never_asks_more_often_in_a_row_than_the_policy_allows(
    said: list[Turn],
) -> None:
    for decision in talk(*said):
        assert decision.clarifications <= POLICY.clarifications
        slot = decision.as_slot()
        assert Memory.from_json(slot["memory"]) == decision.memory
        assert len(decision.memory.texts) <= 6


@given(turns, scores)
def test_more_frustration_never_takes_a_hand_off_back(turn: Turn, more: float) -> None:
    if decide(turn, POLICY).outcome is Outcome.HANDOFF:
        angrier = replace(turn, frustration=max(turn.frustration, more))
        assert decide(angrier, POLICY).outcome is Outcome.HANDOFF


def test_the_last_rule_always_decides() -> None:
    assert RULES[-1](Turn(""), POLICY) is not None


@pytest.mark.parametrize("cue", [0.5, 0.99])
def test_whoever_declines_a_person_gets_none_whatever_the_classifiers_make_of_it(
    cue: float,
) -> None:
    text = "great, no need to get a person involved then"
    turn = replace(ORDER, text=text, intent="talk_to_human", confidence=0.99, cues={"person": cue})
    assert decide(turn, POLICY).outcome is not Outcome.HANDOFF
