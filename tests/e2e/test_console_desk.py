"""The rest of a desk, in a real browser on the real gateway: files, ready-made texts, passing on,
snoozing, being away, desks that are down, the transcript as a file.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta, timezone

import anyio
import msgspec
import pytest
from playwright.async_api import FilePayload, Locator, Route, expect
from redis.asyncio import Redis

from bot.events import AgentSpoke, Claimed, File
from bot.files import Files
from bot.router import now_ms
from bot.store import SHELVES
from tests.e2e.console_seat import BEN, Guest, Seat
from tests.polling import PATIENCE_S
from tests.sample_files import PDF, WINDOWS_PROGRAM, png

pytest_plugins = ("tests.e2e.console_fixtures",)

LABEL = FilePayload(name="return label.pdf", mimeType="application/pdf", buffer=PDF)
MAP = FilePayload(name="map.png", mimeType="image/png", buffer=png(300, 200))

#: Hands the page a file the way that a paste or a drop does.
CARRY = """([selector, kind, data]) => {
    const bytes = Uint8Array.from(atob(data), (ch) => ch.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], "shot.png", { type: "image/png" }));
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true })
        : new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true });
    return document.querySelector(selector).dispatchEvent(event);
}"""


async def claimed(seat: Seat, guest: Guest) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await seat.button("Claim").click()
    await expect(seat.page.locator(".pill")).to_have_text("With you")


async def choose(seat: Seat, *files: FilePayload) -> None:
    async with seat.page.expect_file_chooser() as chooser:
        await seat.button("Attach a file").click()
    await (await chooser.value).set_files(list(files))


def waiting(seat: Seat, name: str) -> Locator:
    """The file among those to be sent."""
    tray = seat.page.get_by_role("list", name="Files to send")
    return tray.get_by_role("listitem", name=name)


async def sent(guest: Guest) -> list[File]:
    """The files of agents' messages, as soon as one with files is stored."""
    files: list[File] = []
    with anyio.fail_after(PATIENCE_S):
        while not files:
            for entry in await guest.store.log(guest.id):
                if isinstance(entry.event, AgentSpoke):
                    files += entry.event.files
            await anyio.sleep(0.02)
    return files


# ── files ──


async def test_files_go_out_with_a_reply_and_are_shown(seat: Seat, guest: Guest) -> None:
    await claimed(seat, guest)
    await choose(seat, LABEL, MAP)
    await expect(waiting(seat, "map.png")).to_contain_text("kB")
    await expect(waiting(seat, "return label.pdf")).to_contain_text("kB")
    await seat.send("Here you are.")
    entry = seat.page.locator(".log:not(.pending) .entry.agent")
    picture = entry.get_by_role("link", name="Open map.png").locator("img")
    await expect(picture).to_have_js_property("naturalWidth", 300)
    async with seat.page.expect_download() as download:
        await entry.get_by_role("link", name="Save return label.pdf").click()
    saved = await download.value
    assert saved.suggested_filename == "return label.pdf"
    assert (await saved.path()).read_bytes() == PDF
    await expect(seat.page.locator(".tray .file")).to_have_count(0)
    assert [file.name for file in await sent(guest)] == ["return label.pdf", "map.png"]


async def test_a_file_needs_no_words(seat: Seat, guest: Guest) -> None:
    await claimed(seat, guest)
    await choose(seat, LABEL)
    await expect(seat.button("Send")).to_be_enabled()
    await seat.button("Send").click()
    await expect(seat.page.locator(".log:not(.pending) .entry.agent .file")).to_be_visible()
    assert await guest.said_by(AgentSpoke) == [""]


@pytest.mark.parametrize(
    ("selector", "kind"), [("#composer-text", "paste"), (".transcript", "drop")]
)
async def test_a_picture_is_pasted_or_dropped(
    seat: Seat, guest: Guest, selector: str, kind: str
) -> None:
    await claimed(seat, guest)
    data = base64.b64encode(png(20, 20)).decode()
    if kind == "drop":
        await seat.page.evaluate(CARRY, [selector, "dragover", data])
        await expect(seat.page.locator(".conversation-pane.drop")).to_be_visible()
    taken = not await seat.page.evaluate(CARRY, [selector, kind, data])
    assert taken, "the browser would open the file itself"
    await expect(seat.page.locator(".conversation-pane.drop")).to_have_count(0)
    await expect(waiting(seat, "shot.png")).to_contain_text("kB")


