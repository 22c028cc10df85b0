"""How Slack brings things to an app: over a Socket Mode WebSocket, or over HTTP with a signature.

Events that are not acknowledged in time are delivered again, up to three times, with the same
`event_id`; interactions and commands are not: whoever pressed the button sees a warning. As with
Slack, an app hears of its own messages, too.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientTimeout, WSMsgType, web

from tests.desks.slack import seed

if TYPE_CHECKING:
    from tests.desks.slack.front import Front

Json = dict[str, Any]

#: Tries after the first.
RETRIES = 3
#: What Slack calls a retry's reason.
NO_ACK, NO_CONNECTION = "timeout", "connection_failed"


class Unacknowledged(AssertionError):
    """The app did not acknowledge an interaction or a command: people see a warning sign."""


@dataclass
class Delivery:
    """One try to bring something to the app."""

    kind: str  # events_api, interactive, slash_commands
    payload: Json
    attempt: int
    acknowledged: bool = False


@dataclass
class _Socket:
    socket: web.WebSocketResponse
    waiting: dict[str, tuple[asyncio.Future[Json | None], Delivery]] = field(default_factory=dict)


class Deliveries:
    def __init__(self, front: Front) -> None:
        self.base = ""
        #: Where the app takes requests in HTTP mode; None: Socket Mode.
        self.request_url: str | None = None
        self.signing_secret = seed.SIGNING_SECRET
        #: How long Slack waits for an acknowledgement, and between two tries, in seconds.
        self.ack_within = 3.0
        self.retry_after = 0.05
        #: Slack has given up: events of this moment are never brought.
        self.gives_up = False
        self.log: list[Delivery] = []
        self._front = front
        self._losing: list[str] = []
        self._tickets: set[str] = set()
        self._sockets: list[_Socket] = []
        self._turn = itertools.count()
        self._triggers: dict[str, str] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._connected = asyncio.Event()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/link", self._serve_socket)
        app.router.add_post("/response/{id}", self._serve_response_url)

    async def reset(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await self.hang_up()
        self.request_url, self.signing_secret = None, seed.SIGNING_SECRET
        self.ack_within, self.gives_up = 3.0, False
        self._losing.clear()
        self.log.clear()
        self._triggers.clear()

    # ---------------------------------------------------------------------------- Socket Mode

    def new_address(self) -> str:
        """Of a WebSocket, good for one connection."""
        ticket = uuid.uuid4().hex
        self._tickets.add(ticket)
        return f"{self.base.replace('http', 'ws', 1)}/link?ticket={ticket}&app_id={seed.APP_ID}"

    @property
    def connections(self) -> int:
        return len(self._sockets)

    def lose_acks(self, of: str, times: int = 1) -> None:
        """The next acknowledgements of what has `of` in it get lost on their way."""
        self._losing += [of] * times

    def _is_lost(self, delivery: Delivery) -> bool:
        found = next((of for of in self._losing if of in json.dumps(delivery.payload)), None)
        if found is not None:
            self._losing.remove(found)
        return found is not None

    async def refresh(self) -> None:
        """Slack asks every connection to be replaced, and then closes it."""
        for one in list(self._sockets):
            await one.socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def hang_up(self) -> None:
        """Break every connection without a word."""
        for one in list(self._sockets):
            self._drop(one)
            if one.socket._req is not None and one.socket._req.transport is not None:
                one.socket._req.transport.abort()

    def _drop(self, one: _Socket) -> None:
        if one in self._sockets:
            self._sockets.remove(one)
        for waiting, _ in one.waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError())
        if not self._sockets:
            self._connected.clear()

    async def _serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="the ticket is unknown or used up")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        one = _Socket(socket)
        self._sockets.append(one)
        self._connected.set()
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self._sockets),
                "connection_info": {"app_id": seed.APP_ID},
                "debug_info": {"host": "front", "approximate_connection_time": 18060},
            }
        )
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            answer = json.loads(message.data)
            waiting, delivery = one.waiting.get(answer.get("envelope_id"), (None, None))
            if waiting is None or delivery is None or waiting.done() or self._is_lost(delivery):
                continue
            waiting.set_result(answer.get("payload"))
        self._drop(one)
        return socket

    async def _over_socket(self, delivery: Delivery, reason: str) -> Json | None:
        await asyncio.wait_for(self._connected.wait(), 30)
        one = self._sockets[next(self._turn) % len(self._sockets)]
        id = str(uuid.uuid4())
        waiting: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        one.waiting[id] = (waiting, delivery)
        envelope: Json = {
            "envelope_id": id,
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": delivery.attempt, "retry_reason": reason}
        try:
            await one.socket.send_json(envelope)
            return await asyncio.wait_for(waiting, self.ack_within)
        finally:
            one.waiting.pop(id, None)

    # ----------------------------------------------------------------------------------- HTTP

    async def _over_http(self, delivery: Delivery, reason: str) -> Json | None:
        assert self.request_url is not None
        if delivery.kind == "events_api":
            kind, body = "application/json", json.dumps(delivery.payload)
        elif delivery.kind == "interactive":
            kind = "application/x-www-form-urlencoded"
            body = urlencode({"payload": json.dumps(delivery.payload)})
        else:
            kind, body = "application/x-www-form-urlencoded", urlencode(delivery.payload)
        headers = {"Content-Type": kind, **self.sign(body)}
        if delivery.attempt:
            headers |= {"X-Slack-Retry-Num": str(delivery.attempt), "X-Slack-Retry-Reason": reason}
        async with self._front.http.post(
            self.request_url,
            data=body.encode(),
            headers=headers,
            timeout=ClientTimeout(total=self.ack_within),
        ) as response:
            text = await response.text()
            if self._is_lost(delivery):
                raise ConnectionError
            if response.status != 200:
                raise ConnectionError(f"{response.status}: {text}")
            return json.loads(text) if text.startswith("{") else None

    def sign(self, body: str, *, at: float | None = None) -> dict[str, str]:
        stamp = str(int(time.time() if at is None else at))
        digest = hmac.new(
            self.signing_secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256
        )
        return {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest.hexdigest()}",
        }

    # ------------------------------------------------------------------------------ bringing

    async def deliver(self, kind: str, payload: Json, *, attempt: int = 0, reason: str = "") -> Any:
        """One try. Raises: Unacknowledged."""
        delivery = Delivery(kind, payload, attempt)
        self.log.append(delivery)
        over = self._over_http if self.request_url else self._over_socket
        try:
            answer = await over(delivery, reason)
        except (asyncio.TimeoutError, ConnectionError, ClientError) as why:
            raise Unacknowledged(f"the app did not acknowledge {kind}: {why!r}") from None
        delivery.acknowledged = True
        return answer

    def event(self, event: Json) -> None:
        """Something happened; bring it to the app in the background, with retries."""
        if self.gives_up:
            return
        payload = {
            "token": "unused",
            "team_id": seed.TEAM,
            "api_app_id": seed.APP_ID,
            "event": {"event_ts": now_ts(), **event},
            "type": "event_callback",
            "event_id": f"Ev{uuid.uuid4().hex[:10].upper()}",
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": seed.TEAM,
                    "user_id": self._front.workspace.users[seed.BOT],
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }
        self._keep(asyncio.get_running_loop().create_task(self._insist(payload)))

    async def _insist(self, payload: Json) -> None:
        for attempt in range(RETRIES + 1):
            try:
                await self.deliver("events_api", payload, attempt=attempt, reason=NO_ACK)
                return
            except Unacknowledged:
                await asyncio.sleep(self.retry_after * (1 + random.random()))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def under_way(self) -> int:
        return len(self._tasks)

    async def tell_of(self, method: str, body: Json, answer: Json) -> None:
        """The events that a Web API call causes, whoever made it."""
        if method == "chat.postMessage":
            self.event(
                {"type": "message", "channel_type": "channel", **_stripped(answer["message"])}
                | {"channel": answer["channel"]}
                | await self._parent(answer["channel"], body.get("thread_ts"))
            )
        elif method == "chat.update":
            changed = {"subtype": "message_changed", "hidden": True, "ts": now_ts()}
            message = {**_stripped(answer["message"]), "team": seed.TEAM}
            self.event(
                {"type": "message", "channel": answer["channel"], **changed, "message": message}
            )
        elif method == "files.completeUploadExternal" and body.get("channel_id"):
            await self._tell_of_share(body, answer)

    async def _tell_of_share(self, body: Json, answer: Json) -> None:
        channel = str(body["channel_id"])
        root = body.get("thread_ts")
        method = "conversations.replies" if root else "conversations.history"
        where = {"channel": channel, "limit": 1000} | ({"ts": root} if root else {})
        found = await self._front.api(method, where, seed.ADMIN_TOKEN)
        shared = {one["id"] for one in answer["files"]}
        for message in found["messages"]:
            if shared & {one["id"] for one in message.get("files", [])}:
                self._front.mark_own([message])
                parent = await self._parent(channel, root)
                self.event({"channel_type": "channel", **message, "channel": channel} | parent)

    async def _parent(self, channel: str, root: str | None) -> Json:
        """Whose message a thread hangs on."""
        if root is None:
            return {}
        where = {"channel": channel, "ts": root}
        found = await self._front.api("conversations.replies", where, seed.ADMIN_TOKEN)
        return {"parent_user_id": found["messages"][0]["user"]} if found["messages"] else {}

    # ------------------------------------------------------------- interactions' small change

    async def new_trigger(self, user: str) -> str:
        """A trigger id: it opens one modal, within three seconds."""
        made = await self._front.api("views.generateTriggerId", {"user_id": user}, seed.BOT_TOKEN)
        self._triggers[made["trigger_id"]] = user
        return str(made["trigger_id"])

    def user_of_trigger(self, trigger: str) -> str:
        return self._triggers.get(trigger, "")

    def response_url(self, user: str, message_ts: str) -> str:
        return f"{self.base}/response/{user}-{message_ts}"

    async def _serve_response_url(self, request: web.Request) -> web.Response:
        """Of messages only one person sees, an app can only change those by this address."""
        user, _, ts = request.match_info["id"].partition("-")
        shown = self._front.workspace.ephemerals[user]
        body = await request.json()
        if body.get("delete_original"):
            shown[:] = [one for one in shown if one["ts"] != ts]
        elif body.get("replace_original"):
            shown[:] = [{**one, **body} if one["ts"] == ts else one for one in shown]
        else:
            shown.append({**body, "ts": now_ts(), "user": user})
        return web.Response(text="ok")


def now_ts() -> str:
    return f"{time.time():.6f}"


def _stripped(message: Json) -> Json:
    """Events carry no metadata unless an app subscribes to them."""
    return {key: value for key, value in message.items() if key != "metadata"}
