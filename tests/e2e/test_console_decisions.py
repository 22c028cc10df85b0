"""What waits for an agent's decision, and what can be changed afterwards: drafts, suggestions, held
replies, one's own messages, labels. In a real browser on the real gateway.
"""

from __future__ import annotations

import re

from playwright.async_api import Locator, expect

from bot import commands as do
from bot.events import AgentSpoke, DraftDropped, Handoff, Labelled, Reading, Utterance
from bot.router import Router
from bot.store import Store
from tests.e2e.console_seat import ANNA, BEN, Guest, Seat, arrive
from tests.scripted_assistant import ScriptedAssistant

pytest_plugins = ("tests.e2e.console_fixtures",)

DRAFT = "Everything has a two-year warranty."
HOURS = "From nine to five."


async def with_draft(router: Router, store: Store, assistant: ScriptedAssistant) -> Guest:
    """A customer with a sensitive topic, and the answer that the assistant was not to give."""
    assistant.hold()  # its turn is the one below
    guest = await arrive(router, store)
    asked = await guest.say("I cut my hand on the stove")
    c = await store.load(guest.id)
    answer = do.Answer(
        in_reply_to=asked,
        epoch=c.epoch,
        messages=(Utterance(text="A colleague will be with you."),),
        reading=Reading(intent="warranty_repair", confidence=0.71),
        handoff=Handoff(reason="sensitive", reasons=("mentions an injury",), draft=DRAFT),
    )
    await router.execute(guest.id, answer)
    assistant.release()
    return guest


async def suggest(guest: Guest) -> None:
    """To the customer's newest message."""
    c = await guest.store.load(guest.id)
    suggestion = do.Suggest(
        text=HOURS, in_reply_to=c.unanswered[-1], intent="opening_hours", confidence=0.93
    )
    await guest.router.execute(guest.id, suggestion)


def decision(seat: Seat, name: str | re.Pattern[str]) -> Locator:
    return seat.page.get_by_role("region", name=name)


def said(seat: Seat, text: str) -> Locator:
    """The entry of a message in the log."""
    return seat.page.locator(".log:not(.pending) .entry", has=seat.bubbles(text))


async def menu(seat: Seat, entry: Locator, item: str) -> None:
    await entry.hover()
    await entry.get_by_role("button", name=re.compile("actions$")).click()
    await seat.page.get_by_role("menuitem", name=item).click()


async def claimed(seat: Seat, guest: Guest) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")


# ── drafts ──


async def test_a_draft_is_clearly_one_and_reaches_the_customer_only_when_it_is_approved(
    seat: Seat, router: Router, store: Store, assistant: ScriptedAssistant
) -> None:
    guest = await with_draft(router, store, assistant)
    await seat.log_in()
    await seat.open(guest.id)
    draft = decision(seat, "Draft: the assistant may not send this by itself")
    await expect(draft).to_contain_text(DRAFT)
    await expect(seat.page.locator("#announcer")).to_contain_text("waits for your approval")
    entry = seat.page.locator('.entry[data-kind="draft_written"]')
    await expect(entry).to_contain_text("Not sent: waits for approval")
    assert await guest.said_by(AgentSpoke) == []
    await draft.get_by_role("button", name="Approve, claim and send").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    await expect(said(seat, DRAFT).last).to_contain_text("From the assistant’s words")
    await expect(entry).to_contain_text("Approved by you")
    await expect(draft).to_have_count(0)
    assert await guest.said_by(AgentSpoke) == [DRAFT]


