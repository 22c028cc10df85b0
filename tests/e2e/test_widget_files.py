"""Files in the widget: a customer attaches, pastes or drops them, and gets what agents send."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable

import anyio
import pytest
from playwright.async_api import Browser, FilePayload, Locator, Route, expect
from redis.asyncio import Redis

from bot import commands
from bot.events import CustomerSpoke, File
from bot.file_kinds import TAKEN
from bot.files import Files
from bot.router import now_ms
from bot.store import Store
from tests.e2e.widget_visit import MAYA, PHONE, Shop, StrictSite, Visit
from tests.polling import PATIENCE_S
from tests.sample_files import PDF, WINDOWS_PROGRAM, png
from tests.scripted_assistant import ScriptedAssistant

pytest_plugins = ("tests.e2e.console_fixtures", "tests.e2e.widget_fixtures")

PICTURE = FilePayload(name="torn seam.png", mimeType="image/png", buffer=png(640, 480))
LABEL = FilePayload(name="label.pdf", mimeType="application/pdf", buffer=PDF)

#: Hands the widget a file the way that a paste or a drop does.
CARRY = """([selector, kind, name, type, data]) => {
    const root = document.querySelector("deskhand-chat").shadowRoot;
    const bytes = Uint8Array.from(atob(data), (ch) => ch.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], name, { type }));
    const place = root.querySelector(selector);
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true })
        : new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true });
    return place.dispatchEvent(event);
}"""

#: How many pixels of a canvas are painted.
PAINTED = """(canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    .data.filter((alpha, n) => n % 4 === 3 && alpha).length"""


@pytest.fixture
def files(redis: Redis[bytes]) -> Files:
    return Files(redis, now=now_ms, size_at_most=10 * 1024**2)


async def choose(visit: Visit, *files: FilePayload) -> None:
    async with visit.page.expect_file_chooser() as chooser:
        await visit.button("Attach a file").click()
    await (await chooser.value).set_files(list(files))


def waiting(visit: Visit, name: str) -> Locator:
    """The file among those to be sent."""
    tray = visit.panel.get_by_role("group", name="Files to send")
    return tray.get_by_role("group", name=name, exact=True)


async def send(visit: Visit) -> None:
    await expect(visit.button("Send")).to_be_enabled()
    await visit.button("Send").click()


async def sent(store: Store, conversation: str) -> list[File]:
    """The files of the customer's messages, as soon as one with files is stored."""
    files: list[File] = []
    with anyio.fail_after(PATIENCE_S):
        while not files:
            for entry in await store.log(conversation):
                if isinstance(entry.event, CustomerSpoke):
                    files += entry.event.files
            await anyio.sleep(0.02)
    return files


async def test_a_customer_sends_a_picture_without_a_word(
    visit: Visit, store: Store, files: Files
) -> None:
    await visit.open()
    await choose(visit, PICTURE)
    await expect(waiting(visit, "torn seam.png")).to_contain_text("kB")
    await send(visit)
    picture = visit.log.get_by_role("button", name="Open torn seam.png")
    await expect(picture).to_be_visible()
    await expect(picture.locator("canvas")).to_have_js_property("width", 480)
    assert await picture.locator("canvas").evaluate(PAINTED) == 480 * 360
    conversation = await visit.conversation()
    (file,) = await sent(store, conversation)
    assert (await files.get(conversation, file.id))[1] == PICTURE["buffer"]
    assert await visit.page.locator(".tray .chip").count() == 0


async def test_the_assistant_says_that_it_cannot_read_a_file(
    visit: Visit, assistant: ScriptedAssistant
) -> None:
    await visit.open()
    await choose(visit, PICTURE)
    await send(visit)
    await expect(visit.log).to_contain_text("I can't look at files myself")
    assert assistant.turns == []
    await visit.button("Talk to a person").click()
    await expect(visit.said("echo: /talk_to_human")).to_be_visible()
    assert [turn["text"] for turn in assistant.turns] == ["Talk to a person"]


async def test_words_and_several_files_are_one_message(visit: Visit, store: Store) -> None:
    await visit.open()
    await choose(visit, PICTURE, LABEL)
    await visit.input.fill("what now?")
    await send(visit)
    await expect(visit.said("echo: what now?")).to_be_visible()
    names = [file.name for file in await sent(store, await visit.conversation())]
    assert names == ["torn seam.png", "label.pdf"]
    await expect(visit.log.get_by_role("button", name="Save label.pdf")).to_be_visible()


@pytest.mark.parametrize(
    ("selector", "kind"), [(".composer textarea", "paste"), (".scroll", "drop")]
)
async def test_a_picture_is_pasted_or_dropped(visit: Visit, selector: str, kind: str) -> None:
    await visit.open()
    data = base64.b64encode(png(20, 20)).decode()
    if kind == "drop":
        await visit.page.evaluate(CARRY, [selector, "dragover", "shot.png", "image/png", data])
        await expect(visit.page.locator(".panel.drop")).to_be_visible()
    taken = not await visit.page.evaluate(CARRY, [selector, kind, "shot.png", "image/png", data])
    assert taken, "the browser would open the file itself"
    await expect(visit.page.locator(".panel.drop")).to_have_count(0)
    await expect(waiting(visit, "shot.png")).to_contain_text("kB")
    await send(visit)
    await expect(visit.log.get_by_role("button", name="Open shot.png")).to_be_visible()


async def test_while_a_file_is_on_its_way_it_shows_and_nothing_is_sent(visit: Visit) -> None:
    await visit.open()
    arrived = anyio.Event()

    async def slow(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    await visit.page.route("**/api/chat/files?*", slow)
    await choose(visit, PICTURE)
    await visit.input.fill("look")
    bar = visit.panel.get_by_role("progressbar", name="Sending torn seam.png")
    await expect(bar).to_be_visible()
    await expect(visit.button("Send")).to_be_disabled()
    await visit.input.press("Enter")
    await expect(visit.input).to_have_value("look")
    arrived.set()
    await expect(bar).to_have_count(0)
    await send(visit)
    await expect(visit.said("echo: look")).to_be_visible()


async def test_a_file_that_got_lost_is_sent_again_and_stored_once(
    visit: Visit, store: Store, redis: Redis[bytes]
) -> None:
    await visit.open()

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await visit.page.route("**/api/chat/files?*", lose_the_answer)
    await choose(visit, PICTURE)
    chip = waiting(visit, "torn seam.png")
    await expect(chip.get_by_role("alert")).to_have_text("No connection.")
    await expect(visit.button("Send")).to_be_disabled()
    await visit.page.unroute("**/api/chat/files?*")
    await chip.get_by_role("button", name="Try again").click()
    await expect(chip.get_by_role("alert")).to_have_count(0)
    await send(visit)
    await expect(visit.log.get_by_role("button", name="Open torn seam.png")).to_be_visible()
    conversation = await visit.conversation()
    assert await redis.hlen(f"deskhand:c:{conversation}:files") == 1
    assert len(await sent(store, conversation)) == 1


async def test_what_is_not_taken_is_told_and_can_be_removed(visit: Visit, store: Store) -> None:
    await visit.open()
    program = FilePayload(name="setup.exe", mimeType="", buffer=WINDOWS_PROGRAM)
    long = FilePayload(name="long.txt", mimeType="text/plain", buffer=b"x" * (10 * 1024**2 + 1))
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    await choose(visit, program, long, LABEL)
    alerts = visit.panel.locator(".tray").get_by_role("alert")
    await expect(alerts).to_have_text(
        [
            f"Files of this kind are not taken. Taken are {TAKEN}.",
            "Larger than 10 MB.",
        ]
    )
    await expect(visit.button("Try again")).to_have_count(0)
    await expect(waiting(visit, "label.pdf")).to_contain_text(
        "kB"
    )  # nothing is redrawn from now on
    assert not [url for url in asked if "long.txt" in url], "it would have been sent in vain"
    await visit.button("Remove setup.exe").click()
    await visit.button("Remove long.txt").click()
    await expect(visit.input).to_be_focused()
    await send(visit)
    await expect(visit.log.get_by_role("button", name="Save label.pdf")).to_be_visible()
    assert len(await sent(store, await visit.conversation())) == 1


async def test_attached_files_survive_a_reload(visit: Visit, store: Store) -> None:
    await visit.open()
    await choose(visit, PICTURE)
    await expect(waiting(visit, "torn seam.png")).to_contain_text("kB")
    await visit.page.reload()
    await expect(waiting(visit, "torn seam.png")).to_be_visible()
    await send(visit)
    await expect(visit.log.get_by_role("button", name="Open torn seam.png")).to_be_visible()
    assert len(await sent(store, await visit.conversation())) == 1


async def test_a_tab_that_does_not_lead_sends_files_too(
    visit: Visit, new_tab: Callable[[], Awaitable[Visit]]
) -> None:
    await visit.open()
    other = await new_tab()
    await other.open()
    await choose(other, PICTURE)
    await send(other)
    for tab in (other, visit):
        await expect(tab.log.get_by_role("button", name="Open torn seam.png")).to_be_visible()


async def test_what_an_agent_sends_is_shown_and_saved(
    visit: Visit, shop: Shop, files: Files, redis: Redis[bytes]
) -> None:
    await visit.open()
    await visit.talk("hello")
    conversation = await visit.conversation()
    await shop.claims(conversation)
    label = await files.put(conversation, "return label.pdf", PDF, key="agent:maya:1")
    shot = await files.put(conversation, "map.png", png(30, 30), key="agent:maya:2")
    reply = commands.Reply(agent=MAYA, text="Here you are", files=(label, shot))
    seq = await shop.does(conversation, reply)
    save = visit.log.get_by_role("button", name="Save return label.pdf")
    async with visit.page.expect_download() as download:
        await save.click()
    saved = await download.value
    assert saved.suggested_filename == "return label.pdf"
    assert (await saved.path()).read_bytes() == PDF
    async with visit.page.context.expect_page() as opened:
        await visit.log.get_by_role("button", name="Open map.png").click()
    page = await opened.value
    await expect(page).to_have_url(re.compile("^blob:"))
    await page.close()
    await shop.does(conversation, commands.Retract(agent=MAYA, of=seq))
    await expect(visit.said("Message removed")).to_be_visible()
    await expect(save).to_have_count(0)


async def test_a_file_that_is_no_longer_kept_says_so(
    visit: Visit, shop: Shop, files: Files, redis: Redis[bytes]
) -> None:
    await visit.open()
    await visit.talk("hello")
    conversation = await visit.conversation()
    await shop.claims(conversation)
    label = await files.put(conversation, "label.pdf", PDF, key="agent:maya:1")
    await redis.delete(f"deskhand:c:{conversation}:file:{label.id}")
    await shop.does(conversation, commands.Reply(agent=MAYA, text="Here", files=(label,)))
    await visit.log.get_by_role("button", name="Save label.pdf").click()
    await expect(visit.panel.locator(".complaint")).to_contain_text("There is no such file.")


async def test_pictures_show_on_a_strict_page_of_another_site(
    plain_http_browser: Browser, strict_site: StrictSite
) -> None:
    """Its policy knows neither blob: nor the gateway among its pictures."""
    context = await plain_http_browser.new_context(viewport=PHONE)
    visit = Visit(await context.new_page(), strict_site.url)
    await visit.open()
    await choose(visit, PICTURE)
    await send(visit)
    picture = visit.log.get_by_role("button", name="Open torn seam.png")
    await expect(picture.locator("canvas")).to_have_js_property("width", 480)
    assert visit.mistakes == []
    await context.close()
