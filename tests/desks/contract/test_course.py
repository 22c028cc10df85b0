"""The contract: drafts and suggestions, passing on, the end and what comes after it."""

from __future__ import annotations

from bot import commands as do
from bot.conversation import State
from bot.events import AgentSpoke, Closed, DraftDropped, Labelled, Snoozed, Transferred
from bot.router import Router
from tests.desks.contract.driver import ANNA, BEN, CANNED, SKILL, DeskDriver
from tests.desks.contract.truth import Truth
from tests.desks.contract.visitor import Visitor
from tests.scripted_assistant import ScriptedAssistant, hands_off

SORRY = "We are sorry to hear that, and will call you today."
TAPED = "Yes, all seams are taped."


async def asks_something_sensitive(
    desk: DeskDriver, customer: Visitor, assistant: ScriptedAssistant
) -> None:
    answer = hands_off(reason="sensitive")
    answer["handoff"]["draft"] = SORRY
    assistant.on("I cut my hand on your stove", answer)
    await customer.say("I cut my hand on your stove")
    await customer.is_in("waiting")
    await desk.sees_card(customer.id)
    await desk.sees(customer.id, SORRY)
    assert SORRY not in customer.everything()


async def test_a_draft_on_a_sensitive_topic_is_sent_when_somebody_approves_it(
    desk: DeskDriver, customer: Visitor, assistant: ScriptedAssistant, truth: Truth
) -> None:
    await asks_something_sensitive(desk, customer, assistant)
    await desk.send_draft(ANNA, customer.id, SORRY)
    await customer.reads(SORRY)
    (said,) = await truth.gets(customer.id, AgentSpoke)
    assert said.draft is not None
    assert (await truth.now(customer.id)).drafts == ()


async def test_a_draft_can_be_changed_before_it_is_sent(
    desk: DeskDriver, customer: Visitor, assistant: ScriptedAssistant
) -> None:
    await asks_something_sensitive(desk, customer, assistant)
    changed = "We are very sorry. What is your number?"
    await desk.send_draft(ANNA, customer.id, SORRY, changed=changed)
    await customer.reads(changed)


async def test_a_draft_that_is_discarded_is_never_sent(
    desk: DeskDriver, customer: Visitor, assistant: ScriptedAssistant, truth: Truth
) -> None:
    await asks_something_sensitive(desk, customer, assistant)
    await desk.discard_draft(ANNA, customer.id, SORRY)
    await truth.gets(customer.id, DraftDropped)
    await desk.reply(ANNA, customer.id, "May we call you?")
    await customer.reads("May we call you?")


async def suggested(desk: DeskDriver, waiting: Visitor, router: Router) -> None:
    """The bot has an idea for the answer to the customer's latest message."""
    asked = await waiting.say("And the floor?")
    await desk.claim(ANNA, waiting.id)
    suggest = do.Suggest(text=TAPED, in_reply_to=asked, intent="tent_care", confidence=0.7)
    await router.execute(waiting.id, suggest)
    await desk.sees(waiting.id, TAPED)


async def test_a_suggested_reply_is_sent_with_one_act(
    desk: DeskDriver, waiting: Visitor, router: Router
) -> None:
    await suggested(desk, waiting, router)
    await desk.send_draft(ANNA, waiting.id, TAPED)
    await waiting.reads(TAPED)


async def test_a_suggested_reply_can_be_edited_first(
    desk: DeskDriver, waiting: Visitor, router: Router
) -> None:
    await suggested(desk, waiting, router)
    await desk.send_draft(ANNA, waiting.id, TAPED, changed="All but one are taped.")
    await waiting.reads("All but one are taped.")


async def test_a_canned_reply_is_sent_by_its_name(desk: DeskDriver, waiting: Visitor) -> None:
    name, text = CANNED
    await desk.claim(ANNA, waiting.id)
    await desk.send_canned(ANNA, waiting.id, name)
    await waiting.reads(text)


