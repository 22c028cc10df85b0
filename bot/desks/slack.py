"""The Slack desk: the only place that imports slack_bolt.

Belongs here: receiving from Slack (Socket Mode, or signed HTTP requests), in order and acknowledged
only when it is done, and what `bot.desks.Desk` asks of a desk. What comes in is acted on in
`bot.desks.slack_messages`, `slack_actions` and `slack_home`; what goes out is decided in
`bot.desks.slack_show`; how it looks, in `slack_blocks`, `slack_thread` and `slack_views`.

**Nothing is lost.** An event is acknowledged when what it means has been stored, so Slack brings it
again if we die before; done twice it has one effect. One that fails is not acknowledged either.

**In order.** Slack's client handles each envelope in a task of its own. Events of one thread take
turns, first come, first served, so that an agent's two quick messages reach the customer in order.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Literal
from weakref import WeakValueDictionary

import anyio
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.conversation import Conversation
from bot.desk_health import Pace
from bot.desks import Finding
from bot.desks.settings import SlackTokens
from bot.desks.slack_actions import Actions
from bot.desks.slack_api import proxy_for
from bot.desks.slack_check import findings
from bot.desks.slack_home import SlackHome
from bot.desks.slack_messages import Writing
from bot.desks.slack_parts import Parts, refusal, unknown
from bot.desks.slack_posts import Posts
from bot.desks.slack_show import Showing
from bot.desks.slack_thread import hint
from bot.desks.slack_versions import Versions
from bot.errors import (
    DeskBusy,
    DeskDown,
    DeskError,
    DeskhandError,
    StoreUnavailable,
)
from bot.events import Entry
from bot.threads import Thread

log = logging.getLogger(__name__)

Json = dict[str, Any]

#: Slack takes one message a second in a channel, on average, and does not mind a short burst: a
#: card, its transcript, a draft and a file come together.
PACE: Final = Pace(count=5, per_ms=5_000)
#: Where Slack sends its requests in HTTP mode, and the largest that is read.
EVENTS_PATH: Final = "/slack/events"
BODY_AT_MOST: Final = 1024 * 1024
#: Seconds within which all of it must have come. Slack itself waits three for the answer.
BODY_WITHIN_S: Final = 5.0
#: How often the connection is tested, in seconds; a broken one is noticed after four times as long.
PING_S: Final = 5.0
#: Pause while Slack cannot be reached at the start, in seconds.
PAUSE_S: Final = 5.0
#: How often threads are looked through for messages that Slack did not bring, in seconds.
LOOK_S: Final = 600.0
#: How long a connection may take to be closed when we stop, in seconds.
CLOSE_S: Final = 3.0


class SlackDesk:
    """See `bot.desks.Desk`."""

    name: Literal["slack"] = "slack"
    pace = PACE

    def __init__(self, tokens: SlackTokens, parts: Parts, versions: Versions) -> None:
        self._tokens = tokens
        self._parts = parts
        self._home = SlackHome(parts)
        self._writing = Writing(parts, versions)
        self._actions = Actions(parts)
        self._showing = Showing(parts)
        self._posts = Posts(parts.api)
        self._running = False
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._app = AsyncApp(
            name=self.name,
            logger=_quiet(),
            client=AsyncWebClient(base_url=parts.api.url),
            authorize=_authorizing(parts, tokens),
            signing_secret=tokens.signing.reveal(),
            process_before_response=True,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        self._app.event("message")(self._on_message)
        self._app.event("reaction_added")(self._on_reaction)
        self._app.event("app_home_opened")(self._on_home)
        self._app.command("/desk")(self._on_command)
        self._app.action(re.compile(""))(self._on_action)
        self._app.view(re.compile(""))(self._on_submission)
        self._app.error(self._on_error)

    # -------------------------------------------------------------------------- as a desk

    async def run(self) -> None:
        self._running = True
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._look_for_missed)
                if self._tokens.app:
                    tasks.start_soon(self._listen)
        finally:
            self._running = False
            with anyio.move_on_after(CLOSE_S, shield=True):
                await self._parts.api.close()

    async def _listen(self) -> None:
        """Socket Mode, for ever; slack_sdk connects anew by itself."""
        while True:  # who we are has to be known before the first event
            try:
                await self._parts.api.identity()
                break
            except (DeskDown, DeskBusy) as why:
                log.warning("%s %s", why.message, why.hint)
                await asyncio.sleep(PAUSE_S)
        client = self._parts.api.client
        handler = AsyncSocketModeHandler(
            self._app, self._tokens.app.reveal(), web_client=client, ping_interval=PING_S
        )
        handler.client.proxy = proxy_for(self._parts.api.url)
        try:
            await handler.connect_async()  # type: ignore[no-untyped-call]
            await asyncio.Event().wait()
        finally:
            with anyio.move_on_after(CLOSE_S, shield=True):
                await handler.close_async()  # type: ignore[no-untyped-call]

    async def _look_for_missed(self) -> None:
        """What agents wrote while nobody listened, at the start and now and then."""
        while True:
            try:
                for event in await self._writing.missed():
                    await self._on_message(event)
            except (DeskError, StoreUnavailable) as why:
                log.warning("Slack's threads could not be looked through: %s", why.message)
            await asyncio.sleep(LOOK_S)

    def routes(self) -> list[BaseRoute]:
        if self._tokens.app:
            return []
        return [Route(EVENTS_PATH, self._on_request, methods=["POST"])]

    async def show(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        await self._showing.show(c, news, thread)

    async def find(self, c: Conversation, thread: Thread) -> str | None:
        return await self._posts.find(c, thread)

    async def alert(self, text: str) -> None:
        await self._showing.alert(text)

    async def check(self) -> list[Finding]:
        try:
            return await findings(self._parts, app_token=self._tokens.app)
        finally:
            if not self._running:  # nobody else will close it
                await self._parts.api.close()

    # ---------------------------------------------------------------------- what comes in

    async def _on_request(self, request: Request) -> Response:
        """The body comes first of all, before anybody knows whether it is Slack's: so it has a
        bound and a deadline."""
        size = request.headers.get("content-length", "")
        if not size.isdigit() or int(size) > BODY_AT_MOST:
            return PlainTextResponse("too large", status_code=413)
        with anyio.move_on_after(BODY_WITHIN_S) as patience:
            body = await request.body()
        if patience.cancelled_caught:
            return PlainTextResponse("too slow", status_code=408)
        try:
            body.decode()
        except UnicodeDecodeError:
            return PlainTextResponse("not UTF-8", status_code=400)
        return await AsyncSlackRequestHandler(self._app).handle(request)

    def _turn(self, channel: str, thread: str) -> asyncio.Lock:
        key = f"{channel}:{thread}"
        lock = self._turns.get(key)
        if lock is None:
            lock = self._turns[key] = asyncio.Lock()
        return lock

    async def _on_message(self, event: Json) -> None:
        about = event.get("message") or event.get("previous_message") or event
        async with self._turn(event["channel"], about.get("thread_ts") or about.get("ts", "")):
            await self._writing.on_message(event)

    async def _on_reaction(self, event: Json, body: Json) -> None:
        item = event["item"]
        async with self._turn(item.get("channel", ""), item.get("ts", "")):
            await self._writing.on_reaction(event, body["event_id"])

    async def _on_home(self, event: Json) -> None:
        if event.get("tab") == "home":
            await self._home.refresh(event["user"])

    async def _on_command(self, ack: AsyncAck, body: Json) -> None:
        who = await self._parts.who(body["user_id"])
        if who.agent is None:
            await ack(text=unknown(who.user), response_type="ephemeral")
            return
        try:
            said = await self._home.on_command(
                who.agent, body.get("text", ""), f"slack:{body['trigger_id']}"
            )
        except DeskhandError as why:
            said = refusal(why)
        await ack(text=said, response_type="ephemeral")

    async def _on_action(self, ack: AsyncAck, body: Json) -> None:
        try:
            said = await self._actions.on_press(body)
        except DeskhandError as why:
            said = refusal(why)
        await ack()
        container = body.get("container", {})
        if container.get("type") == "view":
            await self._home.refresh(body["user"]["id"], said or "")
        elif container.get("is_ephemeral"):
            await self._settle(body["response_url"], said)
        elif said is not None and container.get("channel_id"):
            thread = container.get("thread_ts") or container["message_ts"]
            await self._parts.whisper(
                body["user"]["id"], container["channel_id"], thread, hint(said)
            )

    async def _settle(self, response_url: str, said: str | None) -> None:
        """A question that only one person sees is answered: it goes away, or says what is wrong."""
        body: Json = {"delete_original": True}
        if said is not None:
            body = {"replace_original": True, **hint(said).arguments}
        await self._parts.api.respond(response_url, body)

    async def _on_submission(self, ack: AsyncAck, body: Json) -> None:
        try:
            wrong = await self._actions.on_submission(body)
        except DeskhandError as why:
            wrong = {body["view"]["blocks"][0]["block_id"]: refusal(why)}
        if wrong:
            await ack(response_action="errors", errors=wrong)
        else:
            await ack()

    async def _on_error(self, error: Exception, body: Json) -> BoltResponse:
        """What failed is not acknowledged: events come again."""
        kind = body.get("type", "request")
        if isinstance(error, DeskhandError):
            log.warning("Slack's %s has to come again: %s", kind, error.message)
        else:
            log.error("Slack's %s failed", kind, exc_info=error)
        return BoltResponse(status=500, body="")


def _quiet() -> logging.Logger:
    """slack_bolt's own log: it comments on how it is set up, and on events that we do not need."""
    logger = logging.getLogger(f"{__name__}.bolt")
    logger.setLevel(logging.ERROR)
    return logger


def _authorizing(parts: Parts, tokens: SlackTokens) -> Callable[..., Awaitable[AuthorizeResult]]:
    """Who we are, without asking Slack at every event. slack_bolt looks at the arguments' names."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        me = await parts.api.identity()
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=me.user,
            bot_id=me.bot,
            bot_token=tokens.bot.reveal(),
        )

    return authorize
