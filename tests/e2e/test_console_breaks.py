"""Two agents at once, and a line that breaks: nothing is lost, nothing said twice."""

from __future__ import annotations

import asyncio

from playwright.async_api import Route, expect

from bot import commands
from bot.events import Agent, AgentSpoke
from tests.e2e.console_seat import Guest, Seat
from tests.gateway import RunningGateway

pytest_plugins = ("tests.e2e.console_fixtures",)


# ── two agents ──


async def test_of_two_who_claim_at_once_the_loser_sees_who_won(
    seat: Seat, other: Seat, guest: Guest
) -> None:
    await seat.log_in("anna")
    await other.log_in("ben")
    for one in (seat, other):
        await one.open(guest.id)
        await expect(one.button("Claim")).to_be_visible()
    both = asyncio.Event()
    held = 0

    async def hold(route: Route) -> None:
        nonlocal held
        held += 1
        if held == 2:
            both.set()
        await both.wait()
        await route.continue_()

    for one in (seat, other):
        await one.page.route("**/commands", hold)
    await asyncio.gather(seat.button("Claim").click(), other.button("Claim").click())
    owner = None
    while owner is None:
        owner = (await guest.store.load(guest.id)).owner
    won, lost = (seat, other) if owner.login == "anna" else (other, seat)
    await expect(won.page.locator(".pill")).to_have_text("With you")
    await expect(lost.page.locator(".toast")).to_contain_text(f"{owner.name} has this conversation")
    await expect(lost.page.locator(".pill")).to_have_text(f"With {owner.name}")
    await expect(lost.page.locator(".composer-hint")).to_have_text(
        f"Held until you take over from {owner.name}"
    )


async def test_taking_over_asks_first_and_tells_who_had_it(
    seat: Seat, other: Seat, guest: Guest
) -> None:
    await other.log_in("ben")
    await other.open(guest.id)
    await other.button("Claim").click()
    await expect(other.page.locator(".pill")).to_have_text("With you")
    await seat.log_in("anna")
    await seat.open(guest.id)
    await seat.button("Take over").click()
    dialog = seat.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Take over from Ben Otieno?")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(seat.page.locator(".pill")).to_have_text("With Ben Otieno")
    await seat.button("Take over").click()
    await dialog.get_by_role("button", name="Take over").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    await expect(other.page.locator(".pill")).to_have_text("With Anna Berg")
    await expect(other.page.locator(".toast")).to_contain_text("Anna Berg has taken over")


async def test_a_reply_that_came_too_late_is_held_and_sent_by_taking_over(
    seat: Seat, guest: Guest
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await expect(seat.page.locator("#composer-text")).to_be_editable()
    ben = Agent(login="ben", name="Ben Otieno")

    async def late(route: Route) -> None:
        # The page does not know yet that a colleague was quicker.
        claim = commands.Claim(agent=ben)
        await guest.router.from_agent(guest.id, claim, client_id="ben-claims")
        await route.continue_()

    await seat.page.route("**/commands", late, times=1)
    await seat.send("I know this one.")
    held = seat.page.get_by_role("region", name="Not sent: Ben Otieno has this conversation")
    await expect(held).to_contain_text("I know this one.")
    assert await guest.said_by(AgentSpoke) == []
    await held.get_by_role("button", name="Take over and send").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    await expect(seat.page.locator(".log:not(.pending) .entry.agent")).to_have_count(1)
    assert await guest.said_by(AgentSpoke) == ["I know this one."]


async def test_a_reply_that_is_refused_comes_back_to_be_changed(seat: Seat, guest: Guest) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")

    async def late(route: Route) -> None:
        # The page does not know yet that a colleague was quicker.
        await route.continue_(
            post_data=(route.request.post_data or "").replace("Hello!", " \\u0000 ")
        )

    await seat.page.route("**/commands", late)
    await seat.send("Hello!")
    await expect(seat.page.locator(".entry.refused")).to_contain_text("The message is empty.")
    await seat.page.unroute("**/commands")
    await seat.button("Edit").click()
    await expect(seat.page.locator("#composer-text")).to_have_value("Hello!")
    await expect(seat.page.locator(".entry.refused")).to_have_count(0)
    await seat.page.keyboard.press("Enter")
    await expect(seat.page.locator(".entry.agent .bubble")).to_have_text("Hello!")


# ── when the line breaks ──


async def test_a_reply_whose_answer_was_lost_is_repeated_and_said_once(
    seat: Seat, guest: Guest
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    lost = 0

    async def lose(route: Route) -> None:
        nonlocal lost
        if "reply" in (route.request.post_data or "") and lost < 2:
            lost += 1
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await seat.page.route("**/commands", lose)
    await seat.send("Once only.")
    await seat.send("And then this.")
    await expect(seat.bubbles("And then this.")).to_have_count(1)
    await expect(seat.page.locator(".pending .entry")).to_have_count(0)
    await expect(seat.bubbles("Once only.")).to_have_count(1)
    assert lost == 2
    assert await guest.said_by(AgentSpoke) == ["Once only.", "And then this."]


async def test_without_a_line_the_text_is_kept_shown_and_sent_later_even_after_a_reload(
    seat: Seat, guest: Guest
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    await seat.page.route("**/commands", lambda route: route.abort())
    await seat.send("Keep me.")
    await expect(seat.page.locator(".pending .retrying")).to_contain_text("Not sent yet")
    assert await guest.said_by(AgentSpoke) == []
    await seat.page.reload()
    await expect(seat.page.locator(".pending .retrying")).to_contain_text("Keep me.")
    await seat.page.evaluate("onclick = () => { globalThis.pressed = true }")

    async def only_when_pressed(route: Route) -> None:
        # Before, the page may try by itself at any time, and then there is nothing to press.
        pressed = await seat.page.evaluate("globalThis.pressed === true")
        await (route.continue_() if pressed else route.abort())

    await seat.page.route("**/commands", only_when_pressed)
    await seat.button("Try now").click()
    await expect(seat.page.locator(".log:not(.pending) .entry.agent")).to_have_count(1)
    await expect(seat.page.locator(".pending .entry")).to_have_count(0)
    assert await guest.said_by(AgentSpoke) == ["Keep me."]


async def test_after_the_gateway_was_away_the_transcript_goes_on_without_gap_or_double(
    seat: Seat, guest: Guest, gateway: RunningGateway
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")
    await asyncio.to_thread(gateway.stop)
    await guest.say("while you were away 1")
    await expect(seat.page.locator("#line")).to_contain_text("Connection lost")
    await seat.send("written while away")
    await guest.say("while you were away 2")
    await asyncio.to_thread(gateway.start)
    await expect(seat.page.locator("#line")).to_be_hidden(timeout=60_000)
    for text in ("while you were away 1", "while you were away 2", "written while away"):
        await expect(seat.bubbles(text)).to_have_count(1, timeout=60_000)
    await expect(seat.page.locator(".pending .entry")).to_have_count(0)
    seqs = await seat.page.locator(".transcript .entry[data-seq]").evaluate_all(
        "entries => entries.map(entry => Number(entry.dataset.seq))"
    )
    assert seqs == sorted(set(seqs))
    assert await guest.said_by(AgentSpoke) == ["written while away"]


async def test_a_draft_is_still_there_after_a_reload(seat: Seat, guest: Guest) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.page.fill("#composer-text", "half a thought")
    await seat.page.reload()
    await expect(seat.page.locator("#composer-text")).to_have_value("half a thought")