async def test_it_is_passed_on_to_a_person(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.reply(ANNA, waiting.id, "Hello!")
    await desk.pass_to(ANNA, waiting.id, BEN)
    (passed,) = await truth.gets(waiting.id, Transferred)
    assert (passed.agent, passed.to) == (ANNA, BEN)
    await desk.sees_card(waiting.id)
    assert await desk.claim(BEN, waiting.id) == ""
    await desk.reply(BEN, waiting.id, "Ben here.")
    await waiting.reads("Hello!", "Ben here.")


async def test_it_is_passed_on_to_a_skill_with_all_that_was_said(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.reply(ANNA, waiting.id, "Hello!")
    await desk.pass_to_skill(ANNA, waiting.id, SKILL)
    (passed,) = await truth.gets(waiting.id, Transferred)
    assert passed.skill == SKILL
    await desk.sees(waiting.id, "Is the tent waterproof?")
    await desk.reply(BEN, waiting.id, "Sales here.")
    await waiting.reads("Hello!", "Sales here.")


async def test_it_is_put_away_until_the_customer_writes(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.claim(ANNA, waiting.id)
    await desk.snooze(ANNA, waiting.id)
    assert (await truth.becomes(waiting.id, State.SNOOZED)).owner == ANNA
    (snoozed,) = await truth.gets(waiting.id, Snoozed)
    assert snoozed.until > 0
    await waiting.say("I found it myself")
    await truth.becomes(waiting.id, State.HUMAN)
    await desk.sees(waiting.id, "I found it myself")


async def test_it_is_returned_to_the_bot_which_answers_again(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.reply(ANNA, waiting.id, "The bot knows this.")
    await desk.return_to_bot(ANNA, waiting.id)
    await waiting.is_in("bot")
    await waiting.say("opening hours")
    await waiting.sees("an answer", lambda e: "echo: opening hours" in str(e.get("messages")))


async def test_it_is_closed_with_an_outcome_rated_and_the_desk_sees_the_rating(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.reply(ANNA, waiting.id, "Yes.")
    await desk.close(ANNA, waiting.id, "unsolved")
    (closed,) = await truth.gets(waiting.id, Closed)
    assert (closed.agent, closed.outcome) == (ANNA, "unsolved")
    await waiting.is_in("closed")
    await waiting.rate(4, "Quick, thanks.")
    await desk.sees_rating(waiting.id, 4, "Quick, thanks.")


async def test_it_opens_again_when_the_customer_writes_and_comes_back_to_the_desk(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await desk.reply(ANNA, waiting.id, "Yes.")
    await desk.close(ANNA, waiting.id, "solved")
    await waiting.is_in("closed")
    await waiting.say("one more thing")
    await waiting.is_in("bot")
    await waiting.ask_for_person()
    await truth.becomes(waiting.id, State.WAITING)
    await desk.sees_card(waiting.id)
    await desk.sees(waiting.id, "one more thing")
    await desk.reply(ANNA, waiting.id, "Yes?")
    await waiting.reads("Yes.", "Yes?")


async def test_an_agent_opens_it_again(desk: DeskDriver, waiting: Visitor, truth: Truth) -> None:
    await desk.reply(ANNA, waiting.id, "Yes.")
    await desk.close(ANNA, waiting.id, "solved")
    await waiting.is_in("closed")
    await desk.reopen(BEN, waiting.id)
    assert (await truth.becomes(waiting.id, State.HUMAN)).owner == BEN
    await desk.reply(BEN, waiting.id, "I forgot something.")
    await waiting.reads("Yes.", "I forgot something.")


async def test_what_the_bot_should_have_answered_is_labelled(
    desk: DeskDriver, waiting: Visitor, truth: Truth
) -> None:
    await waiting.say("do you repair poles")
    await desk.sees(waiting.id, "do you repair poles")
    await desk.claim(ANNA, waiting.id)
    await desk.label(ANNA, waiting.id, "do you repair poles", "warranty_repair")
    (known,) = await truth.gets(waiting.id, Labelled)
    assert (known.intent, known.new) == ("warranty_repair", False)
    await desk.label(ANNA, waiting.id, "Is the tent waterproof?", "tent_care", new=True)
    _, unknown = await truth.gets(waiting.id, Labelled, 2)
    assert (unknown.intent, unknown.new) == ("tent_care", True)
    assert known.of != unknown.of


async def test_the_transcript_is_there_as_a_text_file(desk: DeskDriver, waiting: Visitor) -> None:
    await desk.reply(ANNA, waiting.id, "Yes, the seams are taped.")
    await desk.note(ANNA, waiting.id, "asks about the Trollvegg")
    await waiting.reads("Yes, the seams are taped.")
    text = await desk.transcript(ANNA, waiting.id)
    for line in (
        "Customer: Is the tent waterproof?",
        "Anna Berg: Yes, the seams are taped.",
        "Anna Berg (note): asks about the Trollvegg",
    ):
        assert line in text
