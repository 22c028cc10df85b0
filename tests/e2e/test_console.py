"""What an agent does all day, in a real browser on the real gateway."""

from __future__ import annotations

import itertools
import re

from playwright.async_api import expect
from redis.asyncio import Redis

from bot.commands import Answer, Rate
from bot.events import AgentSpoke, Button, Handoff, NoteWritten, Reading, Utterance
from bot.router import Router, now_ms
from bot.store import Store
from tests.e2e.console_seat import DESKTOP, PASSWORD, PHONE, Guest, Seat, arrive
from tests.polling import soon

pytest_plugins = ("tests.e2e.console_fixtures",)

NASTY = "<img src=x onerror=alert(1)><script>alert('1')</script> & \u202eשלום 🧗"


# ── logging in ──


async def test_a_wrong_password_is_told_and_a_right_one_opens_the_desk(seat: Seat) -> None:
    page = seat.page
    await page.goto(seat.url + "/console")
    await expect(page.locator("#login-name")).to_be_focused()
    await page.fill("#login-name", "anna")
    await seat.button("Log in").click()
    await expect(page.get_by_role("alert")).to_have_text("Enter your password.")
    await page.fill("#login-password", "wrong password")
    await seat.button("Log in").click()
    await expect(page.get_by_role("alert")).to_contain_text("Login or password is wrong.")
    await seat.log_in()
    await expect(page.get_by_text("Nobody is waiting")).to_be_visible()
    await page.reload()
    await expect(page.locator("#desk")).to_be_visible()


async def test_after_logging_out_nothing_is_left_to_see(seat: Seat, guest: Guest) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.page.fill("#composer-text", "half a thought")
    await seat.page.get_by_role("button", name="Anna Berg: menu").click()
    await seat.page.get_by_role("menuitem", name="Log out").click()
    await expect(seat.page.locator("#login")).to_be_visible()
    await expect(seat.page.get_by_text("Is the tent waterproof?")).to_have_count(0)
    assert await seat.page.evaluate("sessionStorage.length") == 0
    await seat.page.goto(f"{seat.url}/console#/c/{guest.id}")
    await seat.page.reload()
    await expect(seat.page.locator("#login")).to_be_visible()


