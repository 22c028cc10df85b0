"""Slack for tests: the emulator's Web API, and before it what the emulator lacks.

Apps speak to the front over HTTP and WebSockets as they do to Slack. It forwards Web API calls to
the emulator, and adds: methods called with GET, `apps.connections.open`, the checks of blocks,
membership and size that Slack makes, message metadata only for who asks for it, the scopes header,
faults. What people do (`people`) becomes events, interactions and commands, which `deliveries`
brings to the app.

The front runs in a thread of its own, so that an app under test may live in the test's loop, in a
gateway's thread or in another process.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakSet

import aiohttp
from aiohttp import web

from tests.desks.slack import seed, slack_checks
from tests.desks.slack.deliveries import Deliveries
from tests.desks.slack.emulator import Emulator
from tests.desks.slack.faults import Fault

T = TypeVar("T")
Json = dict[str, Any]

#: Methods that put something into a channel: only members may.
POSTS = {"chat.postMessage", "chat.postEphemeral", "files.completeUploadExternal"}
#: Methods of the front's own.
CHANGES_MEMBERS = {"conversations.invite", "conversations.kick", "conversations.join"}


@dataclass
class Call:
    """A Web API call as it came in."""

    method: str
    body: Json
    token: str
    at: float = field(default_factory=time.monotonic)


@dataclass
class Workspace:
    """What is in the workspace and the emulator cannot tell."""

    users: dict[str, str] = field(default_factory=dict)  # name -> id
    channels: dict[str, str] = field(default_factory=dict)  # name -> id
    members: dict[str, set[str]] = field(default_factory=dict)  # channel id -> user ids
    homes: dict[str, Json] = field(default_factory=dict)  # user id -> view
    modals: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    ephemerals: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))


class Front:
    """`url` is what SLACK_API_URL is set to. Start and stop once; `reset` before each test."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.workspace = Workspace()
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._revoked: set[str] = set()
        self._transports: WeakSet[asyncio.Transport] = WeakSet()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.wait(self._open())
        self.reset()

    def stop(self) -> None:
        self.wait(self._close())
        self._emulator.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def reset(self) -> None:
        self._emulator.reset()
        self.wait(self._reset())

    @property
    def url(self) -> str:
        return f"{self._base}/api/"

    # ------------------------------------------------------------------ from the test's thread

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the front's loop and block until it is done: only for what needs no app."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the front's loop; the test's own loop goes on meanwhile."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def fail(self, method: str, fault: Fault, *, times: int = 1) -> None:
        """The next `times` calls of `method` go wrong ("*": of any method)."""
        self._faults[method].extend([fault] * times)

    def mend(self) -> None:
        self._faults.clear()
        self._revoked.clear()

    def revoke(self, token: str = seed.BOT_TOKEN) -> None:
        """The token is worth nothing until `mend`; the app's sockets are closed."""
        self._revoked.add(token)
        self.wait(self.deliveries.hang_up())

    def called(self, method: str) -> list[Json]:
        return [call.body for call in self.calls if call.method == method]

    # -------------------------------------------------------------------------- the Web API

    async def api(self, method: str, body: Json, token: str) -> Json:
        """A call to the emulator, as somebody; what is wrong with it is an AssertionError."""
        answer = await self._forward(method, body, token)
        assert answer["ok"], f"{method}: {answer}"
        return answer

    async def _serve_api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = await _body_of(request)
        if not token:
            token = body.pop("token", "")
        self.calls.append(Call(method, body, token))
        fault = self._next_fault(method)
        if fault is not None and not fault.accepted:
            return await fault.happen(request)
        answer = await self.answer(method, body, token)
        if fault is not None:
            return await fault.happen(request)
        headers = {"x-oauth-scopes": ",".join(seed.SCOPES)} if token == seed.BOT_TOKEN else {}
        return web.json_response(answer, headers=headers)

    def _next_fault(self, method: str) -> Fault | None:
        for name in (method, "*"):
            if self._faults[name]:
                return self._faults[name].popleft()
        return None

    async def answer(self, method: str, body: Json, token: str) -> Json:
        """What Slack answers to a call, with all that follows from it."""
        if token in self._revoked:
            return {"ok": False, "error": "token_revoked"}
        if method == "apps.connections.open":
            if token != seed.APP_TOKEN:
                return {"ok": False, "error": "invalid_auth"}
            return {"ok": True, "url": self.deliveries.new_address()}
        if error := slack_checks.fault_of(method, body):
            return {"ok": False, "error": error}
        if method in POSTS and not self._is_member(body, token):
            return {"ok": False, "error": "not_in_channel"}
        if method == "users.conversations":
            return await self._own_conversations(body, token)
        answer = await self._forward(method, body, token)
        if answer["ok"]:
            self._remember(method, body, answer)
            self._finish(method, body, answer)
            if method in CHANGES_MEMBERS:
                await self._learn_members()
            await self.deliveries.tell_of(method, body, answer)
        return answer

    def _is_member(self, body: Json, token: str) -> bool:
        channel = str(body.get("channel") or body.get("channel_id"))
        if token != seed.BOT_TOKEN or channel not in self.workspace.members:
            return True
        return self.workspace.users[seed.BOT] in self.workspace.members[channel]

    async def _own_conversations(self, body: Json, token: str) -> Json:
        asked = {"limit": 1000, "exclude_archived": body.get("exclude_archived") == "true"}
        listed = await self._forward("conversations.list", asked, token)
        if not listed["ok"]:
            return listed
        me = self.workspace.users[seed.BOT]
        channels = [c for c in listed["channels"] if me in self.workspace.members[c["id"]]]
        return {"ok": True, "channels": channels, "response_metadata": {"next_cursor": ""}}

    def _remember(self, method: str, body: Json, answer: Json) -> None:
        if method == "views.publish":
            self.workspace.homes[body["user_id"]] = answer["view"]
        elif method in {"views.open", "views.push", "views.update"}:
            user = self.deliveries.user_of_trigger(str(body.get("trigger_id")))
            self.workspace.modals[user].append(answer["view"])
        elif method == "chat.postEphemeral":
            shown = {**body, "ts": answer["message_ts"]}
            self.workspace.ephemerals[body["user"]].append(shown)

    def _finish(self, method: str, body: Json, answer: Json) -> None:
        """What Slack adds to, or keeps back from, the emulator's answer."""
        messages = [*answer.get("messages", []), answer.get("message")]
        self.mark_own([one for one in messages if isinstance(one, dict)])
        asked = str(body.get("include_all_metadata", "")).lower() in {"1", "true"}
        if method in {"conversations.history", "conversations.replies"} and not asked:
            for message in answer["messages"]:
                message.pop("metadata", None)

    def mark_own(self, messages: list[Json]) -> None:
        """Messages of an app name it; the emulator leaves that out."""
        for message in messages:
            if message.get("user") == self.workspace.users[seed.BOT]:
                message["bot_id"], message["app_id"] = seed.BOT_ID, seed.APP_ID

    async def _forward(self, method: str, body: Json, token: str) -> Json:
        async with self.http.post(
            f"{self._emulator.url}/api/{method}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        ) as response:
            if response.status == 404:
                return {"ok": False, "error": "unknown_method"}
            answer: Json = await response.json(content_type=None)
        return answer

    async def _serve_file(self, request: web.Request) -> web.StreamResponse:
        """Uploads and downloads, which the emulator has at addresses of its own."""
        fault = self._next_fault("upload" if request.method == "POST" else "download")
        if fault is not None and not fault.accepted:
            return await fault.happen(request)
        headers = {
            name: request.headers[name]
            for name in ("Authorization", "Content-Type")
            if name in request.headers
        }
        async with self.http.request(
            request.method,
            f"{self._emulator.url}{request.rel_url}",
            data=await request.read(),
            headers=headers,
        ) as answer:
            body = await answer.read()
            return web.Response(
                status=answer.status, body=body, content_type=answer.content_type or None
            )

    # ------------------------------------------------------------------------------ its life

    async def _open(self) -> None:
        self.http = aiohttp.ClientSession(trust_env=False)
        app = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[self._note])
        app.router.add_route("*", "/api/{method}", self._serve_api)
        app.router.add_post("/upload/v1/{file}", self._serve_file)
        app.router.add_get("/files-pri/{file}/{name}", self._serve_file)
        self.deliveries = Deliveries(self)
        self.deliveries.add_routes(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.deliveries.base = self._base
        # Here, since it dies with the thread that starts it.
        self._emulator = Emulator(seed.SEED, known_as=self._base)

    @web.middleware
    async def _note(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Remember who is connected, to hang up on them in the end."""
        if request.transport is not None:
            self._transports.add(request.transport)
        return await handler(request)

    async def _reset(self) -> None:
        self.mend()
        self.calls.clear()
        self.workspace = Workspace()
        await self.deliveries.reset()
        listed = await self.api("users.list", {"limit": 1000}, seed.ADMIN_TOKEN)
        self.workspace.users = {user["name"]: user["id"] for user in listed["members"]}
        listed = await self.api("conversations.list", {"limit": 1000}, seed.ADMIN_TOKEN)
        self.workspace.channels = {one["name"]: one["id"] for one in listed["channels"]}
        bot = self.workspace.users[seed.BOT]
        for name in seed.JOINED:
            await self.api(
                "conversations.invite",
                {"channel": self.workspace.channels[name], "users": bot},
                seed.ADMIN_TOKEN,
            )
        await self._learn_members()

    async def _learn_members(self) -> None:
        for channel in self.workspace.channels.values():
            listed = await self.api(
                "conversations.members", {"channel": channel, "limit": 1000}, seed.ADMIN_TOKEN
            )
            self.workspace.members[channel] = set(listed["members"])

    async def _close(self) -> None:
        await self.deliveries.reset()
        for transport in list(self._transports):
            transport.abort()
        await self._runner.cleanup()
        await self.http.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}  # requests that hang, as they shall
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _body_of(request: web.Request) -> Json:
    """The arguments, wherever they stand: query, form (nested ones as JSON) or JSON."""
    body: Json = dict(request.query)
    if request.content_type == "application/json":
        body |= json.loads(await request.text() or "{}")
    elif request.method == "POST":
        body |= dict(await request.post())
    for key in ("blocks", "view", "files", "metadata"):
        if isinstance(body.get(key), str):
            body[key] = json.loads(body[key])
    return body