async def test_a_draft_is_changed_first_or_discarded(
    seat: Seat, router: Router, store: Store, assistant: ScriptedAssistant
) -> None:
    guest = await with_draft(router, store, assistant)
    await claimed(seat, guest)
    box = seat.page.locator("#composer-text")
    await box.fill("half a thought")
    await seat.button("Edit first").click()
    await expect(box).to_be_focused()
    await expect(box).to_have_value(DRAFT)
    await seat.page.keyboard.press("Escape")
    await expect(box).to_have_value("half a thought")
    await seat.button("Edit first").click()
    await box.fill("Two years. Are you all right?")
    await seat.button("Approve and send").last.click()
    await expect(said(seat, "Two years. Are you all right?")).to_be_visible()
    await expect(box).to_have_value("half a thought")
    assert await guest.said_by(AgentSpoke) == ["Two years. Are you all right?"]

    other = await with_draft(router, store, assistant)
    await seat.open(other.id)
    await seat.button("Claim").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    await seat.button("Discard").click()
    await expect(seat.page.locator('.entry[data-kind="draft_written"]')).to_contain_text(
        "Discarded by you"
    )
    dropped = [e for e in await store.log(other.id) if isinstance(e.event, DraftDropped)]
    assert len(dropped) == 1
    assert await other.said_by(AgentSpoke) == []


async def test_a_draft_that_is_overtaken_while_it_is_changed_loses_no_words(
    seat: Seat, router: Router, store: Store, assistant: ScriptedAssistant
) -> None:
    guest = await with_draft(router, store, assistant)
    await claimed(seat, guest)
    await seat.button("Edit first").click()
    await seat.page.fill("#composer-text", "Two years, and")
    c = await store.load(guest.id)
    drop = do.DropDraft(agent=ANNA, draft=c.drafts[0].seq)  # in Slack, by herself
    await router.from_agent(guest.id, drop, client_id="anna-drops-it")
    await expect(seat.page.locator(".changing")).to_be_hidden()
    await expect(seat.page.locator("#composer-text")).to_have_value("Two years, and")
    await seat.button("Send").click()
    await expect(said(seat, "Two years, and")).to_be_visible()


# ── suggestions ──


async def test_a_suggestion_comes_by_itself_and_is_sent_changed_or_dismissed(
    seat: Seat, guest: Guest, assistant: ScriptedAssistant
) -> None:
    assistant.suggestions["when are you open?"] = {
        "text": HOURS,
        "intent": "opening_hours",
        "confidence": 0.93,
    }
    await claimed(seat, guest)
    await guest.say("when are you open?")
    offered = decision(seat, "Suggested reply · Opening hours, 93 %")
    await expect(offered).to_contain_text(HOURS)
    await offered.get_by_role("button", name="Send").click()
    await expect(said(seat, HOURS)).to_be_visible()
    await expect(offered).to_have_count(0)

    await guest.say("when are you open?")
    await offered.get_by_role("button", name="Edit first").click()
    await seat.page.locator("#composer-text").fill("From nine to five, also today.")
    await seat.page.keyboard.press("Enter")
    await expect(said(seat, "From nine to five, also today.")).to_be_visible()
    await expect(offered).to_have_count(0)

    await guest.say("when are you open?")
    await expect(offered).to_be_visible()
    await seat.page.locator(".transcript").focus()
    await seat.page.keyboard.press("s")
    await expect(offered.get_by_role("button", name="Send")).to_be_focused()
    await offered.get_by_role("button", name="Dismiss").click()
    await expect(offered).to_have_count(0)
    await expect(seat.page.locator("#composer-text")).to_be_focused()
    assert await guest.said_by(AgentSpoke) == [HOURS, "From nine to five, also today."]


async def test_a_suggestion_is_the_owners_business(seat: Seat, guest: Guest) -> None:
    await guest.router.from_agent(guest.id, do.Claim(agent=BEN), client_id="ben-claims")
    await guest.say("when are you open?")
    await suggest(guest)
    await seat.log_in()
    await seat.open(guest.id)
    await expect(seat.page.locator(".pill")).to_have_text("With Ben Otieno")
    await expect(seat.page.locator(".decision")).to_have_count(0)


# ── held replies ──