async def test_a_file_that_got_lost_is_sent_again_and_what_is_not_taken_is_told(
    seat: Seat, guest: Guest, redis: Redis[bytes]
) -> None:
    await claimed(seat, guest)

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await seat.page.route("**/files?*", lose_the_answer)
    await choose(seat, LABEL)
    lost = waiting(seat, "return label.pdf")
    await expect(lost.get_by_role("alert")).to_have_text("It did not get through.")
    await expect(seat.button("Send")).to_be_disabled()
    await seat.page.unroute("**/files?*")
    await lost.get_by_role("button", name="Try again").click()
    await expect(lost).to_contain_text("kB")

    program = FilePayload(name="setup.exe", mimeType="", buffer=WINDOWS_PROGRAM)
    long = FilePayload(name="long.txt", mimeType="text/plain", buffer=b"x" * (10 * 1024**2 + 1))
    await choose(seat, program, long)
    refused = waiting(seat, "setup.exe")
    await expect(refused.get_by_role("alert")).to_contain_text("Files of this kind are not taken.")
    await expect(refused.get_by_role("button", name="Try again")).to_have_count(0)
    await expect(waiting(seat, "long.txt").get_by_role("alert")).to_have_text("Larger than 10 MB.")
    await seat.button("Remove setup.exe").click()
    await seat.button("Remove long.txt").click()
    await seat.button("Send").click()
    assert len(await sent(guest)) == 1
    assert await redis.hlen(f"deskhand:c:{guest.id}:files") == 1


async def test_attached_files_are_still_there_after_a_reload(seat: Seat, guest: Guest) -> None:
    await claimed(seat, guest)
    await choose(seat, LABEL)
    await expect(waiting(seat, "return label.pdf")).to_contain_text("kB")
    await seat.page.reload()
    await expect(waiting(seat, "return label.pdf")).to_be_visible()
    await seat.button("Send").click()
    assert [file.name for file in await sent(guest)] == ["return label.pdf"]


async def test_what_a_customer_sends_is_shown_and_never_run(
    seat: Seat, guest: Guest, redis: Redis[bytes]
) -> None:
    files = Files(redis, now=now_ms, size_at_most=10**6)
    page = b"<script>document.title = 'owned'</script>"
    trick = await files.put(guest.id, "me.html", page, key="customer:1")
    await guest.router.from_customer(guest.id, "", client_id="files-1234", files=(trick,))
    await claimed(seat, guest)
    link = seat.page.get_by_role("link", name="Save me.html.txt")
    async with seat.page.expect_download() as download:
        await link.click()
    assert (await download.value).suggested_filename == "me.html.txt"
    response = await seat.page.request.get(f"{seat.url}{await link.get_attribute('href')}")
    assert response.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in response.headers["content-security-policy"]


# ── ready-made texts ──


async def test_a_ready_made_text_is_picked_with_a_slash_and_the_arrow_keys(
    seat: Seat, guest: Guest
) -> None:
    await claimed(seat, guest)
    box = seat.page.locator("#composer-text")
    await box.press_sequentially("/")
    texts = seat.page.get_by_role("listbox", name="Ready-made texts")
    await expect(texts.get_by_role("option")).to_have_count(4)
    await box.press_sequentially("loo")
    await expect(texts.get_by_role("option")).to_have_count(2)
    await expect(texts.get_by_role("option", selected=True)).to_contain_text("looking")
    for _ in "loo":
        await box.press("Backspace")
    await box.press("ArrowDown")
    await expect(texts.get_by_role("option", selected=True)).to_contain_text("order-number")
    await box.press("ArrowUp")
    await box.press("Enter")
    await expect(texts).to_be_hidden()
    await expect(box).to_have_value(re.compile(r"^Hi, this is Anna Berg\."))
    assert await guest.said_by(AgentSpoke) == []
    await box.press("Enter")
    await expect(seat.page.locator(".log:not(.pending) .entry.agent")).to_have_count(1)


async def test_the_list_of_ready_made_texts_opens_by_its_button_and_closes_with_escape(
    seat: Seat, guest: Guest
) -> None:
    await claimed(seat, guest)
    await seat.button("Canned").click()
    texts = seat.page.get_by_role("listbox", name="Ready-made texts")
    await expect(texts).to_be_visible()
    await expect(seat.page.locator("#composer-text")).to_be_focused()
    await seat.page.keyboard.press("Escape")
    await expect(texts).to_be_hidden()
    await seat.button("Canned").click()
    await texts.get_by_role("option", name=re.compile("^bye")).click()
    await expect(seat.page.locator("#composer-text")).to_have_value(
        "Glad I could help. Have a good day!"
    )
    await seat.page.fill("#composer-text", "// a note, no list")
    await expect(texts).to_be_hidden()


# ── passing on, putting away ──


async def test_what_is_ordered_while_another_order_is_under_way_is_done_after_it(
    seat: Seat, guest: Guest
) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    first = anyio.Event()

    async def slow(route: Route) -> None:
        await first.wait()
        await route.continue_()

    await seat.page.route("**/commands", slow, times=1)
    await seat.button("Claim").dblclick()
    await seat.button("More actions").click()
    await seat.page.get_by_role("menuitem", name="Close: solved").click()
    first.set()
    await expect(seat.page.locator(".pill")).to_have_text("Closed · solved")
    kinds = [type(entry.event) for entry in await guest.store.log(guest.id)]
    assert kinds.count(Claimed) == 1