async def test_an_ended_session_asks_to_log_in_and_keeps_what_was_written(
    seat: Seat, guest: Guest, redis: Redis[bytes]
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.page.fill("#composer-text", "Yes, it is.")
    for key in await redis.keys("*session*"):
        await redis.delete(key)
    await seat.page.press("#composer-text", "Enter")
    await expect(seat.page.get_by_role("alert")).to_contain_text("logged out")
    await seat.page.fill("#login-name", "anna")
    await seat.page.fill("#login-password", PASSWORD)
    await seat.page.keyboard.press("Enter")
    await expect(seat.bubbles("Yes, it is.")).to_be_visible()
    await expect(seat.page.locator(".pending .entry")).to_have_count(0)
    assert await guest.said_by(AgentSpoke) == ["Yes, it is."]


# ── a day's work ──


async def test_an_agent_claims_replies_notes_and_closes_and_sees_the_rating(
    seat: Seat, guest: Guest
) -> None:
    page = seat.page
    await seat.log_in()
    await expect(page).to_have_title("(1) Deskhand")
    row = page.locator(f'.row[data-id="{guest.id}"]')
    await expect(row).to_contain_text("Asked for a person")
    await expect(row).to_contain_text("Is the tent waterproof?")
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await expect(page.locator(".pill")).to_have_text("With you")
    await expect(page).to_have_title("Deskhand")
    await expect(page.locator("#composer-text")).to_be_focused()

    await seat.send("Yes, all seams are taped.")
    await expect(page.locator(".entry.agent .bubble")).to_have_text("Yes, all seams are taped.")
    await seat.button("Internal note").click()
    await seat.send("asks about the Trollvegg")
    await expect(page.locator(".log:not(.pending) .entry.note .bubble")).to_have_text(
        "asks about the Trollvegg"
    )
    await guest.say("Thank you!")
    await expect(page.locator(".entry.customer").last).to_contain_text("Thank you!")

    await seat.button("Close").click()
    await page.get_by_role("menuitem", name="Solved", exact=True).click()
    await expect(page.locator(".pill")).to_have_text("Closed · solved")
    await expect(page.locator("#composer-text")).not_to_be_editable()
    rate = Rate(stars=4, comment="Quick.")
    await guest.router.execute(guest.id, rate, key="rate:1")
    await expect(page.locator(".transcript .stars")).to_have_attribute("aria-label", "Rated 4 of 5")
    await expect(page.locator(".transcript .comment")).to_have_text("“Quick.”")
    assert await guest.said_by(AgentSpoke) == ["Yes, all seams are taped."]
    assert await guest.said_by(NoteWritten) == ["asks about the Trollvegg"]

    await seat.button("Reopen").click()
    await expect(page.locator(".pill")).to_have_text("With you")


async def test_a_conversation_goes_back_to_the_assistant(seat: Seat, guest: Guest) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    await seat.button("More actions").click()
    await seat.page.get_by_role("menuitem", name="Return to assistant").click()
    await expect(seat.page.locator(".pill")).to_have_text("With the assistant")
    await expect(seat.page.locator(f'.row[data-id="{guest.id}"]')).to_have_count(0)
    await expect(seat.page.locator("#composer-text")).not_to_be_editable()
    assert await guest.state() == "bot"
    await guest.say("and the poles?")
    await expect(seat.page.locator(".entry.bot").last).to_contain_text("echo: and the poles?")


async def test_the_menu_offers_what_has_no_room_beside_it_and_only_that(
    seat: Seat, guest: Guest
) -> None:
    page = seat.page
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    beside = page.locator(".conversation-head").get_by_role("button", name="Transfer")
    for size, roomy in ((DESKTOP, True), (PHONE, False)):
        await page.set_viewport_size(size)
        await expect(beside).to_be_visible(visible=roomy)
        await seat.button("More actions").click()
        items = page.get_by_role("menuitem")
        await expect(items.first).to_have_text("Return to assistant")
        await expect(items.filter(has_text="Transfer")).to_have_count(0 if roomy else 1)
        await expect(items.filter(has_text="Snooze: for 1 hour")).to_have_count(0 if roomy else 1)
        await page.keyboard.press("Escape")


async def test_what_is_written_while_it_goes_back_is_answered_by_the_assistant(
    seat: Seat, guest: Guest
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await seat.send("Anna here")
    await expect(seat.bubbles("Anna here")).to_be_visible()
    await seat.button("More actions").click()
    back = seat.page.get_by_role("menuitem", name="Return to assistant")
    await expect(back).to_be_visible()
    await guest.say("and the poles?")
    await expect(seat.bubbles("and the poles?")).to_be_visible()
    await back.click()
    await expect(seat.page.locator(".entry.bot").last).to_contain_text("echo: and the poles?")


async def test_a_snoozed_conversation_comes_back_when_the_customer_writes(
    seat: Seat, guest: Guest
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await seat.button("Snooze").click()
    await expect(seat.page.get_by_role("menuitem")).to_have_count(4)
    await seat.page.get_by_role("menuitem", name="For 1 hour").click()
    await expect(seat.page.locator(".pill")).to_contain_text("Snoozed until")
    assert await guest.state() == "snoozed"
    await guest.say("I found it, thanks")
    await expect(seat.page.locator(".pill")).to_have_text("With you")


async def test_a_reply_to_somebody_who_waits_claims_the_conversation(
    seat: Seat, guest: Guest
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.page.fill("#composer-text", "Hello!")
    await seat.button("Claim and send").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    await expect(seat.page.locator(".entry.agent .bubble")).to_have_text("Hello!")


async def test_lines_that_begin_with_slashes_are_for_colleagues_only(
    seat: Seat, guest: Guest
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await seat.page.fill("#composer-text", "Hello!\n// he was rude last week\nHow can I help?")
    await seat.page.press("#composer-text", "Enter")
    await expect(seat.page.locator(".log:not(.pending) .entry.agent")).to_have_count(1)
    assert await guest.said_by(AgentSpoke) == ["Hello!\nHow can I help?"]
    assert await guest.said_by(NoteWritten) == ["he was rude last week"]
    await seat.page.fill("#composer-text", "// only a note")
    await expect(seat.page.locator(".composer")).to_have_class(re.compile("noting"))
    await expect(seat.button("Add note")).to_be_visible()


async def test_why_the_bot_gave_up_is_in_words_and_its_reading_on_demand(
    seat: Seat, router: Router, store: Store
) -> None:
    guest = await arrive(router, store)
    await guest.ask_for_person()
    asked = await guest.say("wher is my parcl")
    conversation = await store.load(guest.id)
    reading = Reading(
        intent="track_parcel",
        confidence=0.62,
        ranking=({"name": "track_parcel", "confidence": 0.62},),
        frustration=0.7,
        slots={"order_number": "NL-10482", "name": "Maria Lindqvist"},
    )
    late = Answer(
        in_reply_to=asked,
        epoch=conversation.epoch - 1,
        messages=(Utterance(text="It is on its way."),),
        reading=reading,
    )
    await router.execute(guest.id, late)
    await seat.log_in(at=f"/console#/c/{guest.id}")
    page = seat.page
    await expect(page.locator(".entry.dropped")).to_contain_text("It is on its way.")
    await expect(page.locator(".entry.dropped")).to_contain_text("Not sent: a person had been")
    await expect(page.locator("#context")).to_contain_text("Asked for a person")
    await expect(page.locator(".reading")).to_be_hidden()
    await page.get_by_role("button", name="What the assistant read").click()
    await expect(page.locator(".reading")).to_contain_text("Track parcel62 %")
    await page.keyboard.press("Tab")
    await page.keyboard.press("i")
    await expect(page.get_by_role("button", name="Track parcel · 62 %")).to_have_attribute(
        "aria-expanded", "true"
    )


async def test_the_summary_and_the_order_are_beside_the_conversation(
    seat: Seat, router: Router, store: Store
) -> None:
    guest = await arrive(router, store)
    asked = await guest.say("hold on")
    conversation = await store.load(guest.id)
    await router.execute(
        guest.id,
        Answer(
            in_reply_to=asked,
            epoch=conversation.epoch,
            messages=(Utterance(text="One moment.", buttons=(Button(title="Yes", payload="/y"),)),),
            reading=Reading(
                intent="refund_status",
                confidence=0.8,
                frustration=0.7,
                slots={"order_number": "NL-10482", "name": "Maria Lindqvist"},
            ),
            handoff=Handoff(
                reason="frustrated",
                reasons=("third message about the same refund",),
                summary="Waits for a refund.",
            ),
        ),
    )
    await seat.log_in(at=f"/console#/c/{guest.id}")
    context = seat.page.locator("#context")
    for text in ("Maria Lindqvist", "NL-10482", "Waits for a refund.", "Very unhappy"):
        await expect(context).to_contain_text(text)
    await expect(context).to_contain_text("third message about the same refund")
    await expect(seat.page.locator(".row")).to_contain_text("Very unhappy")
    await expect(seat.page.locator(".offered")).to_have_text("Yes")


async def test_hostile_text_is_shown_as_the_text_it_is(
    seat: Seat, router: Router, store: Store
) -> None:
    guest = await arrive(router, store)
    await guest.ask_for_person()
    await guest.say(NASTY)
    await seat.log_in(at=f"/console#/c/{guest.id}")
    await expect(seat.page.locator(".entry.customer .bubble")).to_have_text(NASTY)
    await seat.button("Claim").click()
    await seat.send(NASTY)
    await expect(seat.page.locator(".entry.agent .bubble")).to_have_text(NASTY)
    await expect(seat.page.locator(".row .preview")).to_have_text(NASTY)
    await expect(
        seat.page.locator(".transcript img, .transcript script, .queue img")
    ).to_have_count(0)


async def test_somebody_new_appears_by_themselves_and_is_announced(
    seat: Seat, router: Router, store: Store
) -> None:
    await seat.log_in()
    await expect(seat.page.get_by_text("Nobody is waiting")).to_be_visible()
    guest = await arrive(router, store)
    await guest.ask_for_person()
    await expect(seat.page.locator(".row")).to_have_count(1)
    await expect(seat.page).to_have_title("(1) Deskhand")
    await expect(seat.page.locator("#announcer")).to_contain_text("is waiting: Asked for a person")
    await expect(seat.page.get_by_text("Nobody is waiting")).to_be_hidden()


async def test_who_waits_longest_is_on_top(seat: Seat, store: Store) -> None:
    times = itertools.count(now_ms() - 600_000, 10_000)
    router = Router(store, greeting="Hello", now=lambda: next(times))
    guests = [await arrive(router, store) for _ in range(3)]
    for guest in guests:
        await guest.ask_for_person()
    await guests[0].say("still here")
    await seat.log_in()
    await expect(seat.page.locator(".row")).to_have_count(3)
    rows = await seat.page.locator(".row").evaluate_all("rows => rows.map(r => r.dataset.id)")
    assert rows == [guest.id for guest in guests]


async def test_new_words_in_another_conversation_of_mine_are_marked(
    seat: Seat, guest: Guest, router: Router, store: Store
) -> None:
    second = await arrive(router, store)
    await second.ask_for_person()
    await seat.log_in()
    for one in (guest, second):
        await seat.open(one.id)
        await seat.button("Claim").click()
        await expect(seat.page.locator(".pill")).to_have_text("With you")
    row = seat.page.locator(f'.row[data-id="{guest.id}"]')
    # New is what comes after the queue has shown the conversation as one's own.
    await expect(seat.page.locator("#rows-mine .row")).to_have_count(2)
    await guest.say("Are you there?")
    await expect(row).to_have_class(re.compile("unread"))
    await row.click()
    await expect(row).not_to_have_class(re.compile("unread"))


async def test_the_customer_is_seen_typing(seat: Seat, guest: Guest, store: Store) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    writing = seat.page.get_by_text("The customer is writing")

    async def seen() -> bool:
        # Again and again, as the widget does: the sign of a moment in which an entry comes is old.
        await store.show_typing(guest.id, "customer", "customer")
        return await writing.is_visible()

    await soon(seen, what="the sign of the customer's writing")
    await guest.say("There.")
    await expect(writing).to_be_hidden()


async def test_the_desk_is_worked_by_keyboard_alone(
    seat: Seat, guest: Guest, router: Router, store: Store
) -> None:
    second = await arrive(router, store)
    await second.ask_for_person()
    await seat.log_in()
    await expect(seat.page.locator(".row")).to_have_count(2)
    keyboard, row = seat.page.keyboard, seat.page.locator(".row[aria-current]")
    await keyboard.press("j")
    await expect(row).to_have_attribute("data-id", guest.id)
    await keyboard.press("j")
    await expect(row).to_have_attribute("data-id", second.id)
    await keyboard.press("k")
    await expect(row).to_have_attribute("data-id", guest.id)
    await expect(seat.button("Claim")).to_be_visible()
    await keyboard.press("c")
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    await keyboard.press("r")
    await expect(seat.page.locator("#composer-text")).to_be_focused()
    await keyboard.type("jc?")
    await keyboard.press("Shift+Enter")
    await keyboard.type("second line")
    await keyboard.press("Enter")
    await expect(seat.page.locator(".entry.agent .bubble")).to_have_text("jc?\nsecond line")
    await keyboard.press("Escape")
    await keyboard.press("?")
    await expect(seat.page.locator("#help")).to_be_visible()
    await keyboard.press("Escape")
    await expect(seat.page.locator("#help")).to_be_hidden()


async def test_the_first_tab_stop_leads_to_the_reply_box(seat: Seat, guest: Guest) -> None:
    await seat.log_in(at=f"/console#/c/{guest.id}")
    await expect(seat.page.locator(".transcript .entry").first).to_be_visible()
    await seat.page.get_by_role("link", name="Skip to the reply box").focus()
    await seat.page.keyboard.press("Enter")
    await expect(seat.page.locator("#composer-text")).to_be_focused()
    await expect(seat.page.locator(".transcript")).to_be_visible()


async def test_a_link_to_nowhere_says_so(seat: Seat) -> None:
    await seat.log_in(at="/console#/c/nowhere")
    await expect(seat.page.get_by_text("There is no such conversation")).to_be_visible()
    await seat.page.get_by_role("link", name="Back to the queue").click()
    await expect(seat.page.get_by_text("No conversation is open")).to_be_visible()