async def test_a_reply_into_a_colleagues_conversation_is_held_and_can_be_discarded(
    seat: Seat, other: Seat, guest: Guest
) -> None:
    await guest.router.from_agent(guest.id, do.Claim(agent=BEN), client_id="ben-claims")
    await seat.log_in()
    await seat.open(guest.id)
    await seat.page.fill("#composer-text", "I know this one.")
    await expect(seat.page.locator(".composer-hint")).to_contain_text("Held until you take over")
    await seat.button("Hold reply").click()
    held = decision(seat, "Not sent: Ben Otieno has this conversation")
    await expect(held).to_contain_text("I know this one.")
    await other.log_in("ben")
    await other.open(guest.id)
    await expect(other.page.locator(".entry.held")).to_contain_text("Held, not sent · Anna Berg")
    await expect(other.page.locator(".decision")).to_have_count(0)
    await held.get_by_role("button", name="Discard").click()
    await expect(held).to_have_count(0)
    await expect(other.page.locator(".entry.held")).to_contain_text("Discarded")
    assert await guest.said_by(AgentSpoke) == []


# ── one's own messages ──


async def test_an_own_message_is_changed_from_its_menu_or_with_the_arrow_key(
    seat: Seat, guest: Guest
) -> None:
    await claimed(seat, guest)
    await seat.send("In Oslo.")
    await expect(said(seat, "In Oslo.")).to_be_visible()
    await menu(seat, said(seat, "In Oslo."), "Change message")
    box = seat.page.locator("#composer-text")
    await expect(box).to_have_value("In Oslo.")
    await box.fill("In Bergen.")
    await seat.button("Save").click()
    await expect(said(seat, "In Bergen.")).to_contain_text("Changed")
    await expect(said(seat, "In Oslo.")).to_have_count(0)
    await box.press("ArrowUp")
    await expect(box).to_have_value("In Bergen.")
    await box.fill("In Bergen, Torget 1.")
    await box.press("Enter")
    await expect(said(seat, "In Bergen, Torget 1.")).to_be_visible()
    await expect(seat.page.locator(".pending .entry")).to_have_count(0)
    await seat.page.reload()
    await expect(said(seat, "In Bergen, Torget 1.")).to_contain_text("Changed")


async def test_an_own_message_is_deleted_after_a_question(seat: Seat, guest: Guest) -> None:
    await claimed(seat, guest)
    await seat.send("Oops, wrong chat.")
    await expect(said(seat, "Oops, wrong chat.")).to_be_visible()
    await menu(seat, said(seat, "Oops, wrong chat."), "Delete message")
    dialog = seat.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("The customer sees that a message was removed")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(said(seat, "Oops, wrong chat.")).to_contain_text("Deleted")
    await expect(said(seat, "Oops, wrong chat.").get_by_role("button")).to_have_count(0)
    assert (await guest.store.load(guest.id)).retracted


async def test_only_own_messages_can_be_changed(seat: Seat, guest: Guest) -> None:
    reply = do.Reply(agent=BEN, text="Ben here.")
    await guest.router.from_agent(guest.id, reply, client_id="ben-replies")
    await seat.log_in()
    await seat.open(guest.id)
    await expect(said(seat, "Ben here.")).to_be_visible()
    await expect(said(seat, "Ben here.").get_by_role("button")).to_have_count(0)


# ── labels ──


async def test_a_message_is_labelled_with_what_the_bot_should_have_understood(
    seat: Seat, guest: Guest
) -> None:
    await claimed(seat, guest)
    entry = said(seat, "Is the tent waterproof?")
    await menu(seat, entry, "The bot should have answered this…")
    dialog = seat.page.get_by_role("dialog", name="The bot should have answered this")
    await expect(dialog).to_contain_text("Is the tent waterproof?")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_visible()  # nothing was chosen
    await dialog.get_by_label("It is about").select_option("product_care")
    await dialog.get_by_role("button", name="Save").click()
    await expect(entry).to_contain_text("You: should have been answered as “Product care”")
    await menu(seat, entry, "The bot should have answered this…")
    await dialog.get_by_label("Or something that it does not know yet").fill("waterproof ratings")
    await dialog.get_by_role("button", name="Save").click()
    await expect(entry).to_contain_text("“Waterproof ratings” (new)")
    labels = [e.event for e in await guest.store.log(guest.id) if isinstance(e.event, Labelled)]
    assert [(one.intent, one.new) for one in labels] == [
        ("product_care", False),
        ("waterproof ratings", True),
    ]