async def test_a_conversation_is_passed_on_to_a_colleague(
    seat: Seat, other: Seat, guest: Guest
) -> None:
    await claimed(seat, guest)
    await seat.page.locator(".transcript").focus()
    await seat.page.keyboard.press("t")
    dialog = seat.page.get_by_role("dialog", name="Transfer this conversation")
    await expect(dialog.get_by_role("radio")).to_have_count(5)
    await dialog.get_by_role("radio", name=re.compile("Ben Otieno")).check()
    await dialog.get_by_role("button", name="Transfer").click()
    await expect(seat.page.locator(".pill")).to_have_text("Waiting")
    await expect(seat.page.locator(".entry.system", has_text="passed it on")).to_contain_text(
        "You passed it on to Ben Otieno"
    )
    assert (await guest.store.load(guest.id)).passed_to == BEN


async def test_a_conversation_is_passed_on_to_whoever_has_a_skill(seat: Seat, guest: Guest) -> None:
    await claimed(seat, guest)
    await seat.button("Transfer").click()
    dialog = seat.page.get_by_role("dialog", name="Transfer this conversation")
    await dialog.get_by_role("radio", name="Returns and repairs").check()
    await seat.page.keyboard.press("Enter")
    await expect(seat.page.locator(".pill")).to_have_text("Waiting")
    found = await guest.store.load(guest.id)
    assert found.handoff is not None
    assert found.handoff.skill == "returns"


async def test_a_conversation_is_snoozed_until_a_time_of_ones_own(seat: Seat, guest: Guest) -> None:
    await claimed(seat, guest)
    await seat.button("Snooze").click()
    await seat.page.get_by_role("menuitem", name="Until…").click()
    dialog = seat.page.get_by_role("dialog", name="Snooze until")
    then = datetime.now(timezone.utc).replace(second=0, microsecond=0) + timedelta(days=2)
    here = then.astimezone().strftime("%Y-%m-%dT%H:%M")
    await dialog.get_by_label("It comes back then").fill(here)
    await dialog.get_by_role("button", name="Snooze").click()
    await expect(seat.page.locator(".pill")).to_contain_text("Snoozed until")
    until = (await guest.store.load(guest.id)).snoozed_until
    assert until == int(then.timestamp() * 1000)


async def test_who_is_asked_now_is_told(seat: Seat, guest: Guest) -> None:
    await seat.log_in()
    await seat.open(guest.id)
    await expect(seat.page.locator(".asked")).to_contain_text("Asked in the console: ")
    assigned = (await guest.store.load(guest.id)).assigned
    assert assigned is not None
    told = f"Asked in the console: {assigned.agents[0].name}"
    await expect(seat.page.locator(".asked")).to_have_text(told)
    await expect(seat.page.locator("#context")).to_contain_text(told)
    await seat.button("Claim").click()
    await expect(seat.page.locator(".asked")).to_be_empty()


# ── people and desks ──


async def test_an_agent_goes_away_and_comes_back(seat: Seat, other: Seat, guest: Guest) -> None:
    await claimed(seat, guest)
    await seat.button("Anna Berg: menu").click()
    await seat.page.get_by_role("menuitemcheckbox", name="I’m away").click()
    await expect(seat.page.locator("#notices")).to_contain_text("You are away.")
    await expect(seat.button("Anna Berg, away: menu")).to_be_visible()
    await seat.page.reload()
    await expect(seat.page.locator("#notices")).to_contain_text("You are away.")
    await other.log_in("ben")
    await other.page.goto(f"{other.url}/console#/c/{guest.id}")
    await other.button("Take over").click()
    await other.page.get_by_role("dialog").get_by_role("button", name="Take over").click()
    await other.button("Transfer").click()
    choice = other.page.get_by_role("dialog").locator(".choice", has_text="Anna Berg")
    await expect(choice).to_contain_text("away")
    await seat.button("I’m back").click()
    await expect(seat.page.locator("#notices")).to_be_hidden()


async def test_a_desk_that_cannot_be_reached_is_told(seat: Seat) -> None:
    """As the stream of the queue tells it; that it does is tested without a browser."""
    down = {"slack": {"since": now_ms() - 600_000, "why": "HTTP 500 from slack.com"}}

    async def with_news(route: Route) -> None:
        queue: dict[str, list[object]] = {name: [] for name in SHELVES}
        data = msgspec.json.encode({**queue, "down": down, "now": now_ms()}).decode()
        await route.fulfill(
            status=200,
            headers={"Content-Type": "text/event-stream"},
            body=f"event: queue\ndata: {data}\n\n",
        )

    await seat.page.route("**/api/desk/events", with_news)
    await seat.log_in()
    notice = seat.page.get_by_role("alert").filter(has_text="Slack")
    await expect(notice).to_contain_text("Slack cannot be reached since")
    await expect(notice).to_contain_text("HTTP 500 from slack.com")


# ── the transcript ──


async def test_the_transcript_is_a_text_file(seat: Seat, guest: Guest) -> None:
    await claimed(seat, guest)
    await seat.send("Yes, it is.")
    await expect(seat.page.locator(".log:not(.pending) .entry.agent")).to_have_count(1)
    await seat.button("More actions").click()
    async with seat.page.expect_download() as download:
        await seat.page.get_by_role("menuitem", name="Download transcript").click()
    saved = await download.value
    assert saved.suggested_filename == f"conversation-{guest.id}.txt"
    text = (await saved.path()).read_text()
    assert "Customer: Is the tent waterproof?" in text
    assert "Anna Berg: Yes, it is." in text
