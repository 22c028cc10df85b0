"""The Telegram desk: a supergroup in which each hand-off has a topic, and people answer in it.

Belongs here: the desk as `bot.delivery` knows it, and receiving what people do, by polling or by
webhook. What a topic shows is in `bot.desks.telegram_topic`, what people's doings cause in
`bot.desks.telegram_actions`.

**Receiving.** An update is confirmed only when what it causes is in the log, so that none is lost
with a process; one that comes twice is done once. (That is why python-telegram-bot's own Updater is
not used: it confirms what it has fetched, not what was done.) Updates are handled in order, one at
a time, in one gateway: the one that holds the right to poll, or that Telegram calls.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, Literal

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from telegram import Update

from bot.conversation import Conversation
from bot.desk_health import Pace
from bot.desks import Finding
from bot.desks.settings import Webhook
from bot.desks.telegram_actions import Actions
from bot.desks.telegram_client import Place
from bot.desks.telegram_commands import COMMANDS
from bot.desks.telegram_errors import GroupMoved, MessageGone
from bot.desks.telegram_inbox import Inbound, Moved, Pressed, Said, TopicOpened, command_of, read
from bot.desks.telegram_office import Office
from bot.desks.telegram_search import Search
from bot.desks.telegram_text import own
from bot.desks.telegram_topic import Topics
from bot.errors import DeskBusy, DeskDown, DeskError, StoreUnavailable
from bot.events import Entry
from bot.threads import Thread

log = logging.getLogger(__name__)

#: Where Telegram calls us.
WEBHOOK_PATH: Final = "/desks/telegram"
#: How long Telegram holds a poll when there is nothing, in seconds.
POLL_S: Final = 25
#: How often a gateway that does not poll looks whether it may, and how often one that does renews
#: its right; both well within `telegram_places.POLLER_MS`.
LOOK_S: Final = 1.0
#: Waits after failures in a row: the first, and the longest.
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0
#: How often the webhook is looked after, in seconds.
WEBHOOK_LOOK_S: Final = 60.0
#: Tries of an update whose handling fails by a mistake of ours. Then it is passed over, or it would
#: hold up all others for ever.
TRIES: Final = 3
#: Longest update that Telegram sends by webhook, with room to spare.
BODY_AT_MOST: Final = 1_000_000
#: Clocks may differ by so much, in seconds.
CLOCK_MAY_DIFFER_S: Final = 5
#: Telegram allows about 20 messages a minute in a group. Four are left for answers to people:
#: hints, menus, lists.
PACE: Final = Pace(count=16, per_ms=60_000)


class TelegramDesk:
    name: Literal["telegram"] = "telegram"

    def __init__(
        self,
        office: Office,
        topics: Topics,
        search: Search,
        *,
        group: int,
        webhook: Webhook | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._office = office
        self._telegram = office.telegram
        self._places = office.places
        self._topics = topics
        self._search = search
        self._actions = Actions(office)
        skills = office.plan.skills
        self._groups = {group, *(skill.telegram for skill in skills if skill.telegram is not None)}
        self._group = group
        self._webhook = webhook
        self._clock = clock
        self._tries: dict[int, int] = {}
        self._one_at_a_time = asyncio.Lock()

    # ------------------------------------------------------------------------------ outwards

    async def show(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        try:
            await self._topics.show(c, news, thread)
        except GroupMoved as moved:
            await self._moved(thread.place, moved)
            raise

    async def find(self, c: Conversation, thread: Thread) -> str | None:
        try:
            return await self._search.find(c, thread)
        except GroupMoved as moved:
            await self._moved(thread.place, moved)
            raise

    async def _moved(self, place: str | None, moved: GroupMoved) -> None:
        """The id that was asked for is known by the thread, or it is one of the settings'."""
        for old in {int(place)} if place else self._groups:
            if await self._places.now(old) == old:
                await self._places.moved(old, moved.chat)

    async def alert(self, text: str) -> None:
        chat = await self._places.now(self._group)
        try:
            await self._telegram.post(Place(chat), own(f"⚠️ {text}"), loud=True)
        except GroupMoved as moved:
            await self._places.moved(chat, moved.chat)
            await self._telegram.post(Place(moved.chat), own(f"⚠️ {text}"), loud=True)

    # ------------------------------------------------------------------------------- inwards

    async def run(self) -> None:
        """Receive for ever."""
        wait = FIRST_WAIT_S
        try:
            while True:
                try:
                    await (self._look_after_webhook() if self._webhook else self._poll())
                    wait = FIRST_WAIT_S
                except (DeskError, StoreUnavailable) as why:
                    log.warning("Telegram, receiving: %s", why)
                    after = why.after_s if isinstance(why, DeskBusy) else wait
                    await asyncio.sleep(min(after, LONGEST_WAIT_S))
                    wait = min(2 * wait, LONGEST_WAIT_S)
        finally:
            with anyio.CancelScope(shield=True):
                await self._office.talk.close()
                with suppress(StoreUnavailable):
                    await self._places.stop_polling()
                await self._telegram.close()

    async def _poll(self) -> None:
        """Poll while we may; wait while another gateway does."""
        if not await self._places.may_poll():
            await asyncio.sleep(LOOK_S)
            return
        # By a scope, which insists: redis-py 4.6 swallows a task's cancellation now and then.
        scope = anyio.CancelScope()
        receiving = asyncio.create_task(self._receive_in(scope))
        try:
            while not receiving.done():
                await asyncio.wait({receiving}, timeout=LOOK_S)
                if not await self._places.may_poll():
                    return
            await receiving
        finally:
            scope.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait({receiving})

    async def _receive_in(self, scope: anyio.CancelScope) -> None:
        with scope:
            await self._receive()

    async def _receive(self) -> None:
        await self._telegram.delete_webhook()
        await self._list_commands()
        done = 0
        while True:
            for update in await self._telegram.updates(done, wait_s=POLL_S):
                await self._handle(update)
                done = max(done, update.update_id)

    async def _look_after_webhook(self) -> None:
        assert self._webhook is not None  # noqa: S101 (asked by `run`)
        url = f"{self._webhook.url}{WEBHOOK_PATH}"
        await self._telegram.set_webhook(url, self._webhook.secret)
        await self._list_commands()
        await asyncio.sleep(WEBHOOK_LOOK_S)
        while (await self._telegram.webhook()).url == url:  # noqa: ASYNC110 (Telegram tells nobody)
            await asyncio.sleep(WEBHOOK_LOOK_S)
        log.warning("Telegram had another webhook than ours: set again")

    async def _list_commands(self) -> None:
        await self._telegram.set_commands([(name, one.what) for name, one in COMMANDS.items()])

    def routes(self) -> list[BaseRoute]:
        if self._webhook is None:
            return []
        return [Route(WEBHOOK_PATH, self._called, methods=["POST"])]

    async def _called(self, request: Request) -> Response:
        """Telegram brings an update. It brings it again unless we say 200."""
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        secret = self._webhook.secret.reveal() if self._webhook else ""
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=403)
        try:
            update = self._telegram.update(_json(await _body(request)))
        except ValueError:
            return Response(status_code=400)
        try:
            await self._handle(update)
        except (DeskError, StoreUnavailable) as why:
            log.warning("Telegram, update %s: %s", update.update_id, why)
            return Response(status_code=503, headers={"Retry-After": "1"})
        return Response(status_code=200)

    async def _handle(self, update: Update) -> None:
        """Do what the update means. Raises what means "later"."""
        async with self._one_at_a_time:
            while True:
                try:
                    inbound = read(update, (await self._telegram.me()).id)
                    if inbound is not None:
                        await self._do(inbound)
                except (DeskBusy, DeskDown, StoreUnavailable):
                    raise
                except Exception:
                    # A mistake of ours with one update must not hold up all others.
                    log.exception("Telegram, update %s", update.update_id)
                    tries = self._tries[update.update_id] = self._tries.get(update.update_id, 0) + 1
                    if tries < TRIES:
                        continue
                self._tries.pop(update.update_id, None)
                return

    async def _do(self, inbound: Inbound) -> None:
        name = (await self._telegram.me()).username or ""
        if isinstance(inbound, Moved):
            await self._places.moved(inbound.old, inbound.new)
            return
        if inbound.chat not in await self._places.all_now(list(self._groups)):
            if isinstance(inbound, Said) and inbound.chat > 0:
                self._greet(inbound)
            return
        match inbound:
            case TopicOpened(chat=chat, topic=topic):
                await self._places.leave_alone(chat, topic)
            case Said():
                now = self._office.router.now()
                heard = partial(self._places.heard, inbound.chat, inbound.message, now)
                self._office.talk.later(heard)
                await self._actions.said(inbound, name)
            case Pressed():
                await self._actions.pressed(inbound)

    def _greet(self, said: Said) -> None:
        """Somebody wrote to the bot itself."""
        command = command_of(said.text)
        if command and command.name in ("start", "id"):
            words = (
                f"Your account's number is {said.sender.account}. The owner enters it in "
                "data/desk.yml as `telegram`. Work is done in the group."
            )
            self._office.talk.say(Place(said.chat), words)

    # --------------------------------------------------------------------------------- check

    async def check(self) -> list[Finding]:
        """Each step needs those before it: the first that fails is the last that is told."""
        findings: list[Finding] = []
        try:
            await self._check(findings)
        except DeskError as why:
            findings.append(Finding(False, why.message, why.hint or "Try again later."))
        return findings

    async def _check(self, findings: list[Finding]) -> None:
        me = await self._telegram.me()
        findings.append(Finding(True, f"TELEGRAM_BOT_TOKEN is that of @{me.username}"))
        for group in sorted(self._groups):
            await self._check_group(await self._places.now(group), findings)
        await self._check_webhook(findings)
        known = [one for one in self._office.plan.members if one.telegram is not None]
        findings.append(
            Finding(
                bool(known),
                f"data/desk.yml names the Telegram accounts of {len(known)} people",
                "Enter the number that the bot answers to /id as `telegram` of each agent.",
            )
        )

    async def _check_group(self, group: int, findings: list[Finding]) -> None:
        chat = await self._telegram.chat(group)
        findings.append(Finding(True, f"group {group} is “{chat.title}”"))
        me = await self._telegram.me()
        member = await self._telegram.member(group, me.id)
        is_admin = member.status == "administrator"
        findings += [
            Finding(
                is_admin or bool(me.can_read_all_group_messages),
                f"the bot reads what is written in {group}",
                "Make it an administrator, or turn off its privacy mode at @BotFather.",
            ),
            Finding(
                bool(chat.is_forum),
                f"group {group} has topics",
                "Turn on Topics in the group's settings. Without them, hand-offs are chains of "
                "replies.",
            ),
            Finding(
                is_admin and bool(getattr(member, "can_manage_topics", False)),
                f"the bot may manage topics in {group}",
                "Give it the right “Manage topics” in the group's list of administrators.",
            ),
            Finding(
                is_admin and bool(getattr(member, "can_delete_messages", False)),
                f"the bot may delete messages in {group}",
                "Give it the right “Delete messages” in the group's list of administrators.",
            ),
        ]
        id, at = await self._telegram.time_of(Place(group), own("A test of Deskhand's."))
        with suppress(MessageGone):
            await self._telegram.remove(group, id)
        apart = self._clock() - at
        findings.append(
            Finding(
                abs(apart) <= CLOCK_MAY_DIFFER_S,
                f"the clock differs from Telegram's by {apart:.0f} s",
                "Set this machine's clock (NTP).",
            )
        )

    async def _check_webhook(self, findings: list[Finding]) -> None:
        info = await self._telegram.webhook()
        if self._webhook is None:
            findings.append(
                Finding(
                    not info.url,
                    "no webhook is set, so polling works",
                    "Another service receives this bot's messages: give Deskhand a bot of its own.",
                )
            )
            return
        url = f"{self._webhook.url}{WEBHOOK_PATH}"
        failed = info.last_error_message or ""
        recent = info.last_error_date and self._clock() - info.last_error_date.timestamp() < 300
        findings += [
            Finding(info.url == url, f"the webhook is {url}", "Start Deskhand: it sets it."),
            Finding(
                not (failed and recent),
                f"Telegram reaches us ({info.pending_update_count} updates wait)",
                f"Telegram says: {failed}",
            ),
        ]


def _json(body: bytes) -> dict[str, object]:
    """Raises ValueError for what is no update."""
    found = json.loads(body)
    if not isinstance(found, dict) or not isinstance(found.get("update_id"), int):
        raise ValueError("no update")
    return found


async def _body(request: Request) -> bytes:
    """Raises ValueError for one that is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_AT_MOST:
            raise ValueError("too long")
    return body
